"""Runs of table care by a real server and its worker: by the commands of a person, over the API, and when all are killed."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.table import Table

from catalog_server.testing import RunningServer, running_server, start_server
from tests.care.tables import SCHEMA, contents, files_of, read, rows

pytestmark = pytest.mark.slow
SECONDS = 60.0
GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "table-care.md"
TABLES = "/api/v1/catalogs/hive/databases/shop/tables"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("runs") / "data") as found:
        yield found


def filled(server: RunningServer, name: str, count: int = 6) -> Table:
    with_tables = RestCatalog("rest", uri=server.iceberg)
    with_tables.create_namespace_if_not_exists("shop")
    table = with_tables.create_table(f"shop.{name}", SCHEMA)
    for number in range(count):
        table.append(rows(number))
    return table


def api(server: RunningServer, method: str, path: str, **more: Any) -> httpx.Response:
    return httpx.request(method, f"{server.http}{path}", timeout=60, trust_env=False, **more)


def wait(server: RunningServer, id_: str) -> dict[str, Any]:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        found: dict[str, Any] = api(server, "GET", f"/api/v1/care-runs/{id_}?wait_ms=1000").json()
        if found["state"] not in ("QUEUED", "RUNNING"):
            return found
    raise AssertionError(f"still {found}")


def care(server: RunningServer, *arguments: str, code: int = 0) -> list[Any]:
    command = [sys.executable, "-m", "catalog_server.cli", "--server", server.http, "care", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == code, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()] or [done.stderr]


def test_a_table_is_cared_for_by_commands(server: RunningServer) -> None:
    table = filled(server, "orders")
    (tried,) = care(server, "rewrite", "shop.orders", "--dry-run")
    assert len(table.metadata.snapshots) == 6
    (done,) = care(server, "rewrite", "shop.orders")
    assert (done["state"], done["summary"]) == ("SUCCEEDED", tried["summary"])
    assert done["summary"]["new_files"] == 1
    expire = ("expire-snapshots", "shop.orders", "--older-than", "0s", "--retain-last", "1")
    (tried,) = care(server, *expire, "--dry-run")
    (done,) = care(server, *expire)
    assert (done["summary"], done["summary"]["snapshots"]) == (tried["summary"], 6)
    (done,) = care(server, "remove-orphans", "shop.orders", "--older-than", "0s", "--force")
    assert done["summary"]["files"] == 0
    table.refresh()
    assert read(table, None) == [(number, "even" if number % 2 == 0 else "odd") for number in range(6)]
    runs = care(server, "list", "shop.orders")
    assert [(one["operation"], one["dry_run"]) for one in runs] == [
        ("remove-orphans", False),
        ("expire-snapshots", False),
        ("expire-snapshots", True),
        ("rewrite", False),
        ("rewrite", True),
    ]
    assert care(server, "show", runs[0]["id"]) == [runs[0]]


def test_the_commands_of_the_guide_run(server: RunningServer) -> None:
    filled(server, "guided")
    for block in re.findall(r"^```shell\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE):
        for line in block.replace("shop.orders", "shop.guided").splitlines():
            words = shlex.split(line)
            assert words[:2] == ["catalog", "care"]
            assert care(server, *words[2:])
    runs = care(server, "list", "shop.guided")
    assert [one["state"] for one in runs] == ["SUCCEEDED"] * 4


def test_what_makes_no_sense_is_refused(server: RunningServer) -> None:
    filled(server, "refused", 1)
    assert "less than an hour" in care(server, "remove-orphans", "shop.refused", "--older-than", "5m", code=2)[0]
    assert "'7' is no age" in care(server, "expire-snapshots", "shop.refused", "--older-than", "7", code=2)[0]
    assert "shop.nothing not found" in care(server, "rewrite", "shop.nothing", code=3)[0]
    assert "not found" in care(server, "show", "nothing", code=3)[0]
    files = {"name": "files", "columns": [{"name": "a", "type": "int"}]}
    api(server, "POST", TABLES, json=files).raise_for_status()
    answer = api(server, "POST", f"{TABLES}/files/care/rewrite", json={})
    assert (answer.status_code, "no Iceberg table" in answer.text) == (400, True)


def test_one_run_at_a_time_changes_a_table(server: RunningServer) -> None:
    filled(server, "busy")
    answers = [api(server, "POST", f"{TABLES}/busy/care/rewrite", json={}) for _ in range(2)]
    tried = api(server, "POST", f"{TABLES}/busy/care/rewrite", json={"dry_run": True})
    assert (answers[0].status_code, tried.status_code) == (201, 201)
    if answers[1].status_code != 409:  # the first had ended already
        assert wait(server, answers[1].json()["id"])["summary"]["files"] == 0
    assert wait(server, answers[0].json()["id"])["summary"]["files"] == 6


@pytest.mark.parametrize(
    ("operation", "failpoint", "body"),
    [
        ("expire-snapshots", "care_committed", {"older_than_ms": 0, "retain_last": 1}),
        ("expire-snapshots", "care_deleted:3", {"older_than_ms": 0, "retain_last": 1}),
        ("rewrite", "care_written", {}),
        ("rewrite", "care_committed", {}),
    ],
)
def test_a_run_is_gone_on_with_when_all_are_killed(
    tmp_path: Path, operation: str, failpoint: str, body: dict[str, Any]
) -> None:
    server = start_server(tmp_path / "data", environment={"CATALOG_SERVER_FAILPOINT": failpoint})
    table = filled(server, "t")
    table.overwrite(rows(*range(9)))
    for number in range(6):
        table.append(rows(number))
    before, files = contents(table), files_of(table)
    begun = api(server, "POST", f"{TABLES}/t/care/{operation}", json=body).json()
    deadline = time.monotonic() + SECONDS
    while files_of(table) == files and time.monotonic() < deadline:
        time.sleep(0.05)
    server.kill()
    server = start_server(tmp_path / "data")
    try:
        done = wait(server, begun["id"])
        assert done["state"] == "SUCCEEDED", done
        table = RestCatalog("rest", uri=server.iceberg).load_table("shop.t")
        after = contents(table)
        assert after[table.metadata.current_snapshot_id or 0] == list(before.values())[-1]
        assert {id_: found for id_, found in before.items() if id_ in after}.items() <= after.items()
        if operation == "expire-snapshots":
            again = api(server, "POST", f"{TABLES}/t/care/remove-orphans", json={"older_than_ms": 0, "force": True})
            left = wait(server, again.json()["id"])["summary"]["sample"]
            assert [one for one in left if not one.endswith(".metadata.json")] == []  # killed before its commit
            assert len(after) == 1
            assert len(files - files_of(table)) >= done["summary"]["files"]
    finally:
        assert server.stop() == 0
