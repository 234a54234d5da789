"""What the forms of partitions and tables need."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables that materialized views are built from."""
    op.create_table(
        "materialized_view_sources",
        sa.Column("view_id", ID, nullable=False),
        sa.Column("source_id", ID, nullable=False),
        sa.Column("inserted", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.Column("deleted", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("view_id", "source_id"),
    )
    op.create_index("materialized_view_sources_by_source", "materialized_view_sources", ["source_id"])
