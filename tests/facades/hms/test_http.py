"""Thrift over HTTP on the Thrift port."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import uvloop
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from thrift.protocol.TBinaryProtocol import TBinaryProtocolAccelerated
from thrift.transport.THttpClient import THttpClient

from catalog_server.authentication import new_token, password_hash, token_hash
from catalog_server.config import ThriftConfig
from catalog_server.facades.hms.setup import gates
from catalog_server.facades.hms.transport.connection import Patience
from catalog_server.facades.hms.transport.gates import Gates
from catalog_server.facades.hms.transport.scanner import Limits
from catalog_server.services import Services
from tests.facades.hms import guarded
from tests.facades.hms.running import Running, call, call_bytes, eventually, received, running

TYPE = "Content-Type: application/x-thrift"


@pytest.fixture(scope="module", params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def server(request: Any, hms_services: Services) -> Iterator[Running]:
    with running(guarded.handlers(hms_services), loop=request.param, limits=Limits(message_bytes=1_000_000)) as started:
        yield started


@contextmanager
def client(server: Running, **headers: str) -> Iterator[Any]:
    transport = THttpClient(f"http://127.0.0.1:{server.port}/metastore")
    transport.setCustomHeaders(headers)
    transport.open()
    try:
        yield TBinaryProtocolAccelerated(transport)
    finally:
        transport.close()


def post(body: bytes, *headers: str, path: str = "/metastore", length: int | None = None) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", TYPE, *headers]
    lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def asked(server: Running, request: bytes) -> bytes:
    """All that the server says to it, when nothing more comes."""
    with server.connect() as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return received(connection)


def test_thrift_s_own_client_is_answered_call_after_call(server: Running) -> None:
    with client(server) as protocol:
        for _ in range(3):
            assert call(protocol, "getName") == "catalog"
        assert len(call(protocol, "get_all_tables", db_name="200000")) == 200_000


def test_the_user_is_the_one_that_the_header_names_where_nobody_is_asked(server: Running) -> None:
    with client(server, **{"x-actor-username": "ann"}) as protocol:
        assert call(protocol, "get_all_databases") == ["ann"]


def test_requests_on_one_connection_know_nothing_of_each_other(server: Running) -> None:
    requests = post(call_bytes("set_ugi", user_name="ann", group_names=[])) + post(call_bytes("get_all_databases"))
    answer = asked(server, requests)
    assert b"anonymous" in answer


def test_pipelined_requests_are_answered_in_order(server: Running) -> None:
    answer = asked(server, post(call_bytes("getName")) * 20 + post(call_bytes("get_all_databases")))
    assert answer.count(b"HTTP/1.1 200 OK") == 21
    assert answer.rindex(b"catalog") < answer.index(b"anonymous")


def test_a_body_may_come_in_chunks_and_bytes_one_by_one(server: Running) -> None:
    body = call_bytes("getName")
    lines = ["POST /metastore HTTP/1.1", "Host: x", TYPE, "Transfer-Encoding: chunked", "", ""]
    request = "\r\n".join(lines).encode() + b"5\r\n" + body[:5] + b"\r\n%x\r\n" % (len(body) - 5) + body[5:]
    with server.connect() as connection:
        for byte in request + b"\r\n0\r\n\r\n":
            connection.sendall(bytes((byte,)))
        assert b"catalog" in connection.recv(1000)


def test_a_client_that_asks_first_is_told_to_go_on(server: Running) -> None:
    body = call_bytes("getName")
    whole = post(body, "Expect: 100-continue")
    with server.connect() as connection:
        connection.sendall(whole[: -len(body)])
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert b"catalog" in connection.recv(1000)


@pytest.mark.parametrize("path", ["/metastore", "/metastore/", "/metastore/*"])
def test_the_path_of_hive_s_own_client_is_known_too(server: Running, path: str) -> None:
    assert b"catalog" in asked(server, post(call_bytes("getName"), path=path))


def test_http_1_0_is_answered_and_closed(server: Running) -> None:
    request = post(call_bytes("get_all_tables", db_name="3000")).replace(b"HTTP/1.1", b"HTTP/1.0")
    answer = asked(server, request)
    assert b"chunked" not in answer
    assert answer.count(b"0123456789") == 3000


def test_a_oneway_call_is_answered_by_an_empty_body(server: Running) -> None:
    assert b"Content-Length: 0\r\n" in asked(server, post(call_bytes("shutdown", 1, 4)))


REFUSED = {
    "another path": (post(b"x", path="/"), 404),
    "a longer name": (post(b"x", path="/metastores"), 404),
    "another method": (b"GET /metastore HTTP/1.1\r\nHost: x\r\n\r\n", 405),
    "another type": (post(b"x").replace(b"x-thrift", b"json"), 415),
    "a web page": (post(call_bytes("getName"), "Origin: http://evil.example"), 403),
    "no Thrift": (post(b"hello"), 400),
    "half a message": (post(call_bytes("getName")[:-1]), 400),
    "two messages": (post(call_bytes("getName") * 2), 400),
    "nothing": (post(b""), 400),
    "a frame": (post(b"\0\0\0\x13" + call_bytes("getName")), 400),
    "too long": (post(b"x", length=2_000_000), 413),
    "too long in chunks": (
        f"POST /metastore HTTP/1.1\r\n{TYPE}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        + b"100000\r\n"
        + b"x" * 0x100000
        + b"\r\n0\r\n\r\n",
        413,
    ),
    "headers without end": (b"POST /metastore HTTP/1.1\r\n" + b"X-Y: zzzzzzzzzzzzzzzzzzzzzzz\r\n" * 20_000, 431),
    "a chunk of any size": (
        f"POST /metastore HTTP/1.1\r\n{TYPE}\r\nTransfer-Encoding: chunked\r\n\r\n".encode() + b"f" * 40 + b"\r\n",
        400,
    ),
    "a length of many digits": (post(b"x").replace(b"Content-Length: 1", b"Content-Length: " + b"9" * 5000), 400),
    "two lengths": (post(b"x", "Content-Length: 2"), 400),
    "a length and chunks": (post(b"x", "Transfer-Encoding: chunked"), 400),
    "no HTTP": (b"GARBAGE\r\n\r\n", 400),
}


@pytest.mark.parametrize(("request_", "status"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_call_is_refused_with_a_reason(server: Running, request_: bytes, status: int) -> None:
    with server.connect() as connection:
        try:
            connection.sendall(request_)
        except ConnectionError:
            pass
        answer = received(connection)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode()) or (status in (413, 431) and answer == b"")
    assert b"200 OK" not in answer


@pytest.mark.parametrize(
    "sent", [b"POST /metas", post(b"", length=50)], ids=["stops in the headers", "stops in the body"]
)
def test_a_request_that_does_not_come_whole_is_dropped(hms_services: Services, sent: bytes) -> None:
    patience = Patience(handshake_seconds=0.2, message_seconds=0.2)
    with running(guarded.handlers(hms_services), patience=patience) as server, server.connect() as connection:
        connection.sendall(sent)
        assert received(connection) == b""
        assert eventually(lambda: server.server.connections == 0)


HEADERS = f"POST /metastore HTTP/1.1\r\nHost: x\r\n{TYPE}\r\n".encode()
CHUNKED = HEADERS + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("begin", "goes_on"),
    [
        (HEADERS, b"X: y\r\n"),
        (post(call_bytes("getName")) + HEADERS, b"X: y\r\n"),
        (CHUNKED, b"1\r\nx\r\n"),
        (CHUNKED + b"1;", b"more=of;"),
        (CHUNKED + b"0\r\n", b"X: y\r\n"),
    ],
    ids=["headers", "headers of the second", "chunks", "an extension of a chunk", "trailers"],
)
def test_a_request_that_goes_on_and_on_is_dropped(hms_services: Services, begin: bytes, goes_on: bytes) -> None:
    patience = Patience(handshake_seconds=0.3, message_seconds=0.3)
    with running(guarded.handlers(hms_services), patience=patience) as server, server.connect() as connection:
        connection.sendall(begin)
        assert eventually(lambda: _is_dropped(connection, goes_on))
        assert eventually(lambda: server.server.connections == 0)


def _is_dropped(connection: socket.socket, goes_on: bytes) -> bool:
    try:
        connection.sendall(goes_on)
    except ConnectionError:
        return True
    return False


def test_the_headers_of_a_second_request_have_their_limit_too(server: Running) -> None:
    with server.connect() as connection:
        try:
            connection.sendall(post(call_bytes("getName")) + HEADERS + b"X-Y: zzzzzzzzzzzzzzz\r\n" * 20_000)
        except ConnectionError:
            pass
        answer = received(connection)
    assert answer.count(b"200 OK") <= 1
    assert not answer.endswith(b"catalog\0")
    assert eventually(lambda: server.server.connections == 0)


def test_a_client_that_reads_slowly_gets_all_in_the_end(server: Running) -> None:
    with server.connect() as connection:
        connection.sendall(post(call_bytes("get_all_tables", db_name="1000000")) + post(call_bytes("getName")))
        connection.shutdown(socket.SHUT_WR)
        time.sleep(0.3)
        answer = received(connection)
    assert 999_000 < answer.count(b"0123456789") <= 1_000_000  # some are parted by chunks
    assert answer.endswith(b"catalog\0")


class TestWithAuthentication:
    @pytest.fixture
    def settings(self, tmp_path: Path) -> tuple[Gates, dict[str, str]]:
        token, key = new_token(), ECKey.generate_key("P-256", {"kid": "one"})
        (tmp_path / "users").write_text(f"# users\nann:{password_hash('secret')}\n")
        (tmp_path / "tokens").write_text(f"etl:{token_hash(token)}\n")
        (tmp_path / "keys").write_text(json.dumps(KeySet([key]).as_dict(private=False)))
        thrift = ThriftConfig(
            authentication=("plain", "token", "jwt"),
            users_file=str(tmp_path / "users"),
            tokens_file=str(tmp_path / "tokens"),
            jwt_keys=str(tmp_path / "keys"),
            jwt_issuer="https://login.example",
            jwt_audience="metastore",
        )
        claims = {"sub": "bob", "iss": "https://login.example", "aud": "metastore", "exp": int(time.time()) + 600}

        def signed(with_key: Any = key, **changes: Any) -> str:
            return jwt.encode({"alg": "ES256", "kid": "one"}, {**claims, **changes}, with_key)

        shown = {
            "etl": f"Bearer {token}",
            "bob": f"Bearer {signed()}",
            "ann": "Basic " + b64encode(b"ann:secret").decode(),
            "wrong token": "Bearer cat_nope",
            "wrong password": "Basic " + b64encode(b"ann:nope").decode(),
            "unknown user": "Basic " + b64encode(b"eve:secret").decode(),
            "no base64": "Basic ann:secret",
            "expired": f"Bearer {signed(exp=int(time.time()) - 600)}",
            "another issuer": f"Bearer {signed(iss='https://evil.example')}",
            "another audience": f"Bearer {signed(aud='shop')}",
            "another key": f"Bearer {signed(ECKey.generate_key('P-256', {'kid': 'one'}))}",
            "no end": f"Bearer {signed(exp=None)}",
            "unsigned": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJib2IifQ.",
            "another scheme": "Digest x",
        }
        return gates(thrift), shown

    def test_credentials_name_the_user(self, hms_services: Services, settings: tuple[Gates, dict[str, str]]) -> None:
        found, shown = settings
        with running(guarded.handlers(hms_services), gates=found) as server:
            for user in ("etl", "bob", "ann", "ann"):
                headers = {"Authorization": shown[user], "x-actor-username": "mallory"}
                with client(server, **headers) as protocol:
                    assert call(protocol, "get_all_databases") == [user]

    def test_others_are_refused(self, hms_services: Services, settings: tuple[Gates, dict[str, str]]) -> None:
        found, shown = settings
        wrong = [value for name, value in shown.items() if name not in ("etl", "bob", "ann")]
        with running(guarded.handlers(hms_services), gates=found) as server:
            assert b"WWW-Authenticate: Bearer" in asked(server, post(call_bytes("get_all_databases")))
            for value in wrong:
                answer = asked(server, post(call_bytes("get_all_databases"), f"Authorization: {value}"))
                assert answer.startswith(b"HTTP/1.1 401 "), value
            with server.connect() as plain:
                plain.sendall(call_bytes("getName"))
                assert received(plain) == b""

    def test_a_token_that_is_taken_out_of_its_file_counts_no_more(
        self, hms_services: Services, tmp_path: Path, settings: tuple[Gates, dict[str, str]]
    ) -> None:
        found, shown = settings
        request = post(call_bytes("get_all_databases"), f"Authorization: {shown['etl']}")
        with running(guarded.handlers(hms_services), gates=replace(found, bearers=found.bearers[:1])) as server:
            assert b"200 OK" in asked(server, request)
            (tmp_path / "tokens").write_text("")
            assert eventually(lambda: asked(server, request).startswith(b"HTTP/1.1 401"))
