"""Measures the files behind a table: its partitions' folders, sizes, rows, and column ranges from Parquet footers."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from catalog_server.lake.files import FileInfo
from catalog_server.lake.filesystem import Lake
from catalog_server.lake.formats import parquet
from catalog_server.lake.formats.base import FileProblem, FileSchema
from catalog_server.lake.locations import join
from catalog_server.model.errors import CatalogError
from catalog_server.model.names import name_key
from catalog_server.model.partition import DEFAULT_PARTITION, unescape_folder
from catalog_server.model.table import Table

FOOTERS_MAX = 2000
THREADS = 8


@dataclass(slots=True)
class Folder:
    """The files of one partition, or of a whole table without partition keys."""

    location: str
    files: list[FileInfo] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        """Size of all files."""
        return sum(info.size for info in self.files)


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
    if [name_key(unescape_folder(key)) for key, _, _ in pairs] != list(keys):
        return None
    return tuple(unescape_folder(value) or DEFAULT_PARTITION for _, _, value in pairs)


def read_footers(lake: Lake, files: Sequence[FileInfo]) -> list[FileSchema] | None:
    """What the footers of Parquet files tell; None if one cannot be read or there are more than `FOOTERS_MAX`."""
    if len(files) > FOOTERS_MAX:
        return None
    with ThreadPoolExecutor(THREADS, thread_name_prefix="footer") as pool:
        found = list(pool.map(lambda info: _footer(lake, info), files))
    return [one for one in found if one is not None] if None not in found else None


def _footer(lake: Lake, info: FileInfo) -> FileSchema | None:
    import pyarrow as pa

    try:
        return parquet.inspect(lake.filesystem(info.location), info)
    except (pa.ArrowException, OSError, ValueError, CatalogError, FileProblem):
        return None


def basic(folder: Folder, footers: Sequence[FileSchema] | None) -> dict[str, str]:
    """Hive's basic statistics of a folder."""
    said = {"numFiles": str(len(folder.files)), "totalSize": str(folder.bytes)}
    if footers is not None:
        said["numRows"] = str(sum(footer.rows or 0 for footer in footers))
    return said
