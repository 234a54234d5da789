"""Txns: begun, committed, aborted, renewed and seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from thrift.Thrift import TApplicationException

from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.metastore import table
from tests.metastore.servers import HIVE2, HIVE4, Client, differs, not_on, refused
from tests.metastore.txns import (
    DELETE,
    INSERT,
    UNKNOWN,
    UPDATE,
    abort,
    begun,
    commit,
    place,
    touch,
    touch_as_hive_2,
)

SINCE_3 = not_on(HIVE2, "the method came with 3.0")
SINCE_4 = not_on(HIVE2, "the method came with 4.0")
FIELDS = not_on(HIVE2, "the fields of AddDynamicPartitions have other numbers there, see the test of both")
KNOWN = differs(
    HIVE2, "forgets a txn when it is committed; here one that commits again after a lost answer is told it is done"
)


def aborted_of(answer: wire.GetOpenTxnsResponse) -> list[int]:
    bits = int.from_bytes(answer.abortedBits, "little")
    return [one for place, one in enumerate(answer.open_txns) if bits >> place & 1]


def test_txns_are_numbered_in_the_order_of_asking(hms: Client) -> None:
    first, second, third = begun(hms, 3)
    assert (second, third) == (first + 1, first + 2)
    assert begun(hms)[0] > third


@SINCE_3
def test_readers_are_told_of_open_and_aborted_txns(hms: Client) -> None:
    committed, aborted, open_ = begun(hms, 3)
    commit(hms, committed)
    hms.abort_txn(wire.AbortTxnRequest(txnid=aborted))
    answer = hms.get_open_txns()
    assert committed not in answer.open_txns
    assert {aborted, open_} <= set(answer.open_txns)
    assert answer.open_txns == sorted(answer.open_txns)
    assert answer.txn_high_water_mark >= open_
    assert answer.min_open_txn <= open_
    assert aborted in aborted_of(answer)
    assert open_ not in aborted_of(answer)
    abort(hms, open_)


@not_on(HIVE4, "it sends a list, as all do since 3.0")
def test_clients_of_hive_2_are_told_as_well(hms: Client) -> None:
    (open_,) = begun(hms)
    answer = hms.get_open_txns()
    assert (answer.txn_high_water_mark, answer.min_open_txn <= open_) == (open_, True)
    abort(hms, open_)


@SINCE_4
def test_txns_that_only_read_are_left_out_unless_asked_for(hms: Client) -> None:
    (reader,) = begun(hms, txn_type=2)
    assert reader not in hms.get_open_txns().open_txns
    assert reader not in hms.get_open_txns_req(wire.GetOpenTxnsRequest(excludeTxnTypes=[2])).open_txns
    assert reader in hms.get_open_txns_req(wire.GetOpenTxnsRequest(excludeTxnTypes=[])).open_txns
    abort(hms, reader)


def test_who_began_a_txn_is_shown(hms: Client) -> None:
    open_, aborted = begun(hms, 2, agentInfo="test")
    abort(hms, aborted)
    infos = {info.id: info for info in hms.get_open_txns_info().open_txns}
    assert (infos[open_].user, infos[open_].hostname, infos[open_].state) == ("ann", "here", 3)
    assert infos[aborted].state == 2
    assert infos[open_].startedTime <= infos[open_].lastHeartbeatTime
    abort(hms, open_)


def test_what_is_aborted_cannot_be_committed(hms: Client) -> None:
    (txn,) = begun(hms)
    abort(hms, txn)
    hms.abort_txn(wire.AbortTxnRequest(txnid=txn))
    with refused(wire.TxnAbortedException, match=f"Transaction txnid:{txn} already aborted"):
        hms.commit_txn(wire.CommitTxnRequest(txnid=txn))


@KNOWN
def test_what_is_committed_may_be_committed_again_but_not_aborted(hms: Client) -> None:
    (txn,) = begun(hms)
    commit(hms, txn)
    commit(hms, txn)
    with refused(wire.NoSuchTxnException, match=f"Transaction txnid:{txn} is already committed"):
        hms.abort_txn(wire.AbortTxnRequest(txnid=txn))


def test_what_was_never_begun_is_not_known(hms: Client) -> None:
    said = f"No such transaction txnid:{UNKNOWN}"
    with refused(wire.NoSuchTxnException, match=said):
        hms.commit_txn(wire.CommitTxnRequest(txnid=UNKNOWN))
    with refused(wire.NoSuchTxnException, match=said):
        hms.abort_txn(wire.AbortTxnRequest(txnid=UNKNOWN))
    with refused(wire.NoSuchTxnException, match=said):
        hms.heartbeat(wire.HeartbeatRequest(txnid=UNKNOWN))


@FIELDS
def test_what_was_never_begun_changes_nothing(hms: Client) -> None:
    with refused(wire.NoSuchTxnException, match=f"No such transaction txnid:{UNKNOWN}"):
        hms.add_dynamic_partitions(
            wire.AddDynamicPartitions(txnid=UNKNOWN, writeid=1, dbname="d", tablename="t", partitionnames=["p=1"])
        )


def test_of_many_to_abort_those_are_that_are_open(hms: Client) -> None:
    committed, open_ = begun(hms, 2)
    commit(hms, committed)
    hms.abort_txns(wire.AbortTxnsRequest(txn_ids=[committed, open_, UNKNOWN]))
    assert {info.id: info.state for info in hms.get_open_txns_info().open_txns}[open_] == 2


def test_open_txns_are_renewed_and_others_named(hms: Client) -> None:
    committed, aborted, open_ = begun(hms, 3)
    commit(hms, committed)
    abort(hms, aborted)
    hms.heartbeat(wire.HeartbeatRequest(txnid=open_))
    answer = hms.heartbeat_txn_range(wire.HeartbeatTxnRangeRequest(min=committed, max=open_))
    assert (answer.aborted, answer.nosuch) == ({aborted}, {committed})
    with refused(wire.TxnAbortedException):
        hms.heartbeat(wire.HeartbeatRequest(txnid=aborted))
    with refused(wire.NoSuchTxnException):
        hms.heartbeat(wire.HeartbeatRequest(txnid=committed))
    abort(hms, open_)


@FIELDS
@pytest.mark.parametrize(("mine", "other"), [(UPDATE, UPDATE), (UPDATE, DELETE), (DELETE, DELETE)])
@differs(
    HIVE4, "leaves conflicts to its new kind of lock, which older clients do not ask for; here the first to commit wins"
)
def test_of_two_that_change_the_same_the_first_to_commit_wins(hms: Client, mine: int, other: int) -> None:
    database = place()
    first, second = begun(hms, 2)
    touch(hms, first, database, other)
    touch(hms, second, database, mine)
    commit(hms, first)
    with refused(wire.TxnAbortedException, match=f"due to a write conflict on {database}/t/p=1 committed by"):
        hms.commit_txn(wire.CommitTxnRequest(txnid=second, exclWriteEnabled=None))
    with refused(wire.TxnAbortedException):
        hms.heartbeat(wire.HeartbeatRequest(txnid=second))


@SINCE_4
def test_conflicts_are_looked_for_when_asked(hms: Client) -> None:
    database = place()
    first, second = begun(hms, 2)
    touch(hms, first, database)
    touch(hms, second, database)
    commit(hms, first)
    assert hms.get_latest_txnid_in_conflict(second) == first
    with refused(wire.TxnAbortedException, match=f"txnid:{second}.*txnid:{first}.*u/u"):
        hms.commit_txn(wire.CommitTxnRequest(txnid=second, exclWriteEnabled=False))


@SINCE_4
def test_conflicts_are_not_looked_for_when_the_client_has_locked_others_out(hms: Client) -> None:
    database = place()
    first, second = begun(hms, 2)
    touch(hms, first, database)
    touch(hms, second, database)
    commit(hms, first)
    commit(hms, second, exclWriteEnabled=True)


@FIELDS
@pytest.mark.parametrize(
    ("operation", "partition", "table"), [(INSERT, "p=1", "t"), (UPDATE, "p=2", "t"), (UPDATE, "p=1", "other")]
)
def test_what_does_not_meet_does_not_collide(hms: Client, operation: int, partition: str, table: str) -> None:
    database = place()
    first, second = begun(hms, 2)
    touch(hms, first, database)
    touch(hms, second, database, operation, table, [partition])
    commit(hms, first)
    commit(hms, second)


@FIELDS
def test_one_after_the_other_does_not_collide(hms: Client) -> None:
    database = place()
    for _ in range(2):
        (txn,) = begun(hms)
        touch(hms, txn, database)
        commit(hms, txn)


@FIELDS
def test_what_a_txn_changes_is_said_while_it_is_open(hms: Client) -> None:
    (txn,) = begun(hms)
    abort(hms, txn)
    request = wire.AddDynamicPartitions(txnid=txn, writeid=1, dbname="d", tablename="t", partitionnames=["p=1"])
    with refused(wire.TxnAbortedException):
        hms.add_dynamic_partitions(request)


@SINCE_4
@differs(HIVE4, "says internal error where it means the number; here it is the exception that the method declares")
def test_the_next_txn_cannot_have_a_number_that_was_given(hms: Client) -> None:
    with refused(wire.MetaException, match=r"Invalid txnId seed 1, the highWaterMark is \d+"):
        hms.seed_txn_id(wire.SeedTxnIdRequest(seedTxnId=1))


@SINCE_4
def test_the_next_txn_may_have_a_higher_number(hms: Client) -> None:
    (txn,) = begun(hms)
    hms.seed_txn_id(wire.SeedTxnIdRequest(seedTxnId=txn + 10))
    assert begun(hms)[0] == txn + 10


@SINCE_4
def test_replicated_txns_are_known_by_their_numbers_there(hms: Client) -> None:
    policy = f"{place()}.*"
    asked = {"txn_type": 1, "replPolicy": policy}
    ids = begun(hms, 2, replSrcTxnIds=[7, 8], **asked)
    assert begun(hms, 2, replSrcTxnIds=[7, 8], **asked) == ids
    for _ in range(2):
        hms.commit_txn(wire.CommitTxnRequest(txnid=7, **asked))
        hms.abort_txn(wire.AbortTxnRequest(txnid=8, **asked))
    answer = hms.get_open_txns()
    assert [one for one in answer.open_txns if one in ids] == ids[1:]
    assert ids[1] in aborted_of(answer)


@SINCE_4
@not_on(HIVE4, "the method came with 4.2")
def test_replicated_txns_that_are_open_are_told(hms: Client) -> None:
    policy = f"{place()}.*"
    (txn,) = begun(hms, txn_type=1, replPolicy=policy, replSrcTxnIds=[7])
    assert hms.get_replayed_txns_for_policy(policy).replTxnMapEntry == {"7": str(txn)}
    hms.commit_txn(wire.CommitTxnRequest(txnid=7, txn_type=1, replPolicy=policy))
    assert hms.get_replayed_txns_for_policy(policy).replTxnMapEntry == {}


@SINCE_4
def test_the_lowest_write_ids_that_are_read_are_taken(hms: Client) -> None:
    (txn,) = begun(hms)
    hms.add_write_ids_to_min_history(txn, {"d.t": 3})
    hms.add_write_ids_to_min_history(UNKNOWN, {"d.t": 3})
    commit(hms, txn)


@SINCE_3
def test_one_txn_at_a_time_rebuilds_a_view(hms: Client) -> None:
    database = place()
    first, second = begun(hms, 2)
    assert hms.get_lock_materialization_rebuild(database, "mv", first).state == 1
    answer = hms.get_lock_materialization_rebuild(database, "mv", second)
    assert (answer.lockid, answer.state) == (second, 4)
    assert hms.heartbeat_lock_materialization_rebuild(database, "mv", first)
    abort(hms, first, second)


@SINCE_3
@differs(HIVE4, "keeps it until a background thread looks, so that a view cannot be rebuilt again for minutes")
@pytest.mark.parametrize("end", [commit, abort])
def test_the_right_to_rebuild_ends_with_the_txn(hms: Client, end: Callable[[Client, int], None]) -> None:
    database = place()
    first, second = begun(hms, 2)
    hms.get_lock_materialization_rebuild(database, "mv", first)
    end(hms, first)
    assert hms.get_lock_materialization_rebuild(database, "mv", second).state == 1
    abort(hms, second)


@not_on(HIVE4, "it knows the numbers of the fields since 3.0 only")
def test_clients_of_hive_2_say_what_they_change_with_other_field_numbers(hms: Client) -> None:
    database = place()
    first, second = begun(hms, 2)
    for txn in (first, second):
        touch_as_hive_2(hms, txn, database)
    commit(hms, first)
    with refused(wire.TxnAbortedException, match=f"due to a write conflict on {database}/t/p=1 committed by"):
        hms.commit_txn(wire.CommitTxnRequest(txnid=second, exclWriteEnabled=None))


SET_HERE = (
    "sets repl.last.id of a database or table only where it is set already, and of a table never, by errors of its SQL"
)


class TestSetWithACommit:
    def _table(self, hms: Client, database: str) -> Any:
        hms.create_table(table(database, "t", parameters={"_meta_a": "0", "b": "0"}))
        return self._get(hms, database)

    def _get(self, hms: Client, database: str) -> Any:
        return hms.get_table_req(wire.GetTableRequest(dbName=database, tblName="t")).table

    @not_on(HIVE2, "came with Hive 4.0")
    def test_a_parameter_of_a_table_that_it_has(self, hms: Client, database: str) -> None:
        held = self._table(hms, database)
        (txn,) = begun(hms)
        commit(hms, txn, keyValue=wire.CommitTxnKeyValue(tableId=held.id, key="_meta_a", value="1"))
        assert self._get(hms, database).parameters["_meta_a"] == "1"
        assert txn not in hms.get_open_txns().open_txns

    @not_on(HIVE2, "came with Hive 4.0")
    @pytest.mark.parametrize(("key", "number"), [("b", 0), ("_meta_new", 0), ("_meta_a", 10**9)])
    def test_no_other_parameter_and_no_unknown_table(self, hms: Client, database: str, key: str, number: int) -> None:
        held = self._table(hms, database)
        (txn,) = begun(hms)
        with refused(TApplicationException):
            commit(hms, txn, keyValue=wire.CommitTxnKeyValue(tableId=held.id + number, key=key, value="1"))
        assert {"_meta_a": "0", "b": "0"}.items() <= self._get(hms, database).parameters.items()
        assert txn in hms.get_open_txns().open_txns

    @not_on(HIVE2, "came with Hive 3.1")
    @differs(HIVE4, SET_HERE)
    def test_up_to_where_a_database_and_a_table_are_replicated(self, hms: Client, database: str) -> None:
        self._table(hms, database)
        for up_to, named in ((7, None), (8, "t")):
            (txn,) = begun(hms)
            commit(hms, txn, replLastIdInfo=wire.ReplLastIdInfo(database=database, lastReplId=up_to, table=named))
        assert hms.get_database(database).parameters["repl.last.id"] == "8"
        assert self._get(hms, database).parameters["repl.last.id"] == "8"

    @not_on(HIVE2, "came with Hive 3.1")
    def test_nothing_of_a_database_that_is_not_there(self, hms: Client) -> None:
        (txn,) = begun(hms)
        with refused(TApplicationException):
            commit(hms, txn, replLastIdInfo=wire.ReplLastIdInfo(database=place(), lastReplId=7))
        assert txn in hms.get_open_txns().open_txns
