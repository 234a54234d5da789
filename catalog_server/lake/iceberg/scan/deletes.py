"""Which deletes apply to a data file, by Iceberg's rules on sequence numbers, partitions and paths."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from pyiceberg.manifest import DataFileContent

from catalog_server.lake.iceberg.scan.manifests import Entry

PATH_ID = 2147483546
"""Id of the column `file_path` of position deletes."""
_Key = tuple[int, tuple[Any, ...]]


class DeleteIndex:
    """The deletes of a scan; those by equality in an unpartitioned spec apply to all partitions."""

    def __init__(self, entries: Iterable[Entry], unpartitioned: frozenset[int]) -> None:
        self._vectors: dict[str, Entry] = {}
        self._by_path: dict[str, list[Entry]] = defaultdict(list)
        self._positions: dict[_Key, list[Entry]] = defaultdict(list)
        self._equality: dict[_Key, list[Entry]] = defaultdict(list)
        self._everywhere: list[Entry] = []
        for entry in entries:
            self._add(entry, unpartitioned)

    def _add(self, entry: Entry, unpartitioned: frozenset[int]) -> None:
        key = entry.spec_id, entry.partition
        if entry.content is DataFileContent.EQUALITY_DELETES:
            (self._everywhere if entry.spec_id in unpartitioned else self._equality[key]).append(entry)
            return
        path = entry.referenced or _only_path(entry)
        if entry.is_vector and path is not None:
            held = self._vectors.get(path)
            if held is None or held.sequence < entry.sequence:
                self._vectors[path] = entry
        elif path is not None:
            self._by_path[path].append(entry)
        else:
            self._positions[key].append(entry)

    def of(self, data: Entry) -> list[Entry]:
        """The deletes of a data file; a deletion vector takes the place of older deletes by position."""
        key = data.spec_id, data.partition
        found = [one for one in (*self._everywhere, *self._equality.get(key, ())) if one.sequence > data.sequence]
        vector = self._vectors.get(data.path)
        if vector is not None and vector.sequence >= data.sequence:
            return [*found, vector]
        in_partition = (one for one in self._positions.get(key, ()) if _may_name(one, data.path))
        by_position = (*in_partition, *self._by_path.get(data.path, ()))
        return [*found, *(one for one in by_position if one.sequence >= data.sequence)]


def _path_bounds(entry: Entry) -> tuple[bytes, bytes] | None:
    lower, upper = (entry.file.lower_bounds or {}).get(PATH_ID), (entry.file.upper_bounds or {}).get(PATH_ID)
    return None if lower is None or upper is None else (lower, upper)


def _only_path(entry: Entry) -> str | None:
    bounds = _path_bounds(entry)
    return bounds[0].decode() if bounds is not None and bounds[0] == bounds[1] else None


def _may_name(entry: Entry, path: str) -> bool:
    """Whether a file of position deletes may speak of a path: UTF-8 keeps the order of texts."""
    bounds = _path_bounds(entry)
    return bounds is None or bounds[0] <= path.encode() <= bounds[1]
