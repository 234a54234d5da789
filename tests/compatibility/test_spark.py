"""Apache Spark through its Hive catalog: databases, tables, partitions, statistics, views and functions."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.compatibility.conftest import SMOKE, Home
from tests.engines.spark import SparkFailed, SparkSession
from tests.facades.hms.metastore import Metastore

pytestmark = pytest.mark.spark


def described(spark: SparkSession, what: str) -> dict[str, str]:
    """What DESCRIBE EXTENDED says, by its first column."""
    return {row[0]: row[1] for row in spark.sql(f"describe {what}")}


def listed(spark: SparkSession, database: Home) -> list[str]:
    return [row[1] for row in spark.sql(f"show tables in {database}")]


def files_of(database: Home, table: str) -> list[str]:
    return [path for path in database.files() if path.startswith(f"{table}/")]


@pytest.mark.parametrize("made", ["using parquet", "stored as orc", "using csv", "stored as textfile", "using json"])
def test_a_managed_table_is_made_written_read_and_gone_with_its_files(
    spark: SparkSession, home: Home, made: str
) -> None:
    spark.sql(f"create table {home}.t (id int, name string) {made}")
    spark.sql(f"insert into {home}.t values (1, 'a'), (2, null)")
    spark.sql(f"insert into {home}.t select 3, 'c'")
    assert spark.sql(f"select * from {home}.t order by id") == [[1, "a"], [2, None], [3, "c"]]
    spark.sql(f"insert overwrite {home}.t values (9, 'z')")
    assert spark.sql(f"select * from {home}.t") == [[9, "z"]]
    assert files_of(home, "t")
    spark.sql(f"drop table {home}.t")
    assert files_of(home, "t") == []
    assert listed(spark, home) == []


def test_a_database_keeps_place_comment_and_properties(spark: SparkSession, local: Home, tmp_path: Path) -> None:
    name = f"{local}_2"
    spark.sql(f"create database {name} comment 'mine' location 'file://{tmp_path}/there' with dbproperties ('a' = 'b')")
    found = described(spark, f"database extended {name}")
    assert (found["Comment"], found["Location"]) == ("mine", f"file:{tmp_path}/there")
    assert found["Properties"] == "((a,b))"
    spark.sql(f"alter database {name} set dbproperties ('a' = 'c')")
    assert described(spark, f"database extended {name}")["Properties"] == "((a,c))"
    assert [name] in spark.sql(f"show databases like '{local}*'")
    spark.sql(f"drop database {name}")
    assert spark.sql(f"show databases like '{name}'") == []


def test_a_database_with_tables_goes_with_cascade_only(spark: SparkSession, home: Home) -> None:
    spark.sql(f"create table {home}.t using parquet as select 1 a")
    with pytest.raises(SparkFailed, match="SCHEMA_NOT_EMPTY"):
        spark.sql(f"drop database {home}")
    spark.sql(f"drop database {home} cascade")
    assert home.files() == []


@SMOKE
def test_partitions_are_written_by_name_and_by_value(spark: SparkSession, home: Home) -> None:
    spark.sql(f"create table {home}.t (id int) partitioned by (dt date, hr int) stored as parquet")
    spark.sql(f"insert into {home}.t partition (dt = '2026-01-01', hr = 3) values (1)")
    spark.sql(f"insert into {home}.t values (2, date'2026-01-02', 4), (3, date'2026-01-03', 5)")
    spark.sql(f"insert overwrite {home}.t partition (dt = '2026-01-01', hr) values (9, 7)")
    names = ["dt=2026-01-01/hr=3", "dt=2026-01-01/hr=7", "dt=2026-01-02/hr=4", "dt=2026-01-03/hr=5"]
    assert spark.sql(f"show partitions {home}.t") == [[name] for name in names]
    for condition, expected in {
        "dt > date'2026-01-01'": [2, 3],
        "dt = date'2026-01-01' and hr in (3, 7)": [1, 9],
        "hr >= 4 and hr < 6": [2, 3],
        "dt between date'2026-01-01' and date'2026-01-02' and hr <> 4": [1, 9],
        "dt in (date'2026-01-02', date'2026-01-03') or hr = 3": [1, 2, 3],
    }.items():
        found = spark.sql(f"select id from {home}.t where {condition} order by id")
        assert [row[0] for row in found] == expected, condition


def test_partitions_are_added_renamed_and_dropped(spark: SparkSession, home: Home) -> None:
    spark.sql(f"create table {home}.t (id int) partitioned by (p int) stored as orc")
    spark.sql(f"alter table {home}.t add partition (p = 1) partition (p = 2) location '{home.location}/else'")
    spark.sql(f"alter table {home}.t add if not exists partition (p = 1)")
    spark.sql(f"insert into {home}.t partition (p = 1) values (5)")
    spark.sql(f"alter table {home}.t partition (p = 1) rename to partition (p = 3)")
    assert spark.sql(f"select * from {home}.t") == [[5, 3]]
    assert spark.sql(f"show partitions {home}.t") == [["p=2"], ["p=3"]]
    with pytest.raises(SparkFailed, match="PARTITIONS_ALREADY_EXIST"):
        spark.sql(f"alter table {home}.t add partition (p = 3)")
    spark.sql(f"alter table {home}.t drop partition (p = 3)")
    with pytest.raises(SparkFailed, match="PARTITIONS_NOT_FOUND"):
        spark.sql(f"alter table {home}.t drop partition (p = 3)")
    assert spark.sql(f"show partitions {home}.t") == [["p=2"]]
    assert files_of(home, "t") == []


def test_folders_become_partitions_by_repair(spark: SparkSession, home: Home) -> None:
    spark.sql(f"create table {home}.t (id int) using parquet partitioned by (p int)")
    spark.python(f"spark.range(3).selectExpr('int(id) id').write.parquet('{home.location}/t/p=7')")
    spark.sql(f"msck repair table {home}.t")
    assert spark.sql(f"show partitions {home}.t") == [["p=7"]]
    assert spark.sql(f"select sum(id) from {home}.t where p = 7") == [[3]]


def test_odd_values_are_partitions_too(spark: SparkSession, local: Home) -> None:
    values = ["x y", "a/b", "é=%", None, "it's", 'q"q']
    spark.sql(f"create table {local}.t (id int) using parquet partitioned by (s string)")
    rows = ", ".join(f"({n}, {_quoted(value)})" for n, value in enumerate(values))
    spark.sql(f"insert into {local}.t values {rows}")
    assert spark.sql(f"select s from {local}.t order by id") == [[value] for value in values]
    for number, value in enumerate(values):
        assert spark.sql(f"select id from {local}.t where s <=> {_quoted(value)}") == [[number]]
    spark.sql(f"alter table {local}.t drop partition (s = 'a/b')")
    assert len(spark.sql(f"show partitions {local}.t")) == len(values) - 1


def _quoted(value: str | None) -> str:
    return "null" if value is None else "'" + value.replace("'", "\\'") + "'"


def test_a_frame_is_saved_as_a_table_appended_and_overwritten(spark: SparkSession, home: Home) -> None:
    frame = "spark.range(6).selectExpr('id', 'id % 2 p').write.format('parquet')"
    spark.python(f"{frame}.partitionBy('p').saveAsTable('{home}.t')")
    spark.python(f"{frame}.mode('append').partitionBy('p').saveAsTable('{home}.t')")
    assert spark.sql(f"select p, count(*) from {home}.t group by p order by p") == [[0, 6], [1, 6]]
    spark.python(f"{frame}.mode('overwrite').saveAsTable('{home}.t')")
    assert spark.sql(f"select count(*) from {home}.t") == [[6]]
    with pytest.raises(SparkFailed, match="TABLE_OR_VIEW_ALREADY_EXISTS"):
        spark.python(f"{frame}.saveAsTable('{home}.t')")


def test_a_table_is_altered(spark: SparkSession, home: Home) -> None:
    spark.sql(f"create table {home}.t using parquet as select 1 id, 'a' name")
    spark.sql(f"alter table {home}.t add columns (extra string comment 'more')")
    spark.sql(f"alter table {home}.t change column name name string comment 'the name'")
    spark.sql(f"alter table {home}.t set tblproperties ('k' = 'v', 'gone' = '1')")
    spark.sql(f"alter table {home}.t unset tblproperties ('gone')")
    spark.sql(f"comment on table {home}.t is 'about'")
    assert spark.sql(f"describe {home}.t") == [
        ["id", "int", None],
        ["name", "string", "the name"],
        ["extra", "string", "more"],
    ]
    assert spark.sql(f"show tblproperties {home}.t('k')") == [["k", "v"]]
    assert described(spark, f"extended {home}.t")["Comment"] == "about"
    spark.sql(f"alter table {home}.t rename to {home}.t2")
    assert spark.sql(f"select * from {home}.t2") == [[1, "a", None]]
    assert (files_of(home, "t"), len(files_of(home, "t2"))) == ([], 1)
    assert spark.sql(f"show columns in {home}.t2") == [["id"], ["name"], ["extra"]]


def test_a_renamed_table_takes_its_partitions_along(spark: SparkSession, home: Home) -> None:
    spark.sql(f"create table {home}.t stored as parquet partitioned by (p) as select id, id % 2 p from range(4)")
    spark.sql(f"alter table {home}.t rename to {home}.t2")
    assert spark.sql(f"select sum(id) from {home}.t2 where p = 1") == [[4]]


def test_columns_are_renamed_and_added_below_old_partitions(spark: SparkSession, local: Home) -> None:
    spark.sql(f"create table {local}.t (id int) partitioned by (p int) stored as parquet")
    spark.sql(f"insert into {local}.t values (1, 1)")
    spark.sql(f"alter table {local}.t add columns (name string)")
    spark.sql(f"insert into {local}.t values (2, 'b', 1), (3, 'c', 2)")
    assert spark.sql(f"select id, name from {local}.t order by id") == [[1, None], [2, "b"], [3, "c"]]


@SMOKE
def test_statistics_are_kept_for_tables_columns_and_partitions(spark: SparkSession, local: Home) -> None:
    spark.sql(f"create table {local}.t using parquet partitioned by (p) as select id, 'ab' s, id % 2 p from range(10)")
    spark.sql(f"analyze table {local}.t compute statistics for columns id, s")
    spark.sql(f"analyze table {local}.t partition (p) compute statistics")
    assert described(spark, f"extended {local}.t")["Statistics"].endswith(" bytes, 10 rows")
    column = described(spark, f"extended {local}.t id")
    assert [column[name] for name in ("min", "max", "num_nulls", "distinct_count")] == ["0", "9", "0", "10"]
    assert described(spark, f"extended {local}.t partition (p = 1)")["Partition Statistics"].endswith("5 rows")


def test_a_view_is_made_changed_and_dropped(spark: SparkSession, local: Home) -> None:
    spark.sql(f"create table {local}.t using parquet as select id from range(5)")
    spark.sql(f"create view {local}.v comment 'few' as select id from {local}.t where id > 2")
    assert spark.sql(f"select * from {local}.v order by id") == [[3], [4]]
    spark.sql(f"alter view {local}.v as select id + 10 as id from {local}.t where id = 0")
    assert spark.sql(f"select * from {local}.v") == [[10]]
    assert [row[1] for row in spark.sql(f"show views in {local}")] == ["v"]
    spark.sql(f"drop view {local}.v")
    assert listed(spark, local) == ["t"]


def test_a_function_is_made_shown_and_dropped(spark: SparkSession, local: Home) -> None:
    spark.sql(f"create function {local}.f as 'org.apache.hadoop.hive.ql.udf.generic.GenericUDFLength'")
    assert spark.sql(f"select {local}.f('abc')") == [[3]]
    assert spark.sql(f"show user functions in {local}") == [[f"spark_catalog.{local}.f"]]
    spark.sql(f"create or replace function {local}.f as 'org.apache.hadoop.hive.ql.udf.generic.GenericUDFUpper'")
    assert spark.sql(f"select {local}.f('abc')") == [["ABC"]]
    spark.sql(f"drop function {local}.f")
    with pytest.raises(SparkFailed, match="UNRESOLVED_ROUTINE"):
        spark.sql(f"drop function {local}.f")


def test_an_external_table_leaves_its_files(spark: SparkSession, home: Home) -> None:
    spark.python(f"spark.range(3).write.parquet('{home.location}/files')")
    spark.sql(f"create table {home}.t using parquet location '{home.location}/files'")
    assert spark.sql(f"select count(*) from {home}.t") == [[3]]
    assert described(spark, f"extended {home}.t")["Type"] == "EXTERNAL"
    spark.sql(f"drop table {home}.t")
    assert files_of(home, "files")


def test_a_table_is_truncated(spark: SparkSession, home: Home) -> None:
    spark.sql(f"create table {home}.t stored as orc as select 1 a")
    spark.sql(f"truncate table {home}.t")
    assert spark.sql(f"select count(*) from {home}.t") == [[0]]


def test_names_are_shown_by_pattern(spark: SparkSession, local: Home) -> None:
    for name in ("ab", "ac", "b"):
        spark.sql(f"create table {local}.{name} (a int) using parquet")
    assert [row[1] for row in spark.sql(f"show tables in {local} like 'a*|c'")] == ["ab", "ac"]
    assert "Table: ab" in spark.sql(f"show table extended in {local} like 'ab'")[0][3]
    assert spark.sql(f"show create table {local}.b")[0][0].startswith(
        f"CREATE TABLE spark_catalog.{local}.b (\n  a INT)"
    )


def test_errors_are_those_spark_knows(spark: SparkSession, local: Home) -> None:
    spark.sql(f"create table {local}.t (a int) using parquet")
    for statement, kind in {
        f"create table {local}.t (a int) using parquet": "TABLE_OR_VIEW_ALREADY_EXISTS",
        f"drop table {local}.missing": "TABLE_OR_VIEW_NOT_FOUND",
        f"select * from {local}.missing": "TABLE_OR_VIEW_NOT_FOUND",
        "create table missing_database.t (a int) using parquet": "SCHEMA_NOT_FOUND",
        "drop database missing_database": "SCHEMA_NOT_FOUND",
        f"create database {local}": "SCHEMA_ALREADY_EXISTS",
    }.items():
        with pytest.raises(SparkFailed) as caught:
            spark.sql(statement)
        assert caught.value.kind == kind


def test_a_wide_table_with_long_types_is_kept(spark: SparkSession, local: Home, metastore: Metastore) -> None:
    fields = ", ".join(f"c{n} struct<a: int, b: array<map<string, decimal(10, 2)>>>" for n in range(500))
    spark.sql(f"create table {local}.wide ({fields}) using parquet")
    assert len(spark.columns(f"select * from {local}.wide")) == 500
    assert len(metastore.get_table(local.name, "wide").sd.cols) == 500
