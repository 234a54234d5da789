"""Column statistics: written, merged, aggregated, told and deleted, of tables and of partitions."""

from __future__ import annotations

from typing import Any

import pytest

from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.metastore import partition, storage, table
from tests.metastore.servers import HIVE2, HIVE4, Client, differs, not_on, refused
from tests.metastore.tables import fields, got

COLUMNS = (
    ("b", "boolean"), ("l", "bigint"), ("f", "double"), ("s", "string"), ("y", "binary"), ("m", "decimal(10,2)"),
    ("d", "date"),
)  # fmt: skip
LATER = "the method came with 4.0"
NOTES = "notes in the table's parameters which statistics are right; here a call about statistics leaves the definition alone"


def number(value: int, scale: int = 0) -> Any:
    return wire.Decimal(unscaled=value.to_bytes(2, "big", signed=True), scale=scale)


def long(low: int, high: int, nulls: int, distinct: int) -> Any:
    data = wire.LongColumnStatsData(lowValue=low, highValue=high, numNulls=nulls, numDVs=distinct)
    return wire.ColumnStatisticsData(longStats=data)


def text(longest: int, average: float, nulls: int, distinct: int) -> Any:
    data = wire.StringColumnStatsData(maxColLen=longest, avgColLen=average, numNulls=nulls, numDVs=distinct)
    return wire.ColumnStatisticsData(stringStats=data)


def data(n: int) -> dict[str, Any]:
    """Statistics of every kind: of some rows for 1, of others for 2."""
    return {
        "b": wire.ColumnStatisticsData(
            booleanStats=wire.BooleanColumnStatsData(numTrues=n, numFalses=2 * n, numNulls=3 * n)
        ),
        "l": long(-n, 9 * n, n, 4 * n),
        "f": wire.ColumnStatisticsData(
            doubleStats=wire.DoubleColumnStatsData(lowValue=-1.5 * n, highValue=9.25, numNulls=0, numDVs=4)
        ),
        "s": text(9, 2.5 * n, n, 4 * n),
        "y": wire.ColumnStatisticsData(
            binaryStats=wire.BinaryColumnStatsData(maxColLen=9 * n, avgColLen=2.5, numNulls=n)
        ),
        "m": wire.ColumnStatisticsData(
            decimalStats=wire.DecimalColumnStatsData(
                lowValue=number(-150 * n, 2), highValue=number(900 * n, 2), numNulls=0, numDVs=2
            )
        ),
        "d": wire.ColumnStatisticsData(
            dateStats=wire.DateColumnStatsData(
                lowValue=wire.Date(daysSinceEpoch=-3 * n),
                highValue=wire.Date(daysSinceEpoch=20_000),
                numNulls=0,
                numDVs=2,
            )
        ),
    }


def said(database: str, at: str | None = None, /, name: str = "t", **of: Any) -> Any:
    """Statistics of columns of a table, or of its partition `at`."""
    kinds = dict(COLUMNS)
    objects = [
        wire.ColumnStatisticsObj(colName=one, colType=kinds.get(one, "bigint"), statsData=found)
        for one, found in of.items()
    ]
    what = wire.ColumnStatisticsDesc(isTblLevel=at is None, dbName=database, tableName=name, partName=at)
    return wire.ColumnStatistics(statsDesc=what, statsObj=objects)


def of_table(hms: Client, database: str, **more: Any) -> dict[str, Any]:
    request = wire.TableStatsRequest(dbName=database, tblName="t", colNames=[name for name, _ in COLUMNS], **more)
    return {one.colName: one.statsData for one in hms.get_table_statistics_req(request).tableStats}


def of_partitions(hms: Client, database: str, *names: str) -> dict[str, dict[str, Any]]:
    request = wire.PartitionsStatsRequest(
        dbName=database, tblName="t", colNames=[name for name, _ in COLUMNS], partNames=list(names)
    )
    found = hms.get_partitions_statistics_req(request).partStats
    return {name: {one.colName: one.statsData for one in objects} for name, objects in found.items()}


@pytest.fixture
def parted(hms: Client, database: str) -> str:
    """A database with the table `t` of three partitions."""
    sd = storage("")
    sd.cols = fields(*COLUMNS)
    hms.create_table(table(database, "t", keys="p string", sd=sd))
    hms.add_partitions([partition(database, "t", [value], sd=sd) for value in ("x/y", "y", "z")])
    return database


@pytest.mark.parametrize("column", [name for name, _ in COLUMNS])
def test_every_kind_comes_back_as_it_went(hms: Client, parted: str, column: str) -> None:
    assert hms.update_table_column_statistics(said(parted, **{column: data(1)[column]}))
    assert of_table(hms, parted) == {column: data(1)[column]}


def test_statistics_are_written_over(hms: Client, parted: str) -> None:
    hms.update_table_column_statistics(said(parted, l=long(1, 2, 3, 4), s=text(1, 1.0, 0, 1)))
    hms.update_table_column_statistics(said(parted, l=long(5, 6, 7, 8)))
    assert of_table(hms, parted) == {"l": long(5, 6, 7, 8), "s": text(1, 1.0, 0, 1)}


def test_one_column_of_a_table_is_told(hms: Client, parted: str) -> None:
    hms.update_table_column_statistics(said(parted, l=long(1, 2, 3, 4)))
    found = hms.get_table_column_statistics(parted, "T", "L")
    assert found.statsObj == said(parted, l=long(1, 2, 3, 4)).statsObj
    assert (found.statsDesc.isTblLevel, found.statsDesc.lastAnalyzed > 1_700_000_000) == (True, True)


def test_partitions_have_their_own(hms: Client, parted: str) -> None:
    assert hms.update_partition_column_statistics(said(parted, "p=x%2Fy", **data(1)))
    assert of_partitions(hms, parted, "p=x%2Fy", "p=z", "p=nope") == {"p=x%2Fy": data(1)}
    assert of_table(hms, parted) == {}
    found = hms.get_partition_column_statistics(parted, "t", "p=x%2Fy", "l")
    assert (found.statsObj[0].statsData, found.statsDesc.partName) == (data(1)["l"], "p=x%2Fy")


@not_on(HIVE2, "engines came with 4.0")
def test_engines_have_their_own(hms: Client, parted: str) -> None:
    for engine, count in (("hive", 1), ("impala", 2)):
        found = said(parted, l=long(0, 1, 0, count))
        found.engine = engine
        hms.update_table_column_statistics(found)
    assert of_table(hms, parted, engine="impala") == {"l": long(0, 1, 0, 2)}
    assert of_table(hms, parted) == {"l": long(0, 1, 0, 1)}


@differs(HIVE2, NOTES)
@differs(HIVE4, NOTES)
def test_the_definition_stays_as_it_was(hms: Client, parted: str) -> None:
    before = got(hms, parted, "t")
    hms.update_table_column_statistics(said(parted, l=long(1, 2, 3, 4)))
    assert got(hms, parted, "t") == before


def test_statistics_of_several_partitions_are_written_at_once(hms: Client, parted: str) -> None:
    found = [said(parted, "p=y", l=long(1, 2, 3, 4)), said(parted, "p=z", l=long(5, 6, 7, 8))]
    assert hms.set_aggr_stats_for(wire.SetPartitionsStatsRequest(colStats=found))
    assert of_partitions(hms, parted, "p=y", "p=z") == {"p=y": {"l": long(1, 2, 3, 4)}, "p=z": {"l": long(5, 6, 7, 8)}}
    assert hms.set_aggr_stats_for(wire.SetPartitionsStatsRequest(colStats=[]))


@differs(HIVE2, "fails inside where statistics of columns of all types are merged; here, as in 4.0, they are")
@pytest.mark.parametrize("at", [None, "p=y"])
def test_statistics_of_further_rows_are_merged(hms: Client, parted: str, at: str | None) -> None:
    if at is None:
        hms.update_table_column_statistics(said(parted, **data(1)))
    else:
        hms.update_partition_column_statistics(said(parted, at, **data(1)))
    request = wire.SetPartitionsStatsRequest(colStats=[said(parted, at, **data(2))], needMerge=True)
    if at is None:  # for a partition 4.0 answers false although it merges
        assert hms.set_aggr_stats_for(request)
    else:
        hms.set_aggr_stats_for(request)
    found = of_table(hms, parted) if at is None else of_partitions(hms, parted, at)[at]
    wanted = data(2)
    wanted["b"].booleanStats = wire.BooleanColumnStatsData(numTrues=3, numFalses=6, numNulls=9)
    for column, inner in (("l", "longStats"), ("s", "stringStats"), ("y", "binaryStats")):
        getattr(wanted[column], inner).numNulls = 3
    assert found == wanted


@differs(HIVE2, "takes statistics of new rows for those of all; here, as in 4.0, they are left out")
def test_statistics_of_further_rows_say_nothing_of_the_unknown_ones_before(hms: Client, parted: str) -> None:
    hms.set_aggr_stats_for(
        wire.SetPartitionsStatsRequest(colStats=[said(parted, "p=y", l=long(1, 2, 3, 4))], needMerge=True)
    )
    assert of_partitions(hms, parted, "p=y") == {}


def test_partitions_are_aggregated(hms: Client, parted: str) -> None:
    for n, at in ((1, "p=y"), (2, "p=z")):
        hms.update_partition_column_statistics(said(parted, at, l=data(n)["l"], s=data(n)["s"]))
    request = wire.PartitionsStatsRequest(dbName=parted, tblName="t", colNames=["l", "s"], partNames=["p=y", "p=z"])
    found = hms.get_aggr_stats_for(request)
    assert {one.colName: one.statsData for one in found.colStats} == {"l": long(-2, 18, 3, 8), "s": text(9, 5.0, 3, 8)}
    assert found.partsFound == 2


def test_nothing_is_made_up_for_partitions_without_statistics(hms: Client, parted: str) -> None:
    for n, at in ((1, "p=y"), (2, "p=z")):
        hms.update_partition_column_statistics(said(parted, at, l=data(n)["l"]))
    names = ["p=x%2Fy", "p=y", "p=z"]
    request = wire.PartitionsStatsRequest(dbName=parted, tblName="t", colNames=["l"], partNames=names)
    found = hms.get_aggr_stats_for(request)
    assert ([one.statsData for one in found.colStats], found.partsFound) == ([long(-2, 18, 3, 8)], 2)


@pytest.mark.parametrize(("names", "of"), [([], ["l"]), (["p=x%2Fy"], ["l"]), (["p=nope"], ["l"]), (["p=y"], [])])
def test_an_aggregate_of_nothing_is_empty(hms: Client, parted: str, names: list[str], of: list[str]) -> None:
    request = wire.PartitionsStatsRequest(dbName=parted, tblName="t", colNames=of, partNames=names)
    found = hms.get_aggr_stats_for(request)
    assert (found.colStats, found.partsFound) == ([], 0)


@not_on(HIVE2, LATER)
def test_statistics_are_written_by_request(hms: Client, parted: str) -> None:
    request = wire.SetPartitionsStatsRequest(colStats=[said(parted, l=long(1, 2, 3, 4))])
    assert hms.update_table_column_statistics_req(request).result
    request = wire.SetPartitionsStatsRequest(colStats=[said(parted, "p=y", l=long(5, 6, 7, 8))])
    assert hms.update_partition_column_statistics_req(request).result
    assert (of_table(hms, parted), of_partitions(hms, parted, "p=y")["p=y"]) == (
        {"l": long(1, 2, 3, 4)}, {"l": long(5, 6, 7, 8)},
    )  # fmt: skip


def test_statistics_are_deleted_by_column_or_all(hms: Client, parted: str) -> None:
    hms.update_table_column_statistics(said(parted, l=long(1, 2, 3, 4), s=text(1, 1.0, 0, 1)))
    hms.update_partition_column_statistics(said(parted, "p=y", l=long(1, 2, 3, 4), s=text(1, 1.0, 0, 1)))
    assert hms.delete_table_column_statistics(parted, "t", "l", "hive")
    assert hms.delete_partition_column_statistics(parted, "t", "p=y", "s", "hive")
    assert (list(of_table(hms, parted)), list(of_partitions(hms, parted, "p=y")["p=y"])) == (["s"], ["l"])
    assert hms.delete_table_column_statistics(parted, "t", None, "hive")
    assert hms.delete_partition_column_statistics(parted, "t", "p=y", None, "hive")
    assert (of_table(hms, parted), of_partitions(hms, parted, "p=y")) == ({}, {})


@not_on(HIVE2, "the method came with 4.1")
@not_on(HIVE4, "the method came with 4.1")
def test_statistics_are_deleted_by_request(hms: Client, parted: str) -> None:
    hms.update_table_column_statistics(said(parted, l=long(1, 2, 3, 4)))
    for at in ("p=y", "p=z"):
        hms.update_partition_column_statistics(said(parted, at, l=long(1, 2, 3, 4), s=text(1, 1.0, 0, 1)))
    request = wire.DeleteColumnStatisticsRequest(db_name=parted, tbl_name="t", part_names=["p=y"], col_names=["l"])
    assert hms.delete_column_statistics_req(request)
    found = of_partitions(hms, parted, "p=y", "p=z")
    assert (list(found["p=y"]), sorted(found["p=z"]), list(of_table(hms, parted))) == (["s"], ["l", "s"], ["l"])
    hms.delete_column_statistics_req(wire.DeleteColumnStatisticsRequest(db_name=parted, tbl_name="t", tableLevel=True))
    hms.delete_column_statistics_req(wire.DeleteColumnStatisticsRequest(db_name=parted, tbl_name="t"))
    assert (of_partitions(hms, parted, "p=y", "p=z"), of_table(hms, parted)) == ({}, {})


def test_a_column_of_another_type_loses_its_statistics(hms: Client, parted: str) -> None:
    hms.update_table_column_statistics(said(parted, l=long(1, 2, 3, 4), s=text(1, 1.0, 0, 1)))
    new = got(hms, parted, "t")
    new.sd.cols[1].type = "string"
    hms.alter_table(parted, "t", new)
    assert list(of_table(hms, parted)) == ["s"]


def test_statistics_follow_a_renamed_table(hms: Client, parted: str) -> None:
    hms.update_table_column_statistics(said(parted, l=long(1, 2, 3, 4)))
    new = got(hms, parted, "t")
    new.tableName = "u"
    hms.alter_table(parted, "t", new)
    request = wire.TableStatsRequest(dbName=parted, tblName="u", colNames=["l"])
    assert [one.statsData for one in hms.get_table_statistics_req(request).tableStats] == [long(1, 2, 3, 4)]


def test_statistics_go_with_their_table(hms: Client, parted: str) -> None:
    hms.update_table_column_statistics(said(parted, l=long(1, 2, 3, 4)))
    hms.drop_table(parted, "t", True)
    hms.create_table(table(parted, "t", sd=storage("l bigint")))
    assert of_table(hms, parted) == {}


def test_statistics_of_a_missing_table_are_refused(hms: Client, database: str) -> None:
    with refused(wire.NoSuchObjectException):
        hms.update_table_column_statistics(said(database, l=long(1, 2, 3, 4)))
    with refused(wire.InvalidObjectException):
        hms.update_partition_column_statistics(said(database, "p=y", l=long(1, 2, 3, 4)))
    with refused(wire.NoSuchObjectException):
        hms.set_aggr_stats_for(wire.SetPartitionsStatsRequest(colStats=[said(database, l=long(1, 2, 3, 4))]))
    with refused(wire.NoSuchObjectException):
        hms.get_table_statistics_req(wire.TableStatsRequest(dbName=database, tblName="t", colNames=["l"]))
    with refused(wire.NoSuchObjectException):
        hms.get_table_column_statistics(database, "t", "l")
    with refused(wire.NoSuchObjectException):
        hms.get_partition_column_statistics(database, "t", "p=y", "l")
    with refused(wire.NoSuchObjectException):
        hms.delete_table_column_statistics(database, "t", "l", "hive")
    with refused(wire.InvalidObjectException):
        hms.delete_partition_column_statistics(database, "t", "p=y", "l", "hive")


@pytest.mark.parametrize("method", ["get_partitions_statistics_req", "get_aggr_stats_for"])
def test_statistics_of_partitions_of_a_missing_table_are_refused(hms: Client, database: str, method: str) -> None:
    request = wire.PartitionsStatsRequest(dbName=database, tblName="t", colNames=["l"], partNames=["p=y"])
    with refused(wire.NoSuchObjectException):
        getattr(hms, method)(request)


@not_on(HIVE2, LATER)
def test_a_request_is_of_one_table_or_partition(hms: Client, parted: str) -> None:
    with refused(wire.InvalidInputException, match="Only one stats object expected"):
        hms.update_table_column_statistics_req(wire.SetPartitionsStatsRequest(colStats=[]))
    with refused(wire.InvalidInputException, match="Only one stats object expected"):
        hms.update_partition_column_statistics_req(wire.SetPartitionsStatsRequest(colStats=[]))
    missing = wire.SetPartitionsStatsRequest(colStats=[said(parted, l=long(1, 2, 3, 4), name="nope")])
    with refused(wire.NoSuchObjectException):
        hms.update_table_column_statistics_req(missing)
    missing = wire.SetPartitionsStatsRequest(colStats=[said(parted, "p=nope", l=long(1, 2, 3, 4))])
    with refused(wire.NoSuchObjectException):
        hms.update_partition_column_statistics_req(missing)
    missing = wire.SetPartitionsStatsRequest(colStats=[said(parted, "p=y", l=long(1, 2, 3, 4), name="nope")])
    with refused(wire.InvalidObjectException):
        hms.update_partition_column_statistics_req(missing)


def test_a_table_has_one_set_of_statistics(hms: Client, parted: str) -> None:
    twice = [said(parted, l=long(1, 2, 3, 4)), said(parted, s=text(1, 1.0, 0, 1))]
    with refused(wire.MetaException, match="Expecting only 1 ColumnStatistics"):
        hms.set_aggr_stats_for(wire.SetPartitionsStatsRequest(colStats=twice))


def test_a_missing_partition_is_refused(hms: Client, parted: str) -> None:
    with refused(wire.NoSuchObjectException):
        hms.update_partition_column_statistics(said(parted, "p=nope", l=long(1, 2, 3, 4)))
    with refused(wire.NoSuchObjectException):
        hms.delete_partition_column_statistics(parted, "t", "p=nope", "l", "hive")


def test_a_partition_has_a_name(hms: Client, parted: str) -> None:
    with refused(wire.MetaException):
        hms.update_partition_column_statistics(said(parted, "garbage", l=long(1, 2, 3, 4)))
    with refused(wire.MetaException):
        hms.delete_partition_column_statistics(parted, "t", "garbage", "l", "hive")


def test_a_column_that_a_table_has_not_is_refused(hms: Client, parted: str) -> None:
    with refused(wire.MetaException):
        hms.update_table_column_statistics(said(parted, zz=long(1, 2, 3, 4)))


def test_statistics_that_are_not_there_are_not_deleted(hms: Client, parted: str) -> None:
    with refused(wire.NoSuchObjectException):
        hms.delete_table_column_statistics(parted, "t", "l", "hive")
    with refused(wire.NoSuchObjectException):
        hms.delete_partition_column_statistics(parted, "t", "p=y", "l", "hive")


@differs(HIVE2, "answers nothing at all, which clients take for a broken server")
@differs(HIVE4, "answers nothing at all, which clients take for a broken server")
@pytest.mark.parametrize("at", [None, "p=y"])
def test_statistics_that_are_not_there_are_not_told(hms: Client, parted: str, at: str | None) -> None:
    if at is None:
        with refused(wire.NoSuchObjectException):
            hms.get_table_column_statistics(parted, "t", "l")
    else:
        with refused(wire.NoSuchObjectException):
            hms.get_partition_column_statistics(parted, "t", at, "l")
