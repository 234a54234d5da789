"""Locks: which go together, who waits, and whose they are."""

from __future__ import annotations

import pytest

from catalog_server.wire import hive_metastore as wire
from tests.metastore.servers import HIVE2, HIVE4, Client, differs, not_on, refused
from tests.metastore.txns import (
    ACQUIRED,
    EXCL_WRITE,
    EXCLUSIVE,
    INSERT,
    NO_TXN,
    NOT_ACQUIRED,
    SELECT,
    SHARED_READ,
    SHARED_WRITE,
    UNKNOWN,
    UPDATE,
    WAITING,
    abort,
    allocate,
    ask,
    begun,
    commit,
    component,
    place,
)

SINCE_4 = not_on(HIVE2, "came with 4.0")
MODES = [SHARED_READ, SHARED_WRITE, EXCL_WRITE, EXCLUSIVE]
TOGETHER = {
    (SHARED_READ, SHARED_READ), (SHARED_READ, SHARED_WRITE), (SHARED_READ, EXCL_WRITE), (SHARED_WRITE, SHARED_READ),
    (SHARED_WRITE, SHARED_WRITE), (EXCL_WRITE, SHARED_READ),
}  # fmt: skip
THINGS: list[tuple[str | None, str | None]] = [(None, None), ("t", None), ("t", "p=1"), ("t", "p=2"), ("other", None)]


def state(hms: Client, lock: wire.LockResponse) -> int:
    found: int = hms.check_lock(wire.CheckLockRequest(lockid=lock.lockid)).state
    return found


def unlock(hms: Client, *locks: wire.LockResponse) -> None:
    for lock in locks:
        hms.unlock(wire.UnlockRequest(lockid=lock.lockid))


def granted(hms: Client, held: wire.LockComponent, asked: wire.LockComponent) -> bool:
    first, second = hms.lock(ask(held)), hms.lock(ask(asked))
    unlock(hms, second, first)
    return bool(second.state == ACQUIRED)


@SINCE_4
@pytest.mark.parametrize("held", MODES)
@pytest.mark.parametrize("asked", MODES)
def test_modes_of_hive_4_go_together_as_there(hms: Client, held: int, asked: int) -> None:
    database = place()
    found = granted(hms, component(database, mode=held), component(database, mode=asked))
    assert found == ((held, asked) in TOGETHER)


@pytest.mark.parametrize("held", [SHARED_READ, SHARED_WRITE, EXCLUSIVE])
@pytest.mark.parametrize("asked", [SHARED_READ, EXCLUSIVE])
def test_modes_of_hive_2_go_together_as_there(hms: Client, held: int, asked: int) -> None:
    database = place()
    found = granted(hms, component(database, mode=held), component(database, mode=asked))
    assert found == ((held, asked) in TOGETHER)


@differs(HIVE2, "lets one shared writer in at a time; as in Hive 4, they find out at commit whether they have met")
def test_shared_writers_share(hms: Client) -> None:
    database = place()
    assert granted(hms, component(database, mode=SHARED_WRITE), component(database, mode=SHARED_WRITE))


@pytest.mark.parametrize("held", THINGS)
@pytest.mark.parametrize("asked", THINGS)
def test_things_hold_up_what_is_in_them_and_what_they_are_in(
    hms: Client, held: tuple[str | None, str | None], asked: tuple[str | None, str | None]
) -> None:
    database = place()
    apart = any(one is not None and other is not None and one != other for one, other in zip(held, asked, strict=True))
    found = granted(hms, component(database, *held), component(database, *asked))
    assert found == apart
    assert granted(hms, component(database, *held), component(place(), *asked))


@pytest.mark.parametrize("inner", [("t", None), ("t", "p=1")])
def test_reading_in_a_database_and_changing_a_table_of_it_go_together(
    hms: Client, inner: tuple[str, str | None]
) -> None:
    database = place()
    reading, changing = component(database, None, mode=SHARED_READ), component(database, *inner)
    assert granted(hms, reading, changing)
    assert granted(hms, changing, reading)


def test_who_waits_is_let_in_when_the_holder_is_done(hms: Client) -> None:
    database = place()
    first, second = hms.lock(ask(component(database))), hms.lock(ask(component(database)))
    assert (first.state, second.state, state(hms, second)) == (ACQUIRED, WAITING, WAITING)
    unlock(hms, first)
    assert state(hms, second) == ACQUIRED
    assert state(hms, second) == ACQUIRED
    unlock(hms, second)


def test_all_parts_of_a_lock_are_given_together(hms: Client) -> None:
    database = place()
    first = hms.lock(ask(component(database, "b")))
    second = hms.lock(ask(component(database, "a"), component(database, "b")))
    third = hms.lock(ask(component(database, "a")))
    assert (second.state, third.state) == (WAITING, WAITING)
    unlock(hms, first)
    assert [state(hms, second), state(hms, third)] == [ACQUIRED, WAITING]
    unlock(hms, second, third)


@differs(HIVE2, "lets readers pass a writer that waits, which may starve it")
def test_nobody_passes_one_who_waits(hms: Client) -> None:
    database = place()
    reader = hms.lock(ask(component(database, mode=SHARED_READ)))
    writer = hms.lock(ask(component(database)))
    late = hms.lock(ask(component(database, mode=SHARED_READ)))
    assert (writer.state, late.state) == (WAITING, WAITING)
    unlock(hms, reader, writer, late)


def test_locks_are_shown_with_who_holds_them_and_who_is_in_the_way(hms: Client) -> None:
    database = place()
    first = hms.lock(ask(component(database)))
    second = hms.lock(ask(component(database, partition="p=1")))
    shown = {one.lockid: one for one in hms.show_locks(wire.ShowLocksRequest(dbname=database)).locks}
    held, waiting = shown[first.lockid], shown[second.lockid]
    assert (held.tablename, held.partname, held.state, held.type) == ("t", None, ACQUIRED, EXCLUSIVE)
    assert (held.user, held.hostname, held.agentInfo) == ("ann", "here", "test")
    assert held.acquiredat is not None
    assert (waiting.partname, waiting.state, waiting.blockedByExtId) == ("p=1", WAITING, first.lockid)
    only = hms.show_locks(wire.ShowLocksRequest(dbname=database, tablename="t", partname="p=1")).locks
    assert [one.lockid for one in only] == [second.lockid]
    unlock(hms, first, second)


@SINCE_4
def test_locks_of_a_txn_are_shown(hms: Client) -> None:
    (txn,) = begun(hms)
    lock = hms.lock(ask(component(place(), mode=SHARED_READ, operationType=SELECT), txnid=txn))
    (shown,) = hms.show_locks(wire.ShowLocksRequest(txnid=txn)).locks
    assert (shown.lockid, shown.txnid, shown.lastheartbeat) == (lock.lockid, txn, 0)
    abort(hms, txn)


@differs(HIVE2, "compares names as they are sent: two clients that spell a table differently do not see each other")
def test_names_are_compared_without_regard_to_case(hms: Client) -> None:
    database = place()
    assert not granted(hms, component(database.upper(), "T", "P=1"), component(database, "t", "p=1"))


def test_a_lease_is_renewed(hms: Client) -> None:
    lock = hms.lock(ask(component(place())))
    hms.heartbeat(wire.HeartbeatRequest(lockid=lock.lockid))
    assert state(hms, lock) == ACQUIRED
    unlock(hms, lock)


def test_a_lock_that_is_gone_is_not_known_but_may_be_given_back(hms: Client) -> None:
    lock = hms.lock(ask(component(place())))
    unlock(hms, lock)
    unlock(hms, lock)
    with refused(wire.NoSuchLockException, match=f"No such lock lockid:{lock.lockid}"):
        hms.check_lock(wire.CheckLockRequest(lockid=lock.lockid))
    with refused(wire.NoSuchLockException):
        hms.heartbeat(wire.HeartbeatRequest(lockid=lock.lockid))


@pytest.mark.parametrize("end", [commit, abort])
def test_locks_of_a_txn_end_with_it_and_not_before(hms: Client, end: type) -> None:
    database = place()
    (txn,) = begun(hms)
    lock = hms.lock(ask(component(database, operationType=INSERT), txnid=txn))
    with refused(wire.TxnOpenException, match="Unlocking locks associated with transaction not permitted"):
        hms.unlock(wire.UnlockRequest(lockid=lock.lockid))
    waiting = hms.lock(ask(component(database)))
    assert (lock.state, waiting.state) == (ACQUIRED, WAITING)
    end(hms, txn)
    assert state(hms, waiting) == ACQUIRED
    with refused(wire.NoSuchLockException):
        hms.check_lock(wire.CheckLockRequest(lockid=lock.lockid, txnid=txn))
    unlock(hms, waiting)


def test_a_lock_of_a_txn_that_waits_may_be_given_back(hms: Client) -> None:
    database = place()
    held = hms.lock(ask(component(database)))
    (txn,) = begun(hms)
    unlock(hms, hms.lock(ask(component(database, operationType=INSERT), txnid=txn)))
    assert len(hms.show_locks(wire.ShowLocksRequest(dbname=database)).locks) == 1
    unlock(hms, held)
    abort(hms, txn)


def test_locks_of_one_txn_do_not_hold_each_other_up(hms: Client) -> None:
    request = component(place(), operationType=INSERT)
    (txn,) = begun(hms)
    assert [hms.lock(ask(request, txnid=txn)).state for _ in range(2)] == [ACQUIRED, ACQUIRED]
    abort(hms, txn)


def test_only_an_open_txn_may_lock(hms: Client) -> None:
    (aborted,) = begun(hms)
    abort(hms, aborted)
    with refused(wire.TxnAbortedException, match=f"txnid:{aborted} already aborted"):
        hms.lock(ask(component(place(), operationType=INSERT), txnid=aborted))
    with refused(wire.NoSuchTxnException, match=f"No such transaction txnid:{UNKNOWN}"):
        hms.lock(ask(component(place(), operationType=INSERT), txnid=UNKNOWN))


@differs(HIVE4, "says internal error; here it is the exception that the method declares for it")
@not_on(HIVE2, "says so while it is remembered, which depends on what else was committed")
def test_a_txn_that_is_committed_may_not_lock(hms: Client) -> None:
    (txn,) = begun(hms)
    commit(hms, txn)
    with refused(wire.NoSuchTxnException, match=f"Transaction txnid:{txn} is already committed"):
        hms.lock(ask(component(place(), operationType=INSERT), txnid=txn))


@SINCE_4
def test_what_is_locked_for_writing_collides_at_commit(hms: Client) -> None:
    database = place()
    txns = begun(hms, 2)
    for txn in txns:
        allocate(hms, database, txn)
        request = component(database, mode=SHARED_WRITE, operationType=UPDATE, isTransactional=True)
        assert hms.lock(ask(request, txnid=txn)).state == ACQUIRED
    commit(hms, txns[0])
    with refused(wire.TxnAbortedException, match=f"write conflict on {database}/t "):
        hms.commit_txn(wire.CommitTxnRequest(txnid=txns[1], exclWriteEnabled=False))


@pytest.mark.parametrize(
    ("operation", "transactional"), [(INSERT, True), (SELECT, True), (NO_TXN, True), (UPDATE, False)]
)
@SINCE_4
def test_what_is_not_changed_does_not_collide(hms: Client, operation: int, transactional: bool) -> None:
    database = place()
    txns = begun(hms, 2)
    for txn in txns:
        request = component(database, mode=SHARED_WRITE, operationType=operation, isTransactional=transactional)
        hms.lock(ask(request, txnid=txn))
    for txn in txns:
        commit(hms, txn, exclWriteEnabled=False)


@differs(
    HIVE4,
    "refuses with an internal error; clients of Hive 1 do not say what they do, and here it is taken for an update",
)
@differs(
    HIVE2,
    "refuses with an internal error; clients of Hive 1 do not say what they do, and here it is taken for an update",
)
def test_a_client_need_not_say_what_it_does(hms: Client) -> None:
    database = place()
    txns = begun(hms, 2)
    for txn in txns:
        hms.lock(ask(component(database, mode=SHARED_WRITE), txnid=txn))
    commit(hms, txns[0])
    with refused(wire.TxnAbortedException):
        hms.commit_txn(wire.CommitTxnRequest(txnid=txns[1], exclWriteEnabled=None))


@SINCE_4
def test_a_reader_may_rather_not_wait(hms: Client) -> None:
    database = place()
    writer, reader = begun(hms, 2)
    held = hms.lock(ask(component(database, operationType=NO_TXN), txnid=writer))
    request = component(database, mode=SHARED_READ, operationType=SELECT)
    answer = hms.lock(ask(request, txnid=reader, zeroWaitReadEnabled=True))
    assert answer.state == NOT_ACQUIRED
    what = f"lockid:{held.lockid} intLockId:1 txnid:{writer} db:{database} table:t partition:null"
    assert answer.errorMessage == (
        f"Unable to acquire read lock due to an existing exclusive lock {{{what} state:ACQUIRED type:EXCLUSIVE}}"
    )
    abort(hms, writer, reader)


@SINCE_4
def test_who_creates_a_table_from_a_query_does_not_wait_for_another_who_does(hms: Client) -> None:
    database = place()
    first, second = begun(hms, 2)
    request = component(database, mode=EXCL_WRITE, operationType=NO_TXN)
    assert hms.lock(ask(request, txnid=first, exclusiveCTAS=True)).state == ACQUIRED
    answer = hms.lock(ask(request, txnid=second, exclusiveCTAS=True))
    assert answer.state == NOT_ACQUIRED
    assert answer.errorMessage.startswith("Failed to initiate a concurrent CTAS operation with the same table name")
    abort(hms, first, second)
