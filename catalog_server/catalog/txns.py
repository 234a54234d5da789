"""Hive's transactions: begun, kept alive, committed and aborted; one whose client is silent for too long is aborted.

A txn that anybody was told is aborted can never be committed: leases that have ended are written down before they are told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from catalog_server.catalog import txn_parameters
from catalog_server.catalog.core import Core, check_text, record
from catalog_server.model.caller import SYSTEM, Caller
from catalog_server.model.errors import Denied, Invalid, NotFound
from catalog_server.model.event import EventKind
from catalog_server.model.grant import Action, Resource
from catalog_server.model.names import TableName, name_key
from catalog_server.model.txn import (
    NoSuchTxn,
    Operation,
    Snapshot,
    TableKey,
    Txn,
    TxnAborted,
    TxnKind,
    TxnState,
    table_key,
    unexpected,
)
from catalog_server.store import txns as rows
from catalog_server.store import write_ids
from catalog_server.store.transaction import Transaction, now

BATCH_MAX = 1000
"""Txns begun by one call; Hive begins so many when asked for more (hive.txn.max.open.batch)."""
REPLICATION_LEASE_SECONDS = 11 * 24 * 3600
"""Txns that replication begins are renewed by nobody (hive.repl.txn.timeout)."""
FORGOTTEN_AFTER_SECONDS = 3600
"""So long an ended txn is known, so that a client that tries again is told what became of it."""
_RANGE_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Change:
    """What a txn is going to do to a table, or to one of its partitions."""

    key: TableKey
    partition: str | None
    operation: Operation
    write_id: int | None = None


class Txns:
    """Rules of txns. Whoever knows a txn's number may act on it, as with Hive, whose clients act for other users; but where
    grants decide, who was granted nothing begins no txn, and one that it has not begun is not there for it."""

    def __init__(self, core: Core, lease_seconds: float) -> None:
        self.core = core
        self.lease_seconds = lease_seconds

    def key(self, catalog: str | None, database: str, table: str) -> TableKey:
        """The key of a table's name."""
        check_text("table", database, table)
        return table_key(TableName(self.core.catalog_name(catalog), database, table))

    def expired_before(self, at: int) -> int:
        """Leases renewed before this time have ended at a time; milliseconds since 1970."""
        return at - int(self.lease_seconds * 1000)

    def expire(self, tx: Transaction) -> list[int]:
        """Abort the txns whose leases have ended; their ids."""
        cutoffs = {None: self.expired_before(tx.at), TxnKind.REPL_CREATED: tx.at - REPLICATION_LEASE_SECONDS * 1000}
        expired = rows.expire(tx, cutoffs)
        _tell_aborted(tx, SYSTEM, [one for one, kind in expired.items() if kind is not TxnKind.READ_ONLY])
        return list(expired)

    def _knows(self, tx: Transaction, caller: Caller) -> bool:
        """Whether a caller may see anything at all."""
        if self.core.grants.is_open:
            return True
        visible = self.core.grants.visible(tx, caller)
        return visible.everything or bool(visible.databases or visible.tables)

    def _may_begin(self, tx: Transaction, caller: Caller) -> None:
        if not self._knows(tx, caller):
            raise Denied(Action.CREATE.value, "a transaction")

    def _found(self, tx: Transaction, caller: Caller, ids: Sequence[int], *, lock: bool = True) -> dict[int, Txn]:
        """Those of some txns that there are for a caller."""
        found = rows.found(tx, ids, lock=lock)
        if self._knows(tx, caller):
            return found
        return {one.id: one for one in found.values() if one.user == caller.user}

    def begin(
        self, caller: Caller, count: int, kind: TxnKind = TxnKind.DEFAULT, *, host: str = "", agent: str | None = None
    ) -> list[int]:
        """Begin txns; their ids in order."""
        if count <= 0:
            raise Invalid("num_txns", f"Invalid input for number of txns: {count}")
        check_text("host", host, agent)

        def work(tx: Transaction) -> list[int]:
            self._may_begin(tx, caller)
            ids = rows.begin(tx, min(count, BATCH_MAX), kind, caller.user, host, agent)
            tell_opened(tx, caller, ids, kind)
            if rows.crossed(ids):
                rows.sweep(tx, tx.at - FORGOTTEN_AFTER_SECONDS * 1000)
            return ids

        return self.core.store.write(work)

    def begin_replicated(
        self, caller: Caller, policy: str, sources: Sequence[int], *, host: str = "", agent: str | None = None
    ) -> list[int]:
        """Begin a txn for each one of a replicated warehouse; those there are already when it is asked again."""
        if not sources or len(sources) > BATCH_MAX:
            raise Invalid("replSrcTxnIds", f"names {len(sources)} txns, not 1 to {BATCH_MAX}")

        def work(tx: Transaction) -> list[int]:
            self._may_begin(tx, caller)
            known = rows.targets(tx, policy, sources)
            if known:
                return sorted(known.values())
            ids = rows.begin(tx, len(sources), TxnKind.REPL_CREATED, caller.user, host, agent)
            rows.replicate(tx, policy, dict(zip(sources, ids, strict=True)))
            tell_opened(tx, caller, ids, TxnKind.REPL_CREATED)
            return ids

        return self.core.store.write(work)

    def listed(self) -> tuple[int, list[Txn]]:
        """The newest txn's id, and all txns that are open or aborted, in order."""
        with self.core.store.read() as tx:
            newest, found = rows.listed(tx)
        before = self.expired_before(now())
        late = any(one.state is TxnState.OPEN and one.heartbeat_at < before for one in found)
        if late and self.core.store.write(self.expire):
            with self.core.store.read() as tx:
                newest, found = rows.listed(tx)
        return newest, found

    def shown(self, caller: Caller) -> tuple[int, list[Txn]]:
        """As `listed`; who has begun a txn, and where, is told to those who may see anything, and of their own."""
        newest, found = self.listed()
        with self.core.store.read() as tx:
            if self._knows(tx, caller):
                return newest, found
        hidden = {"user": "", "host": "", "agent": None}
        return newest, [one if one.user == caller.user else replace(one, **hidden) for one in found]  # type: ignore[arg-type]

    def snapshot(self, without: Sequence[TxnKind] = (TxnKind.READ_ONLY,)) -> Snapshot:
        """What a reader that begins now may see; txns of some kinds are taken for committed."""
        return rows.snapshot_of(*self.listed(), without)

    def commit(
        self,
        caller: Caller,
        txn_id: int,
        *,
        checked: bool = True,
        policy: str | None = None,
        settings: Sequence[txn_parameters.Setting] = (),
    ) -> None:
        """Commit a txn; again is no error while it is known.

        With `checked`, raises `TxnAborted`, and aborts, where another that was open at the same time has updated or deleted in
        the same table or partition and was committed first. With a `policy`, the id is the one that the txn has in the
        replicated warehouse, and one that is ended already, or was never begun here, is no error. The `settings` are carried out
        with it; one that fails leaves the txn open.
        """

        def work(tx: Transaction) -> str | None:
            mine = txn_id if policy is None else rows.targets(tx, policy, [txn_id]).get(txn_id)
            if mine is None:
                return None
            txn = self._found(tx, caller, [mine]).get(mine)
            if txn is not None and txn.state is TxnState.COMMITTED:
                return None
            if txn is None or txn.state is not TxnState.OPEN:
                raise unexpected(mine, txn.state if txn else None)
            collision = rows.commit(tx, txn, checked=checked and policy is None)
            if collision is None:
                if txn.kind is not TxnKind.READ_ONLY:
                    record(tx, caller, EventKind.COMMIT_TXN, None, payload={"txn": mine})
                for setting in settings:
                    txn_parameters.carry_out(self.core, tx, caller, setting)
                return None
            _tell_aborted(tx, caller, [mine], rows.databases_of(tx, mine))
            rows.abort(tx, [mine])
            key, partition, newest, other, commit_id, did, other_did = collision
            thing = "/".join(part for part in (key.database, key.table, partition) if part is not None)
            return (
                f"Aborting [txnid:{mine},{newest}] due to a write conflict on {thing}"
                f" committed by [txnid:{other},{commit_id}] {did}/{other_did}"
            )

        refused = self.core.store.write(work)
        if refused is not None:
            raise TxnAborted(refused)

    def abort(self, caller: Caller, txn_id: int, *, policy: str | None = None) -> None:
        """Abort a txn; again is no error. Raises `NoSuchTxn` for one that is committed. `policy` as in `commit`."""

        def work(tx: Transaction) -> None:
            mine = txn_id if policy is None else rows.targets(tx, policy, [txn_id]).get(txn_id)
            if mine is None:
                return
            txn = self._found(tx, caller, [mine]).get(mine)
            if txn is None or txn.state is TxnState.COMMITTED:
                raise NoSuchTxn(mine, txn.state if txn else None)
            if txn.state is TxnState.OPEN and txn.kind is not TxnKind.READ_ONLY:
                _tell_aborted(tx, caller, [mine], rows.databases_of(tx, mine))
            rows.abort(tx, [mine])

        self.core.store.write(work)

    def abort_all(self, caller: Caller, txn_ids: Sequence[int]) -> None:
        """Abort those of some txns that are open; the others are left as they are."""
        if not txn_ids:
            raise Invalid("txn_ids", "names no txn")

        def work(tx: Transaction) -> None:
            opened = [one for one in self._found(tx, caller, txn_ids).values() if one.state is TxnState.OPEN]
            rows.abort(tx, [one.id for one in opened])
            _tell_aborted(tx, caller, [one.id for one in opened if one.kind is not TxnKind.READ_ONLY])

        self.core.store.write(work)

    def heartbeat(self, caller: Caller, txn_id: int) -> None:
        """Renew the lease of an open txn; raises `NoSuchTxn` or `TxnAborted` for any other."""

        def work(tx: Transaction) -> None:
            if not self._knows(tx, caller):
                self.opened(tx, caller, txn_id)
            self.renew(tx, txn_id)

        self.core.store.write(work)

    def renew(self, tx: Transaction, txn_id: int) -> None:
        """As `heartbeat`, in a transaction that is running."""
        if not rows.heartbeat(tx, txn_id, txn_id):
            txn = rows.found(tx, [txn_id], lock=False).get(txn_id)
            raise unexpected(txn_id, txn.state if txn else None)

    def heartbeat_range(self, caller: Caller, first: int, last: int) -> tuple[set[int], set[int]]:
        """Renew the leases of all open txns of a range; which of the range are aborted, and which are not open at all."""
        if last - first >= _RANGE_MAX:
            raise Invalid("txns", f"{first} to {last} are more than {_RANGE_MAX} txns")

        def work(tx: Transaction) -> tuple[set[int], set[int]]:
            if not self._knows(tx, caller):
                return set(), set(range(first, last + 1))
            others = set(range(first, last + 1)) - rows.heartbeat(tx, first, last)
            if not others:
                return set(), set()
            found = rows.found(tx, sorted(others), lock=False).values()
            aborted = {one.id for one in found if one.state is TxnState.ABORTED}
            return aborted, others - aborted

        return self.core.store.write(work)

    def opened(self, tx: Transaction, caller: Caller, txn_id: int) -> Txn:
        """An open txn, which stays so until the transaction ends; raises `NoSuchTxn` or `TxnAborted`."""
        txn = self._found(tx, caller, [txn_id]).get(txn_id)
        if txn is None or txn.state is not TxnState.OPEN:
            raise unexpected(txn_id, txn.state if txn else None)
        return txn

    def declare(self, tx: Transaction, txn_id: int, changes: Sequence[Change]) -> None:
        """Keep what an open txn is going to change; a change without write id gets the one that the txn has for its table."""
        if not changes:
            return
        known = write_ids.of_txn(tx, txn_id)
        rows.add_components(
            tx,
            [
                {
                    "txn_id": txn_id,
                    "catalog": change.key.catalog,
                    "database": change.key.database,
                    "table": change.key.table,
                    "partition": change.partition,
                    "operation": change.operation.value,
                    "write_id": known.get(change.key) if change.write_id is None else change.write_id,
                }
                for change in changes
            ],
        )

    def add_partitions(
        self,
        caller: Caller,
        txn_id: int,
        key: TableKey,
        partitions: Sequence[str],
        operation: Operation,
        write_id: int | None = None,
    ) -> None:
        """Say which partitions an open txn has written to, in place of the whole table that it locked."""

        def work(tx: Transaction) -> None:
            self.core.grants.require(
                tx, caller, Action.INSERT, Resource("table", (key.catalog, key.database, key.table))
            )
            self.opened(tx, caller, txn_id)
            self.declare(tx, txn_id, [Change(key, name, operation, write_id) for name in partitions])
            rows.drop_table_component(tx, txn_id, key)

        self.core.store.write(work)

    def latest_in_conflict(self, caller: Caller, txn_id: int) -> int:
        """The newest committed txn that changed what this open one changes while it was open; 0 when there is none."""
        with self.core.store.read() as tx:
            if not self._knows(tx, caller):
                return 0
            return rows.latest_in_conflict(tx, txn_id)

    def seed(self, caller: Caller, number: int) -> None:
        """Let the next txn have this number; raises `Invalid` unless that is a new one."""

        def work(tx: Transaction) -> None:
            self.core.grants.require(tx, caller, Action.MANAGE, Resource("server", ()))
            high = rows.high(tx, lock=True)
            if high >= number:
                raise Invalid("", f"Invalid txnId seed {number}, the highWaterMark is {high}")
            rows.seed(tx, number - 1)

        self.core.store.write(work)

    def replicated(self, caller: Caller, policy: str) -> dict[int, int]:
        """The txns of a replication policy that are open: ids in the replicated warehouse, and here."""
        with self.core.store.read() as tx:
            if not self._knows(tx, caller):
                return {}
            return rows.replicated(tx, policy)

    def keep_least(self, caller: Caller, txn_id: int, least: Mapping[str, int]) -> None:
        """Keep the lowest write ids of tables that an open txn reads; of any other txn nothing is kept."""

        def work(tx: Transaction) -> None:
            txn = self._found(tx, caller, [txn_id]).get(txn_id)
            if txn is not None and txn.state is TxnState.OPEN:
                rows.keep_least(tx, txn_id, least)

        self.core.store.write(work)

    def lock_rebuild(self, caller: Caller, database: str, table: str, txn_id: int) -> bool:
        """Take the right to rebuild a materialized view; whether nobody has it."""

        def work(tx: Transaction) -> bool:
            self.opened(tx, caller, txn_id)
            rows.drop_stale_rebuilds(tx, self.expired_before(tx.at))
            return rows.take_rebuild(tx, name_key(database), name_key(table), txn_id)

        return self.core.store.write(work)

    def renew_rebuild(self, caller: Caller, database: str, table: str, txn_id: int) -> None:
        """Renew the right to rebuild a materialized view; raises `NotFound` when the txn does not have it."""

        def work(tx: Transaction) -> None:
            if not self._knows(tx, caller) or not rows.renew_rebuild(tx, name_key(database), name_key(table), txn_id):
                raise NotFound("lock", f"of txnid:{txn_id} to rebuild {database}.{table}")

        self.core.store.write(work)


def tell_opened(tx: Transaction, caller: Caller, ids: Sequence[int], kind: TxnKind) -> None:
    """Write the event of txns that were begun by one call; nobody follows those that only read."""
    if kind is not TxnKind.READ_ONLY:
        record(tx, caller, EventKind.OPEN_TXNS, None, payload={"first": ids[0], "last": ids[-1]})


def _tell_aborted(tx: Transaction, caller: Caller, ids: Sequence[int], databases: Sequence[str] = ()) -> None:
    """Write the event of txns that were aborted; Hive says what a txn had changed only where it alone was aborted."""
    if ids:
        payload: dict[str, object] = {"txns": list(ids), "databases": list(databases)}
        record(tx, caller, EventKind.ABORT_TXNS, None, payload=payload, span=len(ids))
