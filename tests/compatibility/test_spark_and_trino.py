"""What Spark wrote Trino reads, and the other way round, with statistics."""

from __future__ import annotations

import pytest

from tests.compatibility.conftest import SMOKE, Home, TrinoCatalogs
from tests.compatibility.test_trino import stats
from tests.engines.spark import SparkSession

pytestmark = [pytest.mark.spark, pytest.mark.trino]


@SMOKE
def test_trino_reads_what_spark_wrote_with_its_statistics(
    spark: SparkSession, trino: TrinoCatalogs, home: Home
) -> None:
    spark.sql(f"create table {home}.t (id int, name string, p date) using parquet partitioned by (p)")
    spark.sql(f"insert into {home}.t values (1, 'a', date'2026-01-01'), (2, null, date'2026-01-02')")
    assert trino.hive(home, "select id, name, cast(p as varchar) from t order by id") == [
        [1, "a", "2026-01-01"],
        [2, None, "2026-01-02"],
    ]
    spark.sql(f"create table {home}.s using parquet as select id, 'ab' name from range(10)")
    spark.sql(f"analyze table {home}.s compute statistics for all columns")
    found = stats(trino.hive(home, "show stats for s"))
    assert (found["id"], found[None][2]) == ([10.0, 0.0, None, "0", "9"], 10.0)


@SMOKE
def test_spark_reads_what_trino_wrote_with_its_statistics(
    spark: SparkSession, trino: TrinoCatalogs, home: Home
) -> None:
    made = "with (format = 'PARQUET', partitioned_by = array['p'])"
    trino.hive(
        home, f"create table t {made} as select nationkey id, cast(name as varchar) name, 'x/y' p from tpch.tiny.nation"
    )
    assert spark.sql(f"select count(*), max(name) from {home}.t where p = 'x/y'") == [[25, "VIETNAM"]]
    described = {row[0]: row[1] for row in spark.sql(f"describe extended {home}.t partition (p = 'x/y')")}
    assert described["Partition Statistics"].endswith("25 rows")
    spark.sql(f"insert into {home}.t values (100, 'S', 'new')")
    assert trino.hive(home, "select name from t where p = 'new'") == [["S"]]


def test_an_iceberg_table_passes_from_hand_to_hand(spark: SparkSession, trino: TrinoCatalogs, home: Home) -> None:
    spark.sql(f"create table ice.{home}.t (id bigint, name string) using iceberg partitioned by (bucket(2, id))")
    spark.sql(f"insert into ice.{home}.t values (1, 'spark')")
    trino.iceberg(home, "insert into t values (2, 'trino')")
    spark.sql(f"alter table unlocked.{home}.t add column extra string")
    trino.iceberg(home, "update t set extra = 'seen' where id = 1")
    spark.sql(f"delete from ice.{home}.t where id = 2")
    expected = [[1, "spark", "seen"]]
    assert spark.sql(f"select * from ice.{home}.t") == expected
    assert trino.iceberg(home, "select * from t") == expected


def test_a_view_of_one_is_listed_by_the_other(spark: SparkSession, trino: TrinoCatalogs, local: Home) -> None:
    spark.sql(f"create table {local}.t using parquet as select id from range(3)")
    trino.hive(local, "create view v as select id from t where id > 0")
    assert trino.hive(local, "select count(*) from v") == [[2]]
    assert [row[1] for row in spark.sql(f"show tables in {local}")] == ["t", "v"]
