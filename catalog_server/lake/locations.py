"""Locations: the URLs of files and folders, taken apart and compared without regard to how they are spelled.

A location is text as Hadoop's `Path` writes it: nothing in it is percent-encoded, so `%3A` in it is three characters
of a file's name. Locations are stored as sent; only comparisons and the access to files go through `parse`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from catalog_server.model.errors import Invalid, Unsupported

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)
_STORES = {"s3": "s3", "s3a": "s3", "s3n": "s3", "abfss": "abfss", "abfs": "abfss", "gs": "gs"}
"""What is meant by a scheme."""
_BUCKETS = {
    "s3": re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}"),
    "abfss": re.compile(r"[a-z0-9$][a-z0-9-]{0,62}@[a-z0-9]{3,24}\.dfs\.core\.windows\.net"),
    "gs": re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]"),
}
BUCKET_FORMS = {
    "s3": "a bucket (s3://bucket/key)",
    "abfss": "a container (abfss://container@account.dfs.core.windows.net/path)",
    "gs": "a bucket (gs://bucket/key)",
}
"""What a location of a store names first, for people."""
_ONLY_CRAWLED = {"abfss": "Azure", "gs": "Google Cloud Storage"}


@dataclass(frozen=True, slots=True)
class Location:
    """A location taken apart: `scheme` is `s3`, `abfss`, `gs` or `file`, `path` has no slash at its end.

    `bucket` is empty for files, and container@account.dfs.core.windows.net in Azure.
    """

    scheme: str
    bucket: str
    path: str
    """The key below the bucket (no slash in front), or the absolute path of a local file."""

    def __str__(self) -> str:
        if self.scheme == "file":
            return f"file://{self.path}"
        root = f"{self.scheme}://{self.bucket}"
        return f"{root}/{self.path}" if self.path else root


def parse(location: str) -> Location:
    """Take a location apart; raises `Invalid` for one that climbs by `..` or has no path, `Unsupported` for other stores."""
    if "\x00" in location:
        raise Invalid("location", f"{location!r} holds a NUL character")
    match = _SCHEME.fullmatch(location)
    if match is None:
        if not location.startswith("/"):
            raise Invalid("location", f"{location!r} is neither a URL nor an absolute path")
        return Location("file", "", _local_path(location, location))
    scheme, rest = match.group(1).lower(), match.group(2)
    if scheme == "file":
        return Location("file", "", _local_path(rest, location))
    if scheme not in _STORES:
        raise Unsupported(f"locations of scheme {scheme}: are not served: {location}")
    bucket, _, key = rest.removeprefix("//").partition("/")
    scheme = _STORES[scheme]
    if scheme == "abfss":
        bucket = bucket.lower()
    if not rest.startswith("//") or not _BUCKETS[scheme].fullmatch(bucket):
        raise Invalid("location", f"{location!r} does not name {BUCKET_FORMS[scheme]}")
    key = key.strip("/")
    _refuse_climbing(key, location)
    return Location(scheme, bucket, key)


def only_crawled(location: str) -> str | None:
    """The name of the store that a location's scheme means, if it is one that engines are not told of; else None."""
    return _ONLY_CRAWLED.get(_STORES.get(location.partition(":")[0].lower(), ""))


def _local_path(rest: str, location: str) -> str:
    if rest.startswith("//"):
        host, slash, path = rest[2:].partition("/")
        if host not in ("", "localhost") and _SCHEME.fullmatch(location):
            raise Invalid("location", f"{location!r} names the host {host!r}; files are read on this machine only")
        rest = slash + path if host in ("", "localhost") else rest
    if not rest.startswith("/"):
        raise Invalid("location", f"{location!r} is not an absolute path")
    _refuse_climbing(rest, location)
    return "/" + "/".join(part for part in rest.split("/") if part not in ("", "."))


def _refuse_climbing(path: str, location: str) -> None:
    if ".." in path.split("/"):
        raise Invalid("location", f"{location!r} climbs out of its folder by '..'")


def normalize(location: str) -> str:
    """The spelling under which two locations are compared: `s3a://b/x/` is `s3://b/x`, `file:/x` and `/x` are `file:///x`."""
    return str(parse(location))


def is_under(location: str, folder: str) -> bool:
    """Whether a location is a folder or lies below it."""
    inner, outer = normalize(location), normalize(folder)
    return inner == outer or inner.startswith(outer.rstrip("/") + "/")


def join(folder: str, *names: str) -> str:
    """The location of something below a folder, spelled as the folder is; names are not encoded in any way."""
    return "/".join((folder.rstrip("/"), *(name.strip("/") for name in names)))


def within(folder: str, *names: str) -> str:
    """As `join`; where no name says more, the folder itself, spelled as it is."""
    return join(folder, *names) if any(names) else folder


def parent(location: str) -> str:
    """The folder that a location lies in, spelled as the location is."""
    return location.rstrip("/").rpartition("/")[0]


def base_name(location: str) -> str:
    """The last part of a location."""
    return location.rstrip("/").rpartition("/")[2]


def from_path(path: Path) -> str:
    """The location of a local path (`file:///...`, nothing encoded)."""
    return f"file://{path.absolute()}"


def resolved(location: str) -> str:
    """The location with symbolic links of a local path followed; others as they are."""
    found = parse(location)
    return from_path(Path(found.path).resolve()) if found.scheme == "file" else location


def spellings(location: str) -> list[list[str]]:
    """How a folder and each folder above it may be written, from the inside out, without a slash at the end."""
    found = parse(location)
    parts = [part for part in found.path.split("/") if part]
    paths = ["/".join(parts[:count]) for count in range(len(parts), 0, -1)]
    if found.scheme == "file":
        return [[f"file:/{path}", f"file:///{path}", f"/{path}"] for path in paths] or [["file:", "file://", ""]]
    roots = [f"{scheme}://{found.bucket}" for scheme, means in sorted(_STORES.items()) if means == found.scheme]
    return [*([f"{root}/{path}" for root in roots] for path in paths), roots]
