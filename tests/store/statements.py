"""The SQL statements that the store is sent, for tests that count them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from catalog_server.catalog.catalog import CatalogService
from catalog_server.store.session import Session
from catalog_server.store.transaction import Transaction


class _Noted:
    """A connection or cursor of the driver that notes what it is given."""

    def __init__(self, noted: Any, seen: list[str]) -> None:
        self._noted = noted
        self._seen = seen

    def cursor(self, *arguments: Any, **options: Any) -> Any:
        return _Noted(self._noted.cursor(*arguments, **options), self._seen)

    def execute(self, statement: str, *rest: Any, **options: Any) -> Any:
        self._seen.append(statement)
        return self._noted.execute(statement, *rest, **options)

    def copy(self, statement: str, *rest: Any) -> Any:
        self._seen.append(statement)
        return self._noted.copy(statement, *rest)

    def __enter__(self) -> Any:
        self._noted.__enter__()
        return self

    def __exit__(self, *error: Any) -> Any:
        return self._noted.__exit__(*error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._noted, name)


@contextmanager
def together(only: Session | None = None) -> Iterator[list[list[str]]]:
    """What goes to PostgreSQL together in the block, in one session or in all."""
    seen: list[list[str]] = []
    send = Session._send

    def send_noted(self: Session) -> Any:
        if only in (None, self):
            seen.append([statement.text.decode() for statement, _ in self._waiting])
        return send(self)

    Session._send = send_noted  # type: ignore[method-assign]
    try:
        yield seen
    finally:
        Session._send = send  # type: ignore[method-assign]


@contextmanager
def counted(catalog: CatalogService, *, sent: bool = False) -> Iterator[list[str]]:
    """The statements of what is done in the block. One that is run for many rows at once counts once; with `sent` once
    for each row where each is sent to a server."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            seen.extend([statement] * (len(values) if sent and many and catalog.store.is_postgresql else 1))

    send = Session._send

    def send_noted(self: Session) -> Any:
        texts = [statement.text.decode() for statement, _ in self._waiting]
        seen.extend(text for text in texts if not text.startswith(("BEGIN", "COMMIT")))
        return send(self)

    Session._send = send_noted  # type: ignore[method-assign]
    driver = Transaction.driver
    Transaction.driver = property(lambda tx: _Noted(driver.fget(tx), seen))  # type: ignore[method-assign, assignment, misc]
    event.listen(catalog.store.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        Session._send = send  # type: ignore[method-assign]
        Transaction.driver = driver  # type: ignore[method-assign]
        event.remove(catalog.store.engine, "before_cursor_execute", note)
