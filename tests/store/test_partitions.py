"""What partitions promise on every store."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from catalog_server.catalog.catalog import CatalogService
from catalog_server.model.caller import Caller
from catalog_server.model.errors import AlreadyExists, Invalid, NotFound
from catalog_server.model.expressions import parse_filter
from catalog_server.model.partition import Partition
from catalog_server.model.table import Column, Storage
from tests.store.things import ORDERS, orders, years


@pytest.fixture
def table(catalog: CatalogService, caller: Caller) -> CatalogService:
    catalog.tables.create(caller, orders())
    return catalog


def found(catalog: CatalogService, caller: Caller, text: str) -> list[tuple[str, ...]]:
    return [p.values for p in catalog.partitions.list(caller, ORDERS, parse_filter(text))[1]]


def test_partitions_get_their_places_below_the_table(table: CatalogService, caller: Caller) -> None:
    _, added = table.partitions.add(caller, ORDERS, years(2024))
    assert added[0].location is not None
    assert added[0].location.endswith("/sales.db/orders/year=2024/region=eu")
    assert Path(added[0].location.removeprefix("file://")).is_dir()


def test_all_are_added_or_none(table: CatalogService, caller: Caller) -> None:
    table.partitions.add(caller, ORDERS, years(2024))
    with pytest.raises(AlreadyExists, match="year=2024"):
        table.partitions.add(caller, ORDERS, years(2023, 2024))
    assert table.partitions.names(caller, ORDERS) == ["year=2024/region=eu"]


def test_one_that_stands_twice_in_a_call_is_refused(table: CatalogService, caller: Caller) -> None:
    with pytest.raises(Invalid, match="year=2024/region=eu stands twice"):
        table.partitions.add(caller, ORDERS, years(2024, 2024))


def test_those_that_exist_are_left_alone_when_asked(table: CatalogService, caller: Caller) -> None:
    table.partitions.add(caller, ORDERS, years(2024))
    _, added = table.partitions.add(caller, ORDERS, years(2023, 2024, 2023), if_not_exists=True)
    assert [p.values for p in added] == [("2023", "eu")]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("year = 2021", {"2021"}),
        ("year >= 2022", {"2022", "10000"}),
        ("year < 2022 and region = 'eu'", {"2020", "2021"}),
        ("not (year > 2020)", {"2020"}),
        ("year is null", {"__HIVE_DEFAULT_PARTITION__"}),
        ("year not in (2020, 10000)", {"2021", "2022"}),
        ("(year, region) in ((2020, 'eu'), (2021, 'us'))", {"2020"}),
        ("year in (2020, 2022)", {"2020", "2022"}),
        ("year between 2021 and 2022", {"2021", "2022"}),
        ("region like 'e%' or year = 10000", {"2020", "2021", "2022", "10000", "__HIVE_DEFAULT_PARTITION__"}),
        ("region = 'us'", set()),
    ],
)
def test_filters_compare_numbers_as_numbers(table: CatalogService, caller: Caller, text: str, wanted: set[str]) -> None:
    table.partitions.add(caller, ORDERS, years(2020, 2021, 2022, 10000))
    table.partitions.add(caller, ORDERS, [Partition(("__HIVE_DEFAULT_PARTITION__", "eu"))])
    assert {values[0] for values in found(table, caller, text)} == wanted
    assert table.partitions.count(caller, ORDERS, parse_filter(text)) == len(wanted)


def test_a_filter_on_no_key_is_refused(table: CatalogService, caller: Caller) -> None:
    with pytest.raises(Invalid, match="amount is not a partition key"):
        found(table, caller, "amount = 3")


def test_filters_reach_keys_beyond_the_indexed_ones(catalog: CatalogService, caller: Caller) -> None:
    keys = tuple(Column(f"k{n}", "int") for n in range(6))
    catalog.tables.create(caller, orders(partition_keys=keys))
    catalog.partitions.add(caller, ORDERS, [Partition(("1", "1", "1", "1", "1", str(n))) for n in range(10)])
    assert len(found(catalog, caller, "k5 >= 7 and k0 = 1")) == 3
    assert catalog.partitions.count(caller, ORDERS, parse_filter("k5 < 2 or k4 = 2")) == 2


def test_leading_values_select(table: CatalogService, caller: Caller) -> None:
    table.partitions.add(caller, ORDERS, years(2020, 2021) + years(2020, region="us"))
    _, some = table.partitions.list(caller, ORDERS, prefix=["2020"])
    _, any_year = table.partitions.list(caller, ORDERS, prefix=["", "us"])
    assert [p.values for p in some] == [("2020", "eu"), ("2020", "us")]
    assert [p.values for p in any_year] == [("2020", "us")]


def test_names_are_escaped_as_hive_does(table: CatalogService, caller: Caller) -> None:
    odd = "a/b=c%d{e'f\"g:h#i}j é"
    table.partitions.add(caller, ORDERS, [Partition(("1", odd))])
    name = table.partitions.names(caller, ORDERS)[0]
    assert name == "year=1/region=a%2Fb%3Dc%25d%7Be%27f%22g%3Ah%23i}j é"
    assert table.partitions.get(caller, ORDERS, ["1", odd])[1].values == ("1", odd)


def test_partitions_never_touch_the_tables_row(table: CatalogService, caller: Caller) -> None:
    table.partitions.add(caller, ORDERS, years(*range(50)))
    table.partitions.drop(caller, ORDERS, ["year=1/region=eu"])
    assert table.tables.get(caller, ORDERS).version == 1


def test_a_table_keeps_partitions_columns_until_it_cascades(table: CatalogService, caller: Caller) -> None:
    table.partitions.add(caller, ORDERS, years(2024))
    before = table.tables.get(caller, ORDERS)
    wider = replace(before, columns=(*before.columns, Column("note", "string")))
    table.tables.alter(caller, ORDERS, wider)
    assert table.partitions.get(caller, ORDERS, ["2024", "eu"])[1].columns == before.columns
    table.tables.alter(caller, ORDERS, wider, cascade=True)
    assert table.partitions.get(caller, ORDERS, ["2024", "eu"])[1].columns == wider.columns


def test_a_change_keeps_what_it_does_not_say(table: CatalogService, caller: Caller) -> None:
    table.partitions.add(caller, ORDERS, [Partition(("2024", "eu"), storage=Storage(input_format="X"))])
    table.partitions.alter(caller, ORDERS, [Partition(("2024", "eu"), parameters={"numRows": "5"})])
    kept = table.partitions.get(caller, ORDERS, ["2024", "eu"])[1]
    assert kept.storage == Storage(input_format="X")
    assert (kept.parameters["numRows"], kept.version) == ("5", 2)


def test_changing_a_missing_partition_changes_none(table: CatalogService, caller: Caller) -> None:
    table.partitions.add(caller, ORDERS, years(2024))
    with pytest.raises(NotFound):
        table.partitions.alter(caller, ORDERS, [replace(p, parameters={"a": "1"}) for p in years(2024, 2025)])
    assert "a" not in table.partitions.get(caller, ORDERS, ["2024", "eu"])[1].parameters


def test_a_renamed_partition_takes_its_directory_along(table: CatalogService, caller: Caller) -> None:
    _, added = table.partitions.add(caller, ORDERS, years(2024))
    file = Path((added[0].location or "").removeprefix("file://")) / "part-0"
    file.write_bytes(b"x")
    table.partitions.rename(caller, ORDERS, ["2024", "eu"], Partition(("2025", "eu")))
    moved = table.partitions.get(caller, ORDERS, ["2025", "eu"])[1]
    assert (Path((moved.location or "").removeprefix("file://")) / "part-0").exists()
    assert not file.exists()


def test_dropped_partitions_of_a_managed_table_lose_their_files(table: CatalogService, caller: Caller) -> None:
    _, added = table.partitions.add(caller, ORDERS, years(2023, 2024))
    table.partitions.drop(caller, ORDERS, ["year=2023/region=eu"])
    kept = [Path((p.location or "").removeprefix("file://")).exists() for p in added]
    assert kept == [False, True]


def test_writers_of_the_same_new_partitions_make_each_once(table: CatalogService, caller: Caller) -> None:
    made: list[int] = []

    def write() -> None:
        made.append(len(table.partitions.add(caller, ORDERS, years(*range(100)), if_not_exists=True)[1]))

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sum(made) == 100
