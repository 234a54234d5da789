"""The event log as readers see it: gap-free, in the order of commits, and woken when something is written."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from catalog_server.catalog.core import Core
from catalog_server.catalog.tables import Tables
from catalog_server.model.caller import Caller
from catalog_server.model.event import Event, EventKind
from catalog_server.model.grant import Action, Visibility
from catalog_server.model.names import TableName, name_key
from catalog_server.store import events as rows

POLL_SECONDS = 0.5
"""How soon events of other processes are seen."""


class Events:
    """Reads the event log; a caller sees the events of what it may see."""

    def __init__(self, core: Core, of: Tables) -> None:
        self.core = core
        self.tables = of
        self._written = threading.Condition()
        core.store.listeners.append(self._wake)

    def _wake(self) -> None:
        with self._written:
            self._written.notify_all()

    def listen(self, listener: Callable[[], None]) -> None:
        """Have `listener` called, in whatever thread it was, after each write of this process."""
        self.core.store.listeners.append(listener)

    def after(self, caller: Caller, last: int, count: int = 1000) -> tuple[list[Event], int]:
        """Events numbered above `last` that the caller may see, and the number read up to."""
        found = rows.after(self.core.store, last, count)
        if not found:
            return [], last
        with self.core.store.read() as tx:
            visible = self.core.grants.visible(tx, caller)
        return [shown(event, visible) for event in found if seen(event, visible, caller)], found[-1].number

    def latest(self) -> int:
        """The number of the newest event."""
        return rows.latest_number(self.core.store)

    def wait(self, last: int, seconds: float) -> bool:
        """Wait until there is an event above `last`; whether there is one."""
        deadline = time.monotonic() + seconds
        while self.latest() <= last:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            with self._written:
                self._written.wait(min(left, POLL_SECONDS))
        return True

    def of_run(self, run: str) -> list[Event]:
        """Everything that a job run or crawl caused, oldest first."""
        with self.core.store.read() as tx:
            return rows.of_run(tx, run)

    def of_table(self, caller: Caller, name: TableName, count: int = 100) -> list[Event]:
        """The newest events of a table, newest first."""
        with self.core.store.read() as tx:
            return rows.of_table(tx, self.tables.find(tx, caller, Action.DESCRIBE, name).id, count)


_OF_TXNS = (EventKind.OPEN_TXNS, EventKind.COMMIT_TXN, EventKind.ABORT_TXNS)


def seen(event: Event, visible: Visibility, caller: Caller) -> bool:
    """Whether a caller who sees so much may see an event: one of what it sees, of its own doing, or of a txn's number."""
    if visible.everything or event.kind in _OF_TXNS:
        return True
    if event.catalog is None or event.database is None:
        return event.catalog is None and event.by == caller.user
    database = f"{name_key(event.catalog)}.{name_key(event.database)}"
    return database in visible.databases or (
        event.table is not None and f"{database}.{name_key(event.table)}" in visible.tables
    )


def shown(event: Event, visible: Visibility) -> Event:
    """An event without the names of databases that may not be seen."""
    databases: Any = event.payload.get("databases")
    if visible.everything or event.kind is not EventKind.ABORT_TXNS or not databases:
        return event
    tables = {name.rpartition(".")[0] for name in visible.tables}
    kept = [name for name in databases if name in visible.databases or name in tables]
    return replace(event, payload={**event.payload, "databases": kept})
