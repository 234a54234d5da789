"""Rows of metrics reports: the newest of each table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, insert, select

from catalog_server.model.metrics_report import MetricsReport
from catalog_server.store.schema import metrics_reports as rows
from catalog_server.store.schema import tables
from catalog_server.store.transaction import Transaction

_TIDY_EVERY = 1000
"""After so many reports those of tables that are gone are forgotten, which so costs a drop nothing."""


def add(tx: Transaction, table_id: int, kind: str, report: Mapping[str, Any], by: str | None, kept: int) -> None:
    """Keep a report, and the newest `kept` of its table with it."""
    values = {"table_id": table_id, "kind": kind, "report": dict(report), "at": tx.at, "by": by}
    made = tx.connection.execute(insert(rows).values(**values).returning(rows.c.id)).scalar_one()
    oldest = (
        select(rows.c.id).where(rows.c.table_id == table_id).order_by(rows.c.id.desc()).offset(kept).limit(1)
    ).scalar_subquery()  # fmt: skip
    tx.connection.execute(delete(rows).where(rows.c.table_id == table_id, rows.c.id <= oldest))
    if made % _TIDY_EVERY == 0:
        tx.connection.execute(delete(rows).where(rows.c.table_id.not_in(select(tables.c.id))))


def list_page(tx: Transaction, table_id: int, *, before: int | None = None, count: int = 100) -> list[MetricsReport]:
    """Reports of a table, newest first, `count` of them with ids below `before`."""
    statement = select(rows).where(rows.c.table_id == table_id).order_by(rows.c.id.desc()).limit(count)
    if before is not None:
        statement = statement.where(rows.c.id < before)
    return [MetricsReport(row.id, row.kind, row.report, row.at, row.by) for row in tx.connection.execute(statement)]
