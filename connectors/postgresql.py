"""Tables of a PostgreSQL server, by psycopg 3.

Types: `numeric` without a precision becomes `decimal(38,18)` (rounded behind the 18th digit; more than 20 digits in front
of the point are refused when read); one with more than 38 digits, enums, intervals, ranges, addresses and every other type
without a counterpart become `string`, in PostgreSQL's own spelling; `json` and `jsonb` become `json`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from catalog_server.connector import DuckDBAttach
from catalog_server.model.errors import CatalogError, Denied, NotFound
from catalog_server.model.table import Column
from connectors.sql import SQLConnector

if TYPE_CHECKING:
    import sqlalchemy as sa

UNBOUNDED_NUMERIC = "decimal(38,18)"
_TYPES = {
    "boolean": "boolean",
    "smallint": "smallint",
    "integer": "int",
    "bigint": "bigint",
    "oid": "bigint",
    "real": "float",
    "double precision": "double",
    "text": "string",
    "name": "string",
    "bytea": "binary",
    "date": "date",
    "uuid": "uuid",
    "json": "json",
    "jsonb": "json",
}
_SIZED = re.compile(r"(\w[\w ]*?)(?:\((\d+)(?:,(-?\d+))?\))?( with(?:out)? time zone)?")
_PLAIN_TEXT = ("text", "name", "character")

_COLUMNS = """
SELECT c.relname, a.attname, format_type(coalesce(nullif(t.typbasetype, 0), a.atttypid),
         CASE WHEN t.typbasetype <> 0 THEN t.typtypmod ELSE a.atttypmod END) AS raw,
       NOT (a.attnotnull OR t.typnotnull) AS nullable, col_description(c.oid, a.attnum) AS comment
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_type t ON t.oid = a.atttypid
WHERE n.nspname = :database AND c.relname = ANY(:tables) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY c.relname, a.attnum
"""
_ESTIMATES = """
SELECT c.relname, c.reltuples FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = :database AND c.relname = ANY(:tables) AND c.relkind IN ('r', 'm', 'p') AND c.reltuples >= 0
"""


class PostgreSQL(SQLConnector):
    """Tables of one PostgreSQL database; its schemas are the connector's databases."""

    kind = "postgresql"
    driver = "postgresql+psycopg"
    default_port = 5432
    url_parameters = frozenset({"sslmode", "sslrootcert", "options"})
    hidden_databases = frozenset({"information_schema", "pg_catalog", "pg_toast"})
    _libpq: ClassVar[Mapping[str, str]] = {"sslmode": "sslmode", "sslrootcert": "sslrootcert", "options": "options"}

    def is_hidden(self, database: str) -> bool:
        """See `SQLConnector.is_hidden`."""
        return super().is_hidden(database) or database.startswith(("pg_temp_", "pg_toast_temp_"))

    def connect_arguments(self) -> dict[str, Any]:
        """See `SQLConnector.connect_arguments`; the session only reads and speaks UTC."""
        said = {name: value for name, value in self.connection.options.items() if name in self._libpq}
        fixed = "-c default_transaction_read_only=on -c TimeZone=UTC"
        said["options"] = f"{said.get('options', '')} {fixed}".strip()
        return {**super().connect_arguments(), "application_name": "catalog-server", **said}

    def refusal(self, error: sa.exc.DBAPIError) -> CatalogError:
        """See `SQLConnector.refusal`; a refused connection carries no SQL state, so that its words decide."""
        text = str(error.orig)
        if not getattr(error.orig, "sqlstate", None):
            if "authentication failed" in text or "no pg_hba.conf entry" in text or "permission denied" in text:
                return Denied("connect to", f"{self.address} as {self.connection.options.get('user', '')}")
            if re.search(r'database ".*" does not exist', text):
                return NotFound("database", f"{self.connection.options.get('database', '')} at {self.address}")
        return super().refusal(error)

    def column_type(self, raw: str) -> str:
        """See `SQLConnector.column_type`; `raw` is what `format_type` says."""
        if raw.endswith("[]"):
            return f"array<{self.column_type(raw.removesuffix('[]'))}>"
        match = _SIZED.fullmatch(raw)
        name, size, scale, zone = match.groups() if match else (raw, None, None, None)
        if name == "timestamp":
            return "timestamp with local time zone" if zone == " with time zone" else "timestamp"
        if name == "time" and zone == " without time zone":
            return "time"
        if name == "numeric":
            return _decimal(size, scale)
        if name in ("character varying", "character") and size:
            return f"{'varchar' if name.endswith('varying') else 'char'}({size})"
        return _TYPES.get(name, "string")

    def columns_of(self, connection: sa.Connection, database: str, tables: Sequence[str]) -> dict[str, list[Column]]:
        """See `SQLConnector.columns_of`; domains are resolved to their base types."""
        import sqlalchemy as sa

        found: dict[str, list[Column]] = {}
        asked = {"database": database, "tables": list(tables)}
        for table, name, raw, nullable, comment in connection.execute(sa.text(_COLUMNS), asked):
            found.setdefault(table, []).append(self.column(name, raw, nullable, comment))
        return found

    @staticmethod
    def _view_names(inspector: sa.Inspector, database: str) -> list[str]:
        return [*inspector.get_view_names(database), *inspector.get_materialized_view_names(database)]

    def row_estimates(self, connection: sa.Connection, database: str, tables: Sequence[str]) -> Mapping[str, int]:
        """See `SQLConnector.row_estimates`: what the last ANALYZE saw."""
        import sqlalchemy as sa

        asked = {"database": database, "tables": list(tables)}
        return {name: int(rows) for name, rows in connection.execute(sa.text(_ESTIMATES), asked)}

    def select_expression(self, column: Column, plain: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """See `SQLConnector.select_expression`; what travels as text is made text by PostgreSQL itself."""
        import sqlalchemy as sa

        raw = column.parameters["raw_type"]
        if column.type in ("string", "json", "uuid") and not raw.startswith(_PLAIN_TEXT):
            return sa.cast(plain, sa.Text)
        if column.type in ("array<string>", "array<json>", "array<uuid>") and not raw.startswith(_PLAIN_TEXT):
            return sa.cast(plain, sa.ARRAY(sa.Text))
        return plain

    def trino_properties(self) -> Mapping[str, str]:
        """See `Connector.trino_properties`."""
        options = self.connection.options
        url = f"jdbc:postgresql://{self.address}/{options.get('database', '')}"
        if "sslmode" in options:
            url += f"?sslmode={options['sslmode']}"
        said = {"connector.name": "postgresql", "connection-url": url, "connection-user": options.get("user", "")}
        return {**said, "connection-password": self.connection.secrets.get("password", "")}

    def duckdb_attach(self) -> DuckDBAttach:
        """See `Connector.duckdb_attach`."""
        options = self.connection.options
        secret = {"HOST": options.get("host", "localhost"), "PORT": options.get("port") or "5432"}
        for field, value in (
            ("DATABASE", options.get("database")),
            ("USER", options.get("user")),
            ("PASSWORD", self.connection.secrets.get("password")),
        ):
            if value:
                secret[field] = value
        target = " ".join(f"{name}={options[name]}" for name in ("sslmode", "sslrootcert") if name in options)
        return DuckDBAttach("postgres_scanner", "postgres", f"{target} connect_timeout=4".strip(), secret)


def _decimal(size: str | None, scale: str | None) -> str:
    if size is None:
        return UNBOUNDED_NUMERIC
    digits, behind = int(size), int(scale or 0)
    if behind < 0:
        digits, behind = digits - behind, 0
    digits = max(digits, behind)
    return f"decimal({digits},{behind})" if digits <= 38 else "string"
