"""Materialized views: what they are built from and how many rows of that changed since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from catalog_server.catalog.core import Core, record
from catalog_server.catalog.grants import of_table
from catalog_server.catalog.table_writes import change_in
from catalog_server.catalog.tables import Tables
from catalog_server.model.caller import Caller
from catalog_server.model.errors import Invalid, NotFound
from catalog_server.model.event import EventKind
from catalog_server.model.grant import Action
from catalog_server.model.names import DatabaseName, TableName, name_key
from catalog_server.model.table import Table, TableKind
from catalog_server.store import databases
from catalog_server.store import materialized_views as rows
from catalog_server.store import tables as table_rows
from catalog_server.store.transaction import Transaction

Source = rows.Source
Counts = Mapping[TableName, tuple[int, int, int]]
"""Rows inserted, updated and deleted, by table."""


class MaterializedViews:
    """Rules of materialized views; all methods raise `NotFound`, `Denied` and the errors they name."""

    def __init__(self, core: Core, of: Tables) -> None:
        self.core = core
        self.tables = of

    def sources(self, caller: Caller, views: Sequence[Table]) -> dict[int, list[Source]]:
        """What views are built from, by the view's id; tables that the caller may not see are left out."""
        if not views:
            return {}
        with self.core.store.read() as tx:
            visible = self.core.grants.visible(tx, caller)
            found = rows.of_views(tx, [view.id for view in views])
        if visible.everything:
            return found
        return {
            view: [one for one in sources if _seen(visible.databases, visible.tables, one.table)]
            for view, sources in found.items()
        }

    def rebuilt(self, caller: Caller, name: TableName, extra: Mapping[str, object] | None, sources: Counts) -> Table:
        """Say what a view was built from; `extra` is what its protocol keeps of that, None leaves it as it is.

        Raises `Invalid` for what is no materialized view; sources that do not exist are left out.
        """

        def work(tx: Transaction) -> Table:
            found = self._view(tx, caller, name)
            held = {}
            for source, counts in sources.items():
                table = table_rows.get(tx, self.core.table_name(source))
                if table is not None:
                    held[table.id] = counts
            rows.put(tx, found.id, held)
            if extra is None:
                record(
                    tx, caller, EventKind.ALTER_TABLE, found.full_name, object_id=found.id, version_after=found.version
                )
                return found
            return change_in(tx, caller, found, replace(found, extra=dict(extra)), found.database_id)

        return self.core.store.write(work)

    def _view(self, tx: Transaction, caller: Caller, name: TableName) -> Table:
        parent = self.core.database_name(DatabaseName(name.catalog, name.database))
        if self.core.grants.is_open and databases.get(tx, parent) is None:
            raise NotFound("database", str(parent))
        found = self.tables.find(tx, caller, Action.ALTER, name, lock=True)
        if found.kind is not TableKind.MATERIALIZED_VIEW:
            raise Invalid("table", f"{found.full_name} is no materialized view")
        return found

    def count_changes(self, caller: Caller, table_id: int, *, inserted: int, updated: int, deleted: int) -> None:
        """Note that rows of a table changed, for the views that are built from it. No error for a table without any, nor for
        one that the caller may not write to."""

        def work(tx: Transaction) -> None:
            name = table_rows.name_of(tx, table_id)
            if name is None:
                return
            decide = self.core.grants.policy.decide
            if not decide(tx, caller, Action.INSERT, of_table(name)).allowed:
                return
            rows.count_changes(tx, table_id, inserted, updated, deleted)
            for view in rows.built_from(tx, table_id):
                record(tx, caller, EventKind.ALTER_TABLE, view.full_name, object_id=view.id, version_after=view.version)

        self.core.store.write(work)

    def list(self, caller: Caller) -> list[Table]:
        """All materialized views by name."""
        with self.core.store.read() as tx:
            return rows.views(tx, self.core.grants.visible(tx, caller))


def _seen(seen_databases: frozenset[str], seen_tables: frozenset[str], table: Table) -> bool:
    database = f"{name_key(table.catalog)}.{name_key(table.database)}"
    return database in seen_databases or f"{database}.{name_key(table.name)}" in seen_tables
