"""What a crawl changes is noted in the transaction of the change, with what was before as far as no history holds it.

Nothing is noted for any other caller. `undo.py` reads it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, or_

from catalog_server.model.caller import Caller
from catalog_server.model.crawl_change import CrawlChange, CrawlChangeKind
from catalog_server.model.database import Database
from catalog_server.model.names import name_key
from catalog_server.model.partition import Partition
from catalog_server.model.statistics import ColumnStatistics
from catalog_server.model.table import Table
from catalog_server.store import crawl_changes as rows
from catalog_server.store import grants, records, statistics
from catalog_server.store.many import among
from catalog_server.store.schema import (
    column_statistics,
    constraints,
    partition_changes,
    partition_marks,
    partitions,
    table_data_versions,
    tables,
)
from catalog_server.store.schema import records as documents
from catalog_server.store.schema.roles import grants as granted
from catalog_server.store.transaction import Transaction

WRITTEN = "written"
"""What the keys of statistics that were written are kept under, with the time that they bear."""
NAMES = "names"
"""What the names of new partitions are kept under."""
_OF_TABLE = (partitions, column_statistics, table_data_versions, partition_changes, partition_marks)
"""What goes with a table, in the order in which it may come back."""


def _note(
    tx: Transaction, caller: Caller, kind: CrawlChangeKind, table: Table, version: int, size: int = 1
) -> int:  # fmt: skip
    change = CrawlChange(
        crawl=caller.run or "",
        kind=kind,
        catalog=table.catalog,
        database=table.database,
        table=table.name,
        object_id=table.id,
        version=version,
        partition_change=rows.last_partition_change(tx, table.id),
        size=size,
    )
    return rows.record(tx, change)


def database_created(tx: Transaction, caller: Caller, database: Database) -> None:
    """Note a database that was made."""
    if caller.reversible:
        kind = CrawlChangeKind.DATABASE_CREATED
        place = {"catalog": database.catalog, "database": database.name, "object_id": -database.id}
        rows.record(tx, CrawlChange(crawl=caller.run or "", kind=kind, version=database.version, **place))  # type: ignore[arg-type]


def table_created(tx: Transaction, caller: Caller, table: Table) -> None:
    """Note a table that was made."""
    if caller.reversible:
        _note(tx, caller, CrawlChangeKind.TABLE_CREATED, table, table.version)


def table_changed(
    tx: Transaction, caller: Caller, table: Table, ids: Mapping[str, int], lost: Sequence[str], *, cascade: bool
) -> None:
    """Note a table whose definition is about to be changed, of which the columns `lost` lose their statistics.

    The definition itself is in the table's history. `ids` are those of the new column list, keys and storage.
    """
    if not caller.reversible:
        return
    change = _note(tx, caller, CrawlChangeKind.TABLE_CHANGED, table, table.version + 1)
    if cascade:
        other = (partitions.c.table_id == table.id) & (partitions.c.columns_id != ids["columns_id"])
        rows.keep(tx, change, partitions, other, ("id", "columns_id"))
    if lost:
        of_them = among(tx, column_statistics.c.column_key, [name_key(one) for one in lost])
        known = (column_statistics.c.table_id == table.id) & of_them
        if not cascade:
            known &= column_statistics.c.partition_id == statistics.TABLE
        rows.keep(tx, change, column_statistics, known)
        rows.keep(tx, change, constraints, touching(table))


def table_dropped(tx: Transaction, caller: Caller, table: Table) -> None:
    """Keep a table that is about to be dropped, with all that goes with it."""
    if not caller.reversible:
        return
    change = _note(tx, caller, CrawlChangeKind.TABLE_DROPPED, table, table.version)
    rows.keep(tx, change, tables, tables.c.id == table.id)
    for one in _OF_TABLE:
        rows.keep(tx, change, one, one.c.table_id == table.id)
    rows.keep(tx, change, constraints, touching(table))
    rows.keep(tx, change, granted, grants.on_table(table.full_name))
    scope = records.scope_of_table(table.full_name)
    rows.keep(tx, change, documents, documents.c.kind.in_(records.OF_TABLES) & (documents.c.scope == scope))


def touching(table: Table) -> ColumnElement[bool]:
    """The predicate that leaves a table's constraints and the foreign keys that reference it."""
    return or_(constraints.c.table_id == table.id, constraints.c.parent_id == table.id)


def partitions_added(tx: Transaction, caller: Caller, table: Table, names: Sequence[str]) -> None:
    """Note partitions that were made."""
    if caller.reversible and names:
        change = _note(tx, caller, CrawlChangeKind.PARTITIONS_ADDED, table, table.version, len(names))
        for at in range(0, len(names), rows.ROWS_MAX):
            rows.keep_rows(tx, change, NAMES, names[at : at + rows.ROWS_MAX])


def statistics_changed(
    tx: Transaction, caller: Caller, table: Table, found: Mapping[int, Sequence[ColumnStatistics]] | Sequence[int]
) -> None:
    """Keep the statistics of some partitions (0 for the table itself) that are about to be replaced, or dropped.

    What is to be written bears one time, by which an undo knows it from what others write later.
    """
    if not caller.reversible or not found:
        return
    change = _note(tx, caller, CrawlChangeKind.STATISTICS_CHANGED, table, table.version, len(found))
    known = (column_statistics.c.table_id == table.id) & among(tx, column_statistics.c.partition_id, list(found))
    rows.keep(tx, change, column_statistics, known)
    said = found if isinstance(found, Mapping) else {}
    for id_, columns in said.items():
        written = [[id_, name_key(one.column), one.engine, one.updated_at] for one in columns]
        rows.keep_rows(tx, change, WRITTEN, written)


def partitions_changed(tx: Transaction, caller: Caller, table: Table, held: Sequence[Partition]) -> None:
    """Keep partitions that are about to be changed."""
    if caller.reversible and held:
        change = _note(tx, caller, CrawlChangeKind.PARTITIONS_CHANGED, table, table.version, len(held))
        rows.keep(tx, change, partitions, among(tx, partitions.c.id, [one.id for one in held]))


def partitions_dropped(
    tx: Transaction, caller: Caller, table: Table, held: Sequence[Partition], names: Sequence[str]
) -> None:
    """Keep partitions that are about to be dropped, with their statistics and what was granted on them."""
    if caller.reversible and held:
        change = _note(tx, caller, CrawlChangeKind.PARTITIONS_DROPPED, table, table.version, len(held))
        ids = [one.id for one in held]
        rows.keep(tx, change, partitions, among(tx, partitions.c.id, ids))
        known = (column_statistics.c.table_id == table.id) & among(tx, column_statistics.c.partition_id, ids)
        rows.keep(tx, change, column_statistics, known)
        rows.keep(tx, change, granted, grants.on_table(table.full_name) & among(tx, granted.c.partition, names))
