"""A running server on either store, and clients of its gRPC port."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import grpc
import pytest

from catalog_server.client import Client
from catalog_server.client import messages as m
from catalog_server.testing import RunningServer, running_server


@pytest.fixture(scope="package", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that the tests of the folder share."""
    store = ""
    if request.param == "postgresql":
        postgresql = request.getfixturevalue("postgresql")
        store = postgresql.url(postgresql.create_database())
    with running_server(tmp_path_factory.mktemp("grpc"), store=store) as running:
        yield running


@pytest.fixture
def client(server: RunningServer) -> Iterator[Client]:
    """Our own client."""
    with Client(server.grpc) as found:
        yield found


@pytest.fixture
def channel(server: RunningServer) -> Iterator[grpc.Channel]:
    """A bare channel."""
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as found:
        yield found


@pytest.fixture
def database(client: Client) -> str:
    """A database of its own."""
    name = f"d{uuid.uuid4().hex[:10]}"
    client.databases.create(m.Database(name=name))
    return name


@pytest.fixture
def table(client: Client, database: str) -> str:
    """A partitioned table of its own, made for Parquet."""
    columns = [m.Column(name="id", type="bigint"), m.Column(name="delay", type="double", comment="in minutes")]
    keys = [m.Column(name="year", type="int"), m.Column(name="city", type="string")]
    new = m.Table(database=database, name="flights", columns=columns, partition_keys=keys, owner="ann")
    client.tables.create(new, format="parquet")
    return "flights"
