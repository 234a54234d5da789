"""Apache Spark's Iceberg catalogs: of type hive over Thrift, with metastore locks and without, and of type rest."""

from __future__ import annotations

import pytest

from tests.compatibility.conftest import SMOKE, Home, Lakehouse
from tests.engines.spark import SparkFailed, SparkSession
from tests.facades.hms.metastore import Metastore

pytestmark = pytest.mark.spark


@SMOKE
@pytest.mark.parametrize("catalog", ["ice", "unlocked", "rest"])
def test_rows_are_written_changed_and_read_at_an_earlier_time(spark: SparkSession, local: Home, catalog: str) -> None:
    t = f"{catalog}.{local}.t"
    spark.sql(f"create table {t} (id int, name string, d date) using iceberg partitioned by (months(d), bucket(2, id))")
    spark.sql(f"insert into {t} values (1, 'a', date'2026-01-01'), (2, 'b', date'2026-02-01'), (3, 'c', null)")
    (first,) = spark.sql(f"select snapshot_id from {t}.snapshots")
    source = "select 1 id, 'aa' name union all select 9, 'n'"
    spark.sql(
        f"merge into {t} using ({source}) s on {catalog}.{local}.t.id = s.id when matched then update set name = s.name "
        "when not matched then insert (id, name) values (s.id, s.name)"
    )
    spark.sql(f"update {t} set name = 'bb' where id = 2")
    spark.sql(f"delete from {t} where id = 3")
    assert spark.sql(f"select id, name from {t} order by id") == [[1, "aa"], [2, "bb"], [9, "n"]]
    assert spark.sql(f"select name from {t} version as of {first[0]} order by id") == [["a"], ["b"], ["c"]]
    assert len(spark.sql(f"select * from {t}.history")) == 4


@pytest.mark.parametrize("version", [2, 3])
def test_scans_that_the_server_plans_read_what_spark_plans_itself(
    spark: SparkSession, local: Home, lakehouse: Lakehouse, version: int
) -> None:
    t = f"{local}.t"
    modes = ", ".join(f"'write.{what}.mode' = 'merge-on-read'" for what in ("delete", "update", "merge"))
    spark.sql(
        f"create table rest.{t} (id int, name string, d date, f float) using iceberg partitioned by (months(d), "
        f"bucket(2, id), truncate(1, name)) tblproperties ('format-version' = '{version}', {modes})"
    )
    days = "date_add(date'2026-01-01', cast(id as int) * 9)"
    row = f"select cast(id as int) id, if(id % 7 = 0, null, concat('n', id)) name, {days} d, cast(id * 0.1 as float) f"
    spark.sql(f"insert into rest.{t} {row} from range(40)")
    spark.sql(f"delete from rest.{t} where id % 5 = 1")
    spark.sql(f"update rest.{t} set name = 'new' where id in (2, 3)")
    spark.sql(f"alter table rest.{t} add column more int")
    spark.sql(f"insert into rest.{t} values (50, 'z', null, null, 7)")
    for condition in (
        "true",
        "d > date'2026-03-01' and id < 30",
        "name = 'new' or name is null",
        "id in (4, 6, 12, 50) and d is not null",
        "name like 'n1%' and not (id > 15)",
        "f = cast(0.7 as float) or more = 7",
    ):
        planned, own = (
            spark.sql(f"select id, name, d, f, more from {catalog}.{t} where {condition} order by id")
            for catalog in ("planned", "rest")
        )
        assert planned == own != []
    assert spark.sql(f"select count(*) from planned.{t}") == spark.sql(f"select count(*) from rest.{t}")
    assert f'/namespaces/{local}/tables/t/plan"' in lakehouse.server.log.read_text(encoding="utf-8")


@pytest.mark.parametrize("catalog", ["ice", "unlocked"])
def test_a_table_evolves_is_replaced_renamed_and_dropped(
    spark: SparkSession, home: Home, catalog: str, metastore: Metastore
) -> None:
    t = f"{catalog}.{home}.t"
    spark.sql(f"create table {t} using iceberg as select 1 id, 'a' name")
    spark.sql(f"alter table {t} add column extra string comment 'more'")
    spark.sql(f"alter table {t} rename column name to title")
    spark.sql(f"alter table {t} alter column id type bigint")
    spark.sql(f"alter table {t} add partition field bucket(4, id)")
    spark.sql(f"alter table {t} set tblproperties ('k' = 'v')")
    assert spark.sql(f"select id, title, extra from {t}") == [[1, "a", None]]
    assert [c.name for c in metastore.get_table(home.name, "t").sd.cols] == ["id", "title", "extra"]
    assert spark.sql(f"show tblproperties {t}('k')") == [["k", "v"]]
    spark.sql(f"create or replace table {t} using iceberg as select 'x' other")
    assert spark.sql(f"select * from {t}") == [["x"]]
    spark.sql(f"alter table {t} rename to {catalog}.{home}.t2")
    assert spark.sql(f"select * from {t}2") == [["x"]]
    with pytest.raises(SparkFailed, match="TABLE_OR_VIEW_NOT_FOUND"):
        spark.sql(f"select * from {t}")
    spark.sql(f"drop table {t}2 purge")
    assert metastore.get_all_tables(home.name) == []
    assert [path for path in home.files() if path.endswith((".parquet", ".avro", "metadata.json"))] == []


def test_namespaces_and_tables_are_listed_beside_hives_own(spark: SparkSession, local: Home) -> None:
    spark.sql(f"create table {local}.plain (a int) using parquet")
    spark.sql(f"create table ice.{local}.i (a int) using iceberg")
    assert [row[1] for row in spark.sql(f"show tables in ice.{local}")] == ["i"]
    assert [row[1] for row in spark.sql(f"show tables in {local}")] == ["i", "plain"]
    spark.sql(f"create namespace ice.{local}_n comment 'c'")
    assert [f"{local}_n"] in spark.sql("show namespaces in ice")
    spark.sql(f"drop namespace ice.{local}_n")


def test_errors_are_icebergs_own(spark: SparkSession, local: Home) -> None:
    spark.sql(f"create table ice.{local}.t (a int) using iceberg")
    for statement, expected in {
        f"create table ice.{local}.t (a int) using iceberg": "already exists",
        f"drop namespace ice.{local}": "not empty",
        f"select * from ice.{local}.missing": "TABLE_OR_VIEW_NOT_FOUND",
        "create table ice.missing_namespace.t (a int) using iceberg": "(?i)not.*exist|SCHEMA_NOT_FOUND",
    }.items():
        with pytest.raises(SparkFailed, match=expected):
            spark.sql(statement)


def test_the_session_catalog_serves_hive_and_iceberg_tables_at_once(spark: SparkSession, local: Home) -> None:
    found = spark.python(f"""
other = spark.newSession()
other.conf.set("spark.sql.catalog.spark_catalog", "org.apache.iceberg.spark.SparkSessionCatalog")
other.conf.set("spark.sql.catalog.spark_catalog.type", "hive")
other.sql("create table {local}.plain using parquet as select 1 a")
other.sql("create table {local}.ice using iceberg as select 2 a")
other.sql("insert into {local}.ice select a from {local}.plain")
result = [row.a for row in other.sql("select a from {local}.ice order by a").collect()]
""")
    assert found == [1, 2]
    assert spark.sql(f"select count(*) from ice.{local}.ice") == [[2]]


def test_what_one_door_wrote_the_other_reads_and_writes_on(spark: SparkSession, home: Home) -> None:
    spark.sql(f"create table ice.{home}.t using iceberg as select 1 id")
    if home.location.startswith("file:"):
        spark.sql(f"insert into rest.{home}.t values (2)")
        spark.sql(f"alter table rest.{home}.t add column name string")
    spark.sql(f"insert into unlocked.{home}.t (id) values (3)")
    expected = [1, 2, 3] if home.location.startswith("file:") else [1, 3]
    assert [row[0] for row in spark.sql(f"select id from ice.{home}.t order by id")] == expected
