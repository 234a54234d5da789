"""The same script on Sail and on Spark: tables of files, Iceberg and declared outputs in a real S3 store, all registered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from catalog_server.testing import running_server
from tests.engines.s3 import S3
from tests.jobs.conftest import Api
from tests.jobs.scripts import WRITES


@dataclass
class Place:
    """A server that reaches a bucket by a storage profile."""

    api: Api
    bucket: str

    def write(self, engine: str) -> dict[str, Any]:
        """Run the script on an engine, into a database of the engine's name."""
        return self.api.run(
            f"writes-{engine}",
            WRITES,
            engine=engine,
            arguments={"database": engine, "bucket": self.bucket},
            outputs=[f"{engine}.out={self.bucket}/out/{engine}/", f"{engine}.docs={self.bucket}/json/{engine}/"],
            timeout_seconds=500,
        )

    def table(self, name: str) -> dict[str, Any]:
        """A table over the JSON API."""
        database, _, table = name.partition(".")
        answer = self.api.client.get(f"/catalogs/hive/databases/{database}/tables/{table}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture(scope="module")
def place(s3_server: S3, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A running server with a connection to an S3 store."""
    s3, bucket = s3_server, s3_server.create_bucket()
    with running_server(tmp_path_factory.mktemp("engines")) as server:
        with httpx.Client(base_url=f"{server.http}/api/v1", trust_env=False, timeout=60) as client:
            profile = {
                "name": "lake",
                "kind": "s3",
                "options": {"endpoint": s3.endpoint, "region": s3.region, "path_style": "true"},
                "secrets": {"access_key_id": s3.access_key, "secret_access_key": s3.secret_key},
                "prefixes": [f"s3://{bucket}/"],
            }
            answer = client.post("/connections", json=profile)
            assert answer.status_code == 201, answer.text
            yield Place(Api(client, server), f"s3://{bucket}")
    s3.drop_bucket(bucket)


def check(place: Place, engine: str) -> None:
    run = place.write(engine)
    log = place.api.log(run["id"])
    assert run["state"] == "SUCCEEDED", (run["error"], log[-4000:])
    outputs = {output["table"]: output for output in run["outputs"]}
    rows = {name.removeprefix(f"hive.{engine}."): output.get("rows") for name, output in outputs.items()}
    assert rows == {"files": 10, "lake": 10, "lake2": 20, "out": 20, "docs": None}
    assert outputs[f"hive.{engine}.files"]["operation"] == "overwrite"
    assert {name: output["kind"] for name, output in outputs.items() if name.endswith(("lake", "docs"))} == {
        f"hive.{engine}.lake": "iceberg",
        f"hive.{engine}.docs": "json",
    }
    files = place.table(f"{engine}.files")
    assert [key["name"] for key in files["partition_keys"]] == ["g"]
    assert files["parameters"]["job.run"] == run["id"]
    answer = place.api.client.get(f"/catalogs/hive/databases/{engine}/tables/files/partitions").json()
    assert [item["name"] for item in answer["items"]] == ["g=0", "g=1", "g=2"]
    assert sum(int(item["parameters"]["numRows"]) for item in answer["items"]) == 10
    versions = place.api.client.get(f"/catalogs/hive/databases/{engine}/tables/lake/versions").json()["items"]
    assert {version["run"] for version in versions} == {run["id"]}
    assert place.api.server.thrift  # both doors told the run's name: Thrift made `files`, REST made `lake`
    made = place.api.client.get(f"/catalogs/hive/databases/{engine}/tables/files/versions").json()["items"]
    assert {version["run"] for version in made} == {run["id"]}


@pytest.mark.s3
@pytest.mark.slow
def test_sail_writes_tables_of_files_iceberg_and_declared_outputs(place: Place) -> None:
    check(place, "sail")


@pytest.mark.s3
@pytest.mark.slow
@pytest.mark.spark
@pytest.mark.timeout(600)
def test_spark_writes_tables_of_files_iceberg_and_declared_outputs(place: Place) -> None:
    check(place, "spark")


@pytest.mark.s3
@pytest.mark.slow
def test_sail_refuses_to_overwrite_what_it_reads(place: Place) -> None:
    """Sail alone would delete the files first and read nothing then."""
    script = """
from pyspark.errors import AnalysisException
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
spark.sql("CREATE DATABASE IF NOT EXISTS itself")
spark.range(5).write.saveAsTable("itself.t")
for overwrite in (
    lambda: spark.table("itself.t").where("id > 2").write.mode("overwrite").saveAsTable("itself.t"),
    lambda: spark.table("itself.t").where("id > 2").write.insertInto("itself.t", overwrite=True),
    lambda: spark.sql("INSERT OVERWRITE TABLE itself.t SELECT * FROM itself.t WHERE id > 2"),
):
    try:
        overwrite()
    except AnalysisException as error:
        assert "also being read from" in str(error)
    else:
        raise SystemExit("was not refused")
assert spark.table("itself.t").count() == 5
"""
    run = place.api.run("itself", script)
    assert run["state"] == "SUCCEEDED", run["error"]


@pytest.mark.s3
@pytest.mark.slow
def test_sail_replaces_tables_whose_columns_change(place: Place) -> None:
    script = """
from pyspark.sql import SparkSession, functions as F
spark = SparkSession.builder.getOrCreate()
spark.sql("CREATE DATABASE IF NOT EXISTS changes")
one, two = spark.range(5), spark.range(3).selectExpr("id", "id + 0.5 as half")
for table in ("changes.files", "iceberg.changes.lake"):
    one.write.saveAsTable(table)
    two.write.mode("overwrite").saveAsTable(table)
    assert (spark.table(table).columns, spark.table(table).count()) == (["id", "half"], 3)
    one.writeTo(table).createOrReplace()
    assert (spark.table(table).columns, spark.table(table).count()) == (["id"], 5)
    spark.sql(f"CREATE OR REPLACE TABLE {table} AS SELECT 1 AS a UNION ALL SELECT 2")
    assert (spark.table(table).columns, spark.table(table).count()) == (["a"], 2)
stamped = one.withColumn("at", F.current_timestamp())
for _ in range(2):
    stamped.writeTo("iceberg.changes.days").partitionedBy(F.partitioning.days("at")).createOrReplace()
assert spark.table("iceberg.changes.days").count() == 5
"""
    run = place.api.run("changes", script)
    assert run["state"] == "SUCCEEDED", run["error"]
    tables = {output["table"] for output in run["outputs"]}
    assert tables == {"hive.changes.files", "hive.changes.lake", "hive.changes.days"}


@pytest.mark.s3
@pytest.mark.slow
def test_sail_writes_iceberg_tables_with_nested_columns(place: Place) -> None:
    """However they are made, divided or not, all rows are read back; the server's SQL reads the same."""
    script = """
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
spark.sql("CREATE DATABASE IF NOT EXISTS deep")
rows = spark.range(6).selectExpr(
    "id", "array(id, id + 1) as a", "named_struct('x y', id, 'inner', array(named_struct('n', 'v'))) as s",
    "map('k', array(id)) as m", "id % 2 as part")
rows.createOrReplaceTempView("rows")
rows.writeTo("iceberg.deep.one").tableProperty("note", "it's").create()
for _ in range(2):
    rows.writeTo("iceberg.deep.two").partitionedBy("part").createOrReplace()
rows.writeTo("iceberg.deep.two").append()
rows.write.partitionBy("part").saveAsTable("iceberg.deep.three", mode="append")
rows.write.mode("overwrite").saveAsTable("iceberg.deep.four")
spark.sql("CREATE TABLE iceberg.deep.five USING iceberg PARTITIONED BY (part) AS SELECT * FROM rows")
for name, times in (("one", 1), ("two", 2), ("three", 1), ("four", 1), ("five", 1)):
    sums = ("sum(a[1]) a", "sum(s.`x y`) s", "sum(m['k'][0]) m", "count(s.inner[0].n) n")
    found = spark.table(f"iceberg.deep.{name}").selectExpr(*sums).toPandas().values.tolist()
    assert found == [[21 * times, 15 * times, 15 * times, 6 * times]], (name, found)
capitals = spark.range(3).selectExpr("id as `Id`", "array(id) as `List`", "id as part")
capitals.writeTo("iceberg.deep.six").partitionedBy("part").createOrReplace()
capitals.select("part", "List", "Id").writeTo("iceberg.deep.six").append()
capitals.select("part", "List", "Id").write.mode("append").saveAsTable("iceberg.deep.six")
assert spark.table("iceberg.deep.six").columns == ["Id", "List", "part"]
assert spark.table("iceberg.deep.six").selectExpr("sum(Id)", "sum(List[0])").toPandas().values.tolist() == [[9, 9]]
"""
    run = place.api.run("deep", script)
    assert run["state"] == "SUCCEEDED", run["error"]
    assert place.table("deep.one")["parameters"]["note"] == "it's"
    sql = "select sum(a[2]), sum(s.\"x y\"), sum(m['k'][1]) from hive.deep.two"
    query = place.api.client.post("/queries", json={"sql": sql}).json()
    query = place.api.client.get(f"/queries/{query['id']}", params={"wait_ms": 20_000}).json()
    rows = place.api.client.get(f"/queries/{query['id']}/rows").json()
    assert rows.get("rows") == [[42, 30, 30]], query["error"]


@pytest.mark.s3
@pytest.mark.slow
def test_sail_fails_at_null_in_a_partition_column_of_files(place: Place) -> None:
    """By itself it would write 0. Iceberg has a place for NULL."""
    script = """
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
spark.sql("CREATE DATABASE IF NOT EXISTS nulls")
good, bad = (spark.sql(f"SELECT 'x' AS v, explode(array({values})) AS `Key`") for values in ("1, 2", "1, null"))
good.write.partitionBy("Key").saveAsTable("nulls.t")
good.writeTo("nulls.u").partitionedBy("Key").createOrReplace()
for name, write in {
    "save": lambda: bad.write.partitionBy("Key").parquet("BUCKET/nulls/save"),
    "saveAsTable": lambda: bad.write.partitionBy("Key").saveAsTable("nulls.other"),
    "append": lambda: bad.write.mode("append").saveAsTable("nulls.t"),
    "insertInto": lambda: bad.write.insertInto("nulls.t"),
    "replace": lambda: bad.write.mode("overwrite").partitionBy("Key").saveAsTable("nulls.t"),
    "createOrReplace": lambda: bad.writeTo("nulls.v").partitionedBy("Key").createOrReplace(),
    "another name": lambda: bad.withColumnRenamed("Key", "k").write.insertInto("nulls.t"),
    "INSERT": lambda: spark.sql("INSERT INTO nulls.t SELECT v, nullif(Key, 2) FROM nulls.u"),
    "columns": lambda: spark.sql("INSERT INTO TABLE nulls.t (Key, v) VALUES (3, 'x'), (null, 'y')"),
    "OVERWRITE": lambda: spark.sql("INSERT OVERWRITE nulls.t PARTITION (Key) SELECT v, nullif(Key, 2) FROM nulls.u"),
    "CREATE": lambda: spark.sql(
        "CREATE TABLE nulls.w USING parquet PARTITIONED BY (Key) AS SELECT v, nullif(Key, 2) AS Key FROM nulls.u"
    ),
}.items():
    try:
        write()
    except Exception as error:
        assert "NULL in the partition column" in str(error), (name, error)
    else:
        raise SystemExit(f"{name} was not refused")
good.write.mode("append").saveAsTable("nulls.t")
spark.sql("INSERT INTO nulls.t (Key, v) WITH q AS (SELECT 5 AS a, 'five' AS b) SELECT * FROM q")
assert [row.v for row in spark.table("nulls.t").where("Key = 5").collect()] == ["five"]
spark.sql("INSERT INTO nulls.t VALUES ('six', 6)")
assert [row.v for row in spark.table("nulls.t").where("Key = 6").collect()] == ["six"]
bad.writeTo("iceberg.nulls.lake").partitionedBy("Key").create()
assert spark.table("iceberg.nulls.lake").where("Key is null").count() == 1
print(spark.table("nulls.t").groupBy("Key").count().orderBy("Key").toPandas())
"""
    run = place.api.run("nulls", script.replace("BUCKET", place.bucket))
    assert run["state"] == "SUCCEEDED", run["error"]


@pytest.mark.s3
@pytest.mark.slow
def test_a_conversion_reaches_the_store_that_the_new_table_lies_in(place: Place) -> None:
    """The rows come by a file of this machine and go to S3."""
    script = f"""
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
spark.sql("CREATE DATABASE IF NOT EXISTS moved LOCATION '{place.bucket}/moved.db'")
spark.range(5).selectExpr("id", "id % 2 as part").write.partitionBy("part").saveAsTable("moved.t")
"""
    assert place.api.run("moved", script)["state"] == "SUCCEEDED"
    for format in ("iceberg", "parquet"):
        where = "/catalogs/hive/databases/moved/tables/t/conversion"
        made = place.api.client.post(where, json={"format": format}).json()
        run = place.api.wait(made["run"]["id"])
        assert (run["state"], run["outputs"][0]["rows"]) == ("SUCCEEDED", 5), run
        assert place.table(f"moved.t_{format}")["location"].startswith(place.bucket)
