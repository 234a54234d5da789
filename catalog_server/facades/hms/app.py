"""The Hive Metastore facade: all nouns' methods behind one Thrift port."""

from __future__ import annotations

from catalog_server.config import Config
from catalog_server.facades.hms.caches import Caches
from catalog_server.facades.hms.call import Handler
from catalog_server.facades.hms.catalogs import Catalogs
from catalog_server.facades.hms.compactions import Compactions
from catalog_server.facades.hms.constraints import Constraints
from catalog_server.facades.hms.data_connectors import DataConnectors
from catalog_server.facades.hms.databases import Databases
from catalog_server.facades.hms.errors import translate
from catalog_server.facades.hms.functions import Functions
from catalog_server.facades.hms.indexes import Indexes
from catalog_server.facades.hms.locks import Locks
from catalog_server.facades.hms.materialized_views import MaterializedViews
from catalog_server.facades.hms.notifications import Notifications
from catalog_server.facades.hms.partition_changes import PartitionChanges
from catalog_server.facades.hms.partitions import Partitions
from catalog_server.facades.hms.privileges import Privileges
from catalog_server.facades.hms.procedures import Procedures
from catalog_server.facades.hms.refused import Refused
from catalog_server.facades.hms.remembered import Remembered
from catalog_server.facades.hms.resource_plans import ResourcePlans
from catalog_server.facades.hms.roles import Roles
from catalog_server.facades.hms.scheduled_queries import ScheduledQueries
from catalog_server.facades.hms.schema_registry import SchemaRegistry
from catalog_server.facades.hms.session import Session
from catalog_server.facades.hms.setup import gates
from catalog_server.facades.hms.statistics import Statistics
from catalog_server.facades.hms.table_changes import TableChanges
from catalog_server.facades.hms.tables import Tables
from catalog_server.facades.hms.tokens import Tokens
from catalog_server.facades.hms.transport.connection import Patience
from catalog_server.facades.hms.transport.scanner import Limits
from catalog_server.facades.hms.transport.server import Server, ServerSettings
from catalog_server.facades.hms.txns import Txns
from catalog_server.facades.hms.types import Types
from catalog_server.facades.hms.write_ids import TableWriteIds
from catalog_server.services import Services

NOUNS = (
    Session,
    Catalogs,
    Databases,
    Tables,
    TableChanges,
    MaterializedViews,
    Partitions,
    PartitionChanges,
    Statistics,
    Constraints,
    Functions,
    Notifications,
    Locks,
    Txns,
    TableWriteIds,
    Compactions,
    Roles,
    Privileges,
    Tokens,
    ResourcePlans,
    ScheduledQueries,
    SchemaRegistry,
    Procedures,
    DataConnectors,
    Types,
    Indexes,
    Caches,
    Refused,
)


def handlers(services: Services) -> dict[str, Handler]:
    """Every method that is served, by its name."""
    found: dict[str, Handler] = {}
    for noun in NOUNS:
        found |= noun(services).handlers()
    return found


def create_server(services: Services, config: Config) -> Server:
    """The Thrift server of these settings, not listening yet."""
    thrift = config.thrift
    settings = ServerSettings(
        host=thrift.host or config.server.host,
        port=config.server.thrift_port,
        reuse_port=config.server.workers > 1,
        threads=config.server.threads,
        connections_max=thrift.connections_max,
        connections_per_peer_max=thrift.connections_per_peer_max,
        requests_bytes_max=thrift.requests_bytes_max,
        limits=Limits(message_bytes=thrift.request_bytes_max),
        patience=Patience(
            first_byte_seconds=thrift.first_byte_seconds,
            handshake_seconds=thrift.handshake_seconds,
            message_seconds=thrift.message_seconds,
            idle_seconds=thrift.idle_seconds,
            write_seconds=thrift.write_seconds,
        ),
        gates=gates(thrift, lambda identifier: services.catalog.tokens.password(identifier)),
    )
    return Server(handlers(services), settings, translate, Remembered(services.catalog))
