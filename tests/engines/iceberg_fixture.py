"""Iceberg's own REST server, the fixture of its tests, out of its published artifacts, over a JDBC catalog on PostgreSQL."""

from __future__ import annotations

import http.client
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.engines import iceberg_kit, maven, process
from tests.engines.postgresql import USER, PostgreSQL
from tests.engines.spark import spark_engine

VERSION = iceberg_kit.VERSION
ARTIFACTS = (*iceberg_kit.ARTIFACTS, "org.postgresql:postgresql:42.7.4")
MAIN = "org.apache.iceberg.rest.RESTCatalogServer"
START_TIMEOUT_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class IcebergFixture:
    """A running fixture server on loopback; `pid` is the Java process, its paths begin at `/v1`."""

    port: int
    pid: int
    warehouse: Path


@contextmanager
def iceberg_fixture(
    postgresql: PostgreSQL, database: str, heap: str = "2g", connections: int = 8
) -> Iterator[IcebergFixture]:
    """The server over an empty database, with so many connections to it."""
    java, classes = spark_engine().java_home, maven.libraries(f"iceberg-rest-fixture-{VERSION}", ARTIFACTS)
    folder, port = process.new_folder("iceberg-fixture"), process.free_port()
    warehouse = folder / "warehouse"
    warehouse.mkdir()
    settings = {
        "CATALOG_CATALOG__IMPL": "org.apache.iceberg.jdbc.JdbcCatalog",
        "CATALOG_URI": postgresql.jdbc_url(database),
        "CATALOG_JDBC_USER": USER,
        "CATALOG_JDBC_PASSWORD": postgresql.password,
        "CATALOG_JDBC_SCHEMA__VERSION": "V1",
        "CATALOG_CLIENTS": str(connections),
        "CATALOG_WAREHOUSE": f"file:{warehouse}",
        "CATALOG_REST_PORT": str(port),
    }
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("JAVA_", "CATALOG_"))}
    command: list[str | Path] = [f"{java}/bin/java", f"-Xmx{heap}", "-XX:+UseSerialGC"]
    command += ["-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp", f"{classes}/*", MAIN]
    server = process.start(command, folder, env=environment | settings)
    with server:
        server.wait_until(lambda: _answers(port), START_TIMEOUT_SECONDS)
        yield IcebergFixture(port, server.pid, warehouse)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/v1/config")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
