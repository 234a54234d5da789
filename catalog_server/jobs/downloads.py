"""Fetches the packages of an engine from a Maven repository by plain HTTPS: resumable, checked, never half there."""

from __future__ import annotations

import hashlib
import os
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from catalog_server.model.errors import Unavailable

if TYPE_CHECKING:
    import httpx

MAVEN_URL = "https://repo1.maven.org/maven2"
ATTEMPTS = 3
PARTIAL_CONTENT = 206
RANGE_NOT_SATISFIABLE = 416

Progress = Callable[[str, int, int | None], None]
"""Told of every step as (what is being done, bytes done, bytes in all or None when that is not known)."""


def silent(_step: str, _done_bytes: int, _total_bytes: int | None) -> None:
    """The progress callback of somebody who does not want to know."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file of a Maven repository, by its coordinates and the digest that it must have."""

    group: str
    name: str
    version: str
    sha256: str
    extension: str = "jar"

    @property
    def file_name(self) -> str:
        """Its name in the repository and on our disk."""
        return f"{self.name}-{self.version}.{self.extension}"

    @property
    def path(self) -> str:
        """Where it lies below the repository's address."""
        return f"{self.group.replace('.', '/')}/{self.name}/{self.version}/{self.file_name}"


def fetch(artifact: Artifact, folder: Path, base_url: str = MAVEN_URL, progress: Progress = silent) -> Path:
    """Return the artifact's file in `folder`, downloaded if it is not there yet.

    A broken transfer is taken up where it ended, now or by the next call. The file gets its name only after its
    digest was checked, so whoever finds it may trust it. Raises Unavailable when the repository does not deliver.
    """
    import httpx

    target = folder / artifact.file_name
    if target.exists():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{artifact.file_name}.part"
    url = f"{base_url.rstrip('/')}/{artifact.path}"
    with httpx.Client(verify=_trust(), follow_redirects=True, timeout=httpx.Timeout(60, connect=15)) as client:
        for attempt in range(ATTEMPTS):
            try:
                _transfer(client, url, part, artifact.file_name, progress)
                break
            except httpx.HTTPError as error:
                if attempt + 1 == ATTEMPTS or isinstance(error, httpx.HTTPStatusError):
                    raise Unavailable(f"cannot download {url}: {_reason(error)}") from error
    if _sha256(part) != artifact.sha256:
        part.unlink()
        raise Unavailable(f"{url} is not the file that was expected: its SHA-256 differs from {artifact.sha256}")
    os.replace(part, target)
    return target


def _transfer(client: httpx.Client, url: str, part: Path, name: str, progress: Progress) -> None:
    start = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    with client.stream("GET", url, headers=headers) as response:
        if response.status_code == RANGE_NOT_SATISFIABLE:
            return  # all of it was there already; the digest decides
        response.raise_for_status()
        if response.status_code != PARTIAL_CONTENT:
            start = 0
        length = response.headers.get("Content-Length")
        total = start + int(length) if length else None
        with part.open("ab" if start else "wb") as file:
            done = start
            for chunk in response.iter_raw():
                file.write(chunk)
                done += len(chunk)
                progress(f"downloading {name}", done, total)


def _reason(error: httpx.HTTPError) -> str:
    import httpx

    if isinstance(error, httpx.HTTPStatusError):
        return f"the server answered {error.response.status_code}"
    return str(error) or type(error).__name__


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _trust() -> ssl.SSLContext:
    """The system's certificates (a company's own among them) and, where a system has none, the bundled ones."""
    import certifi

    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
