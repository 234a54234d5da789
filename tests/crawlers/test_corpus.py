"""Every layout of the corpus becomes the tables that it should, with what is wrong told, and its rows are all read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from catalog_server.catalog.catalog import CatalogService
from catalog_server.crawlers.crawl import Crawls
from catalog_server.model.crawler import Crawl, Crawler
from catalog_server.model.names import DatabaseName, TableName
from catalog_server.model.spark_schema import spark_columns
from catalog_server.model.table import Table
from tests.crawlers.conftest import ME
from tests.crawlers.corpus import LAYOUTS, Expected, Layout
from tests.engines.s3 import S3
from tests.lake.places import Place, s3_place
from tests.query.conftest import Sql, close_sql, open_sql

DISTANT = (
    *("delimiters", "packed", "packed_by_hadoop", "packed_by_hand", "utf16", "odd_values", "odd_file_names"),
    *(
        "avro_grows",
        "avro_partitions",
        "orc_grows",
        "xml_rows",
        "json_over_several_lines",
        "apache",
        "logs_with_fields",
    ),
)
"""Layouts that are read from a real S3 store too: one of each way of reading."""


@dataclass(frozen=True)
class Bench:
    """A catalog with crawls and SQL; each layout has a database and a folder of its own."""

    sql: Sql
    folder: Path

    @property
    def catalog(self) -> CatalogService:
        """The catalog."""
        return self.sql.catalog

    def crawl(self, layout: Layout, place: Place | None = None) -> Crawl:
        """Put a layout's files down, in a folder of this machine unless another place is given, and crawl them."""
        place = place or Place(self.catalog.lake, f"file://{self.folder}/{layout.name}")
        place.put(dict(layout.made()))
        crawls = Crawls(self.catalog)
        crawls.create(ME, Crawler(layout.name, (place.root,), "hive", layout.name, "", dict(layout.options)))
        return crawls.execute(crawls.run(ME, layout.name).id)

    def crawl_again(self, layout: Layout) -> Crawl:
        """Crawl files that are as they were."""
        crawls = Crawls(self.catalog)
        return crawls.execute(crawls.run(ME, layout.name).id)

    def tables(self, layout: Layout) -> dict[str, Table]:
        """The tables of a layout's database."""
        home = DatabaseName("hive", layout.name)
        names = self.catalog.tables.list_names(ME, home)
        return {name: self.catalog.tables.get(ME, TableName("hive", layout.name, name)) for name in names}

    def partitions(self, table: Table) -> int:
        """How many partitions a table has."""
        return len(self.catalog.partitions.list(ME, table.full_name)[1]) if table.partition_keys else 0

    def read(self, layout: Layout, name: str, expected: Expected) -> list[Any]:
        """The number of a table's rows and the sums of its columns, by the embedded engine."""
        return self.sql(f'SELECT {expected.selected(chr(34))} FROM "{layout.name}"."{name}"')[0]


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    sql = open_sql(tmp_path_factory.mktemp("corpus"), threads=2)
    yield Bench(sql, tmp_path_factory.mktemp("layouts"))
    close_sql(sql)


def shown(table: Table) -> Expected:
    """A table as a layout speaks of it, without rows."""
    keys = {key.key for key in table.partition_keys}
    columns = [c for c in spark_columns(table.parameters) or table.columns if c.key not in keys]
    return Expected(
        ", ".join(f"{column.name} {column.type}" for column in columns),
        ", ".join(f"{key.name} {key.type}" for key in table.partition_keys),
        format=table.parameters["classification"],
    )


def told(crawl: Crawl, key: str, text: str) -> list[tuple[str, str]]:
    """Places and texts of a list of a crawl's summary."""
    entries: Any = crawl.summary[key]
    return [(str(entry["place"]), str(entry[text])) for entry in entries]


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_a_layout_becomes_its_tables(bench: Bench, layout: Layout) -> None:
    crawl = bench.crawl(layout)
    assert (crawl.state, crawl.error) == ("SUCCEEDED", None)
    tables = bench.tables(layout)
    wanted = {name: Expected(e.columns, e.keys, format=e.format) for name, e in layout.tables.items()}
    assert {name: shown(table) for name, table in tables.items()} == wanted
    counts = {name: bench.partitions(table) for name, table in tables.items()}
    assert counts == {name: expected.partitions for name, expected in layout.tables.items()}
    problems = {place.rpartition("/")[2]: reason for place, reason in told(crawl, "problems", "reason")}
    assert {name for name, part in layout.problems.items() if part in problems.get(name, "\0")} == set(problems)
    decisions = " ".join(text for _, text in told(crawl, "decisions", "decision"))
    assert [part for part in layout.decisions if part not in decisions] == []
    again = bench.crawl_again(layout)
    assert [again.summary.get(key, []) for key in ("added", "changed", "refused", "missing")] == [[], [], [], []]
    if not layout.problems:  # what is told to be broken is read by engines as they can
        for name, expected in layout.tables.items():
            assert bench.read(layout, name, expected) == [expected.rows, *expected.sums.values()], name


@pytest.mark.s3
@pytest.mark.parametrize("layout", [one for one in LAYOUTS if one.name in DISTANT], ids=lambda layout: layout.name)
def test_a_layout_in_a_store_is_read_as_well(bench: Bench, s3_server: S3, s3_bucket: str, layout: Layout) -> None:
    layout = replace(layout, name=f"distant_{layout.name}")
    place = s3_place(s3_server, s3_bucket)
    assert place.connection is not None
    bench.catalog.connections.create(ME, replace(place.connection, name=s3_bucket))
    crawl = bench.crawl(layout, Place(bench.catalog.lake, place.root))
    assert (crawl.state, crawl.summary["problems"]) == ("SUCCEEDED", [])
    for name, expected in layout.tables.items():
        assert bench.read(layout, name, expected) == [expected.rows, *expected.sums.values()], name
