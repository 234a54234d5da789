"""Lists of partitions put together from bytes: what many share is encoded once, what each has for itself is kept encoded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from catalog_server.catalog.partition_rows import Found, Group
from catalog_server.facades.hms import convert
from catalog_server.facades.hms.encode import shared_bytes
from catalog_server.model.names import name_key
from catalog_server.model.table import Table
from catalog_server.wire import hive_metastore as wire
from catalog_server.wire.bindings import STRING, STRUCT

_PREFIXES_MAX = 512
_prefixes: dict[tuple[Any, ...], tuple[Any, Any, bytes]] = {}


def partitions_bytes(found: Found) -> Iterator[bytes]:
    """A list of partitions in the binary protocol, in pieces."""
    yield bytes((STRUCT,)) + found.total.to_bytes(4, "big")
    sent = 0
    for group in found.groups:
        prefix = _prefix(found.table, group)
        sent += len(group.rows)
        yield prefix + prefix.join(group.rows)
    if sent != found.total:
        raise RuntimeError(f"a list of {found.total} partitions was begun and {sent} came")


def _prefix(table: Table, group: Group) -> bytes:
    """What each partition of a group begins with; kept with the objects whose ids are its key."""
    key = (table.catalog, table.database, table.name, id(group.columns), id(group.storage))
    kept = _prefixes.get(key)
    if kept is not None and kept[0] is group.columns and kept[1] is group.storage:
        return kept[2]
    storage = convert.from_storage(group.storage, group.columns, None)
    names = {"dbName": name_key(table.database), "tableName": name_key(table.name)}
    made = shared_bytes(wire.Partition(**names, catName=table.catalog), storage)
    if len(_prefixes) >= _PREFIXES_MAX:
        _prefixes.clear()
    _prefixes[key] = (group.columns, group.storage, made)
    return made


def names_bytes(count: int, pieces: list[bytes]) -> bytes:
    """A list of strings in the binary protocol, from its elements."""
    return b"".join((bytes((STRING,)), count.to_bytes(4, "big"), *pieces))
