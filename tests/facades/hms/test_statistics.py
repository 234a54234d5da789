"""Column statistics that only ours has tests for: kinds that Hive 2 knows not, and writers that do not wait."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event

from catalog_server.services import Services
from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.metastore import Metastore, partition, storage, table


def _said(database: str, at: str | None, data: Any, column: str = "l", kind: str = "bigint") -> Any:
    what = wire.ColumnStatisticsDesc(isTblLevel=at is None, dbName=database, tableName="t", partName=at)
    one = wire.ColumnStatisticsObj(colName=column, colType=kind, statsData=data)
    return wire.ColumnStatistics(statsDesc=what, statsObj=[one])


def _long(**said: Any) -> Any:
    return wire.ColumnStatisticsData(longStats=wire.LongColumnStatsData(**{"numNulls": 1, "numDVs": 3} | said))


def test_times_and_sketches_come_back_as_they_went(hms: Metastore, database: str) -> None:
    hms.create_table(table(database, "t", sd=storage("l timestamp")))
    data = wire.ColumnStatisticsData(
        timestampStats=wire.TimestampColumnStatsData(
            lowValue=wire.Timestamp(secondsSinceEpoch=1),
            highValue=wire.Timestamp(secondsSinceEpoch=2),
            numNulls=0,
            numDVs=2,
            bitVectors=b"\x01\xff",
            histogram=b"\x02",
        )
    )
    hms.update_table_column_statistics(_said(database, None, data, kind="timestamp"))
    request = wire.TableStatsRequest(dbName=database, tblName="t", colNames=["l"])
    assert hms.get_table_statistics_req(request).tableStats[0].statsData == data


def test_merging_leaves_out_sketches_that_tell_of_one_side_only(hms: Metastore, database: str) -> None:
    hms.create_table(table(database, "t", sd=storage("l bigint")))
    for _ in range(2):
        request = wire.SetPartitionsStatsRequest(colStats=[_said(database, None, _long(bitVectors=b"\x01"))])
        hms.set_aggr_stats_for(request)
        request.needMerge = True
        hms.set_aggr_stats_for(request)
    request = wire.TableStatsRequest(dbName=database, tblName="t", colNames=["l"])
    assert hms.get_table_statistics_req(request).tableStats[0].statsData == _long(numNulls=2)


def test_a_new_table_that_says_nothing_is_unknown_takes_what_is_merged(hms: Metastore, database: str) -> None:
    said = {"COLUMN_STATS_ACCURATE": '{"BASIC_STATS":"true","COLUMN_STATS":{"l":"true"}}'}
    hms.create_table(table(database, "t", sd=storage("l bigint"), parameters=said))
    request = wire.SetPartitionsStatsRequest(colStats=[_said(database, None, _long())], needMerge=True)
    assert hms.set_aggr_stats_for(request)


def test_writers_of_different_partitions_share_no_row(hms: Metastore, database: str, hms_services: Services) -> None:
    hms.create_table(table(database, "t", keys="p string", sd=storage("l bigint")))
    hms.add_partitions([partition(database, "t", ["x"])])
    written: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if not statement.lstrip().upper().startswith(("SELECT", "BEGIN", "PRAGMA")):
            written.append(" ".join(statement.split()[:3]))

    engine = hms_services.catalog.store.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        hms.update_partition_column_statistics(_said(database, "p=x", _long()))
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert written == ["INSERT INTO column_statistics"]
