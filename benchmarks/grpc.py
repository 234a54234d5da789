"""What gRPC costs: processor time of small calls beside the JSON API, and streams of partitions and events of any length."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import httpx

from benchmarks.processor import seconds
from benchmarks.result import save
from catalog_server.client import Client
from catalog_server.client import messages as m
from catalog_server.testing import RunningServer, running_server

COLUMNS = 20


class Work:
    """One piece of work: its time and the processor time of the server."""

    def __init__(self) -> None:
        self.wall = self.processor = 0.0

    def per(self, count: int) -> dict[str, float]:
        """Figures for each of so many, in microseconds of processor time and things a second."""
        return {
            "server_cpu_us": round(self.processor / count * 1e6, 1),
            "per_second": round(count / self.wall),
            "seconds": round(self.wall, 2),
        }


@contextmanager
def measured(server: RunningServer) -> Iterator[Work]:
    """Measure the length of a `with`."""
    work, began, spent = Work(), time.perf_counter(), seconds(server.process.pid)
    yield work
    work.wall, work.processor = time.perf_counter() - began, seconds(server.process.pid) - spent


def small(server: RunningServer, calls: int) -> dict[str, Any]:
    """A table's definition again and again, by one client, over gRPC and over the JSON API."""
    with Client(server.grpc) as client, httpx.Client(base_url=f"{server.http}/api/v1/catalogs/hive") as web:
        asked: dict[str, Callable[[], object]] = {
            "grpc": lambda: client.tables.get("large", "t"),
            "web": lambda: web.get("/databases/large/tables/t"),
        }
        found = {}
        for name, ask in asked.items():
            for _ in range(calls // 10):
                ask()
            with measured(server) as work:
                for _ in range(calls):
                    ask()
            found[name] = work.per(calls)
    return found


def streams(server: RunningServer, count: int) -> dict[str, Any]:
    """Partitions in and out, then the events of as many changes."""
    found = {}
    with Client(server.grpc) as client:
        location = client.databases.create(m.Database(name="large")).location
        columns = [m.Column(name=f"c{number}", type="string") for number in range(COLUMNS)]
        keys = [m.Column(name="day", type="int")]
        client.tables.create(
            m.Table(database="large", name="t", columns=columns, partition_keys=keys), format="parquet"
        )
        new = (m.Partition(values=[str(number)], location=location) for number in range(count))
        with measured(server) as work:
            client.partitions.add("large", "t", new, batch=5000)
        found["add_partitions"] = work.per(count)
        with measured(server) as work:
            assert sum(1 for _ in client.partitions.list("large", "t")) == count
        found["list_partitions"] = work.per(count)
        changes = max(1, count // 50)
        for number in range(changes):
            client.databases.alter("large", m.Database(comment=str(number)), ["comment"])
        with measured(server) as work:
            assert len(list(islice(client.events.watch(after=0), changes))) == changes
        found["watch"] = work.per(changes)
    return found


def main() -> None:
    """Measure, print, and keep the figures if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--partitions", type=int, default=100_000)
    parser.add_argument("--calls", type=int, default=3000)
    parser.add_argument("--save", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running_server(Path(folder)) as server:
        figures = streams(server, arguments.partitions)
        figures |= {f"get_table_{name}": one for name, one in small(server, arguments.calls).items()}
    print(f"{'':20}{'server CPU (us)':>18}{'per second':>14}{'seconds':>10}")
    for name, one in figures.items():
        print(f"{name:20}{one['server_cpu_us']:>18}{one['per_second']:>14}{one['seconds']:>10}")
    if arguments.save:
        print(save("grpc", figures))


if __name__ == "__main__":
    main()
