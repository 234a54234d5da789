"""ORC: the schema and the number of rows stand in the footer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from catalog_server.lake.files import FileInfo, FileReader
from catalog_server.lake.formats import orc_footer
from catalog_server.lake.formats.base import FileProblem, FileSchema, columns_of, first_line
from catalog_server.lake.formats.measures import Measure
from catalog_server.model.table import Column

MAGIC = b"ORC"
_FOOTER_BYTES = 16_384
"""Most footers are shorter."""
_TAIL_BYTES = 256
"""A postscript is shorter, and its length is the file's last byte."""


def check_ends(files: FileReader, info: FileInfo, whole: bytes = b"") -> None:
    """Look at the last bytes (of `whole`, if the file was read); raises `FileProblem` for one that was cut off or is no ORC."""
    tail = whole[-_TAIL_BYTES:] or files.read(
        info.location, max(0, info.size - _TAIL_BYTES), min(info.size, _TAIL_BYTES)
    )
    length = tail[-1]
    if MAGIC not in tail[-1 - length : -1]:
        raise FileProblem("the ORC file is truncated: its postscript is missing")


def inspect(files: FileReader, info: FileInfo) -> FileSchema:
    """Read the footer; raises `FileProblem` for a damaged one. Columns without a counterpart in Hive are left out, noted."""
    import pyarrow as pa
    from pyarrow import orc

    check_ends(files, info)
    try:
        with files.open_input(info.location) as file:
            found = orc.ORCFile(file)
            schema, rows = found.schema, found.nrows
    except MemoryError:
        raise
    except (pa.ArrowException, OSError, ValueError) as error:
        raise FileProblem(f"damaged ORC: {first_line(error)}") from error
    columns, notes = columns_of(schema)
    if all(column.name == f"_col{n}" for n, column in enumerate(columns)):
        notes += ("its columns have no names (written by an old Hive): they are called _col0 and on",)
    return FileSchema("orc", columns, {}, rows, notes, _measures(files, info, columns))


def _measures(files: FileReader, info: FileInfo, columns: Sequence[Column]) -> Mapping[str, Measure]:
    tail = files.read(info.location, max(0, info.size - _FOOTER_BYTES), min(info.size, _FOOTER_BYTES))
    try:
        length = orc_footer.footer_bytes(tail)
    except (ValueError, TypeError, IndexError):
        return {}
    if length > min(info.size, orc_footer.FOOTER_BYTES_MAX):
        return {}
    if length > len(tail):
        tail = files.read(info.location, info.size - length, length)
    return orc_footer.measures(tail, columns)
