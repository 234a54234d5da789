"""A real single-node Trino of the test run's own, on loopback; catalogs come and go while it runs."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from catalog_server.jobs.engines import Engine, find_trino
from catalog_server.model.errors import NotFound
from tests.engines import process

PLUGINS = (
    "hive",
    "iceberg",
    "delta-lake",
    "hudi",
    "postgresql",
    "geospatial",
    "memory",
    "tpch",
)  # postgresql has columns of geospatial types
HEAP = "1536m"
START_TIMEOUT_SECONDS = 300.0
JVM_OPTIONS = (
    "-XX:+UseG1GC",
    "-XX:TieredStopAtLevel=1",
    "-XX:G1HeapRegionSize=8M",
    "-XX:+ExplicitGCInvokesConcurrent",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-OmitStackTraceInFastThrow",
    "-XX:ReservedCodeCacheSize=256M",
    "-Djdk.attach.allowAttachSelf=true",
    "-Dfile.encoding=UTF-8",
    "--enable-native-access=ALL-UNNAMED",
    "--add-modules=jdk.incubator.vector",
    "--sun-misc-unsafe-memory-access=allow",
)


@dataclass(frozen=True, slots=True)
class Trino:
    """A running Trino."""

    port: int
    user: str = "test"

    @property
    def url(self) -> str:
        """The address that clients are given."""
        return f"http://127.0.0.1:{self.port}"

    def sql(self, statement: str, catalog: str | None = None, schema: str | None = None) -> list[list[Any]]:
        """Run one statement; returns its rows. Raises `trino.exceptions.TrinoQueryError`."""
        return self.answer(statement, catalog, schema)[1]

    def answer(
        self, statement: str, catalog: str | None = None, schema: str | None = None
    ) -> tuple[list[tuple[str, str]], list[list[Any]]]:
        """Run one statement; returns name and Trino type of its columns, and its rows."""
        from trino.dbapi import connect

        options: dict[str, Any] = {"catalog": catalog, "schema": schema, "timezone": "UTC", "user": self.user}
        with closing(connect("127.0.0.1", self.port, http_scheme="http", **options)) as connection:
            cursor = connection.cursor()
            cursor.execute(statement)
            rows = cursor.fetchall()
            columns = [(str(column.name), str(column.type_code)) for column in cursor.description or []]
            return columns, [list(row) for row in rows]

    def create_catalog(self, connector: str, properties: Mapping[str, str], name: str | None = None) -> str:
        """Make a catalog by CREATE CATALOG and return its name."""
        name = name or f"c_{secrets.token_hex(4)}"
        listed = ", ".join(f'"{key}" = {_quoted(value)}' for key, value in properties.items())
        self.sql(f'create catalog "{name}" using {connector}' + (f" with ({listed})" if listed else ""))
        return name

    def drop_catalog(self, name: str) -> None:
        """Forget a catalog; what it shows is left alone."""
        self.sql(f'drop catalog if exists "{name}"')

    @contextmanager
    def catalog(self, connector: str, properties: Mapping[str, str]) -> Iterator[str]:
        """A catalog for as long as the block runs."""
        name = self.create_catalog(connector, properties)
        try:
            yield name
        finally:
            self.drop_catalog(name)


@contextmanager
def trino_server(
    catalogs: Mapping[str, Mapping[str, str]] | None = None, plugins: Sequence[str] = PLUGINS, heap: str = HEAP
) -> Iterator[Trino]:
    """A server of one's own. `catalogs` are properties by catalog name, `connector.name` among them."""
    server, running = _start(catalogs or {}, plugins, heap)
    with server:
        yield running


def shared_trino(root: Path) -> Trino:
    """The server that all workers of a run share; it begins with the catalogs tpch and memory."""

    def launch() -> dict[str, Any]:
        catalogs = {name: {"connector.name": name} for name in ("tpch", "memory")}
        return {"port": _start(catalogs, PLUGINS, HEAP)[1].port}

    return Trino(**process.shared(root, "trino", launch))


def hive_properties(metastore_uri: str) -> dict[str, str]:
    """A Hive catalog over Thrift that may read and write local files; add `S3.trino_properties()` for S3."""
    return {
        "hive.metastore.uri": metastore_uri,
        "fs.hadoop.enabled": "true",
        "hive.non-managed-table-writes-enabled": "true",
        "hive.hive-views.enabled": "true",
    }


def iceberg_properties(metastore_uri: str) -> dict[str, str]:
    """An Iceberg catalog over Thrift, on local files."""
    return {
        "iceberg.catalog.type": "hive_metastore",
        "hive.metastore.uri": metastore_uri,
        "fs.hadoop.enabled": "true",
    }


def iceberg_rest_properties(uri: str, warehouse: str | None = None) -> dict[str, str]:
    """An Iceberg catalog over REST, on local files."""
    named = {"iceberg.rest-catalog.warehouse": warehouse} if warehouse else {}
    return {
        "iceberg.catalog.type": "rest",
        "iceberg.rest-catalog.uri": uri,
        "fs.hadoop.enabled": "true",
    } | named


def postgresql_properties(jdbc_url: str, user: str, password: str) -> dict[str, str]:
    """A catalog that shows a PostgreSQL database."""
    return {"connection-url": jdbc_url, "connection-user": user, "connection-password": password}


def _start(
    catalogs: Mapping[str, Mapping[str, str]], plugins: Sequence[str], heap: str
) -> tuple[process.Server, Trino]:
    try:
        engine = find_trino()
    except NotFound as error:
        process.missing(error.message)
        raise AssertionError from error
    if engine.java_home is None:
        process.missing("the Java that Trino ran on is gone")
    folder = process.new_folder("trino")
    running = Trino(process.free_port())
    command = _configure(folder, engine, running.port, catalogs, plugins, heap)
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    server = process.start(command, folder, env=environment)
    return server.wait_until(lambda: _answers(running), START_TIMEOUT_SECONDS), running


def _configure(
    folder: Path,
    engine: Engine,
    port: int,
    catalogs: Mapping[str, Mapping[str, str]],
    plugins: Sequence[str],
    heap: str,
) -> list[str | Path]:
    """Write the node's files; returns the command that starts it. Node properties are system properties without a launcher."""
    if engine.trino_home is None:
        raise AssertionError
    for name in ("etc", "var", "catalogs", "plugin"):
        (folder / name).mkdir()
    for plugin in plugins:
        (folder / "plugin" / plugin).symlink_to(engine.trino_home / "plugin" / plugin)
    for name, properties in catalogs.items():
        _write(folder / "catalogs" / f"{name}.properties", properties)
    node = {
        "node.environment": "test",
        "node.id": f"test-{port}",
        "node.data-dir": str(folder / "var"),
        "node.bind-ip": "127.0.0.1",
        "node.internal-address": "127.0.0.1",
        "plugin.dir": str(folder / "plugin"),
        "log.levels-file": str(folder / "etc" / "log.properties"),
        "config": str(folder / "etc" / "config.properties"),
    }
    config = {
        "coordinator": "true",
        "node-scheduler.include-coordinator": "true",
        "http-server.http.port": str(port),
        "discovery.uri": f"http://127.0.0.1:{port}",
        "catalog.management": "dynamic",
        "catalog.store": "file",
        "query.max-memory": "512MB",
        "query.max-memory-per-node": "512MB",
    }
    _write(folder / "etc" / "config.properties", config)
    _write(folder / "etc" / "catalog-store.properties", {"catalog.config-dir": str(folder / "catalogs")})
    _write(folder / "etc" / "log.properties", {"io.trino": "WARN"})
    system = [f"-D{key}={value}" for key, value in node.items()]
    classes = ["-cp", f"{engine.trino_home}/lib/*", "io.trino.server.TrinoServer"]
    return [f"{engine.java_home}/bin/java", "-server", f"-Xmx{heap}", *JVM_OPTIONS, *system, *classes]


def _write(path: Path, properties: Mapping[str, str]) -> None:
    path.write_text("".join(f"{key}={value}\n" for key, value in properties.items()))


def _answers(server: Trino) -> bool:
    """Ready when it has started and its node takes queries, which comes a moment later."""
    from trino.exceptions import Error

    try:
        if httpx.get(f"{server.url}/v1/info", timeout=5).json().get("starting", True):
            return False
        return server.sql("select count(*) from system.runtime.nodes where state = 'active'") == [[1]]
    except (httpx.HTTPError, ValueError, Error):
        return False


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
