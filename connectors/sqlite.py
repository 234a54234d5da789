"""Tables of an SQLite file; no server, no password.

SQLite stores values by their own kind whatever the column says: a value that does not fit the declared type is refused by
name when it is read. Dates and times are text there, in ISO form.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from catalog_server.connector import DuckDBAttach
from catalog_server.model.errors import Invalid, NotFound, Unavailable
from catalog_server.model.table import Column
from connectors.sql import SQLConnector

if TYPE_CHECKING:
    import sqlalchemy as sa

MAIN = "main"
_SIZED = re.compile(r"([\w ]*?)\s*(?:\((\d+)(?:\s*,\s*(\d+))?\))?")
_TYPES = {
    "boolean": "boolean",
    "bool": "boolean",
    "date": "date",
    "datetime": "timestamp",
    "timestamp": "timestamp",
    "json": "json",
    "uuid": "string",
}


class SQLite(SQLConnector):
    """Tables of one SQLite file, in the one database `main`."""

    kind = "sqlite"
    driver = "sqlite+pysqlite"
    url_parameters = frozenset({"path"})
    supports_databases = False
    supports_comments = False
    supports_zoned_timestamps = False
    supports_arrays = False
    supports_row_estimates = False
    supports_network = False

    @property
    def address(self) -> str:
        """The file's path."""
        return self.connection.options.get("path", "")

    def engine(self) -> sa.Engine:
        """See `SQLConnector.engine`; raises `NotFound` if there is no such file, and makes none."""
        if not self.address:
            raise Invalid("path", f"connection {self.connection.name} names no file (sqlite:////absolute/path)")
        if not os.path.isfile(self.address):
            raise NotFound("file", self.address)
        with open(self.address, "rb") as file:
            head = file.read(16)
        if head and head != b"SQLite format 3\x00":
            raise Unavailable(f"{self.address} is not an SQLite database")
        return super().engine()

    def engine_url(self) -> sa.URL:
        """See `SQLConnector.engine_url`; the file is opened for reading only."""
        import sqlalchemy as sa

        path = quote(os.path.abspath(self.address))
        return sa.URL.create(self.driver, database=f"file:{path}", query={"mode": "ro", "uri": "true"})

    def connect_arguments(self) -> dict[str, Any]:
        """See `SQLConnector.connect_arguments`."""
        return {"timeout": 5.0, "check_same_thread": False}

    def test(self) -> str:
        """See `Connector.test`."""
        with self.connected() as connection:
            connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")
            version = ".".join(map(str, connection.dialect.server_version_info or ()))
        return f"sqlite {version}"

    def databases(self) -> Sequence[str]:
        """See `Connector.databases`."""
        self.test()
        return [MAIN]

    def _check_database(self, inspector: sa.Inspector, database: str) -> None:
        del inspector
        if database != MAIN:
            raise NotFound("database", f"{database} at {self.address}")

    def columns_of(self, connection: sa.Connection, database: str, tables: Sequence[str]) -> dict[str, list[Column]]:
        """See `SQLConnector.columns_of`; the declared types are read as they were written."""
        quoted = connection.dialect.identifier_preparer.quote_identifier
        found: dict[str, list[Column]] = {}
        for table in tables:
            rows = connection.exec_driver_sql(f"PRAGMA {quoted(database)}.table_xinfo({quoted(table)})")
            columns = [row for row in rows if row[6] != 1]
            if columns:
                found[table] = [self.column(row[1], row[2] or "", not (row[3] or row[5]), None) for row in columns]
        return found

    def column_type(self, raw: str) -> str:
        """See `SQLConnector.column_type`; SQLite's rules of affinity where the name is none of the usual."""
        match = _SIZED.fullmatch(raw.strip().lower())
        name, size, scale = match.groups() if match else (raw.lower(), None, None)
        if name in _TYPES:
            return _TYPES[name]
        if name in ("decimal", "numeric") and size and int(size) <= 38:
            return f"decimal({size},{scale or 0})"
        if "int" in name:
            return "bigint"
        if any(word in name for word in ("char", "clob", "text")):
            return "string"
        if "blob" in name:
            return "binary"
        if any(word in name for word in ("real", "floa", "doub", "numeric", "decimal")):
            return "double"
        return "string"

    def duckdb_attach(self) -> DuckDBAttach:
        """See `Connector.duckdb_attach`."""
        return DuckDBAttach("sqlite_scanner", "sqlite", os.path.abspath(self.address))
