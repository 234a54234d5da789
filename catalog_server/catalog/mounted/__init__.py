"""The nouns of the catalog as they are asked for: kept here, or in a mounted catalog; what is not found here is asked there.

A call about a native catalog that finds its thing costs nothing more. No transaction is open while a metastore is asked.
"""

from catalog_server.catalog.mounted.databases import MountedDatabases
from catalog_server.catalog.mounted.functions import MountedFunctions
from catalog_server.catalog.mounted.partitions import MountedPartitions
from catalog_server.catalog.mounted.statistics import MountedStatistics
from catalog_server.catalog.mounted.tables import MountedTables
from catalog_server.catalog.mounted.versions import MountedVersions

__all__ = [
    "MountedDatabases", "MountedFunctions", "MountedPartitions", "MountedStatistics", "MountedTables", "MountedVersions",
]  # fmt: skip
