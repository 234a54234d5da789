"""What only Iceberg's clients bring: keys of requests that may come twice, reports of scans and commits, plans of scans."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, Text

from catalog_server.store.schema.base import Id, Json, Name, id_column, metadata, time_column

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("key", Name, primary_key=True),
    Column("request", LargeBinary(32), nullable=False, comment="SHA-256 of who asked for what"),
    Column("status", Integer, comment="of the answer; null while the request is at work"),
    Column("headers", Json),
    Column("body", Text),
    time_column("at"),
    Index("idempotency_keys_by_time", "at"),
)

metrics_reports = Table(
    "metrics_reports",
    metadata,
    id_column(),
    Column("table_id", Id, nullable=False),
    Column("kind", Name, nullable=False),
    Column("report", Json, nullable=False),
    time_column("at"),
    Column("by", Text),
    Index("metrics_reports_by_table", "table_id", "id"),
    sqlite_autoincrement=True,
)

scan_plans = Table(
    "scan_plans",
    metadata,
    Column("id", Name, primary_key=True),
    Column("state", Name, nullable=False),
    Column("scan", Text, comment="JSON"),
    Column("result", Text, comment="slices as JSON when completed, the reason when failed"),
    time_column("at"),
    time_column("claimed_at"),
    Index("scan_plans_by_time", "at"),
)
