"""Reads a metastore out of its own database as the model's nouns: the rows are put together to the structs it would answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import func, select

from catalog_server.hive.constraints import to_constraints
from catalog_server.hive.row_statistics import statistics_of
from catalog_server.hive.rows import Row, Rows, flag, number
from catalog_server.hive.source import Batch
from catalog_server.hive.structs import PRINCIPALS, to_database, to_function, to_partitions, to_table
from catalog_server.model.constraint import Constraint
from catalog_server.model.database import Database
from catalog_server.model.errors import CatalogError, NotFound
from catalog_server.model.function import Function
from catalog_server.model.names import DEFAULT_CATALOG, DatabaseName, name_key
from catalog_server.model.partition import partition_name
from catalog_server.model.statistics import ColumnStatistics
from catalog_server.model.table import Table
from catalog_server.wire import hive_metastore as wire

BATCH = 1000
_PRINCIPAL_NUMBERS = {name: number for number, name in PRINCIPALS.items()}


class DatabaseReader:
    """One catalog of a metastore, read from its database; nouns carry `catalog`, the name that it has here."""

    def __init__(self, rows: Rows, catalog: str, remote: str = DEFAULT_CATALOG) -> None:
        self.rows = rows
        self.where = rows.where
        self.catalog = catalog
        self.remote = remote
        self._columns: dict[int, list[Any]] = {}
        try:
            rows.check()
        except Exception:
            rows.close()
            raise

    def version(self) -> str:
        """The version of the database's schema."""
        if not self.rows.has("VERSION"):
            return "unknown"
        found = self.rows.read(select(self._of("VERSION")))
        return str(found[0]["SCHEMA_VERSION"]) if found else "unknown"

    def catalogs(self) -> list[str]:
        """Names of the catalogs; before Hive 3 there is one."""
        if not self.rows.has("CTLGS"):
            return [DEFAULT_CATALOG]
        return sorted(row["NAME"] for row in self.rows.read(select(self._of("CTLGS"))))

    def _databases(self) -> Sequence[Row]:
        table = self._of("DBS")
        statement = select(table).order_by(table.c["NAME"])
        if "CTLG_NAME" in table.c:
            statement = statement.where(table.c["CTLG_NAME"] == self.remote)
        return self.rows.read(statement)

    def _of(self, name: str) -> Any:
        found = self.rows.table(name)
        if found is None:
            raise NotFound("table of the metastore's database", name)
        return found

    def database_names(self) -> list[str]:
        """Names of the databases, sorted."""
        return sorted(row["NAME"] for row in self._databases())

    def _database_row(self, name: str) -> Row:
        for row in self._databases():
            if name_key(row["NAME"]) == name_key(name):
                return row
        raise NotFound("database", str(DatabaseName(self.catalog, name)))

    def database(self, name: str) -> Database:
        """One database."""
        row = self._database_row(name)
        parameters = self.rows.parameters("DATABASE_PARAMS", "DB_ID", [row["DB_ID"]])
        kind = row.get("TYPE")
        struct = wire.Database(
            name=row["NAME"],
            description=row["DESC"],
            locationUri=row["DB_LOCATION_URI"],
            parameters=parameters.get(row["DB_ID"], {}),
            ownerName=row.get("OWNER_NAME"),
            ownerType=_PRINCIPAL_NUMBERS.get(row.get("OWNER_TYPE") or "USER"),
            managedLocationUri=row.get("DB_MANAGED_LOCATION_URI"),
            type=None if kind is None else int(wire.DatabaseType[kind]),
            connector_name=row.get("DATACONNECTOR_NAME"),
            remote_dbname=row.get("REMOTE_DBNAME"),
        )
        created_at = (number(row.get("CREATE_TIME")) or 0) * 1000
        return replace(to_database(struct, self.catalog), catalog=self.catalog, created_at=created_at)

    def table_names(self, database: str) -> list[str]:
        """Names of the tables and views of a database, sorted."""
        tables = self._of("TBLS")
        id_ = self._database_row(database)["DB_ID"]
        return sorted(
            row["TBL_NAME"] for row in self.rows.stream(select(tables.c["TBL_NAME"]).where(tables.c["DB_ID"] == id_))
        )

    def tables(self, database: str, names: Sequence[str], failed: dict[str, str] | None = None) -> list[Table]:
        """Those of the named tables that exist; what cannot be understood is put into `failed` with the reason."""
        found = []
        for row, struct in self._table_structs(database, names):
            try:
                table = replace(to_table(struct), catalog=self.catalog)
            except CatalogError as error:
                if failed is not None:
                    failed[row["TBL_NAME"]] = error.message
                continue
            found.append(replace(table, id=row["TBL_ID"]))
        return found

    def _table_structs(self, database: str, names: Sequence[str]) -> Iterator[tuple[Row, Any]]:
        tables = self._of("TBLS")
        id_ = self._database_row(database)["DB_ID"]
        statement = select(tables).where(tables.c["DB_ID"] == id_, tables.c["TBL_NAME"].in_(list(names)))
        rows = self.rows.read(statement.order_by(tables.c["TBL_NAME"]))
        ids = [row["TBL_ID"] for row in rows]
        storages = self._storages([row["SD_ID"] for row in rows])
        parameters = self.rows.parameters("TABLE_PARAMS", "TBL_ID", ids)
        keys = self.rows.of("PARTITION_KEYS", "TBL_ID", ids, "INTEGER_IDX")
        for row in rows:
            descriptor, location = storages.get(row["SD_ID"], (None, None))
            if descriptor is not None:
                descriptor.location = location
            fields = [
                wire.FieldSchema(name=key["PKEY_NAME"], type=key["PKEY_TYPE"], comment=key["PKEY_COMMENT"])
                for key in keys.get(row["TBL_ID"], ())
            ]
            yield (
                row,
                wire.Table(
                    tableName=row["TBL_NAME"],
                    dbName=database,
                    owner=row["OWNER"],
                    ownerType=_PRINCIPAL_NUMBERS.get(row.get("OWNER_TYPE") or "USER"),
                    createTime=number(row["CREATE_TIME"]),
                    lastAccessTime=number(row["LAST_ACCESS_TIME"]),
                    retention=number(row["RETENTION"]),
                    sd=descriptor,
                    partitionKeys=fields,
                    parameters=parameters.get(row["TBL_ID"], {}),
                    viewOriginalText=row["VIEW_ORIGINAL_TEXT"],
                    viewExpandedText=row["VIEW_EXPANDED_TEXT"],
                    tableType=row["TBL_TYPE"],
                    rewriteEnabled=flag(row.get("IS_REWRITE_ENABLED")),
                    writeId=number(row.get("WRITE_ID")),
                ),
            )

    def _storages(self, ids: Sequence[int]) -> dict[int, tuple[Any, str | None]]:
        """Storage descriptors and locations by SD_ID; those of one column list share its structs."""
        rows = self.rows.one("SDS", "SD_ID", ids)
        serdes = self.rows.one("SERDES", "SERDE_ID", [row["SERDE_ID"] for row in rows.values()])
        serde_parameters = self.rows.parameters("SERDE_PARAMS", "SERDE_ID", list(serdes))
        parameters = self.rows.parameters("SD_PARAMS", "SD_ID", ids)
        buckets = self.rows.of("BUCKETING_COLS", "SD_ID", ids, "INTEGER_IDX")
        sorts = self.rows.of("SORT_COLS", "SD_ID", ids, "INTEGER_IDX")
        skews = self._skews(ids)
        columns = self._column_lists([row["CD_ID"] for row in rows.values()])
        found = {}
        for id_, row in rows.items():
            serde = serdes.get(row["SERDE_ID"])
            descriptor = wire.StorageDescriptor(
                cols=columns.get(row["CD_ID"], []),
                inputFormat=row["INPUT_FORMAT"],
                outputFormat=row["OUTPUT_FORMAT"],
                compressed=flag(row["IS_COMPRESSED"]),
                numBuckets=number(row["NUM_BUCKETS"]),
                serdeInfo=None if serde is None else _serde(serde, serde_parameters.get(row["SERDE_ID"], {})),
                bucketCols=[one["BUCKET_COL_NAME"] for one in buckets.get(id_, ())],
                sortCols=[wire.Order(col=one["COLUMN_NAME"], order=number(one["ORDER"])) for one in sorts.get(id_, ())],
                parameters=parameters.get(id_, {}),
                skewedInfo=skews.get(id_, _NO_SKEW),
                storedAsSubDirectories=flag(row["IS_STOREDASSUBDIRECTORIES"]),
            )
            found[id_] = (descriptor, row["LOCATION"])
        return found

    def _column_lists(self, ids: Sequence[int]) -> dict[int, list[Any]]:
        missing = [id_ for id_ in dict.fromkeys(ids) if id_ is not None and id_ not in self._columns]
        if len(self._columns) > 20_000:
            self._columns.clear()
            missing = [id_ for id_ in dict.fromkeys(ids) if id_ is not None]
        for id_, rows in self.rows.of("COLUMNS_V2", "CD_ID", missing, "INTEGER_IDX").items():
            self._columns[id_] = [
                wire.FieldSchema(name=row["COLUMN_NAME"], type=row["TYPE_NAME"], comment=row["COMMENT"]) for row in rows
            ]
        return self._columns

    def _skews(self, ids: Sequence[int]) -> dict[int, Any]:
        names = self.rows.of("SKEWED_COL_NAMES", "SD_ID", ids, "INTEGER_IDX")
        values = self.rows.of("SKEWED_VALUES", "SD_ID_OID", list(names), "INTEGER_IDX")
        places = self.rows.of("SKEWED_COL_VALUE_LOC_MAP", "SD_ID", list(names))
        lists = [row["STRING_LIST_ID_EID"] for rows in values.values() for row in rows]
        lists += [row["STRING_LIST_ID_KID"] for rows in places.values() for row in rows]
        texts = {
            id_: [row["STRING_LIST_VALUE"] for row in rows]
            for id_, rows in self.rows.of(
                "SKEWED_STRING_LIST_VALUES", "STRING_LIST_ID", lists, "INTEGER_IDX"
            ).items()
        }  # fmt: skip
        return {
            id_: wire.SkewedInfo(
                skewedColNames=[row["SKEWED_COL_NAME"] for row in rows],
                skewedColValues=[texts.get(row["STRING_LIST_ID_EID"], []) for row in values.get(id_, ())],
                skewedColValueLocationMaps={
                    tuple(texts.get(row["STRING_LIST_ID_KID"], ())): row["LOCATION"] for row in places.get(id_, ())
                },
            )
            for id_, rows in names.items()
        }

    def partition_count(self, table: Table) -> int:
        """How many partitions a table has."""
        partitions = self._of("PARTITIONS")
        statement = (
            select(func.count().label("count")).select_from(partitions).where(partitions.c["TBL_ID"] == table.id)
        )
        return int(self.rows.read(statement)[0]["count"])

    def partitions(self, table: Table, after: str = "") -> Iterator[Batch]:
        """Partitions of a table with their statistics, by id, after the position of a batch."""
        partitions = self._of("PARTITIONS")
        last = int(after or 0)
        while True:
            statement = select(partitions).where(partitions.c["TBL_ID"] == table.id, partitions.c["PART_ID"] > last)
            rows = self.rows.read(statement.order_by(partitions.c["PART_ID"]).limit(BATCH))
            if not rows:
                return
            last = rows[-1]["PART_ID"]
            yield self._batch(table, rows)

    def _batch(self, table: Table, rows: Sequence[Row]) -> Batch:
        ids = [row["PART_ID"] for row in rows]
        storages = self._storages([row["SD_ID"] for row in rows])
        parameters = self.rows.parameters("PARTITION_PARAMS", "PART_ID", ids)
        values = self.rows.of("PARTITION_KEY_VALS", "PART_ID", ids, "INTEGER_IDX")
        structs = []
        for row in rows:
            descriptor, location = storages.get(row["SD_ID"], (None, None))
            if descriptor is not None:
                descriptor.location = location
            structs.append(
                wire.Partition(
                    values=[one["PART_KEY_VAL"] for one in values.get(row["PART_ID"], ())],
                    createTime=number(row["CREATE_TIME"]),
                    lastAccessTime=number(row["LAST_ACCESS_TIME"]),
                    sd=descriptor,
                    parameters=parameters.get(row["PART_ID"], {}),
                )
            )
        keys = [key.name for key in table.partition_keys]
        held = self.rows.of("PART_COL_STATS", "PART_ID", ids, "COLUMN_NAME")
        names = {id_: partition_name(keys, struct.values) for id_, struct in zip(ids, structs, strict=True)}
        statistics = {names[id_]: statistics_of(found) for id_, found in held.items()}
        return Batch(str(ids[-1]), to_partitions(structs), statistics)

    def table_statistics(self, table: Table) -> list[ColumnStatistics]:
        """Statistics of all columns of a table, of every engine."""
        if self.rows.has("TAB_COL_STATS", "TBL_ID"):
            return statistics_of(self.rows.of("TAB_COL_STATS", "TBL_ID", [table.id], "COLUMN_NAME").get(table.id, ()))
        return []

    def functions(self) -> list[Function]:
        """The functions of all databases of the catalog."""
        table = self.rows.table("FUNCS")
        if table is None:
            return []
        names = {row["DB_ID"]: row["NAME"] for row in self._databases()}
        rows = [row for row in self.rows.read(select(table).order_by(table.c["FUNC_ID"])) if row["DB_ID"] in names]
        resources = self.rows.of("FUNC_RU", "FUNC_ID", [row["FUNC_ID"] for row in rows], "INTEGER_IDX")
        return [
            replace(
                to_function(
                    wire.Function(
                        functionName=row["FUNC_NAME"],
                        dbName=names[row["DB_ID"]],
                        className=row["CLASS_NAME"],
                        ownerName=row["OWNER_NAME"],
                        ownerType=_PRINCIPAL_NUMBERS.get(row["OWNER_TYPE"] or "USER"),
                        createTime=number(row["CREATE_TIME"]),
                        functionType=number(row["FUNC_TYPE"]),
                        resourceUris=[
                            wire.ResourceUri(resourceType=number(one["RESOURCE_TYPE"]), uri=one["RESOURCE_URI"])
                            for one in resources.get(row["FUNC_ID"], ())
                        ],
                    )
                ),
                catalog=self.catalog,
            )
            for row in rows
        ]

    def constraints(self, table: Table) -> list[Constraint]:
        """Constraints of a table; of foreign keys those that it holds."""
        from catalog_server.hive.row_constraints import constraint_structs

        return to_constraints(constraint_structs(self.rows, table), self.catalog)

    def close(self) -> None:
        """Hang up."""
        self.rows.close()


_NO_SKEW = wire.SkewedInfo(skewedColNames=[], skewedColValues=[], skewedColValueLocationMaps={})


def _serde(row: Row, parameters: dict[str, str]) -> Any:
    return wire.SerDeInfo(
        name=row["NAME"],
        serializationLib=row["SLIB"],
        parameters=parameters,
        description=row.get("DESCRIPTION"),
        serializerClass=row.get("SERIALIZER_CLASS"),
        deserializerClass=row.get("DESERIALIZER_CLASS"),
        serdeType=number(row.get("SERDE_TYPE")),
    )
