"""A real Hive Metastore 2.3.10 out of Spark's own jars, to compare ourselves with."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.engines import process
from tests.engines.spark import spark_engine

PROCESS = Path(__file__).with_name("hive_metastore_process.py")
START_TIMEOUT_SECONDS = 180.0
LOGGING = """rootLogger.level = error
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss} %p %c{1}: %m%n
"""


@dataclass(frozen=True, slots=True)
class HiveMetastore:
    """A running metastore on loopback; `pid` is the Java process, `warehouse` its folder for managed tables."""

    port: int
    pid: int
    warehouse: Path

    @property
    def uri(self) -> str:
        """What clients call `hive.metastore.uris`."""
        return f"thrift://127.0.0.1:{self.port}"


@contextmanager
def hive_metastore(heap: str = "512m", properties: Mapping[str, str] | None = None) -> Iterator[HiveMetastore]:
    """A metastore of one's own on embedded Derby, with the tables of locks that Iceberg needs to commit through it.

    `properties` go into its hive-site.xml beside the ones needed to run.
    """
    server, found = launch(heap, properties)
    with server:
        yield found


def shared_hive_metastore(root: Path) -> HiveMetastore:
    """The one of this test run."""

    def start() -> dict[str, Any]:
        _, found = launch("512m")
        return {"port": found.port, "pid": found.pid, "warehouse": str(found.warehouse)}

    state = process.shared(root, "hive-metastore-2", start)
    return HiveMetastore(state["port"], state["pid"], Path(state["warehouse"]))


def launch(heap: str, properties: Mapping[str, str] | None = None) -> tuple[process.Server, HiveMetastore]:
    """Start the metastore of `hive_metastore`; the caller stops it, or the run's end does."""
    engine = spark_engine()
    folder = process.new_folder("hive-metastore")
    port = process.free_port()
    warehouse = folder / "warehouse"
    warehouse.mkdir()
    (folder / "hive-site.xml").write_text(_site(folder, warehouse, dict(properties or {})))
    (folder / "log4j2.properties").write_text(LOGGING)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SPARK_")}
    environment |= {"JAVA_HOME": str(engine.java_home), "SPARK_HOME": str(engine.spark_home)}
    classes = os.pathsep.join([str(folder), f"{engine.spark_home}/jars/*", *map(str, engine.jars)])
    command: list[str | Path] = [engine.python or "python3", PROCESS, str(port), f"-Xmx{heap}", classes]
    server = process.start(command, folder, env=environment)
    server.wait_until(lambda: _listens(port), START_TIMEOUT_SECONDS)
    return server, HiveMetastore(port, int((folder / "pid").read_text()), warehouse)


def _site(folder: Path, warehouse: Path, more: dict[str, str]) -> str:
    properties = {
        "javax.jdo.option.ConnectionURL": f"jdbc:derby:;databaseName={folder / 'derby'};create=true",
        "datanucleus.schema.autoCreateAll": "true",
        "hive.metastore.schema.verification": "false",
        "datanucleus.connectionPoolingType": "HikariCP",
        "hive.async.log.enabled": "false",
        "hive.metastore.warehouse.dir": f"file://{warehouse}",
    } | more
    entries = (f"<property><name>{key}</name><value>{value}</value></property>" for key, value in properties.items())
    return f"<configuration>{''.join(entries)}</configuration>"


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
