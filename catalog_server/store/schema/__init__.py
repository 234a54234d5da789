"""The tables of the store, as SQLAlchemy Core sees them; migrations/ holds how they came to be.

Tables of one noun live in the module of that noun and are imported from there; those that many need are here as well.
"""

from catalog_server.store.schema.base import PARTITION_KEYS_INDEXED, Json, metadata
from catalog_server.store.schema.care import care_runs
from catalog_server.store.schema.constraints import constraints, partition_marks
from catalog_server.store.schema.core import (
    blobs,
    catalogs,
    column_statistics,
    connections,
    databases,
    events,
    functions,
    intents,
    partition_changes,
    partitions,
    settings,
    table_data_versions,
    table_versions,
    tables,
)
from catalog_server.store.schema.crawls import crawl_manifests, crawler_events, crawler_touches
from catalog_server.store.schema.iceberg import idempotency_keys, metrics_reports, scan_plans
from catalog_server.store.schema.locks import locks
from catalog_server.store.schema.materialized_views import materialized_view_sources
from catalog_server.store.schema.notifications import replication_metrics, write_notes
from catalog_server.store.schema.records import records
from catalog_server.store.schema.roles import grants, master_keys, role_members, roles, tokens
from catalog_server.store.schema.schedules import schedules
from catalog_server.store.schema.sources import hive_migration_items, hive_migrations
from catalog_server.store.schema.txns import txns
from catalog_server.store.schema.work import crawl_befores, crawl_changes, crawlers, crawls, job_runs, jobs, queries

__all__ = [
    "PARTITION_KEYS_INDEXED",
    "Json",
    "blobs",
    "care_runs",
    "catalogs",
    "column_statistics",
    "connections",
    "constraints",
    "crawl_befores",
    "crawl_changes",
    "crawl_manifests",
    "crawler_events",
    "crawler_touches",
    "crawlers",
    "crawls",
    "databases",
    "events",
    "functions",
    "grants",
    "hive_migration_items",
    "hive_migrations",
    "idempotency_keys",
    "intents",
    "job_runs",
    "jobs",
    "locks",
    "master_keys",
    "materialized_view_sources",
    "metadata",
    "metrics_reports",
    "partition_changes",
    "partition_marks",
    "partitions",
    "queries",
    "records",
    "replication_metrics",
    "role_members",
    "roles",
    "scan_plans",
    "schedules",
    "settings",
    "table_data_versions",
    "table_versions",
    "tables",
    "tokens",
    "txns",
    "write_notes",
]
