"""Which files are one table: a pure function of paths and formats."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog_server.crawlers.group import Grouping, collect, group, key_type, table_name
from catalog_server.lake.files import FileInfo
from catalog_server.model.partition import (
    DEFAULT_PARTITION,
    escape,
    parse_partition_name,
    partition_name,
    unescape_folder,
)

ROOT = "s3://bucket/raw"


def grouped(files: Mapping[str, str] | list[str], prefix: str = "") -> Grouping:
    """Group files given as paths with formats (csv if only paths are given)."""
    formats = files if isinstance(files, Mapping) else dict.fromkeys(files, "csv")
    infos = ((FileInfo(f"{ROOT}/{path}", 10, "e", 0), format) for path, format in formats.items())
    return group(ROOT, collect(ROOT, infos), prefix)


def shapes(found: Grouping) -> dict[str, tuple[tuple[tuple[str, str], ...], list[tuple[str, ...]]]]:
    """Keys and partition values by table."""
    return {one.name: (one.keys, sorted(one.partitions)) for one in found.groups}


def test_a_folder_is_a_table() -> None:
    found = grouped(["planes/a.csv", "planes/b.csv", "flights/a.csv"])
    assert shapes(found) == {"flights": ((), [()]), "planes": ((), [()])}
    assert [one.location for one in found.groups] == [f"{ROOT}/flights", f"{ROOT}/planes"]


def test_files_in_the_target_itself_are_a_table_of_its_name() -> None:
    assert shapes(grouped(["a.csv"])) == {"raw": ((), [()])}


def test_key_value_folders_are_partitions() -> None:
    found = grouped(["t/year=2013/month=1/a.csv", "t/year=2013/month=2/a.csv"])
    assert shapes(found) == {"t": ((("year", "int"), ("month", "int")), [("2013", "1"), ("2013", "2")])}
    (one,) = found.groups
    assert one.partitions[("2013", "1")][0] == f"{ROOT}/t/year=2013/month=1"


def test_folders_named_by_numbers_or_dates_are_partitions() -> None:
    found = grouped(["t/2013-01/a.csv", "t/2013-02/a.csv", "u/2013/01/a.csv", "u/2013/02/a.csv"])
    assert shapes(found) == {
        "t": ((("partition_0", "string"),), [("2013-01",), ("2013-02",)]),
        "u": ((("partition_0", "int"), ("partition_1", "string")), [("2013", "01"), ("2013", "02")]),
    }


def test_values_are_unescaped() -> None:
    (one,) = grouped(["t/at=10%3A30/a.csv", f"t/at={DEFAULT_PARTITION}/a.csv"]).groups
    assert sorted(one.partitions) == [("10:30",), (DEFAULT_PARTITION,)]


def test_the_format_of_most_files_decides_and_others_are_told() -> None:
    found = grouped({"t/a.csv": "csv", "t/b.csv": "csv", "t/c.json": "json"})
    assert [one.format for one in found.groups] == ["csv"]
    assert found.problems == [(f"{ROOT}/t/c.json", "is json where the other files of the folder are csv")]


def test_files_in_another_depth_of_partitions_are_told() -> None:
    found = grouped(["t/d=1/a.csv", "t/d=2/a.csv", "t/loose.csv", "t/d=1/h=2/b.csv", "t/d=1/sub/c.csv"])
    assert shapes(found) == {"t": ((("d", "int"),), [("1",), ("2",)])}
    assert dict(found.problems) == {
        f"{ROOT}/t/loose.csv": "has other partition keys (none) than most files of the table (d)",
        f"{ROOT}/t/d=1/h=2/b.csv": "has other partition keys (d, h) than most files of the table (d)",
        f"{ROOT}/t/d=1/sub/c.csv": "lies in sub below a partition's folder, where engines do not look",
    }


def test_two_folders_of_one_partition_are_told() -> None:
    found = grouped(["t/D=a%3Ab/x.csv", "t/d=a:b/y.csv"])
    assert [len(one.partitions) for one in found.groups] == [1]
    assert len(found.problems) == 1


def test_tables_of_one_name_get_that_of_the_folder_above() -> None:
    found = grouped(["2023_a/t/x.csv", "b/t/x.csv", "t/x.csv"])
    assert sorted(one.name for one in found.groups) == ["2023_a_t", "b_t", "t"]


def test_every_decision_has_its_reason() -> None:
    found = grouped(["t/d=1/a.csv", "u/a.csv"], prefix="raw_")
    assert found.decisions == [
        (f"{ROOT}/t", "table raw_t: 1 csv file in 1 folder named key=value, which are its partitions by d (int)"),
        (f"{ROOT}/u", "table raw_u: 1 csv file in 1 folder"),
    ]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1", "-20", "0"], "int"),
        (["1", "3000000000"], "bigint"),
        (["1", "9" * 19], "string"),
        (["01", "2"], "string"),
        (["2020-01-01", "2020-02-29"], "date"),
        (["2020-01-01", "2020-02-30"], "string"),
        (["1", DEFAULT_PARTITION], "int"),
        ([DEFAULT_PARTITION], "string"),
        (["1", "2020-01-01"], "string"),
        (["-0"], "string"),
    ],
)
def test_types_of_keys_are_what_all_values_are(values: list[str], expected: str) -> None:
    assert key_type(values) == expected


@pytest.mark.parametrize(("folder", "name"), [("My Folder!", "my_folder"), ("Übung-1", "übung_1"), ("...", "table")])
def test_folders_give_names_of_tables(folder: str, name: str) -> None:
    assert table_name(folder) == name


PART = st.one_of(
    st.sampled_from(["a", "b", "2013", "2013-01-01", "k=1", "k=2", "k=x", "l=2020-01-01", "K=3", "="]),
    st.text(st.characters(codec="utf-8", exclude_characters="/\x00"), min_size=1, max_size=6),
)
PATHS = st.dictionaries(
    st.lists(PART, min_size=1, max_size=5).map("/".join), st.sampled_from(["csv", "json", "parquet"]), max_size=25
)


@given(PATHS)
def test_every_file_is_in_one_table_or_has_its_reason(files: dict[str, str]) -> None:
    found = grouped(files)
    held = sum(one.files for one in found.groups)
    assert held + len(found.problems) == len(files)
    kept = [info.location for one in found.groups for _, pile in one.partitions.values() for info in pile.samples]
    assert len(kept) == len(set(kept))
    assert not set(kept) & {location for location, _ in found.problems}


@given(PATHS)
def test_names_differ_and_files_lie_in_their_partitions(files: dict[str, str]) -> None:
    found = grouped(files)
    assert len({one.name for one in found.groups}) == len(found.groups)
    for one in found.groups:
        for values, (folder, pile) in one.partitions.items():
            assert len(values) == len(one.keys)
            assert folder.startswith(one.location)
            assert {info.location.rpartition("/")[0] for info in pile.samples} == {folder}
            assert {files[info.location.removeprefix(ROOT + "/")] for info in pile.samples} == {one.format}


@given(PATHS)
def test_the_order_of_the_listing_does_not_matter(files: dict[str, str]) -> None:
    backwards = dict(reversed(list(files.items())))
    assert shapes(grouped(files)) == shapes(grouped(backwards))


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=8), min_size=1, max_size=3))
def test_partition_values_survive_their_folder(values: list[str]) -> None:
    keys = [f"k{n}" for n in range(len(values))]
    name = partition_name(keys, values)
    assert parse_partition_name(name) == list(zip(keys, values, strict=True))
    if not any("\x00" in value for value in values):
        (one,) = grouped([f"t/{'/'.join(f'{k}={escape(v)}' for k, v in zip(keys, values, strict=True))}/x"]).groups
        assert list(one.partitions) == [tuple(values)]


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1))
def test_folders_are_read_whoever_escaped_their_names(value: str) -> None:
    """Hive escapes some of ASCII, others the bytes of UTF-8; both mean the same value."""
    assert unescape_folder(escape(value)) == value
    assert unescape_folder(quote(value, safe="")) == value


def test_what_is_no_utf_8_is_read_as_hive_reads_it() -> None:
    assert unescape_folder("x%E4%zz") == "xä%zz"
