"""Iceberg tables changed through the JSON API: by commits of their own, so that metadata and row agree."""

from __future__ import annotations

import httpx
import pytest

from catalog_server.model.caller import SYSTEM
from catalog_server.model.names import TableName
from tests.facades.web.serving import BOTH_STORES, Served

pytestmark = BOTH_STORES

SCHEMA = {
    "type": "struct",
    "fields": [
        {"id": 1, "name": "id", "required": True, "type": "long"},
        {"id": 2, "name": "Delay", "required": False, "type": "double", "doc": "minutes"},
    ],
}


@pytest.fixture
def iceberg(served: Served, database: str) -> str:
    """A fresh Iceberg table; the fixture's value is its path in the API."""
    name = TableName("hive", database.rpartition("/")[2], "routes")
    commits = served.services.catalog.iceberg
    commits.create(SYSTEM, name, commits.stage(SYSTEM, name, SCHEMA))
    return f"{database}/tables/routes"


def document(served: Served, path: str) -> dict[str, object]:
    parts = path.split("/")
    found = served.services.catalog.iceberg.load(SYSTEM, TableName("hive", parts[4], parts[6])).document
    return dict(found)


def test_comment_and_parameters_reach_the_metadata(api: httpx.Client, served: Served, iceberg: str) -> None:
    before = api.get(iceberg).json()
    body = {"comment": "by day", "parameters": {"team": "air"}, "column_comments": {"delay": "late, in minutes"}}
    changed = api.patch(iceberg, json=body).json()
    assert changed["comment"] == "by day"
    assert [column["comment"] for column in changed["columns"]] == [None, "late, in minutes"]
    assert changed["metadata_location"] != before["metadata_location"]
    held = document(served, iceberg)
    assert held["properties"] == {**document_properties(held), "comment": "by day", "team": "air"}
    cleared = api.patch(iceberg, json={"comment": None, "column_comments": {"delay": None}}).json()
    assert cleared["comment"] is None
    assert [column["comment"] for column in cleared["columns"]] == [None, None]


def test_one_is_made_of_columns_and_partition_keys(api: httpx.Client, served: Served, database: str) -> None:
    body = {
        "name": "made",
        "format": "iceberg",
        "columns": [{"name": "id", "type": "bigint", "comment": "its number"}],
        "partition_keys": [{"name": "day", "type": "date"}],
        "comment": "by day",
        "owner": "ann",
    }
    made = api.post(f"{database}/tables", json=body)
    assert (made.status_code, made.json()["format"], made.json()["comment"]) == (201, "iceberg", "by day")
    held = document(served, f"{database}/tables/made")
    assert held["partition-specs"][0]["fields"][0] | {"field-id": 0} == {  # type: ignore[index]
        "name": "day",
        "transform": "identity",
        "source-id": 2,
        "field-id": 0,
    }
    refused = api.post(f"{database}/tables", json=body | {"name": "other", "kind": "MANAGED_TABLE"})
    assert (refused.status_code, "external" in refused.text) == (400, True)


def document_properties(held: dict[str, object]) -> dict[str, str]:
    properties = held["properties"]
    assert isinstance(properties, dict)
    return properties


def test_columns_and_metadata_are_not_for_writing(api: httpx.Client, iceberg: str) -> None:
    before = api.get(iceberg).json()
    columns = api.patch(iceberg, json={"columns": [{"name": "x", "type": "int"}]})
    assert (columns.status_code, columns.json()["error"]["type"]) == (501, "Unsupported")
    moved = api.patch(iceberg, json={"parameters": {"metadata_location": "s3://elsewhere/x.json"}})
    assert moved.status_code == 400
    assert api.patch(iceberg, json={"column_comments": {"nothing": "x"}}).status_code == 404
    assert api.get(iceberg).json() == before


def test_renamed_iceberg_table_keeps_its_metadata(api: httpx.Client, database: str, iceberg: str) -> None:
    before = api.get(iceberg).json()
    renamed = api.patch(iceberg, json={"name": "paths", "owner": "ann", "comment": "x"}).json()
    assert (renamed["name"], renamed["owner"], renamed["comment"]) == ("paths", "ann", "x")
    assert renamed["location"] == before["location"]
    assert api.get(iceberg).status_code == 404
    assert api.get(f"{database}/tables/paths").json()["format"] == "iceberg"
