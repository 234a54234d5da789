"""Which groups are one table: a pure function, in which no file is lost and no order matters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog_server.crawlers.group import Group, collect, group
from catalog_server.crawlers.together import GROUPINGS, Shape, finished, joined, similar, stem
from catalog_server.lake.files import FileInfo
from catalog_server.lake.formats.sniff import bare_name
from catalog_server.model.table import Column

ROOT = "s3://bucket/raw"


def shape(columns: str, format: str = "csv", packing: str = "") -> Shape:
    """A shape of columns such as `a int, b string`."""
    return Shape(format, packing, tuple(Column(*one.split(" ", 1)) for one in columns.split(", ")))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (shape("a int, b int, c int"), shape("a int, b int, c int, d int"), True),
        (shape("a int, b int"), shape("a int, b int, c int"), False),
        (shape("a int"), shape("A bigint"), True),
        (shape("a bigint"), shape("a string"), False),
        (shape("a bigint"), shape("a double"), True),
        (shape("a bigint", "parquet"), shape("a double", "parquet"), False),
        (shape("a int"), shape("a int", packing="gzip"), False),
        (shape("a int"), shape("a int", "json"), False),
    ],
)
def test_similar_is_most_columns_and_types_that_go_together(one: Shape, other: Shape, expected: bool) -> None:
    assert similar(one, other) is similar(other, one) is expected


@pytest.mark.parametrize(
    ("name", "bare"), [("a.csv", "a"), ("a.csv.gz", "a"), ("v0.7.1.parquet", "v0.7.1"), ("a", "a"), ("a.log", "a.log")]
)
def test_files_give_names_without_their_endings(name: str, bare: str) -> None:
    assert bare_name(name) == bare


def test_a_series_differs_in_numbers_alone() -> None:
    assert stem("sales_2023-1") == stem("sales_9-12") != stem("sales_9")


PATHS = st.lists(
    st.lists(st.sampled_from(["a1", "a2", "b1", "k=1", "k=2", "x", "y", "2024"]), min_size=1, max_size=4), max_size=12
)
SHAPES = [shape("a int, b int"), shape("c int")]


@given(PATHS, st.sampled_from(GROUPINGS), st.sets(st.sampled_from(["x", "a1", "y/a1"])))
def test_no_file_is_lost_and_no_order_matters(paths: list[list[str]], mode: str, homes: set[str]) -> None:
    infos = [(FileInfo(f"{ROOT}/{'/'.join(path)}/f.csv", 10, "e", 0), "csv") for path in paths]
    grouping = group(ROOT, collect(ROOT, {info.location: (info, format) for info, format in infos}.values()))
    shapes = {one.location: SHAPES[len(one.location) % 2] for one in grouping.groups}
    known = {f"{ROOT}/{home}" for home in homes}
    outcomes = []
    for groups in (grouping.groups, grouping.groups[::-1]):
        made, _ = joined(ROOT, groups, dict(shapes), mode, known)
        outcomes.append(sorted(map(said, finished(ROOT, grouping, made, (), "").groups)))
    assert outcomes[0] == outcomes[1]
    names = [one[0] for one in outcomes[0]]
    assert len(set(names)) == len(names)
    before = sorted(folder for one in grouping.groups for folder, _ in one.partitions.values())
    assert sorted(folder for one in outcomes[0] for _, folder in one[3]) == before


def said(one: Group) -> tuple[str, str, list[str], list[tuple[tuple[str, ...], str]]]:
    """A group's name, place, keys and folders."""
    return (
        one.name,
        one.location,
        [name for name, _ in one.keys],
        sorted((values, folder) for values, (folder, _) in one.partitions.items()),
    )
