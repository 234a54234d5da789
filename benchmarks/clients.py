"""Clients of a server in processes of their own, so that eight of them can keep it busy; the one of a metastore."""

from __future__ import annotations

import multiprocessing
import random
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, NamedTuple

from thrift.protocol.TBinaryProtocol import TBinaryProtocolAccelerated
from thrift.Thrift import TApplicationException
from thrift.transport.TTransport import TBufferedTransport, TTransportBase

from catalog_server.wire import codec
from catalog_server.wire import hive_metastore as wire

_START_SECONDS = 60.0
_RECEIVE_BYTES = 1 << 18


class Counted(TTransportBase):
    """A socket that counts what goes through it."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), 600)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent = self.received = 0

    def isOpen(self) -> bool:  # noqa: N802
        return True

    def close(self) -> None:
        self._socket.close()

    def read(self, size: int) -> bytes:
        data = self._socket.recv(max(size, _RECEIVE_BYTES))
        if not data:
            raise EOFError("the server hung up")
        self.received += len(data)
        return data

    def write(self, data: bytes) -> None:
        self.sent += len(data)
        self._socket.sendall(data)

    def flush(self) -> None:
        pass


class Client:
    """One connection; every method of the metastore is a method here, with its arguments by place or by name."""

    def __init__(self, port: int) -> None:
        self.wire = Counted(port)
        self._protocol = TBinaryProtocolAccelerated(TBufferedTransport(self.wire, _RECEIVE_BYTES))
        self.calls = 0

    def __getattr__(self, name: str) -> Callable[..., Any]:
        names = [field[2] for field in wire.method(name).arguments[1] if field is not None]

        def method(*values: Any, **named: Any) -> Any:
            return self.call(name, dict(zip(names, values, strict=False)) | named)

        self.__dict__[name] = method
        return method

    def call(self, name: str, arguments: dict[str, Any]) -> Any:
        """Call a method; returns its value or raises what was answered."""
        self.calls += 1
        method, protocol = wire.method(name), self._protocol
        body = codec.encode(method.arguments[0](**arguments), method.arguments)
        self.wire.write(codec.message_header(name, codec.CALL, 1) + body)
        _, kind, _ = protocol.readMessageBegin()
        if kind == codec.EXCEPTION:
            error = TApplicationException()
            error.read(protocol)
            raise error
        result = method.result[0]()
        result.read(protocol)
        for field in method.throws.values():
            if getattr(result, field) is not None:
                raise getattr(result, field)
        return getattr(result, "success", None)

    def drain(self, name: str, arguments: dict[str, Any]) -> int:
        """Call a method and throw its answer away; returns how many bytes it had.

        Where the answer ends is known by a second call behind it, whose answer can be told by its number.
        """
        self.calls += 1
        method = wire.method(name)
        number = random.randrange(1 << 24, 1 << 30)
        body = codec.encode(method.arguments[0](**arguments), method.arguments)
        ask = wire.method("getVersion")
        after = codec.message_header("getVersion", codec.CALL, number) + codec.encode(ask.arguments[0](), ask.arguments)
        self.wire.write(codec.message_header(name, codec.CALL, 1) + body + after)
        mark = codec.message_header("getVersion", codec.REPLY, number)
        end, received = b"", 0
        while mark not in end:
            data = self.wire.read(_RECEIVE_BYTES)
            received += len(data)
            end = (end + data)[-1024:]
        return received


Work = Callable[[Any, random.Random, Any], None]
"""What is timed: one call, or the few that belong together."""


class Timed(NamedTuple):
    """What one client did: the seconds of each call, bytes both ways and messages."""

    seconds: list[float]
    sent: int
    received: int
    messages: int


def _client(connect: Callable[[], Any], number: int, pipe: Connection) -> None:
    """In a process: prepare and carry out what the pipe says, until it closes."""
    client, state = connect(), None
    random_numbers = random.Random(number)
    with suppress(EOFError):
        while True:
            order, work, argument = pipe.recv()
            try:
                if order == "prepare":
                    state, answer = work(client, number), None
                else:
                    answer = _timed(client, work, random_numbers, state, *argument)
            except Exception as error:  # the parent is to hear of it, whatever it was
                answer = RuntimeError(f"{type(error).__name__}: {error!r}")
            pipe.send(answer)


def _timed(client: Any, work: Work, numbers: random.Random, state: Any, seconds: float, least: int, most: int) -> Timed:
    took: list[float] = []
    sent, received, messages = client.wire.sent, client.wire.received, client.calls
    began = time.perf_counter()
    while len(took) < most and (len(took) < least or time.perf_counter() - began < seconds):
        start = time.perf_counter()
        work(client, numbers, state)
        took.append(time.perf_counter() - start)
    return Timed(took, client.wire.sent - sent, client.wire.received - received, client.calls - messages)


class Clients:
    """So many clients of one server, as `connect` makes them; what is asked of them must be importable.

    A client counts: `wire.sent` and `wire.received` in bytes, and `calls`.
    """

    def __init__(self, connect: Callable[[], Any], count: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipes: list[Connection] = []
        self._processes = []
        for number in range(count):
            mine, theirs = context.Pipe()
            process = context.Process(target=_client, args=(connect, number, theirs), daemon=True)
            process.start()
            theirs.close()
            self._pipes.append(mine)
            self._processes.append(process)

    def __enter__(self) -> Clients:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join(10)
            process.kill()

    def prepare(self, work: Callable[[Any, int], Any]) -> None:
        """Have each client make what its calls need."""
        self._ask("prepare", work, None, len(self._pipes))

    def run(self, work: Work, count: int, seconds: float, least: int = 1, most: int = 1 << 30) -> list[Timed]:
        """Have `count` clients repeat `work` for so many seconds, at least and at most so many times each."""
        return self._ask("run", work, (seconds, least, most), count)

    def _ask(self, order: str, work: Any, argument: Any, count: int) -> Any:
        pipes = self._pipes[:count]
        for pipe in pipes:
            pipe.send((order, work, argument))
        answers = [pipe.recv() for pipe in pipes]
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return answers
