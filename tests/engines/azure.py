"""A real server of Azure's blob protocol (Azurite, of npm) of the test run's own, with a fresh container for whoever asks."""

from __future__ import annotations

import base64
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from hmac import digest
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlencode

import httpx

from tests.engines import process

VERSION = "2021-08-06"


@dataclass(frozen=True, slots=True)
class Azure:
    """A running server on loopback that checks signatures. `endpoint` has the account as its path."""

    endpoint: str
    account: str
    key: str
    kind: ClassVar = "azure"

    @property
    def secrets(self) -> dict[str, str]:
        """What a connection needs."""
        return {"account_key": self.key}

    def create_bucket(self) -> str:
        """Make an empty container and return the location of its root, without a slash at its end."""
        name = f"test-{secrets.token_hex(6)}"
        self._put(name, {}, "\nrestype:container")
        return self.location(name)

    def put(self, root: str, key: str) -> None:
        """Store an empty object of a key (plain letters) that our own client would refuse, below a container's root."""
        container = root.removeprefix("abfss://").partition("@")[0]
        self._put(f"{container}/{key}", {"x-ms-blob-type": "BlockBlob"}, "")

    def sas_token(self) -> str:
        """A token (shared access signature) that may do everything with what is in containers, for years."""
        said = {"sp": "rwdlac", "ss": "b", "srt": "sco", "se": "2099-01-01T00:00:00Z", "sv": VERSION}
        text = "\n".join((self.account, said["sp"], said["ss"], said["srt"], "", said["se"], "", "", VERSION, "", ""))
        signature = digest(base64.b64decode(self.key), text.encode(), sha256)
        return urlencode({**said, "sig": base64.b64encode(signature).decode()})

    def _put(self, path: str, headers: dict[str, str], query: str) -> None:
        at = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
        headers = {**headers, "x-ms-date": at, "x-ms-version": VERSION}
        told = "".join(f"{name}:{value}\n" for name, value in headers.items())
        text = "PUT" + "\n" * 12 + f"{told}/{self.account}/{self.account}/{path}{query}"
        signature = base64.b64encode(digest(base64.b64decode(self.key), text.encode(), sha256)).decode()
        headers["Authorization"] = f"SharedKey {self.account}:{signature}"
        url = f"{self.endpoint}/{path}?{query.strip().replace(':', '=')}".rstrip("?")
        httpx.put(url, headers=headers).raise_for_status()

    def location(self, container: str) -> str:
        """The location of a container's root."""
        return f"abfss://{container}@{self.account}.dfs.core.windows.net"


@contextmanager
def azure_server() -> Iterator[Azure]:
    """A server that keeps what it is given in memory."""
    program, node = _program(), process.find_program("node")
    if program is None or node is None:
        process.missing("no Azurite was found, npm's package azurite carries it")
        raise AssertionError
    folder, port = process.new_folder("azure"), process.free_port()
    running = Azure(
        f"http://127.0.0.1:{port}/testaccount", "testaccount", base64.b64encode(secrets.token_bytes(32)).decode()
    )
    command: list[str | Path] = [node, program, "--blobHost", "127.0.0.1", "--blobPort", str(port)]
    command += ["--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry"]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "AZURITE_ACCOUNTS": f"testaccount:{running.key}"}
    with process.start(command, folder, env=environment) as server:
        server.wait_until(lambda: _answers(running), 60)
        yield running


def _program() -> Path | None:
    """Where `.ci/install` has put it."""
    found = Path(sys.prefix) / "azurite/node_modules/azurite/dist/src/blob/main.js"
    return found if found.exists() else None


def _answers(server: Azure) -> bool:
    try:
        return httpx.get(server.endpoint, timeout=2).status_code < httpx.codes.INTERNAL_SERVER_ERROR
    except httpx.HTTPError:
        return False
