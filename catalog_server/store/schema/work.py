"""What the workshops keep: crawlers and crawls, jobs and their runs, queries."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table, Text, false

from catalog_server.store.schema.base import Id, Json, Name, id_column, metadata, time_column

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
    Column("undo_of", Name, comment="the crawl that this one takes back"),
    time_column("undone_at", nullable=True),
    Column("undone_by", Text),
    Column(
        "follows", Boolean, nullable=False, server_default=false(), comment="whether it applies events as they come"
    ),
    Column("preview", Boolean, nullable=False, server_default=false()),
    Column("started_by", Name, nullable=False, server_default="person"),
    time_column("due_at", nullable=True),
    Column("counts", Json, comment="what the summary counts, without its lists"),
    Index("crawls_by_state", "state", "created_at"),
    Index("crawls_by_crawler", "crawler", "created_at"),
    Index("crawls_by_undo", "undo_of"),
    Index("crawls_by_due", "crawler", "due_at", unique=True),
)

crawl_changes = Table(
    "crawl_changes",
    metadata,
    id_column(),
    Column("crawl", Name, ForeignKey("crawls.id", ondelete="CASCADE"), nullable=False),
    Column("kind", Name, nullable=False),
    Column("catalog", Name, nullable=False),
    Column("database", Name, nullable=False),
    Column("table", Name),
    Column("object_id", Id, nullable=False, comment="of the table, which may be gone; minus that of a database"),
    Column("version", BigInteger, nullable=False),
    Column("partition_change", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    time_column("at"),
    time_column("undone_at", nullable=True),
    Column("undone_by", Name),
    Index("crawl_changes_by_crawl", "crawl", "object_id", "id"),
    Index("crawl_changes_by_object", "object_id", "id"),
    sqlite_autoincrement=True,
)
"""One row per change set of a crawl, kept for the newest crawls of each crawler."""

crawl_befores = Table(
    "crawl_befores",
    metadata,
    id_column(),
    Column("change", Id, ForeignKey("crawl_changes.id", ondelete="CASCADE"), nullable=False),
    Column("of", Name, nullable=False, comment="the table of the store that the rows are of"),
    Column("rows", Json, nullable=False),
    Index("crawl_befores_by_change", "change", "id"),
    sqlite_autoincrement=True,
)
"""Rows as they were before a change set, as far as no history holds them: up to a thousand in one."""

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
