"""Files that a worker reads in Python before DuckDB sees their rows: logs, arrays, XML, odd packings; and hostile ones."""

from __future__ import annotations

import bz2
import gzip
import zipfile
from pathlib import Path

import pytest

from catalog_server.model.errors import Unsupported
from tests.query.conftest import Sql
from tests.query.tables import add_partitions, make_table


def test_a_pattern_that_others_would_take_ages_over_is_matched_at_once(sql: Sql, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("a" * 5_000 + "c\nab\n")
    make_table(sql, "ages", f"file://{tmp_path}", [("x", "string")], "grok", options={"input.regex": "((?:a+)+b)"})
    assert sql("select x from ages order by x") == [["ab"], [None]]


def test_a_pattern_that_looks_around_is_refused(sql: Sql, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("ab\n")
    make_table(sql, "around", f"file://{tmp_path}", [("x", "string")], "grok", options={"input.regex": "(a(?=b).*)"})
    with pytest.raises(Unsupported, match="pattern cannot be used"):
        sql("select x from around")


def test_an_endless_line_is_refused_and_does_not_fill_the_memory(sql: Sql, tmp_path: Path) -> None:
    (tmp_path / "a.csv.bz2").write_bytes(bz2.compress(b"a,b\n1," + b"x" * (20 << 20) + b"\n"))
    make_table(sql, "endless", f"file://{tmp_path}", [("a", "int"), ("b", "string")], "csv", options={"header": "true"})
    with pytest.raises(Unsupported, match="longer than"):
        sql("select count(a) from endless")


def test_damaged_packed_files_are_named(sql: Sql, tmp_path: Path) -> None:
    (tmp_path / "cut.json.gz").write_bytes(gzip.compress(b'[{"a": 1}, {"a": 2}]' * 50)[:-12])
    make_table(sql, "damaged", f"file://{tmp_path}", [("a", "int")], "json", options={"multiLine": "true"})
    with pytest.raises(Unsupported, match=r"cut\.json\.gz cannot be read"):
        sql("select sum(a) from damaged")


def test_a_damaged_archive_is_named(sql: Sql, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "odd.csv.zip", "w") as archive:
        archive.writestr("a.csv", "a,b\n1,2\n")
    held = (tmp_path / "odd.csv.zip").read_bytes()
    (tmp_path / "odd.csv.zip").write_bytes(held.replace(b"1,2", b"1,9"))
    options = {"header": "true", "delimiter": ",", "unpacked": "true"}
    make_table(sql, "archive", f"file://{tmp_path}", [("a", "int"), ("b", "int")], "csv", options=options)
    with pytest.raises(Unsupported, match=r"odd\.csv\.zip cannot be read: Bad CRC-32"):
        sql("select sum(a) from archive")


def test_partitions_of_differently_packed_files_are_one_table(sql: Sql, tmp_path: Path) -> None:
    for k in range(20):
        (tmp_path / f"k={k}").mkdir()
        body = f"a,b\n{k},x\n".encode()
        (tmp_path / f"k={k}" / "plain.csv").write_bytes(body)
        (tmp_path / f"k={k}" / "packed.csv.bz2").write_bytes(bz2.compress(body))
    options = {"header": "true", "delimiter": ","}
    columns = [("a", "bigint"), ("b", "string")]
    name = make_table(sql, "mixed", f"file://{tmp_path}", columns, "csv", [("k", "int")], options)
    add_partitions(sql, name, f"file://{tmp_path}", ["k"], [[str(k)] for k in range(20)])
    assert sql("select count(*), sum(a), sum(k) from mixed where k >= 10") == [[20, 290, 290]]
    assert sql("select count(*), sum(a), sum(k), sum(a - k) from mixed") == [[40, 380, 380, 0]]
