"""kill -9 of a worker whose crawl runs on Spark: nothing of Spark outlives it, and the crawl is gone on with."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from catalog_server.testing.server import start_server
from tests.crawlers.test_spark import of_crawl
from tests.durability.test_crawls import api, ended
from tests.engines.spark import spark_engine
from tests.jobs.test_runner import gone
from tests.jobs.test_worker import worker_of


@pytest.mark.spark
@pytest.mark.long
def test_spark_ends_with_the_worker_and_the_crawl_goes_on(tmp_path: Path) -> None:
    spark_engine()
    folder = tmp_path / "lake" / "t"
    folder.mkdir(parents=True)
    for n in range(300):  # more than are looked at without Spark
        (folder / f"{n}.csv").write_bytes(b"a,b\n1,2\n")
    server = start_server(tmp_path / "data", environment={"CATALOG_SERVER__CRAWLERS__SPARK_MASTER": "local[1]"})
    try:
        with api(server) as client:
            options = {"engine": "spark"}
            body = {"name": "raw", "targets": [str(tmp_path / "lake")], "database": "raw", "options": options}
            client.post("/crawlers", json=body).raise_for_status()
            crawl = client.post("/crawlers/raw/crawls", json={}).json()["id"]
            while not (processes := of_crawl(crawl)):
                time.sleep(0.05)
            os.kill(worker_of(server), signal.SIGKILL)
            assert all(gone(pid) for pid in processes)
            found = ended(client, crawl)
            assert (found["state"], found["error"], found["summary"]["objects"]) == ("SUCCEEDED", None, 300)
            assert of_crawl(crawl) == []
    finally:
        server.stop()
    assert list((tmp_path / "data" / "spark").iterdir()) == []
    assert (tmp_path / "data" / "logs" / "crawls" / f"{crawl}.log").exists()
