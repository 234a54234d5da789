"""Keys as nobody should name them, from a real store to partitions and back."""

from __future__ import annotations

import pytest

from tests.crawlers.conftest import ME, Crawling, problems
from tests.lake.places import Place, s3_place

pytestmark = pytest.mark.s3
VALUES = (
    "new\nline",
    "bell\x07",
    "quo'te\"s`",
    "emoji 😀",
    "per%zent",
    "slash%2Fslash",
    "a=b",
    "sp ace+plus&amp;<x>",
    "*?#[]{}^|~",
    "ü",
    "comma,semi;colon:",
)


@pytest.fixture
def odd(catalog, request) -> Crawling:  # type: ignore[no-untyped-def]
    place = s3_place(request.getfixturevalue("s3_server"), request.getfixturevalue("s3_bucket"))
    catalog.connections.create(ME, place.connection)
    return Crawling(catalog, Place(catalog.lake, place.root, place.connection))


def put(odd: Crawling, request: pytest.FixtureRequest, files: dict[str, bytes]) -> None:
    bucket = request.getfixturevalue("s3_bucket")
    request.getfixturevalue("s3_server").put(bucket, {f"data/{path}": body for path, body in files.items()})


def test_odd_partition_values_survive(odd: Crawling, request: pytest.FixtureRequest) -> None:
    put(odd, request, {f"t/k={value}/{value}.json": b'{"a": 1}\n' for value in VALUES})
    odd.create()
    crawl = odd.run()
    assert (crawl.state, crawl.error, problems(crawl)) == ("SUCCEEDED", None, {})
    found = odd.partitions("t")
    assert {name: one.location for name, one in found.items()} == {
        value.replace("%2F", "/"): f"{odd.place.root}/t/k={value}" for value in VALUES
    }
    crawl = odd.run()
    assert [entry["table"] for entry in crawl.summary["unchanged"]] == ["raw.t"]  # type: ignore[union-attr, attr-defined]


def test_keys_of_1024_bytes_are_read(odd: Crawling, request: pytest.FixtureRequest) -> None:
    folder = "/".join(["x" * 200] * 4)
    key = f"{folder}/{'y' * (1024 - len('data/') - len(folder) - 1 - 5)}.json"
    put(odd, request, {key: b'{"a": 1}\n'})
    odd.create()
    crawl = odd.run()
    assert (crawl.state, problems(crawl), crawl.summary["objects"]) == ("SUCCEEDED", {}, 1)


def test_files_with_odd_names_are_read_by_ranges(odd: Crawling, request: pytest.FixtureRequest) -> None:
    put(odd, request, {"a\nb.txt": b"0123456789", "c/d\x07e/f": b"x"})
    files = odd.place.files
    location = f"{odd.place.root}/a\nb.txt"
    assert (files.read(location, 2, 3), files.read(location), files.read(location, 20, 3)) == (
        b"234",
        b"0123456789",
        b"",
    )
    assert files.stat(location).size == 10
    assert files.list_folder(odd.place.root)[0] == [f"{odd.place.root}/c"]
    assert files.list_folder(f"{odd.place.root}/c")[0] == [f"{odd.place.root}/c/d\x07e"]
    assert [path for page in files.scan(odd.place.root) for path, *_ in page] == ["a\nb.txt", "c/d\x07e/f"]
