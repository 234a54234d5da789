"""Rows of compactions: requests that wait for a worker, are worked on, wait for their old files to be deleted, or are done."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, case, delete, func, insert, null, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from catalog_server.model.compaction import (
    ABORT_CLEANUP,
    ABORTED,
    DEFAULT_POOL,
    INITIATED,
    QUEUED,
    READY,
    SUCCEEDED,
    WORKING,
    Compaction,
    Request,
)
from catalog_server.model.txn import TableKey
from catalog_server.store.schema import catalogs, column_statistics, databases, partitions, tables
from catalog_server.store.schema.txns import compaction_metrics, compactions
from catalog_server.store.transaction import Transaction


def _compaction(row: Any) -> Compaction:
    request = Request(
        row.database, row.table, row.partition, row.kind, row.run_as, row.properties, row.initiator,
        row.initiator_version, row.pool, row.buckets, row.order_by,
    )  # fmt: skip
    return Compaction(
        row.id, request, row.state, row.enqueued_at, row.started_at, row.finished_at, row.committed_at, row.worker,
        row.worker_version, row.write_id, row.txn_id, row.next_txn_id, row.hadoop_job, row.error,
    )  # fmt: skip


def _values(tx: Transaction, request: Request, state: str) -> dict[str, Any]:
    return {
        "database": request.database,
        "table": request.table,
        "partition": request.partition,
        "kind": request.kind,
        "state": state,
        "run_as": request.run_as,
        "properties": None if request.properties is None else dict(request.properties),
        "initiator": request.initiator,
        "initiator_version": request.initiator_version,
        "pool": request.pool,
        "buckets": request.buckets,
        "order_by": request.order_by,
        "enqueued_at": tx.at,
    }


def serialize(tx: Transaction, database: str, table: str) -> None:
    """Let one request at a time be made for a table; SQLite has one writer anyway."""
    if tx.is_postgresql:
        key = zlib.crc32(f"{database}.{table}".encode()) - 2**31
        tx.connection.execute(text("SELECT pg_advisory_xact_lock(7305813, :key)"), {"key": key})


def queued(tx: Transaction, request: Request, write_id: int) -> Compaction | None:
    """A request for the same thing that waits or is worked on, or has compacted it up to this write id already."""
    c = compactions.c
    same_partition = c.partition.is_(None) if request.partition is None else c.partition == request.partition
    busy = or_(c.state.in_((INITIATED, WORKING)), and_(c.state == READY, c.write_id == write_id))
    statement = select(compactions).where(
        c.database == request.database, c.table == request.table, same_partition, busy
    )
    row = tx.connection.execute(statement.order_by(c.id).limit(1)).first()
    return None if row is None else _compaction(row)


def add(tx: Transaction, request: Request, state: str = INITIATED, **rest: Any) -> int:
    """Keep a request; its id."""
    values = _values(tx, request, state) | rest
    return int(tx.connection.execute(insert(compactions).values(**values).returning(compactions.c.id)).scalar_one())


def add_all(tx: Transaction, requests: Sequence[Request]) -> None:
    """Keep requests that wait for a worker."""
    tx.connection.execute(insert(compactions), [_values(tx, request, INITIATED) for request in requests])


def claim(
    tx: Transaction, pool: str | None, stale_before: int, worker: str | None, version: str | None
) -> Compaction | None:
    """Give the oldest waiting request of a pool to a worker; None when there is none.

    Workers of no pool are given requests of none, and those of other pools that have waited since before a time.
    """
    c = compactions.c
    mine = c.pool == pool if pool else or_(c.pool.is_(None), c.pool == DEFAULT_POOL, c.enqueued_at < stale_before)
    oldest = select(c.id).where(c.state == INITIATED, mine).order_by(c.id).limit(1).with_for_update(skip_locked=True)
    taken = update(compactions).where(c.id == oldest.scalar_subquery())
    values = {"state": WORKING, "worker": worker, "worker_version": version, "started_at": tx.at}
    row = tx.connection.execute(taken.values(**values).returning(compactions)).first()
    return None if row is None else _compaction(row)


def change(tx: Transaction, id_: int, states: Sequence[str], **values: Any) -> bool:
    """Change a request that is in one of some states; whether there is such."""
    statement = update(compactions).where(compactions.c.id == id_, compactions.c.state.in_(states)).values(**values)
    return tx.connection.execute(statement).rowcount > 0


def found(tx: Transaction, ids: Sequence[int]) -> dict[int, Compaction]:
    """Those of some requests that there are."""
    statement = select(compactions).where(compactions.c.id.in_(ids)).order_by(compactions.c.id).with_for_update()
    return {row.id: _compaction(row) for row in tx.connection.execute(statement)}


def drop_retries(tx: Transaction, database: str, table: str, partition: str | None) -> None:
    """Forget requests to clean up after aborted txns alone, of a thing that has been compacted."""
    c = compactions.c
    where = [c.database == database, c.table == table, c.kind == ABORT_CLEANUP, c.state.in_(QUEUED)]
    if partition is not None:
        where.append(c.partition == partition)
    tx.connection.execute(delete(compactions).where(*where))


ORDERS = {
    "CC_ID": compactions.c.id,
    "CC_DATABASE": compactions.c.database,
    "CC_TABLE": compactions.c.table,
    "CC_PARTITION": compactions.c.partition,
    "CC_STATE": compactions.c.state,
    "CC_TYPE": compactions.c.kind,
    "CC_WORKER_ID": compactions.c.worker,
    "CC_WORKER_VERSION": compactions.c.worker_version,
    "CC_START": compactions.c.started_at,
    "CC_END": compactions.c.finished_at,
    "CC_RUN_AS": compactions.c.run_as,
    "CC_HADOOP_JOB_ID": compactions.c.hadoop_job,
    "CC_ENQUEUE_TIME": compactions.c.enqueued_at,
    "CC_ERROR_MESSAGE": compactions.c.error,
    "CC_INITIATOR_ID": compactions.c.initiator,
    "CC_INITIATOR_VERSION": compactions.c.initiator_version,
    "CC_POOL_NAME": compactions.c.pool,
    "CC_HIGHEST_WRITE_ID": compactions.c.write_id,
    "CC_COMMIT_TIME": compactions.c.committed_at,
    "CC_TXN_ID": compactions.c.txn_id,
    "CC_NEXT_TXN_ID": compactions.c.next_txn_id,
}
"""What lists can be ordered by, in the words of Hive's clients."""


def listed(
    tx: Transaction,
    filters: Mapping[str, Any],
    order: Sequence[tuple[str, bool]] = (),
    limit: int | None = None,
) -> list[Compaction]:
    """Requests whose columns have some values, in an order of pairs of `ORDERS` and whether it is downward.

    Without an order those in the queue come first, then what ended last.
    """
    c = compactions.c
    statement = select(compactions).where(*(c[name] == value for name, value in filters.items()))
    if order:
        statement = statement.order_by(*(ORDERS[name].desc() if down else ORDERS[name] for name, down in order), c.id)
    else:
        ended = case((c.state.in_((INITIATED, WORKING)), null()), else_=func.coalesce(c.finished_at, c.committed_at))
        statement = statement.order_by(ended.desc().nulls_first(), c.id)
    return [_compaction(row) for row in tx.connection.execute(statement.limit(limit))]


def latest(
    tx: Transaction, database: str, table: str, names: Sequence[str] | None, after: int | None
) -> list[Compaction]:
    """The newest request of each thing whose new files can be read: done, or but for the deletion of old files."""
    c = compactions.c
    newest = select(func.max(c.id)).where(c.database == database, c.table == table, c.state.in_((READY, SUCCEEDED)))
    if names:
        newest = newest.where(c.partition.in_(names))
    if after is not None:
        newest = newest.where(c.id > after)
    statement = select(compactions).where(c.id.in_(newest.group_by(c.partition))).order_by(c.id)
    return [_compaction(row) for row in tx.connection.execute(statement)]


def any_since(tx: Transaction, seen: Sequence[tuple[TableKey, tuple[int, Sequence[int]]]]) -> bool:
    """Whether one of the tables is being compacted, or was up to a write id after what was seen of it."""
    c = compactions.c
    places = [
        and_(
            func.lower(c.database) == key.database,
            func.lower(c.table) == key.table,
            or_(c.state.in_(QUEUED), c.write_id > newest, c.write_id.in_(invalid)),
        )
        for key, (newest, invalid) in seen
    ]
    return tx.connection.execute(select(c.id).where(or_(*places)).limit(1)).first() is not None


def columns_with_statistics(tx: Transaction, key: TableKey, partition: str | None) -> list[str]:
    """Names of the columns of a table, or of one partition, that have statistics."""
    where = [catalogs.c.name_key == key.catalog, databases.c.name_key == key.database, tables.c.name_key == key.table]
    joined = column_statistics.join(tables, column_statistics.c.table_id == tables.c.id).join(databases).join(catalogs)
    if partition is None:
        where.append(column_statistics.c.partition_id == 0)
    else:
        joined = joined.join(partitions, column_statistics.c.partition_id == partitions.c.id)
        where.append(partitions.c.name == partition)
    statement = select(column_statistics.c.column).select_from(joined).where(*where).distinct()
    return list(tx.connection.execute(statement.order_by(column_statistics.c.column)).scalars())


def keep_metric(tx: Transaction, name: tuple[str, str, str], kind: int, value: int) -> None:
    """Keep what a worker counted in a table or partition (empty for the table itself)."""
    made = (postgresql if tx.is_postgresql else sqlite).insert(compaction_metrics)
    row = dict(zip(("database", "table", "partition"), name, strict=True)) | {"kind": kind, "value": value}
    statement = made.values(**row, version=1, updated_at=tx.at).on_conflict_do_update(
        index_elements=["database", "table", "partition", "kind"],
        set_={"value": value, "version": compaction_metrics.c.version + 1, "updated_at": tx.at},
    )
    tx.connection.execute(statement)


def drop_metric(tx: Transaction, name: tuple[str, str, str], kind: int) -> None:
    """Forget what was counted."""
    c = compaction_metrics.c
    where = (c.database == name[0], c.table == name[1], c.partition == name[2], c.kind == kind)
    tx.connection.execute(delete(compaction_metrics).where(*where))


def abort(tx: Transaction, ids: Sequence[int], error: str) -> None:
    """End requests that wait."""
    if ids:
        waiting = update(compactions).where(compactions.c.id.in_(ids), compactions.c.state == INITIATED)
        tx.connection.execute(waiting.values(state=ABORTED, error=error, finished_at=tx.at, started_at=0))
