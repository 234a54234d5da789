"""Connections to PostgreSQL, kept between transactions as they are: SQLAlchemy's own checking in and out costs more."""

from __future__ import annotations

import select
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import Connection, Engine

_IDLE = 0


class Pool:
    """Gives connections of an engine to one user at a time; from many threads."""

    def __init__(self, engine: Engine, kept_max: int) -> None:
        self._engine = engine
        self._kept_max = kept_max
        self._kept: deque[Connection] = deque()

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection that no transaction runs on. Raises what SQLAlchemy raises when none can be had."""
        connection = self._take()
        try:
            yield connection
        finally:
            self._give_back(connection)

    def _take(self) -> Connection:
        while True:
            try:
                connection = self._kept.pop()
            except IndexError:
                return self._engine.connect()
            if is_alive(connection.connection.driver_connection):
                return connection
            _discard(connection)

    def _give_back(self, connection: Connection) -> None:
        if connection.in_transaction():
            with suppress(Exception):  # the connection is gone, or in the midst of something
                connection.rollback()
        if connection.closed or connection.invalidated or not _is_idle(connection):
            _discard(connection)
        elif len(self._kept) < self._kept_max:
            self._kept.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        """Give all back to the engine."""
        while self._kept:
            _discard(self._kept.pop())


def is_alive(driver: Any) -> bool:
    """Whether nothing has come on a connection while nobody asked: that the server hung up.

    Asking the server instead would cost every transaction a round trip.
    """
    if driver.closed:
        return False
    poll = select.poll()
    poll.register(driver.pgconn.socket, select.POLLIN)
    return not poll.poll(0)


def _is_idle(connection: Connection) -> bool:
    raw = connection.connection.driver_connection.pgconn  # type: ignore[union-attr]
    return bool(raw.transaction_status == _IDLE and raw.pipeline_status == _IDLE)


def _discard(connection: Connection) -> None:
    """Hang up, and let the engine make another connection when one is wanted."""
    with suppress(Exception):  # it is gone already
        connection.invalidate()
    connection.close()
