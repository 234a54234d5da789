"""kill -9 of a server in a crawl: the next one goes on with it, and nothing is made twice."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from catalog_server.testing.server import RunningServer, start_server
from tests.jobs.test_runner import gone
from tests.jobs.test_worker import worker_of

pytestmark = pytest.mark.timeout(240)


def api(server: RunningServer) -> httpx.Client:
    return httpx.Client(base_url=f"{server.http}/api/v1", timeout=30, trust_env=False)


def ended(client: httpx.Client, crawl: str) -> dict[str, Any]:
    """The crawl once it has ended."""
    while True:
        found: dict[str, Any] = client.get(f"/crawls/{crawl}").json()
        if found["state"] not in ("QUEUED", "RUNNING"):
            return found
        time.sleep(0.05)


@pytest.mark.parametrize("failpoint", ["folder_listed:30", "crawl_written"])
def test_a_crawl_outlives_its_server(tmp_path: Path, failpoint: str) -> None:
    for n in range(50):
        folder = tmp_path / "lake" / "t" / f"k={n:02}"
        folder.mkdir(parents=True)
        (folder / "a.csv").write_bytes(b"a,b\n1,2\n")
    server = start_server(tmp_path / "data", environment={"CATALOG_SERVER_FAILPOINT": failpoint})
    with api(server) as client:
        body = {"name": "raw", "targets": [str(tmp_path / "lake")], "database": "raw"}
        client.post("/crawlers", json=body).raise_for_status()
        crawl = client.post("/crawlers/raw/crawls", json={}).json()["id"]
        while "left behind" not in server.log.read_text(
            encoding="utf-8"
        ):  # its worker was killed, and another took over
            time.sleep(0.05)
        assert client.get(f"/crawls/{crawl}").json()["state"] == "RUNNING"
    server.kill()
    server = start_server(tmp_path / "data")
    try:
        with api(server) as client:
            first = ended(client, crawl)
            assert (first["state"], first["summary"]["objects"]) == ("SUCCEEDED", 50)
            second = ended(client, client.post("/crawlers/raw/crawls", json={}).json()["id"])
            assert [one["table"] for one in second["summary"]["unchanged"]] == ["raw.t"]
            assert second["summary"]["unchanged"][0]["partitions"] == 50
    finally:
        server.stop()
    assert list((tmp_path / "data" / "crawls").iterdir()) == []


@pytest.mark.parametrize("failpoint", ["due_queued", "due_committed"])
def test_a_time_that_was_due_in_a_kill_is_crawled_once(tmp_path: Path, failpoint: str) -> None:
    (tmp_path / "lake" / "t").mkdir(parents=True)
    (tmp_path / "lake" / "t" / "a.csv").write_bytes(b"a,b\n1,2\n")
    server = start_server(tmp_path / "data", environment={"CATALOG_SERVER_FAILPOINT": failpoint})
    with api(server) as client:
        schedule = {"cron": "0 0 1 1 *"}
        body = {"name": "raw", "targets": [str(tmp_path / "lake")], "database": "raw", "schedule": schedule}
        client.post("/crawlers", json=body).raise_for_status()
    worker = worker_of(server)
    due_at = time.time_ns() // 1_000_000
    with closing(sqlite3.connect(tmp_path / "data" / "catalog.db", timeout=30)) as store, store:
        store.execute("UPDATE schedules SET next_at = ?", (due_at,))
    while not gone(worker):
        time.sleep(0.05)
    server.kill()
    server = start_server(tmp_path / "data")
    try:
        with api(server) as client:
            while not (found := client.get("/crawls").json()["items"]):
                time.sleep(0.05)
            crawl = ended(client, found[0]["id"])
            assert (crawl["state"], crawl["started_by"], crawl["due_at"]) == ("SUCCEEDED", "schedule", due_at)
            assert client.get("/crawlers/raw").json()["schedule"]["next_at"] > due_at
            assert [one["id"] for one in client.get("/crawls").json()["items"]] == [crawl["id"]]
    finally:
        server.stop()


@pytest.mark.postgresql
def test_each_time_is_crawled_once_by_several_servers_of_which_one_is_killed(
    tmp_path: Path, postgresql_url: str
) -> None:
    (tmp_path / "lake" / "t").mkdir(parents=True)
    (tmp_path / "lake" / "t" / "a.csv").write_bytes(b"a,b\n1,2\n")
    names = [f"c{number}" for number in range(6)]
    dying = {"CATALOG_SERVER_FAILPOINT": "due_queued:2"}
    servers = [
        start_server(tmp_path / f"data{number}", store=postgresql_url, environment=dying if number == 0 else None)
        for number in range(3)
    ]
    try:
        with api(servers[1]) as client, psycopg.connect(postgresql_url, autocommit=True) as store:
            for name in names:
                target = {"targets": [str(tmp_path / "lake")], "database": name, "schedule": {"cron": "0 0 1 1 *"}}
                client.post("/crawlers", json={"name": name, **target}).raise_for_status()
            times = []
            for _ in range(3):
                times.append(time.time_ns() // 1_000_000)
                store.execute("UPDATE schedules SET next_at = %s", (times[-1],))
                while store.execute("SELECT 1 FROM schedules WHERE next_at <= %s", (times[-1],)).fetchone():
                    time.sleep(0.05)
                if len(times) == 2:
                    servers[0].kill()
                for crawl in client.get("/crawls").json()["items"]:
                    assert ended(client, crawl["id"])["state"] == "SUCCEEDED"
            found = [(one["crawler"], one["due_at"]) for one in client.get("/crawls").json()["items"]]
            assert sorted(found) == sorted((name, at) for name in names for at in times)
    finally:
        for server in servers[1:]:
            server.stop()
