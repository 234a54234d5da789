"""Rows of partitions: filtered by typed key columns, written many at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError

from catalog_server.model.caller import Caller
from catalog_server.model.errors import AlreadyExists, Invalid
from catalog_server.model.expressions import Predicate, matches
from catalog_server.model.partition import Partition, partition_name
from catalog_server.model.table import Column, Table
from catalog_server.model.types import parse_type
from catalog_server.store.blobs import columns_text, storage_text
from catalog_server.store.encoded import encode
from catalog_server.store.many import among, given
from catalog_server.store.many import change as change_many
from catalog_server.store.predicates import Keys, condition, integer
from catalog_server.store.schema import PARTITION_KEYS_INDEXED, column_statistics, partition_changes, partitions
from catalog_server.store.schema.base import Json, json_text
from catalog_server.store.transaction import Transaction

BATCH = 1000
_NUMERIC = frozenset(("tinyint", "smallint", "int", "bigint"))


def keys_of(columns: Sequence[Column]) -> Keys:
    """Place of each partition key and whether it is numeric."""
    return {column.key: (place, _is_numeric(column.type)) for place, column in enumerate(columns)}


def _is_numeric(text: str) -> bool:
    try:
        return parse_type(text).name in _NUMERIC
    except Invalid:  # a type this server cannot read is compared as text
        return False


def _partitions(tx: Transaction, rows: Sequence[Any]) -> list[Partition]:
    column_lists = tx.blobs.columns(tx, [row.columns_id for row in rows])
    storages = tx.blobs.storages(tx, [row.storage_id for row in rows])
    return [
        Partition(
            values=tuple(row.key_values),
            location=row.location,
            columns=column_lists[row.columns_id],
            storage=storages[row.storage_id],
            parameters=row.parameters,
            extra=row.extra or {},
            id=row.id,
            version=row.version,
            created_at=row.created_at,
            last_access_at=row.last_access_at,
        )
        for row in rows
    ]


def _wanted(
    table: Table, predicate: Predicate | None, clauses: Sequence[ColumnElement[bool]]
) -> tuple[Select[Any], bool]:
    statement = select(partitions).where(partitions.c.table_id == table.id, *clauses)
    if predicate is None:
        return statement, True
    clause, exact = condition(predicate, keys_of(table.partition_keys))
    return (statement if clause is None else statement.where(clause)), exact


def scan(
    tx: Transaction,
    table: Table,
    predicate: Predicate | None = None,
    *,
    prefix: Sequence[str] | None = None,
    after: str = "",
    count: int | None = None,
) -> Iterator[list[Partition]]:
    """Partitions by name in batches, from a server-side cursor: those that meet the predicate, whose leading values are
    `prefix` (an empty value there means any), named after `after`, at most `count`."""
    clauses = prefix_clauses(prefix or ())
    if after:
        clauses.append(partitions.c.name > after)
    statement, exact = _wanted(table, predicate, clauses)
    statement = statement.order_by(partitions.c.name)
    limited = count if exact and not _rest(prefix or ()) else None
    if limited is not None:
        statement = statement.limit(limited)
    left = count
    result = tx.stream(statement)
    for rows in result.partitions(BATCH):
        found = [p for p in _partitions(tx, rows) if _kept(p, table, None if exact else predicate, prefix or ())]
        if left is not None:
            found = found[:left]
            left -= len(found)
        if found:
            yield found
        if left == 0:
            result.close()
            return


def prefix_clauses(values: Sequence[str]) -> list[ColumnElement[bool]]:
    """What holds for partitions whose leading values are these, as far as keys have columns."""
    return [partitions.c[f"k{n}"] == value for n, value in enumerate(values[:PARTITION_KEYS_INDEXED]) if value != ""]


def _rest(values: Sequence[str]) -> bool:
    return any(value != "" for value in values[PARTITION_KEYS_INDEXED:])


def _kept(partition: Partition, table: Table, predicate: Predicate | None, prefix: Sequence[str]) -> bool:
    if any(said not in ("", held) for said, held in zip(prefix, partition.values, strict=False)):
        return False
    if predicate is None:
        return True
    held = {column.key: value for column, value in zip(table.partition_keys, partition.values, strict=True)}
    numeric = frozenset(column.key for column in table.partition_keys if _is_numeric(column.type))
    return matches(predicate, held, numeric)


def names(tx: Transaction, table: Table, *, after: str = "", count: int | None = None) -> list[str]:
    """Names of a table's partitions in order."""
    statement = select(partitions.c.name).where(partitions.c.table_id == table.id, partitions.c.name > after)
    return list(tx.connection.execute(statement.order_by(partitions.c.name).limit(count)).scalars())


def get(tx: Transaction, table: Table, name: str, *, lock: bool = False) -> Partition | None:
    """The partition of a name."""
    statement = select(partitions).where(partitions.c.table_id == table.id, partitions.c.name == name)
    row = tx.connection.execute(statement.with_for_update() if lock else statement).first()
    return _partitions(tx, [row])[0] if row else None


def get_many(tx: Transaction, table: Table, wanted: Sequence[str], *, lock: bool = False) -> list[Partition]:
    """Those of the named partitions that exist, by id."""
    named = among(tx, partitions.c.name, dict.fromkeys(wanted))
    statement = select(partitions).where(partitions.c.table_id == table.id, named).order_by(partitions.c.id)
    return _partitions(tx, tx.connection.execute(statement.with_for_update() if lock else statement).all())


def count(tx: Transaction, table: Table, predicate: Predicate | None = None) -> int:
    """How many partitions a table has, or how many of them meet a predicate."""
    statement, exact = _wanted(table, predicate, ())
    if not exact:
        return sum(len(batch) for batch in scan(tx, table, predicate))
    return int(tx.connection.execute(select(func.count()).select_from(statement.subquery())).scalar_one())


def _row(table: Table, partition: Partition, columns_id: int, storage_id: int, at: int) -> dict[str, Any]:
    created, accessed = partition.created_at or at, partition.last_access_at
    row: dict[str, Any] = {
        "encoded": encode(partition.values, partition.location, partition.parameters, created, accessed),
        "name": partition_name([key.name for key in table.partition_keys], partition.values),
        "key_values": list(partition.values),
        "columns_id": columns_id,
        "storage_id": storage_id,
        "location": partition.location,
        "parameters": dict(partition.parameters),
        "extra": dict(partition.extra) or None,
        "last_access_at": partition.last_access_at,
    }
    for place in range(PARTITION_KEYS_INDEXED):
        value = partition.values[place] if place < len(partition.values) else None
        row[f"k{place}"] = value
        row[f"n{place}"] = None if value is None else integer(value)
    return row


def _rows(tx: Transaction, table: Table, new: Sequence[Partition]) -> list[dict[str, Any]]:
    """Rows to write; the text of a column list or storage that many share is made once, and once each of equal ones."""
    columns = [table.columns if partition.columns is None else partition.columns for partition in new]
    storages = [table.storage if partition.storage is None else partition.storage for partition in new]
    texts = {id(one): columns_text(one) for one in {id(one): one for one in columns}.values()}
    texts |= {id(one): storage_text(one) for one in {id(one): one for one in storages}.values()}
    ids = tx.blobs.ids(tx, set(texts.values()))
    return [
        _row(table, partition, ids[texts[id(shape)]], ids[texts[id(storage)]], tx.at)
        for partition, shape, storage in zip(new, columns, storages, strict=True)
    ]


def create(tx: Transaction, table: Table, new: Sequence[Partition], *, if_not_exists: bool = False) -> list[str]:
    """Insert partitions and return the names of those that are new; raises `AlreadyExists` unless `if_not_exists`."""
    rows = [
        row | {"table_id": table.id, "version": 1, "created_at": partition.created_at or tx.at}
        for row, partition in zip(_rows(tx, table, new), new, strict=True)
    ]
    if if_not_exists:
        return _create_missing(tx, table, rows)
    try:
        if tx.is_postgresql and rows:
            _copy(tx, rows)
        else:
            tx.connection.execute(insert(partitions), rows)
    except IntegrityError as error:
        taken = _first_taken(rows)
        raise AlreadyExists("partition", f"{table.full_name}/{taken or rows[0]['name']}") from error
    return [row["name"] for row in rows]


def _create_missing(tx: Transaction, table: Table, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    if not rows:
        return []
    if tx.is_postgresql:
        new = given(partitions, rows)
        statement = postgresql.insert(partitions).from_select(list(rows[0]), select(new))
        statement = statement.on_conflict_do_nothing(index_elements=["table_id", "name"])
        return list(tx.connection.execute(statement.returning(partitions.c.name)).scalars())
    wanted = {row["name"]: row for row in reversed(rows)}  # of those of one name the first
    there = select(partitions.c.name).where(partitions.c.table_id == table.id, among(tx, partitions.c.name, wanted))
    for name in tx.connection.execute(there).scalars():
        del wanted[name]
    if wanted:
        tx.connection.execute(insert(partitions), list(wanted.values()))
    return list(wanted)


def _copy(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert many rows by COPY."""
    names = list(rows[0])
    as_text = [name for name in names if isinstance(partitions.c[name].type, Json)]
    statement = f"COPY partitions ({', '.join(names)}) FROM STDIN"
    try:
        with tx.driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                texts = {name: json_text(row[name]) for name in as_text}
                copy.write_row([texts.get(name, value) for name, value in row.items()])
    except Exception as error:
        raise tx.told(statement, None, error) from error


def _first_taken(rows: Sequence[Mapping[str, Any]]) -> str | None:
    seen: set[str] = set()
    for row in rows:
        if row["name"] in seen:
            return str(row["name"])
        seen.add(row["name"])
    return None


def change(tx: Transaction, table: Table, changed: Sequence[Partition]) -> None:
    """Write partitions' new definitions under their ids; raises `AlreadyExists` when one takes another's values."""
    rows = [{**row, "id": one.id} for row, one in zip(_rows(tx, table, changed), changed, strict=True)]
    for row, partition in zip(rows, changed, strict=True):
        if not partition.created_at:  # it stays as it is, and is not known here
            row["encoded"] = None
    if not rows:
        return
    try:
        change_many(tx, partitions, rows, version=partitions.c.version + 1)
    except IntegrityError as error:
        raise AlreadyExists("partition", f"{table.full_name}/{rows[0]['name']}") from error


def give(tx: Transaction, giver: Table, taker: Table, moved: Sequence[Partition]) -> None:
    """Let partitions, found by their ids, belong to another table, at their new places, with their statistics."""
    if not moved:
        return
    rows = [{"id": partition.id, "location": partition.location} for partition in moved]
    change_many(tx, partitions, rows, table_id=taker.id, version=partitions.c.version + 1, encoded=None)
    of_them = among(tx, column_statistics.c.partition_id, [partition.id for partition in moved])
    statistics = update(column_statistics).where(column_statistics.c.table_id == giver.id, of_them)
    tx.connection.execute(statistics.values(table_id=taker.id))


def cascade_columns(tx: Transaction, table_id: int, columns_id: int) -> None:
    """Give every partition of a table the same column list: one statement, whatever their number."""
    tx.connection.execute(update(partitions).where(partitions.c.table_id == table_id).values(columns_id=columns_id))


def move(tx: Transaction, table_id: int, old: str, new: str) -> None:
    """Let the locations below a table's old location stand below its new one."""
    moved = new + func.substr(partitions.c.location, len(old) + 1)
    below = partitions.c.location.startswith(old + "/", autoescape=True)
    changed = update(partitions).where(partitions.c.table_id == table_id, below)
    tx.connection.execute(changed.values(location=moved, encoded=None))


def drop(tx: Transaction, table: Table, ids: Sequence[int]) -> None:
    """Delete partitions of a table and their statistics."""
    of_them = among(tx, column_statistics.c.partition_id, ids)
    tx.connection.execute(delete(column_statistics).where(column_statistics.c.table_id == table.id, of_them))
    tx.connection.execute(delete(partitions).where(among(tx, partitions.c.id, ids)))


def record_change(
    tx: Transaction,
    table_id: int,
    kind: str,
    changed: Sequence[str],
    before: Sequence[Mapping[str, object]] | None,
    caller: Caller,
) -> int:
    """Keep one change set in the history of a table's partitions; returns its id."""
    row = {
        "table_id": table_id,
        "kind": kind,
        "names": list(changed),
        "before": None if before is None else list(before),
        "at": tx.at,
        "by": caller.user,
        "via": caller.via,
        "run": caller.run,
    }
    statement = insert(partition_changes).values(**row).returning(partition_changes.c.id)
    return int(tx.connection.execute(statement).scalar_one())
