"""Locks as leases; a lock may have several parts, each a row."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from catalog_server.store.schema.base import Name, id_column, metadata, time_column

locks = Table(
    "locks",
    metadata,
    id_column(),
    Column("lock_id", BigInteger, nullable=False),
    Column("number", Integer, nullable=False),
    Column("txn_id", BigInteger, nullable=False),
    Column("catalog", Name, nullable=False),
    Column("database", Name, nullable=False),
    Column("table", Name),
    Column("partition", Name),
    Column("mode", Name, nullable=False),
    Column("state", Name, nullable=False),
    Column("user", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("agent", Text),
    Column("blocked_by", BigInteger),
    time_column("created_at"),
    time_column("acquired_at"),
    time_column("heartbeat_at"),
    Index("locks_by_lock", "lock_id"),
    Index("locks_by_table", "database", "table"),
    Index("locks_by_txn", "txn_id"),
    sqlite_autoincrement=True,
)
