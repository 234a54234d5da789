"""The first schema."""

import sqlalchemy as sa
from alembic import op

from catalog_server.store import search

revision = "0001"
down_revision = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAME = (
    sa.String()
    .with_variant(sa.String(collation="C"), "postgresql")
    .with_variant(sa.String(collation="BINARY"), "sqlite")
)


def upgrade() -> None:
    """Make every table and the search index."""
    _blobs()
    _catalogs()
    _connections()
    _crawlers()
    _crawls()
    _events()
    _grants()
    _intents()
    _job_runs()
    _jobs()
    _lock_numbers()
    _locks()
    _partition_changes()
    _queries()
    _settings()
    _table_data_versions()
    _table_versions()
    _databases()
    _functions()
    _tables()
    _column_statistics()
    _partitions()
    search.create_index(op.get_bind())


def _blobs() -> None:
    op.create_table(
        "blobs",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
        sqlite_autoincrement=True,
    )


def _catalogs() -> None:
    op.create_table(
        "catalogs",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("name_key", NAME, nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name_key"),
        sqlite_autoincrement=True,
    )


def _connections() -> None:
    op.create_table(
        "connections",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("name_key", NAME, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("secrets", sa.LargeBinary(), nullable=True),
        sa.Column("prefixes", sa.Text(), nullable=False),
        sa.Column("vending", sa.Boolean(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name_key"),
        sqlite_autoincrement=True,
    )


def _crawlers() -> None:
    op.create_table(
        "crawlers",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("name_key", NAME, nullable=False),
        sa.Column("targets", sa.Text(), nullable=False),
        sa.Column("catalog", NAME, nullable=False),
        sa.Column("database", NAME, nullable=False),
        sa.Column("table_prefix", sa.Text(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name_key"),
        sqlite_autoincrement=True,
    )


def _crawls() -> None:
    op.create_table(
        "crawls",
        sa.Column("id", NAME, nullable=False),
        sa.Column("crawler", NAME, nullable=False),
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
    op.create_index("crawls_by_crawler", "crawls", ["crawler", "created_at"], unique=False)
    op.create_index("crawls_by_state", "crawls", ["state", "created_at"], unique=False)


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("catalog", NAME, nullable=True),
        sa.Column("database", NAME, nullable=True),
        sa.Column("table", NAME, nullable=True),
        sa.Column("object_id", sa.BigInteger(), nullable=False),
        sa.Column("version_before", sa.BigInteger(), nullable=True),
        sa.Column("version_after", sa.BigInteger(), nullable=True),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("by", sa.Text(), nullable=True),
        sa.Column("via", sa.Text(), nullable=True),
        sa.Column("run", NAME, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
        sqlite_autoincrement=True,
    )
    op.create_index("events_by_run", "events", ["run"], unique=False)


def _grants() -> None:
    op.create_table(
        "grants",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("principal", NAME, nullable=False),
        sa.Column("action", NAME, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("columns", sa.Text(), nullable=True),
        sa.Column("row_filter", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("principal", "action", "kind", "path"),
        sqlite_autoincrement=True,
    )


def _intents() -> None:
    op.create_table(
        "intents",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )


def _job_runs() -> None:
    op.create_table(
        "job_runs",
        sa.Column("id", NAME, nullable=False),
        sa.Column("job", NAME, nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("engine", NAME, nullable=False),
        sa.Column("arguments", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("started_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("outputs", sa.Text(), nullable=False),
        sa.Column("inputs", sa.Text(), nullable=False),
        sa.Column("history", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("by", sa.Text(), nullable=True),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("heartbeat_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("job_runs_by_job", "job_runs", ["job", "created_at"], unique=False)
    op.create_index("job_runs_by_state", "job_runs", ["state", "created_at"], unique=False)


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("name_key", NAME, nullable=False),
        sa.Column("script", sa.Text(), nullable=False),
        sa.Column("engine", NAME, nullable=False),
        sa.Column("master", sa.Text(), nullable=True),
        sa.Column("arguments", sa.Text(), nullable=False),
        sa.Column("outputs", sa.Text(), nullable=False),
        sa.Column("configuration", sa.Text(), nullable=False),
        sa.Column("timeout_seconds", sa.Integer(), nullable=False),
        sa.Column("retries_max", sa.Integer(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name_key"),
        sqlite_autoincrement=True,
    )


def _lock_numbers() -> None:
    op.create_table(
        "lock_numbers",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )


def _locks() -> None:
    op.create_table(
        "locks",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("lock_id", sa.BigInteger(), nullable=False),
        sa.Column("transaction_id", sa.BigInteger(), nullable=False),
        sa.Column("resource", NAME, nullable=False),
        sa.Column("catalog", NAME, nullable=False),
        sa.Column("database", NAME, nullable=False),
        sa.Column("table", NAME, nullable=True),
        sa.Column("partition", NAME, nullable=True),
        sa.Column("mode", NAME, nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("acquired_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("heartbeat_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("locks_by_database", "locks", ["database", "table"], unique=False)
    op.create_index("locks_by_lock", "locks", ["lock_id"], unique=False)


def _partition_changes() -> None:
    op.create_table(
        "partition_changes",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("table_id", ID, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("names", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("by", sa.Text(), nullable=True),
        sa.Column("via", sa.Text(), nullable=True),
        sa.Column("run", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("partition_changes_by_table", "partition_changes", ["table_id", "id"], unique=False)


def _queries() -> None:
    op.create_table(
        "queries",
        sa.Column("id", NAME, nullable=False),
        sa.Column("sql", sa.Text(), nullable=False),
        sa.Column("catalog", NAME, nullable=False),
        sa.Column("database", NAME, nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("engine", NAME, nullable=False),
        sa.Column("created_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("started_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("columns", sa.Text(), nullable=True),
        sa.Column("rows", sa.BigInteger(), nullable=True),
        sa.Column("statistics", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("queries_by_time", "queries", ["created_at"], unique=False)


def _settings() -> None:
    op.create_table(
        "settings",
        sa.Column("key", NAME, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )


def _table_data_versions() -> None:
    op.create_table(
        "table_data_versions",
        sa.Column("table_id", ID, nullable=False),
        sa.Column("data_version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("table_id"),
    )


def _table_versions() -> None:
    op.create_table(
        "table_versions",
        sa.Column("table_id", ID, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("database_id", ID, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("columns_id", ID, nullable=False),
        sa.Column("partition_keys_id", ID, nullable=False),
        sa.Column("storage_id", ID, nullable=False),
        sa.Column("parameters", sa.Text(), nullable=True),
        sa.Column("parameters_set", sa.Text(), nullable=True),
        sa.Column("parameters_removed", sa.Text(), nullable=True),
        sa.Column("rest", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("by", sa.Text(), nullable=True),
        sa.Column("via", sa.Text(), nullable=True),
        sa.Column("run", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("table_id", "version"),
    )


def _databases() -> None:
    op.create_table(
        "databases",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("catalog_id", ID, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("name_key", NAME, nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("owner_kind", sa.Text(), nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("extra", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["catalog_id"],
            ["catalogs.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("catalog_id", "name_key"),
        sqlite_autoincrement=True,
    )


def _functions() -> None:
    op.create_table(
        "functions",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("database_id", ID, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("name_key", NAME, nullable=False),
        sa.Column("class_name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("owner_kind", sa.Text(), nullable=False),
        sa.Column("function_kind", sa.Text(), nullable=False),
        sa.Column("resources", sa.Text(), nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["database_id"],
            ["databases.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("database_id", "name_key"),
        sqlite_autoincrement=True,
    )


def _tables() -> None:
    op.create_table(
        "tables",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("database_id", ID, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("name_key", NAME, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("format", NAME, nullable=False),
        sa.Column("columns_id", ID, nullable=False),
        sa.Column("partition_keys_id", ID, nullable=False),
        sa.Column("storage_id", ID, nullable=False),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("owner_kind", sa.Text(), nullable=False),
        sa.Column("retention", sa.Integer(), nullable=False),
        sa.Column("view_original", sa.Text(), nullable=True),
        sa.Column("view_expanded", sa.Text(), nullable=True),
        sa.Column("connection", NAME, nullable=True),
        sa.Column("extra", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("last_access_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("updated_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("updated_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["columns_id"],
            ["blobs.id"],
        ),
        sa.ForeignKeyConstraint(
            ["database_id"],
            ["databases.id"],
        ),
        sa.ForeignKeyConstraint(
            ["partition_keys_id"],
            ["blobs.id"],
        ),
        sa.ForeignKeyConstraint(
            ["storage_id"],
            ["blobs.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("database_id", "name_key"),
        sqlite_autoincrement=True,
    )


def _column_statistics() -> None:
    op.create_table(
        "column_statistics",
        sa.Column("table_id", ID, nullable=False),
        sa.Column("partition_id", ID, nullable=False, comment="0 means the table itself"),
        sa.Column("column_key", NAME, nullable=False),
        sa.Column("engine", NAME, nullable=False),
        sa.Column("column", NAME, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["table_id"],
            ["tables.id"],
        ),
        sa.PrimaryKeyConstraint("table_id", "partition_id", "column_key", "engine"),
    )


def _partitions() -> None:
    op.create_table(
        "partitions",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("table_id", ID, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("key_values", sa.Text(), nullable=False),
        sa.Column("k0", NAME, nullable=True),
        sa.Column("k1", NAME, nullable=True),
        sa.Column("k2", NAME, nullable=True),
        sa.Column("k3", NAME, nullable=True),
        sa.Column("n0", sa.BigInteger(), nullable=True),
        sa.Column("n1", sa.BigInteger(), nullable=True),
        sa.Column("n2", sa.BigInteger(), nullable=True),
        sa.Column("n3", sa.BigInteger(), nullable=True),
        sa.Column("columns_id", ID, nullable=False),
        sa.Column("storage_id", ID, nullable=False),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("extra", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("last_access_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["columns_id"],
            ["blobs.id"],
        ),
        sa.ForeignKeyConstraint(
            ["storage_id"],
            ["blobs.id"],
        ),
        sa.ForeignKeyConstraint(
            ["table_id"],
            ["tables.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("table_id", "name"),
        sqlite_autoincrement=True,
    )
    op.create_index("partitions_by_number", "partitions", ["table_id", "n0", "n1", "n2"], unique=False)
    op.create_index("partitions_by_text", "partitions", ["table_id", "k0", "k1", "k2"], unique=False)
