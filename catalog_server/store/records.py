"""Rows of records: documents by kind, scope and name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Text, bindparam, delete, func, insert, or_, select, type_coerce, update
from sqlalchemy.exc import IntegrityError

from catalog_server.model.errors import AlreadyExists, Conflict
from catalog_server.model.names import DatabaseName, TableName, name_key
from catalog_server.model.record import Document, Record
from catalog_server.store.prepared import Prepared
from catalog_server.store.schema import records
from catalog_server.store.transaction import Transaction

OF_DATABASES = ("schema", "schema version", "procedure", "package", "index")
"""Kinds whose scope is a database, or below one; they go with it, and move with it."""
OF_TABLES = ("index",)
"""Kinds whose scope is a table."""


def _record(row: Any) -> Record:
    return Record(
        kind=row.kind,
        scope=row.scope,
        name=row.name,
        document=row.document,
        id=row.id,
        version=row.version,
        created_at=row.created_at,
    )


def get(tx: Transaction, kind: str, scope: str, name: str, *, lock: bool = False) -> Record | None:
    """One record; with `lock` nobody else changes it before the end of the transaction."""
    statement = select(records).where(records.c.kind == kind, records.c.scope == scope, records.c.name == name)
    row = tx.connection.execute(statement.with_for_update() if lock else statement).first()
    return _record(row) if row else None


def list_all(tx: Transaction, kind: str, scope: str | None = None, names: Sequence[str] | None = None) -> list[Record]:
    """Records of a kind, in a scope or in all, of these names or of all, by scope and name."""
    statement = select(records).where(records.c.kind == kind)
    if scope is not None:
        statement = statement.where(records.c.scope == scope)
    if names is not None:
        statement = statement.where(records.c.name.in_(names))
    return [_record(row) for row in tx.connection.execute(statement.order_by(records.c.scope, records.c.name))]


def create(tx: Transaction, record: Record) -> Record:
    """Insert a record; raises `AlreadyExists`."""
    values = {"kind": record.kind, "scope": record.scope, "name": record.name, "document": dict(record.document)}
    try:
        row = tx.connection.execute(
            insert(records).values(**values, version=1, created_at=record.created_at or tx.at).returning(records)
        ).one()
    except IntegrityError as error:
        raise AlreadyExists(record.kind, record.name) from error
    return _record(row)


def change(
    tx: Transaction, record: Record, document: Document, *, scope: str | None = None, name: str | None = None
) -> None:
    """Give a record another document, and another scope or name; raises `Conflict` when it is not at its version.

    Raises `AlreadyExists` when the name is taken.
    """
    statement = update(records).where(records.c.id == record.id, records.c.version == record.version)
    values = {"document": dict(document), "scope": scope or record.scope, "name": name or record.name}
    try:
        changed = tx.connection.execute(statement.values(**values, version=record.version + 1).returning(records.c.id))
    except IntegrityError as error:
        raise AlreadyExists(record.kind, str(values["name"])) from error
    if changed.first() is None:
        raise Conflict(f"{record.kind} {record.name}", f"version {record.version}", "a newer one")


def put(tx: Transaction, kind: str, scope: str, documents: Iterable[tuple[str, Document]]) -> None:
    """Write documents by name, over those that are there."""
    new = dict(documents)
    if new:
        drop_many(tx, kind, scope, list(new))
        rows = [{"kind": kind, "scope": scope, "name": name, "document": dict(one)} for name, one in new.items()]
        tx.connection.execute(insert(records), [{**row, "version": 1, "created_at": tx.at} for row in rows])


def drop(tx: Transaction, kind: str, scope: str, name: str) -> bool:
    """Delete a record; whether it was there."""
    statement = delete(records).where(records.c.kind == kind, records.c.scope == scope, records.c.name == name)
    return tx.connection.execute(statement.returning(records.c.id)).first() is not None


def drop_many(tx: Transaction, kind: str, scope: str, names: Sequence[str]) -> None:
    """Delete records by name, as far as they are there."""
    statement = delete(records).where(records.c.kind == kind, records.c.scope == scope, records.c.name.in_(names))
    tx.connection.execute(statement)


def scope_of(name: DatabaseName) -> str:
    """The scope of what belongs to a database."""
    return f"{name_key(name.catalog)}.{name_key(name.database)}"


def scope_of_table(name: TableName) -> str:
    """The scope of what belongs to a table; below that of its database."""
    return f"{scope_of(name.parent)}/{name_key(name.table)}"


def drop_scopes(tx: Transaction, kinds: Sequence[str], scope: str) -> None:
    """Delete the records of some kinds in a scope and in those below it, which begin with its name and a slash."""
    tx.connection.execute(delete(records).where(records.c.kind.in_(kinds), _in_or_below(scope)))


def drop_of_table(tx: Transaction, name: TableName) -> None:
    """Delete the records that belong to a table."""
    _DROP_OF_TABLE.later(tx, of_table=scope_of_table(name))


_DROP_OF_TABLE = Prepared(
    lambda: delete(records).where(
        or_(*(records.c.kind == kind for kind in OF_TABLES)), records.c.scope == bindparam("of_table")
    )
)


def move_scopes(tx: Transaction, kinds: Sequence[str], old: str, new: str) -> None:
    """Let the records of some kinds in a scope, and in those below it, be in another one; what was there is no more."""
    if old != new:
        drop_scopes(tx, kinds, new)
        rest = func.substr(type_coerce(records.c.scope, Text), len(old) + 1)
        moved = update(records).where(records.c.kind.in_(kinds), _in_or_below(old))
        tx.connection.execute(moved.values(scope=type_coerce(new, Text) + rest))


def _in_or_below(scope: str) -> ColumnElement[bool]:
    return (records.c.scope == scope) | type_coerce(records.c.scope, Text).startswith(scope + "/", autoescape=True)


def drop_before(tx: Transaction, kind: str, at: int) -> None:
    """Delete the records of a kind that were made before a time."""
    tx.connection.execute(delete(records).where(records.c.kind == kind, records.c.created_at < at))


def by_id(tx: Transaction, kind: str, number: int) -> Record | None:
    """The record with a number, which nobody else changes before the end of the transaction."""
    statement = select(records).where(records.c.id == number, records.c.kind == kind).with_for_update()
    row = tx.connection.execute(statement).first()
    return _record(row) if row else None
