"""Tables and views: a definition with a version, whatever the door it came through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from catalog_server.model.names import TableName, name_key

METADATA_LOCATION = "metadata_location"
"""Parameter that points to an Iceberg table's current metadata file (Iceberg's HiveTableOperations)."""
PREVIOUS_METADATA_LOCATION = "previous_metadata_location"
PURGE = "external.table.purge"
"""Parameter whose value `TRUE` (any case) has an external table take its files along when dropped (Hive)."""
TABLE_TYPE = "table_type"
"""Parameter whose value `ICEBERG` (any case) marks an Iceberg table, and `ICEBERG-VIEW` an Iceberg view."""
ICEBERG_VIEW = "ICEBERG-VIEW"


class TableKind(StrEnum):
    """What a table is to Hive; `CONNECTION` is ours: a table that lives in a database reached by a connection."""

    MANAGED = "MANAGED_TABLE"
    EXTERNAL = "EXTERNAL_TABLE"
    VIEW = "VIRTUAL_VIEW"
    MATERIALIZED_VIEW = "MATERIALIZED_VIEW"
    CONNECTION = "CONNECTION_TABLE"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name as sent, its type in Hive's type language (see `model.types`), its comment."""

    name: str
    type: str
    comment: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The name as it is compared."""
        return name_key(self.name)


@dataclass(frozen=True, slots=True)
class SerDe:
    """How rows are read from bytes: the Hive class and its parameters."""

    library: str | None = None
    """Class name, `serializationLib` in Hive."""
    name: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Storage:
    """Format of the files behind a table or partition; where they are stands beside it (`location`)."""

    input_format: str | None = None
    output_format: str | None = None
    serde: SerDe = field(default_factory=SerDe)
    compressed: bool = False
    bucket_count: int = 0
    """0 as Spark sends it for tables without buckets, -1 as Hive and Trino do; kept as sent."""
    bucket_columns: tuple[str, ...] = ()
    sort_columns: tuple[tuple[str, int], ...] = ()
    """(column, order): 1 ascending, 0 descending."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, object] = field(default_factory=dict)
    """Skew and other rare fields of a protocol's storage descriptor, by protocol."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table's definition. Partitions and statistics have versions of their own and are not part of it."""

    catalog: str
    database: str
    name: str
    kind: TableKind
    columns: tuple[Column, ...] = ()
    partition_keys: tuple[Column, ...] = ()
    location: str | None = None
    storage: Storage = field(default_factory=Storage)
    parameters: Mapping[str, str] = field(default_factory=dict)
    owner: str | None = None
    owner_kind: str = "USER"
    retention: int = 0
    view_original: str | None = None
    view_expanded: str | None = None
    connection: str | None = None
    """Name of the connection behind a table of kind `CONNECTION`."""
    extra: Mapping[str, object] = field(default_factory=dict)
    id: int = 0
    version: int = 0
    created_at: int = 0
    last_access_at: int = 0
    updated_at: int = 0
    updated_by: str | None = None
    database_id: int = field(default=0, compare=False)
    """Of the database that a stored table is in."""

    @property
    def full_name(self) -> TableName:
        """Catalog, database and table name."""
        return TableName(self.catalog, self.database, self.name)

    @property
    def is_iceberg(self) -> bool:
        """Whether the definition lives in an Iceberg metadata file."""
        return self.parameters.get(TABLE_TYPE, "").upper() == "ICEBERG"

    @property
    def is_iceberg_view(self) -> bool:
        """Whether the definition is that of a view and lives in an Iceberg metadata file."""
        return self.kind is TableKind.VIEW and self.parameters.get(TABLE_TYPE, "").upper() == ICEBERG_VIEW

    @property
    def is_view(self) -> bool:
        """Whether the table is a statement rather than data."""
        return self.kind in (TableKind.VIEW, TableKind.MATERIALIZED_VIEW)

    @property
    def metadata_location(self) -> str | None:
        """The current Iceberg metadata file, if there is one."""
        return self.parameters.get(METADATA_LOCATION)

    @property
    def format(self) -> str:
        """The format in one word: iceberg, delta, hudi, parquet, orc, avro, csv, json, text, view, iceberg-view,
        a connection or unknown."""
        return format_of(self)


_FORMATS_BY_SERDE = (
    ("hoodie", "hudi"),  # whose SerDe is that of Parquet
    ("parquet", "parquet"),
    ("orc", "orc"),
    ("avro", "avro"),
    ("opencsv", "csv"),
    ("json", "json"),
    ("lazysimple", "text"),
    ("regex", "text"),
    ("xmlserde", "xml"),
    ("ionhiveserde", "ion"),
)


def format_of(table: Table) -> str:
    """See `Table.format`; Spark's provider and Glue's `classification` win over the SerDe, which is often generic."""
    if table.is_view:
        return "iceberg-view" if table.is_iceberg_view else "view"
    if table.kind is TableKind.CONNECTION:
        return "connection"
    if table.is_iceberg:
        return "iceberg"
    for key in ("spark.sql.sources.provider", "classification"):
        said = table.parameters.get(key, "").lower().rsplit(".", 1)[-1]
        if said and said not in ("hive", "unknown"):
            return said
    return storage_format(table.storage)


def storage_format(storage: Storage) -> str:
    """The format that a storage's SerDe and input format speak of, in one word."""
    said = f"{storage.serde.library or ''} {storage.input_format or ''}".lower()
    for needle, answer in _FORMATS_BY_SERDE:
        if needle in said:
            return answer
    return "unknown" if not said.strip() else "text" if "textinputformat" in said else "unknown"
