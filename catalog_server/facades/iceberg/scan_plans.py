"""Plans of scans: made, asked for, given up, and told in parts."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from catalog_server.catalog.scan_plans import Planned
from catalog_server.facades.iceberg import convert, tables
from catalog_server.facades.iceberg.call import Call, json_answer, nothing
from catalog_server.model.errors import Invalid
from catalog_server.model.scan_plan import PlanState, ScanRequest


class PlanScan(msgspec.Struct, rename="kebab"):
    """Body of planTableScan; the filter is read where it is applied."""

    snapshot_id: int | None = None
    select: list[str] | None = None
    filter: Any = None
    min_rows_requested: int | None = None
    case_sensitive: bool | None = None
    use_snapshot_schema: bool | None = None
    start_snapshot_id: int | None = None
    end_snapshot_id: int | None = None
    stats_fields: list[str] | None = None


class FetchTasks(msgspec.Struct, rename="kebab"):
    """Body of fetchScanTasks."""

    plan_task: str


def plan_scan(call: Call) -> Response:
    """The files of a scan, or where to ask for them. How many rows are wanted is only a hint, and not taken."""
    body = call.read(PlanScan)
    if body.min_rows_requested is not None and body.min_rows_requested < 0:
        raise Invalid("min-rows-requested", f"must be 0 or more, not {body.min_rows_requested}")
    request = ScanRequest(
        snapshot_id=body.snapshot_id,
        start_snapshot_id=body.start_snapshot_id,
        end_snapshot_id=body.end_snapshot_id,
        select=tuple(body.select or ()),
        filter=True if body.filter is None else body.filter,
        case_sensitive=body.case_sensitive is not False,
        use_snapshot_schema=body.use_snapshot_schema is True,
        stats_fields=tuple(body.stats_fields or ()),
    )
    planned = call.services.catalog.scan_plans.plan(call.caller, call.table, request)
    return json_answer({**_result(call, planned), "plan-id": planned.id})


def plan_result(call: Call) -> Response:
    """What has come of a plan."""
    return json_answer(
        _result(call, call.services.catalog.scan_plans.result(call.caller, call.table, call.path["plan-id"]))
    )


def cancel_plan(call: Call) -> Response:
    """Give a plan up."""
    call.services.catalog.scan_plans.cancel(call.caller, call.table, call.path["plan-id"])
    return nothing()


def fetch_tasks(call: Call) -> Response:
    """The files of one part of a plan."""
    asked = call.read(FetchTasks).plan_task
    return json_answer(_tasks(call.services.catalog.scan_plans.tasks(call.caller, call.table, asked)))


def _result(call: Call, planned: Planned) -> convert.Json:
    answer: convert.Json = {"status": planned.state.value}
    if planned.state is PlanState.FAILED:
        answer["error"] = {"message": planned.reason, "type": "BadRequestException", "code": 400}
    if planned.state is PlanState.COMPLETED:
        answer |= _tasks(planned)
        credentials = tables.vended(call)
        if credentials:
            answer["storage-credentials"] = credentials
    return answer


def _tasks(planned: Planned) -> convert.Json:
    answer: convert.Json = {"file-scan-tasks": planned.tasks.tasks, "plan-tasks": planned.plan_tasks}
    if planned.tasks.deletes:
        answer["delete-files"] = planned.tasks.deletes
    return answer
