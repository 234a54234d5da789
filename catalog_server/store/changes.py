"""What was changed since this process last asked: one cheap read, by which it knows what it remembers to be still true.

On PostgreSQL an event is new if the snapshot of the last reading did not show the transaction that wrote it, so none is
missed, in whatever order transactions end. On SQLite events are numbered as they are committed. Nothing here waits: a
reading is begun on the event loop, and its outcome is told there.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from sqlalchemy import Engine

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.pq.abc import PGconn

_log = logging.getLogger(__name__)
CHANGES_MAX = 1000
"""More than this are not told one by one."""
READ_SECONDS_MAX = 5.0
RETRY_SECONDS = 1.0
_SNAPSHOT_NAME, _CHANGES_NAME = b"snapshot", b"changes"

_SNAPSHOT = "SELECT pg_current_snapshot()::text"
_STATEMENT = f"""
SELECT pg_current_snapshot()::text, (SELECT json_agg(e) FROM (
  SELECT kind, catalog, database, "table", payload::json->'name_before' AS name_before,
    (payload::json->'kind_before' IS NOT NULL OR payload::json->'format_before' IS NOT NULL) AS another_kind FROM events
  WHERE transaction_id >= pg_snapshot_xmin($1::text::pg_snapshot)::text::bigint
    AND NOT pg_visible_in_snapshot(transaction_id::text::xid8, $1::text::pg_snapshot)
  LIMIT {CHANGES_MAX + 1}) AS e)::text
"""
_STATEMENT_SQLITE = f"""
SELECT number, kind, catalog, database, "table", payload -> 'name_before',
  payload -> 'kind_before' IS NOT NULL OR payload -> 'format_before' IS NOT NULL
FROM events
WHERE number > ? ORDER BY number LIMIT {CHANGES_MAX + 1}
"""


class Change(NamedTuple):
    """An event in short: its kind, the names of what it is about, and the name that this had before."""

    kind: str
    catalog: str | None
    database: str | None
    table: str | None
    name_before: Any = None
    another_kind: bool = False
    """Whether a table became one of another kind, or an Iceberg table, or is none any more."""


Told = Callable[[Sequence[Change] | None], None]
"""Is told of the changes since the last reading; None where these are not known, so that anything may have changed."""


class Changes(Protocol):
    """Reads what was changed; used on one event loop."""

    def read(self, told: Told) -> bool:
        """Begin a reading, which tells its outcome once; False if none can be made now. One at a time."""

    def close(self) -> None:
        """Let go of the database."""


def open_changes(engine: Engine) -> Changes:
    """The reader for an engine's database; it knows of nothing that was before."""
    return PostgreSQLChanges(engine) if engine.dialect.name == "postgresql" else SQLiteChanges(engine)


class SQLiteChanges:
    """Reads at once: a query of some microseconds, which waits for no writer."""

    def __init__(self, engine: Engine) -> None:
        path = engine.url.database or ""
        self._connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None, timeout=1)
        self._last: int | None = None

    def read(self, told: Told) -> bool:
        """Read, and tell."""
        try:
            if self._last is None:
                row = self._connection.execute("SELECT coalesce(max(number), 0) FROM events").fetchone()
                self._last, found = row[0], None
            else:
                found = self._connection.execute(_STATEMENT_SQLITE, (self._last,)).fetchall()
        except sqlite3.Error as error:
            _log.warning("the store's changes cannot be read: %s", error)
            self._last = None
            return False
        if found is None or len(found) > CHANGES_MAX:
            if found:
                self._last = None
            told(None)
            return True
        if found:
            self._last = found[-1][0]
        told(
            [
                Change(kind, catalog, database, table, None if before is None else json.loads(before), bool(another))
                for _, kind, catalog, database, table, before, another in found
            ]
        )
        return True

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


class PostgreSQLChanges:
    """Reads by prepared statements on a connection of its own, which is made again when it fails.

    The snapshot alone comes first: while it is the same, nothing was committed, and the log need not be looked into.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection[Any] | None = None
        self._raw: PGconn | None = None
        self._snapshot: bytes | None = None
        self._told: Told | None = None
        self._closed = False
        self._opening = False
        self._deadline: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def read(self, told: Told) -> bool:
        """Send the statement; the answer is read when it comes."""
        raw = self._raw
        if raw is None:
            self._open()
            return False
        try:
            self._ask(raw, _SNAPSHOT_NAME)
        except Exception as error:
            self._fail(error)
            return False
        self._told = told
        if self._loop is not None:
            self._deadline = self._loop.call_later(READ_SECONDS_MAX, self._fail, TimeoutError("no answer"))
        return True

    def _ask(self, raw: PGconn, statement: bytes) -> None:
        raw.send_query_prepared(statement, [self._snapshot] if statement is _CHANGES_NAME else None)
        raw.flush()

    def _readable(self) -> None:
        raw = self._raw
        if raw is None:
            return
        try:
            raw.consume_input()
            if raw.is_busy():
                return
            result = raw.get_result()
            if result is None or self._told is None:
                raise ConnectionError("an answer that nobody asked for")
            if result.error_message:
                raise ConnectionError(result.error_message.decode(errors="replace").strip())
            while raw.get_result() is not None:
                pass
            told, first, snapshot = self._told, self._snapshot is None, result.get_value(0, 0)
            if result.nfields > 1:  # the changes were asked for
                found = result.get_value(0, 1)
            elif first or snapshot == self._snapshot:
                found = None  # the same transactions are seen as before, so there is nothing new
            else:
                self._ask(raw, _CHANGES_NAME)
                return
            self._snapshot = snapshot
        except Exception as error:
            self._fail(error)
            return
        self._told = None
        if self._deadline is not None:
            self._deadline.cancel()
        told(None if first else _changes(found))

    def _open(self) -> None:
        """Connect in a thread; calls go their usual way until that is done."""
        if self._opening or self._closed:
            return
        self._opening = True
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._connect, args=(self._loop,), name="changes", daemon=True).start()

    def _connect(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            import psycopg

            _, options = self._engine.dialect.create_connect_args(self._engine.url)
            connection = psycopg.connect(
                **options, autocommit=True, connect_timeout=5, application_name="catalog-server changes"
            )
            connection.pgconn.prepare(_SNAPSHOT_NAME, _SNAPSHOT.encode())
            connection.pgconn.prepare(_CHANGES_NAME, _STATEMENT.encode())
            connection.pgconn.nonblocking = 1
        except Exception as error:
            failure = error
            self._on_loop(loop, lambda: self._fail(failure))
        else:
            self._on_loop(loop, lambda: self._opened(connection))

    def _on_loop(self, loop: asyncio.AbstractEventLoop, action: Callable[[], None]) -> None:
        try:
            loop.call_soon_threadsafe(action)
        except RuntimeError:  # the loop is closed
            pass

    def _opened(self, connection: Connection[Any]) -> None:
        self._opening = False
        if self._closed or self._loop is None:
            connection.close()
            return
        self._connection, self._raw, self._snapshot = connection, connection.pgconn, None
        self._loop.add_reader(self._raw.socket, self._readable)

    def _fail(self, error: Exception) -> None:
        """Drop the connection; who waits hears that anything may have changed."""
        if not self._closed:
            _log.warning("the store's changes cannot be read: %s", error)
        self._drop()
        self._opening = True  # for a while
        if self._loop is not None:
            self._loop.call_later(RETRY_SECONDS, self._retry)
        told, self._told = self._told, None
        if told is not None:
            told(None)

    def _retry(self) -> None:
        self._opening = False

    def _drop(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        if self._connection is not None and self._loop is not None and self._raw is not None:
            self._loop.remove_reader(self._raw.socket)
            self._connection.close()
        self._connection = self._raw = None

    def close(self) -> None:
        """Close the connection."""
        self._closed = True
        self._drop()


def _changes(text: bytes | None) -> Sequence[Change] | None:
    if text is None:
        return ()
    found = json.loads(text)
    if len(found) > CHANGES_MAX:
        return None
    return [Change(*one.values()) for one in found]
