"""Problems with the events that crawlers follow."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Say of a crawler's events what was skipped and what is wrong."""
    op.add_column("crawler_events", sa.Column("skipped", sa.BigInteger(), server_default="0", nullable=False))
    comment = "why events cannot be had, or what is wrong with the last that was skipped"
    op.add_column("crawler_events", sa.Column("problem", sa.Text(), nullable=True, comment=comment))
    op.add_column("crawler_events", sa.Column("problem_at", sa.BigInteger(), nullable=True))
