"""Random partitions and filters, ours beside a real metastore of Hive 4."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.metastore import partition, table
from tests.metastore.servers import HIVE4, OURS, Client

TEXTS = st.text("ab/=%{}é '\"#:^.", min_size=1, max_size=4)
PLAIN = st.text("abc", min_size=1, max_size=2)
NUMBERS = st.integers(-20, 20)
DAYS = st.dates().map(lambda day: f"{2000 + day.year % 30}-{day.month:02d}-{day.day:02d}")
OPERATORS = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
LEAVES = st.one_of(
    st.builds("s {} '{}'".format, OPERATORS, PLAIN),
    st.builds("i {} {}".format, OPERATORS, NUMBERS),
    st.builds("d {} '{}'".format, OPERATORS, DAYS),
    st.builds("s like '{}%'".format, PLAIN),
    st.builds("i between {} and {}".format, NUMBERS, NUMBERS),
    st.builds("(i) in ({}, {})".format, NUMBERS, NUMBERS),
    st.builds("(s) not in ('{}', '{}')".format, PLAIN, PLAIN),
)
FILTERS = st.recursive(
    LEAVES, lambda parts: st.builds("({} {} {})".format, parts, st.sampled_from(["and", "or"]), parts), max_leaves=5
)
ROWS = st.lists(st.tuples(PLAIN, NUMBERS.map(str), DAYS), min_size=1, max_size=12, unique=True)
FEW = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def pair(ports: Any) -> Iterator[tuple[Client, Client]]:
    """A client of ours and one of Hive 4."""
    with Client(ports(OURS), OURS) as ours, Client(ports(HIVE4), HIVE4) as theirs:
        yield ours, theirs


pytestmark = pytest.mark.hive4


@contextlib.contextmanager
def both(pair: tuple[Client, Client], keys: str) -> Iterator[str]:
    """A database of one name on both, with the table `t`."""
    name = f"r{uuid.uuid4().hex[:8]}"
    for client in pair:
        client.create_database(wire.Database(name=name))
        client.create_table(table(name, "t", keys=keys))
    yield name
    for client in pair:
        client.drop_database(name, True, True)


@FEW
@given(rows=ROWS, filters=st.lists(FILTERS, min_size=1, max_size=6))
def test_filters_choose_the_same(pair: tuple[Client, Client], rows: list[Any], filters: list[str]) -> None:
    with both(pair, "s string, i int, d date") as database:
        for client in pair:
            client.add_partitions([partition(database, "t", row) for row in rows])
        for text in filters:
            ours, theirs = (
                sorted(p.values for p in one.get_partitions_by_filter(database, "t", text, -1)) for one in pair
            )
            assert ours == theirs, text


@FEW
@given(rows=st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=6, unique=True))
def test_names_are_escaped_the_same(pair: tuple[Client, Client], rows: list[tuple[str, str]]) -> None:
    with both(pair, "p string, q string") as database:
        for client in pair:
            for row in rows:
                client.append_partition(database, "t", list(row))
        ours, theirs = (sorted(one.get_partition_names(database, "t", -1)) for one in pair)
        assert ours == theirs
        for name in ours:
            assert pair[0].partition_name_to_vals(name) == pair[1].partition_name_to_vals(name)
            assert pair[0].partition_name_to_spec(name) == pair[1].partition_name_to_spec(name)
