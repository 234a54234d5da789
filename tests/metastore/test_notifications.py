"""The notification log: every change in Hive's own messages, and what clients leave for each other."""

from __future__ import annotations

import json
from typing import Any

import pytest
from thrift.protocol.TJSONProtocol import TJSONProtocol
from thrift.Thrift import TApplicationException
from thrift.transport.TTransport import TMemoryBuffer

from catalog_server.wire import codec
from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.metastore import columns, partition, table
from tests.metastore.servers import HIVE2, HIVE4, OURS, Client, differs, not_on, refused
from tests.metastore.txns import allocate, begun, commit, place, touch

FROM_4 = "came with Hive 4.0"


def now(hms: Client) -> int:
    return int(hms.get_current_notificationEventId().eventId)


def since(hms: Client, last: int, database: str | None = None, **more: Any) -> list[Any]:
    request = wire.NotificationEventRequest(lastEvent=last, dbName=database, **more)
    return list(hms.get_next_notification(request).events)


def types(events: list[Any]) -> list[str]:
    return [event.eventType for event in events]


def read(kind: str, text: str) -> Any:
    struct = getattr(wire, kind)()
    struct.read(TJSONProtocol(TMemoryBuffer(text.encode())))
    return struct


def struct_of(pair: Any, name: str) -> Any:
    """Class and specification of a struct's field."""
    return next(field[3] for field in pair[1] if field is not None and field[2] == name)


def insert(**more: Any) -> Any:
    return wire.FireEventRequestData(insertData=wire.InsertEventRequestData(filesAdded=["file:/f"], **more))


def fire(hms: Client, database: str, name: str, data: Any, **more: Any) -> Any:
    return hms.fire_listener_event(
        wire.FireEventRequest(successful=True, data=data, dbName=database, tableName=name, **more)
    )


@differs(HIVE4, "keeps no log of events unless a listener is configured, which is not part of it")
@differs(HIVE2, "keeps no log of events unless a listener is configured, which is not part of it")
def test_changes_of_tables_are_told_with_what_was_before(hms: Client, database: str) -> None:
    start = now(hms)
    hms.create_table(table(database, "T", parameters={"a": "1"}))
    held = hms.get_table_req(wire.GetTableRequest(dbName=database, tblName="t")).table
    held.parameters = {**held.parameters, "a": "2"}
    hms.alter_table(database, "t", held)
    held.tableName = "u"
    hms.alter_table(database, "t", held)
    hms.drop_table(database, "u", False)
    made, altered, renamed, dropped = since(hms, start, database)
    assert types([made, altered, renamed, dropped]) == ["CREATE_TABLE", "ALTER_TABLE", "ALTER_TABLE", "DROP_TABLE"]
    assert (made.dbName, made.tableName, made.messageFormat) == (database, "t", "json-0.2")
    assert read("Table", json.loads(made.message)["tableObjJson"]).parameters["a"] == "1"
    said = json.loads(altered.message)
    assert read("Table", said["tableObjBeforeJson"]).parameters["a"] == "1"
    assert read("Table", said["tableObjAfterJson"]).parameters["a"] == "2"
    said = json.loads(renamed.message)
    before, after = read("Table", said["tableObjBeforeJson"]), read("Table", said["tableObjAfterJson"])
    assert (before.tableName, after.tableName) == ("t", "u")
    said = json.loads(dropped.message)
    assert (said["table"], said["tableType"]) == ("u", "MANAGED_TABLE")


@differs(HIVE4, "keeps no log of events unless a listener is configured, which is not part of it")
@differs(HIVE2, "keeps no log of events unless a listener is configured, which is not part of it")
def test_changes_of_databases_are_told_when_the_database_is_gone(hms: Client) -> None:
    start = now(hms)
    hms.create_database(wire.Database(name="Told", description="first"))
    held = hms.get_database("told")
    held.description = "second"
    hms.alter_database("told", held)
    hms.drop_database("told", True, True)
    made, altered, dropped = since(hms, start, "told")
    assert types([made, altered, dropped]) == ["CREATE_DATABASE", "ALTER_DATABASE", "DROP_DATABASE"]
    assert read("Database", json.loads(made.message)["dbJson"]).description == "first"
    said = json.loads(altered.message)
    assert read("Database", said["dbObjBeforeJson"]).description == "first"
    assert read("Database", said["dbObjAfterJson"]).description == "second"
    assert json.loads(dropped.message)["db"] == "told"


@differs(HIVE4, "keeps no log of events unless a listener is configured, which is not part of it")
@differs(HIVE2, "keeps no log of events unless a listener is configured, which is not part of it")
def test_changes_of_partitions_are_told_each_with_a_number_where_hive_has_one(hms: Client, database: str) -> None:
    hms.create_table(table(database, "p", "ds string"))
    start = now(hms)
    hms.add_partitions([partition(database, "p", [value]) for value in ("a", "b")])
    changed = [partition(database, "p", [value], parameters={"x": value}) for value in ("a", "b")]
    hms.alter_partitions(database, "p", changed)
    hms.drop_partition(database, "p", ["a"], False)
    events = since(hms, start, database)
    assert types(events) == ["ADD_PARTITION", "ALTER_PARTITION", "ALTER_PARTITION", "DROP_PARTITION"]
    assert [event.eventId for event in events] == list(range(start + 1, start + 5))
    assert json.loads(events[0].message)["partitions"] == [{"ds": "a"}, {"ds": "b"}]
    said = json.loads(events[2].message)
    assert said["keyValues"] == {"ds": "b"}
    assert "x" not in (read("Partition", said["partitionObjBeforeJson"]).parameters or {})
    assert read("Partition", said["partitionObjAfterJson"]).parameters["x"] == "b"
    assert json.loads(events[3].message)["partitions"] == [{"ds": "a"}]


@differs(HIVE4, "keeps no log of events unless a listener is configured, which is not part of it")
@differs(HIVE2, "keeps no log of events unless a listener is configured, which is not part of it")
def test_the_log_is_read_in_pages_of_any_size(hms: Client, database: str) -> None:
    hms.create_table(table(database, "p", "ds string"))
    hms.add_partitions([partition(database, "p", [value]) for value in ("a", "b", "c")])
    start = now(hms)
    hms.alter_partitions(database, "p", [partition(database, "p", [value]) for value in ("a", "b", "c")])
    hms.create_table(table(database, "t"))
    whole = since(hms, start)
    assert [event.eventId for event in whole] == list(range(start + 1, start + 5))
    paged: list[Any] = []
    while found := since(hms, paged[-1].eventId if paged else start, maxEvents=1):
        paged += found
    assert paged == whole


@differs(HIVE4, "keeps no log of events unless a listener is configured, which is not part of it")
@not_on(HIVE2, FROM_4)
def test_the_log_is_narrowed_to_databases_tables_and_types(hms: Client, database: str) -> None:
    start = now(hms)
    for name in ("t", "u"):
        hms.create_table(table(database, name))
    hms.drop_table(database, "t", False)
    assert types(since(hms, start, database.upper(), tableNames=["T"])) == ["CREATE_TABLE", "DROP_TABLE"]
    assert types(since(hms, start, database, eventTypeSkipList=["CREATE_TABLE"])) == ["DROP_TABLE"]
    assert since(hms, start, "nope") == []


@differs(HIVE4, "keeps no log of events unless a listener is configured, which is not part of it")
@not_on(HIVE2, "came with Hive 3.0")
def test_events_are_counted(hms: Client, database: str) -> None:
    start = now(hms)
    for name in ("t", "u", "v"):
        hms.create_table(table(database, name))
    ask = {"fromEventId": start, "dbName": database}
    count = hms.get_notification_events_count(
        wire.NotificationEventsCountRequest(fromEventId=start, dbName=database)
    ).eventsCount
    assert count == 3
    for more, expected in (
        ({"limit": 2}, 2),
        ({"toEventId": start + 1}, 1),
        ({"tableNames": ["u"]}, 1),
        ({"dbName": "nope"}, 0),
    ):
        assert hms.get_notification_events_count(
            wire.NotificationEventsCountRequest(**(ask | more))
        ).eventsCount == expected  # fmt: skip


@differs(HIVE4, "keeps no log of events unless a listener is configured, which is not part of it")
@not_on(HIVE2, "has another request of that name")
def test_an_insert_is_told_to_others(hms: Client, database: str) -> None:
    hms.create_table(table(database, "t"))
    hms.create_table(table(database, "p", "ds string"))
    hms.add_partition(partition(database, "p", ["a"]))
    start = now(hms)
    request = wire.FireEventRequest(successful=True, data=insert(replace=True), dbName=database, tableName="t")
    answered = hms.fire_listener_event(request).eventIds
    of_partition = wire.InsertEventRequestData(filesAdded=["g"], subDirectoryList=["s"], partitionVal=["a"])
    answered += fire(hms, database, "p", wire.FireEventRequestData(insertDatas=[of_partition])).eventIds
    answered += fire(hms, database, "p", wire.FireEventRequestData(refreshEvent=True), partitionVals=["a"]).eventIds
    first, second, third = since(hms, start)
    assert types([first, second, third]) == ["INSERT", "INSERT", "RELOAD"]
    assert answered == [first.eventId, second.eventId, third.eventId]
    said = json.loads(first.message)
    assert (said["files"], said["replace"], said["ptnObjJson"]) == (["file:/f###"], "true", None)
    said = json.loads(second.message)
    assert (said["files"], said["replace"]) == (["g###s"], "false")
    assert read("Partition", said["ptnObjJson"]).values == ["a"]


@not_on(HIVE4, "knows the request of Hive 4 alone")
@differs(HIVE2, "keeps no log of events unless a listener is configured, which is not part of it")
def test_an_insert_of_hive_2_is_told_to_others(hms: Client, database: str) -> None:
    hms.create_table(table(database, "t"))
    start = now(hms)
    older = wire.method("fire_listener_event").older
    request = struct_of(older.arguments, "rqst")
    data = struct_of(request, "data")
    said = struct_of(data, "insertData")[0](filesAdded=["f", "g"])
    event = request[0](successful=True, data=data[0](insertData=said), dbName=database, tableName="t")
    protocol = hms._protocol
    protocol.writeMessageBegin("fire_listener_event", codec.CALL, 1)
    older.arguments[0](rqst=event).write(protocol)
    protocol.writeMessageEnd()
    protocol.trans.flush()
    assert protocol.readMessageBegin()[:2] == ("fire_listener_event", codec.REPLY)
    older.result[0]().read(protocol)
    protocol.readMessageEnd()
    assert [json.loads(event.message)["files"] for event in since(hms, start)] == [["f###", "g###"]]


@not_on(HIVE2, "has another request of that name")
@pytest.mark.parametrize(("name", "values"), [("nope", None), ("p", ["z"])])
def test_an_insert_into_nothing_is_refused(hms: Client, database: str, name: str, values: Any) -> None:
    hms.create_table(table(database, "p", "ds string"))
    request = wire.FireEventRequest(
        successful=True, data=insert(), dbName=database, tableName=name, partitionVals=values
    )
    with refused(TApplicationException):
        hms.fire_listener_event(request)


@differs(HIVE4, "keeps no log of events unless a listener is configured, which is not part of it")
@not_on(HIVE2, "came with Hive 3.0")
def test_constraints_and_functions_are_told(hms: Client, database: str) -> None:
    hms.create_table(table(database, "t"))
    start = now(hms)
    key = wire.SQLPrimaryKey(table_db=database, table_name="t", column_name="id", key_seq=1, pk_name="key")
    hms.add_primary_key(wire.AddPrimaryKeyRequest(primaryKeyCols=[key]))
    hms.drop_constraint(wire.DropConstraintRequest(dbname=database, tablename="t", constraintname="key"))
    hms.create_function(wire.Function(functionName="F", dbName=database, className="c", ownerType=1, functionType=1))
    hms.drop_function(database, "f")
    events = since(hms, start)
    assert types(events) == ["ADD_PRIMARYKEY", "DROP_CONSTRAINT", "CREATE_FUNCTION", "DROP_FUNCTION"]
    said = [json.loads(event.message) for event in events]
    assert read("SQLPrimaryKey", said[0]["primaryKeyListJson"][0]).pk_name == "key"
    assert (said[1]["tableName"], said[1]["constraintName"]) == ("t", "key")
    assert read("Function", said[2]["functionObjJson"]).functionName == "f"
    assert said[3]["functionName"] == "f"


def test_a_partition_is_marked_whether_it_exists_or_not(hms: Client, database: str) -> None:
    hms.create_table(table(database, "p", "ds string, hr int"))
    hms.markPartitionForEvent(database, "p", {"ds": "a", "hr": "1"}, 1)
    hms.markPartitionForEvent(database, "p", {"ds": "a", "hr": "1"}, 1)
    assert hms.isPartitionMarkedForEvent(database, "p", {"hr": "1", "ds": "a"}, 1) is True
    assert hms.isPartitionMarkedForEvent(database, "p", {"ds": "b", "hr": "1"}, 1) is False


def test_marks_of_nothing_are_refused(hms: Client, database: str) -> None:
    hms.create_table(table(database, "p", "ds string"))
    with refused(wire.UnknownTableException):
        hms.markPartitionForEvent(database, "nope", {"ds": "a"}, 1)
    with refused(wire.UnknownTableException):
        hms.isPartitionMarkedForEvent("nope", "p", {"ds": "a"}, 1)
    for said in ({}, {"other": "a"}, {"ds": "a", "hr": "1"}):
        with refused(wire.InvalidPartitionException):
            hms.markPartitionForEvent(database, "p", said, 1)
        with refused(wire.InvalidPartitionException):
            hms.isPartitionMarkedForEvent(database, "p", said, 1)


@differs(HIVE4, "keeps no log of events unless a listener is configured, which is not part of it")
@not_on(HIVE2, FROM_4)
def test_what_a_transaction_wrote_is_noted(hms: Client, database: str) -> None:
    hms.create_table(table(database, "t"))
    hms.create_table(table(database, "p", "ds string"))
    files = wire.InsertEventRequestData(filesAdded=["f", "g"])
    number = int(database[1:], 16)
    one = wire.WriteNotificationLogRequest(txnId=number, writeId=3, db=database, table="t", fileInfo=files)
    hms.add_write_notification_log(one)
    other = wire.WriteNotificationLogRequest(
        txnId=number, writeId=4, db=database, table="p", fileInfo=files, partitionVals=["a"]
    )
    hms.add_write_notification_log_in_batch(
        wire.WriteNotificationLogBatchRequest(catalog="hive", db=database, table="p", requestList=[other])
    )
    first, second = hms.get_all_write_event_info(wire.GetAllWriteEventInfoRequest(txnId=number))
    assert (first.writeId, first.table, first.files, first.partition) == (3, "t", "f###,g###", "")
    assert (second.writeId, second.table, second.partition) == (4, "p", "ds=a")
    assert read("Table", first.tableObj).tableName == "t"
    assert read("Partition", second.partitionObj).values == ["a"]
    narrowed = wire.GetAllWriteEventInfoRequest(txnId=number, dbName=database, tableName="p")
    assert hms.get_all_write_event_info(narrowed) == [second]


@not_on(HIVE2, FROM_4)
def test_replication_reports_of_itself(hms: Client, database: str) -> None:
    first = int(database[1:], 16)

    def report(number: int, **more: Any) -> Any:
        more = {"metadata": "{}", "progress": "{1}"} | more
        return wire.ReplicationMetrics(scheduledExecutionId=number, policy=database, dumpExecutionId=5, **more)

    hms.add_replication_metrics(
        wire.ReplicationMetricList(replicationMetricList=[report(first), report(first + 1, progress="{2}")])
    )
    hms.add_replication_metrics(
        wire.ReplicationMetricList(replicationMetricList=[report(first, metadata=None, progress="{3}")])
    )
    found = hms.get_replication_metrics(wire.GetReplicationMetricsRequest(policy=database)).replicationMetricList
    assert [(one.scheduledExecutionId, one.metadata, one.progress) for one in found] == [
        (first + 1, "{}", "{2}"), (first, "{}", "{3}")
    ]  # fmt: skip
    (only,) = hms.get_replication_metrics(
        wire.GetReplicationMetricsRequest(scheduledExecutionId=first)
    ).replicationMetricList
    assert only == found[1]


@not_on(HIVE2, "came with Hive 3.0")
def test_there_is_nothing_to_recycle(hms: Client, database: str) -> None:
    asked = wire.CmRecycleRequest(dataPath=f"/nowhere/{database}", purge=True)
    assert hms.cm_recycle(asked) == wire.CmRecycleResponse()


@differs(HIVE4, "keeps no log of events unless a listener is configured, which is not part of it")
@not_on(HIVE2, "came with Hive 3.0")
def test_transactions_are_told_but_those_that_only_read(hms: Client) -> None:
    start, database = now(hms), place()
    first, second = begun(hms, 2)
    (reader,) = begun(hms, txn_type=wire.TxnType.READ_ONLY)
    allocate(hms, database, first, second)
    allocate(hms, database, first, second)
    touch(hms, second, database)
    commit(hms, reader)
    commit(hms, first)
    hms.abort_txn(wire.AbortTxnRequest(txnid=second))
    hms.abort_txn(wire.AbortTxnRequest(txnid=second))
    events = since(hms, start)
    opened, given, committed, aborted = [json.loads(event.message) for event in events]
    assert types(events) == ["OPEN_TXN", "ALLOC_WRITE_ID_EVENT", "COMMIT_TXN", "ABORT_TXN"]
    assert (opened["txnIds"], opened["fromTxnId"], opened["toTxnId"]) == (None, first, second)
    assert (events[1].dbName, events[1].tableName) == (given["dbName"], given["tableName"]) == (database, "t")
    assert (given["txnIdList"], given["writeIdList"]) == ([first, second], [1, 2])
    assert (committed["txnid"], committed["databases"]) == (first, None)
    assert (aborted["txnid"], aborted["dbsUpdated"]) == (second, [database])


@not_on(HIVE4, "keeps no log of events unless a listener is configured, which is not part of it")
@not_on(HIVE2, "keeps no log of events unless a listener is configured, which is not part of it")
def test_numbers_have_no_gap_whatever_they_are_about(hms: Client, database: str) -> None:
    assert hms.server == OURS
    start = now(hms)
    hms.create_function(wire.Function(functionName="f", dbName=database, className="c", ownerType=1, functionType=1))
    changed = wire.Function(functionName="f", dbName=database, className="d", ownerType=1, functionType=1)
    hms.alter_function(database, "f", changed)
    hms.create_table(
        table(database, "t", sd=wire.StorageDescriptor(cols=columns("id int"), serdeInfo=wire.SerDeInfo()))
    )
    events = since(hms, start)
    assert types(events) == ["CREATE_FUNCTION", "OTHER", "CREATE_TABLE"]
    assert [event.eventId for event in events] == [start + 1, start + 2, start + 3]
