"""Schedules, and what started a crawl."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAME = (
    sa.String()
    .with_variant(sa.String(collation="C"), "postgresql")
    .with_variant(sa.String(collation="BINARY"), "sqlite")
)


def upgrade() -> None:
    """Make the table of schedules; say of crawls what started them, for which time, and what they counted."""
    op.create_table(
        "schedules",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("kind", NAME, nullable=False, comment="what is started: crawler"),
        sa.Column("target_id", ID, nullable=False),
        sa.Column("cron", sa.Text(), nullable=False),
        sa.Column("zone", NAME, nullable=False),
        sa.Column("missed", NAME, nullable=False),
        sa.Column("overlap", NAME, nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("by", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("schedules_by_target", "schedules", ["kind", "target_id"], unique=True)
    op.create_index("schedules_by_next", "schedules", ["next_at"])
    op.add_column("crawls", sa.Column("preview", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("crawls", sa.Column("started_by", NAME, server_default="person", nullable=False))
    op.add_column("crawls", sa.Column("due_at", sa.BigInteger(), nullable=True))
    comment = "what the summary counts, without its lists"
    op.add_column("crawls", sa.Column("counts", sa.Text(), nullable=True, comment=comment))
    op.create_index("crawls_by_due", "crawls", ["crawler", "due_at"], unique=True)
    crawls = sa.table("crawls", sa.column("preview", sa.Boolean()), sa.column("summary", sa.Text()))
    previews = crawls.c.summary.startswith('{"preview":true')
    op.execute(crawls.update().where(previews).values(preview=sa.true()))
