"""Parquet: the schema and the number of rows stand in the footer."""

from __future__ import annotations

from catalog_server.lake.files import FileInfo, FileReader
from catalog_server.lake.formats.base import FileProblem, FileSchema, columns_of, first_line
from catalog_server.lake.formats.measures import of_parquet

MAGIC = b"PAR1"
_ENCRYPTED = b"PARE"


def check_ends(files: FileReader, info: FileInfo, whole: bytes = b"") -> int:
    """The length of the footer, by the last bytes (of `whole`, if the file was read).

    Raises `FileProblem` for a file that was cut off or is no Parquet.
    """
    if info.size < 12:
        raise FileProblem(f"{info.size} bytes are too few for a Parquet file")
    tail = whole[-8:] or files.read(info.location, info.size - 8, 8)
    if tail[4:] == _ENCRYPTED:
        raise FileProblem("encrypted Parquet: its footer cannot be read")
    if tail[4:] != MAGIC:
        raise FileProblem("the Parquet file is truncated: its footer is missing")
    length = int.from_bytes(tail[:4], "little")
    if length + 12 > info.size:
        raise FileProblem(f"damaged Parquet: a footer of {length} bytes in a file of {info.size}")
    return length


def inspect(files: FileReader, info: FileInfo) -> FileSchema:
    """Read the footer; raises `FileProblem` for a damaged one. Columns without a counterpart in Hive are left out, noted."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    footer = info.size - 8 - check_ends(files, info)
    try:  # the footer alone is read: what a reader would ask for first is more than most are long
        end = pa.BufferReader(files.read(info.location, footer, info.size - footer))
        with pq.ParquetFile(end) as parquet:
            schema, metadata = parquet.schema_arrow, parquet.metadata
    except MemoryError:
        raise
    except (pa.ArrowException, OSError, ValueError) as error:
        raise FileProblem(f"damaged Parquet: {first_line(error)}") from error
    columns, notes = columns_of(schema)
    return FileSchema("parquet", columns, {}, metadata.num_rows, notes, of_parquet(metadata, columns))
