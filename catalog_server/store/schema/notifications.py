"""What clients leave beside the event log: notes of what transactions wrote, and measurements of replication."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Table, Text

from catalog_server.store.schema.base import Id, Json, Name, id_column, metadata, time_column

write_notes = Table(
    "write_notes",
    metadata,
    id_column(),
    Column("transaction_id", BigInteger, nullable=False),
    Column("write_id", BigInteger, nullable=False),
    Column("table_id", Id, nullable=False),
    Column("table_version", BigInteger, nullable=False),
    Column("database", Name, nullable=False),
    Column("table", Name, nullable=False),
    Column("partition_values", Json),
    Column("files", Json, nullable=False),
    time_column("at"),
    Index("write_notes_by_transaction", "transaction_id"),
    sqlite_autoincrement=True,
)

replication_metrics = Table(
    "replication_metrics",
    metadata,
    Column("execution_id", BigInteger, primary_key=True, autoincrement=False),
    Column("policy", Name, nullable=False),
    Column("dump_execution_id", BigInteger, nullable=False),
    Column("metadata", Text),
    Column("progress", Text),
    Column("message_format", Text),
    time_column("at"),
    Index("replication_metrics_by_policy", "policy"),
)
