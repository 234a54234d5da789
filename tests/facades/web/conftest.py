"""The web facade over a real store, answering on a real port."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from catalog_server.config import Config, StoreConfig
from tests.engines.postgresql import PostgreSQL
from tests.facades.web.serving import Served, serve


@pytest.fixture(scope="module")
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server of the web facade, one per module of tests; on SQLite unless a module asks for `BOTH_STORES`."""
    data: Path = tmp_path_factory.mktemp("web")
    if getattr(request, "param", "sqlite") == "sqlite":
        with serve(Config(data=data)) as running:
            yield running
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    name = server.create_database()
    with serve(Config(data=data, store=StoreConfig(url=server.url(name)))) as running:
        yield running
    server.drop_database(name)


@pytest.fixture
def api(served: Served) -> Iterator[httpx.Client]:
    """A client of its JSON API."""
    with httpx.Client(base_url=f"{served.url}/api/v1", trust_env=False) as client:
        yield client


@pytest.fixture
def database(api: httpx.Client) -> str:
    """A fresh database; the fixture's value is its path in the API."""
    name = f"d{uuid4().hex[:10]}"
    assert api.post("/catalogs/hive/databases", json={"name": name}).status_code == 201
    return f"/catalogs/hive/databases/{name}"


@pytest.fixture
def table(api: httpx.Client, database: str) -> str:
    """A fresh table partitioned by year and month; the fixture's value is its path in the API."""
    body = {
        "name": "flights",
        "columns": [{"name": "id", "type": "bigint"}, {"name": "delay", "type": "double", "comment": "in minutes"}],
        "partition_keys": [{"name": "year", "type": "int"}, {"name": "month", "type": "int"}],
        "comment": "departures",
    }
    assert api.post(f"{database}/tables", json=body).status_code == 201
    return f"{database}/tables/flights"
