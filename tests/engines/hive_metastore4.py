"""A real, standalone Hive Metastore 4.0.1, fetched from Maven on first use, to compare ourselves with."""

from __future__ import annotations

import fcntl
import os
import re
import socket
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from catalog_server.jobs.downloads import MAVEN_URL, Artifact, fetch
from catalog_server.jobs.engines import default_home
from catalog_server.model.errors import Unavailable
from tests.engines import process
from tests.engines.hive_metastore import LOGGING, HiveMetastore
from tests.engines.postgresql import shared_postgresql
from tests.engines.spark import spark_engine

VERSION = "4.0.1"


class _Archive(Artifact):
    """The server's archive, whose classifier is part of the file's name but not of the folder's."""

    @property
    def path(self) -> str:
        return super().path.replace(f"/{self.version}/", f"/{VERSION}/", 1)


SERVER = _Archive(
    "org.apache.hive",
    "hive-standalone-metastore-server",
    f"{VERSION}-bin",
    "ed96f577df0a4dc800648a7f941d832f42409f89fa4af10c9d7540c8a1f8e24b",
    "tar.gz",
)
JARS = (
    ("commons-cli", "commons-cli", "1.5.0", "bc8bb01fc0fad250385706e20f927ddcff6173f6339b387dc879237752567ac6"),
    (
        "commons-collections",
        "commons-collections",
        "3.2.2",
        "eeeae917917144a68a741d4c0dff66aa5c5c5fd85593ff217bced3fc8ca783b8",
    ),
    ("commons-io", "commons-io", "2.11.0", "961b2f6d87dbacc5d54abf45ab7a6e2495f89b75598962d8c723cea9bc210908"),
    ("commons-lang", "commons-lang", "2.6", "50f11b09f877c294d56f24463f47d28f929cf5044f648661c0f0cfbae9a2f49c"),
    ("commons-logging", "commons-logging", "1.2", "daddea1ea0be0f56978ab3006b8ac92834afeefbd9b7e4e6316fca57df0fa636"),
    ("com.google.code.gson", "gson", "2.9.0", "c96d60551331a196dac54b745aa642cd078ef89b6f267146b705f2c2cbef052d"),
    (
        "org.apache.hadoop",
        "hadoop-client-api",
        "3.3.6",
        "f3d2347a6e1c6885d5bcfd4f60c3ac3810ec11068fc161e04329baabf412d963",
    ),
    (
        "org.apache.hadoop",
        "hadoop-client-runtime",
        "3.3.6",
        "15f01bc804294df06d2effc87de363a83cf589f50558bdbf48f72541ad8de854",
    ),
    ("org.apache.hadoop", "hadoop-hdfs", "3.3.6", "075fc48fd4ae299a58a9f26fb529671854689b215483b595fed4a56d77cb4c4d"),
    (
        "org.apache.httpcomponents",
        "httpclient",
        "4.5.13",
        "6fe9026a566c6a5001608cf3fc32196641f6c1e5e1986d1037ccdbd5f31ef743",
    ),
    (
        "javax.servlet",
        "javax.servlet-api",
        "3.1.0",
        "af456b2dd41c4e82cf54f3e743bc678973d9fe35bd4d3071fa05c7e5333b8482",
    ),
    ("org.postgresql", "postgresql", "42.7.4", "188976721ead8e8627eb6d8389d500dccc0c9bebd885268a3047180274a6031e"),
    ("org.slf4j", "slf4j-api", "1.7.36", "d3ef575e3e4979678dc01bf1dcce51021493b4d11fb7f1be8ad982877c16a1c0"),
)
"""What the archive expects of a Hadoop installation; group, name, version, SHA-256."""
SCHEMA_TOOL = "org.apache.hadoop.hive.metastore.tools.schematool.MetastoreSchemaTool"
MAIN = "org.apache.hadoop.hive.metastore.HiveMetaStore"
OPENED = "lang util net io nio util.concurrent util.concurrent.atomic math text time".split()
START_TIMEOUT_SECONDS = 240.0


def installed() -> Path:
    """The folder of the unpacked server, fetched if it is not there; without a registry the test is skipped."""
    home = default_home() / f"hive-metastore-{VERSION}"
    home.mkdir(parents=True, exist_ok=True)
    url = os.environ.get("CATALOG_SERVER__JOBS__MAVEN_URL") or MAVEN_URL
    with (home / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "unpacked").exists():
            try:
                _fetch(home, url)
            except Unavailable as error:
                process.missing(f"Hive Metastore {VERSION}: {error.message}")
            (home / "unpacked").touch()
    return home


def _fetch(home: Path, url: str) -> None:
    for group, name, version, digest in JARS:
        fetch(Artifact(group, name, version, digest), home / "hadoop", url)
    archive = fetch(SERVER, home, url)
    with tarfile.open(archive) as tar:
        tar.extraction_filter = getattr(tarfile, "data_filter", None)
        tar.extractall(home)
    (next(home.glob("apache-hive-metastore-*"))).rename(home / "server")
    archive.unlink()


@contextmanager
def hive_metastore_4(
    database_url: str | None = None, heap: str = "768m", properties: Mapping[str, str] | None = None
) -> Iterator[HiveMetastore]:
    """A metastore over an empty PostgreSQL database (`postgresql://user:password@host/name`), or over embedded Derby.

    `properties` go into its metastore-site.xml beside the ones needed to run.
    """
    server, found = launch(database_url, heap, properties)
    with server:
        yield found


def launch(
    database_url: str | None = None, heap: str = "768m", properties: Mapping[str, str] | None = None
) -> tuple[process.Server, HiveMetastore]:
    """Start the metastore of `hive_metastore_4`; the caller stops it, or the run's end does."""
    home, engine = installed(), spark_engine()
    folder, port = process.new_folder("hive-metastore-4"), process.free_port()
    warehouse = folder / "warehouse"
    warehouse.mkdir()
    (folder / "metastore-site.xml").write_text(_site(folder, warehouse, port, database_url, dict(properties or {})))
    (folder / "log4j2.properties").write_text(LOGGING)
    classes = os.pathsep.join([str(folder), f"{home}/server/lib/*", f"{home}/hadoop/*"])
    environment = os.environ | {
        "METASTORE_HOME": str(home / "server"),
        "METASTORE_CONF_DIR": str(folder),
        "HADOOP_USER_NAME": "hive",
    }
    java = [f"{engine.java_home}/bin/java", f"-Xmx{heap}", "-XX:+UseSerialGC"]
    java += [f"--add-opens=java.base/java.{name}=ALL-UNNAMED" for name in OPENED]
    java += [f"-Dlog4j.configurationFile={folder}/log4j2.properties", f"-Dderby.stream.error.file={folder}/derby.log"]
    java += ["-cp", classes]
    kind = "postgres" if database_url else "derby"
    made = subprocess.run(
        [*java, SCHEMA_TOOL, "-dbType", kind, "-initSchema"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=START_TIMEOUT_SECONDS,
        check=False,
    )
    if made.returncode:
        raise process.ServerFailed(f"schematool: {(made.stdout + made.stderr)[-process.LOG_TAIL_CHARACTERS :]}")
    server = process.start([*java, MAIN, "-p", str(port)], folder, env=environment)
    server.wait_until(lambda: _answers(port), START_TIMEOUT_SECONDS)
    return server, HiveMetastore(port, server.pid, warehouse)


def shared_hive_metastore_4(root: Path) -> tuple[HiveMetastore, str]:
    """The one of this test run, and the address of its database on the run's PostgreSQL."""

    def start() -> dict[str, Any]:
        postgresql = shared_postgresql(root)
        url = postgresql.url(postgresql.create_database())
        _, found = launch(url)
        return {"port": found.port, "pid": found.pid, "warehouse": str(found.warehouse), "database": url}

    state = process.shared(root, "hive-metastore-4", start)
    return HiveMetastore(state["port"], state["pid"], Path(state["warehouse"])), str(state["database"])


def _site(folder: Path, warehouse: Path, port: int, database_url: str | None, more: dict[str, str]) -> str:
    properties = {
        "metastore.thrift.port": str(port),
        "metastore.thrift.bind.host": "127.0.0.1",
        "metastore.thrift.uris": f"thrift://127.0.0.1:{port}",
        "metastore.warehouse.dir": f"file:{warehouse}",
        "metastore.warehouse.external.dir": f"file:{warehouse}",
        "metastore.expression.proxy": "org.apache.hadoop.hive.metastore.DefaultPartitionExpressionProxy",
        "metastore.task.threads.always": "org.apache.hadoop.hive.metastore.events.EventCleanerTask",
        "metastore.schema.verification": "true",
        **_database(folder, database_url),
        **more,
    }
    entries = (f"<property><name>{key}</name><value>{value}</value></property>" for key, value in properties.items())
    return f"<configuration>{''.join(entries)}</configuration>"


def _database(folder: Path, url: str | None) -> dict[str, str]:
    names = ("ConnectionURL", "ConnectionDriverName", "ConnectionUserName", "ConnectionPassword")
    if url is None:
        address = f"jdbc:derby:;databaseName={folder / 'derby'};create=true"
        values = (address, "org.apache.derby.jdbc.EmbeddedDriver", "APP", "mine")
    else:
        parts = urlsplit(re.sub(r"^postgresql\+\w+:", "postgresql:", url))
        address = f"jdbc:postgresql://{parts.hostname}:{parts.port or 5432}{parts.path}"
        values = (address, "org.postgresql.Driver", parts.username or "", parts.password or "")
    return {f"javax.jdo.option.{name}": value for name, value in zip(names, values, strict=True)}


def _answers(port: int) -> bool:
    """Whether a call of get_all_databases is answered; the port is open some seconds earlier."""
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as connection:
            connection.settimeout(5)
            connection.sendall(b"\x80\x01\x00\x01\x00\x00\x00\x11get_all_databases\x00\x00\x00\x01\x00")
            return connection.recv(4) == b"\x80\x01\x00\x02"
    except OSError:
        return False
