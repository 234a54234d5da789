"""Column statistics, of mounted catalogs too."""

from __future__ import annotations

from collections.abc import Sequence

from catalog_server.catalog.core import Core
from catalog_server.catalog.mounted.tables import MountedTables
from catalog_server.catalog.statistics import Statistics
from catalog_server.model.caller import Caller
from catalog_server.model.errors import NotFound
from catalog_server.model.names import TableName
from catalog_server.model.statistics import ColumnStatistics


class MountedStatistics(Statistics):
    """Column statistics, of mounted catalogs too."""

    def __init__(self, core: Core, of: MountedTables) -> None:
        super().__init__(core, of)
        self.of = of

    def get(
        self, caller: Caller, name: TableName, columns: Sequence[str] | None = None, engine: str | None = "hive"
    ) -> list[ColumnStatistics]:
        """Statistics of a table's columns, of all that have any when none are named."""
        try:
            return super().get(caller, name, columns, engine)
        except NotFound:
            reader = self.of.mounts.of(name.catalog)
            if reader is None:
                raise
        return reader.table_statistics(self.of.read(reader, caller, name), columns, engine or "hive")

    def get_partitions(
        self, caller: Caller, name: TableName, names: Sequence[str], columns: Sequence[str], engine: str = "hive"
    ) -> dict[str, list[ColumnStatistics]]:
        """Statistics by partition name; a partition without any is left out."""
        try:
            return super().get_partitions(caller, name, names, columns, engine)
        except NotFound:
            reader = self.of.mounts.of(name.catalog)
            if reader is None:
                raise
        return reader.partition_statistics(self.of.read(reader, caller, name), names, columns, engine)
