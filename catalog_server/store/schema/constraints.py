"""Constraints of tables, and partitions that clients have marked."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint

from catalog_server.store.schema.base import Id, Json, Name, id_column, metadata, time_column

constraints = Table(
    "constraints",
    metadata,
    id_column(),
    Column("table_id", Id, ForeignKey("tables.id"), nullable=False),
    Column("kind", Name, nullable=False),
    Column("name", Name, nullable=False),
    Column("name_key", Name, nullable=False),
    Column("columns", Json, nullable=False),
    Column("expression", Text),
    Column("parent_id", Id, ForeignKey("tables.id")),
    Column("parent_columns", Json, nullable=False),
    Column("parent_key", Name),
    Column("update_rule", Integer, nullable=False),
    Column("delete_rule", Integer, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("validated", Boolean, nullable=False),
    Column("relied", Boolean, nullable=False),
    time_column("created_at"),
    UniqueConstraint("table_id", "name_key"),
    Index("constraints_by_parent", "parent_id"),
    sqlite_autoincrement=True,
)

partition_marks = Table(
    "partition_marks",
    metadata,
    Column("table_id", Id, ForeignKey("tables.id"), primary_key=True),
    Column("partition", Name, primary_key=True, comment="the name that the values make, whether or not it exists"),
    Column("mark", Name, primary_key=True),
    time_column("at"),
)
