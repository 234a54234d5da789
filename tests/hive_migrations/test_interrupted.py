"""A migration whose server or worker is killed goes on where it was, copies nothing twice and leaves nothing out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from catalog_server.catalog.catalog import CatalogService
from catalog_server.config import Config
from catalog_server.facades.hms.app import handlers
from catalog_server.facades.hms.errors import translate
from catalog_server.hive_migrations.migrations import HiveMigrations
from catalog_server.model.database import Database
from catalog_server.model.hive_migration import MigrationOptions, Mode
from catalog_server.model.names import TableName
from catalog_server.model.partition import Partition
from catalog_server.model.table import Column, Table, TableKind
from catalog_server.services import Services
from catalog_server.testing import RunningServer, start_server
from tests.facades.hms.running import running
from tests.hive_migrations.conftest import CALLER, migrate

PARTITIONS = 12_000
SECONDS = 240.0


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a metastore (one of ours) with a table of many partitions and some small ones."""
    services = Services(Config(data=tmp_path_factory.mktemp("source")))
    services.catalog.prepare()
    services.catalog.databases.create(CALLER, Database("hive", "big"))
    parts = (Column("n", "int"),)
    for name in ("first", "many", "zeta"):
        keys = parts if name == "many" else ()
        table = Table(
            "hive", "big", name, TableKind.EXTERNAL, (Column("a", "int"),), keys, location=f"file:/tmp/none/{name}"
        )
        services.catalog.tables.create(CALLER, table, make_directory=False)
    for start in range(0, PARTITIONS, 4000):
        new = [Partition((str(n),), f"file:/tmp/none/many/n={n}") for n in range(start, start + 4000)]
        services.catalog.partitions.add(CALLER, TableName("hive", "big", "many"), new, make_directories=False)
    with running(handlers(services), translate) as server:
        yield f"thrift://127.0.0.1:{server.port}"
    services.close()


def get(server: RunningServer, path: str) -> Any:
    with httpx.Client(base_url=f"{server.http}/api/v1", timeout=60, trust_env=False) as client:
        return client.get(path).raise_for_status().json()


def post(server: RunningServer, path: str, body: dict[str, Any]) -> Any:
    with httpx.Client(base_url=f"{server.http}/api/v1", timeout=60, trust_env=False) as client:
        return client.post(path, json=body).raise_for_status().json()


def wait(server: RunningServer, id_: str, until: Any) -> dict[str, Any]:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        found: dict[str, Any] = get(server, f"/migrations/{id_}")
        if until(found):
            return found
        time.sleep(0.02)
    raise AssertionError(f"still {found}")


def ended(found: dict[str, Any]) -> bool:
    return found["state"] in ("SUCCEEDED", "FAILED", "CANCELLED")


def check(server: RunningServer, source: str, done: dict[str, Any]) -> None:
    """The copy is whole, and the comparison says so."""
    assert done["state"] == "SUCCEEDED", done
    assert done["summary"]["partitions"] == PARTITIONS
    compared = post(server, "/migrations", {"source": source, "mode": "verify", "databases": ["big"]})
    compared = wait(server, compared["id"], ended)
    assert (compared["state"], compared["summary"]["unlike"]) == ("SUCCEEDED", 0), compared
    assert compared["summary"]["partitions"] == PARTITIONS


def test_the_server_is_killed(tmp_path: Path, source: str) -> None:
    server = start_server(tmp_path / "data")
    begun = post(server, "/migrations", {"source": source, "databases": ["big"]})
    wait(server, begun["id"], lambda found: found["progress"].get("partitions", 0) >= 1000)
    server.kill()
    server = start_server(tmp_path / "data")
    try:
        check(server, source, wait(server, begun["id"], ended))
    finally:
        assert server.stop() == 0


def test_the_worker_is_killed_at_a_step(tmp_path: Path, source: str) -> None:
    server = start_server(tmp_path / "data", environment={"CATALOG_SERVER_FAILPOINT": "partitions_copied:7"})
    try:
        begun = post(server, "/migrations", {"source": source, "databases": ["big"]})
        check(server, source, wait(server, begun["id"], ended))
    finally:
        assert server.stop() == 0


def test_a_cancelled_migration_is_gone_on_with(tmp_path: Path, source: str) -> None:
    service = CatalogService(Config(data=tmp_path / "data"))
    service.prepare()
    migrations = HiveMigrations(service)
    begun = migrations.start(CALLER, Mode.COPY, source, MigrationOptions("hive", databases=("big",)))
    asked = count()
    migrations.execute(begun.id, lambda: next(asked) > 6)
    stopped = migrations.get(CALLER, begun.id)
    assert stopped.state == "CANCELLED"
    assert 0 < int(str(stopped.summary["partitions"])) < PARTITIONS
    again = migrations.resume(CALLER, begun.id)
    migrations.execute(again.id)
    assert migrations.get(CALLER, again.id).summary["partitions"] == PARTITIONS
    assert migrate(service, source, Mode.VERIFY, databases=("big",)).unlike() == []
    service.close()


def test_what_failed_is_tried_again(tmp_path: Path, source: str) -> None:
    service = CatalogService(Config(data=tmp_path / "data"))
    service.prepare()
    migrations = HiveMigrations(service)
    begun = migrations.start(CALLER, Mode.COPY, "thrift://127.0.0.1:1", MigrationOptions("hive", databases=("big",)))
    migrations.execute(begun.id)
    failed = migrations.get(CALLER, begun.id)
    assert (failed.state, "connection refused" in (failed.error or "")) == ("FAILED", True)
    assert migrations.resume(CALLER, begun.id).state == "QUEUED"
    service.close()
