"""Rows of connections; secrets are an encrypted blob here and plain nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from catalog_server.model.connection import Connection
from catalog_server.model.errors import AlreadyExists, Conflict
from catalog_server.model.names import name_key
from catalog_server.store.many import among
from catalog_server.store.schema import connections
from catalog_server.store.transaction import Transaction


def _values(connection: Connection, sealed: bytes | None) -> dict[str, Any]:
    return {
        "name": connection.name,
        "name_key": name_key(connection.name),
        "kind": connection.kind,
        "url": connection.url,
        "options": dict(connection.options),
        "secrets": sealed,
        "prefixes": list(connection.prefixes),
        "vending": connection.vending,
        "comment": connection.comment,
    }


def _connection(row: Any) -> tuple[Connection, bytes | None]:
    connection = Connection(
        name=row.name,
        kind=row.kind,
        url=row.url,
        options=row.options,
        prefixes=tuple(row.prefixes),
        vending=row.vending,
        comment=row.comment,
        id=row.id,
        version=row.version,
        created_at=row.created_at,
    )
    return connection, row.secrets


def get(tx: Transaction, name: str) -> tuple[Connection, bytes | None] | None:
    """The connection of a name, without and with its sealed secrets."""
    row = tx.connection.execute(select(connections).where(connections.c.name_key == name_key(name))).first()
    return _connection(row) if row else None


def list_all(tx: Transaction) -> list[tuple[Connection, bytes | None]]:
    """All connections by name."""
    return [_connection(row) for row in tx.connection.execute(select(connections).order_by(connections.c.name_key))]


def versions(tx: Transaction, names: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Ids and versions of the connections of these names, of those that are there, by the keys of their names."""
    columns = (connections.c.name_key, connections.c.id, connections.c.version)
    wanted = among(tx, connections.c.name_key, [name_key(name) for name in names])
    return {row.name_key: (row.id, row.version) for row in tx.connection.execute(select(*columns).where(wanted))}


def create(tx: Transaction, connection: Connection, sealed: bytes | None) -> Connection:
    """Insert a connection; raises `AlreadyExists`."""
    values = {**_values(connection, sealed), "version": 1, "created_at": tx.at}
    try:
        row = tx.connection.execute(insert(connections).values(**values).returning(connections)).one()
    except IntegrityError as error:
        raise AlreadyExists("connection", connection.name) from error
    return _connection(row)[0]


def change(
    tx: Transaction, connection: Connection, sealed: bytes | None, expected_version: int | None = None
) -> Connection:
    """Write a connection's new definition under its id; raises `Conflict` when it is not at the expected version."""
    statement = update(connections).where(connections.c.id == connection.id)
    if expected_version is not None:
        statement = statement.where(connections.c.version == expected_version)
    values = {**_values(connection, sealed), "version": connections.c.version + 1}
    row = tx.connection.execute(statement.values(**values).returning(connections)).first()
    if row is None:
        raise Conflict(f"connection {connection.name}", f"version {expected_version}", "a newer one")
    return _connection(row)[0]


def drop(tx: Transaction, connection_id: int) -> None:
    """Delete a connection."""
    tx.connection.execute(delete(connections).where(connections.c.id == connection_id))
