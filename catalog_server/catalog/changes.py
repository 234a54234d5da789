"""What events tell of: the log read together with the definitions and partitions before and after each change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from catalog_server.catalog.core import Core
from catalog_server.catalog.events import seen, shown
from catalog_server.model.caller import Caller
from catalog_server.model.errors import Invalid
from catalog_server.model.event import Event, EventKind
from catalog_server.model.partition import Partition, partition_name, partition_values
from catalog_server.model.table import Table
from catalog_server.store import events, notifications, partitions, versions
from catalog_server.store.events import Scope
from catalog_server.store.transaction import Transaction

__all__ = ["Change", "Changes", "Scope"]

_OF_PARTITIONS = (EventKind.ADD_PARTITIONS, EventKind.ALTER_PARTITIONS, EventKind.DROP_PARTITIONS)
_TABLES = (EventKind.CREATE_TABLE, EventKind.ALTER_TABLE, EventKind.DROP_TABLE)
_ON_TABLES = (*_TABLES, *_OF_PARTITIONS, EventKind.INSERT, EventKind.REFRESH)


@dataclass(frozen=True, slots=True)
class Change:
    """An event with the table before and after it, and with the partitions it speaks of."""

    event: Event
    hidden: bool = False
    """Whether the caller may not see what the event is about; then there is nothing more than its numbers."""
    before: Table | None = None
    after: Table | None = None
    partitions: tuple[tuple[Partition | None, Partition], ...] = ()
    """Pairs of a partition before (None where the event does not change one) and after, or as it was when it went."""


class Changes:
    """Reads the log for those who replay it elsewhere."""

    def __init__(self, core: Core) -> None:
        self.core = core

    def after(
        self,
        caller: Caller,
        last: int,
        count: int,
        scope: Scope,
        wanted: Callable[[Event], bool],
    ) -> tuple[list[Change], int | None]:
        """What the next `count` events above `last` tell, those that are wanted; and the number read up to, None at the end.

        The number of statements does not depend on that of the events, but on how many tables had partitions changed.
        Of partitions only what was before a change is kept. What a change left is told by the next one among those that
        are asked for, else by what is there now; of one that is gone, table and name tell what it must have been.
        """
        found = events.after(self.core.store, last, count, scope)
        read_up_to = found[-1].number if len(found) == count else None
        with self.core.store.read() as tx:
            visible = self.core.grants.visible(tx, caller)
            hidden = {event.number for event in found if not seen(event, visible, caller)}
            found = [shown(event, visible) for event in found]
            chosen = [event for event in found if event.number in hidden or wanted(event)]
            return self._told(tx, chosen, hidden), read_up_to

    def count(self, caller: Caller, first: int, last: int | None, scope: Scope) -> int:
        """How many events with numbers above `first` up to `last` the caller may see."""
        with self.core.store.read() as tx:
            visible = self.core.grants.visible(tx, caller)
        return events.count(self.core.store, first, last, scope, visible)

    def _told(self, tx: Transaction, chosen: Sequence[Event], hidden: set[int]) -> list[Change]:
        told_whole = [event for event in chosen if event.number not in hidden]
        wanted = {
            (event.object_id, version)
            for event in told_whole
            if event.kind in _ON_TABLES
            for version in (event.version_before, event.version_after)
            if version
        }
        tables = versions.get_many(tx, wanted) if wanted else {}
        ids = [change for event in told_whole if (change := _change_id(event)) is not None]
        kept = notifications.partition_changes_of(tx, ids) if ids else {}
        names = {event.number: _names(event, kept) for event in told_whole}
        current = self._current(tx, told_whole, names, tables)
        told = []
        for event in reversed(chosen):  # backwards, so that what a later event says was before is what this one left
            if event.number in hidden:
                told.append(Change(event, hidden=True))
                continue
            after = _named(tables.get((event.object_id, event.version_after or 0)), event)
            before = _named(tables.get((event.object_id, event.version_before or 0)), event, renamed=True)
            pairs = _pairs(event, after, names[event.number], kept.get(_change_id(event) or 0), current)
            told.append(Change(event, False, before, after, pairs))
        return told[::-1]

    def _current(
        self,
        tx: Transaction,
        told_whole: Sequence[Event],
        names: Mapping[int, Sequence[str]],
        tables: Mapping[tuple[int, int], Table],
    ) -> dict[tuple[int, str], Partition]:
        """Partitions as they are now, by the id of their table and their name."""
        wanted: dict[int, dict[str, None]] = {}
        held: dict[int, Table] = {}
        for event in told_whole:
            table = tables.get((event.object_id, event.version_after or 0))
            if event.kind is not EventKind.DROP_PARTITIONS and table is not None and names[event.number]:
                wanted.setdefault(event.object_id, {}).update(dict.fromkeys(names[event.number]))
                held[event.object_id] = table
        found = {}
        for table_id, listed in wanted.items():
            keys = [column.name for column in held[table_id].partition_keys]
            for partition in partitions.get_many(tx, held[table_id], list(listed)):
                if len(keys) == len(partition.values):
                    found[table_id, partition_name(keys, partition.values)] = partition
        return found


def _change_id(event: Event) -> int | None:
    """The id of the history's row that must be read: for what was before, or for names that the event has no room for."""
    if event.kind not in _OF_PARTITIONS:
        return None
    listed: Any = event.payload.get("names", ())
    complete = len(listed) == event.payload.get("count", len(listed))
    if complete and event.kind is EventKind.ADD_PARTITIONS:
        return None
    found = event.payload.get("change")
    return found if isinstance(found, int) else None


def _names(event: Event, kept: Mapping[int, Any]) -> list[str]:
    if event.kind in (EventKind.INSERT, EventKind.REFRESH):
        said: Any = event.payload.get("partition")
        return [said] if said else []
    if event.kind not in _OF_PARTITIONS:
        return []
    row = kept.get(_change_id(event) or 0)
    listed: Any = row.names if row is not None else event.payload.get("names", ())
    return list(listed)


def _named(table: Table | None, event: Event, *, renamed: bool = False) -> Table | None:
    """The definition under the name that it had at the time of the event."""
    if table is None:
        return None
    before: Any = event.payload.get("name_before") if renamed else None
    catalog, database, name = before or (event.catalog, event.database, event.table)
    return replace(table, catalog=catalog or "", database=database or "", name=name or table.name)


def _pairs(
    event: Event, table: Table | None, names: Sequence[str], kept: Any, held: dict[tuple[int, str], Partition]
) -> tuple[tuple[Partition | None, Partition], ...]:
    """The partitions before and after a change; `held` is as the change left them, and then as they were before it."""
    if table is None:
        return ()
    befores: Sequence[Any] = (kept.before if kept is not None else None) or ()
    pairs: list[tuple[Partition | None, Partition]] = []
    for place, name in enumerate(names):
        after = held.get((table.id, name)) or _supposed(table, name)
        if after is None:
            continue
        said = befores[place] if place < len(befores) else None
        before = None if said is None else _as_it_was(after, said)
        if event.kind in _OF_PARTITIONS:
            held.pop((table.id, name), None)
        if said is not None and before is not None:
            held[table.id, said.get("name", name)] = before
        pairs.append((None, before or after) if event.kind is EventKind.DROP_PARTITIONS else (before, after))
    return tuple(pairs)


def _supposed(table: Table, name: str) -> Partition | None:
    """A partition of which only the name is known any more."""
    try:
        values = partition_values([column.name for column in table.partition_keys], name)
    except Invalid:  # the table has other keys by now
        return None
    return Partition(values=values, location=f"{(table.location or '').rstrip('/')}/{name}")


def _as_it_was(after: Partition, said: Mapping[str, Any]) -> Partition:
    return replace(
        after, values=tuple(said["values"]), location=said["location"], parameters=said["parameters"] or {}
    )  # fmt: skip
