"""Statements of hot calls: made by SQLAlchemy once for each kind of database, then run by the driver itself.

SQLAlchemy's own way from a statement to its rows costs several times what a database takes for one row; so what every
read or commit of a table needs is compiled when it is first used, and only its values change.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Insert, Table, bindparam, insert
from sqlalchemy.exc import DBAPIError

from catalog_server.store.session import Placed, Session, placed, rows_of

if TYPE_CHECKING:
    from sqlalchemy import Executable

    from catalog_server.store.transaction import Transaction

_Convert = Callable[[Any], Any]
_Send = Callable[[Session, Placed, Mapping[str, Any]], Any]


class _Compiled(NamedTuple):
    """A statement for one kind of database."""

    text: str
    placed: Placed
    """As PostgreSQL takes it."""
    places: tuple[str, ...] | None
    """Names of the parameters in their order, where the driver takes them by place."""
    constants: Mapping[str, Any]
    incoming: tuple[tuple[str, _Convert], ...]
    outgoing: tuple[tuple[int, _Convert], ...]
    row: Callable[..., Any] | None


class Prepared:
    """A statement with `bindparam`s for its values; values and rows are converted as SQLAlchemy converts them.

    On PostgreSQL its text must say of what types its values are, where the places they stand in do not.
    """

    __slots__ = ("_compiled", "_make")

    def __init__(self, make: Callable[[], Executable]) -> None:
        self._make = make
        self._compiled: dict[str, _Compiled] = {}

    def rows(self, tx: Transaction, **values: Any) -> list[Any]:
        """The rows, as named tuples."""
        compiled = self._for(tx)
        answer = self._run(tx, compiled, values)
        return self._rows(compiled, answer.fetchall() if tx.session is None else rows_of(answer))

    @staticmethod
    def _rows(compiled: _Compiled, found: list[Any]) -> list[Any]:
        if compiled.outgoing:
            found = [_converted(row, compiled.outgoing) for row in found]
        make = compiled.row
        return found if make is None else [make(*row) for row in found]

    def last(self, tx: Transaction, **values: Any) -> list[Any]:
        """The rows, and the transaction is committed with the statement, on PostgreSQL without a wait between; it ends here.

        Raises `OutcomeUnknown` where nobody can tell whether it was.
        """
        compiled = self._for(tx)
        try:
            answer = self._run(tx, compiled, values, Session.execute_last)
        except DBAPIError as error:
            raise tx.told_at_the_end(error) from error
        return self._rows(compiled, answer.fetchall() if tx.session is None else rows_of(answer))

    def first(self, tx: Transaction, **values: Any) -> Any:
        """The first row, None if there is none."""
        found = self.rows(tx, **values)
        return found[0] if found else None

    def run(self, tx: Transaction, **values: Any) -> int:
        """How many rows were changed."""
        answer = self._run(tx, self._for(tx), values)
        return int(answer.rowcount if tx.session is None else answer.command_tuples or 0)

    def later(self, tx: Transaction, **values: Any) -> None:
        """Have the statement run before the transaction's next one, or with its commit; nobody asks what it changed.

        What it fails with is raised there. On SQLite it is run at once.
        """
        self._run(tx, self._for(tx), values, Session.later)

    def _run(self, tx: Transaction, compiled: _Compiled, values: dict[str, Any], send: _Send = Session.execute) -> Any:
        said = {**compiled.constants, **values}
        for name, convert in compiled.incoming:
            said[name] = convert(said[name])
        parameters: Any = said if compiled.places is None else tuple(said[name] for name in compiled.places)
        try:
            if tx.session is None:
                return tx.driver.execute(compiled.text, parameters)
            return send(tx.session, compiled.placed, said)
        except Exception as error:
            raise tx.told(compiled.text, parameters, error) from error

    def _for(self, tx: Transaction) -> _Compiled:
        found = self._compiled.get(tx.dialect.name)
        if found is None:
            found = self._compiled[tx.dialect.name] = _compile(self._make(), tx.dialect)
        return found


def inserted(table: Table, without: tuple[str, ...] = ()) -> Insert:
    """An INSERT of one row, with a parameter for each column but those that the database fills."""
    names = [column.name for column in table.c if column.name not in without]
    return insert(table).values({name: bindparam(name) for name in names})


def _compile(statement: Any, dialect: Any) -> _Compiled:
    compiled = statement.compile(dialect=dialect)
    processors = {
        name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in compiled.binds.items()
    }
    columns = list(compiled._result_columns)
    converters = [one.type.dialect_impl(dialect).result_processor(dialect, None) for one in columns]
    return _Compiled(
        text=str(compiled),
        placed=placed(str(compiled)),
        places=tuple(compiled.positiontup) if compiled.positional else None,
        constants={name: value for name, value in compiled.params.items() if value is not None},
        incoming=tuple((name, convert) for name, convert in processors.items() if convert is not None),
        outgoing=tuple((place, convert) for place, convert in enumerate(converters) if convert is not None),
        row=namedtuple("Row", [one.keyname for one in columns], rename=True) if columns else None,
    )


def _converted(row: Any, outgoing: tuple[tuple[int, _Convert], ...]) -> list[Any]:
    changed = list(row)
    for place, convert in outgoing:
        changed[place] = convert(changed[place])
    return changed
