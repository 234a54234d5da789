"""Sources of events: queues that are read until what they tell is kept, and folders that are watched."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from catalog_server.crawlers.event_sources import EventSources
from catalog_server.crawlers.targets import Targets
from catalog_server.model.crawler import EventState
from tests.crawlers.conftest import ME, Crawling
from tests.crawlers.test_crawl_files import months
from tests.crawlers.test_events import Following
from tests.crawlers.test_notifications import record

pytestmark = pytest.mark.timeout(90)


@pytest.fixture
def following(local: Crawling) -> Following:
    return Following(local)


@pytest.fixture
def sources(following: Following) -> Iterator[EventSources]:
    made = EventSources(following.events, Targets())
    yield made
    made.close()


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A queue of moto's server, and the client that speaks to it."""
    import boto3
    from moto.server import ThreadedMotoServer

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = boto3.client("sqs", endpoint_url=f"http://{host}:{port}", region_name="us-east-1")
    yield client
    client.close()
    server.stop()


def until(following: Following, condition: Callable[[EventState], bool]) -> EventState:
    """The state of events once it is so."""
    while True:
        found = following.events.state(ME, "raw")
        assert found is not None
        if condition(found):
            return found
        time.sleep(0.02)


def test_messages_of_a_queue_are_kept_and_then_deleted(following: Following, sources: EventSources, queue: Any) -> None:
    url = queue.create_queue(QueueName="events", Attributes={"VisibilityTimeout": "0"})["QueueUrl"]
    following.place.put(months(1))
    following.create("s3://lake/raw/", events=f"sqs:{url}")
    plain = json.dumps({"Records": [record("raw/t/k=1/a.csv")]})
    by_topic = json.dumps({"Type": "Notification", "Message": json.dumps({"Records": [record("raw/t/k=2/a.csv")]})})
    for body in (plain, by_topic, "nonsense"):
        queue.send_message(QueueUrl=url, MessageBody=body)
    sources.look()
    until(following, lambda state: state.waiting == 2)
    while (left := queue.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"])[
        "ApproximateNumberOfMessages"
    ] != "1":
        time.sleep(0.02)
    assert left["ApproximateNumberOfMessages"] == "1"  # what is not understood is for the dead letters


def test_a_folder_that_is_watched_is_followed(following: Following, sources: EventSources) -> None:
    following.crawl(months(1, 2), events="watch")
    sources.look()
    following.place.put(months(3))
    until(following, lambda state: state.waiting > 0)
    following.follow()
    assert "3" in following.partitions("flights")
    following.place.files.remove_directory(f"{following.place.root}/flights/month=1")
    until(following, lambda state: state.waiting > 0)
    while "1" in following.partitions("flights"):
        following.events.start_due()
        if following.crawls.list_crawls(ME, "raw", "QUEUED"):
            following.follow()
    assert set(following.partitions("flights")) == {"2", "3"}


def test_what_came_before_a_folder_was_watched_is_found(following: Following, sources: EventSources) -> None:
    following.crawl({**months(1), "other/a.csv": b"a,b\n1,2\n"})
    following.change(events="watch", **{"events.heal": "off"})
    for crawl in following.crawls.list_crawls(ME, state="QUEUED"):
        following.crawls.execute(crawl.id)
    following.place.put({**months(2), "new/a.csv": b"a,b\n1,2\n"})
    sources.look()
    until(following, lambda state: state.waiting > 0)
    following.follow()
    assert set(following.partitions("flights")) == {"1", "2"}
    assert set(following.tables()) == {"flights", "new", "other"}


def test_a_crawler_that_asks_for_another_source_leaves_the_one_before(
    following: Following, sources: EventSources
) -> None:
    following.crawl(months(1), events="watch")
    sources.look()
    following.change(events="webhook")
    sources.look()
    following.place.put(months(2))
    time.sleep(0.5)
    state = following.events.state(ME, "raw")
    assert state is not None
    assert state.received == 0
