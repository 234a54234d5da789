"""Topics of Kafka as sources of events: each crawler reads with a group of its own, from where it had kept what it read."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from catalog_server.crawlers.notifications import RECORDS_MAX, Told, told_by
from catalog_server.model.connection import Connection
from catalog_server.model.errors import Invalid, Unavailable

if TYPE_CHECKING:
    from confluent_kafka import KafkaError, Message

_log = logging.getLogger(__name__)
KAFKA = "kafka:"
_MESSAGES_MAX = 500
_ANSWER_SECONDS = 10.0
_AGAIN_MILLISECONDS = 1_000
_GONE_MILLISECONDS = 10_000
"""After which others go on with what one reads that was killed."""
_BUFFER_KILOBYTES = 16_384
_BROKER = re.compile(r"(?:[A-Za-z0-9][\w.-]*|\[[0-9A-Fa-f:.]+\]):(\d{1,5})", re.ASCII)
_TOPIC = re.compile(r"[\w.-]{1,249}", re.ASCII)
_OPTIONS = {
    "security_protocol": "security.protocol",
    "sasl_mechanism": "sasl.mechanism",
    "user": "sasl.username",
    "ssl_ca": "ssl.ca.location",
}
"""What the client calls the options of a connection."""


@dataclass(frozen=True, slots=True)
class Topic:
    """What an option `events` names: a topic, and its brokers or a connection that knows them."""

    name: str
    brokers: str = ""
    connection: str = ""


def parse_topic(source: str) -> Topic:
    """Take `kafka://host:port,host:port/topic` or `kafka:connection/topic` apart; raises `Invalid`."""
    where, _, name = source.removeprefix(KAFKA).removeprefix("//").partition("/")
    if not where or not _TOPIC.fullmatch(name):
        form = f"{KAFKA}//HOST:PORT/TOPIC or {KAFKA}CONNECTION/TOPIC"
        raise Invalid("option events", f"{source!r} is not of the form {form}")
    if source.startswith(f"{KAFKA}//"):
        check_brokers("option events", where)
        return Topic(name, brokers=where)
    return Topic(name, connection=where)


def check_brokers(field: str, brokers: str) -> None:
    """Raise `Invalid` for what is not one or more host:port with commas between."""
    for one in brokers.split(","):
        found = _BROKER.fullmatch(one)
        if found is None or not 0 < int(found[1]) < 2**16:
            raise Invalid(field, f"{one!r} is not of the form host:port")


def client_settings(topic: Topic, connection: Connection | None) -> dict[str, str]:
    """How a client reaches a topic's brokers. Holds secrets; raises `Invalid` for a connection that is to something else."""
    if connection is None:
        return {"bootstrap.servers": topic.brokers}
    if connection.kind != "kafka":
        raise Invalid("option events", f"connection {connection.name} is of kind {connection.kind}, not kafka")
    brokers = connection.options.get("brokers", "")
    check_brokers("option brokers", brokers)
    said = {name: connection.options[option] for option, name in _OPTIONS.items() if connection.options.get(option)}
    password = connection.secrets.get("password")
    return {"bootstrap.servers": brokers, **said, **({"sasl.password": password} if password else {})}


def hosts(brokers: str) -> list[str]:
    """The hosts of brokers, without their ports."""
    return [one.rpartition(":")[0].strip("[]") for one in brokers.split(",")]


class _Brokers:
    """A client of brokers, a context manager; `name` is what is asked of them. Raises `Invalid` for settings that cannot be."""

    def __init__(self, name: str, settings: Mapping[str, str], group: str) -> None:
        try:
            from confluent_kafka import Consumer, KafkaException
        except ImportError as error:
            hint = "pip install 'catalog-server[events]'"
            raise Invalid("option events", f"kafka needs a library that is not installed: {hint}") from error
        self._name = name
        self._is_down = False
        self._reason = ""
        common: dict[str, Any] = {
            "group.id": group,
            "client.id": "catalog-server",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",  # what came before the first crawl has ended is not to be missed
            "queued.max.messages.kbytes": _BUFFER_KILOBYTES,
            "session.timeout.ms": _GONE_MILLISECONDS,
            "reconnect.backoff.ms": _AGAIN_MILLISECONDS,
            "error_cb": self._note,
            "log_level": 0,  # what it would write of each attempt is told once
        }
        try:
            self._consumer = Consumer({**common, **settings})
        except (KafkaException, ValueError) as error:
            raise Invalid("option events", f"{name}: {_said(error)}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close()

    def ask(self, topic: str | None = None) -> Any:
        """What brokers say of themselves and of a topic, or of all; raises `Unavailable`."""
        from confluent_kafka import KafkaException

        try:
            return self._consumer.list_topics(topic, timeout=_ANSWER_SECONDS)
        except KafkaException as error:
            self._consumer.poll(0)  # which calls back with what is behind it
            raise self._unavailable(self._reason or error.args[0].str()) from error

    def _note(self, error: KafkaError) -> None:
        from confluent_kafka import KafkaError

        if error.code() != KafkaError._ALL_BROKERS_DOWN:
            self._reason = error.str()
        if error.fatal() or error.code() in (KafkaError._ALL_BROKERS_DOWN, KafkaError._AUTHENTICATION):
            self._is_down = True

    def _unavailable(self, said: str) -> Unavailable:
        return Unavailable(f"{self._name}: {said}")


def ask_brokers(connection: Connection) -> str:
    """What the brokers of a connection answer, for a person; raises `Invalid` and `Unavailable`."""
    settings = client_settings(Topic(""), connection)
    with _Brokers(settings["bootstrap.servers"], settings, "catalog-server") as brokers:
        found = brokers.ask()
    return f"{len(found.brokers)} brokers and {len(found.topics)} topics"


class TopicReader(_Brokers):
    """A member of the group that reads a topic. Opens a connection at once.

    `check` is asked of each host that brokers name for themselves, before anything is read from it. Raises `Unavailable`
    where brokers do not answer or have no such topic, and `Invalid` for settings that cannot be.
    """

    def __init__(self, topic: Topic, settings: Mapping[str, str], group: str, check: Callable[[str], None]) -> None:
        super().__init__(f"topic {topic.name}", settings, group)
        self._topic = topic.name
        self._read: dict[int, int] = {}
        try:
            found = self.ask(topic.name)
            for broker in found.brokers.values():
                check(broker.host)
            if (missing := found.topics[topic.name].error) is not None:
                raise self._unavailable(missing.str())
            self._consumer.subscribe([topic.name])
        except BaseException:
            self._consumer.close()
            raise

    def read(self, seconds: float) -> Told | None:
        """What messages that wait tell, all in one, once the first has come; None if none comes in time.

        One that cannot be understood is left out and told as a problem. Raises `Unavailable`.
        """
        message, told, count = self._consumer.poll(seconds), Told(), 0
        if message is None and self._is_down:
            raise self._unavailable(self._reason or "its brokers do not answer")
        while message is not None:
            self._take(message, told)
            count += 1
            if count >= _MESSAGES_MAX or told.objects >= RECORDS_MAX:
                break
            message = self._consumer.poll(0)
        return told if count else None

    def _take(self, message: Message, told: Told) -> None:
        error, partition, offset = message.error(), message.partition(), message.offset()
        if error is not None or partition is None or offset is None:
            raise self._unavailable(error.str() if error is not None else "a message without a place")
        try:
            body = message.value()
            one = told_by(body) if body else Told()  # a message may have a key alone
        except Invalid as invalid:
            place = f"message {offset} of partition {partition} of topic {self._topic}"
            told.problem = f"{place} is skipped: {invalid.message}"
            told.skipped += 1
            _log.warning("%s", told.problem)
        else:
            told.touches += one.touches
            told.objects += one.objects
        self._read[partition] = offset + 1

    def commit(self) -> None:
        """Have the group go on after what was read. If brokers take that for too late, it comes again."""
        from confluent_kafka import KafkaException, TopicPartition

        done = [TopicPartition(self._topic, partition, offset) for partition, offset in self._read.items()]
        self._read = {}
        try:
            self._consumer.commit(offsets=done, asynchronous=False)
        except KafkaException as error:
            _log.warning("topic %s: messages will come again: %s", self._topic, _said(error))


def _said(error: Exception) -> str:
    return error.args[0].str() if hasattr(error.args[0], "str") else str(error)
