"""Inside a worker: rows of ORC files, which DuckDB does not read itself, stripe by stripe through Arrow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from catalog_server.lake.files import FileSystem
from catalog_server.model.errors import Unsupported
from catalog_server.query.rows import Rows, open_files, together


def read(files: Sequence[str], storage: Mapping[str, str], wanted: Sequence[str]) -> tuple[dict[str, str], Rows]:
    """The names in the files of those wanted columns (lower case) that they have, and all rows.

    Rows carry the number of their file as `file_index`. Types are those that hold the values of all files. Raises
    `Unsupported` for files that cannot be read or do not fit each other.
    """
    import pyarrow as pa

    source = open_files(storage)
    try:
        names, kept = together((_schema(source, location) for location in files), wanted)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Unsupported(f"ORC files cannot be read: {str(error)[:300]}") from error
    return names, Rows(kept, _batches(source, files, kept))


def _schema(source: FileSystem, location: str) -> Any:
    from pyarrow import orc

    with source.open_input(location) as file:
        return orc.ORCFile(file).schema


def _batches(source: FileSystem, files: Sequence[str], kept: Any) -> Iterator[Any]:
    import pyarrow as pa
    from pyarrow import orc

    for index, location in enumerate(files):
        with source.open_input(location) as file:
            found = orc.ORCFile(file)
            columns = [name for name in kept.names if name in found.schema.names]
            for stripe in range(found.nstripes):
                batch = found.read_stripe(stripe, columns=columns or found.schema.names[:1])
                held = dict(zip(batch.schema.names, batch.columns, strict=True))
                held["file_index"] = pa.array([index] * batch.num_rows, pa.int64())
                yield pa.RecordBatch.from_arrays(
                    [_as(held.get(field.name), field.type, batch.num_rows) for field in kept], schema=kept
                )


def _as(held: Any, kind: Any, count: int) -> Any:
    import pyarrow as pa

    if held is None:
        return pa.nulls(count, kind)
    return held if held.type == kind else held.cast(kind)
