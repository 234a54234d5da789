"""Tables: every change of a definition, through whatever door, is one compare-and-set on one row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from catalog_server.catalog import grants
from catalog_server.catalog.core import Core, check_parameters, check_text
from catalog_server.catalog.hive_rules import check_change, check_new
from catalog_server.catalog.table_writes import change_in, create_in, drop_in
from catalog_server.model.caller import Caller
from catalog_server.model.database import Database
from catalog_server.model.errors import AlreadyExists, Conflict, Invalid, NotFound
from catalog_server.model.grant import Action
from catalog_server.model.names import DatabaseName, TableName, check_name, name_key
from catalog_server.model.partition import folder_name
from catalog_server.model.table import PREVIOUS_METADATA_LOCATION, Column, Table, TableKind
from catalog_server.model.table_filter import TableFilter
from catalog_server.store import (
    databases,
    intents,
    partitions,
    table_filters,
)
from catalog_server.store import tables as rows
from catalog_server.store.transaction import Transaction

VISIBLE_TO_ENGINES = (TableKind.MANAGED, TableKind.EXTERNAL, TableKind.VIEW, TableKind.MATERIALIZED_VIEW)
"""Kinds that Hive and Iceberg clients are shown; a table of a connection could not be read by them."""
_WITH_FILES = (TableKind.MANAGED, TableKind.EXTERNAL, TableKind.MATERIALIZED_VIEW)


class Tables:
    """Rules of tables; all methods raise `NotFound`, `Denied` and the errors they name."""

    def __init__(self, core: Core) -> None:
        self.core = core

    def get(self, caller: Caller, name: TableName) -> Table:
        """One table."""
        with self.core.store.read() as tx:
            return self.find(tx, caller, Action.DESCRIBE, name)

    def find(self, tx: Transaction, caller: Caller, action: Action, name: TableName, *, lock: bool = False) -> Table:
        """The table inside a running transaction, once the caller is known to be allowed the action on it."""
        name = self.core.table_name(name)
        self.core.grants.require(tx, caller, action, grants.of_table(name))
        found = rows.get(tx, name, lock=lock)
        if found is None:
            raise NotFound("table", str(name))
        return found

    def may_read_files(self, caller: Caller, name: TableName) -> bool:
        """Whether the caller may read all rows and columns, so that keys to the files give away nothing more."""
        decision = self.core.grants.decide(caller, Action.SELECT, grants.of_table(self.core.table_name(name)))
        return decision.allowed and decision.columns is None and decision.row_filter is None

    def get_many(self, caller: Caller, database: DatabaseName, names: Iterable[str]) -> list[Table]:
        """Those of the named tables that exist and may be seen, in the order of the names."""
        with self.core.store.read() as tx:
            visible = self.core.grants.visible(tx, caller)
            return rows.get_many(tx, self.core.database_name(database), names, visible)

    def list_names(
        self,
        caller: Caller,
        database: DatabaseName,
        *,
        kinds: Sequence[TableKind] | None = None,
        formats: Sequence[str] | None = None,
        after: str = "",
        count: int | None = None,
    ) -> list[str]:
        """Names of the tables of a database; of a database that is not there there are none."""
        with self.core.store.read() as tx:
            visible = self.core.grants.visible(tx, caller)
            name = self.core.database_name(database)
            return rows.list_names(tx, name, visible, kinds=kinds, formats=formats, after=after, count=count)

    def names_by_filter(self, caller: Caller, database: DatabaseName, text: str, count: int | None) -> list[str]:
        """Up to `count` names of tables for engines that meet a filter (`model.table_filter`); raises `Invalid`."""
        wanted = TableFilter.parse(text)
        with self.core.store.read() as tx:
            visible = self.core.grants.visible(tx, caller)
            return table_filters.names(
                tx, self.core.database_name(database), visible, wanted, VISIBLE_TO_ENGINES, count
            )  # fmt: skip

    def summaries(self, caller: Caller, catalog: str, kinds: Sequence[TableKind]) -> list[Table]:
        """All tables of these kinds in a catalog by name, without columns, keys and storage."""
        with self.core.store.read() as tx:
            visible = self.core.grants.visible(tx, caller)
            return table_filters.summaries(tx, self.core.catalog_name(catalog), visible, kinds)

    def _database(self, tx: Transaction, caller: Caller, action: Action, name: DatabaseName) -> Database:
        name = self.core.database_name(name)
        self.core.grants.require(tx, caller, action, grants.of_database(name))
        found = databases.get(tx, name)
        if found is None:
            raise NotFound("database", str(name))
        return found

    def default_location(self, caller: Caller, name: TableName) -> str:
        """Where a table goes when nobody says: below its database's location."""
        with self.core.store.read() as tx:
            database = self._database(tx, caller, Action.DESCRIBE, name.parent)
        return table_location(database, name.table)

    def create(
        self,
        caller: Caller,
        table: Table,
        *,
        make_directory: bool = True,
        hive_rules: bool = False,
        then: Callable[[Transaction, Table], None] | None = None,
    ) -> Table:
        """Make a table and its directory; raises `AlreadyExists`, `Invalid` and `NotFound` for the database.

        With `hive_rules` what a Hive metastore refuses is refused. `then` is called in the same transaction once the
        table is there.
        """
        check_definition(table)
        if hive_rules:
            check_new(table)
        name = self.core.table_name(table.full_name)
        with self.core.store.read() as tx:
            database = self._database(tx, caller, Action.DESCRIBE, name.parent)
            self.core.grants.require(tx, caller, Action.CREATE, grants.of_table(name))
            if rows.get(tx, name) is not None:
                raise AlreadyExists("table", str(name))
        location = table.location
        has_files = table.kind in _WITH_FILES
        if has_files and not location:
            location = table_location(database, table.name)
        if has_files and location and make_directory:
            self.core.lake.filesystem(location).make_directory(location)
        new = replace(table, location=location)

        def work(tx: Transaction) -> Table:
            made = create_in(tx, caller, self._database(tx, caller, Action.DESCRIBE, name.parent), new)
            if then is not None:
                then(tx, made)
            return made

        return self.core.store.write(work)

    def alter(
        self,
        caller: Caller,
        name: TableName,
        new: Table,
        *,
        expected_version: int | None = None,
        expected_parameters: Mapping[str, str] | None = None,
        cascade: bool = False,
        hive_rules: bool = False,
        completed: Callable[[Table, Table], Table] | None = None,
    ) -> Table:
        """Give a table a new definition, and a new name where `new` has one.

        With `expected_version` or `expected_parameters` the change is made only if the table still is at that version
        or has these values; else `Conflict`. On an Iceberg table a moved `metadata_location` is conditional in any case:
        `previous_metadata_location` must be the stored one. Without a condition writers wait for each other.
        `cascade` gives every partition the new columns; with `hive_rules` changes are refused that a Hive metastore
        refuses. `completed` is given the table as it is and the new definition, and returns what is to be written.
        Raises `AlreadyExists` when the new name is taken, or the folder that a renamed table would move to.
        """
        check_definition(new)
        self._check_free(caller, name, new)

        def work(tx: Transaction) -> Table:
            found = self.find(tx, caller, Action.ALTER, name, lock=True)
            wanted = new if completed is None else completed(found, new)
            _check_expected(found, wanted, expected_version, expected_parameters)
            if hive_rules:
                check_change(found, wanted)
            changed = _with_unsaid(found, replace(wanted, id=found.id, created_at=found.created_at))
            if _is_renamed(found.full_name, wanted):
                return self._rename_in(tx, caller, found, changed, cascade=cascade)
            changed = replace(changed, catalog=found.catalog, database=found.database)
            return change_in(tx, caller, found, changed, found.database_id, cascade=cascade)

        changed = self.core.store.write(work)
        if _is_renamed(name, changed):
            self.core.intents.carry_out()
        return changed

    def _rename_in(self, tx: Transaction, caller: Caller, found: Table, changed: Table, *, cascade: bool) -> Table:
        """Write a definition under another name, and have the folder moved that is named after the old one."""
        target = self._database(tx, caller, Action.DESCRIBE, DatabaseName(found.catalog, changed.database))
        renamed = TableName(found.catalog, changed.database, changed.name)
        self.core.grants.require(tx, caller, Action.CREATE, grants.of_table(renamed))
        moved = _moved_location(found, changed, target)
        if moved:
            intents.add(tx, intents.MOVE_DIRECTORY, found.location or "", moved)
            changed = replace(changed, location=moved)
            partitions.move(tx, found.id, found.location or "", moved)
        changed = replace(changed, catalog=target.catalog, database=target.name)
        return change_in(tx, caller, found, changed, target.id, cascade=cascade)

    def _check_free(self, caller: Caller, name: TableName, new: Table) -> None:
        """Refuse a rename that would move the table's folder to where one is already."""
        if not _is_renamed(name, new):
            return
        with self.core.store.read() as tx:
            found = self.find(tx, caller, Action.ALTER, name)
            target = self._database(tx, caller, Action.DESCRIBE, DatabaseName(found.catalog, new.database))
            taken = rows.get(tx, TableName(found.catalog, target.name, new.name)) is not None
        moved = None if taken else _moved_location(found, new, target)
        if moved and self.core.lake.filesystem(moved).is_directory(moved):
            raise AlreadyExists("folder", moved)

    def rename(self, caller: Caller, name: TableName, new_name: TableName) -> Table:
        """Give a table another name or database of the same catalog; raises `AlreadyExists`, `NotFound`."""
        check_name("table", new_name.table)
        if name_key(self.core.catalog_name(name.catalog)) != name_key(self.core.catalog_name(new_name.catalog)):
            raise Invalid("table name", f"{new_name} is in another catalog than {name}")
        found = self.get(caller, name)
        return self.alter(
            caller,
            name,
            replace(found, database=new_name.database, name=new_name.table),
            expected_version=found.version,
        )

    def drop(
        self,
        caller: Caller,
        name: TableName,
        *,
        delete_data: bool = True,
        purge: bool = False,
        kinds: Sequence[TableKind] | None = None,
        as_read: Table | None = None,
    ) -> Table:
        """Drop a table, if it is of one of `kinds`; raises `Conflict` if it is not `as_read` any more.

        Files of a managed one (or one that asks for it) go with it if `delete_data`, any with `purge`.
        """

        def work(tx: Transaction) -> tuple[Table, bool]:
            found = self.find(tx, caller, Action.DROP, name, lock=True)
            if kinds is not None and found.kind not in kinds:
                raise NotFound("table", str(found.full_name))
            if as_read is not None and (found.id, found.version) != (as_read.id, as_read.version):
                raise Conflict(f"table {found.full_name}", f"version {as_read.version}", f"version {found.version}")
            return found, drop_in(tx, caller, found, delete_data=delete_data, purge=purge)

        dropped, with_files = self.core.store.write(work)
        if with_files:
            self.core.intents.carry_out()
        return dropped

    def list(
        self,
        caller: Caller,
        database: DatabaseName,
        *,
        kinds: Sequence[TableKind] | None = None,
        formats: Sequence[str] | None = None,
        contains: str = "",
        after: str = "",
        count: int | None = None,
    ) -> list[Table]:
        """Tables of a database by name key; see `store.tables.list_page`. Raises `NotFound` for the database."""
        with self.core.store.read() as tx:
            name = self._database(tx, caller, Action.DESCRIBE, database).full_name
            visible = self.core.grants.visible(tx, caller)
            return rows.list_page(
                tx, name, visible, kinds=kinds, formats=formats, contains=contains, after=after, count=count
            )  # fmt: skip


def table_location(database: Database, table: str) -> str:
    """The location of a table below its database's, with characters escaped that a path may not hold."""
    return f"{(database.location or '').rstrip('/')}/{folder_name(table)}"


def check_definition(table: Table, held: Table | None = None) -> None:
    """Refuse a definition that could not be kept or read; raises `Invalid` that names the field.

    What is the very same as in `held`, which is kept already, is not looked at again.
    """
    check_name("table", table.name)
    check_parameters("parameters", table.parameters, None if held is None else held.parameters)
    texts = (table.location, table.owner, table.view_original, table.view_expanded)
    check_text("table", *texts)
    if held is None or table.storage is not held.storage:
        check_parameters("SerDe parameters", table.storage.serde.parameters)
    if held is not None and table.columns is held.columns and table.partition_keys is held.partition_keys:
        return
    seen: set[str] = set()
    for column in (*table.columns, *table.partition_keys):
        check_text("column", column.name, column.type, column.comment)
        if not column.name:
            raise Invalid("column name", f"may not be empty in table {table.name}")
        if column.key in seen and not table.is_view:
            raise Invalid("column name", f"{column.name} appears twice in table {table.name}")
        seen.add(column.key)


def _with_unsaid(found: Table, new: Table) -> Table:
    """The new definition with what its protocol has no words for as it was: other protocols' extras, column parameters."""
    held = {column.key: column for column in found.columns}

    def kept(column: Column) -> Column:
        before = held.get(column.key)
        if column.parameters or before is None or not before.parameters or before.type != column.type:
            return column
        return replace(column, parameters=before.parameters)

    columns = tuple(kept(column) for column in new.columns)
    return replace(
        new, columns=columns, extra={**found.extra, **new.extra}, connection=new.connection or found.connection
    )


def _is_renamed(name: TableName, table: Table) -> bool:
    """Whether a table is to have another name, or be in another database, than the one of that name."""
    return name_key(table.name) != name_key(name.table) or name_key(table.database) != name_key(name.database)


def _check_expected(
    found: Table, new: Table, expected_version: int | None, expected_parameters: Mapping[str, str] | None
) -> None:
    name = f"table {found.full_name}"
    if expected_version is not None and found.version != expected_version:
        raise Conflict(name, f"version {expected_version}", f"version {found.version}")
    for key, value in (expected_parameters or {}).items():
        held = found.parameters.get(key)
        if held != value:
            raise ParameterConflict(name, key, value, held)
    alike = (found.is_iceberg and new.is_iceberg) or (found.is_iceberg_view and new.is_iceberg_view)
    if alike and new.metadata_location != found.metadata_location:
        previous = new.parameters.get(PREVIOUS_METADATA_LOCATION)
        if previous != found.metadata_location:
            raise ParameterConflict(name, "metadata_location", str(previous), found.metadata_location)


class ParameterConflict(Conflict):
    """A parameter had another value than the writer expected; worded as Hive words it, which clients look for."""

    def __init__(self, name: str, key: str, expected: str, found: str | None) -> None:
        super().__init__(name, expected, str(found))
        self.message = (
            f"The table has been modified. The parameter value for key '{key}' is '{found}'. "
            f"The expected was value was '{expected}'"
        )
        self.args = (self.message,)


def _moved_location(found: Table, new: Table, target: Database) -> str | None:
    """Where a renamed managed table's directory goes, None if it stays: only a default location moves, as in Hive."""
    renamed = name_key(new.name) != name_key(found.name) or name_key(target.name) != name_key(found.database)
    if not renamed or found.kind is not TableKind.MANAGED or found.is_iceberg or not found.location:
        return None
    if (new.location or found.location).rstrip("/") != found.location.rstrip("/"):
        return None
    parent, _, last = found.location.rstrip("/").rpartition("/")
    if not parent or last != folder_name(found.name):
        return None
    return table_location(target, new.name)
