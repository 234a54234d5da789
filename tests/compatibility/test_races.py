"""Writers that commit to one Iceberg table at once, through Thrift, REST and gRPC: one winner per version, none lost."""

from __future__ import annotations

import json
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from catalog_server.client import Client
from catalog_server.model.errors import Conflict
from catalog_server.testing import RunningServer, running_server
from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.metastore import Metastore, environment

WRITERS, COMMITS = 8, 50
ACQUIRED = 1
SCHEMA = {"type": "struct", "fields": [{"id": 1, "name": "id", "type": "long", "required": False}]}


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server on either store, with the database `races`."""
    store = ""
    if request.param == "postgresql":
        postgresql = request.getfixturevalue("postgresql")
        store = postgresql.url(postgresql.create_database())
    with running_server(tmp_path_factory.mktemp("races"), store=store) as running:
        with httpx.Client(base_url=running.iceberg, timeout=30) as http:
            http.post("/v1/namespaces", json={"namespace": ["races"]}).raise_for_status()
        yield running


@pytest.fixture
def table(server: RunningServer) -> str:
    """The name of an Iceberg table of its own in `races`."""
    name = f"t{uuid.uuid4().hex[:8]}"
    with httpx.Client(base_url=server.iceberg, timeout=30) as http:
        http.post("/v1/namespaces/races/tables", json={"name": name, "schema": SCHEMA}).raise_for_status()
    return name


@dataclass
class Writer:
    """One client: its door, what it won as pairs of the metadata file before and after, and how often it lost."""

    server: RunningServer
    table: str
    number: int
    commit: Callable[[Writer, Any, str], None]
    won: list[tuple[str, str]] = field(default_factory=list)
    lost: int = 0

    def run(self) -> None:
        """Make all commits; each sets one property of its own."""
        with ExitStack() as stack:
            client: Any = stack.enter_context(_client(self.commit, self.server))
            for number in range(COMMITS):
                self.commit(self, client, f"writer-{self.number}-{number}")


def _client(commit: object, server: RunningServer) -> Any:
    if commit is commit_by_rest:
        return httpx.Client(base_url=server.iceberg, timeout=60)
    return Client(server.grpc) if commit is commit_by_grpc else Metastore(server.thrift_port)


def commit_by_grpc(writer: Writer, client: Client, key: str) -> None:
    """Set a property over gRPC: the whole map of parameters, on the condition that the table is as it was read."""
    while True:
        found = client.tables.get("races", writer.table)
        found.parameters[key] = "yes"
        try:
            changed = client.tables.alter("races", writer.table, found, ["parameters"], expected_version=found.version)
        except Conflict:
            writer.lost += 1
            continue
        writer.won.append((changed.parameters["previous_metadata_location"], changed.parameters["metadata_location"]))
        return


def commit_by_rest(writer: Writer, http: httpx.Client, key: str) -> None:
    """Set a property by Iceberg REST, where the server starts again when another writer came first."""
    updates = [{"action": "set-properties", "updates": {key: "yes"}}]
    answer = http.post(f"/v1/namespaces/races/tables/{writer.table}", json={"requirements": [], "updates": updates})
    answer.raise_for_status()
    loaded = answer.json()
    writer.won.append((loaded["metadata"]["metadata-log"][-1]["metadata-file"], loaded["metadata-location"]))


def commit_with_lock(writer: Writer, client: Metastore, key: str) -> None:
    """Set a property as Iceberg's Hive catalog does by default: under a metastore lock, without an expectation."""
    component = wire.LockComponent(type=3, level=2, dbname="races", tablename=writer.table)
    request = wire.LockRequest(component=[component], user="tester", hostname="localhost")
    held = client.lock(request)
    deadline = time.monotonic() + 60
    while held.state != ACQUIRED:
        assert time.monotonic() < deadline
        time.sleep(0.02)
        held = client.check_lock(wire.CheckLockRequest(lockid=held.lockid))
    try:
        while not try_commit(writer, client, key, guarded=False):
            pass
    finally:
        client.unlock(wire.UnlockRequest(lockid=held.lockid))


def commit_with_guard(writer: Writer, client: Metastore, key: str) -> None:
    """Set a property as Iceberg's Hive catalog does without locks: with the metadata file that it expects."""
    while not try_commit(writer, client, key, guarded=True):
        pass


def try_commit(writer: Writer, client: Metastore, key: str, *, guarded: bool) -> bool:
    """Read, write the next metadata file, and swap; whether nobody came first."""
    table = client.get_table("races", writer.table)
    before = table.parameters["metadata_location"]
    after = next_metadata(before, key)
    table.parameters |= {"metadata_location": after, "previous_metadata_location": before}
    expected = {"expected_parameter_key": "metadata_location", "expected_parameter_value": before} if guarded else {}
    try:
        client.alter_table_with_environment_context("races", writer.table, table, environment(**expected))
    except wire.MetaException as error:
        if not error.message.startswith("The table has been modified."):
            raise
        writer.lost += 1
        return False
    writer.won.append((before, after))
    return True


def next_metadata(before: str, key: str) -> str:
    """Write the metadata document with one more property beside the one before; returns its address."""
    path = Path(before.removeprefix("file://"))
    document = json.loads(path.read_text())
    document["properties"][key] = "yes"
    document["last-updated-ms"] = max(document["last-updated-ms"] + 1, int(time.time() * 1000))
    document["metadata-log"] = [
        *document.get("metadata-log", []),
        {"timestamp-ms": document["last-updated-ms"] - 1, "metadata-file": before},
    ]
    after = path.with_name(f"{int(path.name.split('-')[0]) + 1:05d}-{uuid.uuid4()}.metadata.json")
    after.write_text(json.dumps(document))
    return f"file://{after}"


DOORS = {
    "with locks": [commit_with_lock],
    "without locks": [commit_with_guard],
    "through all doors": [commit_with_lock, commit_with_guard, commit_by_rest, commit_by_grpc],
}


@pytest.mark.parametrize("doors", DOORS.values(), ids=DOORS.keys())
def test_of_many_writers_one_wins_each_version_and_none_is_lost(
    server: RunningServer, table: str, doors: list[Callable[[Writer, Any, str], None]]
) -> None:
    with Metastore(server.thrift_port) as client:
        first = client.get_table("races", table).parameters["metadata_location"]
        writers = [Writer(server, table, number, doors[number % len(doors)]) for number in range(WRITERS)]
        with ThreadPoolExecutor(WRITERS) as pool:
            for done in [pool.submit(writer.run) for writer in writers]:
                done.result()
        last = client.get_table("races", table).parameters["metadata_location"]
    followers = [pair for writer in writers for pair in writer.won]
    assert max(Counter(before for before, _ in followers).values()) == 1
    after_of = dict(followers)
    chain = [first]
    while chain[-1] in after_of:
        chain.append(after_of[chain[-1]])
    assert (len(chain), chain[-1]) == (WRITERS * COMMITS + 1, last)
    properties = json.loads(Path(last.removeprefix("file://")).read_text())["properties"]
    assert sum(key.startswith("writer-") for key in properties) == WRITERS * COMMITS
    if doors == [commit_with_lock]:
        assert sum(writer.lost for writer in writers) == 0


def test_each_of_64_writers_gets_its_commits(server: RunningServer, table: str) -> None:
    def commit_twice(number: int) -> int:
        lost = 0
        with Metastore(server.thrift_port) as client:
            for attempt in range(2):
                while True:
                    found = client.get_table("races", table)
                    before = found.parameters["metadata_location"]
                    found.parameters |= {
                        "metadata_location": f"file:///nowhere/{number}-{attempt}.json",
                        "previous_metadata_location": before,
                        "commits": str(int(found.parameters.get("commits", 0)) + 1),
                    }
                    try:
                        client.alter_table_with_environment_context("races", table, found, environment())
                        break
                    except wire.MetaException as error:
                        if not error.message.startswith("The table has been modified"):
                            raise
                        lost += 1
        return lost

    with ThreadPoolExecutor(64) as threads:
        lost = sum(threads.map(commit_twice, range(64)))
    with Metastore(server.thrift_port) as client:
        assert client.get_table("races", table).parameters["commits"] == "128"
    assert lost > 0
