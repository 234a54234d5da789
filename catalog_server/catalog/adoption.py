"""Definitions taken over from another metastore exactly as they are there; no directory is made, moved or deleted.

All functions run in a transaction of the caller's, so that what keeps account of a migration is written with what it did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from catalog_server.catalog import grants
from catalog_server.catalog.core import Core, check_parameters, check_text, record
from catalog_server.catalog.partitions import NAMES_IN_EVENT_MAX
from catalog_server.catalog.table_writes import create_in, drop_in
from catalog_server.catalog.tables import check_definition
from catalog_server.model.caller import Caller
from catalog_server.model.constraint import Constraint
from catalog_server.model.database import Catalog, Database
from catalog_server.model.errors import NotFound
from catalog_server.model.event import EventKind
from catalog_server.model.function import Function
from catalog_server.model.grant import Action, Resource
from catalog_server.model.names import DatabaseName, TableName, check_database_name, check_name, name_key
from catalog_server.model.partition import Partition, partition_name
from catalog_server.model.statistics import ColumnStatistics
from catalog_server.model.table import Table
from catalog_server.store import catalogs, constraints, databases, functions, partitions, search, statistics, tables
from catalog_server.store.transaction import Transaction


def adopt_catalog(core: Core, tx: Transaction, caller: Caller, name: str) -> Catalog:
    """The catalog that is copied into, made if it is not there."""
    found = catalogs.get(tx, name)
    if found is not None:
        return found
    core.grants.require(tx, caller, Action.CREATE, Resource("catalog", (name,)))
    made = catalogs.create(tx, Catalog(check_name("catalog", name, dots=False)))
    record(tx, caller, EventKind.CREATE_CATALOG, None, object_id=made.id, payload={"name": made.name})
    return made


def adopt_database(
    core: Core, tx: Transaction, caller: Caller, database: Database, *, replaced: bool
) -> tuple[Database, bool]:  # fmt: skip
    """The database of that name, made if it is not there, given the definition if `replaced`; whether it was written."""
    name = database.full_name
    check_database_name(database.name)
    check_text("database", database.comment, database.owner, database.location)
    check_parameters("parameters", database.parameters)
    found = databases.get(tx, name, lock=True)
    if found is not None:
        if not replaced:
            return found, False
        core.grants.require(tx, caller, Action.ALTER, grants.of_database(name))
        written = databases.change(tx, replace(database, id=found.id, name=found.name, catalog=found.catalog))
        kind, before = EventKind.ALTER_DATABASE, found.version
    else:
        core.grants.require(tx, caller, Action.CREATE, grants.of_database(name))
        holder = catalogs.get(tx, name.catalog)
        if holder is None:
            raise NotFound("catalog", name.catalog)
        written = databases.create(tx, holder.id, replace(database, catalog=holder.name, created_by=caller.user))
        kind, before = EventKind.CREATE_DATABASE, None
    pieces = [written.comment, written.owner, *written.parameters, *written.parameters.values()]
    search.put(tx, search.DATABASE, written.id, *search.text_of(written.name, pieces))
    versions = {"version_before": before, "version_after": written.version}
    record(tx, caller, kind, written.full_name, object_id=written.id, **versions)
    return written, True


def adopt_table(core: Core, tx: Transaction, caller: Caller, database: Database, table: Table) -> Table:
    """Make a table without its partitions; raises `AlreadyExists`, `Invalid`."""
    check_definition(table)
    core.grants.require(tx, caller, Action.CREATE, grants.of_table(table.full_name))
    return create_in(tx, caller, database, replace(table, id=0), as_it_is=True)


def abandon_table(core: Core, tx: Transaction, caller: Caller, table: Table) -> None:
    """Drop a table that another is to replace; its files stay whatever its kind."""
    core.grants.require(tx, caller, Action.DROP, grants.of_table(table.full_name))
    drop_in(tx, caller, table, delete_data=False)


def adopt_partitions(
    tx: Transaction,
    caller: Caller,
    table: Table,
    new: Sequence[Partition],
    found: Mapping[str, Sequence[ColumnStatistics]],
) -> int:
    """Add partitions with their statistics by name; those that are there already stay. Returns how many are new."""
    if not new:
        return 0
    keys = [key.name for key in table.partition_keys]
    for one in new:
        check_text("partition", *one.values, one.location)
        check_parameters("partition parameters", one.parameters)
    made = partitions.create(tx, table, new, if_not_exists=True)
    if found:
        held = {partition_name(keys, p.values): p.id for p in partitions.get_many(tx, table, list(found))}
        statistics.put(tx, table.id, {held[name]: columns for name, columns in found.items() if name in held})
    if made:
        tables.bump_data_version(tx, table.id)
        change = partitions.record_change(tx, table.id, EventKind.ADD_PARTITIONS.value, sorted(made), None, caller)
        payload = {"names": sorted(made)[:NAMES_IN_EVENT_MAX], "count": len(made), "change": change}
        record(
            tx,
            caller,
            EventKind.ADD_PARTITIONS,
            table.full_name,
            object_id=table.id,
            version_after=table.version,
            payload=payload,
        )
    return len(made)


def adopt_statistics(tx: Transaction, table: Table, found: Sequence[ColumnStatistics]) -> None:
    """Write statistics of a table's columns."""
    if found:
        statistics.put(tx, table.id, {statistics.TABLE: found})
        tables.bump_data_version(tx, table.id)


def adopt_constraints(tx: Transaction, table: Table, new: Sequence[Constraint]) -> list[str]:
    """Keep constraints that are not there yet; returns names of foreign keys whose parent table is not here."""
    held = {name_key(one.name) for one in constraints.of_table(tx, table.full_name)}
    rows: list[tuple[Constraint, int, int | None]] = []
    lost = []
    for one in new:
        if name_key(one.name) in held:
            continue
        parent_id = None
        if one.parent is not None:
            parent = tables.get(tx, TableName(table.catalog, one.parent.database, one.parent.table))
            if parent is None:
                lost.append(one.name)
                continue
            parent_id = parent.id
        rows.append((one, table.id, parent_id))
    if rows:
        constraints.create(tx, rows)
    return lost


def adopt_function(core: Core, tx: Transaction, caller: Caller, function: Function, *, replaced: bool) -> bool:
    """Keep a function, over the one of its name if `replaced`; whether it was written. Raises `NotFound`."""
    name = DatabaseName(function.catalog, function.database)
    check_name("function", function.name)
    check_text("function", function.class_name, function.owner, *(uri for _, uri in function.resources))
    held = functions.get(tx, name, function.name)
    if held is not None and not replaced:
        return False
    database = databases.get(tx, name)
    if database is None:
        raise NotFound("database", str(name))
    action, kind = (
        (Action.CREATE, EventKind.CREATE_FUNCTION) if held is None else (Action.ALTER, EventKind.ALTER_FUNCTION)
    )
    core.grants.require(tx, caller, action, Resource("function", (name.catalog, name.database, function.name)))
    new = replace(function, catalog=database.catalog, database=database.name)
    if held is None:
        written = functions.create(tx, database.id, new)
    else:
        written = functions.change(tx, replace(new, id=held.id), database.id)
    record(tx, caller, kind, database.full_name, object_id=written.id, payload={"name": written.name})
    return True
