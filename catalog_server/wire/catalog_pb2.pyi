import datetime

from google.protobuf import empty_pb2 as _empty_pb2
from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TableKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TABLE_KIND_UNSPECIFIED: _ClassVar[TableKind]
    TABLE_KIND_MANAGED: _ClassVar[TableKind]
    TABLE_KIND_EXTERNAL: _ClassVar[TableKind]
    TABLE_KIND_VIEW: _ClassVar[TableKind]
    TABLE_KIND_MATERIALIZED_VIEW: _ClassVar[TableKind]
    TABLE_KIND_CONNECTION: _ClassVar[TableKind]
TABLE_KIND_UNSPECIFIED: TableKind
TABLE_KIND_MANAGED: TableKind
TABLE_KIND_EXTERNAL: TableKind
TABLE_KIND_VIEW: TableKind
TABLE_KIND_MATERIALIZED_VIEW: TableKind
TABLE_KIND_CONNECTION: TableKind

class Catalog(_message.Message):
    __slots__ = ("name", "kind", "uri", "comment", "location", "parameters", "version", "created_at")
    class ParametersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    URI_FIELD_NUMBER: _ClassVar[int]
    COMMENT_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    name: str
    kind: str
    uri: str
    comment: str
    location: str
    parameters: _containers.ScalarMap[str, str]
    version: int
    created_at: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., kind: _Optional[str] = ..., uri: _Optional[str] = ..., comment: _Optional[str] = ..., location: _Optional[str] = ..., parameters: _Optional[_Mapping[str, str]] = ..., version: _Optional[int] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListCatalogsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "read_mask")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    READ_MASK_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    read_mask: _field_mask_pb2.FieldMask
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., read_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class ListCatalogsResponse(_message.Message):
    __slots__ = ("catalogs", "next_page_token")
    CATALOGS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    catalogs: _containers.RepeatedCompositeFieldContainer[Catalog]
    next_page_token: str
    def __init__(self, catalogs: _Optional[_Iterable[_Union[Catalog, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetCatalogRequest(_message.Message):
    __slots__ = ("name", "read_mask")
    NAME_FIELD_NUMBER: _ClassVar[int]
    READ_MASK_FIELD_NUMBER: _ClassVar[int]
    name: str
    read_mask: _field_mask_pb2.FieldMask
    def __init__(self, name: _Optional[str] = ..., read_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class CreateCatalogRequest(_message.Message):
    __slots__ = ("catalog",)
    CATALOG_FIELD_NUMBER: _ClassVar[int]
    catalog: Catalog
    def __init__(self, catalog: _Optional[_Union[Catalog, _Mapping]] = ...) -> None: ...

class AlterCatalogRequest(_message.Message):
    __slots__ = ("name", "catalog", "update_mask", "expected_version")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CATALOG_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    name: str
    catalog: Catalog
    update_mask: _field_mask_pb2.FieldMask
    expected_version: int
    def __init__(self, name: _Optional[str] = ..., catalog: _Optional[_Union[Catalog, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., expected_version: _Optional[int] = ...) -> None: ...

class DropCatalogRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class DatabaseName(_message.Message):
    __slots__ = ("catalog", "database")
    CATALOG_FIELD_NUMBER: _ClassVar[int]
    DATABASE_FIELD_NUMBER: _ClassVar[int]
    catalog: str
    database: str
    def __init__(self, catalog: _Optional[str] = ..., database: _Optional[str] = ...) -> None: ...

class Database(_message.Message):
    __slots__ = ("catalog", "name", "comment", "location", "owner", "owner_kind", "parameters", "version", "created_at", "created_by")
    class ParametersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    CATALOG_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    COMMENT_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    OWNER_KIND_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_FIELD_NUMBER: _ClassVar[int]
    catalog: str
    name: str
    comment: str
    location: str
    owner: str
    owner_kind: str
    parameters: _containers.ScalarMap[str, str]
    version: int
    created_at: _timestamp_pb2.Timestamp
    created_by: str
    def __init__(self, catalog: _Optional[str] = ..., name: _Optional[str] = ..., comment: _Optional[str] = ..., location: _Optional[str] = ..., owner: _Optional[str] = ..., owner_kind: _Optional[str] = ..., parameters: _Optional[_Mapping[str, str]] = ..., version: _Optional[int] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., created_by: _Optional[str] = ...) -> None: ...

class ListDatabasesRequest(_message.Message):
    __slots__ = ("catalog", "parent", "page_size", "page_token", "read_mask")
    CATALOG_FIELD_NUMBER: _ClassVar[int]
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    READ_MASK_FIELD_NUMBER: _ClassVar[int]
    catalog: str
    parent: str
    page_size: int
    page_token: str
    read_mask: _field_mask_pb2.FieldMask
    def __init__(self, catalog: _Optional[str] = ..., parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., read_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class ListDatabasesResponse(_message.Message):
    __slots__ = ("databases", "next_page_token")
    DATABASES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    databases: _containers.RepeatedCompositeFieldContainer[Database]
    next_page_token: str
    def __init__(self, databases: _Optional[_Iterable[_Union[Database, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetDatabaseRequest(_message.Message):
    __slots__ = ("name", "read_mask")
    NAME_FIELD_NUMBER: _ClassVar[int]
    READ_MASK_FIELD_NUMBER: _ClassVar[int]
    name: DatabaseName
    read_mask: _field_mask_pb2.FieldMask
    def __init__(self, name: _Optional[_Union[DatabaseName, _Mapping]] = ..., read_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class CreateDatabaseRequest(_message.Message):
    __slots__ = ("database",)
    DATABASE_FIELD_NUMBER: _ClassVar[int]
    database: Database
    def __init__(self, database: _Optional[_Union[Database, _Mapping]] = ...) -> None: ...

class AlterDatabaseRequest(_message.Message):
    __slots__ = ("name", "database", "update_mask", "expected_version")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DATABASE_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    name: DatabaseName
    database: Database
    update_mask: _field_mask_pb2.FieldMask
    expected_version: int
    def __init__(self, name: _Optional[_Union[DatabaseName, _Mapping]] = ..., database: _Optional[_Union[Database, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., expected_version: _Optional[int] = ...) -> None: ...

class DropDatabaseRequest(_message.Message):
    __slots__ = ("name", "cascade")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CASCADE_FIELD_NUMBER: _ClassVar[int]
    name: DatabaseName
    cascade: bool
    def __init__(self, name: _Optional[_Union[DatabaseName, _Mapping]] = ..., cascade: _Optional[bool] = ...) -> None: ...

class TableName(_message.Message):
    __slots__ = ("catalog", "database", "table")
    CATALOG_FIELD_NUMBER: _ClassVar[int]
    DATABASE_FIELD_NUMBER: _ClassVar[int]
    TABLE_FIELD_NUMBER: _ClassVar[int]
    catalog: str
    database: str
    table: str
    def __init__(self, catalog: _Optional[str] = ..., database: _Optional[str] = ..., table: _Optional[str] = ...) -> None: ...

class Column(_message.Message):
    __slots__ = ("name", "type", "comment", "parameters")
    class ParametersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    COMMENT_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    name: str
    type: str
    comment: str
    parameters: _containers.ScalarMap[str, str]
    def __init__(self, name: _Optional[str] = ..., type: _Optional[str] = ..., comment: _Optional[str] = ..., parameters: _Optional[_Mapping[str, str]] = ...) -> None: ...

class ColumnList(_message.Message):
    __slots__ = ("columns",)
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    columns: _containers.RepeatedCompositeFieldContainer[Column]
    def __init__(self, columns: _Optional[_Iterable[_Union[Column, _Mapping]]] = ...) -> None: ...

class SerDe(_message.Message):
    __slots__ = ("library", "name", "parameters")
    class ParametersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    LIBRARY_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    library: str
    name: str
    parameters: _containers.ScalarMap[str, str]
    def __init__(self, library: _Optional[str] = ..., name: _Optional[str] = ..., parameters: _Optional[_Mapping[str, str]] = ...) -> None: ...

class SortColumn(_message.Message):
    __slots__ = ("column", "order")
    COLUMN_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    column: str
    order: int
    def __init__(self, column: _Optional[str] = ..., order: _Optional[int] = ...) -> None: ...

class Storage(_message.Message):
    __slots__ = ("input_format", "output_format", "serde", "compressed", "bucket_count", "bucket_columns", "sort_columns", "parameters")
    class ParametersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    INPUT_FORMAT_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FORMAT_FIELD_NUMBER: _ClassVar[int]
    SERDE_FIELD_NUMBER: _ClassVar[int]
    COMPRESSED_FIELD_NUMBER: _ClassVar[int]
    BUCKET_COUNT_FIELD_NUMBER: _ClassVar[int]
    BUCKET_COLUMNS_FIELD_NUMBER: _ClassVar[int]
    SORT_COLUMNS_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    input_format: str
    output_format: str
    serde: SerDe
    compressed: bool
    bucket_count: int
    bucket_columns: _containers.RepeatedScalarFieldContainer[str]
    sort_columns: _containers.RepeatedCompositeFieldContainer[SortColumn]
    parameters: _containers.ScalarMap[str, str]
    def __init__(self, input_format: _Optional[str] = ..., output_format: _Optional[str] = ..., serde: _Optional[_Union[SerDe, _Mapping]] = ..., compressed: _Optional[bool] = ..., bucket_count: _Optional[int] = ..., bucket_columns: _Optional[_Iterable[str]] = ..., sort_columns: _Optional[_Iterable[_Union[SortColumn, _Mapping]]] = ..., parameters: _Optional[_Mapping[str, str]] = ...) -> None: ...

class Table(_message.Message):
    __slots__ = ("catalog", "database", "name", "kind", "columns", "partition_keys", "location", "storage", "parameters", "owner", "owner_kind", "retention", "view_original", "view_expanded", "connection", "format", "version", "created_at", "last_access_at", "updated_at", "updated_by")
    class ParametersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    CATALOG_FIELD_NUMBER: _ClassVar[int]
    DATABASE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    PARTITION_KEYS_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    STORAGE_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    OWNER_KIND_FIELD_NUMBER: _ClassVar[int]
    RETENTION_FIELD_NUMBER: _ClassVar[int]
    VIEW_ORIGINAL_FIELD_NUMBER: _ClassVar[int]
    VIEW_EXPANDED_FIELD_NUMBER: _ClassVar[int]
    CONNECTION_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    LAST_ACCESS_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_BY_FIELD_NUMBER: _ClassVar[int]
    catalog: str
    database: str
    name: str
    kind: TableKind
    columns: _containers.RepeatedCompositeFieldContainer[Column]
    partition_keys: _containers.RepeatedCompositeFieldContainer[Column]
    location: str
    storage: Storage
    parameters: _containers.ScalarMap[str, str]
    owner: str
    owner_kind: str
    retention: int
    view_original: str
    view_expanded: str
    connection: str
    format: str
    version: int
    created_at: _timestamp_pb2.Timestamp
    last_access_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    updated_by: str
    def __init__(self, catalog: _Optional[str] = ..., database: _Optional[str] = ..., name: _Optional[str] = ..., kind: _Optional[_Union[TableKind, str]] = ..., columns: _Optional[_Iterable[_Union[Column, _Mapping]]] = ..., partition_keys: _Optional[_Iterable[_Union[Column, _Mapping]]] = ..., location: _Optional[str] = ..., storage: _Optional[_Union[Storage, _Mapping]] = ..., parameters: _Optional[_Mapping[str, str]] = ..., owner: _Optional[str] = ..., owner_kind: _Optional[str] = ..., retention: _Optional[int] = ..., view_original: _Optional[str] = ..., view_expanded: _Optional[str] = ..., connection: _Optional[str] = ..., format: _Optional[str] = ..., version: _Optional[int] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_access_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_by: _Optional[str] = ...) -> None: ...

class ListTablesRequest(_message.Message):
    __slots__ = ("database", "kinds", "name_contains", "page_size", "page_token", "read_mask")
    DATABASE_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    NAME_CONTAINS_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    READ_MASK_FIELD_NUMBER: _ClassVar[int]
    database: DatabaseName
    kinds: _containers.RepeatedScalarFieldContainer[TableKind]
    name_contains: str
    page_size: int
    page_token: str
    read_mask: _field_mask_pb2.FieldMask
    def __init__(self, database: _Optional[_Union[DatabaseName, _Mapping]] = ..., kinds: _Optional[_Iterable[_Union[TableKind, str]]] = ..., name_contains: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., read_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class ListTablesResponse(_message.Message):
    __slots__ = ("tables", "next_page_token")
    TABLES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    tables: _containers.RepeatedCompositeFieldContainer[Table]
    next_page_token: str
    def __init__(self, tables: _Optional[_Iterable[_Union[Table, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetTableRequest(_message.Message):
    __slots__ = ("name", "read_mask")
    NAME_FIELD_NUMBER: _ClassVar[int]
    READ_MASK_FIELD_NUMBER: _ClassVar[int]
    name: TableName
    read_mask: _field_mask_pb2.FieldMask
    def __init__(self, name: _Optional[_Union[TableName, _Mapping]] = ..., read_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class CreateTableRequest(_message.Message):
    __slots__ = ("table", "format")
    TABLE_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    table: Table
    format: str
    def __init__(self, table: _Optional[_Union[Table, _Mapping]] = ..., format: _Optional[str] = ...) -> None: ...

class AlterTableRequest(_message.Message):
    __slots__ = ("name", "table", "update_mask", "expected_version", "cascade")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TABLE_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    CASCADE_FIELD_NUMBER: _ClassVar[int]
    name: TableName
    table: Table
    update_mask: _field_mask_pb2.FieldMask
    expected_version: int
    cascade: bool
    def __init__(self, name: _Optional[_Union[TableName, _Mapping]] = ..., table: _Optional[_Union[Table, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., expected_version: _Optional[int] = ..., cascade: _Optional[bool] = ...) -> None: ...

class DropTableRequest(_message.Message):
    __slots__ = ("name", "purge")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PURGE_FIELD_NUMBER: _ClassVar[int]
    name: TableName
    purge: bool
    def __init__(self, name: _Optional[_Union[TableName, _Mapping]] = ..., purge: _Optional[bool] = ...) -> None: ...

class View(_message.Message):
    __slots__ = ("catalog", "database", "name", "columns", "original", "expanded", "materialized", "parameters", "owner", "owner_kind", "version", "created_at", "updated_at", "updated_by")
    class ParametersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    CATALOG_FIELD_NUMBER: _ClassVar[int]
    DATABASE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    ORIGINAL_FIELD_NUMBER: _ClassVar[int]
    EXPANDED_FIELD_NUMBER: _ClassVar[int]
    MATERIALIZED_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    OWNER_KIND_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_BY_FIELD_NUMBER: _ClassVar[int]
    catalog: str
    database: str
    name: str
    columns: _containers.RepeatedCompositeFieldContainer[Column]
    original: str
    expanded: str
    materialized: bool
    parameters: _containers.ScalarMap[str, str]
    owner: str
    owner_kind: str
    version: int
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    updated_by: str
    def __init__(self, catalog: _Optional[str] = ..., database: _Optional[str] = ..., name: _Optional[str] = ..., columns: _Optional[_Iterable[_Union[Column, _Mapping]]] = ..., original: _Optional[str] = ..., expanded: _Optional[str] = ..., materialized: _Optional[bool] = ..., parameters: _Optional[_Mapping[str, str]] = ..., owner: _Optional[str] = ..., owner_kind: _Optional[str] = ..., version: _Optional[int] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_by: _Optional[str] = ...) -> None: ...

class ListViewsRequest(_message.Message):
    __slots__ = ("database", "page_size", "page_token", "read_mask")
    DATABASE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    READ_MASK_FIELD_NUMBER: _ClassVar[int]
    database: DatabaseName
    page_size: int
    page_token: str
    read_mask: _field_mask_pb2.FieldMask
    def __init__(self, database: _Optional[_Union[DatabaseName, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., read_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class ListViewsResponse(_message.Message):
    __slots__ = ("views", "next_page_token")
    VIEWS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    views: _containers.RepeatedCompositeFieldContainer[View]
    next_page_token: str
    def __init__(self, views: _Optional[_Iterable[_Union[View, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetViewRequest(_message.Message):
    __slots__ = ("name", "read_mask")
    NAME_FIELD_NUMBER: _ClassVar[int]
    READ_MASK_FIELD_NUMBER: _ClassVar[int]
    name: TableName
    read_mask: _field_mask_pb2.FieldMask
    def __init__(self, name: _Optional[_Union[TableName, _Mapping]] = ..., read_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class CreateViewRequest(_message.Message):
    __slots__ = ("view",)
    VIEW_FIELD_NUMBER: _ClassVar[int]
    view: View
    def __init__(self, view: _Optional[_Union[View, _Mapping]] = ...) -> None: ...

class AlterViewRequest(_message.Message):
    __slots__ = ("name", "view", "update_mask", "expected_version")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VIEW_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    name: TableName
    view: View
    update_mask: _field_mask_pb2.FieldMask
    expected_version: int
    def __init__(self, name: _Optional[_Union[TableName, _Mapping]] = ..., view: _Optional[_Union[View, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., expected_version: _Optional[int] = ...) -> None: ...

class DropViewRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: TableName
    def __init__(self, name: _Optional[_Union[TableName, _Mapping]] = ...) -> None: ...

class Partition(_message.Message):
    __slots__ = ("name", "values", "location", "parameters", "columns", "storage", "version", "created_at", "last_access_at")
    class ParametersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    STORAGE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    LAST_ACCESS_AT_FIELD_NUMBER: _ClassVar[int]
    name: str
    values: _containers.RepeatedScalarFieldContainer[str]
    location: str
    parameters: _containers.ScalarMap[str, str]
    columns: ColumnList
    storage: Storage
    version: int
    created_at: _timestamp_pb2.Timestamp
    last_access_at: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., values: _Optional[_Iterable[str]] = ..., location: _Optional[str] = ..., parameters: _Optional[_Mapping[str, str]] = ..., columns: _Optional[_Union[ColumnList, _Mapping]] = ..., storage: _Optional[_Union[Storage, _Mapping]] = ..., version: _Optional[int] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_access_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListPartitionsRequest(_message.Message):
    __slots__ = ("table", "filter", "prefix", "after", "limit", "read_mask")
    TABLE_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    READ_MASK_FIELD_NUMBER: _ClassVar[int]
    table: TableName
    filter: str
    prefix: _containers.RepeatedScalarFieldContainer[str]
    after: str
    limit: int
    read_mask: _field_mask_pb2.FieldMask
    def __init__(self, table: _Optional[_Union[TableName, _Mapping]] = ..., filter: _Optional[str] = ..., prefix: _Optional[_Iterable[str]] = ..., after: _Optional[str] = ..., limit: _Optional[int] = ..., read_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class ListPartitionsResponse(_message.Message):
    __slots__ = ("partitions",)
    PARTITIONS_FIELD_NUMBER: _ClassVar[int]
    partitions: _containers.RepeatedCompositeFieldContainer[Partition]
    def __init__(self, partitions: _Optional[_Iterable[_Union[Partition, _Mapping]]] = ...) -> None: ...

class GetPartitionRequest(_message.Message):
    __slots__ = ("table", "values", "read_mask")
    TABLE_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    READ_MASK_FIELD_NUMBER: _ClassVar[int]
    table: TableName
    values: _containers.RepeatedScalarFieldContainer[str]
    read_mask: _field_mask_pb2.FieldMask
    def __init__(self, table: _Optional[_Union[TableName, _Mapping]] = ..., values: _Optional[_Iterable[str]] = ..., read_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class CountPartitionsRequest(_message.Message):
    __slots__ = ("table", "filter")
    TABLE_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    table: TableName
    filter: str
    def __init__(self, table: _Optional[_Union[TableName, _Mapping]] = ..., filter: _Optional[str] = ...) -> None: ...

class CountPartitionsResponse(_message.Message):
    __slots__ = ("count",)
    COUNT_FIELD_NUMBER: _ClassVar[int]
    count: int
    def __init__(self, count: _Optional[int] = ...) -> None: ...

class AddPartitionsRequest(_message.Message):
    __slots__ = ("table", "partitions", "if_not_exists")
    TABLE_FIELD_NUMBER: _ClassVar[int]
    PARTITIONS_FIELD_NUMBER: _ClassVar[int]
    IF_NOT_EXISTS_FIELD_NUMBER: _ClassVar[int]
    table: TableName
    partitions: _containers.RepeatedCompositeFieldContainer[Partition]
    if_not_exists: bool
    def __init__(self, table: _Optional[_Union[TableName, _Mapping]] = ..., partitions: _Optional[_Iterable[_Union[Partition, _Mapping]]] = ..., if_not_exists: _Optional[bool] = ...) -> None: ...

class AddPartitionsResponse(_message.Message):
    __slots__ = ("added",)
    ADDED_FIELD_NUMBER: _ClassVar[int]
    added: int
    def __init__(self, added: _Optional[int] = ...) -> None: ...

class AlterPartitionsRequest(_message.Message):
    __slots__ = ("table", "partitions")
    TABLE_FIELD_NUMBER: _ClassVar[int]
    PARTITIONS_FIELD_NUMBER: _ClassVar[int]
    table: TableName
    partitions: _containers.RepeatedCompositeFieldContainer[Partition]
    def __init__(self, table: _Optional[_Union[TableName, _Mapping]] = ..., partitions: _Optional[_Iterable[_Union[Partition, _Mapping]]] = ...) -> None: ...

class DropPartitionsRequest(_message.Message):
    __slots__ = ("table", "names", "if_exists", "keep_data")
    TABLE_FIELD_NUMBER: _ClassVar[int]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    IF_EXISTS_FIELD_NUMBER: _ClassVar[int]
    KEEP_DATA_FIELD_NUMBER: _ClassVar[int]
    table: TableName
    names: _containers.RepeatedScalarFieldContainer[str]
    if_exists: bool
    keep_data: bool
    def __init__(self, table: _Optional[_Union[TableName, _Mapping]] = ..., names: _Optional[_Iterable[str]] = ..., if_exists: _Optional[bool] = ..., keep_data: _Optional[bool] = ...) -> None: ...

class DropPartitionsResponse(_message.Message):
    __slots__ = ("dropped",)
    DROPPED_FIELD_NUMBER: _ClassVar[int]
    dropped: int
    def __init__(self, dropped: _Optional[int] = ...) -> None: ...

class FunctionName(_message.Message):
    __slots__ = ("catalog", "database", "function")
    CATALOG_FIELD_NUMBER: _ClassVar[int]
    DATABASE_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_FIELD_NUMBER: _ClassVar[int]
    catalog: str
    database: str
    function: str
    def __init__(self, catalog: _Optional[str] = ..., database: _Optional[str] = ..., function: _Optional[str] = ...) -> None: ...

class FunctionResource(_message.Message):
    __slots__ = ("kind", "uri")
    KIND_FIELD_NUMBER: _ClassVar[int]
    URI_FIELD_NUMBER: _ClassVar[int]
    kind: str
    uri: str
    def __init__(self, kind: _Optional[str] = ..., uri: _Optional[str] = ...) -> None: ...

class Function(_message.Message):
    __slots__ = ("catalog", "database", "name", "class_name", "owner", "owner_kind", "function_kind", "resources", "parameters", "version", "created_at")
    class ParametersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    CATALOG_FIELD_NUMBER: _ClassVar[int]
    DATABASE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    CLASS_NAME_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    OWNER_KIND_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_KIND_FIELD_NUMBER: _ClassVar[int]
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    catalog: str
    database: str
    name: str
    class_name: str
    owner: str
    owner_kind: str
    function_kind: str
    resources: _containers.RepeatedCompositeFieldContainer[FunctionResource]
    parameters: _containers.ScalarMap[str, str]
    version: int
    created_at: _timestamp_pb2.Timestamp
    def __init__(self, catalog: _Optional[str] = ..., database: _Optional[str] = ..., name: _Optional[str] = ..., class_name: _Optional[str] = ..., owner: _Optional[str] = ..., owner_kind: _Optional[str] = ..., function_kind: _Optional[str] = ..., resources: _Optional[_Iterable[_Union[FunctionResource, _Mapping]]] = ..., parameters: _Optional[_Mapping[str, str]] = ..., version: _Optional[int] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListFunctionsRequest(_message.Message):
    __slots__ = ("database", "page_size", "page_token", "read_mask")
    DATABASE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    READ_MASK_FIELD_NUMBER: _ClassVar[int]
    database: DatabaseName
    page_size: int
    page_token: str
    read_mask: _field_mask_pb2.FieldMask
    def __init__(self, database: _Optional[_Union[DatabaseName, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., read_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class ListFunctionsResponse(_message.Message):
    __slots__ = ("functions", "next_page_token")
    FUNCTIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    functions: _containers.RepeatedCompositeFieldContainer[Function]
    next_page_token: str
    def __init__(self, functions: _Optional[_Iterable[_Union[Function, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetFunctionRequest(_message.Message):
    __slots__ = ("name", "read_mask")
    NAME_FIELD_NUMBER: _ClassVar[int]
    READ_MASK_FIELD_NUMBER: _ClassVar[int]
    name: FunctionName
    read_mask: _field_mask_pb2.FieldMask
    def __init__(self, name: _Optional[_Union[FunctionName, _Mapping]] = ..., read_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class CreateFunctionRequest(_message.Message):
    __slots__ = ("function",)
    FUNCTION_FIELD_NUMBER: _ClassVar[int]
    function: Function
    def __init__(self, function: _Optional[_Union[Function, _Mapping]] = ...) -> None: ...

class AlterFunctionRequest(_message.Message):
    __slots__ = ("name", "function", "update_mask")
    NAME_FIELD_NUMBER: _ClassVar[int]
    FUNCTION_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    name: FunctionName
    function: Function
    update_mask: _field_mask_pb2.FieldMask
    def __init__(self, name: _Optional[_Union[FunctionName, _Mapping]] = ..., function: _Optional[_Union[Function, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class DropFunctionRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: FunctionName
    def __init__(self, name: _Optional[_Union[FunctionName, _Mapping]] = ...) -> None: ...

class FindRequest(_message.Message):
    __slots__ = ("query", "page_size", "page_token")
    QUERY_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    query: str
    page_size: int
    page_token: str
    def __init__(self, query: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class Hit(_message.Message):
    __slots__ = ("catalog", "database", "table", "score")
    CATALOG_FIELD_NUMBER: _ClassVar[int]
    DATABASE_FIELD_NUMBER: _ClassVar[int]
    TABLE_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    catalog: str
    database: str
    table: str
    score: float
    def __init__(self, catalog: _Optional[str] = ..., database: _Optional[str] = ..., table: _Optional[str] = ..., score: _Optional[float] = ...) -> None: ...

class FindResponse(_message.Message):
    __slots__ = ("hits", "next_page_token")
    HITS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    hits: _containers.RepeatedCompositeFieldContainer[Hit]
    next_page_token: str
    def __init__(self, hits: _Optional[_Iterable[_Union[Hit, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class Version(_message.Message):
    __slots__ = ("version", "table", "at", "by", "via", "run")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    TABLE_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    VIA_FIELD_NUMBER: _ClassVar[int]
    RUN_FIELD_NUMBER: _ClassVar[int]
    version: int
    table: Table
    at: _timestamp_pb2.Timestamp
    by: str
    via: str
    run: str
    def __init__(self, version: _Optional[int] = ..., table: _Optional[_Union[Table, _Mapping]] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., by: _Optional[str] = ..., via: _Optional[str] = ..., run: _Optional[str] = ...) -> None: ...

class ListVersionsRequest(_message.Message):
    __slots__ = ("table", "page_size", "page_token", "read_mask")
    TABLE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    READ_MASK_FIELD_NUMBER: _ClassVar[int]
    table: TableName
    page_size: int
    page_token: str
    read_mask: _field_mask_pb2.FieldMask
    def __init__(self, table: _Optional[_Union[TableName, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., read_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class ListVersionsResponse(_message.Message):
    __slots__ = ("versions", "next_page_token")
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    versions: _containers.RepeatedCompositeFieldContainer[Version]
    next_page_token: str
    def __init__(self, versions: _Optional[_Iterable[_Union[Version, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetVersionRequest(_message.Message):
    __slots__ = ("table", "version", "read_mask")
    TABLE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    READ_MASK_FIELD_NUMBER: _ClassVar[int]
    table: TableName
    version: int
    read_mask: _field_mask_pb2.FieldMask
    def __init__(self, table: _Optional[_Union[TableName, _Mapping]] = ..., version: _Optional[int] = ..., read_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class DiffVersionsRequest(_message.Message):
    __slots__ = ("table", "before", "after")
    TABLE_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    table: TableName
    before: int
    after: int
    def __init__(self, table: _Optional[_Union[TableName, _Mapping]] = ..., before: _Optional[int] = ..., after: _Optional[int] = ...) -> None: ...

class Difference(_message.Message):
    __slots__ = ("field", "before", "after")
    FIELD_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    field: str
    before: _struct_pb2.Value
    after: _struct_pb2.Value
    def __init__(self, field: _Optional[str] = ..., before: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ..., after: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...

class DiffVersionsResponse(_message.Message):
    __slots__ = ("differences",)
    DIFFERENCES_FIELD_NUMBER: _ClassVar[int]
    differences: _containers.RepeatedCompositeFieldContainer[Difference]
    def __init__(self, differences: _Optional[_Iterable[_Union[Difference, _Mapping]]] = ...) -> None: ...

class RollBackRequest(_message.Message):
    __slots__ = ("table", "version", "expected_version")
    TABLE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    table: TableName
    version: int
    expected_version: int
    def __init__(self, table: _Optional[_Union[TableName, _Mapping]] = ..., version: _Optional[int] = ..., expected_version: _Optional[int] = ...) -> None: ...

class Event(_message.Message):
    __slots__ = ("number", "span", "kind", "catalog", "database", "table", "version_before", "version_after", "payload", "at", "by", "via", "run")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    SPAN_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    CATALOG_FIELD_NUMBER: _ClassVar[int]
    DATABASE_FIELD_NUMBER: _ClassVar[int]
    TABLE_FIELD_NUMBER: _ClassVar[int]
    VERSION_BEFORE_FIELD_NUMBER: _ClassVar[int]
    VERSION_AFTER_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    VIA_FIELD_NUMBER: _ClassVar[int]
    RUN_FIELD_NUMBER: _ClassVar[int]
    number: int
    span: int
    kind: str
    catalog: str
    database: str
    table: str
    version_before: int
    version_after: int
    payload: _struct_pb2.Struct
    at: _timestamp_pb2.Timestamp
    by: str
    via: str
    run: str
    def __init__(self, number: _Optional[int] = ..., span: _Optional[int] = ..., kind: _Optional[str] = ..., catalog: _Optional[str] = ..., database: _Optional[str] = ..., table: _Optional[str] = ..., version_before: _Optional[int] = ..., version_after: _Optional[int] = ..., payload: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., by: _Optional[str] = ..., via: _Optional[str] = ..., run: _Optional[str] = ...) -> None: ...

class ListEventsRequest(_message.Message):
    __slots__ = ("after", "page_size")
    AFTER_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    after: int
    page_size: int
    def __init__(self, after: _Optional[int] = ..., page_size: _Optional[int] = ...) -> None: ...

class ListEventsResponse(_message.Message):
    __slots__ = ("events", "last_number")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    LAST_NUMBER_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[Event]
    last_number: int
    def __init__(self, events: _Optional[_Iterable[_Union[Event, _Mapping]]] = ..., last_number: _Optional[int] = ...) -> None: ...

class WatchRequest(_message.Message):
    __slots__ = ("after",)
    AFTER_FIELD_NUMBER: _ClassVar[int]
    after: int
    def __init__(self, after: _Optional[int] = ...) -> None: ...

class WatchResponse(_message.Message):
    __slots__ = ("events", "last_number")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    LAST_NUMBER_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[Event]
    last_number: int
    def __init__(self, events: _Optional[_Iterable[_Union[Event, _Mapping]]] = ..., last_number: _Optional[int] = ...) -> None: ...

class BooleanStatistics(_message.Message):
    __slots__ = ("num_trues", "num_falses", "num_nulls")
    NUM_TRUES_FIELD_NUMBER: _ClassVar[int]
    NUM_FALSES_FIELD_NUMBER: _ClassVar[int]
    NUM_NULLS_FIELD_NUMBER: _ClassVar[int]
    num_trues: int
    num_falses: int
    num_nulls: int
    def __init__(self, num_trues: _Optional[int] = ..., num_falses: _Optional[int] = ..., num_nulls: _Optional[int] = ...) -> None: ...

class LongStatistics(_message.Message):
    __slots__ = ("low", "high", "num_nulls", "num_distinct")
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    NUM_NULLS_FIELD_NUMBER: _ClassVar[int]
    NUM_DISTINCT_FIELD_NUMBER: _ClassVar[int]
    low: int
    high: int
    num_nulls: int
    num_distinct: int
    def __init__(self, low: _Optional[int] = ..., high: _Optional[int] = ..., num_nulls: _Optional[int] = ..., num_distinct: _Optional[int] = ...) -> None: ...

class DoubleStatistics(_message.Message):
    __slots__ = ("low", "high", "num_nulls", "num_distinct")
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    NUM_NULLS_FIELD_NUMBER: _ClassVar[int]
    NUM_DISTINCT_FIELD_NUMBER: _ClassVar[int]
    low: float
    high: float
    num_nulls: int
    num_distinct: int
    def __init__(self, low: _Optional[float] = ..., high: _Optional[float] = ..., num_nulls: _Optional[int] = ..., num_distinct: _Optional[int] = ...) -> None: ...

class DecimalStatistics(_message.Message):
    __slots__ = ("low", "high", "num_nulls", "num_distinct")
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    NUM_NULLS_FIELD_NUMBER: _ClassVar[int]
    NUM_DISTINCT_FIELD_NUMBER: _ClassVar[int]
    low: str
    high: str
    num_nulls: int
    num_distinct: int
    def __init__(self, low: _Optional[str] = ..., high: _Optional[str] = ..., num_nulls: _Optional[int] = ..., num_distinct: _Optional[int] = ...) -> None: ...

class DateStatistics(_message.Message):
    __slots__ = ("low", "high", "num_nulls", "num_distinct")
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    NUM_NULLS_FIELD_NUMBER: _ClassVar[int]
    NUM_DISTINCT_FIELD_NUMBER: _ClassVar[int]
    low: int
    high: int
    num_nulls: int
    num_distinct: int
    def __init__(self, low: _Optional[int] = ..., high: _Optional[int] = ..., num_nulls: _Optional[int] = ..., num_distinct: _Optional[int] = ...) -> None: ...

class TimestampStatistics(_message.Message):
    __slots__ = ("low", "high", "num_nulls", "num_distinct")
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    NUM_NULLS_FIELD_NUMBER: _ClassVar[int]
    NUM_DISTINCT_FIELD_NUMBER: _ClassVar[int]
    low: int
    high: int
    num_nulls: int
    num_distinct: int
    def __init__(self, low: _Optional[int] = ..., high: _Optional[int] = ..., num_nulls: _Optional[int] = ..., num_distinct: _Optional[int] = ...) -> None: ...

class StringStatistics(_message.Message):
    __slots__ = ("max_length", "average_length", "num_nulls", "num_distinct")
    MAX_LENGTH_FIELD_NUMBER: _ClassVar[int]
    AVERAGE_LENGTH_FIELD_NUMBER: _ClassVar[int]
    NUM_NULLS_FIELD_NUMBER: _ClassVar[int]
    NUM_DISTINCT_FIELD_NUMBER: _ClassVar[int]
    max_length: int
    average_length: float
    num_nulls: int
    num_distinct: int
    def __init__(self, max_length: _Optional[int] = ..., average_length: _Optional[float] = ..., num_nulls: _Optional[int] = ..., num_distinct: _Optional[int] = ...) -> None: ...

class BinaryStatistics(_message.Message):
    __slots__ = ("max_length", "average_length", "num_nulls")
    MAX_LENGTH_FIELD_NUMBER: _ClassVar[int]
    AVERAGE_LENGTH_FIELD_NUMBER: _ClassVar[int]
    NUM_NULLS_FIELD_NUMBER: _ClassVar[int]
    max_length: int
    average_length: float
    num_nulls: int
    def __init__(self, max_length: _Optional[int] = ..., average_length: _Optional[float] = ..., num_nulls: _Optional[int] = ...) -> None: ...

class ColumnStatistics(_message.Message):
    __slots__ = ("column", "type", "engine", "updated_at", "boolean", "long", "double", "decimal", "date", "timestamp", "string", "binary", "bit_vectors", "histogram")
    COLUMN_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    BOOLEAN_FIELD_NUMBER: _ClassVar[int]
    LONG_FIELD_NUMBER: _ClassVar[int]
    DOUBLE_FIELD_NUMBER: _ClassVar[int]
    DECIMAL_FIELD_NUMBER: _ClassVar[int]
    DATE_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    STRING_FIELD_NUMBER: _ClassVar[int]
    BINARY_FIELD_NUMBER: _ClassVar[int]
    BIT_VECTORS_FIELD_NUMBER: _ClassVar[int]
    HISTOGRAM_FIELD_NUMBER: _ClassVar[int]
    column: str
    type: str
    engine: str
    updated_at: _timestamp_pb2.Timestamp
    boolean: BooleanStatistics
    long: LongStatistics
    double: DoubleStatistics
    decimal: DecimalStatistics
    date: DateStatistics
    timestamp: TimestampStatistics
    string: StringStatistics
    binary: BinaryStatistics
    bit_vectors: bytes
    histogram: bytes
    def __init__(self, column: _Optional[str] = ..., type: _Optional[str] = ..., engine: _Optional[str] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., boolean: _Optional[_Union[BooleanStatistics, _Mapping]] = ..., long: _Optional[_Union[LongStatistics, _Mapping]] = ..., double: _Optional[_Union[DoubleStatistics, _Mapping]] = ..., decimal: _Optional[_Union[DecimalStatistics, _Mapping]] = ..., date: _Optional[_Union[DateStatistics, _Mapping]] = ..., timestamp: _Optional[_Union[TimestampStatistics, _Mapping]] = ..., string: _Optional[_Union[StringStatistics, _Mapping]] = ..., binary: _Optional[_Union[BinaryStatistics, _Mapping]] = ..., bit_vectors: _Optional[bytes] = ..., histogram: _Optional[bytes] = ...) -> None: ...

class ColumnStatisticsList(_message.Message):
    __slots__ = ("columns",)
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    columns: _containers.RepeatedCompositeFieldContainer[ColumnStatistics]
    def __init__(self, columns: _Optional[_Iterable[_Union[ColumnStatistics, _Mapping]]] = ...) -> None: ...

class GetStatisticsRequest(_message.Message):
    __slots__ = ("table", "columns", "engine")
    TABLE_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    table: TableName
    columns: _containers.RepeatedScalarFieldContainer[str]
    engine: str
    def __init__(self, table: _Optional[_Union[TableName, _Mapping]] = ..., columns: _Optional[_Iterable[str]] = ..., engine: _Optional[str] = ...) -> None: ...

class GetStatisticsResponse(_message.Message):
    __slots__ = ("columns",)
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    columns: _containers.RepeatedCompositeFieldContainer[ColumnStatistics]
    def __init__(self, columns: _Optional[_Iterable[_Union[ColumnStatistics, _Mapping]]] = ...) -> None: ...

class PutStatisticsRequest(_message.Message):
    __slots__ = ("table", "columns", "merge")
    TABLE_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    MERGE_FIELD_NUMBER: _ClassVar[int]
    table: TableName
    columns: _containers.RepeatedCompositeFieldContainer[ColumnStatistics]
    merge: bool
    def __init__(self, table: _Optional[_Union[TableName, _Mapping]] = ..., columns: _Optional[_Iterable[_Union[ColumnStatistics, _Mapping]]] = ..., merge: _Optional[bool] = ...) -> None: ...

class GetPartitionStatisticsRequest(_message.Message):
    __slots__ = ("table", "partitions", "columns", "engine")
    TABLE_FIELD_NUMBER: _ClassVar[int]
    PARTITIONS_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    table: TableName
    partitions: _containers.RepeatedScalarFieldContainer[str]
    columns: _containers.RepeatedScalarFieldContainer[str]
    engine: str
    def __init__(self, table: _Optional[_Union[TableName, _Mapping]] = ..., partitions: _Optional[_Iterable[str]] = ..., columns: _Optional[_Iterable[str]] = ..., engine: _Optional[str] = ...) -> None: ...

class GetPartitionStatisticsResponse(_message.Message):
    __slots__ = ("partitions",)
    class PartitionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: ColumnStatisticsList
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[ColumnStatisticsList, _Mapping]] = ...) -> None: ...
    PARTITIONS_FIELD_NUMBER: _ClassVar[int]
    partitions: _containers.MessageMap[str, ColumnStatisticsList]
    def __init__(self, partitions: _Optional[_Mapping[str, ColumnStatisticsList]] = ...) -> None: ...

class PutPartitionStatisticsRequest(_message.Message):
    __slots__ = ("table", "partitions", "merge")
    class PartitionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: ColumnStatisticsList
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[ColumnStatisticsList, _Mapping]] = ...) -> None: ...
    TABLE_FIELD_NUMBER: _ClassVar[int]
    PARTITIONS_FIELD_NUMBER: _ClassVar[int]
    MERGE_FIELD_NUMBER: _ClassVar[int]
    table: TableName
    partitions: _containers.MessageMap[str, ColumnStatisticsList]
    merge: bool
    def __init__(self, table: _Optional[_Union[TableName, _Mapping]] = ..., partitions: _Optional[_Mapping[str, ColumnStatisticsList]] = ..., merge: _Optional[bool] = ...) -> None: ...

class DropStatisticsRequest(_message.Message):
    __slots__ = ("table", "columns", "partitions", "engine")
    TABLE_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    PARTITIONS_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    table: TableName
    columns: _containers.RepeatedScalarFieldContainer[str]
    partitions: _containers.RepeatedScalarFieldContainer[str]
    engine: str
    def __init__(self, table: _Optional[_Union[TableName, _Mapping]] = ..., columns: _Optional[_Iterable[str]] = ..., partitions: _Optional[_Iterable[str]] = ..., engine: _Optional[str] = ...) -> None: ...
