"""Lists of partitions from the bytes kept of each: the same as from objects, in a constant number of statements."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text

from catalog_server.catalog import partition_rows
from catalog_server.config import Config
from catalog_server.facades.hms.call import Context
from catalog_server.facades.hms.partitions import Partitions
from catalog_server.model.caller import Caller
from catalog_server.model.database import Database
from catalog_server.model.names import TableName
from catalog_server.model.partition import Partition
from catalog_server.model.table import Column, Storage
from catalog_server.services import Services
from catalog_server.wire import codec
from catalog_server.wire import hive_metastore as wire
from tests.store.things import orders

NAME = TableName("hive", "sales", "orders")
KEYS = (Column("region", "string"), Column("year", "int"))
TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=12)


@pytest.fixture
def services(config: Config, caller: Caller) -> Iterator[Services]:
    """A catalog with a table of two keys."""
    made = Services(config)
    made.catalog.prepare()
    made.catalog.databases.create(caller, Database("hive", "sales"))
    made.catalog.tables.create(caller, replace(orders("orders"), partition_keys=KEYS))
    yield made
    made.close()


def spliced(services: Services, method: str, **arguments: Any) -> list[Any]:
    """What a method answers in the binary protocol, decoded."""
    answer = getattr(Partitions(services), method)(Context("", 1), wire.method(method).arguments[0](**arguments))
    assert not isinstance(answer, list), "it was made from objects"
    whole = wire.method(method)
    value = answer if isinstance(answer, bytes) else b"".join(answer)
    decoded = codec.decode(b"\x0f\0\0" + value + b"\0", whole.result)
    return list(decoded.success)


def objects(services: Services, method: str, **arguments: Any) -> list[Any]:
    """The same from objects, as they are made for the compact protocol."""
    context = Context("", 1, compact=True)
    answer = getattr(Partitions(services), method)(context, wire.method(method).arguments[0](**arguments))
    assert isinstance(answer, list)
    return answer


ALL = {"db_name": "sales", "tbl_name": "orders", "max_parts": -1}
PARTITIONS = st.builds(
    Partition,
    values=st.tuples(TEXT.filter(bool), st.integers(0, 9999).map(str)),
    location=st.none() | TEXT.filter(bool).map(lambda name: f"file:/tmp/elsewhere/{name}"),
    columns=st.none() | st.just((Column("id", "bigint", "other"),)),
    storage=st.none() | st.just(Storage(input_format="text", parameters={"a": "b"})),
    parameters=st.dictionaries(TEXT, TEXT, max_size=3),
    created_at=st.integers(0, 2**31 * 1000 - 1),
    last_access_at=st.integers(0, 2**31 * 1000 - 1),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(new=st.lists(PARTITIONS, max_size=12, unique_by=lambda one: one.values))
def test_bytes_say_what_objects_say(services: Services, caller: Caller, new: list[Partition]) -> None:
    catalog = services.catalog
    _, held = catalog.partitions.list(caller, NAME)
    catalog.partitions.drop(caller, NAME, [_name(services, one) for one in held], delete_data=False)
    catalog.partitions.add(caller, NAME, new, make_directories=False)
    assert spliced(services, "get_partitions", **ALL) == objects(services, "get_partitions", **ALL)
    names = [_name(services, one) for one in new]
    assert spliced(services, "get_partition_names", **ALL) == sorted(names, key=str.encode)
    wanted = {"db_name": "sales", "tbl_name": "orders", "names": names[::2]}
    assert spliced(services, "get_partitions_by_names", **wanted) == objects(
        services, "get_partitions_by_names", **wanted
    )


def _name(services: Services, partition: Partition) -> str:
    from catalog_server.catalog.partitions import name_of

    return name_of(services.catalog.tables.get(Caller("tester"), NAME), partition.values)


def add(services: Services, count: int) -> None:
    """Partitions of a hundred regions."""
    new = [Partition((f"r{number % 100:02}", str(number // 100))) for number in range(count)]
    services.catalog.partitions.add(Caller("tester"), NAME, new, make_directories=False)


def test_changed_partitions_are_told_as_changed(services: Services, caller: Caller) -> None:
    add(services, 200)
    changed = Partition(("r07", "1"), location="file:/tmp/new", parameters={"now": "this"})
    services.catalog.partitions.alter(caller, NAME, [changed])
    table = services.catalog.tables.get(caller, NAME)
    services.catalog.tables.rename(caller, NAME, TableName("hive", "sales", "renamed"))
    services.catalog.tables.rename(caller, TableName("hive", "sales", "renamed"), NAME)
    assert table.partition_keys == KEYS
    assert spliced(services, "get_partitions", **ALL) == objects(services, "get_partitions", **ALL)


def test_rows_without_bytes_are_told_all_the_same(services: Services) -> None:
    add(services, 10)
    whole = objects(services, "get_partitions", **ALL)
    with services.catalog.store.begin() as tx:
        tx.connection.execute(text("UPDATE partitions SET encoded = NULL WHERE k0 < 'r05'"))
    assert spliced(services, "get_partitions", **ALL) == whole


@pytest.mark.parametrize("method", ["get_partitions", "get_partitions_by_filter", "get_partition_names"])
def test_lists_take_as_many_statements_for_many_partitions_as_for_few(
    services: Services, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.setattr(partition_rows, "AT_ONCE", 50_000)
    arguments = ALL | ({"filter": 'region >= "r00"'} if method.endswith("filter") else {})
    counts = []
    for count in (10, 10_000):
        add(services, count) if count == 10 else add_rest(services, count)
        seen: list[str] = []
        listen = lambda *told: seen.append(told[2])  # noqa: E731, B023
        event.listen(services.catalog.store.engine, "before_cursor_execute", listen)
        assert len(spliced(services, method, **arguments)) == count
        event.remove(services.catalog.store.engine, "before_cursor_execute", listen)
        counts.append(len(seen))
    assert counts[1] <= counts[0] <= 5


def add_rest(services: Services, count: int) -> None:
    """The partitions that are missing to so many."""
    new = [Partition((f"r{number % 100:02}", str(number // 100))) for number in range(10, count)]
    services.catalog.partitions.add(Caller("tester"), NAME, new, make_directories=False)


def test_many_partitions_are_read_as_of_one_moment(
    services: Services, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(services, 3000)
    monkeypatch.setattr(partition_rows, "AT_ONCE", 100)
    found = services.catalog.partition_rows.scan(caller, NAME)
    assert found is not None
    first = next(found.groups)
    services.catalog.partitions.drop(caller, NAME, ["region=r99/year=29"], delete_data=False)
    assert found.total == 3000 == len(first.rows) + sum(len(group.rows) for group in found.groups)
