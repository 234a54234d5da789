"""Iceberg views made through REST by one engine, read through the Hive metastore by the same and by others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.compatibility.conftest import SMOKE, Home, Lakehouse
from tests.engines.spark import SparkSession
from tests.engines.trino import Trino, iceberg_properties, iceberg_rest_properties

ROWS = [[1, "one"], [2, "two"]]


@pytest.fixture(scope="session")
def rest_trino(lakehouse: Lakehouse, trino_server: Trino) -> Iterator[tuple[Trino, str, str]]:
    """Trino, with the server as an Iceberg REST catalog and as a Hive metastore of Iceberg tables."""
    rest = iceberg_rest_properties(lakehouse.server.iceberg)
    hive = iceberg_properties(lakehouse.server.thrift)
    with trino_server.catalog("iceberg", rest) as over_rest, trino_server.catalog("iceberg", hive) as over_thrift:
        yield trino_server, over_rest, over_thrift


def statements(lakehouse: Lakehouse, home: Home, name: str) -> dict[str, Any]:
    found = httpx.get(f"{lakehouse.server.iceberg}/v1/namespaces/{home}/views/{name}").raise_for_status().json()
    listed = found["metadata"]["versions"][-1]["representations"]
    return {one["dialect"]: one["sql"] for one in listed}


@pytest.mark.spark
@pytest.mark.slow
@SMOKE
def test_spark_reads_by_thrift_the_view_that_it_made_by_rest(
    spark: SparkSession, lakehouse: Lakehouse, local: Home
) -> None:
    spark.sql(f"CREATE TABLE spark_catalog.{local}.t (id INT, name STRING) USING parquet")
    spark.sql(f"INSERT INTO spark_catalog.{local}.t VALUES (1, 'one'), (2, 'two'), (3, 'three')")
    spark.sql(f"CREATE VIEW rest.{local}.v (number, word) AS SELECT id, name FROM spark_catalog.{local}.t WHERE id < 3")
    assert "spark" in statements(lakehouse, local, "v")
    assert spark.sql(f"SELECT * FROM rest.{local}.v ORDER BY number") == ROWS
    assert spark.sql(f"SELECT number, word FROM spark_catalog.{local}.v ORDER BY number") == ROWS


@pytest.mark.spark
@pytest.mark.slow
def test_a_view_made_by_thrift_is_one_of_rest(spark: SparkSession, lakehouse: Lakehouse, local: Home) -> None:
    spark.sql(f"CREATE VIEW ice.{local}.v AS SELECT 1 AS number, 'one' AS word UNION ALL SELECT 2, 'two'")
    assert "spark" in statements(lakehouse, local, "v")
    assert spark.sql(f"SELECT * FROM rest.{local}.v ORDER BY number") == ROWS
    spark.sql(f"ALTER VIEW rest.{local}.v SET TBLPROPERTIES ('a' = '1')")
    assert spark.sql(f"SHOW TBLPROPERTIES ice.{local}.v ('a')") == [["a", "1"]]
    spark.sql(f"DROP VIEW ice.{local}.v")
    assert spark.sql(f"SHOW VIEWS IN rest.{local}") == []


@pytest.mark.trino
@pytest.mark.slow
@SMOKE
def test_trino_reads_by_thrift_the_view_that_it_made_by_rest(
    rest_trino: tuple[Trino, str, str], lakehouse: Lakehouse, local: Home
) -> None:
    trino, rest, hive = rest_trino
    trino.sql("CREATE TABLE t (id BIGINT, name VARCHAR, at TIMESTAMP(6))", rest, local.name)
    trino.sql("INSERT INTO t VALUES (1, 'one', now()), (2, 'two', now()), (3, 'three', now())", rest, local.name)
    trino.sql("CREATE VIEW v AS SELECT id AS number, name AS word, at FROM t WHERE id < 3", rest, local.name)
    assert "trino" in statements(lakehouse, local, "v")
    for catalog in (rest, hive):
        assert trino.sql("SELECT number, word FROM v ORDER BY number", catalog, local.name) == ROWS
