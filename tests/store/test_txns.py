"""Txns and write ids as rules see them: snapshots among many clients, silent clients, what is forgotten, and what it costs."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

import pytest
from sqlalchemy import func, select, text

from catalog_server.catalog.catalog import CatalogService
from catalog_server.catalog.txns import FORGOTTEN_AFTER_SECONDS
from catalog_server.model.caller import Caller
from catalog_server.model.errors import Invalid
from catalog_server.model.txn import NoSuchTxn, Operation, TableKey, TxnAborted, TxnKind, bits, parse_snapshot
from catalog_server.store import txns as rows
from catalog_server.store.schema.txns import txn_components, txns, write_ids
from tests.store.statements import counted

KEY = TableKey("hive", "sales", "orders")
NAME = ("sales.orders", KEY)


def execute(catalog: CatalogService, sql: str) -> None:
    with catalog.store.begin() as tx:
        tx.connection.execute(text(sql))


def together(*work: Callable[[], None]) -> None:
    """Do some things at the same time; whatever one raises is raised."""
    failed: list[BaseException] = []

    def carefully(one: Callable[[], None]) -> None:
        try:
            one()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=carefully, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive()
    if failed:
        raise failed[0]


def test_no_snapshot_ever_takes_back_what_an_older_one_said(catalog: CatalogService, caller: Caller) -> None:
    done = threading.Event()
    committed: set[int] = set()

    def write(seed: int) -> Callable[[], None]:
        def work() -> None:
            dice = random.Random(seed)
            for _ in range(12):
                ids = catalog.txns.begin(caller, dice.randint(1, 3))
                catalog.write_ids.allocate(caller, KEY, ids)
                for txn in dice.sample(ids, len(ids)):
                    if dice.random() < 0.5:
                        catalog.txns.abort(caller, txn)
                    else:
                        catalog.txns.commit(caller, txn)
                        committed.add(txn)

        return work

    def read() -> None:
        last = None
        while not done.is_set():
            known = set(committed)
            seen = catalog.txns.snapshot()
            assert all(seen.committed(txn) for txn in known)
            if last is not None:
                assert seen.high >= last.high
                assert not any(seen.committed(txn) for txn in last.aborted)
            last = seen

    reader = threading.Thread(target=read)
    reader.start()
    together(*(write(seed) for seed in range(5)))
    done.set()
    reader.join()
    seen = catalog.txns.snapshot()
    assert seen.open == ()
    assert {txn for txn in range(1, seen.high + 1) if seen.committed(txn)} == committed


def test_write_ids_are_gap_free_and_one_to_a_txn_among_many_clients(catalog: CatalogService, caller: Caller) -> None:
    given: list[tuple[int, int]] = []

    def work() -> None:
        for _ in range(6):
            ids = catalog.txns.begin(caller, 2)
            first = catalog.write_ids.allocate(caller, KEY, ids)
            assert catalog.write_ids.allocate(caller, KEY, ids[::-1]) == first
            given.extend(first)

    together(*[work] * 6)
    assert sorted(number for _, number in given) == list(range(1, len(given) + 1))
    assert len({txn for txn, _ in given}) == len(given) == 72


def test_a_client_that_asks_twice_at_once_is_given_the_same(catalog: CatalogService, caller: Caller) -> None:
    ids = catalog.txns.begin(caller, 5)
    given: list[list[tuple[int, int]]] = []
    together(*[lambda: given.append(catalog.write_ids.allocate(caller, KEY, ids))] * 6)
    assert all(one == given[0] for one in given)


def test_of_many_that_change_the_same_at_once_one_commits(catalog: CatalogService, caller: Caller) -> None:
    ids = catalog.txns.begin(caller, 8)
    for txn in ids:
        catalog.txns.add_partitions(caller, txn, KEY, ["p=1"], Operation.UPDATE)
    won: list[int] = []

    def commit(txn: int) -> Callable[[], None]:
        def work() -> None:
            try:
                catalog.txns.commit(caller, txn)
            except TxnAborted:
                return
            won.append(txn)

        return work

    together(*(commit(txn) for txn in ids))
    assert len(won) == 1
    assert catalog.txns.snapshot().aborted == tuple(txn for txn in ids if txn not in won)


def test_commit_and_abort_of_one_txn_at_once_leave_one_of_them_true(catalog: CatalogService, caller: Caller) -> None:
    for _ in range(8):
        (txn,) = catalog.txns.begin(caller, 1)
        said: list[str] = []

        def end(
            how: Callable[[Caller, int], None], word: str, txn: int = txn, said: list[str] = said
        ) -> Callable[[], None]:
            def work() -> None:
                try:
                    how(caller, txn)
                except (TxnAborted, NoSuchTxn):
                    return
                said.append(word)

            return work

        together(end(catalog.txns.commit, "committed"), end(catalog.txns.abort, "aborted"))
        assert said == ["committed" if catalog.txns.snapshot().committed(txn) else "aborted"]


def test_a_silent_txn_is_aborted_before_anybody_is_told_so(catalog: CatalogService, caller: Caller) -> None:
    silent, alive = catalog.txns.begin(caller, 2)
    execute(catalog, f"UPDATE txns SET heartbeat_at = 0 WHERE id = {silent}")
    assert catalog.txns.snapshot().aborted == (silent,)
    assert catalog.txns.snapshot().open == (alive,)
    with pytest.raises(TxnAborted):
        catalog.txns.heartbeat(caller, silent)
    with pytest.raises(TxnAborted):
        catalog.txns.commit(caller, silent)


def test_a_silent_txn_that_speaks_in_time_goes_on(catalog: CatalogService, caller: Caller) -> None:
    (txn,) = catalog.txns.begin(caller, 1)
    execute(catalog, "UPDATE txns SET heartbeat_at = 0")
    assert catalog.txns.heartbeat_range(caller, txn, txn) == (set(), set())
    assert catalog.txns.snapshot().open == (txn,)


def test_txns_of_replication_need_no_heartbeat(catalog: CatalogService, caller: Caller) -> None:
    (txn,) = catalog.txns.begin_replicated(caller, "p", [7])
    execute(catalog, "UPDATE txns SET heartbeat_at = heartbeat_at - 3600000")
    assert catalog.txns.snapshot().open == (txn,)
    execute(catalog, "UPDATE txns SET heartbeat_at = 0")
    assert catalog.txns.snapshot().aborted == (txn,)


def test_what_nobody_needs_is_forgotten_and_readers_see_the_same(catalog: CatalogService, caller: Caller) -> None:
    dice = random.Random(5)
    for txn in catalog.txns.begin(caller, 40):
        catalog.write_ids.allocate(caller, KEY, [txn])
        catalog.txns.add_partitions(caller, txn, KEY, [f"p={txn % 3}"], Operation.INSERT)
        if dice.random() < 0.8:
            catalog.txns.commit(caller, txn)
        else:
            catalog.txns.abort(caller, txn)
    (before,) = catalog.write_ids.valid(caller, [NAME])
    execute(catalog, f"UPDATE txns SET heartbeat_at = heartbeat_at - {FORGOTTEN_AFTER_SECONDS * 1000 + 1}")
    catalog.txns.begin(caller, 60)
    catalog.txns.abort_all(caller, range(41, 101))
    catalog.txns.begin(caller, 1)
    (after,) = catalog.write_ids.valid(caller, [NAME])
    assert (after.high, after.invalid, after.aborted) == (before.high, before.invalid, before.aborted)
    with catalog.store.read() as tx:
        left = tx.connection.execute(select(func.count()).where(txns.c.state == "committed")).scalar_one()
        kept = tx.connection.execute(select(func.min(write_ids.c.write_id))).scalar_one()
    assert left == 0
    assert kept == before.invalid[0]


def test_changes_are_forgotten_when_nobody_can_collide_with_them(catalog: CatalogService, caller: Caller) -> None:
    for _ in range(3):
        (txn,) = catalog.txns.begin(caller, 1)
        catalog.txns.add_partitions(caller, txn, KEY, ["p=1"], Operation.UPDATE)
        catalog.txns.commit(caller, txn)
    (txn,) = catalog.txns.begin(caller, 1)
    catalog.txns.add_partitions(caller, txn, KEY, ["p=1"], Operation.INSERT)
    catalog.txns.commit(caller, txn)
    with catalog.store.begin() as tx:
        rows.sweep(tx, 0)
        left = tx.connection.execute(select(txn_components.c.txn_id)).scalars().all()
    assert left == [3]


def statements(catalog: CatalogService, caller: Caller, count: int) -> list[int]:
    """How many statements each call of a txn's life is, with so many txns, partitions and tables."""
    found: list[int] = []

    def count_of(work: Callable[[], object]) -> None:
        with counted(catalog) as seen:
            work()
        found.append(len(seen))

    ids = catalog.txns.begin(caller, count)
    key = TableKey("hive", "sales", f"t{count}")
    count_of(lambda: catalog.write_ids.allocate(caller, key, ids))
    count_of(
        lambda: catalog.txns.add_partitions(caller, ids[0], key, [f"p={n}" for n in range(count)], Operation.UPDATE)
    )
    count_of(
        lambda: catalog.write_ids.valid(
            caller, [(f"sales.x{n}", TableKey("hive", "sales", f"x{n}")) for n in range(count)]
        )
    )
    count_of(lambda: catalog.txns.snapshot())
    count_of(lambda: catalog.txns.heartbeat_range(caller, ids[0], ids[-1]))
    count_of(lambda: catalog.txns.commit(caller, ids[0]))
    count_of(lambda: catalog.txns.begin(caller, 1))
    count_of(lambda: catalog.txns.abort_all(caller, ids))
    return found


def test_calls_are_the_same_few_statements_for_two_and_for_ninety(catalog: CatalogService, caller: Caller) -> None:
    few, many = statements(catalog, caller, 2), statements(catalog, caller, 90)
    assert few == many
    assert max(few) <= 11


@pytest.mark.parametrize("count", [0, -1])
def test_so_few_txns_cannot_be_begun(catalog: CatalogService, caller: Caller, count: int) -> None:
    with pytest.raises(Invalid):
        catalog.txns.begin(caller, count)


def test_no_more_txns_are_begun_at_once_than_hive_would(catalog: CatalogService, caller: Caller) -> None:
    assert len(catalog.txns.begin(caller, 5000, TxnKind.READ_ONLY)) == 1000


def test_flags_are_bits_from_the_lowest(caller: Caller) -> None:
    assert bits([]) == bits([False] * 20) == b""
    assert bits([True, False, True]) == b"\x05"
    assert bits([False] * 9 + [True]) == b"\x00\x02"


@pytest.mark.parametrize("text", ["", "x", "1:2:a:", "1::3,x"])
def test_a_snapshot_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="validTxnList"):
        parse_snapshot(text)
