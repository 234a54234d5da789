"""Rows of tokens and master keys; secrets come and go sealed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from catalog_server.model.errors import AlreadyExists
from catalog_server.model.token import Token
from catalog_server.store.schema import master_keys, tokens
from catalog_server.store.transaction import Transaction


def _token(row: Any) -> Token:
    return Token(
        identifier=row.identifier,
        owner=row.owner,
        renewer=row.renewer or "",
        created_at=row.created_at,
        expires_at=row.expires_at,
        ends_at=row.ends_at,
    )


def issue(tx: Transaction, token: Token, sealed: bytes) -> None:
    """Insert a token that logs in."""
    values = {
        name: getattr(token, name) for name in ("identifier", "owner", "renewer", "created_at", "expires_at", "ends_at")
    }
    tx.connection.execute(insert(tokens).values(**values, sealed=sealed))


def count(tx: Transaction) -> int:
    """The number of the newest token, for the next one's sequence."""
    newest: int = tx.connection.execute(select(func.coalesce(func.max(tokens.c.id), 0))).scalar_one()
    return newest


def issued(tx: Transaction, identifier: str) -> tuple[Token, bytes] | None:
    """A token that logs in, with its sealed secret."""
    row = tx.connection.execute(
        select(tokens).where(tokens.c.identifier == identifier, tokens.c.owner.is_not(None))
    ).first()
    return (_token(row), row.sealed) if row else None


def renew(tx: Transaction, identifier: str, expires_at: int) -> None:
    """Let a token last longer."""
    tx.connection.execute(update(tokens).where(tokens.c.identifier == identifier).values(expires_at=expires_at))


def drop_expired(tx: Transaction) -> None:
    """Delete the tokens that log nobody in any more."""
    tx.connection.execute(delete(tokens).where(tokens.c.ends_at < tx.at))


def keep(tx: Transaction, identifier: str, sealed: bytes) -> None:
    """Insert a token that others keep here; raises `AlreadyExists`."""
    try:
        tx.connection.execute(insert(tokens).values(identifier=identifier, sealed=sealed, created_at=tx.at))
    except IntegrityError as error:
        raise AlreadyExists("token", identifier) from error


def kept(tx: Transaction, identifier: str) -> bytes | None:
    """The sealed text of a token that others keep here."""
    found: bytes | None = tx.connection.execute(
        select(tokens.c.sealed).where(tokens.c.identifier == identifier, tokens.c.owner.is_(None))
    ).scalar()
    return found


def identifiers(tx: Transaction) -> list[str]:
    """Identifiers of the tokens that others keep here, the oldest first."""
    statement = select(tokens.c.identifier).where(tokens.c.owner.is_(None)).order_by(tokens.c.id)
    return list(tx.connection.execute(statement).scalars())


def drop(tx: Transaction, identifier: str, *, is_issued: bool) -> bool:
    """Delete a token of one sort or the other; whether it was there."""
    sort = tokens.c.owner.is_not(None) if is_issued else tokens.c.owner.is_(None)
    gone = tx.connection.execute(delete(tokens).where(tokens.c.identifier == identifier, sort).returning(tokens.c.id))
    return gone.first() is not None


def add_key(tx: Transaction, sealed: bytes) -> int:
    """Insert a master key; its number."""
    statement = insert(master_keys).values(sealed=sealed, created_at=tx.at).returning(master_keys.c.id)
    number: int = tx.connection.execute(statement).scalar_one()
    return number


def change_key(tx: Transaction, number: int, sealed: bytes) -> bool:
    """Give a master key another text; whether it was there."""
    statement = update(master_keys).where(master_keys.c.id == number).values(sealed=sealed)
    return tx.connection.execute(statement.returning(master_keys.c.id)).first() is not None


def drop_key(tx: Transaction, number: int) -> bool:
    """Delete a master key; whether it was there."""
    statement = delete(master_keys).where(master_keys.c.id == number).returning(master_keys.c.id)
    return tx.connection.execute(statement).first() is not None


def keys(tx: Transaction) -> list[bytes]:
    """The sealed master keys by number."""
    return list(tx.connection.execute(select(master_keys.c.sealed).order_by(master_keys.c.id)).scalars())
