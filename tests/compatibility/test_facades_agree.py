"""What is made through one door is seen the same through every other."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from catalog_server.testing import RunningServer, running_server
from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.metastore import Metastore, partition, storage, table

TAGS = {"type": "list", "element-id": 3, "element": "string", "element-required": False}
SCHEMA: dict[str, Any] = {
    "type": "struct",
    "fields": [
        {"id": 1, "name": "id", "type": "long", "required": True, "doc": "the key"},
        {"id": 2, "name": "tags", "type": TAGS, "required": False},
    ],
}


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server on either store."""
    store = ""
    if request.param == "postgresql":
        postgresql = request.getfixturevalue("postgresql")
        store = postgresql.url(postgresql.create_database())
    with running_server(tmp_path_factory.mktemp("doors"), store=store) as running:
        yield running


@pytest.fixture
def hms(server: RunningServer) -> Iterator[Metastore]:
    """The door of Thrift."""
    with Metastore(server.thrift_port) as client:
        yield client


@pytest.fixture
def rest(server: RunningServer) -> Iterator[httpx.Client]:
    """The door of Iceberg REST."""
    with httpx.Client(base_url=f"{server.iceberg}/v1", timeout=30) as client:
        yield client


@pytest.fixture
def web(server: RunningServer) -> Iterator[httpx.Client]:
    """The door of the JSON API."""
    with httpx.Client(base_url=f"{server.http}/api/v1/catalogs/hive", timeout=30) as client:
        yield client


@pytest.fixture
def name(hms: Metastore) -> str:
    """A database of its own, made through Thrift."""
    found = f"d{uuid.uuid4().hex[:8]}"
    hms.create_database(wire.Database(name=found, description="mine", parameters={"k": "v"}))
    return found


def made_by_rest(rest: httpx.Client, name: str) -> dict[str, Any]:
    answer = rest.post(f"/namespaces/{name}/tables", json={"name": "t", "schema": SCHEMA, "properties": {"p": "1"}})
    answer.raise_for_status()
    return dict(answer.json())


def test_a_database_made_by_thrift_is_a_namespace(hms: Metastore, rest: httpx.Client, name: str) -> None:
    properties = rest.get(f"/namespaces/{name}").json()["properties"]
    assert (properties["k"], properties["comment"]) == ("v", "mine")
    assert properties["location"] == hms.get_database(name).locationUri


def test_a_namespace_made_by_rest_is_a_database(hms: Metastore, rest: httpx.Client, name: str) -> None:
    properties = {"comment": "c", "owner": "ann", "k": "v"}
    rest.post("/namespaces", json={"namespace": [f"{name}_r"], "properties": properties}).raise_for_status()
    found = hms.get_database(f"{name}_r")
    assert (found.description, found.ownerName, found.parameters["k"]) == ("c", "ann", "v")
    assert Path(found.locationUri.removeprefix("file://")).is_dir()


def test_a_table_made_by_rest_is_one_as_icebergs_hive_catalog_writes_it(
    hms: Metastore, rest: httpx.Client, name: str
) -> None:
    made = made_by_rest(rest, name)
    found = hms.get_table(name, "t")
    assert [(c.name, c.type, c.comment) for c in found.sd.cols] == [
        ("id", "bigint", "the key"),
        ("tags", "array<string>", None),
    ]
    assert found.parameters["table_type"].upper() == "ICEBERG"
    assert found.parameters["metadata_location"] == made["metadata-location"]
    assert (found.parameters["EXTERNAL"].upper(), found.tableType) == ("TRUE", "EXTERNAL_TABLE")
    assert (found.parameters["p"], found.sd.location) == ("1", made["metadata"]["location"])


def test_a_table_made_by_thrift_is_loaded_by_rest(
    hms: Metastore, rest: httpx.Client, name: str, server: RunningServer
) -> None:
    made = made_by_rest(rest, name)
    copied = server.data / f"{name}.metadata.json"
    copied.write_text(json.dumps(made["metadata"]))
    parameters = {"table_type": "ICEBERG", "metadata_location": f"file://{copied}", "EXTERNAL": "TRUE"}
    sd = storage(location=made["metadata"]["location"])
    hms.create_table(table(name, "copy", tableType="EXTERNAL_TABLE", parameters=parameters, sd=sd))
    loaded = rest.get(f"/namespaces/{name}/tables/copy").json()
    assert (loaded["metadata-location"], loaded["metadata"]) == (f"file://{copied}", made["metadata"])


def test_a_commit_through_rest_is_seen_by_thrift(hms: Metastore, rest: httpx.Client, name: str) -> None:
    first = made_by_rest(rest, name)
    updates = [{"action": "set-properties", "updates": {"q": "2"}}]
    second = rest.post(f"/namespaces/{name}/tables/t", json={"requirements": [], "updates": updates}).json()
    parameters = hms.get_table(name, "t").parameters
    assert parameters["q"] == "2"
    assert parameters["metadata_location"] == second["metadata-location"]
    assert parameters["previous_metadata_location"] == first["metadata-location"]


def test_a_rename_and_a_drop_are_seen_by_all(hms: Metastore, rest: httpx.Client, web: httpx.Client, name: str) -> None:
    made_by_rest(rest, name)
    new = hms.get_table(name, "t")
    new.tableName = "t2"
    hms.alter_table(name, "t", new)
    assert rest.get(f"/namespaces/{name}/tables").json()["identifiers"] == [{"namespace": [name], "name": "t2"}]
    source, target = ({"namespace": [name], "name": one} for one in ("t2", "t3"))
    rest.post("/tables/rename", json={"source": source, "destination": target}).raise_for_status()
    assert hms.get_all_tables(name) == ["t3"]
    assert web.get(f"/databases/{name}/tables/t3").json()["name"] == "t3"
    rest.delete(f"/namespaces/{name}/tables/t3").raise_for_status()
    assert hms.get_all_tables(name) == []
    assert web.get(f"/databases/{name}/tables/t3").status_code == 404


def test_a_table_of_files_is_no_iceberg_table_but_takes_its_name(hms: Metastore, rest: httpx.Client, name: str) -> None:
    hms.create_table(table(name, "t"))
    assert rest.get(f"/namespaces/{name}/tables").json()["identifiers"] == []
    assert rest.get(f"/namespaces/{name}/tables/t").status_code == 404
    assert rest.post(f"/namespaces/{name}/tables", json={"name": "T", "schema": SCHEMA}).status_code == 409
    assert rest.delete(f"/namespaces/{name}").status_code == 409


def test_a_table_of_files_and_its_partitions_are_shown_by_the_api(hms: Metastore, web: httpx.Client, name: str) -> None:
    hms.create_table(table(name, "t", keys="p string", parameters={"a": "b"}))
    hms.add_partition(partition(name, "t", ["x/y"]))
    found = web.get(f"/databases/{name}/tables/t").json()
    assert [column["name"] for column in found["columns"]] == ["id", "name"]
    assert (found["parameters"]["a"], found["location"]) == ("b", hms.get_table(name, "t").sd.location)
    shown = web.get(f"/databases/{name}/tables/t/partitions").json()
    assert "p=x%2Fy" in json.dumps(shown)


def test_what_rest_cannot_say_outlives_its_commits(hms: Metastore, rest: httpx.Client, name: str) -> None:
    made_by_rest(rest, name)
    new = hms.get_table(name, "t")
    new.owner, new.retention, new.parameters["mine"] = "ann", 7, "kept"
    hms.alter_table(name, "t", new)
    updates = [{"action": "set-properties", "updates": {"q": "2"}}]
    rest.post(f"/namespaces/{name}/tables/t", json={"requirements": [], "updates": updates}).raise_for_status()
    found = hms.get_table(name, "t")
    assert (found.owner, found.retention, found.parameters["mine"]) == ("ann", 7, "kept")
