"""What a run wrote becomes partitions, statistics and tables in the catalog."""

from __future__ import annotations

import datetime
import decimal
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalog_server.catalog.catalog import CatalogService
from catalog_server.jobs.outputs import Outputs
from catalog_server.model.caller import Caller
from catalog_server.model.database import Database
from catalog_server.model.job import Job, JobRun
from catalog_server.model.names import TableName
from catalog_server.model.table import Column, Table, TableKind

ANNA = Caller(user="anna", via="test")
RUN = JobRun("run-1", "daily", "RUNNING", "sail", by="anna")
NAME = TableName("hive", "d", "t")


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """The notes of a run that overwrote `d.t`."""
    path = tmp_path / "touched.jsonl"
    path.write_text(json.dumps({"write": "table", "table": "d.t", "mode": "overwrite"}) + "\n")
    return path


def write(folder: Path, **columns: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), folder / "part-0.parquet")


def make(catalog: CatalogService, folder: Path, *keys: str) -> Table:
    from catalog_server.catalog.definitions import table_of_files

    catalog.databases.create(ANNA, Database("hive", "d"))
    columns = [
        Column("id", "bigint"),
        Column("name", "string"),
        Column("at", "timestamp"),
        Column("price", "decimal(10,2)"),
    ]
    partition_keys = [Column(key, "int") for key in keys]
    table = table_of_files(
        catalog.tables,
        ANNA,
        NAME,
        TableKind.EXTERNAL,
        "parquet",
        columns,
        partition_keys,
        folder.as_uri(),
        owner="user.name",
    )
    return catalog.tables.create(ANNA, table)


def register(catalog: CatalogService, notes: Path, *outputs: str) -> tuple[list[dict[str, Any]], list[str], list[str]]:
    registered = Outputs(catalog, RUN, Job("daily", "x", outputs=outputs))
    written, inputs = registered.register(notes, succeeded=True)
    return written, inputs, registered.problems


def test_statistics_of_a_plain_table_come_from_its_footers(
    catalog: CatalogService, tmp_path: Path, notes: Path
) -> None:
    make(catalog, tmp_path / "t")
    at = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC).replace(tzinfo=None)
    write(tmp_path / "t", id=[3, None, 9], name=["a", "b", None], at=[at] * 3, price=[decimal.Decimal("1.50")] * 3)
    (tmp_path / "t" / "_SUCCESS").touch()
    written, _, problems = register(catalog, notes)
    table = catalog.tables.get(ANNA, NAME)
    assert (problems, written[0]["rows"], written[0]["files"]) == ([], 3, 1)
    assert (table.parameters["numRows"], table.parameters["job.run"], table.owner) == ("3", "run-1", "anna")
    found = {one.column: dict(one.data) for one in catalog.statistics.get(ANNA, NAME)}
    assert found["id"] == {"low": 3, "high": 9, "num_nulls": 1, "num_distinct": 2}
    assert "at" not in found  # Trino would take no statistics of the table at all
    assert found["price"]["high"] == "150e-2"


def test_partitions_follow_the_folders(catalog: CatalogService, tmp_path: Path, notes: Path) -> None:
    make(catalog, tmp_path / "t", "g")
    write(tmp_path / "t" / "g=1", id=[1])
    write(tmp_path / "t" / "g=2", id=[2, 3])
    written, _, _ = register(catalog, notes)
    assert (written[0]["rows"], catalog.partitions.names(ANNA, NAME)) == (3, ["g=1", "g=2"])
    statistics = catalog.statistics.get_partitions(ANNA, NAME, ["g=2"], ["id"])
    assert statistics["g=2"][0].data["high"] == 3
    shutil.rmtree(tmp_path / "t" / "g=1")
    write(tmp_path / "t" / "g=__HIVE_DEFAULT_PARTITION__", id=[4])
    write(tmp_path / "t" / "other=1", id=[5])
    register(catalog, notes)
    assert catalog.partitions.names(ANNA, NAME) == ["g=2", "g=__HIVE_DEFAULT_PARTITION__"]


def test_every_change_names_job_and_run(catalog: CatalogService, tmp_path: Path, notes: Path) -> None:
    make(catalog, tmp_path / "t", "g")
    write(tmp_path / "t" / "g=1", id=[1])
    register(catalog, notes)
    kinds = [event.kind.value for event in catalog.events.of_run("run-1")]
    assert kinds == ["add_partitions", "alter_table"]
    assert catalog.versions.list(ANNA, NAME)[0].run == "run-1"


def test_a_second_look_changes_no_partition(catalog: CatalogService, tmp_path: Path, notes: Path) -> None:
    make(catalog, tmp_path / "t", "g")
    write(tmp_path / "t" / "g=1", id=[1])
    register(catalog, notes)
    later = Outputs(catalog, replace(RUN, id="run-2", started_at=2**50), Job("daily", "x"))
    written, _ = later.register(notes, succeeded=True)
    assert written[0]["rows"] == 1
    assert [event.kind.value for event in catalog.events.of_run("run-2")] == ["alter_table"]


def test_a_damaged_file_leaves_the_number_of_rows_unsaid(catalog: CatalogService, tmp_path: Path, notes: Path) -> None:
    make(catalog, tmp_path / "t")
    write(tmp_path / "t", id=[1])
    (tmp_path / "t" / "broken.parquet").write_bytes(b"PAR1 and nothing more")
    written, _, problems = register(catalog, notes)
    assert (written[0]["files"], problems) == (2, [])
    assert "rows" not in written[0]
    assert "numRows" not in catalog.tables.get(ANNA, NAME).parameters


def test_files_under_a_declared_output_become_its_table(catalog: CatalogService, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for day in (1, 2):
        (out / f"day={day}").mkdir(parents=True)
        (out / f"day={day}" / "a.csv").write_text("id,word\n1,x\n2,y\n")
    written, _, problems = register(catalog, tmp_path / "none", f"new.words={out.as_uri()}/")
    name = TableName("hive", "new", "words")
    table = catalog.tables.get(ANNA, name)
    assert (problems, written[0]["table"], table.format) == ([], "hive.new.words", "csv")
    assert [column.name for column in table.columns] == ["id", "word"]
    assert catalog.partitions.names(ANNA, name) == ["day=1", "day=2"]
    (out / "day=3").mkdir()
    (out / "day=3" / "a.csv").write_text("id,word,more\n1,x,1.5\n")
    for day in (1, 2):
        (out / f"day={day}" / "a.csv").write_text("id,word,more\n1,x,2.5\n2,y,\n")
    register(catalog, tmp_path / "none", f"new.words={out.as_uri()}/")
    assert [column.name for column in catalog.tables.get(ANNA, name).columns] == ["id", "word", "more"]
    assert catalog.partitions.names(ANNA, name) == ["day=1", "day=2", "day=3"]


def test_a_declared_output_without_files_is_a_problem(catalog: CatalogService, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    written, _, problems = register(catalog, tmp_path / "none", f"new.words={(tmp_path / 'out').as_uri()}/")
    assert written == []
    assert "output new.words" in problems[0]


def test_a_declared_output_never_takes_the_table_of_another_place(catalog: CatalogService, tmp_path: Path) -> None:
    make(catalog, tmp_path / "t")
    write(tmp_path / "out", id=[1])
    _, _, problems = register(catalog, tmp_path / "none", f"d.t={(tmp_path / 'out').as_uri()}/")
    assert "is a table at" in problems[0]


def test_inputs_are_the_tables_and_folders_that_were_read(catalog: CatalogService, tmp_path: Path, notes: Path) -> None:
    make(catalog, tmp_path / "t")
    notes.write_text(
        '{"read": "table", "table": "d.t"}\n{"read": "table", "table": "no.such"}\n{"read": "path", "path": "s3://b/x"}\n'
    )
    written, inputs, _ = register(catalog, notes)
    assert (written, inputs) == ([], ["hive.d.t", "s3://b/x"])
