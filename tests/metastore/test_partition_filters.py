"""The language in which clients filter partitions."""

from __future__ import annotations

import pytest

from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.metastore import partition, table
from tests.metastore.servers import HIVE2, HIVE4, Client, differs, not_on, refused

DEFAULT = "__HIVE_DEFAULT_PARTITION__"
ROWS = (
    ("a", "1", "2020-01-01"),
    ("a", "2", "2020-01-02"),
    ("b", "3", "2021-01-01"),
    ("x'y", "10", "2020-12-31"),
    ('a"q', "5", "2020-05-05"),
    ("A_b%c", "-4", "2019-01-01"),
    ("back\\s", "8", "2019-01-02"),
    (DEFAULT, DEFAULT, DEFAULT),
)


@pytest.fixture
def days(hms: Client, database: str) -> str:
    """A database with the table `t` of partitions with a text, a whole number and a date for keys."""
    hms.create_table(table(database, "t", keys="s string, i int, d date"))
    hms.add_partitions([partition(database, "t", row) for row in ROWS])
    return database


def numbers(hms: Client, database: str, text: str) -> set[str]:
    found = hms.get_partitions_by_filter(database, "t", text, -1)
    assert hms.get_num_partitions_by_filter(database, "t", text) == len(found)
    return {one.values[1] for one in found}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('s = "a"', {"1", "2"}),
        ("S = 'a' AND I = 2", {"2"}),
        ("s = 'a' and i = 1 or s = 'b'", {"1", "3"}),
        ("(s = 'a' or s = 'b') and i > 1", {"2", "3"}),
        ("'a' = s", {"1", "2"}),
        ("5 < i", {"8", "10"}),
        ("s != 'a'", {"3", "10", "5", "-4", "8", DEFAULT}),
        ("s <> 'a' and s > 'a'", {"3", "10", "5", "8"}),
        ("s >= 'b'", {"3", "10", "8"}),
        ("i <= 2", {"1", "2", "-4"}),
        ("i = -4", {"-4"}),
        ("i != 3", {"1", "2", "10", "5", "-4", "8"}),
        ("(i) in (1, 2)", {"1", "2"}),
        ("(i) not in (1, 2)", {"3", "10", "5", "-4", "8"}),
        ("(s) in ('a', 'b')", {"1", "2", "3"}),
        ("s between 'a' and 'b'", {"1", "2", "3", "5"}),
        ("i between 3 and 1", set()),
        ("i not between 1 and 5", {"10", "-4", "8"}),
        ("d = '2020-01-01'", {"1"}),
        ("d = 2020-01-01", {"1"}),
        ("d > 2020-12-30", {"3", "10"}),
        ("(d) in (2020-01-01, 2020-01-02)", {"1", "2"}),
        ("d between '2020-01-01' and '2020-06-01'", {"1", "2", "5"}),
        ("(struct(s, i)) in (const struct('a', 1), const struct('b', 3))", {"1", "3"}),
        ("(struct(s, i)) not in (const struct('a', 1), const struct('b', 3))", {"2", "10", "5", "-4", "8", DEFAULT}),
        ('s = "x\'y"', {"10"}),
        ("s = 'a\"q'", {"5"}),
        ("s = 'back\\s'", {"8"}),
        (f"s = '{DEFAULT}'", {DEFAULT}),
        ("", {row[1] for row in ROWS}),
    ],
)
def test_a_filter_chooses(hms: Client, days: str, text: str, wanted: set[str]) -> None:
    assert numbers(hms, days, text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "s =", "s = 'a' and", "(s = 'a'", "s", "s = a", "s = null", "   ",
        "nope = 'a'", "id = 1",
        "i = '1'", "i > 'x'", "s = 12", "d = 5", "(s) in ('a', 12)", "i like '1%'", "'a%' like s",
        "i = 99999999999999999999",
        "s <=> 'a'",
        "d = 2020-13-01",
    ],
)  # fmt: skip
def test_a_filter_that_makes_no_sense_is_refused(hms: Client, days: str, text: str) -> None:
    with refused(wire.MetaException):
        hms.get_partitions_by_filter(days, "t", text, -1)


@not_on(HIVE2, "there a pattern of LIKE is a regular expression")
@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("s like 'a%'", {"1", "2", "5"}),
        ("s like 'a_q'", {"5"}),
        ("s like 'A\\_b\\%c'", {"-4"}),
        ("s like 'a\\_%'", set()),
        ("d like '2019%'", {"-4", "8"}),
        ("s like '%'", {row[1] for row in ROWS}),
    ],
)
def test_like_knows_the_signs_of_sql(hms: Client, days: str, text: str, wanted: set[str]) -> None:
    assert numbers(hms, days, text) == wanted


@differs(HIVE4, "looks for the two characters, so that Spark, which writes `startswith` so, is shown no partition")
def test_like_takes_point_and_star_for_anything(hms: Client, days: str) -> None:
    assert numbers(hms, days, "s like 'a.*'") == {"1", "2", "5"}


@differs(
    HIVE4, "compares whole numbers as texts for = and IN, though not for other comparisons; ours are numbers in all"
)
def test_a_number_is_equal_however_it_is_written(hms: Client, days: str) -> None:
    hms.add_partition(partition(days, "t", ["z", "007", "2020-01-01"]))
    assert numbers(hms, days, "i = 7 and s = 'z'") == {"007"}


@not_on(HIVE2, "has no words for the default partition but its name, and only for text keys")
@pytest.mark.parametrize("key", ["i", "d"])
def test_the_default_partition_of_any_key_is_found_by_its_name(hms: Client, days: str, key: str) -> None:
    assert numbers(hms, days, f"{key} = '{DEFAULT}'") == {DEFAULT}
    assert DEFAULT not in numbers(hms, days, f"{key} != '{DEFAULT}'")


@pytest.mark.parametrize("text", ["d != '2020-01-01'", "d > '2018-01-01'", "(d) not in ('2020-01-01')", "i != 1"])
def test_the_default_partition_meets_no_comparison_of_numbers_and_dates(hms: Client, days: str, text: str) -> None:
    assert DEFAULT not in numbers(hms, days, text)


@differs(
    HIVE4, "stops reading where it understands no more, and answers by what it read; half a filter is refused here"
)
@differs(
    HIVE2, "stops reading where it understands no more, and answers by what it read; half a filter is refused here"
)
@pytest.mark.parametrize("text", ["s = 'a' i = 1", "s = 'a')"])
def test_what_comes_after_the_end_is_refused(hms: Client, days: str, text: str) -> None:
    with refused(wire.MetaException):
        hms.get_partitions_by_filter(days, "t", text, -1)


@differs(HIVE4, "knows no NOT, IS NULL, IN of a bare key, nor lists without STRUCT; here they may be used")
@differs(HIVE2, "knows no NOT, IS NULL, IN of a bare key, nor lists without STRUCT; here they may be used")
@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("not s = 'a' and i > 5", {"10", "8"}),
        ("i is null", {DEFAULT}),
        ("i is not null and not (i > 1)", {"1", "-4"}),
        ("i in (1, 2)", {"1", "2"}),
        ("(s, i) in (('a', 1), ('b', 3))", {"1", "3"}),
        ("s = 'x''y'", {"10"}),
    ],
)
def test_more_of_sql_is_understood(hms: Client, days: str, text: str, wanted: set[str]) -> None:
    assert numbers(hms, days, text) == wanted


@differs(HIVE4, "compares a date with any text, which no date is equal to; ours says that it is no date")
def test_a_date_is_not_compared_with_what_is_none(hms: Client, days: str) -> None:
    with refused(wire.MetaException):
        hms.get_partitions_by_filter(days, "t", "d = 'nope'", -1)


@pytest.mark.parametrize("kind", ["decimal", "boolean", "double"])
def test_keys_of_other_types_cannot_be_filtered_by(hms: Client, database: str, kind: str) -> None:
    hms.create_table(table(database, "t", keys=f"k {kind}"))
    hms.add_partition(partition(database, "t", ["1"]))
    with refused(wire.MetaException):
        hms.get_partitions_by_filter(database, "t", "k = 1", -1)


def test_a_filter_of_a_missing_table_finds_no_table(hms: Client, database: str) -> None:
    with refused(wire.NoSuchObjectException):
        hms.get_partitions_by_filter(database, "no", "s = 'a'", -1)
    with refused(wire.NoSuchObjectException):
        hms.get_num_partitions_by_filter(database, "no", "s = 'a'")


@not_on(HIVE2, "the method came with Hive 4")
def test_a_request_filters_too(hms: Client, days: str) -> None:
    request = wire.GetPartitionsByFilterRequest(catName="hive", dbName=days, tblName="t", filter="s = 'a'", maxParts=1)
    assert [one.values[0] for one in hms.get_partitions_by_filter_req(request)] == ["a"]
    missing = wire.GetPartitionsByFilterRequest(catName="hive", dbName=days, tblName="no", filter="s = 'a'")
    with refused(wire.NoSuchObjectException):
        hms.get_partitions_by_filter_req(missing)
