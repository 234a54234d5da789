"""Versions of tables, of mounted catalogs too."""

from __future__ import annotations

from catalog_server.catalog.core import Core
from catalog_server.catalog.mounted.tables import MountedTables
from catalog_server.catalog.versions import Versions
from catalog_server.model.caller import Caller
from catalog_server.model.errors import NotFound
from catalog_server.model.names import TableName
from catalog_server.model.version import TableVersion


class MountedVersions(Versions):
    """Versions; a table of a mounted catalog has its present definition alone."""

    def __init__(self, core: Core, of: MountedTables) -> None:
        super().__init__(core, of)
        self.of = of

    def get(self, caller: Caller, name: TableName, version: int) -> TableVersion:
        """One version of a table."""
        try:
            return super().get(caller, name, version)
        except NotFound:
            reader = self.of.mounts.of(name.catalog)
            if reader is None:
                raise
        table = self.of.read(reader, caller, name)
        if version not in (1, table.version):
            raise NotFound("version", f"{version} of table {table.full_name}")
        return TableVersion(table, version, table.created_at, table.owner, None, None)
