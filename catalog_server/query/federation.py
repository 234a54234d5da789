"""Names in SQL, looked up in the catalog as the caller may see it: catalogs, schemas, tables, views, connections."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from catalog_server.catalog import grants
from catalog_server.model.caller import SYSTEM, Caller
from catalog_server.model.connection import TABLELESS_KINDS, Connection
from catalog_server.model.errors import Denied, Invalid, NotFound, Unsupported
from catalog_server.model.grant import Action
from catalog_server.model.names import DatabaseName, TableName, name_key
from catalog_server.model.table import Column, Table, TableKind
from catalog_server.model.types import parse_type
from catalog_server.query.translate import ResolvedTable, TableColumn
from catalog_server.query.types import from_hive

if TYPE_CHECKING:
    from catalog_server.catalog.catalog import CatalogService
    from catalog_server.connector import SourceTable

TRINO_VIEW = "/* Presto View: "
SECOND_DIGITS = 6
INFORMATION_SCHEMA = "information_schema"


@dataclass(frozen=True, slots=True)
class StoredTable:
    """A table of files or an Iceberg table, as the catalog has it."""

    table: Table
    columns: tuple[Column, ...]
    """The columns without the partition keys."""


@dataclass(frozen=True, slots=True)
class ConnectedTable:
    """A table behind a connection."""

    connection: Connection
    """With its secrets."""
    database: str
    name: str
    columns: tuple[Column, ...]


class Federation:
    """Looks names up for one caller and one statement; what was found is remembered."""

    def __init__(
        self, catalog: CatalogService, caller: Caller, default_catalog: str | None, default_schema: str | None
    ) -> None:
        self.catalog = catalog
        self.caller = caller
        self.default_catalog = default_catalog
        self.default_schema = default_schema

    def within(self, catalog: str | None, schema: str | None) -> Federation:
        """The same with other defaults."""
        return Federation(self.catalog, self.caller, catalog, schema)

    def complete(self, path: list[str]) -> tuple[str, str, str]:
        """Catalog, schema and table of a path; raises `Invalid` when a default is missing."""
        if len(path) > 3:
            raise Invalid("", f"Too many dots in table name: {'.'.join(path)}")
        if len(path) < 3 and not self.default_catalog:
            raise Invalid("", "Catalog must be specified when session catalog is not set")
        if len(path) < 2 and not self.default_schema:
            raise Invalid("", "Schema must be specified when session schema is not set")
        catalog = path[-3] if len(path) == 3 else self.default_catalog
        schema = path[-2] if len(path) >= 2 else self.default_schema
        return catalog or "", schema or "", path[-1]

    def resolve(self, path: list[str]) -> ResolvedTable:
        """The table at a path; raises `Invalid` in Trino's words, `Denied` and `Unsupported`."""
        catalog, schema, table = self.complete(path)
        if name_key(schema) == INFORMATION_SCHEMA:
            from catalog_server.query.information import information_table

            return information_table(self, catalog, name_key(table))
        if self.has_catalog(catalog):
            return self._of_catalog(catalog, schema, table)
        connection = self.connection(catalog)
        if connection is None:
            raise Invalid("", f"Catalog '{name_key(catalog)}' not found")
        return self._of_connection(connection, schema, table)

    def has_catalog(self, name: str) -> bool:
        """Whether a catalog of that name may be seen."""
        try:
            self.catalog.catalogs.get(self.caller, name)
        except NotFound:
            return False
        return True

    def connection(self, name: str) -> Connection | None:
        """The connection of that name with its secrets, if it is one to a database; None without one."""
        try:
            found = self.catalog.connections.resolve(self.caller, name)
        except NotFound:
            return None
        return None if found.kind in TABLELESS_KINDS else found

    def _of_catalog(self, catalog: str, schema: str, name: str) -> ResolvedTable:
        full = TableName(catalog, schema, name)
        try:
            table = self.catalog.tables.get(self.caller, full)
        except NotFound as error:
            raise self._missing(catalog, schema, name) from error
        decision = self.catalog.grants.decide(self.caller, Action.SELECT, grants.of_table(table.full_name))
        if not decision.allowed:
            raise Denied("select", f"table {full}")
        path = (name_key(catalog), name_key(schema), name_key(name))
        if table.is_view:
            return self._view(table, path, decision.columns)
        source: Any
        if table.kind is TableKind.CONNECTION:
            source = self._connected(table)
            columns = source.columns
        else:
            columns = data_columns(table)
            source = StoredTable(table, columns)
            columns = (*columns, *table.partition_keys)
        shown, all_columns = table_columns(columns, decision.columns), table_columns(columns, None)
        return ResolvedTable(path, shown, decision.row_filter, all_columns, table=source)

    def _missing(self, catalog: str, schema: str, name: str) -> Invalid:
        try:
            self.catalog.databases.get(self.caller, DatabaseName(catalog, schema))
        except NotFound:
            return Invalid("", f"Schema '{name_key(schema)}' does not exist")
        return Invalid("", f"Table '{name_key(catalog)}.{name_key(schema)}.{name_key(name)}' does not exist")

    def _connected(self, table: Table) -> ConnectedTable:
        if not table.connection:
            raise Unsupported(f"table {table.full_name} does not say through which connection it is reached")
        try:
            connection = self.catalog.connections.resolve(SYSTEM, table.connection)
        except NotFound as error:
            raise Unsupported(f"the connection {table.connection} of table {table.full_name} is gone") from error
        database = table.parameters.get("connection.schema") or table.database
        name = table.parameters.get("connection.table") or table.name
        return ConnectedTable(connection, database, name, table.columns)

    def _of_connection(self, connection: Connection, schema: str, name: str) -> ResolvedTable:
        described = describe(self.catalog, connection, schema, name)
        source = ConnectedTable(connection, described.database, described.name, described.columns)
        path = (name_key(connection.name), name_key(schema), name_key(name))
        return ResolvedTable(path, table_columns(described.columns, None), table=source)

    def _view(self, table: Table, path: tuple[str, ...], columns: frozenset[str] | None) -> ResolvedTable:
        text = table.view_original or ""
        if text.startswith(TRINO_VIEW):
            said = json.loads(base64.b64decode(text.removeprefix(TRINO_VIEW).removesuffix(" */").strip()))
            where = (said.get("catalog"), said.get("schema"))
            return ResolvedTable(path, table_columns(table.columns, columns), view=said["originalSql"], view_path=where)
        from catalog_server.query.views import plain_view

        statement = plain_view(table)
        catalog = table.parameters.get("view.catalogAndNamespace.part.0")
        schema = table.parameters.get("view.catalogAndNamespace.part.1") or table.database
        if catalog is None or catalog == "spark_catalog":
            catalog = table.catalog
        return ResolvedTable(path, table_columns(table.columns, columns), view=statement, view_path=(catalog, schema))


def data_columns(table: Table) -> tuple[Column, ...]:
    """The columns that files hold; Spark's own where Hive's face is only a stand-in."""
    from catalog_server.model.spark_schema import spark_columns

    stand_in = [(column.name, column.type) for column in table.columns] == [("col", "array<string>")]
    if not table.columns or stand_in:
        keys = {key.key for key in table.partition_keys}
        said = spark_columns(table.parameters)
        if said is not None:
            return tuple(column for column in said if column.key not in keys)
    return table.columns


def table_columns(columns: tuple[Column, ...], allowed: frozenset[str] | None) -> tuple[TableColumn, ...]:
    """Columns with Trino's types, those only that may be read."""
    return tuple(
        TableColumn(column.key, from_hive(parse_type(column.type), SECOND_DIGITS), column.comment)
        for column in columns
        if allowed is None or column.key in allowed
    )


def describe(catalog: CatalogService, connection: Connection, schema: str, name: str) -> SourceTable:
    """A table behind a connection, found without regard to case; raises `Invalid` in Trino's words."""
    from catalog_server.connector import open_connector

    with open_connector(connection, catalog.lake) as opened:
        database = _match(opened.databases(), schema)
        if database is None:
            raise Invalid("", f"Schema '{name_key(schema)}' does not exist")
        table = _match(opened.tables(database), name)
        if table is None:
            raise Invalid("", f"Table '{name_key(connection.name)}.{name_key(schema)}.{name_key(name)}' does not exist")
        return opened.describe(database, table)


def _match(names: Any, wanted: str) -> str | None:
    if wanted in names:
        return wanted
    return next((name for name in names if name_key(name) == name_key(wanted)), None)


@cache
def attachable() -> frozenset[str]:
    """Kinds of connections that DuckDB may reach by itself with the same values."""
    return frozenset({"postgresql", "sqlite"})
