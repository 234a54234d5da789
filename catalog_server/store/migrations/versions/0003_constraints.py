"""Constraints and keys, and what the notification log needs."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAME = (
    sa.String()
    .with_variant(sa.String(collation="C"), "postgresql")
    .with_variant(sa.String(collation="BINARY"), "sqlite")
)


def upgrade() -> None:
    """Make constraints, marks of partitions, notes of writes and measurements of replication; let an event span numbers."""
    op.add_column("events", sa.Column("span", sa.Integer(), server_default="1", nullable=False))
    _constraints()
    _partition_marks()
    _write_notes()
    _replication_metrics()


def _constraints() -> None:
    op.create_table(
        "constraints",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("table_id", ID, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("name_key", NAME, nullable=False),
        sa.Column("columns", sa.Text(), nullable=False),
        sa.Column("expression", sa.Text(), nullable=True),
        sa.Column("parent_id", ID, nullable=True),
        sa.Column("parent_columns", sa.Text(), nullable=False),
        sa.Column("parent_key", NAME, nullable=True),
        sa.Column("update_rule", sa.Integer(), nullable=False),
        sa.Column("delete_rule", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("validated", sa.Boolean(), nullable=False),
        sa.Column("relied", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["table_id"], ["tables.id"]),
        sa.ForeignKeyConstraint(["parent_id"], ["tables.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("table_id", "name_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("constraints_by_parent", "constraints", ["parent_id"], unique=False)


def _partition_marks() -> None:
    op.create_table(
        "partition_marks",
        sa.Column("table_id", ID, nullable=False),
        sa.Column("partition", NAME, nullable=False, comment="the name that the values make, whether or not it exists"),
        sa.Column("mark", NAME, nullable=False),
        sa.Column("at", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["table_id"], ["tables.id"]),
        sa.PrimaryKeyConstraint("table_id", "partition", "mark"),
    )


def _write_notes() -> None:
    op.create_table(
        "write_notes",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("transaction_id", sa.BigInteger(), nullable=False),
        sa.Column("write_id", sa.BigInteger(), nullable=False),
        sa.Column("table_id", ID, nullable=False),
        sa.Column("table_version", sa.BigInteger(), nullable=False),
        sa.Column("database", NAME, nullable=False),
        sa.Column("table", NAME, nullable=False),
        sa.Column("partition_values", sa.Text(), nullable=True),
        sa.Column("files", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("write_notes_by_transaction", "write_notes", ["transaction_id"], unique=False)


def _replication_metrics() -> None:
    op.create_table(
        "replication_metrics",
        sa.Column("execution_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("policy", NAME, nullable=False),
        sa.Column("dump_execution_id", sa.BigInteger(), nullable=False),
        sa.Column("metadata", sa.Text(), nullable=True),
        sa.Column("progress", sa.Text(), nullable=True),
        sa.Column("message_format", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("execution_id"),
    )
    op.create_index("replication_metrics_by_policy", "replication_metrics", ["policy"], unique=False)
