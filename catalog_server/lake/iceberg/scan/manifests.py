"""Manifest lists and manifests of all format versions, read from the lake; what deletes rows is kept in memory for a while."""

from __future__ import annotations

import struct
import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pyiceberg.exceptions import ResolveError
from pyiceberg.manifest import (
    MANIFEST_ENTRY_SCHEMAS,
    MANIFEST_LIST_FILE_SCHEMAS,
    DataFile,
    DataFileContent,
    FileFormat,
    ManifestContent,
    ManifestEntry,
    ManifestEntryStatus,
    ManifestFile,
    PartitionFieldSummary,
)

from catalog_server.lake.filesystem import Lake
from catalog_server.lake.iceberg.file_io import LakeInput
from catalog_server.lake.iceberg.scan.avro import records
from catalog_server.model.errors import Invalid, NotFound, Unsupported

NEWEST = 3
"""The format version whose manifests are read; it knows all fields of the older ones."""
ITEMS_KEPT = 50_000
"""Manifests of lists and entries of delete manifests that are kept in memory."""
_FIRST_ROW_IN_LIST = 15
_FIRST_ROW, _REFERENCED, _OFFSET, _SIZE = 16, 17, 18, 19
"""Places of the newest fields, for which pyiceberg has no names."""
_BROKEN = (
    ValueError, TypeError, LookupError, AttributeError, EOFError, AssertionError, ArithmeticError, RecursionError,
    struct.error, zlib.error, ResolveError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """A file that is in the table, with what it inherits from its manifest."""

    file: Any
    """Pyiceberg's data file."""
    spec_id: int
    partition: tuple[Any, ...]
    sequence: int
    """Of its data: which deletes are younger."""
    snapshot_id: int | None
    added: bool
    """Whether this manifest brought it, rather than carrying it on."""
    first_row_id: int | None = None

    @property
    def path(self) -> str:
        """Where it lies."""
        return str(self.file.file_path)

    @property
    def content(self) -> DataFileContent:
        """Data, or what kind of deletes."""
        return self.file.content

    @property
    def referenced(self) -> str | None:
        """The one data file whose rows it deletes, if it says so."""
        return self.file[_REFERENCED]  # type: ignore[no-any-return]

    @property
    def place(self) -> tuple[int | None, int | None]:
        """Offset and size of a deletion vector in its file."""
        return self.file[_OFFSET], self.file[_SIZE]

    @property
    def is_vector(self) -> bool:
        """Whether it is a deletion vector."""
        return self.content is DataFileContent.POSITION_DELETES and self.file.file_format is FileFormat.PUFFIN


class Manifests:
    """Reads manifests; safe to use from many threads. `check` is asked before each file is opened, and may refuse it."""

    def __init__(self, lake: Lake, check: Callable[[str], None]) -> None:
        self.lake = lake
        self.check = check

    def size(self, location: str) -> int:
        """The bytes of a manifest list; raises `NotFound`."""
        self.check(location)
        try:
            return self.lake.filesystem(location).size(location)
        except NotFound as error:
            raise NotFound("metadata file", location) from error

    def listed(self, location: str) -> Sequence[Any]:
        """The manifests in a list, as pyiceberg has them; raises `NotFound`, `Invalid` for a broken file."""
        self.check(location)
        return _KEPT.find(location, lambda: list(self._named(location, list_records)))

    def added(self, location: str, snapshot_id: int) -> Sequence[Any]:
        """The manifests in a list that came with a snapshot."""

        def read() -> list[Any]:
            return [one for one in self._named(location, list_records) if one.added_snapshot_id == snapshot_id]

        self.check(location)
        return _KEPT.find((location, snapshot_id), read)

    def deletes(self, manifest: Any) -> Sequence[Entry]:
        """What a delete manifest holds."""
        self.check(manifest.manifest_path)
        inherited = manifest.sequence_number, manifest.partition_spec_id, manifest.added_snapshot_id
        key = manifest.manifest_path, *inherited
        return _KEPT.find(key, lambda: [entry for _, entry in self.entries(manifest)])

    def entries(self, manifest: Any) -> Iterator[tuple[int, Entry]]:
        """The files of a manifest that are in the table, each with its place among all entries.

        Raises `NotFound`, `Invalid` for a broken file, and `Unsupported` for one that is encrypted.
        """
        location = manifest.manifest_path
        self.check(location)
        if manifest.key_metadata:
            raise Unsupported(f"manifest {location} is encrypted")
        next_row = manifest[_FIRST_ROW_IN_LIST]
        for position, entry in enumerate(self._named(location, entry_records)):
            if entry.status == ManifestEntryStatus.DELETED:
                continue
            first_row = entry.data_file[_FIRST_ROW] if next_row is not None else None
            if next_row is not None and first_row is None:
                first_row, next_row = next_row, next_row + entry.data_file.record_count
            yield position, _inherited(entry, manifest, first_row)

    def _named(self, location: str, read: Callable[[LakeInput], Iterator[Any]]) -> Iterator[Any]:
        """What is read of a file, with errors that name it."""
        try:
            yield from read(LakeInput(self.lake, location))
        except FileNotFoundError as error:
            raise NotFound("metadata file", location) from error
        except NotImplementedError as error:
            raise Unsupported(f"manifest {location} cannot be read: {str(error)[:200]}") from error
        except _BROKEN as error:
            raise Invalid("manifest", f"{location} cannot be read: {str(error)[:200]}") from error


def list_records(source: LakeInput) -> Iterator[Any]:
    """The manifests in a list, as pyiceberg has them."""
    types = {-1: ManifestFile, 508: PartitionFieldSummary}
    return records(source, MANIFEST_LIST_FILE_SCHEMAS[NEWEST], types, {517: ManifestContent})


def entry_records(source: LakeInput) -> Iterator[Any]:
    """The entries of a manifest, deleted ones too, as pyiceberg has them."""
    enums = {0: ManifestEntryStatus, 101: FileFormat, 134: DataFileContent}
    return records(source, MANIFEST_ENTRY_SCHEMAS[NEWEST], {-1: ManifestEntry, 2: DataFile}, enums)


def _inherited(entry: Any, manifest: Any, first_row_id: int | None) -> Entry:
    file, added = entry.data_file, entry.status == ManifestEntryStatus.ADDED
    sequence = entry.sequence_number
    if sequence is None:
        if not added and manifest.sequence_number:
            raise Invalid("manifest", f"{manifest.manifest_path} holds {file.file_path} without its sequence number")
        sequence = manifest.sequence_number or 0
    snapshot_id = manifest.added_snapshot_id if entry.snapshot_id is None else entry.snapshot_id
    partition = tuple(file.partition[place] for place in range(len(file.partition)))
    return Entry(file, manifest.partition_spec_id, partition, sequence, snapshot_id, added, first_row_id)


class _Kept:
    """Lists by the file they were read from, which never changes; the longest unused go first."""

    def __init__(self, items_max: int) -> None:
        self.items_max = items_max
        self._lists: OrderedDict[Hashable, Sequence[Any]] = OrderedDict()
        self._items = 0
        self._lock = threading.Lock()

    def find(self, key: Hashable, read: Callable[[], Sequence[Any]]) -> Sequence[Any]:
        with self._lock:
            found = self._lists.get(key)
            if found is not None:
                self._lists.move_to_end(key)
                return found
        made = read()
        with self._lock:
            if key not in self._lists and len(made) < self.items_max:
                self._lists[key] = made
                self._items += len(made) + 1
                while self._items > self.items_max:
                    self._items -= len(self._lists.popitem(last=False)[1]) + 1
        return made


_KEPT = _Kept(ITEMS_KEPT)
