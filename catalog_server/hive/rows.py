"""Rows of the database that a Hive metastore keeps everything in, of any schema from 2.3 to 4.x, a page at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, MetaData, RowMapping, Table, create_engine, inspect, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, InterfaceError, NoSuchTableError, OperationalError, SQLAlchemyError

from catalog_server.model.errors import Invalid, Unavailable

IDS_AT_ONCE = 1000
Row = RowMapping
_DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg", "mysql": "mysql+pymysql"}
_DRIVERS |= {"mariadb": "mysql+pymysql", "sqlite": "sqlite"}
_READ_ONLY = {
    "postgresql": {"options": "-c default_transaction_read_only=on", "connect_timeout": 10},
    "mysql": {"init_command": "SET SESSION TRANSACTION READ ONLY", "connect_timeout": 10, "charset": "utf8mb4"},
}


def parse_url(text: str) -> URL:
    """The address of a metastore's database; raises `Invalid` for what is no PostgreSQL or MySQL URL."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise Invalid("database", "is not a URL such as postgresql://user@host/metastore") from error
    driver = _DRIVERS.get(url.drivername.partition("+")[0])
    if driver is None:
        raise Invalid("database", f"{url.drivername} is not read; use postgresql://, mysql:// or an export of Derby")
    return url.set(drivername=driver)


class Rows:
    """Reads tables of the database by id; nothing is ever written, the session is read-only where the database can."""

    def __init__(self, url: URL) -> None:
        self.where = url.set(drivername=url.get_backend_name()).render_as_string(hide_password=True)
        arguments = _READ_ONLY.get(url.get_backend_name(), {})
        self._engine: Engine = create_engine(url, connect_args=arguments, pool_size=2, pool_pre_ping=True)
        self._tables: dict[str, Table | None] = {}
        self._metadata = MetaData()

    def check(self) -> None:
        """See that it is a metastore's database. Raises `Unavailable`, `Invalid`."""
        try:
            if not {"DBS", "TBLS", "SDS"} <= set(inspect(self._engine).get_table_names()):
                raise Invalid(
                    "database", f"{self.where} has no tables DBS, TBLS and SDS: it is no metastore's database"
                )
        except SQLAlchemyError as error:
            raise _unavailable(self.where, error) from error

    def has(self, table: str, column: str | None = None) -> bool:
        """Whether the schema has a table, and a column in it."""
        found = self.table(table)
        return found is not None and (column is None or column in found.c)

    def table(self, name: str) -> Table | None:
        """A table as the database describes it; None where this version of the schema has none."""
        if name not in self._tables:
            try:
                self._tables[name] = Table(name, self._metadata, autoload_with=self._engine, resolve_fks=False)
            except NoSuchTableError:
                self._tables[name] = None
            except SQLAlchemyError as error:
                raise _unavailable(self.where, error) from error
        return self._tables[name]

    def read(self, statement: Any) -> Sequence[Row]:
        """All rows of a statement; raises `Unavailable`."""
        try:
            with self._engine.connect() as connection:
                return connection.execute(statement).mappings().all()
        except (OperationalError, InterfaceError) as error:
            raise _unavailable(self.where, error) from error

    def stream(self, statement: Any) -> Iterator[Row]:
        """Rows of a statement from a cursor on the server's side; raises `Unavailable`."""
        try:
            with self._engine.connect() as connection:
                streamed = connection.execution_options(stream_results=True, max_row_buffer=5000)
                yield from streamed.execute(statement).mappings()
        except (OperationalError, InterfaceError) as error:
            raise _unavailable(self.where, error) from error

    def of(self, name: str, key: str, ids: Sequence[Any], *order: str) -> dict[Any, list[Row]]:
        """Rows of a table by the id in their column `key`, in order; a statement for each 1,000 ids."""
        table = self.table(name)
        found: dict[Any, list[Row]] = {}
        if table is None:
            return found
        wanted = list(dict.fromkeys(one for one in ids if one is not None))
        for start in range(0, len(wanted), IDS_AT_ONCE):
            statement = select(table).where(table.c[key].in_(wanted[start : start + IDS_AT_ONCE]))
            for row in self.read(statement.order_by(*(table.c[column] for column in order))):
                found.setdefault(row[key], []).append(row)
        return found

    def one(self, name: str, key: str, ids: Sequence[Any]) -> dict[Any, Row]:
        """The row of a table by its id."""
        return {id_: rows[0] for id_, rows in self.of(name, key, ids).items()}

    def parameters(self, name: str, key: str, ids: Sequence[Any]) -> dict[Any, dict[str, str]]:
        """Maps of PARAM_KEY to PARAM_VALUE by id; a value that is null is left out, as the metastore does."""
        return {
            id_: {row["PARAM_KEY"]: row["PARAM_VALUE"] for row in rows if row["PARAM_VALUE"] is not None}
            for id_, rows in self.of(name, key, ids).items()
        }

    def close(self) -> None:
        """Hang up."""
        self._engine.dispose()


def flag(value: Any) -> bool:
    """A truth value as PostgreSQL (boolean), MySQL (bit) and Derby (`Y`, `true`) keep it."""
    if isinstance(value, bytes):
        return any(value)
    if isinstance(value, str):
        return value.strip().lower() in ("y", "t", "true", "1")
    return bool(value)


def number(value: Any) -> int | None:
    """A whole number, from text too."""
    return None if value is None or value == "" else int(value)


def real(value: Any) -> float | None:
    """A number, from text too."""
    return None if value is None or value == "" else float(value)


def raw(value: Any) -> bytes | None:
    """Bytes, from hexadecimal text too (exports of Derby)."""
    if value is None or value == "":
        return None
    return bytes.fromhex(value) if isinstance(value, str) else bytes(value)


def decimal(value: str | None) -> tuple[bytes, int] | None:
    """The unscaled bytes and the scale of a decimal number in text, as Thrift carries them."""
    if not value:
        return None
    sign, digits, exponent = Decimal(value).as_tuple()
    unscaled = int("".join(map(str, digits))) * (-1 if sign else 1)
    size = max(1, (unscaled.bit_length() + 8) // 8)
    return unscaled.to_bytes(size, "big", signed=True), -int(exponent)


def _unavailable(where: str, error: Exception) -> Unavailable:
    said = str(getattr(error, "orig", None) or error).strip().splitlines()
    return Unavailable(f"{where} cannot be read: {said[0] if said else type(error).__name__}")
