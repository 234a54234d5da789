"""Rows of crawlers and of their crawls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import case, delete, insert, literal, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from catalog_server.model.crawler import AT_WORK, Crawl, Crawler, StartedBy
from catalog_server.model.errors import AlreadyExists
from catalog_server.model.names import name_key
from catalog_server.store.many import among
from catalog_server.store.schema import Json, crawlers, crawls
from catalog_server.store.transaction import Transaction

QUEUE_MAX = 1_000
SUMMARIES_KEPT = 100
"""Of the newest crawls of each crawler the lists are kept, of older ones what they counted."""
_FORGOTTEN_AT_ONCE = 20


def _crawler(row: Any) -> Crawler:
    return Crawler(
        name=row.name,
        targets=tuple(row.targets),
        catalog=row.catalog,
        database=row.database,
        table_prefix=row.table_prefix,
        options=row.options,
        comment=row.comment,
        id=row.id,
        version=row.version,
        created_at=row.created_at,
    )


def _crawl(row: Any) -> Crawl:
    return Crawl(
        id=row.id,
        crawler=row.crawler,
        state=row.state,
        started_at=row.started_at,
        finished_at=row.finished_at,
        progress=row.progress,
        summary=row.summary,
        counts=row.counts,
        error=row.error,
        by=row.by,
        started_by=StartedBy(row.started_by),
        due_at=row.due_at,
        preview=row.preview,
        undo_of=row.undo_of,
        undone_at=row.undone_at,
        undone_by=row.undone_by,
        follows=row.follows,
        created_at=row.created_at,
    )


def _values(crawler: Crawler) -> dict[str, Any]:
    return {
        "name": crawler.name,
        "name_key": name_key(crawler.name),
        "targets": list(crawler.targets),
        "catalog": crawler.catalog,
        "database": crawler.database,
        "table_prefix": crawler.table_prefix,
        "options": dict(crawler.options),
        "comment": crawler.comment,
    }


def get(tx: Transaction, name: str) -> Crawler | None:
    """The crawler of a name, compared by its key."""
    row = tx.connection.execute(select(crawlers).where(crawlers.c.name_key == name_key(name))).first()
    return _crawler(row) if row else None


def hold(tx: Transaction, name: str) -> Crawler | None:
    """The crawler of a name, which nobody else holds or changes before the end of the transaction."""
    named = select(crawlers).where(crawlers.c.name_key == name_key(name))
    row = tx.connection.execute(named.with_for_update()).first()
    return _crawler(row) if row else None


def names(tx: Transaction, ids: Sequence[int]) -> dict[int, str]:
    """The names of crawlers by their ids, of those that are there."""
    found = tx.connection.execute(select(crawlers.c.id, crawlers.c.name).where(among(tx, crawlers.c.id, ids)))
    return {row.id: row.name for row in found}


def list_all(tx: Transaction) -> list[Crawler]:
    """All crawlers by name."""
    return [_crawler(row) for row in tx.connection.execute(select(crawlers).order_by(crawlers.c.name_key))]


def create(tx: Transaction, crawler: Crawler) -> Crawler:
    """Insert a crawler; raises `AlreadyExists`."""
    values = {**_values(crawler), "version": 1, "created_at": tx.at}
    try:
        return _crawler(tx.connection.execute(insert(crawlers).values(**values).returning(crawlers)).one())
    except IntegrityError as error:
        raise AlreadyExists("crawler", crawler.name) from error


def change(tx: Transaction, crawler: Crawler, version: int) -> Crawler | None:
    """Write a crawler's new definition if its version is still `version`; None if it is not."""
    values = {**_values(crawler), "version": crawlers.c.version + 1}
    statement = update(crawlers).where(crawlers.c.id == crawler.id, crawlers.c.version == version)
    try:
        row = tx.connection.execute(statement.values(**values).returning(crawlers)).first()
    except IntegrityError as error:
        raise AlreadyExists("crawler", crawler.name) from error
    return _crawler(row) if row else None


def drop(tx: Transaction, crawler_id: int) -> None:
    """Delete a crawler; its crawls stay."""
    tx.connection.execute(delete(crawlers).where(crawlers.c.id == crawler_id))


def create_crawl(
    tx: Transaction,
    crawl_id: str,
    crawler: str,
    by: str,
    *,
    preview: bool = False,
    undo_of: str | None = None,
    follows: bool = False,
    started_by: StartedBy = StartedBy.PERSON,
) -> Crawl:
    """Insert a crawl, the undo of one, or one that follows events, that waits for a worker."""
    values = _waiting(tx, crawl_id, crawler, by) | {
        "preview": preview,
        "summary": {"preview": True} if preview else {},
        "undo_of": undo_of,
        "follows": follows,
        "started_by": started_by.value,
    }
    return _crawl(tx.connection.execute(insert(crawls).values(**values).returning(crawls)).one())


def create_due(tx: Transaction, new: Sequence[Crawl]) -> None:
    """Insert crawls that are due by schedules, waiting or skipped; none for a time that its crawler has one for already."""
    values = [
        _waiting(tx, one.id, one.crawler, one.by)
        | {
            "state": one.state,
            "started_by": StartedBy.SCHEDULE.value,
            "due_at": one.due_at,
            "finished_at": None if one.state == "QUEUED" else tx.at,
            "error": one.error,
        }
        for one in new
    ]
    made = (postgresql if tx.is_postgresql else sqlite).insert(crawls).values(values)
    tx.connection.execute(made.on_conflict_do_nothing(index_elements=["crawler", "due_at"]))


def _waiting(tx: Transaction, crawl_id: str, crawler: str, by: str | None) -> dict[str, Any]:
    return {
        "id": crawl_id,
        "crawler": crawler,
        "state": "QUEUED",
        "created_at": tx.at,
        "started_at": 0,
        "progress": {},
        "summary": {},
        "by": by,
        "cancel_requested": False,
        "heartbeat_at": 0,
    }


def at_work(tx: Transaction, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Crawls of these crawlers that run (first) or wait and are no previews: states by ids, by crawler."""
    of_them = select(crawls.c.crawler, crawls.c.id, crawls.c.state).where(
        among(tx, crawls.c.crawler, names),
        crawls.c.state.in_(AT_WORK),
        crawls.c.preview.is_(False),
        crawls.c.follows.is_(False),
    )
    found: dict[str, dict[str, str]] = {}
    for row in tx.connection.execute(of_them.order_by(crawls.c.state.desc(), crawls.c.created_at, crawls.c.id)):
        found.setdefault(row.crawler, {})[row.id] = row.state
    return found


def queue(tx: Transaction) -> list[Crawl]:
    """Crawls that run or wait, those that have waited longest first, cut at `QUEUE_MAX`."""
    at_work = select(crawls).where(crawls.c.state.in_(AT_WORK), crawls.c.follows.is_(False))
    return [
        _crawl(row)
        for row in tx.connection.execute(at_work.order_by(crawls.c.created_at, crawls.c.id).limit(QUEUE_MAX))
    ]


def newest(tx: Transaction, names: Sequence[str]) -> dict[str, Crawl]:
    """The newest crawl of each of these crawlers."""
    last = select(crawls.c.id).where(crawls.c.crawler == crawlers.c.name).correlate(crawlers)
    last = last.order_by(crawls.c.created_at.desc(), crawls.c.id.desc()).limit(1)
    of_each = select(last.scalar_subquery()).where(among(tx, crawlers.c.name, names))
    found = tx.connection.execute(select(crawls).where(crawls.c.id.in_(of_each)))
    return {row.crawler: _crawl(row) for row in found}


def get_crawl(tx: Transaction, crawl_id: str) -> Crawl | None:
    """A crawl by its id."""
    row = tx.connection.execute(select(crawls).where(crawls.c.id == crawl_id)).first()
    return _crawl(row) if row else None


def hold_crawl(tx: Transaction, crawl_id: str) -> Crawl | None:
    """A crawl by its id, which nobody else changes before the end of the transaction."""
    row = tx.connection.execute(select(crawls).where(crawls.c.id == crawl_id).with_for_update()).first()
    return _crawl(row) if row else None


def undo_at_work(tx: Transaction, crawl_id: str) -> str | None:
    """The undo of a crawl that waits or runs."""
    of_it = select(crawls.c.id).where(crawls.c.undo_of == crawl_id, crawls.c.state.in_(AT_WORK))
    return tx.connection.execute(of_it.limit(1)).scalar()


def mark_undone(tx: Transaction, crawl_id: str, by: str) -> None:
    """Say that a crawl was undone as a whole, unless that was said already."""
    marked = update(crawls).where(crawls.c.id == crawl_id, crawls.c.undone_at.is_(None))
    tx.connection.execute(marked.values(undone_at=tx.at, undone_by=by))


def list_crawls(
    tx: Transaction,
    crawler: str | None = None,
    state: str | None = None,
    before: tuple[int, str] | None = None,
    count: int = 100,
) -> list[Crawl]:
    """Crawls, newest first: of one crawler or all, in one state, after the (created_at, id) last seen."""
    statement = select(crawls).order_by(crawls.c.created_at.desc(), crawls.c.id.desc()).limit(count)
    for column, wanted in ((crawls.c.crawler, crawler), (crawls.c.state, state)):
        if wanted is not None:
            statement = statement.where(column == wanted)
    if before is not None:
        statement = statement.where(tuple_(crawls.c.created_at, crawls.c.id) < tuple_(*before))
    return [_crawl(row) for row in tx.connection.execute(statement)]


def history(tx: Transaction, crawler: str, before: tuple[int, str] | None = None, count: int = 100) -> list[Crawl]:
    """Crawls of a crawler as `list_crawls` has them; the summary is left out where what it counts is kept beside it."""
    summary = case((crawls.c.counts.is_(None), crawls.c.summary), else_=literal({}, Json)).label("summary")
    columns = [summary if one.name == "summary" else one for one in crawls.c]
    statement = select(*columns).where(crawls.c.crawler == crawler)
    if before is not None:
        statement = statement.where(tuple_(crawls.c.created_at, crawls.c.id) < tuple_(*before))
    newest = statement.order_by(crawls.c.created_at.desc(), crawls.c.id.desc()).limit(count)
    return [_crawl(row) for row in tx.connection.execute(newest)]


def forget_old(tx: Transaction, crawler: str) -> None:
    """Leave out the lists of crawls that are not among the newest of a crawler, of a few with each call."""
    of_it = select(crawls.c.id).where(crawls.c.crawler == crawler, crawls.c.counts.is_not(None))
    newest_first = of_it.order_by(crawls.c.created_at.desc(), crawls.c.id.desc())
    older = newest_first.offset(SUMMARIES_KEPT).limit(_FORGOTTEN_AT_ONCE)
    tx.connection.execute(update(crawls).where(crawls.c.id.in_(older)).values(summary={}))


def objects_last(tx: Transaction, crawler: str) -> int | None:
    """How many files the last crawl of a crawler listed that succeeded, as far as that is known."""
    ended = select(crawls.c.counts).where(
        crawls.c.crawler == crawler,
        crawls.c.state == "SUCCEEDED",
        crawls.c.undo_of.is_(None),
        crawls.c.follows.is_(False),
    )
    counts = tx.connection.execute(ended.order_by(crawls.c.created_at.desc()).limit(1)).scalar()
    return int(counts["objects"]) if counts else None


def change_crawl(tx: Transaction, crawl_id: str, states: Sequence[str], values: Mapping[str, Any]) -> Crawl | None:
    """Change a crawl if it is in one of `states`; else None."""
    statement = update(crawls).where(crawls.c.id == crawl_id, crawls.c.state.in_(states))
    row = tx.connection.execute(statement.values(**values).returning(crawls)).first()
    return _crawl(row) if row else None


def cancel_requested(tx: Transaction, crawl_id: str) -> bool:
    """Whether somebody asked for the crawl to stop."""
    return bool(tx.connection.execute(select(crawls.c.cancel_requested).where(crawls.c.id == crawl_id)).scalar())


def is_alone(tx: Transaction, crawler: str, crawl_id: str) -> bool:
    """Whether no other crawl of a crawler is at work."""
    others = select(crawls.c.id).where(
        crawls.c.crawler == crawler, crawls.c.state == "RUNNING", crawls.c.id != crawl_id
    )
    return tx.connection.execute(others.limit(1)).first() is None
