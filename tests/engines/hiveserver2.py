"""A real HiveServer2 4.0.1 with Tez inside its own process, fetched by Maven on first use, over any metastore."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from xml.sax.saxutils import escape

from tests.engines import maven, process
from tests.engines.hiveserver2_client import HiveSession
from tests.engines.spark import spark_engine

VERSION = "4.0.1"
HADOOP = "3.3.6"
TEZ = "0.10.4"
ARTIFACTS = (
    f"org.apache.hive:hive-service:{VERSION}",
    f"org.apache.hive:hive-exec:{VERSION}",
    f"org.apache.hadoop:hadoop-client:{HADOOP}",
    f"org.apache.hadoop:hadoop-hdfs:{HADOOP}",
    f"org.apache.hadoop:hadoop-mapreduce-client-jobclient:{HADOOP}",
    f"org.apache.hadoop:hadoop-yarn-registry:{HADOOP}",
    f"org.apache.tez:tez-api:{TEZ}",
    f"org.apache.tez:tez-dag:{TEZ}",
    f"org.apache.tez:tez-mapreduce:{TEZ}",
    f"org.apache.tez:tez-runtime-library:{TEZ}",
    "com.cronutils:cron-utils:9.1.6",  # like the next one asked for by the transaction manager, and declared nowhere
    "org.springframework:spring-jdbc:5.3.21",
)
CHOSEN = (
    "com.google.protobuf:protobuf-java:3.24.4",
    "com.fasterxml.jackson.core:jackson-annotations:2.16.1",
    "com.fasterxml.jackson.core:jackson-core:2.16.1",
)
"""Of what several want in several versions: what Hive's own code was built against, where Hadoop asks for older ones."""
LEFT_OUT = ("org.pac4j", "org.slf4j:slf4j-reload4j", "org.slf4j:slf4j-log4j12", "org.apache.hadoop:hadoop-client-api")
"""SAML is not to be had any more, the middle two would log past Hive's own log, the last is Hadoop a second time."""
MAIN = "org.apache.hive.service.server.HiveServer2"
OPENED = "lang lang.reflect util net io nio util.concurrent util.concurrent.atomic math text time util.regex".split()
LOGGING = """rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss} %p %c{1}: %m%n
"""
START_TIMEOUT_SECONDS = 240.0


class HiveServer2:
    """A running HiveServer2."""

    def __init__(self, port: int) -> None:
        self.port = port

    def session(self, **configuration: str) -> HiveSession:
        """A new session; `hive__exec__parallel="false"` sets `hive.exec.parallel`."""
        settings = {f"set:hiveconf:{name.replace('__', '.')}": value for name, value in configuration.items()}
        return HiveSession(self.port, "root", settings)


def installed() -> Path:
    """The folder of its jars, fetched if they are not there; without Maven the test is skipped."""
    return maven.libraries(f"hiveserver2-{VERSION}", ARTIFACTS, chosen=CHOSEN, left_out=LEFT_OUT)


@contextmanager
def hiveserver2(
    metastore_uri: str, heap: str = "1200m", properties: Mapping[str, str] | None = None
) -> Iterator[HiveServer2]:
    """A HiveServer2 over a metastore; `properties` go into its hive-site.xml beside the ones needed to run."""
    classes, engine = installed(), spark_engine()
    folder, port = process.new_folder("hiveserver2"), process.free_port()
    _configure(folder, port, metastore_uri, dict(properties or {}))
    java = [f"{engine.java_home}/bin/java", f"-Xmx{heap}", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
    java += [f"--add-opens=java.base/java.{name}=ALL-UNNAMED" for name in OPENED]
    java += ["--add-opens=java.base/sun.nio.ch=ALL-UNNAMED", f"-Djava.io.tmpdir={folder}"]
    java += ["-cp", os.pathsep.join([str(folder / "conf"), f"{classes}/*"]), MAIN]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HADOOP_", "HIVE_"))}
    with process.start(java, folder, env=environment) as server:
        server.wait_until(lambda: _answers(port), START_TIMEOUT_SECONDS)
        yield HiveServer2(port)


def _configure(folder: Path, port: int, metastore_uri: str, more: Mapping[str, str]) -> None:
    (folder / "conf").mkdir()
    for name in ("hive-log4j2.properties", "log4j2.properties"):
        (folder / "conf" / name).write_text(LOGGING)
    tez = {"tez.local.mode": "true", "tez.ignore.lib.uris": "true", "tez.staging-dir": f"{folder}/tez"}
    sites = {
        "hive": _hive_site(folder, port, metastore_uri) | tez | more,
        "tez": tez | {"tez.am.mode.session": "false"},
        "core": {"fs.defaultFS": "file:///", "hadoop.tmp.dir": f"{folder}/hadoop"},
        "mapred": {"mapreduce.framework.name": "local"},
    }
    for site, settings in sites.items():
        entries = "".join(
            f"<property><name>{name}</name><value>{escape(value)}</value></property>"
            for name, value in settings.items()
        )
        (folder / "conf" / f"{site}-site.xml").write_text(f"<configuration>{entries}</configuration>")


def _hive_site(folder: Path, port: int, metastore_uri: str) -> dict[str, str]:
    authorization = "org.apache.hadoop.hive.ql.security.authorization.plugin.sqlstd.SQLStdHiveAuthorizerFactory"
    return {
        "hive.metastore.uris": metastore_uri,
        "hive.server2.thrift.bind.host": "127.0.0.1",
        "hive.server2.thrift.port": str(port),
        "hive.server2.webui.port": "0",
        "hive.server2.authentication": "NOSASL",
        "hive.server2.enable.doAs": "false",
        "hive.server2.thrift.max.worker.threads": "20",
        "hive.server2.logging.operation.enabled": "false",
        "hive.server2.metrics.enabled": "false",
        "hive.server2.materializedviews.registry.impl": "DUMMY",
        "hive.server2.tez.initialize.default.sessions": "false",
        "hive.scheduled.queries.executor.enabled": "false",
        "hive.notification.event.poll.interval": "0s",
        "hive.async.log.enabled": "false",
        "hive.exec.scratchdir": f"{folder}/scratch",
        "hive.exec.local.scratchdir": f"{folder}/local",
        "hive.downloaded.resources.dir": f"{folder}/resources",
        "hive.user.install.directory": f"file://{folder}/install",
        "hive.metastore.warehouse.dir": f"file://{folder}/warehouse",
        "hive.exec.dynamic.partition.mode": "nonstrict",
        "hive.execution.engine": "tez",
        "hive.tez.container.size": "256",
        "hive.query.results.cache.enabled": "false",
        "hive.support.concurrency": "true",
        "hive.txn.manager": "org.apache.hadoop.hive.ql.lockmgr.DbTxnManager",
        "hive.security.authorization.manager": authorization,
        "hive.security.authorization.enabled": "false",
        "hive.users.in.admin.role": "root",
    }


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
    except OSError:
        return False
    return True
