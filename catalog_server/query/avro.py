"""Inside a worker: rows of Avro files, which DuckDB does not read itself, block by block through Arrow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from catalog_server.lake.arrow import to_arrow
from catalog_server.lake.files import FileSystem
from catalog_server.lake.formats.avro import inspect
from catalog_server.lake.formats.avro_blocks import plain
from catalog_server.lake.formats.base import FileProblem
from catalog_server.lake.formats.packing import DAMAGED
from catalog_server.lake.locations import base_name
from catalog_server.model.errors import Unsupported
from catalog_server.model.types import parse_type
from catalog_server.query.rows import Rows, open_files, together

_BATCH_ROWS = 5_000
_NUMBERS = ("int-time-millis", "long-time-micros", "long-local-timestamp-millis", "long-local-timestamp-micros")
"""Logical types that tables have the bare numbers of."""


def read(files: Sequence[str], storage: Mapping[str, str], wanted: Sequence[str]) -> tuple[dict[str, str], Rows]:
    """The names in the files of those wanted columns (lower case) that they have, and all rows.

    Rows carry the number of their file as `file_index`. Types are those that hold the values of all files. Raises
    `Unsupported` for files that cannot be read or do not fit each other.
    """
    import pyarrow as pa

    source = open_files(storage)
    try:
        names, kept = together((_schema(source, location) for location in files), wanted)
    except (pa.ArrowException, FileProblem) as error:
        raise Unsupported(f"Avro files cannot be read: {str(error)[:300]}") from error
    return names, Rows(kept, _batches(source, files, kept))


def _schema(source: FileSystem, location: str) -> Any:
    import pyarrow as pa

    columns = inspect(source, source.stat(location)).columns
    return pa.schema([(column.name, to_arrow(parse_type(column.type))) for column in columns])


def _batches(source: FileSystem, files: Sequence[str], kept: Any) -> Iterator[Any]:
    import pyarrow as pa

    for index, location in enumerate(files):
        for rows in _chunks(source, location):
            arrays = [
                pa.array([_plain(row.get(field.name), field.type) for row in rows], field.type)
                for field in kept
                if field.name != "file_index"
            ]
            yield pa.RecordBatch.from_arrays([*arrays, pa.array([index] * len(rows), pa.int64())], schema=kept)


def _chunks(source: FileSystem, location: str) -> Iterator[list[dict[str, Any]]]:
    import fastavro
    from fastavro.read import LOGICAL_READERS
    from fastavro.schema import SchemaParseException

    for name in _NUMBERS:
        LOGICAL_READERS.pop(name, None)
    try:
        with source.open_input(location) as file:
            rows: list[dict[str, Any]] = []
            for row in fastavro.reader(plain(file)):
                rows.append(row)
                if len(rows) >= _BATCH_ROWS:
                    yield rows
                    rows = []
            if rows:
                yield rows
    except (*DAMAGED, TypeError, FileProblem, SchemaParseException) as error:
        raise Unsupported(f"{base_name(location)} cannot be read: {str(error)[:300]}") from error


def _plain(value: Any, kind: Any) -> Any:
    """A value as Arrow takes it: what Arrow has nothing like travels as text."""
    import pyarrow as pa

    return str(value) if value is not None and pa.types.is_string(kind) else value
