"""Tables that pyiceberg writes through a real server, and care of them by the catalog in this process."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from pyiceberg.catalog.rest import RestCatalog

from catalog_server.config import Config
from catalog_server.server import application
from tests.care.tables import Lake
from tests.facades.web.serving import Served, serve


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(Config(data=tmp_path_factory.mktemp("care")), application) as running:
        yield running


@pytest.fixture(scope="module")
def rest(served: Served) -> Iterator[RestCatalog]:
    catalog = RestCatalog("rest", uri=f"{served.url}/iceberg")
    yield catalog
    catalog.close()


@pytest.fixture
def lake(served: Served, rest: RestCatalog) -> Lake:
    """A database of its own."""
    return Lake.make(served, rest, f"d{uuid.uuid4().hex[:12]}")
