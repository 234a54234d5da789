"""Crawls that are due by schedules: queued, or told as skipped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from catalog_server.model.crawler import Crawl, new_crawl_id
from catalog_server.model.schedule import Due, Missed, Overlap
from catalog_server.store import crawlers as rows
from catalog_server.store.transaction import Transaction


def start_due(tx: Transaction, due: Sequence[Due]) -> int:
    """Queue the crawls that are due, or say in the history why not, and return how many were queued."""
    names = rows.names(tx, [one.schedule.target_id for one in due])
    busy = rows.at_work(tx, list(names.values()))
    new = [_due_crawl(one, name, busy.get(name, {})) for one in due if (name := names.get(one.schedule.target_id))]
    if new:
        rows.create_due(tx, new)
    return sum(one.state == "QUEUED" for one in new)


def _due_crawl(due: Due, crawler: str, busy: Mapping[str, str]) -> Crawl:
    reason = _skipped(due, busy)
    state = "QUEUED" if reason is None else "SKIPPED"
    return Crawl(new_crawl_id(), crawler, state, error=reason, by=due.schedule.by, due_at=due.at)


def _skipped(due: Due, busy: Mapping[str, str]) -> str | None:
    """Why nothing is started; None where something is. `busy` are the crawler's crawls that run or wait."""
    if due.late and due.schedule.missed is Missed.NONE:
        return "no worker was there at that time"
    waiting = [id_ for id_, state in busy.items() if state == "QUEUED"]
    if due.schedule.overlap is Overlap.QUEUE:
        return f"crawl {waiting[0]} was waiting already" if waiting else None
    for id_, state in busy.items():
        return f"crawl {id_} was {'running' if state == 'RUNNING' else 'waiting'} still"
    return None
