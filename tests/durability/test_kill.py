"""kill -9 in a storm of writes and at each step of a commit: what was acknowledged is there, nothing is half made."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from thrift.protocol.TBinaryProtocol import TBinaryProtocolAccelerated
from thrift.transport.TSocket import TSocket
from thrift.transport.TTransport import TBufferedTransport, TTransportException

from catalog_server.catalog.catalog import CatalogService
from catalog_server.config import Config, StoreConfig
from catalog_server.lake.filesystem import Lake
from catalog_server.model.caller import SYSTEM
from catalog_server.model.names import TableName
from catalog_server.testing.server import RunningServer, start_server

pytestmark = pytest.mark.timeout(240)
SCHEMA = {"type": "struct", "schema-id": 0, "fields": [{"id": 1, "name": "a", "type": "long", "required": False}]}
STEPS = ("metadata_written", "before_commit", "after_commit")
WRITERS = 4


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def store(request: pytest.FixtureRequest) -> str:
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgresql_url"))


class Client:
    """Iceberg REST by hand; every method says whether the server acknowledged."""

    def __init__(self, server: RunningServer) -> None:
        self.http = httpx.Client(base_url=f"{server.iceberg}/v1", timeout=30, trust_env=False)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def post(self, path: str, body: dict[str, Any]) -> bool:
        try:
            return self.http.post(path, json=body).is_success
        except httpx.TransportError:
            return False

    def namespace(self, name: str) -> bool:
        return self.post("/namespaces", {"namespace": [name]})

    def table(self, name: str) -> bool:
        return self.post("/namespaces/db/tables", {"name": name, "schema": SCHEMA})

    def commit_once(self, name: str, key: str, token: str) -> bool:
        update = {"action": "set-properties", "updates": {key: "1"}}
        body = {"requirements": [], "updates": [update]}
        try:
            answer = self.http.post(f"/namespaces/db/tables/{name}", json=body, headers={"Idempotency-Key": token})
        except httpx.TransportError:
            return False
        return answer.is_success and key in answer.json()["metadata"]["properties"]

    def commit(self, name: str, key: str) -> bool:
        update = {"action": "set-properties", "updates": {key: "1"}}
        return self.post(f"/namespaces/db/tables/{name}", {"requirements": [], "updates": [update]})


def service(data: Path, store: str) -> CatalogService:
    return CatalogService(Config(data=data, store=StoreConfig(url=store)))


@contextlib.contextmanager
def opened(data: Path, store: str) -> Iterator[CatalogService]:
    found = service(data, store)
    found.prepare()
    yield found
    found.close()


def check_consistent(catalog: CatalogService) -> None:
    """Every version has its event and every event its version; no row hangs in the air; every metadata file is there."""
    with catalog.store.read() as tx:
        run = tx.connection.execute
        versions = Counter(row[0] for row in run(text("SELECT table_id FROM table_versions")))
        events = Counter(
            row[0] for row in run(text("SELECT object_id FROM events WHERE kind IN ('create_table', 'alter_table')"))
        )
        current = {row[0]: row[1] for row in run(text("SELECT id, version FROM tables"))}
        orphans = run(text("SELECT count(*) FROM partitions WHERE table_id NOT IN (SELECT id FROM tables)")).scalar()
        numbers = [row[0] for row in run(text("SELECT number FROM events WHERE number IS NOT NULL ORDER BY number"))]
    assert versions == events
    assert {table: versions[table] for table in current} == current
    assert orphans == 0
    assert numbers == list(range(1, len(numbers) + 1))
    for database in catalog.databases.list(SYSTEM):
        for table in catalog.tables.list(SYSTEM, database.full_name):
            if table.is_iceberg:
                catalog.iceberg.read(table.metadata_location or "")


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_a_step_of_a_commit(tmp_path: Path, store: str, step: str) -> None:
    data = tmp_path / "data"
    server = start_server(data, store=store)
    with Client(server) as client:
        assert client.namespace("db")
        assert client.table("t")
        assert client.commit("t", "first")
    server.kill()
    server = start_server(data, store=store, environment={"CATALOG_SERVER_FAILPOINT": step})
    with Client(server) as client:
        assert not client.commit("t", "second")
    assert server.stop() == -9
    server = start_server(data, store=store)
    with Client(server) as client:
        assert client.commit("t", "third")
    assert server.stop() == 0
    with opened(data, store) as catalog:
        check_consistent(catalog)
        kept = catalog.iceberg.load(SYSTEM, TableName("hive", "db", "t")).document["properties"]
        assert {"first", "third"} <= kept.keys()
        assert ("second" in kept) == (step == "after_commit")


@pytest.mark.parametrize("step", STEPS)
def test_a_commit_with_a_key_is_made_once_though_its_answer_was_lost(tmp_path: Path, store: str, step: str) -> None:
    data, token = tmp_path / "data", "018f5e2a-7c3b-7def-8123-456789abcdef"
    server = start_server(data, store=store)
    with Client(server) as client:
        assert client.namespace("db")
        assert client.table("t")
    server.kill()
    server = start_server(data, store=store, environment={"CATALOG_SERVER_FAILPOINT": step})
    with Client(server) as client:
        assert not client.commit_once("t", "a", token)
    assert server.stop() == -9
    server = start_server(data, store=store)
    with Client(server) as client:
        assert [client.commit_once("t", "a", token) for _ in range(2)] == [True, True]
    assert server.stop() == 0
    with opened(data, store) as catalog:
        check_consistent(catalog)
        found = catalog.iceberg.load(SYSTEM, TableName("hive", "db", "t"))
        assert (found.table.version, len(found.document["metadata-log"])) == (2, 1)


@pytest.mark.parametrize("step", ["before_commit", "after_commit"])
def test_who_unregisters_again_is_told_what_the_table_was(tmp_path: Path, store: str, step: str) -> None:
    data, key = tmp_path / "data", {"Idempotency-Key": "018f5e2a-7c3b-7def-8123-456789abcdef"}
    server = start_server(data, store=store)
    with Client(server) as client:
        assert client.namespace("db")
        assert client.table("t")
        assert client.commit("t", "a")
        last = client.http.get("/namespaces/db/tables/t").json()
    server.kill()
    server = start_server(data, store=store, environment={"CATALOG_SERVER_FAILPOINT": step})
    with Client(server) as client, contextlib.suppress(httpx.TransportError):
        client.http.post("/namespaces/db/tables/t/unregister", json={}, headers=key)
    assert server.stop() == -9
    server = start_server(data, store=store)
    with Client(server) as client:
        for _ in range(2):
            told = client.http.post("/namespaces/db/tables/t/unregister", json={}, headers=key).json()
            assert (told["metadata-location"], told["metadata"]) == (last["metadata-location"], last["metadata"])
        assert client.http.get("/namespaces/db/tables/t").status_code == 404
    assert server.stop() == 0


@pytest.mark.parametrize("step", ["before_commit", "after_commit", "intent_claimed", "intent_done"])
def test_killed_at_a_step_of_a_drop(tmp_path: Path, store: str, step: str) -> None:
    data = tmp_path / "data"
    with opened(data, store) as catalog:
        location = _managed(catalog)
    server = start_server(data, store=store, environment={"CATALOG_SERVER_FAILPOINT": step})
    with contextlib.suppress(TTransportException, EOFError, OSError):
        _drop(server)
    assert server.stop() == -9
    with opened(data, store) as catalog:
        with catalog.store.begin() as tx:
            tx.connection.execute(text("UPDATE intents SET not_before = 0"))
        catalog.intents.carry_out()
        check_consistent(catalog)
        there = "t" in catalog.tables.list_names(SYSTEM, TableName("hive", "default", "t").parent)
    assert there == (step == "before_commit")
    assert Lake().filesystem(location).is_directory(location) == there


@pytest.mark.parametrize("step", ["before_commit", "after_commit", "intent_claimed", "intent_done"])
def test_killed_at_a_step_of_a_purge(tmp_path: Path, store: str, step: str) -> None:
    data = tmp_path / "data"
    server = start_server(data, store=store)
    with Client(server) as client:
        assert client.namespace("db")
        assert client.table("t")
    server.kill()
    server = start_server(data, store=store, environment={"CATALOG_SERVER_FAILPOINT": step})
    with Client(server) as client, contextlib.suppress(httpx.TransportError):
        client.http.delete("/namespaces/db/tables/t", params={"purgeRequested": "true"})
    assert server.process.wait(20) == -9
    server.stop()
    with opened(data, store) as catalog:
        folder = data / "warehouse" / "db.db" / "t"
        with catalog.store.begin() as tx:
            tx.connection.execute(text("UPDATE intents SET not_before = 0"))
        catalog.intents.carry_out()
        there = "t" in catalog.tables.list_names(SYSTEM, TableName("hive", "db", "t").parent)
        deadline = time.monotonic() + 20
        while folder.exists() and not there and time.monotonic() < deadline:
            time.sleep(0.05)
        check_consistent(catalog)
    assert there == (step == "before_commit") == folder.exists()


def _managed(catalog: CatalogService) -> str:
    from catalog_server.model.table import Column, Table, TableKind

    made = catalog.tables.create(SYSTEM, Table("hive", "default", "t", TableKind.MANAGED, (Column("a", "int"),)))
    location = made.location or ""
    Lake().filesystem(location).write(f"{location}/part-0", b"x")
    return location


def _drop(server: RunningServer) -> None:
    from pyiceberg.catalog.hive import Client as _  # noqa: F401  (brings the generated metastore client)
    from hive_metastore import ThriftHiveMetastore  # isort: skip

    transport = TBufferedTransport(TSocket("127.0.0.1", server.thrift_port))
    transport.open()
    try:
        client = ThriftHiveMetastore.Client(TBinaryProtocolAccelerated(transport))
        client.drop_table("default", "t", True)
    finally:
        transport.close()


def test_killed_in_a_storm_of_writes(tmp_path: Path, store: str) -> None:
    data = tmp_path / "data"
    acknowledged: set[tuple[str, str]] = set()
    made: set[str] = set()
    for round_number in range(3):
        server = start_server(data, store=store)
        with Client(server) as client:
            client.namespace("db")
            if client.table("shared"):
                made.add("shared")
        stop = threading.Event()
        writers = [
            threading.Thread(target=_write, args=(server, stop, round_number, n, acknowledged, made))
            for n in range(WRITERS)
        ]
        for writer in writers:
            writer.start()
        target = len(acknowledged) + 20 + random.randrange(30)
        deadline = time.monotonic() + 60
        while len(acknowledged) < target and time.monotonic() < deadline:
            time.sleep(0.005)
        server.kill()
        stop.set()
        for writer in writers:
            writer.join()
    assert len(acknowledged) > 60
    with opened(data, store) as catalog:
        check_consistent(catalog)
        names = set(catalog.tables.list_names(SYSTEM, TableName("hive", "db", "t").parent))
        assert made <= names
        for name in made:
            kept = catalog.iceberg.load(SYSTEM, TableName("hive", "db", name)).document["properties"]
            assert {key for table, key in acknowledged if table == name} <= kept.keys()


def _write(
    server: RunningServer,
    stop: threading.Event,
    round_number: int,
    writer: int,
    acknowledged: set[tuple[str, str]],
    made: set[str],
) -> None:
    own = f"t{round_number}_{writer}"
    with Client(server) as client:
        if client.table(own):
            made.add(own)
        count = 0
        while not stop.is_set():
            count += 1
            name = "shared" if count % 2 else own
            if name in made and client.commit(name, f"k{round_number}_{writer}_{count}"):
                acknowledged.add((name, f"k{round_number}_{writer}_{count}"))
