"""Events: small files put into an S3 store at a steady rate, which tells of them by its webhook, until they are partitions.

Each file is the first of a folder. From its PUT's answer on, the metastore is asked for partitions as engines do
(`get_partition_names` by Thrift), and the moment noted at which each was there for the first time. Done twice: once
steadily, and once with the server killed (-9) half way and started again. `--quick` takes a tenth of the files.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmarks.clients import Client
from benchmarks.crawl import Store, _parquet
from benchmarks.result import save
from catalog_server.testing.server import RunningServer, start_server
from tests.engines.s3 import S3, s3_server

FILES, RATE = 10_000, 500
P99_MOST = 2.0
PUTS = 32
FIRST = 100
"""Partitions that are there before."""
PORT_TRIES_SECONDS = 60
LOOK_SECONDS = 0.2


def hook(server: RunningServer, token: str) -> dict[str, str]:
    """What turns the store's webhook on."""
    name = "WEED_NOTIFICATION_WEBHOOK"
    return {
        f"{name}_ENABLED": "true",
        f"{name}_ENDPOINT": f"{server.http}/api/v1/crawlers/raw/events",
        f"{name}_BEARER_TOKEN": token,
        f"{name}_WORKERS": "20",
        f"{name}_BUFFER_SIZE": "100000",
    }


@dataclass
class Seen:
    """When each file was put, and when its partition was there."""

    put: dict[str, float] = field(default_factory=dict)
    there: dict[str, float] = field(default_factory=dict)
    killed_at: float = 0.0
    back_at: float = 0.0

    def latencies(self) -> tuple[list[float], list[float]]:
        """Seconds from PUT to partition: of what was put while the server answered, and around the kill."""
        calm, kill = [], []
        for name, at in self.put.items():
            took = self.there[name] - at
            (kill if self.killed_at and self.killed_at - took <= at <= self.back_at else calm).append(took)
        return sorted(calm), sorted(kill)


def name_of(number: int) -> str:
    """The value of a file's partition."""
    return f"{number:06}"


def watch(port: int, seen: Seen, ended: threading.Event) -> None:
    """Ask for the names of partitions again and again, until told to stop."""
    while not ended.is_set():
        try:
            client = Client(port)
            while not ended.is_set():
                found = client.get_partition_names("raw", "t", -1)
                at = time.monotonic()
                for one in found:
                    seen.there.setdefault(one.partition("=")[2], at)
                time.sleep(LOOK_SECONDS)
        except Exception:
            time.sleep(LOOK_SECONDS)  # killed


async def put_all(store: Store, files: int, rate: float, seen: Seen) -> None:
    """Put the files at a steady rate."""
    import obstore

    body, limit, began = _parquet(3), asyncio.Semaphore(PUTS), time.monotonic()

    async def put(number: int) -> None:
        async with limit:
            name = name_of(number)
            await obstore.put_async(store.client, f"raw/t/k={name}/a.parquet", body)
            seen.put[name] = time.monotonic()

    tasks = []
    for number in range(FIRST, FIRST + files):
        late = began + (number - FIRST) / rate - time.monotonic()
        if late > 0:
            await asyncio.sleep(late)
        tasks.append(asyncio.create_task(put(number)))
    await asyncio.gather(*tasks)


def follow(server: RunningServer, target: str) -> str:
    """Make a crawler that follows events; its token."""
    with httpx.Client(base_url=f"{server.http}/api/v1", timeout=60) as api:
        options = {"events": "webhook"}
        body = {"name": "raw", "targets": [target], "database": "raw", "options": options}
        api.post("/crawlers", json=body).raise_for_status()
        return str(api.post("/crawlers/raw/events/token", json={}).json()["token"])


def prepare(server: RunningServer, s3: S3, store: Store) -> None:
    """Some partitions, and a crawl of them."""
    import obstore

    for number in range(FIRST):
        obstore.put(store.client, f"raw/t/k={name_of(number)}/a.parquet", _parquet(3))
    with httpx.Client(base_url=f"{server.http}/api/v1", timeout=60) as api:
        profile = {
            "name": "store",
            "kind": "s3",
            "options": {"endpoint": s3.endpoint, "region": s3.region},
            "secrets": {"access_key_id": s3.access_key, "secret_access_key": s3.secret_key},
        }
        api.post("/connections", json=profile).raise_for_status()
        state = ""
        while state != "SUCCEEDED":  # the worker knows of the profile a moment later
            crawl = api.post("/crawlers/raw/crawls", json={}).json()
            while (state := crawl["state"]) in ("QUEUED", "RUNNING"):
                time.sleep(0.1)
                crawl = api.get(f"/crawls/{crawl['id']}").json()


def run(folder: Path, files: int, rate: float, *, kill: bool) -> dict[str, Any]:
    """Put, watch, and kill in the middle."""
    server = start_server(folder / "data")
    try:
        bucket = "events"
        token = follow(server, f"s3://{bucket}/raw/")
        with s3_server(hook(server, token)) as s3:
            s3.client().create_bucket(Bucket=bucket)
            store = Store(s3, bucket)
            prepare(server, s3, store)
            seen, ended = Seen(), threading.Event()
            watching = threading.Thread(target=watch, args=(server.thrift_port, seen, ended))
            watching.start()
            began = time.monotonic()
            putting = threading.Thread(target=lambda: asyncio.run(put_all(store, files, rate, seen)))
            putting.start()
            if kill:
                while len(seen.put) < files // 2:
                    time.sleep(0.01)
                ports = int(server.http.rpartition(":")[2]), server.thrift_port
                seen.killed_at = time.monotonic()
                server.kill()
                server = start_server(folder / "data", http_port=ports[0], thrift_port=ports[1])
                seen.back_at = time.monotonic()
            putting.join()
            took = time.monotonic() - began
            deadline = time.monotonic() + PORT_TRIES_SECONDS
            while len(seen.there) < files + FIRST and time.monotonic() < deadline:
                time.sleep(0.1)
            ended.set()
            watching.join()
            return figures(seen, files, took)
    finally:
        server.stop()


def figures(seen: Seen, files: int, took: float) -> dict[str, Any]:
    """What is kept of a run."""
    lost = [name for name in seen.put if name not in seen.there]
    for name in lost:
        del seen.put[name]
    calm, kill = seen.latencies()
    said: dict[str, Any] = {"files": files, "puts_per_second": round(files / took), "lost": len(lost)}
    for word, found in (("seconds", calm), ("seconds_around_the_kill", kill)):
        if found:
            said[word] = {
                "count": len(found),
                "p50": round(found[len(found) // 2], 2),
                "p99": round(found[len(found) * 99 // 100], 2),
                "most": round(found[-1], 2),
            }
    if seen.killed_at:
        said["seconds_without_server"] = round(seen.back_at - seen.killed_at, 2)
    return said


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--save", action="store_true")
    parser.add_argument("--rate", type=float, default=RATE)
    arguments = parser.parse_args()
    files = FILES // 10 if arguments.quick else FILES
    found: dict[str, Any] = {}
    for word, kill in (("steady", False), ("with a kill", True)):
        with tempfile.TemporaryDirectory(prefix="events-") as folder:
            found[word] = run(Path(folder), files, arguments.rate, kill=kill)
        print(word, found[word], flush=True)
    if arguments.save:
        save("events", found)


if __name__ == "__main__":
    main()
