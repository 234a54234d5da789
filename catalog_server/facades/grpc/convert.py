"""Model to messages and back: pure functions, one pair per noun."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct, Value
from google.protobuf.timestamp_pb2 import Timestamp

from catalog_server.model.database import NATIVE, Catalog, Database
from catalog_server.model.errors import Invalid
from catalog_server.model.event import Event
from catalog_server.model.function import Function
from catalog_server.model.names import DatabaseName, TableName
from catalog_server.model.partition import Partition, partition_name
from catalog_server.model.table import Column, SerDe, Storage, Table, TableKind
from catalog_server.model.version import Difference, TableVersion
from catalog_server.wire import catalog_pb2 as pb

KINDS = {
    TableKind.MANAGED: pb.TABLE_KIND_MANAGED,
    TableKind.EXTERNAL: pb.TABLE_KIND_EXTERNAL,
    TableKind.VIEW: pb.TABLE_KIND_VIEW,
    TableKind.MATERIALIZED_VIEW: pb.TABLE_KIND_MATERIALIZED_VIEW,
    TableKind.CONNECTION: pb.TABLE_KIND_CONNECTION,
}
_KINDS_BACK = {int(number): kind for kind, number in KINDS.items()}
_OWNER_KINDS = ("USER", "GROUP", "ROLE")


def when(milliseconds: int | None) -> Timestamp | None:
    """A time, None where it is not known (0 in the model)."""
    if not milliseconds:
        return None
    return Timestamp(seconds=milliseconds // 1000, nanos=milliseconds % 1000 * 1_000_000)


def given(message: Any, field: str) -> Any:
    """The value of a field that may be left out, None where it is."""
    return getattr(message, field) if message.HasField(field) else None


def owner_kind(message: Any) -> str:
    """The kind of a thing's owner. Raises `Invalid` for one that is not known."""
    kind: str = message.owner_kind or "USER"
    if kind not in _OWNER_KINDS:
        raise Invalid("owner_kind", f"{kind[:40]!r} is none of {', '.join(_OWNER_KINDS)}")
    return kind


def kind_of(number: int) -> TableKind:
    """The kind of a table; an unspecified one is external. Raises `Invalid` for a number that is none."""
    if number == pb.TABLE_KIND_UNSPECIFIED:
        return TableKind.EXTERNAL
    if number not in _KINDS_BACK:
        raise Invalid("kind", f"{number} is no TableKind")
    return _KINDS_BACK[number]


def to_database_name(name: pb.DatabaseName) -> DatabaseName:
    """Where a database is."""
    return DatabaseName(name.catalog, name.database)


def to_table_name(name: pb.TableName) -> TableName:
    """Where a table is."""
    return TableName(name.catalog, name.database, name.table)


def catalog(found: Catalog) -> pb.Catalog:
    """A catalog."""
    return pb.Catalog(
        name=found.name,
        kind=found.kind,
        uri=found.uri,
        comment=found.comment,
        location=found.location,
        parameters=found.parameters,
        version=found.version,
        created_at=when(found.created_at),
    )


def to_catalog(message: pb.Catalog) -> Catalog:
    """The catalog that a message describes."""
    return Catalog(
        message.name,
        given(message, "comment"),
        given(message, "location"),
        dict(message.parameters),
        message.kind or NATIVE,
        given(message, "uri"),
    )


def database(found: Database) -> pb.Database:
    """A database."""
    return pb.Database(
        catalog=found.catalog,
        name=found.name,
        comment=found.comment,
        location=found.location,
        owner=found.owner,
        owner_kind=found.owner_kind,
        parameters=found.parameters,
        version=found.version,
        created_at=when(found.created_at),
        created_by=found.created_by,
    )


def to_database(message: pb.Database) -> Database:
    """The database that a message describes."""
    return Database(
        catalog=message.catalog,
        name=message.name,
        comment=given(message, "comment"),
        location=given(message, "location"),
        owner=given(message, "owner"),
        owner_kind=owner_kind(message),
        parameters=dict(message.parameters),
    )


def column(found: Column) -> pb.Column:
    """A column."""
    return pb.Column(name=found.name, type=found.type, comment=found.comment, parameters=found.parameters)


def to_columns(messages: Iterable[pb.Column]) -> tuple[Column, ...]:
    """The columns that messages describe."""
    return tuple(Column(one.name, one.type, given(one, "comment"), dict(one.parameters)) for one in messages)


def storage(found: Storage) -> pb.Storage:
    """The format of files."""
    serde = found.serde
    return pb.Storage(
        input_format=found.input_format,
        output_format=found.output_format,
        serde=pb.SerDe(library=serde.library, name=serde.name, parameters=serde.parameters),
        compressed=found.compressed,
        bucket_count=found.bucket_count,
        bucket_columns=found.bucket_columns,
        sort_columns=[pb.SortColumn(column=name, order=order) for name, order in found.sort_columns],
        parameters=found.parameters,
    )


def to_storage(message: pb.Storage) -> Storage:
    """The format of files that a message describes."""
    serde = message.serde
    return Storage(
        input_format=given(message, "input_format"),
        output_format=given(message, "output_format"),
        serde=SerDe(given(serde, "library"), given(serde, "name"), dict(serde.parameters)),
        compressed=message.compressed,
        bucket_count=message.bucket_count,
        bucket_columns=tuple(message.bucket_columns),
        sort_columns=tuple((one.column, one.order) for one in message.sort_columns),
        parameters=dict(message.parameters),
    )


def table(found: Table) -> pb.Table:
    """A table's definition."""
    return pb.Table(
        catalog=found.catalog,
        database=found.database,
        name=found.name,
        kind=KINDS[found.kind],
        columns=[column(one) for one in found.columns],
        partition_keys=[column(one) for one in found.partition_keys],
        location=found.location,
        storage=storage(found.storage),
        parameters=found.parameters,
        owner=found.owner,
        owner_kind=found.owner_kind,
        retention=found.retention,
        view_original=found.view_original,
        view_expanded=found.view_expanded,
        connection=found.connection,
        format=found.format,
        version=found.version,
        created_at=when(found.created_at),
        last_access_at=when(found.last_access_at),
        updated_at=when(found.updated_at),
        updated_by=found.updated_by,
    )


def to_table(message: pb.Table) -> Table:
    """The table that a message describes."""
    return Table(
        catalog=message.catalog,
        database=message.database,
        name=message.name,
        kind=kind_of(message.kind),
        columns=to_columns(message.columns),
        partition_keys=to_columns(message.partition_keys),
        location=given(message, "location"),
        storage=to_storage(message.storage),
        parameters=dict(message.parameters),
        owner=given(message, "owner"),
        owner_kind=owner_kind(message),
        retention=message.retention,
        view_original=given(message, "view_original"),
        view_expanded=given(message, "view_expanded"),
    )


def view(found: Table) -> pb.View:
    """A view."""
    return pb.View(
        catalog=found.catalog,
        database=found.database,
        name=found.name,
        columns=[column(one) for one in found.columns],
        original=found.view_original or "",
        expanded=found.view_expanded,
        materialized=found.kind is TableKind.MATERIALIZED_VIEW,
        parameters=found.parameters,
        owner=found.owner,
        owner_kind=found.owner_kind,
        version=found.version,
        created_at=when(found.created_at),
        updated_at=when(found.updated_at),
        updated_by=found.updated_by,
    )


def to_view(message: pb.View, *, whole: bool = True) -> Table:
    """The view that a message describes. Raises `Invalid` for a `whole` one without a statement."""
    if whole and not message.original:
        raise Invalid("view.original", "a view needs its statement")
    return Table(
        catalog=message.catalog,
        database=message.database,
        name=message.name,
        kind=TableKind.VIEW,
        columns=to_columns(message.columns),
        parameters=dict(message.parameters),
        owner=given(message, "owner"),
        owner_kind=owner_kind(message),
        view_original=message.original,
        view_expanded=given(message, "expanded"),
    )


def partition(of: Table, found: Partition) -> pb.Partition:
    """A partition of a table."""
    own = found.columns is not None and found.columns != of.columns
    return pb.Partition(
        name=partition_name([key.name for key in of.partition_keys], found.values),
        values=found.values,
        location=found.location,
        parameters=found.parameters,
        columns=pb.ColumnList(columns=[column(one) for one in found.columns or ()]) if own else None,
        storage=storage(found.storage) if found.storage is not None and found.storage != of.storage else None,
        version=found.version,
        created_at=when(found.created_at),
        last_access_at=when(found.last_access_at),
    )


def to_partition(message: pb.Partition) -> Partition:
    """The partition that a message describes."""
    return Partition(
        values=tuple(message.values),
        location=given(message, "location"),
        columns=to_columns(message.columns.columns) if message.HasField("columns") else None,
        storage=to_storage(message.storage) if message.HasField("storage") else None,
        parameters=dict(message.parameters),
    )


def function(found: Function) -> pb.Function:
    """A function."""
    return pb.Function(
        catalog=found.catalog,
        database=found.database,
        name=found.name,
        class_name=found.class_name,
        owner=found.owner,
        owner_kind=found.owner_kind,
        function_kind=found.function_kind,
        resources=[pb.FunctionResource(kind=kind, uri=uri) for kind, uri in found.resources],
        parameters=found.parameters,
        version=found.version,
        created_at=when(found.created_at),
    )


def to_function(message: pb.Function) -> Function:
    """The function that a message describes. Raises `Invalid` for a kind of file that is not known."""
    for one in message.resources:
        if one.kind not in ("JAR", "FILE", "ARCHIVE"):
            raise Invalid("resources.kind", f"{one.kind[:40]!r} is none of JAR, FILE, ARCHIVE")
    return Function(
        catalog=message.catalog,
        database=message.database,
        name=message.name,
        class_name=message.class_name,
        owner=given(message, "owner"),
        owner_kind=owner_kind(message),
        function_kind=message.function_kind or "JAVA",
        resources=tuple((one.kind, one.uri) for one in message.resources),
        parameters=dict(message.parameters),
    )


def version(found: TableVersion) -> pb.Version:
    """A version of a table."""
    return pb.Version(
        version=found.version,
        table=table(found.table),
        at=when(found.at),
        by=found.by,
        via=found.via,
        run=found.run,
    )


def difference(found: Difference) -> pb.Difference:
    """What differs between two versions."""
    return pb.Difference(field=found.field, before=_value(found.before), after=_value(found.after))


def _value(found: object) -> Value | None:
    return None if found is None else ParseDict({"v": found}, Struct()).fields["v"]


def event(found: Event) -> pb.Event:
    """A row of the log."""
    return pb.Event(
        number=found.number,
        span=found.span,
        kind=found.kind.value,
        catalog=found.catalog,
        database=found.database,
        table=found.table,
        version_before=found.version_before,
        version_after=found.version_after,
        payload=_struct(found.payload),
        at=when(found.at),
        by=found.by,
        via=found.via,
        run=found.run,
    )


def _struct(found: Mapping[str, object]) -> Struct | None:
    return ParseDict(dict(found), Struct()) if found else None
