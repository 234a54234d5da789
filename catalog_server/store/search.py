"""The search index: words of names, columns, comments and parameters, written with the change that made them.

SQLite keeps it as an FTS5 table, PostgreSQL as a tsvector under a GIN index; both see the same words, cut in `model.names`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Float, bindparam, null, select, text

from catalog_server.model.grant import Visibility
from catalog_server.model.names import words
from catalog_server.store import databases as database_rows
from catalog_server.store import tables as table_rows
from catalog_server.store.prepared import Prepared
from catalog_server.store.schema import catalogs, databases, tables
from catalog_server.store.transaction import Transaction

DATABASE = 0
TABLE = 1
_KINDS = 2

SQLITE_DDL = (
    "CREATE VIRTUAL TABLE search_index USING fts5(name, words, tokenize='unicode61 remove_diacritics 0', prefix='2 3')",
)
POSTGRESQL_DDL = (
    "CREATE TABLE search_index (rowid bigint PRIMARY KEY, document tsvector NOT NULL)",
    "CREATE INDEX search_index_document ON search_index USING gin (document)",
)


@dataclass(frozen=True, slots=True)
class Hit:
    """A thing found: `table` is None for a database. A smaller `rank` is a better match."""

    kind: str
    catalog: str
    database: str
    table: str | None
    rank: float


def create_index(connection: Connection) -> None:
    """Make the index; called by the migration."""
    for statement in POSTGRESQL_DDL if connection.dialect.name == "postgresql" else SQLITE_DDL:
        connection.execute(text(statement))


def drop_index(connection: Connection) -> None:
    """Undo `create_index`."""
    connection.execute(text("DROP TABLE search_index"))


def put(tx: Transaction, kind: int, object_id: int, name: str, rest: str) -> None:
    """Index a thing anew under its name and its other text."""
    row = {"rowid": object_id * _KINDS + kind, "name": " ".join(words(name)), "words": " ".join(words(rest))}
    (_PUT if tx.is_postgresql else _PUT_SQLITE).later(tx, **row)


_PUT = Prepared(
    lambda: text(
        "INSERT INTO search_index (rowid, document) VALUES (:rowid, "
        "setweight(to_tsvector('simple', CAST(:name AS text)), 'A') || "
        "setweight(to_tsvector('simple', CAST(:words AS text)), 'D')) "
        "ON CONFLICT (rowid) DO UPDATE SET document = excluded.document"
    )
)
_PUT_SQLITE = Prepared(
    lambda: text("INSERT OR REPLACE INTO search_index (rowid, name, words) VALUES (:rowid, :name, :words)")
)


def drop(tx: Transaction, kind: int, object_id: int) -> None:
    """Take a thing out of the index."""
    _DROP.later(tx, rowid=object_id * _KINDS + kind)


_DROP = Prepared(lambda: text("DELETE FROM search_index WHERE rowid = :rowid"))


def find(tx: Transaction, query: str, visible: Visibility, skip: int, count: int) -> list[Hit]:
    """Things all words of the query occur in, each as the beginning of a word, best first."""
    wanted = words(query)
    if not wanted:
        return []
    if tx.is_postgresql:
        matching = (
            "SELECT rowid, -ts_rank(document, q) AS rank FROM search_index, to_tsquery('simple', :query) q "
            "WHERE document @@ q"
        )
        said = " & ".join(f"'{word}':*" for word in wanted)
    else:
        matching = (
            "SELECT rowid, bm25(search_index, 10.0, 1.0) AS rank FROM search_index WHERE search_index MATCH :query"
        )
        said = " ".join(f'"{word}"*' for word in wanted)
    found = (
        text(matching)
        .bindparams(bindparam("query", said))
        .columns(rowid=tables.c.id.type, rank=Float())
        .subquery("found")
    )
    in_tables = (
        select(
            catalogs.c.name.label("catalog_name"),
            databases.c.name.label("database_name"),
            tables.c.name.label("table_name"),
            found.c.rank,
        )
        .select_from(found.join(tables, found.c.rowid == tables.c.id * _KINDS + TABLE).join(databases).join(catalogs))
        .where(table_rows.seen(visible))
    )
    in_databases = (
        select(
            catalogs.c.name.label("catalog_name"),
            databases.c.name.label("database_name"),
            null().label("table_name"),
            found.c.rank,
        )
        .select_from(found.join(databases, found.c.rowid == databases.c.id * _KINDS + DATABASE).join(catalogs))
        .where(database_rows.seen(visible))
    )
    both = in_tables.union_all(in_databases).subquery()
    rows = tx.connection.execute(
        select(both)
        .order_by(both.c.rank, both.c.catalog_name, both.c.database_name, both.c.table_name)
        .offset(skip)
        .limit(count)
    )
    return [
        Hit(
            "table" if row.table_name else "database",
            row.catalog_name,
            row.database_name,
            row.table_name,
            float(row.rank),
        )
        for row in rows
    ]


def text_of(name: str, parts: Sequence[str | None]) -> tuple[str, str]:
    """The two texts `put` takes: the name, and all other parts joined."""
    return name, " ".join(part for part in parts if part)
