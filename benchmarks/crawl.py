"""Crawls of many small files in an S3 store on this machine, beside that store's own listing, and of many tables.

Every ratio is taken in one run: the store lists all keys by several clients at once, by one, and by boto3; the fastest is
what a crawl is held against. `--quick` takes a tenth of the files, `--only files` or `--only tables` a part.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.result import pss_megabytes, save
from catalog_server.lake.files import FileInfo
from catalog_server.lake.formats import sniff
from catalog_server.lake.s3 import S3FileSystem
from catalog_server.testing.server import RunningServer, running_server
from tests.engines.postgresql import postgresql_server
from tests.engines.s3 import S3, s3_server

FORMATS = 4
"""Every fourth partition holds JSON, the rest Parquet."""
PUTS = 64
LISTERS = 8
WIDE_COLUMNS = 200
MEMORY_SECONDS = 0.5
"""Between two looks at the worker's memory, which hold it up."""
ROUNDS = 4
"""Of listings and crawls in turn, first ones (of a crawler each) and unchanged ones; the fastest of each is compared, since the
machine does other things as well."""
FIRST_MOST, RECRAWL_MOST, START_MOST, TABLES_MOST, MEMORY_MOST, SAMPLE_MOST = 1 / 0.9, 1.1, 1.0, 60.0, 300.0, 65_536


@dataclass(slots=True)
class Store:
    """A bucket and the client that speaks to it."""

    server: S3
    bucket: str
    client: Any = field(init=False)

    def __post_init__(self) -> None:
        from obstore.store import S3Store

        self.client = S3Store(
            self.bucket,
            endpoint=self.server.endpoint,
            region=self.server.region,
            access_key_id=self.server.access_key,
            secret_access_key=self.server.secret_key,
            client_options={"allow_http": True},
        )

    def load(self, files: int, partitions: int) -> float:
        """Put small files into `raw/events/dt=N` and `raw/logs/dt=N`; seconds."""
        import obstore

        bodies = {"parquet": _parquet(3), "json": b'{"id": 1, "name": "a"}\n'}
        limit = asyncio.Semaphore(PUTS)

        async def put(number: int) -> None:
            part = number % partitions
            table, kind = ("logs", "json") if part % FORMATS == 0 else ("events", "parquet")
            key = f"raw/{table}/dt={part:05}/part-{number:07}.{kind}"
            async with limit:
                await obstore.put_async(self.client, key, bodies[kind])

        async def put_all() -> None:
            for first in range(0, files, 5_000):
                await asyncio.gather(*(put(number) for number in range(first, min(files, first + 5_000))))

        return _seconds(lambda: asyncio.run(put_all()))[0]

    def list_by_one(self) -> int:
        """All keys, one page after the other."""
        import obstore

        return sum(len(chunk) for chunk in obstore.list(self.client, "raw", chunk_size=5_000))

    def list_by_many(self) -> int:
        """All keys, folder by folder, by several threads."""
        import obstore

        tables = obstore.list_with_delimiter(self.client, "raw")["common_prefixes"]
        folders = [one for t in tables for one in obstore.list_with_delimiter(self.client, t)["common_prefixes"]]

        def count(folder: str) -> int:
            return sum(len(chunk) for chunk in obstore.list(self.client, folder, chunk_size=1_000))

        with ThreadPoolExecutor(LISTERS) as threads:
            return sum(threads.map(count, folders))

    def list_by_boto3(self) -> int:
        """All keys, as boto3's paginator gives them."""
        pages = self.server.client().get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix="raw/")
        return sum(len(page.get("Contents", ())) for page in pages)


def _parquet(columns: int, rows: int = 1) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({f"c{n}": pa.array(range(rows), pa.int64()) for n in range(columns)}), sink)
    return sink.getvalue()


def _seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found


class Crawler:
    """A crawler of a running server, over its JSON API, and the memory of the process that does the work."""

    def __init__(self, server: RunningServer, name: str, target: str) -> None:
        self.api = httpx.Client(base_url=f"{server.http}/api/v1", timeout=60)
        self.name = name
        self.worker = _worker(server.process.pid)
        self.memory = 0.0
        self._post("/crawlers", {"name": name, "targets": [target], "database": name})

    def _post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self.api.post(path, json=body or {})
        answer.raise_for_status()
        return answer.json()

    def run(self) -> tuple[float, dict[str, Any]]:
        """One crawl: seconds from the request to its end, and its row."""
        began = time.perf_counter()
        crawl = self._post(f"/crawlers/{self.name}/crawls")
        looked_at = began
        while crawl["state"] in ("QUEUED", "RUNNING"):
            now = time.perf_counter()
            time.sleep(0.01 if now - began < 1 else 0.1)  # often asked, the server answers instead of crawling
            if now - looked_at > MEMORY_SECONDS:
                looked_at = now
                with suppress(ProcessLookupError, FileNotFoundError):  # a child that has just ended
                    self.memory = max(self.memory, pss_megabytes(self.worker))
            crawl = self.api.get(f"/crawls/{crawl['id']}").json()
        took = time.perf_counter() - began
        assert crawl["state"] == "SUCCEEDED", crawl
        return took, crawl


def _worker(server: int) -> int:
    for task in Path(f"/proc/{server}/task").glob("*/children"):
        for child in task.read_text().split():
            if b"catalog_server.worker" in Path(f"/proc/{child}/cmdline").read_bytes():
                return int(child)
    raise RuntimeError("the server has no worker process")


def files(store: Store, server: RunningServer, count: int, partitions: int) -> dict[str, Any]:
    """Figures of crawls of the bucket, each beside a listing made just before it."""
    loaded = store.load(count, partitions)
    listed = listings(store, count)
    firsts, beside_first, memory = [], [], 0.0
    for number in range(ROUNDS):
        beside_first.append(min(listings(store, count, boto3=False).values()))
        crawler = Crawler(server, f"big_{number}", f"s3://{store.bucket}/raw/")
        took, crawl = crawler.run()
        firsts.append(took)
        memory = max(memory, crawler.memory)
        counted = crawl["summary"]["objects"], crawl["summary"]["partitions_added"]
        assert counted == (count, partitions), crawl["summary"]
    second = crawler.run()[0]
    first, fastest = min(firsts), min(beside_first)
    seconds, beside = [], []
    for _ in range(ROUNDS):
        beside.append(min(listings(store, count, boto3=False).values()))
        seconds.append(crawler.run()[0])
    return {
        "seconds_to_load": round(loaded, 1),
        "listing_seconds": {name: round(value, 2) for name, value in listed.items()},
        "keys_listed_per_second": round(count / fastest),
        "keys_crawled_per_second": round(count / first),
        "first_crawl_seconds": [round(value, 2) for value in firsts],
        "listing_seconds_beside_first": [round(value, 2) for value in beside_first],
        "first_crawl_to_listing": round(first / fastest, 2),
        "second_crawl_seconds": round(second, 2),
        "unchanged_crawl_seconds": [round(value, 2) for value in seconds],
        "listing_seconds_beside": [round(value, 2) for value in beside],
        "unchanged_crawl_to_listing": round(min(seconds) / min(beside), 2),
        "worker_megabytes": round(max(memory, crawler.memory), 1),
    }


def listings(store: Store, count: int, *, boto3: bool = True) -> dict[str, float]:
    """Seconds of each way to list all keys."""
    ways = {"obstore, by one": store.list_by_one, f"obstore, by {LISTERS}": store.list_by_many}
    if boto3:
        ways["boto3"] = store.list_by_boto3
    found = {}
    for name, way in ways.items():
        found[name], listed = _seconds(way)
        assert listed == count, (name, listed)
    return found


def one_file(store: Store, server: RunningServer) -> float:
    """Seconds of a crawl of one file: what it costs to begin; the median of three."""
    import obstore

    obstore.put(store.client, "one/only/a.json", b'{"a": 1}\n')
    crawler = Crawler(server, "one", f"s3://{store.bucket}/one/")
    return round(statistics.median(crawler.run()[0] for _ in range(3)), 2)


class Counting(S3FileSystem):
    """Counts the bytes that are read."""

    bytes = 0
    lock = threading.Lock()

    def read(self, location: str, start: int = 0, length: int | None = None) -> bytes:
        """See `FileSystem.read`."""
        body = super().read(location, start, length)
        with self.lock:
            self.bytes += len(body)
        return body


def sampled_bytes(store: Store) -> dict[str, int]:
    """Bytes read of one large file of each kind when it is looked at closely."""
    import obstore

    server = store.server
    options = {
        "endpoint": server.endpoint,
        "access_key_id": server.access_key,
        "secret_access_key": server.secret_key,
    }
    bodies = {
        "narrow.parquet": _parquet(3, 1_000_000),
        f"{WIDE_COLUMNS}_columns.parquet": _parquet(WIDE_COLUMNS, 2_000),
    }
    found = {}
    for name, body in bodies.items():
        obstore.put(store.client, f"wide/{name}", body)
        counting = Counting(options)
        sniff.inspect(counting, FileInfo(f"s3://{store.bucket}/wide/{name}", len(body), "", 0))
        found[name] = counting.bytes
    return found


def tables(server: RunningServer, count: int) -> float:
    """Seconds of a crawl of so many tables of a PostgreSQL."""
    with postgresql_server() as database:
        name = database.create_database()
        columns = "id bigint primary key, name text not null, at timestamptz, price numeric(12, 2)"
        for first in range(0, count, 100):
            many = ";".join(f"create table t{n:05} ({columns})" for n in range(first, min(count, first + 100)))
            database.execute(f"do $$ begin {many}; end $$", name)
        with httpx.Client(base_url=f"{server.http}/api/v1") as api:
            body = {"name": "source", "kind": "postgresql", "url": database.url(name)}
            api.post("/connections", json=body).raise_for_status()
        crawler = Crawler(server, "tables", "connection:source/public/%")
        api_options = {"tables_max": str(count)}
        crawler.api.patch("/crawlers/tables", json={"options": api_options}).raise_for_status()
        took, crawl = crawler.run()
        assert len(crawl["summary"]["added"]) == count, len(crawl["summary"]["added"])
        return round(took, 1)


@contextmanager
def served(folder: Path, server: S3, bucket: str) -> Iterator[RunningServer]:
    """A server with the bucket's storage profile."""
    with running_server(folder / "data") as running:
        body = {
            "name": "lake",
            "kind": "s3",
            "options": {"endpoint": server.endpoint, "region": server.region},
            "secrets": {"access_key_id": server.access_key, "secret_access_key": server.secret_key},
            "prefixes": [f"s3://{bucket}/"],
        }
        httpx.post(f"{running.http}/api/v1/connections", json=body).raise_for_status()
        yield running


def main() -> None:
    """Load, measure, print, and keep the figures if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="20,000 files in 500 partitions, 200 tables")
    parser.add_argument("--only", choices=("files", "tables"))
    parser.add_argument("--save", action="store_true")
    arguments = parser.parse_args()
    count, partitions, many = (20_000, 500, 200) if arguments.quick else (200_000, 5_000, 2_000)
    found: dict[str, Any] = {"files": count, "partitions": partitions, "tables": many}
    with tempfile.TemporaryDirectory(prefix="crawl-benchmark-") as folder, s3_server() as server:
        store = Store(server, server.create_bucket())
        with served(Path(folder), server, store.bucket) as running:
            found["one_file_seconds"] = one_file(store, running)
            if arguments.only != "tables":
                found |= {"bytes_of_a_sample": sampled_bytes(store), **files(store, running, count, partitions)}
            if arguments.only != "files":
                found["tables_seconds"] = tables(running, many)
    for name, figure in found.items():
        print(f"{name:28} {figure}")
    found["goals"] = {
        "first_crawl_to_listing": round(FIRST_MOST, 2),
        "unchanged_crawl_to_listing": RECRAWL_MOST,
        "one_file_seconds": START_MOST,
        "tables_seconds": TABLES_MOST,
        "worker_megabytes": MEMORY_MOST,
        "bytes_of_a_sample": SAMPLE_MOST,
    }
    if arguments.save:
        print(save("crawl", found))


if __name__ == "__main__":
    main()
