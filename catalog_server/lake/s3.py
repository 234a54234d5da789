"""Object stores that speak S3: what they have of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from catalog_server.lake.locations import parse
from catalog_server.lake.object_store import ObjectFileSystem, client_settings
from catalog_server.lake.s3_marks import FolderMarks
from catalog_server.lake.s3_plain import PlainS3


class S3FileSystem(ObjectFileSystem):
    """An S3 endpoint with one set of credentials.

    `options`: endpoint, region, access_key_id, secret_access_key, session_token, path_style, allow_http. What is not
    given comes from the environment (`AWS_*`) or the machine's role; an endpoint of one's own without keys is asked
    without a signature.
    """

    scheme = "s3"

    def __init__(self, options: Mapping[str, str]) -> None:
        super().__init__(options, options.get("endpoint") or "https://s3.amazonaws.com")
        self._marks = FolderMarks(options)

    def _client(self, bucket: str) -> Any:
        return _client(bucket, self.options)

    def _plain(self, location: str) -> PlainS3:
        return PlainS3(parse(location).bucket, self.options)

    def _put_mark(self, bucket: str, key: str) -> None:
        """Spark wants to see a folder where a table is to be."""
        self._marks.put(bucket, key)

    def _remove_marks(self, location: str, key: str, folders: set[str]) -> None:
        import obstore

        store, _ = self._at(location)
        self._marks.delete(parse(location).bucket, sorted({key, *folders}))
        left = sorted(folders, key=len, reverse=True)
        for start in range(0, len(left), 1000):
            obstore.delete(store, left[start : start + 1000])
        for empty in _empty_folders(store, key):
            obstore.delete(store, empty)


def _client(bucket: str, options: Mapping[str, str]) -> Any:
    from obstore.store import S3Store

    settings: dict[str, Any] = {}
    endpoint = options.get("endpoint")
    if endpoint:
        settings["endpoint"] = endpoint
    if options.get("region") or endpoint:
        settings["region"] = options.get("region") or "us-east-1"
    if options.get("path_style") == "false":
        settings["virtual_hosted_style_request"] = True
    if options.get("access_key_id"):
        keys = {
            "access_key_id": options["access_key_id"],
            "secret_access_key": options.get("secret_access_key", ""),
            "token": options.get("session_token") or None,
            "expires_at": None,
        }
        settings["credential_provider"] = lambda: keys
    elif endpoint:
        settings["skip_signature"] = True
    return S3Store(bucket, **client_settings(endpoint, options), **settings)


def _empty_folders(store: Any, key: str) -> Iterator[str]:
    """Folders that a store (SeaweedFS) goes on showing below an emptied one though nothing was listed in them, deepest first."""
    import obstore

    for folder in obstore.list_with_delimiter(store, key)["common_prefixes"]:
        yield from _empty_folders(store, folder)
        yield folder
