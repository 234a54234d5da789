"""A little of everything in a metastore, made through its own calls: what migrations copy and mounts show."""

from __future__ import annotations

from typing import Any

from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.metastore import partition, storage, table

PARTITIONS = 25


def fill(hms: Any, database: str, constraints: bool) -> None:
    """Make tables of several kinds, partitions with odd values, statistics, a function, and constraints if there are any."""
    parameters = {"comment": "what we sell", "odd key": 'with "quotes" and ünïcode', "EXTERNAL": "TRUE"}
    descriptor = storage("id bigint, name string, at timestamp, day date, ok boolean")
    descriptor.cols.append(wire.FieldSchema(name="price", type="decimal(10,2)", comment="in euro"))
    descriptor.bucketCols, descriptor.numBuckets = ["id"], 4
    descriptor.sortCols = [wire.Order(col="id", order=1)]
    descriptor.parameters = {"kept": "here"}
    descriptor.serdeInfo.parameters["field.delim"] = "\t"
    hms.create_table(
        table(database, "plain", sd=descriptor, tableType="EXTERNAL_TABLE", parameters=parameters, retention=7)
    )  # fmt: skip
    hms.create_table(
        table(database, "parted", "day string, hour int", tableType="EXTERNAL_TABLE", parameters={"EXTERNAL": "TRUE"})
    )
    hms.add_partitions([a_partition(database, number) for number in range(PARTITIONS)])
    view = storage("id bigint")
    view.inputFormat = view.outputFormat = None
    text = f"SELECT id\n  FROM `{database}`.plain -- as written"
    hms.create_table(
        table(
            database,
            "seen",
            sd=view,
            tableType="VIRTUAL_VIEW",
            viewOriginalText=text,
            viewExpandedText=text.lower(),
        )
    )
    _statistics(hms, database)
    hms.create_function(
        wire.Function(
            functionName="twice",
            dbName=database,
            className="org.example.Twice",
            ownerName="tester",
            ownerType=wire.PrincipalType.USER,
            functionType=wire.FunctionType.JAVA,
            createTime=1_700_000_000,
            resourceUris=[wire.ResourceUri(resourceType=wire.ResourceType.JAR, uri="s3://jars/twice.jar")],
        )
    )
    if constraints:
        _constraints(hms, database)


def a_partition(database: str, number: int) -> Any:
    """The partition of a number, with a value that has to be escaped."""
    day = ["2026-01-01", "a/b=c", "wörter", "__HIVE_DEFAULT_PARTITION__", "50%"][number % 5]
    return partition(
        database,
        "parted",
        [day, str(number)],
        parameters={"numRows": str(number), "note": f"n° {number}"},
        sd=storage(location=f"file:/tmp/elsewhere/{database}/{number}"),
        createTime=1_600_000_000 + number,
    )


def _statistics(hms: Any, database: str) -> None:
    numbers = {"numNulls": 1, "numDVs": 3}
    decimal = wire.Decimal(unscaled=(-12345).to_bytes(3, "big", signed=True), scale=2)
    data = {
        "id": ("bigint", {"longStats": wire.LongColumnStatsData(lowValue=-5, highValue=2**40, **numbers)}),
        "name": ("string", {"stringStats": wire.StringColumnStatsData(maxColLen=9, avgColLen=4.5, **numbers)}),
        "price": (
            "decimal(10,2)",
            {"decimalStats": wire.DecimalColumnStatsData(lowValue=decimal, highValue=decimal, **numbers)},
        ),
        "day": ("date", {"dateStats": wire.DateColumnStatsData(lowValue=wire.Date(daysSinceEpoch=19000), **numbers)}),
        "ok": ("boolean", {"booleanStats": wire.BooleanColumnStatsData(numTrues=2, numFalses=1, numNulls=0)}),
    }
    objects = [
        wire.ColumnStatisticsObj(colName=name, colType=kind, statsData=wire.ColumnStatisticsData(**said))
        for name, (kind, said) in data.items()
    ]
    description = wire.ColumnStatisticsDesc(
        isTblLevel=True, dbName=database, tableName="plain", lastAnalyzed=1_650_000_000
    )
    hms.update_table_column_statistics(wire.ColumnStatistics(statsDesc=description, statsObj=objects, engine="hive"))
    name = "day=2026-01-01/hour=0"
    long = wire.ColumnStatisticsData(longStats=wire.LongColumnStatsData(lowValue=1, highValue=2, **numbers))
    one = wire.ColumnStatisticsObj(colName="id", colType="int", statsData=long)
    described = wire.ColumnStatisticsDesc(
        isTblLevel=False, dbName=database, tableName="parted", partName=name, lastAnalyzed=1_650_000_000
    )
    hms.update_partition_column_statistics(wire.ColumnStatistics(statsDesc=described, statsObj=[one], engine="hive"))


def _constraints(hms: Any, database: str) -> None:
    # names of their own: Hive 4.0.1 drops constraints of all tables that are named like those of a dropped table
    states = {"enable_cstr": False, "validate_cstr": False, "rely_cstr": True}
    parent = {"catName": "hive", "table_db": database, "table_name": "zones"}
    hms.create_table(table(database, "zones", sd=storage("zone int, label string")))
    hms.create_table(table(database, "areas", sd=storage("area int, zone int, size int")))
    hms.add_primary_key(
        wire.AddPrimaryKeyRequest(
            primaryKeyCols=[
                wire.SQLPrimaryKey(**parent, column_name="zone", key_seq=1, pk_name=f"{database}_zones_key", **states)
            ]
        )
    )
    key = wire.SQLForeignKey(
        catName="hive",
        pktable_db=database,
        pktable_name="zones",
        pkcolumn_name="zone",
        fktable_db=database,
        fktable_name="areas",
        fkcolumn_name="zone",
        key_seq=1,
        update_rule=0,
        delete_rule=0,
        fk_name=f"{database}_areas_zone",
        pk_name=f"{database}_zones_key",
        **states,
    )
    hms.add_foreign_key(wire.AddForeignKeyRequest(foreignKeyCols=[key]))
    hms.add_not_null_constraint(
        wire.AddNotNullConstraintRequest(
            notNullConstraintCols=[
                wire.SQLNotNullConstraint(**parent, column_name="label", nn_name=f"{database}_label_there", **states)
            ]
        )
    )
