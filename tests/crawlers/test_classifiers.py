"""Classifiers in their order: the first whose glob fits and that knows a file counts."""

from __future__ import annotations

import pytest

from catalog_server.crawlers.classifiers import Classifiers
from catalog_server.model.errors import Invalid
from tests.crawlers.conftest import Crawling, problems, types
from tests.crawlers.corpus.kit import text


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("**/*.csv", "not of the form GLOB KEY=VALUE"),
        ("**/*.csv csv.colour=red", "not of the form GLOB KEY=VALUE"),
        ("* csv.header=absent json.path=$.a", "several formats"),
        ("* csv.header=absent csv.header=present", "one thing twice"),
        ("* csv.header=perhaps", "neither present nor absent"),
        ("* csv.delimiter=ab", "must be one character"),
        ("* regex.pattern=(a)(?P<b>b)", "each group must be a column"),
        ("* regex.pattern=(?P<b>b", "not a pattern"),
        ("* regex.pattern=(?P<b>b)(?=c)", "not a pattern"),
        ("* grok.pattern=%{NOTHING:a}", "is not known"),
        ("* json.path=rows", "json.path"),
    ],
)
def test_what_cannot_be_a_classifier_is_refused_by_name(line: str, reason: str) -> None:
    with pytest.raises(Invalid, match=reason):
        Classifiers(line, {})


def test_the_first_that_knows_a_file_counts_and_others_go_on(local: Crawling) -> None:
    lines = ("* regex.pattern=(?P<a>[0-9]+) (?P<b>[0-9]+)", "t/* regex.pattern=(?P<c>[a-z]+) (?P<d>[a-z]+)")
    local.crawl(
        {"t/a.txt": text("one two", "three four"), "u/a.txt": text("1 2", "3 4"), "v/a.txt": text("? !", "! ?")},
        classifiers="\n".join((lines[0].replace("*", "**", 1), lines[1])),
    )
    assert (dict(types(local.table("t"))), dict(types(local.table("u")))) == (
        {"c": "string", "d": "string"},
        {"a": "string", "b": "string"},
    )
    assert "v" not in local.tables()


def test_what_a_classifier_does_not_know_is_told_by_its_content(local: Crawling) -> None:
    crawl = local.crawl({"t/a.csv": text("a,b", "1,2")}, classifiers="** json.path=$.rows[*]")
    assert (dict(types(local.table("t"))), problems(crawl)) == ({"a": "bigint", "b": "bigint"}, {})


def test_a_pattern_for_all_files_counts_after_the_classifiers(local: Crawling) -> None:
    local.crawl(
        {"t/a.txt": text("1 2", "3 4"), "u/a.txt": text("1 2", "3 4")},
        **{"classifiers": "t/** regex.pattern=(?P<a>.*)", "regex.pattern": "(?P<b>.*) (?P<c>.*)"},
    )
    assert [list(types(local.table(name))) for name in "tu"] == [["a"], ["b", "c"]]


def test_no_line_keeps_a_pattern_busy(local: Crawling) -> None:
    local.crawl(
        {"t/a.txt": text("a" * 50_000 + "!", "b" * 50_000)}, classifiers="** regex.pattern=(?P<x>(?:a+)+b|(?:a|a)*)"
    )
    assert local.tables() == []


def test_files_of_another_pattern_in_a_folder_are_told(local: Crawling) -> None:
    crawl = local.crawl(
        {"t/a.txt": text("1 2"), "t/b.txt": text("1 2"), "t/c.log": text("1 2")},
        classifiers="**/*.txt regex.pattern=(?P<a>.*) (?P<b>.*)\n**/*.log regex.pattern=(?P<b>.*) (?P<a>.*)",
    )
    assert list(types(local.table("t"))) == ["a", "b"]
    assert "its columns differ" in problems(crawl)["c.log"]
