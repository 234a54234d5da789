"""Refreshing: a crawl of the locations of tables that the catalog has, which brings these up to date and makes none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from zlib import crc32

from catalog_server.catalog import grants
from catalog_server.catalog.catalog import CatalogService
from catalog_server.crawlers.brought import Brought, held_of
from catalog_server.crawlers.catalog_targets import parse_catalog_target, tables_of
from catalog_server.crawlers.files import Held, Looked, Memory, look_at
from catalog_server.crawlers.fitted import view_of
from catalog_server.crawlers.found import Report
from catalog_server.crawlers.reconcile import Changes, Reconciler, caller_of
from catalog_server.crawlers.targets import Targets
from catalog_server.crawlers.together import FOLDERS
from catalog_server.lake.locations import normalize, parent
from catalog_server.model.crawler import Crawl, Crawler
from catalog_server.model.errors import Cancelled, CatalogError, Denied, NotFound
from catalog_server.model.failpoint import reach
from catalog_server.model.grant import Action
from catalog_server.model.names import DatabaseName
from catalog_server.model.table import Table, TableKind

_KINDS = (TableKind.MANAGED, TableKind.EXTERNAL)


@dataclass(slots=True)
class Refresh:
    """One crawl whose targets are of the catalog."""

    catalog: CatalogService
    targets: Targets
    crawler: Crawler
    crawl: Crawl
    report: Report
    memory: Callable[[Crawler, str, int, Held], Memory]
    """What a look at a target (by what it is remembered under, and a number) may build on."""
    began_at: int

    def run(self) -> tuple[Changes, Sequence[str]]:
        """Look at each table's location, then write, database by database; returns also which targets there are not."""
        found, failures = self._named()
        changes = Changes()
        for home, held in found.items():
            changes.take(self._refresh(home, held))
        return changes, failures

    def _named(self) -> tuple[Mapping[DatabaseName, Sequence[Table]], Sequence[str]]:
        """The tables that targets name, each once, by their databases."""
        found: dict[DatabaseName, dict[int, Table]] = {}
        failures = []
        for target in self.crawler.targets:
            self.report.step("listing", self.report.objects)
            try:
                parsed = parse_catalog_target(target)
                count = 0
                for table in tables_of(self.catalog, caller_of(self.crawl), self.crawler.catalog, parsed):
                    found.setdefault(table.full_name.parent, {})[table.id] = table
                    count += 1
                if not count:
                    self.report.problem(target, "no table of this name is there, or may be seen")
            except CatalogError as error:
                failures.append(f"{target}: {error.message}")
                self.report.problem(target, error.message)
        return {home: list(held.values()) for home, held in found.items()}, failures

    def _refresh(self, home: DatabaseName, held: Sequence[Table]) -> Changes:
        caller, refused = caller_of(self.crawl), Changes()
        gone: list[Table] = []
        known = held_of(self.catalog.store, home)
        with closing(Brought()) as brought:
            for table in held:
                try:
                    if self._look(table, known, brought):
                        gone.append(table)
                except Denied as error:
                    refused.refused.append({"table": f"{table.database}.{table.name}", "reason": error.message})
            reconciler = Reconciler(
                self.catalog,
                caller,
                brought.options(self.crawler.options),
                self.report,
                self.began_at,
                writes=not self.crawl.preview,
                refreshes=self.crawler.name,
            )
            changes = reconciler.refresh(tuple(brought.found.values()), brought.kept, gone)
            reach("crawl_written")
            brought.remember(changes, known[0])
        changes.take(refused)
        return changes

    def _look(self, held: Table, known: Held, brought: Brought) -> bool:
        """Look at a table's location; whether it holds nothing. Raises `Denied` where the table may not be changed."""
        place = f"catalog:{held.database}/{held.name}"
        location = held.location or ""
        with self.catalog.store.read() as tx:
            self.catalog.grants.require(tx, caller_of(self.crawl), Action.ALTER, grants.of_table(held.full_name))
        if reason := _left_out(held):
            self.report.decide(place, f"left out: {reason}")
            return False
        memory = None
        try:
            self.targets.check_store(location, self.catalog.lake)
            if self.catalog.lake.filesystem(location).is_file(location):
                self.report.decide(place, "left out: it is one file beside others: crawl the folder that holds it")
                return False
            said = f"{place} at {normalize(location)}"
            memory = self.memory(self._crawler_of(held), said, crc32(f"{held.id} {said}".encode()), known)
            looked = look_at(
                self.catalog.lake, self._crawler_of(held), location, self.report, memory, alone=held.name
            )  # fmt: skip
            if self._took(held, looked, brought):
                return False
            if memory.spool.totals()[0]:
                self.report.problem(location, f"holds files, but none that the table {held.name} could be of")
                return False
            return True
        except Cancelled:
            raise
        except NotFound as error:
            self.report.problem(location, error.message)
            return error.kind == "folder" and self._is_reached(location)
        except CatalogError as error:
            self.report.problem(location, error.message)
            return False
        finally:
            if memory is not None:
                memory.spool.close()
                brought.manifests.append(memory.manifest)

    def _is_reached(self, location: str) -> bool:
        """Whether the folder is gone and not all that it lay in: a disk that is not mounted holds nothing either."""
        files = self.catalog.lake.filesystem(location)
        return not files.has_folders or files.is_directory(parent(location))

    def _took(self, held: Table, looked: Looked, brought: Brought) -> bool:
        """Take what a look brought, and say whether it brought anything."""
        view = view_of(held, looked.found)
        looked.found = [view] if view else []
        brought.take(f"catalog:{held.database}/{held.name}", looked, self.report)
        return bool(view or looked.kept or looked.spared or looked.unread)

    def _crawler_of(self, held: Table) -> Crawler:
        """The crawler for one table: with partition keys all folders below it are partitions, however they are named."""
        said = {key: value for key, value in self.crawler.options.items() if key != "table_level"}
        said |= {"grouping": FOLDERS, "one_table": str(bool(held.partition_keys)).lower()}
        return replace(self.crawler, database=held.database, table_prefix="", options=said)


def _left_out(held: Table) -> str | None:
    """Why nothing at a table's location could say what it is."""
    if held.kind is TableKind.CONNECTION:
        return f"it is a table of the connection {held.connection}: crawl that"
    if held.kind not in _KINDS:
        return "it is a view"
    if not held.location:
        return "it has no location"
    if held.parameters.get("transactional", "").lower() == "true":
        return "it is a transactional table of Hive, whose files do not say by themselves which of them count"
    return None
