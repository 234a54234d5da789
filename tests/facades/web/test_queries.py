"""SQL through the JSON API."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import httpx
import pytest

from catalog_server.model.caller import run_token
from tests.facades.web.serving import Served


def ask(api: httpx.Client, sql: str, **body: Any) -> dict[str, Any]:
    taken = api.post("/queries", json={"sql": sql, **body})
    assert taken.status_code == 201
    for _ in range(10):
        found: dict[str, Any] = api.get(f"/queries/{taken.json()['id']}", params={"wait_ms": 20_000}, timeout=60).json()
        if found["state"] in ("FINISHED", "FAILED", "CANCELLED"):
            return found
    raise AssertionError(found)


@pytest.fixture
def airports(api: httpx.Client, database: str, tmp_path: Path) -> str:
    """A table over a Parquet file; the fixture's value is its path in the API."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(
        pa.table({"code": ["JFK", "LGA", None], "altitude": pa.array([13, 22, 2**60])}), tmp_path / "a.parquet"
    )
    body = {
        "name": "airports",
        "columns": [{"name": "code", "type": "string"}, {"name": "altitude", "type": "bigint"}],
        "location": tmp_path.as_uri(),
    }
    assert api.post(f"{database}/tables", json=body).status_code == 201
    return f"{database}/tables/airports"


def test_answer_is_read_in_pages(api: httpx.Client) -> None:
    found = ask(api, "select n, n * n as square from unnest(sequence(1, 25)) as t(n)")
    assert found["state"] == "FINISHED"
    assert [column["name"] for column in found["columns"]] == ["n", "square"]
    assert found["row_count"] == 25
    rows: list[list[int]] = []
    token: str | None = None
    while True:
        page = api.get(
            f"/queries/{found['id']}/rows", params={"page_size": "10", **({"page_token": token} if token else {})}
        ).json()
        assert page["row_offset"] == len(rows)
        rows += page["rows"]
        token = page["next_page_token"]
        if token is None:
            break
    assert sorted(rows) == [[n, n * n] for n in range(1, 26)]


def test_error_says_where_it_is(api: httpx.Client) -> None:
    found = ask(api, "select 1,\n  nothing from nowhere")
    assert found["state"] == "FAILED"
    assert found["error"]["type"] == "InvalidQuery"
    assert found["error"]["line"] == 2
    assert api.get(f"/queries/{found['id']}/rows").status_code == 400


def test_rows_of_a_table_are_exact(api: httpx.Client, airports: str) -> None:
    sample = api.get(f"{airports}/sample", params={"rows": 3}, timeout=60).json()
    assert [column["name"] for column in sample["columns"]] == ["code", "altitude"]
    assert sorted(sample["rows"], key=str) == sorted([["JFK", 13], ["LGA", 22], [None, str(2**60)]], key=str)


def test_kept_rows_are_limited_and_said_to_be(api: httpx.Client) -> None:
    found = ask(api, "select * from unnest(sequence(1, 100)) as t(n)", rows_max=10)
    assert (found["row_count"], found["truncated"]) == (10, True)


def test_answer_is_downloaded_as_csv(api: httpx.Client) -> None:
    found = ask(api, """select 1 as "a,b", 'say "hi"' as c, null as d""")
    answer = api.get(f"/queries/{found['id']}/rows.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    assert list(csv.reader(answer.text.splitlines())) == [["a,b", "c", "d"], ["1", 'say "hi"', ""]]


def test_cancelled_query_ends(api: httpx.Client) -> None:
    taken = api.post(
        "/queries",
        json={
            "sql": "select count(*) from unnest(sequence(1, 100000)) a(n), unnest(sequence(1, 100000)) b(m) where n * m % 7 = 8"
        },
    ).json()
    assert api.delete(f"/queries/{taken['id']}").status_code == 202
    ended = api.get(f"/queries/{taken['id']}", params={"wait_ms": 30_000}, timeout=60).json()
    assert ended["state"] == "CANCELLED"


def test_queries_are_listed_newest_first(api: httpx.Client, served: Served) -> None:
    ids = [ask(api, f"select {number}")["id"] for number in range(3)]
    page = api.get("/queries", params={"page_size": 2}).json()
    rest = api.get("/queries", params={"page_token": page["next_page_token"]}).json()
    listed = [one["id"] for one in page["items"] + rest["items"]]
    assert listed[:3] == ids[::-1]
    assert len(listed) == len(set(listed))


def test_empty_statement_is_refused(api: httpx.Client) -> None:
    assert api.post("/queries", json={"sql": ""}).status_code == 400
    assert api.get("/queries/none").status_code == 404


def test_an_export_is_downloaded_and_forgotten(api: httpx.Client) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    found = ask(api, "select n from unnest(sequence(1, 25)) as t(n)", export=True)
    answer = api.get(f"/queries/{found['id']}/rows.parquet")
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    assert sorted(pq.read_table(pa.BufferReader(answer.content))["n"].to_pylist()) == list(range(1, 26))
    assert api.get(f"/queries/{found['id']}/rows").status_code == 400
    assert api.delete(f"/queries/{found['id']}", params={"forget": "true"}).status_code == 202
    assert api.get(f"/queries/{found['id']}/rows.parquet").status_code == 404
    plain = ask(api, "select 1 as a")
    assert api.get(f"/queries/{plain['id']}/rows.parquet").status_code == 400


def test_the_token_of_a_run_says_who_asks(api: httpx.Client) -> None:
    token = run_token("alice", "r1")
    found = api.post("/queries", json={"sql": "select 1 as a"}, headers={"Authorization": f"Bearer {token}"}).json()
    assert found["by"] == "alice"
