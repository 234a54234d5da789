"""Rows of what crawls changed, with the rows that were there before, and of who changed the same things since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    Select,
    Table,
    and_,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from catalog_server.model.crawl_change import CrawlChange, CrawlChangeKind
from catalog_server.store.many import among, given
from catalog_server.store.schema import (
    crawl_befores,
    crawl_changes,
    crawls,
    metadata,
    partition_changes,
    table_versions,
)
from catalog_server.store.transaction import Transaction

ROWS_MAX = 1_000
"""Rows that are kept, or put back, at once."""
CRAWLS_KEPT = 100
"""Of each crawler, so many of the newest crawls that changed something can be undone."""
_AT_ONCE = {partition_changes.name: 10}
"""Fewer where one row may be about a thousand things."""
_MADE_ANEW = ("encoded",)
"""Columns that are made of the others where they are empty."""


def _change(row: Any) -> CrawlChange:
    return CrawlChange(
        crawl=row.crawl,
        kind=CrawlChangeKind(row.kind),
        catalog=row.catalog,
        database=row.database,
        table=row.table,
        object_id=row.object_id,
        version=row.version,
        partition_change=row.partition_change,
        size=row.size,
        at=row.at,
        undone_at=row.undone_at,
        undone_by=row.undone_by,
        id=row.id,
    )


def record(tx: Transaction, change: CrawlChange) -> int:
    """Insert a change, in the transaction that makes it; returns its id."""
    values = {
        "crawl": change.crawl,
        "kind": change.kind.value,
        "catalog": change.catalog,
        "database": change.database,
        "table": change.table,
        "object_id": change.object_id,
        "version": change.version,
        "partition_change": change.partition_change,
        "size": change.size,
        "at": tx.at,
    }
    statement = insert(crawl_changes).values(**values).returning(crawl_changes.c.id)
    return int(tx.connection.execute(statement).scalar_one())


def last_partition_change(tx: Transaction, table_id: int) -> int:
    """The last row in the history of a table's partitions; 0 where there is none."""
    last = select(func.max(partition_changes.c.id)).where(partition_changes.c.table_id == table_id)
    return int(tx.connection.execute(last).scalar() or 0)


def keep(
    tx: Transaction, change_id: int, table: Table, which: ColumnElement[bool], columns: Sequence[str] | None = None
) -> None:
    """Keep rows of a table of the store as they are, or some columns of them, in sets."""
    chosen = [table.c[name] for name in columns] if columns else [one for one in table.c if one.name not in _MADE_ANEW]
    raw = [one.name for one in chosen if isinstance(one.type, LargeBinary)]
    found = tx.stream(select(*chosen).where(which).order_by(*table.primary_key))
    for rows in found.partitions(_AT_ONCE.get(table.name, ROWS_MAX)):
        documents = [dict(row._mapping) for row in rows]
        for document in documents:
            document.update({name: document[name].hex() for name in raw if document[name] is not None})
        keep_rows(tx, change_id, table.name, documents)


def keep_rows(tx: Transaction, change_id: int, of: str, rows: Sequence[object]) -> None:
    """Keep a set of documents with a change, under a name."""
    tx.connection.execute(insert(crawl_befores).values(change=change_id, of=of, rows=list(rows)))


def kept(tx: Transaction, change_id: int) -> Iterator[tuple[str, list[Any]]]:
    """What is kept with a change, set by set: the name it is kept under, and the documents."""
    after = 0
    wanted = select(crawl_befores).where(crawl_befores.c.change == change_id).order_by(crawl_befores.c.id).limit(1)
    while (row := tx.connection.execute(wanted.where(crawl_befores.c.id > after)).first()) is not None:
        yield row.of, row.rows
        after = row.id


def put_back(tx: Transaction, of: str, documents: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as they were kept, over those of the same id; at most three statements."""
    table = metadata.tables[of]
    raw = [one.name for one in table.c if isinstance(one.type, LargeBinary)]
    rows = [{name: value for name, value in document.items() if name in table.c} for document in documents]
    for row in rows:
        row.update({name: bytes.fromhex(row[name]) for name in raw if row.get(name) is not None})
    if "id" in table.c:
        tx.connection.execute(delete(table).where(among(tx, table.c.id, [row["id"] for row in rows])))
    if tx.is_postgresql:
        tx.connection.execute(insert(table).from_select(list(rows[0]), select(given(table, rows))))
    else:
        tx.connection.execute(insert(table), rows)


def last(tx: Transaction, crawl: str, object_id: int, *, lock: bool = False) -> CrawlChange | None:
    """The last change of a crawl to a table or database that was not undone; `lock` holds it until the transaction ends."""
    statement = _of(crawl, object_id).where(crawl_changes.c.undone_at.is_(None)).order_by(crawl_changes.c.id.desc())
    row = tx.connection.execute(statement.limit(1).with_for_update() if lock else statement.limit(1)).first()
    return _change(row) if row else None


def pending(tx: Transaction, crawl: str, object_id: int) -> list[CrawlChange] | None:
    """All changes of a crawl to a table or database, the last one first; None once some of them were undone."""
    found = [_change(row) for row in tx.connection.execute(_of(crawl, object_id).order_by(crawl_changes.c.id.desc()))]
    return found if all(one.undone_at is None for one in found) else None


def of_kind(tx: Transaction, crawl: str, object_id: int, kind: CrawlChangeKind) -> list[CrawlChange]:
    """The changes of one kind that a crawl made to a table, and that were not undone."""
    chosen = _of(crawl, object_id).where(crawl_changes.c.kind == kind.value, crawl_changes.c.undone_at.is_(None))
    return [_change(row) for row in tx.connection.execute(chosen.order_by(crawl_changes.c.id))]


def first(tx: Transaction, crawl: str, object_id: int) -> CrawlChange | None:
    """The first change of a crawl to a table or database."""
    row = tx.connection.execute(_of(crawl, object_id).order_by(crawl_changes.c.id).limit(1)).first()
    return _change(row) if row else None


def _of(crawl: str, object_id: int) -> Select[Any]:
    return select(crawl_changes).where(crawl_changes.c.crawl == crawl, crawl_changes.c.object_id == object_id)


def left(tx: Transaction, crawl: str) -> list[int]:
    """Ids of the tables and databases with changes of a crawl that were not undone, those changed last first."""
    not_undone = select(crawl_changes.c.object_id).where(
        crawl_changes.c.crawl == crawl, crawl_changes.c.undone_at.is_(None)
    )
    ordered = not_undone.group_by(crawl_changes.c.object_id).order_by(func.max(crawl_changes.c.id).desc())
    return list(tx.connection.execute(ordered).scalars())


def mark_undone(tx: Transaction, change: CrawlChange, undo: str, *, all_of_table: bool = False) -> None:
    """Say that a change, or all of its crawl to the same table, was undone; what was kept with it is let go."""
    of_table = and_(crawl_changes.c.crawl == change.crawl, crawl_changes.c.object_id == change.object_id)
    which = and_(of_table if all_of_table else crawl_changes.c.id == change.id, crawl_changes.c.undone_at.is_(None))
    ids = select(crawl_changes.c.id).where(which)
    tx.connection.execute(delete(crawl_befores).where(crawl_befores.c.change.in_(ids)))
    tx.connection.execute(update(crawl_changes).where(which).values(undone_at=tx.at, undone_by=undo))


def forget_old(tx: Transaction, crawler: str) -> None:
    """Forget the changes of a crawler's crawls but for those of the newest ones."""
    theirs = select(crawls.c.id).where(
        crawls.c.crawler == crawler, exists().where(crawl_changes.c.crawl == crawls.c.id)
    )
    older = theirs.order_by(crawls.c.created_at.desc(), crawls.c.id.desc()).offset(CRAWLS_KEPT)
    ids = list(tx.connection.execute(older).scalars())
    if ids:
        tx.connection.execute(delete(crawl_changes).where(crawl_changes.c.crawl.in_(ids)))


class Total(NamedTuple):
    """What a crawl did to one table in one way, or what of it was undone."""

    change: CrawlChange
    """The last of the changes."""
    version_first: int
    """Of the table's definition after the first of them."""
    size: int
    undone: int
    """How much of the size was undone."""


def totals(tx: Transaction, crawl: str | None = None, undo: str | None = None) -> list[Total]:
    """What a crawl changed, or an undo took back, by table and kind, in the order in which it was begun."""
    c = crawl_changes.c
    which = c.crawl == crawl if crawl is not None else c.undone_by == undo
    undone = func.sum(c.size).filter(c.undone_at.is_not(None))
    numbers = (func.max(c.id), func.min(c.id), func.min(c.version), func.sum(c.size), undone)
    grouped = select(*numbers).where(which).group_by(c.object_id, c.kind)
    counted = {row[0]: row for row in tx.connection.execute(grouped)}
    rows = tx.connection.execute(select(crawl_changes).where(among(tx, c.id, list(counted)))).all()
    found = sorted(rows, key=lambda row: counted[row.id][1])
    return [Total(_change(row), *(int(n or 0) for n in counted[row.id][2:])) for row in found]


class Stranger(NamedTuple):
    """Somebody else who changed a table after a crawl."""

    run: str | None
    by: str | None
    via: str | None
    crawl: bool
    """Whether it was another crawl."""


def strangers(tx: Transaction, change: CrawlChange) -> list[Stranger]:
    """Who but the crawl changed the table after its first change, newest first.

    Crawls whose changes to this table were undone, and the undos that did it, have left nothing and do not count.
    """
    found: list[Any] = []
    for table, at, since in (
        (partition_changes, partition_changes.c.id, change.partition_change),
        (table_versions, table_versions.c.version, change.version),
    ):
        others = table.c.run.is_distinct_from(change.crawl)
        who = (table.c.run, table.c.by, table.c.via)
        statement = select(*who).where(table.c.table_id == change.object_id, at > since, others)
        found += tx.connection.execute(statement.group_by(*who).order_by(func.max(at).desc())).all()
    neutral = _without_effect(tx, [row.run for row in found if row.run is not None], change.object_id)
    return [
        Stranger(row.run, row.by, row.via, row.via == "crawl" and row.run is not None)
        for row in found
        if row.run is None or row.run not in neutral
    ]


def _without_effect(tx: Transaction, runs: Sequence[str], object_id: int) -> set[str]:
    if not runs:
        return set()
    theirs = and_(crawl_changes.c.crawl == crawls.c.id, crawl_changes.c.object_id == object_id)
    undone = and_(exists().where(theirs), ~exists().where(theirs, crawl_changes.c.undone_at.is_(None)))
    statement = select(crawls.c.id).where(among(tx, crawls.c.id, runs), or_(crawls.c.undo_of.is_not(None), undone))
    return set(tx.connection.execute(statement).scalars())


def dropped_by(tx: Transaction, object_id: int) -> str | None:
    """The crawl that dropped a table, if one did and was not undone."""
    dropping = select(crawl_changes.c.crawl).where(
        crawl_changes.c.object_id == object_id,
        crawl_changes.c.kind == CrawlChangeKind.TABLE_DROPPED.value,
        crawl_changes.c.undone_at.is_(None),
    )
    return tx.connection.execute(dropping.order_by(crawl_changes.c.id.desc()).limit(1)).scalar()
