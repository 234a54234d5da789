"""Migrations from Hive metastores over the JSON API."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

import msgspec

from catalog_server.facades.web import convert
from catalog_server.facades.web.bodies import Body, NoBody
from catalog_server.facades.web.messages import MigrationAnswer, MigrationItemAnswer, Page
from catalog_server.facades.web.paging import Paged, place, token
from catalog_server.facades.web.routing import Call, Routes
from catalog_server.facades.web.waiting import Waiting, settled
from catalog_server.model.hive_migration import UNLIKE, HiveMigration, ItemState, MigrationOptions, Mode, OnConflict

routes = Routes("Migrations")
FINAL_STATES = frozenset({"SUCCEEDED", "FAILED", "CANCELLED"})
State = Literal["COPYING", "MADE", "REPLACED", "SKIPPED", "FAILED", "SAME", "DIFFERENT", "MISSING", "EXTRA", "UNLIKE"]


class NewMigration(Body):
    """What is to be copied or compared. `source` is a thrift:, postgresql:, mysql: or derby: address."""

    source: str
    mode: Literal["copy", "dry-run", "verify"] = "copy"
    catalog: str = "hive"
    databases: list[str] = msgspec.field(default_factory=lambda: ["*"])
    into: str | None = None
    on_conflict: Literal["skip", "replace", "fail"] = "skip"
    statistics: bool = True


class ItemsQuery(Paged):
    """Which objects of a migration are listed; UNLIKE stands for FAILED, DIFFERENT, MISSING and EXTRA."""

    state: Annotated[State | None, msgspec.Meta(description="Only those in this state.")] = None


@routes.get("/migrations")
def list_migrations(call: Call, query: Paged) -> Page[MigrationAnswer]:
    """List migrations, newest first."""
    before = place(query.page_token, tuple[int, str])
    found = call.services.hive_migrations.list(call.caller, before, query.page_size)
    following = token((found[-1].created_at, found[-1].id)) if len(found) == query.page_size else None
    return Page([convert.migration(one) for one in found], following)


@routes.post("/migrations")
def start_migration(call: Call, body: NewMigration) -> MigrationAnswer:
    """Queue a migration from a Hive metastore: a copy, a dry run of one, or a comparison."""
    options = MigrationOptions(
        into=body.into or "",
        remote=body.catalog,
        databases=tuple(body.databases),
        on_conflict=OnConflict(body.on_conflict),
        statistics=body.statistics,
    )
    return convert.migration(call.services.hive_migrations.start(call.caller, Mode(body.mode), body.source, options))


@routes.get("/migrations/{migration}")
async def get_migration(call: Call, migration: str, query: Waiting) -> MigrationAnswer:
    """Get a migration: how far it is, and what became of how many objects."""

    def ended(found: HiveMigration) -> bool:
        return found.state in FINAL_STATES

    look = partial(call.services.hive_migrations.get, call.caller, migration)
    return convert.migration(await settled(call, look, ended, query.wait_ms))


@routes.get("/migrations/{migration}/items")
def list_migration_items(call: Call, migration: str, query: ItemsQuery) -> Page[MigrationItemAnswer]:
    """List what became of each object of a migration, with the differences that a comparison found."""
    states = () if query.state is None else UNLIKE if query.state == "UNLIKE" else (ItemState(query.state),)
    after = place(query.page_token, int) or 0
    found = call.services.hive_migrations.items(call.caller, migration, states, after, query.page_size)
    following = token(found[-1].id) if len(found) == query.page_size else None
    return Page([convert.migration_item(one) for one in found], following)


@routes.post("/migrations/{migration}/resume")
def resume_migration(call: Call, migration: str, body: NoBody) -> MigrationAnswer:  # noqa: ARG001
    """Queue a migration that goes on where an ended one stopped."""
    return convert.migration(call.services.hive_migrations.resume(call.caller, migration))


@routes.delete("/migrations/{migration}", status=202)
def cancel_migration(call: Call, migration: str) -> MigrationAnswer:
    """Ask a migration to stop; what it copied stays."""
    return convert.migration(call.services.hive_migrations.cancel(call.caller, migration))
