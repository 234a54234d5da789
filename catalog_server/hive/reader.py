"""Reads a foreign metastore as the model's nouns, by the newest method that it serves and else by the one before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from catalog_server.hive.metastore import Metastore, Refused, UnknownMethod
from catalog_server.hive.statistics import to_statistics
from catalog_server.hive.structs import to_database, to_function, to_partitions, to_table
from catalog_server.model.database import Database
from catalog_server.model.errors import CatalogError, NotFound
from catalog_server.model.function import Function
from catalog_server.model.names import DEFAULT_CATALOG, DatabaseName, TableName, name_key
from catalog_server.model.partition import Partition
from catalog_server.model.statistics import ColumnStatistics
from catalog_server.model.table import Table
from catalog_server.wire import hive_metastore as wire

T = TypeVar("T")
BATCH = 1000
TABLES_BATCH = 100
ENGINE = "hive"
_RAW = ["MANAGERAWMETADATA"]
"""Asks a metastore of Hive 4 for tables as they are kept, not as it would translate them for a client."""


class Reader:
    """One catalog of a foreign metastore; nouns carry `catalog`, the name that it has here. Raises as `Metastore.call`."""

    def __init__(self, metastore: Metastore, catalog: str, remote: str = DEFAULT_CATALOG) -> None:
        self.metastore = metastore
        self.catalog = catalog
        self.remote = remote
        self._unknown: set[str] = set()

    def _newest(self, *ways: tuple[str, Callable[[], T]]) -> T:
        """The answer of the first way whose method the metastore serves."""
        for method, ask in ways[:-1]:
            if method in self._unknown:
                continue
            try:
                return ask()
            except UnknownMethod:
                self._unknown.add(method)
        return ways[-1][1]()

    def _spelled(self, database: str) -> str:
        """A database as calls without a field for catalogs name it: Hive 3's `@catalog#database`."""
        return database if name_key(self.remote) == DEFAULT_CATALOG else f"@{self.remote}#{database}"

    def version(self) -> str:
        """What the metastore says its version is; those of Hive 2 say 3.0."""
        return str(self.metastore.call("getVersion"))

    def catalogs(self) -> list[str]:
        """Names of the catalogs of the metastore; before Hive 3 there is one."""

        def ask() -> list[str]:
            return list(self.metastore.call("get_catalogs").names or ())

        return self._newest(("get_catalogs", ask), ("", lambda: [DEFAULT_CATALOG]))

    def database_names(self) -> list[str]:
        """Names of the databases, sorted."""
        if name_key(self.remote) == DEFAULT_CATALOG:
            return sorted(self.metastore.call("get_all_databases"))
        return sorted(self.metastore.call("get_databases", f"@{self.remote}#*"))

    def database(self, name: str) -> Database:
        """One database."""
        call = self.metastore.call
        request = wire.GetDatabaseRequest(name=name, catalogName=self.remote, processorCapabilities=_RAW)
        try:
            struct = self._newest(
                ("get_database_req", lambda: call("get_database_req", request)),
                ("get_database", lambda: call("get_database", self._spelled(name))),
            )
        except NotFound as error:
            raise NotFound("database", str(DatabaseName(self.catalog, name))) from error
        created_at = (struct.createTime or 0) * 1000
        return replace(to_database(struct, self.catalog), catalog=self.catalog, created_at=created_at)

    def table_names(self, database: str) -> list[str]:
        """Names of the tables and views of a database, sorted."""
        return sorted(self.metastore.call("get_all_tables", self._spelled(database)))

    def tables(self, database: str, names: Sequence[str], failed: dict[str, str] | None = None) -> list[Table]:
        """Those of the named tables that exist; what cannot be understood is put into `failed` with the reason."""
        found = []
        for start in range(0, len(names), TABLES_BATCH):
            for struct in self._table_structs(database, list(names[start : start + TABLES_BATCH])):
                try:
                    found.append(replace(to_table(struct), catalog=self.catalog))
                except CatalogError as error:
                    if failed is not None:
                        failed[struct.tableName or ""] = error.message
        return found

    def _table_structs(self, database: str, names: list[str]) -> Sequence[Any]:
        call = self.metastore.call
        request = wire.GetTablesRequest(
            dbName=database,
            tblNames=names,
            catName=self.remote,
            processorCapabilities=_RAW,
            capabilities=wire.ClientCapabilities(values=[wire.ClientCapability.INSERT_ONLY_TABLES]),
        )

        def ask() -> Sequence[Any]:
            return call("get_table_objects_by_name_req", request).tables or ()

        def ask_old() -> Sequence[Any]:
            return call("get_table_objects_by_name", self._spelled(database), names) or ()

        return self._newest(("get_table_objects_by_name_req", ask), ("get_table_objects_by_name", ask_old))

    def table(self, name: TableName) -> Table:
        """One table."""
        failed: dict[str, str] = {}
        try:
            found = self.tables(name.database, [name.table], failed)
        except NotFound:
            found = []
        if failed:
            raise Refused(f"{self.metastore.name}: {next(iter(failed.values()))}")
        if not found:
            raise NotFound("table", str(TableName(self.catalog, name.database, name.table)))
        return found[0]

    def partition_names(self, table: Table) -> list[str]:
        """Names of the partitions of a table, sorted."""
        if not table.partition_keys:
            return []
        call, database = self.metastore.call, self._spelled(table.database)
        return sorted(self._of(table, lambda: call("get_partition_names", database, name_key(table.name), -1)))

    def _of(self, table: Table, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except NotFound as error:
            raise NotFound("table", str(table.full_name)) from error

    def partitions(self, table: Table, names: Sequence[str]) -> list[Partition]:
        """Those of the named partitions that exist."""
        found: list[Partition] = []
        for start in range(0, len(names), BATCH):
            wanted = list(names[start : start + BATCH])
            found += to_partitions(self._of(table, lambda wanted=wanted: self._partition_structs(table, wanted)))  # type: ignore[misc]
        return found

    def _partition_structs(self, table: Table, names: list[str]) -> Sequence[Any]:
        call, database = self.metastore.call, self._spelled(table.database)
        name = name_key(table.name)
        request = wire.GetPartitionsByNamesRequest(
            db_name=database, tbl_name=name, names=names, get_col_stats=False, processorCapabilities=_RAW
        )

        def ask() -> Sequence[Any]:
            return call("get_partitions_by_names_req", request).partitions or ()

        def ask_old() -> Sequence[Any]:
            return call("get_partitions_by_names", database, name, names) or ()

        return self._newest(("get_partitions_by_names_req", ask), ("get_partitions_by_names", ask_old))

    def all_partitions(self, table: Table) -> Iterator[list[Partition]]:
        """The partitions of a table in batches, by name."""
        names = self.partition_names(table)
        for start in range(0, len(names), BATCH):
            yield self.partitions(table, names[start : start + BATCH])

    def table_statistics(
        self, table: Table, columns: Sequence[str] | None = None, engine: str = ENGINE
    ) -> list[ColumnStatistics]:
        """Statistics of a table's columns, of all when none are named."""
        wanted = [column.key for column in table.columns] if columns is None else list(columns)
        if not wanted or table.is_view:
            return []
        request = wire.TableStatsRequest(
            dbName=table.database, tblName=name_key(table.name), colNames=wanted, catName=self.remote, engine=engine
        )
        answer = self._of(table, lambda: self.metastore.call("get_table_statistics_req", request))
        return [to_statistics(one, engine, 0) for one in answer.tableStats or () if _has_data(one)]

    def partition_statistics(
        self, table: Table, names: Sequence[str], columns: Sequence[str] | None = None, engine: str = ENGINE
    ) -> dict[str, list[ColumnStatistics]]:
        """Statistics of columns by partition name; a partition without any is left out."""
        wanted = [column.key for column in table.columns] if columns is None else list(columns)
        found: dict[str, list[ColumnStatistics]] = {}
        for start in range(0, len(names), BATCH):
            request = wire.PartitionsStatsRequest(
                dbName=table.database,
                tblName=name_key(table.name),
                colNames=wanted,
                partNames=list(names[start : start + BATCH]),
                catName=self.remote,
                engine=engine,
            )
            answer = self._of(
                table,
                lambda request=request: self.metastore.call("get_partitions_statistics_req", request),  # type: ignore[misc]
            )
            for partition, structs in (answer.partStats or {}).items():
                found[partition] = [to_statistics(one, engine, 0) for one in structs if _has_data(one)]
        return found

    def functions(self, database: str | None = None) -> list[Function]:
        """The functions of a database, or of all."""
        structs = self.metastore.call("get_all_functions").functions or ()
        found = []
        for struct in structs:
            if name_key(struct.catName or DEFAULT_CATALOG) != name_key(self.remote):
                continue
            if database is None or name_key(struct.dbName) == name_key(database):
                found.append(replace(to_function(struct), catalog=self.catalog))
        return sorted(found, key=lambda one: (one.database, one.name))

    def constraints(self, table: Table) -> Mapping[str, Sequence[Any]]:
        """Structs of a table's constraints by the field of SQLAllTableConstraints; of foreign keys those that it holds."""
        call, name = self.metastore.call, name_key(table.name)
        request = wire.AllTableConstraintsRequest(dbName=table.database, tblName=name, catName=self.remote)

        def ask() -> Mapping[str, Sequence[Any]]:
            found = call("get_all_table_constraints", request).allTableConstraints
            return {kind: getattr(found, kind) or () for kind in CONSTRAINTS} if found is not None else {}

        return self._newest(("get_all_table_constraints", ask), ("", lambda: self._constraints_by_kind(table)))

    def _constraints_by_kind(self, table: Table) -> Mapping[str, Sequence[Any]]:
        call, name = self.metastore.call, name_key(table.name)
        plain = {"db_name": table.database, "tbl_name": name, "catName": self.remote}
        foreign = {"foreign_db_name": table.database, "foreign_tbl_name": name, "catName": self.remote}
        found: dict[str, Sequence[Any]] = {}
        for kind, (method, request) in CONSTRAINTS.items():
            said = getattr(wire, request)(**(foreign if kind == "foreignKeys" else plain))

            def ask(method: str = method, said: Any = said, kind: str = kind) -> Sequence[Any]:
                return getattr(call(method, said), kind) or ()

            found[kind] = self._newest((method, ask), ("", lambda: ()))
        return found


CONSTRAINTS = {
    "primaryKeys": ("get_primary_keys", "PrimaryKeysRequest"),
    "foreignKeys": ("get_foreign_keys", "ForeignKeysRequest"),
    "uniqueConstraints": ("get_unique_constraints", "UniqueConstraintsRequest"),
    "notNullConstraints": ("get_not_null_constraints", "NotNullConstraintsRequest"),
    "defaultConstraints": ("get_default_constraints", "DefaultConstraintsRequest"),
    "checkConstraints": ("get_check_constraints", "CheckConstraintsRequest"),
}
"""By the field of SQLAllTableConstraints: the method and the request of Hive 2.3 to 3.1."""


def _has_data(struct: Any) -> bool:
    return struct.statsData is not None and any(value is not None for value in vars(struct.statsData).values())
