"""A mounted metastore that does not answer: it is told within its deadline, then at once, and slows nobody else."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from catalog_server.hive.metastore import Breaker, Metastore
from catalog_server.model.database import Catalog, Database
from catalog_server.model.errors import Unavailable
from catalog_server.model.names import DatabaseName, TableName
from catalog_server.services import Services
from catalog_server.wire import codec
from tests.mounts.conftest import CALLER


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of something that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"thrift://127.0.0.1:{listener.getsockname()[1]}"


def mount(services: Services, uri: str, seconds: float = 0.4) -> None:
    parameters = {"hive.deadline-seconds": str(seconds)}
    services.catalog.catalogs.create(CALLER, Catalog("dead", kind="hive", uri=uri, parameters=parameters))


def seconds_to_fail(services: Services) -> float:
    began = time.monotonic()
    with pytest.raises(Unavailable, match="dead"):
        services.catalog.tables.get(CALLER, TableName("dead", "db", "t"))
    return time.monotonic() - began


def test_it_is_told_within_the_deadline_and_then_at_once(services: Services, silent: str) -> None:
    mount(services, silent)
    assert 0.3 < seconds_to_fail(services) < 2
    assert seconds_to_fail(services) < 0.2
    with pytest.raises(Unavailable, match="tried again in"):
        services.catalog.databases.list(CALLER, "dead")


def test_other_catalogs_are_asked_as_ever_meanwhile(services: Services, silent: str) -> None:
    services.catalog.databases.create(CALLER, Database("hive", "here"))
    mount(services, silent, seconds=3)
    failed = []

    def ask() -> None:
        try:
            services.catalog.tables.list(CALLER, DatabaseName("dead", "db"))
        except Unavailable as error:
            failed.append(error)

    threads = [threading.Thread(target=ask) for _ in range(30)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    began = time.monotonic()
    for _ in range(20):
        assert services.catalog.databases.get(CALLER, DatabaseName("hive", "here")).name == "here"
    assert time.monotonic() - began < 2
    assert len(failed) >= 20, "most callers are refused at once, so that a dead source cannot hold every thread"
    for thread in threads:
        thread.join(10)
    assert len(failed) == 30


def test_a_refused_connection_is_told_with_its_reason(services: Services) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    mount(services, f"thrift://127.0.0.1:{port}")
    with pytest.raises(Unavailable, match="connection refused"):
        services.catalog.tables.get(CALLER, TableName("dead", "db", "t"))
    tested = services.catalog.catalogs.test(CALLER, "dead")
    assert not tested.ok


def test_the_breaker_lets_one_try_when_the_pause_is_over() -> None:
    now = [0.0]
    breaker = Breaker(10, lambda: now[0])
    breaker.enter("it")
    breaker.failed("no answer in time")
    with pytest.raises(Unavailable, match="no answer in time"):
        breaker.enter("it")
    now[0] = 11
    breaker.enter("it")
    with pytest.raises(Unavailable):
        breaker.enter("it")
    breaker.succeeded()
    breaker.enter("it")


def answering(name: str, value: list[str]) -> Iterator[str]:
    """The address of something that answers one kind of call, one call per connection."""
    from catalog_server.wire import hive_metastore as wire

    method = wire.method(name)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    body = codec.encode(method.result[0](success=value), method.result)
                    connection.sendall(codec.message_header(name, codec.REPLY, 1) + body)

        threading.Thread(target=serve, daemon=True).start()
        yield f"thrift://127.0.0.1:{listener.getsockname()[1]}"


def test_the_second_address_is_asked_where_the_first_is_dead() -> None:
    for alive in answering("get_all_databases", ["a"]):
        metastore = Metastore("it", f"thrift://127.0.0.1:1,{alive}", deadline_seconds=5)
        assert metastore.call("get_all_databases") == ["a"]
        metastore.close()


def test_a_connection_that_the_other_side_closed_is_made_anew() -> None:
    for alive in answering("get_all_databases", ["a"]):
        metastore = Metastore("it", alive, deadline_seconds=5)
        assert metastore.call("get_all_databases") == ["a"]
        assert metastore.call("get_all_databases") == ["a"]
        metastore.close()


def test_nonsense_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        threading.Thread(target=serve, daemon=True).start()
        metastore = Metastore("it", f"thrift://127.0.0.1:{listener.getsockname()[1]}", deadline_seconds=2)
        with pytest.raises(Unavailable, match="no Hive metastore"):
            metastore.call("get_all_databases")
