"""Tables that are forgotten so that another catalog may register them: what they were last is told, and told again."""

from __future__ import annotations

from catalog_server.catalog.commits import Commits, IcebergTable, location_of
from catalog_server.model.caller import Caller
from catalog_server.model.errors import NotFound
from catalog_server.model.event import EventKind
from catalog_server.model.names import TableName, name_key
from catalog_server.model.table import Table
from catalog_server.store import events, versions


def unregister(commits: Commits, caller: Caller, name: TableName) -> IcebergTable:
    """Forget a table, leave all of its files, and return it as it was last; raises `NotFound`, `Denied`."""
    location_of(commits.tables.get(caller, name))
    return _as_it_was(commits, commits.tables.drop(caller, name, delete_data=False))


def unregistered(commits: Commits, caller: Caller, name: TableName) -> IcebergTable:
    """The table of a name that this user forgot last, from the log and the history; raises `NotFound`.

    To be asked for whoever has shown that they forgot it: the grants on the table are gone with it.
    """
    name = commits.core.table_name(name)
    with commits.core.store.read() as tx:
        for event in events.newest(tx, EventKind.DROP_TABLE, name.parent, caller.user):
            if event.table is None or name_key(event.table) != name_key(name.table) or event.version_before is None:
                continue
            found = versions.get(tx, event.object_id, event.version_before)
            if found is not None:
                break
        else:
            raise NotFound("table", str(name))
    return _as_it_was(commits, found.table)


def _as_it_was(commits: Commits, table: Table) -> IcebergTable:
    location = location_of(table)
    return IcebergTable(table, commits.read(location), location)
