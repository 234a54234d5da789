"""Hundreds of statements, each answered as over a real metastore."""

from __future__ import annotations

import pytest

from tests.compatibility.conftest import Lakehouse
from tests.compatibility.transcript import compare, spark_asks, trino_asks
from tests.engines.spark import SparkSession
from tests.engines.trino import Trino


@pytest.mark.trino
@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", ["hive", pytest.param("iceberg", marks=pytest.mark.long)])
def test_trino_is_answered_as_by_a_real_metastore(lakehouse: Lakehouse, trino_server: Trino, kind: str) -> None:
    with trino_asks(trino_server, kind, lakehouse.server.thrift) as (ask, unstable):
        assert compare(f"trino_{kind}", ask, unstable) == []


@pytest.mark.spark
@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("kind", "catalog"), [("hive", "spark_catalog"), ("iceberg", "ice")])
def test_spark_is_answered_as_by_a_real_metastore(spark: SparkSession, kind: str, catalog: str) -> None:
    with spark_asks(spark, catalog) as (ask, unstable):
        assert compare(f"spark_{kind}", ask, unstable) == []
