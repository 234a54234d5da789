"""Locks as rules see them: leases, txns, silent holders, many clients at once, and what a cycle costs in statements."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from alembic import command
from sqlalchemy import text

from catalog_server.catalog.catalog import CatalogService
from catalog_server.catalog.grants import StoredPolicy
from catalog_server.catalog.locks import ACQUIRED, NOT_ACQUIRED, WAITING, LockPart
from catalog_server.catalog.txns import Change
from catalog_server.config import Config
from catalog_server.model.caller import Caller
from catalog_server.model.errors import Invalid, NotFound
from catalog_server.model.txn import Operation, TxnAborted, TxnOpen
from catalog_server.store import locks as rows
from catalog_server.store import migrations
from catalog_server.store.engine import open_engine
from catalog_server.store.transaction import Store
from tests.store.statements import counted

LATE = "UPDATE locks SET heartbeat_at = 0"


def part(mode: str, table: str | None = "orders", database: str = "sales", partition: str | None = None) -> LockPart:
    return LockPart("hive", database, table, partition, mode)


def execute(catalog: CatalogService, sql: str) -> None:
    with catalog.store.begin() as tx:
        tx.connection.execute(text(sql))


def test_an_exclusive_lock_makes_others_wait_until_it_is_given_back(catalog: CatalogService, caller: Caller) -> None:
    first = catalog.locks.lock(caller, [part("exclusive")])
    assert first.state == ACQUIRED
    second = catalog.locks.lock(caller, [part("shared_read")])
    assert second.state == WAITING
    assert catalog.locks.lock(caller, [part("exclusive", "other")]).state == ACQUIRED
    assert catalog.locks.lock(caller, [part("exclusive", None)]).state == WAITING
    catalog.locks.unlock(first.lock_id)
    assert catalog.locks.check(second.lock_id) == ACQUIRED


def test_locks_are_held_by_one_at_a_time(catalog: CatalogService, caller: Caller) -> None:
    holders: list[int] = []
    most: list[int] = []

    def work() -> None:
        for _ in range(5):
            asked = catalog.locks.lock(caller, [part("exclusive")])
            state = asked.state
            while state == WAITING:
                state = catalog.locks.check(asked.lock_id)
            holders.append(asked.lock_id)
            most.append(len(holders))
            holders.remove(asked.lock_id)
            catalog.locks.unlock(asked.lock_id)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 20


def test_locks_on_several_databases_in_any_order_never_stand_in_a_circle(
    catalog: CatalogService, caller: Caller
) -> None:
    failed: list[BaseException] = []

    def work(seed: int) -> None:
        dice = random.Random(seed)
        try:
            for _ in range(6):
                names = dice.sample(["a", "b", "c", "d"], 3)
                modes = [dice.choice(["shared_read", "shared_write", "exclusive_write", "exclusive"]) for _ in names]
                pairs = zip(names, modes, strict=True)
                asked = catalog.locks.lock(caller, [part(mode, database=name) for name, mode in pairs])
                state = asked.state
                while state == WAITING:
                    state = catalog.locks.check(asked.lock_id)
                catalog.locks.unlock(asked.lock_id)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not failed
    assert catalog.locks.list(caller) == []


def test_a_lock_whose_holder_fell_silent_ends(catalog: CatalogService, caller: Caller) -> None:
    catalog.locks.lock(caller, [part("exclusive")])
    execute(catalog, LATE)
    assert catalog.locks.list(caller) == []
    assert catalog.locks.lock(caller, [part("exclusive")]).state == ACQUIRED
    assert len(catalog.locks.list(caller)) == 1


def test_who_waits_is_let_in_when_the_holder_fell_silent(catalog: CatalogService, caller: Caller) -> None:
    silent = catalog.locks.lock(caller, [part("exclusive")])
    waiting = catalog.locks.lock(caller, [part("exclusive")])
    execute(catalog, f"{LATE} WHERE lock_id = {silent.lock_id}")
    assert catalog.locks.check(waiting.lock_id) == ACQUIRED
    with pytest.raises(NotFound):
        catalog.locks.heartbeat(silent.lock_id)


def test_a_silent_txn_is_aborted_when_its_lock_is_wanted(catalog: CatalogService, caller: Caller) -> None:
    (txn,) = catalog.txns.begin(caller, 1)
    held = catalog.locks.lock(caller, [part("exclusive")], txn_id=txn)
    waiting = catalog.locks.lock(caller, [part("exclusive")])
    assert (held.state, waiting.state) == (ACQUIRED, WAITING)
    execute(catalog, "UPDATE txns SET heartbeat_at = 0")
    assert catalog.locks.check(waiting.lock_id) == ACQUIRED
    with pytest.raises(TxnAborted):
        catalog.txns.commit(caller, txn)


def test_locks_of_a_txn_end_with_it_and_not_before(catalog: CatalogService, caller: Caller) -> None:
    for end in (catalog.txns.commit, catalog.txns.abort):
        (txn,) = catalog.txns.begin(caller, 1)
        held = catalog.locks.lock(caller, [part("exclusive"), part("shared_read", None)], txn_id=txn)
        with pytest.raises(TxnOpen, match=f"txnid:{txn} db:sales table:orders"):
            catalog.locks.unlock(held.lock_id)
        end(caller, txn)
        assert catalog.locks.list(caller) == []


def test_locks_of_one_txn_do_not_hold_each_other_up(catalog: CatalogService, caller: Caller) -> None:
    (txn,) = catalog.txns.begin(caller, 1)
    for _ in range(2):
        assert catalog.locks.lock(caller, [part("exclusive")], txn_id=txn).state == ACQUIRED


def test_a_reader_that_will_not_wait_leaves_nothing_behind(catalog: CatalogService, caller: Caller) -> None:
    first, second = catalog.txns.begin(caller, 2)
    held = catalog.locks.lock(caller, [part("exclusive")], txn_id=first)
    asked = catalog.locks.lock(caller, [part("shared_read")], txn_id=second, readers_wait=False)
    assert asked.state == NOT_ACQUIRED
    assert asked.blocker is not None
    assert asked.blocker.lock_id == held.lock_id
    assert [row.lock_id for row in catalog.locks.list(caller)] == [held.lock_id]


@pytest.mark.parametrize("parts", [[], [part("exclusive")] * 2001], ids=["none", "too many"])
def test_so_many_parts_are_refused(catalog: CatalogService, caller: Caller, parts: Sequence[LockPart]) -> None:
    with pytest.raises(Invalid):
        catalog.locks.lock(caller, parts)


def test_what_may_not_be_seen_may_not_be_locked(config: Config, catalog: CatalogService) -> None:
    guarded = CatalogService(config, StoredPolicy())
    with pytest.raises(NotFound):
        guarded.locks.lock(Caller("ann"), [part("shared_read")])
    assert guarded.locks.list(Caller("ann")) == []
    guarded.close()


def test_a_cycle_is_four_statements_at_most_whatever_else_is_locked(catalog: CatalogService, caller: Caller) -> None:
    def cycle() -> None:
        asked = catalog.locks.lock(caller, [part("exclusive")])
        assert catalog.locks.check(asked.lock_id) == ACQUIRED
        catalog.locks.unlock(asked.lock_id)

    cycle()
    with counted(catalog) as few:
        cycle()
    for number in range(50):
        catalog.locks.lock(
            caller, [part("shared_read", f"t{number}"), part("exclusive", f"t{number}", partition="p=1")]
        )
    with counted(catalog) as many:
        cycle()
    assert many == few
    assert len(few) == (4 if catalog.store.is_postgresql else 3)


def test_waiting_and_locking_in_a_txn_cost_the_same_for_one_part_and_fifty(
    catalog: CatalogService, caller: Caller
) -> None:
    (holder,) = catalog.txns.begin(caller, 1)
    catalog.locks.lock(caller, [part("exclusive", None)], txn_id=holder)
    statements = []
    for size in (1, 50):
        (txn,) = catalog.txns.begin(caller, 1)
        key = catalog.txns.key(None, "sales", "orders")
        changes = [Change(key, f"p={n}", Operation.UPDATE) for n in range(size)]
        parts = [part("shared_write", partition=f"p={n}") for n in range(size)]
        with counted(catalog) as seen:
            asked = catalog.locks.lock(caller, parts, txn_id=txn, changes=changes)
            assert catalog.locks.check(asked.lock_id) == WAITING
        statements.append(len(seen))
    assert statements[0] == statements[1] <= 16


def test_locks_of_the_first_schema_are_still_held_after_an_upgrade(new_store_url: str) -> None:
    store = Store(open_engine(new_store_url))
    config: Any = migrations._config()
    with store.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        columns = 'lock_id, transaction_id, resource, catalog, "database", mode, state, "user", host'
        values = "7, 0, 'Hive.d', 'Hive', 'd', 'exclusive', 'acquired', 'ann', 'here'"
        connection.execute(text(f"INSERT INTO locks ({columns}) VALUES ({values})"))
    migrations.upgrade(store)
    with store.read() as tx:
        (row,) = rows.get(tx, 7)
    assert (row.number, row.txn_id, row.part) == (1, 0, part("exclusive", None, "d"))
    store.close()
