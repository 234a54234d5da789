"""Crawlers and crawls as a service: what is stored, started, stopped and asked about, and the work of one crawl."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from catalog_server.catalog.catalog import CatalogService
from catalog_server.crawlers import catalog_targets
from catalog_server.crawlers.brought import Brought, held_of
from catalog_server.crawlers.differences import differences
from catalog_server.crawlers.engine import Engine, Engines, opened
from catalog_server.crawlers.events import check_events, followed
from catalog_server.crawlers.files import Held, Looked, Memory, look_at
from catalog_server.crawlers.following import Following, Waits
from catalog_server.crawlers.found import Report
from catalog_server.crawlers.manifest import Manifest
from catalog_server.crawlers.options import check_options
from catalog_server.crawlers.pace import Pace
from catalog_server.crawlers.reconcile import Changes, Reconciler, caller_of
from catalog_server.crawlers.refresh import Refresh
from catalog_server.crawlers.sources import SCHEME, crawl_connection, parse_target
from catalog_server.crawlers.spool import Spool
from catalog_server.crawlers.summary import counts_of, summary_of
from catalog_server.crawlers.targets import Targets
from catalog_server.crawlers.undo import Undoing, check_undo
from catalog_server.crawlers.waiting import waits_for
from catalog_server.model.caller import Caller
from catalog_server.model.crawl_change import TableDifference
from catalog_server.model.crawler import AT_WORK, FINAL_STATES, Crawl, Crawler, StartedBy, Touch, new_crawl_id
from catalog_server.model.errors import Cancelled, CatalogError, Conflict, Invalid, NotFound
from catalog_server.model.event import Event, EventKind
from catalog_server.model.failpoint import reach
from catalog_server.model.grant import Action, Resource
from catalog_server.model.names import DatabaseName, check_database_name, check_name
from catalog_server.model.progress import Tell, seldom
from catalog_server.store import crawl_changes, crawl_manifests, crawler_events, events, schedules
from catalog_server.store import crawlers as rows
from catalog_server.store.transaction import Transaction

_TARGETS_MAX = 1_000
Also = Callable[[Transaction, Crawler], None]
"""What is done with a crawler in the transaction that writes it."""


class Crawls:
    """The service that facades and triggers start crawls with; `wake` tells the worker that something waits."""

    def __init__(
        self,
        catalog: CatalogService,
        wake: Callable[[], None] | None = None,
        spools: Path | None = None,
        targets: Targets | None = None,
        engines: Engines | None = None,
    ) -> None:
        """`spools` is the folder for what crawls see while they run; one of the system's where it is not named."""
        self._engines = engines or {}
        self._catalog = catalog
        self._targets = targets or Targets()
        self._spools = spools or Path(tempfile.gettempdir())
        self._sweeps = spools is not None
        self._store = catalog.store
        self.wake = wake or (lambda: None)
        self.waits = Waits()

    def create(self, caller: Caller, crawler: Crawler, also: Also | None = None) -> Crawler:
        """Keep a crawler, and do what is `also` to be done in the same transaction.

        Raises `Invalid`, `AlreadyExists`, `Denied`, and what that raises.
        """
        crawler = self._checked(crawler)

        def work(tx: Transaction) -> Crawler:
            self._require(tx, caller, Action.CREATE, crawler.name)
            made = followed(tx, caller, rows.create(tx, crawler))
            if also is not None:
                also(tx, made)
            return made

        made = self._store.write(work)
        self.wake()
        return made

    def get(self, caller: Caller, name: str) -> Crawler:
        """A crawler by its name; raises `NotFound` also where the caller may not see it."""
        with self._store.read() as tx:
            return self.find(tx, caller, Action.DESCRIBE, name)

    def list(self, caller: Caller) -> Sequence[Crawler]:
        """All crawlers that the caller may see, by name."""
        with self._store.read() as tx:
            return [one for one in rows.list_all(tx) if self._may_see(tx, caller, one.name)]

    def update(self, caller: Caller, crawler: Crawler, also: Also | None = None) -> Crawler:
        """Replace the definition of the crawler of that name if its version is `crawler.version` (0: any).

        What is `also` to be done is done in the same transaction. Raises `NotFound`, `Conflict`, `Invalid`, `Denied`, and
        what that raises.
        """
        crawler = self._checked(crawler)

        def work(tx: Transaction) -> Crawler:
            found = self.find(tx, caller, Action.ALTER, crawler.name)
            expected = crawler.version or found.version
            changed = rows.change(tx, replace(crawler, id=found.id), expected)
            if changed is None:
                raise Conflict(f"crawler {found.name}", f"version {expected}", f"version {found.version}")
            if also is not None:
                also(tx, changed)
            return followed(tx, caller, changed, found)

        changed = self._store.write(work)
        self.wake()
        return changed

    def drop(self, caller: Caller, name: str) -> None:
        """Forget a crawler and its schedule; its crawls and the tables it found stay. Raises `NotFound`, `Denied`."""

        def work(tx: Transaction) -> None:
            found = self.find(tx, caller, Action.DROP, name)
            rows.drop(tx, found.id)
            schedules.drop(tx, "crawler", found.id)
            crawl_manifests.forget(tx, found.id)
            crawler_events.forget(tx, found.id)

        self._store.write(work)

    def run(self, caller: Caller, name: str, *, preview: bool = False) -> Crawl:
        """Queue a crawl and wake the worker; it is durable once this returns. Raises `NotFound`, `Denied`.

        One that is a `preview` looks as any other does and tells what it would write, and writes nothing.
        """

        def work(tx: Transaction) -> Crawl:
            found = self.find(tx, caller, Action.RUN, name)
            return rows.create_crawl(tx, new_crawl_id(), found.name, caller.user, preview=preview)

        crawl = self._store.write(work)
        self.wake()
        return crawl

    def undo(self, caller: Caller, crawl_id: str) -> Crawl:
        """Queue an undo of a crawl, itself a crawl, and wake the worker; it is durable once this returns.

        Raises:
            NotFound, Denied: as for a crawl of the same crawler.
            Invalid: a preview or an undo, or a crawl of which nothing is kept that could be undone.
            Overtaken: it was undone already, is just being undone, or has not ended.
        """

        def work(tx: Transaction) -> Crawl:
            found = rows.hold_crawl(tx, crawl_id)
            if found is None or not self._may_see(tx, caller, found.crawler):
                raise NotFound("crawl", crawl_id)
            self._require(tx, caller, Action.RUN, found.crawler)
            check_undo(tx, found)
            return rows.create_crawl(tx, new_crawl_id(), found.crawler, caller.user, undo_of=crawl_id)

        undo = self._store.write(work)
        self.wake()
        return undo

    def newest(self, caller: Caller, crawlers: Sequence[str]) -> Mapping[str, Crawl]:
        """The newest crawl of each of these crawlers, of those that the caller may see."""
        with self._store.read() as tx:
            return rows.newest(tx, [name for name in crawlers if self._may_see(tx, caller, name)])

    def waits_for(self, crawls: Sequence[Crawl]) -> Mapping[str, str]:
        """What keeps those of the crawls that wait from being begun, by their ids."""
        with self._store.read() as tx:
            return waits_for(tx, crawls)

    def get_crawl(self, caller: Caller, crawl_id: str) -> Crawl:
        """A crawl by its id; raises `NotFound` also where the caller may not see its crawler."""
        with self._store.read() as tx:
            found = rows.get_crawl(tx, crawl_id)
            if found is None or not self._may_see(tx, caller, found.crawler):
                raise NotFound("crawl", crawl_id)
            return found

    def differences(self, caller: Caller, crawl_id: str) -> Sequence[TableDifference]:
        """What a crawl did to each table; raises `NotFound` as `get_crawl` does."""
        self.get_crawl(caller, crawl_id)
        with self._store.read() as tx:
            return differences(tx, crawl_id)

    def list_crawls(
        self,
        caller: Caller,
        crawler: str | None = None,
        state: str | None = None,
        before: tuple[int, str] | None = None,
        count: int = 100,
    ) -> Sequence[Crawl]:
        """Crawls that the caller may see, newest first; `before` is the (created_at, id) of the last one seen."""
        with self._store.read() as tx:
            name = self.find(tx, caller, Action.DESCRIBE, crawler).name if crawler is not None else None
            found = rows.list_crawls(tx, name, state, before, count)
            return [one for one in found if self._may_see(tx, caller, one.crawler)]

    def history(
        self, caller: Caller, crawler: str, before: tuple[int, str] | None = None, count: int = 100
    ) -> Sequence[Crawl]:
        """Crawls of a crawler, newest first, with what they counted and without their lists; `before` as above.

        Raises `NotFound` where there is no such crawler, or the caller may not see it.
        """
        with self._store.read() as tx:
            return rows.history(tx, self.find(tx, caller, Action.DESCRIBE, crawler).name, before, count)

    def cancel(self, caller: Caller, crawl_id: str) -> Crawl:
        """Ask a crawl to stop: at once if it still waits, else its worker ends it soon. Nothing if it ended."""
        self.get_crawl(caller, crawl_id)

        def work(tx: Transaction) -> Crawl | None:
            found = rows.get_crawl(tx, crawl_id)
            if found is None:
                raise NotFound("crawl", crawl_id)
            self._require(tx, caller, Action.RUN, found.crawler)
            ended = {"state": "CANCELLED", "finished_at": tx.at, "cancel_requested": True}
            changed = rows.change_crawl(tx, crawl_id, ("QUEUED",), ended)
            if changed is not None:
                _finished_event(tx, changed)
                return changed
            return rows.change_crawl(tx, crawl_id, ("RUNNING",), {"cancel_requested": True})

        changed = self._store.write(work)
        self.wake()
        return changed or self.get_crawl(caller, crawl_id)

    def execute(self, crawl_id: str, cancelled: Callable[[], bool] | None = None) -> Crawl:
        """Do the work of a crawl that a worker has taken, and write down how it ended; done twice it changes nothing more.

        `cancelled` is asked again and again; without it the crawl's row is. Whatever goes wrong is in the crawl's `error`.
        """
        with self._store.read() as tx:
            crawl = rows.get_crawl(tx, crawl_id)
            crawler = rows.get(tx, crawl.crawler) if crawl else None
        if crawl is None:
            raise NotFound("crawl", crawl_id)
        if crawl.state in FINAL_STATES:
            return crawl
        begun = {"state": "RUNNING", "started_at": crawl.started_at or time.time_ns() // 1_000_000}
        self._store.write(lambda tx: rows.change_crawl(tx, crawl_id, AT_WORK, begun))
        self._sweep()
        report = Report(cancelled or (lambda: self._cancel_requested(crawl_id)), self._teller(crawl))
        changes = Changes()
        undoing = Undoing(self._catalog, crawl, report) if crawl.undo_of else None
        try:
            failures: Sequence[str] = ()
            if undoing is not None:
                undoing.run()
            elif crawler is None:
                raise NotFound("crawler", crawl.crawler)
            elif crawl.follows:
                self._require_still(crawl)
                Following(self._catalog, crawl, crawler, self._crawl, report, changes, self.waits).run()
            else:
                self._require_still(crawl)
                changes, failures = self._crawl(crawler, report, crawl)
            state, error = ("FAILED", "; ".join(failures)) if failures else ("SUCCEEDED", None)
        except Cancelled:
            state, error = "CANCELLED", None
        except CatalogError as failure:
            state, error = "FAILED", failure.message
        except Exception as failure:
            self._finish(crawl, "FAILED", f"unexpected: {type(failure).__name__}: {failure}", report, changes)
            raise
        return self._finish(crawl, state, error, report, undoing.told() if undoing else changes)

    def _crawl(
        self, crawler: Crawler, report: Report, crawl: Crawl, touched: Collection[Touch] | None = None
    ) -> tuple[Changes, Sequence[str]]:
        """Look at all targets, then write; targets that cannot be read do not keep the others from being written.

        With `touched`, outside of these folders all counts as it was seen last.
        """
        caller = caller_of(crawl)
        # what was listed before the crawl was taken over is not listed again
        began_at = crawl.started_at or time.time_ns() // 1_000_000
        memories = self._memories(crawler, crawl, report, touched)
        if catalog_targets.are_all(crawler.targets):
            with memories as memory:
                return Refresh(self._catalog, self._targets, crawler, crawl, report, memory, began_at).run()
        home = DatabaseName(crawler.catalog, crawler.database)
        held = held_of(self._store, home)
        with closing(Brought()) as brought:
            with memories as memory:
                failures = self._look_at_all(caller, crawler, report, held, brought, memory)
            if failures and len(failures) == len(crawler.targets):
                return Changes(), failures
            options = brought.options(crawler.options)
            reconciler = Reconciler(self._catalog, caller, options, report, began_at, writes=not crawl.preview)
            changes = reconciler.run(
                tuple(brought.found.values()),
                crawler.name,
                home,
                complete=not failures and not brought.unread,
                kept=brought.kept,
                spared=brought.spared,
            )
            reach("crawl_written")
            brought.remember(changes, held[0])
        return changes, failures

    def _look_at_all(
        self,
        caller: Caller,
        crawler: Crawler,
        report: Report,
        held: Held,
        brought: Brought,
        remembered: Callable[[Crawler, str, int, Held], Memory],
    ) -> Sequence[str]:
        """Look at each target, and say which of them could not be looked at."""
        failures = []
        for number, target in enumerate(crawler.targets):
            report.step("listing", report.objects)
            memory = None
            if not target.startswith(SCHEME):
                memory = remembered(crawler, target, number, held)
            try:
                brought.take(target, self._look(caller, crawler, target, report, memory), report)
            except Cancelled:
                raise
            except CatalogError as error:
                failures.append(f"{target}: {error.message}")
                report.problem(target, error.message)
            finally:
                if memory is not None:
                    memory.spool.close()
                    brought.manifests.append(memory.manifest)
        return failures

    @contextmanager
    def _memories(
        self, crawler: Crawler, crawl: Crawl, report: Report, touched: Collection[Touch] | None
    ) -> Iterator[Callable[[Crawler, str, int, Held], Memory]]:
        """What gives each look what it may build on, as long as the crawl's engine is there."""
        with opened(self._engines, crawler, crawl.id, report) as engine:
            yield partial(self._memory, crawl=crawl, touched=touched, engine=engine)

    def _memory(
        self,
        crawler: Crawler,
        target: str,
        number: int,
        held: Held,
        *,
        crawl: Crawl,
        touched: Collection[Touch] | None,
        engine: Engine,
    ) -> Memory:
        for path in self._spools.glob(f"{crawl.id}.{number}.db*") if touched is not None else ():
            path.unlink(missing_ok=True)
        manifest = Manifest(self._store, crawler.id, target)
        if not crawl.preview:
            manifest.sweep(lambda tx: rows.is_alone(tx, crawl.crawler, crawl.id))
        spool = Spool(self._spool(crawl.id, number))
        return Memory(manifest, spool, *held, writes=not crawl.preview, touched=touched, engine=engine)

    def _spool(self, crawl_id: str, number: int) -> Path:
        return self._spools / f"{crawl_id}.{number}.db"

    def _look(self, caller: Caller, crawler: Crawler, target: str, report: Report, memory: Memory | None) -> Looked:
        if memory is not None:
            self._targets.check_store(target, self._catalog.lake)
            return look_at(self._catalog.lake, crawler, target, report, memory)
        parsed = parse_target(target)
        connection = self._catalog.connections.resolve(caller, parsed.connection)
        self._targets.check_connection(target, connection, self._catalog.lake)
        return Looked(crawl_connection(connection, self._catalog.lake, crawler, parsed, report))

    def _sweep(self) -> None:
        """Delete spools of crawls that ended without their worker."""
        for path in self._spools.glob("*.db") if self._sweeps else ():
            with self._store.read() as tx:
                crawl = rows.get_crawl(tx, path.name.partition(".")[0])
            if crawl is None or crawl.state in FINAL_STATES:
                path.unlink(missing_ok=True)

    def _teller(self, crawl: Crawl) -> Tell:
        with self._store.read() as tx:
            pace = Pace(rows.objects_last(tx, crawl.crawler))

        def write(progress: dict[str, object]) -> None:
            said = {"progress": pace.told(progress)}
            self._store.write(lambda tx: rows.change_crawl(tx, crawl.id, ("RUNNING",), said))

        return seldom(write)

    def _cancel_requested(self, crawl_id: str) -> bool:
        with self._store.read() as tx:
            return rows.cancel_requested(tx, crawl_id)

    def _finish(self, crawl: Crawl, state: str, error: str | None, report: Report, changes: Changes) -> Crawl:
        summary = ({"preview": True} if crawl.preview else {}) | summary_of(report, changes)
        if crawl.undo_of:  # which looks at no files
            summary = {key: value for key, value in summary.items() if key not in ("objects", "bytes")}
        progress = {"phase": "done", "done": report.objects, "total": report.objects}

        def work(tx: Transaction) -> Crawl | None:
            values: dict[str, object] = {"state": state, "error": error, "progress": progress, "finished_at": tx.at}
            values |= {"summary": summary, "counts": counts_of(summary)}
            ended = rows.change_crawl(tx, crawl.id, AT_WORK, values)
            if ended is not None:
                crawl_changes.forget_old(tx, ended.crawler)
                rows.forget_old(tx, ended.crawler)
                if ended.follows and state == "FAILED":
                    crawler_events.forget_failures(tx, ended.crawler)
                _finished_event(tx, ended)
            return ended or rows.get_crawl(tx, crawl.id)

        ended = self._store.write(work)
        for path in self._spools.glob(f"{crawl.id}.*"):
            path.unlink(missing_ok=True)
        if ended is None:
            raise NotFound("crawl", crawl.id)
        return ended

    def _checked(self, crawler: Crawler) -> Crawler:
        check_name("crawler", crawler.name)
        crawler = catalog_targets.with_database(crawler)
        check_database_name(crawler.database)
        if not 1 <= len(crawler.targets) <= _TARGETS_MAX:
            raise Invalid("targets", f"there must be between 1 and {_TARGETS_MAX}")
        for target in crawler.targets:
            self._targets.check(target)
        if crawler.table_prefix:
            check_name("table prefix", crawler.table_prefix, dots=False)
        check_options(crawler.options)
        check_events(crawler.options, crawler.targets)
        return replace(crawler, catalog=self._catalog.core.catalog_name(crawler.catalog))

    def _require(self, tx: Transaction, caller: Caller, action: Action, name: str) -> None:
        self._catalog.grants.require(tx, caller, action, Resource("crawler", (name,)))

    def _require_still(self, crawl: Crawl) -> None:
        """Whoever made a schedule, or has events followed, must be allowed to run the crawler when a crawl begins."""
        if crawl.started_by is not StartedBy.PERSON:
            with self._store.read() as tx:
                self._require(tx, caller_of(crawl), Action.RUN, crawl.crawler)

    def find(self, tx: Transaction, caller: Caller, action: Action, name: str, *, lock: bool = False) -> Crawler:
        """A crawler by its name, within a transaction; raises `NotFound`, `Denied`."""
        self._require(tx, caller, action, name)
        found = rows.hold(tx, name) if lock else rows.get(tx, name)
        if found is None:
            raise NotFound("crawler", name)
        return found

    def _may_see(self, tx: Transaction, caller: Caller, name: str) -> bool:
        policy = self._catalog.grants.policy
        return policy.decide(tx, caller, Action.DESCRIBE, Resource("crawler", (name,))).allowed


def _finished_event(tx: Transaction, crawl: Crawl) -> None:
    """Write the event of a crawl that ended, in the transaction that ends it; a preview has changed nothing."""
    if crawl.preview:
        return
    payload = {"crawler": crawl.crawler, "state": crawl.state, "error": crawl.error}
    if crawl.undo_of:
        payload["undo_of"] = crawl.undo_of
    events.append(tx, Event(EventKind.CRAWL_FINISHED, payload=payload, by=crawl.by, via="crawl", run=crawl.id))
