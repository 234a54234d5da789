"""A Kerberos realm of one's own on loopback: MIT's KDC over files in a folder, on a free port."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

REALM = "CATALOG.TEST"
_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
_PROGRAMS = ("krb5kdc", "kdb5_util", "kadmin.local")


def missing() -> str | None:
    """Why no realm can be started here."""
    absent = [name for name in _PROGRAMS if shutil.which(name, path=_PATH) is None]
    if absent:
        return f"needs MIT Kerberos ({', '.join(absent)}): .ci/install, or apt install krb5-kdc krb5-admin-server"
    try:
        import gssapi  # noqa: F401
    except (ImportError, OSError) as error:
        return f"needs pip install catalog-server[kerberos]: {error}"
    return None


@dataclass(frozen=True)
class Realm:
    """A running KDC; `configuration` is its krb5.conf."""

    folder: Path
    configuration: Path

    @property
    def environment(self) -> dict[str, str]:
        """What makes this process and its children use the realm."""
        return {
            "KRB5_CONFIG": str(self.configuration),
            "KRB5_KDC_PROFILE": str(self.folder / "kdc.conf"),
            "KRB5CCNAME": f"FILE:{self.folder / 'none'}",
            "KRB5RCACHENAME": "none:",
        }

    def keytab(self, principal: str) -> Path:
        """A new principal's keys."""
        path = self.folder / f"{principal.replace('/', '_')}.keytab"
        self.run("kadmin.local", "-r", REALM, "-q", f"addprinc -randkey {principal}")
        self.run("kadmin.local", "-r", REALM, "-q", f"ktadd -k {path} {principal}")
        return path

    def run(self, program: str, *arguments: str) -> None:
        """Run one of Kerberos' own programs in this realm."""
        found = shutil.which(program, path=_PATH)
        assert found is not None, program
        environment = {**os.environ, **self.environment}
        subprocess.run([found, *arguments], env=environment, check=True, capture_output=True, timeout=60)


@contextmanager
def realm(folder: Path) -> Iterator[Realm]:
    """Start one; ends with the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    configuration = folder / "krb5.conf"
    configuration.write_text(
        f"[libdefaults]\n default_realm = {REALM}\n dns_lookup_kdc = false\n dns_lookup_realm = false\n rdns = false\n"
        f" dns_canonicalize_hostname = false\n udp_preference_limit = 1\n"
        f"[realms]\n {REALM} = {{\n  kdc = 127.0.0.1:{port}\n }}\n"
    )
    (folder / "kdc.conf").write_text(
        f"[kdcdefaults]\n kdc_listen = 127.0.0.1:{port}\n kdc_tcp_listen = 127.0.0.1:{port}\n"
        f"[realms]\n {REALM} = {{\n  database_name = {folder}/principal\n  key_stash_file = {folder}/stash\n"
        f"  acl_file = {folder}/kadm5.acl\n  max_life = 10h\n }}\n"
        f"[logging]\n kdc = FILE:{folder}/kdc.log\n"
    )
    started = Realm(folder, configuration)
    started.run("kdb5_util", "create", "-s", "-r", REALM, "-P", "master")
    kdc = shutil.which("krb5kdc", path=_PATH)
    assert kdc is not None
    process = subprocess.Popen([kdc, "-n", "-r", REALM], env={**os.environ, **started.environment})
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert process.poll() is None, "the KDC has ended"
                assert time.monotonic() < deadline, "the KDC does not answer"
                time.sleep(0.05)
        yield started
    finally:
        process.terminate()
        process.wait(10)
