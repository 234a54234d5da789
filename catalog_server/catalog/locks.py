"""Locks as Hive clients take them: leases that end when their holder stops renewing them, or with the txn they belong to.

A lock is advice among writers that all ask for one; no change of the catalog trusts in it, since every change is a
compare-and-set. Iceberg's HiveTableOperations and Hive's own transactions ask for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from catalog_server.catalog.core import Core, check_text
from catalog_server.catalog.txns import Change, Txns
from catalog_server.model.caller import Caller
from catalog_server.model.errors import Invalid, NotFound
from catalog_server.model.grant import Action, Resource
from catalog_server.model.txn import TxnOpen
from catalog_server.store import locks as rows
from catalog_server.store.locks import ACQUIRED, WAITING, LockPart, LockRow
from catalog_server.store.transaction import Transaction, now

__all__ = ["ACQUIRED", "NOT_ACQUIRED", "WAITING", "Asked", "LockPart", "LockRow", "Locks"]

NOT_ACQUIRED = "not_acquired"
"""The state of a lock that would have had to wait and was not to."""
PARTS_MAX = 2000


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of a lock that was asked for."""

    lock_id: int
    state: str
    """`acquired`, `waiting` or `not_acquired`."""
    blocker: LockRow | None = None
    """What was in the way of a lock that was not to wait."""
    exclusive_create: bool = False


class Locks:
    """Rules of locks."""

    def __init__(self, core: Core, txns: Txns) -> None:
        self.core = core
        self.txns = txns

    def lock(
        self,
        caller: Caller,
        parts: Sequence[LockPart],
        *,
        host: str = "",
        agent: str | None = None,
        txn_id: int = 0,
        changes: Sequence[Change] = (),
        readers_wait: bool = True,
        creators_wait: bool = True,
    ) -> Asked:
        """Ask for locks on all parts at once.

        In an open txn they are held until it ends, and it is kept what the txn is going to change. Such a lock is given
        up where it would wait and `readers_wait` (for a shared one that reads) or `creators_wait` (for any) is off.
        Raises `NotFound` for a part that the caller may not see; whether it exists is not asked.
        """
        if not parts or len(parts) > PARTS_MAX:
            raise Invalid("lock", f"names {len(parts)} things to lock, not 1 to {PARTS_MAX}")
        for part in parts:
            check_text("lock", part.database, part.table, part.partition)
        check_text("lock", host, agent)

        def work(tx: Transaction) -> Asked:
            for part in parts:
                self.core.grants.require(tx, caller, Action.DESCRIBE, _resource(part))
            if txn_id:
                self.txns.opened(tx, caller, txn_id)
                self.txns.declare(tx, txn_id, changes)
            lock_id, state, blocker = rows.create(tx, parts, txn_id, caller.user, host, agent)
            if not txn_id or state != WAITING:
                return Asked(lock_id, state)
            if self._make_room(tx, parts) and rows.regrant(tx, lock_id):
                return Asked(lock_id, ACQUIRED)
            if not (readers_wait and creators_wait):
                blocked = next(row for row in rows.get(tx, lock_id) if row.blocked_by is not None)
                if not creators_wait or blocked.part.mode == "shared_read":
                    rows.remove(tx, lock_id)
                    return Asked(lock_id, NOT_ACQUIRED, rows.get(tx, blocker or 0)[0], not creators_wait)
            return Asked(lock_id, WAITING)

        asked = self.core.store.write(work)
        if asked.state == WAITING and not txn_id:
            return Asked(
                asked.lock_id, self.core.store.write(lambda tx: self._granted(tx, rows.get(tx, asked.lock_id)))
            )
        return asked

    def _granted(self, tx: Transaction, found: Sequence[LockRow]) -> str:
        """The state of a lock that waits, given now if nothing stands in its way, or only who is not heard of any more."""
        if not found:
            raise NotFound("lock", "that was just asked for")
        given = rows.grant(tx, found)
        if not given and self._make_room(tx, [row.part for row in found]):
            given = rows.regrant(tx, found[0].lock_id)
        return ACQUIRED if given else WAITING

    def _make_room(self, tx: Transaction, parts: Sequence[LockPart]) -> bool:
        """Take the locks of those away who are not heard of any more; whether there were any."""
        databases = {(rows.keyed(part)[0], rows.keyed(part)[1]) for part in parts}
        dropped = rows.drop_expired(tx, databases, self.txns.expired_before(tx.at))
        return bool(self.txns.expire(tx)) or dropped

    def may_use(self, caller: Caller, lock_id: int) -> bool:
        """Whether a caller may see all that a lock is on, so that it may act on the lock; else it is not there for it."""
        if self.core.grants.is_open:
            return True
        with self.core.store.read() as tx:
            decide, found = self.core.grants.policy.decide, rows.get(tx, lock_id)
            return all(decide(tx, caller, Action.DESCRIBE, _resource(row.part)).allowed for row in found)

    def check(self, lock_id: int) -> str:
        """The state of a lock, granted now if nothing stands in its way any more, and its lease renewed.

        Raises `NotFound`, and `TxnAborted` for one whose txn was aborted meanwhile.
        """
        alone = self.core.store.single if self.core.store.is_postgresql else self.core.store.read
        with alone() as tx:
            found = rows.get(tx, lock_id)
            fresh = tx.at - rows.RENEWED_EVERY
        if found and found[0].state == ACQUIRED and not found[0].txn_id and found[0].heartbeat_at >= fresh:
            return ACQUIRED

        def work(tx: Transaction) -> str:
            found = rows.get(tx, lock_id)
            if not found:
                raise NotFound("lock", str(lock_id))
            if found[0].txn_id:
                self.txns.renew(tx, found[0].txn_id)
            if found[0].state == WAITING and self._granted(tx, found) == ACQUIRED:
                return ACQUIRED
            if not found[0].txn_id and not rows.heartbeat(tx, lock_id):
                raise NotFound("lock", str(lock_id))
            return found[0].state

        return self.core.store.write(work)

    def heartbeat(self, lock_id: int) -> None:
        """Renew the lease of a lock of no txn; raises `NotFound`."""

        def work(tx: Transaction) -> None:
            if not rows.heartbeat(tx, lock_id):
                raise NotFound("lock", str(lock_id))

        self.core.store.write(work)

    def unlock(self, lock_id: int) -> None:
        """Give a lock back; one that there is not is no error. Raises `TxnOpen` for one that an open txn holds."""

        with self.core.store.single() as tx:
            if rows.drop(tx, lock_id):
                return
        with self.core.store.read() as tx:
            held = rows.get(tx, lock_id)
        if held:
            raise TxnOpen(f"Unlocking locks associated with transaction not permitted.  {describe(held[0])}")

    def list(
        self,
        caller: Caller,
        database: str | None = None,
        table: str | None = None,
        partition: str | None = None,
        txn_id: int | None = None,
    ) -> list[LockRow]:
        """Locks whose lease has not ended, in the order of asking, on what the caller may see."""
        since = self.txns.expired_before(now())
        with self.core.store.read() as tx:
            found = rows.list_all(tx, since=since, database=database, table=table, partition=partition, txn_id=txn_id)
            policy = self.core.grants.policy
            return [row for row in found if policy.decide(tx, caller, Action.DESCRIBE, _resource(row.part)).allowed]


def describe(row: LockRow) -> str:
    """A part of a lock in the words of Hive's server."""
    mode = {"exclusive_write": "EXCL_WRITE"}.get(row.part.mode, row.part.mode.upper())
    where = f"db:{row.part.database} table:{row.part.table or 'null'} partition:{row.part.partition or 'null'}"
    return (
        f"lockid:{row.lock_id} intLockId:{row.number} txnid:{row.txn_id} {where} state:{row.state.upper()} type:{mode}"
    )


def _resource(part: LockPart) -> Resource:
    if part.table is None:
        return Resource("database", (part.catalog, part.database))
    return Resource("table", (part.catalog, part.database, part.table))
