"""Tables that a crawl finds in place with metadata of their own: they are what it says, not what their files look like."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.schema import Schema
from pyiceberg.table import Table as IcebergTable
from pyiceberg.types import LongType, NestedField, StringType

from catalog_server.config import Config, QueryConfig
from catalog_server.lake.iceberg.current import current_files
from catalog_server.model.caller import Caller
from catalog_server.model.crawler import Crawl
from catalog_server.model.errors import NotFound, Unsupported
from catalog_server.model.names import TableName
from catalog_server.model.spark_schema import spark_columns
from catalog_server.model.table import TableKind
from catalog_server.query.queries import Queries
from tests.crawlers.conftest import ME, Crawling, names, problems, types
from tests.crawlers.test_crawl_again import reads
from tests.crawlers.test_undo import held, undo

ORDERS = TableName("hive", "raw", "orders")
NORA = Caller(user="nora", via="iceberg")
SCHEMA = Schema(NestedField(1, "id", LongType()), NestedField(2, "Item", StringType(), doc="what was bought"))


@pytest.fixture
def outside(crawling: Crawling, tmp_path: Path) -> IcebergTable:
    """A table that another catalog keeps, in the place that is crawled."""
    return written(crawling, tmp_path)


def written(crawling: Crawling, tmp_path: Path, path: str = "orders") -> IcebergTable:
    """A table of three rows, written through a catalog of its own."""
    properties = {"uri": f"sqlite:///{tmp_path}/outside.db", "warehouse": crawling.place.root}
    if (profile := crawling.place.connection) is not None:
        properties |= {
            "s3.endpoint": profile.options["endpoint"],
            "s3.region": profile.options["region"],
            "s3.access-key-id": profile.secrets["access_key_id"],
            "s3.secret-access-key": profile.secrets["secret_access_key"],
        }
    other = SqlCatalog("other", **properties)
    other.create_namespace_if_not_exists("sales")
    name = f"sales.{path.replace('/', '_')}"
    table = other.create_table(name, SCHEMA, f"{crawling.place.root}/{path}")
    append(table, {"id": [1, 2, 3], "Item": ["a", "b", "c"]})
    return table


def append(table: IcebergTable, rows: Mapping[str, Any]) -> None:
    table.append(pa.table(rows, schema=table.schema().as_arrow()))


def rows_of(crawling: Crawling, folder: Path, statement: str) -> list[list[Any]]:
    """What the server's own SQL answers."""
    queries = Queries(crawling.catalog, Config(data=folder, query=QueryConfig(memory_limit="512MB", threads=1)))
    try:
        return [list(row) for row in queries.run(ME, statement)[1]]
    finally:
        queries.close()


def decisions(crawl: Crawl) -> dict[str, str]:
    entries: Any = crawl.summary["decisions"]
    return {str(entry["place"]).rpartition("/")[2]: str(entry["decision"]) for entry in entries}


def reason(crawl: Crawl, key: str) -> str:
    entries: Any = crawl.summary[key]
    return str(entries[0]["reason"])


def file_name(location: str) -> str:
    return location.rpartition("/")[2]


def test_an_iceberg_table_is_registered_as_it_is(crawling: Crawling, outside: IcebergTable, tmp_path: Path) -> None:
    crawling.place.put({"plain/p.csv": b"a,b\n1,2\n"})
    crawling.create()
    crawl = crawling.run()
    assert (sorted(names(crawl, "added")), crawl.summary["problems"]) == (["raw.orders", "raw.plain"], [])
    made = file_name(outside.metadata_location)
    assert decisions(crawl)["orders"] == (
        f"table orders: one Iceberg table of 1 snapshot, because metadata/{made} says so"
    )
    table = crawling.table("orders")
    assert (table.format, table.metadata_location) == ("iceberg", outside.metadata_location)
    assert types(table) == {"id": "bigint", "Item": "string"}
    assert rows_of(crawling, tmp_path / "sql", "select sum(id), max(item) from raw.orders") == [[6, "c"]]


def test_it_is_dressed_as_one_that_is_registered_by_hand(local: Crawling, tmp_path: Path) -> None:
    outside = written(local, tmp_path)
    local.create()
    local.run()
    found = local.table("orders")
    local.catalog.tables.drop(ME, ORDERS, delete_data=False)
    by_hand = local.catalog.iceberg.register(ME, ORDERS, outside.metadata_location).table
    own = {"crawler", "UPDATED_BY_CRAWLER", "classification", "typeOfData", "crawler.metadata_location"}
    assert found.parameters.keys() - by_hand.parameters.keys() == own
    of_this_moment = dict.fromkeys(("id", "version", "created_at", "updated_at"), 0)
    kept = by_hand.parameters.keys() - {"transient_lastDdlTime"}
    first, second = (
        replace(one, parameters={key: one.parameters[key] for key in kept}, **of_this_moment)
        for one in (found, by_hand)
    )
    assert first == second


def test_a_table_follows_what_is_written_outside(crawling: Crawling, outside: IcebergTable) -> None:
    crawling.create()
    crawling.run()
    first = crawling.table("orders").metadata_location
    with outside.update_schema() as change:
        change.add_column("price", LongType())
    append(outside, {"id": [4], "Item": ["d"], "price": [9]})
    crawl = crawling.run()
    newest = outside.metadata_location
    assert reason(crawl, "changed") == f"points to {file_name(newest)}, new column price"
    table = crawling.table("orders")
    assert (table.metadata_location, table.parameters["previous_metadata_location"]) == (newest, first)
    assert table.parameters["numRows"] == "4"
    undo(crawling, crawl)
    assert crawling.table("orders").metadata_location == first


def test_an_unchanged_table_is_not_read_again(local: Crawling, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(local, tmp_path)
    local.create()
    for _ in range(2):
        local.run()
    with reads(monkeypatch) as seen:
        crawl = local.run()
    assert (names(crawl, "unchanged"), seen) == (["raw.orders"], [])


def test_what_was_registered_by_a_crawl_is_undone(local: Crawling, tmp_path: Path) -> None:
    written(local, tmp_path)
    before = held(local.catalog)
    local.create()
    crawl = local.run()
    undo(local, crawl)
    assert held(local.catalog) == before
    assert names(local.run(), "added") == ["raw.orders"]


def test_a_table_that_others_commit_to_here_is_left_where_it_is(local: Crawling, tmp_path: Path) -> None:
    outside = written(local, tmp_path)
    local.create()
    local.run()
    updates = [{"action": "set-properties", "updates": {"by": "nora"}}]
    local.catalog.iceberg.commit(NORA, ORDERS, [], updates)
    committed = local.table("orders")
    assert names(local.run(), "unchanged") == ["raw.orders"]
    for n in (4, 5):
        append(outside, {"id": [n], "Item": ["x"]})
    crawl = local.run()
    assert "others commit to it through this catalog" in reason(crawl, "refused")
    assert local.table("orders") == committed


def test_a_table_written_anew_in_the_same_folder_is_told(local: Crawling, tmp_path: Path) -> None:
    outside = written(local, tmp_path)
    local.create()
    local.run()
    first = local.table("orders").metadata_location
    local.place.files.remove_directory(f"{local.place.root}/orders")
    SqlCatalog("other", uri=f"sqlite:///{tmp_path}/outside.db").drop_table(outside.name())
    for n in (1, 2):
        append(written(local, tmp_path) if n == 1 else reloaded(tmp_path), {"id": [n], "Item": ["x"]})
    assert reason(local.run(), "refused").startswith("another table lies at")
    assert local.table("orders").metadata_location == first


def reloaded(tmp_path: Path) -> IcebergTable:
    return SqlCatalog("other", uri=f"sqlite:///{tmp_path}/outside.db").load_table("sales.orders")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "is damaged: metadata: the file is not JSON"),
        (b'{"format-version": 2}', "is damaged: it does not say where the table lies"),
        (b'{"format-version": 2, "location": "HERE", "schemas": [{"schema-id": 0, "fields": [7]}]}', "is damaged: "),
        (b'{"format-version": 9, "location": "x"}', "is damaged: format-version: Unsupported format version: v9"),
        (b'{"view-uuid": "1", "format-version": 1}', "is of an Iceberg view, which is no table"),
    ],
)
def test_metadata_that_cannot_be_understood_is_told(local: Crawling, body: bytes, said: str) -> None:
    body = body.replace(b"HERE", f"{local.place.root}/t".encode())
    crawl = local.crawl({"t/metadata/00003-a.metadata.json": body, "t/data/a.parquet": b"PAR1"})
    assert problems(crawl)["00003-a.metadata.json"].startswith(said)
    assert (crawl.state, local.tables()) == ("SUCCEEDED", [])


def test_damage_does_not_take_a_table_for_gone(local: Crawling, tmp_path: Path) -> None:
    written(local, tmp_path)
    local.create(on_missing_table="drop")
    local.run()
    before = local.table("orders")
    local.place.put({"orders/metadata/00002-broken.metadata.json": b'{"format-ver'})
    assert "00002-broken.metadata.json" in problems(local.run())
    assert local.table("orders") == before


def test_a_table_that_was_copied_elsewhere_is_told(local: Crawling, tmp_path: Path) -> None:
    outside = written(local, tmp_path)
    body = local.place.files.read(outside.metadata_location)
    local.place.put({"copy/metadata/00001-a.metadata.json": body})
    local.create()
    crawl = local.run()
    assert "it was moved or copied here" in problems(crawl)["00001-a.metadata.json"]
    assert local.tables() == ["orders"]


def test_a_table_that_the_catalog_has_already_is_no_second_one(local: Crawling, tmp_path: Path) -> None:
    outside = written(local, tmp_path)
    local.catalog.iceberg.register(ME, TableName("hive", "default", "bought"), outside.metadata_location)
    local.create()
    assert "overlaps with the location of another table: default.bought" in reason(local.run(), "refused")
    assert local.tables() == []


def test_a_preview_tells_what_a_crawl_would_register(local: Crawling, tmp_path: Path) -> None:
    written(local, tmp_path)
    local.create()
    preview = local.crawls.execute(local.crawls.run(ME, "raw", preview=True).id)
    assert names(preview, "added") == ["raw.orders"]
    with pytest.raises(NotFound):
        local.table("orders")


def test_columns_are_left_as_they_are_where_changes_are_only_logged(local: Crawling, tmp_path: Path) -> None:
    outside = written(local, tmp_path)
    local.create(on_changed_table="log")
    local.run()
    append(outside, {"id": [4], "Item": ["d"]})
    assert names(local.run(), "changed") == ["raw.orders"]
    before = local.table("orders")
    with outside.update_schema() as change:
        change.add_column("price", LongType())
    assert reason(local.run(), "logged").endswith("new column price")
    assert local.table("orders") == before


def test_a_folder_left_out_is_not_registered(local: Crawling, tmp_path: Path) -> None:
    written(local, tmp_path)
    local.create(exclude="orders/**")
    local.run()
    assert local.tables() == []


def test_names_are_different_from_those_of_other_folders(local: Crawling, tmp_path: Path) -> None:
    written(local, tmp_path, "b/orders")
    local.crawl({"a/orders/o.csv": b"a,b\n1,2\n"})
    assert sorted(local.tables()) == ["b_orders", "orders"]


@pytest.mark.parametrize(
    ("hint", "listed", "current"),
    [
        (None, ["00002-a", "00010-b", "00009-c"], ["00010-b"]),
        (None, ["00002-a", "00002-b", "00001-c"], ["00002-a", "00002-b"]),
        ("2\n", ["v1", "v2", "v3", "v5"], ["v3"]),
        ("2", ["v2", "00007-a"], ["00007-a"]),
        ("00001-a", ["00001-a", "00002-b"], ["00001-a"]),
        ("9", ["v1", "v2"], ["v2"]),
        ("", ["v1"], ["v1"]),
    ],
)
def test_the_current_metadata_file(hint: str | None, listed: list[str], current: list[str]) -> None:
    found = current_files([f"/t/metadata/{name}.metadata.json" for name in listed], hint)
    assert [file_name(one).removesuffix(".metadata.json") for one in found] == current


# Delta tables.


def fields(**kinds: Any) -> str:
    """A schema as the log of a Delta table has it."""
    listed = [{"name": name, "type": kind, "nullable": True, "metadata": {}} for name, kind in kinds.items()]
    return json.dumps({"type": "struct", "fields": listed})


def commit(*actions: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(action).encode() + b"\n" for action in actions)


def said(schema: str, *keys: str) -> dict[str, Any]:
    """The action that says what a table is."""
    kept = {"format": {"provider": "parquet", "options": {}}, "configuration": {}, "createdTime": 1}
    return {"metaData": {"id": "1", "schemaString": schema, "partitionColumns": list(keys), **kept}}


def added(path: str, **values: str) -> dict[str, Any]:
    return {"add": {"path": path, "partitionValues": values, "size": 1, "modificationTime": 1, "dataChange": True}}


def checkpoint(schema: str, *keys: str) -> bytes:
    """A checkpoint of a version, as Parquet."""
    protocol = {"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}
    rows = [{**protocol, "metaData": None, "add": None}, {"protocol": None, **said(schema, *keys), "add": None}]
    rows[1]["metaData"].pop("configuration")
    rows[1]["metaData"].pop("format")
    sink = pa.BufferOutputStream()
    pq.write_table(
        pa.Table.from_pylist([*rows, {"protocol": None, "metaData": None, **added("a.parquet", day="1")}]), sink
    )
    return bytes(sink.getvalue())


def log(path: str, *versions: tuple[int, bytes]) -> dict[str, bytes]:
    """Commits by version, as files of a table's log."""
    return {f"{path}/_delta_log/{version:020d}.json": body for version, body in versions}


TRIPS = fields(
    Id="long", fare="decimal(9,2)", at="timestamp", tags={"type": "array", "elementType": "string"}, day="date"
)
FIRST = commit(
    {"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}, said(TRIPS, "day"), added("day=1/a.parquet")
)


def test_a_delta_table_is_what_its_log_says(crawling: Crawling, tmp_path: Path) -> None:
    files = {"trips/day=2026-01-01/a.parquet": b"PAR1", "trips/day=2026-01-01/deleted.parquet": b"PAR1"}
    crawl = crawling.crawl({**files, **log("trips", (0, FIRST), (1, commit(added("b.parquet"))))})
    assert crawl.summary["problems"] == []
    assert decisions(crawl)["trips"] == (
        "table trips: one Delta table at version 1, partitioned by day, because _delta_log/00000000000000000000.json says so"
    )
    table = crawling.table("trips")
    assert (table.format, table.parameters["spark.sql.sources.provider"]) == ("delta", "delta")
    assert (table.parameters["classification"], table.kind) == ("delta", TableKind.EXTERNAL)
    assert table.storage.serde.parameters["path"] == table.location == f"{crawling.place.root}/trips"
    assert types(table) == {
        "id": "bigint", "fare": "decimal(9,2)", "at": "timestamp", "tags": "array<string>", "day": "date",
    }  # fmt: skip
    assert table.partition_keys == ()
    assert [column.name for column in spark_columns(table.parameters) or ()] == ["Id", "fare", "at", "tags", "day"]
    with pytest.raises(Unsupported, match="is a Delta table, which the server's own SQL does not read"):
        rows_of(crawling, tmp_path / "sql", "select count(*) from raw.trips")


def test_a_delta_table_follows_its_log_and_goes_back(local: Crawling, monkeypatch: pytest.MonkeyPatch) -> None:
    local.crawl(log("t", (0, commit(said(fields(a="long"))))))
    before = held(local.catalog)
    local.place.put(log("t", (1, commit(added("x.parquet")))))
    assert names(local.run(), "unchanged") == ["raw.t"]
    with reads(monkeypatch) as seen:
        assert names(local.run(), "unchanged") == ["raw.t"]
    assert seen == []
    local.place.put(log("t", (2, commit(said(fields(a="string", b="double"))))))
    crawl = local.run()
    assert reason(crawl, "changed") == "column a is string, was bigint, new column b"
    assert types(local.table("t")) == {"a": "string", "b": "double"}
    undo(local, crawl)
    assert held(local.catalog) == before


def test_a_schema_is_read_from_a_checkpoint(local: Crawling) -> None:
    whole = {f"t/_delta_log/{10:020d}.checkpoint.parquet": checkpoint(TRIPS, "day")}
    half = {f"t/_delta_log/{12:020d}.checkpoint.{1:010d}.{2:010d}.parquet": b"cut off"}
    crawl = local.crawl({**whole, **half, **log("t", (11, commit(added("b"))), (12, commit(added("c"))))})
    assert "at version 12" in decisions(crawl)["t"]
    assert len(local.table("t").columns) == 5


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (log("t", (0, b"{")), "00000000000000000000.json: is damaged"),
        (log("t", (0, b"{}")), "the log: says of no schema"),
        (log("t", (0, FIRST), (2, b"{}")), "the log: commit 00000000000000000001.json is missing"),
        (log("t", (0, commit(said('{"fields": [{"name": "a", "type": "odd<"}]}')))), "has a schema that cannot be"),
        (log("t", (0, commit(said(fields(a="long"), "b")))), "has partition columns that are none of its columns: b"),
        ({f"t/_delta_log/{3:020d}.checkpoint.parquet": b"PAR1"}, "checkpoint.parquet: is damaged"),
        ({"t/_delta_log/x": b""}, "the log: holds no commit"),
    ],
)
def test_a_log_that_cannot_be_understood_is_told(local: Crawling, files: dict[str, bytes], told: str) -> None:
    crawl = local.crawl({**files, "t/a.parquet": b"PAR1"})
    assert (crawl.state, local.tables()) == ("SUCCEEDED", [])
    assert told in problems(crawl)["_delta_log"]


def test_of_several_formats_in_one_folder_the_one_that_is_written_counts(local: Crawling) -> None:
    local.crawl({**log("t", (0, FIRST)), "t/metadata/v1.metadata.json": b"{}"})
    assert local.table("t").format == "delta"
