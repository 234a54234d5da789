"""Purges delete every file of a table, wherever it lies, and nothing of any other."""

from __future__ import annotations

from pathlib import Path

import httpx
import pyarrow as pa
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.table import Table

from tests.facades.iceberg.rest_support import BOTH_STORES, eventually

pytestmark = BOTH_STORES
ROWS = pa.table({"a": pa.array([1, 2, 3], pa.int64())})


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def folder_of(table: Table) -> Path:
    return Path(table.location().removeprefix("file://"))


def purge(http: httpx.Client, namespace: str, name: str) -> None:
    path = f"/v1/namespaces/{namespace}/tables/{name}"
    assert http.delete(path, params={"purgeRequested": "true"}).status_code == 204


def test_files_go_wherever_they_lie(rest: RestCatalog, http: httpx.Client, namespace: str, tmp_path: Path) -> None:
    elsewhere = {"write.data.path": f"file://{tmp_path}/data", "write.metadata.path": f"file://{tmp_path}/metadata"}
    table = rest.create_table(f"{namespace}.t", ROWS.schema, properties=elsewhere)
    table.append(ROWS)
    table.append(ROWS)
    table.overwrite(ROWS)
    assert len(files_in(tmp_path / "data")) == 3
    purge(http, namespace, "t")
    assert eventually(lambda: files_in(tmp_path) == [] and not folder_of(table).exists())


def test_files_of_another_table_stay(rest: RestCatalog, http: httpx.Client, namespace: str) -> None:
    other = rest.create_table(f"{namespace}.other", ROWS.schema)
    other.append(ROWS)
    shared = [task.file.file_path for task in other.scan().plan_files()]
    table = rest.create_table(f"{namespace}.t", ROWS.schema)
    table.add_files(shared)
    purge(http, namespace, "t")
    assert eventually(lambda: not folder_of(table).exists())
    assert other.scan().to_arrow().num_rows == 3


def test_files_that_others_may_use_stay(rest: RestCatalog, http: httpx.Client, namespace: str) -> None:
    kept, lost = (
        rest.create_table(f"{namespace}.{name}", ROWS.schema, properties={"gc.enabled": enabled})
        for name, enabled in (("kept", "false"), ("lost", "true"))
    )
    before = files_in(folder_of(kept))
    purge(http, namespace, "kept")
    purge(http, namespace, "lost")
    assert eventually(lambda: not folder_of(lost).exists())
    assert files_in(folder_of(kept)) == before


def test_a_table_whose_metadata_file_is_gone_is_purged(rest: RestCatalog, http: httpx.Client, namespace: str) -> None:
    table = rest.create_table(f"{namespace}.t", ROWS.schema)
    table.append(ROWS)
    Path(table.metadata_location.removeprefix("file://")).unlink()
    purge(http, namespace, "t")
    assert eventually(lambda: not folder_of(table).exists())
