"""How locations are spelled and compared."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog_server.lake.locations import base_name, from_path, is_under, join, normalize, parent, parse
from catalog_server.model.errors import Invalid, Unsupported


@pytest.mark.parametrize(
    ("location", "same"),
    [
        ("s3a://bucket/a/b/", "s3://bucket/a/b"),
        ("s3n://bucket", "s3://bucket/"),
        ("S3://bucket/Key", "s3://bucket/Key"),
        ("file:/data/x", "/data/x"),
        ("file:///data/x/", "file:/data/x"),
        ("file://localhost/data//x", "/data/x"),
        ("/data/./x", "file:///data/x"),
    ],
)
def test_spellings_of_one_place_are_equal(location: str, same: str) -> None:
    assert normalize(location) == normalize(same)


@pytest.mark.parametrize(
    ("one", "other"),
    [("s3://bucket/a", "s3://bucket/A"), ("s3://bucket/a%20b", "s3://bucket/a b"), ("/data/x", "/data/X")],
)
def test_other_places_are_not(one: str, other: str) -> None:
    assert normalize(one) != normalize(other)


@pytest.mark.parametrize(
    "location",
    ["s3://bucket/a/../b", "file:///data/../etc/passwd", "/..", "s3://b/", "s3:///key", "data/x", "", "file:data",
     "file://elsewhere/data", "s3://bucket/a\x00b", "s3://buc ket/a"],
)  # fmt: skip
def test_what_climbs_or_names_nothing_is_refused(location: str) -> None:
    with pytest.raises(Invalid):
        parse(location)


def test_stores_that_are_not_served_are_named() -> None:
    with pytest.raises(Unsupported, match="hdfs"):
        parse("hdfs://name/data")


def test_a_neighbour_is_not_below() -> None:
    assert is_under("s3a://bucket/data/x", "s3://bucket/data/")
    assert is_under("s3://bucket/data", "s3://bucket/data/")
    assert not is_under("s3://bucket/database/x", "s3://bucket/data")


@given(st.lists(st.text(st.characters(exclude_characters="/\x00", codec="utf-8"), min_size=1, max_size=8), min_size=1))
def test_a_joined_location_leads_back(names: list[str]) -> None:
    names = [name for name in names if name not in (".", "..")] or ["x"]
    location = join("s3://bucket", *names)
    assert base_name(location) == names[-1]
    assert parent(location) == join("s3://bucket", *names[:-1]) if len(names) > 1 else "s3://bucket"


def test_a_path_becomes_a_location_with_nothing_encoded() -> None:
    assert from_path(Path("/data/my files")) == "file:///data/my files"
