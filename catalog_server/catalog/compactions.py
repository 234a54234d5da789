"""Requests to compact ACID tables, as records: workers elsewhere ask for the next one and say what became of it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from catalog_server.catalog.core import Core, check_parameters, check_text
from catalog_server.catalog.txns import Change, Txns
from catalog_server.model import compaction
from catalog_server.model.caller import Caller
from catalog_server.model.compaction import Compaction, Request
from catalog_server.model.errors import Invalid, NotFound
from catalog_server.model.grant import Action, Resource
from catalog_server.model.txn import Operation, TableKey
from catalog_server.store import compactions as rows
from catalog_server.store import write_ids
from catalog_server.store.transaction import Transaction

POOL_PATIENCE_SECONDS = 12 * 3600
"""Workers of no pool are given requests of other pools that have waited so long (Hive's worker.pool.timeout)."""
ABORT_MESSAGE = "Compaction Aborted by Abort Comapction request."
"""As Hive spells it."""
_ORDER = re.compile(r'\s*"?(CC_\w+)"?(?:\s+(ASC|DESC))?\s*', re.IGNORECASE)
_WORKERS = Resource("server", ())


class Compactions:
    """Rules of compactions. Tables are named as they were sent and need not exist."""

    def __init__(self, core: Core, txns: Txns) -> None:
        self.core = core
        self.txns = txns

    def _key(self, database: str, table: str) -> TableKey:
        return self.txns.key(None, database, table)

    def _require(self, tx: Transaction, caller: Caller, action: Action, database: str, table: str) -> TableKey:
        key = self._key(database, table)
        self.core.grants.require(tx, caller, action, Resource("table", (key.catalog, key.database, key.table)))
        return key

    def _is_seen(self, tx: Transaction, caller: Caller, request: Request) -> bool:
        key = self._key(request.database, request.table)
        resource = Resource("table", (key.catalog, key.database, key.table))
        return self.core.grants.policy.decide(tx, caller, Action.DESCRIBE, resource).allowed

    def request(self, caller: Caller, request: Request) -> tuple[int | None, Compaction | None]:
        """Ask for a compaction: its id, or what is in the queue for the same thing already."""
        if not request.database or not request.table:
            raise Invalid("compaction", "names no table")
        check_text("compaction", request.partition, request.run_as, request.pool, request.order_by)
        check_parameters("properties", request.properties or {})

        def work(tx: Transaction) -> tuple[int | None, Compaction | None]:
            key = self._require(tx, caller, Action.ALTER, request.database, request.table)
            rows.serialize(tx, request.database, request.table)
            other = rows.queued(tx, request, write_ids.last(tx, key))
            return (None, other) if other is not None else (rows.add(tx, request), None)

        return self.core.store.write(work)

    def request_cleaning(self, caller: Caller, request: Request, write_id: int, txn_id: int) -> None:
        """Ask for the deletion of old files up to a write id, once a txn is committed."""

        def work(tx: Transaction) -> None:
            self._require(tx, caller, Action.ALTER, request.database, request.table)
            rows.add(tx, request, compaction.READY, write_id=write_id, txn_id=txn_id)

        self.core.store.write(work)

    def claim(
        self, caller: Caller, worker: str | None, version: str | None = None, pool: str | None = None
    ) -> Compaction | None:
        """Give the oldest waiting request to a worker; None when there is none."""

        def work(tx: Transaction) -> Compaction | None:
            self.core.grants.require(tx, caller, Action.MANAGE, _WORKERS)
            return rows.claim(tx, pool, tx.at - POOL_PATIENCE_SECONDS * 1000, worker, version)

        return self.core.store.write(work)

    def _change(self, caller: Caller, id_: int, states: Sequence[str], **values: object) -> None:
        def work(tx: Transaction) -> None:
            self.core.grants.require(tx, caller, Action.MANAGE, _WORKERS)
            if not rows.change(tx, id_, states, **values):
                raise NotFound("compaction", str(id_))

        self.core.store.write(work)

    def began(self, caller: Caller, id_: int, *, write_id: int | None, run_as: str | None, txn_id: int) -> None:
        """A worker has begun: up to which write id, as whom, and in which open txn."""

        def work(tx: Transaction) -> None:
            self.core.grants.require(tx, caller, Action.MANAGE, _WORKERS)
            self.txns.opened(tx, caller, txn_id)
            if not rows.change(tx, id_, compaction.QUEUED, write_id=write_id, run_as=run_as, txn_id=txn_id):
                raise NotFound("compaction", str(id_))
            request = rows.found(tx, [id_])[id_].request
            key = self._key(request.database, request.table)
            self.txns.declare(tx, txn_id, [Change(key, request.partition, Operation.COMPACT, write_id)])

        self.core.store.write(work)

    def compacted(self, caller: Caller, id_: int) -> None:
        """The new files are written; the old ones can be deleted when nobody reads them."""
        self._change(caller, id_, compaction.QUEUED, state=compaction.READY, worker=None)

    def job(self, caller: Caller, id_: int, job: str) -> None:
        """Which job of Hadoop does the work."""
        self._change(caller, id_, compaction.QUEUED, hadoop_job=job)

    def cleaned(self, caller: Caller, id_: int, partition: str | None, write_id: int) -> None:
        """The old files are deleted: the request is done, and what it cleaned up after is forgotten. Again is no error."""

        def work(tx: Transaction) -> None:
            self.core.grants.require(tx, caller, Action.MANAGE, _WORKERS)
            done = rows.found(tx, [id_]).get(id_)
            if done is None or not rows.change(
                tx, id_, compaction.QUEUED, state=compaction.SUCCEEDED, finished_at=tx.at
            ):
                return
            database, table = done.request.database, done.request.table
            rows.drop_retries(tx, database, table, done.request.partition)
            upto = write_id or done.write_id or 0
            write_ids.clean(tx, self._key(database, table), partition or done.request.partition, upto)

        self.core.store.write(work)

    def ended(self, caller: Caller, state: str, id_: int, request: Request, error: str | None) -> None:
        """A worker gives up (`failed`) or refuses; without an id the request was never made, which is kept as well."""

        def work(tx: Transaction) -> None:
            self.core.grants.require(tx, caller, Action.MANAGE, _WORKERS)
            if id_ == 0:
                never = compaction.NOT_INITIATED if state == compaction.FAILED else state
                rows.add(tx, request, never, error=error, started_at=tx.at, finished_at=tx.at)
            elif not rows.change(tx, id_, compaction.QUEUED, state=state, error=error, finished_at=tx.at):
                raise NotFound("compaction", f"{id_} in the queue")

        self.core.store.write(work)

    def abort(self, caller: Caller, ids: Sequence[int]) -> dict[int, str | None]:
        """Abort requests that no worker has begun: for each None when it was, else the state it is in, empty for none."""
        if not ids:
            raise Invalid("compactionIds", "names no compaction")

        def work(tx: Transaction) -> dict[int, str | None]:
            said: dict[int, str | None] = dict.fromkeys(ids, "")
            for id_, one in rows.found(tx, ids).items():
                if not self._is_seen(tx, caller, one.request):
                    continue
                self._require(tx, caller, Action.ALTER, one.request.database, one.request.table)
                said[id_] = one.state if one.state != compaction.INITIATED else None
            aborted = [id_ for id_, state in said.items() if state is None]
            rows.abort(tx, aborted, ABORT_MESSAGE)
            return said

        return self.core.store.write(work)

    def latest(
        self,
        caller: Caller,
        database: str,
        table: str,
        partitions: Sequence[str] | None = None,
        after: int | None = None,
    ) -> list[Compaction]:
        """The newest compaction of each partition, or of the table, whose new files can be read."""
        with self.core.store.read() as tx:
            self._require(tx, caller, Action.DESCRIBE, database, table)
            return rows.latest(tx, database, table, partitions, after)

    def columns_with_statistics(self, caller: Caller, database: str, table: str, partition: str | None) -> list[str]:
        """Names of the columns of a table, or of one partition, that have statistics; none for what does not exist."""
        with self.core.store.read() as tx:
            key = self._require(tx, caller, Action.DESCRIBE, database, table)
            return rows.columns_with_statistics(tx, key, partition)

    def keep_metric(
        self, caller: Caller, database: str, table: str, partition: str | None, kind: int, value: int, least: int
    ) -> None:
        """Keep what a worker counted in a table or partition, or forget it when that is less than what is worth telling."""

        def work(tx: Transaction) -> None:
            self.core.grants.require(tx, caller, Action.MANAGE, _WORKERS)
            name = (database, table, partition or "")
            if value >= least:
                rows.keep_metric(tx, name, kind, value)
            else:
                rows.drop_metric(tx, name, kind)

        self.core.store.write(work)

    def drop_metric(self, caller: Caller, database: str, table: str, partition: str | None, kind: int) -> None:
        """Forget what was counted."""

        def work(tx: Transaction) -> None:
            self.core.grants.require(tx, caller, Action.MANAGE, _WORKERS)
            rows.drop_metric(tx, (database, table, partition or ""), kind)

        self.core.store.write(work)

    def list(
        self, caller: Caller, order: str | None = None, limit: int | None = None, **filters: object
    ) -> list[Compaction]:
        """Requests whose fields have some values, that the caller may see; `order` is a list of Hive's `CC_` columns."""
        wanted = _order(order)
        with self.core.store.read() as tx:
            found = rows.listed(
                tx, {name: value for name, value in filters.items() if value is not None}, wanted, limit
            )
            shown = {(one.request.database, one.request.table): self._is_seen(tx, caller, one.request) for one in found}
        return [one for one in found if shown[one.request.database, one.request.table]]


def _order(text: str | None) -> list[tuple[str, bool]]:
    found = []
    for part in text.split(",") if text and text.strip() else ():
        match = _ORDER.fullmatch(part)
        if match is None or match[1].upper() not in rows.ORDERS:
            raise Invalid("order", f"{part.strip()!r} is not one of {', '.join(sorted(rows.ORDERS))}, ASC or DESC")
        found.append((match[1].upper(), (match[2] or "").upper() == "DESC"))
    return found
