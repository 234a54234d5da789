"""Tables of files: formats, partitions, files that differ, views, and the statements that show what there is."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import orc

from catalog_server.model.errors import Invalid, InvalidQuery, Unsupported
from catalog_server.model.table import SerDe, Storage
from tests.query.conftest import CALLER, Sql
from tests.query.tables import add_partitions, make_table, make_trino_view, make_view, write_parquet


def test_parquet_columns_are_read_by_name_and_missing_ones_are_null(sql: Sql, tmp_path: Path) -> None:
    write_parquet(tmp_path / "a.parquet", [{"id": 1, "name": "x"}])
    write_parquet(tmp_path / "b.parquet", [{"extra": 2.5, "name": "y", "id": 2}])
    write_parquet(tmp_path / "_hidden.parquet", [{"id": 99, "name": "hidden"}])
    (tmp_path / ".part").write_bytes(b"rubbish")
    (tmp_path / "_SUCCESS").touch()
    make_table(
        sql, "by_name", f"file://{tmp_path}", [("id", "int"), ("Name", "string"), ("extra", "double"), ("none", "date")]
    )
    assert sql("select * from by_name order by id") == [[1, "x", None, None], [2, "y", 2.5, None]]
    query = sql.query("select * from BY_NAME limit 0")
    assert [(column.name, column.type) for column in query.columns or ()] == [
        ("id", "integer"),
        ("name", "varchar"),
        ("extra", "double"),
        ("none", "date"),
    ]


def test_types_of_files_are_those_of_the_table(sql: Sql, tmp_path: Path) -> None:
    from datetime import date, datetime
    from decimal import Decimal

    row = {
        "d": date(2020, 1, 2),
        "t": datetime(2020, 1, 2, 3, 4, 5, 123456),
        "m": Decimal("12.50"),
        "a": [1, 2],
        "s": {"x": 1, "y": "z"},
        "b": b"\x00\xff",
        "l": True,
    }
    write_parquet(tmp_path / "a.parquet", [row])
    kinds = [
        ("d", "date"),
        ("t", "timestamp"),
        ("m", "decimal(10,2)"),
        ("a", "array<bigint>"),
        ("s", "struct<x:bigint,y:string>"),
    ]
    make_table(sql, "kinds", f"file://{tmp_path}", [*kinds, ("b", "binary"), ("l", "boolean")])
    assert sql("select * from kinds") == [
        ["2020-01-02", "2020-01-02 03:04:05.123456", "12.50", [1, 2], [1, "z"], "AP8=", True]
    ]
    assert sql("select s.y, a[2], m + 1, year(d), cast(t as date) from kinds") == [
        ["z", 2, "13.50", 2020, "2020-01-02"]
    ]


def test_partitions_are_pruned_and_their_values_are_columns(sql: Sql, tmp_path: Path) -> None:
    location = f"file://{tmp_path}"
    values = [(f"2020-01-{day:02d}", str(hour)) for day in range(1, 11) for hour in range(3)]
    for day, hour in values:
        write_parquet(tmp_path / f"dt={day}" / f"hour={hour}" / "a.parquet", [{"x": int(day[-2:]) * 100 + int(hour)}])
    table = make_table(sql, "pruned", location, [("x", "bigint")], keys=[("dt", "date"), ("hour", "int")])
    add_partitions(sql, table, location, ["dt", "hour"], values)
    assert sql("select count(*), sum(x), min(dt), max(hour) from pruned") == [[30, 16530, "2020-01-01", 2]]
    one = sql.query("select x, dt, hour from pruned where dt = date '2020-01-03' and hour = 1")
    assert one.statistics["files"] == 1
    assert sql.queries.rows(CALLER, one.id)[1] == [[301, "2020-01-03", 1]]
    few = sql.query(
        "select count(*) from pruned where hour in (0, 2) and dt between date '2020-01-02' and date '2020-01-03'"
    )
    assert few.statistics["files"] == 4
    aliased = sql.query(
        "select count(*) from (select dt as day, x from pruned) as t where t.day < date '2020-01-02' and x > 0"
    )
    assert aliased.statistics["files"] == 3
    assert sql("select count(*) from pruned where dt = date '1999-01-01'") == [[0]]
    assert sql.query("select count(*) from pruned where hour = 1 or x = 100").statistics["files"] == 30


def test_a_filter_behind_a_limit_or_an_outer_join_does_not_prune_wrongly(sql: Sql, tmp_path: Path) -> None:
    location = f"file://{tmp_path}"
    for key in "ab":
        write_parquet(tmp_path / f"k={key}" / "a.parquet", [{"x": 1}])
    table = make_table(sql, "careful", location, [("x", "bigint")], keys=[("k", "string")])
    add_partitions(sql, table, location, ["k"], [("a",), ("b",)])
    assert sql("select count(*) from (select k, count(*) over () as n from careful) where k = 'a' and n = 2") == [[1]]
    assert sql(
        "select l.v, c.k from (values 'a', 'b') as l(v) left join careful c on c.k = l.v and c.k = 'a' order by 1"
    ) == [
        ["a", "a"],
        ["b", None],
    ]
    assert sql("select l.v, c.k from (values 'a', 'b') as l(v) left join careful c on c.k = l.v where c.k = 'a'") == [
        ["a", "a"]
    ]
    assert sql("select k from (select * from careful order by k limit 1) where k = 'b'") == []


def test_odd_partition_values_are_read(sql: Sql, tmp_path: Path) -> None:
    location = f"file://{tmp_path}"
    odd = ["a b", "x/y", "100%", "[z]", "q?*", "__HIVE_DEFAULT_PARTITION__", "ü'"]
    from catalog_server.model.partition import partition_name

    for number, value in enumerate(odd):
        write_parquet(tmp_path / partition_name(["k"], [value]) / "a.parquet", [{"x": number}])
    table = make_table(sql, "odd_values", location, [("x", "bigint")], keys=[("k", "string")])
    add_partitions(sql, table, location, ["k"], [(value,) for value in odd])
    expected = [[number, None if value.startswith("__HIVE") else value] for number, value in enumerate(odd)]
    assert sql("select x, k from odd_values order by x") == expected


def test_many_partitions_are_read_in_one_go(sql: Sql, tmp_path: Path) -> None:
    location = f"file://{tmp_path}"
    for number in range(300):
        write_parquet(tmp_path / f"n={number}" / "a.parquet", [{"x": number * 2}])
    table = make_table(sql, "many", location, [("x", "bigint")], keys=[("n", "int")])
    add_partitions(sql, table, location, ["n"], [(str(number),) for number in range(300)])
    assert sql("select count(*), sum(x - 2 * n), sum(n), count(distinct n) from many") == [[300, 0, 44850, 300]]


CSV = 'id,name,amount,day\n1,"a, ""quoted"" b",1.50,2020-01-01\n2,,x,2020-13-01\n3\n'


def test_csv_with_quotes_is_text_as_trinos_serde_has_it(sql: Sql, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(CSV)
    options = {"header": "true", "delimiter": ",", "quoted": "true", "quote": '"'}
    columns = [("id", "int"), ("name", "string"), ("amount", "double"), ("day", "date")]
    make_table(sql, "quoted_csv", f"file://{tmp_path}", columns, "csv", options=options)
    assert sql("select * from quoted_csv order by id") == [
        ["1", 'a, "quoted" b', "1.50", "2020-01-01"],
        ["2", "", "x", "2020-13-01"],
        ["3", None, None, None],
    ]


def test_csv_without_quotes_has_types_and_what_does_not_fit_is_null(sql: Sql, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id|amount|day|ok\n1|1.5|2020-01-01|true\nx|1e3|2020-1-1x|no\n2.5||NA|TRUE\n")
    options = {"header": "true", "delimiter": "|", "nullValue": "NA"}
    columns = [("id", "int"), ("amount", "double"), ("day", "date"), ("ok", "boolean")]
    make_table(sql, "plain_csv", f"file://{tmp_path}", columns, "csv", options=options)
    assert sql("select * from plain_csv order by amount nulls last") == [
        [1, 1.5, "2020-01-01", True],
        [None, 1000.0, None, None],
        [None, None, None, True],
    ]


def test_gzipped_csv_is_read(sql: Sql, tmp_path: Path) -> None:
    import gzip

    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"id,name\n1,a\n2,b\n"))
    make_table(
        sql, "gzipped", f"file://{tmp_path}", [("id", "int"), ("name", "string")], "csv", options={"header": "true"}
    )
    assert sql("select sum(id) from gzipped") == [[3]]


def test_json_lines_are_read_with_nested_values(sql: Sql, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"Id": 1, "tags": ["a", "b"], "at": {"x": 1.5}}\n\n{"Id": 2, "unknown": true}\n')
    make_table(
        sql,
        "lines",
        f"file://{tmp_path}",
        [("Id", "bigint"), ("tags", "array<string>"), ("at", "struct<x:double>")],
        "json",
    )
    assert sql("select id, tags[1], l.at.x from lines l where id = 1") == [[1, "a", 1.5]]
    assert sql("select * from lines order by id") == [[1, ["a", "b"], [1.5]], [2, None, None]]


def test_the_case_of_json_keys_is_taken_from_sparks_face(sql: Sql, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"Tail": {"Num": "N1", "Legs": [{"FromTo": "ab"}]}, "YEAR": 2013}\n')
    columns = [("Tail", "struct<Num:string,Legs:array<struct<FromTo:string>>>"), ("YEAR", "int")]
    make_table(sql, "cased", f"file://{tmp_path}", columns, "json")
    assert sql("select tail, c.tail.num, c.tail.legs[1].fromto, year from cased c") == [
        [["N1", [["ab"]]], "N1", "ab", 2013]
    ]


def test_a_table_that_cannot_be_read_says_so(sql: Sql, tmp_path: Path) -> None:
    from dataclasses import replace

    name = make_table(sql, "sequences", f"file://{tmp_path}", [("id", "int")])
    table = sql.catalog.tables.get(CALLER, name)
    rcfile = Storage(None, None, SerDe("org.apache.hadoop.hive.serde2.columnar.ColumnarSerDe"))
    sql.catalog.tables.alter(CALLER, name, replace(table, storage=rcfile, parameters={}))
    with pytest.raises(Unsupported, match="sequences"):
        sql("select * from sequences")


def write_orc(path: Path, **columns: pa.Array) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    orc.write_table(pa.table(columns), str(path), stripe_size=1000)


def test_orc_is_read_by_name_in_the_declared_types(sql: Sql, tmp_path: Path) -> None:
    nested = pa.array([{"Kind": "jet"}] * 3000)
    write_orc(
        tmp_path / "a.orc", Id=pa.array(range(3000), pa.int32()), made=nested, day=pa.array([0] * 3000, pa.date32())
    )
    write_orc(tmp_path / "b[1].orc", Id=pa.array([2**40]), other=pa.array(["x"]))
    columns = [("id", "bigint"), ("made", "struct<kind:string>"), ("day", "date"), ("other", "string")]
    make_table(sql, "stripes", f"file://{tmp_path}", columns, "orc")
    assert sql("select count(*), sum(id), count(made), max(o.made.kind) from stripes o") == [
        [3001, 3000 * 2999 // 2 + 2**40, 3000, "jet"]
    ]
    assert sql("select count(*) from stripes a join stripes b on a.id = b.id where b.other = 'x'") == [[1]]
    assert sql("select count(*) from stripes") == [[3001]]


@pytest.mark.parametrize("count", [3, 40])
def test_orc_has_the_keys_of_its_partitions(sql: Sql, tmp_path: Path, count: int) -> None:
    keys = [("p", "int")]
    name = make_table(sql, f"parts{count}", f"file://{tmp_path}", [("id", "int")], "orc", keys)
    for number in range(count):
        write_orc(tmp_path / f"p={number}" / "a.orc", id=pa.array([number, number], pa.int32()))
    add_partitions(sql, name, f"file://{tmp_path}", ["p"], [[str(number)] for number in range(count)])
    found = sql(f"select p, sum(id) from parts{count} where p > 0 group by p order by p")
    assert found == [[number, 2 * number] for number in range(1, count)]


@pytest.mark.parametrize("size", [3, 500])
def test_a_broken_orc_file_is_told(sql: Sql, tmp_path: Path, size: int) -> None:
    make_table(sql, f"broken_orc_{size}", f"file://{tmp_path}", [("id", "int")], "orc")
    (tmp_path / "a.orc").write_bytes(b"ORC".ljust(size, b"x"))
    with pytest.raises(Unsupported, match="ORC files cannot be read"):
        sql(f"select * from broken_orc_{size}")


def test_an_empty_table_has_no_rows_and_a_broken_file_is_named(sql: Sql, tmp_path: Path) -> None:
    make_table(sql, "nothing_there", f"file://{tmp_path / 'none'}", [("id", "int")])
    assert sql("select * from nothing_there") == []
    (tmp_path / "bad.parquet").write_bytes(b"this is no parquet file")
    make_table(sql, "broken", f"file://{tmp_path}", [("id", "int")])
    with pytest.raises(Exception, match=r"bad\.parquet"):
        sql("select * from broken")


def test_views_of_trino_are_expanded_and_prune(sql: Sql, tmp_path: Path) -> None:
    location = f"file://{tmp_path}"
    for key in "ab":
        write_parquet(tmp_path / f"k={key}" / "a.parquet", [{"x": ord(key)}])
    table = make_table(sql, "viewed", location, [("x", "bigint")], keys=[("k", "string")])
    add_partitions(sql, table, location, ["k"], [("a",), ("b",)])
    make_trino_view(sql, "a_view", "SELECT x + 1 AS y, k FROM viewed", [("y", "bigint"), ("k", "string")])
    make_trino_view(sql, "view_of_view", "SELECT y, k FROM a_view WHERE y > 0", [("y", "bigint"), ("k", "string")])
    assert sql("select * from view_of_view order by k") == [[98, "a"], [99, "b"]]
    assert sql.query("select y from a_view where k = 'a'").statistics["files"] == 1


def test_views_of_other_engines_are_read_where_they_are_certain(sql: Sql, tmp_path: Path) -> None:
    write_parquet(tmp_path / "a.parquet", [{"x": 1}, {"x": 5}])
    make_table(sql, "for_views", f"file://{tmp_path}", [("x", "bigint")])
    make_view(sql, "plain_hive_view", "SELECT `x` FROM `default`.`for_views` WHERE `x` > 2", [("x", "bigint")])
    make_view(sql, "hive_view", "SELECT x / 2 FROM default.for_views", [("x", "double")])
    assert sql("select * from plain_hive_view") == [[5]]
    with pytest.raises(Unsupported, match="another engine"):
        sql("select * from hive_view")


def test_what_there_is_can_be_shown(sql: Sql, tmp_path: Path) -> None:
    write_parquet(tmp_path / "a.parquet", [{"x": 1}])
    make_table(sql, "shown", f"file://{tmp_path}", [("x", "bigint")], keys=[("k", "string")])
    assert ["hive"] in sql("show catalogs")
    assert ["default"] in sql("show schemas from hive")
    assert sql("show schemas like 'def%'") == [["default"]]
    assert sql("SHOW TABLES IN hive.default LIKE 'shown'") == [["shown"]]
    assert sql("describe shown") == [["x", "bigint", "", ""], ["k", "varchar", "partition key", ""]]
    assert sql('show columns from "hive"."default"."shown"') == sql("desc shown")
    assert ["abs"] in sql("show functions")
    assert sql("select column_name, data_type from information_schema.columns where table_name = 'shown'") == [
        ["x", "bigint"],
        ["k", "varchar"],
    ]
    assert any(
        "PROJECTION" in row[0] or "SCAN" in row[0] or "EMPTY" in row[0] for row in sql("explain select * from shown")
    )


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("select * from nope.default.t", "Catalog 'nope' not found"),
        ("select * from hive.nope.t", "Schema 'nope' does not exist"),
        ("select * from hive.default.nope", "Table 'hive.default.nope' does not exist"),
        ("show tables from hive.nope", "Schema 'nope' does not exist"),
        ("show schemas from nope", "Catalog 'nope' does not exist"),
        ("describe nope", "Table 'hive.default.nope' does not exist"),
        ("show nothing", "Expecting"),
        ("explain analyze select 1", "EXPLAIN ANALYZE is not supported"),
    ],
)
def test_what_is_not_there_is_said_in_trinos_words(sql: Sql, statement: str, words: str) -> None:
    with pytest.raises((Invalid, InvalidQuery, Unsupported), match=words):
        sql(statement)


def test_a_sample_is_the_first_rows_of_a_table(sql: Sql, tmp_path: Path) -> None:
    write_parquet(tmp_path / "a.parquet", [{"x": number} for number in range(100)])
    name = make_table(sql, "sampled", f"file://{tmp_path}", [("x", "bigint")])
    assert len(sql.queries.sample(CALLER, name, 5)[1]) == 5
