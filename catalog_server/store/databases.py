"""Rows of databases."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, delete, exists, insert, or_, select, true, update
from sqlalchemy.exc import IntegrityError

from catalog_server.model.database import Database
from catalog_server.model.errors import AlreadyExists, Conflict, NotEmpty
from catalog_server.model.grant import Visibility
from catalog_server.model.names import DatabaseName, name_key
from catalog_server.store.prepared import Prepared
from catalog_server.store.schema import catalogs, databases, tables
from catalog_server.store.transaction import Transaction

_JOINED = databases.join(catalogs)
PATH_KEY: ColumnElement[str] = catalogs.c.name_key + "." + databases.c.name_key
"""`catalog.database` in the form of `Visibility`."""


def _select() -> Select[Any]:
    return select(databases, catalogs.c.name.label("catalog_name")).select_from(_JOINED)


def _values(database: Database) -> dict[str, Any]:
    return {
        "name": database.name,
        "name_key": name_key(database.name),
        "comment": database.comment,
        "location": database.location,
        "owner": database.owner,
        "owner_kind": database.owner_kind,
        "parameters": dict(database.parameters),
        "extra": dict(database.extra),
    }


def _database(row: Any, catalog: str) -> Database:
    return Database(
        catalog=catalog,
        name=row.name,
        comment=row.comment,
        location=row.location,
        owner=row.owner,
        owner_kind=row.owner_kind,
        parameters=row.parameters,
        extra=row.extra,
        id=row.id,
        version=row.version,
        created_at=row.created_at,
        created_by=row.created_by,
    )


def seen(visible: Visibility) -> ColumnElement[bool]:
    """The predicate that leaves the databases a caller may see: whole ones, and those in which it sees a table."""
    if visible.everything:
        return true()
    table_key = PATH_KEY + "." + tables.c.name_key
    inside = (
        exists()
        .where(tables.c.database_id == databases.c.id, table_key.in_(visible.tables))
        .correlate(databases, catalogs)
    )
    return or_(PATH_KEY.in_(visible.databases), inside)


def get(tx: Transaction, name: DatabaseName, *, lock: bool = False) -> Database | None:
    """The database of a name; `lock` holds its row until the transaction ends."""
    row = (_GET_LOCKED if lock else _GET).first(
        tx, catalog=name_key(name.catalog), database=name_key(name.database)
    )  # fmt: skip
    return _database(row, row.catalog_name) if row else None


def _named() -> Select[Any]:
    return _select().where(
        catalogs.c.name_key == bindparam("catalog"), databases.c.name_key == bindparam("database")
    )  # fmt: skip


_GET = Prepared(_named)
_GET_LOCKED = Prepared(lambda: _named().with_for_update(of=databases))


def list_page(
    tx: Transaction,
    catalog: str,
    visible: Visibility,
    *,
    parent: str | None = None,
    after: str = "",
    count: int | None = None,
) -> list[Database]:
    """Databases of a catalog by name key, those below `parent` if one is given, `count` of them after key `after`."""
    statement = _select().where(catalogs.c.name_key == name_key(catalog), databases.c.name_key > after, seen(visible))
    if parent is not None:
        statement = statement.where(databases.c.name_key.startswith(name_key(parent) + ".", autoescape=True))
    rows = tx.connection.execute(statement.order_by(databases.c.name_key).limit(count))
    return [_database(row, row.catalog_name) for row in rows]


def create(tx: Transaction, catalog_id: int, database: Database) -> Database:
    """Insert a database; raises `AlreadyExists`."""
    row = {
        **_values(database),
        "catalog_id": catalog_id,
        "version": 1,
        "created_at": database.created_at or tx.at,
        "created_by": database.created_by,
    }
    try:
        made = tx.connection.execute(insert(databases).values(**row).returning(databases)).one()
    except IntegrityError as error:
        raise AlreadyExists("database", str(database.full_name)) from error
    return _database(made, database.catalog)


def change(tx: Transaction, database: Database, expected_version: int | None = None) -> Database:
    """Write a database's new definition under its id.

    Raises `AlreadyExists` when it was renamed to a taken name, `Conflict` when it is not at the expected version.
    """
    statement = update(databases).where(databases.c.id == database.id)
    if expected_version is not None:
        statement = statement.where(databases.c.version == expected_version)
    if database.created_at:
        statement = statement.values(created_at=database.created_at)
    try:
        row = tx.connection.execute(
            statement.values(**_values(database), version=databases.c.version + 1).returning(databases)
        ).first()
    except IntegrityError as error:
        raise AlreadyExists("database", str(database.full_name)) from error
    if row is None:
        raise Conflict(f"database {database.full_name}", f"version {expected_version}", "a newer one")
    return _database(row, database.catalog)


def drop(tx: Transaction, database: Database) -> None:
    """Delete a database; raises `NotEmpty` while it holds tables or functions."""
    try:
        tx.connection.execute(delete(databases).where(databases.c.id == database.id))
    except IntegrityError as error:
        raise NotEmpty("database", str(database.full_name)) from error
