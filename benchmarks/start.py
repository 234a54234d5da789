"""From start to ready, and memory when idle, beside a real Hive Metastore."""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.result import pss_megabytes, save
from catalog_server.testing.server import start_server
from tests.engines.hive_metastore import hive_metastore

IDLE_SECONDS = 5.0


def ours(rounds: int) -> dict[str, float]:
    """Seconds to ready on a data directory that exists, and megabytes of all processes after a few idle seconds."""
    seconds, megabytes = [], []
    with tempfile.TemporaryDirectory() as folder:
        start_server(Path(folder)).stop()
        for _ in range(rounds):
            began = time.perf_counter()
            server = start_server(Path(folder))
            seconds.append(time.perf_counter() - began)
            time.sleep(IDLE_SECONDS)
            megabytes.append(pss_megabytes(server.process.pid))
            server.stop()
    return {"ready_seconds": round(statistics.median(seconds), 2), "idle_megabytes": round(max(megabytes), 1)}


def theirs() -> dict[str, float]:
    """The same of Hive Metastore 2.3.10 on embedded Derby, its schema made before."""
    began = time.perf_counter()
    with hive_metastore() as server:
        seconds = time.perf_counter() - began
        time.sleep(IDLE_SECONDS)
        return {"ready_seconds": round(seconds, 2), "idle_megabytes": round(pss_megabytes(server.pid), 1)}


def main() -> None:
    """Measure, print, and keep the figures if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--save", action="store_true")
    arguments = parser.parse_args()
    we, peer = ours(arguments.rounds), theirs()
    ratios = {name: round(peer[name] / we[name], 1) for name in we}
    print(f"{'':24}{'ready (s)':>12}{'idle (MB)':>12}")
    for name, figures in (("catalog serve", we), ("Hive Metastore 2.3.10", peer), ("ratio", ratios)):
        print(f"{name:24}{figures['ready_seconds']:>12}{figures['idle_megabytes']:>12}")
    if arguments.save:
        print(save("start", {"catalog_server": we, "hive_metastore_2.3.10": peer, "ratio": ratios}))


if __name__ == "__main__":
    main()
