"""Rows of functions."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from catalog_server.model.errors import AlreadyExists
from catalog_server.model.function import Function
from catalog_server.model.names import DatabaseName, name_key
from catalog_server.store.schema import catalogs, databases, functions
from catalog_server.store.transaction import Transaction


def _values(function: Function) -> dict[str, Any]:
    return {
        "name": function.name,
        "name_key": name_key(function.name),
        "class_name": function.class_name,
        "owner": function.owner,
        "owner_kind": function.owner_kind,
        "function_kind": function.function_kind,
        "resources": [list(resource) for resource in function.resources],
        "parameters": dict(function.parameters),
    }


def _function(row: Any, name: DatabaseName) -> Function:
    return Function(
        catalog=name.catalog,
        database=name.database,
        name=row.name,
        class_name=row.class_name,
        owner=row.owner,
        owner_kind=row.owner_kind,
        function_kind=row.function_kind,
        resources=tuple((kind, uri) for kind, uri in row.resources),
        parameters=row.parameters,
        id=row.id,
        version=row.version,
        created_at=row.created_at,
    )


def list_all(tx: Transaction, database: DatabaseName | None = None) -> list[Function]:
    """The functions of a database, or of all, by name."""
    statement = select(
        functions, databases.c.name.label("database_name"), catalogs.c.name.label("catalog_name")
    ).select_from(functions.join(databases).join(catalogs))  # fmt: skip
    if database is not None:
        statement = statement.where(
            catalogs.c.name_key == name_key(database.catalog), databases.c.name_key == name_key(database.database)
        )
    rows = tx.connection.execute(statement.order_by(databases.c.name_key, functions.c.name_key))
    return [_function(row, DatabaseName(row.catalog_name, row.database_name)) for row in rows]


def get(tx: Transaction, database: DatabaseName, name: str) -> Function | None:
    """The function of a name."""
    statement = select(functions).select_from(functions.join(databases).join(catalogs))
    row = tx.connection.execute(
        statement.where(
            catalogs.c.name_key == name_key(database.catalog),
            databases.c.name_key == name_key(database.database),
            functions.c.name_key == name_key(name),
        )
    ).first()
    return _function(row, database) if row else None


def create(tx: Transaction, database_id: int, function: Function) -> Function:
    """Insert a function; raises `AlreadyExists`."""
    values = {**_values(function), "database_id": database_id, "version": 1, "created_at": function.created_at or tx.at}
    try:
        row = tx.connection.execute(insert(functions).values(**values).returning(functions)).one()
    except IntegrityError as error:
        raise AlreadyExists("function", f"{function.database}.{function.name}") from error
    return _function(row, DatabaseName(function.catalog, function.database))


def change(tx: Transaction, function: Function, database_id: int) -> Function:
    """Write a function's new definition under its id."""
    statement = update(functions).where(functions.c.id == function.id)
    values = {**_values(function), "database_id": database_id, "version": functions.c.version + 1}
    try:
        row = tx.connection.execute(statement.values(**values).returning(functions)).one()
    except IntegrityError as error:
        raise AlreadyExists("function", f"{function.database}.{function.name}") from error
    return _function(row, DatabaseName(function.catalog, function.database))


def drop(tx: Transaction, function_id: int) -> None:
    """Delete a function."""
    tx.connection.execute(delete(functions).where(functions.c.id == function_id))
