"""Partitions: added, changed and dropped in sets, each set one transaction, one event and one piece of history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from catalog_server.catalog import crawl_changes
from catalog_server.catalog.core import Core, check_parameters, check_text, record
from catalog_server.catalog.table_writes import DDL_TIME, owns_files
from catalog_server.catalog.tables import Tables
from catalog_server.model.caller import Caller
from catalog_server.model.errors import AlreadyExists, Invalid, NotFound
from catalog_server.model.event import EventKind
from catalog_server.model.expressions import Predicate, keys_of
from catalog_server.model.filters import Filter
from catalog_server.model.grant import Action
from catalog_server.model.names import TableName
from catalog_server.model.partition import Partition, partition_name
from catalog_server.model.table import Table, TableKind
from catalog_server.store import grants as privileges
from catalog_server.store import intents, tables
from catalog_server.store import partitions as rows
from catalog_server.store.transaction import Transaction, now

NAMES_IN_EVENT_MAX = 1000
DIRECTORIES_MADE_MAX = 10_000


class Partitions:
    """Rules of partitions; all methods raise `NotFound`, `Denied`, `Invalid` and the errors they name."""

    def __init__(self, core: Core, of: Tables) -> None:
        self.core = core
        self.tables = of

    def get(self, caller: Caller, name: TableName, values: Sequence[str]) -> tuple[Table, Partition]:
        """The table and its partition of these values."""
        with self.core.store.read() as tx:
            table = self.tables.find(tx, caller, Action.DESCRIBE, name)
            wanted = name_of(table, values)
            found = rows.get(tx, table, wanted)
            if found is None:
                raise NotFound("partition", f"{table.full_name}/{wanted}")
            return table, found

    def get_many(self, caller: Caller, name: TableName, names: Sequence[str]) -> tuple[Table, list[Partition]]:
        """The table and those of the named partitions that exist."""
        with self.core.store.read() as tx:
            table = self.tables.find(tx, caller, Action.DESCRIBE, name)
            return table, rows.get_many(tx, table, names)

    def names(self, caller: Caller, name: TableName, *, after: str = "", count: int | None = None) -> list[str]:
        """Names of a table's partitions in order, up to `count` after the name `after`."""
        with self.core.store.read() as tx:
            return rows.names(tx, self.tables.find(tx, caller, Action.DESCRIBE, name), after=after, count=count)

    def scan(
        self,
        caller: Caller,
        name: TableName,
        predicate: Predicate | Filter | None = None,
        *,
        prefix: Sequence[str] | None = None,
        after: str = "",
        count: int | None = None,
    ) -> Iterator[tuple[Table, list[Partition]]]:
        """The table with batches of its partitions by name; see `store.partitions.scan`. At least one batch, maybe empty."""
        with self.core.store.read() as tx:
            table = self.tables.find(tx, caller, Action.DESCRIBE, name)
            predicate = check_keys(table, predicate, prefix)
            found = False
            if count != 0:
                for batch in rows.scan(tx, table, predicate, prefix=prefix, after=after, count=count):
                    found = True
                    yield table, batch
            if not found:
                yield table, []

    def count(self, caller: Caller, name: TableName, predicate: Predicate | Filter | None = None) -> int:
        """How many partitions a table has, or how many meet a predicate."""
        with self.core.store.read() as tx:
            table = self.tables.find(tx, caller, Action.DESCRIBE, name)
            predicate = check_keys(table, predicate, None)
            return rows.count(tx, table, predicate)

    def add(
        self,
        caller: Caller,
        name: TableName,
        new: Sequence[Partition],
        *,
        if_not_exists: bool = False,
        make_directories: bool = True,
    ) -> tuple[Table, list[Partition]]:
        """Add partitions, all or none, with their directories; returns those that are new.

        Raises `AlreadyExists` for a name that is taken and `Invalid` for one that stands twice, unless `if_not_exists`.
        """
        table = self.tables.get(caller, name)
        at = str(now() // 1000)
        given = [_placed(table, partition, at) for partition in new]
        names = [name_of(table, partition.values) for partition in given]
        if not if_not_exists:
            _check_twice(names)
        named: dict[str, Partition] = {}
        for one, partition in zip(names, given, strict=True):
            named.setdefault(one, partition)  # of those of one name the first
        placed = list(named.values())
        if make_directories and not table.is_view:
            self._make_directories(placed)

        def work(tx: Transaction) -> tuple[Table, list[Partition]]:
            held = self.tables.find(tx, caller, Action.INSERT, name)
            if held.id != table.id:
                raise NotFound("table", str(name))
            if not if_not_exists:
                taken = rows.get_many(tx, held, names)
                if taken:
                    raise AlreadyExists("partition", f"{held.full_name}/{name_of(held, taken[0].values)}")
            made = set(rows.create(tx, held, placed, if_not_exists=if_not_exists)) if placed else set()
            if made:
                crawl_changes.partitions_added(tx, caller, held, sorted(made))
                changed_in(tx, caller, EventKind.ADD_PARTITIONS, held, sorted(made))
            new_ones = [partition for one, partition in named.items() if one in made]
            return held, [replace(partition, created_at=partition.created_at or tx.at) for partition in new_ones]

        return self.core.store.write(work)

    def _make_directories(self, placed: Sequence[Partition]) -> None:
        for partition in placed[:DIRECTORIES_MADE_MAX]:
            if partition.location:
                files = self.core.lake.filesystem(partition.location)
                if files.has_folders:
                    files.make_directory(partition.location)

    def alter(self, caller: Caller, name: TableName, changed: Sequence[Partition]) -> Table:
        """Give partitions, found by their values, new definitions; all or none."""

        def work(tx: Transaction) -> Table:
            table = self.tables.find(tx, caller, Action.INSERT, name)
            names = [name_of(table, partition.values) for partition in changed]
            held = {name_of(table, p.values): p for p in rows.get_many(tx, table, names, lock=True)}
            missing = [one for one in names if one not in held]
            if missing:
                raise NotFound("partition", f"{table.full_name}/{missing[0]}")
            _check_twice(names)
            crawl_changes.partitions_changed(tx, caller, table, list(held.values()))
            at = str(tx.at // 1000)
            new = [_over(held[one], _timed(_checked(p), at)) for one, p in zip(names, changed, strict=True)]
            rows.change(tx, table, new)
            changed_in(tx, caller, EventKind.ALTER_PARTITIONS, table, names, [before_of(held[one]) for one in names])
            return table

        return self.core.store.write(work)

    def rename(self, caller: Caller, name: TableName, values: Sequence[str], new: Partition) -> Table:
        """Give a partition other values. One of a managed table moves to the place that goes with its new name, with its
        files, while one of an external table stays where it is. Raises `AlreadyExists`."""

        def work(tx: Transaction) -> Table:
            table = self.tables.find(tx, caller, Action.INSERT, name)
            old_name, new_name = name_of(table, values), name_of(table, new.values)
            held = rows.get(tx, table, old_name, lock=True)
            if held is None:
                raise NotFound("partition", f"{table.full_name}/{old_name}")
            if new_name == old_name or rows.get(tx, table, new_name) is not None:
                raise AlreadyExists("partition", f"{table.full_name}/{new_name}")
            changed = _over(held, _timed(_checked(new), str(tx.at // 1000)))
            changed = replace(changed, values=tuple(new.values), location=held.location)
            if table.kind is TableKind.MANAGED and table.location and held.location:
                changed = replace(changed, location=f"{table.location.rstrip('/')}/{new_name}")
                intents.add(tx, intents.MOVE_DIRECTORY, held.location, changed.location)
            rows.change(tx, table, [changed])
            changed_in(
                tx, caller, EventKind.ALTER_PARTITIONS, table, [new_name], [{**before_of(held), "name": old_name}]
            )
            return table

        table = self.core.store.write(work)
        self.core.intents.carry_out()
        return table

    def exchange(
        self, caller: Caller, source: TableName, target: TableName, spec: Mapping[str, str]
    ) -> tuple[Table, list[Partition]]:
        """Move the partitions whose keys have the values of `spec` from one table to another of the same columns and keys.

        Files below the source move along; a partition elsewhere stays where it is. Returns the target and what it got.
        Raises `Invalid` when the tables differ or nothing is found, and `AlreadyExists` where the target has one already.
        """

        def work(tx: Transaction) -> tuple[Table, list[Partition]]:
            giver = self.tables.find(tx, caller, Action.INSERT, source)
            taker = self.tables.find(tx, caller, Action.INSERT, target)
            if _shape(giver) != _shape(taker):
                raise Invalid(
                    "partition exchange", f"{giver.full_name} and {taker.full_name} have different columns or keys"
                )
            said = {key.lower(): value for key, value in spec.items()}
            prefix = [said.get(key.key, "") for key in giver.partition_keys]
            if not any(prefix):
                raise Invalid("partition spec", f"names no key of {giver.full_name} with a value")
            held = [one for batch in rows.scan(tx, giver, prefix=prefix) for one in batch]
            if not held:
                raise Invalid("partition spec", f"{giver.full_name} has no partition with the values {dict(spec)}")
            names = [name_of(giver, one.values) for one in held]
            there = rows.get_many(tx, taker, names)
            if there:
                raise AlreadyExists("partition", f"{taker.full_name}/{name_of(taker, there[0].values)}")
            moved = [_below(taker, giver, one) for one in held]
            moves = [(a.location, b.location) for a, b in zip(held, moved, strict=True) if a.location != b.location]
            intents.add_many(tx, intents.MOVE_DIRECTORY, [(a, b) for a, b in moves if a is not None])
            rows.give(tx, giver, taker, moved)
            changed_in(tx, caller, EventKind.DROP_PARTITIONS, giver, names, [before_of(one) for one in held])
            changed_in(tx, caller, EventKind.ADD_PARTITIONS, taker, names)
            return taker, moved

        answer = self.core.store.write(work)
        self.core.intents.carry_out()
        return answer

    def drop(
        self,
        caller: Caller,
        name: TableName,
        names: Sequence[str],
        *,
        delete_data: bool = True,
        if_exists: bool = False,
    ) -> list[Partition]:
        """Drop partitions by name, all or none; directories of a managed table's partitions go if `delete_data`."""

        def work(tx: Transaction) -> list[Partition]:
            table = self.tables.find(tx, caller, Action.INSERT, name)
            held = rows.get_many(tx, table, names, lock=True)
            gone = {name_of(table, partition.values) for partition in held}
            missing = [one for one in names if one not in gone]
            if missing and not if_exists:
                raise NotFound("partition", f"{table.full_name}/{missing[0]}")
            crawl_changes.partitions_dropped(tx, caller, table, held, list(gone))
            rows.drop(tx, table, [partition.id for partition in held])
            privileges.drop_of_lost_partitions(tx, table.full_name, table.id)
            if delete_data and owns_files(table):
                folders = [(partition.location, table.location) for partition in held if partition.location]
                intents.add_many(tx, intents.DELETE_DIRECTORY, folders)
            if held:
                befores = [before_of(partition) for partition in held]
                changed_in(tx, caller, EventKind.DROP_PARTITIONS, table, sorted(gone), befores)
            return held

        dropped = self.core.store.write(work)
        if delete_data and dropped:
            self.core.intents.carry_out()
        return dropped

    def list(
        self,
        caller: Caller,
        name: TableName,
        predicate: Predicate | Filter | None = None,
        *,
        prefix: Sequence[str] | None = None,
        after: str = "",
        count: int | None = None,
    ) -> tuple[Table, list[Partition]]:
        """The table and its partitions as one list; see `scan`."""
        all_of: list[Partition] = []
        table = None
        for table, batch in self.scan(caller, name, predicate, prefix=prefix, after=after, count=count):  # noqa: B007
            all_of += batch
        if table is None:
            raise NotFound("table", str(name))
        return table, all_of


def name_of(table: Table, values: Sequence[str]) -> str:
    """The name of a table's partition of these values; raises `Invalid` for the wrong number of them."""
    if not table.partition_keys:
        raise Invalid("partition", f"table {table.full_name} has no partition keys")
    return partition_name([key.name for key in table.partition_keys], values)


def check_keys(table: Table, predicate: Predicate | Filter | None, prefix: Sequence[str] | None) -> Predicate | None:
    """The predicate, held to the table's keys; raises `Invalid` for a key it has not and for too many values."""
    if isinstance(predicate, Filter):
        predicate = predicate.against(table.partition_keys)
    known = {column.key for column in table.partition_keys}
    unknown = keys_of(predicate) - known if predicate is not None else frozenset()
    if unknown:
        raise Invalid("filter", f"{sorted(unknown)[0]} is not a partition key of {table.full_name}")
    if prefix is not None and len(prefix) > len(known):
        raise Invalid("partition values", f"{len(prefix)} given for {len(known)} partition keys of {table.full_name}")
    return predicate


def _check_twice(names: Sequence[str]) -> None:
    seen: set[str] = set()
    for one in names:
        if one in seen:
            raise Invalid("partitions", f"{one} stands twice")
        seen.add(one)


def _checked(partition: Partition) -> Partition:
    check_text("partition value", *partition.values)
    check_text("partition location", partition.location)
    check_parameters("partition parameters", partition.parameters)
    return partition


def _placed(table: Table, partition: Partition, at: str) -> Partition:
    partition = _timed(_checked(partition), at)
    if partition.location or table.is_view or not table.location:
        return partition
    return replace(partition, location=f"{table.location.rstrip('/')}/{name_of(table, partition.values)}")


def _timed(partition: Partition, at: str) -> Partition:
    """With the time (seconds) of the change among its parameters, where clients have not said another."""
    if DDL_TIME in partition.parameters:
        return partition
    return replace(partition, parameters={**partition.parameters, DDL_TIME: at})


def _over(held: Partition, new: Partition) -> Partition:
    """A partition's new definition; what the change does not say stays as it was."""
    return replace(
        new,
        id=held.id,
        location=new.location or held.location,
        columns=held.columns if new.columns is None else new.columns,
        storage=held.storage if new.storage is None else new.storage,
        extra=new.extra or held.extra,
        created_at=held.created_at,
    )


def _shape(table: Table) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    columns, keys = table.columns, table.partition_keys
    return [(column.key, column.type) for column in columns], [(key.key, key.type) for key in keys]


def _below(taker: Table, giver: Table, partition: Partition) -> Partition:
    """A partition at the same place below another table, if it was below its own."""
    home, place = (giver.location or "").rstrip("/"), partition.location or ""
    if not home or not taker.location or not place.startswith(home + "/"):
        return partition
    return replace(partition, location=f"{taker.location.rstrip('/')}{place[len(home) :]}")


def before_of(partition: Partition) -> dict[str, object]:
    """What the history of a table keeps of a partition."""
    return {"values": list(partition.values), "location": partition.location, "parameters": dict(partition.parameters)}


def changed_in(
    tx: Transaction,
    caller: Caller,
    kind: EventKind,
    table: Table,
    names: Sequence[str],
    before: Sequence[dict[str, object]] | None = None,
) -> None:
    """Write the history and event of a change of partitions, in the transaction that makes it."""
    tables.bump_data_version(tx, table.id)
    change = rows.record_change(tx, table.id, kind.value, names, before, caller)
    payload = {"names": list(names[:NAMES_IN_EVENT_MAX]), "count": len(names), "change": change}
    span = len(names) if kind is EventKind.ALTER_PARTITIONS else 1
    place = {"object_id": table.id, "version_after": table.version}
    record(tx, caller, kind, table.full_name, payload=payload, span=span, **place)
