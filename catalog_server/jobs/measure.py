"""Measures the files behind a table: its partitions' folders, sizes, rows, and column ranges from Parquet footers."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from catalog_server.lake.files import FileInfo
from catalog_server.lake.filesystem import Lake
from catalog_server.lake.locations import join
from catalog_server.model.errors import CatalogError
from catalog_server.model.names import name_key
from catalog_server.model.partition import unescape
from catalog_server.model.statistics import ColumnStatistics
from catalog_server.model.table import Column, Table
from catalog_server.model.types import parse_type

FOOTERS_MAX = 2000
THREADS = 8
_KINDS = {
    "tinyint": "long", "smallint": "long", "int": "long", "bigint": "long", "float": "double", "double": "double",
    "date": "date", "timestamp": "timestamp", "timestamp with local time zone": "timestamp", "decimal": "decimal",
}  # fmt: skip
_EPOCH = datetime.date(1970, 1, 1)

Range = tuple[Any, Any, int]
"""Smallest and largest value (None where a file does not tell) and the number of nulls."""


@dataclass(slots=True)
class Folder:
    """The files of one partition, or of a whole table without partition keys."""

    location: str
    files: list[FileInfo] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        """Size of all files."""
        return sum(info.size for info in self.files)


@dataclass(frozen=True, slots=True)
class Footer:
    """What a Parquet file tells of itself: rows, and the ranges of its flat columns by name key."""

    rows: int
    ranges: Mapping[str, Range]


def folders_of(lake: Lake, table: Table) -> dict[tuple[str, ...], Folder]:
    """The folders with data below a table's location by partition values (`()` where there are no keys)."""
    root = (table.location or "").rstrip("/")
    keys = [column.key for column in table.partition_keys]
    found: dict[tuple[str, ...], Folder] = {} if keys else {(): Folder(root)}
    for info in lake.filesystem(root).list(root):
        path = info.location[len(root) :].strip("/").split("/")
        if any(part.startswith(("_", ".")) for part in path) or not info.size:
            continue
        values = _values(path[:-1], keys)
        if values is not None:
            found.setdefault(values, Folder(join(root, *path[:-1]) if keys else root)).files.append(info)
    return found


def _values(path: Sequence[str], keys: Sequence[str]) -> tuple[str, ...] | None:
    """The partition values that a folder's path speaks of; None if it is not one of these keys' folders."""
    if not keys:
        return ()
    if len(path) != len(keys):
        return None
    pairs = [part.partition("=") for part in path]
    if [name_key(unescape(key)) for key, _, _ in pairs] != list(keys):
        return None
    return tuple(unescape(value) for _, _, value in pairs)


def read_footers(lake: Lake, files: Sequence[FileInfo]) -> list[Footer] | None:
    """The footers of Parquet files; None if one cannot be read or there are more than `FOOTERS_MAX`."""
    if len(files) > FOOTERS_MAX:
        return None
    with ThreadPoolExecutor(THREADS, thread_name_prefix="footer") as pool:
        found = list(pool.map(lambda info: _footer(lake, info.location), files))
    return [one for one in found if one is not None] if None not in found else None


def _footer(lake: Lake, location: str) -> Footer | None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with lake.filesystem(location).open_input(location) as file, pq.ParquetFile(file) as parquet:
            metadata = parquet.metadata
            return Footer(metadata.num_rows, _ranges(metadata))
    except (pa.ArrowException, OSError, ValueError, CatalogError):
        return None


def _ranges(metadata: Any) -> dict[str, Range]:
    ranges: dict[str, Range] = {}
    for place in range(metadata.num_row_groups):
        group = metadata.row_group(place)
        for number in range(group.num_columns):
            column = group.column(number)
            if "." in column.path_in_schema or not column.is_stats_set:
                continue
            said = column.statistics
            low, high = (said.min, said.max) if said.has_min_max else (None, None)
            one: Range = (low, high, said.null_count or 0)
            key = name_key(column.path_in_schema)
            empty = said.num_values == 0
            ranges[key] = _joined(ranges[key], one, empty) if key in ranges else one
    return ranges


def _joined(held: Range, new: Range, empty: bool = False) -> Range:
    nulls = held[2] + new[2]
    if empty or new[0] is None:
        return held[0], held[1], nulls
    if held[0] is None:
        return new[0], new[1], nulls
    return min(held[0], new[0]), max(held[1], new[1]), nulls


def basic(folder: Folder, footers: Sequence[Footer] | None) -> dict[str, str]:
    """Hive's basic statistics of a folder."""
    said = {"numFiles": str(len(folder.files)), "totalSize": str(folder.bytes)}
    if footers is not None:
        said["numRows"] = str(sum(footer.rows for footer in footers))
    return said


def column_statistics(columns: Iterable[Column], footers: Sequence[Footer], at: int) -> list[ColumnStatistics]:
    """Ranges and nulls of the columns that every footer tells of.

    The number of distinct values is an upper bound: that of rows with a value, or of whole numbers in the range.
    """
    rows = sum(footer.rows for footer in footers)
    found = []
    for column in columns:
        kind = _KINDS.get(parse_type(column.type).name)
        told = [footer.ranges.get(column.key) for footer in footers if footer.rows]
        if kind is None or not told or None in told:
            continue
        joined: Range = (None, None, 0)
        for one in told:
            joined = _joined(joined, one or joined)
        data = _data(kind, joined, rows)
        if data is not None:
            found.append(ColumnStatistics(column.name, column.type, kind, data, updated_at=at))
    return found


def _data(kind: str, range_: Range, rows: int) -> dict[str, object] | None:
    low, high, nulls = range_
    if low is None:
        return None
    low, high = _value(kind, low), _value(kind, high)
    if low is None or high is None:
        return None
    distinct = max(rows - nulls, 0)
    if isinstance(low, int) and isinstance(high, int) and kind in ("long", "date"):
        distinct = min(distinct, high - low + 1)
    return {"low": low, "high": high, "num_nulls": nulls, "num_distinct": distinct}


def _value(kind: str, value: Any) -> object:
    """A footer's value as the statistics of that kind hold it; None where it is of another kind."""
    if kind == "long":
        return int(value) if isinstance(value, int) else None
    if kind == "double":
        return float(value) if isinstance(value, float) and value == value and abs(value) != float("inf") else None
    if kind == "date":
        return (value - _EPOCH).days if isinstance(value, datetime.date) else None
    if kind == "timestamp":
        if not isinstance(value, datetime.datetime):
            return None
        zoned = value if value.tzinfo else value.replace(tzinfo=datetime.UTC)
        return int(zoned.timestamp() // 1)
    if isinstance(value, decimal.Decimal) and value.is_finite():
        sign, digits, exponent = value.as_tuple()
        unscaled = int("".join(map(str, digits))) * (-1 if sign else 1)
        return f"{unscaled}e{exponent}"
    return None
