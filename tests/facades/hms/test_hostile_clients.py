"""What a hostile or broken client sends is met by a closed connection; nobody else notices."""

import resource
import socket
from pathlib import Path
from typing import Any

import pytest

from catalog_server.facades.hms.call import inline, large
from catalog_server.facades.hms.transport.connection import Patience
from catalog_server.facades.hms.transport.scanner import Limits
from catalog_server.wire import codec
from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.running import Running, call, call_bytes, eventually, received, running
from tests.facades.hms.test_scanner import EMPTY, LIST, REFUSED, STRING

HANDLERS = {
    "getName": inline(lambda context, arguments: "catalog"),
    "add_partitions": lambda context, arguments: len(arguments.new_parts),
    "get_all_tables": large(lambda context, arguments: b"\x0b\x00\x00\x00\x00" + b"\0" * 60_000_000),
}
STRANGERS = {
    "HTTP": b"GET / HTTP/1.1\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00",
    "SASL": b"\x01\x00\x00\x00\x05PLAIN",
    "a frame of 2 GiB": b"\x7f\xff\xff\xff\x80\x01\x00\x01",
    "a frame of 32 MiB": b"\x00\xff\xff\xff\x81",
    "the non-strict protocol": b"\x00\x00\x00\x07getName\x01\x00\x00\x00\x00\x00",
    "a reply": codec.message_header("getName", codec.REPLY, 1) + b"\0",
}


@pytest.fixture(scope="module")
def server() -> Any:
    with running(HANDLERS) as started:
        yield started


def is_served(server: Running) -> bool:
    with server.protocol() as client:
        return bool(call(client, "getName") == "catalog")


def memory_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


@pytest.mark.parametrize("data", [*REFUSED.values(), *STRANGERS.values()], ids=[*REFUSED, *STRANGERS])
def test_the_connection_is_closed_at_once(server: Running, data: bytes) -> None:
    with server.connect() as connection:
        try:
            connection.sendall(data)
        except ConnectionError:  # closed while we were still sending
            pass
        received(connection)
    assert is_served(server)


def test_declared_lengths_take_no_memory(server: Running) -> None:
    assert is_served(server)
    before = memory_bytes()
    waiting = EMPTY + STRING + (16_000_000).to_bytes(4, "big") + b"x"
    with_list = EMPTY + LIST + b"\x0b" + (900_000).to_bytes(4, "big")
    connections = [server.connect() for _ in range(60)]
    for number, connection in enumerate(connections):
        connection.sendall(waiting if number % 2 else with_list)
    assert eventually(lambda: server.server.connections == len(connections))
    assert is_served(server)
    assert memory_bytes() - before < 32_000_000
    for connection in connections:
        connection.close()
    assert eventually(lambda: server.server.connections == 0)


def test_the_worst_message_within_the_limits_is_answered(server: Running) -> None:
    count = Limits().elements // 2
    before = memory_bytes()
    body = b"\x0f\x00\x01\x0c" + count.to_bytes(4, "big") + b"\0" * (count + 1)
    with server.connect() as connection:
        connection.sendall(codec.message_header("add_partitions", codec.CALL, 1) + body)
        connection.shutdown(socket.SHUT_WR)
        assert received(connection).endswith(count.to_bytes(4, "big") + b"\0")
    assert memory_bytes() - before < 64_000_000


@pytest.mark.parametrize(
    ("begin", "goes_on"),
    [(b"", b""), (EMPTY[:3], b""), (EMPTY + STRING + b"\0\0\xff\xff", b"x"), (call_bytes("getName"), b"")],
    ids=["says nothing", "stops in the header", "sends a byte now and then", "is idle after a call"],
)
def test_a_client_that_keeps_us_waiting_is_dropped(begin: bytes, goes_on: bytes) -> None:
    patience = Patience(first_byte_seconds=0.1, message_seconds=0.2, idle_seconds=0.2)
    with running(HANDLERS, patience=patience) as server, server.connect() as connection:
        connection.sendall(begin)
        assert eventually(lambda: _is_closed(connection, goes_on))
        assert eventually(lambda: server.server.connections == 0)


def _is_closed(connection: socket.socket, data: bytes) -> bool:
    connection.settimeout(0.02)
    try:
        connection.sendall(data)
        while connection.recv(1000):
            pass
    except TimeoutError:
        return False
    except ConnectionError:
        pass
    return True


def test_a_client_that_takes_no_answer_is_dropped() -> None:
    with running(HANDLERS, patience=Patience(write_seconds=0.2)) as server, server.connect() as connection:
        connection.sendall(call_bytes("get_all_tables"))
        assert eventually(lambda: server.server.connections == 1)
        assert eventually(lambda: server.server.connections == 0)
        assert is_served(server)


@pytest.mark.parametrize("name", ["get_all_tables", "getName"])
def test_a_client_that_takes_no_answers_is_not_read_further(name: str) -> None:
    """Its requests stay in its own buffers."""
    with running(HANDLERS) as server, server.connect() as connection:
        connection.settimeout(0.5)
        requests, sent = call_bytes(name) * 20_000, 0
        try:
            while sent < 200_000_000:
                sent += connection.send(requests)
        except TimeoutError:
            pass
        assert sent < 100_000_000
        assert is_served(server)


def test_half_open_connections_keep_nobody_out() -> None:
    with running(HANDLERS) as server:
        connections = [server.connect() for _ in range(200)]
        for connection in connections:
            connection.sendall(EMPTY)
        assert is_served(server)
        for connection in connections:
            connection.close()


@pytest.mark.parametrize("cap", [{"connections_max": 3}, {"connections_per_peer_max": 3}])
def test_connections_beyond_the_cap_are_closed_and_those_before_stay(cap: dict[str, Any]) -> None:
    with running(HANDLERS, **cap) as server:
        admitted = [server.connect() for _ in range(3)]
        assert eventually(lambda: server.server.connections == 3)
        with server.connect() as turned_away:
            assert received(turned_away) == b""
        for connection in admitted:
            connection.sendall(call_bytes("getName"))
            assert b"catalog" in connection.recv(1000)
            connection.close()
        assert eventually(lambda: server.server.connections == 0)
        assert is_served(server)


def test_unfinished_requests_together_hold_no_more_than_is_allowed() -> None:
    begun = EMPTY + STRING + (1_000_000).to_bytes(4, "big") + b"x" * 900_000
    with running(HANDLERS, requests_bytes_max=2_000_000) as server:
        connections = [server.connect() for _ in range(4)]
        for connection in connections:
            try:
                connection.sendall(begun)
            except ConnectionError:
                pass
        try:
            assert eventually(lambda: server.server.connections == 2)
            assert is_served(server)
        finally:
            for connection in connections:
                connection.close()


def test_an_oversized_request_is_closed_while_it_is_being_sent() -> None:
    names = wire.method("get_partitions_by_names")
    arguments = names.arguments[0](names=["x" * 1000] * 300)
    request = codec.message_header(names.name, codec.CALL, 1) + codec.encode(arguments, names.arguments)
    with running(HANDLERS, limits=Limits(message_bytes=100_000)) as server, server.connect() as connection:
        try:
            connection.sendall(request)
        except ConnectionError:
            pass
        assert received(connection) == b""
        assert is_served(server)
