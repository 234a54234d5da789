"""One catalog for each test, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog_server.catalog.catalog import CatalogService
from catalog_server.config import Config, StoreConfig
from catalog_server.model.caller import Caller
from catalog_server.model.database import Database
from catalog_server.store import migrations
from catalog_server.store.engine import open_engine
from catalog_server.store.transaction import Store
from tests.engines.postgresql import PostgreSQL


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite store that tests copy, since migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("template") / "catalog.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_template(postgresql: PostgreSQL) -> Iterator[str]:
    """The name of a migrated database that tests copy."""
    name = postgresql.create_database()
    _migrate(postgresql.url(name).replace("postgresql://", "postgresql+psycopg://"))
    yield name
    postgresql.drop_database(name)


def _migrate(url: str) -> None:
    store = Store(open_engine(url))
    migrations.upgrade(store)
    store.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a store with a schema and nothing in it."""
    if request.param == "sqlite":
        (tmp_path / "data").mkdir()
        copied = shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "data" / "catalog.db")
        yield f"sqlite:///{copied}"
    else:
        server: PostgreSQL = request.getfixturevalue("postgresql")
        name = server.create_database(request.getfixturevalue("postgresql_template"))
        yield server.url(name)
        server.drop_database(name)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def new_store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a store that has no schema yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new.db"
    return str(request.getfixturevalue("postgresql_url"))


@pytest.fixture
def config(store_url: str, tmp_path: Path) -> Config:
    """Settings of a server with an empty store."""
    return Config(data=tmp_path / "data", store=StoreConfig(url=store_url))


@pytest.fixture
def catalog(config: Config) -> Iterator[CatalogService]:
    """A catalog as a server has it after its first start, with the database `sales`."""
    service = CatalogService(config)
    service.prepare()
    service.databases.create(Caller("tester"), Database("hive", "sales"))
    yield service
    service.close()


@pytest.fixture
def caller() -> Caller:
    """Who calls."""
    return Caller("tester", via="test")
