"""A metastore in this process over an empty SQLite store, and clients of it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog_server.config import Config
from catalog_server.facades.hms.app import handlers
from catalog_server.facades.hms.errors import translate
from catalog_server.services import Services
from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.metastore import Metastore
from tests.facades.hms.running import running


@pytest.fixture(scope="session")
def hms_services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """The catalog behind the metastore."""
    services = Services(Config(data=tmp_path_factory.mktemp("metastore")))
    services.catalog.prepare()
    yield services
    services.close()


@pytest.fixture(scope="session")
def metastore_port(hms_services: Services) -> Iterator[int]:
    """The port of a metastore that many tests share."""
    with running(handlers(hms_services), translate) as server:
        yield server.port


@pytest.fixture
def hms(metastore_port: int) -> Iterator[Metastore]:
    """A client."""
    with Metastore(metastore_port) as client:
        yield client


@pytest.fixture
def database(hms: Metastore) -> str:
    """The name of a database of its own."""
    name = f"d{uuid.uuid4().hex[:8]}"
    hms.create_database(wire.Database(name=name))
    return name


@pytest.fixture
def warehouse(hms_services: Services) -> Path:
    """The folder of the default warehouse."""
    return Path(hms_services.config.warehouse_location.removeprefix("file://"))
