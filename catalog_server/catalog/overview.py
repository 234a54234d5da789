"""The catalog at a glance: how much of what there is."""

from __future__ import annotations

import uuid

from catalog_server.catalog.core import Core
from catalog_server.model.caller import Caller
from catalog_server.store import catalogs, counts, settings


class Overview:
    """Counts what a caller may see."""

    def __init__(self, core: Core) -> None:
        self.core = core

    def counts(self, caller: Caller) -> dict[str, int]:
        """Numbers of catalogs, databases, tables and views."""
        with self.core.store.read() as tx:
            visible = self.core.grants.visible(tx, caller)
            tables, views = counts.of_tables(tx, visible)
            return {
                "catalogs": len(catalogs.list_all(tx)),
                "databases": counts.of_databases(tx, visible),
                "tables": tables,
                "views": views,
            }

    def table_counts(self, caller: Caller, catalog: str | None = None) -> dict[str, int]:
        """Numbers of tables and views by the name key of their database; one that holds none is left out."""
        with self.core.store.read() as tx:
            visible = self.core.grants.visible(tx, caller)
            return counts.by_database(tx, self.core.catalog_name(catalog), visible)

    def identity(self) -> str:
        """A name of the store that no other has, made when it is first asked for."""
        return settings.keep(self.core.store, "uuid", str(uuid.uuid4()))
