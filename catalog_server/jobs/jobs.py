"""Jobs: what is stored, started, stopped and asked about; a worker process does the running."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from catalog_server.model.caller import Caller
from catalog_server.model.errors import Conflict, Denied, Invalid, NotFound
from catalog_server.model.event import Event, EventKind
from catalog_server.model.grant import Action, Resource
from catalog_server.model.job import Job, JobRun
from catalog_server.model.names import check_name
from catalog_server.store import events as event_rows
from catalog_server.store import jobs as rows
from catalog_server.store.transaction import Store, Transaction

ENGINES = ("sail", "spark", "connect")
FINAL_STATES = frozenset({"SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT"})
SCRIPT_CHARACTERS_MAX = 1 << 20
ARGUMENT_CHARACTERS_MAX = 64 << 10
LOG_CHUNK_BYTES = 256 << 10
TIMEOUT_SECONDS_MAX = 30 * 24 * 3600
RETRIES_MAX = 100

Authorize = Callable[[Transaction, Caller, Action, Resource], object]
"""Raises `Denied` or `NotFound` when the caller may not do this to the thing; asks in the transaction of the call."""


def allow(_tx: Transaction, _caller: Caller, _action: Action, _resource: Resource) -> None:
    """The rule of a server that asks nobody's grants."""


@dataclass(frozen=True, slots=True)
class LogChunk:
    """A piece of a run's log: its text, where the next piece begins, and whether the run can still write more."""

    text: str
    next_offset: int
    finished: bool


@dataclass(frozen=True, slots=True)
class DeclaredOutput:
    """A folder that a job writes files to, and the table that they are to be."""

    database: str
    table: str
    location: str


def parse_output(text: str) -> DeclaredOutput:
    """Take `database.table=s3://bucket/prefix/` apart; raises `Invalid`."""
    name, equals, location = text.partition("=")
    database, _, table = name.strip().rpartition(".")
    location = location.strip()
    if not equals or not database or not table or ":/" not in location:
        raise Invalid("outputs", f"{text!r} is not of the form database.table=s3://bucket/prefix/")
    return DeclaredOutput(database, table, location)


def run_directory(data: Path, run_id: str) -> Path:
    """The folder of a run's own files: its script and what its process left behind."""
    return data / "runs" / run_id


def log_path(data: Path, run_id: str) -> Path:
    """The file that a run's output is written to."""
    return data / "logs" / "runs" / f"{run_id}.log"


class Jobs:
    """The service that facades, triggers and the studio start jobs with.

    `data` is the server's data directory; `wake` tells the worker that something waits (it looks each second anyway).
    """

    def __init__(
        self, store: Store, data: Path, authorize: Authorize = allow, wake: Callable[[], None] | None = None
    ) -> None:
        self._store = store
        self._data = data
        self._authorize = authorize
        self.wake = wake or (lambda: None)

    def create(self, caller: Caller, job: Job) -> Job:
        """Store a new job; raises `Invalid`, `AlreadyExists`, `Denied`."""
        job = check_job(job)

        def work(tx: Transaction) -> Job:
            self._authorize(tx, caller, Action.CREATE, _resource(job.name))
            return rows.create(tx, job)

        return self._store.write(work)

    def get(self, caller: Caller, name: str) -> Job:
        """A job by its name; raises `NotFound` also where the caller may not see it."""
        with self._store.read() as tx:
            return self._visible(tx, caller, name)

    def list(self, caller: Caller) -> Sequence[Job]:
        """All jobs that the caller may see, by name."""
        with self._store.read() as tx:
            return [job for job in rows.list_all(tx) if self._allowed(tx, caller, Action.DESCRIBE, job.name)]

    def update(self, caller: Caller, job: Job) -> Job:
        """Replace the definition of the job with `job.id` (0: of that name) if its version is `job.version` (0: any).

        Raises `NotFound`, `Conflict`, `Invalid`, `Denied`.
        """
        job = check_job(job)

        def work(tx: Transaction) -> Job:
            found = self._visible(tx, caller, job.name) if not job.id else self._by_id(tx, caller, job.id)
            self._authorize(tx, caller, Action.ALTER, _resource(found.name))
            expected = job.version or found.version
            changed = rows.change(tx, replace(job, id=found.id), expected)
            if changed is None:
                raise Conflict(f"job {found.name}", f"version {expected}", f"version {found.version}")
            return changed

        return self._store.write(work)

    def drop(self, caller: Caller, name: str) -> None:
        """Delete a job; its runs and their logs stay. Raises `NotFound`, `Denied`."""

        def work(tx: Transaction) -> None:
            job = self._visible(tx, caller, name)
            self._authorize(tx, caller, Action.DROP, _resource(job.name))
            rows.drop(tx, job.id)

        self._store.write(work)

    def run(
        self, caller: Caller, name: str, arguments: Mapping[str, str] | None = None, engine: str | None = None
    ) -> JobRun:
        """Queue a run of a job, its arguments those of the job changed by `arguments`, and wake the worker.

        `engine` runs it on another engine than the job's own. The run is durable once this returns. Raises `NotFound`,
        `Invalid`, `Denied`.
        """

        def work(tx: Transaction) -> JobRun:
            job = self._visible(tx, caller, name)
            self._authorize(tx, caller, Action.RUN, _resource(job.name))
            merged = check_arguments({**job.arguments, **(arguments or {})})
            if engine is not None:
                job = check_job(replace(job, engine=engine))
            return rows.create_run(tx, new_run_id(), job, merged, caller.user)

        run = self._store.write(work)
        self.wake()
        return run

    def get_run(self, caller: Caller, run_id: str) -> JobRun:
        """A run by its id; raises `NotFound` also where the caller may not see its job."""
        with self._store.read() as tx:
            return self._run(tx, caller, run_id)

    def _run(self, tx: Transaction, caller: Caller, run_id: str) -> JobRun:
        run = rows.get_run(tx, run_id)
        if run is None or not self._allowed(tx, caller, Action.DESCRIBE, run.job):
            raise NotFound("job run", run_id)
        return run

    def list_runs(
        self,
        caller: Caller,
        job: str | None = None,
        state: str | None = None,
        before: tuple[int, str] | None = None,
        count: int = 100,
    ) -> Sequence[JobRun]:
        """Runs that the caller may see, newest first; `before` is the (created_at, id) of the last one seen."""
        with self._store.read() as tx:
            jobs_seen = self._seen(tx, caller) if job is None else [self._visible(tx, caller, job).name]
            return rows.list_runs(tx, jobs_seen, state, before, count)

    def _seen(self, tx: Transaction, caller: Caller) -> Sequence[str] | None:
        """Names of the jobs whose runs a caller may see; None means all, those of dropped jobs too."""
        try:
            self._authorize(tx, caller, Action.DESCRIBE, Resource("job", ()))
        except (Denied, NotFound):
            return [job.name for job in rows.list_all(tx) if self._allowed(tx, caller, Action.DESCRIBE, job.name)]
        return None

    def cancel(self, caller: Caller, run_id: str) -> JobRun:
        """Ask a run to stop: at once if it still waits, else its worker ends it within a second. Nothing if it ended."""

        def work(tx: Transaction) -> JobRun | None:
            self._authorize(tx, caller, Action.RUN, _resource(self._run(tx, caller, run_id).job))
            values = {"state": "CANCELLED", "finished_at": tx.at, "cancel_requested": True}
            why = f"cancelled by {caller.user} before it started"
            ended = rows.change_run(tx, run_id, ("QUEUED",), {**values, "error": why}, why)
            if ended is not None:
                finished_event(tx, ended)
                return ended
            return rows.change_run(tx, run_id, ("RUNNING",), {"cancel_requested": True})

        changed = self._store.write(work)
        self.wake()
        return changed or self.get_run(caller, run_id)

    def logs(self, caller: Caller, run_id: str, offset: int = 0) -> LogChunk:
        """A piece of a run's log from a byte offset on; an empty one when nothing new was written."""
        run = self.get_run(caller, run_id)
        finished = run.state in FINAL_STATES
        if offset < 0:
            raise Invalid("offset", "may not be negative")
        try:
            with log_path(self._data, run.id).open("rb") as file:
                file.seek(offset)
                body = file.read(LOG_CHUNK_BYTES)
        except FileNotFoundError:
            body = b""
        body = _whole_characters(body) if len(body) == LOG_CHUNK_BYTES or not finished else body
        return LogChunk(body.decode("utf-8", "replace"), offset + len(body), finished and len(body) < LOG_CHUNK_BYTES)

    def _visible(self, tx: Transaction, caller: Caller, name: str) -> Job:
        job = rows.get(tx, name)
        if job is None or not self._allowed(tx, caller, Action.DESCRIBE, job.name):
            raise NotFound("job", name)
        return job

    def _by_id(self, tx: Transaction, caller: Caller, job_id: int) -> Job:
        for job in rows.list_all(tx):
            if job.id == job_id and self._allowed(tx, caller, Action.DESCRIBE, job.name):
                return job
        raise NotFound("job", str(job_id))

    def _allowed(self, tx: Transaction, caller: Caller, action: Action, name: str) -> bool:
        try:
            self._authorize(tx, caller, action, _resource(name))
        except (Denied, NotFound):
            return False
        return True


def finished_event(tx: Transaction, run: JobRun) -> None:
    """Write the event of a run that ended, in the transaction that ends it."""
    payload = {"job": run.job, "state": run.state, "error": run.error, "outputs": [dict(item) for item in run.outputs]}
    event_rows.append(tx, Event(EventKind.RUN_FINISHED, payload=payload, by=run.by, via="job", run=run.id))


def new_run_id() -> str:
    """An id that sorts by time."""
    return f"{time.time_ns() // 1_000_000:012x}-{secrets.token_hex(4)}"


def check_job(job: Job) -> Job:
    """Return the job if it makes sense; raises `Invalid` that names the field."""
    check_name("job", job.name)
    if job.engine not in ENGINES:
        raise Invalid("engine", f"{job.engine!r} is not one of {', '.join(ENGINES)}")
    if job.engine == "connect" and not (job.master or "").startswith("sc://"):
        raise Invalid("master", "the engine connect needs a Spark Connect URL such as sc://host:15002")
    if not job.script.strip():
        raise Invalid("script", "may not be empty")
    if len(job.script) > SCRIPT_CHARACTERS_MAX or "\x00" in job.script:
        raise Invalid("script", f"may have {SCRIPT_CHARACTERS_MAX} characters and no NUL among them")
    if not 1 <= job.timeout_seconds <= TIMEOUT_SECONDS_MAX:
        raise Invalid("timeout_seconds", f"must be between 1 and {TIMEOUT_SECONDS_MAX}")
    if not 0 <= job.retries_max <= RETRIES_MAX:
        raise Invalid("retries_max", f"must be between 0 and {RETRIES_MAX}")
    for output in job.outputs:
        parse_output(output)
    for key, value in job.configuration.items():
        if not isinstance(value, str) or "\n" in key + value or not key.strip() or " " in key:
            raise Invalid("configuration", f"{key!r} must be a setting's name with a text of one line")
    return replace(job, arguments=check_arguments(job.arguments))


def check_arguments(arguments: Mapping[str, str]) -> dict[str, str]:
    """Return arguments that can be given to a process as `--NAME value`; raises `Invalid`."""
    for name, value in arguments.items():
        if not isinstance(value, str) or "\x00" in name + value:
            raise Invalid("arguments", f"{name} must be a text without NUL")
        if not name or name.startswith("-") or any(c.isspace() or c == "=" for c in name):
            raise Invalid("arguments", f"{name!r} is not a name that can follow two dashes")
    if sum(len(name) + len(value) for name, value in arguments.items()) > ARGUMENT_CHARACTERS_MAX:
        raise Invalid("arguments", f"may have {ARGUMENT_CHARACTERS_MAX} characters in all")
    return dict(arguments)


def _resource(name: str) -> Resource:
    return Resource("job", (name,))


def _whole_characters(body: bytes) -> bytes:
    """The bytes without a UTF-8 character that is cut at their end."""
    for back in range(1, min(4, len(body)) + 1):
        byte = body[-back]
        if byte >= 0xC0:
            length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return body[:-back] if back < length else body
        if byte < 0x80:
            return body
    return body
