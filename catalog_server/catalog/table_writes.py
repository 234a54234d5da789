"""Writes a table in a running transaction: its row, version, search entry and event, and all else that goes with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from catalog_server.catalog import crawl_changes
from catalog_server.catalog.core import record
from catalog_server.model.caller import Caller
from catalog_server.model.database import Database
from catalog_server.model.errors import Conflict
from catalog_server.model.event import EventKind
from catalog_server.model.table import METADATA_LOCATION, PREVIOUS_METADATA_LOCATION, PURGE, Column, Table, TableKind
from catalog_server.model.txn import is_transactional, table_key
from catalog_server.store import (
    constraints,
    intents,
    materialized_views,
    partitions,
    records,
    search,
    statistics,
    versions,
    write_ids,
)
from catalog_server.store import grants as privileges
from catalog_server.store import tables as rows
from catalog_server.store.transaction import Transaction

DDL_TIME = "transient_lastDdlTime"
_SEARCHED_VALUE_MAX = 200
_UNSEARCHED = frozenset((
    METADATA_LOCATION, PREVIOUS_METADATA_LOCATION, DDL_TIME, "snapshot-count", "current-snapshot-id",
    "current-snapshot-timestamp-ms", "current-snapshot-summary", "numFiles", "numRows", "totalSize", "rawDataSize",
))  # fmt: skip
"""Parameters that nobody looks for and that change with the data."""


def create_in(tx: Transaction, caller: Caller, database: Database, table: Table, *, as_it_is: bool = False) -> Table:
    """Insert a table with its first version, search entry and event, in a running transaction.

    `as_it_is` takes over a definition from elsewhere without adding to it the time of its last change.
    """
    parameters = dict(table.parameters)
    if not table.is_view and not as_it_is:
        parameters.setdefault(DDL_TIME, str(tx.at // 1000))
    new = replace(
        table,
        catalog=database.catalog,
        database=database.name,
        parameters=parameters,
        version=1,
        created_at=table.created_at or tx.at,
        updated_at=tx.at,
        updated_by=caller.user,
        database_id=database.id,
    )
    ids = rows.blob_ids(tx, new)
    made = replace(new, id=rows.create(tx, database.id, new, ids))
    versions.record(tx, None, made, database.id, ids, caller)
    index(tx, made)
    record(tx, caller, EventKind.CREATE_TABLE, made.full_name, object_id=made.id, version_after=1)
    crawl_changes.table_created(tx, caller, made)
    return made


def change_in(
    tx: Transaction, caller: Caller, before: Table, after: Table, database_id: int, *, cascade: bool = False
) -> Table:
    """The compare-and-set: write `after` over `before`, which the transaction holds, with version, search entry and event.

    Raises `Conflict`, `AlreadyExists`.
    """
    changed = replace(
        after,
        id=before.id,
        version=before.version + 1,
        updated_at=tx.at,
        updated_by=caller.user,
        database_id=database_id,
    )
    ids = rows.blob_ids(tx, changed)
    if not rows.swap(tx, before.version, changed, database_id, ids, held=before.full_name == changed.full_name):
        raise Conflict(f"table {before.full_name}", f"version {before.version}", "a newer one")
    versions.record(tx, before, changed, database_id, ids, caller)
    same_columns = before.columns is changed.columns and before.partition_keys is changed.partition_keys
    lost = [] if same_columns else lost_columns(before.columns, changed.columns)
    crawl_changes.table_changed(tx, caller, before, ids, lost, cascade=cascade)
    if cascade:
        partitions.cascade_columns(tx, before.id, ids["columns_id"])
    if not same_columns:
        _follow_columns(tx, before, changed, lost, of_partitions=cascade)
    if _searched(before) != _searched(changed):
        index(tx, changed)
    if before.full_name != changed.full_name:
        privileges.move_table(tx, before.full_name, changed.full_name)
        old, new = records.scope_of_table(before.full_name), records.scope_of_table(changed.full_name)
        records.move_scopes(tx, records.OF_TABLES, old, new)
        if is_transactional(before):
            write_ids.rename(tx, table_key(before.full_name), table_key(changed.full_name))
    payload: dict[str, object] = {}
    if before.full_name != changed.full_name:
        payload["name_before"] = list(_path(before))
    if before.kind is not changed.kind:
        payload["kind_before"] = before.kind.value
    if before.is_iceberg is not changed.is_iceberg:
        payload["format_before"] = before.format
    record(
        tx,
        caller,
        EventKind.ALTER_TABLE,
        changed.full_name,
        object_id=before.id,
        version_before=before.version,
        version_after=changed.version,
        payload=payload,
    )
    return changed


def _follow_columns(
    tx: Transaction, before: Table, changed: Table, lost: Sequence[str], *, of_partitions: bool
) -> None:
    """Statistics of columns that are gone or of another type go; constraints follow renamed ones and leave with lost ones."""
    statistics.forget_columns(tx, before.id, lost, of_partitions=of_partitions)
    renamed, gone = _moved_columns(before, changed)
    if renamed or gone:
        constraints.follow(tx, before.id, renamed, gone)


def drop_in(tx: Transaction, caller: Caller, table: Table, *, delete_data: bool, purge: bool = False) -> bool:
    """Delete a table's rows, ask for its files to go if they are its own, and write the event; whether files are to go.

    `purge` spares a folder in which another table lives, since nobody asked to lose that one.
    """
    crawl_changes.table_dropped(tx, caller, table)
    rows.drop(tx, table.id)
    if table.kind is TableKind.MATERIALIZED_VIEW:
        materialized_views.put(tx, table.id, {})
    privileges.drop_of_table(tx, table.full_name)
    records.drop_of_table(tx, table.full_name)
    if is_transactional(table):
        write_ids.forget(tx, table_key(table.full_name))
    search.drop(tx, search.TABLE, table.id)
    purged = purge and bool(table.location) and not rows.any_in_folder(tx, table.location or "")
    purges = purge and table.is_iceberg and bool(table.metadata_location)
    with_files = purges or (((delete_data and owns_files(table)) or purged) and bool(table.location))
    if purges:
        intents.add(tx, intents.PURGE_TABLE, table.metadata_location or "", table.location)
    elif with_files:
        intents.add(tx, intents.DELETE_DIRECTORY, table.location or "")
    record(
        tx,
        caller,
        EventKind.DROP_TABLE,
        table.full_name,
        object_id=table.id,
        version_before=table.version,
        payload={"kind": table.kind.value, "delete_data": delete_data},
    )
    return with_files


def index(tx: Transaction, table: Table) -> None:
    """Let a table be found by its name, columns, comments and parameters."""
    search.put(tx, search.TABLE, table.id, *search.text_of(table.name, _searched(table)[1:]))


def _searched(table: Table) -> list[str | None]:
    """What a table is found by; its name comes first. What every commit changes is not among it."""
    pieces: list[str | None] = [table.name, table.owner, table.database, table.format, table.connection]
    for column in (*table.columns, *table.partition_keys):
        pieces += [column.name, column.comment]
    for key, value in table.parameters.items():
        if len(value) <= _SEARCHED_VALUE_MAX and key not in _UNSEARCHED:
            pieces += [key, value]
    return pieces


def owns_files(table: Table) -> bool:
    """Whether a table's files go with it: those of a managed one or materialized view, or of one that asks for it."""
    if table.kind in (TableKind.MANAGED, TableKind.MATERIALIZED_VIEW):
        return True
    return table.kind is TableKind.EXTERNAL and table.parameters.get(PURGE, "").lower() == "true"


def _path(table: Table) -> tuple[str, str, str]:
    return (table.catalog, table.database, table.name)


def lost_columns(before: Sequence[Column], after: Sequence[Column]) -> list[str]:
    """Names of the columns that are not there any more, or have another type."""
    kept = {column.key: column.type for column in after}
    return [column.name for column in before if kept.get(column.key) != column.type]


def _moved_columns(before: Table, after: Table) -> tuple[dict[str, str], set[str]]:
    """Columns that have another name at their old place, but their type, by key; and keys of columns that are gone."""
    held, now = (*before.columns, *before.partition_keys), (*after.columns, *after.partition_keys)
    old, new = [column.key for column in held], [column.key for column in now]
    gone = set(old) - set(new)
    if not gone or len(old) != len(new):
        return {}, gone
    renamed = {
        one.key: other.key
        for one, other in zip(held, now, strict=True)
        if one.key in gone and other.key not in old and one.type == other.type
    }
    return renamed, gone - renamed.keys()
