"""The Thrift server of the Hive Metastore: takes connections and has their calls carried out by registered handlers.

    server = Server({"get_database": get_database, "getName": inline(lambda context, arguments: "catalog")})
    await server.start()
    ...
    await server.stop()

Handlers are described in call.py. A method that is not registered is answered as unknown, which makes clients fall
back to an older one.
"""

import asyncio
import contextlib
import resource
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from catalog_server.catalog.remembered import Scopes
from catalog_server.facades.common.crew import Crew
from catalog_server.facades.common.turns import Turns
from catalog_server.facades.hms.call import Handler, Lane, lane_of
from catalog_server.facades.hms.dispatch import Route, Translate
from catalog_server.facades.hms.remembered import Remembered
from catalog_server.facades.hms.transport.connection import Connection, Patience
from catalog_server.facades.hms.transport.doors import open_door
from catalog_server.facades.hms.transport.gates import Gates
from catalog_server.facades.hms.transport.scanner import Door, Limits
from catalog_server.wire import codec
from catalog_server.wire import hive_metastore as wire

_LOGIN_THREADS = 2
_FILES_SPARED = 256
"""Open files left to the rest of the process when connections are limited by what the system allows."""


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Where to listen and what a client may ask of the server; port 0 takes a free one."""

    host: str = "127.0.0.1"
    port: int = 9083
    reuse_port: bool = False
    threads: int = 8
    threads_large: int = 2
    connections_max: int = 4096
    connections_per_peer_max: int = 2048
    requests_bytes_max: int = 256 * 1024 * 1024
    """What all unfinished requests together may hold; the client that exceeds it is dropped."""
    spool_memory_bytes: int = 4 * 1024 * 1024
    """What one streamed answer may hold in memory while its client is slow; the rest goes to a temporary file."""
    limits: Limits = field(default_factory=Limits)
    patience: Patience = field(default_factory=Patience)
    gates: Gates = field(default_factory=Gates)


class Server:
    """Listens on one address; lives on one event loop, asyncio's own or uvloop's."""

    def __init__(
        self,
        handlers: Mapping[str, Handler],
        settings: ServerSettings | None = None,
        translate: Translate | None = None,
        remembered: Remembered | None = None,
    ) -> None:
        """`remembered` gives answers again that were given before.

        `translate` is given errors that are no Thrift exceptions, with the method, and returns one that it declares.

        Raises RuntimeError without Thrift's C codec, ValueError for a handler of a method that does not exist.
        """
        codec.require()
        self.settings = settings or ServerSettings()
        unknown = sorted(handlers.keys() - set(wire.BINDINGS.method_names()))
        if unknown:
            raise ValueError(f"no version of Hive has the methods {', '.join(unknown)}")
        self._handlers = dict(handlers)
        self._translate = translate
        self.remembered = remembered
        self.turns = Turns()
        self._routes: dict[str, tuple[Route, Lane, Crew | None]] = {}
        self._crews: dict[Lane, Crew] = {}
        self._logins: ThreadPoolExecutor | None = None
        self._connections: set[Connection] = set()
        self._peers: Counter[str] = Counter()
        self._connections_max = min(self.settings.connections_max, _files_max())
        self._clients = self._held_bytes = 0
        self._listener: asyncio.Server | None = None
        self._sweeper: asyncio.Task[None] | None = None
        self._empty = asyncio.Event()

    async def start(self) -> tuple[str, int]:
        """Listen, and return the address and port. Raises OSError if the port is taken."""
        settings = self.settings
        self._crews = {
            Lane.ORDINARY: Crew(settings.threads, "hms"),
            Lane.LARGE: Crew(settings.threads_large, "hms-large"),
        }
        self._listener = await asyncio.get_running_loop().create_server(
            lambda: Connection(self, settings.limits, settings.patience, settings.spool_memory_bytes),
            settings.host,
            settings.port,
            backlog=1024,
            reuse_port=settings.reuse_port or None,
        )
        self._sweeper = asyncio.create_task(self._sweep())
        host, port = self._listener.sockets[0].getsockname()[:2]
        return host, port

    async def stop(self, grace_seconds: float = 10.0) -> None:
        """Take no more connections or calls, answer those in flight, then close; after the grace, without answer."""
        if self._listener is not None:
            self._listener.close()
        for connection in list(self._connections):
            connection.finish()
        if self._connections:
            self._empty.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._empty.wait(), grace_seconds)
        for connection in list(self._connections):
            connection.abort()
        if self._sweeper is not None:
            self._sweeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sweeper
        for crew in self._crews.values():
            crew.shutdown()
        if self._logins is not None:
            self._logins.shutdown(wait=False, cancel_futures=True)
        if self.remembered is not None:
            self.remembered.freshness.close()

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return len(self._connections)

    def route(self, name: str) -> tuple[Route | None, Lane, Crew | None]:
        """Who serves a method, in which lane and by which threads; None if nobody does."""
        found = self._routes.get(name)
        if found is not None:
            return found
        handler = self._handlers.get(name)
        if handler is None:
            return None, Lane.INLINE, None
        lane = lane_of(handler)
        route = Route(wire.method(name), handler, self._translate, self._scopes(handler))
        self._routes[name] = found = route, lane, self._crews.get(lane)
        return found

    def _scopes(self, handler: Handler) -> Callable[[Any], Scopes | None] | None:
        rests_upon = getattr(handler, "rests_upon", None)
        if self.remembered is None or rests_upon is None:
            return None
        return partial(self.remembered.scopes, rests_upon)

    def admit(self, connection: Connection) -> bool:
        """Count a connection in, unless there are too many of all or of its peer."""
        peer = connection.context.peer
        full = len(self._connections) >= self._connections_max
        if full or self._peers[peer] >= self.settings.connections_per_peer_max:
            return False
        self._clients += 1
        connection.context.client = self._clients
        self._connections.add(connection)
        self._peers[peer] += 1
        return True

    @property
    def logins(self) -> ThreadPoolExecutor:
        """The few threads in which credentials are checked, so that wrong ones hold up no call."""
        if self._logins is None:
            self._logins = ThreadPoolExecutor(_LOGIN_THREADS, "hms-login")
        return self._logins

    def open_door(self, door: Door, connection: Connection, transport: asyncio.Transport, head: bytes) -> None:
        """Let a client in that began with TLS, SASL or HTTP. Raises BadMessage."""
        open_door(self.settings.gates, door, connection, transport, head)

    def exchange(self, before: Connection, after: Connection) -> None:
        """A connection takes the place of another, as the same client."""
        self._connections.discard(before)
        self._connections.add(after)

    def forget(self, connection: Connection) -> None:
        """Count a connection out, if it was admitted."""
        if connection in self._connections:
            self._connections.remove(connection)
            self.turns.leave(connection.context.client)
            self._peers[connection.context.peer] -= 1
            if not self._peers[connection.context.peer]:
                del self._peers[connection.context.peer]
        if not self._connections:
            self._empty.set()

    def hold(self, count: int) -> bool:
        """Count bytes of unfinished requests, in or out; False if there are now too many."""
        self._held_bytes += count
        return self._held_bytes <= self.settings.requests_bytes_max

    async def _sweep(self) -> None:
        """Drop clients whose deadline has passed; one look at all of them costs less than a timer for each call."""
        patience, loop = self.settings.patience, asyncio.get_running_loop()
        shortest = min(patience.first_byte_seconds, patience.message_seconds, patience.write_seconds)
        shortest = min(shortest, patience.handshake_seconds)
        while True:
            await asyncio.sleep(max(0.01, min(1.0, shortest / 4, patience.idle_seconds / 4)))
            now = loop.time()
            for connection in list(self._connections):
                if connection.deadline is not None and connection.deadline < now:
                    connection.expire()


def _files_max() -> int:
    """How many connections the system's limit of open files allows, once it is raised as far as it may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
    return 1 << 30 if soft == resource.RLIM_INFINITY else max(64, soft - _FILES_SPARED)
