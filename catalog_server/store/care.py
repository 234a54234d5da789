"""Rows of runs of table care."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Text, delete, func, insert, select, tuple_, type_coerce, update

from catalog_server.model.care import CareOptions, CareRun, Operation
from catalog_server.model.names import TableName
from catalog_server.store.schema import care_runs, catalogs, databases, tables
from catalog_server.store.transaction import Transaction

KEPT_OF_TABLE = 100
"""Runs of one table that are remembered after they ended."""
_AT_WORK = ("QUEUED", "RUNNING")


def _run(row: Any) -> CareRun:
    return CareRun(
        id=row.id,
        operation=Operation(row.operation),
        table=TableName(row.catalog, row.database, row.table),
        table_id=row.table_id,
        options=CareOptions(**row.options),
        dry_run=row.dry_run,
        state=row.state,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        progress=row.progress,
        plan=row.plan,
        summary=row.summary,
        error=row.error,
        by=row.by,
    )


def create(tx: Transaction, run: CareRun) -> CareRun:
    """Insert a run that waits for a worker, and forget those of its table that ended long ago."""
    newest = (
        select(care_runs.c.id)
        .where(care_runs.c.table_id == run.table_id)
        .order_by(care_runs.c.created_at.desc(), care_runs.c.id.desc())
        .limit(KEPT_OF_TABLE)
        .scalar_subquery()
    )
    ended = (care_runs.c.table_id == run.table_id) & care_runs.c.state.not_in(_AT_WORK)
    tx.connection.execute(delete(care_runs).where(ended, care_runs.c.id.not_in(newest)))
    values = {
        "id": run.id,
        "operation": run.operation.value,
        "table_id": run.table_id,
        "catalog": run.table.catalog,
        "database": run.table.database,
        "table": run.table.table,
        "options": asdict(run.options),
        "dry_run": run.dry_run,
        "state": "QUEUED",
        "created_at": tx.at,
        "started_at": 0,
        "progress": {},
        "plan": {},
        "summary": {},
        "by": run.by,
        "cancel_requested": False,
        "heartbeat_at": 0,
    }
    return _run(tx.connection.execute(insert(care_runs).values(**values).returning(care_runs)).one())


def get(tx: Transaction, id_: str) -> CareRun | None:
    """A run by its id."""
    row = tx.connection.execute(select(care_runs).where(care_runs.c.id == id_)).first()
    return _run(row) if row else None


def at_work(tx: Transaction, table_id: int) -> CareRun | None:
    """A run on a table that changes it and has not ended."""
    changing = select(care_runs).where(care_runs.c.table_id == table_id, care_runs.c.dry_run.is_(False))
    row = tx.connection.execute(changing.where(care_runs.c.state.in_(_AT_WORK)).limit(1)).first()
    return _run(row) if row else None


def newest(tx: Transaction, table_id: int) -> dict[Operation, CareRun]:
    """The newest run of each operation on a table that was no dry run; one that is at work is among them."""
    order = (care_runs.c.created_at.desc(), care_runs.c.id.desc())
    place = func.row_number().over(partition_by=care_runs.c.operation, order_by=order).label("place")
    changing = select(care_runs, place).where(care_runs.c.table_id == table_id, care_runs.c.dry_run.is_(False))
    ranked = changing.subquery()
    rows = tx.connection.execute(select(ranked).where(ranked.c.place == 1))
    return {Operation(row.operation): _run(row) for row in rows}


def list_page(
    tx: Transaction, table_id: int | None = None, before: tuple[int, str] | None = None, count: int = 100
) -> list[CareRun]:  # fmt: skip
    """Runs of a table or of all, newest first, after the (created_at, id) last seen."""
    statement = select(care_runs).order_by(care_runs.c.created_at.desc(), care_runs.c.id.desc())
    if table_id is not None:
        statement = statement.where(care_runs.c.table_id == table_id)
    if before is not None:
        statement = statement.where(tuple_(care_runs.c.created_at, care_runs.c.id) < tuple_(*before))
    return [_run(row) for row in tx.connection.execute(statement.limit(count))]


def change(tx: Transaction, id_: str, states: Sequence[str], values: Mapping[str, Any]) -> CareRun | None:
    """Change a run if it is in one of `states`; else None."""
    statement = update(care_runs).where(care_runs.c.id == id_, care_runs.c.state.in_(states))
    row = tx.connection.execute(statement.values(**values).returning(care_runs)).first()
    return _run(row) if row else None


def cancel_requested(tx: Transaction, id_: str) -> bool:
    """Whether somebody asked for the run to stop."""
    return bool(tx.connection.execute(select(care_runs.c.cancel_requested).where(care_runs.c.id == id_)).scalar())


def with_policies(tx: Transaction, after: int, count: int) -> list[tuple[int, TableName, Mapping[str, str]]]:
    """Ids, names and parameters of Iceberg tables that ask for care again and again, by id after one."""
    statement = (
        select(
            tables.c.id,
            catalogs.c.name.label("catalog"),
            databases.c.name.label("database"),
            tables.c.name.label("table"),
            tables.c.parameters,
        )
        .select_from(tables.join(databases).join(catalogs))
        .where(tables.c.format == "iceberg", tables.c.id > after)
        .where(type_coerce(tables.c.parameters, Text).like('%"care.%.every":%'))
        .order_by(tables.c.id)
        .limit(count)
    )
    rows = tx.connection.execute(statement)
    return [(row.id, TableName(row.catalog, row.database, row.table), row.parameters) for row in rows]


def begun_last(tx: Transaction, table_ids: Sequence[int]) -> dict[tuple[int, Operation], int]:
    """When each operation was last asked for, by table, in milliseconds; dry runs do not count."""
    statement = (
        select(care_runs.c.table_id, care_runs.c.operation, func.max(care_runs.c.created_at).label("at"))
        .where(care_runs.c.table_id.in_(table_ids), care_runs.c.dry_run.is_(False))
        .group_by(care_runs.c.table_id, care_runs.c.operation)
    )
    return {(row.table_id, Operation(row.operation)): row.at for row in tx.connection.execute(statement)}
