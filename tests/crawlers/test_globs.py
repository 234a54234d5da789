"""Globs of files that a crawler leaves out, and where it is told that tables lie."""

from __future__ import annotations

from dataclasses import replace

import pytest

from catalog_server.crawlers.globs import Globs
from catalog_server.model.errors import Invalid
from tests.crawlers.conftest import ME, Crawling, names, problems
from tests.crawlers.test_crawl_files import months

ROW = b"a,b\n1,2\n"


@pytest.mark.parametrize(
    ("globs", "path", "fits"),
    [
        ("*.csv", "a.csv", True),
        ("*.csv", "a/b.csv", False),
        ("**.csv", "a/b.csv", True),
        ("**/tmp/**", "a/tmp/b/c", True),
        ("**/tmp/**", "tmp/b", False),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("[a-c]x", "bx", True),
        ("[!a-c]x", "bx", False),
        ("[!a-c]x", "dx", True),
        ("[.]x", "yx", False),
        ("*.{csv,json}", "a.json", True),
        ("*.{csv,js*}", "a.jsonl", True),
        ("*.{csv,json}", "a.orc", False),
        ("a,b/*", "b/c", True),
        (r"\*x", "*x", True),
        (r"\*x", "ax", False),
        (r"a\,b", "a,b", True),
        ("a.b", "axb", False),
        ("a*", "a\nb", True),
        ("ü?", "üé", True),
        ("*(a+)+$", "x(a+)+$", True),
    ],
)
def test_globs_fit_whole_paths(globs: str, path: str, fits: bool) -> None:
    assert Globs(globs).left_out([path]) == [fits]


@pytest.mark.parametrize("globs", ["a[b", "a{b", "[z-a]*", "[!z-a]", "x" * 1001])
def test_globs_that_cannot_be_used_are_refused(local: Crawling, globs: str) -> None:
    with pytest.raises(Invalid, match="option exclude"):
        local.create(exclude=globs)


def test_globs_are_matched_in_linear_time() -> None:
    assert Globs("**a" * 100 + "b").left_out(["a" * 100_000]) == [False]


def test_files_that_a_glob_fits_are_left_out_and_counted(local: Crawling) -> None:
    crawl = local.crawl(
        {**months(1, 2), "flights/month=3/part.bak": ROW, "tmp/x/a.csv": ROW, "planes/p.csv": ROW},
        exclude="tmp/**, **.{bak,old}, planes/[a-p]*",
    )
    assert (local.tables(), sorted(local.partitions("flights"))) == (["flights"], ["1", "2"])
    assert problems(crawl) == {}
    assert {"place": local.place.root, "decision": "3 files left out by the option exclude"} in crawl.summary[
        "decisions"
    ]  # type: ignore[operator]


def test_another_glob_counts_at_the_next_crawl(local: Crawling) -> None:
    local.crawl({"a/x.csv": ROW, "b/x.csv": ROW}, on_missing_table="drop")
    crawler = local.crawls.get(ME, "raw")
    local.crawls.update(ME, replace(crawler, options={**crawler.options, "exclude": "b/*"}))
    crawl = local.run()
    assert (names(crawl, "removed"), local.tables()) == (["raw.b"], ["a"])


def test_tables_lie_at_the_level_that_is_said(local: Crawling) -> None:
    level = len(local.place.root.removeprefix("file://").strip("/").split("/")) + 2
    local.crawl(
        {"shop/orders/emea/x.csv": ROW, "shop/orders/apac/x.csv": ROW, "shop/items/k=1/x.csv": ROW, "shop/x.csv": ROW},
        table_level=str(level),
    )
    assert local.tables() == ["items", "orders"]
    assert sorted(local.partitions("orders")) == ["apac", "emea"]
    assert [key.name for key in local.table("orders").partition_keys] == ["partition_0"]
    assert [key.name for key in local.table("items").partition_keys] == ["k"]
    assert problems(local.run()) == {"x.csv": "lies above the level at which tables are"}


def test_a_target_is_one_table_where_that_is_said(local: Crawling) -> None:
    local.crawl({"a/x.csv": ROW, "b/x.csv": b"a,b,c\n1,2,3\n"}, one_table="true")
    assert local.tables() == ["data"]
    assert sorted(local.partitions("data")) == ["a", "b"]
    assert [column.name for column in local.table("data").columns] == ["a", "b", "c"]


def test_a_level_above_the_target_fails_the_crawl(local: Crawling) -> None:
    crawl = local.crawl(months(1), table_level="1")
    assert (crawl.state, "level 1 is above the target" in (crawl.error or "")) == ("FAILED", True)


@pytest.mark.parametrize(
    "options",
    [{"table_level": "0"}, {"table_level": "x"}, {"one_table": "yes"}, {"table_level": "2", "one_table": "true"}],
)
def test_levels_that_are_none_are_refused(local: Crawling, options: dict[str, str]) -> None:
    with pytest.raises(Invalid, match=r"option (table_level|one_table)"):
        local.create(**options)
