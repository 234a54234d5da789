"""SASL on the Thrift port: PLAIN with passwords, DIGEST-MD5 with delegation tokens."""

from __future__ import annotations

import hashlib
import hmac
import re
import socket
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from catalog_server.authentication import Refused, password_hash
from catalog_server.config import Config, ServerConfig, ThriftConfig
from catalog_server.facades.hms.setup import check, gates
from catalog_server.facades.hms.transport.connection import Patience
from catalog_server.facades.hms.transport.digest import DigestMd5
from catalog_server.facades.hms.transport.gates import Gates
from catalog_server.facades.hms.transport.sasl import BAD, COMPLETE, ERROR, OK
from catalog_server.facades.hms.transport.scanner import Limits
from catalog_server.model.errors import Denied, Invalid
from catalog_server.server import check as check_server
from catalog_server.services import Services
from tests.facades.hms import guarded
from tests.facades.hms.guarded import SaslClient, is_complete
from tests.facades.hms.running import Running, call_bytes, eventually, received, running

IDENTIFIER, PASSWORD = b64encode(b"token of bob").decode(), b64encode(b"twenty random bytes!").decode()


def secret(identifier: str) -> tuple[str, str]:
    if identifier != IDENTIFIER:
        raise Denied("log in with", "this token")
    return "bob", PASSWORD


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Gates:
    users = tmp_path_factory.mktemp("users") / "users"
    users.write_text(f"ann:{password_hash('secret')}\n")
    return gates(ThriftConfig(authentication=("plain", "delegation"), users_file=str(users)), secret)


@pytest.fixture(scope="module")
def server(hms_services: Services, found: Gates) -> Iterator[Running]:
    with running(guarded.handlers(hms_services), gates=found, limits=Limits(message_bytes=1_000_000)) as started:
        yield started


def test_a_right_password_names_the_user_whom_set_ugi_cannot_change(server: Running) -> None:
    with server.connect() as connection:
        client = SaslClient(connection)
        assert is_complete(client.plain("ann", "secret"))
        client.call("set_ugi", user_name="mallory", group_names=["admins"])
        answer = client.call("get_all_databases")
    assert b"ann" in answer
    assert b"mallory" not in answer
    assert b"admins" not in answer


@pytest.mark.parametrize(
    ("mechanism", "first", "status", "reason"),
    [
        ("PLAIN", b"\0ann\0nope", BAD, "wrong user name or password"),
        ("PLAIN", b"\0eve\0secret", BAD, "wrong user name or password"),
        ("PLAIN", b"bob\0ann\0secret", BAD, "ann may not act as bob"),
        ("PLAIN", b"ann", BAD, "not a message of SASL PLAIN"),
        ("GSSAPI", b"", ERROR, "GSSAPI is not offered here (offered: DIGEST-MD5, PLAIN)"),
    ],
)
def test_others_are_told_why_they_are_refused(
    server: Running, mechanism: str, first: bytes, status: int, reason: str
) -> None:
    with server.connect() as connection:
        answered, told = SaslClient(connection).begin(mechanism, first)
        assert (answered, reason in told.decode()) == (status, True)
        assert received(connection) == b""


@pytest.mark.parametrize(
    "data",
    [
        b"\x01\x00\x00\x00\x05PLAIN\x04\x00\x00\x00\x00",
        b"\x01\x00\x00\x00\x05PLAIN\x02\x00\xff\xff\xff",
        b"\x01\x00\xff\xff\xff" + b"x" * 1000,
        b"\x01\x00\x00\x00\x01\xff",
    ],
    ids=["gives up", "a response of 16 MiB", "a name of 16 MiB", "no name"],
)
def test_what_is_no_negotiation_is_refused(server: Running, data: bytes) -> None:
    with server.connect() as connection:
        connection.sendall(data)
        assert received(connection)[:1] in (bytes((BAD,)), bytes((ERROR,)), b"")


def test_a_negotiation_that_takes_too_long_is_dropped(hms_services: Services, found: Gates) -> None:
    patience = Patience(handshake_seconds=0.2)
    with running(guarded.handlers(hms_services), gates=found, patience=patience) as server:
        with server.connect() as connection:
            connection.sendall(b"\x01\x00\x00\x00\x05PLAIN")
            assert received(connection) == b""


def test_without_a_negotiation_no_call_is_carried_out(server: Running) -> None:
    for data in (call_bytes("getName"), b"\0\0\0\x13" + call_bytes("getName")):
        with server.connect() as connection:
            connection.sendall(data)
            assert received(connection) == b""


def test_a_message_may_come_in_many_frames_and_an_answer_too(server: Running) -> None:
    with server.connect() as connection:
        client = SaslClient(connection)
        assert is_complete(client.plain("ann", "secret"))
        for byte in call_bytes("getName"):
            connection.sendall(b"\0\0\0\x01" + bytes((byte,)))
        assert b"catalog" in client.frame()
        answer = client.call("get_all_tables", db_name="100000")
        while not answer.endswith(b"\0\0\0\x0a0123456789\0"):
            answer += client.frame()
        assert answer.count(b"0123456789") == 100_000


def test_frames_longer_than_a_message_may_be_are_refused(server: Running) -> None:
    with server.connect() as connection:
        client = SaslClient(connection)
        assert is_complete(client.plain("ann", "secret"))
        connection.sendall(b"\x7f\xff\xff\xff\x80\x01")
        assert received(connection) == b""


@pytest.mark.parametrize("within", [b"\x16\x03\x01\x00\x05", b"POST / HTTP/1.1\r\n\r\n", b"\x01\x00\x00\x00\x05PLAIN"])
def test_nothing_but_thrift_comes_within_sasl(server: Running, within: bytes) -> None:
    with server.connect() as connection:
        client = SaslClient(connection)
        assert is_complete(client.plain("ann", "secret"))
        connection.sendall(len(within).to_bytes(4, "big") + within)
        assert received(connection) == b""


class Digest:
    """The client's half of RFC 2831, as its section 2.1.2 writes it down."""

    def __init__(self, identifier: str, password: str, qop: str) -> None:
        self.identifier, self.password, self.qop = identifier, password, qop
        self.key = b""

    def respond(self, challenge: bytes) -> bytes:
        nonce = re.search(rb'nonce="([^"]*)"', challenge)
        assert nonce is not None
        first = hashlib.md5(f"{self.identifier}:default:{self.password}".encode()).digest()
        self.key = hashlib.md5(first + b":" + nonce[1] + b":mine").digest()
        self.tail = b":".join((nonce[1], b"00000001", b"mine", self.qop.encode()))
        said = f'charset=utf-8,username="{self.identifier}",realm="default",nonce="{nonce[1].decode()}",nc=00000001,'
        said += f'cnonce="mine",digest-uri="null/default",response={self.proof("AUTHENTICATE")},qop={self.qop}'
        return said.encode()

    def proof(self, method: str) -> str:
        action = f"{method}:null/default" + (":" + "0" * 32 if self.qop == "auth-int" else "")
        parts = (self.key.hex().encode(), self.tail, hashlib.md5(action.encode()).hexdigest().encode())
        return hashlib.md5(b":".join(parts)).hexdigest()

    def protect(self, client: SaslClient) -> None:
        way = b"Digest session key to %b signing key magic constant"
        out, back = (hashlib.md5(self.key + way % one).digest() for one in (b"client-to-server", b"server-to-client"))
        numbers = iter(range(1000))

        def wrap(data: bytes) -> bytes:
            number = next(numbers).to_bytes(4, "big")
            return data + hmac.digest(out, number + data, "md5")[:10] + b"\0\1" + number

        def unwrap(data: bytes) -> bytes:
            body, code, number = data[:-16], data[-16:-6], data[-4:]
            assert code == hmac.digest(back, number + body, "md5")[:10]
            return body

        client.wrap, client.unwrap = wrap, unwrap


@pytest.mark.parametrize("qop", ["auth", "auth-int"])
def test_a_delegation_token_names_its_owner(server: Running, qop: str) -> None:
    digest = Digest(IDENTIFIER, PASSWORD, qop)
    with server.connect() as connection:
        client = SaslClient(connection)
        status, challenge = client.begin("DIGEST-MD5", b"")
        assert status == OK
        status, proof = client.ask(OK, digest.respond(challenge))
        assert (status, proof) == (COMPLETE, b"rspauth=" + digest.proof("").encode())
        if qop == "auth-int":
            digest.protect(client)
        for _ in range(3):
            assert b"bob" in client.call("get_all_databases")


@pytest.mark.parametrize(("identifier", "password"), [(IDENTIFIER, "nope"), ("bm9ib2R5", PASSWORD)])
def test_another_token_is_refused(server: Running, identifier: str, password: str) -> None:
    digest = Digest(identifier, password, "auth")
    with server.connect() as connection:
        client = SaslClient(connection)
        _, challenge = client.begin("DIGEST-MD5", b"")
        assert client.ask(OK, digest.respond(challenge))[0] == BAD


def test_a_frame_that_was_changed_ends_the_connection(server: Running) -> None:
    digest = Digest(IDENTIFIER, PASSWORD, "auth-int")
    with server.connect() as connection:
        client = SaslClient(connection)
        _, challenge = client.begin("DIGEST-MD5", b"")
        client.ask(OK, digest.respond(challenge))
        digest.protect(client)
        changed = bytearray(client.wrap(call_bytes("getName")))
        changed[10] ^= 1
        connection.sendall(len(changed).to_bytes(4, "big") + changed)
        connection.shutdown(socket.SHUT_WR)
        assert received(connection) == b""


def test_clients_that_leave_while_their_password_is_checked_leave_nothing(server: Running) -> None:
    for _ in range(5):
        with server.connect() as connection:
            connection.sendall(b"\x01\x00\x00\x00\x05PLAIN\x02\x00\x00\x00\x09\0ann\0nope")
    assert eventually(lambda: server.server.connections == 0)


@pytest.mark.parametrize(
    ("changes", "loopback", "reason"),
    [
        ({"authentication": ("password",)}, True, "password is none of"),
        ({"authentication": ("plain",)}, True, "users_file: is empty"),
        ({"authentication": ("kerberos",)}, True, "kerberos_keytab: is empty"),
        ({"authentication": ("certificate",), "tls_client_authority": "x"}, True, "thrift.tls: is off"),
        ({}, False, "beyond loopback"),
        ({"authentication": ("plain",), "users_file": "x"}, False, "must be required beyond loopback"),
        ({"authentication": ("token",), "tokens_file": "x", "tls": "optional"}, False, "must be required"),
    ],
)
def test_settings_that_guard_nothing_are_refused(changes: dict[str, Any], loopback: bool, reason: str) -> None:
    with pytest.raises(Invalid, match=reason):
        check(ThriftConfig(**changes), loopback=loopback)


def test_the_port_listens_beyond_loopback_only_for_those_who_prove_who_they_are(tmp_path: Path) -> None:
    open_to_all = Config(thrift=ThriftConfig(host="0.0.0.0"))
    with pytest.raises(Invalid, match="beyond loopback"):
        check_server(open_to_all)
    check_server(Config(thrift=ThriftConfig(host="0.0.0.0", authentication=("kerberos",), kerberos_keytab="x")))
    with pytest.raises(Invalid, match="is not loopback"):
        check_server(Config(server=ServerConfig(host="0.0.0.0"), thrift=ThriftConfig(host="127.0.0.1")))


@pytest.mark.parametrize("line", ["ann", "ann:secret", ":scrypt$x"])
def test_a_file_of_users_with_a_line_that_is_none_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "users").write_text(line)
    with pytest.raises(Invalid, match="line 1"):
        gates(ThriftConfig(authentication=("plain",), users_file=str(tmp_path / "users")))


@pytest.mark.parametrize(
    "response", [b"a=" + b" " * 60_000 + b'"', b"a" * 60_000, b'a="' + b"\\a" * 30_000, b" " * 60_000, b"a=b," * 16_000]
)
def test_no_response_to_a_challenge_takes_long_to_refuse(response: bytes) -> None:
    mechanism = DigestMd5(secret)
    mechanism.step(b"")
    began = time.monotonic()
    with pytest.raises(Refused):
        mechanism.step(response)
    assert time.monotonic() - began < 1


def test_an_overlong_response_is_refused() -> None:
    mechanism = DigestMd5(secret)
    mechanism.step(b"")
    with pytest.raises(Refused, match="70000 bytes"):
        mechanism.step(b"a" * 70_000)
