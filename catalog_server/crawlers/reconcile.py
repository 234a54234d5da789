"""Reconciling: what a crawl found and what the catalog holds become one set of changes; what people changed by hand stays."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from catalog_server.catalog.catalog import CatalogService
from catalog_server.crawlers.found import CRAWLER, SIGNATURE, SOURCE_COMMENT, STATISTICS, FoundTable, Report
from catalog_server.crawlers.group import counted
from catalog_server.lake.formats.faces import OPEN_CSV, faces, hive_type
from catalog_server.lake.formats.widen import widen
from catalog_server.lake.locations import normalize
from catalog_server.model.caller import Caller
from catalog_server.model.database import Database
from catalog_server.model.errors import AlreadyExists, CatalogError, Conflict, Invalid, NotFound
from catalog_server.model.names import DatabaseName, TableName
from catalog_server.model.partition import Partition, partition_name
from catalog_server.model.spark_schema import PROVIDER, SCHEMA, spark_columns
from catalog_server.model.table import Column, Table, TableKind
from catalog_server.model.types import parse_type
from catalog_server.store.transaction import now

BATCH = 1_000
TABLES_MAX = 1_000
_ATTEMPTS = 5


@dataclass(slots=True)
class Changes:
    """What was done, table by table, as the summary lists it."""

    added: list[dict[str, object]] = field(default_factory=list)
    changed: list[dict[str, object]] = field(default_factory=list)
    unchanged: list[dict[str, object]] = field(default_factory=list)
    removed: list[dict[str, object]] = field(default_factory=list)
    missing: list[dict[str, object]] = field(default_factory=list)
    refused: list[dict[str, object]] = field(default_factory=list)
    partitions_added: int = 0
    partitions_changed: int = 0
    partitions_dropped: int = 0


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
    ) -> None:
        """`began_at` (milliseconds) is when the first target was listed; partitions made since then are not gone.

        Without `writes` the changes are only told.
        """
        self.catalog = catalog
        self.caller = caller
        self.options = options
        self.report = report
        self.began_at = now() if began_at is None else began_at
        self.writes = writes
        self.changes = Changes()

    def run(
        self,
        found: Sequence[FoundTable],
        crawler: str,
        home: DatabaseName,
        *,
        complete: bool,
        kept: Mapping[str, Mapping[str, object]] | None = None,
    ) -> Changes:
        """Write what is new or different. `complete` tells that every target was read, so that what is not there is gone.

        `kept` are tables, by the keys of their names, that are known to be as they should, with what is to be said of them.
        """
        known = kept or {}
        self.changes.unchanged.extend(dict(entry) for entry in known.values())
        self._check_count(found, home)
        self._ensure_database(home, crawler)
        for done, one in enumerate(found):
            self.report.step("writing tables", done, len(found))
            name = one.table.full_name
            try:
                self._table(one)
            except CatalogError as error:
                self.changes.refused.append({"table": _shown(name), "reason": error.message})
        if complete:
            self._missing(crawler, home, {one.table.full_name.table.lower() for one in found} | known.keys())
        return self.changes

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
                try:
                    self._create(one)
                except AlreadyExists:
                    continue
                return
            try:
                self._update(held, one)
            except Conflict:
                if attempt == _ATTEMPTS - 1:
                    raise
                continue
            return
        raise Conflict(str(one.table.full_name), "a quiet moment", "changes by others")

    def _create(self, one: FoundTable) -> None:
        new = _signed(replace(one.table, owner=self.caller.user))
        made = self.catalog.tables.create(self.caller, new, make_directory=False) if self.writes else new
        self._add(made, list(one.partitions.values()))
        self.changes.added.append(_entry(made, one, "new"))

    def _update(self, held: Table, one: FoundTable) -> None:
        refusal = _refusal(held, one)
        if refusal:
            self.changes.refused.append({"table": _shown(held.full_name), "reason": refusal})
            return
        wanted, reasons = merged(held, one)
        if not _differs(held, wanted):
            reasons = []
        elif self.writes:
            held = self.catalog.tables.alter(
                self.caller, held.full_name, wanted, expected_version=held.version, cascade=bool(held.partition_keys)
            )
        else:
            held = wanted
        reasons += self._partitions(held, one.partitions) if held.partition_keys else []
        if reasons:
            self.changes.changed.append(_entry(held, one, ", ".join(reasons)))
        else:
            self.changes.unchanged.append(_entry(held, one, None))

    def _partitions(self, table: Table, wanted: Mapping[tuple[str, ...], Partition]) -> list[str]:
        """Add, change and drop partitions in sets; what was done, in words."""
        left = dict(wanted)
        changed: list[Partition] = []
        gone: list[Partition] = []
        for _, batch in self.catalog.partitions.scan(self.caller, table.full_name):
            for partition in batch:
                new = left.pop(partition.values, None)
                if new is None:
                    gone.append(partition)
                elif (different := _partition_change(partition, new)) is not None:
                    changed.append(different)
        self._add(table, list(left.values()))
        for at in range(0, len(changed), BATCH):
            if self.writes:
                self.catalog.partitions.alter(self.caller, table.full_name, changed[at : at + BATCH])
        dropped = self._drop(table, gone)
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
        names = [partition_name(keys, partition.values) for partition in older if _below(table, partition)]
        for at in range(0, len(names), BATCH):
            batch = names[at : at + BATCH]
            if self.writes:
                self.catalog.partitions.drop(self.caller, table.full_name, batch, delete_data=False, if_exists=True)
        self.changes.partitions_dropped += len(names)
        return len(names)

    def _missing(self, crawler: str, home: DatabaseName, found: set[str]) -> None:
        """Tables of this crawler that are not there any more: told, and dropped if the crawler is told to."""
        names = [n for n in self.catalog.tables.list_names(self.caller, home) if n.lower() not in found]
        for table in self.catalog.tables.get_many(self.caller, home, names):
            if table.parameters.get(CRAWLER) != crawler:
                continue
            if self.options.get("on_missing_table", "keep") == "drop":
                if self.writes:
                    self.catalog.tables.drop(self.caller, table.full_name, delete_data=False)
                self.changes.removed.append({"table": _shown(table.full_name), "reason": "nothing is left of it"})
            else:
                self.changes.missing.append({"table": _shown(table.full_name), "reason": "no target holds it any more"})


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


def merged(held: Table, one: FoundTable) -> tuple[Table, list[str]]:
    """The definition that a table should have, and what is different in words.

    Comments, owner and other parameters stay as they are. A definition that people changed since the last crawl keeps its
    columns, types and reader options; only new columns are added to it.
    """
    new = one.table
    by_hand = held.parameters.get(SIGNATURE) != signature(held)
    if held.kind is TableKind.CONNECTION or not one.columns:
        columns, reasons = _columns(held.columns, new.columns, held_type if by_hand else found_type, keep_lost=by_hand)
        wanted = replace(new, columns=columns)
    else:
        wanted, reasons = _files(held, one, by_hand)
    kept = {key: value for key, value in held.parameters.items() if key not in STATISTICS}
    parameters = {**kept, **{k: v for k, v in wanted.parameters.items() if not by_hand or _is_ours(k)}}
    if new.kind is TableKind.CONNECTION:
        parameters = {**kept, **new.parameters}
    wanted = replace(
        held,
        columns=wanted.columns,
        partition_keys=wanted.partition_keys,
        storage=held.storage if by_hand else wanted.storage,
        parameters=parameters,
    )
    if not by_hand:
        wanted = _signed(wanted)
    if not reasons and wanted.parameters != held.parameters:
        other = {key for key in wanted.parameters if wanted.parameters[key] != held.parameters.get(key)}
        reasons = ["other data" if other & STATISTICS else "Spark's view of it follows what was changed by hand"]
    return wanted, reasons


def _is_ours(key: str) -> bool:
    return key in STATISTICS or key == PROVIDER or key.startswith(SCHEMA)


def _files(held: Table, one: FoundTable, by_hand: bool) -> tuple[Table, list[str]]:
    """The found table dressed anew with the columns that it shall have, each with the comment that it has."""
    typed_by_hand = by_hand and held.storage.serde.library != OPEN_CSV
    commented = tuple(_one_face(column, typed_by_hand) for column in _paired(held))
    positional = one.table.format == "csv"
    choose = held_type if by_hand else wider_type
    columns, reasons = _columns(commented, one.columns, choose, keep_lost=by_hand or not positional)
    dress = faces(one.table.format, columns, _keys(held, one), held.location or "", one.options)
    hive = dress.columns
    if by_hand:
        held_types = {column.key: column for column in held.columns}
        hive = tuple(held_types.get(column.key, column) for column in hive)
    parameters = {**one.table.parameters, **dress.parameters}
    return replace(
        one.table, columns=hive, partition_keys=dress.partition_keys, storage=dress.storage, parameters=parameters
    ), reasons


def _paired(held: Table) -> list[tuple[Column, Column | None]]:
    """The columns as Hive is told them, each with the same column as Spark is told it."""
    spark = {column.key: column for column in spark_columns(held.parameters) or ()}
    return [(column, spark.get(column.key)) for column in held.columns]


def _one_face(pair: tuple[Column, Column | None], typed_by_hand: bool) -> Column:
    """The column with Spark's case and exact type, but with what people changed in Hive's face: comment and type."""
    hive, spark = pair
    if spark is None:
        return hive
    same = str(hive_type(parse_type(spark.type))) == hive.type
    chosen = hive.type if typed_by_hand and not same else spark.type
    return Column(spark.name, chosen, hive.comment or spark.comment)


def _keys(held: Table, one: FoundTable) -> tuple[Column, ...]:
    """The partition keys: types of the catalog stay, since partitions are compared by them."""
    types = {key.key: key for key in held.partition_keys}
    return tuple(replace(key, type=types[key.key].type, comment=types[key.key].comment) for key in one.keys)


def _columns(
    before: Sequence[Column], found: Sequence[Column], choose: Callable[[str, str], str], *, keep_lost: bool
) -> tuple[tuple[Column, ...], list[str]]:
    """The columns to have: those found in their order, then those that were there and were not found, if they are kept."""
    held = {column.key: column for column in before}
    columns, reasons = [], []
    for column in found:
        old = held.pop(column.key, None)
        if old is None:
            reasons.append(f"new column {column.name}")
            columns.append(column)
            continue
        kind = choose(old.type, column.type)
        if kind != old.type:
            reasons.append(f"column {column.name} is {kind}, was {old.type}")
        columns.append(replace(column, type=kind, comment=_comment(old, column)))
    for old in held.values():
        if keep_lost:
            columns.append(old)
        else:
            reasons.append(f"column {old.name} is gone")
    return tuple(columns), reasons


def _comment(old: Column, found: Column) -> str | None:
    """The comment that people gave; the source's own where that is what stands there, or nothing does."""
    if old.comment and old.comment != old.parameters.get(SOURCE_COMMENT):
        return old.comment
    return found.comment


def held_type(old: str, found: str) -> str:  # noqa: ARG001
    """The type in the catalog stays: somebody chose it."""
    return old


def found_type(old: str, found: str) -> str:  # noqa: ARG001
    """The type in the source counts: it is no guess."""
    return found


def wider_type(old: str, found: str) -> str:
    """The type that holds both, so that another choice of samples does not narrow a column; else what was found."""
    try:
        common = widen(parse_type(old), parse_type(found), text=False)
    except Invalid:
        return found
    return str(common) if common is not None else found


def _partition_change(held: Partition, new: Partition) -> Partition | None:
    """The partition with another place or other statistics, None if nothing is different."""
    statistics = {key: value for key, value in held.parameters.items() if key in STATISTICS}
    same_place = bool(held.location) and normalize(held.location or "") == normalize(new.location or "")
    if same_place and statistics == dict(new.parameters):
        return None
    kept = {key: value for key, value in held.parameters.items() if key not in STATISTICS}
    return replace(held, location=held.location if same_place else new.location, parameters={**kept, **new.parameters})


def _differs(held: Table, wanted: Table) -> bool:
    return (held.columns, held.partition_keys, held.storage, dict(held.parameters)) != (
        wanted.columns,
        wanted.partition_keys,
        wanted.storage,
        dict(wanted.parameters),
    )


def signature(table: Table) -> str:
    """A fingerprint of what a crawl decides: columns without their comments, keys, SerDe."""
    serde = table.storage.serde
    said: list[object] = [
        [[column.name, column.type] for column in (*table.columns, *table.partition_keys)],
        [serde.library, sorted(serde.parameters.items()), table.storage.input_format, table.location],
    ]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()[:16]


def _signed(table: Table) -> Table:
    return replace(table, parameters={**table.parameters, SIGNATURE: signature(table)})


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
    for name in ("removed", "missing", "refused"):
        if getattr(changes, name):
            yield name, getattr(changes, name)
