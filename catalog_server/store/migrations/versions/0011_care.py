"""Care of Iceberg tables."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAME = (
    sa.String()
    .with_variant(sa.String(collation="C"), "postgresql")
    .with_variant(sa.String(collation="BINARY"), "sqlite")
)


def upgrade() -> None:
    """Make the table of its runs."""
    op.create_table(
        "care_runs",
        sa.Column("id", NAME, nullable=False),
        sa.Column("operation", NAME, nullable=False),
        sa.Column("table_id", ID, nullable=False),
        sa.Column("catalog", NAME, nullable=False),
        sa.Column("database", NAME, nullable=False),
        sa.Column("table", NAME, nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("created_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("started_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("progress", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False, comment="written down before it is begun"),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("by", sa.Text(), nullable=True),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("heartbeat_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("care_runs_by_state", "care_runs", ["state", "created_at"])
    op.create_index("care_runs_by_table", "care_runs", ["table_id", "created_at"])
