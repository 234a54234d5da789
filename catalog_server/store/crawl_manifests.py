"""Rows of crawl manifests: what the last crawl of a target saw, as one head and the parts that it names."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from catalog_server.store.schema.crawls import crawl_manifests as rows
from catalog_server.store.transaction import Transaction

HEAD = 0
Key = tuple[int, str]
"""Id of the crawler, digest of the target."""


def _of(key: Key) -> ColumnElement[bool]:
    return (rows.c.crawler_id == key[0]) & (rows.c.target == key[1])


def head(tx: Transaction, key: Key) -> tuple[int, bytes] | None:
    """The head with its stamp; None where no crawl kept one."""
    row = tx.connection.execute(select(rows.c.stamp, rows.c.body).where(_of(key), rows.c.number == HEAD)).first()
    return (row.stamp, bytes(row.body)) if row else None


def part(tx: Transaction, key: Key, number: int) -> bytes | None:
    """A part by its number; None if it was replaced."""
    body = tx.connection.execute(select(rows.c.body).where(_of(key), rows.c.number == number)).scalar()
    return None if body is None else bytes(body)


def add(tx: Transaction, key: Key, parts: Sequence[tuple[int, bytes]]) -> None:
    """Insert parts, which count once a head names them."""
    made = [{"crawler_id": key[0], "target": key[1], "number": n, "stamp": tx.at, "body": body} for n, body in parts]
    tx.connection.execute(insert(rows), made)


def replace_head(tx: Transaction, key: Key, before: int | None, stamp: int, body: bytes) -> bool:
    """Put another head in the place of the one with the stamp `before`; False if that is not the one any more."""
    if before is not None:
        of_before = update(rows).where(_of(key), rows.c.number == HEAD, rows.c.stamp == before)
        return tx.connection.execute(of_before.values(stamp=stamp, body=body)).rowcount == 1
    values = {"crawler_id": key[0], "target": key[1], "number": HEAD, "stamp": stamp, "body": body}
    made = (postgresql if tx.is_postgresql else sqlite).insert(rows).values(**values)
    return tx.connection.execute(made.on_conflict_do_nothing().returning(rows.c.stamp)).first() is not None


def numbers(tx: Transaction, key: Key) -> list[int]:
    """The numbers of all parts, named by the head or not."""
    return list(tx.connection.execute(select(rows.c.number).where(_of(key), rows.c.number != HEAD)).scalars())


def delete_parts(tx: Transaction, key: Key, gone: Collection[int]) -> None:
    """Delete some parts."""
    tx.connection.execute(delete(rows).where(_of(key), rows.c.number.in_(gone)))


def forget(tx: Transaction, crawler_id: int) -> None:
    """Delete all that was kept for a crawler."""
    tx.connection.execute(delete(rows).where(rows.c.crawler_id == crawler_id))
