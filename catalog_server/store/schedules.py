"""Rows of schedules: what is due, and when it is due next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, insert, select, update

from catalog_server.model.schedule import Missed, Overlap, Schedule
from catalog_server.store import many
from catalog_server.store.schema import schedules
from catalog_server.store.transaction import Transaction


def _schedule(row: Any) -> Schedule:
    return Schedule(
        kind=row.kind,
        target_id=row.target_id,
        cron=row.cron,
        zone=row.zone,
        missed=Missed(row.missed),
        overlap=Overlap(row.overlap),
        paused=row.paused,
        next_at=row.next_at,
        by=row.by,
        created_at=row.created_at,
        id=row.id,
    )


def _of(kind: str, target_id: int) -> Any:
    return (schedules.c.kind == kind) & (schedules.c.target_id == target_id)


def get(tx: Transaction, kind: str, target_id: int) -> Schedule | None:
    """The schedule of a target."""
    row = tx.connection.execute(select(schedules).where(_of(kind, target_id))).first()
    return _schedule(row) if row else None


def of(tx: Transaction, kind: str, target_ids: Sequence[int]) -> dict[int, Schedule]:
    """The schedules of these targets, of those that have one."""
    wanted = (schedules.c.kind == kind) & many.among(tx, schedules.c.target_id, target_ids)
    return {row.target_id: _schedule(row) for row in tx.connection.execute(select(schedules).where(wanted))}


def put(tx: Transaction, schedule: Schedule) -> Schedule:
    """Give a target this schedule in place of the one it has, if any; the target is held by the caller."""
    values = {
        "cron": schedule.cron,
        "zone": schedule.zone,
        "missed": schedule.missed.value,
        "overlap": schedule.overlap.value,
        "paused": schedule.paused,
        "next_at": schedule.next_at,
        "by": schedule.by,
    }
    changed = update(schedules).where(_of(schedule.kind, schedule.target_id)).values(**values).returning(schedules)
    row = tx.connection.execute(changed).first()
    if row is None:
        new = {"kind": schedule.kind, "target_id": schedule.target_id, "created_at": tx.at, **values}
        row = tx.connection.execute(insert(schedules).values(**new).returning(schedules)).one()
    return _schedule(row)


def drop(tx: Transaction, kind: str, target_id: int) -> bool:
    """Forget the schedule of a target; False if it has none."""
    return tx.connection.execute(delete(schedules).where(_of(kind, target_id))).rowcount > 0


def any_due(tx: Transaction) -> bool:
    """Whether any schedule's time has come."""
    due = select(schedules.c.id).where(schedules.c.next_at <= tx.at).limit(1)
    return tx.connection.execute(due).first() is not None


def take_due(tx: Transaction, count: int) -> list[Schedule]:
    """Schedules whose time has come, longest due first, which no other worker takes before the end of the transaction."""
    due = select(schedules).where(schedules.c.next_at <= tx.at).order_by(schedules.c.next_at, schedules.c.id)
    return [_schedule(row) for row in tx.connection.execute(due.limit(count).with_for_update(skip_locked=True))]


def move_on(tx: Transaction, times: Sequence[tuple[int, int | None]]) -> None:
    """Say of schedules, named by their ids, when each is due next."""
    if times:
        many.change(tx, schedules, [{"id": id_, "next_at": at} for id_, at in times])
