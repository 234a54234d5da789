"""Inside a worker: rows that Python reads for DuckDB, and what went wrong on the way in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from catalog_server.model.errors import CatalogError


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
