"""How many things there are: one statement each, of what the caller may see."""

from __future__ import annotations

from sqlalchemy import func, select

from catalog_server.model.grant import Visibility
from catalog_server.model.names import name_key
from catalog_server.model.table import TableKind
from catalog_server.store import databases as database_rows
from catalog_server.store import tables as table_rows
from catalog_server.store.schema import catalogs, databases, tables
from catalog_server.store.transaction import Transaction

_VIEWS = (TableKind.VIEW.value, TableKind.MATERIALIZED_VIEW.value)


def of_databases(tx: Transaction, visible: Visibility) -> int:
    """How many databases there are."""
    joined = databases.join(catalogs)
    statement = select(func.count()).select_from(joined).where(database_rows.seen(visible))
    return int(tx.connection.execute(statement).scalar_one())


def of_tables(tx: Transaction, visible: Visibility) -> tuple[int, int]:
    """How many tables and how many views there are."""
    joined = tables.join(databases).join(catalogs)
    statement = select(tables.c.kind, func.count().label("number")).select_from(joined)
    found = tx.connection.execute(statement.where(table_rows.seen(visible)).group_by(tables.c.kind)).all()
    views = sum(row.number for row in found if row.kind in _VIEWS)
    return sum(row.number for row in found) - views, views


def by_database(tx: Transaction, catalog: str, visible: Visibility) -> dict[str, int]:
    """How many tables and views each database of a catalog holds, by name key; one without any is left out."""
    joined = tables.join(databases).join(catalogs)
    statement = (
        select(databases.c.name_key, func.count().label("number"))
        .select_from(joined)
        .where(catalogs.c.name_key == name_key(catalog), table_rows.seen(visible))
        .group_by(databases.c.name_key)
    )
    return {row.name_key: int(row.number) for row in tx.connection.execute(statement)}
