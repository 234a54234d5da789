"""Streams of any length take no more of the server's memory than a piece of them, however slow their reader is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice

import grpc
import pytest

from catalog_server.client import Client
from catalog_server.client import messages as m
from catalog_server.testing import RunningServer, running_server
from tests.facades.grpc.calls import stream

COUNT = 100_000
GROWTH_MEGABYTES_MAX = 64
THREADS = {"CATALOG_SERVER__SERVER__THREADS": "2"}
"""Few of them: SQLite keeps 16 MB of pages for the connection of each, which has nothing to do with streams."""


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server of these tests alone."""
    store = ""
    if request.param == "postgresql":
        postgresql = request.getfixturevalue("postgresql")
        store = postgresql.url(postgresql.create_database())
    with running_server(tmp_path_factory.mktemp("memory"), store=store, environment=THREADS) as running:
        yield running


@pytest.fixture(scope="module")
def many(server: RunningServer) -> str:
    """A database with a table of many partitions, all in one folder."""
    with Client(server.grpc) as client:
        location = client.databases.create(m.Database(name="large")).location
        keys = [m.Column(name="day", type="int"), m.Column(name="place", type="string")]
        client.tables.create(m.Table(database="large", name="t", partition_keys=keys), format="parquet")
        new = (partition(number, location) for number in range(COUNT))
        assert client.partitions.add("large", "t", new, batch=5000) == COUNT
    return "large"


def partition(number: int, location: str) -> m.Partition:
    return m.Partition(
        values=[str(number), f"place-{number % 97}"], location=location, parameters={"numRows": str(number)}
    )


class Peak:
    """The most memory that a process holds in a stretch of time, in megabytes above its beginning.

    `mapped` megabytes of files may have been mapped meanwhile, as SQLite does with its own; they are not counted.
    """

    def __init__(self, pid: int, mapped: float) -> None:
        self._pid, self._mapped = pid, mapped
        with open(f"/proc/{pid}/clear_refs", "w", encoding="ascii") as file:
            file.write("5")
        self._began = self._peak()

    def _peak(self) -> float:
        with open(f"/proc/{self._pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024

    def growth(self) -> float:
        """Megabytes."""
        return self._peak() - self._began - self._mapped


@pytest.fixture
def peak(server: RunningServer, many: str) -> Peak:
    return Peak(server.process.pid, sum(file.stat().st_size for file in server.data.glob("*.db*")) / 2**20)


@pytest.mark.slow
def test_all_partitions_of_a_large_table_are_streamed_in_little_memory(client: Client, many: str, peak: Peak) -> None:
    seen = 0
    for one in client.partitions.list(many, "t"):
        assert one.parameters["numRows"]
        seen += 1
    assert seen == COUNT
    assert peak.growth() < GROWTH_MEGABYTES_MAX


@pytest.mark.slow
def test_a_reader_that_stops_reading_holds_little(channel: grpc.Channel, many: str, peak: Peak) -> None:
    request = m.ListPartitionsRequest(table=m.TableName(database=many, table="t"))
    calls = [stream(channel, "Partitions/ListPartitions", request) for _ in range(20)]
    for call in calls:
        next(call)
    time.sleep(2)
    assert peak.growth() < GROWTH_MEGABYTES_MAX
    for call in calls:
        call.cancel()


@pytest.mark.slow
def test_a_stream_that_broke_off_goes_on_after_a_name(client: Client, many: str) -> None:
    first: Iterator[m.Partition] = client.partitions.list(many, "t", fields=["name"])
    names = [one.name for one in islice(first, COUNT // 2)]
    names += [one.name for one in client.partitions.list(many, "t", after=names[-1], fields=["name"])]
    assert len(set(names)) == len(names) == COUNT
    assert names == sorted(names)
