"""Catalogs, databases, tables, partitions, statistics, functions, connections, events and intents."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from catalog_server.store.schema.base import (
    PARTITION_KEYS_INDEXED,
    Id,
    Json,
    Name,
    Path,
    ThisTransaction,
    id_column,
    metadata,
    time_column,
)

settings = Table("settings", metadata, Column("key", Name, primary_key=True), Column("value", Text, nullable=False))

catalogs = Table(
    "catalogs",
    metadata,
    id_column(),
    Column("name", Name, nullable=False),
    Column("name_key", Name, nullable=False, unique=True),
    Column("comment", Text),
    Column("location", Text),
    Column("parameters", Json, nullable=False),
    Column("version", BigInteger, nullable=False),
    time_column("created_at"),
    Column("kind", Name, nullable=False, server_default="native"),
    Column("uri", Text),
    sqlite_autoincrement=True,
)

databases = Table(
    "databases",
    metadata,
    id_column(),
    Column("catalog_id", Id, ForeignKey("catalogs.id"), nullable=False),
    Column("name", Name, nullable=False),
    Column("name_key", Name, nullable=False),
    Column("comment", Text),
    Column("location", Text),
    Column("owner", Text),
    Column("owner_kind", Text, nullable=False),
    Column("parameters", Json, nullable=False),
    Column("extra", Json, nullable=False),
    Column("version", BigInteger, nullable=False),
    time_column("created_at"),
    Column("created_by", Text),
    UniqueConstraint("catalog_id", "name_key"),
    sqlite_autoincrement=True,
)

blobs = Table(
    "blobs",
    metadata,
    id_column(),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("body", Text, nullable=False),
    sqlite_autoincrement=True,
)
"""Content-addressed column lists and storages: one row per distinct one, never changed."""

tables = Table(
    "tables",
    metadata,
    id_column(),
    Column("database_id", Id, ForeignKey("databases.id"), nullable=False),
    Column("name", Name, nullable=False),
    Column("name_key", Name, nullable=False),
    Column("kind", Name, nullable=False),
    Column("format", Name, nullable=False),
    Column("columns_id", Id, ForeignKey("blobs.id"), nullable=False),
    Column("partition_keys_id", Id, ForeignKey("blobs.id"), nullable=False),
    Column("storage_id", Id, ForeignKey("blobs.id"), nullable=False),
    Column("location", Path),
    Column("parameters", Json, nullable=False),
    Column("owner", Text),
    Column("owner_kind", Text, nullable=False),
    Column("retention", Integer, nullable=False),
    Column("view_original", Text),
    Column("view_expanded", Text),
    Column("connection", Name),
    Column("extra", Json, nullable=False),
    Column("version", BigInteger, nullable=False),
    time_column("created_at"),
    time_column("last_access_at"),
    time_column("updated_at"),
    Column("updated_by", Text),
    UniqueConstraint("database_id", "name_key"),
    Index("tables_by_location", "location"),
    sqlite_autoincrement=True,
)

table_versions = Table(
    "table_versions",
    metadata,
    Column("table_id", Id, primary_key=True),
    Column("version", BigInteger, primary_key=True),
    Column("database_id", Id, nullable=False),
    Column("name", Name, nullable=False),
    Column("kind", Name, nullable=False),
    Column("columns_id", Id, nullable=False),
    Column("partition_keys_id", Id, nullable=False),
    Column("storage_id", Id, nullable=False),
    Column("parameters", Json),
    Column("parameters_set", Json),
    Column("parameters_removed", Json),
    Column("rest", Json, nullable=False),
    time_column("at"),
    Column("by", Text),
    Column("via", Text),
    Column("run", Text),
)
"""History: `parameters` whole in every 32nd version, as the change from the version before in the others."""

table_data_versions = Table(
    "table_data_versions",
    metadata,
    Column("table_id", Id, primary_key=True),
    Column("data_version", BigInteger, nullable=False),
)
"""Counts changes of partitions and statistics, which never touch the row of the table."""

partitions = Table(
    "partitions",
    metadata,
    id_column(),
    Column("table_id", Id, ForeignKey("tables.id"), nullable=False),
    Column("name", Name, nullable=False),
    Column("key_values", Json, nullable=False),
    *(Column(f"k{n}", Name) for n in range(PARTITION_KEYS_INDEXED)),
    *(Column(f"n{n}", BigInteger) for n in range(PARTITION_KEYS_INDEXED)),
    Column("columns_id", Id, ForeignKey("blobs.id"), nullable=False),
    Column("storage_id", Id, ForeignKey("blobs.id"), nullable=False),
    Column("location", Text),
    Column("parameters", Json, nullable=False),
    Column("extra", Json),
    Column("version", BigInteger, nullable=False),
    time_column("created_at"),
    time_column("last_access_at"),
    Column("encoded", LargeBinary, comment="see store/encoded.py; null where it is to be made from the other columns"),
    UniqueConstraint("table_id", "name"),
    Index("partitions_by_text", "table_id", "k0", "k1", "k2"),
    Index("partitions_by_number", "table_id", "n0", "n1", "n2"),
    sqlite_autoincrement=True,
)

partition_changes = Table(
    "partition_changes",
    metadata,
    id_column(),
    Column("table_id", Id, nullable=False),
    Column("kind", Name, nullable=False),
    Column("names", Json, nullable=False),
    Column("before", Json),
    time_column("at"),
    Column("by", Text),
    Column("via", Text),
    Column("run", Text),
    Index("partition_changes_by_table", "table_id", "id"),
    sqlite_autoincrement=True,
)
"""History of partitions, one row per change set."""

column_statistics = Table(
    "column_statistics",
    metadata,
    Column("table_id", Id, ForeignKey("tables.id"), primary_key=True),
    Column("partition_id", Id, primary_key=True, comment="0 means the table itself"),
    Column("column_key", Name, primary_key=True),
    Column("engine", Name, primary_key=True),
    Column("column", Name, nullable=False),
    Column("type", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("data", Json, nullable=False),
    time_column("updated_at"),
)

functions = Table(
    "functions",
    metadata,
    id_column(),
    Column("database_id", Id, ForeignKey("databases.id"), nullable=False),
    Column("name", Name, nullable=False),
    Column("name_key", Name, nullable=False),
    Column("class_name", Text, nullable=False),
    Column("owner", Text),
    Column("owner_kind", Text, nullable=False),
    Column("function_kind", Text, nullable=False),
    Column("resources", Json, nullable=False),
    Column("parameters", Json, nullable=False),
    Column("version", BigInteger, nullable=False),
    time_column("created_at"),
    UniqueConstraint("database_id", "name_key"),
    sqlite_autoincrement=True,
)

connections = Table(
    "connections",
    metadata,
    id_column(),
    Column("name", Name, nullable=False),
    Column("name_key", Name, nullable=False, unique=True),
    Column("kind", Name, nullable=False),
    Column("url", Text),
    Column("options", Json, nullable=False),
    Column("secrets", LargeBinary),
    Column("prefixes", Json, nullable=False),
    Column("vending", Boolean, nullable=False),
    Column("comment", Text),
    Column("version", BigInteger, nullable=False),
    time_column("created_at"),
    sqlite_autoincrement=True,
)

events = Table(
    "events",
    metadata,
    id_column(),
    Column("number", BigInteger, unique=True),
    Column("kind", Name, nullable=False),
    Column("catalog", Name),
    Column("database", Name),
    Column("table", Name),
    Column("object_id", BigInteger, nullable=False),
    Column("version_before", BigInteger),
    Column("version_after", BigInteger),
    Column("payload", Json, nullable=False),
    time_column("at"),
    Column("by", Text),
    Column("via", Text),
    Column("run", Name),
    Column("span", Integer, nullable=False, server_default="1"),
    Column("transaction_id", BigInteger, default=ThisTransaction(), comment="PostgreSQL's xid8 of the writer"),
    Index("events_by_run", "run"),
    Index("events_by_transaction", "transaction_id"),
    sqlite_autoincrement=True,
)

intents = Table(
    "intents",
    metadata,
    id_column(),
    Column("kind", Name, nullable=False),
    Column("location", Text, nullable=False),
    Column("target", Text),
    Column("attempts", Integer, nullable=False),
    Column("not_before", BigInteger, nullable=False),
    Column("error", Text),
    time_column("created_at"),
    sqlite_autoincrement=True,
)
"""Deletes and moves of files, written with the change that wants them and carried out after it."""
