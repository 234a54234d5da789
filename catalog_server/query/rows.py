"""Inside a worker: rows that Python reads for DuckDB, and what went wrong on the way in plain words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from catalog_server.lake.files import FileSystem
from catalog_server.model.errors import CatalogError


def open_files(storage: Mapping[str, str]) -> FileSystem:
    """The file system of a location's store, by its options."""
    from catalog_server.lake.local import LocalFileSystem
    from catalog_server.lake.s3 import S3FileSystem

    return S3FileSystem(storage) if storage else LocalFileSystem()


def together(schemas: Iterable[Any], wanted: Collection[str]) -> tuple[dict[str, str], Any]:
    """The names in files of these schemas of those wanted columns (lower case) that they have, and the schema of all rows.

    Rows carry the number of their file as `file_index`; types are those that hold the values of all files. Raises Arrow's
    error where there are none.
    """
    import pyarrow as pa

    whole = pa.unify_schemas(list(schemas), promote_options="permissive")
    names: dict[str, str] = {}
    for name in whole.names:
        if name.lower() in wanted:
            names.setdefault(name.lower(), name)
    return names, pa.schema([*(whole.field(name) for name in names.values()), pa.field("file_index", pa.int64())])


class Rows:
    """Arrow batches that DuckDB takes from `reader`; an error of theirs is kept, since DuckDB tells it with a traceback."""

    def __init__(self, schema: Any, batches: Iterable[Any]) -> None:
        import pyarrow as pa

        self._failed: CatalogError | None = None
        self.reader = pa.RecordBatchReader.from_batches(schema, self._watched(batches))

    def _watched(self, batches: Iterable[Any]) -> Iterator[Any]:
        try:
            yield from batches
        except CatalogError as error:
            self._failed = error
            raise

    def fill(self, connection: Any, table: str, view: str) -> None:
        """Make a temporary table of all rows, by a passing view; names are quoted where they must be. Raises what the rows do."""
        connection.register(view, self.reader)
        try:
            connection.execute(f'CREATE TEMP TABLE {table} AS SELECT * FROM "{view}"')
        except Exception:
            if self._failed is not None:
                raise self._failed from None
            raise
        finally:
            connection.unregister(view)
