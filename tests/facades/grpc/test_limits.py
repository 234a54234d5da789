"""What the gRPC port holds off, and how it ends: too many calls, foreign bytes, a stop in the middle of streams."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import grpc
import pytest

from catalog_server.client import Client
from catalog_server.client import messages as m
from catalog_server.model.errors import Invalid, Unavailable
from catalog_server.testing import RunningServer, running_server, start_server
from tests.facades.grpc.calls import ask, stream

LIMITS = {"WATCHES_MAX": "3", "CALLS_MAX": "8", "MESSAGE_BYTES_MAX": "100000"}


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with narrow limits."""
    environment = {f"CATALOG_SERVER__GRPC__{name}": value for name, value in LIMITS.items()}
    with running_server(tmp_path_factory.mktemp("limited"), environment=environment) as running:
        yield running


@pytest.fixture
def bare(limited: RunningServer) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(f"127.0.0.1:{limited.grpc_port}") as channel:
        yield channel


def begun(channel: grpc.Channel) -> grpc.Call:
    """A stream of events that stands."""
    call = stream(channel, "Events/Watch", m.WatchRequest())
    next(call)
    return call  # type: ignore[no-any-return]


def test_one_watch_too_many_is_refused_until_another_ends(bare: grpc.Channel) -> None:
    calls = [begun(bare) for _ in range(3)]
    with pytest.raises(grpc.RpcError) as caught:
        begun(bare)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert "grpc.watches_max" in caught.value.details()
    for call in calls:
        call.cancel()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            begun(bare).cancel()
        except grpc.RpcError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("no place became free")


def test_one_call_too_many_is_refused_and_later_ones_are_served(limited: RunningServer, bare: grpc.Channel) -> None:
    waiting = [stream(bare, "Partitions/AddPartitions", endless()) for _ in range(8)]
    with Client(limited.grpc) as client:
        deadline, refused = time.monotonic() + 10, False
        while not refused and time.monotonic() < deadline:
            try:
                client.databases.get("default")
            except Unavailable:
                refused = True
        assert refused
        for call in waiting:
            call.cancel()
        while time.monotonic() < deadline:
            try:
                assert client.databases.get("default").name == "default"
            except Unavailable:
                time.sleep(0.05)
            else:
                return
    raise AssertionError("no place became free")


def endless() -> Iterator[m.AddPartitionsRequest]:
    """Requests that do not come."""
    time.sleep(5)
    yield from ()


def test_a_message_that_is_too_large_is_told_by_name(limited: RunningServer) -> None:
    with Client(limited.grpc) as client, pytest.raises(Invalid) as caught:
        client.databases.create(m.Database(name="x", comment="y" * 100_001))
    assert caught.value.field == "request"


@pytest.mark.parametrize(
    "said",
    [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x00" * 4096, b"\xff" * 100_000, random.Random(1).randbytes(5000)],
    ids=["http", "zeros", "ones", "random"],
)
def test_foreign_bytes_close_their_own_connection_alone(limited: RunningServer, said: bytes) -> None:
    with socket.create_connection(("127.0.0.1", limited.grpc_port), timeout=30) as foreign:
        try:
            foreign.sendall(said)
            while foreign.recv(65536):
                pass
        except OSError:  # reset, which is as good
            pass
    with Client(limited.grpc) as client:
        assert client.databases.get("default").name == "default"


def test_who_connects_and_says_nothing_holds_nobody_up(limited: RunningServer) -> None:
    with ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(socket.create_connection(("127.0.0.1", limited.grpc_port)))
        with Client(limited.grpc) as client:
            assert client.databases.get("default").name == "default"


def test_a_stop_ends_streams_at_once_and_tells_where_to_go_on(tmp_path: Path) -> None:
    running = start_server(tmp_path)
    with grpc.insecure_channel(f"127.0.0.1:{running.grpc_port}") as channel:
        calls = [begun(channel) for _ in range(20)]
        began = time.monotonic()
        assert running.stop() == 0
        assert time.monotonic() - began < 8
        for call in calls:
            with pytest.raises(grpc.RpcError) as caught:
                list(call)  # type: ignore[call-overload]
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
            assert "go on after event" in caught.value.details()


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(RuntimeError, match=f"gRPC cannot listen on 127.0.0.1:{port}"):
            start_server(tmp_path, grpc_port=port)


def test_calls_beyond_those_of_one_connection_wait_for_others_to_end(tmp_path: Path) -> None:
    with running_server(tmp_path, environment={"CATALOG_SERVER__GRPC__STREAMS_MAX": "2"}) as running:
        with grpc.insecure_channel(f"127.0.0.1:{running.grpc_port}") as channel:
            calls = [begun(channel) for _ in range(2)]
            request = m.GetDatabaseRequest(name=m.DatabaseName(database="default"))
            with pytest.raises(grpc.RpcError) as caught:
                ask(channel, "Databases/GetDatabase", request, timeout=1)
            assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
            calls[0].cancel()
            assert ask(channel, "Databases/GetDatabase", request, timeout=20).name == "default"
