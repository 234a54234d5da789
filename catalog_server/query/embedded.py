"""The embedded engine: worker processes started on demand, bounded, watched, ended when idle."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, Any

from catalog_server.config import Config
from catalog_server.model import errors
from catalog_server.model.errors import Cancelled, CatalogError, TimedOut, Unavailable
from catalog_server.query.plan import Plan
from catalog_server.query.worker import read_frame, write_frame

START_SECONDS = 60.0
CANCEL_SECONDS = 2.0
"""How long a worker may take to react to an interrupt before it is killed."""
ABANDONED_SECONDS = 120.0
"""After so long without a question the end of a job's query is of no interest to the job."""
_KEPT_VARIABLES = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "SSL_CERT_FILE",
    "VIRTUAL_ENV",
    "PYTHONPATH",
    "SYSTEMROOT",
)


class WorkerProcess:
    """One worker process and the pipe to it; runs one statement at a time."""

    def __init__(self, config: Config, folder: Path) -> None:
        limits = {
            "memory_limit": config.query.memory_limit,
            "threads": config.query.threads,
            "temp_directory": str(folder / "spill"),
        }
        environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        logs = config.data / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        with open(logs / "query-worker.log", "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "catalog_server.query.worker", json.dumps(limits)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
                start_new_session=True,
            )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.input: IO[bytes] = self.process.stdin
        self.frames: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.idle_since = time.monotonic()
        self._sending = threading.Lock()
        self._reader = threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True)
        self._reader.start()

    def _read(self, stream: IO[bytes]) -> None:
        try:
            with stream:
                while (frame := read_frame(stream)) is not None:
                    self.frames.put(frame)
        except (OSError, ValueError):
            pass
        self.frames.put(None)

    def wait_ready(self) -> None:
        """Wait until the process takes statements; raises `Unavailable`."""
        try:
            if self.frames.get(timeout=START_SECONDS) is None:
                raise Unavailable("the query worker did not start; see logs/query-worker.log")
        except queue.Empty as error:
            raise Unavailable(f"the query worker did not start within {START_SECONDS:.0f} seconds") from error

    def send(self, message: dict[str, Any]) -> None:
        """Send a frame; raises `Unavailable` when the process is gone."""
        try:
            with self._sending:
                write_frame(self.input, message)
        except (OSError, ValueError) as error:
            raise Unavailable("the query worker has ended") from error

    def answer(self, timeout: float) -> dict[str, Any] | None:
        """The frame that ends the statement; None when the time is over first. Raises `Unavailable`."""
        try:
            frame = self.frames.get(timeout=max(0.0, timeout))
        except queue.Empty:
            return None
        if frame is None:
            raise Unavailable("the query worker ended while it ran the statement, perhaps for want of memory")
        return frame

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self.process.poll() is None

    def kill(self) -> None:
        """End the process at once."""
        if self.alive:
            self.process.kill()
        self.close_pipe()
        self.process.wait()
        self._reader.join(CANCEL_SECONDS)

    def close_pipe(self) -> None:
        """Close its input, which ends an idle worker."""
        try:
            self.input.close()
        except OSError:
            pass


class Running:
    """A statement on its way through a worker, so that it can be cancelled."""

    def __init__(self, name: str, sign: Path | None = None) -> None:
        self.name = name
        self.sign = sign
        """A file by which another process of this server asks for the end."""
        self.cancelled = threading.Event()
        self.worker: WorkerProcess | None = None
        self.asked_at: float | None = None
        """When somebody last asked how far it is; None where it goes on whether anybody does or not."""
        self._lock = threading.Lock()

    def cancel(self) -> None:
        """Ask for the end, whether it runs already or not."""
        with self._lock:
            self.cancelled.set()
            if self.worker is not None:
                try:
                    self.worker.send({"op": "cancel", "id": self.name})
                except Unavailable:
                    pass

    def heed_sign(self) -> bool:
        """Cancel if another process asked for it, or nobody waits any more; whether the statement is cancelled now."""
        if not self.cancelled.is_set() and (self._is_abandoned() or (self.sign is not None and self.sign.exists())):
            self.cancel()
        return self.cancelled.is_set()

    def _is_abandoned(self) -> bool:
        return self.asked_at is not None and time.monotonic() - self.asked_at > ABANDONED_SECONDS

    def enter(self, worker: WorkerProcess, message: dict[str, Any]) -> None:
        """Hand the statement to a worker, unless it was cancelled before."""
        with self._lock:
            if self.cancelled.is_set():
                raise Cancelled(f"query {self.name} was cancelled")
            worker.send(message)
            self.worker = worker

    def leave(self) -> None:
        """The worker is done with it."""
        with self._lock:
            self.worker = None


class Embedded:
    """Runs plans in worker processes, at most `query.concurrent_max` of them and one for an export."""

    def __init__(self, config: Config, folder: Path) -> None:
        self.config = config
        self.folder = folder
        self.slots = threading.BoundedSemaphore(config.query.concurrent_max)
        self.export_slot = threading.BoundedSemaphore(1)
        """Exports take long, so they have a worker process of their own and keep no other statement waiting."""
        self._idle: list[WorkerProcess] = []
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._reaper: threading.Thread | None = None

    def run(self, running: Running, plan: Plan, result: Path, rows_max: int | None) -> dict[str, int]:
        """Run a plan and leave its rows in `result`; returns rows, bytes, truncated.

        `rows_max` None is an export: all rows, as a Parquet file. Raises `Cancelled`, `TimedOut`, and what the worker reports.
        """
        limits, export = self.config.query, rows_max is None
        with self.export_slot if export else self.slots:
            worker = self._take()
            healthy = False
            try:
                message = {
                    "op": "run",
                    "id": running.name,
                    "plan": plan.to_json(),
                    "result": str(result),
                    "rows_max": rows_max,
                }
                message["bytes_max"] = limits.export_bytes_max if export else limits.result_bytes_max
                running.enter(worker, message)
                answer = self._await(
                    running, worker, limits.export_timeout_seconds if export else limits.timeout_seconds
                )
                healthy = True
            finally:
                running.leave()
                self._give_back(worker, healthy)
        if answer["event"] == "error":
            raise _error(answer)
        return {key: int(answer[key]) for key in ("rows", "bytes", "truncated")}

    def _await(self, running: Running, worker: WorkerProcess, timeout_seconds: float) -> dict[str, Any]:
        deadline = time.monotonic() + timeout_seconds
        while True:
            if running.heed_sign():
                return self._after_cancel(worker) or _cancelled()
            answer = worker.answer(min(0.5, deadline - time.monotonic()))
            if answer is not None:
                return answer
            if time.monotonic() >= deadline:
                running.cancel()
                self._after_cancel(worker)
                raise TimedOut(f"the query took longer than {timeout_seconds:g} seconds")

    @staticmethod
    def _after_cancel(worker: WorkerProcess) -> dict[str, Any] | None:
        answer = worker.answer(CANCEL_SECONDS)
        if answer is None:
            worker.kill()
        return answer

    def _take(self) -> WorkerProcess:
        with self._lock:
            if self._closed.is_set():
                raise Unavailable("the server is stopping")
            while self._idle:
                worker = self._idle.pop()
                if worker.alive:
                    return worker
                worker.kill()
            if self._reaper is None:
                self._reaper = threading.Thread(target=self._reap, daemon=True, name="query-workers")
                self._reaper.start()
        worker = WorkerProcess(self.config, self.folder)
        try:
            worker.wait_ready()
        except BaseException:
            worker.kill()
            raise
        return worker

    def _give_back(self, worker: WorkerProcess, healthy: bool) -> None:
        with self._lock:
            if healthy and worker.alive and not self._closed.is_set():
                worker.idle_since = time.monotonic()
                self._idle.append(worker)
                return
        worker.kill()

    def _reap(self) -> None:
        while not self._closed.wait(min(5.0, self.config.query.idle_seconds)):
            ended_before = time.monotonic() - self.config.query.idle_seconds
            with self._lock:
                old = [worker for worker in self._idle if worker.idle_since < ended_before or not worker.alive]
                self._idle = [worker for worker in self._idle if worker not in old]
            for worker in old:
                worker.kill()

    def workers(self) -> list[int]:
        """Process ids of the idle workers."""
        with self._lock:
            return [worker.process.pid for worker in self._idle]

    def close(self) -> None:
        """End every worker."""
        self._closed.set()
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.kill()


def _cancelled() -> dict[str, Any]:
    return {"event": "error", "type": "Cancelled", "message": "the query was cancelled"}


def _error(answer: dict[str, Any]) -> CatalogError:
    kind, message = answer["type"], answer["message"]
    if kind == "Invalid":
        return errors.Invalid("", message)
    found: type[CatalogError] | None = getattr(errors, kind, None)
    if found is errors.NotFound or found is errors.Denied:
        refused = found("", "")
        refused.message, refused.args = message, (message,)
        return refused
    if found in (errors.Unsupported, errors.Unavailable, errors.Cancelled):
        return found(message)
    return CatalogError(message)
