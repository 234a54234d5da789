"""TLS on the Thrift port, beside plain clients or instead of them."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import uvloop
from thrift.protocol.TBinaryProtocol import TBinaryProtocolAccelerated
from thrift.transport.TSSLSocket import TSSLSocket
from thrift.transport.TTransport import TBufferedTransport, TFramedTransport

from catalog_server.config import ThriftConfig
from catalog_server.facades.hms.setup import gates
from catalog_server.facades.hms.transport.connection import Patience
from catalog_server.model.errors import Invalid
from catalog_server.services import Services
from tests.facades.hms import guarded
from tests.facades.hms.guarded import Certificates
from tests.facades.hms.running import Running, call, call_bytes, eventually, received, running


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return guarded.certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def thrift(made: Certificates) -> ThriftConfig:
    return ThriftConfig(tls="optional", tls_certificate=str(made.server), tls_key=str(made.server_key))


@pytest.fixture(scope="module", params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def server(request: Any, hms_services: Services, thrift: ThriftConfig) -> Iterator[Running]:
    handlers = guarded.handlers(hms_services)
    with running(handlers, loop=request.param, gates=gates(thrift)) as started:
        yield started


def secured(server: Running, made: Certificates, named: bool = False) -> ssl.SSLSocket:
    return made.client_context(named).wrap_socket(server.connect(), server_hostname="127.0.0.1")


@pytest.mark.parametrize("transport", [TBufferedTransport, TFramedTransport])
def test_thrift_s_own_client_is_answered(server: Running, made: Certificates, transport: Any) -> None:
    opened = transport(TSSLSocket("127.0.0.1", server.port, ssl_context=made.client_context()))
    opened.open()
    assert call(TBinaryProtocolAccelerated(opened), "getName") == "catalog"
    assert len(call(TBinaryProtocolAccelerated(opened), "get_all_tables", db_name="50000")) == 50_000
    opened.close()


def test_plain_clients_use_the_same_port(server: Running) -> None:
    with server.protocol() as client:
        assert call(client, "getName") == "catalog"


def test_a_large_answer_waits_for_a_slow_client(server: Running, made: Certificates) -> None:
    with secured(server, made) as connection:
        connection.sendall(call_bytes("get_all_tables", db_name="1000000"))
        connection.recv(10)
        whole = 10
        while whole < 14_000_000:
            whole += len(connection.recv(1 << 20))
        connection.sendall(call_bytes("getName"))
        end = b""
        while b"catalog" not in end:  # the end of the large answer may come first
            data = connection.recv(1000)
            assert data, "the server hung up"
            end = (end + data)[-100:]


def test_pieces_of_a_message_come_one_by_one(server: Running, made: Certificates) -> None:
    with secured(server, made) as connection:
        for byte in call_bytes("getName"):
            connection.sendall(bytes((byte,)))
        assert b"catalog" in connection.recv(1000)


def test_a_client_that_says_goodbye_is_let_go(server: Running, made: Certificates) -> None:
    assert eventually(lambda: server.server.connections == 0)
    connection = secured(server, made)
    assert eventually(lambda: server.server.connections == 1)
    connection.unwrap().close()
    assert eventually(lambda: server.server.connections == 0)


@pytest.mark.parametrize(
    "data", [b"\x16\x03\x01\x00\x05hello", b"\x16\x03\x01\xff\xff", b"\x16" * 100_000], ids=["no hello", "cut", "noise"]
)
def test_what_is_no_handshake_is_refused(hms_services: Services, thrift: ThriftConfig, data: bytes) -> None:
    patience = Patience(handshake_seconds=0.2)
    with running(guarded.handlers(hms_services), patience=patience, gates=gates(thrift)) as server:
        with server.connect() as connection:
            try:
                connection.sendall(data)
            except ConnectionError:
                pass
            received(connection)
        assert eventually(lambda: server.server.connections == 0)


def test_tls_within_tls_is_refused(server: Running, made: Certificates) -> None:
    with secured(server, made) as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        assert connection.recv(100) == b""


@pytest.fixture(scope="module")
def strict(hms_services: Services, thrift: ThriftConfig, made: Certificates) -> Iterator[Running]:
    settings = replace(thrift, tls="required", tls_client_authority=str(made.authority))
    with running(guarded.handlers(hms_services), gates=gates(settings)) as started:
        yield started


@pytest.mark.parametrize(
    "data", [call_bytes("getName"), b"\0\0\0\x13" + call_bytes("getName")], ids=["unframed", "framed"]
)
def test_plain_clients_are_refused_where_tls_is_required(strict: Running, data: bytes) -> None:
    with strict.connect() as connection:
        connection.sendall(data)
        assert received(connection) == b""


def test_plain_http_is_refused_with_a_reason_where_tls_is_required(strict: Running) -> None:
    with strict.connect() as connection:
        connection.sendall(b"POST /metastore HTTP/1.1\r\nContent-Type: application/x-thrift\r\n\r\n")
        assert b"TLS only" in received(connection)


def test_a_client_without_a_certificate_is_refused_where_certificates_are_asked_for(
    strict: Running, made: Certificates
) -> None:
    answer = b"not asked"
    with strict.connect() as plain:
        try:
            with made.client_context().wrap_socket(plain, server_hostname="127.0.0.1") as connection:
                connection.sendall(call_bytes("getName"))
                answer = connection.recv(100)
        except (ssl.SSLError, ConnectionError):
            answer = b""
    assert answer == b""


def test_a_client_with_one_is_answered_where_certificates_are_asked_for(strict: Running, made: Certificates) -> None:
    with secured(strict, made, named=True) as connection:
        connection.sendall(call_bytes("getName"))
        assert b"catalog" in connection.recv(1000)


def test_a_certificate_s_common_name_can_be_the_user(
    hms_services: Services, thrift: ThriftConfig, made: Certificates
) -> None:
    settings = replace(
        thrift, tls="required", tls_client_authority=str(made.authority), authentication=("certificate",)
    )
    with running(guarded.handlers(hms_services), gates=gates(settings)) as server:
        with secured(server, made, named=True) as connection:
            connection.sendall(call_bytes("set_ugi", user_name="mallory", group_names=[]))
            connection.recv(1000)
            connection.sendall(call_bytes("get_all_databases"))
            answer = connection.recv(1000)
    assert b"alice" in answer
    assert b"mallory" not in answer


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"tls": "on"}, "none of off, optional, required"),
        ({"tls_certificate": ""}, "no certificate is named"),
        ({"tls_key": "nowhere.pem"}, "is of no use"),
        ({"tls_client_authority": "nowhere.pem"}, "nowhere.pem is of no use"),
    ],
)
def test_settings_that_make_no_tls_are_refused(thrift: ThriftConfig, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(Invalid, match=reason):
        gates(replace(thrift, **changes))


def test_a_socket_that_is_only_opened_costs_no_handshake(server: Running) -> None:
    with socket.create_connection(("127.0.0.1", server.port)):
        with server.protocol() as client:
            assert call(client, "getName") == "catalog"
