"""Functions, of mounted catalogs too."""

from __future__ import annotations

from catalog_server.catalog.core import Core
from catalog_server.catalog.functions import Functions
from catalog_server.catalog.mounted.seen import refuse, visible
from catalog_server.catalog.mounts import Mounts
from catalog_server.hive.reader import Reader
from catalog_server.model.caller import Caller
from catalog_server.model.errors import NotFound
from catalog_server.model.function import Function
from catalog_server.model.grant import Action, Resource
from catalog_server.model.names import DatabaseName, name_key
from catalog_server.store.transaction import Transaction


class MountedFunctions(Functions):
    """Functions, of mounted catalogs too."""

    def __init__(self, core: Core, mounts: Mounts) -> None:
        super().__init__(core)
        self.mounts = mounts

    def _get(self, tx: Transaction, caller: Caller, action: Action, database: DatabaseName, name: str) -> Function:
        try:
            return super()._get(tx, caller, action, database, name)
        except NotFound:
            if action is not Action.DESCRIBE:
                refuse(self.core, self.mounts, tx, caller, database.catalog)
            raise

    def _read(self, reader: Reader, caller: Caller, database: DatabaseName) -> list[Function]:
        found = reader.functions(database.database)
        named = [Resource("function", (one.catalog, one.database, one.name)) for one in found]
        kept = {resource.path for resource in visible(self.core, caller, named)}
        return [one for one in found if (one.catalog, one.database, one.name) in kept]

    def get(self, caller: Caller, database: DatabaseName, name: str) -> Function:
        """One function."""
        try:
            return super().get(caller, database, name)
        except NotFound:
            reader = self.mounts.of(database.catalog)
            if reader is None:
                raise
        found = [one for one in self._read(reader, caller, database) if name_key(one.name) == name_key(name)]
        if not found:
            raise NotFound("function", f"{database}.{name}")
        return found[0]

    def create(self, caller: Caller, function: Function) -> Function:
        """Keep a function; raises `Unsupported` in a mounted catalog."""
        with self.core.store.read() as tx:
            refuse(self.core, self.mounts, tx, caller, function.catalog)
        return super().create(caller, function)

    def list(self, caller: Caller, database: DatabaseName | None = None) -> list[Function]:
        """Functions of a database, or all of native catalogs, that the caller may see."""
        found = super().list(caller, database)
        reader = None if found or database is None else self.mounts.of(database.catalog)
        return found if reader is None or database is None else self._read(reader, caller, database)
