"""Where events are fetched rather than received: queues of Amazon SQS, topics of Kafka, and local folders that are watched.

Each crawler that asks for one has threads of its own. A message is deleted from its queue, or
counted as read, once what it tells is kept.
"""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from catalog_server.crawlers.events import SQS, WATCH, CrawlEvents
from catalog_server.crawlers.notifications import Told, told_by
from catalog_server.crawlers.targets import Targets
from catalog_server.crawlers.topics import KAFKA, TopicReader, client_settings, hosts, parse_topic
from catalog_server.lake.locations import from_path, parse
from catalog_server.model.errors import CatalogError, Invalid
from catalog_server.model.names import name_key
from catalog_server.store.crawler_events import Follower

_log = logging.getLogger(__name__)
LOOK_SECONDS = 2.0
"""Between two looks at which crawlers there are."""
AGAIN_SECONDS = 10.0
"""After a source failed."""
QUEUE_THREADS = 4
_WAIT_SECONDS = 5
_MESSAGES = 10
_TOPIC_SECONDS = 1.0
_DEBOUNCE_MILLISECONDS = 200
_QUIET_MILLISECONDS = 1_000
_REGION = re.compile(r"(?:sqs\.|queue\.)([a-z0-9-]+)\.")
_HINT = "needs a library that is not installed: pip install 'catalog-server[events]'"


@dataclass(slots=True)
class _Running:
    """The threads of one source, and what ends them."""

    stop: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)


class EventSources:
    """Keeps one source going for each crawler whose option `events` names one."""

    def __init__(self, events: CrawlEvents, targets: Targets) -> None:
        self._events = events
        self._targets = targets
        self._running: dict[tuple[object, ...], _Running] = {}
        self._stop = threading.Event()

    def start(self) -> None:
        """Look after the sources in a thread of its own."""
        threading.Thread(target=self._loop, name="event-sources", daemon=True).start()

    def close(self) -> None:
        """End all sources."""
        self._stop.set()
        for one in self._running.values():
            one.stop.set()
        for one in self._running.values():
            for thread in one.threads:
                thread.join()

    def _loop(self) -> None:
        while not self._stop.is_set():
            try:
                self.look()
            except CatalogError as error:
                _log.warning("crawlers that follow events cannot be read: %s", error.message)
            self._stop.wait(LOOK_SECONDS)

    def look(self) -> None:
        """Begin what is asked for now, and end what is not any more."""
        wanted: dict[tuple[object, ...], tuple[Follower, Callable[..., None], int]] = {}
        followers = self._events.followers().values()
        versions = self._events.connection_versions([name for one in followers if (name := _connection(one))])
        for one in followers:
            source = one.options.get("events", "")
            if source == WATCH:
                wanted[one.id, source, one.targets] = one, self._watch, 1
            elif source.startswith(SQS):
                wanted[one.id, source] = one, self._read_queue, QUEUE_THREADS
            elif source.startswith(KAFKA):
                version = versions.get(name_key(_connection(one)))
                wanted[one.id, source, one.by, version] = one, self._read_topic, 1
        for key in self._running.keys() - wanted.keys():
            self._running.pop(key).stop.set()
        for key in wanted.keys() - self._running.keys():
            follower, work, count = wanted[key]
            running = self._running[key] = _Running()
            for _ in range(count):
                thread = threading.Thread(
                    target=self._again, args=(follower, work, running.stop), name="events", daemon=True
                )
                running.threads.append(thread)
                thread.start()

    def _again(self, follower: Follower, work: Callable[..., None], stop: threading.Event) -> None:
        """Do a source's work again whenever it fails; what it failed with last is kept."""
        while not stop.is_set():
            try:
                work(follower, stop)
            except Exception as error:
                said = error.message if isinstance(error, CatalogError) else f"{type(error).__name__}: {error}"
                _log.warning("events of crawler %s cannot be had: %s", follower.name, said)
                with suppress(CatalogError):
                    self._events.note_problem(follower, said)
                stop.wait(AGAIN_SECONDS)

    def _read_queue(self, follower: Follower, stop: threading.Event) -> None:
        url = follower.options["events"].removeprefix(SQS)
        self._targets.check_host(url, urlsplit(url).hostname or "")
        queue = _queue(url)
        while not stop.is_set():
            answer = queue.receive_message(QueueUrl=url, MaxNumberOfMessages=_MESSAGES, WaitTimeSeconds=_WAIT_SECONDS)
            messages = answer.get("Messages", [])
            told, understood = _all_told(follower.name, messages)
            if not understood:
                continue
            self._events.receive(None, follower.name, told)
            entries = [{"Id": str(at), "ReceiptHandle": one["ReceiptHandle"]} for at, one in enumerate(understood)]
            queue.delete_message_batch(QueueUrl=url, Entries=entries)

    def _read_topic(self, follower: Follower, stop: threading.Event) -> None:
        source = follower.options["events"]
        topic = parse_topic(source)
        connection = self._events.connection(follower, topic.connection) if topic.connection else None
        settings = client_settings(topic, connection)

        def check(host: str) -> None:
            self._targets.check_host(source, host)

        for host in hosts(settings["bootstrap.servers"]):
            check(host)
        with TopicReader(topic, settings, self._events.group(follower), check) as reader:
            while not stop.is_set():
                if (told := reader.read(_TOPIC_SECONDS)) is not None:
                    self._events.receive(None, follower.name, told)
                    reader.commit()

    def _watch(self, follower: Follower, stop: threading.Event) -> None:
        try:
            from watchfiles import Change, watch
        except ImportError as error:
            raise Invalid("option events", f"watch {_HINT}") from error
        paths = [Path(parse(target).path) for target in follower.targets]
        changes = watch(
            *paths,
            watch_filter=None,
            debounce=_DEBOUNCE_MILLISECONDS,
            stop_event=stop,
            raise_interrupt=False,
            rust_timeout=_QUIET_MILLISECONDS,
            yield_on_timeout=True,
        )
        is_first = True
        for some in changes:
            told = Told()
            if is_first:  # what came before anybody watched
                for target in follower.targets:
                    told.touch_folder(target, deep=True, counts=False)
                is_first = False
            for change, name in some:
                path = Path(name)
                if change is Change.deleted:  # a file, or a folder with all below it
                    told.touch(from_path(path), is_gone=True)
                    told.touch_folder(from_path(path), deep=True)
                elif not path.is_dir():
                    told.touch(from_path(path))
                elif change is Change.added:  # with what was put into it before anybody watched
                    told.touch_folder(from_path(path), deep=True)
            if told.touches:
                self._events.receive(None, follower.name, told)


def _connection(follower: Follower) -> str:
    """The name of the connection by which a crawler's topic is reached; empty where it needs none."""
    source = follower.options.get("events", "")
    return parse_topic(source).connection if source.startswith(KAFKA) else ""


def _queue(url: str) -> Any:
    """A client for the queue's service, with the credentials that AWS's tools find."""
    try:
        import boto3
    except ImportError as error:
        raise Invalid("option events", f"sqs {_HINT}") from error
    found = urlsplit(url)
    match = _REGION.search(found.hostname or "")
    region = match[1] if match else os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    return boto3.client("sqs", endpoint_url=f"{found.scheme}://{found.netloc}", region_name=region)


def _all_told(crawler: str, messages: Sequence[dict[str, Any]]) -> tuple[Told, list[dict[str, Any]]]:
    """What messages say, and those that are understood; the others stay, for the queue to hand them on to its dead letters."""
    told, understood = Told(), []
    for message in messages:
        try:
            one = told_by(message["Body"])
        except Invalid as error:
            _log.warning("a message for crawler %s is left in its queue: %s", crawler, error.message)
            continue
        told.touches += one.touches
        told.objects += one.objects
        understood.append(message)
    return told, understood
