"""kill -9 of the worker again and again while it undoes a crawl: it goes on where it was, and nothing is half undone."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import pytest

from catalog_server.model.caller import SYSTEM
from catalog_server.testing.server import start_server
from tests.durability.test_kill import check_consistent, opened, store

__all__ = ["store"]
pytestmark = pytest.mark.timeout(240)
WAIT_SECONDS = 150


def finished(api: httpx.Client, crawl: str) -> dict[str, object]:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        found: dict[str, object] = api.get(f"/crawls/{crawl}", params={"wait_ms": 5000}).json()
        if found["state"] in ("SUCCEEDED", "FAILED"):
            return found
    raise AssertionError(f"crawl {crawl} does not end")


def test_an_undo_survives_the_end_of_its_worker_at_every_third_step(tmp_path: Path, store: str) -> None:
    for table in "abcd":
        for month in (1, 2):
            folder = tmp_path / "files" / table / f"month={month}"
            folder.mkdir(parents=True)
            (folder / "f.csv").write_text("x,y\n1,2\n")
    data = tmp_path / "data"
    server = start_server(data, store=store, environment={"CATALOG_SERVER_FAILPOINT": "undo_step:3"})
    with httpx.Client(base_url=f"{server.http}/api/v1", timeout=30, trust_env=False) as api:
        body = {"name": "raw", "targets": [(tmp_path / "files").as_uri()], "database": "raw"}
        api.post("/crawlers", json=body).raise_for_status()
        crawl = finished(api, api.post("/crawlers/raw/crawls", json={}).json()["id"])
        assert crawl["state"] == "SUCCEEDED", crawl
        undo = finished(api, api.post(f"/crawls/{crawl['id']}/undo", json={}).json()["id"])
        assert undo["state"] == "SUCCEEDED", undo
        assert api.get(f"/crawls/{crawl['id']}").json()["undone_at"]
    assert server.stop() == 0
    assert f"crawl {undo['id']} was left behind by its worker" in (data / "server.log").read_text()
    with opened(data, store) as catalog:
        check_consistent(catalog)
        assert [one.name for one in catalog.databases.list(SYSTEM)] == ["default"]
    assert sorted(path.name for path in (tmp_path / "files").rglob("*.csv")) == ["f.csv"] * 8
