"""The event log over gRPC: every event once, in order, across connections and restarts."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import grpc
import pytest

from catalog_server.client import Client
from catalog_server.client import messages as m
from catalog_server.config import Config, StoreConfig
from catalog_server.model.errors import Invalid
from catalog_server.model.event import Event, EventKind
from catalog_server.services import Services
from catalog_server.store import events
from catalog_server.testing import running_server, start_server
from tests.engines.postgresql import PostgreSQL
from tests.facades.grpc.calls import stream


def check_order(found: Sequence[m.Event], first: int) -> None:
    """Each event begins where the one before ended."""
    for one in found:
        assert one.number - one.span == first
        first = one.number


def test_a_watch_from_the_beginning_tells_everything_in_order(client: Client, database: str, table: str) -> None:
    client.partitions.add(database, table, [m.Partition(values=["2020", city]) for city in "abc"])
    client.partitions.alter(database, table, [m.Partition(values=["2020", city]) for city in "abc"])
    client.tables.drop(database, table)
    found = []
    for event in client.events.watch(after=0):
        found.append(event)
        if event.database == database and event.kind == "drop_table":
            break
    check_order(found, 0)
    mine = [one for one in found if one.database == database]
    kinds = ["create_database", "create_table", "add_partitions", "alter_partitions", "drop_table"]
    assert [one.kind for one in mine] == kinds
    assert (mine[1].table, mine[1].version_after, mine[1].via, mine[1].by) == (table, 1, "grpc", "anonymous")
    assert mine[3].span == 3
    names = mine[2].payload["names"]
    assert list(names) == [f"year=2020/city={city}" for city in "abc"]


def test_a_watch_waits_for_what_comes(client: Client, database: str) -> None:
    watched, seen = client.events.watch(), threading.Event()
    found: list[m.Event] = []

    def look() -> None:
        for event in watched:
            found.append(event)
            seen.set()
            if event.table == "late":
                return

    thread = threading.Thread(target=look)
    thread.start()
    deadline = time.monotonic() + 10
    while not seen.is_set() and time.monotonic() < deadline:  # until the stream stands, its beginning is not known
        client.databases.alter(database, m.Database(comment="x"), ["comment"])
        seen.wait(0.05)
    client.tables.create(m.Table(database=database, name="late"))
    thread.join(10)
    assert not thread.is_alive()
    check_order(found, found[0].number - found[0].span)


def test_a_watch_goes_on_from_any_number(client: Client, database: str) -> None:
    for number in range(10):
        client.databases.alter(database, m.Database(comment=str(number)), ["comment"])
    after = client.events.list(0, 1000).last_number
    for number in range(10):
        client.databases.alter(database, m.Database(comment=str(number)), ["comment"])
    whole = list(islice(client.events.watch(after=after), 10))
    check_order(whole, after)
    for split in (0, 3, 9):
        rest = list(islice(client.events.watch(after=whole[split].number), 9 - split))
        assert rest == whole[split + 1 :]


def test_a_stream_begins_with_the_place_it_stands_at(client: Client, channel: grpc.Channel, database: str) -> None:
    latest = client.events.list(0, 1000).last_number
    call = stream(channel, "Events/Watch", m.WatchRequest(after=latest))
    assert next(call).last_number == latest
    call.cancel()


@pytest.mark.parametrize("after", [-1, 2**40])
def test_a_number_that_the_log_has_not_is_refused(client: Client, channel: grpc.Channel, after: int) -> None:
    with pytest.raises(Invalid) as caught:
        next(client.events.watch(after=after))
    assert caught.value.field == "after"


def test_pages_of_the_log_join_without_a_gap(client: Client, database: str) -> None:
    for number in range(20):
        client.databases.alter(database, m.Database(comment=str(number)), ["comment"])
    found, after = [], 0
    while page := client.events.list(after, 7):
        if not page.events:
            break
        found += page.events
        after = page.last_number
    check_order(found, 0)
    assert len(found) >= 21


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def store(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a store of its own; empty is SQLite in the data directory."""
    if request.param == "sqlite":
        yield ""
        return
    postgresql: PostgreSQL = request.getfixturevalue("postgresql")
    name = postgresql.create_database()
    yield postgresql.url(name)
    postgresql.drop_database(name)


class Restarting:
    """A server that keeps its port over restarts."""

    def __init__(self, data: Path, store: str) -> None:
        self._data, self._store = data, store
        self.running = start_server(data, store=store)

    def restart(self, *, kill: bool) -> None:
        """End it as an operator or as a power cut would, and start it again."""
        port = self.running.grpc_port
        self.running.kill() if kill else self.running.stop()
        self.running = start_server(self._data, store=self._store, grpc_port=port)


@pytest.fixture
def restarting(request: pytest.FixtureRequest, tmp_path: Path, store: str) -> Iterator[Restarting]:
    if "long_log" in request.fixturenames:
        request.getfixturevalue("long_log")
    found = Restarting(tmp_path, store)
    yield found
    found.running.stop()


@pytest.mark.slow
def test_a_watch_outlives_restarts_of_the_server_without_losing_an_event(restarting: Restarting) -> None:
    found: list[m.Event] = []

    def look(client: Client) -> None:
        for event in client.events.watch(after=0, patience_seconds=120):
            found.append(event)
            if event.table == "end":
                return

    comments = [str(version) for version in range(500)]
    with Client(restarting.running.grpc) as watching:
        thread = threading.Thread(target=look, args=(watching,))
        thread.start()
        for kill in (False, True, None):
            with Client(restarting.running.grpc) as client:
                for comment in comments:
                    client.databases.alter("default", m.Database(comment=comment), ["comment"])
            if kill is not None:
                restarting.restart(kill=kill)
        with Client(restarting.running.grpc) as client:
            client.tables.create(m.Table(database="default", name="end"))
        thread.join(60)
        assert not thread.is_alive()
    check_order(found, 0)
    changes = [one.payload["after"] for one in found if one.kind == "alter_database"]
    assert [one["comment"] for one in changes] == comments * 3  # type: ignore[index,call-overload]


EVENTS = 100_000


@pytest.fixture
def long_log(tmp_path: Path, store: str) -> None:
    """A log of many events, written as rules write them."""
    services = Services(Config(data=tmp_path, store=StoreConfig(url=store)))
    services.catalog.prepare()
    event = Event(EventKind.ALTER_DATABASE, "hive", "default", payload={"after": {"comment": "x" * 200}})
    for _ in range(EVENTS // 1000):
        services.catalog.store.write(lambda tx: [events.append(tx, event) for _ in range(1000)])
    services.close()


@pytest.mark.slow
@pytest.mark.usefixtures("long_log")
def test_a_hundred_thousand_events_are_watched_in_order_across_a_restart(restarting: Restarting) -> None:
    with Client(restarting.running.grpc) as client:
        watched = client.events.watch(after=0, patience_seconds=120)
        first = list(islice(watched, EVENTS // 2))
        restarting.restart(kill=False)
        rest = list(islice(watched, EVENTS // 2))
    check_order([*first, *rest], 0)


@pytest.mark.postgresql
def test_what_another_server_writes_to_the_same_store_is_watched_too(tmp_path: Path, postgresql_url: str) -> None:
    with running_server(tmp_path / "one", store=postgresql_url) as one:
        with running_server(tmp_path / "other", store=postgresql_url) as other:
            with Client(one.grpc) as watching, Client(other.grpc) as writing:
                watched = watching.events.watch(after=0)
                seen = list(islice(watched, 1))
                for number in range(10):
                    writing.databases.create(m.Database(name=f"d{number}"))
                    while seen[-1].database != f"d{number}":
                        seen.append(next(watched))
    check_order(seen, 0)
