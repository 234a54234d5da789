"""A Thrift server on a free port for one test, and clients that speak to it."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from thrift.protocol.TBinaryProtocol import TBinaryProtocol, TBinaryProtocolAccelerated
from thrift.protocol.TCompactProtocol import TCompactProtocol, TCompactProtocolAccelerated
from thrift.transport.TSocket import TSocket
from thrift.transport.TTransport import TBufferedTransport, TFramedTransport

from catalog_server.facades.hms.call import Handler
from catalog_server.facades.hms.dispatch import Translate
from catalog_server.facades.hms.transport.server import Server, ServerSettings
from catalog_server.wire import codec
from catalog_server.wire import hive_metastore as wire

PROTOCOLS = {
    "binary": TBinaryProtocolAccelerated,
    "binary in Python": TBinaryProtocol,
    "compact": TCompactProtocolAccelerated,
    "compact in Python": TCompactProtocol,
}
TRANSPORTS = {"unframed": TBufferedTransport, "framed": TFramedTransport}


class Running:
    """A server on an event loop of its own thread."""

    def __init__(self, server: Server, loop: asyncio.AbstractEventLoop) -> None:
        self.server, self._loop = server, loop
        self.host, self.port = self.run(server.start())

    def run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    def connect(self) -> socket.socket:
        return socket.create_connection((self.host, self.port), 20)

    @contextmanager
    def protocol(self, protocol: str = "binary", transport: str = "unframed") -> Iterator[Any]:
        """One of Apache Thrift's own protocol objects over a connection."""
        opened = TRANSPORTS[transport](TSocket(self.host, self.port))
        opened.open()
        try:
            yield PROTOCOLS[protocol](opened)
        finally:
            opened.close()


@contextmanager
def running(
    handlers: Mapping[str, Handler],
    translate: Translate | None = None,
    loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop,
    **settings: Any,
) -> Iterator[Running]:
    """Serve the handlers until the block ends."""
    event_loop = loop()
    thread = threading.Thread(target=event_loop.run_forever)
    thread.start()
    try:
        started = Running(Server(handlers, ServerSettings(port=0, **settings), translate), event_loop)
        try:
            yield started
        finally:
            started.run(started.server.stop(5))
    finally:
        event_loop.call_soon_threadsafe(event_loop.stop)
        thread.join(10)
        event_loop.close()


def call_bytes(
    name: str, sequence: int = 1, kind: int = codec.CALL, compact: bool = False, /, **arguments: Any
) -> bytes:
    """A whole call of a method, unframed."""
    method = wire.method(name)
    body = codec.encode(method.arguments[0](**arguments), method.arguments, compact)
    return codec.message_header(name, kind, sequence, compact) + body


def call(protocol: Any, name: str, /, **arguments: Any) -> Any:
    """Call a method as Apache Thrift's generated clients do. Returns its value or raises what was answered."""
    from thrift.Thrift import TApplicationException

    method = wire.method(name)
    protocol.writeMessageBegin(name, codec.CALL, 5)
    method.arguments[0](**arguments).write(protocol)
    protocol.writeMessageEnd()
    protocol.trans.flush()
    answered, kind, sequence = protocol.readMessageBegin()
    assert (answered, sequence) == (name, 5)
    if kind == codec.EXCEPTION:
        error = TApplicationException()
        error.read(protocol)
        raise error
    result = method.result[0]()
    result.read(protocol)
    protocol.readMessageEnd()
    for field in method.throws.values():
        if getattr(result, field) is not None:
            raise getattr(result, field)
    return getattr(result, "success", None)


def received(connection: socket.socket) -> bytes:
    """All that comes until the server closes the connection."""
    pieces = []
    try:
        while piece := connection.recv(1 << 16):
            pieces.append(piece)
    except ConnectionResetError:
        pass
    return b"".join(pieces)


def eventually(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether the condition holds before the time is over."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True
