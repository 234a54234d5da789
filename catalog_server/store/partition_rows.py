"""Partitions as lists of them are answered: each one's own bytes, with the ids of what it shares with others.

Nothing is made of a row but what the answer needs, so that a hundred thousand of them cost little more than the reading.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, NamedTuple

from sqlalchemy import select

from catalog_server.model.expressions import Both, Comparison, Either, Predicate
from catalog_server.model.table import Table
from catalog_server.store.encoded import encode
from catalog_server.store.many import among
from catalog_server.store.partitions import keys_of, prefix_clauses
from catalog_server.store.predicates import Keys, condition, integer
from catalog_server.store.schema import PARTITION_KEYS_INDEXED, partitions
from catalog_server.store.transaction import Transaction

BATCH = 2000
Row = tuple[int, int, int, bytes | None]
"""Ids of the partition, its column list and its storage, and its own bytes (see encoded.py)."""
_COLUMNS = (partitions.c.id, partitions.c.columns_id, partitions.c.storage_id, partitions.c.encoded)
_NAMES_OF_COLUMNS = "id, columns_id, storage_id, encoded"
_OPERATORS = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


class Wanted(NamedTuple):
    """A statement for the driver, which finds rows by name."""

    text: str
    values: Sequence[Any] | Mapping[str, Any]


def wanted(
    tx: Transaction, table: Table, predicate: Predicate | None, prefix: Sequence[str] = (), count: int | None = None
) -> Wanted | None:
    """The statement that finds partitions; None where it cannot say all that is wanted.

    Where it narrows, the few are found first and then put in order, lest PostgreSQL read all by name to save the sorting.
    """
    if any(value != "" for value in prefix[PARTITION_KEYS_INDEXED:]):
        return None
    mark = "%s" if tx.is_postgresql else "?"
    values: list[Any] = [table.id]
    said = [f"k{place} = {mark}" for place, value in enumerate(prefix) if value != ""]
    values += [value for value in prefix if value != ""]
    if predicate is not None:
        clause = _clause(predicate, keys_of(table.partition_keys), mark, values)
        if clause is None:
            return _compiled(tx, table, predicate, prefix, count)
        said.append(clause)
    where = " AND ".join((f"table_id = {mark}", *said))
    found = f"SELECT {_NAMES_OF_COLUMNS}, name FROM partitions WHERE {where}"
    if said and tx.is_postgresql:
        found = f"SELECT * FROM ({found} OFFSET 0) AS few"
    text = f"SELECT {_NAMES_OF_COLUMNS} FROM ({found} ORDER BY name"
    return Wanted(f"{text}) AS found" if count is None else f"{text} LIMIT {count}) AS found", values)


def _clause(predicate: Predicate, keys: Keys, mark: str, values: list[Any]) -> str | None:
    """The simple predicates, which are nearly all, as text; their values are added."""
    if isinstance(predicate, Both | Either):
        parts = [_clause(part, keys, mark, values) for part in predicate.parts]
        said = [part for part in parts if part is not None]
        joint = " AND " if isinstance(predicate, Both) else " OR "
        return f"({joint.join(said)})" if said and len(said) == len(parts) else None
    if not isinstance(predicate, Comparison) or predicate.op not in _OPERATORS:
        return None
    place, numeric = keys[predicate.key]
    value = integer(predicate.value) if numeric else str(predicate.value)
    if place >= PARTITION_KEYS_INDEXED or value is None:
        return None
    values.append(value)
    return f"{'n' if numeric else 'k'}{place} {_OPERATORS[predicate.op]} {mark}"


def _compiled(
    tx: Transaction, table: Table, predicate: Predicate, prefix: Sequence[str], count: int | None
) -> Wanted | None:
    """The others, by SQLAlchemy."""
    clause, exact = condition(predicate, keys_of(table.partition_keys))
    if not exact or clause is None:
        return None
    clauses = (partitions.c.table_id == table.id, *prefix_clauses(prefix), clause)
    statement = select(*_COLUMNS).where(*clauses).order_by(partitions.c.name).limit(count)
    compiled = statement.compile(dialect=tx.connection.dialect, compile_kwargs={"render_postcompile": True})
    positions = compiled.positiontup
    values = compiled.params if positions is None else [compiled.params[name] for name in positions]
    return Wanted(str(compiled), values)


def read(tx: Transaction, statement: Wanted) -> list[Row]:
    """All rows of a statement."""
    return _whole(tx, _cursor(tx).execute(*statement).fetchall())


def count(tx: Transaction, statement: Wanted) -> int:
    """How many rows a statement has."""
    found = _cursor(tx).execute(f"SELECT count(*) FROM ({statement.text}) AS counted", statement.values).fetchone()
    return int(found[0])


def scan(tx: Transaction, statement: Wanted) -> Iterator[list[Row]]:
    """The rows of a statement in batches, from a server-side cursor."""
    with closing(_cursor(tx, "partition_rows")) as cursor:
        cursor.execute(*statement)
        while batch := cursor.fetchmany(BATCH):
            yield _whole(tx, batch)


def _cursor(tx: Transaction, name: str = "") -> Any:
    return tx.driver.cursor(name, binary=True) if tx.is_postgresql else tx.driver.cursor()


def named(tx: Transaction, table: Table, names: Sequence[str]) -> list[Row]:
    """Those of the named partitions that exist, by id."""
    if tx.is_postgresql:
        lines = "\n".join(name for name in dict.fromkeys(names) if "\n" not in name and "\x00" not in name)
        found = _cursor(tx).execute(_NAMED, (lines, table.id)).fetchall()
    else:
        wanted = among(tx, partitions.c.name, dict.fromkeys(names))
        found = tx.connection.execute(select(*_COLUMNS).where(partitions.c.table_id == table.id, wanted)).all()
    return sorted(_whole(tx, found))


_NAMED = f"""SELECT {_NAMES_OF_COLUMNS} FROM unnest(string_to_array(%s, chr(10))) AS wanted(said) CROSS JOIN LATERAL (
  SELECT {_NAMES_OF_COLUMNS} FROM partitions WHERE table_id = %s AND name = wanted.said COLLATE "C" LIMIT 1) AS found"""
"""The names come as one text, since the driver takes long over an array; none that exists holds a line feed.
LIMIT has PostgreSQL look each of them up, whatever it guesses of their number."""


def _whole(tx: Transaction, rows: Sequence[Any]) -> list[Row]:
    """Rows with the bytes of those that were kept without."""
    missing = [row[0] for row in rows if row[3] is None]
    if not missing:
        return list(rows)
    made: dict[int, bytes | None] = {}
    for row in tx.connection.execute(select(partitions).where(among(tx, partitions.c.id, missing))):
        values = (row.key_values, row.location, row.parameters, row.created_at, row.last_access_at)
        made[row.id] = encode(*values)
    return [(row[0], row[1], row[2], made[row[0]] if row[3] is None else row[3]) for row in rows]


def names(tx: Transaction, table: Table, limit: int | None = None) -> tuple[int, list[bytes]]:
    """How many names a table's partitions have, and these in order, as the elements of a list in Thrift's binary protocol."""
    if tx.is_postgresql:
        rows = _cursor(tx).execute(_NAMES, (table.id, limit)).fetchall()
        return sum(row[0] for row in rows), [row[1] for row in rows]
    statement = select(partitions.c.name).where(partitions.c.table_id == table.id)
    found = tx.connection.execute(statement.order_by(partitions.c.name).limit(limit)).scalars().all()
    raw = [name.encode() for name in found]
    return len(raw), [b"".join([part for one in raw for part in (len(one).to_bytes(4, "big"), one)])]


_NAMES = f"""
SELECT count(*), string_agg(int4send(octet_length(raw)) || raw, ''::bytea) FROM (
  SELECT convert_to(name, 'UTF8') AS raw, (row_number() OVER (ORDER BY name) - 1) / {10 * BATCH} AS part
  FROM (SELECT name FROM partitions WHERE table_id = %s ORDER BY name LIMIT %s) AS found
) AS numbered GROUP BY part ORDER BY part
"""
