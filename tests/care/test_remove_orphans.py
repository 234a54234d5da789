"""Orphans go, and nothing else: not what is young, what others hold, or what no table wrote."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from catalog_server.catalog.definitions import table_of_files
from catalog_server.model.errors import Invalid, Unavailable
from catalog_server.model.names import TableName
from catalog_server.model.table import Column, TableKind
from tests.care.tables import CALLER, Lake, contents, files_of, rows

DAY = 24 * 3600


def folder_of(lake: Lake, name: str = "t") -> Path:
    return Path(lake.rest.load_table(f"{lake.database}.{name}").location().removeprefix("file://"))


def orphan(path: Path, days: int = 10) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"orphan")
    age = path.stat().st_mtime - days * DAY
    os.utime(path, (age, age))
    return path


def test_only_what_nothing_refers_to_goes(lake: Lake) -> None:
    table = lake.table(partitioned=True)
    table.append(rows(1, 2))
    table.overwrite(rows(3))
    held = contents(table)
    before = files_of(table)
    lost = {
        orphan(folder_of(lake) / "data" / "part=odd" / "lost.parquet"),
        orphan(folder_of(lake) / "metadata" / "x.avro"),
    }
    tried = lake.remove_orphans(dry_run=True)
    assert files_of(table) == before | lost
    done = lake.remove_orphans()
    assert tried == done
    assert (done["files"], done["bytes"]) == (2, 12)
    assert files_of(table) == before
    assert contents(table) == held


def test_young_files_stay(lake: Lake) -> None:
    table = lake.table()
    table.append(rows(1))
    young, old = orphan(folder_of(lake) / "data" / "a", 2), orphan(folder_of(lake) / "data" / "b", 4)
    assert lake.remove_orphans(older_than_ms=None)["files"] == 1
    assert young.exists()
    assert not old.exists()


def test_less_than_an_hour_must_be_forced(lake: Lake) -> None:
    lake.table()
    with pytest.raises(Invalid, match="less than an hour"):
        lake.remove_orphans(older_than_ms=3_599_999, force=False)


def test_hidden_files_stay(lake: Lake) -> None:
    lake.table()
    kept = [orphan(folder_of(lake) / name) for name in ("_delta/a", "data/.draft", "metadata/version-hint.text")]
    assert lake.remove_orphans()["files"] == 0
    assert all(path.exists() for path in kept)


def test_tables_inside_the_folder_keep_their_files(lake: Lake) -> None:
    lake.table()
    catalog = lake.served.services.catalog
    inner = folder_of(lake) / "inner"
    name = TableName("hive", lake.database, "inner")
    columns = (Column("id", "bigint"),)
    table = table_of_files(catalog.tables, CALLER, name, TableKind.EXTERNAL, "parquet", columns, (), f"file:{inner}")
    catalog.tables.create(CALLER, table)
    kept = orphan(inner / "part-0.parquet")
    done = lake.remove_orphans()
    assert (done["files"], done["spared"]) == (0, 1)
    assert kept.exists()


def test_a_folder_inside_that_of_another_table_is_refused(lake: Lake) -> None:
    lake.table()
    catalog = lake.served.services.catalog
    name = TableName("hive", lake.database, "outer")
    outer = folder_of(lake).parent
    table = table_of_files(
        catalog.tables, CALLER, name, TableKind.EXTERNAL, "parquet", (Column("id", "bigint"),), (), f"file://{outer}"
    )
    catalog.tables.create(CALLER, table)
    with pytest.raises(Invalid, match=f"{lake.database}.outer"):
        lake.remove_orphans()


def test_a_folder_reached_by_a_link_is_the_same_folder(lake: Lake, tmp_path: Path) -> None:
    table = lake.table()
    table.append(rows(1))
    held = contents(table)
    (tmp_path / "link").symlink_to(folder_of(lake).parent)
    moved = f"file://{tmp_path}/link/{folder_of(lake).name}"
    commits = lake.served.services.catalog.iceberg
    commits.commit(CALLER, TableName("hive", lake.database, "t"), [], [{"action": "set-location", "location": moved}])
    assert lake.remove_orphans()["files"] == 0
    assert contents(table) == held


def test_nothing_goes_while_another_tables_files_cannot_be_told(lake: Lake) -> None:
    lake.table()
    other = lake.table("other")
    other.append(rows(1))
    snapshot = other.current_snapshot()
    assert snapshot is not None
    Path(snapshot.manifest_list.removeprefix("file://")).write_bytes(b"broken")
    lost = orphan(folder_of(lake) / "data" / "lost")
    with pytest.raises(Unavailable, match=f"{lake.database}.other"):
        lake.remove_orphans()
    assert lost.exists()
    done = lake.remove_orphans(ignore_unreadable=True)
    assert (done["files"], done["unread"]) == (1, [f"hive.{lake.database}.other"])
    orphan(lost)
    lake.rest.drop_table(f"{lake.database}.other")
    assert lake.remove_orphans()["files"] == 1
