"""Care of Iceberg tables: one operation on one table as durable work."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Table, Text

from catalog_server.store.schema.base import Id, Json, Name, metadata, time_column

care_runs = Table(
    "care_runs",
    metadata,
    Column("id", Name, primary_key=True),
    Column("operation", Name, nullable=False),
    Column("table_id", Id, nullable=False),
    Column("catalog", Name, nullable=False),
    Column("database", Name, nullable=False),
    Column("table", Name, nullable=False),
    Column("options", Json, nullable=False),
    Column("dry_run", Boolean, nullable=False),
    Column("state", Name, nullable=False),
    time_column("created_at"),
    time_column("started_at"),
    time_column("finished_at", nullable=True),
    Column("progress", Json, nullable=False),
    Column("plan", Json, nullable=False, comment="written down before it is begun"),
    Column("summary", Json, nullable=False),
    Column("error", Text),
    Column("by", Text),
    Column("cancel_requested", Boolean, nullable=False),
    Column("owner", Text),
    time_column("heartbeat_at"),
    Index("care_runs_by_state", "state", "created_at"),
    Index("care_runs_by_table", "table_id", "created_at"),
)
