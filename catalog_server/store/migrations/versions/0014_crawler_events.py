"""Events of objects that crawlers follow."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAME = (
    sa.String()
    .with_variant(sa.String(collation="C"), "postgresql")
    .with_variant(sa.String(collation="BINARY"), "sqlite")
)


def upgrade() -> None:
    """Let a crawl be one that applies events; make the tables of them."""
    op.add_column(
        "crawls",
        sa.Column(
            "follows",
            sa.Boolean(),
            server_default=sa.false(),
            nullable=False,
            comment="whether it applies events as they come",
        ),
    )
    op.create_table(
        "crawler_events",
        sa.Column("crawler_id", ID, autoincrement=False, nullable=False),
        sa.Column(
            "by", sa.Text(), nullable=False, comment="who had the crawler follow events, on whose behalf it does"
        ),
        sa.Column("token_hash", sa.Text(), nullable=True),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=True),
        sa.Column("applied_at", sa.BigInteger(), nullable=True),
        sa.Column("confirm_url", sa.Text(), nullable=True, comment="where a subscription waits to be confirmed"),
        sa.PrimaryKeyConstraint("crawler_id"),
    )
    op.create_table(
        "crawler_touches",
        sa.Column("crawler_id", ID, autoincrement=False, nullable=False),
        sa.Column("digest", NAME, nullable=False, comment="of the folder"),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("deep", sa.Boolean(), nullable=False, comment="whether all below it is meant"),
        sa.Column("object", sa.Text(), nullable=True, comment="name of one that is new, empty if one is gone"),
        sa.Column("stamp", sa.BigInteger(), nullable=False, comment="another with each event"),
        sa.Column("waiting", sa.Boolean(), nullable=False, comment="if not, it was applied and is still to be settled"),
        sa.Column("touched_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("crawler_id", "digest"),
    )
    op.create_index("crawler_touches_by_time", "crawler_touches", ["crawler_id", "waiting", "touched_at"])
