"""Rows of queries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, insert, select, update

from catalog_server.model.query import Query, QueryColumn, QueryError, QueryState
from catalog_server.store.schema import queries
from catalog_server.store.transaction import Transaction

_FINAL = [state.value for state in QueryState if state.final]


def _values(query: Query) -> dict[str, Any]:
    error = query.error
    return {
        "state": query.state.value,
        "engine": query.engine,
        "started_at": query.started_at,
        "finished_at": query.finished_at,
        "columns": None if query.columns is None else [[column.name, column.type] for column in query.columns],
        "rows": query.rows,
        "statistics": {**query.statistics, "truncated": int(query.truncated)},
        "error": None if error is None else [error.type, error.message, error.line, error.column],
    }


def _query(row: Any) -> Query:
    statistics = dict(row.statistics)
    truncated = bool(statistics.pop("truncated", 0))
    return Query(
        id=row.id,
        sql=row.sql,
        catalog=row.catalog,
        database=row.database,
        state=QueryState(row.state),
        by=row.by or "",
        engine=row.engine,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        columns=None if row.columns is None else tuple(QueryColumn(name, kind) for name, kind in row.columns),
        rows=row.rows,
        truncated=truncated,
        statistics=statistics,
        error=None if row.error is None else QueryError(*row.error),
    )


def create(tx: Transaction, query: Query) -> None:
    """Add a query."""
    made = {"id": query.id, "sql": query.sql, "catalog": query.catalog, "database": query.database}
    tx.connection.execute(insert(queries).values(**made, created_at=query.created_at, by=query.by, **_values(query)))


def change(tx: Transaction, query: Query) -> None:
    """Write down how far a query is."""
    tx.connection.execute(update(queries).where(queries.c.id == query.id).values(**_values(query)))


def get(tx: Transaction, name: str) -> Query | None:
    """The query of an id."""
    row = tx.connection.execute(select(queries).where(queries.c.id == name)).first()
    return _query(row) if row else None


def list_page(
    tx: Transaction, by: str | None = None, before: tuple[int, str] | None = None, count: int = 100
) -> list[Query]:
    """Queries, the newest first, of one user or all; `before` is the (created_at, id) of the last one seen."""
    statement = select(queries).order_by(queries.c.created_at.desc(), queries.c.id.desc()).limit(count)
    if by is not None:
        statement = statement.where(queries.c.by == by)
    if before is not None:
        at, name = before
        statement = statement.where(
            (queries.c.created_at < at) | ((queries.c.created_at == at) & (queries.c.id < name))
        )
    return [_query(row) for row in tx.connection.execute(statement)]


def unfinished(tx: Transaction) -> list[Query]:
    """Queries that are not at their end."""
    return [_query(row) for row in tx.connection.execute(select(queries).where(queries.c.state.not_in(_FINAL)))]


def drop(tx: Transaction, name: str) -> None:
    """Forget one query."""
    tx.connection.execute(delete(queries).where(queries.c.id == name))


def drop_older(tx: Transaction, before: int) -> Sequence[str]:
    """Forget queries created before a time; returns their ids."""
    old = [row.id for row in tx.connection.execute(select(queries.c.id).where(queries.c.created_at < before))]
    for start in range(0, len(old), 500):
        tx.connection.execute(delete(queries).where(queries.c.id.in_(old[start : start + 500])))
    return old
