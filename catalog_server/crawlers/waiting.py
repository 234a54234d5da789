"""What crawls that wait are waiting for, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from catalog_server.model.crawler import Crawl
from catalog_server.store import crawlers as rows
from catalog_server.store.transaction import Transaction


def waits_for(tx: Transaction, crawls: Sequence[Crawl]) -> Mapping[str, str]:
    """What keeps those of the crawls that wait from being begun, by their ids."""
    if not any(one.state == "QUEUED" for one in crawls):
        return {}
    queue = rows.queue(tx)
    return {one.id: _waits_for(one, queue) for one in crawls if one.state == "QUEUED"}


def _waits_for(crawl: Crawl, queue: Sequence[Crawl]) -> str:
    before = [one for one in queue if one.state == "QUEUED" and (one.created_at, one.id) < (crawl.created_at, crawl.id)]
    running = [one for one in queue if one.state == "RUNNING"]
    if crawl.follows:  # such crawls are no others' turn
        return "a worker"
    if not crawl.preview:
        for others, said in ((running, "is running"), (before, "waits before it")):
            for one in others:
                if one.crawler == crawl.crawler and not one.preview:
                    return f"crawl {one.id} of the same crawler, which {said}"
    counts = ((running, "is running", "are running"), (before, "waits before it", "wait before it"))
    said = " and ".join(f"{len(some)} {one if len(some) == 1 else more}" for some, one, more in counts if some)
    return f"a worker: {said}" if said else "a worker"
