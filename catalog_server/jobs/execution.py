"""One run of a job from its first attempt to its end: engine, script, what it wrote, and what is said about it."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog_server.jobs import catalog_sql
from catalog_server.jobs.command import RESULT, SCRIPT, TOUCHED, Command, RunContext
from catalog_server.jobs.durable import Step
from catalog_server.jobs.jobs import finished_event, log_path, run_directory
from catalog_server.jobs.runner import Ended, Log, end_leftovers, run_process
from catalog_server.model.errors import CatalogError
from catalog_server.model.job import Job, JobRun
from catalog_server.store import jobs as rows
from catalog_server.store.transaction import Transaction

if TYPE_CHECKING:
    from catalog_server.catalog.catalog import CatalogService
    from catalog_server.config import Config

RETRIED = frozenset({"FAILED", "TIMED_OUT"})
ERROR_CHARACTERS_MAX = 2000
_SIGNALS = {-9: "killed by signal 9 (SIGKILL; perhaps out of memory)", -15: "ended by signal 15 (SIGTERM)"}


class Execution:
    """Carries runs out in this process. `addresses` holds the URLs `http` and `thrift` that engines are to use."""

    def __init__(
        self, catalog: CatalogService, config: Config, addresses: Mapping[str, str], worker: str = "worker"
    ) -> None:
        self._catalog = catalog
        self._config = config
        self._addresses = addresses
        self._worker = worker

    def execute(self, run_id: str, step: Step, stop: threading.Event) -> None:
        """Do a run, attempt after attempt; each attempt, its outputs and its end are steps that are not repeated."""
        attempt = 0
        while True:
            attempt += 1
            outcome = step(f"attempt {attempt}", self._attempt, run_id, stop)
            written = step(f"outputs {attempt}", self._outputs, run_id, outcome)
            if step(f"end {attempt}", self._end, run_id, {**outcome, **written}):
                return

    def _attempt(self, run_id: str, stop: threading.Event) -> dict[str, Any]:
        """Run the script once; how that went."""
        store = self._catalog.store
        if not store.write(lambda tx: rows.begin_attempt(tx, run_id, self._worker)):
            end_leftovers(run_id)
            return {"state": "FAILED", "error": "the worker process ended while the run went on"}
        with store.read() as tx:
            run, job = rows.get_run(tx, run_id), rows.run_definition(tx, run_id)
            cancelled = rows.cancel_requested(tx, run_id)
        if run is None or job is None:
            return {"state": "FAILED", "error": "the run is not there any more"}
        if cancelled:
            return {"state": "CANCELLED", "error": "cancelled before it started"}
        log = Log(log_path(self._config.data, run_id))
        try:
            return self._run(run, job, log, stop)
        except CatalogError as error:
            log.say(error.message)
            return {"state": "FAILED", "error": error.message}
        except OSError as error:
            log.say(f"cannot start: {error}")
            return {"state": "FAILED", "error": f"cannot start: {error}"}
        finally:
            log.close()

    def _run(self, run: JobRun, job: Job, log: Log, stop: threading.Event) -> dict[str, Any]:
        directory = self._prepare(run, job)
        context = self.context(run, job, directory)
        log.say(f"attempt {run.attempt} of job {job.name} on {job.engine}")
        ended = run_process(command_for(context), directory, log, job.timeout_seconds, stop)
        outcome = _outcome(ended, job, directory)
        log.say(f"{outcome['state']}" + (f": {outcome['error']}" if outcome["error"] else ""))
        return outcome

    def _prepare(self, run: JobRun, job: Job) -> Path:
        directory = run_directory(self._config.data, run.id).absolute()
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in (TOUCHED, RESULT):
            (directory / name).unlink(missing_ok=True)
        (directory / SCRIPT).write_text(job.script, encoding="utf-8")
        shutil.copyfile(catalog_sql.__file__, directory / "catalog_sql.py")
        return directory

    def context(self, run: JobRun, job: Job, directory: Path) -> RunContext:
        """What an engine is told of a run."""
        home = self._config.jobs.engines_home
        return RunContext(
            run=run,
            job=job,
            directory=directory,
            thrift=self._addresses["thrift"].removeprefix("thrift://"),
            http=self._addresses["http"].rstrip("/"),
            warehouse=self._config.warehouse_location,
            storage=self._storage(),
            engines_home=Path(home) if home else None,
        )

    def _storage(self) -> dict[str, Mapping[str, str]]:
        lake, profiles = self._catalog.lake, self._catalog.connections.profiles()
        prefixes = [prefix for profile in profiles if profile.kind == "s3" for prefix in profile.prefixes]
        storage = {prefix: lake.storage_options(prefix) for prefix in prefixes if "://" in prefix}
        return {**storage, "": lake.storage_options("s3://no-bucket-of-ours/")}

    def _outputs(self, run_id: str, outcome: Mapping[str, Any]) -> dict[str, Any]:
        """Register what the script wrote, also when it failed half-way; a failure here fails the run."""
        from catalog_server.jobs.outputs import Outputs

        with self._catalog.store.read() as tx:
            run, job = rows.get_run(tx, run_id), rows.run_definition(tx, run_id)
        if run is None or job is None:
            return {}
        directory = run_directory(self._config.data, run_id)
        outputs = Outputs(self._catalog, run, job)
        try:
            written, inputs = outputs.register(directory / TOUCHED, succeeded=outcome["state"] == "SUCCEEDED")
        except CatalogError as error:
            return _unless_failed(outcome, f"what the run wrote could not be registered: {error.message}")
        found: dict[str, Any] = {"outputs": written, "inputs": inputs}
        if outputs.problems:
            found.update(_unless_failed(outcome, "; ".join(outputs.problems)))
        return found

    def _end(self, run_id: str, outcome: Mapping[str, Any]) -> bool:
        """Write how an attempt ended; False if the run is to be tried again."""

        def work(tx: Transaction) -> JobRun | None:
            run, job = rows.get_run(tx, run_id), rows.run_definition(tx, run_id)
            if run is None or job is None or run.state != "RUNNING":
                return None
            stopped = rows.cancel_requested(tx, run_id)
            known = {"outputs": outcome.get("outputs", []), "inputs": outcome.get("inputs", [])}
            error = outcome["error"] and str(outcome["error"])[:ERROR_CHARACTERS_MAX]
            if outcome["state"] in RETRIED and run.attempt <= job.retries_max and not stopped:
                again = {**known, "attempt": run.attempt + 1, "error": error}
                return rows.change_run(tx, run_id, ("RUNNING",), again, f"after {outcome['state']}: {error}")
            state = "CANCELLED" if stopped and outcome["state"] == "FAILED" else outcome["state"]
            final = {**known, "state": state, "error": error, "finished_at": tx.at, "owner": None}
            ended = rows.change_run(tx, run_id, ("RUNNING",), final, error)
            if ended is not None:
                finished_event(tx, ended)
            return ended

        changed = self._catalog.store.write(work)
        if changed is not None and changed.state == "RUNNING":
            return False
        shutil.rmtree(run_directory(self._config.data, run_id), ignore_errors=True)
        return True


def command_for(context: RunContext) -> Command:
    """The engine's way to run the script; raises `CatalogError` where the engine is missing."""
    if context.job.engine == "spark":
        from catalog_server.jobs.spark import spark_command

        return spark_command(context)
    from catalog_server.jobs.sail import connect_command, sail_command

    return sail_command(context) if context.job.engine == "sail" else connect_command(context)


def _outcome(ended: Ended, job: Job, directory: Path) -> dict[str, Any]:
    if ended.stopped:
        return {"state": "CANCELLED", "error": "cancelled while it ran"}
    if ended.timed_out:
        return {"state": "TIMED_OUT", "error": f"ended after its limit of {job.timeout_seconds} seconds"}
    if ended.status == 0:
        return {"state": "SUCCEEDED", "error": None}
    said = _said(directory / RESULT)
    plain = _SIGNALS.get(ended.status) or (
        f"killed by signal {-ended.status}" if ended.status < 0 else f"the script ended with status {ended.status}"
    )
    return {"state": "FAILED", "error": said or plain}


def _said(result: Path) -> str | None:
    try:
        return str(json.loads(result.read_text(encoding="utf-8"))["error"])
    except (OSError, ValueError, KeyError):
        return None


def _unless_failed(outcome: Mapping[str, Any], error: str) -> dict[str, Any]:
    return {"state": "FAILED", "error": error} if outcome["state"] == "SUCCEEDED" else {}
