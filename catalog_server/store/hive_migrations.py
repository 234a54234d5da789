"""Rows of migrations and of what became of each of their objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import delete, func, insert, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from catalog_server.model.hive_migration import (
    Difference,
    HiveMigration,
    ItemState,
    MigrationItem,
    MigrationOptions,
    Mode,
    OnConflict,
)
from catalog_server.store.schema import hive_migration_items, hive_migrations
from catalog_server.store.transaction import Transaction

_ITEMS = hive_migration_items


def _migration(row: Any) -> HiveMigration:
    said = dict(row.options)
    options = MigrationOptions(
        into=said["into"],
        remote=said["remote"],
        databases=tuple(said["databases"]),
        on_conflict=OnConflict(said["on_conflict"]),
        statistics=said["statistics"],
    )
    return HiveMigration(
        id=row.id,
        mode=Mode(row.mode),
        source=row.source,
        options=options,
        state=row.state,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        progress=row.progress,
        summary=row.summary,
        error=row.error,
        by=row.by,
    )


def _item(row: Any) -> MigrationItem:
    return MigrationItem(
        kind=row.kind,
        name=row.name,
        state=ItemState(row.state),
        object_id=row.object_id,
        position=row.position,
        partitions=row.partitions,
        statistics=row.statistics,
        differences=tuple(Difference(*one) for one in row.differences),
        difference_count=row.difference_count,
        error=row.error,
        id=row.id,
    )


def create(tx: Transaction, migration: HiveMigration, sealed: bytes | None) -> HiveMigration:
    """Insert a migration that waits for a worker; `sealed` is the password of its source."""
    options = {**asdict(migration.options), "databases": list(migration.options.databases)}
    values = {
        "id": migration.id,
        "mode": migration.mode.value,
        "source": migration.source,
        "secrets": sealed,
        "options": options,
        "state": "QUEUED",
        "created_at": tx.at,
        "started_at": 0,
        "progress": {},
        "summary": {},
        "by": migration.by,
        "cancel_requested": False,
        "heartbeat_at": 0,
    }
    return _migration(tx.connection.execute(insert(hive_migrations).values(**values).returning(hive_migrations)).one())


def get(tx: Transaction, id_: str) -> HiveMigration | None:
    """A migration by its id."""
    row = tx.connection.execute(select(hive_migrations).where(hive_migrations.c.id == id_)).first()
    return _migration(row) if row else None


def sealed_password(tx: Transaction, id_: str) -> bytes | None:
    """The sealed password of a migration's source."""
    found: bytes | None = tx.connection.execute(
        select(hive_migrations.c.secrets).where(hive_migrations.c.id == id_)
    ).scalar()
    return found


def list_page(tx: Transaction, before: tuple[int, str] | None = None, count: int = 100) -> list[HiveMigration]:
    """Migrations, newest first, after the (created_at, id) last seen."""
    statement = select(hive_migrations).order_by(hive_migrations.c.created_at.desc(), hive_migrations.c.id.desc())
    if before is not None:
        statement = statement.where(tuple_(hive_migrations.c.created_at, hive_migrations.c.id) < tuple_(*before))
    return [_migration(row) for row in tx.connection.execute(statement.limit(count))]


def change(tx: Transaction, id_: str, states: Sequence[str], values: Mapping[str, Any]) -> HiveMigration | None:
    """Change a migration if it is in one of `states`; else None."""
    statement = update(hive_migrations).where(hive_migrations.c.id == id_, hive_migrations.c.state.in_(states))
    row = tx.connection.execute(statement.values(**values).returning(hive_migrations)).first()
    return _migration(row) if row else None


def cancel_requested(tx: Transaction, id_: str) -> bool:
    """Whether somebody asked for the migration to stop."""
    statement = select(hive_migrations.c.cancel_requested).where(hive_migrations.c.id == id_)
    return bool(tx.connection.execute(statement).scalar())


def put(tx: Transaction, migration: str, items: Sequence[MigrationItem]) -> None:
    """Write items, over those of the same kind and name: one statement."""
    if not items:
        return
    rows = [
        {
            "migration": migration,
            "kind": item.kind,
            "name": item.name,
            "state": item.state.value,
            "object_id": item.object_id,
            "position": item.position,
            "partitions": item.partitions,
            "statistics": item.statistics,
            "differences": [[one.field, one.source, one.here] for one in item.differences],
            "difference_count": item.difference_count,
            "error": item.error,
        }
        for item in items
    ]
    statement = (postgresql if tx.is_postgresql else sqlite).insert(_ITEMS)
    replaced = {name: statement.excluded[name] for name in rows[0] if name not in ("migration", "kind", "name")}
    keys = ["migration", "kind", "name"]
    tx.connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=replaced), rows)


def of_names(tx: Transaction, migration: str, kind: str, names: Sequence[str]) -> dict[str, MigrationItem]:
    """Items of a kind by name."""
    statement = select(_ITEMS).where(_ITEMS.c.migration == migration, _ITEMS.c.kind == kind, _ITEMS.c.name.in_(names))
    return {row.name: _item(row) for row in tx.connection.execute(statement)}


def items(
    tx: Transaction, migration: str, states: Sequence[str] = (), after: int = 0, count: int = 100
) -> list[MigrationItem]:  # fmt: skip
    """Items in the order in which they were begun, in some states or all, after an id."""
    statement = select(_ITEMS).where(_ITEMS.c.migration == migration, _ITEMS.c.id > after)
    if states:
        statement = statement.where(_ITEMS.c.state.in_(states))
    return [_item(row) for row in tx.connection.execute(statement.order_by(_ITEMS.c.id).limit(count))]


def counts(tx: Transaction, migration: str) -> list[tuple[str, str, int, int, int]]:
    """By kind and state: how many items, and the partitions and statistics in them."""
    sums = (func.count(), func.sum(_ITEMS.c.partitions), func.sum(_ITEMS.c.statistics))
    statement = select(_ITEMS.c.kind, _ITEMS.c.state, *sums).where(_ITEMS.c.migration == migration)
    rows = tx.connection.execute(
        statement.group_by(_ITEMS.c.kind, _ITEMS.c.state).order_by(_ITEMS.c.kind, _ITEMS.c.state)
    )
    return [(row[0], row[1], int(row[2]), int(row[3] or 0), int(row[4] or 0)) for row in rows]


def hand_on(tx: Transaction, old: str, new: str) -> None:
    """Let a migration go on where an ended one stopped: it gets its items, and those that failed are tried again.

    A table of which a part is here is gone on with; of an object that was not made at all nothing is known any more.
    """
    of_old = _ITEMS.c.migration == old
    failed = of_old & (_ITEMS.c.state == ItemState.FAILED.value)
    tx.connection.execute(delete(_ITEMS).where(failed, _ITEMS.c.object_id == 0))
    begun = {"state": ItemState.COPYING.value, "error": None}
    tx.connection.execute(update(_ITEMS).where(failed).values(**begun))
    tx.connection.execute(update(_ITEMS).where(of_old).values(migration=new))
