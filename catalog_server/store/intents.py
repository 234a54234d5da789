"""Rows of intents: what is to be done to files once the change that wants it is committed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Column, ColumnElement, delete, insert, select, update

from catalog_server.store.many import given
from catalog_server.store.schema import intents, partitions, tables
from catalog_server.store.transaction import Transaction

DELETE_DIRECTORY = "delete_directory"
BATCH = 1000
"""Intents that are claimed, and marked as done, in one transaction."""
MOVE_DIRECTORY = "move_directory"
PURGE_TABLE = "purge_table"
"""All files of an Iceberg table: `location` is its metadata file, `target` its folder."""
LATE_MILLISECONDS = 30_000


@dataclass(frozen=True, slots=True)
class Intent:
    """One thing to do: `kind` to `location`; `attempts` failed so far. The `target` is where a move goes to, and for a
    delete the folder below which folders that it leaves empty go too."""

    id: int
    kind: str
    location: str
    target: str | None
    attempts: int
    created_at: int = 0


def add(tx: Transaction, kind: str, location: str, target: str | None = None) -> None:
    """Write an intent in the transaction of the change that wants it."""
    add_many(tx, kind, [(location, target)])


def add_many(tx: Transaction, kind: str, wanted: Sequence[tuple[str, str | None]]) -> None:
    """Write intents of one kind, (location, target) each, in the transaction of the change that wants them."""
    rest = {"kind": kind, "attempts": 0, "not_before": 0, "created_at": tx.at}
    rows = [{"location": where, "target": to, **rest} for where, to in wanted]
    if rows and tx.is_postgresql:
        tx.connection.execute(insert(intents).from_select(list(rows[0]), select(given(intents, rows))))
    elif rows:
        tx.connection.execute(insert(intents), rows)


def any_due(tx: Transaction, *, purges: bool = False) -> bool:
    """Whether there is anything to carry out now, of purges or of all the rest."""
    statement = select(intents.c.id).where(intents.c.not_before <= tx.at, _is(purges)).limit(1)
    return tx.connection.execute(statement).first() is not None


def _is(purges: bool) -> ColumnElement[bool]:
    return intents.c.kind == PURGE_TABLE if purges else intents.c.kind != PURGE_TABLE


def due(tx: Transaction, count: int = BATCH, *, purges: bool = False) -> list[Intent]:
    """Intents to carry out now, purges or all the rest; on PostgreSQL those that another server works on are left to it."""
    statement = select(intents).where(intents.c.not_before <= tx.at, _is(purges)).order_by(intents.c.id).limit(count)
    rows = tx.connection.execute(statement.with_for_update(skip_locked=True))
    return [Intent(row.id, row.kind, row.location, row.target, row.attempts, row.created_at) for row in rows]


def taken(tx: Transaction, found: Sequence[Intent]) -> list[Intent]:
    """Those deletes of folders in which a table or partition lives (again): what was to go is not there any more.

    Partitions are only looked at for deletes that were put off, since their locations have no index.
    """
    deletes = [intent for intent in found if intent.kind == DELETE_DIRECTORY]
    late = [intent for intent in deletes if intent.attempts or intent.created_at < tx.at - LATE_MILLISECONDS]
    held = _lived_in(tx, tables.c.location, deletes) | _lived_in(tx, partitions.c.location, late)
    return [intent for intent in deletes if intent.location.rstrip("/") in held]


def _lived_in(tx: Transaction, column: Column[str | None], found: Sequence[Intent]) -> set[str]:
    folders = {intent.location.rstrip("/") for intent in found}
    if not folders:
        return set()
    spelled = [*folders, *(f"{folder}/" for folder in folders)]
    rows = tx.connection.execute(select(column).where(column.in_(spelled)).distinct())
    return {str(location).rstrip("/") for location in rows.scalars()}


def claim(tx: Transaction, found: list[Intent], until: int) -> None:
    """Keep intents from others until a time (milliseconds), while they are carried out without a transaction."""
    ids = [intent.id for intent in found]
    tx.connection.execute(update(intents).where(intents.c.id.in_(ids)).values(not_before=until))


def done(tx: Transaction, ids: Sequence[int]) -> None:
    """Delete intents that were carried out."""
    if ids:
        tx.connection.execute(delete(intents).where(intents.c.id.in_(ids)))


def failed(tx: Transaction, intent: Intent, error: str, not_before: int) -> None:
    """Keep an intent for a later try."""
    values = {"attempts": intent.attempts + 1, "error": error[:2000], "not_before": not_before}
    tx.connection.execute(update(intents).where(intents.c.id == intent.id).values(**values))
