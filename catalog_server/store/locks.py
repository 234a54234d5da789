"""Rows of locks as Hive clients know them: leases on databases, tables and partitions, granted in the order of asking.

A lock's number is drawn, and what stands in its way is looked for, while nobody else does so for the same database. So a
lock sees all that were asked for before it, and the usual cycle of asking, checking and giving back is four statements.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import TextClause, and_, bindparam, delete, or_, select, text, update

from catalog_server.model.names import name_key
from catalog_server.model.txn import TxnState
from catalog_server.store.prepared import Prepared
from catalog_server.store.schema.locks import locks
from catalog_server.store.schema.txns import txns
from catalog_server.store.transaction import Transaction

WAITING = "waiting"
ACQUIRED = "acquired"
RENEWED_EVERY = 5_000
"""A lease that was renewed within so many milliseconds is not written again."""

_OVERLAP = """held.catalog = asked.catalog AND held.database = asked.database
 AND (held."table" IS NULL OR asked."table" IS NULL OR held."table" = asked."table" AND
  (held.partition IS NULL OR asked.partition IS NULL OR held.partition = asked.partition))"""
_STRANGERS = "(asked.txn_id = 0 OR held.txn_id <> asked.txn_id)"
_EXCLUDES = """CASE asked.mode
 WHEN 'shared_read' THEN held.mode = 'exclusive' AND NOT (held."table" IS NOT NULL AND asked."table" IS NULL)
 WHEN 'shared_write' THEN held.mode IN ('exclusive_write', 'exclusive')
 WHEN 'exclusive_write' THEN held.mode <> 'shared_read'
 ELSE NOT (held."table" IS NULL AND held.mode = 'shared_read' AND asked."table" IS NOT NULL) END"""
"""Which modes go together, measured on Hive 4.0.1: reading in a database does not hold up what is done to one of its
tables, and the other way round."""
_BLOCKS = f"{_OVERLAP} AND {_STRANGERS} AND {_EXCLUDES}"

_FIELDS = ("catalog", "database", "table", "partition", "mode")


@dataclass(frozen=True, slots=True)
class LockPart:
    """One thing to lock; without a table the whole database, without a partition the whole table."""

    catalog: str
    database: str
    table: str | None
    partition: str | None
    mode: str
    """`shared_read`, `shared_write`, `exclusive_write` or `exclusive`."""


@dataclass(frozen=True, slots=True)
class LockRow:
    """One part of a lock as it is kept."""

    lock_id: int
    number: int
    """Of the part, from 1."""
    txn_id: int
    part: LockPart
    state: str
    user: str
    host: str
    agent: str | None
    acquired_at: int
    heartbeat_at: int
    blocked_by: int | None
    """The first lock in the way, as far as was seen when it was last looked for."""


def _serialized(tx: Transaction, databases: set[tuple[str, str]]) -> None:
    """Let one lock decision at a time be made for each database; SQLite has one writer anyway."""
    if tx.is_postgresql:
        keys = sorted({zlib.crc32(f"{catalog}.{database}".encode()) - 2**31 for catalog, database in databases})
        _holding(len(keys)).later(tx, **{f"key{n}": key for n, key in enumerate(keys)})


@lru_cache(maxsize=64)
def _holding(count: int) -> Prepared:
    calls = ", ".join(f"pg_advisory_xact_lock(7305812, CAST(:key{n} AS integer))" for n in range(count))
    return Prepared(lambda: text(f"SELECT {calls}"))


@lru_cache(maxsize=64)
def _asking(parts: int, postgresql: bool) -> Prepared:
    return Prepared(lambda: _asked(parts, postgresql))


def _asked(parts: int, postgresql: bool) -> TextClause:
    """Writes the parts of a lock, acquired unless something is in the way, and tells each one's state and obstacle."""

    def cast(name: str, kind: str) -> str:
        return f"CAST(:{name} AS {kind})" if postgresql else f":{name}"

    number = (
        "nextval('locks_id_seq')"
        if postgresql
        else "(SELECT coalesce(max(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'locks')"
    )
    at = cast("at", "bigint")
    rows = ", ".join(
        f"({n + 1}, {cast('txn_id', 'bigint')}, {', '.join(cast(f'{field}{n}', 'text') for field in _FIELDS)})"
        for n in range(parts)
    )
    return text(
        f"""WITH asked(number, txn_id, catalog, "database", "table", partition, mode) AS (VALUES {rows}),
        blockers AS (
            SELECT asked.number AS number, min(held.lock_id) AS blocker
            FROM asked JOIN locks AS held ON {_BLOCKS} GROUP BY asked.number
        ), numbered AS (SELECT {number} AS lock_id)
        INSERT INTO locks (lock_id, number, txn_id, catalog, "database", "table", partition, mode, state, blocked_by,
            "user", host, agent, created_at, acquired_at, heartbeat_at)
        SELECT numbered.lock_id, asked.number, asked.txn_id, asked.catalog, asked."database", asked."table",
            asked.partition, asked.mode, CASE WHEN EXISTS (SELECT 1 FROM blockers) THEN '{WAITING}' ELSE '{ACQUIRED}' END,
            blockers.blocker, {cast("user", "text")}, {cast("host", "text")}, {cast("agent", "text")}, {at},
            CASE WHEN EXISTS (SELECT 1 FROM blockers) THEN 0 ELSE {at} END, {at}
        FROM numbered CROSS JOIN asked LEFT JOIN blockers ON blockers.number = asked.number
        WHERE 1 = 1 ORDER BY asked.number
        RETURNING lock_id, number, state, blocked_by"""
    )


_GRANT = Prepared(
    lambda: text(
        f"""UPDATE locks SET state = '{ACQUIRED}', acquired_at = :at, heartbeat_at = :at, blocked_by = NULL
    WHERE lock_id = :lock_id AND NOT EXISTS (
        SELECT 1 FROM locks AS asked JOIN locks AS held ON held.lock_id < asked.lock_id AND {_BLOCKS}
        WHERE asked.lock_id = :lock_id
    ) RETURNING lock_id"""
    )
)
_GET = Prepared(lambda: select(locks).where(locks.c.lock_id == bindparam("wanted")).order_by(locks.c.number))
_DROP = Prepared(
    lambda: delete(locks).where(
        locks.c.lock_id == bindparam("wanted"), or_(locks.c.txn_id == 0, locks.c.state == WAITING)
    )
)


def keyed(part: LockPart) -> tuple[str, str, str | None, str | None, str]:
    """Catalog, database, table and partition under which a part is kept, and its mode; keys of partitions lowered."""
    table = None if part.table is None else name_key(part.table)
    partition = None if part.partition is None else _partition_key(part.partition)
    return name_key(part.catalog), name_key(part.database), table, partition, part.mode


def _partition_key(name: str) -> str:
    pairs = (level.partition("=") for level in name.split("/"))
    return "/".join(f"{name_key(key)}{equals}{value}" for key, equals, value in pairs)


def create(
    tx: Transaction, parts: Sequence[LockPart], txn_id: int, user: str, host: str, agent: str | None
) -> tuple[int, str, int | None]:
    """Ask for locks on all parts at once: their number, state, and the first lock in the way.

    For a lock of no txn the transaction ends with it.
    """
    asked = [keyed(part) for part in parts]
    _serialized(tx, {(one[0], one[1]) for one in asked})
    values: dict[str, Any] = {"txn_id": txn_id, "user": user, "host": host, "agent": agent, "at": tx.at}
    for n, one in enumerate(asked):
        values |= {f"{field}{n}": value for field, value in zip(_FIELDS, one, strict=True)}
    asking = _asking(len(asked), tx.is_postgresql)
    rows = asking.rows(tx, **values) if txn_id else asking.last(tx, **values)
    blockers = [blocker for _, _, _, blocker in rows if blocker is not None]
    number, _, state, _ = rows[0]
    return number, state, blockers[0] if blockers else None


def grant(tx: Transaction, rows: Sequence[LockRow]) -> bool:
    """Give a waiting lock, all parts of which these are, if nothing stands in its way any more; whether it was given."""
    _serialized(tx, {(row.part.catalog, row.part.database) for row in rows})
    return _grant(tx, rows[0].lock_id)


def _grant(tx: Transaction, lock_id: int) -> bool:
    return _GRANT.first(tx, lock_id=lock_id, at=tx.at) is not None


def regrant(tx: Transaction, lock_id: int) -> bool:
    """As `grant`, where this transaction has asked for the lock or looked for what is in its way already."""
    return _grant(tx, lock_id)


def get(tx: Transaction, lock_id: int) -> list[LockRow]:
    """The parts of a lock, empty when there is none."""
    return [_row(row) for row in _GET.rows(tx, wanted=lock_id)]


def drop_expired(tx: Transaction, databases: set[tuple[str, str]], before: int) -> bool:
    """Take locks of no txn away whose leases ended before that time; whether there were any."""
    places = or_(*(and_(locks.c.catalog == catalog, locks.c.database == database) for catalog, database in databases))
    late = delete(locks).where(places, locks.c.txn_id == 0, locks.c.heartbeat_at < before)
    return tx.connection.execute(late).rowcount > 0


def heartbeat(tx: Transaction, lock_id: int) -> bool:
    """Renew the lease of a lock of no txn; whether there is such a lock."""
    statement = update(locks).where(locks.c.lock_id == lock_id, locks.c.txn_id == 0).values(heartbeat_at=tx.at)
    return tx.connection.execute(statement).rowcount > 0


def drop(tx: Transaction, lock_id: int) -> bool:
    """Give a lock back that belongs to no txn, or is waited for; whether there was such a lock."""
    return _DROP.run(tx, wanted=lock_id) > 0


def remove(tx: Transaction, lock_id: int) -> None:
    """Take a lock away, whatever its state."""
    tx.connection.execute(delete(locks).where(locks.c.lock_id == lock_id))


def list_all(
    tx: Transaction,
    *,
    since: int = 0,
    database: str | None = None,
    table: str | None = None,
    partition: str | None = None,
    txn_id: int | None = None,
) -> list[LockRow]:
    """Locks alive since a time, of everything or of a database, table, partition or txn, in the order of asking."""
    alive = or_(
        and_(locks.c.txn_id == 0, locks.c.heartbeat_at >= since),
        and_(locks.c.txn_id != 0, txns.c.state == TxnState.OPEN.value, txns.c.heartbeat_at >= since),
    )
    statement = select(locks).select_from(locks.outerjoin(txns, locks.c.txn_id == txns.c.id)).where(alive)
    if database:
        statement = statement.where(locks.c.database == name_key(database))
    if table:
        statement = statement.where(locks.c.table == name_key(table))
    if partition:
        statement = statement.where(locks.c.partition == _partition_key(partition))
    if txn_id is not None:
        statement = statement.where(locks.c.txn_id == txn_id)
    return [_row(row) for row in tx.connection.execute(statement.order_by(locks.c.lock_id, locks.c.number))]


def _row(row: Any) -> LockRow:
    return LockRow(
        lock_id=row.lock_id,
        number=row.number,
        txn_id=row.txn_id,
        part=LockPart(row.catalog, row.database, row.table, row.partition, row.mode),
        state=row.state,
        user=row.user,
        host=row.host,
        agent=row.agent,
        acquired_at=row.acquired_at,
        heartbeat_at=row.heartbeat_at,
        blocked_by=row.blocked_by,
    )
