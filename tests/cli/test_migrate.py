"""Moving from a metastore and mounting one, by the commands of a person: against a whole server, worker and all."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from catalog_server.catalog.definitions import table_of_files
from catalog_server.config import Config
from catalog_server.facades.hms.app import handlers
from catalog_server.facades.hms.errors import translate
from catalog_server.model.caller import Caller
from catalog_server.model.database import Database
from catalog_server.model.names import TableName
from catalog_server.model.partition import Partition
from catalog_server.model.table import Column, TableKind
from catalog_server.services import Services
from catalog_server.testing import RunningServer, running_server
from tests.facades.hms.running import running

CALLER = Caller("tester")


@dataclass(frozen=True)
class Old:
    """The metastore that is moved from, one of ours, with a partitioned table of real files."""

    services: Services
    uri: str


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Old]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    services = Services(Config(data=tmp_path_factory.mktemp("old")))
    catalog = services.catalog
    catalog.prepare()
    catalog.databases.create(CALLER, Database("hive", "sales"))
    name = TableName("hive", "sales", "orders")
    columns, keys = (Column("id", "bigint"),), (Column("day", "string"),)
    table = table_of_files(catalog.tables, CALLER, name, TableKind.EXTERNAL, "parquet", columns, keys)
    made = catalog.tables.create(CALLER, table)
    for day, number in (("mon", 1), ("tue", 2), ("wed", 3)):
        folder = Path((made.location or "").removeprefix("file://").removeprefix("file:")) / f"day={day}"
        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({"id": pa.array([number], pa.int64())}), folder / "a.parquet")
        catalog.partitions.add(CALLER, name, [Partition((day,))])
    with running(handlers(services), translate) as server:
        yield Old(services, f"thrift://127.0.0.1:{server.port}")
    services.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    with running_server(tmp_path / "data") as found:
        yield found


def catalog(server: RunningServer, *arguments: str, code: int = 0) -> list[Any]:
    """What a command prints as JSON lines; `code` is how it is to end."""
    command = [sys.executable, "-m", "catalog_server.cli", "--server", server.http, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == code, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")] or [done.stderr]


def test_a_metastore_is_tried_copied_and_compared(server: RunningServer, old: Old, tmp_path: Path) -> None:
    (tried,) = catalog(server, "migrate", "hive", "--from", old.uri, "--dry-run")
    assert (tried["mode"], tried["summary"]["tables_made"], tried["summary"]["partitions"]) == ("dry-run", 1, 3)
    report = tmp_path / "report.jsonl"
    copied, compared = catalog(server, "migrate", "hive", "--from", old.uri, "--verify", "--report", str(report))
    assert (copied["state"], copied["summary"]["partitions"]) == ("SUCCEEDED", 3)
    assert (compared["mode"], compared["summary"]["unlike"]) == ("verify", 0)
    assert {json.loads(line)["mode"] for line in report.read_text(encoding="utf-8").splitlines()} == {"copy", "verify"}
    assert catalog(server, "sql", "select sum(id) as s from sales.orders where day <> 'tue'")[0]["s"] == 4
    assert len(catalog(server, "migrate", "list")) == 3


def test_a_difference_is_told_and_ends_with_1(server: RunningServer, old: Old) -> None:
    catalog(server, "migrate", "hive", "--from", old.uri)
    catalog(server, "partitions", "drop", "sales.orders", "day=tue", "--yes")
    (compared,) = catalog(server, "migrate", "verify", "--from", old.uri, code=1)
    assert compared["summary"]["tables_different"] == 1
    found, *_ = catalog(server, "migrate", "report", compared["id"], "--state", "unlike")
    assert (found["name"], found["differences"][0]["field"]) == ("sales.orders", "partition day=tue")


def test_a_metastore_that_is_not_there_is_told(server: RunningServer) -> None:
    (_, *_) = catalog(server, "migrate", "hive", "--from", "thrift://127.0.0.1:1", code=1)
    assert catalog(server, "migrate", "list")[0]["state"] == "FAILED"
    catalog(server, "migrate", "hive", code=2)


def test_a_metastore_is_mounted_listed_asked_and_unmounted(server: RunningServer, old: Old) -> None:
    made = catalog(server, "catalogs", "create", "legacy", "--type", "hive", "--uri", old.uri)[0]
    assert (made["kind"], made["uri"]) == ("hive", old.uri)
    assert catalog(server, "catalogs", "test", "legacy")[0]["ok"] is True
    assert [one["name"] for one in catalog(server, "tables", "list", "sales", "--catalog", "legacy")] == ["orders"]
    shown = catalog(server, "tables", "show", "sales.orders", "--catalog", "legacy")[0]
    assert shown["catalog"] == "legacy"
    assert len(catalog(server, "partitions", "list", "sales.orders", "--catalog", "legacy")) == 3
    asked = catalog(server, "sql", "select id from legacy.sales.orders where day = 'wed'")
    assert asked[0]["id"] == 3
    refused = catalog(server, "tables", "drop", "sales.orders", "--catalog", "legacy", "--yes", code=1)
    assert "can only be read" in str(refused[0])
    catalog(server, "catalogs", "drop", "legacy", "--yes")
    assert [one["name"] for one in catalog(server, "catalogs", "list")] == ["hive"]
