"""Topics of Kafka as sources of events: a real broker, whose messages are counted as read once what they tell is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from catalog_server.config import Config
from catalog_server.crawlers.event_sources import EventSources
from catalog_server.crawlers.targets import Targets
from catalog_server.crawlers.topics import TopicReader
from catalog_server.model.connection import Connection
from catalog_server.model.crawler import Crawler
from catalog_server.model.errors import CatalogError, Invalid, Unavailable
from catalog_server.query.queries import Queries
from catalog_server.testing.server import running_server
from tests.crawlers.conftest import ME, Crawling
from tests.crawlers.test_event_sources import until
from tests.crawlers.test_events import Following
from tests.crawlers.test_notifications import record
from tests.engines.kafka import Kafka, kafka_server

pytestmark = [pytest.mark.timeout(180), pytest.mark.xdist_group("kafka")]


@pytest.fixture(scope="module")
def kafka() -> Iterator[Kafka]:
    with kafka_server() as server:
        yield server


@pytest.fixture
def following(local: Crawling) -> Following:
    return Following(local)


@pytest.fixture
def sources(following: Following) -> Iterator[EventSources]:
    made = EventSources(following.events, Targets())
    yield made
    made.close()


def group(following: Following, name: str = "raw") -> str:
    return following.events.group(following.events.followers()[name])


def event(key: str) -> bytes:
    """What MinIO puts into a topic."""
    told = {"EventName": "s3:ObjectCreated:Put", "Key": f"lake/{key}", "Records": [record(key)]}
    return json.dumps(told).encode()


def test_messages_are_kept_and_then_counted_as_read(following: Following, sources: EventSources, kafka: Kafka) -> None:
    topic = kafka.create_topic()
    kafka.send(topic, event("raw/t/k=1/a.csv"))  # before anybody reads
    following.create("s3://lake/raw/", events=f"kafka://{kafka.brokers}/{topic}")
    sources.look()
    until(following, lambda state: state.waiting == 1)
    kafka.send(topic, event("raw/t/k=2/a.csv"), event("other/t/a.csv"))
    until(following, lambda state: state.waiting == 2)
    while kafka.kept(topic, group(following)) < 3:
        pass


def test_a_message_that_is_none_is_told_and_the_next_ones_are_read(
    following: Following, sources: EventSources, kafka: Kafka
) -> None:
    topic = kafka.create_topic()
    kafka.send(topic, b"nonsense", None, b'{"Records": [{}]}', b"\xff", event("raw/t/k=1/a.csv"))
    following.create("s3://lake/raw/", events=f"kafka://{kafka.brokers}/{topic}")
    sources.look()
    state = until(following, lambda state: state.waiting == 1 and state.skipped == 3)
    assert state.problem is not None
    assert f"message 3 of partition 0 of topic {topic} is skipped: body: is not valid JSON" in state.problem
    assert state.problem_at is not None
    while kafka.kept(topic, group(following)) < 5:
        pass


def test_what_was_not_counted_as_read_comes_again(
    following: Following, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = kafka.create_topic()
    kafka.send(topic, event("raw/t/k=1/a.csv"))
    following.create("s3://lake/raw/", events=f"kafka://{kafka.brokers}/{topic}")
    with monkeypatch.context() as patched:
        patched.setattr(TopicReader, "commit", lambda self: None)
        ended = EventSources(following.events, Targets())
        ended.look()
        until(following, lambda state: state.received == 1)
        ended.close()
    assert kafka.kept(topic, group(following)) < 0
    again = EventSources(following.events, Targets())
    again.look()
    assert until(following, lambda state: state.received == 2).waiting == 1
    again.close()


def test_what_cannot_be_kept_is_not_counted_as_read(
    following: Following, sources: EventSources, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = kafka.create_topic()
    kafka.send(topic, event("raw/t/k=1/a.csv"))
    following.create("s3://lake/raw/", events=f"kafka://{kafka.brokers}/{topic}")

    def refuse(*_: object) -> int:
        raise Unavailable("the store")

    monkeypatch.setattr(following.events, "receive", refuse)
    sources.look()
    assert "the store" in str(until(following, lambda state: state.problem is not None).problem)
    assert kafka.kept(topic, group(following)) < 0


def test_each_crawler_reads_all_of_a_topic(following: Following, sources: EventSources, kafka: Kafka) -> None:
    topic = kafka.create_topic(partitions=2)
    for name in ("raw", "other"):
        options = {"events": f"kafka://{kafka.brokers}/{topic}"}
        following.crawls.create(ME, Crawler(name, ("s3://lake/raw/",), "hive", name, "", options))
    sources.look()
    kafka.send(topic, event("raw/t/k=1/a.csv"))
    kafka.send(topic, event("raw/t/k=2/a.csv"), partition=1)
    until(following, lambda state: state.waiting == 2)
    while (found := following.events.state(ME, "other")) is None or found.waiting < 2:
        pass


def test_a_connection_knows_the_password_of_brokers(following: Following, sources: EventSources, kafka: Kafka) -> None:
    topic = kafka.create_topic()
    kafka.send(topic, event("raw/t/k=1/a.csv"))
    said = {
        "brokers": kafka.locked,
        "security_protocol": "sasl_plaintext",
        "sasl_mechanism": "PLAIN",
        "user": "catalog",
    }
    bus = Connection("bus", "kafka", options=said, secrets={"password": "wrong-one"})
    made = following.catalog.connections.create(ME, bus)
    following.create("s3://lake/raw/", events=f"kafka:bus/{topic}")
    sources.look()
    problem = until(following, lambda state: state.problem is not None).problem
    assert "uthentication" in str(problem)
    assert "wrong-one" not in str(problem)
    following.catalog.connections.alter(ME, "bus", replace(made, secrets={"password": kafka.password}))
    until(following, lambda state: state.waiting == 1)
    with pytest.raises(Invalid, match="give its secrets again"):
        following.catalog.connections.alter(ME, "bus", replace(made, options={**said, "brokers": "evil.example:9092"}))


def test_a_connection_that_changes_is_heeded_at_once(following: Following, sources: EventSources, kafka: Kafka) -> None:
    topic, connections = kafka.create_topic(), following.catalog.connections
    connections.create(ME, Connection("Bus", "kafka", options={"brokers": kafka.brokers}))
    following.create("s3://lake/raw/", events=f"kafka:bus/{topic}")
    kafka.send(topic, event("raw/t/k=1/a.csv"))
    sources.look()
    until(following, lambda state: state.waiting == 1)
    connections.alter(ME, "bus", Connection("Bus", "kafka", options={"brokers": "127.0.0.1:1"}))
    sources.look()
    until(following, lambda state: "127.0.0.1:1" in str(state.problem))
    connections.drop(ME, "bus")
    kafka.send(topic, event("raw/t/k=2/a.csv"))
    sources.look()
    until(following, lambda state: "connection bus" in str(state.problem))
    connections.create(ME, Connection("Bus", "kafka", options={"brokers": kafka.brokers}))
    sources.look()
    assert until(following, lambda state: state.waiting == 2).received == 2


def test_a_connection_to_brokers_is_tried(kafka: Kafka, tmp_path: Path) -> None:
    body = {"name": "bus", "kind": "kafka", "options": {"brokers": kafka.brokers}}
    with running_server(tmp_path / "data") as server, httpx.Client(base_url=f"{server.http}/api/v1") as client:
        client.post("/connections", json=body).raise_for_status()
        answer = client.post("/connections/bus/test", json={}).json()
        assert (answer["ok"], answer["message"].startswith("1 brokers")) == (True, True)
        client.patch("/connections/bus", json={"options": {"brokers": "127.0.0.1:1"}}).raise_for_status()
        assert "127.0.0.1:1" in client.post("/connections/bus/test", json={}, timeout=30).json()["message"]


def test_a_topic_that_is_not_there_is_told(following: Following, sources: EventSources, kafka: Kafka) -> None:
    following.create("s3://lake/raw/", events=f"kafka://{kafka.brokers}/missing")
    sources.look()
    assert "topic missing" in str(until(following, lambda state: state.problem is not None).problem)


def test_brokers_that_do_not_answer_are_told(following: Following, sources: EventSources) -> None:
    following.create("s3://lake/raw/", events="kafka://127.0.0.1:1/lake")
    sources.look()
    problem = str(until(following, lambda state: state.problem is not None).problem)
    assert ("topic lake" in problem, "127.0.0.1:1" in problem) == (True, True)


def test_brokers_that_only_this_machine_should_reach_are_refused(following: Following, kafka: Kafka) -> None:
    topic = kafka.create_topic()
    kafka.send(topic, event("raw/t/k=1/a.csv"))
    source = f"kafka://{kafka.brokers}/{topic}"
    following.create("s3://lake/raw/", events=source)
    refused = EventSources(following.events, Targets(exposed=True))
    refused.look()
    problem = until(following, lambda state: state.problem is not None).problem
    assert "name it in crawlers.allowed_targets" in str(problem)
    refused.close()
    allowed = EventSources(following.events, Targets((f"kafka://{kafka.brokers}/",), exposed=True))
    allowed.look()
    until(following, lambda state: state.waiting == 1)
    allowed.close()


def test_brokers_at_a_metadata_address_are_refused(following: Following, sources: EventSources) -> None:
    following.create("s3://lake/raw/", events="kafka://169.254.169.254:9092/lake")
    sources.look()
    assert "a link-local or metadata address" in str(until(following, lambda state: state.problem is not None).problem)


@pytest.mark.parametrize(
    "source",
    [
        "kafka:",
        "kafka://",
        "kafka://b:9092",
        "kafka://b/t",
        "kafka://b:0/t",
        "kafka://u:p@b:1/t",
        "kafka:bus/a b",
        "kafka:/t",
    ],
)
def test_sources_that_name_no_topic_are_refused(following: Following, source: str) -> None:
    with pytest.raises(Invalid, match=r"option events: .* is not of the form"):
        following.create("s3://lake/raw/", events=source)


def test_a_connection_to_brokers_is_no_catalog(following: Following, tmp_path: Path) -> None:
    following.catalog.connections.create(ME, Connection("bus", "kafka", options={"brokers": "127.0.0.1:1"}))
    with closing(Queries(following.catalog, Config(data=tmp_path / "catalog"))) as queries:
        assert queries.run(ME, "show catalogs")[1] == [["hive"]]
        with pytest.raises(CatalogError, match="bus"):
            queries.run(ME, "select * from bus.a.b")


def test_a_connection_to_brokers_has_no_options_of_a_driver(following: Following) -> None:
    with pytest.raises(Invalid, match=r"plugin\.library\.paths is not known for kafka"):
        following.catalog.connections.create(ME, Connection("bus", "kafka", options={"plugin.library.paths": "/tmp/x"}))
