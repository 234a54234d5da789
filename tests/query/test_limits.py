"""What a statement may take and touch: time, memory, rows, bytes, files; and what is left when it is stopped."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import time
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from catalog_server.model.caller import Caller
from catalog_server.model.errors import (
    CatalogError,
    Invalid,
    InvalidQuery,
    NotFound,
    TimedOut,
    Unavailable,
    Unsupported,
)
from catalog_server.model.query import QueryState
from catalog_server.query.queries import Queries
from tests.query.conftest import CALLER, Sql, close_sql, open_sql

MANY = "unnest(sequence(1, 10000))"
ENDLESS = f"select count(*) from {MANY} as a(x), {MANY} as b(y), {MANY} as c(z) where x + y + z = 0"


def wait_for(queries: Sql, name: str, state: QueryState) -> None:
    deadline = time.monotonic() + 60
    while queries.queries.get(CALLER, name).state is not state:
        assert time.monotonic() < deadline, queries.queries.get(CALLER, name)
        time.sleep(0.01)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Sql]:
    """SQL with tight limits of its own."""
    opened = open_sql(tmp_path, timeout_seconds=60.0, memory_limit="64MB", result_bytes_max=1_000_000, idle_seconds=0.2)
    yield opened
    close_sql(opened)


@pytest.mark.parametrize(
    "statement",
    [
        "select * from read_csv('/etc/passwd')",
        "select * from '/etc/passwd'",
        'select * from "/etc/passwd"',
        "copy (select 1) to '/tmp/out.csv'",
        "attach '/tmp/x.db' as y",
        "pragma version",
        "set memory_limit = '100GB'",
        "install httpfs",
        "load httpfs",
        "call pragma_version()",
        "create table x as select 1",
        "create or replace view x as select 1",
        "insert into x values (1)",
        "drop table x",
        "select getenv('HOME')",
        "select read_text('/etc/passwd')",
        "select * from glob('/*')",
        "select * from duckdb_secrets()",
        "select current_setting('memory_limit')",
        "select * from pragma_version()",
        "export database '/tmp/x'",
        "select x::varchar::blob from read_blob('/etc/passwd') t(x)",
        "from range(3)",
        "summarize select 1",
        "select * exclude (x) from (values 1) as t(x)",
        "select x from (values 1) as t(x) qualify row_number() over () = 1",
        "with x as (insert into y values (1)) select 1",
        "select 1; drop table x",
    ],
)
def test_nothing_but_reading_tables_is_understood(sql: Sql, statement: str) -> None:
    with pytest.raises((InvalidQuery, Unsupported)):
        sql(statement)


def test_the_worker_itself_is_shut_in(sql: Sql, tmp_path: Path) -> None:
    """Even if a statement of DuckDB's own came through, files and settings are out of its reach."""
    from catalog_server.query.embedded import Running
    from catalog_server.query.plan import Plan, type_to_json
    from catalog_server.query.types import VARCHAR

    column = [{"name": "a", "type": type_to_json(VARCHAR)}]
    for statement in (
        "SELECT content AS c0 FROM read_text('/etc/passwd')",
        "COPY (SELECT 1) TO '/tmp/catalog_escape.csv'",
        "ATTACH '/tmp/catalog_escape.db' AS y",
        "SET enable_external_access=true",
        "SET memory_limit='100GB'",
        "INSTALL spatial",
    ):
        with pytest.raises(CatalogError):
            sql.queries.engine.run(Running("escape"), Plan(statement, column), tmp_path / "out.arrow", 10)
    assert not Path("/tmp/catalog_escape.csv").exists()


def test_a_long_statement_is_ended_at_its_time(tmp_path: Path) -> None:
    opened = open_sql(tmp_path, timeout_seconds=2.0)
    try:
        with pytest.raises(TimedOut, match="2 seconds"):
            opened(ENDLESS)
        assert opened("select 1") == [[1]]
    finally:
        close_sql(opened)


def test_a_statement_that_needs_too_much_memory_is_refused(own: Sql) -> None:
    with pytest.raises(Invalid, match="memory"):
        own(
            "select cardinality(array_agg(lpad(cast(x as varchar), 1000, 'x'))) from unnest(sequence(1, 1000000)) as t(x)"
        )
    assert own("select 1") == [[1]]


def test_an_answer_that_is_too_large_is_refused(own: Sql) -> None:
    with pytest.raises(Invalid, match="larger than 1000000 bytes"):
        own("select lpad('', 1000, 'x') from unnest(sequence(1, 10000)) as t(x)")


def test_an_idle_worker_ends(own: Sql) -> None:
    own("select 1")
    deadline = time.monotonic() + 30
    while own.queries.engine.workers():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert own("select 2") == [[2]]


def test_a_worker_that_dies_fails_its_statement_alone(tmp_path: Path) -> None:
    opened = open_sql(tmp_path)
    try:
        opened("select 1")
        (worker,) = opened.queries.engine.workers()
        query = opened.queries.submit(CALLER, ENDLESS)
        wait_for(opened, query.id, QueryState.RUNNING)
        deadline = time.monotonic() + 30
        while opened.queries.engine.workers():
            assert time.monotonic() < deadline
        os.kill(worker, signal.SIGKILL)
        ended = opened.queries.wait(CALLER, query.id)
        assert ended.state is QueryState.FAILED
        assert ended.error is not None
        assert ended.error.type == Unavailable.__name__
        assert opened("select 1") == [[1]]
    finally:
        close_sql(opened)


def test_a_running_statement_is_cancelled(sql: Sql) -> None:
    query = sql.queries.submit(CALLER, ENDLESS)
    wait_for(sql, query.id, QueryState.RUNNING)
    sql.queries.cancel(CALLER, query.id)
    ended = sql.queries.wait(CALLER, query.id, 30)
    assert ended.state is QueryState.CANCELLED
    assert sql("select 1") == [[1]]


def test_a_waiting_statement_is_cancelled_before_it_begins(tmp_path: Path) -> None:
    opened = open_sql(tmp_path, concurrent_max=1)
    try:
        first = opened.queries.submit(CALLER, ENDLESS)
        wait_for(opened, first.id, QueryState.RUNNING)
        second = opened.queries.submit(CALLER, ENDLESS)
        opened.queries.cancel(CALLER, second.id)
        opened.queries.cancel(CALLER, first.id)
        assert opened.queries.wait(CALLER, second.id, 30).state is QueryState.CANCELLED
        assert opened.queries.wait(CALLER, first.id, 30).state is QueryState.CANCELLED
    finally:
        close_sql(opened)


def test_pages_of_a_large_answer_are_read_at_any_place(sql: Sql) -> None:
    query = sql.query("select x, cast(x as varchar) as t from unnest(sequence(1, 100000)) as u(x) order by x")
    assert query.rows == 100_000
    seen = 0
    while seen < 100_000:
        page = sql.queries.rows(CALLER, query.id, seen, 10_000)[1]
        assert page[0] == [seen + 1, str(seen + 1)]
        assert page[-1] == [seen + len(page), str(seen + len(page))]
        seen += len(page)
    assert sql.queries.rows(CALLER, query.id, 54_321, 2)[1] == [[54_322, "54322"], [54_323, "54323"]]
    assert sql.queries.rows(CALLER, query.id, 100_000, 10)[1] == []


def test_rows_beyond_the_limit_are_left_out_and_it_is_said(sql: Sql) -> None:
    query = sql.query("select * from unnest(sequence(1, 50)) as t(x)", rows_max=7)
    assert (query.rows, query.truncated) == (7, True)
    whole = sql.query("select * from unnest(sequence(1, 7)) as t(x)", rows_max=7)
    assert (whole.rows, whole.truncated) == (7, False)


def test_a_query_is_seen_by_its_owner(sql: Sql) -> None:
    query = sql.query("select 1 as a")
    assert sql.queries.get(CALLER, query.id) == query
    assert [column.name for column in query.columns or ()] == ["a"]
    assert query.id in [one.id for one in sql.queries.list(CALLER)]
    with pytest.raises(NotFound):
        sql.queries.get(CALLER, "nobody-made-this")


def test_rows_of_an_unfinished_query_cannot_be_read(sql: Sql) -> None:
    query = sql.query("select 1/0")
    assert query.state is QueryState.FAILED
    with pytest.raises(Invalid, match="failed"):
        sql.queries.rows(CALLER, query.id)


def test_old_queries_are_forgotten_with_their_rows(tmp_path: Path) -> None:
    opened = open_sql(tmp_path)
    try:
        query = opened.query("select 1")
        assert opened.queries.forget_old() == []
        assert query.id in opened.queries.forget_old(keep_seconds=-1)
        with pytest.raises(NotFound):
            opened.queries.get(CALLER, query.id)
        assert not list((tmp_path / "results").glob("*.arrow"))
    finally:
        close_sql(opened)


def test_a_query_that_a_stopped_server_left_behind_has_failed(tmp_path: Path) -> None:
    from catalog_server.model.query import Query
    from catalog_server.store import queries as rows
    from catalog_server.store.transaction import now

    opened = open_sql(tmp_path)
    gone = subprocess.Popen(["true"])
    gone.wait()
    lost = Query("lost", "select 1", "hive", "default", QueryState.QUEUED, CALLER.user, created_at=now())
    owner = {"host": zlib.crc32(platform.node().encode())}
    opened.catalog.store.write(lambda tx: rows.create(tx, replace(lost, statistics={**owner, "process": gone.pid})))
    mine = replace(lost, id="mine", statistics={**owner, "process": os.getpid()})
    opened.catalog.store.write(lambda tx: rows.create(tx, mine))
    old = replace(lost, id="old", created_at=1)
    opened.catalog.store.write(lambda tx: rows.create(tx, old))
    close_sql(opened)
    again = open_sql(tmp_path)
    try:
        assert again.queries.get(CALLER, "lost").state is QueryState.FAILED
        assert again.queries.get(CALLER, "old").state is QueryState.FAILED
        assert again.queries.get(CALLER, "mine").state is QueryState.QUEUED
    finally:
        close_sql(again)


def test_a_query_of_another_process_is_left_alone_and_can_be_cancelled(sql: Sql) -> None:
    """Two services over one store and folder, as the processes of one server have them."""
    other = Queries(sql.catalog, sql.queries.config)
    try:
        query = sql.queries.submit(CALLER, ENDLESS)
        wait_for(sql, query.id, QueryState.RUNNING)
        assert other.get(CALLER, query.id).state is QueryState.QUEUED
        other.cancel(CALLER, query.id)
        assert other.wait(CALLER, query.id, 30).state is QueryState.CANCELLED
        done = sql.query("select 7")
        assert other.rows(CALLER, done.id)[1] == [[7]]
    finally:
        other.close()


def test_a_worker_ends_when_its_parent_is_gone(tmp_path: Path) -> None:
    """The worker's input ends with whoever held the other side of it."""
    import json
    import sys

    limits = json.dumps({"memory_limit": "64MB", "threads": 1, "temp_directory": str(tmp_path)})
    worker = subprocess.Popen(
        [sys.executable, "-m", "catalog_server.query.worker", limits], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert worker.stdin is not None
    worker.stdin.close()
    assert worker.wait(60) == 0
    assert worker.stdout is not None
    worker.stdout.close()


def test_another_caller_may_run_statements_too(sql: Sql) -> None:
    assert sql.queries.run(Caller("somebody"), "select current_user")[1] == [["somebody"]]
