"""Requests that come again byte for byte: answered as before, whatever way their bytes come, and counted like all others."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
import pytest

from catalog_server.testing import RunningServer
from tests.facades.iceberg.rest_support import BOTH_STORES, create_table

pytestmark = BOTH_STORES


@dataclass
class Wire:
    """A bare connection."""

    socket: socket.socket
    held: bytes = b""

    def answer(self) -> tuple[bytes, dict[str, str], bytes]:
        """The status line, headers and body of the next answer."""
        head = self._until(b"\r\n\r\n").decode("latin-1")
        status, *lines = head.split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        size = int(headers.get("content-length", "0"))
        while len(self.held) < size:
            self.held += self._more()
        body, self.held = self.held[:size], self.held[size:]
        return status.encode(), headers, body

    def _until(self, end: bytes) -> bytes:
        while end not in self.held:
            self.held += self._more()
        found, _, self.held = self.held.partition(end)
        return found

    def _more(self) -> bytes:
        data = self.socket.recv(65536)
        assert data, "the server hung up"
        return data


@contextmanager
def connected(server: RunningServer) -> Iterator[Wire]:
    where = urlsplit(server.http)
    with socket.create_connection((where.hostname, where.port), 20) as found:
        yield Wire(found)


@pytest.fixture
def request_bytes(server: RunningServer, http: httpx.Client, namespace: str) -> bytes:
    """A request for a table that was answered before from memory."""
    create_table(http, namespace, "t")
    said = f"GET /iceberg/v1/namespaces/{namespace}/tables/t HTTP/1.1\r\nHost: {urlsplit(server.http).netloc}\r\n\r\n"
    with connected(server) as wire:
        for _ in range(3):
            wire.socket.sendall(said.encode())
            wire.answer()
    return said.encode()


def test_an_answer_given_again_is_the_same_but_for_the_name_of_its_request(
    server: RunningServer, request_bytes: bytes
) -> None:
    with connected(server) as wire:
        wire.socket.sendall(request_bytes.replace(b"\r\n\r\n", b"\r\nX-Other: 1\r\n\r\n"))
        status, headers, body = wire.answer()
        names = {headers.pop("x-request-id")}
        for _ in range(5):
            wire.socket.sendall(request_bytes)
            again = wire.answer()
            names.add(again[1].pop("x-request-id"))
            assert again == (status, headers, body)
    assert len(names) == 6
    assert all(re.fullmatch("[0-9a-f]{32}", name) for name in names)


@pytest.mark.parametrize("size", [1, 7, 50])
def test_a_request_may_come_in_pieces(server: RunningServer, request_bytes: bytes, size: int) -> None:
    with connected(server) as wire:
        wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(2):
            for start in range(0, len(request_bytes), size):
                wire.socket.sendall(request_bytes[start : start + size])
            assert wire.answer()[0].endswith(b"200 OK")


def test_requests_sent_together_are_answered_in_order(server: RunningServer, request_bytes: bytes) -> None:
    missing = request_bytes.replace(b"/tables/t ", b"/tables/u ")
    with connected(server) as wire:
        wire.socket.sendall(request_bytes * 3 + missing + request_bytes)
        wire.socket.sendall(request_bytes)
        codes = [int(wire.answer()[0].split()[1]) for _ in range(6)]
    assert codes == [200, 200, 200, 404, 200, 200]


def test_what_comes_while_an_answer_is_checked_waits_for_it(server: RunningServer, request_bytes: bytes) -> None:
    missing = request_bytes.replace(b"/tables/t ", b"/tables/u ")
    with connected(server) as wire:
        wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(50):
            wire.socket.sendall(request_bytes)
            wire.socket.sendall(missing)
            assert [int(wire.answer()[0].split()[1]) for _ in range(2)] == [200, 404]


def test_a_change_is_seen_at_once(server: RunningServer, http: httpx.Client, request_bytes: bytes) -> None:
    path = request_bytes.split(b" ")[1].decode().removeprefix("/iceberg")
    with connected(server) as wire:
        for number in range(5):
            updates = [{"action": "set-properties", "updates": {"n": str(number)}}]
            http.post(path, json={"requirements": [], "updates": updates}).raise_for_status()
            for _ in range(3):
                wire.socket.sendall(request_bytes)
                assert f'"n":"{number}"'.encode() in wire.answer()[2]
        http.delete(path).raise_for_status()
        wire.socket.sendall(request_bytes)
        assert wire.answer()[0].endswith(b"404 Not Found")


def test_a_foreign_host_is_refused_each_time(server: RunningServer, request_bytes: bytes) -> None:
    foreign = re.sub(rb"Host: .*\r\n\r\n", b"Host: example.com\r\n\r\n", request_bytes)
    with connected(server) as wire:
        for _ in range(3):
            wire.socket.sendall(foreign)
            assert wire.answer()[0].startswith(b"HTTP/1.1 403")


def test_a_client_that_wants_to_hang_up_is_let_go(server: RunningServer, request_bytes: bytes) -> None:
    last = request_bytes.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    for _ in range(3):
        with connected(server) as wire:
            wire.socket.sendall(last)
            wire.answer()
            assert wire.socket.recv(1) == b""


def test_each_is_counted_and_logged(server: RunningServer, http: httpx.Client, request_bytes: bytes) -> None:
    def counted() -> float:
        text = httpx.get(f"{server.http}/metrics").text
        found = re.findall(r'^catalog_http_requests_total\{.*GET.*iceberg.*"200".*\} (\S+)$', text, re.MULTILINE)
        return sum(map(float, found))

    before = counted()
    with connected(server) as wire:
        for _ in range(10):
            wire.socket.sendall(request_bytes)
            name = wire.answer()[1]["x-request-id"]
    assert counted() == before + 10
    assert name in server.log.read_text(encoding="utf-8")
