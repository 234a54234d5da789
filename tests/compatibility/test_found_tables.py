"""Tables that a crawl found in place, by their own metadata: Trino reads what their writers wrote, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyiceberg.catalog.sql import SqlCatalog

from catalog_server.testing import RunningServer, running_server
from tests.crawlers.corpus.hudi import hudi_files
from tests.engines.trino import Trino, iceberg_properties

ROWS = pa.table({"Id": pa.array([1, 2], pa.int64()), "fare": pa.array([125, -5], pa.decimal128(9, 2))})
DELETED = pa.table({"Id": pa.array([9], pa.int64()), "fare": pa.array([None], pa.decimal128(9, 2))})


def write_iceberg(folder: Path) -> None:
    """A table of which a snapshot's rows were overwritten."""
    other = SqlCatalog("other", uri=f"sqlite:///{folder}/outside.db", warehouse=f"file://{folder}")
    other.create_namespace("sales")
    table = other.create_table("sales.orders", ROWS.schema, f"file://{folder}/lake/orders")
    table.append(DELETED)
    table.overwrite(ROWS)


def write_delta(folder: Path) -> None:
    """A table in whose folder there is a file that is none of its rows."""
    day = folder / "day=2026-01-01"
    day.mkdir(parents=True)
    pq.write_table(ROWS, day / "a.parquet")
    pq.write_table(DELETED, day / "deleted.parquet")
    kinds = {"Id": "long", "fare": "decimal(9,2)", "day": "date"}
    fields = [{"name": name, "type": kind, "nullable": True, "metadata": {}} for name, kind in kinds.items()]
    schema = json.dumps({"type": "struct", "fields": fields})
    metadata = {
        "id": "1",
        "format": {"provider": "parquet", "options": {}},
        "schemaString": schema,
        "configuration": {},
    }
    values = {"partitionValues": {"day": "2026-01-01"}, "modificationTime": 1, "dataChange": True}
    actions: list[dict[str, Any]] = [
        {"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}},
        {"metaData": {**metadata, "partitionColumns": ["day"], "createdTime": 1}},
        {"add": {"path": "day=2026-01-01/a.parquet", "size": (day / "a.parquet").stat().st_size, **values}},
    ]
    (folder / "_delta_log").mkdir()
    (folder / "_delta_log" / f"{0:020d}.json").write_text("\n".join(map(json.dumps, actions)))


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("found")
    write_iceberg(folder)
    write_delta(folder / "lake" / "trips")
    for path, body in (hudi_files("cow6", "rides") | hudi_files("mor6", "merged")).items():
        (folder / "lake" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "lake" / path).write_bytes(body)
    with running_server(folder / "server") as server, httpx.Client(base_url=f"{server.http}/api/v1", timeout=60) as api:
        api.post("/crawlers", json={"name": "raw", "targets": [f"file://{folder}/lake"], "database": "raw"})
        crawl = api.post("/crawlers/raw/crawls", json={}).json()
        done = api.get(f"/crawls/{crawl['id']}", params={"wait_ms": 30_000}).json()
        assert (done["state"], done["summary"]["problems"]) == ("SUCCEEDED", [])
        yield server


@pytest.mark.trino
def test_trino_reads_an_iceberg_table_that_was_found(crawled: RunningServer, trino_server: Trino) -> None:
    with trino_server.catalog("iceberg", iceberg_properties(crawled.thrift)) as name:
        rows = trino_server.sql(f"select id, cast(fare as varchar) from {name}.raw.orders order by 1")
    assert rows == [[1, "125.00"], [2, "-5.00"]]


@pytest.mark.trino
def test_trino_reads_a_delta_table_that_was_found(crawled: RunningServer, trino_server: Trino) -> None:
    properties = {"hive.metastore.uri": crawled.thrift, "fs.hadoop.enabled": "true"}
    with trino_server.catalog("delta_lake", properties) as name:
        rows = trino_server.sql(
            f"select id, cast(fare as varchar), cast(day as varchar) from {name}.raw.trips order by 1"
        )
    assert rows == [[1, "125.00", "2026-01-01"], [2, "-5.00", "2026-01-01"]]


@pytest.mark.trino
def test_trino_reads_hudi_tables_that_were_found(crawled: RunningServer, trino_server: Trino) -> None:
    columns = "id, item, cast(fare as varchar), cast(at as varchar), cast(day as varchar), tip"
    with trino_server.catalog("hudi", {"hive.metastore.uri": crawled.thrift, "fs.hadoop.enabled": "true"}) as name:
        written = trino_server.sql(f"select {columns} from {name}.raw.rides order by 1")
        merged = trino_server.sql(f"select item from {name}.raw.merged_ro order by id")
        one_day = trino_server.sql(f"select count(*) from {name}.raw.rides where day = date '2026-01-02'")
    assert written == [
        [1, "a", "1.25", "2026-01-01 10:00:00.000000000", "2026-01-01", None],
        [2, "b2", "7.00", "2026-01-01 12:00:00.000000000", "2026-01-01", 9],
        [3, "c", None, "2026-01-02 10:00:00.000000000", "2026-01-02", None],
        [4, "d", "4.00", "2026-01-03 10:00:00.000000000", "2026-01-03", None],
    ]
    assert (merged, one_day) == ([["a"], ["b"], ["c"], ["d"]], [[1]])
