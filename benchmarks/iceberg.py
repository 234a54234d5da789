"""Iceberg REST calls beside Iceberg's own REST server over its JDBC catalog, both on PostgreSQL: processor time and latency.

Both servers get the same calls of the same clients on the same data: 1,000 tables of 20 columns, and large ones of 200 columns
and 1,000 snapshots. The processor time of a call is that of the server's processes and the database's together. `--quick`
takes less time for each call, `--only ours` leaves the peer out, `--calls` takes those whose name begins with a text.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import rest_calls as calls
from benchmarks.clients import Clients
from benchmarks.metastore import CLIENTS, LOADERS, Side, geometric_mean, ratios_of, run
from benchmarks.result import save
from catalog_server.testing.server import running_server
from tests.engines.iceberg_fixture import iceberg_fixture
from tests.engines.postgresql import postgresql_server

ROOTS = {"ours": "/iceberg", "fixture": ""}
GOALS = {
    "loadTable": 5.0,
    "commit": 5.0,
    "loadTable, small, 304": 20.0,
    "loadTable, large, 304": 20.0,
    "listTables": 10.0,
}
"""By the beginning of a call's name, the longest that fits: how many times the processor time the peer is to take."""


@contextmanager
def ours(folder: Path, workers: int) -> Iterator[Side]:
    """`catalog serve` over an empty database."""
    with postgresql_server() as database:
        name = database.create_database()
        environment = {"CATALOG_SERVER__SERVER__WORKERS": str(workers)}
        with running_server(folder / "data", store=database.url(name), environment=environment) as server:
            port = int(server.http.rsplit(":", 1)[1])
            yield Side("ours", port, server.process.pid, database.pid, database.url(name), str(folder))


@contextmanager
def theirs(folder: Path) -> Iterator[Side]:
    """Iceberg's server over an empty database."""
    with postgresql_server() as database:
        name = database.create_database()
        with iceberg_fixture(database, name) as server:
            yield Side("fixture", server.port, server.pid, database.pid, database.url(name), str(folder))


def loaded(side: Side) -> Clients:
    """The clients of a server that has its data."""
    connect = partial(calls.RestClient, side.port, ROOTS[side.name])
    began, client = time.perf_counter(), connect()
    for namespace in (calls.NAMESPACE, calls.MADE):
        client.done("POST", "/namespaces", {"namespace": [namespace]})
    with ThreadPoolExecutor(LOADERS) as threads:
        list(threads.map(lambda first: calls.load(connect(), first, LOADERS), range(LOADERS)))
    calls.make_large(client, calls.LARGE)
    calls.make(client, calls.MADE, calls.SHARED, calls.SMALL_COLUMNS)
    clients = Clients(connect, CLIENTS)
    clients.prepare(calls.prepare)
    import psycopg

    with psycopg.connect(side.database_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    print(f"{side.name}: loaded in {time.perf_counter() - began:.0f} s", flush=True)
    return clients


def goal_of(name: str) -> float | None:
    """What a call's ratio of processor time is to be."""
    return max(((len(start), goal) for start, goal in GOALS.items() if name.startswith(start)), default=(0, None))[1]


def show(lines: dict[str, Any]) -> None:
    """Print the table."""
    head = ("processor ms", "ours", "fixture", "ratio", "goal", "p50/1", "p99/1", "p50/8", "p99/8", "won/s", "their/s")
    print(f"\n{head[0]:32}" + "".join(f"{word:>9}" for word in head[1:]))
    for name, line in lines.items():
        peer, ratio = line.get("fixture"), line.get("ratio", {})
        cells = [line["ours"]["processor_ms"], peer and peer["processor_ms"], ratio.get("processor_ms"), line["goal"]]
        cells += [ratio.get(key) for key in ("p50_ms_1", "p99_ms_1", "p50_ms_8", "p99_ms_8")]
        cells += [side and side["per_second_8"] for side in (line["ours"], peer)]
        print(f"{name:32}" + "".join(f"{'' if cell is None else round(cell, 3):>9}" for cell in cells))


def main() -> None:
    """Measure, print, and keep the figures if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="2 s for each call")
    parser.add_argument("--only", choices=("ours",))
    parser.add_argument(
        "--calls", default="", help="texts, separated by semicolons, one of which a call's name begins with"
    )
    parser.add_argument("--seconds", type=float, default=8.0, help="for each call and number of clients")
    parser.add_argument("--workers", type=int, default=1, help="processes of ours")
    parser.add_argument("--save", action="store_true")
    arguments = parser.parse_args()
    wanted = [text.strip() for text in arguments.calls.split(";")]
    chosen = [call for call in calls.CALLS if any(call.name.startswith(text) for text in wanted)]
    folder = Path(tempfile.mkdtemp(prefix="iceberg-benchmark-"))
    try:
        with ExitStack() as stack:
            sides = [stack.enter_context(ours(folder, arguments.workers))]
            if arguments.only is None:
                sides.append(stack.enter_context(theirs(folder)))
            found = run(sides, chosen, 2.0 if arguments.quick else arguments.seconds, loaded)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    lines: dict[str, Any] = {}
    for call in chosen:
        lines[call.name] = {name: figures[call.name] for name, figures in found.items()}
        lines[call.name]["goal"] = goal_of(call.name)
        if len(found) == 2:
            lines[call.name]["ratio"] = ratios_of(found["ours"][call.name], found["fixture"][call.name])
    show(lines)
    document: dict[str, Any] = {"tables": calls.TABLES, "calls": lines}
    if len(found) == 2:
        ratios = {name: line["ratio"]["processor_ms"] for name, line in lines.items()}
        document["summary"] = {
            "geometric mean of processor time ratios": geometric_mean(list(ratios.values())),
            "below the goal": [name for name, ratio in ratios.items() if ratio < (lines[name]["goal"] or 0)],
        }
        print(*(f"{name}: {value}" for name, value in document["summary"].items()), sep="\n")
    if arguments.save:
        print(save("iceberg", document))


if __name__ == "__main__":
    main()
