"""Rows of jobs and of their runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from catalog_server.model.errors import AlreadyExists
from catalog_server.model.job import Job, JobRun
from catalog_server.model.names import name_key
from catalog_server.store.schema import job_runs, jobs
from catalog_server.store.transaction import Transaction

_DEFINITION = (
    "name",
    "script",
    "engine",
    "master",
    "arguments",
    "outputs",
    "configuration",
    "timeout_seconds",
    "retries_max",
    "comment",
)


def definition(job: Job) -> dict[str, Any]:
    """A job's definition as a document, as a run keeps it."""
    values = {name: getattr(job, name) for name in _DEFINITION}
    for name in ("arguments", "configuration"):
        values[name] = dict(values[name])
    values["outputs"] = list(job.outputs)
    return values


def from_definition(document: Mapping[str, Any]) -> Job:
    """The job that a run was started from."""
    known = {name: document[name] for name in _DEFINITION}
    return Job(**{**known, "outputs": tuple(known["outputs"])})


def _job(row: Any) -> Job:
    known = {name: getattr(row, name) for name in _DEFINITION}
    known["outputs"] = tuple(row.outputs)
    return Job(**known, id=row.id, version=row.version, created_at=row.created_at)


def _run(row: Any) -> JobRun:
    return JobRun(
        id=row.id,
        job=row.job,
        state=row.state,
        engine=row.engine,
        arguments=row.arguments,
        attempt=row.attempt,
        started_at=row.started_at,
        finished_at=row.finished_at,
        outputs=tuple(row.outputs),
        inputs=tuple(row.inputs),
        history=tuple(row.history),
        error=row.error,
        by=row.by,
        created_at=row.created_at,
    )


def get(tx: Transaction, name: str) -> Job | None:
    """The job of a name, compared by its key."""
    row = tx.connection.execute(select(jobs).where(jobs.c.name_key == name_key(name))).first()
    return _job(row) if row else None


def list_all(tx: Transaction) -> list[Job]:
    """All jobs by name."""
    return [_job(row) for row in tx.connection.execute(select(jobs).order_by(jobs.c.name_key))]


def create(tx: Transaction, job: Job) -> Job:
    """Insert a job; raises `AlreadyExists`."""
    values = {**definition(job), "name_key": name_key(job.name), "version": 1, "created_at": tx.at}
    try:
        return _job(tx.connection.execute(insert(jobs).values(**values).returning(jobs)).one())
    except IntegrityError as error:
        raise AlreadyExists("job", job.name) from error


def change(tx: Transaction, job: Job, version: int) -> Job | None:
    """Write a job's new definition if its version is still `version`; None if it is not."""
    values = {**definition(job), "name_key": name_key(job.name), "version": jobs.c.version + 1}
    statement = update(jobs).where(jobs.c.id == job.id, jobs.c.version == version)
    try:
        row = tx.connection.execute(statement.values(**values).returning(jobs)).first()
    except IntegrityError as error:
        raise AlreadyExists("job", job.name) from error
    return _job(row) if row else None


def drop(tx: Transaction, job_id: int) -> None:
    """Delete a job; its runs stay."""
    tx.connection.execute(delete(jobs).where(jobs.c.id == job_id))


def create_run(tx: Transaction, run_id: str, job: Job, arguments: Mapping[str, str], by: str) -> JobRun:
    """Insert a run that waits for a worker, with the definition it was started from."""
    values = {
        "id": run_id,
        "job": job.name,
        "definition": definition(job),
        "state": "QUEUED",
        "engine": job.engine,
        "arguments": dict(arguments),
        "attempt": 1,
        "created_at": tx.at,
        "started_at": 0,
        "outputs": [],
        "inputs": [],
        "history": [{"state": "QUEUED", "at": tx.at, "attempt": 1}],
        "by": by,
        "cancel_requested": False,
        "heartbeat_at": 0,
    }
    return _run(tx.connection.execute(insert(job_runs).values(**values).returning(job_runs)).one())


def get_run(tx: Transaction, run_id: str) -> JobRun | None:
    """A run by its id."""
    row = tx.connection.execute(select(job_runs).where(job_runs.c.id == run_id)).first()
    return _run(row) if row else None


def run_definition(tx: Transaction, run_id: str) -> Job | None:
    """The job as it was when the run was started."""
    row = tx.connection.execute(select(job_runs.c.definition).where(job_runs.c.id == run_id)).first()
    return from_definition(row.definition) if row else None


def cancel_requested(tx: Transaction, run_id: str) -> bool:
    """Whether somebody asked for the run to stop."""
    return bool(tx.connection.execute(select(job_runs.c.cancel_requested).where(job_runs.c.id == run_id)).scalar())


def list_runs(
    tx: Transaction,
    jobs_seen: Sequence[str] | None = None,
    state: str | None = None,
    before: tuple[int, str] | None = None,
    count: int = 100,
) -> list[JobRun]:
    """Runs, newest first: those of the jobs named (None: of all), in one state, after the (created_at, id) last seen."""
    statement = select(job_runs).order_by(job_runs.c.created_at.desc(), job_runs.c.id.desc()).limit(count)
    if jobs_seen is not None:
        statement = statement.where(job_runs.c.job.in_(jobs_seen))
    if state is not None:
        statement = statement.where(job_runs.c.state == state)
    if before is not None:
        statement = statement.where(tuple_(job_runs.c.created_at, job_runs.c.id) < tuple_(*before))
    return [_run(row) for row in tx.connection.execute(statement)]


def change_run(
    tx: Transaction, run_id: str, states: Sequence[str], values: Mapping[str, Any], why: str | None = None
) -> JobRun | None:
    """Change a run if it is in one of `states`, with a line in its history where the state changes; else None."""
    locked = select(job_runs).where(job_runs.c.id == run_id, job_runs.c.state.in_(states)).with_for_update()
    row = tx.connection.execute(locked).first()
    if row is None:
        return None
    values = dict(values)
    state, attempt = values.get("state", row.state), values.get("attempt", row.attempt)
    if (state, attempt) != (row.state, row.attempt):
        entry = {"state": state, "at": tx.at, "attempt": attempt, **({"why": why} if why else {})}
        values["history"] = [*row.history, entry]
    statement = update(job_runs).where(job_runs.c.id == run_id).values(**values).returning(job_runs)
    return _run(tx.connection.execute(statement).one())


def begin_attempt(tx: Transaction, run_id: str, worker: str) -> bool:
    """Say that a worker begins the run's present attempt; False if one had begun it already, which is lost then."""
    locked = select(job_runs).where(job_runs.c.id == run_id, job_runs.c.state == "RUNNING").with_for_update()
    row = tx.connection.execute(locked).first()
    if row is None:
        return False
    history = [dict(entry) for entry in row.history] or [{"state": "RUNNING", "at": tx.at, "attempt": row.attempt}]
    if "worker" in history[-1]:
        return False
    history[-1]["worker"] = worker
    tx.connection.execute(update(job_runs).where(job_runs.c.id == run_id).values(history=history))
    return True
