"""Compactions: asked for, worked on elsewhere, and what becomes of them."""

from __future__ import annotations

from typing import Any

import pytest

from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.metastore import table
from tests.metastore.servers import HIVE2, HIVE4, Client, differs, not_on, refused
from tests.metastore.txns import UNKNOWN, abort, allocate, begun, commit, place, valid

SINCE_4 = not_on(HIVE2, "the method came with 4.0")
MINOR, MAJOR, REBALANCE = 1, 2, 3
COMPACTION = 3
TYPED = differs(HIVE4, "says internal error; here it is the exception that the method declares for it")


def request(database: str, **fields: Any) -> wire.CompactionRequest:
    return wire.CompactionRequest(**{"dbname": database, "tablename": "t", "type": MAJOR} | fields)


def shown(hms: Client, database: str) -> list[wire.ShowCompactResponseElement]:
    return [one for one in hms.show_compact(wire.ShowCompactRequest()).compacts if one.dbname == database]


def claimed(hms: Client, database: str, **fields: Any) -> wire.CompactionInfoStruct:
    """A request in a pool of its own, given to a worker."""
    hms.compact2(request(database, poolName=database, **fields))
    asked = wire.FindNextCompactRequest(workerId="w-1", workerVersion="4", poolName=database)
    found = hms.find_next_compact2(asked).ci
    assert found is not None
    return found


def state(hms: Client, database: str) -> str:
    (one,) = shown(hms, database)
    said: str = one.state
    return said


def test_a_request_waits_and_is_shown(hms: Client) -> None:
    database = place()
    hms.compact(request(database))
    answer = hms.compact2(request(database, partitionname="p=1", type=MINOR, runas="bob"))
    assert (answer.state, answer.accepted) == ("initiated", True)
    found = {one.partitionname: one for one in shown(hms, database)}
    assert (found[None].tablename, found[None].type, found[None].state) == ("t", MAJOR, "initiated")
    one = found["p=1"]
    assert (one.id, one.type, one.state, one.runAs) == (answer.id, MINOR, "initiated", "bob")


@SINCE_4
def test_the_same_is_not_asked_for_twice(hms: Client) -> None:
    database = place()
    first = hms.compact2(request(database))
    again = hms.compact2(request(database, type=MINOR))
    assert (again.id, again.state, again.accepted) == (-1, "refused", False)
    assert again.errormessage == f"Compaction is already scheduled with state='initiated' and id={first.id}"
    assert hms.compact2(request(database, partitionname="p=1")).accepted


@SINCE_4
def test_requests_are_found_by_what_they_are(hms: Client) -> None:
    database = place()
    hms.compact2(request(database))
    hms.compact2(request(database, tablename="u", type=REBALANCE, poolName=database, numberOfBuckets=3))
    hms.compact2(request(database, partitionname="p=1"))

    def tables(**filters: Any) -> list[str]:
        found = hms.show_compact(wire.ShowCompactRequest(dbName=database, **filters)).compacts
        return [one.tablename + (one.partitionname or "") for one in found]

    assert tables() == ["t", "u", "tp=1"]
    assert tables(tbName="u") == tables(poolName=database) == tables(type=REBALANCE) == ["u"]
    assert tables(partName="p=1") == ["tp=1"]
    assert tables(state="i", limit=1) == ["t"]
    assert tables(state="w") == []
    assert tables(order='"CC_TABLE" DESC,"CC_ID" DESC') == ["u", "tp=1", "t"]


@SINCE_4
def test_a_worker_is_given_the_oldest_request_of_its_pool(hms: Client) -> None:
    database = place()
    fields = {"partitionname": "p=1", "properties": {"a": "b", "key": "value"}, "orderByClause": "a"}
    found = claimed(hms, database, **fields)
    assert (found.dbname, found.tablename, found.partitionname, found.type) == (database, "t", "p=1", MAJOR)
    assert (found.properties, found.poolname, found.orderByClause) == ("2:1:a1:b3:key5:value", database, "a")
    (one,) = shown(hms, database)
    assert (one.id, one.state, one.workerid, one.workerVersion) == (found.id, "working", "w-1", "4")
    assert one.start is not None
    assert hms.find_next_compact2(wire.FindNextCompactRequest(poolName=database)).ci is None


@SINCE_4
def test_a_worker_of_no_pool_is_given_what_waits(hms: Client) -> None:
    database = place()
    hms.compact2(request(database))
    while hms.find_next_compact("w-2").ci.dbname != database:
        pass
    assert state(hms, database) == "working"


@SINCE_4
def test_a_compaction_goes_its_way(hms: Client) -> None:
    database = place()
    found = claimed(hms, database, partitionname="p=1")
    (txn,) = begun(hms, txn_type=COMPACTION)
    found.highestWriteId, found.runas = 3, "carl"
    hms.update_compactor_state(found, txn)
    hms.set_hadoop_jobid("job_1", found.id)
    hms.mark_compacted(found)
    (one,) = shown(hms, database)
    assert (one.state, one.runAs, one.hadoopJobId, one.hightestTxnId) == ("ready for cleaning", "carl", "job_1", 3)
    assert (one.txnId, one.workerid, one.commitTime) == (txn, None, 0)
    commit(hms, txn)
    (one,) = shown(hms, database)
    assert one.nextTxnId >= txn
    assert one.commitTime > 0
    hms.mark_cleaned(found)
    hms.mark_cleaned(found)
    (one,) = shown(hms, database)
    assert (one.state, one.endTime >= one.start) == ("succeeded", True)


@SINCE_4
def test_new_files_can_be_read_before_old_ones_are_deleted(hms: Client, database: str) -> None:
    hms.create_table(table(database, "t", "p int"))

    def latest(**fields: Any) -> list[int]:
        asked = wire.GetLatestCommittedCompactionInfoRequest(dbname=database, tablename="t", **fields)
        return [one.id for one in hms.get_latest_committed_compaction_info(asked).compactions]

    found = claimed(hms, database, partitionname="p=1")
    assert latest(partitionnames=["p=1"]) == []
    hms.mark_compacted(found)
    assert latest(partitionnames=["p=1", "p=2"]) == [found.id]
    assert latest(partitionnames=["p=2"]) == []
    assert latest(partitionnames=["p=1"], lastCompactionId=found.id) == []
    hms.mark_cleaned(found)
    assert latest(partitionnames=["p=1"]) == [found.id]


@SINCE_4
@pytest.mark.parametrize(("mark", "said"), [("mark_failed", "failed"), ("mark_refused", "refused")])
def test_a_worker_may_give_up(hms: Client, mark: str, said: str) -> None:
    database = place()
    found = claimed(hms, database)
    found.errorMessage = "no space"
    if mark == "mark_failed":
        hms.mark_failed(found)
    else:
        hms.mark_refused(found)
    (one,) = shown(hms, database)
    assert (one.state, one.errorMessage, one.id) == (said, "no space", found.id)
    assert hms.compact2(request(database)).accepted


@SINCE_4
def test_what_could_not_even_be_asked_for_is_on_record(hms: Client) -> None:
    database = place()
    hms.mark_failed(wire.CompactionInfoStruct(id=0, dbname=database, tablename="t", type=MAJOR, errorMessage="no"))
    assert state(hms, database) == "did not initiate"


@SINCE_4
@TYPED
def test_what_is_not_in_the_queue_cannot_fail_or_be_refused(hms: Client) -> None:
    gone = wire.CompactionInfoStruct(id=UNKNOWN, dbname="d", tablename="t", type=MAJOR)
    with refused(wire.MetaException):
        hms.mark_failed(gone)
    with refused(wire.MetaException):
        hms.mark_refused(gone)


@SINCE_4
def test_what_is_not_in_the_queue_cannot_be_compacted_but_is_clean(hms: Client) -> None:
    gone = wire.CompactionInfoStruct(id=UNKNOWN, dbname="d", tablename="t", type=MAJOR)
    with refused(wire.MetaException):
        hms.mark_compacted(gone)
    hms.mark_cleaned(gone)


@SINCE_4
def test_requests_that_wait_may_be_aborted(hms: Client) -> None:
    database = place()
    waiting = hms.compact2(request(database, tablename="u")).id
    working = claimed(hms, database).id
    asked = wire.AbortCompactionRequest(compactionIds=[waiting, working, UNKNOWN])
    said = {key: (one.status, one.message) for key, one in hms.abort_Compactions(asked).abortedcompacts.items()}
    assert said == {
        waiting: ("Success", "Successfully aborted compaction"),
        working: ("Error", "Error while aborting compaction as compaction is in state-working"),
        UNKNOWN: ("Error", "No Such Compaction Id Available"),
    }
    assert {one.id: one.state for one in shown(hms, database)} == {waiting: "aborted", working: "working"}


@SINCE_4
def test_only_the_deletion_of_old_files_may_be_asked_for(hms: Client) -> None:
    database = place()
    (txn,) = begun(hms)
    assert hms.submit_for_cleanup(request(database), 12, txn)
    (one,) = shown(hms, database)
    assert (one.state, one.hightestTxnId, one.txnId) == ("ready for cleaning", 12, txn)
    abort(hms, txn)


@SINCE_4
def test_aborted_writes_are_left_out_until_they_are_cleaned(hms: Client) -> None:
    database = place()
    committed, aborted = begun(hms, 2)
    allocate(hms, database, committed, aborted)
    touch = wire.AddDynamicPartitions(
        txnid=aborted, writeid=2, dbname=database, tablename="t", partitionnames=["p=1"], operationType=2
    )
    hms.add_dynamic_partitions(touch)
    commit(hms, committed)
    abort(hms, aborted)
    found = claimed(hms, database, partitionname="p=1")
    (txn,) = begun(hms, txn_type=COMPACTION)
    found.highestWriteId = 2
    hms.update_compactor_state(found, txn)
    hms.mark_compacted(found)
    commit(hms, txn)
    assert valid(hms, f"{database}.t") == (2, [2], None, b"\x01")
    hms.mark_cleaned(found)
    assert state(hms, database) == "succeeded"


@SINCE_4
def test_columns_with_statistics_are_named(hms: Client, database: str) -> None:
    hms.create_table(table(database, "t"))
    info = wire.CompactionInfoStruct(id=1, dbname=database, tablename="t", type=MAJOR)
    assert hms.find_columns_with_stats(info) == []
    longs = wire.LongColumnStatsData(numNulls=0, numDVs=1, lowValue=1, highValue=1)
    column = wire.ColumnStatisticsObj(colName="id", colType="int", statsData=wire.ColumnStatisticsData(longStats=longs))
    about = wire.ColumnStatisticsDesc(isTblLevel=True, dbName=database, tableName="t")
    hms.update_table_column_statistics(wire.ColumnStatistics(statsDesc=about, statsObj=[column], engine="hive"))
    assert hms.find_columns_with_stats(info) == ["id"]


@SINCE_4
def test_what_workers_count_is_taken(hms: Client) -> None:
    name = {"dbname": place(), "tblname": "t", "partitionname": "p=1", "type": 1}
    for count in (5, 1):
        data = wire.CompactionMetricsDataStruct(**name, metricvalue=count, version=1, threshold=3)
        assert hms.update_compaction_metrics_data(data)
    hms.remove_compaction_metrics_data(
        wire.CompactionMetricsDataRequest(dbName=name["dbname"], tblName="t", partitionName="p=1", type=1)
    )
