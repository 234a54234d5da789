"""Hive's structs of the model's nouns; what leads the other way, from structs to nouns, is `hive.structs` and named here too.

What a struct says and the model has no field for is kept in `extra["hms"]`, so that it is there when a Hive client asks.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from catalog_server.hive.structs import DATABASE_REST, PRINCIPALS, RESOURCES, SERDE_REST, TABLE_REST
from catalog_server.hive.structs import EXTRA as EXTRA
from catalog_server.hive.structs import principal as principal
from catalog_server.hive.structs import said_in as said_in
from catalog_server.hive.structs import to_columns as to_columns
from catalog_server.hive.structs import to_database as to_database
from catalog_server.hive.structs import to_function as to_function
from catalog_server.hive.structs import to_kind as to_kind
from catalog_server.hive.structs import to_partition as to_partition
from catalog_server.hive.structs import to_partitions as to_partitions
from catalog_server.hive.structs import to_storage as to_storage
from catalog_server.hive.structs import to_table as to_table
from catalog_server.model.database import Database
from catalog_server.model.function import Function
from catalog_server.model.names import name_key
from catalog_server.model.partition import Partition
from catalog_server.model.table import Column, Storage, Table
from catalog_server.wire import codec
from catalog_server.wire import hive_metastore as wire

_NATIVE = 1
_INSTANT = "timestamp with local time zone"
_PRINCIPAL_NUMBERS = {name: number for number, name in PRINCIPALS.items()}
_RESOURCE_NUMBERS = {name: number for number, name in RESOURCES.items()}


def _struct(name: str, text: str | None) -> Any:
    return None if text is None else codec.decode(base64.b64decode(text), wire.BINDINGS.pair(name))


def merged(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What was kept for protocols, with what is said now over it."""
    said = {**said_in(before), **said_in(after)}
    return {**before, **after, **({EXTRA: said} if said else {})}


def principal_number(kind: str) -> int:
    """The number of PrincipalType."""
    return _PRINCIPAL_NUMBERS.get(kind, 1)


def from_columns(columns: Sequence[Column]) -> list[Any]:
    """FieldSchemas of columns."""
    return [wire.FieldSchema(name=c.name, type=c.type, comment=c.comment) for c in columns]


def from_storage(storage: Storage, columns: Sequence[Column], location: str | None) -> Any:
    """The StorageDescriptor of a table or partition."""
    said = said_in(storage.extra)
    return wire.StorageDescriptor(
        cols=from_columns(columns),
        location=location,
        inputFormat=storage.input_format,
        outputFormat=storage.output_format,
        compressed=storage.compressed,
        numBuckets=storage.bucket_count,
        serdeInfo=wire.SerDeInfo(
            name=storage.serde.name,
            serializationLib=storage.serde.library,
            parameters=dict(storage.serde.parameters),
            **{name: said[name] for name in SERDE_REST if name in said},
        ),
        bucketCols=list(storage.bucket_columns),
        sortCols=[wire.Order(col=name, order=order) for name, order in storage.sort_columns],
        parameters=dict(storage.parameters),
        skewedInfo=_struct("SkewedInfo", said.get("skewedInfo")) or _no_skew(),
        storedAsSubDirectories=said.get("storedAsSubDirectories", False),
    )


def _no_skew() -> Any:
    return wire.SkewedInfo(skewedColNames=[], skewedColValues=[], skewedColValueLocationMaps={})


def _shown(table: Table) -> Sequence[Column]:
    """A table's columns; instants of an Iceberg table as `timestamp`, as Iceberg's catalog writes them for Hive 2, since
    clients of that age (Spark, Sail) cannot read the longer name and need no types here: they read the metadata file."""
    if not table.is_iceberg:
        return table.columns
    return [replace(column, type=column.type.replace(_INSTANT, "timestamp")) for column in table.columns]


def from_table(table: Table) -> Any:
    """The Table struct; names of databases and tables are lower case, as every Hive server gives them."""
    said = said_in(table.extra)
    return wire.Table(
        tableName=name_key(table.name),
        dbName=name_key(table.database),
        catName=table.catalog,
        owner=table.owner,
        ownerType=principal_number(table.owner_kind),
        createTime=table.created_at // 1000,
        lastAccessTime=table.last_access_at // 1000,
        retention=table.retention,
        sd=from_storage(table.storage, _shown(table), table.location),
        partitionKeys=from_columns(table.partition_keys),
        parameters=dict(table.parameters),
        viewOriginalText=table.view_original,
        viewExpandedText=table.view_expanded,
        tableType=table.kind.value,
        temporary=said.get("temporary", False),
        rewriteEnabled=said.get("rewriteEnabled", False),
        id=table.id,
        creationMetadata=_struct("CreationMetadata", said.get("creationMetadata")),
        **{name: said[name] for name in TABLE_REST[2:] if name in said},
    )


def from_database(database: Database) -> Any:
    """The Database struct."""
    said = said_in(database.extra)
    return wire.Database(
        name=name_key(database.name),
        description=database.comment,
        locationUri=database.location,
        parameters=dict(database.parameters),
        ownerName=database.owner,
        ownerType=principal_number(database.owner_kind),
        catalogName=database.catalog,
        createTime=database.created_at // 1000,
        type=said.get("type", _NATIVE),
        **{name: said[name] for name in DATABASE_REST if name in said and name != "type"},
    )


def from_partition(table: Table, partition: Partition) -> Any:
    """The Partition struct."""
    columns = table.columns if partition.columns is None else partition.columns
    return wire.Partition(
        values=list(partition.values),
        dbName=name_key(table.database),
        tableName=name_key(table.name),
        catName=table.catalog,
        createTime=partition.created_at // 1000,
        lastAccessTime=partition.last_access_at // 1000,
        sd=from_storage(partition.storage or table.storage, columns, partition.location),
        parameters=dict(partition.parameters),
    )


def from_function(function: Function) -> Any:
    """The Function struct."""
    return wire.Function(
        functionName=name_key(function.name),
        dbName=name_key(function.database),
        className=function.class_name,
        ownerName=function.owner,
        ownerType=principal_number(function.owner_kind),
        createTime=function.created_at // 1000,
        functionType=1,
        resourceUris=[
            wire.ResourceUri(resourceType=_RESOURCE_NUMBERS.get(kind, 2), uri=uri) for kind, uri in function.resources
        ],
        catName=function.catalog,
    )
