"""Care of Iceberg tables over the JSON API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import Annotated

import msgspec

from catalog_server.care.runs import FINAL_STATES
from catalog_server.facades.web.bodies import Body
from catalog_server.facades.web.convert import when
from catalog_server.facades.web.messages import Open, Page
from catalog_server.facades.web.paging import Paged, place, token
from catalog_server.facades.web.routing import Call, Routes
from catalog_server.facades.web.waiting import Waiting, settled
from catalog_server.model.care import CareOptions, CareRun, Operation, OperationState
from catalog_server.model.names import TableName

routes = Routes("Table care")
TABLE = "/catalogs/{catalog}/databases/{database}/tables/{table}/care"
Milliseconds = Annotated[int, msgspec.Meta(ge=0)]
Count = Annotated[int, msgspec.Meta(ge=1)]


class ExpireSnapshots(Body):
    """Which snapshots expire; what is left out, the table's properties `history.expire.*` say."""

    older_than_ms: Milliseconds | None = None
    """Their least age."""
    retain_last: Count | None = None
    ignore_unreadable: bool = False
    """Go on though the files of some other tables cannot be told."""
    dry_run: bool = False


class RemoveOrphans(Body):
    """Which files that nothing refers to are removed: at least three days old unless said here, an hour unless forced."""

    older_than_ms: Milliseconds | None = None
    force: bool = False
    ignore_unreadable: bool = False
    """Go on though the files of some other tables cannot be told."""
    dry_run: bool = False


class Rewrite(Body):
    """Which data files are rewritten, to which size; else the table's `write.target-file-size-bytes`."""

    target_bytes: Count | None = None
    min_input_files: Count | None = None
    dry_run: bool = False


class CarePolicyAnswer(msgspec.Struct):
    """What a table's properties ask to be done for it again and again."""

    every_ms: int
    options: Open


class CareRunAnswer(msgspec.Struct):
    """One operation on a table; `summary` says what was done, or would be, in counts and bytes, with some of the files."""

    id: str
    operation: str
    catalog: str
    database: str
    table: str
    options: Open
    dry_run: bool
    state: str
    created_at: int | None
    started_at: int | None
    finished_at: int | None
    by: str | None
    error: str | None
    progress: Open
    summary: Open


class OperationStateAnswer(msgspec.Struct):
    """How an operation stands with a table: whether properties ask for it, why it is refused, and its newest run."""

    operation: str
    policy: CarePolicyAnswer | None
    due_at: int | None
    """When the policy has it done again, 0 for at once."""
    problem: str | None
    """Which property makes no sense, so that nothing is done."""
    refusal: str | None
    """Why it is not done on this table."""
    last: CareRunAnswer | None


class CareStateAnswer(msgspec.Struct):
    """An Iceberg table at a glance, by its metadata alone; null where its writers did not say.

    Files, rows and bytes are those of the current snapshot; `expiring_*` would go now by `history.expire.*`.
    """

    snapshots: int
    refs: int
    oldest_snapshot_at: int | None
    newest_snapshot_at: int | None
    rows: int | None
    data_files: int | None
    delete_files: int | None
    bytes: int | None
    target_bytes: int | None
    max_snapshot_age_ms: int | None
    min_snapshots: int | None
    max_ref_age_ms: int | None
    expiring_snapshots: int
    expiring_refs: int
    deletes_files: bool
    operations: list[OperationStateAnswer]
    at_work: CareRunAnswer | None
    """The run that changes the table now."""


def _options(held: CareOptions) -> Open:
    return {key: value for key, value in asdict(held).items() if value is not None and value is not False}


def _operation(found: OperationState) -> OperationStateAnswer:
    policy = found.policy
    return OperationStateAnswer(
        operation=found.operation.value,
        policy=None if policy is None else CarePolicyAnswer(policy.every_ms, _options(policy.options)),
        due_at=found.due_at,
        problem=found.problem,
        refusal=found.refusal,
        last=None if found.last is None else _answer(found.last),
    )


def _answer(run: CareRun) -> CareRunAnswer:
    return CareRunAnswer(
        id=run.id,
        operation=run.operation.value,
        catalog=run.table.catalog,
        database=run.table.database,
        table=run.table.table,
        options=_options(run.options),
        dry_run=run.dry_run,
        state=run.state,
        created_at=when(run.created_at),
        started_at=when(run.started_at),
        finished_at=when(run.finished_at),
        by=run.by,
        error=run.error,
        progress=dict(run.progress),
        summary=dict(run.summary),
    )


def _page(found: tuple[Sequence[CareRun], tuple[int, str] | None]) -> Page[CareRunAnswer]:
    return Page([_answer(one) for one in found[0]], token(found[1]) if found[1] else None)


@routes.post(f"{TABLE}/expire-snapshots")
def expire_snapshots(call: Call, catalog: str, database: str, table: str, body: ExpireSnapshots) -> CareRunAnswer:
    """Queue the expiry of snapshots of an Iceberg table, and of the files that only they refer to."""
    options = CareOptions(body.older_than_ms, body.retain_last, ignore_unreadable=body.ignore_unreadable)
    name = TableName(catalog, database, table)
    return _answer(
        call.services.care.start(call.caller, Operation.EXPIRE_SNAPSHOTS, name, options, dry_run=body.dry_run)
    )


@routes.post(f"{TABLE}/remove-orphans")
def remove_orphans(call: Call, catalog: str, database: str, table: str, body: RemoveOrphans) -> CareRunAnswer:
    """Queue the removal of files in an Iceberg table's folder that nothing refers to."""
    options = CareOptions(body.older_than_ms, force=body.force, ignore_unreadable=body.ignore_unreadable)
    name = TableName(catalog, database, table)
    return _answer(call.services.care.start(call.caller, Operation.REMOVE_ORPHANS, name, options, dry_run=body.dry_run))


@routes.post(f"{TABLE}/rewrite")
def rewrite(call: Call, catalog: str, database: str, table: str, body: Rewrite) -> CareRunAnswer:
    """Queue a rewrite of small data files of an Iceberg table to larger ones."""
    options = CareOptions(target_bytes=body.target_bytes, min_input_files=body.min_input_files)
    name = TableName(catalog, database, table)
    return _answer(call.services.care.start(call.caller, Operation.REWRITE, name, options, dry_run=body.dry_run))


@routes.get(TABLE)
def list_table_care(call: Call, catalog: str, database: str, table: str, query: Paged) -> Page[CareRunAnswer]:
    """List what was done for an Iceberg table, newest first."""
    before = place(query.page_token, tuple[int, str])
    name = TableName(catalog, database, table)
    return _page(call.services.care.list(call.caller, name, before, query.page_size))


@routes.get(f"{TABLE}/state")
def get_care_state(call: Call, catalog: str, database: str, table: str) -> CareStateAnswer:
    """Get an Iceberg table at a glance: what there is to be tidied up, what its properties ask for, what was done last."""
    found = call.services.care.state(call.caller, TableName(catalog, database, table))
    figures = asdict(found.figures)
    del figures["refusals"]
    return CareStateAnswer(
        **figures,
        operations=[_operation(one) for one in found.operations],
        at_work=None if found.at_work is None else _answer(found.at_work),
    )


@routes.get("/care-runs")
def list_care_runs(call: Call, query: Paged) -> Page[CareRunAnswer]:
    """List what was done for Iceberg tables, newest first."""
    before = place(query.page_token, tuple[int, str])
    return _page(call.services.care.list(call.caller, None, before, query.page_size))


@routes.get("/care-runs/{run}")
async def get_care_run(call: Call, run: str, query: Waiting) -> CareRunAnswer:
    """Get a run of table care: how far it is, and what it did."""

    def ended(found: CareRun) -> bool:
        return found.state in FINAL_STATES

    look = partial(call.services.care.get, call.caller, run)
    return _answer(await settled(call, look, ended, query.wait_ms))


@routes.delete("/care-runs/{run}", status=202)
def cancel_care_run(call: Call, run: str) -> CareRunAnswer:
    """Ask a run of table care to stop; what it has done stays done."""
    return _answer(call.services.care.cancel(call.caller, run))
