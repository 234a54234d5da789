"""Exports: all rows of an answer in one Parquet file, however many there are."""

from __future__ import annotations

import threading
import time
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from catalog_server.model.caller import Caller
from catalog_server.model.errors import Invalid, NotFound
from catalog_server.model.query import QueryState
from catalog_server.query import embedded
from catalog_server.store import queries as rows
from tests.query.conftest import CALLER, Sql, close_sql, open_sql
from tests.query.test_limits import ENDLESS, wait_for


def test_an_export_holds_all_rows_under_their_names_and_types(tmp_path: Path) -> None:
    """More rows than an answer may have are no fewer, and come in row groups."""
    sql = open_sql(tmp_path, rows_max=10)
    try:
        statement = "select x as \"Id\", decimal '1.50' as price, array[row(x)] as inner from unnest(sequence(1, 10000)) as a(x)"
        query = sql.query(f"{statement} union all {statement} union all {statement}", export=True)
        assert (query.state, query.rows, query.truncated) == (QueryState.FINISHED, 30_000, False), query.error
        table = pq.read_table(sql.queries.exported(CALLER, query.id))
        assert (table.column_names, table.num_rows) == (["Id", "price", "inner"], 30_000)
        assert table.slice(0, 1).to_pylist()[0]["price"] == Decimal("1.50")
    finally:
        close_sql(sql)


def test_an_answer_of_no_rows_is_a_file_with_columns(sql: Sql) -> None:
    """The file tells the columns."""
    query = sql.query("select 1 as a where false", export=True)
    assert pq.read_schema(sql.queries.exported(CALLER, query.id)).names == ["a"]


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("show catalogs", "cannot be exported"),
        ("select 1 as a, 2 as A", "several columns"),
    ],
)
def test_what_no_file_can_hold_is_refused(sql: Sql, statement: str, reason: str) -> None:
    """The error says why, and nothing is left."""
    query = sql.query(statement, export=True)
    assert query.error is not None
    assert reason in query.error.message
    assert not list((sql.folder / "results").glob(f"{query.id}*"))


def test_an_export_beyond_its_bytes_fails_and_leaves_no_file(tmp_path: Path) -> None:
    """The error names the setting."""
    sql = open_sql(tmp_path, export_bytes_max=10_000)
    try:
        query = sql.query("select * from unnest(sequence(1, 10000)) as a(x)", export=True)
        assert query.error is not None
        assert "query.export_bytes_max" in query.error.message
        assert not list((tmp_path / "results").glob(f"{query.id}*"))
    finally:
        close_sql(sql)


def test_exports_keep_no_other_statement_waiting(tmp_path: Path) -> None:
    """However many exports there are, statements have their own workers."""
    sql = open_sql(tmp_path, concurrent_max=1)
    try:
        exports = [sql.queries.submit(CALLER, ENDLESS, export=True).id for _ in range(4)]
        wait_for(sql, exports[0], QueryState.RUNNING)
        found: list[list[list[int]]] = []
        asked = threading.Thread(target=lambda: found.append(sql("select 1")))
        asked.start()
        asked.join(30)
        assert found == [[[1]]]
        for name in exports:
            sql.queries.cancel(CALLER, name)
        deadline = time.monotonic() + 60
        while not all(sql.queries.get(CALLER, name).state.final for name in exports):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        close_sql(sql)


def test_an_export_has_a_file_and_no_rows_and_others_have_rows_and_no_file(sql: Sql) -> None:
    """Each error says where to look."""
    exported, plain = sql.query("select 1 as a", export=True).id, sql.query("select 1 as a").id
    with pytest.raises(Invalid, match=r"rows\.parquet"):
        sql.queries.rows(CALLER, exported)
    with pytest.raises(Invalid, match="was not exported"):
        sql.queries.exported(CALLER, plain)
    with pytest.raises(NotFound):
        sql.queries.exported(Caller("somebody"), "no-such-query")


def test_a_query_that_is_over_can_be_forgotten(sql: Sql) -> None:
    """With its file; one that runs is not."""
    name = sql.query("select 1 as a", export=True).id
    path = sql.queries.exported(CALLER, name)
    sql.queries.forget(CALLER, name)
    assert not path.exists()
    with pytest.raises(NotFound):
        sql.queries.get(CALLER, name)
    running = sql.queries.submit(CALLER, ENDLESS).id
    wait_for(sql, running, QueryState.RUNNING)
    with pytest.raises(Invalid, match="cancel it first"):
        sql.queries.forget(CALLER, running)
    sql.queries.cancel(CALLER, running)
    sql.queries.wait(CALLER, running, 30)


def test_a_query_of_a_job_ends_when_the_job_asks_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its run was killed; as long as it asks, the query goes on."""
    monkeypatch.setattr(embedded, "ABANDONED_SECONDS", 2.0)
    sql = open_sql(tmp_path)
    try:
        name = sql.queries.submit(Caller("alice", run="r1"), ENDLESS, export=True).id
        for _ in range(30):
            assert not sql.queries.get(Caller("alice"), name).state.final
            time.sleep(0.1)
        deadline = time.monotonic() + 30
        state = QueryState.RUNNING
        while not state.final and time.monotonic() < deadline:
            time.sleep(0.1)
            with sql.catalog.store.read() as tx:
                kept = rows.get(tx, name)
            state = kept.state if kept else state
        assert state is QueryState.CANCELLED
    finally:
        close_sql(sql)
