"""Rows of column statistics, of a table (partition id 0) or of its partitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from catalog_server.model.names import name_key
from catalog_server.model.statistics import ColumnStatistics
from catalog_server.store.many import among, given
from catalog_server.store.schema import column_statistics, partitions
from catalog_server.store.transaction import Transaction

TABLE = 0
"""The partition id under which a table's own statistics stand."""


def _statistics(row: Any) -> ColumnStatistics:
    return ColumnStatistics(
        column=row.column, type=row.type, kind=row.kind, data=row.data, engine=row.engine, updated_at=row.updated_at
    )


def put(tx: Transaction, table_id: int, found: Mapping[int, Sequence[ColumnStatistics]]) -> None:
    """Write statistics by partition id, over those of the same column and engine: one statement."""
    rows = [
        {
            "table_id": table_id,
            "partition_id": partition_id,
            "column_key": name_key(one.column),
            "engine": one.engine,
            "column": one.column,
            "type": one.type,
            "kind": one.kind,
            "data": dict(one.data),
            "updated_at": one.updated_at or tx.at,
        }
        for partition_id in sorted(found)
        for one in sorted(found[partition_id], key=lambda one: name_key(one.column))
    ]
    if not rows:
        return
    statement = (postgresql if tx.is_postgresql else sqlite).insert(column_statistics)
    replaced = {name: statement.excluded[name] for name in ("column", "type", "kind", "data", "updated_at")}
    keys = ["table_id", "partition_id", "column_key", "engine"]
    written = statement.on_conflict_do_update(index_elements=keys, set_=replaced)
    if tx.is_postgresql:
        tx.connection.execute(written.from_select(list(rows[0]), select(given(column_statistics, rows))))
    else:
        tx.connection.execute(written, rows)


def of_table(
    tx: Transaction, table_id: int, columns: Sequence[str] | None, engine: str | None
) -> list[ColumnStatistics]:
    """A table's own statistics, of some columns or of all."""
    statement = select(column_statistics).where(
        column_statistics.c.table_id == table_id, column_statistics.c.partition_id == TABLE
    )
    if columns is not None:
        statement = statement.where(among(tx, column_statistics.c.column_key, [name_key(one) for one in columns]))
    if engine is not None:
        statement = statement.where(column_statistics.c.engine == engine)
    return [_statistics(row) for row in tx.connection.execute(statement.order_by(column_statistics.c.column_key))]


def of_partitions(
    tx: Transaction, table_id: int, names: Sequence[str], columns: Sequence[str], engine: str
) -> dict[str, list[ColumnStatistics]]:
    """Statistics by partition name: one statement."""
    found: dict[str, list[ColumnStatistics]] = {}
    for name, one in scan(tx, table_id, names, columns, engine):
        found.setdefault(name, []).append(one)
    return found


def scan(
    tx: Transaction, table_id: int, names: Sequence[str], columns: Sequence[str] | None, engine: str
) -> Iterator[tuple[str, ColumnStatistics]]:
    """Statistics of some partitions, each with its partition's name, as they come.

    The partitions are looked up first: a join of both tables takes PostgreSQL minutes where it does not know yet how many
    rows they got since it last looked.
    """
    found = {id_: name for name, id_ in partition_ids(tx, table_id, names).items()}
    if not found:
        return
    statement = select(column_statistics).where(
        column_statistics.c.table_id == table_id,
        column_statistics.c.engine == engine,
        among(tx, column_statistics.c.partition_id, list(found)),
    )
    if columns is not None:
        statement = statement.where(among(tx, column_statistics.c.column_key, [name_key(one) for one in columns]))
    for row in tx.stream(statement):
        yield found[row.partition_id], _statistics(row)


def partition_ids(tx: Transaction, table_id: int, names: Sequence[str]) -> dict[str, int]:
    """Ids of those of the named partitions that exist."""
    statement = select(partitions.c.name, partitions.c.id).where(partitions.c.table_id == table_id)
    rows = tx.connection.execute(statement.where(among(tx, partitions.c.name, names)))
    return {row.name: row.id for row in rows}


def drop(
    tx: Transaction,
    table_id: int,
    partition_ids: Sequence[int] | None,
    columns: Sequence[str] | None,
    engine: str | None,
) -> set[str]:
    """Delete statistics of columns, or of all, for an engine, or for all; returns keys of the columns that had any.

    `partition_ids` None means those of all partitions, `(TABLE,)` the table's own.
    """
    statement = delete(column_statistics).where(column_statistics.c.table_id == table_id)
    if partition_ids is None:
        statement = statement.where(column_statistics.c.partition_id != TABLE)
    else:
        statement = statement.where(among(tx, column_statistics.c.partition_id, partition_ids))
    if engine is not None:
        statement = statement.where(column_statistics.c.engine == engine)
    if columns is not None:
        statement = statement.where(among(tx, column_statistics.c.column_key, [name_key(one) for one in columns]))
    return set(tx.connection.execute(statement.returning(column_statistics.c.column_key)).scalars())


def forget_columns(tx: Transaction, table_id: int, gone: Sequence[str], *, of_partitions: bool = True) -> None:
    """Delete the statistics of columns that a table has no more, or whose type changed; those of its partitions too
    where their columns changed with it."""
    if gone:
        keys = [name_key(column) for column in gone]
        statement = delete(column_statistics).where(column_statistics.c.table_id == table_id)
        if not of_partitions:
            statement = statement.where(column_statistics.c.partition_id == TABLE)
        tx.connection.execute(statement.where(among(tx, column_statistics.c.column_key, keys)))
