"""What this process remembers of the catalog, and whether it is still true: checked by one read, never by hope.

Whoever keeps an answer keeps with it the stamp of the moment before it was made, and the scopes it rests upon. An answer
may be given again if `check` has been told of no change to these scopes since; the check is one cheap read of the event
log (store/changes.py), begun after the call came, and serves all calls that wait for it together.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from catalog_server.catalog.connections import PROFILES_KEPT_SECONDS
from catalog_server.model.event import EventKind
from catalog_server.model.names import DatabaseName, TableName, name_key
from catalog_server.store.changes import Change, Changes, open_changes

if TYPE_CHECKING:
    from catalog_server.catalog.core import Core

Scope = tuple[str, ...]
"""A name in keys: `(database,)` or `(database, table)`; beside a name stands what of it, where that is less than all."""
TABLE_NAMES = "\x00tables"
PARTITIONS = "\x00partitions"
_STORAGE: Scope = ("\x00storage",)
_SCOPES_MAX = 100_000
_TABLE_KINDS = (EventKind.CREATE_TABLE, EventKind.ALTER_TABLE, EventKind.DROP_TABLE)
_DATABASE_KINDS = (EventKind.CREATE_DATABASE, EventKind.ALTER_DATABASE, EventKind.DROP_DATABASE)
_STORAGE_KINDS = (EventKind.CREATE_CONNECTION, EventKind.ALTER_CONNECTION, EventKind.DROP_CONNECTION)
_PARTITION_KINDS = (EventKind.ADD_PARTITIONS, EventKind.ALTER_PARTITIONS, EventKind.DROP_PARTITIONS)


class Freshness:
    """Knows which scopes of the default catalog changed when, in a count of its own; lives on one event loop."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._changes: Changes | None = None
        self._changed: dict[Scope, int] = {}
        self._all_changed = 0
        self._storage_settles = 0.0
        """When storage profiles that were read before their last change are kept no more."""
        self.stamp = 0
        """The count of readings that found changes; what is read from now on may be kept under it."""
        self._waiting: list[Callable[[], None]] = []
        self._reading = False

    @property
    def may_remember(self) -> bool:
        """Whether an answer does not depend on who asks; where grants are stored, each call asks them."""
        return self._core.grants.is_open

    def of_database(self, name: DatabaseName) -> tuple[Scope, ...] | None:
        """What the definition of a database rests upon; None if it is not remembered here."""
        return ((name_key(name.database),),) if self._is_ours(name.catalog) else None

    def of_table_names(self, name: DatabaseName) -> tuple[Scope, ...] | None:
        """What the list of a database's tables rests upon."""
        key = name_key(name.database)
        return ((key,), (key, TABLE_NAMES)) if self._is_ours(name.catalog) else None

    def of_table(self, name: TableName) -> tuple[Scope, ...] | None:
        """What the definition of a table rests upon."""
        key = name_key(name.database)
        return ((key,), (key, name_key(name.table))) if self._is_ours(name.catalog) else None

    def of_partitions(self, name: TableName) -> tuple[Scope, ...] | None:
        """What the list of a table's partitions rests upon."""
        database, table = name_key(name.database), name_key(name.table)
        scopes = ((database,), (database, table), (database, table, PARTITIONS))
        return scopes if self._is_ours(name.catalog) else None

    def of_storage(self) -> tuple[Scope, ...] | None:
        """What the storage profiles rest upon; None while they may be those of before a change."""
        return None if time.monotonic() < self._storage_settles else (_STORAGE,)

    def _is_ours(self, catalog: str) -> bool:
        return name_key(self._core.catalog_name(catalog)) == name_key(self._core.default_catalog)

    def is_true(self, scopes: Sequence[Scope], stamp: int) -> bool:
        """Whether nothing of these was changed since the stamp, as far as the last check knows."""
        if self._all_changed > stamp:
            return False
        changed = self._changed
        return not changed or all(changed.get(scope, 0) <= stamp for scope in scopes)

    def check(self, told: Callable[[], None]) -> None:
        """Call `told` on the event loop when all changes are known that were committed before now.

        Where they cannot be known, everything counts as changed.
        """
        self._waiting.append(told)
        if not self._reading:
            self._reading = True
            asyncio.get_running_loop().call_soon(self._read)  # calls that came in the same turn wait for it together

    def _read(self) -> None:
        waiting, self._waiting = self._waiting, []
        if self._changes is None:
            self._changes = open_changes(self._core.store.engine)

        def told(changes: Sequence[Change] | None) -> None:
            if changes is None:
                self._forget()
            elif changes:
                self._note(changes)
            for one in waiting:
                one()
            if self._waiting:
                self._read()
            else:
                self._reading = False

        if not self._changes.read(told):
            self._forget()
            told(())

    def _forget(self) -> None:
        self.stamp += 1
        self._all_changed = self.stamp
        self._changed.clear()
        self._storage_changed()

    def _storage_changed(self) -> None:
        self._changed[_STORAGE] = self.stamp
        self._storage_settles = time.monotonic() + 2 * PROFILES_KEPT_SECONDS

    def _note(self, changes: Sequence[Change]) -> None:
        if len(self._changed) > _SCOPES_MAX:
            self._forget()
        self.stamp += 1
        for change in changes:
            if change.database is None:
                if change.kind in (EventKind.CREATE_CATALOG, EventKind.DROP_CATALOG):
                    self._forget()
                elif change.kind in _STORAGE_KINDS:
                    self._storage_changed()
            elif change.catalog is not None and self._is_ours(change.catalog):
                for scope in _scopes(change):
                    self._changed[scope] = self.stamp

    def close(self) -> None:
        """Let go of the store."""
        if self._changes is not None:
            self._changes.close()


def _scopes(change: Change) -> list[Scope]:
    """What a change has changed."""
    database = name_key(change.database or "")
    if change.kind in _DATABASE_KINDS:
        renamed = isinstance(change.name_before, str)
        return [(database,), (name_key(change.name_before),)] if renamed else [(database,)]
    if change.table is None:
        return []
    table = name_key(change.table)
    if change.kind in _PARTITION_KINDS:
        return [(database, table, PARTITIONS)]
    if change.kind not in _TABLE_KINDS:
        return []
    scopes: list[Scope] = [(database, table)]
    if change.name_before:
        _, old_database, old_table = change.name_before
        scopes += [(name_key(old_database), name_key(old_table)), (name_key(old_database), TABLE_NAMES)]
    if change.name_before or change.another_kind or change.kind != EventKind.ALTER_TABLE:
        scopes.append((database, TABLE_NAMES))
    return scopes
