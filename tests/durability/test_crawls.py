"""kill -9 of a server in a crawl: the next one goes on with it, and nothing is made twice."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from catalog_server.testing.server import RunningServer, start_server

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
