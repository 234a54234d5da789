"""What is asked about many tables at once and needs little of each: one statement, without columns and storage."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import Text, select, type_coerce

from catalog_server.model.grant import Visibility
from catalog_server.model.names import DatabaseName, name_key
from catalog_server.model.table import Table, TableKind
from catalog_server.model.table_filter import TableFilter
from catalog_server.store import tables as rows
from catalog_server.store.schema import catalogs, databases, tables
from catalog_server.store.transaction import Transaction


def names(
    tx: Transaction,
    database: DatabaseName,
    visible: Visibility,
    wanted: TableFilter,
    kinds: Sequence[TableKind],
    count: int | None,
) -> list[str]:
    """Up to `count` names, by name key, of tables of these kinds that the caller may see and that meet the filter."""
    parameters = tables.c.parameters
    statement = (
        select(tables.c.name, tables.c.kind, tables.c.owner, tables.c.last_access_at, parameters)
        .select_from(tables.join(databases).join(catalogs))
        .where(
            catalogs.c.name_key == name_key(database.catalog),
            databases.c.name_key == name_key(database.database),
            tables.c.kind.in_([kind.value for kind in kinds]),
            rows.seen(visible),
        )
    )
    for value in wanted.values():
        text = ":" + json.dumps(value, ensure_ascii=False)
        statement = statement.where(type_coerce(parameters, Text).contains(text, autoescape=True))
    found: list[str] = []
    result = tx.stream(statement.order_by(tables.c.name_key))
    for row in result:
        if count is not None and len(found) >= count:
            break
        if wanted.meets(row.name, row.kind, row.owner, row.last_access_at // 1000, row.parameters):
            found.append(row.name)
    result.close()
    return found


def summaries(tx: Transaction, catalog: str, visible: Visibility, kinds: Sequence[TableKind]) -> list[Table]:
    """All tables of these kinds in a catalog that the caller may see, by name, without columns, keys and storage."""
    shown = (tables.c.name, tables.c.kind, tables.c.owner, tables.c.owner_kind, tables.c.parameters)
    statement = (
        select(*shown, databases.c.name.label("database_name"), catalogs.c.name.label("catalog_name"))
        .select_from(tables.join(databases).join(catalogs))
        .where(
            catalogs.c.name_key == name_key(catalog),
            tables.c.kind.in_([kind.value for kind in kinds]),
            rows.seen(visible),
        )
        .order_by(databases.c.name_key, tables.c.name_key)
    )
    return [
        Table(
            catalog=row.catalog_name,
            database=row.database_name,
            name=row.name,
            kind=TableKind(row.kind),
            parameters=row.parameters,
            owner=row.owner,
            owner_kind=row.owner_kind,
        )
        for row in tx.connection.execute(statement)
    ]
