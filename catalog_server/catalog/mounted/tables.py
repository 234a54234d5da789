"""Tables, of mounted catalogs too."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from catalog_server.catalog import grants
from catalog_server.catalog.core import Core
from catalog_server.catalog.mounted.seen import refuse, require, visible
from catalog_server.catalog.mounts import Mounts
from catalog_server.catalog.tables import VISIBLE_TO_ENGINES, Tables
from catalog_server.hive.reader import Reader
from catalog_server.model.caller import Caller
from catalog_server.model.errors import NotFound
from catalog_server.model.grant import Action
from catalog_server.model.names import DatabaseName, TableName, name_key
from catalog_server.model.table import Table, TableKind
from catalog_server.model.table_filter import TableFilter
from catalog_server.store.transaction import Transaction

_FETCHED = 200
"""Tables fetched at a time where a list is narrowed by what only their definitions tell."""


class MountedTables(Tables):
    """Tables, of mounted catalogs too; the version of a mounted one is a digest of its definition."""

    def __init__(self, core: Core, mounts: Mounts) -> None:
        super().__init__(core)
        self.mounts = mounts

    def get(self, caller: Caller, name: TableName) -> Table:
        """One table."""
        try:
            return super().get(caller, name)
        except NotFound:
            reader = self.mounts.of(name.catalog)
            if reader is None:
                raise
            return self.read(reader, caller, name)

    def read(self, reader: Reader, caller: Caller, name: TableName) -> Table:
        """A table of a mounted catalog."""
        require(self.core, caller, grants.of_table(name))
        return _versioned(reader.table(name))

    def find(self, tx: Transaction, caller: Caller, action: Action, name: TableName, *, lock: bool = False) -> Table:
        """The table inside a running transaction; raises `Unsupported` for a change of one in a mounted catalog."""
        try:
            return super().find(tx, caller, action, name, lock=lock)
        except NotFound:
            if action is not Action.DESCRIBE:
                refuse(self.core, self.mounts, tx, caller, name.catalog)
            raise

    def create(
        self,
        caller: Caller,
        table: Table,
        *,
        make_directory: bool = True,
        hive_rules: bool = False,
        then: Callable[[Transaction, Table], None] | None = None,
    ) -> Table:
        """Make a table and its directory; raises `Unsupported` in a mounted catalog."""
        try:
            return super().create(
                caller, table, make_directory=make_directory, hive_rules=hive_rules, then=then
            )  # fmt: skip
        except NotFound:
            with self.core.store.read() as tx:
                refuse(self.core, self.mounts, tx, caller, table.catalog)
            raise

    def get_many(self, caller: Caller, database: DatabaseName, names: Iterable[str]) -> list[Table]:
        """Those of the named tables that exist and may be seen, in the order of the names."""
        wanted = list(names)
        found = super().get_many(caller, database, wanted)
        reader = None if found or not wanted else self.mounts.of(database.catalog)
        if reader is None:
            return found
        held = {name_key(table.name): table for table in reader.tables(database.database, wanted)}
        ordered = [held[key] for key in dict.fromkeys(map(name_key, wanted)) if key in held]
        shown = visible(self.core, caller, [grants.of_table(table.full_name) for table in ordered])
        kept = {resource.path for resource in shown}
        return [_versioned(table) for table in ordered if grants.of_table(table.full_name).path in kept]

    def _names(
        self, reader: Reader, caller: Caller, database: DatabaseName, contains: str, after: str
    ) -> list[str]:  # fmt: skip
        held = sorted(reader.table_names(database.database), key=name_key)
        wanted = [name for name in held if name_key(name) > after and name_key(contains) in name_key(name)]
        named = [grants.of_table(TableName(reader.catalog, database.database, name)) for name in wanted]
        return [resource.path[2] for resource in visible(self.core, caller, named)]

    def _narrowed(
        self,
        reader: Reader,
        caller: Caller,
        database: DatabaseName,
        kinds: Sequence[TableKind] | None,
        formats: Sequence[str] | None,
        contains: str,
        after: str,
        count: int | None,
    ) -> list[Table]:
        names = self._names(reader, caller, database, contains, after)
        found: list[Table] = []
        size = min(_FETCHED, count or _FETCHED)
        for start in range(0, len(names), size):
            for table in sorted(reader.tables(database.database, names[start : start + size]), key=_key):
                if (kinds is None or table.kind in kinds) and (formats is None or table.format in formats):
                    found.append(_versioned(table))
            if count is not None and len(found) >= count:
                return found[:count]
        return found

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
        found = super().list_names(caller, database, kinds=kinds, formats=formats, after=after, count=count)
        reader = None if found else self.mounts.of(database.catalog)
        if reader is None:
            return found
        if formats is None and (kinds is None or set(kinds) >= _HIVE_KINDS):
            return self._names(reader, caller, database, "", after)[:count]
        tables = self._narrowed(reader, caller, database, kinds, formats, "", after, count)
        return [table.name for table in tables]

    def names_by_filter(self, caller: Caller, database: DatabaseName, text: str, count: int | None) -> list[str]:
        """Up to `count` names of tables for engines that meet a filter; of a mounted catalog each table is read."""
        found = super().names_by_filter(caller, database, text, count)
        reader = None if found else self.mounts.of(database.catalog)
        if reader is None:
            return found
        wanted = TableFilter.parse(text)
        tables = self._narrowed(reader, caller, database, VISIBLE_TO_ENGINES, None, "", "", None)
        return [
            table.name
            for table in tables
            if wanted.meets(table.name, table.kind.value, table.owner, table.last_access_at // 1000, table.parameters)
        ][:count]  # fmt: skip

    def summaries(self, caller: Caller, catalog: str, kinds: Sequence[TableKind]) -> list[Table]:
        """All tables of these kinds in a catalog by name; of a mounted one each is read."""
        found = super().summaries(caller, catalog, kinds)
        reader = None if found else self.mounts.of(catalog)
        if reader is None:
            return found
        databases = sorted(reader.database_names(), key=name_key)
        return [
            table
            for database in databases
            for table in self._narrowed(reader, caller, DatabaseName(catalog, database), kinds, None, "", "", None)
        ]

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
        try:
            return super().list(
                caller, database, kinds=kinds, formats=formats, contains=contains, after=after, count=count
            )  # fmt: skip
        except NotFound:
            reader = self.mounts.of(database.catalog)
            if reader is None:
                raise
            require(self.core, caller, grants.of_database(database))
            reader.database(database.database)
            return self._narrowed(reader, caller, database, kinds, formats, contains, after, count)


_HIVE_KINDS = {TableKind.MANAGED, TableKind.EXTERNAL, TableKind.VIEW, TableKind.MATERIALIZED_VIEW}


def _key(table: Table) -> str:
    return name_key(table.name)


def _versioned(table: Table) -> Table:
    """A mounted table with an id and a version that stay as long as its name and definition do."""
    number = zlib.crc32(f"{name_key(table.catalog)}.{name_key(table.database)}.{name_key(table.name)}".encode())
    digest = zlib.crc32(repr(replace(table, id=0, version=0, last_access_at=0)).encode("utf-8", "surrogatepass"))
    return replace(table, id=number, version=max(1, digest))
