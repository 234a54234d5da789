"""Folders and files side by side over several crawls: what the catalog has as a table stays one."""

from __future__ import annotations

import pytest

from catalog_server.model.errors import Invalid
from catalog_server.model.names import TableName
from tests.crawlers.conftest import ME, Crawling, names
from tests.crawlers.corpus.kit import lines, text


def sales(*years: int) -> dict[str, bytes]:
    """A folder of sales for each year."""
    return {f"sales_{year}/a.csv": text("id,shop", f"{year},x") for year in years}


def state(crawling: Crawling) -> list[object]:
    """All tables with their columns, keys and partitions."""
    tables = [crawling.table(name) for name in crawling.tables()]
    return [
        (one.name, one.columns, one.partition_keys, crawling.partitions(one.name) if one.partition_keys else None)
        for one in tables
    ]


def test_a_folder_that_joins_a_series_becomes_a_partition(local: Crawling) -> None:
    local.crawl(sales(2022, 2023))
    assert (local.tables(), sorted(local.partitions("sales"))) == (["sales"], ["sales_2022", "sales_2023"])
    local.place.put(sales(2024))
    crawl = local.run()
    assert (names(crawl, "changed"), crawl.summary["partitions_added"]) == (["raw.sales"], 1)
    assert sorted(local.partitions("sales")) == ["sales_2022", "sales_2023", "sales_2024"]


def test_folders_that_the_catalog_has_as_tables_stay_tables(local: Crawling) -> None:
    local.crawl(sales(2022, 2023), grouping="folders")
    before = state(local)
    local.change()
    local.place.put(sales(2024))
    crawl = local.run()
    assert (names(crawl, "added"), names(crawl, "changed")) == (["raw.sales_2024"], [])
    assert [one for one in state(local) if one in before] == before
    assert "drop these to have one" in str(crawl.summary["decisions"])
    for name in local.tables():
        local.catalog.tables.drop(ME, TableName("hive", "raw", name), delete_data=False)
    local.run()
    assert local.tables() == ["sales"]


def test_a_folder_that_the_catalog_has_as_a_table_stays_one_whatever_comes_beside_its_files(local: Crawling) -> None:
    local.crawl({"t/a.csv": text("a,b", "1,2")})
    local.place.put({"t/b.json": lines({"x": 1, "y": 2})})
    local.run()
    assert local.tables() == ["t"]


def test_two_series_in_one_folder_lose_no_file(local: Crawling) -> None:
    above, below = ("-1", "-2"), ("-1", "-2", "a1", "a2")
    local.crawl({f"x/{one}/{other}/a.csv": text("id,shop", f"{one},{other}") for one in above for other in below})
    found = [local.table(name) for name in local.tables()]
    assert sum(len(local.partitions(one.name)) if one.partition_keys else 1 for one in found) == 8


def test_files_that_are_tables_stay_tables_when_more_of_their_kind_come(local: Crawling) -> None:
    local.crawl({"t/a.csv": text("a,b", "1,2"), "t/x.csv": text("x,y", "1,2")})
    assert local.tables() == ["a", "x"]
    local.place.put({"t/b.csv": text("a,b", "3,4"), "t/c.csv": text("a,b", "5,6")})
    assert names(local.run(), "added") == ["raw.b", "raw.c"]
    assert local.tables() == ["a", "b", "c", "x"]


@pytest.mark.parametrize("grouping", ["series", "similar", "combine", "folders"])
def test_a_crawl_of_changes_comes_to_what_a_crawl_of_everything_does(local: Crawling, grouping: str) -> None:
    local.crawl(
        {**sales(1, 2, 3), "mixed/a.csv": text("a,b", "1,2"), "mixed/b.json": lines({"x": 1})}, grouping=grouping
    )
    local.place.put({**sales(4, 5), "sales_5/b.csv": text("id,shop,more", "1,x,2"), "mixed/c.csv": text("a,b", "3,4")})
    local.run()
    changes = state(local)
    local.change(grouping=grouping, recrawl="everything")
    crawl = local.run()
    assert (
        names(crawl, "added"),
        names(crawl, "changed"),
        names(crawl, "missing") if "missing" in crawl.summary else [],
    ) == (
        [],
        [],
        [],
    )
    assert state(local) == changes


def test_unchanged_folders_are_not_read_to_be_judged_again(local: Crawling) -> None:
    local.crawl(sales(1, 2, 3))
    local.run()
    local.place.put(sales(4))
    crawl = local.run()
    assert crawl.summary["partitions_added"] == 1
    assert local.run().summary["changed"] == []


def test_a_grouping_that_is_not_known_is_refused(local: Crawling) -> None:
    with pytest.raises(Invalid, match="none of series, similar, combine, folders"):
        local.create(grouping="CombineEverything")
