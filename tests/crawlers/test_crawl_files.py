"""Crawls of files, from bytes to tables that engines read."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import orc

from catalog_server.catalog.catalog import CatalogService
from catalog_server.config import Config, StoreConfig
from catalog_server.lake.formats import sniff
from catalog_server.lake.formats.faces import LAZY_SIMPLE, OPEN_CSV, OPENX_JSON, PARQUET_SERDE
from catalog_server.model.crawler import Crawler
from catalog_server.model.database import Database
from catalog_server.model.errors import AlreadyExists, Conflict, Invalid, NotFound
from catalog_server.model.names import DatabaseName, TableName
from catalog_server.model.partition import Partition
from catalog_server.model.spark_schema import spark_columns
from catalog_server.model.table import Column, Table, TableKind
from tests.crawlers.conftest import ME, Crawling, names, problems, types
from tests.engines.s3 import S3
from tests.lake.places import Place, local_place, s3_place


def parquet(**columns: pa.Array) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue().to_pybytes()


def months(*numbers: int) -> dict[str, bytes]:
    """Flights as CSV in a folder for each month."""
    return {
        f"flights/month={n}/part.csv": f"Day,Carrier,delay\n1,UA,{n}\n2,AA,NA\n".encode() for n in numbers
    }  # fmt: skip


def test_csv_json_and_parquet_become_tables(crawling: Crawling) -> None:
    crawl = crawling.crawl(
        {
            **months(1, 2),
            "planes/p.json": b'{"tailNum": "N1", "seats": 5}\n{"tailNum": "N2", "seats": null}\n',
            "weather/w.parquet": parquet(temp=pa.array([1.5]), at=pa.array([0], pa.timestamp("us", "UTC"))),
        }
    )
    assert (crawl.state, crawl.error) == ("SUCCEEDED", None)
    assert sorted(names(crawl, "added")) == ["raw.flights", "raw.planes", "raw.weather"]
    assert types(crawling.table("flights")) == {"day": "bigint", "carrier": "string", "delay": "bigint"}
    assert types(crawling.table("planes")) == {"tailnum": "string", "seats": "bigint"}
    assert types(crawling.table("weather")) == {"temp": "double", "at": "timestamp"}
    assert crawling.table("flights").location == f"{crawling.place.root}/flights"


def test_partitions_have_their_folders_and_figures(crawling: Crawling) -> None:
    crawling.crawl(months(1, 2, 11))
    table = crawling.table("flights")
    assert [(key.name, key.type) for key in table.partition_keys] == [("month", "int")]
    found = crawling.partitions("flights")
    assert {name: one.location for name, one in found.items()} == {
        str(n): f"{crawling.place.root}/flights/month={n}" for n in (1, 2, 11)
    }
    size = len(months(1)["flights/month=1/part.csv"])
    said = {key: value for key, value in found["1"].parameters.items() if key != "transient_lastDdlTime"}
    assert said == {"numFiles": "1", "totalSize": str(size), "numRows": "2"}


def test_unreadable_files_are_told_one_by_one_and_the_rest_goes_on(crawling: Crawling) -> None:
    good = parquet(n=pa.array([1, 2]))
    crawl = crawling.crawl(
        {
            **months(1, 2, 3),
            "flights/month=1/empty.csv": b"",
            "flights/month=2/cut.csv": b"Day,Carrier,delay\n1,UA,3\n2,AA,4\n3,D",
            "flights/month=3/picture.csv": b"\x89PNG\r\n\x1a\n\x00\x00",
            "flights/month=4/only_bad.csv": b"",
            "numbers/good.parquet": good,
            "numbers/cut.parquet": good[:-30],
            "numbers/text.parquet": b"a,b\n1,2\n",
            "numbers/table.csv": b"n\n1\n2\n",
            "notes/readme.txt": b"only words\nin here\n",
            "numbers/_SUCCESS": b"",
            "packed/a.csv.gz": gzip.compress(b"a,b\n" + b"".join(b"%d,%d\n" % (n, n * n) for n in range(999)))[:400],
            "packed/b.csv.gz": gzip.compress(b"a,b\n1,2\n3,4\n"),
        }
    )
    assert crawl.state == "SUCCEEDED"
    reasons = {
        "empty.csv": "empty",
        "cut.csv": "truncated",
        "picture.csv": "a picture",
        "only_bad.csv": "empty",
        "cut.parquet": "truncated",
        "text.parquet": "wrongly named",
        "readme.txt": "text without columns",
        "a.csv.gz": "truncated",
    }
    found = problems(crawl)
    assert set(found) == set(reasons)
    assert {name: found[name] for name, reason in reasons.items() if reason not in found[name]} == {}
    assert sorted(names(crawl, "added")) == ["raw.flights", "raw.good", "raw.packed", "raw.table"]
    assert sorted(crawling.partitions("flights")) == ["1", "2", "3"]
    assert types(crawling.table("packed")) == {"a": "bigint", "b": "bigint"}


def test_cut_files_are_found_among_many(local: Crawling) -> None:
    files = {f"t/n={n}/a.csv": b"a,b\n1,2\n3,4\n" for n in range(60)}
    files |= {"t/n=41/cut.csv": b"a,b\n1,2\n3", "t/n=42/cut.csv.gz": gzip.compress(b"a,b\n1,2\n3,4\n")[:-9]}
    assert set(problems(local.crawl(files, sample="3"))) == {"cut.csv", "cut.csv.gz"}


def test_a_second_crawl_of_the_same_files_writes_nothing(crawling: Crawling) -> None:
    crawling.crawl({**months(1, 2), "planes/p.json": b'{"Tail": {"Kind": 1}}\n', "q/q.csv": b'a,b\n1,"x"\n2,"y"\n'})
    before = [crawling.table(name) for name in crawling.tables()]
    crawl = crawling.run()
    assert sorted(names(crawl, "unchanged")) == ["raw.flights", "raw.planes", "raw.q"]
    assert (names(crawl, "added"), names(crawl, "changed")) == ([], [])
    assert [crawling.table(name) for name in crawling.tables()] == before


def test_new_and_vanished_partitions_are_followed(crawling: Crawling) -> None:
    crawling.crawl(months(1, 2))
    crawling.place.put(months(3))
    crawling.place.files.remove_directory(f"{crawling.place.root}/flights/month=1")
    crawl = crawling.run()
    assert sorted(crawling.partitions("flights")) == ["2", "3"]
    assert (crawl.summary["partitions_added"], crawl.summary["partitions_dropped"]) == (1, 1)
    assert crawling.table("flights").parameters["objectCount"] == "2"


def test_vanished_partitions_are_kept_where_the_crawler_says_so(local: Crawling) -> None:
    local.crawl(months(1, 2), on_missing_partition="keep")
    local.place.files.remove_directory(f"{local.place.root}/flights/month=1")
    local.run()
    assert sorted(local.partitions("flights")) == ["1", "2"]


def test_grown_files_change_the_figures_alone(crawling: Crawling) -> None:
    crawling.crawl(months(1, 2))
    crawling.place.put({"flights/month=1/more.csv": b"Day,Carrier,delay\n3,UA,1\n"})
    crawl = crawling.run()
    assert names(crawl, "changed") == ["raw.flights"]
    assert dict(crawling.partitions("flights")["1"].parameters)["numRows"] == "3"
    assert dict(crawling.partitions("flights")["2"].parameters)["numRows"] == "2"


def test_new_columns_are_added_and_types_widened(local: Crawling) -> None:
    local.crawl({"t/a.json": b'{"n": 1, "gone": 1}\n'})
    local.place.put({"t/a.json": b'{"n": 1}\n', "t/b.json": b'{"n": 1.5, "new": true}\n'})
    crawl = local.run()
    table = local.table("t")
    assert types(table) == {"n": "double", "new": "boolean", "gone": "bigint"}
    assert table.version == 2
    assert names(crawl, "changed") == ["raw.t"]


def test_what_people_changed_by_hand_is_kept(local: Crawling) -> None:
    local.crawl({"t/a.json": b'{"n": 1, "m": 2}\n'})
    table = local.table("t")
    by_hand = replace(
        table,
        columns=(Column("n", "string", "a code"), table.columns[1]),
        owner="nora",
        parameters={**table.parameters, "note": "ours"},
    )
    local.catalog.tables.alter(ME, table.full_name, by_hand)
    local.run()
    spark = {column.name: (column.type, column.comment) for column in spark_columns(local.table("t").parameters) or ()}
    assert spark["n"] == ("string", "a code")
    assert names(local.run(), "unchanged") == ["raw.t"]
    local.place.put({"t/b.json": b'{"n": 3, "m": 4, "k": 5}\n'})
    local.run()
    after = local.table("t")
    assert types(after) == {"n": "string", "m": "bigint", "k": "bigint"}
    assert (after.columns[0].comment, after.owner, after.parameters["note"]) == ("a code", "nora", "ours")


def test_comments_alone_leave_the_rest_to_the_crawler(local: Crawling) -> None:
    local.crawl({"t/a.json": b'{"n": 1}\n'})
    table = local.table("t")
    commented = replace(table, columns=(replace(table.columns[0], comment="how many"),))
    local.catalog.tables.alter(ME, table.full_name, commented)
    local.place.put({"t/b.json": b'{"n": 1.5}\n'})
    local.run()
    column = local.table("t").columns[0]
    assert (column.type, column.comment) == ("double", "how many")


def test_partitions_added_elsewhere_by_hand_are_left_alone(local: Crawling) -> None:
    local.crawl(months(1))
    elsewhere = Partition(("99",), f"{local.place.root}/elsewhere")
    local.catalog.partitions.add(ME, TableName("hive", "raw", "flights"), [elsewhere], make_directories=False)
    local.run()
    assert sorted(local.partitions("flights")) == ["1", "99"]


def test_a_name_that_is_taken_is_refused_and_the_rest_goes_on(local: Crawling) -> None:
    local.catalog.databases.create(ME, Database("hive", "raw"))
    other = Table("hive", "raw", "t", TableKind.MANAGED, (Column("x", "int"),))
    local.catalog.tables.create(ME, other)
    crawl = local.crawl({"t/a.csv": b"a,b\n1,2\n3,4\n", "u/a.csv": b"a,b\n1,2\n3,4\n"})
    assert (names(crawl, "refused"), names(crawl, "added")) == (["raw.t"], ["raw.u"])
    assert types(local.table("t")) == {"x": "int"}


def test_a_csv_column_that_is_a_partition_key_too_gets_another_name(local: Crawling) -> None:
    local.crawl({"t/month=1/a.csv": b"month,x\n1,2\n1,3\n", "p/month=1/a.parquet": parquet(month=[1], x=[2])})
    assert types(local.table("t")) == {"month_2": "bigint", "x": "bigint"}
    assert types(local.table("p")) == {"x": "bigint"}


def test_both_faces_are_on_every_table(local: Crawling) -> None:
    local.crawl(
        {
            "plain/day=2020-01-01/a.csv": b"Id;At\n1;2020-01-01 10:00:00\n2;NULL\n",
            "quoted/a.csv": b'Id,Name\n1,"x, y"\n2,z\n',
            "lines/a.json": b'{"Big": {"Inner": 1}}\n',
            "columns/a.parquet": parquet(Wall=pa.array([0], pa.timestamp("us"))),
        }
    )
    plain, quoted = local.table("plain"), local.table("quoted")
    assert plain.storage.serde.library == LAZY_SIMPLE
    serde = plain.storage.serde.parameters
    assert (serde["field.delim"], serde["serialization.null.format"]) == (";", "NULL")
    assert (serde["delimiter"], serde["header"], serde["nullValue"]) == (";", "true", "NULL")
    assert serde["path"] == plain.location
    assert plain.parameters["skip.header.line.count"] == "1"
    assert plain.parameters["spark.sql.partitionProvider"] == "catalog"
    assert [(c.name, c.type) for c in spark_columns(plain.parameters) or ()] == [
        ("Id", "bigint"),
        ("At", "timestamp"),
        ("day", "date"),
    ]
    assert quoted.storage.serde.library == OPEN_CSV
    assert types(quoted) == {"id": "string", "name": "string"}
    assert [(c.name, c.type) for c in spark_columns(quoted.parameters) or ()] == [("Id", "bigint"), ("Name", "string")]
    assert local.table("lines").storage.serde.library == OPENX_JSON
    assert types(local.table("lines")) == {"big": "struct<inner:bigint>"}
    assert local.table("columns").storage.serde.library == PARQUET_SERDE
    fields = json.loads(local.table("columns").parameters["spark.sql.sources.schema"])["fields"]
    assert [(field["name"], field["type"]) for field in fields] == [("Wall", "timestamp_ntz")]


@pytest.mark.s3
def test_markers_of_folders_are_no_files(catalog: CatalogService, s3_server: S3, s3_bucket: str) -> None:
    place = s3_place(s3_server, s3_bucket)
    assert place.connection is not None
    catalog.connections.create(ME, place.connection)
    crawling = Crawling(catalog, Place(catalog.lake, place.root))
    s3_server.put(s3_bucket, {"data/t/": b"", "data/t/n=1/": b"", "data/t/n=1/a.csv": b"a,b\n1,2\n3,4\n"})
    crawling.create()
    crawl = crawling.run()
    assert (crawl.summary["problems"], list(crawling.partitions("t"))) == ([], ["1"])


@pytest.mark.postgresql
def test_crawls_are_the_same_on_a_postgresql_store(tmp_path: Path, postgresql_url: str) -> None:
    service = CatalogService(Config(data=tmp_path, store=StoreConfig(url=postgresql_url)))
    service.prepare()
    crawling = Crawling(service, local_place(tmp_path))
    crawling.crawl(months(1, 2))
    crawling.place.put(months(3))
    crawling.place.files.remove_directory(f"{crawling.place.root}/flights/month=1")
    crawl = crawling.run()
    assert (names(crawl, "changed"), sorted(crawling.partitions("flights"))) == (["raw.flights"], ["2", "3"])
    assert [one.state for one in crawling.crawls.list_crawls(ME)] == ["SUCCEEDED", "SUCCEEDED"]
    service.close()


def test_files_of_another_schema_are_told(local: Crawling) -> None:
    crawl = local.crawl(
        {
            "t/a.parquet": parquet(n=pa.array([1]), m=pa.array([1])),
            "t/b.parquet": parquet(n=pa.array([1], pa.int32()), k=pa.array(["x"])),
            "t/c.parquet": parquet(n=pa.array(["one"])),
            "t/d.parquet": parquet(else_=pa.array([1])),
        }
    )
    assert types(local.table("t")) == {"n": "bigint", "m": "bigint", "k": "string"}
    assert set(problems(crawl)) == {"c.parquet", "d.parquet"}


def test_a_file_that_holds_only_a_header_does_not_make_columns_text(local: Crawling) -> None:
    local.crawl({"t/a.csv": b"a,b\n", "t/b.csv": b"a,b\n1,2\n3,4\n"})
    assert types(local.table("t")) == {"a": "bigint", "b": "bigint"}


def test_versions_and_events_name_the_crawl(local: Crawling) -> None:
    crawl = local.crawl(months(1))
    (version,) = local.catalog.versions.list(ME, TableName("hive", "raw", "flights"))
    assert (version.via, version.run, version.by) == ("crawl", crawl.id, "mira")


def test_a_target_that_is_not_there_fails_the_crawl_by_name(local: Crawling) -> None:
    local.create(f"{local.place.root}/nowhere")
    crawl = local.run()
    assert crawl.state == "FAILED"
    assert "nowhere" in (crawl.error or "")
    assert local.tables() == []


def test_one_bad_target_does_not_keep_the_others_from_being_written(local: Crawling) -> None:
    local.place.put(months(1))
    local.create(f"{local.place.root}/nowhere", f"{local.place.root}/flights")
    crawl = local.run()
    assert (crawl.state, names(crawl, "added")) == ("FAILED", ["raw.flights"])


def test_too_many_new_tables_are_refused_before_any_is_made(local: Crawling) -> None:
    crawl = local.crawl({f"t{n}/a.csv": b"a,b\n1,2\n3,4\n" for n in range(4)}, tables_max="3", grouping="folders")
    assert crawl.state == "FAILED"
    assert "4 new tables" in (crawl.error or "")
    with pytest.raises(NotFound):
        local.catalog.databases.get(ME, DatabaseName("hive", "raw"))


def test_tables_of_which_nothing_is_left_are_told_and_dropped_only_if_asked(local: Crawling) -> None:
    local.crawl({"t/a.csv": b"a,b\n1,2\n3,4\n", "u/a.csv": b"a,b\n1,2\n3,4\n"})
    local.place.files.remove_directory(f"{local.place.root}/t")
    assert names(local.run(), "missing") == ["raw.t"]
    assert local.tables() == ["t", "u"]
    crawler = local.crawls.get(ME, "raw")
    local.crawls.update(ME, replace(crawler, options={"on_missing_table": "drop"}))
    assert names(local.run(), "removed") == ["raw.t"]
    assert local.tables() == ["u"]


def test_many_partitions_are_added_in_sets(local: Crawling) -> None:
    local.crawl({f"t/n={n}/a.csv": b"a,b\n1,2\n3,4\n" for n in range(2_100)}, peek="10")
    assert len(local.partitions("t")) == 2_100


def test_each_table_gets_its_share_of_the_files_that_are_read(local: Crawling) -> None:
    said = b'{"n": 1}\n'
    files = {f"a/day={n}/a.csv": b"a,b\n1,2\n3,4\n" for n in range(130)}
    crawl = local.crawl(files | {f"b/day={n}/b.csv": said for n in range(60)}, peek="120", sample="1")
    told = [entry["reason"] for entry in crawl.summary["problems"]]
    # 100 files of a and 20 of b were read, and one of those of b that were believed to be what they are called
    assert told.count("wrongly named: its name says CSV, its content is JSON") == 21


def test_files_without_telling_names_count_as_what_those_are_that_were_read(local: Crawling) -> None:
    files = {f"t/day={n:03}/000000_0": b"a,b\n1,2\n3,4\n" for n in range(130)}
    crawl = local.crawl({**files, "t/day=120/000000_0": b'{"n": 1}\n'}, peek="10", sample="1")
    assert len(local.partitions("t")) == 130
    told = [one["decision"] for one in crawl.summary["decisions"]]
    assert "30 files without a telling name count as csv, as all of the table that were read" in told


def test_files_without_telling_names_are_all_read_where_those_differ_that_were_read(local: Crawling) -> None:
    files = {f"t/day={n:03}/000000_0": b"a,b\n1,2\n3,4\n" for n in range(130)}
    odd = {f"t/day={n:03}/000000_0": b'{"n": 1}\n' for n in (7, 120)}
    crawl = local.crawl({**files, **odd}, peek="10", sample="1")
    assert len(local.partitions("t")) == 128
    told = [one["place"].rpartition("/t/")[2] for one in crawl.summary["problems"]]
    assert told == ["day=007/000000_0", "day=120/000000_0"]


def test_a_crawl_can_be_cancelled_while_it_waits_and_while_it_runs(local: Crawling) -> None:
    local.place.put(months(1))
    local.create()
    waiting = local.crawls.run(ME, "raw")
    assert local.crawls.cancel(ME, waiting.id).state == "CANCELLED"
    assert local.crawls.execute(waiting.id).state == "CANCELLED"
    running = local.crawls.run(ME, "raw")
    assert local.crawls.execute(running.id, cancelled=lambda: True).state == "CANCELLED"


def test_an_interrupted_crawl_can_be_done_again(local: Crawling) -> None:
    local.place.put(months(1, 2))
    local.create()
    crawl = local.crawls.run(ME, "raw")
    local.crawls.execute(crawl.id)
    again = local.crawls.execute(crawl.id)
    assert again.state == "SUCCEEDED"
    assert len(local.crawls.list_crawls(ME, "raw")) == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"targets": ()}, "targets"),
        ({"targets": ("relative/path",)}, "location"),
        ({"targets": ("connection:a/b/c/d",)}, "target"),
        ({"options": {"depth": "3"}}, "depth is not known"),
        ({"options": {"sample": "many"}}, "sample"),
        ({"options": {"csv.quote": "ab"}}, "csv.quote"),
        ({"options": {"csv.columns": "a, A"}}, "comes twice"),
        ({"options": {"csv.columns": "a map<string,int>"}}, "holds one value"),
        ({"options": {"csv.columns": "a nonsense"}}, "nonsense"),
        ({"options": {"json.path": "Records"}}, "json.path"),
        ({"options": {"json.path": "$.a[1].b"}}, "json.path"),
        ({"options": {"grok.pattern": "%{NOTHING:a}"}}, "NOTHING is not known"),
        ({"options": {"grok.pattern": "%{WORD:a:date}"}}, "date is not known"),
        ({"options": {"grok.pattern": "(a)%{WORD:a}"}}, "groups of its own"),
        ({"options": {"grok.pattern": "a+"}}, "names no column"),
        ({"options": {"grok.pattern": "%{WORD:a}["}}, "not a pattern"),
        ({"options": {"on_missing_table": "burn"}}, "none of keep, deprecate, drop"),
        ({"database": ""}, "database"),
        ({"name": ""}, "crawler"),
    ],
)
def test_crawlers_that_make_no_sense_are_refused(local: Crawling, changes: dict[str, object], reason: str) -> None:
    sound = Crawler("raw", (local.place.root,), "hive", "raw")
    with pytest.raises(Invalid, match=reason):
        local.crawls.create(ME, replace(sound, **changes))


def test_crawlers_are_kept_changed_and_dropped(local: Crawling) -> None:
    made = local.create()
    with pytest.raises(AlreadyExists):
        local.crawls.create(ME, replace(made, name="RAW"))
    changed = local.crawls.update(ME, replace(made, comment="all of it"))
    assert (changed.version, changed.comment) == (made.version + 1, "all of it")
    with pytest.raises(Conflict):
        local.crawls.update(ME, replace(made, comment="late"))
    assert [one.name for one in local.crawls.list(ME)] == ["raw"]
    local.crawls.drop(ME, "raw")
    with pytest.raises(NotFound):
        local.crawls.get(ME, "raw")


def test_a_finished_crawl_tells_when_and_what(local: Crawling) -> None:
    before = datetime.now(UTC).timestamp() * 1000 - 1000
    crawl = local.crawl(months(1, 2))
    assert before < crawl.created_at <= crawl.started_at <= (crawl.finished_at or 0)
    assert (crawl.by, crawl.crawler) == ("mira", "raw")
    assert crawl.summary["objects"] == 2
    (decision,) = crawl.summary["decisions"]  # type: ignore[misc]
    assert "which are its partitions by month (int)" in str(decision)


def test_a_reader_that_stumbles_over_a_file_fails_no_crawl(crawling: Crawling, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(*_: object) -> None:
        raise ZeroDivisionError("odd\nfile")

    monkeypatch.setattr("catalog_server.crawlers.limited.inspect", sniff.inspect)
    monkeypatch.setattr("catalog_server.lake.formats.orc.inspect", stumble)
    odd = pa.BufferOutputStream()
    orc.write_table(pa.table({"n": [1]}), odd)
    crawl = crawling.crawl({"o/odd.orc": odd.getvalue().to_pybytes(), "t/a.csv": b"a,b\n1,2\n"})
    assert crawl.state == "SUCCEEDED"
    assert {"cannot be read rightly: odd"} == set(problems(crawl).values())
    assert names(crawl, "added") == ["raw.t"]
