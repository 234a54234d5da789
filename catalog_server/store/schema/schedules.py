"""When things are started by themselves."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Table, Text

from catalog_server.store.schema.base import Id, Name, id_column, metadata, time_column

schedules = Table(
    "schedules",
    metadata,
    id_column(),
    Column("kind", Name, nullable=False, comment="what is started: crawler"),
    Column("target_id", Id, nullable=False),
    Column("cron", Text, nullable=False),
    Column("zone", Name, nullable=False),
    Column("missed", Name, nullable=False),
    Column("overlap", Name, nullable=False),
    Column("paused", Boolean, nullable=False),
    time_column("next_at", nullable=True),
    Column("by", Text),
    time_column("created_at"),
    Index("schedules_by_target", "kind", "target_id", unique=True),
    Index("schedules_by_next", "next_at"),
    sqlite_autoincrement=True,
)
"""At most one of each target; `next_at` is when it is due, nothing while it is paused."""
