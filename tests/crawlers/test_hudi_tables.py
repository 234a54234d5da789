"""Hudi tables that a crawl finds in place: registered by their timelines, as Hudi's own sync with a Hive metastore does."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastavro
import pytest

from catalog_server.crawlers.found import COMMIT_BEGAN, COMMIT_ENDED
from catalog_server.lake import hudi
from catalog_server.model.errors import NotFound, Unsupported
from catalog_server.model.spark_schema import spark_columns
from tests.crawlers.conftest import ME, Crawling, names, problems, types
from tests.crawlers.corpus.hudi import OWN, hudi_files
from tests.crawlers.test_crawl_again import reads
from tests.crawlers.test_events import Following, catalog_of
from tests.crawlers.test_found_tables import decisions, reason, rows_of
from tests.crawlers.test_undo import held, undo

KINDS = {"id": "int", "item": "string", "fare": "decimal(9,2)", "at": "timestamp", "ts": "bigint", "tip": "int"}
DAYS = {"2026-01-01", "2026-01-02", "2026-01-03"}
HADOOP = "org.apache.hudi.hadoop"


@pytest.mark.parametrize(("name", "folder"), [("cow6", "day=2026-01-01"), ("cow8", "2026-01-01")])
def test_a_table_is_registered_as_hudis_own_sync_does(
    crawling: Crawling, tmp_path: Path, name: str, folder: str
) -> None:
    crawl = crawling.crawl(hudi_files(name))
    table, version = crawling.table("t"), name[-1]
    assert (crawl.summary["problems"], crawling.tables()) == ([], ["t"])
    told = f"one Hudi table (COPY_ON_WRITE, version {version}) of 2 commits by day in 3 partitions"
    assert told in decisions(crawl)["t"]
    assert types(table) == dict.fromkeys(OWN, "string") | KINDS
    assert [(key.name, key.type) for key in table.partition_keys] == [("day", "date")]
    assert table.storage.input_format == f"{HADOOP}.HoodieParquetInputFormat"
    serde = {"hoodie.query.as.ro.table": "false", "path": table.location, "serialization.format": "1"}
    assert table.storage.serde.parameters == serde
    assert (table.format, table.parameters["spark.sql.sources.provider"]) == ("hudi", "hudi")
    spark = {column.name: column.type for column in spark_columns(table.parameters) or ()}
    own_case = {"Id": "int", **{column: kind for column, kind in KINDS.items() if column != "id"}}
    assert spark == dict.fromkeys(OWN, "string") | own_case | {"day": "date"}
    assert list(spark)[-1] == "day"
    found = crawling.partitions("t")
    assert found.keys() == DAYS
    assert found["2026-01-01"].location == f"{table.location}/{folder}"
    assert (COMMIT_BEGAN in table.parameters, COMMIT_ENDED in table.parameters) == (True, version == "8")
    assert table.parameters["readable_by"] == ("spark, trino" if version == "6" else "spark")
    with pytest.raises(Unsupported, match="is a Hudi table, which the server's own SQL does not read"):
        rows_of(crawling, tmp_path / "sql", "select count(*) from raw.t")


@pytest.mark.parametrize("name", ["mor6", "mor8"])
def test_of_a_table_merged_on_read_there_are_two_views(local: Crawling, name: str) -> None:
    local.crawl(hudi_files(name))
    assert local.tables() == ["t", "t_ro"]
    whole, optimized = local.table("t"), local.table("t_ro")
    assert whole.storage.input_format == f"{HADOOP}.realtime.HoodieParquetRealtimeInputFormat"
    assert optimized.storage.input_format == f"{HADOOP}.HoodieParquetInputFormat"
    told = [one.storage.serde.parameters["hoodie.query.as.ro.table"] for one in (whole, optimized)]
    assert (told, whole.location, whole.columns) == (["false", "true"], optimized.location, optimized.columns)
    assert local.partitions("t").keys() == local.partitions("t_ro").keys() == DAYS
    assert whole.parameters["readable_by"] == "spark"


def test_a_table_without_partitions(local: Crawling) -> None:
    local.crawl(hudi_files("flat6"))
    table = local.table("t")
    assert (table.partition_keys, types(table)["day"]) == ((), "date")


@pytest.mark.parametrize("name", ["cow6", "cow8", "mor6", "mor8", "flat6"])
def test_a_table_follows_its_timeline_and_goes_back(local: Crawling, name: str) -> None:
    local.crawl(hudi_files(name, commits=1))
    before = held(local.catalog)
    assert "tip" not in types(local.table("t"))
    local.place.put(hudi_files(name))
    crawl = local.run()
    expected = "new column tip" if name == "flat6" else "new column tip, 1 partition added"
    assert reason(crawl, "changed") == expected
    assert types(local.table("t"))["tip"] == "int"
    undo(local, crawl)
    assert held(local.catalog) == before
    assert names(local.run(), "changed") == ["raw.t", "raw.t_ro"][: 1 + name.startswith("mor")]


@pytest.mark.parametrize("name", ["cow6", "mor8"])
def test_an_unchanged_table_is_not_read_again(local: Crawling, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    first = local.crawl(hudi_files(name))
    local.place.put({"other/a.csv": b"a,b\n1,2\n"})
    for _ in range(2):
        local.run()
    with reads(monkeypatch) as seen:
        crawl = local.run()
    assert (seen, names(crawl, "changed")) == ([], [])
    assert set(names(first, "added")) < set(names(crawl, "unchanged"))


def test_a_commit_alone_is_other_data(local: Crawling) -> None:
    files = hudi_files("cow6")
    newest = max(path for path in files if path.endswith(".commit"))
    local.crawl({path: body for path, body in files.items() if path != newest})
    local.place.put({"t/.hoodie/20261231000000000.commit": files[newest]})
    local.change(on_changed_table="log")
    crawl = local.run()
    assert (reason(crawl, "changed"), reason(crawl, "logged")) == ("other data", "new column tip")
    assert local.table("t").parameters[COMMIT_BEGAN] == "20261231000000000"


def test_a_partition_that_was_dropped_is_none_though_its_folder_is_there(local: Crawling) -> None:
    local.crawl(hudi_files("dropped6", commits=2))
    assert local.partitions("t").keys() == DAYS
    local.place.put(hudi_files("dropped6"))
    assert reason(local.run(), "changed") == "other data, 1 partition dropped"
    assert local.partitions("t").keys() == DAYS - {"2026-01-02"}


def test_a_preview_and_an_undo(local: Crawling) -> None:
    local.place.put(hudi_files("mor6"))
    before = held(local.catalog)
    local.create()
    preview = local.crawls.execute(local.crawls.run(ME, "raw", preview=True).id)
    assert names(preview, "added") == ["raw.t", "raw.t_ro"]
    with pytest.raises(NotFound):
        local.table("t")
    undo(local, local.run())
    assert held(local.catalog) == before


@pytest.mark.parametrize("name", ["cow6", "cow8", "mor6"])
def test_a_table_follows_events_of_its_objects(local: Crawling, name: str) -> None:
    following = Following(local)
    first, all_of_it = hudi_files(name, commits=1), hudi_files(name)
    following.crawl(first, events="webhook")
    following.put({path: body for path, body in all_of_it.items() if first.get(path) != body})
    assert following.follow().state == "SUCCEEDED"
    assert (set(following.partitions("t")), types(following.table("t"))["tip"]) == (DAYS, "int")
    followed = catalog_of(local.catalog)
    assert names(local.run(), "changed") == []
    assert catalog_of(local.catalog) == followed


def test_a_view_whose_name_is_taken_is_told(local: Crawling) -> None:
    crawl = local.crawl({**hudi_files("mor6"), "t_ro/a.csv": b"a,b\n1,2\n"})
    assert "its view t_ro is left out" in problems(crawl)["t"]
    assert local.table("t_ro").format == "csv"


# Metadata that cannot be understood, and layouts that the corpus does not have.


def properties(**said: str) -> bytes:
    """A hoodie.properties; `_` stands for a dot."""
    listed = {"hoodie.table.name": "t", "hoodie.table.version": "6"}
    listed |= {f"hoodie.{key.replace('_', '.')}": value for key, value in said.items()}
    return "".join(f"{key}={value}\n" for key, value in listed.items()).encode()


def committed(schema: object, **other: Any) -> bytes:
    text = schema if isinstance(schema, str) else json.dumps(schema)
    return json.dumps({"extraMetadata": {"schema": text}, "operationType": "UPSERT", **other}).encode()


def record(**kinds: Any) -> dict[str, Any]:
    return {"type": "record", "name": "r", "fields": [{"name": name, "type": kind} for name, kind in kinds.items()]}


PLAIN = committed(record(id="long", day="string"))


def avro_of(kind: object, value: Any, codec: str = "null") -> bytes:
    sink = io.BytesIO()
    schema = {"type": "record", "name": "c", "fields": [{"name": "operationType", "type": kind}]}
    fastavro.writer(sink, schema, [{"operationType": value}], codec=codec)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"hoodie.properties": b""}, "hoodie.properties: is damaged: it says of no table"),
        ({"1.commit": PLAIN}, "hoodie.properties: is missing"),
        ({"hoodie.properties": properties()}, "the timeline: holds no completed commit: archived ones are not read"),
        ({"hoodie.properties": properties(), "1.commit": b"{"}, "1.commit: is damaged"),
        ({"hoodie.properties": properties(), "1.commit": b"Obj\x01ab"}, "1.commit: is damaged"),
        ({"hoodie.properties": properties(), "1.commit": b"{}"}, "the timeline: says of no schema"),
        ({"hoodie.properties": properties(), "1.commit": committed("{")}, "1.commit: has a schema that cannot be"),
        (
            {"hoodie.properties": properties(), "1.commit": committed(record(a=["int", "string"], b="int"))},
            "1.commit: has a schema that cannot be kept: column a",
        ),
        ({"hoodie.properties": properties(table_version="12")}, "has version 12, of which nothing is known"),
        ({"hoodie.properties": properties(table_version="9" * 5000)}, "of which nothing is known"),
        (
            {"hoodie.properties": properties() + b"#" * (64 << 20)},
            "properties: is too large: it has 67108907 bytes, and at most 64 MiB",
        ),
        (
            {"hoodie.properties": properties(), "1.commit": PLAIN + b" " * (70 << 20)},
            f"1.commit: is too large: it has {len(PLAIN) + (70 << 20)} bytes, and at most 64 MiB are read: have its writer",
        ),
        (
            {"hoodie.properties": properties(), "1.commit": avro_of("string", "x" * (65 << 20), "deflate")},
            "1.commit: is too large: it has more than 67108864 bytes when it is unpacked",
        ),
        (
            {"hoodie.properties": properties(), "1.commit": avro_of({"type": "array", "items": "null"}, [None] * 9)},
            "1.commit: is damaged: FileProblem: an Avro schema of rows or arrays whose items may take no bytes",
        ),
        ({"hoodie.properties": properties(table_type="ODD")}, "the table is ODD, which is none of"),
        ({"hoodie.properties": properties(table_base_file_format="HFILE")}, "the table's files are HFILE"),
    ],
)
def test_metadata_that_cannot_be_understood_is_told(local: Crawling, files: Mapping[str, bytes], told: str) -> None:
    crawl = local.crawl({f"t/.hoodie/{name}": body for name, body in files.items()} | {"t/a.parquet": b"PAR1"})
    assert (crawl.state, local.tables()) == ("SUCCEEDED", [])
    assert told in problems(crawl)[".hoodie"]


def test_damage_does_not_take_a_table_for_gone(local: Crawling) -> None:
    local.place.put(hudi_files("mor6"))
    local.create(on_missing_table="drop")
    local.run()
    before = held(local.catalog)
    local.place.put({"t/.hoodie/20270101000000000.deltacommit": b"{"})
    assert ".hoodie" in problems(local.run())
    assert held(local.catalog) == before


def test_a_table_that_was_moved_is_registered_where_it_is(local: Crawling) -> None:
    local.crawl(hudi_files("cow6", "deep/down"))
    assert local.partitions("down")["2026-01-01"].location == f"{local.place.root}/deep/down/day=2026-01-01"


def test_a_table_without_commits_has_the_schema_that_it_was_made_with(local: Crawling) -> None:
    made = properties(table_create_schema=json.dumps(record(id="long")).replace(":", "\\:"))
    local.crawl({"t/.hoodie/hoodie.properties": made})
    assert types(local.table("t"))["id"] == "bigint"


@pytest.mark.parametrize(
    ("said", "path", "values"),
    [
        ({"table_partition_fields": "day"}, "2026/01/02", ("2026-01-02",)),
        ({"table_partition_fields": "day"}, "a/b", ("a/b",)),
        ({"table_partition_fields": "day,hour"}, "x/7", ("x", "7")),
        ({"table_partition_fields": "day:SIMPLE,at:TIMESTAMP"}, "x/2026", ("x", "2026")),
        ({"table_partition_fields": "day", "datasource_write_partitionpath_urlencode": "true"}, "a%2Fb", ("a/b",)),
        ({"table_partition_fields": "day,hour"}, "x", None),
    ],
)
def test_values_of_a_partition_by_its_path(
    local: Crawling, said: Mapping[str, str], path: str, values: tuple[str, ...] | None
) -> None:
    local.place.put({"t/.hoodie/hoodie.properties": properties(**said), "t/.hoodie/1.commit": PLAIN})
    root = f"{local.place.root}/t/.hoodie"
    found = hudi.read(local.place.files, [f"{root}/hoodie.properties", f"{root}/1.commit"], [path])
    assert (list(found.partitions), list(found.unfit)) == (([values], []) if values else ([], [path]))


def test_a_key_that_folders_spell_otherwise_is_text(local: Crawling) -> None:
    commit = committed(record(id="long", at={"type": "long", "logicalType": "timestamp-micros"}, n="int"))
    said = properties(table_partition_fields="at:TIMESTAMP,n:SIMPLE")
    root = "t/.hoodie"
    local.crawl(
        {f"{root}/hoodie.properties": said, f"{root}/1.commit": commit, "t/2026/7/.hoodie_partition_metadata": b""}
    )
    assert [(key.name, key.type) for key in local.table("t").partition_keys] == [("at", "string"), ("n", "int")]


def test_an_avro_file_with_decimals_as_spark_writes_them(local: Crawling, tmp_path: Path) -> None:
    decimal = {"type": "fixed", "name": "fixed", "namespace": "row.fare", "size": 4, "logicalType": "decimal"}
    schema = record(id="long", fare=["null", {**decimal, "precision": 9, "scale": 2}])
    sink = io.BytesIO()
    fastavro.writer(sink, schema, [{"id": 1, "fare": Decimal("1.25")}, {"id": 2, "fare": None}])
    local.crawl({"t/a.avro": sink.getvalue()})
    assert types(local.table("t")) == {"id": "bigint", "fare": "decimal(9,2)"}
    assert rows_of(local, tmp_path / "sql", "select cast(sum(fare) as varchar), count(*) from raw.t") == [["1.25", 2]]
