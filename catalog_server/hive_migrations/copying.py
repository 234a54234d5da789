"""Copies a source into a catalog of ours: every object with the note that it is done in one transaction, none twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from catalog_server.catalog import adoption
from catalog_server.catalog.databases import DEFAULT_DATABASE
from catalog_server.catalog.tables import check_definition
from catalog_server.hive.source import Batch
from catalog_server.hive_migrations.work import DATABASE, FUNCTION, TABLE, Work, chunks
from catalog_server.model.constraint import Constraint
from catalog_server.model.database import NATIVE, Database
from catalog_server.model.errors import (
    AlreadyExists,
    Cancelled,
    CatalogError,
    Invalid,
    NotFound,
    OutcomeUnknown,
    Unavailable,
)
from catalog_server.model.failpoint import reach
from catalog_server.model.function import Function
from catalog_server.model.grant import Visibility
from catalog_server.model.hive_migration import ItemState, MigrationItem, Mode, OnConflict
from catalog_server.model.names import DatabaseName, TableName, name_key
from catalog_server.model.statistics import ColumnStatistics
from catalog_server.model.table import Table
from catalog_server.store import catalogs, databases, functions, hive_migrations, tables
from catalog_server.store.transaction import Transaction

ENDING = (Cancelled, OutcomeUnknown, Unavailable)
"""Errors that end the migration, which can be gone on with; any other is noted of the object that it is about."""
DONE = (ItemState.MADE, ItemState.REPLACED, ItemState.SKIPPED)
FOREIGN_KEYS = "foreign keys"
"""Position of a table of which nothing is left to copy but foreign keys to tables that were not here yet."""


@dataclass
class Piece:
    """A table on its way: what the source says of it, and what is here."""

    table: Table
    item: MigrationItem
    replaced: Table | None = None
    statistics: Sequence[ColumnStatistics] = ()
    constraints: Sequence[Constraint] = ()


class Copier:
    """Copies, or in a dry run says what it would copy."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._core = work.catalog.core
        self._store = work.catalog.store
        self._source = work.source
        self._options = work.migration.options
        self._dry = work.migration.mode is Mode.DRY_RUN

    def run(self) -> None:
        """Copy everything that is meant and not copied yet; raises errors of the source, `Cancelled`, `AlreadyExists`."""
        self._check_target()
        names = self._work.databases()
        held = {name: self._table_names(name) for name in names}
        self._work.tables_total = sum(map(len, held.values()))
        for name in names:
            self._work.step(f"database {name}")
            database = self._database(name)
            if database is not None:
                for chunk in chunks(held[name]):
                    self._tables(database, name, chunk)
        self._functions(names)
        if not self._dry:
            self._foreign_keys()

    def _check_target(self) -> None:
        with self._store.read() as tx:
            found = catalogs.get(tx, self._options.into)
        if found is not None and found.kind != NATIVE:
            raise Invalid("into", f"catalog {found.name} is mounted from elsewhere; copy into one that is kept here")

    def _table_names(self, database: str) -> list[str]:
        try:
            return self._source.table_names(database)
        except NotFound:  # dropped there since its name was read
            return []

    def _database(self, name: str) -> Database | None:
        """Our database for one of the source's, as the source describes it; None when it cannot be made."""
        known = self._work.held(DATABASE, [name]).get(name)
        try:
            said = self._source.database(name)
        except NotFound:
            return None
        if self._dry:
            return self._database_tried(said, name)
        if known is not None and known.state in DONE:
            with self._store.read() as tx:
                found = databases.get(tx, said.full_name)
            if found is not None:
                return found

        def work(tx: Transaction) -> Database:
            adoption.adopt_catalog(self._core, tx, self._work.caller, self._options.into)
            here = databases.get(tx, said.full_name)
            over = self._options.on_conflict is OnConflict.REPLACE or (here is not None and _is_untouched(tx, here))
            made, written = adoption.adopt_database(self._core, tx, self._work.caller, said, replaced=over)
            state = ItemState.SKIPPED if not written else ItemState.MADE if here is None else ItemState.REPLACED
            self._work.note(tx, [MigrationItem(DATABASE, name, state, made.id)])
            return made

        try:
            return self._store.write(work)
        except ENDING:
            raise
        except CatalogError as error:
            self._work.keep([MigrationItem(DATABASE, name, ItemState.FAILED, error=error.message)])
            return None

    def _database_tried(self, said: Database, name: str) -> Database:
        with self._store.read() as tx:
            here = databases.get(tx, said.full_name)
            over = here is not None and (self._options.on_conflict is OnConflict.REPLACE or _is_untouched(tx, here))
        state = ItemState.MADE if here is None else ItemState.REPLACED if over else ItemState.SKIPPED
        self._work.keep([MigrationItem(DATABASE, name, state)])
        return here or said

    def _tables(self, database: Database, source_name: str, names: list[str]) -> None:
        """Copy some tables of a database: those without partitions in one transaction, the others one by one."""
        self._work.step(f"{source_name}: {len(names)} tables")
        known = self._work.held(TABLE, [f"{source_name}.{name}" for name in names])
        wanted = [name for name in names if not _is_done(known.get(f"{source_name}.{name}"))]
        failed: dict[str, str] = {}
        try:
            found = self._source.tables(source_name, wanted, failed) if wanted else []
        except NotFound:
            found = []
        items = {
            name: MigrationItem(TABLE, f"{source_name}.{name}", ItemState.FAILED, error=why)
            for name, why in failed.items()
        }
        self._work.keep(list(items.values()))
        pieces = [piece for table in found if (piece := self._decided(database, table, source_name, known)) is not None]
        if self._dry:
            self._tried(pieces)
        else:
            self._write([piece for piece in pieces if piece.item.state is not ItemState.COPYING], database)
            for piece in pieces:
                if piece.item.state is ItemState.COPYING:
                    self._one_partitioned(piece, database)
        partitioned = 0 if self._dry else sum(piece.item.state is ItemState.COPYING for piece in pieces)
        self._work.tables_done += len(names) - partitioned

    def _decided(
        self, database: Database, table: Table, source_name: str, known: dict[str, MigrationItem]
    ) -> Piece | None:  # fmt: skip
        """What is to become of a table; None when that is nothing. Raises `AlreadyExists` when conflicts end the work."""
        name = f"{source_name}.{table.name}"
        own = known.get(name)
        with self._store.read() as tx:
            here = tables.get(tx, TableName(database.catalog, database.name, table.name))
        if here is not None and own is not None and own.state is ItemState.COPYING and own.object_id == here.id:
            return Piece(replace(table, catalog=database.catalog, database=database.name), own)
        if here is not None and self._options.on_conflict is not OnConflict.REPLACE:
            if self._options.on_conflict is OnConflict.FAIL:
                raise AlreadyExists("table", str(here.full_name))
            self._work.keep([MigrationItem(TABLE, name, ItemState.SKIPPED, here.id)])
            return None
        try:
            check_definition(table)
        except Invalid as error:
            self._work.keep([MigrationItem(TABLE, name, ItemState.FAILED, error=error.message)])
            return None
        state = ItemState.REPLACED if here is not None else ItemState.MADE
        state = ItemState.COPYING if table.partition_keys and not self._dry else state
        return Piece(table, MigrationItem(TABLE, name, state), here)

    def _tried(self, pieces: Sequence[Piece]) -> None:
        items = []
        for piece in pieces:
            count = self._source.partition_count(piece.table) if piece.table.partition_keys else 0
            self._work.partitions_done += count
            items.append(replace(piece.item, partitions=count))
        self._work.keep(items)

    def _told(self, piece: Piece) -> None:
        """Ask the source for what stands beside a table's definition; no transaction is open."""
        if self._options.statistics and not piece.table.is_view:
            piece.statistics = self._source.table_statistics(piece.table)
        if not piece.table.is_view:
            piece.constraints = self._source.constraints(piece.table)

    def _write(self, pieces: Sequence[Piece], database: Database) -> None:
        """Make tables with statistics and constraints; where one of them cannot be made, the others are, one by one."""
        if not pieces:
            return
        for piece in pieces:
            self._told(piece)

        def work(tx: Transaction) -> None:
            self._work.note(tx, [self._made(tx, piece, database) for piece in pieces])

        try:
            self._store.write(work)
        except ENDING:
            raise
        except CatalogError as error:
            if len(pieces) == 1:
                self._work.keep([replace(pieces[0].item, state=ItemState.FAILED, error=error.message)])
                return
            for piece in pieces:
                self._write([piece], database)

    def _made(self, tx: Transaction, piece: Piece, database: Database) -> MigrationItem:
        """Make one table, all but its partitions; the item says what became of it."""
        if piece.replaced is not None:
            adoption.abandon_table(self._core, tx, self._work.caller, piece.replaced)
        own = replace(piece.table, catalog=database.catalog, database=database.name)
        made = adoption.adopt_table(self._core, tx, self._work.caller, database, own)
        adoption.adopt_statistics(tx, made, piece.statistics)
        lost = adoption.adopt_constraints(tx, made, piece.constraints)
        return replace(
            piece.item,
            object_id=made.id,
            statistics=len(piece.statistics),
            position=FOREIGN_KEYS if lost else None,
        )

    def _one_partitioned(self, piece: Piece, database: Database) -> None:
        """Copy a table with partitions: its definition, then batch after batch with the note how far it is."""
        name = piece.item.name
        try:
            if not piece.item.object_id:
                self._told(piece)
                first = self._store.write(lambda tx: self._begun(tx, piece, database))
            else:
                first = piece.item
            last = self._batches(piece, first)
            ended = ItemState.REPLACED if piece.replaced is not None else ItemState.MADE
            position = FOREIGN_KEYS if self._lost(piece) else None
            self._work.keep([replace(last, state=ended, position=position)])
        except ENDING:
            raise
        except CatalogError as error:
            held = self._work.held(TABLE, [name]).get(name) or piece.item
            self._work.keep([replace(held, state=ItemState.FAILED, error=error.message)])
        self._work.tables_done += 1

    def _begun(self, tx: Transaction, piece: Piece, database: Database) -> MigrationItem:
        item = replace(self._made(tx, piece, database), state=ItemState.COPYING, position=None)
        self._work.note(tx, [item])
        return item

    def _lost(self, piece: Piece) -> bool:
        return any(one.parent is not None for one in self._source.constraints(piece.table))

    def _batches(self, piece: Piece, item: MigrationItem) -> MigrationItem:
        with self._store.read() as tx:
            table = tables.get(tx, TableName(self._options.into, piece.table.database, piece.table.name))
        if table is None or table.id != item.object_id:
            raise NotFound("table", f"{item.name}, which was being copied,")
        for batch in self._source.partitions(piece.table, item.position or ""):
            self._work.step(item.name)
            item = self._store.write(partial(self._batch, table, item, batch))
            reach("partitions_copied")
            self._work.partitions_done += len(batch.partitions)
        return item

    def _batch(self, table: Table, item: MigrationItem, batch: Batch, tx: Transaction) -> MigrationItem:
        statistics = batch.statistics if self._options.statistics else {}
        added = adoption.adopt_partitions(tx, self._work.caller, table, batch.partitions, statistics)
        noted = replace(
            item,
            position=batch.position,
            partitions=item.partitions + added,
            statistics=item.statistics + sum(map(len, statistics.values())),
        )
        self._work.note(tx, [noted])
        return noted

    def _functions(self, names: Sequence[str]) -> None:
        self._work.step("functions")
        wanted = {name_key(name) for name in names}
        found = [one for one in self._source.functions() if name_key(one.database) in wanted]
        for function in found:
            name = f"{function.database}.{function.name}"
            if _is_done(self._work.held(FUNCTION, [name]).get(name)):
                continue
            over = self._options.on_conflict is OnConflict.REPLACE
            with self._store.read() as tx:
                here = functions.get(tx, DatabaseName(function.catalog, function.database), function.name)
            if here is not None and self._options.on_conflict is OnConflict.FAIL:
                raise AlreadyExists("function", name)
            state = ItemState.MADE if here is None else ItemState.REPLACED if over else ItemState.SKIPPED
            item = MigrationItem(FUNCTION, name, state, 0 if here is None else here.id)

            try:
                if self._dry:
                    self._work.keep([item])
                else:
                    self._store.write(partial(self._function, function, item, over))
            except ENDING:
                raise
            except CatalogError as error:
                self._work.keep([replace(item, state=ItemState.FAILED, error=error.message)])

    def _function(self, function: Function, item: MigrationItem, over: bool, tx: Transaction) -> None:
        adoption.adopt_function(self._core, tx, self._work.caller, function, replaced=over)
        self._work.note(tx, [item])

    def _foreign_keys(self) -> None:
        """Keep foreign keys whose parent tables were copied after their own."""
        self._work.step("foreign keys")
        after = 0
        while True:
            with self._store.read() as tx:
                page = hive_migrations.items(tx, self._work.migration.id, [one.value for one in DONE], after, 1000)
            if not page:
                return
            after = page[-1].id
            for item in page:
                if item.position == FOREIGN_KEYS:
                    self._late_keys(item)

    def _late_keys(self, item: MigrationItem) -> None:
        database, _, name = item.name.rpartition(".")
        found = self._source.tables(database, [name])
        constraints = self._source.constraints(found[0]) if found else []

        def work(tx: Transaction) -> None:
            table = tables.get(tx, TableName(self._options.into, database, name))
            lost = adoption.adopt_constraints(tx, table, constraints) if table is not None else []
            why = f"the tables that foreign keys {', '.join(lost)} reference are not copied" if lost else None
            self._work.note(tx, [replace(item, position=None, error=why)])

        self._store.write(work)


def _is_done(item: MigrationItem | None) -> bool:
    return item is not None and item.state in DONE


def _is_untouched(tx: Transaction, database: Database) -> bool:
    """Whether a database is the `default` one as the first start made it: such a one takes the source's definition."""
    if name_key(database.name) != DEFAULT_DATABASE or database.version != 1:
        return False
    return not tables.list_names(tx, database.full_name, Visibility(), count=1)
