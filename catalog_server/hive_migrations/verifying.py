"""Compares a source with a catalog of ours, object by object and field by field, and notes every difference."""

from __future__ import annotations

from collections.abc import Sequence

from catalog_server.hive_migrations import comparing
from catalog_server.hive_migrations.work import DATABASE, DIFFERENCES_MAX, FUNCTION, TABLE, Work, chunks
from catalog_server.model.errors import NotFound
from catalog_server.model.grant import Visibility
from catalog_server.model.hive_migration import Difference, ItemState, MigrationItem
from catalog_server.model.names import DatabaseName, TableName, name_key
from catalog_server.model.partition import partition_name
from catalog_server.model.statistics import ColumnStatistics
from catalog_server.model.table import Table
from catalog_server.store import constraints, databases, functions, partitions, statistics, tables

PAGE = 10_000


class Found:
    """Differences of one object: the first ones, and how many there are."""

    def __init__(self) -> None:
        self.first: list[Difference] = []
        self.count = 0
        self.partitions = 0
        self.statistics = 0

    def add(self, more: Sequence[Difference]) -> None:
        """Note differences."""
        self.count += len(more)
        self.first += more[: DIFFERENCES_MAX - len(self.first)]

    def item(self, kind: str, name: str, object_id: int) -> MigrationItem:
        """What the comparison of the object found."""
        return MigrationItem(
            kind,
            name,
            ItemState.DIFFERENT if self.count else ItemState.SAME,
            object_id,
            partitions=self.partitions,
            statistics=self.statistics,
            differences=tuple(self.first),
            difference_count=self.count,
        )


class Verifier:
    """Compares; nothing is changed on either side."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._store = work.catalog.store
        self._source = work.source
        self._options = work.migration.options

    def run(self) -> None:
        """Compare all that is meant and not compared yet; raises errors of the source, `Cancelled`."""
        names = self._work.databases()
        held = {name: self._source.table_names(name) for name in names}
        self._work.tables_total = sum(map(len, held.values()))
        for name in names:
            self._work.step(f"database {name}")
            if self._database(name):
                for chunk in chunks(held[name]):
                    self._tables(name, chunk)
                self._extra_tables(name, held[name])
            else:
                self._work.tables_done += len(held[name])
        self._functions(names)

    def _database(self, name: str) -> bool:
        """Compare a database; whether it is here."""
        try:
            said = self._source.database(name)
        except NotFound:
            return False
        with self._store.read() as tx:
            here = databases.get(tx, said.full_name)
        if here is None:
            self._work.keep([MigrationItem(DATABASE, name, ItemState.MISSING)])
            return False
        found = Found()
        found.add(comparing.databases(said, here))
        self._work.keep([found.item(DATABASE, name, here.id)])
        return True

    def _tables(self, database: str, names: list[str]) -> None:
        self._work.step(f"{database}: {len(names)} tables")
        known = self._work.held(TABLE, [f"{database}.{name}" for name in names])
        wanted = [name for name in names if f"{database}.{name}" not in known]
        failed: dict[str, str] = {}
        said = self._source.tables(database, wanted, failed) if wanted else []
        items = [
            MigrationItem(TABLE, f"{database}.{name}", ItemState.FAILED, error=why) for name, why in failed.items()
        ]
        with self._store.read() as tx:
            found = tables.get_many(tx, DatabaseName(self._options.into, database), wanted, Visibility())
        here = {name_key(table.name): table for table in found}
        for table in said:
            ours = here.get(name_key(table.name))
            name = f"{database}.{table.name}"
            items.append(
                MigrationItem(TABLE, name, ItemState.MISSING) if ours is None else self._table(name, table, ours)
            )
        self._work.keep(items)
        self._work.tables_done += len(names)

    def _table(self, name: str, said: Table, here: Table) -> MigrationItem:
        found = Found()
        found.add(comparing.tables(said, here))
        if not said.is_view:
            self._beside(found, said, here)
        if said.partition_keys and here.partition_keys:
            self._partitions(found, name, said, here)
        return found.item(TABLE, name, here.id)

    def _beside(self, found: Found, said: Table, here: Table) -> None:
        """Compare statistics and constraints of a table."""
        theirs = self._source.constraints(said)
        with self._store.read() as tx:
            ours = constraints.of_table(tx, here.full_name)
            held = statistics.of_table(tx, here.id, None, None)
        found.add(comparing.constraints(theirs, ours))
        if self._options.statistics:
            told = self._source.table_statistics(said)
            found.statistics += len(told)
            found.add(comparing.statistics("", told, held))

    def _partitions(self, found: Found, name: str, said: Table, here: Table) -> None:
        keys = [key.name for key in said.partition_keys]
        seen: set[int] = set()
        for batch in self._source.partitions(said):
            self._work.step(name)
            theirs = {partition_name(keys, one.values): one for one in batch.partitions}
            with self._store.read() as tx:
                ours = {partition_name(keys, one.values): one for one in partitions.get_many(tx, here, list(theirs))}
                held = self._held_statistics(tx, here, list(theirs)) if self._options.statistics else {}
            for one, partition in theirs.items():
                own = ours.get(one)
                if own is None:
                    found.add([Difference(f"partition {one}", "is there", None)])
                    continue
                found.add(comparing.partitions(said, one, partition, own))
                told = batch.statistics.get(one, ()) if self._options.statistics else ()
                found.statistics += len(told)
                if told or held.get(one):
                    found.add(comparing.statistics(f"partition {one}: ", told, held.get(one, ())))
            seen.update(map(hash, theirs))
            found.partitions += len(theirs)
            self._work.partitions_done += len(theirs)
        self._extra_partitions(found, here, seen)

    def _held_statistics(self, tx, table: Table, names: list[str]) -> dict[str, list[ColumnStatistics]]:  # type: ignore[no-untyped-def]
        columns = [column.name for column in table.columns]
        return statistics.of_partitions(tx, table.id, names, columns, "hive")

    def _extra_partitions(self, found: Found, here: Table, seen: set[int]) -> None:
        """Note partitions that only we have; `seen` are the hashes of the source's names."""
        with self._store.read() as tx:
            if partitions.count(tx, here) <= len(seen):
                return
        after = ""
        while True:
            with self._store.read() as tx:
                names = partitions.names(tx, here, after=after, count=PAGE)
            if not names:
                return
            after = names[-1]
            found.add([Difference(f"partition {one}", None, "is here") for one in names if hash(one) not in seen])

    def _extra_tables(self, database: str, names: Sequence[str]) -> None:
        known = set(map(name_key, names))
        with self._store.read() as tx:
            here = tables.list_names(tx, DatabaseName(self._options.into, database), Visibility())
        extra = [name for name in here if name_key(name) not in known]
        self._work.keep([MigrationItem(TABLE, f"{database}.{name}", ItemState.EXTRA) for name in extra])

    def _functions(self, names: Sequence[str]) -> None:
        self._work.step("functions")
        wanted = {name_key(name) for name in names}
        theirs = {
            _called(one.database, one.name): one for one in self._source.functions() if name_key(one.database) in wanted
        }
        with self._store.read() as tx:
            ours = {}
            for name in names:
                for one in functions.list_all(tx, DatabaseName(self._options.into, name)):
                    ours[_called(one.database, one.name)] = one
        items = []
        for name in sorted(theirs.keys() | ours.keys()):
            if name in theirs and name in ours:
                found = Found()
                found.add(comparing.functions(theirs[name], ours[name]))
                items.append(found.item(FUNCTION, name, ours[name].id))
            else:
                items.append(MigrationItem(FUNCTION, name, ItemState.MISSING if name in theirs else ItemState.EXTRA))
        self._work.keep(items)


def _called(database: str, name: str) -> str:
    return str(TableName("", name_key(database), name_key(name))).lstrip(".")
