"""The base of connectors to SQL databases: SQLAlchemy finds what is there, rows travel as Arrow batches."""

from __future__ import annotations

import operator
import re
import socket
import time
import warnings
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from catalog_server.connector import CONNECT_SECONDS, Connector, ForeignKey, SourceTable
from catalog_server.model.connection import Connection
from catalog_server.model.errors import CatalogError, Denied, Invalid, NotFound, Unavailable
from catalog_server.model.expressions import Both, Either, Membership, Not, Predicate, Unset
from catalog_server.model.names import name_key
from catalog_server.model.table import Column
from connectors.values import batch_of

if TYPE_CHECKING:
    import sqlalchemy as sa
    from pyarrow import RecordBatch

    from catalog_server.lake.filesystem import Lake

BATCH_ROWS = 10_000
_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class SQLConnector(Connector):
    """Tables of a database that SQLAlchemy speaks to. A subclass names its driver and the types of its columns."""

    driver: ClassVar[str]
    """SQLAlchemy's name of dialect and driver, such as `postgresql+psycopg`."""
    hidden_databases: ClassVar[frozenset[str]] = frozenset({"information_schema"})

    def __init__(self, connection: Connection, lake: Lake | None = None) -> None:
        super().__init__(connection, lake)
        self._engine: sa.Engine | None = None

    @abstractmethod
    def column_type(self, raw: str) -> str:
        """The catalog's type of a column of the raw type `raw`, as the database spells it."""

    @property
    def address(self) -> str:
        """Host and port (or file), for people."""
        options = self.connection.options
        return f"{options.get('host', 'localhost')}:{options.get('port', self.default_port)}"

    def engine_url(self) -> sa.URL:
        """SQLAlchemy's URL, with the password."""
        import sqlalchemy as sa

        options = self.connection.options
        return sa.URL.create(
            self.driver,
            username=options.get("user"),
            password=self.connection.secrets.get("password"),
            host=options.get("host", "localhost"),
            port=int(options.get("port") or self.default_port or 0) or None,
            database=options.get("database"),
        )

    def connect_arguments(self) -> dict[str, Any]:
        """Arguments of the driver's `connect`; a subclass adds the options it knows."""
        return {"connect_timeout": CONNECT_SECONDS}

    def engine(self) -> sa.Engine:
        """The engine, made on first use; it keeps one connection while the connector is open."""
        import sqlalchemy as sa

        if self._engine is None:
            self._check_reachable()
            self._engine = sa.create_engine(
                self.engine_url(), connect_args=self.connect_arguments(), pool_size=1, max_overflow=4
            )
        return self._engine

    def close(self) -> None:
        """See `Connector.close`."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def _check_reachable(self) -> None:
        """Knock at the port first: drivers try each address of a name for the whole of their time-out."""
        if not self.supports_network:
            return
        host, port = self.address.rsplit(":", 1)
        deadline = time.monotonic() + CONNECT_SECONDS
        reason: object = "no address"
        try:
            addresses = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise Unavailable(f"{self.address} cannot be reached: the name {host} is not known") from error
        for family, kind, protocol, _, address in addresses:
            with socket.socket(family, kind, protocol) as knock:
                knock.settimeout(max(0.1, deadline - time.monotonic()))
                try:
                    knock.connect(address)
                    return
                except OSError as error:
                    reason = error.strerror or "no answer in time"
        raise Unavailable(f"{self.address} cannot be reached: {reason}")

    @contextmanager
    def connected(self) -> Iterator[sa.Connection]:
        """A connection to the database; errors of the driver come out as errors of the catalog."""
        import sqlalchemy as sa

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", sa.exc.SAWarning)
                with self.engine().connect() as connection:
                    yield connection
        except CatalogError:
            raise
        except sa.exc.NoSuchTableError as error:
            raise NotFound("table", str(error)) from error
        except sa.exc.NoSuchModuleError as error:
            raise Unavailable(f"{self.kind}: {error}") from error
        except sa.exc.DBAPIError as error:
            raise self.refusal(error) from error

    def refusal(self, error: sa.exc.DBAPIError) -> CatalogError:
        """The catalog's error for one of the driver's; the SQL state decides, where there is one."""
        state = str(getattr(error.orig, "sqlstate", "") or "")
        text = re.sub(r"\s+", " ", str(error.orig)).strip()[:300]
        if state.startswith("28") or state == "42501":
            return Denied("read", f"{self.address}: {text}")
        if state in ("3D000", "3F000", "42P01"):
            return NotFound("database" if state == "3D000" else "table", f"at {self.address}: {text}")
        if state.startswith(("22", "42")):
            return Invalid("", f"{self.address}: {text}")
        return Unavailable(f"{self.address}: {text}")

    def test(self) -> str:
        """See `Connector.test`."""
        with self.connected() as connection:
            version = ".".join(map(str, connection.dialect.server_version_info or ()))
        return f"{self.kind} {version}".strip()

    def databases(self) -> Sequence[str]:
        """See `Connector.databases`."""
        import sqlalchemy as sa

        with self.connected() as connection:
            names = sa.inspect(connection).get_schema_names()
        return sorted(name for name in names if not self.is_hidden(name))

    def is_hidden(self, database: str) -> bool:
        """Whether a database belongs to the source itself."""
        return database.lower() in self.hidden_databases

    def tables(self, database: str) -> Sequence[str]:
        """See `Connector.tables`."""
        import sqlalchemy as sa

        with self.connected() as connection:
            inspector = sa.inspect(connection)
            self._check_database(inspector, database)
            return sorted({*inspector.get_table_names(database), *self._view_names(inspector, database)})

    def _check_database(self, inspector: sa.Inspector, database: str) -> None:
        if not inspector.has_schema(database):
            raise NotFound("database", f"{database} at {self.address}")

    @staticmethod
    def _view_names(inspector: sa.Inspector, database: str) -> list[str]:
        return inspector.get_view_names(database)

    def describe(self, database: str, table: str) -> SourceTable:
        """See `Connector.describe`."""
        found = next(iter(self.describe_all(database, [table])), None)
        if found is None:
            raise NotFound("table", f"{database}.{table} at {self.address}")
        return found

    def describe_all(self, database: str, tables: Sequence[str]) -> Iterator[SourceTable]:
        """See `Connector.describe_all`; a handful of statements, however many tables."""
        import sqlalchemy as sa

        if not tables:
            return
        found: list[SourceTable] = []
        with self.connected() as connection:
            inspector = sa.inspect(connection)
            self._check_database(inspector, database)
            wanted = list(tables)
            columns = self.columns_of(connection, database, wanted)
            kept = [name for name in wanted if columns.get(name)]
            if not kept:
                return
            asked: dict[str, Any] = {
                "schema": database,
                "filter_names": [sa.quoted_name(name, True) for name in kept],
                "kind": sa.engine.reflection.ObjectKind.ANY,
            }
            keys: dict[str, Any] = {
                str(key[1]): value for key, value in inspector.get_multi_pk_constraint(**asked).items()
            }
            references: dict[str, Any] = {
                str(key[1]): value for key, value in inspector.get_multi_foreign_keys(**asked).items()
            }
            comments = self._comments(inspector, asked)
            estimates = self.row_estimates(connection, database, kept)
            views = set(self._view_names(inspector, database))
        for name in kept:
            found.append(
                SourceTable(
                    database,
                    name,
                    tuple(columns[name]),
                    comments.get(name),
                    tuple((keys.get(name) or {}).get("constrained_columns") or ()),
                    tuple(_foreign_key(item, database) for item in references.get(name) or ()),
                    estimates.get(name),
                    name in views,
                )
            )
        yield from found

    @staticmethod
    def _comments(inspector: sa.Inspector, asked: Mapping[str, Any]) -> dict[str, str | None]:
        try:
            said = inspector.get_multi_table_comment(**asked)
        except NotImplementedError:
            return {}
        return {key[1]: value["text"] or None for key, value in said.items()}

    def columns_of(self, connection: sa.Connection, database: str, tables: Sequence[str]) -> dict[str, list[Column]]:
        """The columns by table; a subclass may ask its database in its own words."""
        import sqlalchemy as sa

        inspector = sa.inspect(connection)
        kind = sa.engine.reflection.ObjectKind.ANY
        said = inspector.get_multi_columns(schema=database, filter_names=list(tables), kind=kind)
        columns: dict[str, list[Column]] = {}
        for (_, table), items in said.items():
            columns[table] = [
                self.column(item["name"], _raw_type(item["type"], connection), item["nullable"], item.get("comment"))
                for item in items
            ]
        return columns

    def column(self, name: str, raw: str, nullable: bool, comment: str | None) -> Column:
        """A column with its type in the catalog's language and its raw type beside it."""
        parameters = {"raw_type": raw} if nullable else {"raw_type": raw, "nullable": "false"}
        return Column(name, self.column_type(raw), comment or None, parameters)

    def row_estimates(self, connection: sa.Connection, database: str, tables: Sequence[str]) -> Mapping[str, int]:
        """Numbers of rows that the database believes in; none by default."""
        del connection, database, tables
        return {}

    def select_expression(self, column: Column, plain: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """What is selected for a column so that its values fit its type in the catalog's language."""
        del column
        return plain

    def scan(
        self,
        database: str,
        table: str,
        columns: Sequence[str] | None = None,
        predicate: Predicate | None = None,
        limit: int | None = None,
    ) -> Iterator[RecordBatch]:
        """See `Connector.scan`; rows are fetched as they are read."""
        import sqlalchemy as sa

        described = self.describe(database, table)
        chosen = _chosen(described, columns)
        parts: dict[str, sa.ColumnClause[Any]] = {
            column.key: sa.column(sa.quoted_name(column.name, True)) for column in described.columns
        }
        statement = sa.select(*(self.select_expression(column, parts[column.key]) for column in chosen))
        source = sa.table(sa.quoted_name(table, True), *parts.values(), schema=sa.quoted_name(database, True))
        statement = statement.select_from(source)
        if predicate is not None:
            statement = statement.where(_condition(predicate, parts))
        if limit is not None:
            statement = statement.limit(limit)
        with (
            self.connected() as connection,
            connection.execution_options(stream_results=True).execute(statement) as result,
        ):
            rows: Sequence[Any] = result.fetchmany(BATCH_ROWS)
            yield batch_of(chosen, rows)
            while rows := result.fetchmany(BATCH_ROWS):
                yield batch_of(chosen, rows)


def _raw_type(kind: Any, connection: sa.Connection) -> str:
    try:
        return str(kind.compile(dialect=connection.dialect))
    except Exception:
        return str(kind)


def _foreign_key(item: Mapping[str, Any], database: str) -> ForeignKey:
    return ForeignKey(
        tuple(item["constrained_columns"]),
        item["referred_schema"] or database,
        item["referred_table"],
        tuple(item["referred_columns"]),
    )


def _chosen(table: SourceTable, names: Sequence[str] | None) -> list[Column]:
    if names is None:
        return list(table.columns)
    by_key = {column.key: column for column in table.columns}
    unknown = [name for name in names if name_key(name) not in by_key]
    if unknown:
        raise NotFound("column", f"{', '.join(unknown)} of {table.database}.{table.name}")
    return [by_key[name_key(name)] for name in names]


def _condition(predicate: Predicate, parts: Mapping[str, Any]) -> Any:
    """The predicate as an expression; values are bound without a type, so that the database compares by the column's."""
    import sqlalchemy as sa

    if isinstance(predicate, Both):
        return sa.and_(sa.true(), *(_condition(part, parts) for part in predicate.parts))
    if isinstance(predicate, Either):
        return sa.or_(sa.false(), *(_condition(part, parts) for part in predicate.parts))
    if isinstance(predicate, Not):
        return sa.not_(_condition(predicate.part, parts))
    if name_key(predicate.key) not in parts:
        raise NotFound("column", predicate.key)
    column = parts[name_key(predicate.key)]
    if isinstance(predicate, Unset):
        return column.is_(None)
    if isinstance(predicate, Membership):
        found = sa.or_(sa.false(), *(column == _bound(value) for value in predicate.values))
        return sa.not_(found) if predicate.negated else found
    if predicate.op == "like":
        return column.like(_bound(predicate.value))
    return _OPERATORS[predicate.op](column, _bound(predicate.value))


def _bound(value: object) -> Any:
    import sqlalchemy as sa

    return sa.bindparam(None, value, type_=sa.types.NullType(), unique=True)
