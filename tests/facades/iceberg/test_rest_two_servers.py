"""Two servers on one PostgreSQL: what one changes, the other's repeated loads tell at once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from catalog_server.catalog.connections import PROFILES_KEPT_SECONDS
from catalog_server.testing import RunningServer, running_server
from tests.engines.s3 import S3
from tests.facades.iceberg.rest_support import create_table
from tests.facades.iceberg.test_rest_s3 import make_profile

pytestmark = [pytest.mark.s3, pytest.mark.postgresql]
ROUNDS = 15


@dataclass(frozen=True)
class Door:
    """A server and a client of its REST catalog."""

    server: RunningServer
    client: httpx.Client


@pytest.fixture
def pair(postgresql_url: str, tmp_path: Path) -> Iterator[list[Door]]:
    """Both serve the same store; they share the key that seals secrets."""
    environment = {"CATALOG_SERVER__SECURITY__SECRET_KEY": "k" * 43 + "="}
    with ExitStack() as stack:
        doors = []
        for name in ("one", "two"):
            running = running_server(tmp_path / name, store=postgresql_url, environment=environment)
            server = stack.enter_context(running)
            client = stack.enter_context(httpx.Client(base_url=server.iceberg, timeout=60, trust_env=False))
            doors.append(Door(server, client))
        yield doors


def test_a_commit_and_a_profile_changed_by_one_are_told_by_the_other(
    pair: list[Door], s3_server: S3, s3_bucket: str
) -> None:
    """Each load comes right after the change, and twice, so that the second may be given from memory."""
    make_profile(pair[0].server, s3_server, s3_bucket, vending=False)
    clients = [door.client for door in pair]
    clients[0].post("/v1/namespaces", json={"namespace": ["n"]}).raise_for_status()
    create_table(clients[0], "n", "t", location=f"s3://{s3_bucket}/t")
    path = "/v1/namespaces/n/tables/t"
    time.sleep(PROFILES_KEPT_SECONDS)
    for turn in range(ROUNDS):
        writer, reader = clients[turn % 2], clients[(turn + 1) % 2]
        for _ in range(3):
            reader.get(path).raise_for_status()
        update = {"action": "set-properties", "updates": {"turn": str(turn)}}
        writer.post(path, json={"requirements": [], "updates": [update]}).raise_for_status()
        for _ in range(2):
            assert reader.get(path).json()["metadata"]["properties"]["turn"] == str(turn)
    change = {
        "options": {"endpoint": s3_server.endpoint, "region": "elsewhere-1", "path_style": "true", "allow_http": "true"}
    }
    httpx.patch(f"{pair[0].server.http}/api/v1/connections/{s3_bucket}", json=change).raise_for_status()
    time.sleep(PROFILES_KEPT_SECONDS)
    for client in clients:
        assert client.get(path).json()["config"]["client.region"] == "elsewhere-1"
    writer, reader = clients
    writer.delete(path).raise_for_status()
    assert reader.get(path).status_code == 404
