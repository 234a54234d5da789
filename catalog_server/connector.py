"""The contract of a connector: what the crawler and SQL need of a kind of source, and how its code is found.

A connector is a class registered under its kind in the entry points `catalog_server.connectors`. It is made from a
`Connection` whose secrets are plain values, opens nothing before it is asked something, and is closed after use.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import parse_qsl, unquote, urlsplit

from catalog_server.lake.filesystem import Lake
from catalog_server.lake.google import check_application_default
from catalog_server.lake.object_store import check_endpoint
from catalog_server.model.connection import SECRET_OPTIONS, STORE_KINDS, Connection
from catalog_server.model.errors import Invalid, Unsupported
from catalog_server.model.expressions import Predicate
from catalog_server.model.table import Column

if TYPE_CHECKING:
    from pyarrow import RecordBatch

GROUP = "catalog_server.connectors"
CONNECT_SECONDS = 4
"""How long a source may take to answer before it counts as unreachable."""
_ALIASES = {
    **dict.fromkeys(("s3", "s3a", "azure", "abfss", "gcs", "gs", "file"), "files"),
    "postgres": "postgresql",
    "sqlite3": "sqlite",
}
_STORED_AS = {"files": "s3"}
_STORE_NAMES = {name: kind for kind, scheme in STORE_KINDS.items() for name in (kind, scheme)}
"""Kinds of stores by what an address of one begins with."""


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """Columns of a table that name a row of another table of the same source."""

    columns: tuple[str, ...]
    database: str
    table: str
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A table or view as its source describes it."""

    database: str
    name: str
    columns: tuple[Column, ...]
    """Types in the catalog's language; `parameters` hold `raw_type` (the source's own) and `nullable` (`false` only)."""
    comment: str | None = None
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    rows_estimate: int | None = None
    """The source's own guess at the number of rows, where it has one that costs nothing."""
    is_view: bool = False


@dataclass(frozen=True, slots=True)
class DuckDBAttach:
    """How DuckDB reaches the source by itself: `ATTACH '<target>' AS name (TYPE <kind>, READ_ONLY)`.

    `secret` holds the fields of `CREATE SECRET (TYPE <kind>, ...)`; empty where none is needed.
    """

    extension: str
    """Name of the extension's wheel: `postgres_scanner`, `mysql_scanner`, `sqlite_scanner`."""
    kind: str
    target: str = ""
    secret: Mapping[str, str] = field(default_factory=dict, repr=False)


class Connector(ABC):
    """One source. Methods raise `Unavailable` (it does not answer; the message names host and port), `Denied`,
    `NotFound` and `Invalid`, and nothing of a driver's own.

    The switches say what the kind can do; every behaviour suite holds a connector to the switches that are on, so one
    that cannot must turn it off.
    """

    kind: ClassVar[str]
    url_parameters: ClassVar[frozenset[str]] = frozenset()
    """Query parameters a URL may carry; each becomes an option of the connection."""
    default_port: ClassVar[int | None] = None

    supports_databases: ClassVar[bool] = True
    """More than one database (or schema) can be made."""
    supports_comments: ClassVar[bool] = True
    supports_primary_keys: ClassVar[bool] = True
    supports_foreign_keys: ClassVar[bool] = True
    supports_decimals: ClassVar[bool] = True
    supports_dates: ClassVar[bool] = True
    supports_zoned_timestamps: ClassVar[bool] = True
    supports_arrays: ClassVar[bool] = True
    supports_json: ClassVar[bool] = True
    supports_booleans: ClassVar[bool] = True
    supports_views: ClassVar[bool] = True
    supports_row_estimates: ClassVar[bool] = True
    supports_network: ClassVar[bool] = True
    """Reached over the network, so that it can be unreachable."""

    def __init__(self, connection: Connection, lake: Lake | None = None) -> None:
        self.connection = connection
        self.lake = lake or Lake()

    @abstractmethod
    def test(self) -> str:
        """Reach the source and say in a few words what answered (product and version)."""

    @abstractmethod
    def databases(self) -> Sequence[str]:
        """Names of what holds tables, without those that the source keeps for itself."""

    @abstractmethod
    def tables(self, database: str) -> Sequence[str]:
        """Names of tables and views, sorted; raises `NotFound` for an unknown database."""

    @abstractmethod
    def describe(self, database: str, table: str) -> SourceTable:
        """Columns, comments and keys of one table; raises `NotFound`."""

    def describe_all(self, database: str, tables: Sequence[str]) -> Iterator[SourceTable]:
        """Several tables of one database; sources that can do so ask for all at once."""
        for table in tables:
            yield self.describe(database, table)

    @abstractmethod
    def scan(
        self,
        database: str,
        table: str,
        columns: Sequence[str] | None = None,
        predicate: Predicate | None = None,
        limit: int | None = None,
    ) -> Iterator[RecordBatch]:
        """Rows as Arrow batches with the columns asked for, in that order; at least one batch, which may be empty.

        `predicate` is applied by the source; keys are names of columns without regard to case.
        """

    def trino_properties(self) -> Mapping[str, str] | None:
        """Properties of a Trino catalog for this source (with secrets), or None if Trino has no connector for it."""
        return None

    def duckdb_attach(self) -> DuckDBAttach | None:
        """How DuckDB attaches the source, or None if it cannot: then `scan` is used."""
        return None

    def close(self) -> None:
        """Give back what was opened."""
        return

    def __enter__(self) -> Connector:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@lru_cache(maxsize=1)
def kinds() -> tuple[str, ...]:
    """The kinds for which a connector is installed."""
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))


def connector_class(kind: str) -> type[Connector]:
    """The connector of a kind; raises `Unsupported` with the known kinds, or with what to install."""
    wanted = _ALIASES.get(kind.lower(), kind.lower())
    found = next((point for point in entry_points(group=GROUP) if point.name == wanted), None)
    if found is None:
        raise Unsupported(f"there is no connector for connections of kind {kind}; known: {', '.join(kinds())}")
    try:
        loaded: type[Connector] = found.load()
    except ImportError as error:
        raise Unsupported(f"the connector {kind} cannot be loaded: {error}") from error
    return loaded


def open_connector(connection: Connection, lake: Lake | None = None) -> Connector:
    """A connector for a connection whose secrets are plain values."""
    return connector_class(connection.kind)(connection, lake)


def missing(library: str, extra: str) -> Unsupported:
    """The error for a library that is not installed, with the command that installs it."""
    return Unsupported(f"{library} is not installed: pip install 'catalog-server[{extra}]'")


def connection_from_url(name: str, url: str, options: Mapping[str, str] | None = None) -> Connection:
    """A connection from `kind://user:password@host:port/database?option=value` and further options.

    `sqlite:////absolute/path` names a file, `s3://bucket/prefix?endpoint=...&region=...` a storage profile. Secrets are
    taken out of the URL that is kept. Raises `Invalid` for an unknown parameter, `Unsupported` for an unknown kind.
    """
    parts = urlsplit(url)
    if not parts.scheme:
        raise Invalid("url", "has no kind in front, such as postgresql://")
    scheme = parts.scheme.split("+")[0]
    connector = connector_class(scheme)
    said: dict[str, str] = {}
    for key, value in [*parse_qsl(parts.query, keep_blank_values=True), *(options or {}).items()]:
        if key not in connector.url_parameters | SECRET_OPTIONS | _PLAIN:
            known = ", ".join(sorted(connector.url_parameters))
            raise Invalid("url", f"parameter {key} is not known for {connector.kind}; known: {known or 'none'}")
        said[key] = value
    kind = _STORE_NAMES.get(scheme) or _STORED_AS.get(connector.kind, connector.kind)
    prefixes: tuple[str, ...] = ()
    if kind in STORE_KINDS:
        prefixes = (f"{parts.scheme}://{parts.netloc}{parts.path}",) if parts.netloc else ()
    elif connector.default_port is None:
        said.setdefault("path", unquote(parts.path[1:] if parts.path.startswith("//") else parts.path))
    else:
        said |= _server_options(url, connector.default_port)
    secrets = {key: said.pop(key) for key in tuple(said) if key in SECRET_OPTIONS}
    return Connection(name, kind, _address(kind, said, prefixes), said, secrets, prefixes)


def check_options(kind: str, options: Mapping[str, str]) -> None:
    """Raise `Invalid` for an option that connections of a kind do not have (drivers know dangerous ones), or a wrong address.

    Kinds without a connector take any, since nothing reads them.
    """
    try:
        known = _known_options(kind)
    except Unsupported:
        return
    for key, value in options.items():
        if key not in known:
            raise Invalid("options", f"{key} is not known for {kind}; known: {', '.join(sorted(known))}")
        if key == "port" and not (value.isdecimal() and 0 < int(value) < 2**16):
            raise Invalid("option port", f"{value!r} is not the number of a port")
        if key in ("endpoint", "sts_endpoint") and value:
            check_endpoint(key, value)
    if kind == "gcs":
        check_application_default(options)


def _known_options(kind: str) -> frozenset[str]:
    if kind in _OWN_OPTIONS:
        return _OWN_OPTIONS[kind]
    connector = connector_class(kind)
    return connector.url_parameters | (_STORE if connector.kind in _STORED_AS else _PLAIN)


_PLAIN = frozenset({"host", "port", "database", "user", "path"})
_OWN_OPTIONS = {
    "azure": frozenset({"endpoint", "allow_http"}),
    "gcs": frozenset({"endpoint", "allow_http", "application_default"}),
    "kafka": frozenset({"brokers", "security_protocol", "sasl_mechanism", "user", "ssl_ca"}),
}
"""Of kinds that have no connector of their own."""
_STORE = frozenset({"role_arn", "sts_endpoint", "external_id", "path"})


def _server_options(url: str, default_port: int) -> dict[str, str]:
    parts = urlsplit(url)
    try:
        port = parts.port or default_port
    except ValueError as error:
        raise Invalid("url", f"{error}") from error
    if not parts.hostname:
        raise Invalid("url", f"no host in {parts.scheme}://")
    found = {"host": parts.hostname, "port": str(port), "database": unquote(parts.path.lstrip("/"))}
    if parts.username:
        found["user"] = unquote(parts.username)
    if parts.password:
        found["password"] = unquote(parts.password)
    return {key: value for key, value in found.items() if value}


def _address(kind: str, options: Mapping[str, str], prefixes: Sequence[str]) -> str:
    """The address for people, without any secret."""
    if prefixes:
        return prefixes[0]
    if "host" in options:
        host = f"[{options['host']}]" if ":" in options["host"] else options["host"]
        return f"{kind}://{host}:{options['port']}/{options.get('database', '')}"
    return f"{kind}://{options.get('path', '')}" if "path" in options else f"{kind}://"
