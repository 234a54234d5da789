"""Rows of catalogs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from catalog_server.model.database import Catalog
from catalog_server.model.errors import AlreadyExists, Conflict, NotEmpty
from catalog_server.model.names import name_key
from catalog_server.store.schema import catalogs
from catalog_server.store.transaction import Transaction


def _values(catalog: Catalog) -> dict[str, Any]:
    return {
        "name": catalog.name,
        "name_key": name_key(catalog.name),
        "comment": catalog.comment,
        "location": catalog.location,
        "parameters": dict(catalog.parameters),
        "kind": catalog.kind,
        "uri": catalog.uri,
    }


def _catalog(row: Any) -> Catalog:
    return Catalog(
        name=row.name,
        comment=row.comment,
        location=row.location,
        parameters=row.parameters,
        kind=row.kind,
        uri=row.uri,
        id=row.id,
        version=row.version,
        created_at=row.created_at,
    )


def get(tx: Transaction, name: str) -> Catalog | None:
    """The catalog of a name, compared by its key."""
    row = tx.connection.execute(select(catalogs).where(catalogs.c.name_key == name_key(name))).first()
    return _catalog(row) if row else None


def list_all(tx: Transaction) -> list[Catalog]:
    """All catalogs by name."""
    return [_catalog(row) for row in tx.connection.execute(select(catalogs).order_by(catalogs.c.name_key))]


def create(tx: Transaction, catalog: Catalog) -> Catalog:
    """Insert a catalog; raises `AlreadyExists`."""
    statement = insert(catalogs).values(**_values(catalog), version=1, created_at=tx.at).returning(catalogs)
    try:
        return _catalog(tx.connection.execute(statement).one())
    except IntegrityError as error:
        raise AlreadyExists("catalog", catalog.name) from error


def change(tx: Transaction, catalog: Catalog, expected_version: int | None = None) -> Catalog:
    """Write a catalog's new definition under its id; raises `Conflict` when it is not at the expected version."""
    statement = update(catalogs).where(catalogs.c.id == catalog.id)
    if expected_version is not None:
        statement = statement.where(catalogs.c.version == expected_version)
    changed = statement.values(**_values(catalog), version=catalogs.c.version + 1).returning(catalogs)
    row = tx.connection.execute(changed).first()
    if row is None:
        raise Conflict(f"catalog {catalog.name}", f"version {expected_version}", "a newer one")
    return _catalog(row)


def drop(tx: Transaction, catalog: Catalog) -> None:
    """Delete a catalog; raises `NotEmpty` while it holds databases."""
    try:
        tx.connection.execute(delete(catalogs).where(catalogs.c.id == catalog.id))
    except IntegrityError as error:
        raise NotEmpty("catalog", catalog.name) from error
