"""Statements on one connection to PostgreSQL: prepared once, and sent together where nobody waits for an answer between.

Every answer that is waited for costs the server and the database more than most statements do. So BEGIN goes out with the
first statement of a transaction, and what is only written with the next statement whose answer is needed, or with COMMIT.
The protocol is libpq's, in its pipeline mode; values are sent as text, or as they are where they may hold anything.
"""

from __future__ import annotations

import re
import select
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.pq.abc import PGresult

_TUPLES_OK, _FATAL_ERROR, _SYNCED, _ABORTED = 2, 7, 10, 11
_PLACE = re.compile(r"%\((\w+)\)s|%%")
_IDLE = 0
_NO_SUCH_STATEMENT = "26000"
_WAITING_MAX = 512
_STATEMENTS_MAX = 1000
"""How many statements a connection keeps prepared."""

Value = str | int | bool | bytes | None


class Placed(NamedTuple):
    """A statement with its parameters by place."""

    text: bytes
    names: tuple[str, ...]


@lru_cache(maxsize=4096)
def placed(text: str) -> Placed:
    """A statement as the driver takes it, with `%(name)s` and `%%`, as PostgreSQL itself takes it."""
    names: dict[str, int] = {}

    def place(found: re.Match[str]) -> str:
        name = found[1]
        return "%" if name is None else f"${names.setdefault(name, len(names) + 1)}"

    return Placed(_PLACE.sub(place, text).encode(), tuple(names))


BEGIN = placed("BEGIN ISOLATION LEVEL READ COMMITTED")
BEGIN_SNAPSHOT = placed("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
COMMIT = placed("COMMIT")


class Session:
    """What is sent on one connection, which is in autocommit mode as far as the driver knows; for one thread at a time."""

    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = connection
        self._raw = connection.pgconn
        self._prepared: dict[bytes, bytes] = {}
        self._count = 0
        self._waiting: list[tuple[Placed, Mapping[str, Value]]] = []
        self._poll = select.poll()
        self._poll.register(self._raw.socket, select.POLLIN)

    def later(self, statement: Placed, values: Mapping[str, Value]) -> None:
        """Have a statement sent before the next one whose answer is waited for, or with the commit.

        When very many wait they are sent; what one of them failed with is raised then.
        """
        if len(self._waiting) >= _WAITING_MAX:
            self._send()
        self._waiting.append((statement, values))

    def forget(self) -> None:
        """Drop what was not sent."""
        self._waiting.clear()

    @property
    def waits(self) -> bool:
        """Whether anything was not sent yet."""
        return bool(self._waiting)

    def ensure_begun(self) -> None:
        """Begin a transaction unless one runs or is about to."""
        if not self._waiting and self._raw.transaction_status == _IDLE:
            self.later(BEGIN, {})

    def execute(self, statement: Placed, values: Mapping[str, Value]) -> PGresult:
        """The answer to a statement, once all that waits was sent before it. Raises the driver's errors."""
        self._waiting.append((statement, values))
        return self._send()[-1]

    def execute_last(self, statement: Placed, values: Mapping[str, Value]) -> PGresult:
        """As `execute`, and the transaction is committed with it."""
        self._waiting += [(statement, values), (COMMIT, {})]
        answer, committed = self._send()[-2:]
        return _committed(committed, answer)

    def commit(self) -> None:
        """Commit, together with what waits; where nothing was sent there is nothing to commit. Raises the driver's errors."""
        if self._raw.transaction_status == _IDLE and len(self._waiting) < 2:
            self._waiting.clear()
        else:
            _committed(self.execute(COMMIT, {}))

    def flush(self) -> None:
        """Send what waits, and see that all of it was done. Raises the driver's errors."""
        if self._waiting:
            self._send()

    def rollback(self) -> None:
        """Undo the transaction, if one was begun."""
        self._waiting.clear()
        if self._raw.transaction_status != _IDLE:
            self._raw.exec_(b"ROLLBACK")

    def _send(self) -> Sequence[PGresult]:
        """Send all that waits; returns the answers."""
        sent, self._waiting = self._waiting, []
        alone = self._raw.transaction_status == _IDLE
        try:
            return self._answers_to(sent)
        except Exception as error:
            if getattr(error, "sqlstate", None) != _NO_SUCH_STATEMENT:
                raise
            self._prepared.clear()  # somebody has deallocated all there was, as the driver may
            if not alone:
                raise
            return self._answers_to(sent)

    def _answers_to(self, sent: Sequence[tuple[Placed, Mapping[str, Value]]]) -> Sequence[PGresult]:
        return [self._send_one(*sent[0])] if len(sent) == 1 else self._send_all(sent)

    def _send_one(self, statement: Placed, values: Mapping[str, Value]) -> PGresult:
        parameters, formats = _parameters(statement, values)
        result = self._raw.exec_prepared(self._name(statement), parameters, formats)
        if result.status == _FATAL_ERROR:
            raise self._error(result)
        return result

    def _send_all(self, sent: Sequence[tuple[Placed, Mapping[str, Value]]]) -> Sequence[PGresult]:
        named = [(self._name(statement), _parameters(statement, values)) for statement, values in sent]
        raw = self._raw
        raw.enter_pipeline_mode()
        try:
            for name, (parameters, formats) in named:
                raw.send_query_prepared(name, parameters, formats)
            raw.pipeline_sync()
            self._write_out()
            results = self._answers()
        finally:
            with suppress(Exception):  # the connection is broken, which the error says that is on its way
                raw.exit_pipeline_mode()
        for result in results:
            if result.status == _FATAL_ERROR:
                raise self._error(result)
        if len(results) != len(named) or results[-1].status == _ABORTED:
            raise self._lost()
        return results

    def _write_out(self) -> None:
        """Hand all to the system; a server whose answers fill the way back is read meanwhile."""
        while self._raw.flush():
            self._poll.modify(self._raw.socket, select.POLLIN | select.POLLOUT)
            ready = self._poll.poll()
            self._poll.modify(self._raw.socket, select.POLLIN)
            if ready and ready[0][1] & ~select.POLLOUT:
                self._raw.consume_input()

    def _answers(self) -> list[PGresult]:
        raw = self._raw
        found: list[PGresult] = []
        while True:
            while raw.is_busy():
                self._poll.poll()
                raw.consume_input()
            result = raw.get_result()
            if result is None:
                if self._connection.closed:
                    raise self._lost()
                continue
            if result.status == _SYNCED:
                return found
            found.append(result)

    def _name(self, statement: Placed) -> bytes:
        name = self._prepared.get(statement.text)
        if name is None:
            if len(self._prepared) >= _STATEMENTS_MAX:
                oldest = self._prepared.pop(next(iter(self._prepared)))
                self._raw.exec_(b"DEALLOCATE " + oldest)
            self._count += 1
            name = b"catalog_%d" % self._count
            result = self._raw.prepare(name, statement.text)
            if result.status == _FATAL_ERROR:
                raise self._error(result)
            self._prepared[statement.text] = name
        return name

    def _error(self, result: PGresult) -> Exception:
        from psycopg.errors import error_from_result
        from psycopg.pq import DiagnosticField

        if result.error_field(DiagnosticField.SQLSTATE) is None:  # libpq says it, not the server
            return self._lost(result.error_message.decode(errors="replace").strip())
        return error_from_result(result, encoding="utf-8")

    def _lost(self, said: str = "the connection was lost") -> Exception:
        from psycopg import OperationalError

        return OperationalError(said)


def _committed(result: PGresult, answer: PGresult | None = None) -> PGresult:
    """The answer, once the result of COMMIT is seen to be one."""
    if result.command_status != b"COMMIT":
        raise RuntimeError("a statement of the transaction had failed, so that it was undone")
    return answer or result


def _parameters(statement: Placed, values: Mapping[str, Value]) -> tuple[Any, Any]:
    if not statement.names:
        return None, None
    parameters: list[bytes | None] = []
    formats: list[int] = []
    for name in statement.names:
        value = values[name]
        if value is None:
            parameters.append(None)
            formats.append(0)
        elif isinstance(value, str):  # as it is: a text of C would end at a NUL, which the server is to refuse
            parameters.append(value.encode())
            formats.append(1)
        elif isinstance(value, bool):
            parameters.append(b"t" if value else b"f")
            formats.append(0)
        elif isinstance(value, int):
            parameters.append(b"%d" % value)
            formats.append(0)
        else:
            parameters.append(bytes(value))
            formats.append(1)
    return parameters, formats


_Load = Callable[[bytes], Any]


def _loaders(result: PGresult) -> list[_Load]:
    return [_loader(result.ftype(column)) for column in range(result.nfields)]


@lru_cache(maxsize=256)
def _loader(oid: int) -> _Load:
    """How a value of a type is read from text."""
    if oid in (20, 21, 23):
        return int
    if oid in (25, 1043, 18, 19):
        return bytes.decode
    if oid == 16:
        return b"t".__eq__
    from psycopg import adapters
    from psycopg.pq import Format

    found = adapters.get_loader(oid, Format.TEXT) or adapters.get_loader(0, Format.TEXT)
    if found is None:
        raise TypeError(f"no loader for the type {oid}")
    return found(oid).load


def rows_of(result: PGresult) -> list[Sequence[Any]]:
    """The rows of an answer."""
    if result.status != _TUPLES_OK:
        return []
    loaders, get = _loaders(result), result.get_value
    columns = list(enumerate(loaders))
    found: list[Sequence[Any]] = []
    for row in range(result.ntuples):
        values = []
        for column, load in columns:
            value = get(row, column)
            values.append(None if value is None else load(value))
        found.append(values)
    return found
