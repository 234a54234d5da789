"""Table care by the server, of tables that Spark writes through the metastore and goes on with."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.compatibility.conftest import Home, Lakehouse
from tests.engines.spark import SparkSession

pytestmark = pytest.mark.spark


def care(lakehouse: Lakehouse, home: Home, table: str, operation: str, **body: Any) -> dict[str, Any]:
    with httpx.Client(base_url=f"{lakehouse.server.http}/api/v1", timeout=60, trust_env=False) as client:
        where = f"/catalogs/hive/databases/{home}/tables/{table}/care/{operation}"
        run = client.post(where, json=body).raise_for_status().json()
        while run["state"] in ("QUEUED", "RUNNING"):
            run = client.get(f"/care-runs/{run['id']}?wait_ms=1000").raise_for_status().json()
        return dict(run)


def test_spark_reads_and_writes_on_after_care(spark: SparkSession, home: Home, lakehouse: Lakehouse) -> None:
    t = f"ice.{home}.t"
    spark.sql(f"create table {t} (id int, name string, d date) using iceberg partitioned by (months(d), bucket(2, id))")
    for number in range(6):
        spark.sql(f"insert into {t} values (1, 'a{number}', date'2026-01-01'), (2, 'b{number}', null)")
    before = spark.sql(f"select * from {t} order by name")
    rewritten = care(lakehouse, home, "t", "rewrite")
    assert (rewritten["state"], rewritten["summary"]["files"], rewritten["summary"]["new_files"]) == (
        "SUCCEEDED",
        12,
        2,
    )
    spark.sql(f"refresh table {t}")
    assert spark.sql(f"select * from {t} order by name") == before
    assert spark.sql(f"select operation from {t}.snapshots order by committed_at desc limit 1") == [["replace"]]
    expired = care(lakehouse, home, "t", "expire-snapshots", older_than_ms=0, retain_last=1)
    assert (expired["state"], expired["summary"]["data"]["files"]) == ("SUCCEEDED", 12)
    spark.sql(f"refresh table {t}")
    assert spark.sql(f"select name from {t} where d = date'2026-01-01' order by name") == [[f"a{n}"] for n in range(6)]
    spark.sql(f"update {t} set name = 'new' where name = 'a0'")
    orphans = care(lakehouse, home, "t", "remove-orphans", older_than_ms=0, force=True)
    assert (orphans["state"], orphans["summary"]["files"]) == ("SUCCEEDED", 0), orphans
    spark.sql(f"refresh table {t}")
    assert spark.sql(f"select count(*), count(distinct name) from {t}") == [[12, 12]]


def test_deletes_of_spark_are_kept_and_not_rewritten(spark: SparkSession, local: Home, lakehouse: Lakehouse) -> None:
    t = f"ice.{local}.t"
    modes = "'format-version' = '2', 'write.delete.mode' = 'merge-on-read'"
    spark.sql(f"create table {t} (id int) using iceberg tblproperties ({modes})")
    spark.sql(f"insert into {t} select /*+ coalesce(1) */ * from values (1), (2), (3) as one_file(id)")
    spark.sql(f"delete from {t} where id = 2")
    refused = care(lakehouse, local, "t", "rewrite")
    assert refused["state"] == "FAILED"
    assert "has delete files" in refused["error"]
    for operation in ("expire-snapshots", "remove-orphans"):
        options = {"force": True} if operation == "remove-orphans" else {"retain_last": 1}
        done = care(lakehouse, local, "t", operation, older_than_ms=0, **options)
        assert done["state"] == "SUCCEEDED", done
    spark.sql(f"refresh table {t}")
    assert spark.sql(f"select id from {t} order by id") == [[1], [3]]


def test_deletion_vectors_are_kept(spark: SparkSession, local: Home, lakehouse: Lakehouse) -> None:
    t = f"ice.{local}.v3"
    modes = "'format-version' = '3', 'write.delete.mode' = 'merge-on-read'"
    spark.sql(f"create table {t} (id int) using iceberg tblproperties ({modes})")
    spark.sql(f"insert into {t} select /*+ coalesce(1) */ * from values (1), (2), (3), (4) as one_file(id)")
    for number in (2, 3):
        spark.sql(f"delete from {t} where id = {number}")
    expired = care(lakehouse, local, "v3", "expire-snapshots", older_than_ms=0, retain_last=1)
    assert (expired["state"], expired["summary"]["deletes"]["files"]) == ("SUCCEEDED", 1), expired
    orphans = care(lakehouse, local, "v3", "remove-orphans", older_than_ms=0, force=True)
    assert (orphans["state"], orphans["summary"]["files"]) == ("SUCCEEDED", 0), orphans
    spark.sql(f"refresh table {t}")
    assert spark.sql(f"select id from {t} order by id") == [[1], [4]]
