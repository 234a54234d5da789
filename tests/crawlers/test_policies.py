"""What a crawler does about tables that are different or gone, and what it leaves to people, column by column."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from catalog_server.crawlers.wanted import whole_signature
from catalog_server.model.crawl_change import ColumnDifference
from catalog_server.model.crawler import Crawl
from catalog_server.model.table import Column, SerDe
from tests.crawlers.conftest import ME, Crawling, names, types
from tests.crawlers.test_crawl_files import months, parquet
from tests.crawlers.test_undo import undo

ONE = {"t/a.json": b'{"n": 1, "m": 1}\n'}
OTHER = {"t/a.json": b'{"n": 1.5, "m": 1, "k": true}\n'}


def reasons(crawl: Crawl, key: str) -> dict[str, str]:
    entries: Any = crawl.summary.get(key, ())
    return {entry["table"]: entry["reason"] for entry in entries}


def test_a_changed_table_gets_new_columns_only(local: Crawling) -> None:
    local.crawl(ONE, on_changed_table="add_columns")
    local.place.put(OTHER)
    crawl = local.run()
    assert types(local.table("t")) == {"n": "bigint", "m": "bigint", "k": "boolean"}
    assert reasons(crawl, "changed") == {"raw.t": "new column k"}
    assert names(local.run(), "unchanged") == ["raw.t"]
    local.crawls.update(ME, replace(local.crawls.get(ME, "raw"), options={}))
    local.run()
    assert types(local.table("t"))["n"] == "double"


def test_a_changed_table_is_only_told_of(local: Crawling) -> None:
    local.crawl(ONE | months(1), on_changed_table="log")
    before = local.table("t")
    local.place.put(OTHER | months(2))
    crawl = local.run()
    after = local.table("t")
    assert (after.columns, after.storage) == (before.columns, before.storage)
    assert after.parameters["sizeKey"] == str(len(OTHER["t/a.json"]))
    assert reasons(crawl, "logged") == {"raw.t": "column n is double, was bigint, new column k"}
    assert reasons(crawl, "changed") == {"raw.t": "other data", "raw.flights": "other data, 1 partition added"}


def test_a_table_that_is_gone_is_marked_until_it_is_found_again(local: Crawling) -> None:
    local.crawl(ONE | months(1), on_missing_table="deprecate")
    local.place.files.remove_directory(f"{local.place.root}/t")
    crawl = local.run()
    assert reasons(crawl, "deprecated") == {"raw.t": "no target holds it any more"}
    marked = local.table("t")
    assert marked.parameters["DEPRECATED_BY_CRAWLER"].endswith("Z: no target holds it any more")
    again = local.run()
    assert (names(again, "missing"), local.table("t")) == (["raw.t"], marked)
    local.place.put(ONE)
    assert reasons(local.run(), "changed") == {"raw.t": "found again"}
    assert "DEPRECATED_BY_CRAWLER" not in local.table("t").parameters


def test_a_mark_goes_also_where_changes_are_only_told(local: Crawling) -> None:
    local.crawl(ONE | months(1), on_missing_table="deprecate", on_changed_table="log")
    before = local.table("t")
    local.place.files.remove_directory(f"{local.place.root}/t")
    local.run()
    local.place.put(OTHER)
    crawl = local.run()
    assert (reasons(crawl, "changed"), names(crawl, "logged")) == ({"raw.t": "found again"}, ["raw.t"])
    assert (local.table("t").columns, "DEPRECATED_BY_CRAWLER" in local.table("t").parameters) == (before.columns, False)
    again = local.run()
    assert (names(again, "logged"), names(again, "changed")) == (["raw.t"], [])


def test_a_column_that_people_changed_stays_and_the_others_follow(local: Crawling) -> None:
    local.crawl(ONE)
    table = local.table("t")
    by_hand = (Column("n", "string"), replace(table.columns[1], comment="how many"))
    local.catalog.tables.alter(ME, table.full_name, replace(table, columns=by_hand))
    local.place.put({"t/a.json": b'{"n": 1.5, "m": 1.5}\n'})
    assert reasons(local.run(), "changed") == {"raw.t": "column m is double, was bigint"}
    assert types(local.table("t")) == {"n": "string", "m": "double"}
    assert local.table("t").columns[1].comment == "how many"
    assert names(local.run(), "unchanged") == ["raw.t"]
    back = replace(local.table("t"), columns=(Column("n", "double"), local.table("t").columns[1]))
    local.catalog.tables.alter(ME, table.full_name, back)
    local.run()
    local.place.put({"t/a.json": b'{"n": "a", "m": 1.5}\n'})
    local.run()
    assert types(local.table("t"))["n"] == "string"


def test_reader_options_that_people_changed_stay(local: Crawling) -> None:
    local.crawl({"t/a.csv": b"x,y\n1,2\n3,4\n"})
    table = local.table("t")
    serde = SerDe("org.example.Own", None, {"a": "b"})
    local.catalog.tables.alter(ME, table.full_name, replace(table, storage=replace(table.storage, serde=serde)))
    local.place.put({"t/a.csv": b"x,y\n1,2\n3,4.5\n"})
    local.run()
    assert (local.table("t").storage.serde, types(local.table("t"))["y"]) == (serde, "double")


@pytest.mark.parametrize(("edited", "kind"), [(False, "double"), (True, "bigint")])
def test_tables_of_earlier_versions_are_pinned_as_a_whole(local: Crawling, edited: bool, kind: str) -> None:
    local.crawl(ONE)
    table = local.table("t")
    old = {key: value for key, value in table.parameters.items() if key != "crawler.columns"}
    old["crawler.signature"] = whole_signature(table)
    columns = (table.columns[0], Column("m", "string")) if edited else table.columns
    local.catalog.tables.alter(ME, table.full_name, replace(table, parameters=old, columns=columns))
    assert names(local.run(), "changed" if edited else "unchanged") == ["raw.t"]
    local.place.put(OTHER)
    local.run()
    assert types(local.table("t"))["n"] == kind


def test_a_column_that_seems_to_be_renamed_is_told(local: Crawling) -> None:
    local.crawl({"t/a.csv": b"x,y\n1,2\n3,4\n", "p/p.parquet": parquet(a=pa.array([1]), b=pa.array(["x"]))})
    local.place.put({"t/a.csv": b"x,z\n1,2\n3,4\n", "p/p.parquet": parquet(c=pa.array([1]), b=pa.array(["x"]))})
    crawl = local.run()
    assert reasons(crawl, "changed") == {
        "raw.p": "column a seems to be renamed to c",
        "raw.t": "column y seems to be renamed to z",
    }
    assert (types(local.table("t")), list(types(local.table("p")))) == ({"x": "bigint", "z": "bigint"}, ["c", "b", "a"])
    told = {one.table: one.columns for one in local.crawls.differences(ME, crawl.id)}
    assert told["t"] == (ColumnDifference("z", None, "bigint"), ColumnDifference("y", "bigint", None))


def test_what_glue_writes_is_there_as_far_as_it_is_known(crawling: Crawling) -> None:
    crawling.crawl(months(1, 2) | {"w/w.parquet": parquet(temp=pa.array([1.5, 2.5]))})
    flights, weather = crawling.table("flights").parameters, crawling.table("w").parameters
    size = sum(int(one.parameters["totalSize"]) for one in crawling.partitions("flights").values())
    expected = {
        "UPDATED_BY_CRAWLER": "raw",
        "classification": "csv",
        "compressionType": "none",
        "typeOfData": "file",
        "recordCount": "4",
        "objectCount": "2",
        "sizeKey": str(size),
        "averageRecordSize": str(size // 4),
    }
    assert {key: flights[key] for key in expected} == expected
    assert [weather[key] for key in ("classification", "recordCount", "objectCount")] == ["parquet", "2", "1"]


def test_rows_are_estimated_where_some_partitions_do_not_know_theirs(local: Crawling) -> None:
    many = b"a,b\n" + b"1,2\n" * 400_000
    local.crawl({"t/k=1/a.csv": b"a,b\n" + b"1,2\n" * 99, "t/k=2/a.csv": many})
    said = local.table("t").parameters
    known = {name: one.parameters.get("numRows") for name, one in local.partitions("t").items()}
    assert known == {"1": "99", "2": None}
    assert abs(int(said["recordCount"]) - 400_100) < 10_000


def test_figures_alone_are_undone_too(local: Crawling) -> None:
    local.crawl(ONE)
    before = local.table("t").parameters
    local.place.put({"t/b.json": ONE["t/a.json"]})
    crawl = local.run()
    assert (reasons(crawl, "changed"), local.table("t").parameters["recordCount"]) == ({"raw.t": "other data"}, "2")
    undo(local, crawl)
    assert local.table("t").parameters == before
