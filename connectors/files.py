"""Files of an object store or of this machine as a source: each folder (or file) below the connection's prefix is a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from catalog_server.connector import Connector, SourceTable
from catalog_server.lake.arrow import to_arrow
from catalog_server.lake.files import FileInfo, FileSystem
from catalog_server.lake.filesystem import Lake
from catalog_server.lake.formats import sniff
from catalog_server.lake.formats.base import FileProblem, FileSchema
from catalog_server.lake.locations import base_name
from catalog_server.model.connection import Connection
from catalog_server.model.errors import Invalid, NotFound, Unsupported
from catalog_server.model.expressions import Predicate
from catalog_server.model.table import Column
from catalog_server.model.types import parse_type

if TYPE_CHECKING:
    from pyarrow import RecordBatch

ROOT = "files"


class Files(Connector):
    """Files below the prefixes of a storage profile; what is there is described, rows are read by query engines.

    Its one database is `files`. A crawl of the prefix finds partitions and more; this is the quick look.
    """

    kind = "files"
    url_parameters = frozenset({"endpoint", "region", "path_style", "allow_http"})
    supports_databases = False
    supports_comments = False
    supports_primary_keys = False
    supports_foreign_keys = False
    supports_views = False
    supports_row_estimates = False

    def __init__(self, connection: Connection, lake: Lake | None = None) -> None:
        super().__init__(connection, lake or Lake(lambda: (connection,)))

    def _roots(self) -> Sequence[str]:
        roots = self.connection.prefixes or tuple(filter(None, (self.connection.options.get("path"),)))
        if not roots:
            raise Invalid("prefixes", f"connection {self.connection.name} names no prefix such as s3://bucket/")
        return roots

    def _files(self, location: str) -> FileSystem:
        return self.lake.filesystem(location)

    def test(self) -> str:
        """See `Connector.test`: the first prefix is listed."""
        root = self._roots()[0]
        folders, files = self._files(root).list_folder(root)
        return f"{root}: {len(folders)} folders and {len(files)} files"

    def databases(self) -> Sequence[str]:
        """See `Connector.databases`."""
        self._roots()
        return [ROOT]

    def tables(self, database: str) -> Sequence[str]:
        """See `Connector.tables`: folders and files directly below the prefixes, hidden ones left out."""
        return sorted(self._tables(database))

    def _tables(self, database: str) -> dict[str, str]:
        if database != ROOT:
            raise NotFound("database", f"{database} of connection {self.connection.name}")
        found: dict[str, str] = {}
        for root in self._roots():
            folders, files = self._files(root).list_folder(root)
            for location in (*folders, *(info.location for info in files)):
                if not sniff.is_hidden(base_name(location)):
                    found.setdefault(base_name(location), location)
        return found

    def _table_files(self, database: str, table: str) -> list[FileInfo]:
        location = self._tables(database).get(table)
        if location is None:
            raise NotFound("table", f"{database}.{table} of connection {self.connection.name}")
        files = self._files(location)
        if files.is_file(location):
            return [files.stat(location)]
        start = len(location.rstrip("/")) + 1
        return [info for info in files.list(location) if not sniff.is_hidden(info.location[start:])]

    def describe(self, database: str, table: str) -> SourceTable:
        """See `Connector.describe`: by the first file that can be read; raises `Invalid` with the reasons if none can."""
        found, _ = self._first(database, table)
        columns = tuple(Column(c.name, c.type, c.comment, {"raw_type": c.type}) for c in found.columns)
        return SourceTable(database, table, columns)

    def _first(self, database: str, table: str) -> tuple[FileSchema, list[FileInfo]]:
        files = self._table_files(database, table)
        reasons = []
        for info in files[:20]:
            try:
                return sniff.inspect(self._files(info.location), info), files
            except FileProblem as problem:
                reasons.append(f"{base_name(info.location)}: {problem}")
        raise Invalid(f"{database}.{table}", "; ".join(reasons[:3]) or "holds no file")

    def scan(
        self,
        database: str,
        table: str,
        columns: Sequence[str] | None = None,
        predicate: Predicate | None = None,
        limit: int | None = None,
    ) -> Iterator[RecordBatch]:
        """See `Connector.scan`: Parquet only, and without predicates; other formats are read once they are crawled."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema, files = self._first(database, table)
        if schema.format != "parquet" or predicate is not None:
            raise Unsupported(f"{database}.{table}: crawl {schema.format} files into a table to read them")
        by_key = {column.key: column for column in schema.columns}
        wanted = [by_key[name.lower()].name for name in columns] if columns else [c.name for c in schema.columns]
        arrow = pa.schema([pa.field(n, to_arrow(parse_type(by_key[n.lower()].type))) for n in wanted])
        left = limit
        for info in files:
            with self._files(info.location).open_input(info.location) as file:
                for batch in pq.ParquetFile(file).iter_batches(columns=wanted):
                    part = batch.select(wanted).cast(arrow)[: left if left is not None else batch.num_rows]
                    yield part
                    left = left - part.num_rows if left is not None else None
                    if left == 0:
                        return
