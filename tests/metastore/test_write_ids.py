"""Write ids: given to txns, and what readers may see of them, byte by byte."""

from __future__ import annotations

import pytest

from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.metastore import table
from tests.metastore.servers import HIVE2, HIVE4, Client, differs, not_on, refused
from tests.metastore.txns import UNKNOWN, UPDATE, abort, allocate, begun, commit, place, touch, valid

pytestmark = not_on(HIVE2, "write ids came with 3.0")
TYPED = differs(HIVE4, "says internal error; here it is the exception that the method declares for it")


def test_a_txn_has_one_write_id_for_a_table_however_often_it_asks(hms: Client) -> None:
    database = place()
    first, second = begun(hms, 2)
    assert allocate(hms, database, second) == [(second, 1)]
    assert allocate(hms, database, second) == [(second, 1)]
    assert allocate(hms, database.upper(), first, table="T") == [(first, 2)]
    assert allocate(hms, database, second, table="other") == [(second, 1)]
    abort(hms, first, second)


def test_many_txns_are_given_write_ids_in_their_order(hms: Client) -> None:
    txns = begun(hms, 5)
    assert allocate(hms, place(), *reversed(txns)) == [(txn, number) for number, txn in enumerate(txns, 1)]
    abort(hms, *txns)


def test_a_write_id_may_be_given_up_for_a_new_one(hms: Client) -> None:
    database = place()
    (txn,) = begun(hms)
    allocate(hms, database, txn)
    assert allocate(hms, database, txn, reallocate=True) == [(txn, 2)]
    request = wire.MaxAllocatedTableWriteIdRequest(dbName=database, tableName="t")
    assert hms.get_max_allocated_table_write_id(request).maxWriteId == 2
    abort(hms, txn)


@TYPED
def test_only_open_txns_are_given_write_ids(hms: Client) -> None:
    committed, aborted = begun(hms, 2)
    commit(hms, committed)
    abort(hms, aborted)
    for txn in (committed, UNKNOWN):
        with refused(wire.NoSuchTxnException):
            hms.allocate_table_write_ids(wire.AllocateTableWriteIdsRequest(dbName="d", tableName="t", txnIds=[txn]))
    with refused(wire.TxnAbortedException):
        hms.allocate_table_write_ids(wire.AllocateTableWriteIdsRequest(dbName="d", tableName="t", txnIds=[aborted]))


@TYPED
def test_txns_that_only_read_are_given_none(hms: Client) -> None:
    (txn,) = begun(hms, txn_type=2)
    with refused(wire.MetaException, match="Write ID allocation failed on d.t"):
        hms.allocate_table_write_ids(wire.AllocateTableWriteIdsRequest(dbName="d", tableName="t", txnIds=[txn]))


def test_a_table_without_writes_has_nothing_to_leave_out(hms: Client) -> None:
    assert valid(hms, f"{place()}.t") == (0, [], None, b"")
    assert hms.get_valid_write_ids(wire.GetValidWriteIdsRequest(fullTableNames=[])).tblValidWriteIds == []


def test_open_and_aborted_writes_are_left_out(hms: Client) -> None:
    database = place()
    committed, aborted, open_ = begun(hms, 3)
    allocate(hms, database, committed, aborted, open_)
    name = f"{database}.t"
    assert valid(hms, name) == (1, [1], 1, b"")
    commit(hms, committed)
    assert valid(hms, name) == (3, [2, 3], 2, b"")
    abort(hms, aborted)
    assert valid(hms, name) == (3, [2, 3], 3, b"\x01")
    commit(hms, open_)
    assert valid(hms, name) == (3, [2], None, b"\x01")


def test_bits_of_aborted_writes_begin_with_the_lowest(hms: Client) -> None:
    database = place()
    txns = begun(hms, 12)
    allocate(hms, database, *txns)
    commit(hms, txns[0])
    abort(hms, txns[1], txns[9], txns[11])
    assert valid(hms, f"{database}.t") == (12, list(range(2, 13)), 3, b"\x01\x05")
    abort(hms, *txns[2:])


def test_all_aborted_leaves_the_lowest(hms: Client) -> None:
    database = place()
    txns = begun(hms, 3)
    allocate(hms, database, *txns)
    abort(hms, *txns)
    assert valid(hms, f"{database}.t") == (1, [1], None, b"\x01")


def test_a_snapshot_hides_what_was_begun_or_committed_after_it(hms: Client) -> None:
    database = place()
    first, second, third = begun(hms, 3)
    allocate(hms, database, first, second)
    commit(hms, first)
    commit(hms, second)
    allocate(hms, database, third)
    name = f"{database}.t"
    assert valid(hms, name, validTxnList=f"{second}:{2**63 - 1}::") == (2, [], None, b"")
    assert valid(hms, name, validTxnList=f"{second}:{second}:{second}:") == (2, [2], 2, b"")
    assert valid(hms, name, validTxnList=f"{second}:{2**63 - 1}::{first}") == (2, [1], None, b"\x01")
    assert valid(hms, name, validTxnList=f"{first}:{2**63 - 1}::") == (1, [], None, b"")
    abort(hms, third)


def test_tables_may_be_asked_for_together(hms: Client) -> None:
    database = place()
    (txn,) = begun(hms)
    allocate(hms, database, txn)
    names = [f"{database}.t", f"{database}.u"]
    found = hms.get_valid_write_ids(wire.GetValidWriteIdsRequest(fullTableNames=names)).tblValidWriteIds
    assert [(one.fullTableName, one.writeIdHighWaterMark) for one in found] == [(names[0], 1), (names[1], 0)]
    abort(hms, txn)


def test_a_writer_is_shown_what_it_sees_and_that_is_its_own_writes_too(hms: Client) -> None:
    database = place()
    first, second = begun(hms, 2)
    allocate(hms, database, first, second)
    commit(hms, first)
    assert valid(hms, f"{database}.t", writeId=2) == (2, [], None, b"")
    with refused(wire.MetaException, match=f"invalid write id 9 for table {database}.t"):
        hms.get_valid_write_ids(wire.GetValidWriteIdsRequest(fullTableNames=[f"{database}.t"], writeId=9))
    abort(hms, second)


@differs(
    HIVE4, "compares names as they are sent, and finds nothing under one in capitals; names are not case-sensitive here"
)
def test_names_are_compared_without_regard_to_case(hms: Client) -> None:
    database = place()
    (txn,) = begun(hms)
    allocate(hms, database, txn)
    assert valid(hms, f"{database.upper()}.T")[0] == 1
    abort(hms, txn)


@TYPED
@pytest.mark.parametrize("name", ["t", ".", "d.", ".t"])
def test_names_are_of_a_database_and_a_table(hms: Client, name: str) -> None:
    with refused(wire.MetaException, match="not of the form DATABASE.TABLE"):
        hms.get_valid_write_ids(wire.GetValidWriteIdsRequest(fullTableNames=[name]))


def test_a_snapshot_may_give_neighbours_as_a_range(hms: Client) -> None:
    database = place()
    first, second, third = begun(hms, 3)
    allocate(hms, database, first, second, third)
    for txn in (first, second, third):
        commit(hms, txn)
    snapshot = f"{third}:{2**63 - 1}::{first}-{second}"
    assert valid(hms, f"{database}.t", validTxnList=snapshot) == (3, [1, 2], None, b"\x03")


@TYPED
def test_a_snapshot_is_of_hives_form(hms: Client) -> None:
    with refused(wire.MetaException, match="validTxnList"):
        hms.get_valid_write_ids(wire.GetValidWriteIdsRequest(fullTableNames=["d.t"], validTxnList="junk"))


def test_write_ids_of_a_table_may_begin_higher_but_only_once(hms: Client) -> None:
    database = place()
    request = wire.SeedTableWriteIdsRequest(dbName=database, tableName="t", seedWriteId=9)
    hms.seed_write_id(request)
    assert valid(hms, f"{database}.t") == (9, [], None, b"")
    (txn,) = begun(hms)
    assert allocate(hms, database, txn) == [(txn, 10)]
    with refused(wire.MetaException):
        hms.seed_write_id(request)
    abort(hms, txn)


def test_replicated_writes_have_the_numbers_that_they_have_there(hms: Client) -> None:
    database = place()
    policy = f"{database}.*"
    txns = begun(hms, 2, txn_type=1, replPolicy=policy, replSrcTxnIds=[7, 8])
    there = [wire.TxnToWriteId(txnId=7, writeId=41), wire.TxnToWriteId(txnId=8, writeId=42)]
    request = wire.AllocateTableWriteIdsRequest(
        dbName=database, tableName="t", replPolicy=policy, srcTxnToWriteIdList=there
    )
    for _ in range(2):
        pairs = hms.allocate_table_write_ids(request).txnToWriteIds
        assert [(pair.txnId, pair.writeId) for pair in pairs] == list(zip(txns, (41, 42), strict=True))
    for source in (7, 8):
        hms.commit_txn(wire.CommitTxnRequest(txnid=source, txn_type=1, replPolicy=policy))
    assert hms.allocate_table_write_ids(request).txnToWriteIds == []
    assert valid(hms, f"{database}.t") == (42, [], None, b"")


def test_the_state_of_a_replicated_table_is_taken_over_once(hms: Client) -> None:
    database = place()
    request = wire.ReplTblWriteIdStateRequest(
        validWriteIdlist=f"{database}.t:6:4:4:2,5", user="ann", hostName="here", dbName=database, tableName="t"
    )
    hms.repl_tbl_writeid_state(request)
    assert valid(hms, f"{database}.t") == (2, [2], None, b"\x01")
    (asked,) = [one for one in hms.show_compact(wire.ShowCompactRequest()).compacts if one.dbname == database]
    assert (asked.tablename, asked.type, asked.state) == ("t", 2, "initiated")
    request.validWriteIdlist = f"{database}.t:9:{2**63 - 1}::"
    hms.repl_tbl_writeid_state(request)
    number = wire.MaxAllocatedTableWriteIdRequest(dbName=database, tableName="t")
    assert hms.get_max_allocated_table_write_id(number).maxWriteId == 6


def built(hms: Client, database: str) -> tuple[wire.CreationMetadata, str]:
    """What a view of table `t` is built from now, and the snapshot of a reader now."""
    snapshot = hms.get_open_txns()
    high, invalid, least, bits = valid(hms, f"{database}.t")
    assert not bits.strip(b"\0") or not invalid
    writes = f"{database}.t:{high}:{least or 2**63 - 1}:{','.join(map(str, invalid))}:"
    metadata = wire.CreationMetadata(
        catName="hive", dbName=database, tblName="mv", tablesUsed={f"{database}.t"},
        validTxnList=f'{{"validTxnList":"{snapshot.txn_high_water_mark}${writes}"}}',
    )  # fmt: skip
    return metadata, reader(hms)


def reader(hms: Client) -> str:
    """The snapshot of a reader now, in Hive's form."""
    snapshot = hms.get_open_txns()
    bits = int.from_bytes(snapshot.abortedBits, "little")
    aborted = [one for place, one in enumerate(snapshot.open_txns) if bits >> place & 1]
    unseen = [one for one in snapshot.open_txns if one not in aborted]
    least = snapshot.min_open_txn or 2**63 - 1
    return f"{snapshot.txn_high_water_mark}:{least}:{','.join(map(str, unseen))}:{','.join(map(str, aborted))}"


@pytest.mark.parametrize(("operation", "changed"), [(2, False), (UPDATE, True), (4, True)])
def test_a_view_is_told_whether_rows_under_it_were_changed(hms: Client, operation: int, changed: bool) -> None:
    database = place()
    metadata, now = built(hms, database)
    answer = hms.get_materialization_invalidation_info(metadata, now)
    assert (answer.sourceTablesUpdateDeleteModified, answer.sourceTablesCompacted) == (False, False)
    (txn,) = begun(hms)
    allocate(hms, database, txn)
    touch(hms, txn, database, operation)
    commit(hms, txn)
    answer = hms.get_materialization_invalidation_info(metadata, reader(hms))
    assert (answer.sourceTablesUpdateDeleteModified, answer.sourceTablesCompacted) == (changed, False)


def test_a_view_is_told_that_a_table_under_it_is_compacted(hms: Client) -> None:
    database = place()
    metadata, now = built(hms, database)
    hms.compact2(wire.CompactionRequest(dbname=database, tablename="t", type=2))
    assert hms.get_materialization_invalidation_info(metadata, now).sourceTablesCompacted


def acid(database: str, name: str) -> wire.Table:
    """An ACID table that takes inserts only, which may have any format."""
    parameters = {"transactional": "true", "transactional_properties": "insert_only"}
    return table(database, name, parameters=parameters)


def test_write_ids_go_with_a_renamed_table_and_end_with_a_dropped_one(hms: Client, database: str) -> None:
    capable = ["HIVEFULLACIDREAD", "HIVEFULLACIDWRITE", "HIVEMANAGEDINSERTREAD", "HIVEMANAGEDINSERTWRITE"]
    made = wire.CreateTableRequest(table=acid(database, "t"), processorCapabilities=capable, processorIdentifier="test")
    hms.create_table_req(made)
    committed, aborted = begun(hms, 2)
    allocate(hms, database, committed, aborted)
    commit(hms, committed)
    abort(hms, aborted)
    seen = (2, [2], None, b"\x01")
    assert valid(hms, f"{database}.t") == seen
    renamed = acid(database, "moved")
    renamed.sd.location = f"{hms.get_database(database).locationUri}/t"
    hms.alter_table_with_environment_context(database, "t", renamed, wire.EnvironmentContext(properties={}))
    assert (valid(hms, f"{database}.moved"), valid(hms, f"{database}.t")) == (seen, (0, [], None, b""))
    hms.drop_table(database, "moved", True)
    assert valid(hms, f"{database}.moved") == (0, [], None, b"")


def test_a_reader_goes_the_way_of_trino(hms: Client) -> None:
    database = place()
    written, aborted, writing = begun(hms, 3)
    allocate(hms, database, written, aborted, writing)
    commit(hms, written)
    abort(hms, aborted)
    (txn,) = begun(hms)
    component = wire.LockComponent(
        type=1, level=2, dbname=database, tablename="t", operationType=1, isTransactional=True
    )
    lock = hms.lock(wire.LockRequest(component=[component], txnid=txn, user="ann", hostname="here"))
    assert lock.state == 1
    hms.heartbeat(wire.HeartbeatRequest(txnid=txn))
    snapshot = reader(hms)
    commit(hms, writing)
    assert valid(hms, f"{database}.t", validTxnList=snapshot) == (3, [2, 3], 3, b"\x01")
    commit(hms, txn)
