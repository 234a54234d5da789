"""Metastore calls beside a real Hive Metastore 4.0.1, both on PostgreSQL: processor time per call, and latency.

Both servers get the same calls of the same clients on the same data: 1,000 tables, 100,000 partitions over 3 keys. The
processor time of a call is that of the server's processes and the database's together. `--quick` takes a tenth of the
partitions and less time, `--only ours` leaves the peer out, `--calls` takes those whose name holds a text.
"""

from __future__ import annotations

import argparse
import math
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import calls, processor
from benchmarks.clients import Client, Clients, Timed
from benchmarks.floors import Floors
from benchmarks.result import save
from catalog_server.testing.server import running_server
from tests.engines.hive_metastore4 import hive_metastore_4
from tests.engines.postgresql import postgresql_server

CLIENTS = 8
LOADERS = 2
REQUIRED, GOAL, LEAST = 10.0, 20.0, 4.0
MEMORY_MEGABYTES_MAX = 64.0


@dataclass(frozen=True, slots=True)
class Side:
    """A metastore under measurement with the database behind it."""

    name: str
    port: int
    pid: int
    database_pid: int
    database_url: str
    folder: str

    def processor_seconds(self) -> tuple[float, float]:
        """Of the server's processes, and of the database's."""
        return processor.seconds(self.pid), processor.seconds(self.database_pid)


@contextmanager
def ours(folder: Path, workers: int) -> Iterator[Side]:
    """`catalog serve` over an empty database."""
    with postgresql_server() as database:
        name = database.create_database()
        environment = {"CATALOG_SERVER__SERVER__WORKERS": str(workers)}
        with running_server(folder / "data", store=database.url(name), environment=environment) as server:
            place = f"file:{folder}/ours"
            yield Side("ours", server.thrift_port, server.process.pid, database.pid, database.url(name), place)


@contextmanager
def theirs(folder: Path) -> Iterator[Side]:
    """Hive Metastore 4.0.1 over an empty database."""
    with postgresql_server() as database:
        name = database.create_database()
        with hive_metastore_4(database.url(name), heap="2g") as server:
            place = f"file:{folder}/theirs"
            yield Side("hive", server.port, server.pid, database.pid, database.url(name), place)


def load(side: Side, size: calls.Size) -> None:
    """Make the data through the metastore itself."""
    began = time.perf_counter()
    calls.load(Client(side.port), side.folder, size)

    def days(first: int) -> None:
        calls.load_days(Client(side.port), side.folder, first, size, LOADERS)

    with ThreadPoolExecutor(LOADERS) as threads:
        list(threads.map(days, range(LOADERS)))
    import psycopg

    with psycopg.connect(side.database_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    print(f"{side.name}: loaded in {time.perf_counter() - began:.0f} s", flush=True)


def percentile(seconds: Sequence[float], share: float) -> float:
    """The value below which so large a share lies, in milliseconds."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)] * 1000


def measure(side: Side, call: calls.Call, clients: Clients, seconds: float) -> dict[str, float]:
    """Figures of one call: processor milliseconds, latency at one and at eight clients, bytes and messages."""
    clients.run(call.work, call.clients, seconds / 2, call.least, call.most)  # both are to be warm
    figures: dict[str, float] = {}
    memory = processor.Memory(side.pid)
    for count in (1, CLIENTS):
        if count > call.clients:
            continue
        before = side.processor_seconds()
        done = clients.run(call.work, count, seconds, call.least, call.most)
        after = side.processor_seconds()
        made = sum(len(one.seconds) for one in done)
        took = [second for one in done for second in one.seconds]
        figures |= {f"p50_ms_{count}": percentile(took, 0.5), f"p99_ms_{count}": percentile(took, 0.99)}
        figures[f"per_second_{count}"] = made * count / sum(took)
        if count == call.clients:
            figures |= _costs(before, after, done, made)
    figures["memory_grown_mb"] = memory.grown_megabytes()
    return {name: round(value, 4) for name, value in figures.items()}


def _costs(
    before: tuple[float, float], after: tuple[float, float], done: list[Timed], made: int
) -> dict[str, float]:  # fmt: skip
    server, database = ((late - early) / made * 1000 for early, late in zip(before, after, strict=True))
    return {
        "calls": made,
        "server_ms": server,
        "database_ms": database,
        "processor_ms": server + database,
        "sent_bytes": sum(one.sent for one in done) / made,
        "received_bytes": sum(one.received for one in done) / made,
        "messages": sum(one.messages for one in done) / made,
    }


def loaded(side: Side, size: calls.Size) -> Clients:
    """The clients of a metastore that has its data."""
    load(side, size)
    clients = Clients(partial(Client, side.port), CLIENTS)
    clients.prepare(calls.Prepare(side.folder, size))
    return clients


def run(
    sides: Sequence[Side], chosen: Sequence[calls.Call], seconds: float, begin: Callable[[Side], Clients]
) -> dict[str, dict[str, Any]]:
    """Begin at all sides, then measure each call at one after the other, so that what the machine does meanwhile meets both."""
    found: dict[str, dict[str, Any]] = {side.name: {} for side in sides}
    with ExitStack() as stack:
        clients = {side.name: stack.enter_context(begin(side)) for side in sides}
        for call in chosen:
            for side in sides:
                found[side.name][call.name] = figures = measure(side, call, clients[side.name], seconds)
                print(
                    f"{side.name}: {call.name:34}{figures['processor_ms']:>10.3f} ms"
                    f" = {figures['server_ms']:.3f} + {figures['database_ms']:.3f}",
                    flush=True,
                )
    return found


def floors_of(side: Side, found: dict[str, Any]) -> dict[str, float]:
    """The floor of each call: its answers through a bare socket, and one prepared read."""
    floors = Floors(side.database_url)
    try:
        figures = {}
        for name, one in found.items():
            answer = int(one["received_bytes"] / one["messages"])
            figures[name] = round(floors.echo_milliseconds(answer) * one["messages"] + floors.read_milliseconds, 4)
        return figures
    finally:
        floors.close()


def ratios_of(we: dict[str, float], peer: dict[str, float]) -> dict[str, float]:
    """How many times more the peer takes, of each figure that both have."""
    names = ("processor_ms", "p50_ms_1", "p99_ms_1", "p50_ms_8", "p99_ms_8")
    return {name: round(peer[name] / we[name], 1) for name in names if we.get(name) and peer.get(name)}


def geometric_mean(values: Sequence[float]) -> float:
    """The mean of ratios."""
    return round(math.exp(sum(math.log(value) for value in values) / len(values)), 1)


def show(document: dict[str, Any]) -> None:
    """Print the table, and what of the goals is met."""
    head = ("processor ms", "ours", "floor", "hive", "ratio", "p50/1", "p99/1", "p50/8", "p99/8")
    print(f"\n{head[0]:34}" + "".join(f"{word:>9}" for word in head[1:]))
    for name, line in document["calls"].items():
        peer, ratio = line.get("hive"), line.get("ratio", {})
        cells = [line["ours"]["processor_ms"], line["floor_ms"], peer and peer["processor_ms"]]
        cells += [ratio.get(key) for key in ("processor_ms", "p50_ms_1", "p99_ms_1", "p50_ms_8", "p99_ms_8")]
        print(f"{name:34}" + "".join(f"{'' if cell is None else cell:>9}" for cell in cells))
    for name, value in document["summary"].items():
        print(f"{name}: {value}")


def summary(lines: dict[str, Any]) -> dict[str, Any]:
    """The goals, and how far they are met."""
    ratios = [line["ratio"]["processor_ms"] for line in lines.values() if "ratio" in line]
    found: dict[str, Any] = {}
    if ratios:
        found["geometric mean of processor time ratios"] = geometric_mean(ratios)
        found["least processor time ratio"] = min(ratios)
        found["least ratio of p99 at 8 clients"] = min(
            (line["ratio"]["p99_ms_8"] for line in lines.values() if line.get("ratio", {}).get("p99_ms_8")),
            default=None,
        )
    all_of = next((line["ours"] for name, line in lines.items() if name.startswith("get_partitions (")), None)
    if all_of is not None:
        found["memory grown by get_partitions (MB)"] = all_of["memory_grown_mb"]
    found["goals"] = (
        f"geometric mean {REQUIRED:g} required, {GOAL:g} wanted, none under {LEAST:g};"
        f" p99 at 8 clients at least 2; memory below {MEMORY_MEGABYTES_MAX:g} MB"
    )
    return found


def main() -> None:
    """Measure, print, and keep the figures if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the partitions, 1 s for each call")
    parser.add_argument("--only", choices=("ours", "hive"))
    parser.add_argument(
        "--calls", default="", help="texts, separated by commas, one of which a call's name begins with"
    )
    parser.add_argument("--seconds", type=float, default=6.0, help="for each call and number of clients")
    parser.add_argument("--workers", type=int, default=1, help="processes of ours")
    parser.add_argument("--save", action="store_true")
    arguments = parser.parse_args()
    size = calls.Size(days=10) if arguments.quick else calls.Size()
    seconds = 1.0 if arguments.quick else arguments.seconds
    wanted = arguments.calls.split(",")
    chosen = [call for call in calls.CALLS if any(call.name.startswith(text.strip()) for text in wanted)]
    folder = Path(tempfile.mkdtemp(prefix="metastore-benchmark-"))
    folder.chmod(0o755)
    try:
        with ExitStack() as stack:
            sides = []
            if arguments.only != "hive":
                sides.append(stack.enter_context(ours(folder, arguments.workers)))
            if arguments.only != "ours":
                sides.append(stack.enter_context(theirs(folder)))
            found = run(sides, chosen, seconds, partial(loaded, size=size))
            floor = floors_of(sides[0], found["ours"]) if "ours" in found else {}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    lines: dict[str, Any] = {}
    for call in chosen:
        lines[call.name] = {name: figures[call.name] for name, figures in found.items()}
        lines[call.name]["floor_ms"] = floor.get(call.name)
        if len(found) == 2:
            lines[call.name]["ratio"] = ratios_of(found["ours"][call.name], found["hive"][call.name])
    document = {"size": {"tables": size.tables, "partitions": size.partitions}, "calls": lines}
    if "ours" in found:
        document["summary"] = summary(lines)
        show(document)
    if arguments.save:
        print(save("metastore", document))


if __name__ == "__main__":
    main()
