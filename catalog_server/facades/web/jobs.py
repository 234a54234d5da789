"""Jobs and their runs over the JSON API."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, UnsetType

from catalog_server.facades.web import convert
from catalog_server.facades.web.bodies import Body, Maybe, Version, changes, check_version
from catalog_server.facades.web.messages import JobAnswer, LogAnswer, Page, RunAnswer
from catalog_server.facades.web.paging import Paged, place, sliced, token
from catalog_server.facades.web.routing import Call, Routes
from catalog_server.facades.web.waiting import Waiting, settled
from catalog_server.jobs.jobs import FINAL_STATES
from catalog_server.model.job import Job, JobRun

routes = Routes("Jobs")
Engine = Literal["sail", "spark", "connect"]
Seconds = Annotated[int, msgspec.Meta(ge=1, le=2**31)]
Count = Annotated[int, msgspec.Meta(ge=0, le=1000)]


class NewJob(Body):
    """A job to be kept."""

    name: str
    script: str
    engine: Engine = "sail"
    master: str | None = None
    arguments: dict[str, str] = msgspec.field(default_factory=dict)
    outputs: list[str] = msgspec.field(default_factory=list)
    configuration: dict[str, str] = msgspec.field(default_factory=dict)
    timeout_seconds: Seconds = 3600
    retries_max: Count = 0
    comment: str | None = None


class ChangedJob(Body):
    """What is to be different in a job."""

    script: str | UnsetType = UNSET
    engine: Engine | UnsetType = UNSET
    master: Maybe = UNSET
    arguments: dict[str, str] | UnsetType = UNSET
    outputs: list[str] | UnsetType = UNSET
    configuration: dict[str, str] | UnsetType = UNSET
    timeout_seconds: Seconds | UnsetType = UNSET
    retries_max: Count | UnsetType = UNSET
    comment: Maybe = UNSET
    expected_version: Version | None = None


class NewRun(Body):
    """A run to be started; arguments are put over those of the job."""

    arguments: dict[str, str] = msgspec.field(default_factory=dict)
    engine: Engine | None = None


class RunsQuery(Paged):
    """Which runs are listed."""

    job: str | None = None
    state: Literal["QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT"] | None = None


class LogQuery(Body):
    """From where a log is read."""

    offset: Annotated[int, msgspec.Meta(ge=0, le=2**62)] = 0


@routes.get("/jobs")
def list_jobs(call: Call, query: Paged) -> Page[JobAnswer]:
    """List jobs by name."""
    items, following = sliced(call.services.jobs.list(call.caller), query)
    return Page([_answer(call, item) for item in items], following)


def _answer(call: Call, found: Job) -> JobAnswer:
    last = call.services.jobs.list_runs(call.caller, found.name, count=1)
    return convert.job(found, last[0] if last else None)


@routes.post("/jobs")
def create_job(call: Call, body: NewJob) -> JobAnswer:
    """Keep a job."""
    new = Job(
        name=body.name,
        script=body.script,
        engine=body.engine,
        master=body.master,
        arguments=body.arguments,
        outputs=tuple(body.outputs),
        configuration=body.configuration,
        timeout_seconds=body.timeout_seconds,
        retries_max=body.retries_max,
        comment=body.comment,
    )
    return convert.job(call.services.jobs.create(call.caller, new), None)


@routes.get("/jobs/{job}")
def get_job(call: Call, job: str) -> JobAnswer:
    """Get a job with its script and its last run."""
    return _answer(call, call.services.jobs.get(call.caller, job))


@routes.patch("/jobs/{job}")
def alter_job(call: Call, job: str, body: ChangedJob) -> JobAnswer:
    """Change a job."""
    found = call.services.jobs.get(call.caller, job)
    check_version(f"job {found.name}", body.expected_version, found.version)
    fields = ("script", "engine", "master", "arguments", "outputs", "configuration", "timeout_seconds", "retries_max")
    new = replace(found, **changes(body, *fields, "comment"))
    return _answer(call, call.services.jobs.update(call.caller, new))


@routes.delete("/jobs/{job}")
def drop_job(call: Call, job: str) -> None:
    """Drop a job; its runs and the tables it wrote stay."""
    call.services.jobs.drop(call.caller, job)


@routes.post("/jobs/{job}/runs")
def start_run(call: Call, job: str, body: NewRun) -> RunAnswer:
    """Queue a run of a job."""
    return convert.run(call.services.jobs.run(call.caller, job, body.arguments, body.engine))


@routes.get("/runs")
def list_runs(call: Call, query: RunsQuery) -> Page[RunAnswer]:
    """List runs, newest first."""
    before = place(query.page_token, tuple[int, str])
    found = call.services.jobs.list_runs(call.caller, query.job, query.state, before, query.page_size)
    following = token((found[-1].created_at, found[-1].id)) if len(found) == query.page_size else None
    return Page([convert.run(one) for one in found], following)


@routes.get("/runs/{run}")
async def get_run(call: Call, run: str, query: Waiting) -> RunAnswer:
    """Get a run."""

    def ended(found: JobRun) -> bool:
        return found.state in FINAL_STATES

    look = partial(call.services.jobs.get_run, call.caller, run)
    return convert.run(await settled(call, look, ended, query.wait_ms))


@routes.get("/runs/{run}/logs")
def read_log(call: Call, run: str, query: LogQuery) -> LogAnswer:
    """Read a piece of what a run wrote; ask on with `offset` = `next_offset` until `complete`."""
    chunk = call.services.jobs.logs(call.caller, run, query.offset)
    return LogAnswer(chunk.text, query.offset, chunk.next_offset, chunk.finished)


@routes.delete("/runs/{run}", status=202)
def cancel_run(call: Call, run: str) -> RunAnswer:
    """Ask a run to stop."""
    return convert.run(call.services.jobs.cancel(call.caller, run))
