"""Commits per second to one Iceberg table over Thrift, by one writer and by 64 that race each other."""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.result import save
from catalog_server.testing import RunningServer, running_server
from catalog_server.wire import hive_metastore as wire
from tests.engines.postgresql import postgresql_server
from tests.facades.hms.metastore import Metastore, environment, table

DATABASE, TABLE = "writers", "t"
POINTER, BEFORE, COUNT = "metadata_location", "previous_metadata_location", "count"
PROCESSES = 8


def write(port: int, name: str, began: Any, seconds: float) -> tuple[int, int]:
    """Commit for some seconds as Iceberg's HiveTableOperations without locks does; how often won and lost."""
    won = lost = 0
    with Metastore(port) as client:
        began.wait()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found = client.get_table(DATABASE, TABLE)
            pointer = found.parameters[POINTER]
            found.parameters |= {
                POINTER: f"file:///nowhere/{name}-{won}.json",
                BEFORE: pointer,
                COUNT: str(int(found.parameters[COUNT]) + 1),
            }
            guard = environment(expected_parameter_key=POINTER, expected_parameter_value=pointer)
            try:
                client.alter_table_with_environment_context(DATABASE, TABLE, found, guard)
                won += 1
            except wire.MetaException as error:
                if "The table has been modified" not in error.message:
                    raise
                lost += 1
    return won, lost


def _process(port: int, first: int, threads: int, began: Any, seconds: float, answers: Any) -> None:
    found: list[tuple[int, int]] = []
    writers = [
        threading.Thread(target=lambda number=number: found.append(write(port, f"w{number}", began, seconds)))
        for number in range(first, first + threads)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    answers.put((len(found), sum(won for won, _ in found), sum(lost for _, lost in found)))


def race(server: RunningServer, writers: int, seconds: float) -> dict[str, float]:
    """So many writers for so long; raises AssertionError if a commit that was acknowledged is not there."""
    name = {POINTER: "file:///nowhere/0.json", COUNT: "0", "table_type": "ICEBERG"}
    with Metastore(server.thrift_port) as client:
        if DATABASE not in client.get_all_databases():
            client.create_database(wire.Database(name=DATABASE))
        client.create_table(table(DATABASE, TABLE, tableType="EXTERNAL_TABLE", parameters=name))
    context = multiprocessing.get_context("spawn")
    processes, answers = min(PROCESSES, writers), context.Queue()
    began, share = context.Barrier(writers), writers // processes
    started = [
        context.Process(target=_process, args=(server.thrift_port, n * share, share, began, seconds, answers))
        for n in range(processes)
    ]
    for process in started:
        process.start()
    found = [answers.get(timeout=seconds + 120) for _ in started]
    for process in started:
        process.join()
    assert sum(count for count, _, _ in found) == writers, "a writer failed"
    won, lost = sum(one[1] for one in found), sum(one[2] for one in found)
    with Metastore(server.thrift_port) as client:
        kept = int(client.get_table(DATABASE, TABLE).parameters[COUNT])
        client.drop_table(DATABASE, TABLE, False)
    assert kept == won, f"{won} commits were acknowledged and {kept} are there"
    return {"writers": writers, "won": won, "lost": lost, "won_per_second": round(won / seconds, 1)}


@contextmanager
def _server(store: str) -> Iterator[RunningServer]:
    with tempfile.TemporaryDirectory() as folder:
        if store == "sqlite":
            with running_server(Path(folder)) as server:
                yield server
        else:
            with postgresql_server() as postgresql:
                with running_server(Path(folder), store=postgresql.url(postgresql.create_database())) as server:
                    yield server


def main() -> None:
    """Measure on both stores, print, and keep the figures if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--save", action="store_true")
    arguments = parser.parse_args()
    figures: dict[str, Any] = {}
    for store in ("sqlite", "postgresql"):
        with _server(store) as server:
            one, many = race(server, 1, arguments.seconds), race(server, 64, arguments.seconds)
        figures[store] = {"one": one, "many": many, "ratio": round(many["won_per_second"] / one["won_per_second"], 2)}
        print(f"{store:12} 1 writer {one['won_per_second']:>8}/s   64 writers {many['won_per_second']:>8}/s", end="")
        print(f"   ratio {figures[store]['ratio']}   refused {many['lost']}, none lost")
    if arguments.save:
        print(save("writers", figures))


if __name__ == "__main__":
    main()
