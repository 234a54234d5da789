"""Trino's Hive and Iceberg connectors over Thrift."""

from __future__ import annotations

from typing import Any

import pytest

from tests.compatibility.conftest import SMOKE, Home, TrinoCatalogs
from tests.facades.hms.metastore import Metastore

pytestmark = pytest.mark.trino
ALL_TYPES = (
    "a tinyint, b smallint, c integer, d bigint, e real, f double, g decimal(10,3), h varchar(10), i char(3), "
    "j varbinary, k date, l timestamp, m boolean, n array(integer), o map(varchar, integer), p row(x integer, y varchar)"
)
ALL_VALUES = (
    "1, 2, 3, 4, 1.5, 2.5, 1.234, 'abc', 'de', x'0aff', date'2026-01-02', timestamp'2026-01-02 03:04:05.123', true, "
    "array[1, 2], map(array['k'], array[1]), row(1, 'z')"
)


def stats(rows: list[list[Any]]) -> dict[str | None, list[Any]]:
    """Distinct values, fraction of nulls, rows, lowest and highest, by column; the table itself is under None."""
    return {row[0]: row[2:7] for row in rows}


@SMOKE
def test_a_partitioned_table_is_made_of_a_query_with_its_statistics(trino: TrinoCatalogs, home: Home) -> None:
    made = "with (format = 'PARQUET', partitioned_by = array['regionkey'])"
    nations = "select nationkey, name, regionkey from tpch.tiny.nation"
    assert trino.hive(home, f"create table t {made} as {nations}") == [[25]]
    trino.hive(home, "insert into t values (100, 'x', 7)")
    assert trino.hive(home, "select count(*), max(nationkey) from t where regionkey in (1, 7)") == [[6, 100]]
    assert trino.hive(home, 'select regionkey from "t$partitions" order by 1') == [[n] for n in (0, 1, 2, 3, 4, 7)]
    written = stats(trino.hive(home, "show stats for t"))
    assert written["nationkey"][-2:] == ["0", "100"]
    assert written[None][2] == 26.0
    trino.hive(home, "delete from t where regionkey = 7")
    assert trino.hive(home, "select count(*) from t") == [[25]]
    trino.hive(home, "drop table t")
    assert home.files() == []


def test_analyze_writes_what_show_stats_tells(trino: TrinoCatalogs, local: Home) -> None:
    trino.hive(local, f"create table t ({ALL_TYPES})")
    trino.hive(local, f"insert into t values ({ALL_VALUES})")
    trino.hive(local, "call system.drop_stats(current_schema, 't')")
    assert stats(trino.hive(local, "show stats for t"))["c"] == [None] * 5
    trino.hive(local, "analyze t")
    found = stats(trino.hive(local, "show stats for t"))
    assert found["c"] == [1.0, 0.0, None, "3", "3"]
    assert found["f"] == [1.0, 0.0, None, "2.5", "2.5"]
    assert found["g"] == [1.0, 0.0, None, "1.234", "1.234"]
    assert found["k"] == [1.0, 0.0, None, "2026-01-02", "2026-01-02"]
    assert found["h"][:2] == [1.0, 0.0]
    assert found[None][2] == 1.0


def test_ninety_partitions_get_their_statistics_at_once(trino: TrinoCatalogs, local: Home) -> None:
    query = "select orderkey, orderkey % 90 p from tpch.tiny.orders"
    trino.hive(local, f"create table t with (partitioned_by = array['p']) as {query}")
    trino.hive(local, "analyze t")
    assert trino.hive(local, "select count(*) from t where p between 10 and 20") == [[1834]]
    assert stats(trino.hive(local, "show stats for t"))["p"] == [90.0, 0.0, None, "0", "89"]


def test_every_type_comes_back(trino: TrinoCatalogs, home: Home) -> None:
    trino.hive(home, f"create table t ({ALL_TYPES})")
    trino.hive(home, f"insert into t values ({ALL_VALUES})")
    (row,) = trino.hive(home, "select a, b, c, d, e, f, g, h, i, m, n, o from t")
    assert [str(value) for value in row[:9]] == ["1", "2", "3", "4", "1.5", "2.5", "1.234", "abc", "de "]
    assert row[9:] == [True, [1, 2], {"k": 1}]
    assert trino.hive(home, "select to_hex(j), cast(k as varchar), cast(l as varchar), p.y from t") == [
        ["0AFF", "2026-01-02", "2026-01-02 03:04:05.123", "z"]
    ]


def test_a_table_is_altered_commented_renamed_and_emptied(trino: TrinoCatalogs, local: Home) -> None:
    trino.hive(local, "create table t as select * from tpch.tiny.nation")
    trino.hive(local, "comment on table t is 'nations'")
    trino.hive(local, "comment on column t.name is 'the name'")
    trino.hive(local, "alter table t add column extra varchar")
    trino.hive(local, "alter table t rename column comment to remark")
    trino.hive(local, "alter table t drop column extra")
    trino.hive(local, "alter table t rename to t2")
    ((made,),) = trino.hive(local, "show create table t2")
    assert "COMMENT 'nations'" in made
    assert "name varchar(25) COMMENT 'the name'" in made
    assert [row[0] for row in trino.hive(local, "describe t2")] == ["nationkey", "name", "regionkey", "remark"]
    trino.hive(local, "delete from t2")
    assert trino.hive(local, "select count(*) from t2") == [[0]]
    assert trino.hive(local, "show tables") == [["t2"]]


def test_partitions_are_registered_by_procedures(trino: TrinoCatalogs, local: Home) -> None:
    trino.hive(local, "create table t (a integer, p varchar) with (partitioned_by = array['p'])")
    trino.hive(local, "call system.create_empty_partition(current_schema, 't', array['p'], array['x/y'])")
    assert trino.hive(local, 'select * from "t$partitions"') == [["x/y"]]
    trino.hive(local, "call system.unregister_partition(current_schema, 't', array['p'], array['x/y'])")
    assert trino.hive(local, 'select * from "t$partitions"') == []
    trino.hive(local, "call system.sync_partition_metadata(current_schema, 't', 'FULL')")
    assert trino.hive(local, 'select * from "t$partitions"') == [["x/y"]]


def test_a_view_is_made_and_dropped(trino: TrinoCatalogs, local: Home) -> None:
    trino.hive(local, "create view v as select name from tpch.tiny.nation where nationkey < 2")
    assert trino.hive(local, "select * from v order by 1") == [["ALGERIA"], ["ARGENTINA"]]
    trino.hive(local, "create or replace view v as select 1 one")
    assert trino.hive(local, "select * from v") == [[1]]
    trino.hive(local, "drop view v")
    assert trino.hive(local, "show tables") == []


def test_a_schema_is_made_and_dropped_with_what_it_holds(trino: TrinoCatalogs, local: Home) -> None:
    name = f"{local}_2"
    trino.hive(local, f"create schema {name}")
    trino.hive(local, f"create table {name}.t as select 1 a")
    assert [name] in trino.hive(local, "show schemas")
    trino.hive(local, f"drop schema {name} cascade")
    assert [name] not in trino.hive(local, "show schemas")


@SMOKE
def test_iceberg_rows_are_written_changed_and_read(trino: TrinoCatalogs, home: Home) -> None:
    made = "with (partitioning = array['bucket(id, 2)', 'month(d)'])"
    trino.iceberg(home, f"create table t {made} as select 1 id, 'a' name, date'2026-01-01' d")
    trino.iceberg(home, "insert into t values (2, 'b', date'2026-02-01'), (3, 'c', date'2026-03-01')")
    trino.iceberg(home, "update t set name = 'bb' where id = 2")
    trino.iceberg(home, "delete from t where id = 3")
    trino.iceberg(
        home,
        "merge into t using (values (2, 'm'), (9, 'n')) s(id, name) on t.id = s.id when matched then update set "
        "name = s.name when not matched then insert (id, name, d) values (s.id, s.name, date'2026-01-05')",
    )
    assert trino.iceberg(home, "select id, name from t order by id") == [[1, "a"], [2, "m"], [9, "n"]]
    assert trino.iceberg(home, 'select count(*) from "t$snapshots"') == [[5]]
    trino.iceberg(home, "analyze t")
    assert stats(trino.iceberg(home, "show stats for t"))["id"][-2:] == ["1", "9"]


def test_an_iceberg_table_evolves_is_replaced_renamed_and_dropped(
    trino: TrinoCatalogs, local: Home, metastore: Metastore
) -> None:
    trino.iceberg(local, "create table t as select 1 id, 'a' name")
    trino.iceberg(local, "alter table t add column extra varchar")
    trino.iceberg(local, "alter table t rename column name to title")
    trino.iceberg(local, "comment on column t.title is 'c'")
    trino.iceberg(local, "alter table t execute optimize")
    trino.iceberg(local, "alter table t rename to t2")
    assert trino.iceberg(local, "select id, title, extra from t2") == [[1, "a", None]]
    trino.iceberg(local, "create or replace table t2 as select 'other' x")
    assert trino.iceberg(local, "select * from t2") == [["other"]]
    assert metastore.get_table(local.name, "t2").parameters["table_type"].upper() == "ICEBERG"
    trino.iceberg(local, "drop table t2")
    assert (metastore.get_all_tables(local.name), local.files()) == ([], [])


def test_iceberg_views_are_kept_plain_and_materialized(trino: TrinoCatalogs, local: Home) -> None:
    trino.iceberg(local, "create table t as select 1 a")
    trino.iceberg(local, "create view v as select a + 1 b from t")
    assert trino.iceberg(local, "select * from v") == [[2]]
    trino.iceberg(local, "create materialized view m as select count(*) c from t")
    trino.iceberg(local, "refresh materialized view m")
    assert trino.iceberg(local, "select * from m") == [[1]]
    trino.iceberg(local, "drop materialized view m")
    trino.iceberg(local, "drop view v")
    assert trino.iceberg(local, "show tables") == [["t"]]


def test_errors_are_those_trino_knows(trino: TrinoCatalogs, local: Home) -> None:
    from trino.exceptions import TrinoUserError

    trino.hive(local, "create table t (a integer)")
    for statement, kind in {
        "create table t (a integer)": "TABLE_ALREADY_EXISTS",
        "select * from missing": "TABLE_NOT_FOUND",
        "create table missing_schema.t (a integer)": "NOT_FOUND",
        f"create schema {local}": "SCHEMA_ALREADY_EXISTS",
        f"drop schema {local}": "SCHEMA_NOT_EMPTY",
    }.items():
        with pytest.raises(TrinoUserError) as caught:
            trino.hive(local, statement)
        assert caught.value.error_name == kind
