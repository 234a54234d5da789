"""Spark with the metastore clients of Hive 3.1 and 4.1, which call other methods than the client of 2.3 that it brings."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from catalog_server.jobs.engines import default_home
from tests.compatibility.conftest import Home, Lakehouse
from tests.engines.spark import SparkSession

pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.long]


@pytest.fixture(params=["3.1.3", "4.1.0"])
def old_and_new(
    request: pytest.FixtureRequest, lakehouse: Lakehouse, spark_session: Callable[..., SparkSession], local: Home
) -> SparkSession:
    """Spark with a client of that version, which it fetches from Maven."""
    clients = {
        "spark.sql.hive.metastore.version": request.param,
        "spark.sql.hive.metastore.jars": "maven",
        "spark.jars.ivy": str(default_home() / "ivy"),
        "spark.driver.memory": "1500m",
        "spark.hadoop.hive.exec.dynamic.partition.mode": "nonstrict",
    }
    return spark_session(
        metastore_uri=lakehouse.server.thrift, warehouse=local.location.rpartition("/")[0], extra=clients
    )


@pytest.mark.timeout(900)
def test_tables_partitions_views_and_functions_are_made_changed_and_dropped(
    old_and_new: SparkSession, local: Home
) -> None:
    sql = old_and_new.sql
    sql(f"use {local}")
    sql("create table t (a int, b string) stored as parquet")
    sql("insert into t values (1, 'x')")
    sql("create table p (v int) partitioned by (k int, d string) stored as orc")
    sql("insert into p partition (k, d) values (1, 2, 'a'), (3, 4, 'b')")
    assert sql("select v from p where k > 2 order by v") == [[3]]
    assert sql("select v from p where d = 'a'") == [[1]]
    sql("alter table p drop partition (k = 2, d = 'a')")
    sql("alter table p add partition (k = 9, d = 'z')")
    sql("alter table p partition (k = 9, d = 'z') rename to partition (k = 10, d = 'z')")
    sql("msck repair table p")
    assert sql("show partitions p") == [["k=10/d=z"], ["k=4/d=b"]]
    sql("analyze table p compute statistics")
    sql("analyze table t compute statistics for all columns")
    assert ["max", "1"] in sql("desc extended t a")
    sql("alter table t add columns (c int)")
    sql("alter table t rename to t2")
    sql("create view v as select a from t2")
    assert sql("select * from v") == [[1]]
    assert [row[1] for row in sql("show tables")] == ["p", "t2", "v"]
    sql("create function f as 'org.apache.hadoop.hive.ql.udf.generic.GenericUDFUpper'")
    assert sql("select f('a')") == [["A"]]
    sql("drop function f")
    sql("truncate table t2")
    sql("insert overwrite p partition (k, d) select 5, 4, 'b'")
    assert sql("select v, k from p order by v") == [[5, 4]]
    sql("create table ds using parquet partitioned by (p) as select 1 a, 2 p")
    assert sql("select * from ds where p = 2") == [[1, 2]]
    sql("alter table ds drop partition (p = 2)")
    sql("drop view v")
    sql("use default")
    sql(f"drop database {local} cascade")
    assert [str(local)] not in sql("show databases")
