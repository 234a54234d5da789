"""Lists of tables: by pattern, by kind, by what they say, and with little of each."""

from __future__ import annotations

import pytest

from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.metastore import storage, table
from tests.metastore.servers import HIVE2, HIVE4, Client, differs, not_on, refused

OWNER, ACCESS, PARAMETER = "hive_filter_field_owner__", "hive_filter_field_last_access__", "hive_filter_field_params__"


@pytest.fixture
def filled(hms: Client, database: str) -> str:
    """A database with three tables and a view."""
    hms.create_table(table(database, "a1", owner="ann", parameters={"k": "v", "n": "5"}, lastAccessTime=10))
    hms.create_table(table(database, "a2", owner="bob", parameters={"k": "w", "comment": "two"}, lastAccessTime=20))
    hms.create_table(table(database, "b1", owner=None))
    view = {"tableType": "VIRTUAL_VIEW", "viewOriginalText": "select 1", "viewExpandedText": "select 1"}
    hms.create_table(table(database, "v", owner="cat", sd=storage(), **view))
    return database


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*", "a1 a2 b1 v"), ("a*", "a1 a2"), ("A*", "a1 a2"), ("*1", "a1 b1"), ("a1|v", "a1 v"), ("a.", "a1 a2"),
        ("a%", ""), ("a_", ""), ("", ""), ("nope", ""), ("a[12]", ""), (None, "a1 a2 b1 v"),
    ],
)  # fmt: skip
def test_names_are_listed_by_pattern(hms: Client, filled: str, pattern: str | None, found: str) -> None:
    assert sorted(hms.get_tables(filled, pattern)) == found.split()


def test_all_names_are_listed(hms: Client, filled: str) -> None:
    assert sorted(hms.get_all_tables(filled.upper())) == ["a1", "a2", "b1", "v"]


def test_a_missing_database_has_no_tables(hms: Client) -> None:
    assert hms.get_all_tables("nope") == []
    assert hms.get_tables("nope", "*") == []


def test_names_are_listed_by_kind(hms: Client, filled: str) -> None:
    assert hms.get_tables_by_type(filled, "*", "VIRTUAL_VIEW") == ["v"]
    assert hms.get_tables_by_type(filled, "a*", "MATERIALIZED_VIEW") == []


@pytest.mark.parametrize("kind", ["NO_SUCH_KIND", "virtual_view", None])
def test_an_unknown_kind_is_refused(hms: Client, filled: str, kind: str | None) -> None:
    with refused(wire.MetaException):
        hms.get_tables_by_type(filled, "*", kind)


def test_a_little_is_told_of_many_tables(hms: Client, filled: str) -> None:
    found = hms.get_table_meta(f"{filled[:-1]}*", "a2|v", ["VIRTUAL_VIEW"])
    assert [(one.dbName, one.tableName, one.tableType) for one in found] == [(filled, "v", "VIRTUAL_VIEW")]
    (second,) = hms.get_table_meta(filled, "a2", [])
    assert second.comments == "two"
    assert hms.get_table_meta("nope", "*", []) == []


@not_on(HIVE2, "the method came with 4.0")
def test_names_are_listed_with_what_clients_need(hms: Client, filled: str) -> None:
    request = wire.GetTablesExtRequest(
        catalog="hive", database=filled, tableNamePattern="a*", requestedFields=3, limit=1,
        processorCapabilities=["EXTREAD", "EXTWRITE"], processorIdentifier="x",
    )  # fmt: skip
    (found,) = hms.get_tables_ext(request)
    assert (found.tblName, found.accessType) == ("a1", 8)


@not_on(HIVE2, "the method came with 4.0")
@differs(HIVE4, "answers nothing where no limit is given; here that means all")
def test_no_limit_means_all(hms: Client, filled: str) -> None:
    request = wire.GetTablesExtRequest(catalog="hive", database=filled, tableNamePattern="a*", requestedFields=0)
    assert [one.tblName for one in hms.get_tables_ext(request)] == ["a1", "a2"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f'{OWNER} = "ann"', "a1"), (f'{OWNER} like ".*n.*"', "a1"), (f'{OWNER} <> "ann"', "a2 v"),
        (f'{OWNER} != "ann"', "a2 v"), (f'{OWNER} > "b"', "a2 v"), (f'{OWNER} = "ANN"', ""),
        (f'{OWNER} between "a" and "b"', "a1"), (f"{ACCESS} = 10", "a1"), (f"{ACCESS} > 10", "a2"),
        (f'{PARAMETER}k = "v"', "a1"), (f"{PARAMETER}k = 'v'", "a1"), (f'"v" = {PARAMETER}k', "a1"),
        (f'{PARAMETER}k <> "v"', "a2"), (f'{PARAMETER}k like ".*"', "a1 a2"), (f'{PARAMETER}k like "v|w"', ""),
        (f'{PARAMETER}k = "V"', ""), (f"{PARAMETER}n = 5", "a1"), (f'{PARAMETER}missing <> "v"', ""),
        (f'{PARAMETER}k = "v" and {OWNER} = "ann"', "a1"), (f'{PARAMETER}k = "v" or {OWNER} = "bob"', "a1 a2"),
        (f'({PARAMETER}k = "v" or {OWNER} = "bob") and {ACCESS} < 15', "a1"), ("", "a1 a2 b1 v"),
    ],
)  # fmt: skip
def test_names_are_found_by_what_tables_say(hms: Client, filled: str, text: str, found: str) -> None:
    assert sorted(hms.get_table_names_by_filter(filled, text, -1)) == found.split()


@not_on(HIVE2, "tables are found by name and type since 4.0")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('hive_filter_field_tableName__ like "a.*"', "a1 a2"),
        ('hive_filter_field_tableName__ = "a1"', "a1"),
        ('hive_filter_field_tableName__ like "a1|b1"', ""),
        ('hive_filter_field_tableType__ = "VIRTUAL_VIEW"', "v"),
    ],
)
def test_names_are_found_by_name_and_type(hms: Client, filled: str, text: str, found: str) -> None:
    assert sorted(hms.get_table_names_by_filter(filled, text, -1)) == found.split()


@pytest.mark.parametrize(("count", "found"), [(1, 1), (0, 0), (-1, 2)])
def test_so_many_names_are_found(hms: Client, filled: str, count: int, found: int) -> None:
    assert len(hms.get_table_names_by_filter(filled, f'{PARAMETER}k like ".*"', count)) == found


def test_nothing_is_found_in_a_missing_database(hms: Client) -> None:
    assert hms.get_table_names_by_filter("nope", f'{OWNER} = "ann"', -1) == []


@pytest.mark.parametrize("text", ["garbage ((", 'owner = "ann"', f'{PARAMETER}n > "5"', f'{ACCESS} like "1"'])
def test_a_filter_that_cannot_be_read_is_refused(hms: Client, filled: str, text: str) -> None:
    with refused(wire.MetaException):
        hms.get_table_names_by_filter(filled, text, -1)


def test_a_filter_and_a_database_are_needed(hms: Client, filled: str) -> None:
    with refused(wire.InvalidOperationException):
        hms.get_table_names_by_filter(filled, None, -1)
    with refused(wire.UnknownDBException):
        hms.get_table_names_by_filter(None, f'{OWNER} = "ann"', -1)
