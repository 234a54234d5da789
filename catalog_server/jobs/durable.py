"""Work that outlives the process that does it: DBOS remembers which steps are done, so that none is repeated needlessly.

DBOS is imported when the first piece of work arrives: an idle worker is small and quick to start.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")
APPLICATION_VERSION = "1"
"""Fixed, so that a newer server goes on with the work of an older one."""
RECOVERIES_MAX = 50
THREADS_MAX = 32
REMEMBERED_DAYS = 7
FORGOTTEN_AT_ONCE = 10_000

Step = Callable[..., Any]
"""`step(name, function, *arguments)` runs a function once: after a crash its kept result is returned instead."""
Handler = Callable[[str, Step], None]
"""Does the work of an id."""


class Durable:
    """Runs handlers by kind of work. `url` is DBOS's own database, `executor` a name that this worker keeps for life."""

    def __init__(self, url: str, executor: str, handlers: Mapping[str, Handler], schema: str | None = None) -> None:
        self._url = url
        self._executor = executor
        self._handlers = handlers
        self._schema = schema
        self._dbos: Any = None
        self._work: Any = None

    @property
    def launched(self) -> bool:
        """Whether DBOS runs already."""
        return self._dbos is not None

    def launch(self) -> None:
        """Start DBOS; work of this executor that was interrupted goes on at once."""
        if self._dbos is not None:
            return
        from dbos import DBOS

        config: dict[str, Any] = {
            "name": "catalog-server",
            "system_database_url": self._url,
            "application_version": APPLICATION_VERSION,
            "executor_id": self._executor,
            "log_level": "ERROR",
            "console_log_level": "ERROR",
            "max_executor_threads": THREADS_MAX,
            "enable_otlp": False,
        }
        if self._schema is not None:
            config["dbos_system_schema"] = self._schema
        DBOS(config=config)

        def work(kind: str, id_: str) -> None:
            self._handlers[kind](id_, self._step)

        self._work = DBOS.workflow(name="work", max_recovery_attempts=RECOVERIES_MAX)(work)
        self._dbos = DBOS
        DBOS.launch()
        self._forget_old()

    def _forget_old(self) -> None:
        """Delete what DBOS remembers of work that ended long ago: the rows of runs and crawls tell it better."""
        before = (datetime.now(UTC) - timedelta(days=REMEMBERED_DAYS)).isoformat()
        old = self._dbos.list_workflows(
            status=["SUCCESS", "ERROR", "CANCELLED"],
            completed_before=before,
            limit=FORGOTTEN_AT_ONCE,
            load_input=False,
            load_output=False,
        )
        if old:
            self._dbos.delete_workflows([one.workflow_id for one in old])

    def _step(self, name: str, function: Callable[..., T], *arguments: object) -> T:
        result: T = self._dbos.run_step({"name": name}, function, *arguments)
        return result

    def start(self, kind: str, id_: str) -> None:
        """Do a piece of work in a thread of its own; nothing happens if it was started before."""
        self.launch()
        from dbos import SetWorkflowID

        with SetWorkflowID(id_):
            self._dbos.start_workflow(self._work, kind, id_)

    def adopt(self, kind: str, id_: str) -> bool:
        """Go on with work whose worker has gone; False if DBOS holds it to be over, so that nobody will go on."""
        self.launch()
        status = self._dbos.get_workflow_status(id_)
        if status is None:
            self.start(kind, id_)
        elif status.status == "PENDING" and status.executor_id != self._executor:
            self._dbos.cancel_workflow(id_)
            self._dbos.resume_workflow(id_)
        elif status.status not in ("PENDING", "ENQUEUED"):
            return False
        return True

    def close(self) -> None:
        """Stop DBOS; work in flight is gone on with after the next start."""
        if self._dbos is not None:
            self._dbos.destroy()
            self._dbos = None


def database_url(store_url: str, data_file: str) -> tuple[str, str | None]:
    """Where DBOS keeps its own: a file beside a store on SQLite, a schema of its own on PostgreSQL."""
    if store_url.startswith("sqlite"):
        return f"sqlite:///{data_file}", None
    return store_url, "catalog_jobs"
