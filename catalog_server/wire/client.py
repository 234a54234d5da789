"""A client of a Hive metastore: one connection, unframed binary Thrift, every call within a deadline."""

from __future__ import annotations

import socket
import struct
import time
from io import BytesIO
from typing import Any

from catalog_server.wire import codec
from catalog_server.wire import hive_metastore as wire

ANSWER_BYTES_MAX = 1 << 30
"""A longer answer is taken for nonsense and ends the connection."""
_RECEIVE_BYTES = 1 << 18


class Broken(Exception):
    """The connection cannot be used any more: refused, closed, too slow, or what came is no answer."""


class Answer:
    """An answer as its bytes come, in the form that the C codec reads from: see `codec.read_struct`."""

    __slots__ = ("_connection", "_deadline", "_left", "container_length_limit", "cstringio_buf", "string_length_limit")

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self._connection = connection
        self._deadline = deadline
        self._left = ANSWER_BYTES_MAX
        self.cstringio_buf = BytesIO()
        self.string_length_limit = ANSWER_BYTES_MAX
        self.container_length_limit = ANSWER_BYTES_MAX

    @property
    def trans(self) -> Answer:
        """The codec asks a protocol for its transport: this is both."""
        return self

    def cstringio_refill(self, partial: bytes, wanted: int) -> BytesIO:
        """What is left over and at least so many bytes in all; the codec calls this when it has read everything."""
        pieces, have = [partial], len(partial)
        while have < wanted:
            piece = _receive(self._connection, self._deadline)
            self._left -= len(piece)
            if self._left < 0:
                raise Broken(f"the answer is longer than {ANSWER_BYTES_MAX} bytes")
            pieces.append(piece)
            have += len(piece)
        self.cstringio_buf = BytesIO(b"".join(pieces))
        return self.cstringio_buf

    def take(self, count: int) -> bytes:
        """So many bytes."""
        found = self.cstringio_buf.read(count)
        if len(found) < count:
            found = self.cstringio_refill(found, count).read(count)
        return found


class Client:
    """One connection, for one thread at a time. After `Broken` it is closed and of no more use."""

    def __init__(self, host: str, port: int, deadline: float) -> None:
        """Connect; `deadline` is a time of `time.monotonic()`. Raises `Broken`."""
        codec.require()
        try:
            self._connection = socket.create_connection((host, port), _left(deadline))
        except OSError as error:
            raise Broken(_said(error)) from error
        self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sequence = 0

    def call(self, name: str, deadline: float, /, *values: Any, **named: Any) -> Any:
        """Call a method with its arguments by place or name, to be answered before `deadline`.

        Raises the exceptions that the method declares, `codec.ApplicationError` (UNKNOWN_METHOD where the server is too
        old or too new for it) and `Broken`.
        """
        method = wire.method(name)
        fields = [field[2] for field in method.arguments[1] if field is not None]
        arguments = method.arguments[0](**dict(zip(fields, values, strict=False)), **named)
        self._sequence += 1
        message = codec.message_header(name, codec.CALL, self._sequence) + codec.encode(arguments, method.arguments)
        try:
            self._connection.settimeout(_left(deadline))
            self._connection.sendall(message)
            answer = Answer(self._connection, deadline)
            kind = self._header(answer, name)
            if kind == codec.EXCEPTION:
                raise codec.read_application_error(answer)
            result = codec.read_struct(answer, method.result)
        except codec.ApplicationError:
            raise
        except Broken:
            self.close()
            raise
        except Exception as error:  # of the socket, or of the codec over bytes that are no answer
            self.close()
            raise Broken(_said(error)) from error
        for field in method.throws.values():
            raised = getattr(result, field)
            if raised is not None:
                raise raised
        return getattr(result, "success", None)

    def _header(self, answer: Answer, name: str) -> int:
        version, length = struct.unpack(">II", answer.take(8))
        if version >> 16 != 0x8001 or length != len(name.encode()):
            raise Broken("what answers is no Hive metastore that speaks plain binary Thrift")
        answered, sequence = answer.take(length), struct.unpack(">i", answer.take(4))[0]
        if answered != name.encode() or sequence != self._sequence:
            raise Broken(f"asked {name} and was answered {answered[:40]!r}")
        return int(version & 0xFF)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


def _receive(connection: socket.socket, deadline: float) -> bytes:
    try:
        connection.settimeout(_left(deadline))
        piece = connection.recv(_RECEIVE_BYTES)
    except OSError as error:
        raise Broken(_said(error)) from error
    if not piece:
        raise Broken("the connection was closed")
    return piece


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise Broken("no answer in time")
    return left


def _said(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError):
        return (error.strerror or str(error)).lower()
    return f"what came is no answer: {error}"
