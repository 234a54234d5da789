"""Queries: taken, planned, run by an engine, kept for reading, forgotten after a while."""

from __future__ import annotations

import json
import os
import platform
import threading
import time
import uuid
import zlib
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from catalog_server.config import Config
from catalog_server.model.caller import Caller
from catalog_server.model.errors import Cancelled, CatalogError, Invalid, InvalidQuery, NotFound
from catalog_server.model.grant import Action, Resource
from catalog_server.model.names import TableName
from catalog_server.model.query import Query, QueryColumn, QueryError, QueryState
from catalog_server.query.embedded import Embedded, Running
from catalog_server.query.planner import Planned, plan
from catalog_server.query.results import Result
from catalog_server.store import queries as rows
from catalog_server.store.transaction import now

if TYPE_CHECKING:
    from catalog_server.catalog.catalog import CatalogService

Rows: TypeAlias = list[list[Any]]
Listed: TypeAlias = list[Query]
PAGE_ROWS_MAX = 10_000
RESULTS_OPEN_MAX = 256
SWEEP_SECONDS = 600.0
LOST_SECONDS = 600.0
"""So long a query of another process may have waited for its turn, besides the time that it may run."""


class _Live:
    """A query on its way."""

    def __init__(self, query: Query, caller: Caller, sign: Path, rows_max: int | None) -> None:
        self.query = query
        self.caller = caller
        self.rows_max = rows_max
        """Most rows that are kept; None for an export, which keeps all of them as a Parquet file."""
        self.running = Running(query.id, sign)
        self.running.asked_at = time.monotonic() if caller.run else None
        self.done = threading.Event()
        self.future: Future[None] | None = None


class Queries:
    """Federated SQL for many callers; methods may be called from many threads."""

    def __init__(self, catalog: CatalogService, config: Config) -> None:
        self.catalog = catalog
        self.config = config
        self.folder = config.data.absolute() / "results"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.engine = Embedded(config, self.folder)
        # Planning may wait for stores and databases, so more statements are planned than run.
        self._pool = ThreadPoolExecutor(config.query.concurrent_max * 2, thread_name_prefix="query")
        self._export_pool = ThreadPoolExecutor(2, thread_name_prefix="export")
        self._live: dict[str, _Live] = {}
        self._results: dict[str, Result] = {}
        self._lock = threading.Lock()
        self._swept_at = 0.0
        self._forget_lost()

    def _forget_lost(self) -> None:
        """Say of queries that a stopped process left behind that they failed; those of live processes are let be."""
        limits = self.config.query
        oldest = now() - int((max(limits.timeout_seconds, limits.export_timeout_seconds) + LOST_SECONDS) * 1000)

        def work(tx: Any) -> list[str]:
            error = QueryError("Unavailable", "the server stopped while the query ran")
            lost = [query for query in rows.unfinished(tx) if query.created_at < oldest or _is_lost(query)]
            for query in lost:
                rows.change(tx, replace(query, state=QueryState.FAILED, finished_at=now(), error=error, statistics={}))
            return [query.id for query in lost]

        for name in self.catalog.store.write(work):
            self._remove_files(name)

    def submit(
        self,
        caller: Caller,
        sql: str,
        catalog: str | None = None,
        database: str | None = None,
        rows_max: int | None = None,
        *,
        export: bool = False,
    ) -> Query:
        """Take a statement and return at once; see `get`, and `rows` or for an `export` `exported`.

        Raises `Denied` when the caller may run none.
        """
        name = uuid.uuid4().hex
        with self.catalog.store.read() as tx:
            self.catalog.grants.require(tx, caller, Action.RUN, Resource("query", (name,)))
        where = catalog or self.config.warehouse.catalog, database or "default"
        query = Query(
            name, sql, where[0], where[1], QueryState.QUEUED, caller.user, created_at=now(), statistics=_owner()
        )
        most = self.config.query.rows_max
        limit = None if export else min(rows_max if rows_max is not None else most, most)
        live = _Live(query, caller, self.folder / f"{name}.cancel", limit)
        self.catalog.store.write(lambda tx: rows.create(tx, query))
        with self._lock:
            self._live[name] = live
        live.future = (self._export_pool if export else self._pool).submit(self._run, live)
        self._sweep()
        return query

    def _run(self, live: _Live) -> None:
        started = time.monotonic()
        try:
            if live.running.heed_sign():
                raise Cancelled("the query was cancelled before it began")
            live.query = replace(live.query, state=QueryState.PLANNING, started_at=now(), statistics={})
            planned = plan(self.catalog, live.caller, live.query.sql, live.query.catalog, live.query.database)
            columns = tuple(QueryColumn(name, kind) for name, kind in planned.columns)
            statistics = {**planned.statistics, "planning_ms": _elapsed(started)}
            live.query = replace(live.query, state=QueryState.RUNNING, columns=columns, statistics=statistics)
            self._finish(live, planned, started)
        except CatalogError as error:
            state = QueryState.CANCELLED if isinstance(error, Cancelled) else QueryState.FAILED
            live.query = replace(live.query, state=state, error=_query_error(error))
        except Exception as error:  # a fault of ours must not leave the query running for ever
            live.query = replace(live.query, state=QueryState.FAILED, error=_fault(error))
        self._settle(live, started)

    def _finish(self, live: _Live, planned: Planned, started: float) -> None:
        before, rows_max = time.monotonic(), live.rows_max
        if rows_max is None:
            _check_export(planned)
        if planned.answer is not None:
            kept = [list(row) for row in planned.answer[:rows_max]]
            (self.folder / f"{live.query.id}.json").write_text(json.dumps(kept))
            ended = {"rows": len(kept), "truncated": int(len(kept) < len(planned.answer)), "bytes": 0}
        else:
            assert planned.plan is not None
            path = self.folder / f"{live.query.id}.{'parquet' if rows_max is None else 'arrow'}"
            try:
                ended = self.engine.run(live.running, planned.plan, path, rows_max)
            except BaseException:
                path.unlink(missing_ok=True)
                raise
        statistics = {**live.query.statistics, "running_ms": _elapsed(before), "result_bytes": ended["bytes"]}
        statistics["elapsed_ms"] = _elapsed(started)
        live.query = replace(
            live.query,
            state=QueryState.FINISHED,
            rows=ended["rows"],
            truncated=bool(ended["truncated"]),
            statistics=statistics,
        )

    def _settle(self, live: _Live, started: float) -> None:
        statistics = {**live.query.statistics, "elapsed_ms": _elapsed(started)}
        live.query = replace(live.query, finished_at=now(), statistics=statistics)
        try:
            self.catalog.store.write(lambda tx: rows.change(tx, live.query))
        finally:
            if live.running.sign is not None:
                live.running.sign.unlink(missing_ok=True)
            with self._lock:
                self._live.pop(live.query.id, None)
            live.done.set()

    def get(self, caller: Caller, name: str) -> Query:
        """A query's state; raises `NotFound`, also for queries of others unless the caller may manage queries."""
        with self._lock:
            live = self._live.get(name)
        if live is not None:
            if live.running.asked_at is not None:
                live.running.asked_at = time.monotonic()
            found: Query | None = live.query
        else:
            with self.catalog.store.read() as tx:
                found = rows.get(tx, name)
        if found is None or not self._may_see(caller, found):
            raise NotFound("query", name)
        return found

    def _may_see(self, caller: Caller, query: Query) -> bool:
        if query.by == caller.user:
            return True
        return self.catalog.grants.decide(caller, Action.MANAGE, Resource("query", (query.id,))).allowed

    def list(self, caller: Caller, *, before: tuple[int, str] | None = None, count: int = 100) -> Listed:
        """The caller's queries (all, for one who may manage them), the newest first."""
        everything = self.catalog.grants.decide(caller, Action.MANAGE, Resource("query", ())).allowed
        with self.catalog.store.read() as tx:
            found = rows.list_page(tx, None if everything else caller.user, before, count)
        with self._lock:
            live = {name: one.query for name, one in self._live.items()}
        return [live.get(query.id, query) for query in found]

    def rows(self, caller: Caller, name: str, offset: int = 0, count: int = 1000) -> tuple[Query, Rows]:
        """Rows of a finished query as JSON values; raises `NotFound`, and `Invalid` when it did not finish."""
        query = self._finished(caller, name)
        if self._export(name).exists():
            raise Invalid("query", f"{name} was exported: its rows are in a Parquet file, see `rows.parquet`")
        return query, self._result(name).rows(max(0, offset), min(max(0, count), PAGE_ROWS_MAX))

    def exported(self, caller: Caller, name: str) -> Path:
        """The Parquet file of a finished export; raises `NotFound`, and `Invalid` for any other query."""
        self._finished(caller, name)
        path = self._export(name)
        if not path.exists():
            raise Invalid("query", f"{name} was not exported: ask for it with `export`, or read its rows")
        return path

    def _finished(self, caller: Caller, name: str) -> Query:
        query = self.get(caller, name)
        if query.state is not QueryState.FINISHED:
            raise Invalid("query", f"{name} is {query.state.value.lower()} and has no rows to read")
        return query

    def _export(self, name: str) -> Path:
        return self.folder / f"{name}.parquet"

    def _result(self, name: str) -> Result:
        with self._lock:
            found = self._results.get(name)
            if found is None:
                path = self.folder / f"{name}.arrow"
                found = Result(path if path.exists() else self.folder / f"{name}.json")
                if len(self._results) >= RESULTS_OPEN_MAX:
                    self._results.pop(next(iter(self._results)))
                self._results[name] = found
        return found

    def forget(self, caller: Caller, name: str) -> None:
        """Forget a query that is over, with its rows; raises `NotFound`, and `Invalid` while it runs."""
        query = self.get(caller, name)
        if not query.state.final:
            raise Invalid("query", f"{name} is {query.state.value.lower()}: cancel it first")
        self.catalog.store.write(lambda tx: rows.drop(tx, name))
        self._remove_files(name)
        with self._lock:
            self._results.pop(name, None)

    def cancel(self, caller: Caller, name: str) -> Query:
        """Ask for the end of a query; one that is over stays as it is."""
        query = self.get(caller, name)
        with self._lock:
            live = self._live.get(name)
        if live is not None:
            live.running.cancel()
        elif not query.state.final:
            (self.folder / f"{name}.cancel").touch()
        return query

    def wait(self, caller: Caller, name: str, timeout: float | None = None) -> Query:
        """The query once it is over, or as it is when the time is."""
        with self._lock:
            live = self._live.get(name)
        if live is not None:
            live.running.asked_at = None  # it is waited for here
            live.done.wait(timeout)
            return self.get(caller, name)
        deadline = None if timeout is None else time.monotonic() + timeout
        while not (query := self.get(caller, name)).state.final:
            # Another process of this server runs it.
            if deadline is not None and time.monotonic() >= deadline:
                break
            time.sleep(0.1)
        return query

    def run(
        self,
        caller: Caller,
        sql: str,
        catalog: str | None = None,
        database: str | None = None,
        rows_max: int | None = None,
    ) -> tuple[Query, Rows]:
        """Run a statement to its end and return all its rows; raises the error it failed with."""
        query = self.wait(caller, self.submit(caller, sql, catalog, database, rows_max).id)
        if query.state is not QueryState.FINISHED:
            raise raised(query)
        found: Rows = []
        while len(found) < (query.rows or 0):
            found += self.rows(caller, query.id, len(found), PAGE_ROWS_MAX)[1]
        return query, found

    def sample(self, caller: Caller, table: TableName, rows_max: int = 20) -> tuple[Query, Rows]:
        """Some rows of a table, as the caller may see them."""
        name = ".".join('"' + part.replace('"', '""') + '"' for part in (table.catalog, table.database, table.table))
        return self.run(caller, f"SELECT * FROM {name} LIMIT {int(rows_max)}")

    def _sweep(self) -> None:
        """Now and then forget queries and rows whose time is over."""
        with self._lock:
            if time.monotonic() - self._swept_at < SWEEP_SECONDS:
                return
            self._swept_at = time.monotonic()
        self._pool.submit(self.forget_old)

    def forget_old(self, keep_seconds: float | None = None) -> Sequence[str]:
        """Forget queries older than a time (the configured one), with their rows; returns their ids."""
        kept = self.config.query.results_keep_seconds if keep_seconds is None else keep_seconds
        before = now() - int(kept * 1000)
        old = self.catalog.store.write(lambda tx: rows.drop_older(tx, before))
        for name in old:
            self._remove_files(name)
            with self._lock:
                self._results.pop(name, None)
        return old

    def _remove_files(self, name: str) -> None:
        for kind in ("arrow", "json", "parquet", "cancel"):
            (self.folder / f"{name}.{kind}").unlink(missing_ok=True)

    def close(self) -> None:
        """Cancel what runs and end the workers."""
        with self._lock:
            live = list(self._live.values())
        for one in live:
            one.running.cancel()
        for pool in (self._pool, self._export_pool):
            pool.shutdown(wait=True, cancel_futures=True)
        self.engine.close()


def _check_export(planned: Planned) -> None:
    """Raise `InvalidQuery` for an answer that no Parquet file can hold: without rows of an engine, or columns not told apart."""
    if planned.answer is not None:
        raise InvalidQuery("the answer of this statement cannot be exported, only that of a SELECT")
    seen: set[str] = set()
    for name, _ in planned.columns:
        if name.lower() in seen:
            raise InvalidQuery(
                f"the answer has several columns {name}, which a file cannot tell apart: name them by AS"
            )
        seen.add(name.lower())


def _owner() -> dict[str, int]:
    """Which process runs a query, kept while it is on its way."""
    return {"process": os.getpid(), "host": zlib.crc32(platform.node().encode())}


def _is_lost(query: Query) -> bool:
    """Whether the process of this machine that ran a query is gone."""
    owner = query.statistics
    if owner.get("host") != _owner()["host"] or "process" not in owner:
        return False
    try:
        os.kill(owner["process"], 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _elapsed(since: float) -> int:
    return int((time.monotonic() - since) * 1000)


def _query_error(error: CatalogError) -> QueryError:
    if isinstance(error, InvalidQuery):
        return QueryError("InvalidQuery", error.reason, error.line, error.column)
    return QueryError(type(error).__name__, error.message)


def _fault(error: Exception) -> QueryError:
    import logging

    logging.getLogger(__name__).exception("a query failed in the server")
    return QueryError("CatalogError", f"the server failed on the statement ({type(error).__name__}); its log says more")


def raised(query: Query) -> CatalogError:
    """The error that a query failed with, to be raised again."""
    from catalog_server.model import errors

    said = query.error
    if said is None:
        return Cancelled(f"query {query.id} is {query.state.value.lower()}")
    if said.type == "InvalidQuery":
        return InvalidQuery(said.message, said.line or 1, said.column or 1)
    if said.type == "Invalid":
        return Invalid("", said.message)
    found: type[CatalogError] | None = getattr(errors, said.type, None)
    if found is errors.NotFound or found is errors.Denied:
        refused = found("", "")
        refused.message, refused.args = said.message, (said.message,)
        return refused
    if found in (errors.Unsupported, errors.Unavailable, errors.TimedOut, errors.Cancelled):
        return found(said.message)
    return CatalogError(said.message)
