"""Parameters of tables and databases that are set together with the commit of one of Hive's txns."""

from __future__ import annotations

from dataclasses import dataclass, replace

from catalog_server.catalog import grants
from catalog_server.catalog.core import Core, check_parameters
from catalog_server.catalog.databases import changed_in
from catalog_server.catalog.table_writes import change_in
from catalog_server.model.caller import Caller
from catalog_server.model.errors import Invalid, NotFound
from catalog_server.model.grant import Action
from catalog_server.model.names import DatabaseName, TableName
from catalog_server.store import databases, tables
from catalog_server.store.transaction import Transaction

META = "_meta"
"""What the name of a parameter begins with that a commit may set, as in Hive."""
REPLICATED_UP_TO = "repl.last.id"
"""The parameter of a replica's databases and tables: the number of the event up to which they were replicated."""


@dataclass(frozen=True, slots=True)
class TableParameter:
    """A parameter of the table with this id; the table has it already, with another value."""

    table_id: int
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class ReplicatedUpTo:
    """The event up to which a database, and a table of it if one is named, is replicated with this commit."""

    database: DatabaseName
    table: str | None
    event: int


Setting = TableParameter | ReplicatedUpTo


def carry_out(core: Core, tx: Transaction, caller: Caller, setting: Setting) -> None:
    """Do what a commit asks for beside; raises `NotFound`, `Denied`, and `Invalid` for a parameter that it may not set."""
    if isinstance(setting, ReplicatedUpTo):
        parameters = {REPLICATED_UP_TO: str(setting.event)}
        name = core.database_name(setting.database)
        if setting.table is not None:
            _set_of_table(core, tx, caller, TableName(name.catalog, name.database, setting.table), parameters)
        core.grants.require(tx, caller, Action.ALTER, grants.of_database(name))
        found = databases.get(tx, name, lock=True)
        if found is None:
            raise NotFound("database", str(name))
        changed_in(tx, caller, found, replace(found, parameters={**found.parameters, **parameters}))
        return
    check_parameters("parameters", {setting.key: setting.value})
    if not setting.key.startswith(META):
        raise Invalid("key", f"{setting.key} does not begin with {META}")
    named = tables.name_of(tx, setting.table_id)
    if named is None:
        raise NotFound("table", f"of the id {setting.table_id}")
    _set_of_table(core, tx, caller, named, {setting.key: setting.value}, there=True)


def _set_of_table(
    core: Core, tx: Transaction, caller: Caller, name: TableName, parameters: dict[str, str], *, there: bool = False
) -> None:
    core.grants.require(tx, caller, Action.ALTER, grants.of_table(name))
    found, database = tables.get(tx, name, lock=True), databases.get(tx, name.parent)
    if found is None or database is None:
        raise NotFound("table", str(name))
    missing = parameters.keys() - found.parameters.keys() if there else ()
    for key in missing:
        raise Invalid("key", f"{name} has no parameter {key}, and a commit only changes those that are there")
    change_in(tx, caller, found, replace(found, parameters={**found.parameters, **parameters}), database.id)
