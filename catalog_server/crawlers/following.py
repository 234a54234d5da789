"""Following events: a crawl that goes on for as long as folders are touched, and applies them in batches.

What comes into known tables as new folders of partitions is added at once. All else, and the figures of tables, is settled by
the code of an ordinary crawl, which asks the store for touched folders alone.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

from catalog_server.catalog.catalog import CatalogService
from catalog_server.crawlers.arrivals import Arrivals
from catalog_server.crawlers.found import Report
from catalog_server.crawlers.reconcile import Changes
from catalog_server.model.crawler import Crawl, Crawler, Touch
from catalog_server.model.errors import CatalogError, Unavailable
from catalog_server.model.failpoint import reach
from catalog_server.store import crawler_events as rows
from catalog_server.store import crawlers
from catalog_server.store.transaction import Transaction

_log = logging.getLogger(__name__)
POLL_SECONDS = 0.1
QUIET_SECONDS = 1.0
"""After so long without an event tables are settled."""
SETTLE_SECONDS = 60.0
"""After so long they are, whatever comes."""
REST = 2.0
"""Between two settlings lies so many times what the last one took."""
IDLE_SECONDS = 30.0
LASTS_SECONDS = 600.0
"""Then the crawl ends and the next one goes on, so that each can be read and undone by itself."""
BATCH_MAX = 2_000
FAILURES_MAX = 8
_FAILED_SECONDS = 0.5

Settle = Callable[[Crawler, Report, Crawl, Collection[Touch]], tuple[Changes, Sequence[str]]]


@dataclass(slots=True)
class Waits:
    """How long a crawl waits for what, in seconds; with `idle` 0 it ends once nothing waits."""

    quiet: float = QUIET_SECONDS
    settle: float = SETTLE_SECONDS
    idle: float = IDLE_SECONDS
    lasts: float = LASTS_SECONDS


@dataclass(slots=True)
class Following:
    """One crawl that follows the events of a crawler."""

    catalog: CatalogService
    crawl: Crawl
    crawler: Crawler
    settle: Settle
    """Crawls what was touched as an ordinary crawl does, with one of its reports."""
    report: Report
    """What was told when tables were settled last."""
    changes: Changes
    """All that was done."""
    waits: Waits = field(default_factory=Waits)
    applied: int = 0
    _arrivals: Arrivals | None = None
    _settled_at: float = 0.0
    _settling_took: float = 0.0
    _changed_at: float = 0.0
    _failures: int = 0

    def run(self) -> None:
        """Follow until nothing comes any more, or it was long enough. Raises what applying fails with, again and again."""
        began = self._settled_at = self._changed_at = time.monotonic()
        while True:
            self.report.step("following events", self.applied)
            try:
                busy, progressed = self._once()
                self._failures = 0
            except CatalogError as error:
                self._fail(error)
                continue
            at = time.monotonic()
            if not self._is_same():
                return
            if at - began >= self.waits.lasts and not busy:
                return
            if busy:
                self._changed_at = at
            elif at - self._changed_at >= self.waits.idle:
                return
            if not progressed:
                time.sleep(POLL_SECONDS)

    def _fail(self, error: CatalogError) -> None:
        self._failures += 1
        _log.warning("events of crawler %s cannot be applied: %s", self.crawler.name, error.message)
        if self._failures >= FAILURES_MAX:
            raise error
        time.sleep(_FAILED_SECONDS * self._failures)

    def _is_same(self) -> bool:
        """Whether the crawler is what it was when this crawl began."""
        with self.catalog.store.read() as tx:
            found = crawlers.get(tx, self.crawler.name)
        return found is not None and (found.id, found.version) == (self.crawler.id, self.crawler.version)

    def _once(self) -> tuple[bool, bool]:
        """Apply what waits; whether anything waits or was settled, and whether anything was done."""
        store, crawler = self.catalog.store, self.crawler
        with store.read() as tx:
            waiting = rows.waiting(tx, crawler.id, BATCH_MAX)
            beside = rows.is_crawled(tx, crawler.name, tx.at)
        left, done = waiting, list[Touch]()
        if waiting:
            self._arrivals = self._arrivals or Arrivals(self.catalog, self.crawl, crawler)
            left = self._arrivals.take(waiting, self.changes)
            kept = set(left)
            done = [one for one in waiting if one not in kept]
            reach("events_applied")
            if done:
                store.write(lambda tx: rows.applied(tx, crawler.id, done))
                self.applied += len(done)
        if beside:  # what a listing that has begun does not know is settled after it
            return bool(waiting), bool(done)
        at = time.monotonic()
        since = at - self._settled_at
        is_quiet = not waiting and at - self._changed_at >= self.waits.quiet
        if (left and since >= REST * self._settling_took) or is_quiet or since >= self.waits.settle:
            settled = self._settle()
            return settled or bool(waiting), settled or bool(done)
        return bool(waiting), bool(done)

    def _settle(self) -> bool:
        """Crawl all that was touched since the last time; whether anything was."""
        store, crawler = self.catalog.store, self.crawler
        began = time.monotonic()
        with store.read() as tx:
            touched = rows.unsettled(tx, crawler.id)
        self._settled_at = began
        if not touched:
            return False
        report = Report(self.report.cancelled, self.report.tell)
        at = time.time_ns() // 1_000_000
        options = {**crawler.options}
        if options.get("recrawl") == "everything":
            options["recrawl"] = "changes"
        done, failures = self.settle(
            replace(crawler, options=options), report, replace(self.crawl, started_at=at), touched
        )
        if failures:
            raise Unavailable("; ".join(failures))
        reach("events_settled")
        store.write(lambda tx: self._settled(tx, touched, at, done))
        self._arrivals = None
        self.report.retell(report)
        _add(self.changes, done)
        self._settled_at = time.monotonic()
        self._settling_took = self._settled_at - began
        return True

    def _settled(self, tx: Transaction, touched: Sequence[Touch], since: int, done: Changes) -> None:
        """Forget what was touched, unless something is still to be done of it.

        That is so where another crawl may have had the last word on what is remembered of the target, and where a partition
        was left because it may have been made since the listing began.
        """
        if done.unsettled or rows.is_crawled(tx, self.crawler.name, since):
            rows.applied(tx, self.crawler.id, touched)
        else:
            rows.settled(tx, self.crawler.id, touched)


def _add(total: Changes, one: Changes) -> None:
    """Add what was done to what was done before; of what is told of tables the last word counts."""
    for name in ("added", "changed", "removed", "deprecated"):
        held = {entry["table"]: entry for entry in getattr(total, name)}
        held |= {entry["table"]: entry for entry in getattr(one, name)}
        setattr(total, name, list(held.values()))
    written = {entry["table"] for name in ("added", "changed") for entry in getattr(total, name)}
    total.unchanged = [entry for entry in one.unchanged if entry["table"] not in written]
    total.missing, total.logged, total.refused = one.missing, one.logged, one.refused
    total.partitions_added += one.partitions_added
    total.partitions_changed += one.partitions_changed
    total.partitions_dropped += one.partitions_dropped
