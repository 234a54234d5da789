"""Databases, of mounted catalogs too."""

from __future__ import annotations

from collections.abc import Sequence

from catalog_server.catalog import grants
from catalog_server.catalog.core import Core
from catalog_server.catalog.databases import Databases
from catalog_server.catalog.mounted.seen import refuse, require, visible
from catalog_server.catalog.mounts import Mounts
from catalog_server.hive.reader import Reader
from catalog_server.model.caller import Caller
from catalog_server.model.database import Database
from catalog_server.model.errors import NotFound
from catalog_server.model.grant import Action
from catalog_server.model.names import DatabaseName, name_key
from catalog_server.store.transaction import Transaction


class MountedDatabases(Databases):
    """Databases, of mounted catalogs too."""

    def __init__(self, core: Core, mounts: Mounts) -> None:
        super().__init__(core)
        self.mounts = mounts

    def get(self, caller: Caller, name: DatabaseName) -> Database:
        """One database."""
        try:
            return super().get(caller, name)
        except NotFound:
            reader = self.mounts.of(name.catalog)
            if reader is None:
                raise
            require(self.core, caller, grants.of_database(name))
            return reader.database(name.database)

    def list(
        self,
        caller: Caller,
        catalog: str | None = None,
        *,
        parent: str | None = None,
        after: str = "",
        count: int | None = None,
    ) -> list[Database]:
        """Databases of a catalog by name key; of a mounted one each costs a call, as its metastore knows no other way."""
        found = super().list(caller, catalog, parent=parent, after=after, count=count)
        reader = None if found else self.mounts.of(catalog)
        if reader is None:
            return found
        names = [name for name in reader.database_names() if name_key(name) > after]
        if parent is not None:
            names = [name for name in names if name_key(name).startswith(name_key(parent) + ".")]
        shown = visible(self.core, caller, [grants.of_database(DatabaseName(reader.catalog, name)) for name in names])
        wanted = [resource.path[1] for resource in shown][:count]
        return [each for name in wanted if (each := _if_there(reader, name)) is not None]

    def _get(
        self, tx: Transaction, caller: Caller, action: Action, name: DatabaseName, *, lock: bool = False
    ) -> Database:  # fmt: skip
        try:
            return super()._get(tx, caller, action, name, lock=lock)
        except NotFound:
            if action is not Action.DESCRIBE:
                refuse(self.core, self.mounts, tx, caller, name.catalog)
            raise

    def create(self, caller: Caller, database: Database, *, folders: Sequence[str] = ()) -> Database:
        """Make a database; raises `Unsupported` in a mounted catalog."""
        with self.core.store.read() as tx:
            refuse(self.core, self.mounts, tx, caller, database.catalog)
        return super().create(caller, database, folders=folders)


def _if_there(reader: Reader, name: str) -> Database | None:
    try:
        return reader.database(name)
    except NotFound:  # dropped since the names were read
        return None
