"""Configuration: one frozen tree, read from one TOML file, each field overridable by CATALOG_SERVER__SECTION__FIELD."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from catalog_server.model.errors import Invalid

PREFIX = "CATALOG_SERVER__"


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address to listen on."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """Where the server listens and how many processes answer."""

    host: str = "127.0.0.1"
    """Address to listen on; one beyond loopback is refused, since pages and API ask nobody who they are."""
    http_port: int = 8181
    """Port of pages, JSON API and Iceberg REST; 0 takes a free one."""
    thrift_port: int = 9083
    """Port of the Hive metastore; 0 takes a free one."""
    grpc_port: int = 9084
    """Port of the gRPC API; 0 takes a free one."""
    workers: int = 1
    """API processes on the same ports; more than one needs a store on PostgreSQL."""
    allowed_hosts: tuple[str, ...] = ()
    """Host names besides loopback under which HTTP may be asked for."""
    threads: int = 16
    """Threads that run store calls of one API process."""


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """Where rows are kept; an empty URL means SQLite in the data directory."""

    url: str = ""
    """`postgresql://user@host/database` or `sqlite:////absolute/path`."""
    pool_size: int = 16
    """Connections to the store that a process keeps; under load it opens as many again."""


@dataclass(frozen=True, slots=True)
class WarehouseConfig:
    """Where managed databases and tables go; empty means `warehouse` in the data directory."""

    location: str = ""
    """A folder such as `s3://bucket/warehouse` or `file:///data/warehouse`."""
    catalog: str = "hive"
    """Name of the default catalog."""
    allowed_locations: tuple[str, ...] = ()
    """Folders beside the warehouse in which Iceberg REST clients may put tables and views; empty allows every folder."""


@dataclass(frozen=True, slots=True)
class IcebergConfig:
    """How scans of Iceberg tables are planned for REST clients."""

    background_plan_bytes: int = 16 * 1024 * 1024
    """Manifest lists larger than this are read in the background, and the client asks again until the plan is made."""


@dataclass(frozen=True, slots=True)
class SecurityConfig:
    """The key that encrypts secrets; empty means a key file in the data directory, made at the first start."""

    secret_key: str = ""
    """Base64 of 32 bytes, or a pass phrase."""
    policy: str = "open"
    """`open` allows everything, `grants` asks the stored grants."""
    admins: tuple[str, ...] = ()
    """Users who are let into the role `admin` at each start; taking a name away puts nobody out of it."""


@dataclass(frozen=True, slots=True)
class ThriftConfig:
    """The metastore's Thrift port: where it listens, who may speak to it and how, and its limits."""

    host: str = ""
    """Address of this port where it is not `server.host`; one beyond loopback needs `thrift.authentication`."""
    authentication: tuple[str, ...] = ()
    """Who may call: any of `plain`, `kerberos`, `delegation`, `token`, `jwt` and `certificate`; empty lets all in."""
    users_file: str = ""
    """Users of `plain`, a line `NAME:HASH` each, as `catalog credentials password NAME` prints."""
    tokens_file: str = ""
    """Bearer tokens of `token`, a line `NAME:HASH` each, as `catalog credentials token NAME` prints."""
    jwt_keys: str = ""
    """File or `https://` address of the JSON Web Key Set that signs the tokens of `jwt`."""
    jwt_issuer: str = ""
    """The `iss` that a JWT must have; empty asks for none."""
    jwt_audience: str = ""
    """The `aud` that a JWT must have; empty asks for none."""
    jwt_user_claim: str = "sub"
    """The claim of a JWT that names the user."""
    kerberos_keytab: str = ""
    """File with the keys of `thrift.kerberos_principal`."""
    kerberos_principal: str = ""
    """Service principal of `kerberos`, such as `hive/metastore.example.com@EXAMPLE.COM`."""
    tls: str = "off"
    """`off`, `optional` (plain clients and TLS clients on one port) or `required`."""
    tls_certificate: str = ""
    """PEM file of the server's certificate and those that lead to its authority."""
    tls_key: str = ""
    """PEM file of the certificate's private key."""
    tls_client_authority: str = ""
    """PEM file of the authorities that must have signed clients' certificates; empty asks clients for none."""
    http_path: str = "/metastore"
    """Path of Thrift over HTTP on this port."""
    request_bytes_max: int = 16 * 1024 * 1024
    """Bytes of one call; a longer one closes the connection."""
    requests_bytes_max: int = 256 * 1024 * 1024
    """Bytes of all unfinished calls of one process together; the client that exceeds it is dropped."""
    connections_max: int = 4096
    """Open connections of one process, within what the system allows."""
    connections_per_peer_max: int = 2048
    """Open connections of one client address."""
    first_byte_seconds: float = 30.0
    """A new connection that says nothing for so long is closed."""
    handshake_seconds: float = 20.0
    """TLS and SASL must be agreed on within this time each, and the headers of an HTTP request be there."""
    message_seconds: float = 30.0
    """A call must have arrived whole within this time from its first byte."""
    idle_seconds: float = 3600.0
    """A connection between two calls is closed after this time."""
    write_seconds: float = 30.0
    """A client that takes nothing of its answer for so long is dropped."""
    lease_seconds: float = 300.0
    """Locks and Hive transactions whose client is not heard of for so long are given up (hive.txn.timeout)."""


@dataclass(frozen=True, slots=True)
class GrpcConfig:
    """The gRPC port: where it listens, who may speak to it, and its limits."""

    host: str = ""
    """Address of this port where it is not `server.host`; one beyond loopback needs `grpc.authentication` and TLS."""
    authentication: tuple[str, ...] = ()
    """Who may call: any of `token` and `jwt`; empty lets all in."""
    tokens_file: str = ""
    """Bearer tokens of `token`, a line `NAME:HASH` each, as `catalog credentials token NAME` prints."""
    jwt_keys: str = ""
    """File or `https://` address of the JSON Web Key Set that signs the tokens of `jwt`."""
    jwt_issuer: str = ""
    """The `iss` that a JWT must have; empty asks for none."""
    jwt_audience: str = ""
    """The `aud` that a JWT must have; empty asks for none."""
    jwt_user_claim: str = "sub"
    """The claim of a JWT that names the user."""
    tls_certificate: str = ""
    """PEM file of the server's certificate and those that lead to its authority; empty serves without TLS."""
    tls_key: str = ""
    """PEM file of the certificate's private key."""
    message_bytes_max: int = 16 * 1024 * 1024
    """Bytes of one message that a client sends."""
    streams_max: int = 128
    """Calls that one connection may have open at once; more of them wait."""
    calls_max: int = 2048
    """Calls of all clients that one process has open at once; more of them are refused."""
    watches_max: int = 256
    """Streams of events that one process has open at once; more of them are refused."""


@dataclass(frozen=True, slots=True)
class QueryConfig:
    """Limits of the embedded SQL engine."""

    memory_limit: str = "2GB"
    """Memory of one worker process, beyond which it spills to disk."""
    threads: int = 2
    """Threads of one worker process."""
    timeout_seconds: float = 300.0
    """A statement is ended after this time."""
    rows_max: int = 1_000_000
    """Most rows of one answer; what is beyond is left out and said to be."""
    concurrent_max: int = 2
    """Statements that run at once, each in a worker process; more of them wait."""
    idle_seconds: float = 300.0
    """An idle worker process ends after this time."""
    result_bytes_max: int = 1024 * 1024 * 1024
    """Most bytes of one answer."""
    export_bytes_max: int = 64 * 1024 * 1024 * 1024
    """Most bytes of one answer that is written to a Parquet file, as they are before they are packed."""
    export_timeout_seconds: float = 3600.0
    """A statement whose answer is written to a Parquet file is ended after this time; one of them runs at once."""
    results_keep_seconds: float = 86_400.0
    """Queries and their rows are forgotten after this time."""


@dataclass(frozen=True, slots=True)
class CrawlersConfig:
    """What crawlers may look at, and how many crawls go on at once."""

    allowed_targets: tuple[str, ...] = ()
    """Prefixes of targets (`s3://bucket/raw/`, `/srv/data`, `connection:NAME`) that may be crawled; empty allows all."""
    concurrent_max: int = 2
    """Crawls that go on at once in each worker, of each crawler one; more of them wait."""
    spark_master: str = "local[*]"
    """Where crawls with the option `engine=spark` run their Spark application."""
    spark_python: str = ""
    """The Python of Spark's executors, which has catalog-server installed; empty names the server's own."""
    spark_properties: str = ""
    """A file of Spark's settings for these applications, as spark-defaults.conf has them."""


@dataclass(frozen=True, slots=True)
class JobsConfig:
    """How many runs go on at once, and where engines are kept (empty: the user's cache directory)."""

    concurrent_max: int = 2
    """Runs that go on at once; more of them wait."""
    engines_home: str = ""
    """Where `catalog engines install` puts Spark and Trino."""
    maven_url: str = "https://repo1.maven.org/maven2"
    """The Maven repository that engines and their jars are fetched from."""


@dataclass(frozen=True, slots=True)
class ClientConfig:
    """Which server the commands speak to."""

    url: str = "http://127.0.0.1:8181"
    """Address of the server, where `--server` does not say another."""


@dataclass(frozen=True, slots=True)
class Config:
    """The whole tree."""

    data: Path = Path("catalog-data")
    """The directory for the store, the warehouse, results and logs."""
    server: ServerConfig = field(default_factory=ServerConfig)
    store: StoreConfig = field(default_factory=StoreConfig)
    warehouse: WarehouseConfig = field(default_factory=WarehouseConfig)
    iceberg: IcebergConfig = field(default_factory=IcebergConfig)
    security: SecurityConfig = field(default_factory=SecurityConfig)
    thrift: ThriftConfig = field(default_factory=ThriftConfig)
    grpc: GrpcConfig = field(default_factory=GrpcConfig)
    query: QueryConfig = field(default_factory=QueryConfig)
    crawlers: CrawlersConfig = field(default_factory=CrawlersConfig)
    jobs: JobsConfig = field(default_factory=JobsConfig)
    client: ClientConfig = field(default_factory=ClientConfig)

    @property
    def is_exposed(self) -> bool:
        """Whether any port can be reached from other machines."""
        hosts = (self.server.host, self.thrift.host, self.grpc.host)
        return not all(is_loopback(host) for host in hosts if host)

    @property
    def store_url(self) -> str:
        """The store's SQLAlchemy URL; `postgresql://` means psycopg 3."""
        url = self.store.url or f"sqlite:///{(self.data / 'catalog.db').absolute()}"
        for short in ("postgresql://", "postgres://"):
            if url.startswith(short):
                return "postgresql+psycopg://" + url.removeprefix(short)
        return url

    @property
    def warehouse_location(self) -> str:
        """The default warehouse as a URL without a slash at its end."""
        return self.warehouse.location.rstrip("/") or f"file://{(self.data / 'warehouse').absolute()}"


def load(path: Path | None = None, environment: Mapping[str, str] | None = None) -> Config:
    """Read the configuration file (if one is named) and the environment; raises `Invalid` for an unknown key."""
    raw: dict[str, Any] = {}
    if path is not None:
        try:
            raw = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise Invalid("configuration", f"{path} cannot be read: {error.strerror}") from error
        except tomllib.TOMLDecodeError as error:
            raise Invalid("configuration", f"{path}: {error}") from error
    for name, value in (os.environ if environment is None else environment).items():
        if name.startswith(PREFIX):
            _set(raw, name.removeprefix(PREFIX).lower().split("__"), value, name)
    config: Config = _build(Config(), raw, "")
    return config


def _set(raw: dict[str, Any], path: list[str], value: str, name: str) -> None:
    for part in path[:-1]:
        raw = raw.setdefault(part, {})
        if not isinstance(raw, dict):
            raise Invalid("configuration", f"{name} names a section below a plain value")
    raw[path[-1]] = value


def _build(node: Any, raw: Mapping[str, Any], where: str) -> Any:
    known = {item.name: getattr(node, item.name) for item in fields(node)}
    changes: dict[str, Any] = {}
    for key, value in raw.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"; did you mean {where}{near[0]}?" if near else f"; known here: {', '.join(sorted(known))}"
            raise Invalid("configuration", f"{where}{key} is not a setting{hint}")
        changes[key] = _coerce(known[key], value, f"{where}{key}")
    return replace(node, **changes)


def _coerce(default: Any, value: Any, where: str) -> Any:
    if hasattr(default, "__dataclass_fields__"):
        if not isinstance(value, Mapping):
            raise Invalid("configuration", f"{where} is a section, not a value")
        return _build(default, value, f"{where}.")
    try:
        if isinstance(default, bool):
            return value if isinstance(value, bool) else {"true": True, "false": False}[str(value).lower()]
        if isinstance(default, tuple):
            return (
                tuple(value)
                if isinstance(value, list)
                else tuple(p.strip() for p in str(value).split(",") if p.strip())
            )
        return type(default)(value)
    except (ValueError, KeyError, TypeError) as error:
        raise Invalid("configuration", f"{where}: {value!r} is not a {type(default).__name__}") from error


def to_environment(config: Config) -> dict[str, str]:
    """The tree as environment variables from which `load` makes the same tree, for a child process."""
    said = {f"{PREFIX}DATA": str(config.data.absolute())}
    for section in fields(config):
        node = getattr(config, section.name)
        if hasattr(node, "__dataclass_fields__"):
            for item in fields(node):
                value = getattr(node, item.name)
                text = ",".join(value) if isinstance(value, tuple) else str(value)
                said[f"{PREFIX}{section.name.upper()}__{item.name.upper()}"] = text
    return said
