"""Rows of the events that crawlers follow: which folders were touched, and how far each crawler is with them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Delete, Executable, Update, case, delete, exists, func, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from catalog_server.model.crawler import AT_WORK, Crawler, EventState, Touch
from catalog_server.store.many import among
from catalog_server.store.schema import crawler_events as rows
from catalog_server.store.schema import crawler_touches as touches
from catalog_server.store.schema import crawlers, crawls
from catalog_server.store.transaction import Transaction

_AT_ONCE = 400
_IN_FULL = (~crawls.c.follows) & (~crawls.c.preview) & crawls.c.undo_of.is_(None) & (crawls.c.state != "SKIPPED")
"""Crawls that list all and remember it."""
CHANGED = (
    "tables_added",
    "tables_changed",
    "tables_removed",
    "partitions_added",
    "partitions_changed",
    "partitions_dropped",
)
"""What a crawl counts of its changes."""


@dataclass(frozen=True, slots=True)
class Follower:
    """A crawler that follows events, as those who bring some need it."""

    id: int
    name: str
    targets: tuple[str, ...]
    options: Mapping[str, str]
    by: str
    token_hash: str | None


def follow(tx: Transaction, crawler: Crawler, by: str) -> None:
    """Have a crawler follow events on behalf of somebody, if it does not yet."""
    values = {"crawler_id": crawler.id, "by": by, "received": 0}
    made = (postgresql if tx.is_postgresql else sqlite).insert(rows).values(**values)
    tx.connection.execute(made.on_conflict_do_update(index_elements=[rows.c.crawler_id], set_={"by": by}))


def forget(tx: Transaction, crawler_id: int) -> None:
    """Delete all that is kept of a crawler's events."""
    for table in (rows, touches):
        tx.connection.execute(delete(table).where(table.c.crawler_id == crawler_id))


def set_token(tx: Transaction, crawler_id: int, token_hash: str | None) -> bool:
    """Set or remove the token that notifications must show; False where the crawler follows no events."""
    changed = update(rows).where(rows.c.crawler_id == crawler_id).values(token_hash=token_hash)
    return tx.connection.execute(changed).rowcount == 1


def followers(tx: Transaction, name_keys: Sequence[str] | None = None) -> dict[str, Follower]:
    """The crawlers that follow events, all or those of these names, by the keys of their names."""
    statement = select(crawlers, rows.c.by, rows.c.token_hash).join(rows, rows.c.crawler_id == crawlers.c.id)
    if name_keys is not None:
        statement = statement.where(crawlers.c.name_key.in_(name_keys))
    found = tx.connection.execute(statement)
    return {
        row.name_key: Follower(row.id, row.name, tuple(row.targets), row.options, row.by, row.token_hash)
        for row in found
    }


def _digest(touch: Touch) -> str:
    return hashlib.sha256(f"{touch.deep:d}{touch.folder}".encode()).hexdigest()[:32]


def touch(tx: Transaction, crawler_id: int, touched: Sequence[Touch]) -> None:
    """Note that folders were touched, each once however often that was told, with the last word about its objects."""
    made: dict[str, dict[str, Any]] = {}
    for one in touched:
        row = made.setdefault(
            _digest(one),
            {
                "crawler_id": crawler_id,
                "folder": one.folder,
                "deep": one.deep,
                "object": None,
                "touched_at": tx.at,
            },
        )
        row["object"] = row["object"] if one.object is None else one.object
    # a stamp never comes again, not even after the row is gone: who saw it may still act on it
    # in the order of keys: two that touch the same folders must not wait for each other
    values = [{"digest": key, "stamp": tx.at, "waiting": True, **made[key]} for key in sorted(made)]
    if values:
        tx.connection.execute(_TOUCH[tx.is_postgresql], values)


def _touch_statement(is_postgresql: bool) -> Executable:
    new = (postgresql if is_postgresql else sqlite).insert(touches)
    again = {
        "object": func.coalesce(new.excluded.object, touches.c.object),
        "stamp": touches.c.stamp + 1,
        "waiting": True,
        "touched_at": case((touches.c.waiting, touches.c.touched_at), else_=new.excluded.touched_at),
    }
    touched: Executable = new.on_conflict_do_update(index_elements=[touches.c.crawler_id, touches.c.digest], set_=again)
    return touched


_TOUCH = {is_postgresql: _touch_statement(is_postgresql) for is_postgresql in (False, True)}
"""One statement for each row, so that it is compiled once however many come; by whether the store is PostgreSQL."""


def count_received(tx: Transaction, crawler_id: int, count: int, confirm_url: str | None = None) -> None:
    """Note that notifications came."""
    values: dict[str, Any] = {"received": rows.c.received + count, "received_at": tx.at}
    if confirm_url is not None:
        values["confirm_url"] = confirm_url
    tx.connection.execute(update(rows).where(rows.c.crawler_id == crawler_id).values(**values))


def note_problem(tx: Transaction, crawler_id: int, problem: str, skipped: int) -> None:
    """Keep the last problem with a crawler's events, and how many notifications were left out for such."""
    values = {"problem": problem, "problem_at": tx.at, "skipped": rows.c.skipped + skipped}
    tx.connection.execute(update(rows).where(rows.c.crawler_id == crawler_id).values(**values))


def waiting(tx: Transaction, crawler_id: int, count: int) -> list[Touch]:
    """Folders that wait, the one that was touched first before the others."""
    mine = select(touches).where(touches.c.crawler_id == crawler_id, touches.c.waiting)
    found = tx.connection.execute(mine.order_by(touches.c.touched_at).limit(count))
    return [Touch(row.folder, row.deep, row.object, row.stamp, row.touched_at) for row in found]


def unsettled(tx: Transaction, crawler_id: int) -> list[Touch]:
    """All folders that were touched and are not settled, those that wait too."""
    found = tx.connection.execute(select(touches).where(touches.c.crawler_id == crawler_id))
    return [Touch(row.folder, row.deep, row.object, row.stamp, row.touched_at) for row in found]


def applied(tx: Transaction, crawler_id: int, done: Sequence[Touch]) -> None:
    """Folders wait no more, but for those that were touched again meanwhile."""
    _end(tx, crawler_id, done, update(touches).values(waiting=False))


def settled(tx: Transaction, crawler_id: int, done: Sequence[Touch]) -> None:
    """Forget folders, but for those that were touched again meanwhile."""
    _end(tx, crawler_id, done, delete(touches))


def _end(tx: Transaction, crawler_id: int, done: Sequence[Touch], change: Update | Delete) -> None:
    """Change the rows of folders that are still as they were seen."""
    for at in range(0, len(done), _AT_ONCE):
        seen = [(_digest(one), one.stamp) for one in done[at : at + _AT_ONCE]]
        same = tuple_(touches.c.digest, touches.c.stamp).in_(seen)
        tx.connection.execute(change.where(touches.c.crawler_id == crawler_id, same))
    tx.connection.execute(update(rows).where(rows.c.crawler_id == crawler_id).values(applied_at=tx.at))


def hold(tx: Transaction) -> None:
    """Have nobody else queue crawls of crawlers that follow events before the end of the transaction."""
    followed = select(crawlers.c.id).where(crawlers.c.id.in_(select(rows.c.crawler_id))).order_by(crawlers.c.id)
    tx.connection.execute(followed.with_for_update()).all()


@dataclass(frozen=True, slots=True)
class Due:
    """A crawler of which folders are touched and that no crawl follows; times in milliseconds."""

    name: str
    by: str
    received_at: int
    """When the last event came."""
    failing_since: int = 0
    """When the first crawl began to wait that failed to follow, of those that failed one after the other; 0 for none."""
    failed_at: int = 0
    """When the last of them ended."""


def due(tx: Transaction) -> list[Due]:
    """The crawlers of which folders are touched and that no crawl follows."""
    active = exists().where(crawls.c.crawler == crawlers.c.name, crawls.c.follows, crawls.c.state.in_(AT_WORK))
    touched = exists().where(touches.c.crawler_id == crawlers.c.id)
    statement = select(crawlers.c.name, rows.c.by, rows.c.received_at).join(rows, rows.c.crawler_id == crawlers.c.id)
    found = tx.connection.execute(statement.where(touched, ~active)).all()
    if not found:
        return []
    times = func.min(crawls.c.created_at), func.max(crawls.c.finished_at)
    streaks = select(crawls.c.crawler, *times).where(among(tx, crawls.c.crawler, [row.name for row in found]), _FAILING)
    failing = {name: (since, at) for name, since, at in tx.connection.execute(streaks.group_by(crawls.c.crawler))}
    return [Due(row.name, row.by, row.received_at or 0, *failing.get(row.name, (0, 0))) for row in found]


def _failing() -> ColumnElement[bool]:
    """Crawls that failed to follow, after the last one of the same crawler that did not."""
    other = crawls.alias("other")
    of_it = (other.c.crawler == crawls.c.crawler) & other.c.follows
    newer = exists().where(of_it, other.c.state != "FAILED", other.c.created_at >= crawls.c.created_at)
    made = select(func.max(crawlers.c.created_at)).where(crawlers.c.name == crawls.c.crawler).correlate(crawls)
    return (crawls.c.state == "FAILED") & crawls.c.follows & (crawls.c.created_at >= made.scalar_subquery()) & ~newer


_FAILING = _failing()


def forget_failures(tx: Transaction, crawler: str) -> None:
    """Of crawls that failed to follow, one after the other, keep the first, the last, and those that changed anything."""
    streak = select(crawls.c.id, crawls.c.counts).where(crawls.c.crawler == crawler, _FAILING)
    found = tx.connection.execute(streak.order_by(crawls.c.created_at, crawls.c.id)).all()
    gone = [row.id for row in found[1:-1] if not any((row.counts or {}).get(one) for one in CHANGED)]
    if gone:
        tx.connection.execute(delete(crawls).where(crawls.c.id.in_(gone)))


def crawled(tx: Transaction) -> dict[str, tuple[int, bool]]:
    """Of each crawler that follows events when it was crawled in full last, and whether such a crawl has not ended."""
    last = func.max(crawls.c.created_at), func.max(case((crawls.c.state.in_(AT_WORK), 1), else_=0))
    of_it = (crawlers.c.name == crawls.c.crawler) & (crawlers.c.created_at <= crawls.c.created_at)
    statement = select(crawls.c.crawler, *last).join(crawlers, of_it).join(rows, rows.c.crawler_id == crawlers.c.id)
    found = tx.connection.execute(statement.where(_IN_FULL).group_by(crawls.c.crawler))
    return {name: (at, bool(busy)) for name, at, busy in found}


def is_crawled(tx: Transaction, crawler: str, since: int) -> bool:
    """Whether a crawl of the crawler that lists all is at work, or has ended since then (milliseconds)."""
    others = select(crawls.c.id).where(
        crawls.c.crawler == crawler,
        _IN_FULL,
        (crawls.c.state == "RUNNING") | (crawls.c.finished_at >= since),
    )
    return tx.connection.execute(others.limit(1)).first() is not None


def state(tx: Transaction, crawler: Crawler) -> EventState | None:
    """How far a crawler is; None where it follows no events."""
    row = tx.connection.execute(select(rows).where(rows.c.crawler_id == crawler.id)).first()
    if row is None:
        return None
    waits = case((touches.c.waiting, 1), else_=0)
    since = case((touches.c.waiting, touches.c.touched_at), else_=None)
    counts = select(func.count(), func.sum(waits), func.min(since)).where(touches.c.crawler_id == crawler.id)
    total, waiting_count, oldest = tx.connection.execute(counts).one()
    active = select(crawls.c.id).where(crawls.c.crawler == crawler.name, crawls.c.follows, crawls.c.state.in_(AT_WORK))
    return EventState(
        source=crawler.options.get("events", ""),
        by=row.by,
        has_token=row.token_hash is not None,
        received=row.received,
        waiting=waiting_count or 0,
        unsettled=total - (waiting_count or 0),
        received_at=row.received_at,
        applied_at=row.applied_at,
        lag=max(0, tx.at - oldest) if oldest is not None else 0,
        confirm_url=row.confirm_url,
        skipped=row.skipped,
        problem=row.problem,
        problem_at=row.problem_at,
        crawl=tx.connection.execute(active.limit(1)).scalar(),
    )
