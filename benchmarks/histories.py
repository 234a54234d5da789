"""Histories of writers through all doors at once, with kill -9 among them, judged by a checker; on both stores.

Writers of Iceberg REST, Thrift and gRPC read 20 tables and commit to them, a part of the commits to several tables at once,
and note what they asked and were told. tests/histories/checker.py then looks whether one order of all of it explains what
everybody saw. Then eight writers append the first snapshot to each of 100 empty tables. A violation ends this with status 1.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.result import save
from catalog_server.testing.server import RunningServer, start_server
from tests.engines.postgresql import postgresql_server
from tests.histories.checker import Chains, check, told
from tests.histories.doors import Target
from tests.histories.history import History, Outcome
from tests.histories.writers import (
    chains,
    killed_and_started,
    prepare,
    race_in_processes,
    race_to_the_first_snapshot,
)

STORES = ("sqlite", "postgresql")
TABLES, ROUNDS, FIRST_WRITERS = 20, 100, 8
PROCESSES = 2


def judged(target: Target, history: History) -> dict[str, Any]:
    """Figures of a history, with what is wrong in it."""
    found: Chains = chains(target, history)
    began = time.perf_counter()
    violations = check(history, found)
    names = {version.commit for chain in found.values() for version in chain}
    unknown = [commit for commit in history.commits if commit.outcome is Outcome.UNKNOWN]
    if violations:
        print(told(violations), file=sys.stderr)
    return {
        "acknowledged": history.count(Outcome.MADE),
        "acknowledged_to_several_tables": sum(
            commit.outcome is Outcome.MADE and len(commit.tables) > 1 for commit in history.commits
        ),
        "refused": history.count(Outcome.REFUSED),
        "unknown": len(unknown),
        "unknown_and_made": sum(commit.name in names for commit in unknown),
        "reads": len(history.reads),
        "versions": sum(map(len, found.values())),
        "lost": sum(violation.rule == "lost" for violation in violations),
        "failures": len(history.failures),
        "violations": len(violations),
        "checked_in_seconds": round(time.perf_counter() - began, 1),
    }


class Killer(threading.Thread):
    """Ends a server so many times in so many seconds, and starts it again each time."""

    def __init__(self, server: RunningServer, store: str, seconds: float, kills: int) -> None:
        super().__init__()
        self.server = server
        self._store, self._pause, self._kills = store, seconds / (kills + 1), kills

    def run(self) -> None:
        """Until it has done so often enough."""
        for _ in range(self._kills):
            time.sleep(self._pause)
            self.server = killed_and_started(self.server, self._store)


def measure(folder: Path, store: str, writers: int, seconds: float, kills: int) -> dict[str, Any]:
    """Both races on one server."""
    killer = Killer(start_server(folder, store=store), store, seconds, kills)
    try:
        target = prepare(killer.server, TABLES)
        killer.start()
        history = race_in_processes(target, writers, seconds, PROCESSES)
        killer.join()
        race = judged(target, history)
        empty = prepare(killer.server, ROUNDS, "e")
        first = judged(empty, race_to_the_first_snapshot(empty, FIRST_WRITERS))
    finally:
        killer.join()
        killer.server.stop()
    race["acknowledged_per_second"] = round(race["acknowledged"] / seconds, 1)
    return {"kills": kills, "race": race, "first_snapshots": first}


@contextmanager
def _store(name: str) -> Iterator[str]:
    if name == "sqlite":
        yield ""
    else:
        with postgresql_server() as postgresql:
            yield postgresql.url(postgresql.create_database())


def main() -> None:
    """Run, judge, print, and keep the figures if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0, help="on each store")
    parser.add_argument("--writers", type=int, default=16)
    parser.add_argument(
        "--kills", type=int, default=3, help="how often the server is killed and started again, on each store"
    )
    parser.add_argument("--store", choices=STORES, help="one of them alone")
    parser.add_argument("--save", action="store_true")
    arguments = parser.parse_args()
    figures: dict[str, Any] = {}
    for name in STORES if arguments.store is None else (arguments.store,):
        with tempfile.TemporaryDirectory() as folder, _store(name) as store:
            figures[name] = measure(Path(folder), store, arguments.writers, arguments.minutes * 60, arguments.kills)
        for race in ("race", "first_snapshots"):
            print(
                f"{name:12}{race:18}" + ", ".join(f"{key} {value}" for key, value in figures[name][race].items()),
                flush=True,
            )
    if arguments.save:
        print(save("histories", figures))
    wrong = sum(figures[name][race]["violations"] for name in figures for race in ("race", "first_snapshots"))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
