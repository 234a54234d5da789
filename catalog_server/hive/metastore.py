"""A metastore that is not ours: its addresses, a few connections to it, a deadline for every call, and a circuit breaker."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from catalog_server.model.errors import CatalogError, Invalid, NotFound, Unavailable
from catalog_server.wire import codec
from catalog_server.wire import hive_metastore as wire
from catalog_server.wire.bindings import ThriftError
from catalog_server.wire.client import Broken, Client

PORT = 9083
DEADLINE_SECONDS = 5.0
CONNECTIONS_MAX = 4
"""Calls to one metastore at a time; further ones wait for their turn, within their deadline."""
WAITING_MAX = 4
"""Calls that wait for a turn; further ones are refused at once, so that no source holds all threads of the server."""
BREAKER_SECONDS = 10.0
"""After a failed call no other is tried for so long; then one is, and the others when it succeeds."""


class UnknownMethod(CatalogError):
    """The metastore does not serve a method: it is too old for it, or too new."""


class Refused(CatalogError):
    """The metastore answered with an exception that is none of the catalog's own errors."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a metastore listens."""

    host: str
    port: int


def parse_addresses(uri: str) -> tuple[Address, ...]:
    """The addresses in `thrift://host:9083[,thrift://...]`; raises `Invalid`."""
    found = []
    for part in uri.split(","):
        try:
            said = urlsplit(part.strip())
            host, port = said.hostname, said.port or PORT
        except ValueError as error:
            raise Invalid("uri", f"{part.strip()!r}: {error}") from error
        if said.scheme != "thrift" or not host or said.path.strip("/") or said.query or said.username:
            raise Invalid("uri", f"{part.strip()!r} is not of the form thrift://host:port")
        found.append(Address(host, port))
    return tuple(found)


class Breaker:
    """Remembers that calls fail, so that the next ones need not wait to find out."""

    def __init__(self, seconds: float = BREAKER_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._open_until = 0.0
        self._why = ""

    def enter(self, name: str) -> None:
        """Ask whether a call may be tried; raises `Unavailable` where it may not. After the pause one caller may."""
        with self._lock:
            if not self._why:
                return
            left = self._open_until - self._clock()
            if left > 0:
                raise Unavailable(f"{name} does not answer: {self._why}; it is tried again in {left:.0f} s")
            self._open_until = self._clock() + self._seconds

    def failed(self, why: str) -> None:
        """Let no call through for a while."""
        with self._lock:
            self._why, self._open_until = why, self._clock() + self._seconds

    def succeeded(self) -> None:
        """Let all calls through."""
        self._why = ""


class Metastore:
    """Calls of one metastore, from many threads; raises only errors of the catalog."""

    def __init__(
        self,
        name: str,
        uri: str,
        *,
        deadline_seconds: float = DEADLINE_SECONDS,
        connections_max: int = CONNECTIONS_MAX,
        waiting_max: int = WAITING_MAX,
        breaker: Breaker | None = None,
    ) -> None:
        """`name` says in messages what does not answer. Raises `Invalid` for a URI that names no addresses."""
        self.name = name
        self.uri = uri
        self.deadline_seconds = deadline_seconds
        self._addresses: Sequence[Address] = parse_addresses(uri)
        self._breaker = breaker or Breaker()
        self._turns = threading.BoundedSemaphore(connections_max)
        self._places = threading.BoundedSemaphore(connections_max + waiting_max)
        self._idle: list[Client] = []
        self._lock = threading.Lock()
        self._closed = False

    def call(self, method: str, *values: Any, **named: Any) -> Any:
        """Call a method of the metastore, with its arguments by place or by name, within the deadline.

        Raises `NotFound`, `UnknownMethod`, `Refused` for any other exception of the metastore, `Unavailable` when it does
        not answer in time or did not a moment ago.
        """
        deadline = time.monotonic() + self.deadline_seconds
        self._breaker.enter(f"{self.name} ({self.uri})")
        if not self._places.acquire(blocking=False):
            raise Unavailable(f"{self.name} ({self.uri}) is busy with other calls")
        try:
            if not self._turns.acquire(timeout=self.deadline_seconds):
                raise Unavailable(f"{self.name} ({self.uri}) is busy with other calls")
            try:
                self._breaker.enter(f"{self.name} ({self.uri})")
                return self._tried(method, deadline, values, named)
            finally:
                self._turns.release()
        finally:
            self._places.release()

    def _tried(self, method: str, deadline: float, values: Sequence[Any], named: dict[str, Any]) -> Any:
        while True:
            client, fresh = self._client(deadline)
            try:
                answer = client.call(method, deadline, *values, **named)
            except Broken as error:
                if not fresh and time.monotonic() < deadline:
                    continue  # the metastore closed a connection that had been idle: reads may be tried again
                raise self._unanswered(str(error)) from error
            except codec.ApplicationError as error:
                self._give_back(client)
                if error.type == codec.UNKNOWN_METHOD:
                    raise UnknownMethod(f"{self.name} ({self.uri}) has no method {method}") from error
                raise Refused(f"{self.name} ({self.uri}) answered {method} with an internal error: {error}") from error
            except Exception as error:
                self._give_back(client)
                raise self._translated(method, error) from error
            self._give_back(client)
            return answer

    def _client(self, deadline: float) -> tuple[Client, bool]:
        with self._lock:
            if self._idle:
                return self._idle.pop(), False
        said = []
        left = max(0.0, deadline - time.monotonic())
        for place, address in enumerate(self._addresses):
            share = time.monotonic() + left / len(self._addresses) if place + 1 < len(self._addresses) else deadline
            try:
                return Client(address.host, address.port, share), True
            except Broken as error:
                said.append(str(error))
        raise self._unanswered("; ".join(dict.fromkeys(said)))

    def _give_back(self, client: Client) -> None:
        self._breaker.succeeded()
        with self._lock:
            if not self._closed:
                self._idle.append(client)
                return
        client.close()

    def _unanswered(self, why: str) -> Unavailable:
        self._breaker.failed(why)
        return Unavailable(f"{self.name} ({self.uri}) does not answer: {why}")

    def _translated(self, method: str, error: Exception) -> Exception:
        missing = (wire.NoSuchObjectException, wire.UnknownDBException, wire.UnknownTableException)
        if isinstance(error, missing):
            return NotFound("object", str(error) or method)
        if isinstance(error, ThriftError):
            return Refused(f"{self.name} ({self.uri}) answered {method} with {type(error).__name__}: {error}")
        return error

    def close(self) -> None:
        """Hang up; calls in flight are finished."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for client in idle:
            client.close()
