"""Rows of write ids: the numbers that txns' writes to a table have, handed out once for each txn and without gaps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import ModuleType
from typing import Any

from sqlalchemy import delete, func, insert, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from catalog_server.model.txn import Snapshot, TableKey, WriteIds
from catalog_server.store.schema.locks import locks
from catalog_server.store.schema.txns import (
    compaction_metrics,
    compactions,
    txn_components,
    txns,
    write_id_counters,
    write_ids,
)
from catalog_server.store.transaction import Transaction


def _of(table: Any, key: TableKey) -> tuple[Any, ...]:
    return table.c.catalog == key.catalog, table.c.database == key.database, table.c.table == key.table


def _dialect(tx: Transaction) -> ModuleType:
    return postgresql if tx.is_postgresql else sqlite


def held(tx: Transaction, key: TableKey, txn_ids: Sequence[int]) -> dict[int, int]:
    """Write ids that txns have for a table already, by txn."""
    statement = select(write_ids.c.txn_id, write_ids.c.write_id).where(
        write_ids.c.txn_id.in_(txn_ids), *_of(write_ids, key)
    )
    return {row.txn_id: row.write_id for row in tx.connection.execute(statement)}


def of_txn(tx: Transaction, txn_id: int) -> dict[TableKey, int]:
    """Write ids of one txn, by table."""
    statement = select(write_ids).where(write_ids.c.txn_id == txn_id)
    rows = tx.connection.execute(statement)
    return {TableKey(row.catalog, row.database, row.table): row.write_id for row in rows}


def give_back(tx: Transaction, key: TableKey, txn_ids: Sequence[int] | None = None) -> None:
    """Forget which write ids of a table txns have, all when none are named; the numbers are not handed out again."""
    statement = delete(write_ids).where(*_of(write_ids, key))
    if txn_ids is not None:
        statement = statement.where(write_ids.c.txn_id.in_(txn_ids))
    tx.connection.execute(statement)


def advance(tx: Transaction, key: TableKey, count: int) -> int:
    """Take the next write ids of a table; the last one. Others wait until this transaction ends."""
    made = _dialect(tx).insert(write_id_counters)
    row = {"catalog": key.catalog, "database": key.database, "table": key.table, "value": count}
    taken = made.values(**row).on_conflict_do_update(
        index_elements=["catalog", "database", "table"], set_={"value": write_id_counters.c.value + made.excluded.value}
    )
    return int(tx.connection.execute(taken.returning(write_id_counters.c.value)).scalar_one())


def start(tx: Transaction, key: TableKey, last: int) -> bool:
    """Let a table without write ids begin with the one after `last`; whether it had none."""
    made = _dialect(tx).insert(write_id_counters)
    row = {"catalog": key.catalog, "database": key.database, "table": key.table, "value": last}
    statement = made.values(**row).on_conflict_do_nothing().returning(write_id_counters.c.value)
    return tx.connection.execute(statement).first() is not None


def restart(tx: Transaction, key: TableKey, last: int) -> None:
    """Let the next write id of a table be the one after `last`, whatever it had."""
    tx.connection.execute(update(write_id_counters).where(*_of(write_id_counters, key)).values(value=last))


def assign(tx: Transaction, key: TableKey, pairs: Iterable[tuple[int, int]]) -> None:
    """Keep which write id (second) a txn (first) has for a table."""
    where = {"catalog": key.catalog, "database": key.database, "table": key.table}
    rows = [{**where, "txn_id": txn_id, "write_id": number} for txn_id, number in pairs]
    if rows:
        tx.connection.execute(insert(write_ids), rows)


def last(tx: Transaction, key: TableKey) -> int:
    """The newest write id of a table, 0 when it has none."""
    statement = select(write_id_counters.c.value).where(*_of(write_id_counters, key))
    return int(tx.connection.execute(statement).scalar() or 0)


def txn_of(tx: Transaction, key: TableKey, write_id: int) -> int | None:
    """The txn that has a write id, None when nobody has it or it was forgotten."""
    statement = select(write_ids.c.txn_id).where(*_of(write_ids, key), write_ids.c.write_id == write_id)
    return tx.connection.execute(statement).scalar()


def valid(tx: Transaction, tables: Sequence[tuple[str, TableKey]], snapshot: Snapshot) -> list[WriteIds]:
    """What a snapshot lets a reader see of tables, given as they were spelled and by their keys."""
    keys = [(key.catalog, key.database, key.table) for _, key in tables]
    rows: dict[TableKey, list[tuple[int, int]]] = {key: [] for _, key in tables}
    c = write_ids.c
    taken = select(write_ids).where(tuple_(c.catalog, c.database, c.table).in_(keys)).order_by(c.write_id)
    for row in tx.connection.execute(taken):
        rows[TableKey(row.catalog, row.database, row.table)].append((row.txn_id, row.write_id))
    c = write_id_counters.c
    counted = select(write_id_counters).where(tuple_(c.catalog, c.database, c.table).in_(keys))
    newest = {TableKey(row.catalog, row.database, row.table): row.value for row in tx.connection.execute(counted)}
    return [_seen(name, rows[key], newest.get(key, 0), snapshot) for name, key in tables]


def _seen(name: str, rows: Sequence[tuple[int, int]], newest: int, snapshot: Snapshot) -> WriteIds:
    """Write ids of a table under a snapshot; as in Hive 4, one without a valid write ends at its lowest invalid one."""
    high = max((number for txn_id, number in rows if txn_id <= snapshot.high), default=newest)
    under = [(txn_id, number) for txn_id, number in rows if number <= high]
    invalid = [(txn_id, number) for txn_id, number in under if not snapshot.committed(txn_id)]
    aborted = frozenset(number for txn_id, number in invalid if snapshot.is_aborted(txn_id))
    least = next((number for _, number in invalid if number not in aborted), None)
    numbers = [number for _, number in invalid]
    if len(invalid) == len(under) and numbers:
        high = numbers[0]
        numbers = numbers[:1]
    return WriteIds(name, high, tuple(numbers), aborted, least)


def forget(tx: Transaction, key: TableKey) -> None:
    """Forget all that txns and compactions know of a dropped table, so that another of its name begins anew.

    Requests to compact that wait or are worked on stay, for the worker to find that the table is gone.
    """
    for rows in (write_ids, write_id_counters, txn_components):
        tx.connection.execute(delete(rows).where(*_of(rows, key)))
    for rows in (compactions, compaction_metrics):
        where = [func.lower(rows.c.database) == key.database, func.lower(rows.c.table) == key.table]
        if rows is compactions:
            where.append(rows.c.state.not_in(("initiated", "working")))
        tx.connection.execute(delete(rows).where(*where))


def rename(tx: Transaction, old: TableKey, new: TableKey) -> None:
    """Let all that txns and compactions know of a table be known of its new name."""
    values = {"catalog": new.catalog, "database": new.database, "table": new.table}
    for rows in (write_ids, write_id_counters, txn_components, locks):
        tx.connection.execute(update(rows).where(*_of(rows, old)).values(**values))
    for rows in (compactions, compaction_metrics):
        where = (func.lower(rows.c.database) == old.database, func.lower(rows.c.table) == old.table)
        tx.connection.execute(update(rows).where(*where).values(database=new.database, table=new.table))


def clean(tx: Transaction, key: TableKey, partition: str | None, upto: int) -> None:
    """Forget aborted writes to a table, or one partition, up to a write id, now that no file of theirs is left.

    The write id of such a txn is forgotten with the last of its components in the table; one that named none keeps it.
    """
    c = txn_components.c
    aborted = select(txns.c.id).where(txns.c.state == "aborted")
    cleaned = delete(txn_components).where(*_of(txn_components, key), c.txn_id.in_(aborted), c.write_id <= upto)
    if partition is not None:
        cleaned = cleaned.where(c.partition == partition)
    gone = set(tx.connection.execute(cleaned.returning(c.txn_id)).scalars())
    if gone:
        left = select(c.txn_id).where(*_of(txn_components, key))
        of_them = (write_ids.c.txn_id.in_(gone), write_ids.c.txn_id.not_in(left))
        tx.connection.execute(delete(write_ids).where(*_of(write_ids, key), *of_them))
