"""Transactions: one short one per request, retried where the database asks for it, its failures told apart."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult, Dialect, Engine, Executable
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from catalog_server.model.errors import OutcomeUnknown, Unavailable
from catalog_server.model.failpoint import reach
from catalog_server.store.blobs import Blobs
from catalog_server.store.engine import UNHURRIED, WRITE
from catalog_server.store.pool import Pool
from catalog_server.store.session import BEGIN, BEGIN_SNAPSHOT, Session

T = TypeVar("T")
_RETRIED = ("40001", "40P01")
ATTEMPTS_MAX = 10
_SESSION = "catalog_session"


def now() -> int:
    """Milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


class Transaction:
    """A running transaction: the connection, the cache of blobs, and the time that all it writes has."""

    __slots__ = ("_connection", "_driver", "at", "blobs", "is_postgresql", "new_blobs", "session")

    def __init__(self, connection: Connection, blobs: Blobs) -> None:
        self._connection = connection
        self._driver: Any = connection.connection.driver_connection
        self.blobs = blobs
        self.new_blobs: dict[str, int] = {}
        """Ids of blobs that this transaction found or made, by their texts."""
        self.is_postgresql = connection.dialect.name == "postgresql"
        self.session: Session | None = _session(connection, self._driver) if self.is_postgresql else None
        """What sends statements on PostgreSQL without waiting for each."""
        self.at = now()

    @property
    def connection(self) -> Connection:
        """SQLAlchemy's connection, once what waits to be sent was done."""
        self.flush()
        return self._connection

    @property
    def driver(self) -> Any:
        """The driver's own connection, for the few statements that are worth it."""
        self.flush()
        return self._driver

    def stream(self, statement: Executable) -> CursorResult[Any]:
        """The rows of a statement from a cursor on the server's side, which needs a transaction on PostgreSQL."""
        if self.session is not None:
            self.session.ensure_begun()
        return self.connection.execute(statement, execution_options={"stream_results": True})

    @property
    def dialect(self) -> Dialect:
        """SQLAlchemy's dialect of the database."""
        return self._connection.dialect

    def flush(self) -> None:
        """See that all is done that waits to be sent; raises what any of it failed with, as SQLAlchemy tells it."""
        if self.session is not None and self.session.waits:
            try:
                self.session.flush()
            except Exception as error:
                raise self.told("", None, error) from error

    def commit(self) -> None:
        """Commit on PostgreSQL, together with what waits to be sent; where nothing was sent there is nothing to commit."""
        if self.session is not None:
            try:
                self.session.commit()
            except Exception as error:
                raise self.told("COMMIT", None, error) from error

    def rollback(self) -> None:
        """Undo on PostgreSQL what was done."""
        if self.session is not None:
            with suppress(Exception):  # the connection may be gone, which undoes it as well
                self.session.rollback()

    def told(self, text: str, parameters: Any, error: Exception) -> BaseException:
        """An error of the driver as SQLAlchemy tells it, so that it is handled as any other."""
        dialect = self._connection.dialect
        if not isinstance(error, dialect.loaded_dbapi.Error):
            return error
        told = DBAPIError.instance(text, parameters, error, dialect.loaded_dbapi.Error, dialect=dialect)
        if isinstance(told, DBAPIError) and dialect.is_disconnect(error, self._driver, None):
            told.connection_invalidated = True
            self._connection.invalidate(error)
        return told

    def told_at_the_end(self, error: DBAPIError) -> Exception:
        """What to raise for an error of a COMMIT: the error itself, or that nobody can tell whether it was done."""
        if _state(error) in _RETRIED or not _is_outage(error):
            return error
        return OutcomeUnknown("the store did not confirm the commit")


def _session(connection: Connection, driver: Any) -> Session:
    """The session of a connection, which lasts as long as that."""
    found = connection.info.get(_SESSION)
    if found is None:
        found = connection.info[_SESSION] = Session(driver)
    found.forget()
    return found


class Store:
    """The rows of one catalog server; safe to use from many threads.

    Reads see one committed state each. Writes on SQLite pass one lane in this process, then wait for other processes.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.is_postgresql = engine.dialect.name == "postgresql"
        self._lane = threading.Lock()
        self._writing = engine.execution_options(**{WRITE: True})
        unhurried = engine.execution_options(**{UNHURRIED: True})
        self._pool = Pool(unhurried, engine.pool.size()) if self.is_postgresql else None  # type: ignore[attr-defined]
        driver = engine.dialect.loaded_dbapi
        self._outages = (
            OperationalError, InterfaceError, PoolTimeout, driver.OperationalError, driver.InterfaceError,
        )  # fmt: skip
        self.blobs = Blobs()
        self.listeners: list[Callable[[], None]] = []
        """Called after each committed write of this process; must be quick and must not raise."""
        self.before_commit: list[Callable[[Transaction], None]] = []
        """Called in each transaction that writes, at its end; what they raise undoes it."""

    @contextmanager
    def read(self, *, snapshot: bool = False) -> Iterator[Transaction]:
        """A transaction that only reads; all its statements see the same rows if `snapshot`.

        Raises `Unavailable` when the store does not answer.
        """
        try:
            with self._connected() as connection:
                transaction = Transaction(connection, self.blobs)
                if transaction.session is None:
                    with connection.begin():
                        yield transaction
                    return
                if snapshot:
                    transaction.session.later(BEGIN_SNAPSHOT, {})
                try:
                    yield transaction
                finally:
                    transaction.rollback()
        except self._outages as error:
            raise _unavailable(error) from error

    def _connected(self, *, writes: bool = False) -> AbstractContextManager[Connection]:
        if self._pool is not None:
            return self._pool.connection()
        return (self._writing if writes else self.engine).connect()

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """A transaction that writes. Raises `Unavailable` when nothing was done, `OutcomeUnknown` when nobody can tell."""
        with self._write() if self.is_postgresql else self._alone() as transaction:
            yield transaction
        reach("after_commit")
        for listener in self.listeners:
            listener()

    def single(self) -> AbstractContextManager[Transaction]:
        """For one statement that may be done twice and writes no event; raises `Unavailable` when the store does not answer.

        On PostgreSQL the statement is a transaction by itself, which saves two round trips; nobody is told of its commit.
        """
        return self.read() if self.is_postgresql else self._alone()

    @contextmanager
    def _alone(self) -> Iterator[Transaction]:
        with self._lane, self._write() as transaction:
            yield transaction

    @contextmanager
    def _write(self) -> Iterator[Transaction]:
        with ExitStack() as held:
            try:
                connection = held.enter_context(self._connected(writes=True))
                if not self.is_postgresql:
                    connection.begin()
            except (OperationalError, InterfaceError, PoolTimeout) as error:
                raise _unavailable(error) from error
            transaction = Transaction(connection, self.blobs)
            if transaction.session is not None:
                transaction.session.later(BEGIN, {})
            try:
                yield transaction
                for last in self.before_commit:
                    last(transaction)
            except BaseException as error:
                self._undo(transaction, connection)
                if isinstance(error, DBAPIError) and _state(error) not in _RETRIED and _is_outage(error):
                    raise _unavailable(error) from error
                raise
            reach("before_commit")
            try:
                transaction.commit()
                if connection.in_transaction():
                    connection.commit()
            except DBAPIError as error:
                self._undo(transaction, connection)
                raise transaction.told_at_the_end(error) from error
            self.blobs.committed(transaction.new_blobs)

    @staticmethod
    def _undo(transaction: Transaction, connection: Connection) -> None:
        transaction.rollback()
        with suppress(Exception):  # the connection may be gone, which undoes the transaction as well
            connection.rollback()

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in a transaction, again when the database ended it as a deadlock or serialization failure."""
        attempt = 0
        while True:
            attempt += 1
            try:
                with self.begin() as transaction:
                    return work(transaction)
            except DBAPIError as error:
                if _state(error) not in _RETRIED or attempt >= ATTEMPTS_MAX:
                    raise
                time.sleep(0.005 * attempt)

    def close(self) -> None:
        """Give all connections back."""
        if self._pool is not None:
            self._pool.close()
        self.engine.dispose()


def _state(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)


def _is_outage(error: DBAPIError) -> bool:
    return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)


def _unavailable(error: Exception) -> Unavailable:
    cause = getattr(error, "orig", None) or error
    said = str(cause).strip().splitlines()
    return Unavailable(f"the store does not answer: {said[0] if said else type(cause).__name__}")
