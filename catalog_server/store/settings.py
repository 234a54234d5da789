"""Rows of settings that belong to the store itself, such as its identity."""

from __future__ import annotations

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from catalog_server.store.schema import settings
from catalog_server.store.transaction import Store, Transaction


def get(tx: Transaction, key: str) -> str | None:
    """The value of a setting."""
    return tx.connection.execute(select(settings.c.value).where(settings.c.key == key)).scalar()


def keep(store: Store, key: str, value: str) -> str:
    """The value of a setting, which becomes `value` if there was none; the first of several servers wins."""
    with store.read() as tx:
        found = get(tx, key)
    if found is not None:
        return found
    try:
        with store.begin() as tx:
            tx.connection.execute(insert(settings).values(key=key, value=value))
        return value
    except IntegrityError:
        with store.read() as tx:
            return get(tx, key) or value
