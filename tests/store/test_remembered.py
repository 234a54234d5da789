"""Answers given again: never one that a committed change has made wrong, whoever made it and in whatever order."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from catalog_server.catalog.grants import StoredPolicy
from catalog_server.catalog.table_writes import create_in
from catalog_server.config import Config
from catalog_server.facades.hms.app import create_server
from catalog_server.model.caller import Caller
from catalog_server.model.database import Database
from catalog_server.model.errors import CatalogError
from catalog_server.model.names import DatabaseName, TableName
from catalog_server.model.partition import Partition
from catalog_server.services import Services
from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.metastore import Metastore, table
from tests.facades.hms.running import Running, eventually
from tests.store.things import orders

CALLER = Caller("tester")
SALES = DatabaseName("hive", "sales")


class Both:
    """A server that remembers, a client of it, and a second server on the same store that changes things."""

    def __init__(self, config: Config) -> None:
        self.services, self.other = Services(config), Services(config)
        self.services.catalog.prepare()
        self.other.catalog.databases.create(CALLER, Database("hive", "sales"))
        self.read = 0
        for noun, name in (
            ("tables", "get"),
            ("tables", "list_names"),
            ("databases", "get"),
            ("partition_rows", "names"),
        ):
            self._count(getattr(self.services.catalog, noun), name)

    def _count(self, noun: Any, name: str) -> None:
        asked = getattr(noun, name)

        def counted(*values: Any, **named: Any) -> Any:
            self.read += 1
            return asked(*values, **named)

        setattr(noun, name, counted)

    def ask(self, client: Metastore) -> list[Any]:
        """All that is remembered, asked for."""
        calls = [
            lambda: client.get_database("sales"),
            lambda: client.get_all_tables("sales"),
            *(lambda name=name: client.get_table("sales", name) for name in NAMES),
            *(lambda name=name: client.get_partition_names("sales", name, -1) for name in NAMES),
        ]
        return [_outcome(call) for call in calls]


NAMES = ("a", "b")


def _outcome(call: Any) -> Any:
    try:
        return call()
    except (wire.NoSuchObjectException, wire.MetaException) as error:
        return type(error).__name__


@pytest.fixture
def both(config: Config) -> Iterator[Both]:
    made = Both(config)
    yield made
    made.services.close()
    made.other.close()


@pytest.fixture
def port(both: Both, config: Config) -> Iterator[int]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    settings = replace(config, server=replace(config.server, thrift_port=0))
    running = Running(create_server(both.services, settings), loop)
    yield running.port
    running.run(running.server.stop(5))
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


def settle(both: Both, client: Metastore) -> None:
    """Ask until answers are remembered: the reader of changes connects when it is first needed."""

    def remembered() -> bool:
        both.ask(client)
        before = both.read
        both.ask(client)
        return both.read == before

    assert eventually(remembered)


def test_an_answer_is_given_again_without_asking_the_catalog(both: Both, port: int) -> None:
    both.other.catalog.tables.create(CALLER, orders("a"))
    both.other.catalog.tables.create(CALLER, orders("b"))
    with Metastore(port) as client:
        settle(both, client)
        before, first = both.read, both.ask(client)
        assert both.ask(client) == first
        assert both.read == before


def _create(both: Both, name: str) -> None:
    both.other.catalog.tables.create(CALLER, orders(name))


def _alter(both: Both, name: str) -> None:
    found = both.other.catalog.tables.get(CALLER, TableName("hive", "sales", name))
    new = replace(found, parameters={**found.parameters, "at": str(time.time_ns())})
    both.other.catalog.tables.alter(CALLER, found.full_name, new)


def _rename(both: Both, name: str) -> None:
    target = TableName("hive", "sales", "b" if name == "a" else "a")
    both.other.catalog.tables.rename(CALLER, TableName("hive", "sales", name), target)


def _drop(both: Both, name: str) -> None:
    both.other.catalog.tables.drop(CALLER, TableName("hive", "sales", name))


def _add(both: Both, name: str) -> None:
    new = Partition(("x", str(time.time_ns() % 10**9)))
    both.other.catalog.partitions.add(CALLER, TableName("hive", "sales", name), [new])


def _comment(both: Both, name: str) -> None:
    both.other.catalog.databases.set_parameters(CALLER, SALES, {"said": name}, frozenset())


def _move(both: Both, name: str) -> None:
    found = both.other.catalog.databases.get(CALLER, SALES)
    both.other.catalog.databases.alter(CALLER, SALES, replace(found, name="elsewhere"))
    both.other.catalog.databases.alter(CALLER, DatabaseName("hive", "elsewhere"), replace(found, name="sales"))


CHANGES = st.lists(
    st.tuples(st.sampled_from([_create, _alter, _rename, _drop, _add, _comment, _move]), st.sampled_from(NAMES)),
    max_size=8,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES)
def test_each_change_of_another_server_is_in_the_next_answer(both: Both, port: int, changes: list[Any]) -> None:
    with Metastore(port) as client:
        settle(both, client)
        for change, name in changes:
            try:
                change(both, name)
            except CatalogError:
                continue  # there was no such table, or there was one
            asked = both.ask(client)
            both.services.catalog.freshness._forget()  # what is asked now is read anew
            assert asked == both.ask(client)


def test_a_materialized_view_is_shown_with_its_tables_as_they_are(both: Both, port: int) -> None:
    with Metastore(port) as client:
        settle(both, client)
        both.other.catalog.tables.create(CALLER, orders("source"))
        view = table("sales", "mv", tableType="MATERIALIZED_VIEW", viewOriginalText="x", viewExpandedText="x")
        view.creationMetadata = wire.CreationMetadata(
            catName="hive", dbName="sales", tblName="mv", tablesUsed={"sales.source"}
        )
        client.create_table(view)
        for name in ("source", "renamed", "again"):
            shown = [client.get_table("sales", "mv") for _ in range(3)][-1]
            assert [one.table.tableName for one in shown.creationMetadata.sourceTables] == [name]
            after = {"source": "renamed", "renamed": "again"}.get(name)
            if after:
                sales = both.other.catalog.tables
                sales.rename(CALLER, TableName("hive", "sales", name), TableName("hive", "sales", after))


@pytest.mark.postgresql
def test_a_change_that_was_begun_early_and_committed_late_is_seen(both: Both, port: int, store_url: str) -> None:
    if store_url.startswith("sqlite"):
        pytest.skip("SQLite has one writer at a time")
    catalog = both.other.catalog
    _create(both, "a")  # so that neither waits for the other to have written the columns that both have
    _drop(both, "a")
    database = catalog.databases.get(CALLER, SALES)
    with Metastore(port) as client:
        settle(both, client)
        with catalog.store.begin() as early:
            create_in(early, CALLER, database, orders("a"))
            _create(both, "b")
            assert client.get_all_tables("sales") == ["b"]
            settle(both, client)
        assert client.get_all_tables("sales") == ["a", "b"]


@pytest.mark.postgresql
def test_without_the_reader_of_changes_answers_are_right_and_it_comes_back(
    both: Both, port: int, store_url: str
) -> None:
    if store_url.startswith("sqlite"):
        pytest.skip("there is no connection to lose")
    with Metastore(port) as client:
        settle(both, client)
        with both.other.catalog.store.begin() as tx:
            killed = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '%changes'"
            tx.connection.execute(text(killed))
        _create(both, "a")
        assert client.get_all_tables("sales") == ["a"]
        settle(both, client)
        _create(both, "b")
        assert client.get_all_tables("sales") == ["a", "b"]


def test_where_grants_are_stored_nothing_is_remembered(config: Config) -> None:
    made = Services(config, StoredPolicy())
    assert not made.catalog.freshness.may_remember
    made.close()
