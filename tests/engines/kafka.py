"""A real Kafka 4.1 of one node, fetched by Maven on first use, with a fresh topic for whoever asks."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.engines import maven, process
from tests.engines.spark import spark_engine

VERSION = "4.1.1"
CLUSTER = "5L6g3nShT-eMCtK--X86sw"
PROTOCOLS = "OPEN:PLAINTEXT,CONTROLLER:PLAINTEXT,LOCKED:SASL_PLAINTEXT"
START_TIMEOUT_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Kafka:
    """A running broker on loopback; at `locked` it asks for the password of the user `catalog`."""

    brokers: str
    locked: str
    password: str

    def create_topic(self, partitions: int = 1) -> str:
        """Make an empty topic and return its name."""
        from confluent_kafka.admin import AdminClient, NewTopic

        name = f"events-{secrets.token_hex(6)}"
        client = AdminClient({"bootstrap.servers": self.brokers})
        client.create_topics([NewTopic(name, partitions, 1)])[name].result(30)
        return name

    def send(self, topic: str, *bodies: bytes | None, partition: int = 0) -> None:
        """Put messages into a topic, one after the other."""
        from confluent_kafka import Producer

        producer = Producer({"bootstrap.servers": self.brokers, "acks": "all"})
        for body in bodies:
            producer.produce(topic, body, key=b"lake/key", partition=partition)
        assert producer.flush(30) == 0

    def kept(self, topic: str, group: str, partition: int = 0) -> int:
        """Up to which message a group has read a topic; negative where it has kept nothing."""
        from confluent_kafka import Consumer, TopicPartition

        reader = Consumer({"bootstrap.servers": self.brokers, "group.id": group})
        try:
            return int(reader.committed([TopicPartition(topic, partition)], timeout=30)[0].offset)
        finally:
            reader.close()


@contextmanager
def kafka_server() -> Iterator[Kafka]:
    """A broker of one's own; without Maven or Java the test is skipped."""
    classes = maven.libraries(f"kafka-{VERSION}", [f"org.apache.kafka:kafka_2.13:{VERSION}"])
    folder, ports = process.new_folder("kafka"), [process.free_port() for _ in range(3)]
    running = Kafka(f"127.0.0.1:{ports[0]}", f"127.0.0.1:{ports[1]}", secrets.token_hex(8))
    settings = folder / "server.properties"
    settings.write_text(_settings(folder, running, ports[2]))
    java = [f"{spark_engine().java_home}/bin/java", "-Xmx300m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
    java += ["-cp", f"{classes}/*"]
    form = [*java, "kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c", str(settings)]
    subprocess.run(form, check=True, capture_output=True, cwd=folder)
    command: list[str | Path] = [*java, "kafka.Kafka", settings]
    with process.start(command, folder, env={"PATH": os.environ["PATH"], "HOME": str(folder)}) as server:
        server.wait_until(lambda: _answers(running), START_TIMEOUT_SECONDS)
        yield running


def _settings(folder: Path, running: Kafka, controller: int) -> str:
    module = "org.apache.kafka.common.security.plain.PlainLoginModule"
    said = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"OPEN://{running.brokers},LOCKED://{running.locked},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": f"OPEN://{running.brokers},LOCKED://{running.locked}",
        "listener.security.protocol.map": PROTOCOLS,
        "inter.broker.listener.name": "OPEN",
        "sasl.enabled.mechanisms": "PLAIN",
        "listener.name.locked.plain.sasl.jaas.config": f'{module} required user_catalog="{running.password}";',
        "log.dirs": str(folder / "data"),
        "auto.create.topics.enable": "false",
        "offsets.topic.num.partitions": "1",
        "offsets.topic.replication.factor": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
        "group.min.session.timeout.ms": "1000",
    }
    return "".join(f"{name}={value}\n" for name, value in said.items())


def _answers(server: Kafka) -> bool:
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import AdminClient

    try:
        return bool(AdminClient({"bootstrap.servers": server.brokers, "log_level": 0}).list_topics(timeout=2).brokers)
    except KafkaException:
        return False
