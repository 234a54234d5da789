"""Reconciling: what a crawl found and what the catalog holds become one set of changes; what people changed by hand stays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime

from catalog_server.catalog.catalog import CatalogService
from catalog_server.crawlers import pointers
from catalog_server.crawlers.figures import UPDATED_BY, with_figures
from catalog_server.crawlers.fitted import fitted
from catalog_server.crawlers.found import CRAWLER, DEPRECATED, STATISTICS, FoundTable, Report
from catalog_server.crawlers.group import counted
from catalog_server.crawlers.measured import Values, is_measured, write
from catalog_server.crawlers.wanted import FOUND_AGAIN, OTHER_DATA, columns_told, differs, merged, noted, with_data_of
from catalog_server.lake.iceberg import document as documents
from catalog_server.lake.locations import base_name, normalize
from catalog_server.model.caller import Caller
from catalog_server.model.crawler import Crawl
from catalog_server.model.database import Database
from catalog_server.model.errors import AlreadyExists, CatalogError, Conflict, Invalid, NotFound
from catalog_server.model.names import DatabaseName, TableName, name_key
from catalog_server.model.partition import Partition, partition_name
from catalog_server.model.table import Table, TableKind
from catalog_server.store.transaction import now

BATCH = 1_000
_GONE = "no target holds it any more"
_EMPTY = "its location holds nothing"
TABLES_MAX = 1_000
_ATTEMPTS = 5


@dataclass(slots=True)
class Changes:
    """What was done, table by table, as the summary lists it."""

    added: list[dict[str, object]] = field(default_factory=list)
    changed: list[dict[str, object]] = field(default_factory=list)
    unchanged: list[dict[str, object]] = field(default_factory=list)
    removed: list[dict[str, object]] = field(default_factory=list)
    deprecated: list[dict[str, object]] = field(default_factory=list)
    missing: list[dict[str, object]] = field(default_factory=list)
    logged: list[dict[str, object]] = field(default_factory=list)
    """Tables that are to be left as they are, with what is different."""
    refused: list[dict[str, object]] = field(default_factory=list)
    partitions_added: int = 0
    partitions_changed: int = 0
    partitions_dropped: int = 0
    unsettled: set[str] = field(default_factory=set)
    """Keys of tables of which the next crawl may have to change something though no file is different."""

    def take(self, other: Changes) -> None:
        """Add what was done elsewhere."""
        for one in fields(self):
            mine, its = getattr(self, one.name), getattr(other, one.name)
            setattr(self, one.name, mine | its if isinstance(mine, set) else mine + its)


def caller_of(crawl: Crawl) -> Caller:
    """On whose behalf a crawl writes."""
    return Caller(user=crawl.by or "system", via="crawl", run=crawl.id, reversible=True)


class Reconciler:
    """Brings the catalog to what was found, through its own rules, on behalf of one crawl."""

    def __init__(
        self,
        catalog: CatalogService,
        caller: Caller,
        options: Mapping[str, str],
        report: Report,
        began_at: int | None = None,
        *,
        writes: bool = True,
        refreshes: str | None = None,
    ) -> None:
        """`began_at` (milliseconds) is when the first target was listed; partitions made since then are not gone.

        Without `writes` the changes are only told. With the name of a crawler that `refreshes`, tables are only changed,
        whoever made them, and none is made.
        """
        self.catalog = catalog
        self.caller = caller
        self.options = options
        self.report = report
        self.began_at = now() if began_at is None else began_at
        self.writes = writes
        self.refreshes = refreshes
        self.changes = Changes()

    def run(
        self,
        found: Sequence[FoundTable],
        crawler: str,
        home: DatabaseName,
        *,
        complete: bool,
        kept: Mapping[str, Mapping[str, object]] | None = None,
        spared: Set[str] = frozenset(),
    ) -> Changes:
        """Write what is new or different. `complete` tells that every target was read, so that what is not there is gone.

        `kept` are tables, by the keys of their names, that are known to be as they should, with what is to be said of them;
        `spared` are some of which nothing can be said but that they are not gone.
        """
        known = kept or {}
        self.changes.unchanged.extend(dict(entry) for entry in known.values())
        self._check_count(found, home)
        self._ensure_database(home, crawler)
        self._write(found)
        if complete:
            self._missing(crawler, home, {one.table.full_name.table.lower() for one in found} | known.keys() | spared)
        return self.changes

    def refresh(
        self, found: Sequence[FoundTable], kept: Mapping[str, Mapping[str, object]], gone: Sequence[Table]
    ) -> Changes:  # fmt: skip
        """Bring tables that the catalog has up to what was found; of those that are `gone` the locations hold nothing."""
        self.changes.unchanged.extend(dict(entry) for entry in kept.values())
        self._write(found)
        for table in gone:
            self._try_miss(table, _EMPTY)
        return self.changes

    def _write(self, found: Sequence[FoundTable]) -> None:
        for done, one in enumerate(found):
            self.report.step("writing tables", done, len(found))
            name = one.table.full_name
            try:
                self._table(one if one.table.is_iceberg else with_figures(one))
            except CatalogError as error:
                self.changes.refused.append({"table": _shown(name), "reason": error.message})

    def _check_count(self, found: Sequence[FoundTable], home: DatabaseName) -> None:
        said = self.options.get("tables_max", str(TABLES_MAX))
        if not said.isdecimal():
            raise Invalid("option tables_max", f"{said!r} is not a number")
        held = {name.lower() for name in self.catalog.tables.list_names(self.caller, home)}
        new = sum(one.table.name.lower() not in held for one in found)
        if new > int(said):
            raise Invalid(
                "tables_max", f"{new} new tables were found, more than {said}: name a deeper target or raise the option"
            )

    def _ensure_database(self, home: DatabaseName, crawler: str) -> None:
        try:
            self.catalog.databases.get(self.caller, home)
        except NotFound:
            if not self.writes:
                return
            made = Database(home.catalog, home.database, f"Found by crawler {crawler}", owner=self.caller.user)
            try:
                self.catalog.databases.create(self.caller, made)
            except AlreadyExists:
                return

    def _table(self, one: FoundTable) -> None:
        for attempt in range(_ATTEMPTS):
            try:
                held = self.catalog.tables.get(self.caller, one.table.full_name)
            except NotFound:
                if self.refreshes:
                    raise
                try:
                    self._create(one)
                except AlreadyExists:
                    continue
                return
            try:
                self._update(held, fitted(held, one) if self.refreshes else one)
            except Conflict:
                if attempt == _ATTEMPTS - 1:
                    raise
                continue
            return
        raise Conflict(str(one.table.full_name), "a quiet moment", "changes by others")

    def _create(self, one: FoundTable) -> None:
        if one.table.is_iceberg:
            self.changes.added.append(_entry(self._point(one, 0), one, "new"))
            return
        new = noted(replace(one.table, owner=self.caller.user))
        made = self.catalog.tables.create(self.caller, new, make_directory=False) if self.writes else new
        self._add(made, list(one.partitions.values()))
        self._measure(made, one, frozenset(one.partitions) or {()}, frozenset())
        self.changes.added.append(_entry(made, one, "new"))

    def _update(self, held: Table, one: FoundTable) -> None:
        refusal = _refusal(held, one)
        if refusal:
            self.changes.refused.append({"table": _shown(held.full_name), "reason": refusal})
            return
        policy = self.options.get("on_changed_table", "update")
        if one.table.is_iceberg:
            self._follow(held, one, policy)
            return
        wanted, reasons = merged(held, one, only_add=policy == "add_columns")
        if self.refreshes and differs(held, wanted):
            wanted = replace(wanted, parameters={**wanted.parameters, UPDATED_BY: self.refreshes})
        logged = False
        before = held.parameters
        if not differs(held, wanted):
            reasons = []
        elif policy == "log":
            held, reasons, logged = self._log(held, wanted, one, reasons)
        else:
            held = self._alter(held, wanted)
        if held.partition_keys:
            reasons += self._partitions(held, one)
        else:
            other = any(before.get(key) != one.table.parameters.get(key) for key in STATISTICS)
            self._measure(held, one, {()} if other else frozenset(), {()} if is_measured(before) else frozenset())
        if reasons:
            self.changes.changed.append(_entry(held, one, ", ".join(reasons)))
        elif not logged:
            self.changes.unchanged.append(_entry(held, one, None))

    def _follow(self, held: Table, one: FoundTable, policy: str) -> None:
        """Have an Iceberg table point to the metadata file that was found, unless the catalog knows better."""
        at_it = pointers.is_at(held, one.table)
        reasons = [FOUND_AGAIN] if DEPRECATED in held.parameters else []
        if not at_it:
            document = documents.completed(self.catalog.iceberg.read(one.table.metadata_location or ""))
            refusal = pointers.why_not(held, one.table, document)
            if refusal:
                self.changes.refused.append({"table": _shown(held.full_name), "reason": refusal})
                return
            reasons += [f"points to {base_name(one.table.metadata_location or '')}", *columns_told(held, one.table)]
        if not reasons:
            self.changes.unchanged.append(_entry(held, one, None))
        elif not at_it and not _allows(policy, held, one.table):
            self.changes.logged.append(_entry(held, one, ", ".join(reasons)))
        else:
            self.changes.changed.append(_entry(self._point(one, held.version), one, ", ".join(reasons)))

    def _point(self, one: FoundTable, version: int) -> Table:
        """Register an Iceberg table; one that the catalog has (at a version that is not 0) is pointed elsewhere."""
        found = one.table
        if not self.writes:
            return found
        registered = self.catalog.iceberg.register(
            self.caller,
            found.full_name,
            found.metadata_location or "",
            overwrite=version > 0,
            noted=pointers.noted(found),
            expected_version=version or None,
        )
        return registered.table

    def _alter(self, held: Table, wanted: Table) -> Table:
        """Write a definition; partitions get its columns where these are others than before."""
        if not self.writes:
            return wanted
        cascade = bool(held.partition_keys) and held.columns != wanted.columns
        return self.catalog.tables.alter(
            self.caller, held.full_name, wanted, expected_version=held.version, cascade=cascade
        )  # fmt: skip

    def _log(
        self, held: Table, wanted: Table, one: FoundTable, reasons: Sequence[str]
    ) -> tuple[Table, list[str], bool]:
        """Tell what would be changed and leave the definition; figures about the data are no part of it."""
        told = [reason for reason in reasons if reason not in (FOUND_AGAIN, OTHER_DATA)]
        if told:
            self.changes.logged.append(_entry(held, one, ", ".join(told)))
        fresh = with_data_of(held, wanted)
        if fresh.parameters == held.parameters:
            return held, [], bool(told)
        said = [FOUND_AGAIN if DEPRECATED in held.parameters else OTHER_DATA]
        return self._alter(held, fresh), said, bool(told)

    def add_arrived(self, table: Table, arrived: Iterable[Partition]) -> None:
        """Add partitions; those that are there stay as they are, and of others nothing is said."""
        self._add(table, list(arrived))

    def _measure(self, table: Table, one: FoundTable, changed: Set[Values], measured: Set[Values]) -> None:
        if self.writes and (one.statistics or measured):
            write(self.catalog, self.caller, table, one, changed, measured, self.began_at)

    def _partitions(self, table: Table, one: FoundTable) -> list[str]:
        """Add, change and drop partitions in sets; what was done, in words."""
        left = dict(one.partitions)
        measured: set[Values] = set()
        changed: list[Partition] = []
        gone: list[Partition] = []
        for _, batch in self.catalog.partitions.scan(self.caller, table.full_name):
            for partition in batch:
                new = left.pop(partition.values, None)
                if is_measured(partition.parameters):
                    measured.add(partition.values)
                if new is None:
                    gone.append(partition)
                elif (different := _partition_change(partition, new)) is not None:
                    changed.append(different)
        self._add(table, list(left.values()))
        for at in range(0, len(changed), BATCH):
            if self.writes:
                self.catalog.partitions.alter(self.caller, table.full_name, changed[at : at + BATCH])
        dropped = self._drop(table, gone)
        self._measure(table, one, {*left, *(each.values for each in changed)}, measured)
        self.changes.partitions_changed += len(changed)
        done = ((len(left), "added"), (len(changed), "changed"), (dropped, "dropped"))
        return [f"{counted(count, 'partition')} {what}" for count, what in done if count]

    def _add(self, table: Table, new: Sequence[Partition]) -> None:
        if not self.writes:
            self.changes.partitions_added += len(new)
            return
        for at in range(0, len(new), BATCH):
            _, made = self.catalog.partitions.add(
                self.caller, table.full_name, new[at : at + BATCH], if_not_exists=True, make_directories=False
            )
            self.changes.partitions_added += len(made)

    def _drop(self, table: Table, gone: Sequence[Partition]) -> int:
        """Drop partitions whose folders hold nothing any more, unless the crawler is told to keep them."""
        if self.options.get("on_missing_partition", "drop") == "keep":
            return 0
        keys = [key.name for key in table.partition_keys]
        older = [one for one in gone if _made_at(one) < self.began_at]
        if len(older) < len(gone):
            self.changes.unsettled.add(name_key(table.full_name.table))
        names = [partition_name(keys, partition.values) for partition in older if _below(table, partition)]
        for at in range(0, len(names), BATCH):
            batch = names[at : at + BATCH]
            if self.writes:
                self.catalog.partitions.drop(self.caller, table.full_name, batch, delete_data=False, if_exists=True)
        self.changes.partitions_dropped += len(names)
        return len(names)

    def _missing(self, crawler: str, home: DatabaseName, found: set[str]) -> None:
        """Tables of this crawler that are not there any more: told, and what the crawler is told to do with them."""
        names = [n for n in self.catalog.tables.list_names(self.caller, home) if n.lower() not in found]
        for table in self.catalog.tables.get_many(self.caller, home, names):
            if table.parameters.get(CRAWLER) == crawler:
                self._try_miss(table, _GONE)

    def _try_miss(self, table: Table, why: str) -> None:
        try:
            self._miss(table, why)
        except CatalogError as error:
            self.changes.refused.append({"table": _shown(table.full_name), "reason": error.message})

    def _miss(self, table: Table, why: str) -> None:
        policy, name = self.options.get("on_missing_table", "keep"), _shown(table.full_name)
        if policy == "drop":
            if self.writes:
                self.catalog.tables.drop(self.caller, table.full_name, delete_data=False, as_read=table)
            self.changes.removed.append({"table": name, "reason": "nothing is left of it"})
        elif policy == "deprecate" and DEPRECATED not in table.parameters:
            at = datetime.fromtimestamp(now() // 1_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            marked = {**table.parameters, DEPRECATED: f"{at}: {why}"}
            self._alter(table, replace(table, parameters=marked))
            self.changes.deprecated.append({"table": name, "reason": why})
        else:
            self.changes.missing.append({"table": name, "reason": why})


def _made_at(partition: Partition) -> int:
    """When a partition was made at the latest (milliseconds): Hive clients say it in whole seconds."""
    return partition.created_at + (999 if partition.created_at % 1_000 == 0 else 0)


def _below(table: Table, partition: Partition) -> bool:
    """Whether a partition lies in its table's folder: one elsewhere was added by hand, and no listing speaks of it."""
    if not table.location or not partition.location:
        return False
    return normalize(partition.location).startswith(normalize(table.location) + "/")


def _refusal(held: Table, one: FoundTable) -> str | None:
    """Why a table that has the name may not be touched."""
    if held.kind is not one.table.kind:
        return f"the name is taken by a {held.kind.value}"
    if held.kind is TableKind.CONNECTION:
        same = held.connection == one.table.connection
        return None if same else f"the name is taken by a table of connection {held.connection}"
    if not held.location or normalize(held.location) != normalize(one.table.location or ""):
        return f"the name is taken by a table at {held.location}"
    if [key.key for key in held.partition_keys] != [key.key for key in one.table.partition_keys]:
        here = ", ".join(key.name for key in held.partition_keys) or "none"
        return f"its partition keys are {here} in the catalog: drop the table to have it made anew"
    if held.format != one.table.format:
        return f"it is {held.format} in the catalog and {one.table.format} now: drop the table to have it made anew"
    return None


def _allows(policy: str, held: Table, found: Table) -> bool:
    """Whether an Iceberg table may follow its files: what it holds always may, its columns as the crawler's option says."""
    before = {(column.key, column.type) for column in held.columns}
    now_ = {(column.key, column.type) for column in found.columns}
    return policy == "update" or before == now_ or (policy == "add_columns" and before < now_)


def _partition_change(held: Partition, new: Partition) -> Partition | None:
    """The partition with another place or other statistics, None if nothing is different."""
    statistics = {key: value for key, value in held.parameters.items() if key in STATISTICS}
    same_place = bool(held.location) and normalize(held.location or "") == normalize(new.location or "")
    if same_place and statistics == dict(new.parameters):
        return None
    kept = {key: value for key, value in held.parameters.items() if key not in STATISTICS}
    return replace(held, location=held.location if same_place else new.location, parameters={**kept, **new.parameters})


def _shown(name: TableName) -> str:
    return f"{name.database}.{name.table}"


def _entry(table: Table, one: FoundTable, reason: str | None) -> dict[str, object]:
    entry: dict[str, object] = {"table": _shown(table.full_name), "format": table.format, "columns": len(table.columns)}
    if table.partition_keys:
        entry["partitions"] = len(one.partitions)
    if one.files:
        entry["files"] = one.files
    if reason:
        entry["reason"] = reason
    return entry


def listed(changes: Changes) -> Iterable[tuple[str, list[dict[str, object]]]]:
    """The lists of a summary that are not empty, by name; `added` and the like are always there."""
    for name in ("added", "changed", "unchanged"):
        yield name, getattr(changes, name)
    for name in ("logged", "removed", "deprecated", "missing", "refused"):
        if getattr(changes, name):
            yield name, getattr(changes, name)
