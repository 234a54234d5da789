"""Runs of table care as a service: started, followed and stopped, and the work of one as a worker does it."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Mapping, Sequence

from catalog_server.catalog import grants
from catalog_server.catalog.care_work import CareWork
from catalog_server.catalog.catalog import CatalogService
from catalog_server.model.caller import SYSTEM, Caller
from catalog_server.model.care import (
    POLICY_OPERATIONS,
    CareOptions,
    CarePolicy,
    CareRun,
    CareState,
    Operation,
    OperationState,
    TableFigures,
    policy_of,
)
from catalog_server.model.errors import Cancelled, CatalogError, Invalid, NotFound, Overtaken
from catalog_server.model.grant import Action
from catalog_server.model.names import TableName
from catalog_server.model.progress import Tell, seldom
from catalog_server.model.table import Table
from catalog_server.store import care as rows
from catalog_server.store import tables
from catalog_server.store.transaction import Transaction, now

FINAL_STATES = frozenset({"SUCCEEDED", "FAILED", "CANCELLED"})
_PAGE = 200
_log = logging.getLogger(__name__)


class CareRuns:
    """The service that facades start table care with; `wake` tells the worker that something waits."""

    def __init__(self, catalog: CatalogService, wake: Callable[[], None] | None = None) -> None:
        self._catalog = catalog
        self._store = catalog.store
        self.wake = wake or (lambda: None)
        self._warned: set[tuple[int, str]] = set()

    def start(
        self,
        caller: Caller,
        operation: Operation,
        name: TableName,
        options: CareOptions,
        *,
        dry_run: bool = False,
    ) -> CareRun:
        """Queue an operation on a table and wake the worker; it is durable once this returns.

        Raises:
            NotFound, Denied: as for a change of the table.
            Invalid: options that make no sense, or a table that is none of Iceberg.
            Conflict: another run changes the table; one at a time does.
        """
        self._catalog.care.check(operation, options)

        def work(tx: Transaction) -> CareRun:
            found = self._catalog.tables.find(tx, caller, Action.ALTER, name, lock=True)
            _check_iceberg(found)
            other = None if dry_run else rows.at_work(tx, found.id)
            if other is not None:
                raise Overtaken(
                    f"run {other.id} ({other.operation.value}) changes table {found.full_name}: one at a time does"
                )
            new = CareRun(_new_id(), operation, found.full_name, found.id, options, dry_run, by=caller.user)
            return rows.create(tx, new)

        made = self._store.write(work)
        self.wake()
        return made

    def state(self, caller: Caller, name: TableName) -> CareState:
        """A table at a glance, by its metadata alone; its operations in the order in which policies have them done.

        Raises:
            NotFound: the table, or its metadata file.
            Invalid: the table is none of Iceberg.
        """
        with self._store.read() as tx:
            found = self._catalog.tables.find(tx, caller, Action.DESCRIBE, name)
            newest = rows.newest(tx, found.id)
        _check_iceberg(found)
        figures = self._catalog.care.figures(found)
        states = tuple(self._operation(one, found, figures, newest.get(one)) for one in POLICY_OPERATIONS)
        return CareState(figures, states, next((one for one in newest.values() if one.state not in FINAL_STATES), None))

    def _operation(
        self, operation: Operation, table: Table, figures: TableFigures, last: CareRun | None
    ) -> OperationState:  # fmt: skip
        policy, problem = None, None
        try:
            policy = policy_of(operation, table.parameters)
            if policy is not None:
                self._catalog.care.check(operation, policy.options)
        except CatalogError as error:
            policy, problem = None, error.message
        return OperationState(operation, policy, problem, figures.refusals.get(operation), last)

    def apply_policies(self) -> int:
        """Queue what is due by the properties of tables, at most one operation for each, and return how much that is.

        A property that makes no sense is told in the log. Other servers may do the same at the same time.
        """
        begun = after = 0
        while True:
            with self._store.read() as tx:
                page = rows.with_policies(tx, after, _PAGE)
                last = rows.begun_last(tx, [id_ for id_, _, _ in page])
            for id_, name, properties in page:
                begun += self._apply(id_, name, properties, last)
            if len(page) < _PAGE:
                return begun
            after = page[-1][0]

    def _apply(
        self, id_: int, name: TableName, properties: Mapping[str, str], last: Mapping[tuple[int, Operation], int]
    ) -> bool:  # fmt: skip
        try:
            for operation in POLICY_OPERATIONS:
                policy = policy_of(operation, properties)
                if policy is None or now() - last.get((id_, operation), 0) < policy.every_ms:
                    continue
                self._catalog.care.check(operation, policy.options)
                return self._begin(policy, name)
        except CatalogError as error:
            if (id_, error.message) not in self._warned:
                self._warned.add((id_, error.message))
                _log.warning("table care of %s by its properties: %s", name, error.message)
        return False

    def _begin(self, policy: CarePolicy, name: TableName) -> bool:
        """Queue an operation unless the table is at work already, or another server was quicker."""

        def work(tx: Transaction) -> bool:
            found = self._catalog.tables.find(tx, SYSTEM, Action.ALTER, name, lock=True)
            begun = rows.begun_last(tx, [found.id]).get((found.id, policy.operation), 0)
            if rows.at_work(tx, found.id) is not None or tx.at - begun < policy.every_ms:
                return False
            rows.create(tx, CareRun(_new_id(), policy.operation, found.full_name, found.id, policy.options))
            return True

        return self._store.write(work)

    def get(self, caller: Caller, id_: str) -> CareRun:
        """A run by its id; raises `NotFound` also where the caller may not see its table."""
        with self._store.read() as tx:
            found = rows.get(tx, id_)
            if found is None or not self._may_see(tx, caller, found):
                raise NotFound("care run", id_)
            return found

    def list(
        self,
        caller: Caller,
        name: TableName | None = None,
        before: tuple[int, str] | None = None,
        count: int = 100,
    ) -> tuple[Sequence[CareRun], tuple[int, str] | None]:
        """Runs, of one table or of all that the caller may see, newest first, and where the next page goes on.

        `before` is the (created_at, id) of the last one looked at. Raises `NotFound` for a table that is not there.
        """
        with self._store.read() as tx:
            table = None if name is None else self._catalog.tables.find(tx, caller, Action.DESCRIBE, name)
            found = rows.list_page(tx, None if table is None else table.id, before, count)
            seen = found if table is not None else [one for one in found if self._may_see(tx, caller, one)]
        return seen, (found[-1].created_at, found[-1].id) if len(found) == count else None

    def cancel(self, caller: Caller, id_: str) -> CareRun:
        """Ask a run to stop: at once if it still waits, else its worker ends it soon. Nothing if it ended."""
        found = self.get(caller, id_)

        def work(tx: Transaction) -> CareRun | None:
            self._catalog.grants.require(tx, caller, Action.ALTER, grants.of_table(found.table))
            ended = {"state": "CANCELLED", "finished_at": tx.at, "cancel_requested": True}
            changed = rows.change(tx, id_, ("QUEUED",), ended)
            return changed or rows.change(tx, id_, ("RUNNING",), {"cancel_requested": True})

        changed = self._store.write(work)
        self.wake()
        return changed or self.get(caller, id_)

    def execute(self, id_: str, cancelled: Callable[[], bool] | None = None) -> None:
        """Do the work of a run that a worker has taken, and write down how it ended; gone on with where it was begun.

        `cancelled` is asked again and again; without it the run's row is. Whatever goes wrong is in its `error`.
        """
        with self._store.read() as tx:
            found = rows.get(tx, id_)
            name = tables.name_of(tx, found.table_id) if found else None
        if found is None:
            raise NotFound("care run", id_)
        if found.state in FINAL_STATES:
            return
        begun = {"state": "RUNNING", "started_at": found.started_at or now()}
        self._store.write(lambda tx: rows.change(tx, id_, ("QUEUED", "RUNNING"), begun))
        summary: dict[str, object] = {}
        try:
            if name is None:
                raise NotFound("table", str(found.table))
            work = self._work(found, name, cancelled or (lambda: self._cancel_requested(id_)))
            summary = self._catalog.care.run(found.operation, work)
            state, error = "SUCCEEDED", None
        except Cancelled:
            if not self._cancel_requested(id_):
                return  # another worker has taken it over
            state, error = "CANCELLED", None
        except CatalogError as failure:
            state, error = "FAILED", failure.message
        except Exception as failure:
            self._finish(id_, "FAILED", f"unexpected: {type(failure).__name__}: {failure}", {})
            raise
        self._finish(id_, state, error, summary)

    def _work(self, run: CareRun, name: TableName, cancelled: Callable[[], bool]) -> CareWork:
        def keep(plan: Mapping[str, object]) -> None:
            self._store.write(lambda tx: rows.change(tx, run.id, ("RUNNING",), {"plan": dict(plan)}))

        return CareWork(
            caller=SYSTEM if run.by is None else Caller(user=run.by, via="care", run=run.id),
            name=name,
            options=run.options,
            dry_run=run.dry_run,
            id=run.id,
            plan=dict(run.plan),
            keep=keep,
            tell=self._teller(run.id),
            cancelled=cancelled,
        )

    def _teller(self, id_: str) -> Tell:
        def write(progress: dict[str, object]) -> None:
            self._store.write(lambda tx: rows.change(tx, id_, ("RUNNING",), {"progress": progress}))

        return seldom(write)

    def _cancel_requested(self, id_: str) -> bool:
        with self._store.read() as tx:
            return rows.cancel_requested(tx, id_)

    def _finish(self, id_: str, state: str, error: str | None, summary: Mapping[str, object]) -> None:
        def write(tx: Transaction) -> None:
            values = {"state": state, "error": error, "finished_at": tx.at, "summary": dict(summary), "owner": None}
            rows.change(tx, id_, ("QUEUED", "RUNNING"), values)

        self._store.write(write)

    def _may_see(self, tx: Transaction, caller: Caller, one: CareRun) -> bool:
        policy = self._catalog.grants.policy
        return policy.decide(tx, caller, Action.DESCRIBE, grants.of_table(one.table)).allowed


def _check_iceberg(table: Table) -> None:
    if not table.is_iceberg:
        raise Invalid("table", f"{table.full_name} is no Iceberg table: only those need this care")


def _new_id() -> str:
    return f"{time.time_ns() // 1_000_000:012x}-{secrets.token_hex(4)}"
