"""What the notes of a run tell of tables and folders."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from catalog_server.jobs.touched import Reader, Touched
from catalog_server.model.names import TableName


def touched(tmp_path: Path, *notes: object) -> Touched:
    path = tmp_path / "notes.jsonl"
    path.write_text("".join(json.dumps(note) + "\n" for note in notes) + '{"sql": "cut o')
    return Reader("hive").read(path)


def names(found: object) -> list[str]:
    return sorted(f"{name.database}.{name.table}" for name in found)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("statement", "written", "how", "read"),
    [
        ("INSERT INTO d.t SELECT * FROM d.a JOIN iceberg.e.b USING (id)", "d.t", "append", ["d.a", "e.b"]),
        ("INSERT OVERWRITE TABLE d.t SELECT * FROM d.t", "d.t", "overwrite", ["d.t"]),
        ("CREATE TABLE spark_catalog.d.t USING parquet AS SELECT * FROM d.a", "d.t", "create", ["d.a"]),
        ("CREATE OR REPLACE TABLE iceberg.d.t USING iceberg AS SELECT 1 AS a", "d.t", "overwrite", []),
        ("WITH x AS (SELECT * FROM d.a) INSERT INTO d.t SELECT * FROM x", "d.t", "append", ["d.a"]),
        ("MERGE INTO d.t USING d.a ON t.id = a.id WHEN MATCHED THEN DELETE", "d.t", "append", ["d.a"]),
        ("DELETE FROM d.t WHERE id = 1", "d.t", "append", []),
        ("UPDATE d.t SET a = 1", "d.t", "append", []),
        ("SELECT * FROM d.a WHERE id IN (SELECT id FROM `d`.`b c`)", None, None, ["d.a", "d.b c"]),
    ],
)
def test_a_statement_tells_what_it_writes_and_reads(
    tmp_path: Path, statement: str, written: str | None, how: str | None, read: list[str]
) -> None:
    found = touched(tmp_path, {"sql": statement})
    assert names(found.written) == ([written] if written else [])
    assert list(found.written.values()) == ([how] if how else [])
    assert names(found.read) == read


def test_short_names_are_completed_by_the_database_in_use(tmp_path: Path) -> None:
    found = touched(tmp_path, {"read": "table", "table": "a"}, {"sql": "USE sales"}, {"read": "table", "table": "b"})
    assert found.read == {TableName("hive", "default", "a"), TableName("hive", "sales", "b")}


def test_writers_tell_their_mode_and_the_stronger_one_stays(tmp_path: Path) -> None:
    append = {"write": "table", "table": "d.t", "mode": "append"}
    overwrite = {"write": "table", "table": "spark_catalog.d.t", "mode": "overwrite"}
    found = touched(tmp_path, append, overwrite, append, {"write": "path", "path": "s3://b/x", "mode": "append"})
    assert found.written == {TableName("hive", "d", "t"): "overwrite"}
    assert found.paths_written == {"s3://b/x": "append"}


def test_statements_that_no_parser_understands_tell_nothing(tmp_path: Path) -> None:
    found = touched(
        tmp_path, {"sql": "SELEKT ((("}, {"sql": None}, 7, {"read": "path", "path": ["s3://b/a", "s3://b/c"]}
    )
    assert (found.written, found.read) == ({}, set())
    assert found.paths_read == {"s3://b/a", "s3://b/c"}


def test_no_notes_at_all_are_no_error(tmp_path: Path) -> None:
    assert Reader("hive").read(tmp_path / "none").written == {}
