"""Tables of Iceberg's format version 3 as Spark writes them, changed through every door of ours."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from catalog_server.client import Client
from catalog_server.client import messages as m
from tests.compatibility.conftest import Home, Lakehouse
from tests.engines.spark import SparkSession
from tests.facades.hms.metastore import Metastore

pytestmark = pytest.mark.spark
DOORS: dict[str, Callable[[Lakehouse, str], None]] = {}


def door(change: Callable[[Lakehouse, str], None]) -> Callable[[Lakehouse, str], None]:
    DOORS[change.__name__] = change
    return change


def commit(lakehouse: Lakehouse, database: str, *updates: dict[str, Any]) -> None:
    path = f"{lakehouse.server.iceberg}/v1/namespaces/{database}/tables/t"
    httpx.post(path, json={"requirements": [], "updates": updates}).raise_for_status()


@door
def rest(lakehouse: Lakehouse, database: str) -> None:
    commit(lakehouse, database, {"action": "set-properties", "updates": {"said": "here"}})


@door
def rest_of_two(lakehouse: Lakehouse, database: str) -> None:
    change = {
        "identifier": {"namespace": [database], "name": "t"},
        "requirements": [],
        "updates": [{"action": "set-properties", "updates": {"said": "here"}}],
    }
    path = f"{lakehouse.server.iceberg}/v1/transactions/commit"
    httpx.post(path, json={"table-changes": [change]}).raise_for_status()


@door
def grpc(lakehouse: Lakehouse, database: str) -> None:
    with Client(lakehouse.server.grpc) as client:
        found = client.tables.get(database, "t")
        found.parameters["said"] = "here"
        client.tables.alter(database, "t", m.Table(parameters=found.parameters), ["parameters"])


def document(metastore: Metastore, database: str) -> dict[str, Any]:
    """The metadata file that the table has now."""
    location = metastore.get_table(database, "t").parameters["metadata_location"]
    return json.loads(Path(location.removeprefix("file://").removeprefix("file:")).read_bytes())  # type: ignore[no-any-return]


@pytest.fixture
def table(spark: SparkSession, local: Home, lakehouse: Lakehouse, metastore: Metastore) -> str:
    """Of version 3 with a variant, a default, deletion vectors and the lineage of rows."""
    t = f"rest.{local}.t"
    spark.sql(
        f"create table {t} (id int, v variant, name string) using iceberg tblproperties ('format-version' = '3', "
        "'write.delete.mode' = 'merge-on-read', 'write.update.mode' = 'merge-on-read')"
    )
    spark.sql(f"insert into {t} select id, parse_json('{{\"a\": ' || id || '}}'), 'n' || id from range(10)")
    spark.sql(f"delete from {t} where id in (3, 4)")
    spark.sql(f"update {t} set name = 'new' where id = 5")
    (schema,) = document(metastore, local.name)["schemas"]
    with_default = {"id": 4, "name": "d", "required": False, "type": "int", "initial-default": 7, "write-default": 7}
    commit(
        lakehouse,
        local.name,
        {"action": "add-schema", "schema": schema | {"fields": [*schema["fields"], with_default]}},
        {"action": "set-current-schema", "schema-id": -1},
    )
    spark.sql(f"refresh table {t}")
    return t


@pytest.mark.parametrize("name", list(DOORS))
def test_what_is_of_version_3_outlasts_a_commit_of_ours(
    spark: SparkSession, table: str, local: Home, lakehouse: Lakehouse, metastore: Metastore, name: str
) -> None:
    everything = f"select id, to_json(v), name, d, _row_id, _last_updated_sequence_number from {table} order by id"
    rows, before = spark.sql(everything), document(metastore, local.name)
    assert (len(rows), before["format-version"], before["next-row-id"] >= 10) == (8, 3, True)
    assert {row[3] for row in rows} == {7}
    DOORS[name](lakehouse, local.name)
    after = document(metastore, local.name)
    assert after["properties"].pop("said") == "here"
    moving = ("last-updated-ms", "metadata-log")
    assert {k: v for k, v in after.items() if k not in moving} == {k: v for k, v in before.items() if k not in moving}
    spark.sql(f"refresh table {table}")
    assert spark.sql(everything) == rows
    spark.sql(f"insert into {table} values (11, parse_json('1'), 'x', 8)")
    assert len(spark.sql(everything)) == 9
