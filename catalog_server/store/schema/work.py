"""What the workshops keep: crawlers and crawls, jobs and their runs, queries."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text

from catalog_server.store.schema.base import Json, Name, id_column, metadata, time_column

crawlers = Table(
    "crawlers",
    metadata,
    id_column(),
    Column("name", Name, nullable=False),
    Column("name_key", Name, nullable=False, unique=True),
    Column("targets", Json, nullable=False),
    Column("catalog", Name, nullable=False),
    Column("database", Name, nullable=False),
    Column("table_prefix", Text, nullable=False),
    Column("options", Json, nullable=False),
    Column("comment", Text),
    Column("version", BigInteger, nullable=False),
    time_column("created_at"),
    sqlite_autoincrement=True,
)

crawls = Table(
    "crawls",
    metadata,
    Column("id", Name, primary_key=True),
    Column("crawler", Name, nullable=False),
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
    Index("crawls_by_state", "state", "created_at"),
    Index("crawls_by_crawler", "crawler", "created_at"),
)

jobs = Table(
    "jobs",
    metadata,
    id_column(),
    Column("name", Name, nullable=False),
    Column("name_key", Name, nullable=False, unique=True),
    Column("script", Text, nullable=False),
    Column("engine", Name, nullable=False),
    Column("master", Text),
    Column("arguments", Json, nullable=False),
    Column("outputs", Json, nullable=False),
    Column("configuration", Json, nullable=False),
    Column("timeout_seconds", Integer, nullable=False),
    Column("retries_max", Integer, nullable=False),
    Column("comment", Text),
    Column("version", BigInteger, nullable=False),
    time_column("created_at"),
    sqlite_autoincrement=True,
)

job_runs = Table(
    "job_runs",
    metadata,
    Column("id", Name, primary_key=True),
    Column("job", Name, nullable=False),
    Column("definition", Json, nullable=False),
    Column("state", Name, nullable=False),
    Column("engine", Name, nullable=False),
    Column("arguments", Json, nullable=False),
    Column("attempt", Integer, nullable=False),
    time_column("created_at"),
    time_column("started_at"),
    time_column("finished_at", nullable=True),
    Column("outputs", Json, nullable=False),
    Column("inputs", Json, nullable=False),
    Column("history", Json, nullable=False),
    Column("error", Text),
    Column("by", Text),
    Column("cancel_requested", Boolean, nullable=False),
    Column("owner", Text),
    time_column("heartbeat_at"),
    Index("job_runs_by_state", "state", "created_at"),
    Index("job_runs_by_job", "job", "created_at"),
)

queries = Table(
    "queries",
    metadata,
    Column("id", Name, primary_key=True),
    Column("sql", Text, nullable=False),
    Column("catalog", Name, nullable=False),
    Column("database", Name, nullable=False),
    Column("state", Name, nullable=False),
    Column("engine", Name, nullable=False),
    time_column("created_at"),
    time_column("started_at"),
    time_column("finished_at", nullable=True),
    Column("columns", Json),
    Column("rows", BigInteger),
    Column("statistics", Json, nullable=False),
    Column("error", Json),
    Column("by", Text),
    Index("queries_by_time", "created_at"),
)
