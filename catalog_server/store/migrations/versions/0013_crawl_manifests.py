"""What crawls remember of a target."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAME = (
    sa.String()
    .with_variant(sa.String(collation="C"), "postgresql")
    .with_variant(sa.String(collation="BINARY"), "sqlite")
)


def upgrade() -> None:
    """Make the table of manifests."""
    op.create_table(
        "crawl_manifests",
        sa.Column("crawler_id", ID, autoincrement=False, nullable=False),
        sa.Column("target", NAME, nullable=False, comment="a digest of it"),
        sa.Column(
            "number",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="0 is the head, which names the others",
        ),
        sa.Column("stamp", sa.BigInteger(), nullable=False, comment="another with each change"),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("crawler_id", "target", "number"),
    )
