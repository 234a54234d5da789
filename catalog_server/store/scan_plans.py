"""Rows of scan plans: those that are worked out in the background, that do not fit into their own names, or were cancelled."""

from __future__ import annotations

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from catalog_server.model.scan_plan import PlanState, ScanPlan
from catalog_server.store.schema import scan_plans as rows
from catalog_server.store.transaction import Transaction


def get(tx: Transaction, id_: str) -> ScanPlan | None:
    """One plan."""
    row = tx.connection.execute(select(rows).where(rows.c.id == id_)).first()
    return ScanPlan(row.id, PlanState(row.state), row.scan, row.result, row.claimed_at) if row else None


def add(tx: Transaction, plan: ScanPlan) -> None:
    """Keep a plan, claimed now."""
    values = {"id": plan.id, "state": plan.state, "scan": plan.scan, "result": plan.result}
    tx.connection.execute(insert(rows).values(**values, at=tx.at, claimed_at=tx.at))


def claim(tx: Transaction, plan: ScanPlan) -> bool:
    """Take on the work of a plan that nobody took on since it was read; whether that is so."""
    unclaimed = (rows.c.id == plan.id) & (rows.c.state == PlanState.SUBMITTED) & (rows.c.claimed_at == plan.claimed_at)
    return tx.connection.execute(update(rows).where(unclaimed).values(claimed_at=tx.at)).rowcount == 1


def finish(tx: Transaction, id_: str, state: PlanState, result: str) -> None:
    """Keep what came of a plan, unless it was cancelled or finished before."""
    waiting = (rows.c.id == id_) & (rows.c.state == PlanState.SUBMITTED)
    tx.connection.execute(update(rows).where(waiting).values(state=state, result=result))


def cancel(tx: Transaction, id_: str) -> None:
    """Keep that a plan is not wanted any more, in place of what was kept of it."""
    values = {"state": PlanState.CANCELLED, "scan": None, "result": None}
    if tx.connection.execute(update(rows).where(rows.c.id == id_).values(**values)).rowcount:
        return
    made = (postgresql if tx.is_postgresql else sqlite).insert(rows)
    tx.connection.execute(made.values(id=id_, at=tx.at, claimed_at=tx.at, **values).on_conflict_do_nothing())


def drop_before(tx: Transaction, at: int) -> None:
    """Forget the plans that were made before a time."""
    tx.connection.execute(delete(rows).where(rows.c.at < at))
