"""Calls with bytes changed, put in and left out never do worse than be refused."""

import logging
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog_server.authentication import password_hash
from catalog_server.config import ThriftConfig
from catalog_server.facades.hms.setup import gates
from catalog_server.facades.hms.transport.connection import Patience
from catalog_server.facades.hms.transport.scanner import BadMessage, Framing, Limits, Message, Reader, detect
from catalog_server.services import Services
from catalog_server.wire import codec
from catalog_server.wire import hive_metastore as wire
from tests.facades.hms import guarded
from tests.facades.hms.running import call_bytes, eventually, running
from tests.wire.samples import structs

METHODS = sorted(wire.BINDINGS.method_names())
LIMITS = Limits()


def calls() -> list[bytes]:
    """Some hundred calls of all kinds of methods."""
    found = []

    @settings(max_examples=400, database=None, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(data=st.data(), compact=st.booleans())
    def collect(data: st.DataObject, compact: bool) -> None:
        method = wire.method(data.draw(st.sampled_from(METHODS)))
        body = codec.encode(data.draw(structs(method.arguments)), method.arguments, compact)
        found.append(codec.message_header(method.name, codec.CALL, 1, compact) + body)

    collect()
    return found


def changed(call: bytes, chance: random.Random) -> bytearray:
    data = bytearray(call)
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(data))
        match chance.randrange(4):
            case 0:
                data[place] = chance.randrange(256)
            case 1:
                data[place] = chance.choice((0, 1, 11, 12, 13, 14, 15, 127, 128, 255))
            case 2:
                data[place:place] = chance.randbytes(chance.randint(1, 8))
            case _:
                del data[place : place + min(4, len(data) - 1)]
        data = data or bytearray(1)
    return data


def read(data: bytearray) -> Message | None:
    """The message and, to the end, its arguments; None if more is waited for."""
    framing = detect(data, LIMITS)
    message = Reader(framing, LIMITS).next(data) if isinstance(framing, Framing) else None
    if message is not None and isinstance(framing, Framing) and message.name in METHODS:
        codec.decode_arguments(wire.method(message.name), message.body, framing.compact)
    return message


@pytest.mark.parametrize("cases", [5_000, pytest.param(1_000_000, marks=[pytest.mark.long, pytest.mark.timeout(1800)])])
def test_changed_calls_are_read_waited_for_or_refused(cases: int) -> None:
    chance, corpus, refused = random.Random(cases), calls(), 0
    for _ in range(cases):
        try:
            read(changed(chance.choice(corpus), chance))
        except (BadMessage, codec.DecodeError):
            refused += 1
    assert cases // 10 < refused < cases


HANDSHAKES = (
    b"\x01\0\0\0\x05PLAIN\x02\0\0\0\x0b\0ann\0secret\0\0\0\x13" + call_bytes("getName"),
    b"\x01\0\0\0\x0aDIGEST-MD5\x02\0\0\0\0\x02\0\0\0\x18username=\"x\",cnonce=\"y\"\0\0\0\0",
    b"POST /metastore HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-thrift\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"13\r\n" + call_bytes("getName") + b"\r\n0\r\n\r\n",
    b"POST /metastore HTTP/1.1\r\nContent-Type: application/x-thrift\r\nExpect: 100-continue\r\nContent-Length: 19\r\n\r\n"
    + call_bytes("getName") + b"GET / HTTP/1.1\r\n\r\n",
    bytes.fromhex("160301002f0100002b0303") + bytes(32) + bytes.fromhex("000004130113020100"),
)  # fmt: skip


@pytest.mark.parametrize("cases", [150, pytest.param(20_000, marks=[pytest.mark.long, pytest.mark.timeout(1800)])])
def test_changed_handshakes_end_their_own_connection_at_most(
    hms_services: Services, tmp_path: Path, caplog: pytest.LogCaptureFixture, cases: int
) -> None:
    chance, made = random.Random(cases), guarded.certificates(tmp_path)
    (tmp_path / "users").write_text(f"ann:{password_hash('secret')}\n")
    thrift = ThriftConfig(
        authentication=("plain", "delegation"),
        users_file=str(tmp_path / "users"),
        tls="optional",
        tls_certificate=str(made.server),
        tls_key=str(made.server_key),
    )
    gates_ = gates(thrift, lambda identifier: (identifier, "secret"))
    patience = Patience(first_byte_seconds=0.3, handshake_seconds=0.3, message_seconds=0.3, idle_seconds=0.3)
    with running(guarded.handlers(hms_services), gates=gates_, patience=patience) as server:
        for _ in range(cases):
            with server.connect() as connection:
                connection.sendall(changed(chance.choice(HANDSHAKES), chance))
        assert eventually(lambda: server.server.connections == 0)
        with server.connect() as connection:
            assert guarded.is_complete(guarded.SaslClient(connection).plain("ann", "secret"))
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
