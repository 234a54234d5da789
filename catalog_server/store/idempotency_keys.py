"""Rows of idempotency keys: which requests were carried out, and how they were answered."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from catalog_server.model.kept_request import KeptRequest
from catalog_server.store.schema import idempotency_keys as rows
from catalog_server.store.transaction import Transaction


def get(tx: Transaction, key: str) -> KeptRequest | None:
    """The request of a key."""
    row = tx.connection.execute(select(rows).where(rows.c.key == key)).first()
    return KeptRequest(row.request, row.status, row.headers, row.body, row.at) if row else None


def add(tx: Transaction, key: str, request: bytes) -> bool:
    """Keep that a request is carried out in this very transaction; False when the key is there already.

    Waits for another transaction that writes the same key.
    """
    made = (postgresql if tx.is_postgresql else sqlite).insert(rows).values(key=key, request=request, at=tx.at)
    return tx.connection.execute(made.on_conflict_do_nothing().returning(rows.c.key)).first() is not None


def answer(tx: Transaction, key: str, status: int, headers: dict[str, str], body: str | None) -> bool:
    """Keep the answer beside a key that is there; whether it is."""
    values: dict[str, Any] = {"status": status, "headers": headers, "body": body}
    return tx.connection.execute(update(rows).where(rows.c.key == key).values(**values)).rowcount == 1


def drop_before(tx: Transaction, at: int) -> None:
    """Forget what was asked before a time."""
    tx.connection.execute(delete(rows).where(rows.c.at < at))
