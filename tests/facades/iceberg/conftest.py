"""A running server, and clients of its Iceberg REST catalog."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import httpx
import pytest
from pyiceberg.catalog.rest import RestCatalog

from catalog_server.testing import RunningServer, running_server

_LONG = [pytest.mark.postgresql, pytest.mark.long]


@pytest.fixture(scope="package", params=["sqlite", pytest.param("postgresql", marks=_LONG)])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server on either store."""
    store = ""
    if request.param == "postgresql":
        postgresql = request.getfixturevalue("postgresql")
        store = postgresql.url(postgresql.create_database())
    with running_server(tmp_path_factory.mktemp("iceberg-rest"), store=store) as running:
        yield running


@pytest.fixture
def http(server: RunningServer) -> Iterator[httpx.Client]:
    """A bare client; paths begin at `/v1`."""
    with httpx.Client(base_url=server.iceberg, timeout=30) as client:
        yield client


@pytest.fixture
def namespace(http: httpx.Client) -> str:
    """A namespace of its own."""
    name = f"n{uuid.uuid4().hex[:12]}"
    http.post("/v1/namespaces", json={"namespace": [name]}).raise_for_status()
    return name


@pytest.fixture
def rest(server: RunningServer) -> Iterator[RestCatalog]:
    """pyiceberg's client."""
    catalog = RestCatalog("rest", uri=server.iceberg)
    yield catalog
    catalog.close()
