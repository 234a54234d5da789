"""The scanner finds the messages in a stream however it is cut, and refuses what cannot be one."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog_server.facades.hms.transport.scanner import (
    BadMessage,
    BinaryScanner,
    CompactScanner,
    Door,
    Framing,
    Limits,
    Message,
    Reader,
    detect,
)
from catalog_server.wire import codec
from catalog_server.wire import hive_metastore as wire
from tests.wire.samples import structs

LIMITS = Limits()
METHODS = sorted(wire.BINDINGS.method_names())
FRAMINGS = [Framing(framed, compact) for framed in (False, True) for compact in (False, True)]
EMPTY = b"\x80\x01\x00\x01\x00\x00\x00\x01x\x00\x00\x00\x01"
COMPACT_EMPTY = b"\x82\x21\x01\x01x"


@st.composite
def messages(draw: st.DrawFn, compact: bool) -> tuple[bytes, Message]:
    method = wire.method(draw(st.sampled_from(METHODS)))
    body = codec.encode(draw(structs(method.arguments)), method.arguments, compact)
    sequence = draw(st.integers(0, 2**31 - 1))
    header = codec.message_header(method.name, codec.CALL, sequence, compact)
    return header + body, Message(method.name, codec.CALL, sequence, body)


def read_all(reader: Reader, buffer: bytearray) -> list[Message]:
    return list(iter(lambda: reader.next(buffer), None))


def framed(data: bytes, framing: Framing) -> bytes:
    return len(data).to_bytes(4, "big") + data if framing.framed else data


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), framing=st.sampled_from(FRAMINGS))
def test_any_cutting_of_a_stream_gives_the_same_messages(data: st.DataObject, framing: Framing) -> None:
    sent = data.draw(st.lists(messages(framing.compact), min_size=1, max_size=3))
    stream = b"".join(framed(raw, framing) for raw, _ in sent)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(stream)), max_size=20)) | {len(stream)})
    reader, buffer, found, start = Reader(framing, LIMITS), bytearray(), [], 0
    assert detect(stream, LIMITS) == framing
    for cut in cuts:
        buffer += stream[start:cut]
        start = cut
        found += read_all(reader, buffer)
    assert found == [message for _, message in sent]
    assert not buffer


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), framing=st.sampled_from(FRAMINGS))
def test_a_truncated_message_is_waited_for(data: st.DataObject, framing: Framing) -> None:
    raw, _ = data.draw(messages(framing.compact))
    stream = framed(raw, framing)
    cut = data.draw(st.integers(0, len(stream) - 1))
    assert Reader(framing, LIMITS).next(bytearray(stream[:cut])) is None


@settings(max_examples=300, deadline=None)
@given(data=st.binary(max_size=300), framing=st.sampled_from(FRAMINGS))
def test_random_bytes_end_in_a_message_in_waiting_or_in_a_refusal(data: bytes, framing: Framing) -> None:
    head = COMPACT_EMPTY if framing.compact else EMPTY
    buffer = bytearray(framed(head + data, framing))
    reader = Reader(framing, LIMITS)
    try:
        read_all(reader, buffer)
    except BadMessage:
        return
    assert len(buffer) <= len(data) + len(head) + 4


def test_a_large_message_in_many_pieces_is_walked_once() -> None:
    method = wire.method("get_partitions_by_names")
    arguments = method.arguments[0](db_name="d", tbl_name="t", names=[f"part={number}" for number in range(20_000)])
    for compact, scanner in ((False, BinaryScanner(LIMITS)), (True, CompactScanner(LIMITS))):
        data = codec.message_header(method.name, 1, 1, compact) + codec.encode(arguments, method.arguments, compact)
        buffer, positions = bytearray(), []
        for start in range(0, len(data), 1000):
            buffer += data[start : start + 1000]
            whole = scanner.scan(buffer)
            positions.append(scanner.position)
            assert len(buffer) - scanner.position < 100  # what has come is behind it
        assert whole
        assert positions == sorted(positions)


STRING, STRUCT, MAP, SET, LIST = b"\x0b\x00\x01", b"\x0c\x00\x01", b"\x0d\x00\x01", b"\x0e\x00\x01", b"\x0f\x00\x01"
REFUSED = {
    "a string of 2 GiB": EMPTY + STRING + b"\x7f\xff\xff\xff",
    "a string of negative length": EMPTY + STRING + b"\xff\xff\xff\xff",
    "a list of 2 G strings": EMPTY + LIST + b"\x0b\x7f\xff\xff\xff",
    "a list of negative size": EMPTY + LIST + b"\x0b\xff\xff\xff\xff",
    "a list of more structs than the limit has bytes": EMPTY + LIST + b"\x0c\x01\x00\x00\x00",
    "a set of 2 G numbers": EMPTY + SET + b"\x0a\x7f\xff\xff\xff",
    "a map of 2 G entries": EMPTY + MAP + b"\x0b\x0b\x7f\xff\xff\xff",
    "more elements than are allowed": EMPTY + LIST + b"\x0b\x00\x0f\x42\x41",
    "elements of no type": EMPTY + LIST + b"\x05\x00\x00\x00\x01",
    "a field of no type": EMPTY + b"\x7f\x00\x01",
    "structs 100,000 deep": EMPTY + STRUCT * 100_000,
    "lists 100,000 deep": EMPTY + LIST + b"\x0f\x00\x00\x00\x01" * 100_000,
    "a name of 2 GiB": b"\x80\x01\x00\x01\x7f\xff\xff\xff",
    "a name of negative length": b"\x80\x01\x00\x01\xff\xff\xff\xff",
    "another message after it": EMPTY + b"\x00" + b"\x81\x01\x00\x01\x00\x00\x00\x01",
    "compact: a string of 4 GiB": COMPACT_EMPTY + b"\x18\xff\xff\xff\xff\x0f",
    "compact: an endless number": COMPACT_EMPTY + b"\x16" + b"\xff" * 11,
    "compact: an endless length": COMPACT_EMPTY + b"\x18" + b"\xff" * 6,
    "compact: a list of 4 G structs": COMPACT_EMPTY + b"\x19\xfc\xff\xff\xff\xff\x0f",
    "compact: a map of 4 G entries": COMPACT_EMPTY + b"\x1b\xff\xff\xff\xff\x0f\x88",
    "compact: structs 100,000 deep": COMPACT_EMPTY + b"\x1c" * 100_000,
    "compact: a field of no type": COMPACT_EMPTY + b"\x1f",
    "compact: elements of no type": COMPACT_EMPTY + b"\x19\x1e",
    "compact: a name of 4 GiB": b"\x82\x21\x01\xff\xff\xff\xff\x0f",
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED.keys())
def test_bytes_that_declare_too_much_are_refused_before_they_come(data: bytes) -> None:
    reader = Reader(Framing(framed=False, compact=data[0] == 0x82), LIMITS)
    buffer = bytearray(data)
    with pytest.raises(BadMessage):
        read_all(reader, buffer)


def test_a_frame_holds_one_message_exactly() -> None:
    for length, payload in ((20, EMPTY + b"\0" * 7), (13, EMPTY), (2**31 - 1, EMPTY), (0, b"\0" * 20)):
        with pytest.raises(BadMessage):
            Reader(Framing(framed=True, compact=False), LIMITS).next(bytearray(length.to_bytes(4, "big") + payload))


def test_a_message_longer_than_the_limit_is_refused_where_it_exceeds_it() -> None:
    limits = Limits(message_bytes=1000)
    for size, refused in ((900, False), (1000, True)):
        reader = Reader(Framing(framed=False, compact=False), limits)
        buffer = bytearray(EMPTY + STRING + size.to_bytes(4, "big"))
        if refused:
            with pytest.raises(BadMessage, match="more than 1000 bytes"):
                reader.next(buffer)
        else:
            assert reader.next(buffer) is None


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (b"\x00\x00\x00\x09get_table", "non-strict"),
        (b"\x7f\xff\xff\xff\x80\x01", "no Thrift message begins"),
        (b"\x80\x02", "version 1"),
        (b"\x82\x22", "version 1"),
        (b"\x00\xff\xff\xff\x0d", "non-strict"),
    ],
)
def test_clients_that_speak_otherwise_are_refused(head: bytes, reason: str) -> None:
    with pytest.raises(BadMessage, match=reason):
        detect(head, LIMITS)


@pytest.mark.parametrize(
    ("head", "door"),
    [
        (b"\x01\x00\x00\x00\x05PLAIN", Door.SASL),
        (b"\x16\x03\x01", Door.TLS),
        (b"GET / HTTP/1.1", Door.HTTP),
        (b"POST /", Door.HTTP),
    ],
)
def test_clients_that_begin_with_another_protocol_are_told_apart(head: bytes, door: Door) -> None:
    assert detect(head, LIMITS) is door


@pytest.mark.parametrize("head", [b"\x80", b"\x82", b"\x00", b"\x00\x00\x00\x10", b"\x01\x00\x00"])
def test_too_few_bytes_are_no_reason_to_refuse(head: bytes) -> None:
    assert detect(head, LIMITS) is None
