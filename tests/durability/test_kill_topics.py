"""kill -9 between the moment at which what a topic tells is kept and that at which it counts as read: nothing is lost."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from catalog_server.testing.server import start_server
from tests.durability.test_kill_events import api, partitions, put
from tests.engines.kafka import kafka_server

pytestmark = [pytest.mark.timeout(180), pytest.mark.xdist_group("kafka")]


def test_messages_of_a_topic_are_applied_whenever_the_server_ends(tmp_path: Path) -> None:
    folder = tmp_path / "lake"
    put(folder, 1)
    with kafka_server() as kafka:
        topic = kafka.create_topic()
        options = {"events": f"kafka://{kafka.brokers}/{topic}", "events.heal": "off"}
        body = {"name": "raw", "targets": [str(folder)], "database": "raw", "options": options}
        server = start_server(tmp_path / "data", environment={"CATALOG_SERVER_FAILPOINT": "events_kept"})
        with api(server) as client:
            client.post("/crawlers", json=body).raise_for_status()
            client.post("/crawlers/raw/crawls", json={}).raise_for_status()
            while partitions(client) != {"01"}:
                time.sleep(0.05)
            put(folder, 2)
            told = {"location": f"file://{folder}/t/k=02/a.csv"}
            kafka.send(topic, json.dumps(told).encode(), b"nonsense")
            while not (first := client.get("/crawlers/raw/events").json()["received"]):
                time.sleep(0.05)
        server.kill()
        server = start_server(tmp_path / "data")
        try:
            with api(server) as client:
                while partitions(client) != {"01", "02"}:
                    time.sleep(0.05)
                while (state := client.get("/crawlers/raw/events").json())["received"] <= first:
                    time.sleep(0.05)  # it comes again, since it was not counted as read
                assert f"message 1 of partition 0 of topic {topic}" in state["problem"]
        finally:
            server.stop()
