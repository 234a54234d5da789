"""Where tables lie: whether a folder is already that of a table, or holds one, or lies in one."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, literal_column, or_, select, text, union_all

from catalog_server.model.names import TableName
from catalog_server.model.table import METADATA_LOCATION, TableKind
from catalog_server.store.prepared import Prepared
from catalog_server.store.schema import catalogs, databases, partitions, tables
from catalog_server.store.transaction import Transaction

_WITH_FILES = tuple(
    kind.value for kind in (TableKind.MANAGED, TableKind.EXTERNAL, TableKind.MATERIALIZED_VIEW)
)  # fmt: skip
_FOLDERS = 7305814
"""The class of the locks on folders."""
_AFTER_SLASH = "0"
"""The character after the slash: what begins with a folder's name and a slash stands between the two."""


def hold(tx: Transaction, spellings: Sequence[Sequence[str]]) -> None:
    """Let nobody else settle in, on or around a folder until this transaction ends; SQLite has one writer anyway.

    The folder is held alone, those above it together with others who lie in them.
    """
    if tx.is_postgresql:
        keys = {zlib.crc32(forms[0].encode()) - 2**31: "_shared" for forms in reversed(spellings)}
        keys[zlib.crc32(spellings[0][0].encode()) - 2**31] = ""
        held = sorted(keys.items())  # all take them in one order, so that none waits for one who waits for it
        holding = _holding(tuple(how for _, how in held))
        holding.later(tx, **{f"key{n}": key for n, (key, _) in enumerate(held)})


@lru_cache(maxsize=256)
def _holding(hows: tuple[str, ...]) -> Prepared:
    calls = (f"pg_advisory_xact_lock{how}({_FOLDERS}, CAST(:key{n} AS integer))" for n, how in enumerate(hows))
    return Prepared(lambda: text(f"SELECT {', '.join(calls)}"))


def overlapping(tx: Transaction, spellings: Sequence[Sequence[str]], *, but: int = 0) -> TableName | None:
    """A table, not counting the one with the id `but`, in whose folder a folder lies, or that lies in it.

    `spellings` are those of the folder, then those of the folders above it; none has a slash at its end.
    """
    above = [form for forms in spellings for form in forms]
    values = {f"at{n}": place for n, place in enumerate([*above, *(f"{form}/" for form in above)])}
    for n, form in enumerate(spellings[0]):
        values |= {f"from{n}": f"{form}/", f"to{n}": f"{form}{_AFTER_SLASH}"}
    row = _overlapping(2 * len(above), len(spellings[0])).first(tx, but=but, **values)
    return TableName(*row) if row else None


@lru_cache(maxsize=256)
def _overlapping(places: int, forms: int) -> Prepared:
    """For so many places that a folder may lie in, and so many spellings of it that others may lie in.

    Each way is a lookup of its own in the index by location: asked for all at once and for one row, PostgreSQL would rather
    read every table there is.
    """

    def make() -> Select[Any]:
        here = tables.c.location
        kinds: list[ColumnElement[str]] = [literal_column(f"'{kind}'") for kind in _WITH_FILES]

        def way(matches: ColumnElement[bool]) -> Select[Any]:
            counts = and_(matches, tables.c.kind.in_(kinds), tables.c.id != bindparam("but"))
            found = select(tables.c.database_id, tables.c.name).where(counts).order_by(here).limit(literal_column("1"))
            return select(*found.subquery().c)

        ways = [way(here == bindparam(f"at{n}")) for n in range(places)]
        ways += [way(and_(here >= bindparam(f"from{n}"), here < bindparam(f"to{n}"))) for n in range(forms)]
        found = union_all(*ways).subquery()
        return (
            select(catalogs.c.name.label("catalog"), databases.c.name.label("database"), found.c.name.label("table"))
            .select_from(found.join(databases, databases.c.id == found.c.database_id).join(catalogs))
            .limit(literal_column("1"))
        )

    return Prepared(make)


@dataclass(frozen=True, slots=True)
class Holder:
    """A table or view that may hold files: the folder that is its own, and its Iceberg metadata file."""

    id: int
    name: TableName
    format: str
    location: str | None
    metadata_location: str | None


def holders(tx: Transaction, after: int, count: int, *, but: int) -> list[Holder]:
    """Tables and views with files of their own by id, `count` after one, not counting the one with the id `but`."""
    named = select(
        tables.c.id,
        tables.c.format,
        tables.c.location,
        tables.c.parameters,
        catalogs.c.name.label("catalog"),
        databases.c.name.label("database"),
        tables.c.name.label("table"),
    ).select_from(tables.join(databases).join(catalogs))
    with_files = or_(tables.c.kind.in_(_WITH_FILES), tables.c.format == "iceberg-view")
    statement = named.where(tables.c.id > after, tables.c.id != but, with_files).order_by(tables.c.id).limit(count)
    return [
        Holder(
            row.id,
            TableName(row.catalog, row.database, row.table),
            row.format,
            row.location,
            row.parameters.get(METADATA_LOCATION),
        )
        for row in tx.connection.execute(statement)
    ]


def partition_folders(
    tx: Transaction, spellings: Sequence[Sequence[str]], after: int, count: int
) -> list[tuple[int, str]]:
    """Ids and locations of partitions that lie in a folder or above it, `count` after one; see `overlapping`."""
    above = [form for forms in spellings for form in forms]
    inside = [partitions.c.location.startswith(f"{form}/", autoescape=True) for form in spellings[0]]
    statement = (
        select(partitions.c.id, partitions.c.location)
        .where(partitions.c.id > after)
        .where(or_(partitions.c.location.in_([*above, *(f"{form}/" for form in above)]), *inside))
        .order_by(partitions.c.id)
        .limit(count)
    )
    return [(row.id, row.location) for row in tx.connection.execute(statement)]
