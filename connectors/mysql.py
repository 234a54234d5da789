"""Tables of MySQL and MariaDB servers, by PyMySQL.

Types: unsigned integers become the next wider signed one (`bigint unsigned` a `decimal(20,0)`), `tinyint(1)` a boolean,
`enum`, `set` and spatial types a `string` (spatial ones as text), `timestamp` an instant and `datetime` a wall clock's time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from catalog_server.connector import CONNECT_SECONDS, DuckDBAttach, missing
from catalog_server.model.errors import CatalogError, Denied, Invalid, NotFound
from catalog_server.model.table import Column
from connectors.sql import SQLConnector

if TYPE_CHECKING:
    import sqlalchemy as sa

_TYPES = {
    "tinyint": "tinyint",
    "smallint": "smallint",
    "mediumint": "int",
    "int": "int",
    "bigint": "bigint",
    "float": "float",
    "double": "double",
    "date": "date",
    "datetime": "timestamp",
    "timestamp": "timestamp with local time zone",
    "year": "int",
    "json": "json",
    "time": "string",
    "bit": "binary",
    "binary": "binary",
    "varbinary": "binary",
    "tinyblob": "binary",
    "blob": "binary",
    "mediumblob": "binary",
    "longblob": "binary",
}
_UNSIGNED = {"tinyint": "smallint", "smallint": "int", "mediumint": "int", "int": "bigint", "bigint": "decimal(20,0)"}
_SPATIAL = ("geometry", "point", "linestring", "polygon", "multi", "geom")
_RAW = re.compile(r"(\w+)(?:\((\d+)(?:,(\d+))?\))?(.*)")
_COLUMNS = """
SELECT table_name, column_name, column_type, is_nullable, column_comment FROM information_schema.columns
WHERE table_schema = :database AND table_name IN :tables ORDER BY table_name, ordinal_position
"""
_ESTIMATES = """
SELECT table_name, table_rows FROM information_schema.tables
WHERE table_schema = :database AND table_name IN :tables AND table_rows IS NOT NULL
"""
_DENIED = (1044, 1045, 1142, 1143, 1698)
_UNKNOWN = {1049: "database", 1146: "table", 1054: "column"}


class MySQL(SQLConnector):
    """Tables of a MySQL server; its databases are the connector's databases."""

    kind = "mysql"
    driver = "mysql+pymysql"
    default_port = 3306
    url_parameters = frozenset({"charset", "ssl_ca"})
    hidden_databases = frozenset({"information_schema", "mysql", "performance_schema", "sys"})
    supports_arrays = False

    def engine(self) -> sa.Engine:
        """See `SQLConnector.engine`."""
        import sqlalchemy as sa

        try:
            import pymysql  # noqa: F401
        except ImportError as error:
            raise missing("PyMySQL", "mysql") from error
        if self._engine is not None:
            return self._engine
        engine = super().engine()

        @sa.event.listens_for(engine, "connect")
        def be_patient(session: Any, _: object) -> None:
            """From now on a query may take its time: only the greeting had to come soon."""
            session._read_timeout = None

        return engine

    def _check_reachable(self) -> None:
        """The driver asks once and gives up in time; a knock without a greeting counts against the client's host."""

    def connect_arguments(self) -> dict[str, Any]:
        """See `SQLConnector.connect_arguments`; the session only reads and speaks UTC."""
        options = self.connection.options
        said: dict[str, Any] = {
            "connect_timeout": CONNECT_SECONDS,
            "read_timeout": CONNECT_SECONDS,
            "charset": options.get("charset", "utf8mb4"),
            "init_command": "SET time_zone = '+00:00', transaction_read_only = 1",
        }
        if "ssl_ca" in options:
            said["ssl"] = {"ca": options["ssl_ca"]}
        return said

    def refusal(self, error: sa.exc.DBAPIError) -> CatalogError:
        """See `SQLConnector.refusal`; MySQL's own numbers decide."""
        arguments: tuple[Any, ...] = getattr(error.orig, "args", ())
        number = arguments[0] if arguments and isinstance(arguments[0], int) else 0
        text = str(arguments[1] if len(arguments) > 1 else error.orig)[:300]
        if number in _DENIED:
            return Denied("read", f"{self.address}: {text}")
        if number in _UNKNOWN:
            return NotFound(_UNKNOWN[number], f"at {self.address}: {text}")
        if number in (1064, 1292, 1366):
            return Invalid("", f"{self.address}: {text}")
        return super().refusal(error)

    def column_type(self, raw: str) -> str:
        """See `SQLConnector.column_type`; `raw` is `column_type` of MySQL's information schema."""
        match = _RAW.fullmatch(raw.lower())
        name, size, scale, rest = match.groups() if match else (raw.lower(), None, None, "")
        if name == "tinyint" and size == "1" and "unsigned" not in rest:
            return "boolean"
        if name in ("decimal", "numeric"):
            digits, behind = int(size or 10), int(scale or 0)
            return f"decimal({digits},{behind})" if digits <= 38 else "string"
        if name in ("varchar", "char") and size and int(size):
            return f"{name}({size})"
        if "unsigned" in rest and name in _UNSIGNED:
            return _UNSIGNED[name]
        return _TYPES.get(name, "string")

    def columns_of(self, connection: sa.Connection, database: str, tables: Sequence[str]) -> dict[str, list[Column]]:
        """See `SQLConnector.columns_of`."""
        found: dict[str, list[Column]] = {}
        for table, name, raw, nullable, comment in self._asked(connection, _COLUMNS, database, tables):
            found.setdefault(table, []).append(self.column(name, _text(raw), nullable == "YES", _text(comment)))
        return found

    @staticmethod
    def _asked(connection: sa.Connection, statement: str, database: str, tables: Sequence[str]) -> Any:
        import sqlalchemy as sa

        prepared = sa.text(statement).bindparams(sa.bindparam("tables", expanding=True))
        return connection.execute(prepared, {"database": database, "tables": list(tables)})

    def row_estimates(self, connection: sa.Connection, database: str, tables: Sequence[str]) -> Mapping[str, int]:
        """See `SQLConnector.row_estimates`: what InnoDB keeps."""
        return {name: int(rows) for name, rows in self._asked(connection, _ESTIMATES, database, tables)}

    def select_expression(self, column: Column, plain: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """See `SQLConnector.select_expression`; spatial values are read as text."""
        import sqlalchemy as sa

        if column.parameters["raw_type"].lower().startswith(_SPATIAL):
            return sa.func.ST_AsText(plain)
        return plain

    def trino_properties(self) -> Mapping[str, str]:
        """See `Connector.trino_properties`."""
        said = {"connector.name": self.kind, "connection-url": f"jdbc:{self.kind}://{self.address}"}
        said["connection-user"] = self.connection.options.get("user", "")
        return {**said, "connection-password": self.connection.secrets.get("password", "")}

    def duckdb_attach(self) -> DuckDBAttach:
        """See `Connector.duckdb_attach`."""
        options = self.connection.options
        secret = {"HOST": options.get("host", "localhost"), "PORT": options.get("port") or "3306"}
        for field, value in (
            ("DATABASE", options.get("database")),
            ("USER", options.get("user")),
            ("PASSWORD", self.connection.secrets.get("password")),
        ):
            if value:
                secret[field] = value
        return DuckDBAttach("mysql_scanner", "mysql", "", secret)


class MariaDB(MySQL):
    """Tables of a MariaDB server."""

    kind = "mariadb"
    driver = "mariadb+pymysql"
    supports_json = False

    def connect_arguments(self) -> dict[str, Any]:
        """See `SQLConnector.connect_arguments`; MariaDB's variable has another name."""
        said = super().connect_arguments()
        return {**said, "init_command": "SET time_zone = '+00:00', tx_read_only = 1"}


def _text(value: Any) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)
