"""`information_schema`: what the catalog knows, as tables that SQL can ask."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from catalog_server.model.errors import Invalid, NotFound, Unsupported
from catalog_server.model.names import DatabaseName, name_key
from catalog_server.query.translate import ResolvedTable, TableColumn
from catalog_server.query.types import BIGINT, VARCHAR, Type, text_literal

if TYPE_CHECKING:
    from catalog_server.query.federation import Federation

ROWS_MAX = 20_000
_TABLES: dict[str, tuple[tuple[str, Type], ...]] = {
    "schemata": (("catalog_name", VARCHAR), ("schema_name", VARCHAR)),
    "tables": (("table_catalog", VARCHAR), ("table_schema", VARCHAR), ("table_name", VARCHAR), ("table_type", VARCHAR)),
    "columns": (
        ("table_catalog", VARCHAR),
        ("table_schema", VARCHAR),
        ("table_name", VARCHAR),
        ("column_name", VARCHAR),
        ("ordinal_position", BIGINT),
        ("column_default", VARCHAR),
        ("is_nullable", VARCHAR),
        ("data_type", VARCHAR),
    ),
}


def information_table(federation: Federation, catalog: str, name: str) -> ResolvedTable:
    """One table of the information schema as a view over its rows."""
    columns = _TABLES.get(name)
    if columns is None:
        raise Invalid("", f"Table '{name_key(catalog)}.information_schema.{name}' does not exist")
    made = []
    for row in _rows(federation, catalog, name):
        made.append(row)
        if len(made) > ROWS_MAX:
            raise Unsupported(f"information_schema.{name} of catalog {catalog} has more than {ROWS_MAX} rows")
    shown = [name for name, _ in columns]
    listed = ", ".join("(" + ", ".join(_literal(value) for value in row) + ")" for row in made)
    empty = ", ".join(f"CAST(NULL AS {kind})" for _, kind in columns)
    body = f"VALUES {listed}" if made else f"SELECT * FROM (VALUES ({empty})) AS e WHERE false"
    view = f"SELECT * FROM ({body}) AS t ({', '.join(shown)})"
    path = (name_key(catalog), "information_schema", name)
    return ResolvedTable(path, tuple(TableColumn(label, kind) for label, kind in columns), view=view)


def _literal(value: str | int | None) -> str:
    if value is None:
        return "CAST(NULL AS varchar)"
    return f"BIGINT '{value}'" if isinstance(value, int) else text_literal(value)


def _rows(federation: Federation, catalog: str, name: str) -> Iterator[tuple[str | int | None, ...]]:
    from catalog_server.query.statements import schemas, tables

    at = name_key(catalog)
    for schema in schemas(federation, catalog):
        if name == "schemata":
            yield at, schema
            continue
        if name == "tables":
            for table in tables(federation, catalog, schema):
                yield at, schema, table, "BASE TABLE"
        else:
            yield from _columns(federation, catalog, schema)


def _columns(federation: Federation, catalog: str, schema: str) -> Iterator[tuple[str | int | None, ...]]:
    from catalog_server.model.types import parse_type
    from catalog_server.query.federation import SECOND_DIGITS
    from catalog_server.query.types import from_hive

    if not federation.has_catalog(catalog):
        raise Unsupported("information_schema.columns of a connection is not served; use DESCRIBE")
    try:
        found = federation.catalog.tables.list(federation.caller, DatabaseName(catalog, schema))
    except NotFound:
        return
    for table in found:
        for index, column in enumerate((*table.columns, *table.partition_keys), start=1):
            kind = str(from_hive(parse_type(column.type), SECOND_DIGITS))
            yield name_key(catalog), schema, name_key(table.name), column.key, index, None, "YES", kind
