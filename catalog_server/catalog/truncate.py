"""Truncation: a table's files go and its folders stay, at once and without waiting for a transaction.

A delete that is carried out later, as that of a dropped table is, could take files that were written since.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from catalog_server.catalog.hive_rules import STATS_ACCURATE
from catalog_server.catalog.partitions import Partitions
from catalog_server.model.caller import Caller
from catalog_server.model.errors import Unsupported
from catalog_server.model.grant import Action
from catalog_server.model.names import TableName
from catalog_server.model.partition import Partition
from catalog_server.model.table import Table, TableKind
from catalog_server.store import tables as rows

_COUNTED = ("numRows", "numFiles", "totalSize", "rawDataSize", "numFilesErasureCoded")


def truncate(partitions: Partitions, caller: Caller, name: TableName, wanted: Sequence[str] | None = None) -> None:
    """Delete the files of a table, or of those of the named partitions that exist, and set their counts to 0.

    Raises `Unsupported` for what has no files of its own to lose: views, Iceberg tables (whose files belong to their
    metadata), tables of connections, and folders in which another table lives.
    """
    tables = partitions.tables
    with tables.core.store.read() as tx:
        found = tables.find(tx, caller, Action.INSERT, name)
        if found.kind not in (TableKind.MANAGED, TableKind.EXTERNAL) or found.is_iceberg or not found.location:
            raise Unsupported(f"{found.full_name} has no files that could be truncated: it is a {_what(found)}")
        if rows.any_in_folder(tx, found.location, but=found.id):
            raise Unsupported(f"{found.full_name} is not truncated: another table lives in its folder {found.location}")
    if wanted is None:
        _, emptied = partitions.list(caller, name) if found.partition_keys else (found, [])
        folders = [found.location, *(one.location for one in emptied if one.location)]
    else:
        _, emptied = partitions.get_many(caller, name, wanted)
        folders = [one.location for one in emptied if one.location]
    for folder in folders:
        files = tables.core.lake.filesystem(folder)
        files.remove_directory(folder)
        files.make_directory(folder)
    _forget(partitions, caller, found, emptied, whole=wanted is None)


def _forget(partitions: Partitions, caller: Caller, table: Table, emptied: Sequence[Partition], *, whole: bool) -> None:
    name = table.full_name
    counted = [replace(one, parameters=_zeroed(one.parameters)) for one in emptied if _counts(one.parameters)]
    if counted:
        partitions.alter(caller, name, counted)
    if whole and not table.partition_keys:
        changed = replace(table, parameters=_zeroed(table.parameters))
        partitions.tables.alter(caller, name, changed, expected_version=table.version)


def _counts(parameters: Mapping[str, str]) -> bool:
    return any(parameters.get(key, "0") != "0" for key in _COUNTED) or STATS_ACCURATE in parameters


def _zeroed(parameters: Mapping[str, str]) -> dict[str, str]:
    kept = {key: "0" if key in _COUNTED else value for key, value in parameters.items()}
    return {**kept, STATS_ACCURATE: '{"BASIC_STATS":"true"}'}


def _what(table: Table) -> str:
    if table.is_iceberg:
        return "table of Iceberg"
    if not table.location:
        return f"{table.kind.value} without a location"
    return table.kind.value
