"""Taking back what a crawl changed, one change set after another, the last one first; nothing that others did is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, exists, false, select
from sqlalchemy.exc import IntegrityError

from catalog_server.catalog import grants
from catalog_server.catalog.core import Core, record
from catalog_server.catalog.crawl_changes import NAMES, WRITTEN, touching
from catalog_server.catalog.databases import Databases
from catalog_server.catalog.partitions import before_of, changed_in, name_of
from catalog_server.catalog.table_writes import change_in, drop_in, index, lost_columns
from catalog_server.catalog.tables import Tables
from catalog_server.model.caller import Caller
from catalog_server.model.crawl_change import CrawlChange, CrawlChangeKind
from catalog_server.model.errors import NotFound, Overtaken
from catalog_server.model.event import EventKind
from catalog_server.model.grant import Action
from catalog_server.model.names import name_key
from catalog_server.model.partition import Partition
from catalog_server.model.table import Table
from catalog_server.store import crawl_changes as rows
from catalog_server.store import databases, partitions, statistics, tables, versions
from catalog_server.store import grants as privileges
from catalog_server.store.many import among
from catalog_server.store.many import change as change_many
from catalog_server.store.schema import column_statistics, constraints
from catalog_server.store.schema import partitions as partition_rows
from catalog_server.store.schema.roles import grants as granted
from catalog_server.store.transaction import Transaction


class Undo:
    """Rules of taking back; `caller.run` is the undo on whose behalf it is done."""

    def __init__(self, core: Core, of: Tables, homes: Databases) -> None:
        self.core = core
        self.tables = of
        self.databases = homes
        self._ways: dict[CrawlChangeKind, Callable[[Transaction, Caller, CrawlChange, Table], None]] = {
            CrawlChangeKind.TABLE_CHANGED: self._definition_back,
            CrawlChangeKind.PARTITIONS_ADDED: self._partitions_off,
            CrawlChangeKind.PARTITIONS_CHANGED: self._partitions_back,
            CrawlChangeKind.PARTITIONS_DROPPED: self._partitions_on,
            CrawlChangeKind.STATISTICS_CHANGED: self._statistics_back,
        }

    def step(self, caller: Caller, crawl: str, object_id: int) -> CrawlChange | None:
        """Take back the last change of a crawl to a table or database, in one transaction; None when none is left.

        A table that the crawl made goes at once, with its partitions; files stay in any case.
        Raises `Overtaken` where somebody changed the same table since, and `Denied`.
        """

        def work(tx: Transaction) -> CrawlChange | None:
            change = rows.last(tx, crawl, object_id, lock=True)
            if change is None:
                return None
            begun = rows.first(tx, crawl, object_id) or change
            made = begun.kind is CrawlChangeKind.TABLE_CREATED
            if begun.kind is CrawlChangeKind.DATABASE_CREATED:
                self._database_off(tx, caller, change)
            elif change.kind is CrawlChangeKind.TABLE_DROPPED:
                self._table_on(tx, caller, change)
            elif (table := self._table(tx, caller, begun, may_be_gone=made)) is not None:
                if made:
                    self._table_off(tx, caller, crawl, table)
                else:
                    self._check_all(tx, crawl, table)
                    self._ways[change.kind](tx, caller, change, table)
            rows.mark_undone(tx, change, caller.run or "", all_of_table=made)
            return change

        try:
            return self.core.store.write(work)
        except IntegrityError as error:
            raise Overtaken("what it would bring back is in the way of something that was made since") from error

    def _table(self, tx: Transaction, caller: Caller, begun: CrawlChange, *, may_be_gone: bool) -> Table | None:
        """The table, locked, if nobody but the crawl has changed it since its first change; None for one that is gone."""
        name = tables.name_of(tx, begun.object_id)
        if name is None:
            crawl = rows.dropped_by(tx, begun.object_id)
            if crawl is not None:
                raise Overtaken(f"crawl {crawl} dropped it since: undo that one first")
            if may_be_gone:
                return None
            raise Overtaken("it was dropped since")
        found = self.tables.find(tx, caller, Action.DROP if may_be_gone else Action.ALTER, name, lock=True)
        strangers = rows.strangers(tx, begun)
        crawls = [one.run for one in strangers if one.crawl]
        if crawls:
            raise Overtaken(f"crawl {crawls[0]} changed it since: undo that one first")
        if strangers:
            raise Overtaken(f"{strangers[0].by or 'somebody'} changed it since, through {strangers[0].via}")
        return found

    def _check_all(self, tx: Transaction, crawl: str, table: Table) -> None:
        """Before the first change of a table is taken back, refuse what would be refused at a later one."""
        for change in rows.pending(tx, crawl, table.id) or ():
            if change.kind is CrawlChangeKind.STATISTICS_CHANGED:
                self._written(tx, change, table)
            elif change.kind is CrawlChangeKind.TABLE_CHANGED:
                self._definition_before(tx, change, table)
            elif change.kind is CrawlChangeKind.PARTITIONS_ADDED:
                for names in self._added(tx, change):
                    self._check_added(tx, change.crawl, table, names)

    def _table_off(self, tx: Transaction, caller: Caller, crawl: str, table: Table) -> None:
        known = (column_statistics.c.table_id == table.id) & ~_own(tx, crawl, table)
        self._refuse_if_any(tx, known, "statistics of it were written since")
        self._refuse_if_any(tx, touching(table), "constraints were added to it since")
        self._refuse_if_any(tx, privileges.on_table(table.full_name), "rights on it were granted since")
        drop_in(tx, caller, table, delete_data=False)

    def _table_on(self, tx: Transaction, caller: Caller, change: CrawlChange) -> None:
        """Bring a dropped table back under its own id, as a new version, with all that went with it."""
        for of, found in rows.kept(tx, change.id):
            if of == "tables":
                found[0] = self._row_on(tx, caller, change, found[0])
            rows.put_back(tx, of, found)
        table = tables.get(tx, change.full_name)
        if table is None:
            raise NotFound("table", str(change.full_name))
        ids = tables.blob_ids(tx, table)
        versions.record(tx, table, table, table.database_id, ids, caller)
        tables.bump_data_version(tx, table.id)
        index(tx, table)
        place = {"object_id": table.id, "version_after": table.version}
        record(tx, caller, EventKind.CREATE_TABLE, table.full_name, payload={"came_back": True}, **place)

    def _row_on(self, tx: Transaction, caller: Caller, change: CrawlChange, row: dict[str, Any]) -> dict[str, Any]:
        name = change.full_name
        self.core.grants.require(tx, caller, Action.CREATE, grants.of_table(name))
        home = databases.get(tx, name.parent)
        if home is None or home.id != row["database_id"]:
            raise Overtaken(f"database {name.database} was dropped since")
        if tables.get(tx, name) is not None:
            raise Overtaken("another table of its name was made since")
        return {**row, "version": row["version"] + 1, "updated_at": tx.at, "updated_by": caller.user}

    def _definition_before(self, tx: Transaction, change: CrawlChange, table: Table) -> Table:
        """The definition that a change replaced; raises `Overtaken` where what was made since would be lost with it."""
        before = versions.get(tx, table.id, change.version - 1)
        if before is None:
            raise Overtaken(f"its version {change.version - 1} is not kept any more")
        named = replace(before.table, catalog=table.catalog, database=table.database, name=table.name)
        back = replace(named, last_access_at=table.last_access_at)
        losing = [name_key(one) for one in lost_columns(table.columns, back.columns)]
        known = (column_statistics.c.table_id == table.id) & among(tx, column_statistics.c.column_key, losing)
        known &= ~_own(tx, change.crawl, table)
        self._refuse_if_any(tx, known, "statistics of columns that would go were written since")
        added = touching(table) & (constraints.c.created_at > change.at)
        self._refuse_if_any(tx, added, "constraints were added to it since")
        return back

    def _definition_back(self, tx: Transaction, caller: Caller, change: CrawlChange, table: Table) -> None:
        back = self._definition_before(tx, change, table)
        change_in(tx, caller, table, back, table.database_id)
        for of, found in rows.kept(tx, change.id):
            if of == partition_rows.name:
                change_many(tx, partition_rows, found)
            else:
                rows.put_back(tx, of, found)

    @staticmethod
    def _added(tx: Transaction, change: CrawlChange) -> Iterator[Sequence[str]]:
        """Names of the partitions that a change added, in sets."""
        return (names for of, names in rows.kept(tx, change.id) if of == NAMES)

    def _check_added(self, tx: Transaction, crawl: str, table: Table, names: Sequence[str]) -> Sequence[Partition]:
        """The partitions of these names, locked; raises `Overtaken` where what was made since would be lost with them."""
        held = partitions.get_many(tx, table, names, lock=True)
        ids = [one.id for one in held]
        known = (column_statistics.c.table_id == table.id) & among(tx, column_statistics.c.partition_id, ids)
        known &= ~_own(tx, crawl, table)
        self._refuse_if_any(tx, known, "statistics of partitions that would go were written since")
        on_them = privileges.on_table(table.full_name) & among(tx, granted.c.partition, names)
        self._refuse_if_any(tx, on_them, "rights on partitions that would go were granted since")
        return held

    def _partitions_off(self, tx: Transaction, caller: Caller, change: CrawlChange, table: Table) -> None:
        for names in self._added(tx, change):
            held = self._check_added(tx, change.crawl, table, names)
            befores = [before_of(one) for one in held]
            gone = [name_of(table, one.values) for one in held]
            partitions.drop(tx, table, [one.id for one in held])
            changed_in(tx, caller, EventKind.DROP_PARTITIONS, table, gone, befores)

    def _written(self, tx: Transaction, change: CrawlChange, table: Table) -> Sequence[Sequence[Any]]:
        """The keys of statistics that a change wrote; raises `Overtaken` where others wrote the same since."""
        written = [one for of, found in rows.kept(tx, change.id) if of == WRITTEN for one in found]
        times = {(id_, key, engine): at for id_, key, engine, at in written}
        known = (column_statistics.c.table_id == table.id) & among(
            tx, column_statistics.c.partition_id, sorted({id_ for id_, *_ in written})
        )
        for row in tx.connection.execute(select(column_statistics).where(known)):
            if row.updated_at != times.get((row.partition_id, row.column_key, row.engine), row.updated_at):
                raise Overtaken("statistics of it were written since")
        return written

    def _statistics_back(self, tx: Transaction, caller: Caller, change: CrawlChange, table: Table) -> None:  # noqa: ARG002
        by_partition: dict[int, list[str]] = {}
        written = {(id_, key, engine) for id_, key, engine, _ in self._written(tx, change, table)}
        for id_, key, _ in sorted(written):
            by_partition.setdefault(id_, []).append(key)
        for keys in {tuple(keys) for keys in by_partition.values()}:
            ids = [id_ for id_, held in by_partition.items() if tuple(held) == keys]
            statistics.drop(tx, table.id, ids, keys, "hive")
        for of, found in rows.kept(tx, change.id):
            replaced = [one for one in found if of != WRITTEN and (not written or _key(one) in written)]
            if replaced:
                rows.put_back(tx, of, replaced)
        tables.bump_data_version(tx, table.id)

    def _partitions_back(self, tx: Transaction, caller: Caller, change: CrawlChange, table: Table) -> None:
        for of, found in rows.kept(tx, change.id):
            names = [row["name"] for row in found]
            held = {name_of(table, one.values): one for one in partitions.get_many(tx, table, names, lock=True)}
            rows.put_back(tx, of, [{**row, "version": row["version"] + 2} for row in found])
            befores = [before_of(held[name]) for name in names]
            changed_in(tx, caller, EventKind.ALTER_PARTITIONS, table, names, befores)

    def _partitions_on(self, tx: Transaction, caller: Caller, change: CrawlChange, table: Table) -> None:
        for of, found in rows.kept(tx, change.id):
            rows.put_back(tx, of, found)
            if of == partition_rows.name:
                changed_in(tx, caller, EventKind.ADD_PARTITIONS, table, [row["name"] for row in found])

    def _database_off(self, tx: Transaction, caller: Caller, change: CrawlChange) -> None:
        found = databases.get(tx, change.home, lock=True)
        if found is None or found.id != -change.object_id:
            return
        if found.version != change.version:
            raise Overtaken("it was changed since")
        if privileges.on_things(tx, [(change.catalog, change.database)]):
            raise Overtaken("rights on it were granted since")
        self.databases.drop_in(tx, caller, change.home, delete_data=False)

    @staticmethod
    def _refuse_if_any(tx: Transaction, which: ColumnElement[bool], reason: str) -> None:
        if tx.connection.execute(select(exists().where(which))).scalar_one():
            raise Overtaken(reason)


def _own(tx: Transaction, crawl: str, table: Table) -> ColumnElement[bool]:
    """The predicate that leaves statistics which the crawl itself wrote: all of them bear one time."""
    for change in rows.of_kind(tx, crawl, table.id, CrawlChangeKind.STATISTICS_CHANGED):
        for of, found in rows.kept(tx, change.id):
            if of == WRITTEN:
                own: ColumnElement[bool] = column_statistics.c.updated_at == found[0][3]
                return own
    return false()


def _key(row: Mapping[str, Any]) -> tuple[int, str, str]:
    return row["partition_id"], row["column_key"], row["engine"]
