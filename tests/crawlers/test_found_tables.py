"""Tables that a crawl finds in place with metadata of their own: they are what it says, not what their files look like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.schema import Schema
from pyiceberg.table import Table as IcebergTable
from pyiceberg.types import LongType, NestedField, StringType

from catalog_server.config import Config, QueryConfig
from catalog_server.lake.iceberg.current import current_files
from catalog_server.model.caller import Caller
from catalog_server.model.crawler import Crawl
from catalog_server.model.errors import NotFound
from catalog_server.model.names import TableName
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
