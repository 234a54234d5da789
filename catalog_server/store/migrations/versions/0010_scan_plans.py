"""Plans of scans that are worked out in the background, are too large to travel in their names, or were cancelled."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

NAME = (
    sa.String()
    .with_variant(sa.String(collation="C"), "postgresql")
    .with_variant(sa.String(collation="BINARY"), "sqlite")
)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "scan_plans",
        sa.Column("id", NAME, nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("scan", sa.Text(), nullable=True, comment="JSON"),
        sa.Column("result", sa.Text(), nullable=True, comment="slices as JSON when completed, the reason when failed"),
        sa.Column("at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("claimed_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("scan_plans_by_time", "scan_plans", ["at"])
