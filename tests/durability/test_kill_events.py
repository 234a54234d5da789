"""kill -9 between the answer to a notification and what comes of it: nothing that was acknowledged is lost."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from catalog_server.testing.server import RunningServer, start_server
from tests.durability.test_kill import store

__all__ = ["store"]
pytestmark = pytest.mark.timeout(90)


def api(server: RunningServer) -> httpx.Client:
    return httpx.Client(base_url=f"{server.http}/api/v1", timeout=30, trust_env=False)


def put(folder: Path, month: int) -> None:
    path = folder / "t" / f"k={month:02}" / "a.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"a,b\n1,2\n")


def notification(folder: Path, *months: int) -> list[dict[str, Any]]:
    """Folders by their locations."""
    return [{"folder": f"file://{folder}/t/k={month:02}"} for month in months]


def partitions(client: httpx.Client) -> set[str]:
    found = client.get("/catalogs/hive/databases/raw/tables/t/partitions")
    return {one["values"][0] for one in found.json()["items"]} if found.status_code == 200 else set()


@pytest.mark.parametrize("failpoint", ["events_kept", "events_applied", "events_settled"])
def test_what_was_acknowledged_is_applied_whenever_the_server_ends(tmp_path: Path, store: str, failpoint: str) -> None:
    folder = tmp_path / "lake"
    for month in (1, 2):
        put(folder, month)
    body = {"name": "raw", "targets": [str(folder)], "database": "raw", "options": {"events": "webhook"}}
    server = start_server(tmp_path / "data", store=store)
    with api(server) as client:
        client.post("/crawlers", json=body).raise_for_status()
        while partitions(client) != {"01", "02"}:  # a crawler that follows events is crawled at once
            time.sleep(0.05)
    server.stop()
    for month in (3, 4):
        put(folder, month)
    server = start_server(tmp_path / "data", store=store, environment={"CATALOG_SERVER_FAILPOINT": failpoint})
    with api(server) as client:
        try:
            answer = client.post("/crawlers/raw/events", json=notification(folder, 3, 4))
            assert (answer.status_code, answer.json()) == (200, {"folders": 2})
        except httpx.TransportError:
            assert failpoint == "events_kept"
        while failpoint != "events_kept" and "left behind" not in server.log.read_text(encoding="utf-8"):
            time.sleep(0.05)
    server.kill()
    server = start_server(tmp_path / "data", store=store)
    try:
        with api(server) as client:
            while partitions(client) != {"01", "02", "03", "04"}:
                time.sleep(0.05)
            while (state := client.get("/crawlers/raw/events").json())["waiting"] or state["unsettled"]:
                time.sleep(0.05)
            assert client.get("/catalogs/hive/databases/raw/tables/t").json()["parameters"]["objectCount"] == "4"
    finally:
        server.stop()
