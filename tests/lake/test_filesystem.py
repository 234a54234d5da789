"""Files by location: the same behaviour on this machine and in an object store."""

from __future__ import annotations

import os
import socket
import threading
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalog_server.lake.filesystem import Lake
from catalog_server.model.connection import Connection
from catalog_server.model.errors import AlreadyExists, Denied, Invalid, NotFound, Unavailable
from tests.engines.s3 import S3
from tests.lake.places import Place, local_place, s3_profile

ODD = "dt=a%3Ab/my ü+#?&=file"


def test_what_was_written_is_read(place: Place) -> None:
    location = f"{place.root}/{ODD}"
    place.files.write(location, b"hello")
    assert place.files.read(location) == b"hello"
    info = place.files.stat(location)
    assert (info.location, info.size) == (location, 5)
    assert info.etag
    assert info.modified_at > 1_600_000_000_000


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [(0, 3, b"hel"), (3, 100, b"lo"), (3, None, b"lo"), (5, None, b""), (9, 4, b""), (9, None, b""), (0, 0, b"")],
)
def test_ranges_end_where_the_file_does(place: Place, start: int, length: int | None, expected: bytes) -> None:
    place.put({"x": b"hello"})
    assert place.files.read(f"{place.root}/x", start, length) == expected


def test_an_empty_file_is_a_file(place: Place) -> None:
    place.put({"empty": b""})
    assert place.files.read(f"{place.root}/empty", 0, 10) == b""
    assert place.files.is_file(f"{place.root}/empty")


def test_writing_without_overwrite_keeps_the_first(place: Place) -> None:
    location = f"{place.root}/x"
    place.files.write(location, b"first", overwrite=False)
    with pytest.raises(AlreadyExists):
        place.files.write(location, b"second", overwrite=False)
    assert place.files.read(location) == b"first"
    place.files.write(location, b"third")
    assert place.files.read(location) == b"third"


def test_of_many_writers_without_overwrite_one_wins(place: Place) -> None:
    location, won = f"{place.root}/x", []

    def write(n: int) -> None:
        try:
            place.files.write(location, b"%d" % n, overwrite=False)
            won.append(n)
        except AlreadyExists:
            pass

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert place.files.read(location) == b"%d" % won[0]


def test_a_missing_file_is_not_found_by_name(place: Place) -> None:
    for act in (place.files.read, place.files.stat, place.files.open_input):
        with pytest.raises(NotFound, match="nowhere"):
            act(f"{place.root}/nowhere")


def test_deleting_twice_is_no_error(place: Place) -> None:
    place.put({"x": b"1"})
    place.files.delete(f"{place.root}/x")
    place.files.delete(f"{place.root}/x")
    assert not place.files.exists(f"{place.root}/x")


def test_all_files_below_are_listed(place: Place) -> None:
    place.put({"a/1": b"1", "a/b/2": b"22", ODD: b"333", "z": b""})
    found = {info.location: info.size for info in place.files.list(place.root)}
    assert found == {
        f"{place.root}/a/1": 1,
        f"{place.root}/a/b/2": 2,
        f"{place.root}/{ODD}": 3,
        f"{place.root}/z": 0,
    }


def test_a_folder_shows_what_lies_directly_in_it(place: Place) -> None:
    place.put({"b/1": b"1", "a/b/2": b"22", "z": b"3", "y": b"4"})
    folders, files = place.files.list_folder(place.root + "/")
    assert list(folders) == [f"{place.root}/a", f"{place.root}/b"]
    assert [info.location for info in files] == [f"{place.root}/y", f"{place.root}/z"]


def test_a_folder_that_is_not_there_holds_nothing(place: Place) -> None:
    assert list(place.files.list(f"{place.root}/nowhere")) == []
    assert place.files.list_folder(f"{place.root}/nowhere") == ([], [])
    assert not place.files.exists(f"{place.root}/nowhere")


def test_a_made_folder_can_be_listed_and_removed(place: Place) -> None:
    folder = f"{place.root}/new/deep"
    place.files.make_directory(folder)
    assert list(place.files.list(folder)) == []
    place.put({"new/deep/x": b"1", "newer": b"2"})
    assert place.files.is_directory(folder)
    place.files.remove_directory(f"{place.root}/new")
    place.files.remove_directory(f"{place.root}/new")
    assert not place.files.exists(folder)
    assert place.files.is_file(f"{place.root}/newer")


def test_a_folder_is_moved_with_all_it_holds(place: Place) -> None:
    place.put({"a/1": b"1", f"a/{ODD}": b"2", "ab": b"3"})
    place.files.move_directory(f"{place.root}/a", f"{place.root}/moved/b")
    assert not place.files.exists(f"{place.root}/a")
    assert place.files.read(f"{place.root}/moved/b/{ODD}") == b"2"
    assert place.files.is_file(f"{place.root}/ab")


def test_a_folder_is_not_moved_over_another(place: Place) -> None:
    place.put({"a/1": b"1", "b/1": b"2"})
    with pytest.raises(AlreadyExists):
        place.files.move_directory(f"{place.root}/a", f"{place.root}/b")
    with pytest.raises(NotFound):
        place.files.move_directory(f"{place.root}/nowhere", f"{place.root}/c")


def test_parquet_is_read_through_an_open_file(place: Place) -> None:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"n": range(1000)}), sink)
    place.put({"x.parquet": sink.getvalue().to_pybytes()})
    with place.files.open_input(f"{place.root}/x.parquet") as file:
        assert pq.read_table(file)["n"].to_pylist() == list(range(1000))


def test_climbing_is_refused_everywhere(place: Place) -> None:
    with pytest.raises(Invalid, match=r"\.\."):
        place.files.read(f"{place.root}/../x")


def test_local_files_that_may_not_be_read_are_denied(tmp_path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    place = local_place(tmp_path)
    place.put({"x": b"1"})
    (tmp_path / "data/x").chmod(0)
    with pytest.raises(Denied):
        place.files.read(f"{place.root}/x")


def test_the_root_and_a_whole_bucket_are_not_removed(place: Place) -> None:
    top = "file:///" if place.root.startswith("file") else "/".join(place.root.split("/")[:3])
    with pytest.raises(Denied):
        place.lake.filesystem(place.root).remove_directory(top)


@pytest.mark.s3
def test_the_longest_prefix_decides_which_profile_serves(s3_server: S3, s3_bucket: str) -> None:
    wide = s3_profile(s3_server, f"s3a://{s3_bucket}/")
    narrow = replace(wide, name="narrow", prefixes=(f"s3://{s3_bucket}/da", f"s3://{s3_bucket}/data/deep/"))
    lake = Lake(lambda: (wide, narrow))
    served = {path: lake.profile(f"s3n://{s3_bucket}/{path}") for path in ("", "data/x", "data/deep", "data/deep/x")}
    assert [found.name if found else None for found in served.values()] == ["store", "store", "narrow", "narrow"]
    assert lake.profile("s3://elsewhere/x") is None


@pytest.mark.s3
def test_a_changed_profile_takes_effect_at_once(s3_server: S3, s3_bucket: str) -> None:
    good = s3_profile(s3_server)
    profiles = [replace(good, secrets={"access_key_id": "no", "secret_access_key": "body"}, version=1)]
    lake, location = Lake(lambda: profiles), f"s3://{s3_bucket}/x"
    with pytest.raises(Denied, match=s3_bucket):
        lake.filesystem(location).write(location, b"1")
    profiles[0] = replace(good, version=2)
    lake.filesystem(location).write(location, b"1")
    assert lake.filesystem(location).read(location) == b"1"


@pytest.mark.s3
def test_without_a_profile_the_environment_is_asked(
    s3_server: S3, s3_bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in s3_server.environment().items():
        monkeypatch.setenv(name, value)
    location = f"s3://{s3_bucket}/x"
    lake = Lake()
    lake.filesystem(location).write(location, b"1")
    assert lake.storage_options(location) == {
        "endpoint": s3_server.endpoint,
        "region": s3_server.region,
        "access_key_id": s3_server.access_key,
        "secret_access_key": s3_server.secret_key,
        "path_style": "true",
        "allow_http": "true",
    }


def test_an_unreachable_store_is_named() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{probe.getsockname()[1]}"
    profile = Connection("gone", "s3", options={"endpoint": endpoint})
    lake = Lake(lambda: (profile,))
    files = lake.filesystem("s3://bucket/x")
    for act in (files.read, lambda location: list(files.list(location))):
        with pytest.raises(Unavailable, match=f"s3://bucket/x.*{endpoint}"):
            act("s3://bucket/x")


def test_local_files_need_no_options() -> None:
    assert Lake().storage_options("/data/x") == {}


@pytest.mark.s3
def test_no_empty_folder_stays_where_partitions_were(s3_server: S3, s3_bucket: str) -> None:
    """Spark refuses to make a table where it sees folders, even empty ones."""
    profile = s3_profile(s3_server, f"s3://{s3_bucket}/")
    files = Lake(lambda: (profile,)).filesystem(f"s3://{s3_bucket}/t")
    for path in ("g=0/h=1/a", "g=1/a", "b"):
        files.write(f"s3://{s3_bucket}/t/{path}", b"x")
    files.remove_directory(f"s3://{s3_bucket}/t")
    answer = s3_server.client().list_objects_v2(Bucket=s3_bucket, Prefix="t/", Delimiter="/")
    assert answer.get("CommonPrefixes", []) == []


@pytest.mark.s3
def test_a_folder_in_a_bucket_has_a_mark_that_moves_and_goes_with_it(s3_server: S3, s3_bucket: str) -> None:
    """Spark wants to see a folder where a table is to be."""
    profile = s3_profile(s3_server, f"s3://{s3_bucket}/")
    files = Lake(lambda: (profile,)).filesystem(f"s3://{s3_bucket}/t")
    for folder in ("t", "t/a b=é%3A"):
        files.make_directory(f"s3://{s3_bucket}/{folder}")
    assert s3_server.keys(s3_bucket) == ["t/", "t/a b=é%3A/"]
    files.write(f"s3://{s3_bucket}/t/f", b"x")
    files.move_directory(f"s3://{s3_bucket}/t", f"s3://{s3_bucket}/moved")
    assert s3_server.keys(s3_bucket) == ["moved/", "moved/a b=é%3A/", "moved/f"]
    files.remove_directory(f"s3://{s3_bucket}/moved")
    assert s3_server.keys(s3_bucket) == []
