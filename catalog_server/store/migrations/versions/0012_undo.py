"""What crawls changed, and what was before."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAME = (
    sa.String()
    .with_variant(sa.String(collation="C"), "postgresql")
    .with_variant(sa.String(collation="BINARY"), "sqlite")
)


def upgrade() -> None:
    """Let a crawl be one that takes back another; make the tables of changes."""
    op.add_column("crawls", sa.Column("undo_of", NAME, nullable=True, comment="the crawl that this one takes back"))
    op.add_column("crawls", sa.Column("undone_at", sa.BigInteger(), nullable=True))
    op.add_column("crawls", sa.Column("undone_by", sa.Text(), nullable=True))
    op.create_index("crawls_by_undo", "crawls", ["undo_of"])
    _crawl_changes()
    _crawl_befores()


def _crawl_changes() -> None:
    op.create_table(
        "crawl_changes",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("crawl", NAME, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("catalog", NAME, nullable=False),
        sa.Column("database", NAME, nullable=False),
        sa.Column("table", NAME, nullable=True),
        sa.Column("object_id", ID, nullable=False, comment="of the table, which may be gone; minus that of a database"),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("partition_change", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
        sa.Column("undone_by", NAME, nullable=True),
        sa.ForeignKeyConstraint(["crawl"], ["crawls.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("crawl_changes_by_crawl", "crawl_changes", ["crawl", "object_id", "id"])
    op.create_index("crawl_changes_by_object", "crawl_changes", ["object_id", "id"])


def _crawl_befores() -> None:
    op.create_table(
        "crawl_befores",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("change", ID, nullable=False),
        sa.Column("of", NAME, nullable=False, comment="the table of the store that the rows are of"),
        sa.Column("rows", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["change"], ["crawl_changes.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("crawl_befores_by_change", "crawl_befores", ["change", "id"])
