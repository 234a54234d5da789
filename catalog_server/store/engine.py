"""Opens the store by URL: pools, SQLite's pragmas, PostgreSQL's session settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, InvalidatePoolError, NoSuchModuleError

from catalog_server.model.errors import Invalid
from catalog_server.store.pool import is_alive

WRITE = "catalog_write"
"""Execution option of a connection whose transaction is going to write."""
UNHURRIED = "catalog_unhurried"
"""Execution option of a connection on PostgreSQL that sends BEGIN itself, with its first statement, or not at all."""


def open_engine(url: str, pool_size: int = 16) -> Engine:
    """An engine for `sqlite:///path` or `postgresql+psycopg://...`; raises `Invalid` for any other URL."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise Invalid("store.url", "is not a URL such as sqlite:///path or postgresql://user@host/database") from error
    name = parsed.get_backend_name()
    if name == "sqlite":
        return _sqlite(url, pool_size)
    if name == "postgresql":
        return _postgresql(url, pool_size)
    raise Invalid("store.url", f"{name} cannot hold the store; use sqlite or postgresql")


def _sqlite(url: str, pool_size: int) -> Engine:
    path = make_url(url).database
    if not path or path == ":memory:":
        raise Invalid("store.url", "SQLite needs a file, since several processes share the store")
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, pool_size=pool_size, max_overflow=pool_size, connect_args={"timeout": 60})

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "cache_size=-16000",
            "mmap_size=268435456",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        writes = connection.get_execution_options().get(WRITE)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql(url: str, pool_size: int) -> Engine:
    try:
        engine = create_engine(
            url,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_timeout=30,
            connect_args={"connect_timeout": 5, "application_name": "catalog-server", "autocommit": True},
        )
    except NoSuchModuleError as error:
        raise Invalid("store.url", f"the driver of {url.split(':', 1)[0]} is not installed") from error

    @event.listens_for(engine, "checkout")
    def checkout(connection: Any, _record: Any, _proxy: Any) -> None:
        """Refuse a connection that the server has closed."""
        if not is_alive(connection):
            raise InvalidatePoolError("the server has closed the connection")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        if not connection.get_execution_options().get(UNHURRIED):
            connection.exec_driver_sql("BEGIN ISOLATION LEVEL READ COMMITTED")

    return engine
