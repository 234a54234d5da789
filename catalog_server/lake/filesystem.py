"""The lake: which store a location belongs to, and with which credentials it is reached."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from threading import Lock

from catalog_server.lake.azure import AzureFileSystem
from catalog_server.lake.files import FileInfo, FileSystem
from catalog_server.lake.google import GoogleFileSystem
from catalog_server.lake.local import LocalFileSystem
from catalog_server.lake.locations import is_under, normalize, only_crawled, parse
from catalog_server.lake.object_store import ObjectFileSystem
from catalog_server.lake.s3 import S3FileSystem
from catalog_server.model.connection import STORE_KINDS, Connection
from catalog_server.model.errors import CatalogError, Unsupported

__all__ = ["FileInfo", "FileSystem", "Lake", "normalize"]

_CLIENTS: Mapping[str, Callable[[Mapping[str, str]], ObjectFileSystem]] = {
    "s3": S3FileSystem,
    "abfss": AzureFileSystem,
    "gs": GoogleFileSystem,
}
_ENVIRONMENT = {
    "endpoint": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
    "region": ("AWS_REGION", "AWS_DEFAULT_REGION"),
    "access_key_id": ("AWS_ACCESS_KEY_ID",),
    "secret_access_key": ("AWS_SECRET_ACCESS_KEY",),
    "session_token": ("AWS_SESSION_TOKEN",),
}


class Lake:
    """All files that tables may lie in. `profiles` gives the storage profiles with their secrets as plain values.

    A profile owns the prefixes it names, the longest match wins; one of S3 that names none serves every S3 location that no
    other profile owns. Without any profile, S3 is reached as the environment (`AWS_*`) says, and others not at all; a profile
    of S3 that names neither keys nor an endpoint takes the keys from there. Clients are kept per profile and version, so that
    a changed profile takes effect with the next call.
    """

    def __init__(self, profiles: Callable[[], Sequence[Connection]] = tuple) -> None:
        self._profiles = profiles
        self._local = LocalFileSystem()
        self._stores: dict[tuple[object, ...], ObjectFileSystem] = {}
        self._lock = Lock()

    def profile(self, location: str) -> Connection | None:
        """The storage profile that serves a location, or None for local files and for what the environment serves."""
        if parse(location).scheme == "file":
            return None
        best: tuple[int, Connection] | None = None
        for profile in self._profiles():
            length = _match(profile, location)
            if length is not None and (best is None or length > best[0]):
                best = length, profile
        return best[1] if best else None

    def filesystem(self, location: str) -> FileSystem:
        """The file system that a location belongs to; raises `Invalid` or `Unsupported` for one that is no location."""
        if parse(location).scheme == "file":
            return self._local
        profile = self.profile(location)
        options = self._options(profile, location)
        key: tuple[object, ...] = (profile.name, profile.version) if profile else ()
        with self._lock:
            store = self._stores.get(key)
            if store is None or store.options != options:
                store = self._stores[key] = _CLIENTS[parse(location).scheme](options)
            return store

    def storage_options(self, location: str) -> dict[str, str]:
        """What another engine needs to reach a location; empty for local files. Holds secrets: never log it.

        Keys, where known: endpoint, region, access_key_id, secret_access_key, session_token, path_style and allow_http
        (the last two `true` or `false`, always there for S3). Raises `Unsupported` for stores that no engine is told of.
        """
        if parse(location).scheme == "file":
            return {}
        if store := only_crawled(location):
            raise Unsupported(
                f"{location}: files in {store} are only crawled, they cannot be read or written from here"
            )
        options = self._options(self.profile(location), location)
        plain = options.get("endpoint", "").startswith("http://")
        options.setdefault("path_style", "true" if options.get("endpoint") else "false")
        options.setdefault("allow_http", "true" if plain else "false")
        options.setdefault("region", "us-east-1")
        return options

    def endpoint(self, location: str) -> str | None:
        """The endpoint that a location's store was said to be at; None for local files and the cloud's own."""
        if parse(location).scheme == "file":
            return None
        return self._options(self.profile(location), location).get("endpoint")

    @staticmethod
    def _options(profile: Connection | None, location: str) -> dict[str, str]:
        if (scheme := parse(location).scheme) != "s3":
            if profile is None:
                kind = next(kind for kind, served in STORE_KINDS.items() if served == scheme)
                raise Unsupported(f"{location}: no connection of kind {kind} has a prefix that it lies under")
            return {key: str(value) for key, value in {**profile.options, **profile.secrets}.items() if value}
        if profile is None:
            return _from_environment(os.environ)
        known = {**profile.options, **profile.secrets}
        options = {key: str(value) for key, value in known.items() if value not in (None, "")}
        if not options.get("access_key_id") and not options.get("endpoint"):
            options = {**_from_environment(os.environ, secrets_only=True), **options}
        return options


def _match(profile: Connection, location: str) -> int | None:
    """The length of the longest prefix of a profile that a location lies under; None if it serves it not."""
    if STORE_KINDS.get(profile.kind) != parse(location).scheme:
        return None
    if not profile.prefixes:
        return 0 if profile.kind == "s3" else None
    lengths = []
    for prefix in profile.prefixes:
        try:
            if is_under(location, prefix):
                lengths.append(len(normalize(prefix)))
        except CatalogError:
            if prefix.rstrip("/") in ("s3:", "s3a:"):
                lengths.append(0)
    return max(lengths, default=None)


def _from_environment(environment: Mapping[str, str], secrets_only: bool = False) -> dict[str, str]:
    """Storage options by the names that AWS's own tools use."""
    options = {}
    for option, names in _ENVIRONMENT.items():
        if secrets_only and option in ("endpoint", "region"):
            continue
        value = next((environment[name] for name in names if environment.get(name)), None)
        if value:
            options[option] = value
    return options
