"""Transactions, write ids and compactions."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAME = (
    sa.String()
    .with_variant(sa.String(collation="C"), "postgresql")
    .with_variant(sa.String(collation="BINARY"), "sqlite")
)


def upgrade() -> None:
    """Make the tables of txns and compactions; let locks belong to txns, and number them without a table of numbers."""
    _locks()
    _txns()
    _write_ids()
    _components()
    _others()
    _compactions()


def _table_key() -> tuple[sa.Column, ...]:
    return tuple(sa.Column(name, NAME, nullable=False) for name in ("catalog", "database", "table"))


def _locks() -> None:
    op.drop_index("locks_by_database", "locks")
    op.drop_table("lock_numbers")
    op.add_column("locks", sa.Column("number", sa.Integer(), server_default="1", nullable=False))
    op.add_column("locks", sa.Column("blocked_by", sa.BigInteger(), nullable=True))
    op.execute("ALTER TABLE locks RENAME COLUMN transaction_id TO txn_id")
    op.execute("ALTER TABLE locks DROP COLUMN resource")
    op.execute("UPDATE locks SET catalog = lower(catalog)")
    op.create_index("locks_by_table", "locks", ["database", "table"], unique=False)
    op.create_index("locks_by_txn", "locks", ["txn_id"], unique=False)


def _txns() -> None:
    counters = op.create_table(
        "counters",
        sa.Column("name", NAME, nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.bulk_insert(counters, [{"name": "txn", "value": 0}])
    op.create_table(
        "txns",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("kind", sa.Integer(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("heartbeat_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("txns_by_state", "txns", ["state", "heartbeat_at"], unique=False)


def _write_ids() -> None:
    op.create_table(
        "write_ids",
        *_table_key(),
        sa.Column("write_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("txn_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("catalog", "database", "table", "write_id"),
    )
    op.create_index("write_ids_by_txn", "write_ids", ["txn_id", "table", "database", "catalog"], unique=True)
    op.create_table(
        "write_id_counters",
        *_table_key(),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("catalog", "database", "table"),
    )


def _components() -> None:
    op.create_table(
        "txn_components",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("txn_id", sa.BigInteger(), nullable=False),
        *_table_key(),
        sa.Column("partition", NAME, nullable=True),
        sa.Column("operation", NAME, nullable=False),
        sa.Column("write_id", sa.BigInteger(), nullable=True),
        sa.Column("commit_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("txn_components_by_txn", "txn_components", ["txn_id"], unique=False)
    op.create_index("txn_components_by_table", "txn_components", ["table", "database", "catalog"], unique=False)


def _others() -> None:
    op.create_table(
        "replicated_txns",
        sa.Column("policy", NAME, nullable=False),
        sa.Column("source_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("txn_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("policy", "source_id"),
    )
    op.create_index("replicated_txns_by_txn", "replicated_txns", ["txn_id"], unique=False)
    op.create_table(
        "rebuild_locks",
        sa.Column("database", NAME, nullable=False),
        sa.Column("table", NAME, nullable=False),
        sa.Column("txn_id", sa.BigInteger(), nullable=False),
        sa.Column("heartbeat_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("database", "table"),
    )
    op.create_index("rebuild_locks_by_txn", "rebuild_locks", ["txn_id"], unique=False)
    op.create_table(
        "least_write_ids",
        sa.Column("txn_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("table", NAME, nullable=False),
        sa.Column("write_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("txn_id", "table"),
    )


def _compactions() -> None:
    op.create_table(
        "compactions",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        *_table_key()[1:],
        sa.Column("partition", NAME, nullable=True),
        sa.Column("kind", sa.Integer(), nullable=False),
        sa.Column("state", NAME, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("properties", "worker", "worker_version")),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("initiator", "initiator_version", "run_as")),
        sa.Column("pool", NAME, nullable=True),
        *(sa.Column(name, sa.BigInteger(), nullable=True) for name in ("write_id", "txn_id", "next_txn_id")),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("hadoop_job", "error")),
        sa.Column("buckets", sa.Integer(), nullable=True),
        sa.Column("order_by", sa.Text(), nullable=True),
        sa.Column("enqueued_at", sa.BigInteger(), server_default="0", nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=True) for name in ("started_at", "finished_at", "committed_at")),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("compactions_by_table", "compactions", ["database", "table"], unique=False)
    op.create_index("compactions_by_state", "compactions", ["state", "id"], unique=False)
    op.create_index("compactions_by_txn", "compactions", ["txn_id"], unique=False)
    op.create_table(
        "compaction_metrics",
        *_table_key()[1:],
        sa.Column("partition", NAME, nullable=False, comment="empty for the table itself"),
        sa.Column("kind", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("database", "table", "partition", "kind"),
    )
