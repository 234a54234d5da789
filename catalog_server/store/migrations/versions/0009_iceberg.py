"""Keys of requests, reports of scans and commits, and an index of where tables lie."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAME = (
    sa.String()
    .with_variant(sa.String(collation="C"), "postgresql")
    .with_variant(sa.String(collation="BINARY"), "sqlite")
)


def upgrade() -> None:
    """Make both tables; locations are compared byte by byte, so that the index serves for what lies below a folder.

    Iceberg views that Hive clients made are told from others by their format.
    """
    op.create_table(
        "idempotency_keys",
        sa.Column("key", NAME, nullable=False),
        sa.Column("request", sa.LargeBinary(32), nullable=False, comment="SHA-256 of who asked for what"),
        sa.Column("status", sa.Integer(), nullable=True, comment="of the answer; null while the request is at work"),
        sa.Column("headers", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("idempotency_keys_by_time", "idempotency_keys", ["at"])
    op.create_table(
        "metrics_reports",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("table_id", ID, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("metrics_reports_by_table", "metrics_reports", ["table_id", "id"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute('ALTER TABLE tables ALTER COLUMN location TYPE text COLLATE "C"')
    op.create_index("tables_by_location", "tables", ["location"])
    op.execute(
        "UPDATE tables SET format = 'iceberg-view' WHERE kind = 'VIRTUAL_VIEW'"
        """ AND lower(parameters) LIKE '%"table_type":"iceberg-view"%'"""
    )
