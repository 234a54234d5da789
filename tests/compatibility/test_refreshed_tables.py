"""Tables that Spark made and a crawl of the catalog brought up to date: Spark reads what came, as it read them before."""

from __future__ import annotations

from pathlib import Path

import httpx
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest

from tests.compatibility.conftest import Home, Lakehouse
from tests.engines.spark import SparkSession

NEW = pa.table({"extra": ["x", "y"], "n": pa.array([2, 3], pa.int32())})


def refresh(lakehouse: Lakehouse, database: Home) -> None:
    """Crawl all tables of a database."""
    with httpx.Client(base_url=f"{lakehouse.server.http}/api/v1", timeout=90) as api:
        api.post("/crawlers", json={"name": f"again_{database}", "targets": [f"catalog:{database}"]}).raise_for_status()
        crawl = api.post(f"/crawlers/again_{database}/crawls", json={}).json()
        done = api.get(f"/crawls/{crawl['id']}", params={"wait_ms": 30_000}).json()
        assert (done["state"], done["summary"]["problems"], done["summary"].get("refused")) == ("SUCCEEDED", [], None)


@pytest.mark.spark
def test_spark_reads_new_partitions_and_columns_of_its_own_tables(
    lakehouse: Lakehouse, spark: SparkSession, local: Home
) -> None:
    folder = Path(local.location.removeprefix("file://"))
    for name, made in (("source", "using parquet"), ("hive", "stored as parquet")):
        by = "partitioned by (day)" if name == "source" else ""
        columns = "n int, day string" if name == "source" else "n int"
        spark.sql(f"create table {local}.{name} ({columns}) {made} {by or 'partitioned by (day string)'}")
        spark.sql(f"insert into {local}.{name} values (1, 'a')")
        (folder / name / "day=b").mkdir()
        pq.write_table(NEW, folder / name / "day=b" / "new.parquet")
    spark.sql(f"create table {local}.text (id int, word string) row format delimited fields terminated by ','")
    pc.write_csv(pa.table({"a": [1], "b": ["x"]}), folder / "text" / "a.csv", pc.WriteOptions(include_header=False))
    refresh(lakehouse, local)
    for name in ("source", "hive"):
        spark.sql(f"refresh table {local}.{name}")
        rows = spark.sql(f"select n, day, extra from {local}.{name} order by n")
        assert rows == [[1, "a", None], [2, "b", "x"], [3, "b", "y"]]
    assert spark.sql(f"select id, word from {local}.text") == [[1, '"x"']]
    spark.sql(f"insert into {local}.source (n, extra, day) values (4, 'z', 'c')")
    assert spark.sql(f"select extra from {local}.source where day = 'c'") == [["z"]]
