"""Hive's transactions: txns, write ids, what they touched, and requests to compact.

Tables are named by keys and need not exist: clients number the writes of a table before they make it.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from catalog_server.store.schema.base import Id, Json, Name, id_column, metadata, time_column

counters = Table(
    "counters", metadata, Column("name", Name, primary_key=True), Column("value", BigInteger, nullable=False)
)
"""`txn` holds the newest txn's id. Whoever begins one holds its row to the end, so that ids are seen in their order."""

txns = Table(
    "txns",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("state", Name, nullable=False),
    Column("kind", Integer, nullable=False),
    Column("user", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("agent", Text),
    time_column("started_at"),
    time_column("heartbeat_at"),
    Index("txns_by_state", "state", "heartbeat_at"),
)

write_ids = Table(
    "write_ids",
    metadata,
    Column("catalog", Name, primary_key=True),
    Column("database", Name, primary_key=True),
    Column("table", Name, primary_key=True),
    Column("write_id", BigInteger, primary_key=True, autoincrement=False),
    Column("txn_id", BigInteger, nullable=False),
    Index("write_ids_by_txn", "txn_id", "table", "database", "catalog", unique=True),
)

write_id_counters = Table(
    "write_id_counters",
    metadata,
    Column("catalog", Name, primary_key=True),
    Column("database", Name, primary_key=True),
    Column("table", Name, primary_key=True),
    Column("value", BigInteger, nullable=False),
)
"""The newest write id of each table."""

txn_components = Table(
    "txn_components",
    metadata,
    id_column(),
    Column("txn_id", BigInteger, nullable=False),
    Column("catalog", Name, nullable=False),
    Column("database", Name, nullable=False),
    Column("table", Name, nullable=False),
    Column("partition", Name),
    Column("operation", Name, nullable=False),
    Column("write_id", BigInteger),
    Column("commit_id", BigInteger),
    Index("txn_components_by_txn", "txn_id"),
    Index("txn_components_by_table", "table", "database", "catalog"),
    sqlite_autoincrement=True,
)
"""What txns change. With a commit id, the newest txn begun when it was committed: it has updated or deleted rows."""

replicated_txns = Table(
    "replicated_txns",
    metadata,
    Column("policy", Name, primary_key=True),
    Column("source_id", BigInteger, primary_key=True, autoincrement=False),
    Column("txn_id", BigInteger, nullable=False),
    Index("replicated_txns_by_txn", "txn_id"),
)
"""Which txn here stands for one of the warehouse that is replicated."""

rebuild_locks = Table(
    "rebuild_locks",
    metadata,
    Column("database", Name, primary_key=True),
    Column("table", Name, primary_key=True),
    Column("txn_id", BigInteger, nullable=False),
    time_column("heartbeat_at"),
    Index("rebuild_locks_by_txn", "txn_id"),
)
"""Who is rebuilding a materialized view."""

least_write_ids = Table(
    "least_write_ids",
    metadata,
    Column("txn_id", BigInteger, primary_key=True, autoincrement=False),
    Column("table", Name, primary_key=True),
    Column("write_id", BigInteger, nullable=False),
)
"""The lowest write id that an open txn still reads of a table."""

compactions = Table(
    "compactions",
    metadata,
    id_column(),
    Column("database", Name, nullable=False),
    Column("table", Name, nullable=False),
    Column("partition", Name),
    Column("kind", Integer, nullable=False),
    Column("state", Name, nullable=False),
    Column("properties", Json),
    Column("worker", Text),
    Column("worker_version", Text),
    Column("initiator", Text),
    Column("initiator_version", Text),
    Column("run_as", Text),
    Column("pool", Name),
    Column("write_id", BigInteger),
    Column("txn_id", BigInteger),
    Column("next_txn_id", BigInteger),
    Column("hadoop_job", Text),
    Column("error", Text),
    Column("buckets", Integer),
    Column("order_by", Text),
    time_column("enqueued_at"),
    time_column("started_at", nullable=True),
    time_column("finished_at", nullable=True),
    time_column("committed_at", nullable=True),
    Index("compactions_by_table", "database", "table"),
    Index("compactions_by_state", "state", "id"),
    Index("compactions_by_txn", "txn_id"),
    sqlite_autoincrement=True,
)
"""Requests to compact a table or partition, and what became of them."""

compaction_metrics = Table(
    "compaction_metrics",
    metadata,
    Column("database", Name, primary_key=True),
    Column("table", Name, primary_key=True),
    Column("partition", Name, primary_key=True, comment="empty for the table itself"),
    Column("kind", Integer, primary_key=True, autoincrement=False),
    Column("value", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    time_column("updated_at"),
)
"""What workers counted in a table or partition: deltas, small deltas, obsolete deltas."""
