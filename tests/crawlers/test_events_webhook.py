"""Events through the door: a real store that calls a real server, whose worker applies what it is told."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from catalog_server.testing.server import RunningServer, running_server, start_server
from tests.engines.s3 import S3, s3_server

pytestmark = pytest.mark.timeout(90)
ROWS = b"a,b\n1,2\n"


class Door:
    """The JSON API of a server with a crawler that follows events."""

    def __init__(self, server: RunningServer) -> None:
        self.client = httpx.Client(base_url=f"{server.http}/api/v1", timeout=30, trust_env=False)

    def __enter__(self) -> Door:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def create(self, target: str, events: str = "webhook") -> None:
        body = {"name": "raw", "targets": [target], "database": "raw", "options": {"events": events}}
        self.client.post("/crawlers", json=body).raise_for_status()

    def partitions(self) -> set[str]:
        found = self.client.get("/catalogs/hive/databases/raw/tables/t/partitions")
        return {one["values"][0] for one in found.json()["items"]} if found.status_code == 200 else set()

    def until(self, *partitions: str) -> None:
        """Wait until the table has these partitions and no others."""
        while self.partitions() != set(partitions):
            time.sleep(0.05)

    def settled(self) -> dict[str, Any]:
        """The state of events once nothing waits."""
        while True:
            found: dict[str, Any] = self.client.get("/crawlers/raw/events").json()
            if not found["waiting"] and not found["unsettled"]:
                return found
            time.sleep(0.05)


def hook(server: RunningServer) -> dict[str, str]:
    """What turns SeaweedFS's webhook on."""
    name = "WEED_NOTIFICATION_WEBHOOK"
    return {
        f"{name}_ENABLED": "true",
        f"{name}_ENDPOINT": f"{server.http}/api/v1/crawlers/raw/events",
        f"{name}_BACKOFF_SECONDS": "1",
        f"{name}_MAX_RETRIES": "10",
        f"{name}_MAX_BACKOFF_SECONDS": "5",
    }


def profile(store: S3, bucket: str) -> dict[str, Any]:
    """The storage profile of a bucket."""
    return {
        "name": "store",
        "kind": "s3",
        "prefixes": [f"s3://{bucket}/"],
        "options": {"endpoint": store.endpoint, "region": store.region},
        "secrets": {"access_key_id": store.access_key, "secret_access_key": store.secret_key},
    }


@pytest.mark.s3
def test_seaweedfs_tells_of_objects_and_they_are_partitions(tmp_path: Path) -> None:
    server = start_server(tmp_path / "data")
    port = int(server.http.rpartition(":")[2])
    try:
        with s3_server(hook(server)) as store:
            bucket = store.create_bucket()
            store.put(bucket, {"raw/t/k=1/a.csv": ROWS})
            with Door(server) as door:
                door.client.post("/connections", json=profile(store, bucket)).raise_for_status()
                door.create(f"s3://{bucket}/raw/")
                door.until("1")
                store.put(bucket, {"raw/t/k=2/a.csv": ROWS, "raw/t/k=3/a.csv": ROWS})
                door.until("1", "2", "3")
                store.client().delete_object(Bucket=bucket, Key="raw/t/k=1/a.csv")
                door.until("2", "3")
                assert door.settled()["received"] >= 3
            server.kill()
            store.put(bucket, {"raw/t/k=4/a.csv": ROWS})  # which nobody hears
            server = start_server(tmp_path / "data", http_port=port)
            with Door(server) as door:
                door.until("2", "3", "4")
    finally:
        server.stop()


def test_crawls_that_follow_events_are_told_from_those_that_list_all(tmp_path: Path) -> None:
    (tmp_path / "lake/t/k=1").mkdir(parents=True)
    (tmp_path / "lake/t/k=1/a.csv").write_bytes(ROWS)
    with running_server(tmp_path / "data") as server, Door(server) as door:
        door.create(str(tmp_path / "lake"))
        door.until("1")
        (tmp_path / "lake/t/k=2").mkdir()
        (tmp_path / "lake/t/k=2/a.csv").write_bytes(ROWS)
        told = [{"location": f"file://{tmp_path}/lake/t/k=2/a.csv"}]
        door.client.post("/crawlers/raw/events", json=told).raise_for_status()
        door.until("1", "2")
        crawls = door.client.get("/crawls").json()["items"]
        assert [(one["follows"], one["started_by"]) for one in crawls] == [(True, "events"), (False, "events")]


def test_event_grid_is_answered_if_it_shows_the_token(tmp_path: Path) -> None:
    (tmp_path / "lake").mkdir()
    asked = [{"eventType": "Microsoft.EventGrid.SubscriptionValidationEvent", "data": {"validationCode": "512d38b6"}}]
    with running_server(tmp_path / "data") as server, Door(server) as door:
        door.create(str(tmp_path / "lake"))
        token = door.client.post("/crawlers/raw/events/token", json={}).json()["token"]
        assert "512d38b6" not in door.client.post("/crawlers/raw/events", json=asked).text
        answer = door.client.post("/crawlers/raw/events", params={"token": token}, json=asked)
        assert (answer.status_code, answer.json()) == (200, {"folders": 0, "validationResponse": "512d38b6"})


def test_the_door_asks_for_the_token_and_takes_what_sns_calls_plain_text(tmp_path: Path) -> None:
    (tmp_path / "lake").mkdir()
    with running_server(tmp_path / "data") as server, Door(server) as door:
        door.create(str(tmp_path / "lake"))
        token = door.client.post("/crawlers/raw/events/token", json={}).json()["token"]
        told = {"Type": "SubscriptionConfirmation", "SubscribeURL": "https://sns.example/confirm"}
        plain = {"Content-Type": "text/plain; charset=UTF-8"}
        events = "/crawlers/raw/events"
        assert door.client.post(events, json=told).status_code == 403
        assert door.client.post(events, json=told, headers={"Authorization": "Bearer wrong"}).status_code == 403
        assert door.client.post(events, json=told, headers={"Authorization": f"Bearer {token}"}).status_code == 200
        sent = door.client.post(
            events, params={"token": token}, headers=plain, content=httpx.Request("POST", "/", json=told).content
        )
        assert sent.status_code == 200
        state = door.client.get(events).json()
        assert (state["has_token"], state["confirm_url"]) == (True, "https://sns.example/confirm")
        assert token not in door.client.get("/crawlers/raw").text + door.client.get(events).text
        foreign = {"Origin": "http://evil.example", **plain}
        assert door.client.post(events, params={"token": token}, headers=foreign, content=b"{}").status_code == 403
        bad = door.client.post(events, params={"token": token}, json={"Records": [{}]})
        assert (bad.status_code, "Records[0].s3.bucket.name" in bad.text) == (400, True)
        assert door.client.delete("/crawlers/raw/events/token").status_code == 204
        assert door.client.post(events, json={"Records": []}).json() == {"folders": 0}
