"""Foreign metastores and what was copied from them."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAME = (
    sa.String()
    .with_variant(sa.String(collation="C"), "postgresql")
    .with_variant(sa.String(collation="BINARY"), "sqlite")
)


def upgrade() -> None:
    """Let a catalog be one that lives elsewhere; make migrations and their items."""
    op.add_column("catalogs", sa.Column("kind", NAME, server_default="native", nullable=False))
    op.add_column("catalogs", sa.Column("uri", sa.Text(), nullable=True))
    _hive_migrations()
    _hive_migration_items()


def _hive_migrations() -> None:
    op.create_table(
        "hive_migrations",
        sa.Column("id", NAME, nullable=False),
        sa.Column("mode", NAME, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("secrets", sa.LargeBinary(), nullable=True),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("created_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("started_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("progress", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("by", sa.Text(), nullable=True),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("heartbeat_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("hive_migrations_by_state", "hive_migrations", ["state", "created_at"])


def _hive_migration_items() -> None:
    op.create_table(
        "hive_migration_items",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("migration", NAME, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("object_id", ID, server_default="0", nullable=False),
        sa.Column("position", sa.Text(), nullable=True),
        sa.Column("partitions", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("statistics", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("differences", sa.Text(), nullable=False),
        sa.Column("difference_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["migration"], ["hive_migrations.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("migration", "kind", "name"),
        sqlite_autoincrement=True,
    )
    op.create_index("hive_migration_items_by_state", "hive_migration_items", ["migration", "state", "id"])
