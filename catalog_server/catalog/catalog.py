"""The catalog: all of its nouns in one hand, made from the store, the lake and a policy."""

from __future__ import annotations

from catalog_server.catalog.care import Care
from catalog_server.catalog.catalogs import Catalogs
from catalog_server.catalog.changes import Changes
from catalog_server.catalog.commits import Commits
from catalog_server.catalog.compactions import Compactions
from catalog_server.catalog.connections import Connections
from catalog_server.catalog.constraints import Constraints
from catalog_server.catalog.core import Core
from catalog_server.catalog.databases import DEFAULT_DATABASE
from catalog_server.catalog.events import Events
from catalog_server.catalog.freshness import Freshness
from catalog_server.catalog.grants import Grants, OpenPolicy, Policy, StoredPolicy
from catalog_server.catalog.idempotency import Idempotency
from catalog_server.catalog.intents import Intents
from catalog_server.catalog.locks import Locks
from catalog_server.catalog.materialized_views import MaterializedViews
from catalog_server.catalog.metadata_files import MetadataFiles
from catalog_server.catalog.metrics_reports import MetricsReports
from catalog_server.catalog.mounted import (
    MountedDatabases,
    MountedFunctions,
    MountedPartitions,
    MountedStatistics,
    MountedTables,
    MountedVersions,
)
from catalog_server.catalog.mounts import Mounts
from catalog_server.catalog.notifications import Notifications
from catalog_server.catalog.overview import Overview
from catalog_server.catalog.partition_rows import PartitionRows
from catalog_server.catalog.privileges import Privileges
from catalog_server.catalog.records import Records
from catalog_server.catalog.resource_plans import ResourcePlans
from catalog_server.catalog.roles import Roles
from catalog_server.catalog.scan_plans import ScanPlans
from catalog_server.catalog.scheduled_queries import ScheduledQueries
from catalog_server.catalog.search import Search
from catalog_server.catalog.secrets import Secrets
from catalog_server.catalog.signing import Signing
from catalog_server.catalog.table_locations import TableLocations
from catalog_server.catalog.tokens import Tokens
from catalog_server.catalog.txns import Txns
from catalog_server.catalog.undo import Undo
from catalog_server.catalog.vending import Vending
from catalog_server.catalog.views import Views
from catalog_server.catalog.write_ids import TableWrites
from catalog_server.config import Config
from catalog_server.lake.filesystem import Lake
from catalog_server.model.caller import SYSTEM
from catalog_server.model.database import Catalog, Database
from catalog_server.model.errors import AlreadyExists, Invalid, NotFound
from catalog_server.model.names import DatabaseName
from catalog_server.model.role import ADMIN, Membership
from catalog_server.store import catalogs, migrations
from catalog_server.store.engine import open_engine
from catalog_server.store.transaction import Store


class CatalogService:
    """Every rule of the catalog, by noun. Methods take the `Caller` first and may be called from many threads."""

    def __init__(self, config: Config, policy: Policy | None = None) -> None:
        """Open (and if need be make) the store that the configuration names; see `prepare`."""
        self.store = Store(open_engine(config.store_url, config.store.pool_size))
        self.grants = Grants(self.store, policy or _policy(config.security.policy))
        self.secrets = Secrets.load(config.security.secret_key, config.data)
        self.connections = Connections(self.store, self.grants, self.secrets)
        self.lake = Lake(self.connections.profiles)
        self.intents = Intents(self.store, self.lake)
        self.core = Core(
            self.store, self.lake, self.grants, self.intents, config.warehouse_location, config.warehouse.catalog
        )  # fmt: skip
        self.mounts = Mounts(self.store, config.warehouse.catalog)
        self.catalogs = Catalogs(self.core, self.mounts)
        self.databases = MountedDatabases(self.core, self.mounts)
        self.tables = MountedTables(self.core, self.mounts)
        self.partitions = MountedPartitions(self.core, self.tables)
        self.statistics = MountedStatistics(self.core, self.tables)
        self.constraints = Constraints(self.core, self.tables)
        self.materialized_views = MaterializedViews(self.core, self.tables)
        self.versions = MountedVersions(self.core, self.tables)
        self.undo = Undo(self.core, self.tables, self.databases)
        self.events = Events(self.core, self.tables)
        self.changes = Changes(self.core)
        self.notifications = Notifications(self.core, self.tables)
        self.functions = MountedFunctions(self.core, self.mounts)
        self.roles = Roles(self.core)
        self.records = Records(self.core)
        self.resource_plans = ResourcePlans(self.core, self.records)
        self.scheduled_queries = ScheduledQueries(self.core, self.records)
        self.privileges = Privileges(self.core)
        self.tokens = Tokens(self.core, self.secrets)
        self.search = Search(self.core)
        self.overview = Overview(self.core)
        self.txns = Txns(self.core, config.thrift.lease_seconds)
        self.write_ids = TableWrites(self.core, self.txns)
        self.compactions = Compactions(self.core, self.txns)
        self.locks = Locks(self.core, self.txns)
        metadata, where = MetadataFiles(self.lake), TableLocations(self.core, config.warehouse.allowed_locations)
        self.iceberg = Commits(self.core, self.tables, metadata, where)
        self.care = Care(self.core, self.iceberg)
        self.metrics_reports = MetricsReports(self.core, self.tables)
        self.idempotency = Idempotency(self.core)
        self.signing = Signing(self.core, self.iceberg)
        self.vending = Vending(self.core, self.tables)
        self.scan_plans = ScanPlans(self.core, self.iceberg, self.secrets, config.iceberg.background_plan_bytes)
        self.views = Views(self.core, self.tables, metadata, where)
        self.partition_rows = PartitionRows(self.core, self.tables)
        self.freshness = Freshness(self.core)
        self._admins = config.security.admins

    def prepare(self) -> None:
        """Bring the schema up to date; make the default catalog and database at the first start; finish what was begun."""
        migrations.upgrade(self.store)
        name = self.core.default_catalog
        with self.store.read() as tx:
            missing = catalogs.get(tx, name) is None
        if missing:
            try:
                with self.store.begin() as tx:
                    catalogs.create(tx, Catalog(name, "The default catalog"))
            except AlreadyExists:
                pass  # another server was quicker
        try:
            self.databases.get(SYSTEM, DatabaseName(name, DEFAULT_DATABASE))
        except NotFound:
            self._make_default_database(name)
        self._let_in_admins()

    def _make_default_database(self, catalog: str) -> None:
        try:
            self.databases.create(
                SYSTEM, Database(catalog, DEFAULT_DATABASE, "Default Hive database", owner="public", owner_kind="ROLE")
            )
        except AlreadyExists:
            pass  # another server was quicker

    def _let_in_admins(self) -> None:
        if not self._admins:
            return
        there = {one.principal for one in self.roles.members(SYSTEM, ADMIN)}
        for principal in [f"user:{user}" for user in self._admins]:
            if principal not in there:
                try:
                    self.roles.grant(SYSTEM, Membership(ADMIN, principal, True, ADMIN, "ROLE"))
                except AlreadyExists:
                    pass  # another server was quicker

    def close(self) -> None:
        """Give the store's connections back, and those to mounted metastores."""
        self.scan_plans.close()
        self.intents.close()
        self.mounts.close()
        self.store.close()


def _policy(name: str) -> Policy:
    if name == "open":
        return OpenPolicy()
    if name == "grants":
        return StoredPolicy()
    raise Invalid("security.policy", f"{name!r} is neither open nor grants")
