"""A server on either store with a bucket of its own, and the engines that are pointed at it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from catalog_server.testing import RunningServer, running_server
from catalog_server.wire import hive_metastore as wire
from tests.engines.s3 import S3
from tests.engines.spark import SparkSession
from tests.engines.trino import Trino, hive_properties, iceberg_properties
from tests.facades.hms.metastore import Metastore

SMOKE = pytest.mark.parametrize(
    "lakehouse", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)
"""Runs a test on both stores every time; all others run on PostgreSQL among the long ones only."""


@dataclass(frozen=True)
class Lakehouse:
    """A running server and a bucket that it has the keys of."""

    server: RunningServer
    s3: S3
    bucket: str


@dataclass(frozen=True)
class Home:
    """A database of one test and where its files are."""

    name: str
    location: str
    files: Callable[[], list[str]]
    """Paths of all files below the location, relative to it, without those that begin with a dot or underscore."""

    def __str__(self) -> str:
        return self.name


@pytest.fixture(
    scope="session",
    params=["sqlite", pytest.param("postgresql", marks=[pytest.mark.postgresql, pytest.mark.long])],
)
def lakehouse(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, s3_server: S3
) -> Iterator[Lakehouse]:
    """A server that many tests share."""
    store = ""
    if request.param == "postgresql":
        postgresql = request.getfixturevalue("postgresql")
        store = postgresql.url(postgresql.create_database())
    bucket = s3_server.create_bucket()
    with running_server(tmp_path_factory.mktemp("lakehouse"), store=store) as server:
        profile = {
            "name": "store",
            "kind": "s3",
            "options": {"endpoint": s3_server.endpoint, "region": s3_server.region},
            "secrets": {"access_key_id": s3_server.access_key, "secret_access_key": s3_server.secret_key},
            "prefixes": [f"s3://{bucket}/"],
        }
        httpx.post(f"{server.http}/api/v1/connections", json=profile).raise_for_status()
        yield Lakehouse(server, s3_server, bucket)


@pytest.fixture
def metastore(lakehouse: Lakehouse) -> Iterator[Metastore]:
    """A plain client of the server."""
    with Metastore(lakehouse.server.thrift_port) as client:
        yield client


@pytest.fixture
def local(metastore: Metastore) -> Home:
    """A database in the server's warehouse."""
    name = f"d{uuid.uuid4().hex[:8]}"
    metastore.create_database(wire.Database(name=name))
    location = metastore.get_database(name).locationUri
    folder = Path(location.removeprefix("file://"))
    return Home(
        name, location, lambda: sorted(_shown(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()))
    )


@pytest.fixture
def remote(metastore: Metastore, lakehouse: Lakehouse) -> Home:
    """A database in the bucket, by s3a."""
    name = f"d{uuid.uuid4().hex[:8]}"
    location = f"s3a://{lakehouse.bucket}/{name}.db"
    metastore.create_database(wire.Database(name=name, locationUri=location))
    prefix = f"{name}.db/"

    def files() -> list[str]:
        keys = lakehouse.s3.keys(lakehouse.bucket, prefix)
        return sorted(_shown(key.removeprefix(prefix) for key in keys if not key.endswith("/")))

    return Home(name, location, files)


def _shown(paths: Iterator[str]) -> list[str]:
    return [path for path in paths if path.rpartition("/")[2][0] not in "._"]


@pytest.fixture(params=["local", pytest.param("remote", marks=pytest.mark.s3)])
def home(request: pytest.FixtureRequest) -> Home:
    """A database on local files, then one in the bucket."""
    return request.getfixturevalue(request.param)  # type: ignore[no-any-return]


@pytest.fixture
def spark(lakehouse: Lakehouse, spark_session: Callable[..., SparkSession], local: Home) -> SparkSession:
    """Spark with the server's Hive catalog over Thrift and the Iceberg catalogs ice, unlocked, rest and planned."""
    uri = lakehouse.server.thrift
    iceberg = {
        "ice": {"type": "hive", "uri": uri},
        "unlocked": {"type": "hive", "uri": uri, "hadoop.iceberg.engine.hive.lock-enabled": "false"},
        "rest": {"type": "rest", "uri": lakehouse.server.iceberg},
        "planned": {"type": "rest", "uri": lakehouse.server.iceberg, "scan-planning-mode": "server"},
    }
    warehouse = local.location.rpartition("/")[0]
    extra = {"spark.hadoop.hive.exec.dynamic.partition.mode": "nonstrict"}
    return spark_session(metastore_uri=uri, warehouse=warehouse, iceberg=iceberg, s3=lakehouse.s3, extra=extra)


@dataclass(frozen=True)
class TrinoCatalogs:
    """Trino with a Hive and an Iceberg catalog over the server's Thrift; statements speak of one database."""

    trino: Trino
    hive_catalog: str
    iceberg_catalog: str

    def hive(self, database: Home, statement: str) -> list[list[Any]]:
        """Run a statement in the Hive catalog."""
        return self.trino.sql(statement, self.hive_catalog, database.name)

    def iceberg(self, database: Home, statement: str) -> list[list[Any]]:
        """Run a statement in the Iceberg catalog."""
        return self.trino.sql(statement, self.iceberg_catalog, database.name)


@pytest.fixture(scope="session")
def trino(lakehouse: Lakehouse, trino_server: Trino) -> Iterator[TrinoCatalogs]:
    """Trino's catalogs of the server."""
    uri, s3 = lakehouse.server.thrift, lakehouse.s3.trino_properties()
    with trino_server.catalog("hive", hive_properties(uri) | s3) as hive:
        with trino_server.catalog("iceberg", iceberg_properties(uri) | s3) as iceberg:
            yield TrinoCatalogs(trino_server, hive, iceberg)
