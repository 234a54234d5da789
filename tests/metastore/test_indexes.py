"""Indexes, on the servers that have them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.metastore import storage, table
from tests.metastore.servers import HIVE2, HIVE4, Client, not_on, refused

pytestmark = [
    not_on(HIVE4, "indexes went with Hive 3.0"),
    not_on(HIVE2, "on Derby it hung when these calls ran beside other sessions"),
]


def index(database: str, name: str = "i", of: str = "t", **more: Any) -> Any:
    said = {"parameters": {"a": "b"}, "sd": storage()} | more
    return wire.Index(
        indexName=name,
        indexHandlerClass="org.example.Handler",
        dbName=database,
        origTableName=of,
        indexTableName=f"{of}_{name}",
        deferredRebuild=True,
        **said,
    )


def store_of(said: Any) -> Any:
    return table(said.dbName, said.indexTableName, tableType="INDEX_TABLE")


def add(hms: Client, said: Any) -> Any:
    return hms.add_index(said, store_of(said))


@pytest.fixture
def indexed(hms: Client, database: str) -> Iterator[str]:
    """A database with the table `t`, which has the index `i`."""
    hms.create_table(table(database, "t"))
    add(hms, index(database))
    yield database
    with contextlib.suppress(Exception), Client(hms.port, hms.server) as other:
        for name in other.get_index_names(database, "t", -1):
            other.drop_index_by_name(database, "t", name, True)


def test_an_index_is_kept_as_it_was_sent(hms: Client, indexed: str) -> None:
    found = hms.get_index_by_name(indexed, "t", "I")
    assert (found.indexName, found.indexHandlerClass, found.origTableName) == ("i", "org.example.Handler", "t")
    assert (found.indexTableName, found.parameters["a"], found.deferredRebuild) == ("t_i", "b", True)
    assert [one.name for one in found.sd.cols] == ["id", "name"]
    assert found.createTime > 1_700_000_000


def test_indexes_of_a_table_are_listed(hms: Client, indexed: str) -> None:
    add(hms, index(indexed, "J"))
    assert hms.get_index_names(indexed, "t", -1) == ["i", "j"]
    assert [one.indexName for one in hms.get_indexes(indexed, "t", -1)] == ["i", "j"]
    assert len(hms.get_indexes(indexed, "t", 1)) == 1
    assert hms.get_indexes(indexed, "nope", -1) == []


def test_an_index_is_made_once(hms: Client, indexed: str) -> None:
    with refused(wire.AlreadyExistsException):
        hms.add_index(index(indexed), store_of(index(indexed)))


def test_an_index_needs_a_table(hms: Client, database: str) -> None:
    with refused(wire.InvalidObjectException):
        hms.add_index(index(database), store_of(index(database)))


def test_an_index_is_altered(hms: Client, indexed: str) -> None:
    new = index(indexed, parameters={"c": "d"})
    hms.alter_index(indexed, "t", "i", new)
    assert hms.get_index_by_name(indexed, "t", "i").parameters["c"] == "d"


def test_a_missing_index_is_not_altered(hms: Client, indexed: str) -> None:
    with refused(wire.InvalidOperationException):
        hms.alter_index(indexed, "t", "nope", index(indexed))


def test_a_missing_index_is_missed(hms: Client, indexed: str) -> None:
    with refused(wire.NoSuchObjectException, match="index=nope not found"):
        hms.get_index_by_name(indexed, "t", "nope")
    with refused(wire.NoSuchObjectException, match="index=nope not found"):
        hms.drop_index_by_name(indexed, "t", "nope", True)


def test_an_index_is_dropped(hms: Client, indexed: str) -> None:
    assert hms.drop_index_by_name(indexed, "t", "i", True) is True
    assert hms.get_index_names(indexed, "t", -1) == []
