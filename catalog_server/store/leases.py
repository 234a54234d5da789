"""Work waiting in rows (runs, crawls, migrations, care): taken by one worker, kept by heartbeats, taken over when they cease."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, select, true, update

from catalog_server.store import crawlers
from catalog_server.store.schema import care_runs, crawls, hive_migrations, job_runs
from catalog_server.store.transaction import Transaction

QUEUES: dict[str, Table] = {
    "run": job_runs,
    "crawl": crawls,
    "events": crawls,
    "migration": hive_migrations,
    "care": care_runs,
}
"""The tables that work waits in, by the kind of work."""
HISTORY_MAX = 200


def _is_of(kind: str) -> ColumnElement[bool]:
    """Crawls that follow events are a kind of their own: they go on for as long as events come."""
    return crawls.c.follows.is_(kind == "events") if QUEUES[kind] is crawls else true()


@dataclass(frozen=True, slots=True)
class Lease:
    """A piece of work that a worker holds, and since when it was last heard of (milliseconds)."""

    kind: str
    id: str
    owner: str | None
    heartbeat_at: int
    cancel_requested: bool


def claim(tx: Transaction, kind: str, owner: str) -> str | None:
    """Take the work that waited longest: it is RUNNING and ours when its id is returned; None when nothing may begin.

    Of each crawler one crawl runs at a time, and one that follows events, beside any previews.
    """
    table = QUEUES[kind]
    oldest = select(table).where(_may_begin(kind)).order_by(table.c.created_at, table.c.id).limit(1)
    row = tx.connection.execute(oldest.with_for_update(skip_locked=True, of=table)).first()
    if row is None or (table is crawls and not row.preview and not _is_first(tx, kind, row.crawler)):
        return None
    values: dict[str, Any] = {"state": "RUNNING", "owner": owner, "heartbeat_at": tx.at, "started_at": tx.at}
    if kind == "run":
        values["history"] = [*row.history[-HISTORY_MAX:], {"state": "RUNNING", "at": tx.at, "attempt": row.attempt}]
    tx.connection.execute(update(table).where(table.c.id == row.id).values(**values))
    return str(row.id)


def waiting(tx: Transaction, kind: str) -> bool:
    """Whether any work of a kind waits and may begin."""
    return tx.connection.execute(select(QUEUES[kind].c.id).where(_may_begin(kind)).limit(1)).first() is not None


def _may_begin(kind: str) -> ColumnElement[bool]:
    table = QUEUES[kind]
    waits = (table.c.state == "QUEUED") & _is_of(kind)
    return waits & (crawls.c.preview | crawls.c.crawler.not_in(_busy_crawlers(kind))) if table is crawls else waits


def _busy_crawlers(kind: str) -> Select[tuple[str]]:
    """Names of the crawlers of which a crawl of this kind runs that is no preview."""
    other = crawls.alias("other")
    of_kind = other.c.follows.is_(kind == "events")
    return select(other.c.crawler).where(other.c.state == "RUNNING", other.c.preview.is_(False), of_kind)


def _is_first(tx: Transaction, kind: str, crawler: str) -> bool:
    """Whether no other worker has begun such a crawl of the same crawler, nor does before the end of the transaction."""
    crawlers.hold(tx, crawler)
    busy: Sequence[Any] = tx.connection.execute(_busy_crawlers(kind)).scalars().all()
    return crawler not in busy


def running(tx: Transaction, kind: str) -> list[Lease]:
    """All work of a kind that somebody holds."""
    table = QUEUES[kind]
    columns = (table.c.id, table.c.owner, table.c.heartbeat_at, table.c.cancel_requested)
    rows = tx.connection.execute(select(*columns).where(table.c.state == "RUNNING", _is_of(kind)))
    return [Lease(kind, row.id, row.owner, row.heartbeat_at, row.cancel_requested) for row in rows]


def hold(tx: Transaction, kind: str, owner: str, id_: str) -> bool:
    """Become the owner of running work that was handed to this worker; False if it does not run any more."""
    table = QUEUES[kind]
    held = update(table).where(table.c.id == id_, table.c.state == "RUNNING")
    return tx.connection.execute(held.values(owner=owner, heartbeat_at=tx.at)).rowcount == 1


def beat(tx: Transaction, kind: str, owner: str, ids: Sequence[str]) -> None:
    """Say that the worker still holds this work."""
    table = QUEUES[kind]
    held = update(table).where(table.c.id.in_(ids), table.c.owner == owner, table.c.state == "RUNNING")
    tx.connection.execute(held.values(heartbeat_at=tx.at))


def take_over(tx: Transaction, lease: Lease, owner: str) -> bool:
    """Become the owner of work whose owner has gone; False when somebody else was quicker or it was alive."""
    table = QUEUES[lease.kind]
    statement = update(table).where(
        table.c.id == lease.id,
        table.c.state == "RUNNING",
        table.c.heartbeat_at == lease.heartbeat_at,
        table.c.owner.is_(None) if lease.owner is None else table.c.owner == lease.owner,
    )
    taken = tx.connection.execute(statement.values(owner=owner, heartbeat_at=tx.at))
    return taken.rowcount == 1


def fail(tx: Transaction, kind: str, id_: str, error: str) -> None:
    """End work that nobody will go on with."""
    table = QUEUES[kind]
    held = update(table).where(table.c.id == id_, table.c.state == "RUNNING")
    tx.connection.execute(held.values(state="FAILED", error=error, finished_at=tx.at, owner=None))
