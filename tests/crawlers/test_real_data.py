"""Files that other people made become tables of the right types at the first try."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from catalog_server.model.spark_schema import spark_columns
from tests.crawlers import real_data
from tests.crawlers.real_data import PAGE, SOURCES, Source, crawled, section

_LONG = pytest.mark.long


def _marked(names: dict[str, bool]) -> list[Any]:
    return [pytest.param(name, marks=_LONG if long else ()) for name, long in names.items()]


@pytest.mark.parametrize("name", _marked({name: source.long for name, source in SOURCES.items()}))
def test_a_source_becomes_what_the_page_says(tmp_path: Path, name: str) -> None:
    source = SOURCES[name]
    found = crawled(source, tmp_path)
    assert (found.crawl.state, found.crawl.error) == ("SUCCEEDED", None)
    shown = section(source, found)
    assert shown in PAGE.read_text()
    assert [line for line in shown.splitlines() if "| none |" in line and line.endswith("|  |")] == []


@_LONG
@pytest.mark.parametrize("format", ["parquet", "csv", "tbl"])
def test_a_larger_scale_has_the_same_types(tmp_path: Path, format: str) -> None:
    small = crawled(SOURCES[f"tpch_{format}"], tmp_path / "small")
    large = crawled(Source("", lambda: real_data.tpch("1", format)), tmp_path / "large")
    assert {name: spark_columns(table.parameters) for name, table in large.tables.items()} == {
        name: spark_columns(table.parameters) for name, table in small.tables.items()
    }


@pytest.mark.parametrize("name", [pytest.param("vega_all", marks=_LONG), "flights"])
def test_files_in_one_folder_are_a_table_each(tmp_path: Path, name: str) -> None:
    files = SOURCES[name].find()
    apart = len(crawled(SOURCES[name], tmp_path / "apart").tables)
    folder = tmp_path / "together" / "files" / "all"
    folder.mkdir(parents=True)
    for path in files.values():
        shutil.copy(path, folder / path.name)
    together = crawled(Source("", dict), tmp_path / "together", folder.parent)
    assert len(together.tables) == apart
