"""A real server of Azure's blob protocol (Azurite, an npm package) of a test's own."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import formatdate

import httpx

from tests.engines import process

ACCOUNT = "lakeaccount"
KEY = "bGFrZSBvZiB0aGUgdGVzdHM="


@dataclass(frozen=True, slots=True)
class Azure:
    """A running Azurite on loopback that checks signatures. `endpoint` has the account in its path."""

    endpoint: str

    def location(self, container: str) -> str:
        """The root of a container."""
        return f"abfss://{container}@{ACCOUNT}.dfs.core.windows.net"

    def create_container(self, name: str) -> None:
        """Make an empty container, by a request signed with the account's key."""
        headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-08-06"}
        named = "\n".join(f"{key}:{value}" for key, value in sorted(headers.items()))
        signed = f"PUT{chr(10) * 12}{named}\n/{ACCOUNT}/{ACCOUNT}/{name}\nrestype:container"
        digest = hmac.new(base64.b64decode(KEY), signed.encode(), hashlib.sha256).digest()
        headers["authorization"] = f"SharedKey {ACCOUNT}:{base64.b64encode(digest).decode()}"
        httpx.put(f"{self.endpoint}/{name}?restype=container", headers=headers).raise_for_status()


@contextmanager
def azure_server() -> Iterator[Azure]:
    """A server of one's own, which keeps nothing."""
    program = process.find_program("azurite-blob")
    if program is None:
        process.missing("no Azurite (`azurite-blob`) was found, the npm package azurite carries it")
        raise AssertionError
    folder, port = process.new_folder("azure"), process.free_port()
    command = [program, "--blobHost", "127.0.0.1", "--blobPort", str(port), "--inMemoryPersistence"]
    command += ["--disableTelemetry", "--skipApiVersionCheck", "--silent"]
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(folder), "AZURITE_ACCOUNTS": f"{ACCOUNT}:{KEY}"}
    base = f"http://127.0.0.1:{port}"
    with process.start(command, folder, env=env).wait_until(lambda: _answers(base), 60):
        yield Azure(f"{base}/{ACCOUNT}")


def _answers(base: str) -> bool:
    try:
        return httpx.get(base, timeout=2).status_code > 0
    except httpx.HTTPError:
        return False
