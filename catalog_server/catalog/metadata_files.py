"""Metadata files of Iceberg tables and views: read and kept in memory, written under new names, taken back."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any, NamedTuple

from catalog_server.lake import locations
from catalog_server.lake.filesystem import Lake
from catalog_server.lake.iceberg import files
from catalog_server.model.errors import CatalogError, NotFound
from catalog_server.model.failpoint import reach

Document = dict[str, Any]
DOCUMENTS_KEPT = 256
DOCUMENT_BYTES_KEPT = 64 * 1024 * 1024
"""Bytes of all metadata files whose documents are kept; as objects they take about five times as much."""


class Written(NamedTuple):
    """A metadata file that was written just now: where, and its document as JSON."""

    location: str
    text: bytes


class MetadataFiles:
    """Documents by the location of their file, which never changes once it is written. Treat them as read-only."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self._kept: OrderedDict[str, tuple[Document, int]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def read(self, location: str) -> Document:
        """The document in a metadata file; raises `NotFound` when it is gone, `Invalid` when it is none."""
        with self._lock:
            kept = self._kept.get(location)
            if kept is not None:
                self._kept.move_to_end(location)
        if kept is not None and self._stays(location):
            return kept[0]
        try:
            body = self.lake.filesystem(location).read(location)
        except NotFound as error:
            raise NotFound("metadata file", location) from error
        found = files.loads(body)
        self._keep(location, found, len(body))
        return found

    def write(self, new: Document, version: int) -> Written:
        """Write a document to a new file below its location; no transaction may be open."""
        compressed = files.compresses(new)
        folder = new.get("properties", {}).get("write.metadata.path") or f"{str(new['location']).rstrip('/')}/metadata"
        location = f"{folder.rstrip('/')}/{files.metadata_file_name(max(version, 0), compressed)}"
        text = files.text_of(new)
        body = files.packed(text, compressed)
        self.lake.filesystem(location).write(location, body, overwrite=False)
        self._keep(location, new, len(body))
        reach("metadata_written")
        return Written(location, text)

    def discard(self, location: str) -> None:
        """Delete a file that no row came to name."""
        with self._lock:
            self._forget(location)
        try:
            self.lake.filesystem(location).delete(location)
        except CatalogError:  # an unneeded file that stays harms nobody
            pass

    def _stays(self, location: str) -> bool:
        """Whether a file that was read is still there, asked of local files only: it costs nothing, and people delete them."""
        return locations.parse(location).scheme != "file" or self.lake.filesystem(location).is_file(location)

    def _keep(self, location: str, found: Document, size: int) -> None:
        with self._lock:
            self._forget(location)
            if size > DOCUMENT_BYTES_KEPT:
                return
            self._kept[location] = found, size
            self._bytes += size
            while self._bytes > DOCUMENT_BYTES_KEPT or len(self._kept) > DOCUMENTS_KEPT:
                self._forget(next(iter(self._kept)))

    def _forget(self, location: str) -> None:
        gone = self._kept.pop(location, None)
        if gone is not None:
            self._bytes -= gone[1]
