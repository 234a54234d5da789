"""Scheduled queries: kept for HiveServer2, which polls for the ones that are due and says how they fare."""

from __future__ import annotations

from typing import Any

from catalog_server.catalog.core import Core
from catalog_server.catalog.records import Records, check_document
from catalog_server.model import quartz
from catalog_server.model.caller import Caller
from catalog_server.model.errors import Invalid, NotFound
from catalog_server.model.grant import Action, Resource
from catalog_server.model.record import Record
from catalog_server.store import records as rows
from catalog_server.store.transaction import Transaction

_KIND, _EXECUTION = "scheduled query", "scheduled execution"
_STATES = ("INITED", "EXECUTING", "FAILED", "FINISHED", "TIMED_OUT", "AUTO_DISABLED")
_ENDED = _STATES[2:]
_KEPT_MILLISECONDS = 30 * 24 * 3600 * 1000
"""How long executions are remembered, as Hive does (`metastore.scheduled.queries.execution.max.age`)."""


class ScheduledQueries:
    """Rules of scheduled queries, which have names of their own in each name space; their names are told apart by case.

    Of one that is due a poll makes an execution, and the time it is due at next: times that passed unpolled are left out.
    """

    def __init__(self, core: Core, records: Records) -> None:
        self.core = core
        self.records = records

    def get(self, caller: Caller, space: str, name: str) -> Record:
        """One scheduled query; raises `NotFound`."""
        with self.core.store.read() as tx:
            return self._find(tx, caller, Action.DESCRIBE, space, name)

    def create(self, caller: Caller, space: str, name: str, said: dict[str, Any]) -> None:
        """Keep a scheduled query; raises `AlreadyExists`, and `Invalid` for its schedule."""
        check_document(_KIND, name, said)
        parsed = quartz.parse(said.get("schedule") or "")

        def work(tx: Transaction) -> None:
            self._require(tx, caller, Action.CREATE, name)
            rows.create(tx, Record(_KIND, space, name, said | {"nextExecution": parsed.after(tx.at // 1000)}))

        self.core.store.write(work)

    def alter(self, caller: Caller, space: str, name: str, said: dict[str, Any]) -> None:
        """Change what is said of a scheduled query; it is due when that says, else as its schedule has it from now on.

        Raises `NotFound`, `Invalid`.
        """
        check_document(_KIND, name, said)

        def work(tx: Transaction) -> None:
            found = self._find(tx, caller, Action.ALTER, space, name)
            new = {**found.document, **said}
            due = quartz.parse(new.get("schedule") or "").after(tx.at // 1000)
            rows.change(tx, found, new | {"nextExecution": said.get("nextExecution", due)})

        self.core.store.write(work)

    def drop(self, caller: Caller, space: str, name: str) -> None:
        """Forget a scheduled query; raises `NotFound`."""

        def work(tx: Transaction) -> None:
            self._find(tx, caller, Action.DROP, space, name)
            rows.drop(tx, _KIND, space, name)

        self.core.store.write(work)

    def poll(self, caller: Caller, space: str) -> tuple[int, Record] | None:
        """An execution of a query that is due, which is due again at its next time; None when nothing is."""

        def work(tx: Transaction) -> tuple[int, Record] | None:
            self._require(tx, caller, Action.DESCRIBE, "")
            rows.drop_before(tx, _EXECUTION, tx.at - _KEPT_MILLISECONDS)
            moment = tx.at // 1000
            for candidate in rows.list_all(tx, _KIND, space):
                found = rows.get(tx, _KIND, space, candidate.name, lock=True) if _is_due(candidate, moment) else None
                if found is not None and _is_due(found, moment):
                    due = quartz.parse(found.document["schedule"]).after(moment)
                    rows.change(tx, found, {**found.document, "nextExecution": due})
                    run = {"query": found.name, "state": "INITED", "startedAt": moment}
                    return rows.create(tx, Record(_EXECUTION, "", f"{found.id}-{found.version}", run)).id, found
            return None

        return self.core.store.write(work)

    def progress(self, caller: Caller, execution: int, state: int, said: dict[str, Any]) -> None:
        """Note how an execution fares; raises `NotFound`, and `Invalid` for one that has ended."""

        def work(tx: Transaction) -> None:
            self._require(tx, caller, Action.DESCRIBE, "")
            found = rows.by_id(tx, _EXECUTION, execution)
            if found is None:
                raise NotFound("scheduled execution", str(execution))
            before, now = found.document["state"], _STATES[state]
            if before in _ENDED:
                raise Invalid("", f"Invalid state change: {before}=>{now}")
            rows.change(tx, found, {**found.document, **said, "state": now})

        if not 0 <= state < len(_STATES):
            raise Invalid("state", f"{state} is none")
        check_document(_EXECUTION, str(execution), said)
        self.core.store.write(work)

    def _find(self, tx: Transaction, caller: Caller, action: Action, space: str, name: str) -> Record:
        self._require(tx, caller, action, name)
        found = rows.get(tx, _KIND, space, name, lock=action is not Action.DESCRIBE)
        if found is None:
            raise NotFound(_KIND, f"{name}@{space}")
        return found

    def _require(self, tx: Transaction, caller: Caller, action: Action, name: str) -> None:
        self.core.grants.require(tx, caller, action, Resource("record", (_KIND, name)))


def _is_due(record: Record, moment: int) -> bool:
    due = record.document.get("nextExecution")
    return bool(record.document.get("enabled")) and due is not None and due <= moment
