"""What a migration reads from: one contract, kept by a live metastore, by its database, and by an export of that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from catalog_server.hive.constraints import to_constraints
from catalog_server.hive.metastore import Metastore
from catalog_server.hive.reader import BATCH, Reader
from catalog_server.model.constraint import Constraint
from catalog_server.model.database import Database
from catalog_server.model.function import Function
from catalog_server.model.names import DEFAULT_CATALOG
from catalog_server.model.partition import Partition
from catalog_server.model.statistics import ColumnStatistics
from catalog_server.model.table import Table

READ_AHEAD = 3
"""Batches of partitions that a live metastore is asked for at a time."""
DEADLINE_SECONDS = 120.0
"""How long one call of a migration may take; metastores with long tables are slow."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some partitions of a table with their statistics by name; `position` is where the next batch begins."""

    position: str
    partitions: Sequence[Partition]
    statistics: Mapping[str, Sequence[ColumnStatistics]]


class Source(Protocol):
    """One catalog of a metastore as the model's nouns; raises errors of the catalog, such as `Unavailable`."""

    where: str
    """What is read from, as messages name it: without secrets."""

    def version(self) -> str:
        """What it says its version is."""

    def catalogs(self) -> list[str]:
        """Names of the catalogs."""

    def database_names(self) -> list[str]:
        """Names of the databases, sorted."""

    def database(self, name: str) -> Database:
        """One database; raises `NotFound`."""

    def table_names(self, database: str) -> list[str]:
        """Names of the tables and views of a database, sorted."""

    def tables(self, database: str, names: Sequence[str], failed: dict[str, str] | None = None) -> list[Table]:
        """Those of the named tables that exist; what cannot be understood is put into `failed` with the reason."""

    def partition_count(self, table: Table) -> int:
        """How many partitions a table has."""

    def partitions(self, table: Table, after: str = "") -> Iterator[Batch]:
        """Partitions of a table in an order that stays, after the position of a batch."""

    def table_statistics(self, table: Table) -> list[ColumnStatistics]:
        """Statistics of all columns of a table."""

    def functions(self) -> list[Function]:
        """The functions of all databases."""

    def constraints(self, table: Table) -> list[Constraint]:
        """Constraints of a table; of foreign keys those that it holds."""

    def close(self) -> None:
        """Hang up."""


class MetastoreSource:
    """A live metastore, asked over Thrift."""

    def __init__(self, uri: str, catalog: str, remote: str = DEFAULT_CATALOG) -> None:
        self.where = uri
        self._metastore = Metastore(
            "the metastore", uri, deadline_seconds=DEADLINE_SECONDS, connections_max=READ_AHEAD + 1
        )
        self._reader = Reader(self._metastore, catalog, remote)
        self.version = self._reader.version
        self.catalogs = self._reader.catalogs
        self.database_names = self._reader.database_names
        self.database = self._reader.database
        self.table_names = self._reader.table_names
        self.tables = self._reader.tables
        self._names: tuple[str, list[str]] = ("", [])

    def functions(self) -> list[Function]:
        """The functions of all databases."""
        return self._reader.functions()

    def table_statistics(self, table: Table) -> list[ColumnStatistics]:
        """Statistics of all columns of a table, of Hive's own engine."""
        return self._reader.table_statistics(table)

    def _partition_names(self, table: Table) -> list[str]:
        if self._names[0] != str(table.full_name):
            self._names = (str(table.full_name), self._reader.partition_names(table))
        return self._names[1]

    def partition_count(self, table: Table) -> int:
        """How many partitions a table has."""
        return len(self._partition_names(table))

    def partitions(self, table: Table, after: str = "") -> Iterator[Batch]:
        """Partitions by name, some batches asked for ahead."""
        names = [one for one in self._partition_names(table) if one > after]
        self._names = ("", [])
        starts = iter(range(0, len(names), BATCH))
        with ThreadPoolExecutor(READ_AHEAD, "migration") as threads:
            waiting: list[Future[Batch]] = []
            try:
                while True:
                    for start in starts:
                        waiting.append(threads.submit(self._batch, table, names[start : start + BATCH]))
                        if len(waiting) >= READ_AHEAD:
                            break
                    if not waiting:
                        return
                    yield waiting.pop(0).result()
            finally:
                for future in waiting:
                    future.cancel()

    def _batch(self, table: Table, names: list[str]) -> Batch:
        partitions = self._reader.partitions(table, names)
        return Batch(names[-1], partitions, self._reader.partition_statistics(table, names))

    def constraints(self, table: Table) -> list[Constraint]:
        """Constraints of a table; of foreign keys those that it holds."""
        return to_constraints(self._reader.constraints(table), self._reader.catalog)

    def close(self) -> None:
        """Hang up."""
        self._metastore.close()
