"""Turns structs and messages into bytes and back, by Apache Thrift's C codec, in the binary or compact protocol."""

import struct
from io import BytesIO
from typing import Any, NoReturn

from catalog_server.wire.bindings import Method, Pair, Probe

CALL, REPLY, EXCEPTION, ONEWAY = 1, 2, 3, 4
UNKNOWN_METHOD, INVALID_MESSAGE_TYPE, INTERNAL_ERROR, PROTOCOL_ERROR = 1, 2, 6, 7

try:
    from thrift.protocol import fastbinary as _fastbinary
except ImportError:
    _fastbinary = None


class DecodeError(ValueError):
    """The bytes are no such struct, for instance because a container holds another type than its field has."""


class ApplicationError(Exception):
    """Answers a call with a TApplicationException of the given type (UNKNOWN_METHOD, INTERNAL_ERROR, ...)."""

    def __init__(self, type: int, message: str) -> None:
        super().__init__(message)
        self.type = type


class _Input:
    """Stands for protocol and transport at once: all that the C codec asks of either."""

    __slots__ = ("container_length_limit", "cstringio_buf", "string_length_limit", "trans")

    def __init__(self, data: bytes) -> None:
        self.cstringio_buf = BytesIO(data)
        self.trans = self
        self.string_length_limit = len(data)
        self.container_length_limit = len(data)

    def cstringio_refill(self, partial: bytes, wanted: int) -> NoReturn:
        raise EOFError(f"{wanted} bytes wanted, {len(partial)} left")


def require() -> None:
    """Raise RuntimeError if Apache Thrift was installed without its C codec."""
    if _fastbinary is None:
        raise RuntimeError(
            "thrift.protocol.fastbinary is missing: install the `thrift` package with its C extension"
            " (a wheel, or a C compiler beside pip); the Thrift server does not run without it"
        )


def encode(value: Any, pair: Pair, compact: bool = False) -> bytes:
    """The bytes of a struct, with its stop byte. Raises TypeError, ValueError or OverflowError for a wrong value."""
    encoder = _fastbinary.encode_compact if compact else _fastbinary.encode_binary
    encoded: bytes = encoder(value, pair)
    return encoded


def decode(data: bytes, pair: Pair, compact: bool = False) -> Any:
    """A new struct of the pair's class from bytes. Raises DecodeError."""
    value = pair[0]()
    decoder = _fastbinary.decode_compact if compact else _fastbinary.decode_binary
    try:
        decoder(value, _Input(data), pair)
    except Exception as error:
        raise DecodeError(str(error)) from error
    return value


def decode_arguments(method: Method, data: bytes, compact: bool = False) -> tuple[Any, Method]:
    """The arguments of a call, and the method or its older variant, whichever the bytes show. Raises DecodeError."""
    if method.probe is not None and method.older is not None:
        probe: Probe = decode(data, method.probe, compact)
        if probe.found():
            method = method.older
    return decode(data, method.arguments, compact), method


def message_header(name: str, kind: int, sequence: int, compact: bool = False) -> bytes:
    """What goes before the struct of a message; `kind` is CALL, REPLY, EXCEPTION or ONEWAY."""
    raw = name.encode()
    if compact:
        return bytes((0x82, kind << 5 | 1)) + varint(sequence & 0xFFFFFFFF) + varint(len(raw)) + raw
    return struct.pack(f">II{len(raw)}si", 0x80010000 | kind, len(raw), raw, sequence)


def application_error(name: str, sequence: int, error: ApplicationError, compact: bool = False) -> bytes:
    """A whole message that answers a call with a TApplicationException."""
    body = encode(_ApplicationErrorStruct(str(error), error.type), _APPLICATION_ERROR, compact)
    return message_header(name, EXCEPTION, sequence, compact) + body


def read_application_error(decoder_input: Any) -> ApplicationError:
    """The TApplicationException that answered a call, read from what `client.Answer` is. Raises what that raises."""
    said = _ApplicationErrorStruct()
    _fastbinary.decode_binary(said, decoder_input, _APPLICATION_ERROR)
    return ApplicationError(said.type, said.message or "")


def read_struct(decoder_input: Any, pair: Pair) -> Any:
    """A struct in the binary protocol, read from what `client.Answer` is as its bytes come. Raises what that raises."""
    value = pair[0]()
    _fastbinary.decode_binary(value, decoder_input, pair)
    return value


def varint(number: int) -> bytes:
    """An unsigned number in groups of seven bits, low ones first."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


class _ApplicationErrorStruct:
    def __init__(self, message: str | None = None, type: int = 0) -> None:
        self.message = message
        self.type = type


_APPLICATION_ERROR: Pair = [
    _ApplicationErrorStruct,
    (None, (1, 11, "message", "UTF8", None), (2, 8, "type", None, 0)),
]
