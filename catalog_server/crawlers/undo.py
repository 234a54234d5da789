"""Undoing a crawl: table by table the catalog goes back to what it was before; what others changed since stays, and is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from catalog_server.catalog.catalog import CatalogService
from catalog_server.crawlers.found import Report
from catalog_server.crawlers.group import counted
from catalog_server.crawlers.reconcile import Changes
from catalog_server.model.caller import Caller
from catalog_server.model.crawl_change import CrawlChange, CrawlChangeKind
from catalog_server.model.crawler import FINAL_STATES, Crawl
from catalog_server.model.errors import Cancelled, CatalogError, Invalid, OutcomeUnknown, Overtaken, Unavailable
from catalog_server.model.failpoint import reach
from catalog_server.store import crawl_changes
from catalog_server.store import crawlers as rows
from catalog_server.store.transaction import Transaction

_WORDS = {
    CrawlChangeKind.TABLE_CREATED: "the crawl had made it",
    CrawlChangeKind.TABLE_DROPPED: "the crawl had dropped it",
    CrawlChangeKind.TABLE_CHANGED: "its definition is that of before",
    CrawlChangeKind.STATISTICS_CHANGED: "statistics are those of before",
}
_PARTITIONS = {
    CrawlChangeKind.PARTITIONS_ADDED: ("partitions_dropped", "dropped"),
    CrawlChangeKind.PARTITIONS_CHANGED: ("partitions_changed", "changed back"),
    CrawlChangeKind.PARTITIONS_DROPPED: ("partitions_added", "back"),
}


def check_undo(tx: Transaction, crawl: Crawl) -> None:
    """Refuse an undo that has no sense; the transaction holds the crawl. Raises `Invalid` and `Overtaken`."""
    name = f"crawl {crawl.id}"
    if crawl.preview:
        raise Invalid(name, "a preview changes nothing, so there is nothing to undo")
    if crawl.undo_of:
        raise Invalid(name, f"is the undo of crawl {crawl.undo_of}: run crawler {crawl.crawler} again instead")
    if crawl.state not in FINAL_STATES:
        raise Overtaken(f"{name} has not ended: cancel it, or wait")
    if crawl.undone_at is not None:
        when = datetime.fromtimestamp(crawl.undone_at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        raise Overtaken(f"{name} was undone already, on {when} by {crawl.undone_by}")
    other = rows.undo_at_work(tx, crawl.id)
    if other is not None:
        raise Overtaken(f"{name} is being undone, by {other}")
    if not crawl_changes.left(tx, crawl.id):
        kept = crawl_changes.CRAWLS_KEPT
        raise Invalid(
            name, f"it changed nothing, or was followed by {kept} crawls that did: nothing is kept to undo it"
        )


class Undoing:
    """The work of one undo; done twice it changes nothing more."""

    def __init__(self, catalog: CatalogService, undo: Crawl, report: Report) -> None:
        self._catalog = catalog
        self._undo = undo
        self._of = undo.undo_of or ""
        self._caller = Caller(user=undo.by or "system", via="undo", run=undo.id)
        self._report = report
        self._refused: list[dict[str, object]] = []
        self._done = 0

    def run(self) -> None:
        """Take back what can be; raises `Cancelled`, after which another undo goes on."""
        with self._catalog.store.read() as tx:
            left = [(one, crawl_changes.last(tx, self._of, one)) for one in crawl_changes.left(tx, self._of)]
        for object_id, last in left:
            try:
                while self._step(object_id):
                    pass
            except CatalogError as error:
                if last is None or isinstance(error, Cancelled | Unavailable | OutcomeUnknown):
                    raise
                self._refused.append({"table": _shown(last), "reason": error.message})
        by = self._caller.user
        self._catalog.store.write(lambda tx: rows.mark_undone(tx, self._of, by) if not self._left(tx) else None)

    def _left(self, tx: Transaction) -> Sequence[int]:
        return crawl_changes.left(tx, self._of)

    def _step(self, object_id: int) -> bool:
        self._report.step("undoing", self._done)
        done = self._catalog.undo.step(self._caller, self._of, object_id)
        reach("undo_step")
        self._done += 1
        return done is not None

    def told(self) -> Changes:
        """What was taken back, also by a worker that was killed at it, and what was refused."""
        changes = Changes(refused=self._refused)
        reasons: dict[str, list[str]] = {}
        whole: set[str] = set()
        with self._catalog.store.read() as tx:
            totals = crawl_changes.totals(tx, undo=self._undo.id)
        for total in totals:
            kind, name = total.change.kind, _shown(total.change)
            if kind is CrawlChangeKind.DATABASE_CREATED:
                self._report.decide(name, "the crawl had made the database: it is dropped")
            elif kind in _PARTITIONS:
                field, word = _PARTITIONS[kind]
                setattr(changes, field, getattr(changes, field) + total.size)
                reasons.setdefault(name, []).append(f"{counted(total.size, 'partition')} {word}")
            elif kind in (CrawlChangeKind.TABLE_CHANGED, CrawlChangeKind.STATISTICS_CHANGED):
                reasons.setdefault(name, []).append(_WORDS[kind])
            else:
                whole.add(name)
                to = changes.removed if kind is CrawlChangeKind.TABLE_CREATED else changes.added
                to.append({"table": name, "reason": _WORDS[kind]})
        changes.changed = [
            {"table": name, "reason": ", ".join(said)} for name, said in reasons.items() if name not in whole
        ]
        return changes


def _shown(change: CrawlChange) -> str:
    return change.database if change.table is None else f"{change.database}.{change.table}"
