"""Rows of txns: begun, kept alive, committed and aborted, each with all that hangs on it.

Rows are locked in one order everywhere, so that nobody waits in a circle: txns by id, the counter, then what hangs on them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, delete, exists, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from catalog_server.model.txn import COMPACTIONS, Operation, Snapshot, TableKey, Txn, TxnKind, TxnState
from catalog_server.store.many import among
from catalog_server.store.schema.locks import locks
from catalog_server.store.schema.txns import (
    compactions,
    counters,
    least_write_ids,
    rebuild_locks,
    replicated_txns,
    txn_components,
    txns,
    write_ids,
)
from catalog_server.store.transaction import Transaction

OPEN, ABORTED, COMMITTED = TxnState.OPEN.value, TxnState.ABORTED.value, TxnState.COMMITTED.value
CHANGES = (Operation.UPDATE.value, Operation.DELETE.value)
"""Operations that two overlapping txns may not both do to the same thing."""
SWEPT_EVERY = 100
"""The rows of txns that nobody needs any more are deleted when the count of txns passes a multiple of this."""
_COUNTER = "txn"
_IDS_MAX = 10_000


def begin(tx: Transaction, count: int, kind: TxnKind, user: str, host: str, agent: str | None) -> list[int]:
    """Begin txns; their ids in order."""
    last = tx.connection.execute(
        update(counters)
        .where(counters.c.name == _COUNTER)
        .values(value=counters.c.value + count)
        .returning(counters.c.value)
    ).scalar_one()
    ids = list(range(last - count + 1, last + 1))
    shared = {"state": OPEN, "kind": int(kind), "user": user, "host": host, "agent": agent}
    times = {"started_at": tx.at, "heartbeat_at": tx.at}
    tx.connection.execute(insert(txns), [{"id": one, **shared, **times} for one in ids])
    return ids


def crossed(ids: Sequence[int]) -> bool:
    """Whether it is time to sweep, after these txns were begun."""
    return (ids[0] - 1) // SWEPT_EVERY != ids[-1] // SWEPT_EVERY


def high(tx: Transaction, *, lock: bool = False) -> int:
    """The newest txn's id; with `lock`, nobody begins another until this transaction ends."""
    statement = select(counters.c.value).where(counters.c.name == _COUNTER)
    return int(tx.connection.execute(statement.with_for_update() if lock else statement).scalar_one())


def seed(tx: Transaction, newest: int) -> None:
    """Let the next txn's id be the one after `newest`."""
    tx.connection.execute(update(counters).where(counters.c.name == _COUNTER).values(value=newest))


def listed(tx: Transaction) -> tuple[int, list[Txn]]:
    """The newest txn's id, and all txns up to it that are open or aborted, in order."""
    joined = counters.outerjoin(txns, and_(txns.c.state != COMMITTED, counters.c.name == _COUNTER))
    statement = select(counters.c.value, txns).select_from(joined).where(counters.c.name == _COUNTER)
    rows = tx.connection.execute(statement.order_by(txns.c.id)).all()
    return rows[0].value, [_txn(row) for row in rows if row.id is not None]


def snapshot_of(newest: int, found: Sequence[Txn], without: Sequence[TxnKind] = ()) -> Snapshot:
    """The snapshot of what `listed` found, without txns of some kinds."""
    kept = [one for one in found if one.kind not in without]
    return Snapshot(
        newest,
        tuple(one.id for one in kept if one.state is TxnState.OPEN),
        tuple(one.id for one in kept if one.state is TxnState.ABORTED),
    )


def _txn(row: Any) -> Txn:
    state, kind = TxnState(row.state), TxnKind(row.kind)
    return Txn(row.id, state, kind, row.user, row.host, row.agent, row.started_at, row.heartbeat_at)


def found(tx: Transaction, ids: Sequence[int], *, lock: bool = True) -> dict[int, Txn]:
    """Those of some txns that there are; with `lock` none changes its state until this transaction ends."""
    statement = select(txns).where(among(tx, txns.c.id, ids)).order_by(txns.c.id)
    return {row.id: _txn(row) for row in tx.connection.execute(statement.with_for_update() if lock else statement)}


def heartbeat(tx: Transaction, first: int, last: int) -> set[int]:
    """Renew the leases of the open txns of a range; their ids."""
    alive = update(txns).where(txns.c.id.between(first, last), txns.c.state == OPEN).values(heartbeat_at=tx.at)
    return set(tx.connection.execute(alive.returning(txns.c.id)).scalars())


def abort(tx: Transaction, ids: Sequence[int]) -> None:
    """End open txns whose rows are locked by `found`, with their locks; what they may have written stays on record."""
    tx.connection.execute(update(txns).where(among(tx, txns.c.id, ids), txns.c.state == OPEN).values(state=ABORTED))
    _release(tx, ids)


def databases_of(tx: Transaction, txn_id: int) -> list[str]:
    """The databases in which a txn has said that it changes something, as `catalog.database`, in order."""
    c = txn_components.c
    found = tx.connection.execute(select(c.catalog, c.database).where(c.txn_id == txn_id).distinct())
    return sorted(f"{row.catalog}.{row.database}" for row in found)


def _release(tx: Transaction, ids: Sequence[int]) -> None:
    for table in (locks, rebuild_locks, least_write_ids, replicated_txns):
        tx.connection.execute(delete(table).where(among(tx, table.c.txn_id, ids)))


def expire(tx: Transaction, cutoffs: Mapping[TxnKind | None, int]) -> dict[int, TxnKind]:
    """Abort the open txns that were not heard of since the time for their kind (None: for all others); their kinds by id.

    One that is just being renewed, committed or aborted is left alone.
    """
    special = [kind for kind in cutoffs if kind is not None]
    late = [and_(txns.c.kind == int(kind), txns.c.heartbeat_at < cutoffs[kind]) for kind in special]
    late.append(and_(txns.c.kind.not_in([int(kind) for kind in special]), txns.c.heartbeat_at < cutoffs[None]))
    statement = select(txns.c.id, txns.c.kind).where(txns.c.state == OPEN, or_(*late)).order_by(txns.c.id)
    rows = tx.connection.execute(statement.limit(_IDS_MAX).with_for_update(skip_locked=True)).all()
    if rows:
        abort(tx, [row.id for row in rows])
    return {row.id: TxnKind(row.kind) for row in rows}


def commit(tx: Transaction, txn: Txn, *, checked: bool) -> tuple[TableKey, str | None, int, int, int, str, str] | None:
    """Commit an open txn whose row is locked by `found`; None, or what it collides with and nothing was done.

    With `checked`, a txn that updates or deletes where another did that was open at the same time and committed first is not
    committed: the answer is the table and partition, the newest txn now, the other txn and its commit id, and what both did.
    """
    c = txn_components.c
    operations = set(tx.connection.execute(select(c.operation).where(c.txn_id == txn.id).distinct()).scalars())
    if operations & set(CHANGES) and txn.kind not in (TxnKind.READ_ONLY, TxnKind.SOFT_DELETE, *COMPACTIONS):
        newest = high(tx, lock=True)
        other = _collision(tx, txn.id) if checked else None
        if other is not None:
            key = TableKey(other.catalog, other.database, other.table)
            return key, other.partition, newest, other.txn_id, other.commit_id, other.mine, other.operation
        tx.connection.execute(update(txn_components).where(c.txn_id == txn.id).values(commit_id=newest))
    elif operations:
        tx.connection.execute(delete(txn_components).where(c.txn_id == txn.id))
    if txn.kind in (*COMPACTIONS, TxnKind.SOFT_DELETE):
        done = update(compactions).where(compactions.c.txn_id == txn.id)
        tx.connection.execute(done.values(next_txn_id=high(tx), committed_at=tx.at))
    tx.connection.execute(update(txns).where(txns.c.id == txn.id).values(state=COMMITTED))
    _release(tx, [txn.id])
    return None


def _same_thing(one: Any, other: Any) -> Any:
    return and_(
        one.c.catalog == other.c.catalog,
        one.c.database == other.c.database,
        one.c.table == other.c.table,
    )


def _collision(tx: Transaction, txn_id: int) -> Any:
    mine, other = txn_components.alias("mine"), txn_components.alias("other")
    same_partition = or_(
        mine.c.partition == other.c.partition, and_(mine.c.partition.is_(None), other.c.partition.is_(None))
    )
    statement = (
        select(other, mine.c.operation.label("mine"))
        .select_from(mine.join(other, and_(_same_thing(mine, other), same_partition)))
        .where(mine.c.txn_id == txn_id, mine.c.operation.in_(CHANGES))
        .where(other.c.txn_id != txn_id, other.c.operation.in_(CHANGES), other.c.commit_id >= txn_id)
        .order_by(other.c.id)
        .limit(1)
    )
    return tx.connection.execute(statement).first()


def latest_in_conflict(tx: Transaction, txn_id: int) -> int:
    """The newest committed txn that overlaps this one and changed rows where this one does, 0 when there is none."""
    mine, other = txn_components.alias("mine"), txn_components.alias("other")
    same_partition = or_(mine.c.partition == other.c.partition, mine.c.partition.is_(None))
    statement = (
        select(func.max(other.c.txn_id))
        .select_from(mine.join(other, and_(_same_thing(mine, other), same_partition)))
        .where(mine.c.txn_id == txn_id, mine.c.operation.in_(CHANGES))
        .where(other.c.txn_id != txn_id, other.c.operation.in_(CHANGES), other.c.commit_id >= txn_id)
    )
    return int(tx.connection.execute(statement).scalar() or 0)


def add_components(tx: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    """Keep what a txn changes: rows of txn_id, catalog, database, table, partition, operation and write_id."""
    if rows:
        tx.connection.execute(insert(txn_components), list(rows))


def drop_table_component(tx: Transaction, txn_id: int, key: TableKey) -> None:
    """Forget that a txn changes a table as a whole, now that its partitions are known."""
    c = txn_components.c
    of_table = (c.catalog == key.catalog, c.database == key.database, c.table == key.table)
    tx.connection.execute(delete(txn_components).where(c.txn_id == txn_id, *of_table, c.partition.is_(None)))


def changed_since(tx: Transaction, seen: Sequence[tuple[TableKey, WriteIdsSeen]], current: Snapshot) -> bool:
    """Whether a txn committed in `current` updated or deleted rows of one of the tables, after what was seen of it."""
    c = txn_components.c
    for key, (newest, invalid) in seen:
        statement = (
            select(c.txn_id)
            .where(c.table == key.table, c.database == key.database, c.catalog == key.catalog)
            .where(c.commit_id.is_not(None), c.txn_id <= current.high)
            .where(or_(c.write_id > newest, c.write_id.in_(invalid)))
        )
        if any(current.committed(one) for one in tx.connection.execute(statement).scalars()):
            return True
    return False


WriteIdsSeen = tuple[int, Sequence[int]]
"""The newest write id that was seen, and those up to it that were not valid."""


def targets(tx: Transaction, policy: str, sources: Sequence[int]) -> dict[int, int]:
    """The txns that stand for txns of a replicated warehouse, by the ids that those have there."""
    c = replicated_txns.c
    statement = select(c.source_id, c.txn_id).where(c.policy == policy, c.source_id.in_(sources))
    return {row.source_id: row.txn_id for row in tx.connection.execute(statement)}


def replicated(tx: Transaction, policy: str) -> dict[int, int]:
    """All txns of a replication policy that are not ended yet: ids there and here."""
    c = replicated_txns.c
    statement = select(c.source_id, c.txn_id).where(c.policy == policy).order_by(c.source_id)
    return {row.source_id: row.txn_id for row in tx.connection.execute(statement)}


def replicate(tx: Transaction, policy: str, pairs: Mapping[int, int]) -> None:
    """Keep which txn stands for which one of a replicated warehouse."""
    rows = [{"policy": policy, "source_id": source, "txn_id": txn_id} for source, txn_id in pairs.items()]
    tx.connection.execute(insert(replicated_txns), rows)


def take_rebuild(tx: Transaction, database: str, table: str, txn_id: int) -> bool:
    """Let a txn be the one that rebuilds a view; whether nobody is at it yet."""
    made = (postgresql if tx.is_postgresql else sqlite).insert(rebuild_locks)
    row = {"database": database, "table": table, "txn_id": txn_id, "heartbeat_at": tx.at}
    statement = made.values(**row).on_conflict_do_nothing().returning(rebuild_locks.c.txn_id)
    return tx.connection.execute(statement).first() is not None


def renew_rebuild(tx: Transaction, database: str, table: str, txn_id: int) -> bool:
    """Renew the lease of who rebuilds a view; whether that is this txn."""
    c = rebuild_locks.c
    mine = update(rebuild_locks).where(c.database == database, c.table == table, c.txn_id == txn_id)
    return tx.connection.execute(mine.values(heartbeat_at=tx.at)).rowcount > 0


def drop_stale_rebuilds(tx: Transaction, before: int) -> None:
    """Give back the right to rebuild views whose holders were not heard of since then."""
    tx.connection.execute(delete(rebuild_locks).where(rebuild_locks.c.heartbeat_at < before))


def keep_least(tx: Transaction, txn_id: int, least: Mapping[str, int]) -> None:
    """Keep the lowest write ids that an open txn still reads."""
    tx.connection.execute(delete(least_write_ids).where(least_write_ids.c.txn_id == txn_id))
    rows = [{"txn_id": txn_id, "table": table, "write_id": number} for table, number in least.items()]
    if rows:
        tx.connection.execute(insert(least_write_ids), rows)


def sweep(tx: Transaction, before: int) -> None:
    """Delete rows that no txn, open or to come, can need; txns that ended before that time are forgotten.

    A write id is forgotten when it is committed and so are all lower ones of its table. An aborted txn stays as long as it may
    have left files: until its components are compacted or its table is dropped.
    """
    newest, others = listed(tx)
    least = min((one.id for one in others), default=newest + 1)
    least_open = min((one.id for one in others if one.state is TxnState.OPEN), default=newest + 1)
    lower = write_ids.alias("lower")
    tx.connection.execute(
        delete(write_ids)
        .where(write_ids.c.txn_id < least)
        .where(
            ~exists().where(
                _same_thing(lower, write_ids), lower.c.txn_id >= least, lower.c.write_id < write_ids.c.write_id
            )
        )
    )
    newer = txn_components.alias("newer")
    same_partition = or_(
        newer.c.partition == txn_components.c.partition,
        and_(newer.c.partition.is_(None), txn_components.c.partition.is_(None)),
    )
    tx.connection.execute(
        delete(txn_components)
        .where(txn_components.c.commit_id < least_open)
        .where(
            exists().where(
                _same_thing(newer, txn_components), same_partition, newer.c.commit_id > txn_components.c.commit_id
            )
        )
    )
    kept = select(txn_components.c.txn_id).union(select(write_ids.c.txn_id))
    tx.connection.execute(
        delete(txns).where(
            txns.c.id <= newest,
            txns.c.heartbeat_at < before,
            or_(txns.c.state == COMMITTED, and_(txns.c.state == ABORTED, txns.c.id.not_in(kept))),
        )
    )
