"""The model's nouns of Hive's structs: what a client sends us and what a foreign metastore answers; pure functions.

What a struct says and the model has no field for is kept in `extra["hms"]`, so that it is there when a Hive client asks.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from catalog_server.model.database import Database
from catalog_server.model.errors import Invalid
from catalog_server.model.function import Function
from catalog_server.model.partition import Partition
from catalog_server.model.table import Column, SerDe, Storage, Table, TableKind
from catalog_server.wire import codec
from catalog_server.wire import hive_metastore as wire

EXTRA = "hms"
PRINCIPALS = {1: "USER", 2: "ROLE", 3: "GROUP"}
RESOURCES = {1: "JAR", 2: "FILE", 3: "ARCHIVE"}
TABLE_REST = ("temporary", "rewriteEnabled", "writeId", "requiredReadCapabilities", "requiredWriteCapabilities")
SERDE_REST = ("description", "serializerClass", "deserializerClass", "serdeType")
DATABASE_REST = ("managedLocationUri", "type", "connector_name", "remote_dbname")


def said_in(extra: Mapping[str, Any]) -> Mapping[str, Any]:
    """What Hive clients said that the model has no field for."""
    found = extra.get(EXTRA, {})
    return found if isinstance(found, Mapping) else {}


def _rest(struct: Any, plain: Sequence[str], structs: Sequence[str] = ()) -> dict[str, Any]:
    kept = {name: getattr(struct, name, None) for name in plain}
    for name in structs:
        value = getattr(struct, name, None)
        kept[name] = (
            None
            if value is None
            else base64.b64encode(codec.encode(value, wire.BINDINGS.pair(type(value).__name__))).decode()
        )
    found = {name: value for name, value in kept.items() if value is not None}
    return {EXTRA: found} if found else {}


def _text(struct: Any) -> str:
    return base64.b64encode(codec.encode(struct, wire.BINDINGS.pair(type(struct).__name__))).decode()


def principal(number: int | None) -> str:
    """`USER`, `ROLE` or `GROUP`."""
    return PRINCIPALS.get(number or 1, "USER")


def to_columns(fields: Sequence[Any] | None) -> tuple[Column, ...]:
    """Columns of a list of FieldSchema; raises `Invalid` for one without name or type."""
    columns = []
    for field in fields or ():
        if not field.name or not field.type:
            raise Invalid("column", f"{field.name or ''!r} has no name or no type")
        columns.append(Column(field.name, field.type, field.comment))
    return tuple(columns)


def to_storage(descriptor: Any) -> Storage:
    """A StorageDescriptor without its columns and location, which stand beside it in the model."""
    if descriptor is None:
        return Storage()
    info = descriptor.serdeInfo
    serde = SerDe() if info is None else SerDe(info.serializationLib, info.name, dict(info.parameters or {}))
    extra = _rest(descriptor, ("storedAsSubDirectories",), ("skewedInfo",))
    if info is not None:
        said = {**said_in(extra), **said_in(_rest(info, SERDE_REST))}
        extra = {EXTRA: said} if said else {}
    return Storage(
        input_format=descriptor.inputFormat,
        output_format=descriptor.outputFormat,
        serde=serde,
        compressed=bool(descriptor.compressed),
        bucket_count=descriptor.numBuckets or 0,
        bucket_columns=tuple(descriptor.bucketCols or ()),
        sort_columns=tuple((order.col, order.order) for order in descriptor.sortCols or ()),
        parameters=dict(descriptor.parameters or {}),
        extra=extra,
    )


def to_kind(name: str | None, parameters: Mapping[str, str]) -> TableKind:
    """A table's kind; as in Hive, the parameter EXTERNAL decides between managed and external ones."""
    try:
        kind = TableKind(name) if name else TableKind.MANAGED
    except ValueError as error:
        raise Invalid("tableType", f"{name!r} is not a kind of table") from error
    external = parameters.get("EXTERNAL", "").lower()
    if kind is TableKind.MANAGED and external == "true":
        return TableKind.EXTERNAL
    if kind is TableKind.EXTERNAL and external == "false":
        return TableKind.MANAGED
    return kind


def to_table(struct: Any, catalog: str = "") -> Table:
    """The model's table of a Table struct; raises `Invalid`."""
    if struct is None or not struct.tableName or not struct.dbName:
        raise Invalid("table", "a name and a database are needed")
    parameters = dict(struct.parameters or {})
    descriptor = struct.sd
    return Table(
        catalog=(struct.catName if isinstance(struct.catName, str) else None) or catalog,
        database=struct.dbName,
        name=struct.tableName,
        kind=to_kind(struct.tableType, parameters),
        columns=to_columns(descriptor.cols if descriptor is not None else ()),
        partition_keys=to_columns(struct.partitionKeys),
        location=(descriptor.location if descriptor is not None else None) or None,
        storage=to_storage(descriptor),
        parameters=parameters,
        owner=struct.owner,
        owner_kind=principal(struct.ownerType),
        retention=struct.retention or 0,
        view_original=struct.viewOriginalText,
        view_expanded=struct.viewExpandedText,
        extra=_rest(struct, TABLE_REST, ("creationMetadata",)),
        created_at=(struct.createTime or 0) * 1000,
        last_access_at=(struct.lastAccessTime or 0) * 1000,
    )


def to_database(struct: Any, catalog: str = "") -> Database:
    """The model's database of a Database struct; raises `Invalid`."""
    if struct is None or not struct.name:
        raise Invalid("database", "a name is needed")
    return Database(
        catalog=struct.catalogName or catalog,
        name=struct.name,
        comment=struct.description,
        location=struct.locationUri or None,
        owner=struct.ownerName,
        owner_kind=principal(struct.ownerType),
        parameters=dict(struct.parameters or {}),
        extra=_rest(struct, DATABASE_REST),
    )


def to_partition(struct: Any) -> Partition:
    """The model's partition of a Partition struct; without a storage descriptor it has its table's."""
    if struct is None or struct.values is None:
        raise Invalid("partition", "its values are needed")
    descriptor = struct.sd
    return Partition(
        values=tuple(struct.values),
        location=(descriptor.location if descriptor is not None else None) or None,
        columns=None if descriptor is None or descriptor.cols is None else to_columns(descriptor.cols),
        storage=None if descriptor is None else to_storage(descriptor),
        parameters=dict(struct.parameters or {}),
        created_at=(struct.createTime or 0) * 1000,
        last_access_at=(struct.lastAccessTime or 0) * 1000,
    )


def to_partitions(structs: Sequence[Any] | None) -> list[Partition]:
    """The model's partitions of many structs; equal column lists and storages become one shared object."""
    shapes: dict[Any, tuple[Column, ...] | None] = {}
    found: list[Partition] = []
    for struct in structs or ():
        descriptor = getattr(struct, "sd", None)
        fields = None if descriptor is None or descriptor.cols is None else descriptor.cols
        key = None if fields is None else tuple((field.name, field.type, field.comment) for field in fields)
        if key in shapes and descriptor is not None:
            descriptor.cols = None
        partition = to_partition(struct)
        shape = shapes.setdefault(key, partition.columns)
        storage = found[-1].storage if found and found[-1].storage == partition.storage else partition.storage
        if shape is not partition.columns or storage is not partition.storage:
            partition = replace(partition, columns=shape, storage=storage)
        found.append(partition)
    return found


def to_function(struct: Any) -> Function:
    """The model's function of a Function struct; raises `Invalid`."""
    if struct is None or not struct.functionName or not struct.dbName or not struct.className:
        raise Invalid("function", "a name, a database and a class are needed")
    return Function(
        catalog=struct.catName or "",
        database=struct.dbName,
        name=struct.functionName,
        class_name=struct.className,
        owner=struct.ownerName,
        owner_kind=principal(struct.ownerType),
        resources=tuple((RESOURCES.get(one.resourceType, "FILE"), one.uri) for one in struct.resourceUris or ()),
        created_at=(struct.createTime or 0) * 1000,
    )
