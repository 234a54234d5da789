"""Partitions as Hive clients see them."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.metastore import Metastore, partition, storage, table


@pytest.fixture
def days(hms: Metastore, database: str) -> str:
    """A database with the table `t` of the partitions a/1, a/2 and b/3 of the keys dt and hr."""
    hms.create_table(table(database, "t", keys="dt string, hr int"))
    values = (("a", "1"), ("a", "2"), ("b", "03"))
    assert hms.add_partitions([partition(database, "t", one) for one in values]) == len(values)
    return database


def names(found: list[object]) -> list[list[str]]:
    return [one.values for one in found]  # type: ignore[attr-defined]


def test_a_partition_has_a_directory_below_its_table(hms: Metastore, days: str, warehouse: Path) -> None:
    folder = warehouse / f"{days}.db" / "t" / "dt=a" / "hr=1"
    assert hms.get_partition(days, "t", ["a", "1"]).sd.location == f"file://{folder}"
    assert folder.is_dir()
    assert hms.drop_partition(days, "t", ["a", "1"], True)
    assert not folder.exists()


def test_a_partition_keeps_what_was_said(hms: Metastore, days: str) -> None:
    said = partition(days, "t", ["c", "4"], sd=storage("id bigint", "file:///tmp/else"), parameters={"k": "v"})
    added = hms.add_partition(said)
    found = hms.get_partition_by_name(days, "t", "dt=c/hr=4")
    assert found == added
    assert (found.sd.cols, found.sd.location, found.parameters["k"]) == (said.sd.cols, "file:///tmp/else", "v")


def test_all_listings_agree(hms: Metastore, days: str) -> None:
    listed = hms.get_partitions(days, "t", -1)
    assert names(listed) == [["a", "1"], ["a", "2"], ["b", "03"]]
    assert hms.get_partitions_with_auth(days, "t", -1) == listed
    assert hms.get_partitions_by_names(days, "t", hms.get_partition_names(days, "t", -1)) == listed
    assert [hms.get_partition(days, "t", one.values) for one in listed] == listed


def test_a_listing_has_its_limit(hms: Metastore, days: str) -> None:
    assert [len(hms.get_partitions(days, "t", count)) for count in (-1, 0, 2, 9)] == [3, 0, 2, 3]
    assert hms.get_partition_names(days, "t", 1) == ["dt=a/hr=1"]


def test_leading_values_narrow_a_listing(hms: Metastore, days: str) -> None:
    assert hms.get_partition_names_ps(days, "t", ["a"], -1) == ["dt=a/hr=1", "dt=a/hr=2"]
    assert names(hms.get_partitions_ps(days, "t", ["", "03"], -1)) == [["b", "03"]]
    assert names(hms.get_partitions_ps_with_auth(days, "t", ["a", "2"], -1)) == [["a", "2"]]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ('dt = "a"', 2),
        ("hr >= 2", 2),
        ('dt = "a" and hr in (1, 3)', 1),
        ("(dt = 'a' and hr = 1) or dt = 'b'", 2),
        ('dt like "a%"', 2),
        ("hr between 1 and 2", 2),
        ("not dt = 'a'", 1),
        ("", 3),
    ],
)
def test_a_filter_narrows_a_listing(hms: Metastore, days: str, text: str, count: int) -> None:
    assert len(hms.get_partitions_by_filter(days, "t", text, -1)) == count
    assert hms.get_num_partitions_by_filter(days, "t", text) == count


@pytest.mark.parametrize("text", ["dt =", "nope = 'a'", "dt = 'a' or", "(((", "dt in"])
def test_a_bad_filter_is_a_meta_exception(hms: Metastore, days: str, text: str) -> None:
    with pytest.raises(wire.MetaException):
        hms.get_partitions_by_filter(days, "t", text, -1)


def test_missing_names_are_left_out(hms: Metastore, days: str) -> None:
    assert names(hms.get_partitions_by_names(days, "t", ["dt=b/hr=03", "dt=z/hr=9"])) == [["b", "03"]]


def test_names_are_escaped_as_hive_does(hms: Metastore, database: str) -> None:
    hms.create_table(table(database, "t", keys="p string"))
    value = "a/b=c%d{e'f\"g:h#i}j é"
    hms.add_partition(partition(database, "t", [value]))
    (name,) = hms.get_partition_names(database, "t", -1)
    assert name == "p=a%2Fb%3Dc%25d%7Be%27f%22g%3Ah%23i}j é"
    assert hms.get_partition_by_name(database, "t", name).values == [value]
    assert hms.partition_name_to_vals(name) == [value]
    assert hms.partition_name_to_spec(name) == {"p": value}


def test_an_empty_value_has_the_default_partitions_name(hms: Metastore, database: str) -> None:
    hms.create_table(table(database, "t", keys="p string"))
    hms.add_partition(partition(database, "t", [""]))
    assert hms.get_partition_names(database, "t", -1) == ["p=__HIVE_DEFAULT_PARTITION__"]
    assert names(hms.get_partitions(database, "t", -1)) == [[""]]


def test_a_set_is_added_whole_or_not_at_all(hms: Metastore, days: str) -> None:
    with pytest.raises(wire.AlreadyExistsException):
        hms.add_partitions([partition(days, "t", ["z", "1"]), partition(days, "t", ["a", "1"])])
    assert len(hms.get_partition_names(days, "t", -1)) == 3


def test_those_that_exist_may_be_passed_over(hms: Metastore, days: str) -> None:
    parts = [partition(days, "t", ["z", "1"]), partition(days, "t", ["a", "1"])]
    request = wire.AddPartitionsRequest(dbName=days, tblName="t", parts=parts, ifNotExists=True, needResult=True)
    assert names(hms.add_partitions_req(request).partitions) == [["z", "1"]]


def test_partitions_are_altered_by_their_values(hms: Metastore, days: str) -> None:
    changed = hms.get_partitions(days, "t", 2)
    for one in changed:
        one.parameters = {"numRows": "7"}
    hms.alter_partitions(days, "t", changed)
    assert [one.parameters.get("numRows") for one in hms.get_partitions(days, "t", -1)] == ["7", "7", None]
    with pytest.raises(wire.InvalidOperationException):
        hms.alter_partition(days, "t", partition(days, "t", ["no", "1"]))


def test_a_partition_is_renamed_with_its_directory(hms: Metastore, days: str, warehouse: Path) -> None:
    new = hms.get_partition(days, "t", ["a", "1"])
    new.values = ["c", "9"]
    hms.rename_partition(days, "t", ["a", "1"], new)
    assert hms.get_partition_names(days, "t", -1) == ["dt=a/hr=2", "dt=b/hr=03", "dt=c/hr=9"]
    assert (warehouse / f"{days}.db" / "t" / "dt=c" / "hr=9").is_dir()


def test_a_table_takes_its_partitions_along(hms: Metastore, days: str, warehouse: Path) -> None:
    new = hms.get_table(days, "t")
    new.tableName = "t2"
    hms.alter_table(days, "t", new)
    location = hms.get_partition(days, "t2", ["a", "1"]).sd.location
    assert location == f"file://{warehouse}/{days}.db/t2/dt=a/hr=1"


def test_partitions_are_appended_by_value_and_by_name(hms: Metastore, days: str) -> None:
    hms.append_partition_with_environment_context(days, "t", ["c", "1"], None)
    hms.append_partition_by_name_with_environment_context(days, "t", "dt=c/hr=2", None)
    assert hms.get_partition_names_ps(days, "t", ["c"], -1) == ["dt=c/hr=1", "dt=c/hr=2"]


def test_partitions_are_dropped_by_name(hms: Metastore, days: str) -> None:
    assert hms.drop_partition_by_name_with_environment_context(days, "t", "dt=a/hr=1", True, None)
    parts = wire.RequestPartsSpec(names=["dt=a/hr=2", "dt=no/hr=1"])
    request = wire.DropPartitionsRequest(dbName=days, tblName="t", parts=parts, ifExists=True, needResult=True)
    assert names(hms.drop_partitions_req(request).partitions) == [["a", "2"]]
    assert hms.get_partition_names(days, "t", -1) == ["dt=b/hr=03"]


class TestMissing:
    def test_a_partition(self, hms: Metastore, days: str) -> None:
        with pytest.raises(wire.NoSuchObjectException):
            hms.get_partition(days, "t", ["no", "1"])
        with pytest.raises(wire.NoSuchObjectException):
            hms.drop_partition(days, "t", ["no", "1"], True)

    def test_a_table_to_list(self, hms: Metastore, database: str) -> None:
        with pytest.raises(wire.NoSuchObjectException):
            hms.get_partitions(database, "no", -1)

    def test_a_table_to_add_to_is_an_invalid_object(self, hms: Metastore, database: str) -> None:
        with pytest.raises(wire.InvalidObjectException):
            hms.add_partitions([partition(database, "no", ["a", "1"])])


def test_the_wrong_number_of_values_is_refused(hms: Metastore, days: str) -> None:
    with pytest.raises(wire.MetaException):
        hms.add_partition(partition(days, "t", ["a"]))


def test_a_table_without_keys_takes_no_partition(hms: Metastore, database: str) -> None:
    hms.create_table(table(database, "t"))
    with pytest.raises(wire.MetaException):
        hms.add_partition(partition(database, "t", ["a"]))


def test_ten_thousand_partitions_come_back_as_they_went(hms: Metastore, database: str) -> None:
    sd = storage(location=None)
    hms.create_table(table(database, "t", keys="p int", sd=storage(location="file:///tmp/none")))
    for start in range(0, 10_000, 2_500):
        parts = [
            partition(database, "t", [str(n)], sd=storage(location=f"file:///tmp/none/p={n % 3}"))
            for n in range(start, start + 2_500)
        ]
        assert hms.add_partitions(parts) == 2_500
    found = hms.get_partitions(database, "t", -1)
    assert sorted(int(one.values[0]) for one in found) == list(range(10_000))
    assert all(one.sd.cols == sd.cols for one in found)
    assert len(hms.get_partitions_by_filter(database, "t", "p >= 9990", -1)) == 10
    assert hms.get_partition_names(database, "t", 1) == ["p=0"]
