"""Write ids: the numbers that txns' writes to a table have, and which of them a snapshot lets a reader see."""

from __future__ import annotations

from collections.abc import Sequence

from catalog_server.catalog.core import Core, record
from catalog_server.catalog.txns import BATCH_MAX, Txns
from catalog_server.model.caller import Caller
from catalog_server.model.compaction import DEFAULT_POOL, MAJOR, Request
from catalog_server.model.errors import AlreadyExists, Invalid, NotFound
from catalog_server.model.event import EventKind
from catalog_server.model.grant import Action, Resource
from catalog_server.model.names import TableName
from catalog_server.model.txn import (
    NOTHING_OPEN,
    Snapshot,
    TableKey,
    TxnKind,
    TxnState,
    WriteIds,
    parse_snapshot,
    parse_write_ids,
    unexpected,
)
from catalog_server.store import compactions
from catalog_server.store import txns as txn_rows
from catalog_server.store import write_ids as rows
from catalog_server.store.transaction import Transaction


def _resource(key: TableKey) -> Resource:
    return Resource("table", (key.catalog, key.database, key.table))


def _tell(tx: Transaction, caller: Caller, key: TableKey, given: Sequence[tuple[int, int]]) -> None:
    payload: dict[str, object] = {"txns": [txn for txn, _ in given], "write_ids": [number for _, number in given]}
    name = TableName(key.catalog, key.database, key.table)
    record(tx, caller, EventKind.ALLOCATE_WRITE_IDS, name, payload=payload)


class TableWrites:
    """Rules of write ids. Tables are named and need not exist; names are compared without regard to case."""

    def __init__(self, core: Core, txns: Txns) -> None:
        self.core = core
        self.txns = txns

    def allocate(
        self, caller: Caller, key: TableKey, txn_ids: Sequence[int], *, again: bool = False
    ) -> list[tuple[int, int]]:
        """Give each txn a write id for a table, or the one it has, in the order of txns; pairs of txn and write id.

        With `again`, write ids that the txns have are given up for new ones. Raises `NoSuchTxn` or `TxnAborted` unless all
        are open, and `Invalid` for one that only reads.
        """
        wanted = sorted(set(txn_ids))
        if not wanted or len(wanted) > BATCH_MAX:
            raise Invalid("txnIds", f"names {len(wanted)} txns, not 1 to {BATCH_MAX}")

        def work(tx: Transaction) -> list[tuple[int, int]]:
            self.core.grants.require(tx, caller, Action.INSERT, _resource(key))
            self._check(tx, key, wanted)
            if again:
                rows.give_back(tx, key, wanted)
            held = {} if again else rows.held(tx, key, wanted)
            missing = [one for one in wanted if one not in held]
            if missing:
                last = rows.advance(tx, key, len(missing))
                new = dict(zip(missing, range(last - len(missing) + 1, last + 1), strict=True))
                rows.assign(tx, key, new.items())
                _tell(tx, caller, key, list(new.items()))
                held |= new
            return [(one, held[one]) for one in wanted]

        return self.core.store.write(work)

    def _check(self, tx: Transaction, key: TableKey, wanted: Sequence[int]) -> None:
        found = txn_rows.found(tx, wanted)
        for one in wanted:
            txn = found.get(one)
            if txn is None or txn.state is not TxnState.OPEN:
                raise unexpected(one, txn.state if txn else None)
            if txn.kind is TxnKind.READ_ONLY:
                raise Invalid("", f"Write ID allocation failed on {key.database}.{key.table}: txnid:{one} only reads")

    def allocate_replicated(
        self, caller: Caller, key: TableKey, policy: str, pairs: Sequence[tuple[int, int]]
    ) -> list[tuple[int, int]]:
        """Give the txns that stand for those of a replicated warehouse the write ids that these have there.

        Nothing is done, and nothing answered, when one of them is ended already: it was asked before.
        """
        if not pairs:
            raise Invalid("srcTxnToWriteIdList", "names no txn")
        sources, first = [source for source, _ in pairs], pairs[0][1]

        def work(tx: Transaction) -> list[tuple[int, int]]:
            self.core.grants.require(tx, caller, Action.INSERT, _resource(key))
            targets = txn_rows.targets(tx, policy, sources)
            if len(targets) != len(set(sources)):
                return []
            wanted = sorted(targets.values())
            self._check(tx, key, wanted)
            held = rows.held(tx, key, wanted)
            if len(held) == len(wanted):
                return [(one, held[one]) for one in wanted]
            last = rows.advance(tx, key, len(wanted))
            if last - len(wanted) + 1 != first:
                rows.give_back(tx, key)
                rows.restart(tx, key, first + len(wanted) - 1)
            new = list(zip(wanted, range(first, first + len(wanted)), strict=True))
            rows.assign(tx, key, new)
            _tell(tx, caller, key, new)
            return new

        return self.core.store.write(work)

    def last(self, caller: Caller, key: TableKey) -> int:
        """The newest write id of a table, 0 when it has none."""
        with self.core.store.read() as tx:
            self.core.grants.require(tx, caller, Action.DESCRIBE, _resource(key))
            return rows.last(tx, key)

    def valid(
        self,
        caller: Caller,
        tables: Sequence[tuple[str, TableKey]],
        snapshot: str | None = None,
        write_id: int | None = None,
    ) -> list[WriteIds]:
        """What may be read of tables, given as they were spelled and by key: under a snapshot, in Hive's form, or now.

        With a `write_id` of the first table: as the txn that has it sees them. Raises `NotFound` when nobody has it.
        """
        seen = self.txns.snapshot() if snapshot is None else parse_snapshot(snapshot)
        with self.core.store.read() as tx:
            for _, key in tables:
                self.core.grants.require(tx, caller, Action.DESCRIBE, _resource(key))
            if snapshot is None and write_id is not None and tables:
                seen = self._as_seen_by(tx, tables[0], write_id, seen)
            return rows.valid(tx, tables, seen) if tables else []

    def _as_seen_by(self, tx: Transaction, table: tuple[str, TableKey], write_id: int, now: Snapshot) -> Snapshot:
        name, key = table
        txn_id = rows.txn_of(tx, key, write_id)
        if txn_id is None:
            raise NotFound("write id", f"invalid write id {write_id} for table {name}")
        earlier = (tuple(one for one in ids if one < txn_id) for ids in (now.open, now.aborted))
        return Snapshot(txn_id, *earlier)

    def start(self, caller: Caller, key: TableKey, last: int) -> None:
        """Let the write ids of a table that has none begin after `last`; raises `AlreadyExists` when it has some."""

        def work(tx: Transaction) -> None:
            self.core.grants.require(tx, caller, Action.ALTER, _resource(key))
            if not rows.start(tx, key, last):
                raise AlreadyExists("write ids of table", f"{key.database}.{key.table}")

        self.core.store.write(work)

    def replicate_state(
        self, caller: Caller, key: TableKey, state: str, *, host: str = "", partitions: Sequence[str] = ()
    ) -> None:
        """Let a table without write ids have those of a replicated one: `state` is in Hive's form of valid write ids.

        The aborted ones belong to txns that are aborted here, and a major compaction is asked for that takes their files away.
        """
        seen = parse_write_ids(state)
        aborted = [one for one in seen.invalid if one in seen.aborted]

        def work(tx: Transaction) -> None:
            self.core.grants.require(tx, caller, Action.ALTER, _resource(key))
            if not rows.start(tx, key, seen.high) or not aborted:
                return
            ids = txn_rows.begin(tx, len(aborted), TxnKind.DEFAULT, caller.user, host, None)
            rows.assign(tx, key, zip(ids, aborted, strict=True))
            txn_rows.abort(tx, ids)
            requests = [
                Request(key.database, key.table, part, MAJOR, pool=DEFAULT_POOL) for part in partitions or (None,)
            ]
            compactions.add_all(tx, requests)

        self.core.store.write(work)

    def changed(
        self, caller: Caller, tables: Sequence[tuple[str, TableKey]], then: str, now: str
    ) -> tuple[bool, bool] | None:
        """Whether rows of a view's tables were updated or deleted, and whether they were compacted, since it was built.

        `then` is what the view was built from (`TXN HIGH$table:write ids$...`), `now` the reader's snapshot. None when it
        cannot be told, because a write that was open then has ended, or nothing was kept of a table.
        """
        built = {one.table.lower(): one for one in map(parse_write_ids, then.split("$")[1:])}
        current = parse_snapshot(now)
        with self.core.store.read() as tx:
            for _, key in tables:
                self.core.grants.require(tx, caller, Action.DESCRIBE, _resource(key))
            seen = []
            for found, (name, key) in zip(rows.valid(tx, tables, current), tables, strict=True):
                before = built.get(name.lower())
                if before is None or (before.least_open or NOTHING_OPEN) != (found.least_open or NOTHING_OPEN):
                    return None
                seen.append((key, (before.high, before.invalid)))
            return txn_rows.changed_since(tx, seen, current), compactions.any_since(tx, seen)
