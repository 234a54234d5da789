"""Writers that read and commit through all doors at once and note what they were told; then the chains of the tables."""

from __future__ import annotations

import multiprocessing
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx

from catalog_server.client import Client
from catalog_server.model.errors import Conflict, OutcomeUnknown, Unavailable
from catalog_server.testing.server import RunningServer, start_server
from tests.histories.checker import Chains
from tests.histories.doors import (
    DATABASE,
    DOORS,
    FIRST,
    LOG_MAX,
    NAME,
    TIMEOUT_SECONDS,
    Door,
    Rest,
    Seen,
    States,
    Target,
    Thrift,
    Unexpected,
    Way,
    read_document,
    snapshot_commit,
)
from tests.histories.history import Commit, History, Outcome, Read, Version

READS = 0.3
"""Share of what a writer does that only reads; most commits read first besides."""
HOT = 0.5
"""Share of commits that go to the first two tables, where writers meet."""
PAUSE_SECONDS = 0.05
"""Rest of a writer who found no server."""
SCHEMA = {"type": "struct", "fields": [{"id": 1, "name": "id", "type": "long", "required": False}]}


def prepare(server: RunningServer, count: int, prefix: str = "t") -> Target:
    """Make so many tables; the database if it is not there."""
    names = tuple(f"{prefix}{number:03}" for number in range(count))
    properties = {NAME: FIRST, "write.metadata.previous-versions-max": str(LOG_MAX)}
    with httpx.Client(base_url=f"{server.iceberg}/v1", timeout=60) as http:
        if http.head(f"/namespaces/{DATABASE}").status_code == 404:
            http.post("/namespaces", json={"namespace": [DATABASE]}).raise_for_status()
        for name in names:
            body = {"name": name, "schema": SCHEMA, "properties": properties}
            http.post(f"/namespaces/{DATABASE}/tables", json=body).raise_for_status()
    return Target(server.iceberg, server.thrift_port, server.grpc, names)


@dataclass
class Writer:
    """One client with one door, and what it was told."""

    number: int
    door: Door
    history: History = field(default_factory=History)
    _count: int = 0

    @property
    def by(self) -> str:
        """Who it is, in messages."""
        return f"writer {self.number}, {self.door.name}"

    def work(self, tables: Sequence[str], seconds: float) -> History:
        """Read and commit for so long."""
        numbers, until = random.Random(self.number), time.monotonic() + seconds
        try:
            while time.monotonic() < until:
                if numbers.random() < READS:
                    self.read([numbers.choice(tables)])
                    continue
                way = numbers.choice(self.door.ways)
                chosen = numbers.sample(tables[:2] if numbers.random() < HOT and way.tables < 3 else tables, way.tables)
                self.commit(way, chosen)
        finally:
            self.door.close()
        return self.history

    def read(self, tables: Sequence[str]) -> States | None:
        """Read tables one after the other; None if one could not be read."""
        found = {}
        for table in tables:
            began = time.monotonic()
            try:
                seen = self.door.read(table)
            except Unexpected as error:
                self._failed(error)
                return None
            except (Unavailable, OutcomeUnknown):
                time.sleep(PAUSE_SECONDS)
                return None
            self.history.reads.append(Read(table, seen.commit, self.by, began, time.monotonic()))
            found[table] = seen
        return found

    def commit(self, way: Way, tables: Sequence[str]) -> Outcome:
        """Commit to tables, after reading them where the way asks for it."""
        unread = Seen("", None, None)
        states = self.read(tables) if way.follows or way.onto else dict.fromkeys(tables, unread)
        if states is None:
            return Outcome.REFUSED
        self._count += 1
        name, began = f"{self.number}-{self._count}", time.monotonic()
        outcome = self._outcome(lambda: way.send(self.door, name, states))
        self.history.commits.append(
            Commit(
                name,
                self.by,
                began,
                time.monotonic(),
                outcome,
                tuple(tables),
                {table: seen.commit for table, seen in states.items()} if way.follows else {},
                {table: seen.snapshot for table, seen in states.items()} if way.onto else {},
            )
        )
        return outcome

    def _outcome(self, send: Callable[[], None]) -> Outcome:
        try:
            send()
        except Conflict:
            return Outcome.REFUSED
        except Unavailable:
            time.sleep(PAUSE_SECONDS)
            return Outcome.REFUSED
        except OutcomeUnknown:
            return Outcome.UNKNOWN
        except Unexpected as error:
            self._failed(error)
            return Outcome.UNKNOWN
        return Outcome.MADE

    def _failed(self, error: Unexpected) -> None:
        self.history.failures.append(f"{self.by}: {error}")


def race(target: Target, writers: int, seconds: float, first: int = 0, step: int = 1) -> History:
    """Every `step`th of so many writers from `first` on, for so long, each in a thread."""
    started = [Writer(number, DOORS[number % len(DOORS)](target)) for number in range(first, writers, step)]
    history = History()
    with ThreadPoolExecutor(len(started)) as threads:
        history.add(threads.map(lambda writer: writer.work(target.tables, seconds), started))
    return history


def race_in_processes(target: Target, writers: int, seconds: float, processes: int) -> History:
    """The same in processes of their own, so that clients do not wait for each other."""
    history = History()
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        shares = [(target, writers, seconds, first, processes) for first in range(processes)]
        history.add(pool.starmap(race, shares, chunksize=1))
    return history


def race_to_the_first_snapshot(target: Target, writers: int) -> History:
    """At each empty table, have all writers append at once what each believes to be the first snapshot, until it is in."""
    barrier = threading.Barrier(writers)

    def work(number: int) -> History:
        door: Rest | Thrift = Thrift(target) if number % 4 == 3 else Rest(target)
        writer = Writer(number, door)
        for table in target.tables:
            barrier.wait(TIMEOUT_SECONDS)
            while writer.commit(door.appending, [table]) is not Outcome.MADE:
                assert not writer.history.failures, writer.history.failures
        door.close()
        return writer.history

    history = History()
    with ThreadPoolExecutor(writers) as threads:
        history.add(threads.map(work, range(writers)))
    return history


def chains(target: Target, history: History) -> Chains:
    """Every version of every table, found by going back from one metadata file to the one before.

    What the three doors and the count of versions say otherwise goes to the history's failures.
    """
    found = {}
    rest, thrift = Rest(target), Thrift(target)
    with Client(target.grpc) as client:
        for table in target.tables:
            last = thrift.read(table).held.parameters["metadata_location"]
            found[table] = chain = list(_back_from(last))[::-1]
            seen, row = rest.read(table), client.tables.get(DATABASE, table)
            if (seen.commit, row.parameters["metadata_location"]) != (chain[-1].commit, last):
                history.failures.append(f"{table}: the doors do not agree which version is the last")
            if row.version != len(chain):
                history.failures.append(f"{table}: it is at version {row.version} and has {len(chain)}")
    rest.close()
    thrift.close()
    return found


def _back_from(location: str) -> Iterator[Version]:
    while True:
        document = read_document(location)
        yield Version(document["properties"][NAME], snapshot_commit(document))
        if not document["metadata-log"]:
            return
        location = document["metadata-log"][-1]["metadata-file"]


def killed_and_started(server: RunningServer, store: str = "") -> RunningServer:
    """End a server by SIGKILL and start another with its data, at its addresses."""
    server.kill()
    port = int(server.http.rsplit(":", 1)[1])
    return start_server(
        server.data, store=store, http_port=port, thrift_port=server.thrift_port, grpc_port=server.grpc_port
    )
