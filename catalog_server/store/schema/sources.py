"""Migrations from Hive metastores: what is to be copied or compared, and how far each object is."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, LargeBinary, Table, Text, UniqueConstraint

from catalog_server.store.schema.base import Id, Json, Name, id_column, metadata, time_column

hive_migrations = Table(
    "hive_migrations",
    metadata,
    Column("id", Name, primary_key=True),
    Column("mode", Name, nullable=False),
    Column("source", Text, nullable=False),
    Column("secrets", LargeBinary),
    Column("options", Json, nullable=False),
    Column("state", Name, nullable=False),
    time_column("created_at"),
    time_column("started_at"),
    time_column("finished_at", nullable=True),
    Column("progress", Json, nullable=False),
    Column("summary", Json, nullable=False),
    Column("error", Text),
    Column("by", Text),
    Column("cancel_requested", Boolean, nullable=False),
    Column("owner", Text),
    time_column("heartbeat_at"),
    Index("hive_migrations_by_state", "state", "created_at"),
)

hive_migration_items = Table(
    "hive_migration_items",
    metadata,
    id_column(),
    Column("migration", Name, ForeignKey("hive_migrations.id"), nullable=False),
    Column("kind", Name, nullable=False),
    Column("name", Name, nullable=False),
    Column("state", Name, nullable=False),
    Column("object_id", Id, nullable=False, server_default="0"),
    Column("position", Text),
    Column("partitions", BigInteger, nullable=False, server_default="0"),
    Column("statistics", BigInteger, nullable=False, server_default="0"),
    Column("differences", Json, nullable=False),
    Column("difference_count", BigInteger, nullable=False, server_default="0"),
    Column("error", Text),
    UniqueConstraint("migration", "kind", "name"),
    Index("hive_migration_items_by_state", "migration", "state", "id"),
    sqlite_autoincrement=True,
)
"""One database, table or function of a migration, written in the transaction that copies it: a copy goes on from here."""
