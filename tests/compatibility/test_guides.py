"""Engines connected over REST as their guides say: what one of them writes all others read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.compatibility.conftest import Home, Lakehouse
from tests.compatibility.delegated import bucket_of
from tests.compatibility.guides import Client, duckdb_client, pyiceberg_client, spark_client, trino_client
from tests.engines.spark import SparkSession
from tests.engines.trino import Trino

pytestmark = [pytest.mark.spark, pytest.mark.trino]
ENGINES = ("duckdb", "pyiceberg", "spark", "trino")
SPARK_ON_S3 = {
    "io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
    "header.X-Iceberg-Access-Delegation": "vended-credentials",
}


@pytest.fixture(params=["local", pytest.param("s3", marks=pytest.mark.s3)])
def place(request: pytest.FixtureRequest, lakehouse: Lakehouse) -> str:
    """Where tables are to lie: the warehouse, or a bucket that nobody has keys of but those the catalog gives."""
    return "" if request.param == "local" else f"s3://{bucket_of(lakehouse, vending=True, role=True)}"


@pytest.fixture
def clients(spark: SparkSession, trino_server: Trino, lakehouse: Lakehouse, place: str) -> Iterator[dict[str, Client]]:
    """All engines, by their names."""
    server, s3 = lakehouse.server, lakehouse.s3.trino_properties()
    on_s3 = {key: value for key, value in s3.items() if not key.startswith("s3.aws")}
    on_s3["iceberg.rest-catalog.vended-credentials-enabled"] = "true"
    with duckdb_client(server) as duckdb, trino_client(trino_server, server, on_s3 if place else {}) as trino:
        spark_ = spark_client(spark, server, SPARK_ON_S3 if place else {})
        yield dict(zip(ENGINES, (duckdb, pyiceberg_client(server), spark_, trino), strict=True))


@pytest.mark.parametrize("maker", ENGINES)
def test_a_table_of_one_is_written_and_read_by_all(
    clients: dict[str, Client], local: Home, place: str, maker: str
) -> None:
    table = f"{local}.t"
    clients[maker].make(table, f"{place}/{maker}" if place else None)
    for number, (name, client) in enumerate(clients.items()):
        client.add(table, number, name)
    rows = [[number, name] for number, name in enumerate(ENGINES)]
    assert {name: client.read(table) for name, client in clients.items()} == dict.fromkeys(ENGINES, rows)
