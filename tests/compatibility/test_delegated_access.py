"""Engines that have no keys to the store, and reach the files of tables by what the catalog gives them."""

from __future__ import annotations

import pytest

from tests.compatibility.conftest import Home, Lakehouse
from tests.compatibility.delegated import bucket_of
from tests.engines.spark import SparkSession
from tests.engines.trino import Trino, iceberg_rest_properties

pytestmark = pytest.mark.s3


@pytest.mark.spark
@pytest.mark.parametrize("access", ["vended-credentials", "vended-credentials of a role", "remote-signing"])
def test_spark_writes_changes_and_reads(spark: SparkSession, lakehouse: Lakehouse, local: Home, access: str) -> None:
    catalog = access.replace("-", "_").replace(" ", "_")
    for key, value in {
        "": "org.apache.iceberg.spark.SparkCatalog",
        ".type": "rest",
        ".uri": lakehouse.server.iceberg,
        ".header.X-Iceberg-Access-Delegation": access.split()[0],
        ".io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
    }.items():
        spark.python(f"spark.conf.set('spark.sql.catalog.{catalog}{key}', {value!r})")
    bucket = bucket_of(lakehouse, vending=access.startswith("vended"), role=access.endswith("role"))
    t = f"{catalog}.{local}.t"
    spark.sql(f"create table {t} (id int, name string) using iceberg partitioned by (id) location 's3://{bucket}/t'")
    spark.sql(f"insert into {t} values (1, 'a'), (2, 'b'), (3, 'c')")
    spark.sql(f"update {t} set name = 'bb' where id = 2")
    spark.sql(f"delete from {t} where id = 3")
    assert spark.sql(f"select id, name from {t} order by id") == [[1, "a"], [2, "bb"]]
    assert any(key.endswith(".parquet") for key in lakehouse.s3.keys(bucket))
    spark.sql(f"drop table {t}")


@pytest.mark.trino
def test_trino_works_with_the_keys_of_a_role(trino_server: Trino, lakehouse: Lakehouse, local: Home) -> None:
    bucket = bucket_of(lakehouse, vending=True, role=True)
    keyless = {key: value for key, value in lakehouse.s3.trino_properties().items() if not key.startswith("s3.aws")}
    asked = {"iceberg.rest-catalog.vended-credentials-enabled": "true"}
    properties = iceberg_rest_properties(lakehouse.server.iceberg) | keyless | asked
    with trino_server.catalog("iceberg", properties) as catalog:
        t = f"{local}.t"
        trino_server.sql(f"create table {t} (id integer, name varchar) with (location = 's3://{bucket}/t')", catalog)
        trino_server.sql(f"insert into {t} values (1, 'a'), (2, 'b'), (3, 'c')", catalog)
        trino_server.sql(f"delete from {t} where id = 3", catalog)
        assert trino_server.sql(f"select id, name from {t} order by id", catalog) == [[1, "a"], [2, "b"]]
        trino_server.sql(f"drop table {t}", catalog)
