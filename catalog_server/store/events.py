"""The event log: rows written unnumbered with their change, numbered gap-free by whoever reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, func, or_, select, text

from catalog_server.model.event import Event, EventKind
from catalog_server.model.grant import Visibility
from catalog_server.model.names import DatabaseName, name_key
from catalog_server.store.prepared import Prepared, inserted
from catalog_server.store.schema import events
from catalog_server.store.transaction import Store, Transaction

_SEQUENCER = 7_305_811
"""Key of PostgreSQL's advisory lock under which rows are numbered."""


def append(tx: Transaction, event: Event) -> None:
    """Write an event in the transaction of its change; SQLite, with its single writer, numbers it at once."""
    (_APPEND if tx.is_postgresql else _APPEND_NUMBERED).later(tx, **_values(tx, event))


def append_returning(tx: Transaction, event: Event) -> int:
    """As `append`; returns the id of the event's row."""
    return int((_APPEND if tx.is_postgresql else _APPEND_NUMBERED).first(tx, **_values(tx, event)).id)


def _values(tx: Transaction, event: Event) -> dict[str, Any]:
    return {
        "kind": event.kind.value,
        "catalog": event.catalog,
        "database": event.database,
        "table": event.table,
        "object_id": event.object_id,
        "version_before": event.version_before,
        "version_after": event.version_after,
        "payload": dict(event.payload),
        "at": event.at or tx.at,
        "by": event.by,
        "via": event.via,
        "run": event.run,
        "span": event.span,
    }


_FILLED = ("id", "number", "transaction_id")
_FOLLOWING = select(func.coalesce(func.max(events.c.number), 0)).scalar_subquery()
_APPEND = Prepared(lambda: inserted(events, without=_FILLED).returning(events.c.id))
_APPEND_NUMBERED = Prepared(
    lambda: inserted(events, without=_FILLED).values(number=_FOLLOWING + bindparam("span")).returning(events.c.id)
)


def number(store: Store) -> None:
    """Number the committed rows that have no number yet; one reader at a time does it for all servers."""
    if not store.is_postgresql:
        return
    with store.read() as tx:
        if tx.connection.execute(select(events.c.id).where(events.c.number.is_(None)).limit(1)).first() is None:
            return
    with store.begin() as tx:
        tx.connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SEQUENCER})
        last = tx.connection.execute(select(func.coalesce(func.max(events.c.number), 0))).scalar_one()
        unnumbered = select(events.c.id, events.c.span).where(events.c.number.is_(None)).order_by(events.c.id)
        waiting = tx.connection.execute(unnumbered).all()
        for start in range(0, len(waiting), 1000):
            numbered: dict[int, int] = {}
            for event_id, span in waiting[start : start + 1000]:
                last += span
                numbered[event_id] = last
            rows = ", ".join(f"({int(event_id)}, {value})" for event_id, value in numbered.items())
            tx.connection.execute(
                text(
                    f"UPDATE events SET number = v.number FROM (VALUES {rows}) AS v(id, number) WHERE events.id = v.id"
                )
            )


@dataclass(frozen=True, slots=True)
class Scope:
    """Which events are asked for: those of a catalog, of a database, of some tables; names are compared without case."""

    catalog: str | None = None
    database: str | None = None
    tables: tuple[str, ...] = ()


def _within(scope: Scope) -> list[ColumnElement[bool]]:
    tests = []
    if scope.catalog:
        tests.append(func.lower(events.c.catalog) == name_key(scope.catalog))
    if scope.database:
        tests.append(func.lower(events.c.database) == name_key(scope.database))
    if scope.tables:
        tests.append(func.lower(events.c.table).in_([name_key(table) for table in scope.tables]))
    return tests


def after(store: Store, last: int, count: int, scope: Scope = Scope()) -> list[Event]:
    """Up to `count` events numbered above `last`, in order."""
    number(store)
    statement = select(events).where(events.c.number > last, *_within(scope)).order_by(events.c.number).limit(count)
    with store.read() as tx:
        return [_event(row) for row in tx.connection.execute(statement)]


def count(store: Store, first: int, last: int | None, scope: Scope, visible: Visibility) -> int:
    """How many numbers above `first` up to `last` belong to events that are asked for and may be seen."""
    number(store)
    start, end = events.c.number - events.c.span, events.c.number
    begun = case((start < first, first), else_=start)
    ended = end if last is None else case((end > last, last), else_=end)
    statement = select(func.coalesce(func.sum(ended - begun), 0)).where(end > first, *_within(scope))
    if last is not None:
        statement = statement.where(start < last)
    if not visible.everything:
        database = func.lower(events.c.catalog) + "." + func.lower(events.c.database)
        table = database + "." + func.lower(events.c.table)
        statement = statement.where(or_(database.in_(visible.databases), table.in_(visible.tables)))
    with store.read() as tx:
        return int(tx.connection.execute(statement).scalar_one())


def numbers_of(store: Store, ids: Sequence[int]) -> list[int]:
    """The numbers of committed events by the ids of their rows, in the order of the ids."""
    number(store)
    with store.read() as tx:
        rows = tx.connection.execute(select(events.c.id, events.c.number).where(events.c.id.in_(ids)))
        found = {row.id: row.number for row in rows}
    return [found[one] for one in ids]


def latest_number(store: Store) -> int:
    """The number of the newest event, 0 when there is none."""
    number(store)
    with store.read() as tx:
        return int(tx.connection.execute(select(func.coalesce(func.max(events.c.number), 0))).scalar_one())


def of_run(tx: Transaction, run: str) -> list[Event]:
    """All events that a job run or crawl caused, oldest first."""
    return [
        _event(row) for row in tx.connection.execute(select(events).where(events.c.run == run).order_by(events.c.id))
    ]


def newest(tx: Transaction, kind: EventKind, database: DatabaseName, by: str | None, count: int = 100) -> list[Event]:
    """The newest events of a kind in a database that a user caused, newest first."""
    of_user = events.c.by.is_(None) if by is None else events.c.by == by
    home = (events.c.catalog == database.catalog, func.lower(events.c.database) == name_key(database.database))
    found = select(events).where(events.c.kind == kind.value, *home, of_user)
    return [_event(row) for row in tx.connection.execute(found.order_by(events.c.id.desc()).limit(count))]


def of_table(tx: Transaction, table_id: int, count: int) -> list[Event]:
    """The newest events of a table, newest first."""
    statement = select(events).where(events.c.object_id == table_id, events.c.kind.in_(_TABLE_KINDS))
    return [_event(row) for row in tx.connection.execute(statement.order_by(events.c.id.desc()).limit(count))]


_OF_TABLES = ("_table", "_partitions", "_constraints", "_constraint")
_TABLE_KINDS: Sequence[str] = [kind.value for kind in EventKind if kind.value.endswith(_OF_TABLES)]


def _event(row: Any) -> Event:
    return Event(
        kind=EventKind(row.kind),
        catalog=row.catalog,
        database=row.database,
        table=row.table,
        object_id=row.object_id,
        version_before=row.version_before,
        version_after=row.version_after,
        payload=row.payload,
        at=row.at,
        by=row.by,
        via=row.via,
        run=row.run,
        number=row.number or 0,
        span=row.span,
    )
