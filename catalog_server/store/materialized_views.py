"""Rows of the tables that materialized views are built from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, delete, insert, select, update

from catalog_server.model.grant import Visibility
from catalog_server.model.table import Table, TableKind
from catalog_server.store import tables as rows
from catalog_server.store.databases import PATH_KEY
from catalog_server.store.schema import catalogs, databases, materialized_view_sources, tables
from catalog_server.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Source:
    """A table that a view is built from, and how many of its rows changed since."""

    table: Table
    inserted: int = 0
    updated: int = 0
    deleted: int = 0


def put(tx: Transaction, view_id: int, sources: Mapping[int, tuple[int, int, int]]) -> None:
    """Say what a view is built from: counts of inserted, updated and deleted rows by the id of a table."""
    held = materialized_view_sources
    tx.connection.execute(delete(held).where(held.c.view_id == view_id))
    found = [
        {"view_id": view_id, "source_id": source, "inserted": made, "updated": changed, "deleted": gone}
        for source, (made, changed, gone) in sorted(sources.items())
    ]
    if found:
        tx.connection.execute(insert(held), found)


def of_views(tx: Transaction, view_ids: Sequence[int]) -> dict[int, list[Source]]:
    """What views are built from, by the view's id, in the order of names; tables that were dropped are left out."""
    held = materialized_view_sources
    counts = [held.c.view_id, held.c.inserted, held.c.updated, held.c.deleted]
    statement = (
        select(tables, databases.c.name.label("database_name"), catalogs.c.name.label("catalog_name"), *counts)
        .select_from(held.join(tables, tables.c.id == held.c.source_id).join(databases).join(catalogs))
        .where(held.c.view_id.in_(view_ids))
        .order_by(PATH_KEY, tables.c.name_key)
    )
    found = tx.connection.execute(statement).all()
    sources: dict[int, list[Source]] = {}
    for row, table in zip(found, rows.from_rows(tx, found), strict=True):
        sources.setdefault(row.view_id, []).append(Source(table, row.inserted, row.updated, row.deleted))
    return sources


def count_changes(tx: Transaction, source_id: int, inserted: int, updated: int, deleted: int) -> None:
    """Add to the counts of every view that is built from a table."""
    held = materialized_view_sources
    changed = {
        "inserted": held.c.inserted + inserted,
        "updated": held.c.updated + updated,
        "deleted": held.c.deleted + deleted,
    }
    tx.connection.execute(update(held).where(held.c.source_id == source_id).values(**changed))


def built_from(tx: Transaction, source_id: int) -> list[Table]:
    """The views that are built from a table."""
    held = materialized_view_sources
    statement = _select().where(tables.c.id.in_(select(held.c.view_id).where(held.c.source_id == source_id)))
    return rows.from_rows(tx, tx.connection.execute(statement).all())


def views(tx: Transaction, visible: Visibility) -> list[Table]:
    """All materialized views that the caller may see, by name."""
    statement = _select().where(tables.c.kind == TableKind.MATERIALIZED_VIEW.value, rows.seen(visible))
    return rows.from_rows(tx, tx.connection.execute(statement.order_by(PATH_KEY, tables.c.name_key)).all())


def _select() -> Select[Any]:
    return select(
        tables, databases.c.name.label("database_name"), catalogs.c.name.label("catalog_name")
    ).select_from(tables.join(databases).join(catalogs))  # fmt: skip
