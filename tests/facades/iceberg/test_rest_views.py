"""Iceberg views over REST: their life, their rules, and what Hive clients see of them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from catalog_server.testing import RunningServer
from tests.facades.hms.metastore import Metastore
from tests.facades.iceberg.rest_support import BOTH_STORES, SCHEMA, create_table, error_of

pytestmark = BOTH_STORES


def version_of(namespace: str, **statements: str) -> dict[str, Any]:
    return {
        "version-id": 1,
        "timestamp-ms": 1,
        "schema-id": 0,
        "summary": {"engine": "test"},
        "default-namespace": [namespace],
        "representations": [
            {"type": "sql", "sql": text, "dialect": dialect}
            for dialect, text in (statements or {"spark": "select 1"}).items()
        ],
    }


def create_view(http: httpx.Client, namespace: str, name: str, **statements: str) -> httpx.Response:
    body = {
        "name": name,
        "schema": SCHEMA,
        "view-version": version_of(namespace, **statements),
        "properties": {"a": "1"},
    }
    return http.post(f"/v1/namespaces/{namespace}/views", json=body)


def replace(http: httpx.Client, namespace: str, name: str, *updates: dict[str, Any], uuid: str = "") -> httpx.Response:
    required = [{"type": "assert-view-uuid", "uuid": uuid}] if uuid else []
    return http.post(f"/v1/namespaces/{namespace}/views/{name}", json={"requirements": required, "updates": updates})


def test_a_view_is_made_loaded_listed_and_dropped(http: httpx.Client, namespace: str) -> None:
    made = create_view(http, namespace, "v", spark="select 1")
    path = f"/v1/namespaces/{namespace}/views"
    assert made.status_code == 200, made.text
    assert http.get(f"{path}/v").json() == made.json()
    assert http.head(f"{path}/v").status_code == 204
    assert http.get(path).json()["identifiers"] == [{"namespace": [namespace], "name": "v"}]
    assert http.get(f"/v1/namespaces/{namespace}/tables").json()["identifiers"] == []
    assert http.delete(f"{path}/v").status_code == 204
    assert error_of(http.get(f"{path}/v"))["type"] == "NoSuchViewException"
    assert http.head(f"{path}/v").status_code == 404


def test_views_are_paged(http: httpx.Client, namespace: str) -> None:
    for number in range(5):
        create_view(http, namespace, f"v{number}").raise_for_status()
    found, token = [], ""
    while token is not None:
        page = http.get(f"/v1/namespaces/{namespace}/views", params={"pageToken": token, "pageSize": "2"}).json()
        found += [one["name"] for one in page["identifiers"]]
        token = page["next-page-token"]
    assert found == ["v0", "v1", "v2", "v3", "v4"]


def test_a_replacement_adds_a_version_and_a_wrong_uuid_is_a_conflict(http: httpx.Client, namespace: str) -> None:
    made = create_view(http, namespace, "v").json()["metadata"]
    updates = (
        {"action": "add-view-version", "view-version": version_of(namespace, spark="select 2")},
        {"action": "set-current-view-version", "view-version-id": -1},
    )
    done = replace(http, namespace, "v", *updates, uuid=made["view-uuid"])
    assert done.status_code == 200, done.text
    assert [one["version-id"] for one in done.json()["metadata"]["versions"]] == [1, 2]
    refused = replace(http, namespace, "v", *updates, uuid="9c12d441-03fe-4693-9a96-a0705ddf69c1")
    assert (refused.status_code, error_of(refused)["type"]) == (409, "CommitFailedException")


@pytest.mark.parametrize(
    ("update", "said"),
    [
        ({"action": "grow"}, "unknown update: grow"),
        ({"action": "set-current-view-version", "view-version-id": 9}, "unknown version: 9"),
        ({"action": "set-location", "location": "s3://bucket/../x"}, "climbs"),
        ({"action": "upgrade-format-version", "format-version": 2}, "unsupported format version: v2"),
        ({"action": "set-properties", "updates": {"version.history.size": "0"}}, "must be positive"),
        ({"action": "assign-uuid", "uuid": "9c12d441-03fe-4693-9a96-a0705ddf69c1"}, "Cannot reassign uuid"),
    ],
)
def test_updates_that_make_no_sense_are_refused(
    http: httpx.Client, namespace: str, update: dict[str, Any], said: str
) -> None:
    create_view(http, namespace, "v")
    refused = replace(http, namespace, "v", update)
    assert refused.status_code == 400
    assert said in error_of(refused)["message"]


def test_a_replacement_may_not_lose_a_dialect_unless_told(http: httpx.Client, namespace: str) -> None:
    create_view(http, namespace, "v", spark="select 1", trino="select 1")
    swap = [
        {"action": "add-view-version", "view-version": version_of(namespace, trino="select 2")},
        {"action": "set-current-view-version", "view-version-id": -1},
    ]
    assert "loss of view dialects" in error_of(replace(http, namespace, "v", *swap))["message"]
    allow = {"action": "set-properties", "updates": {"replace.drop-dialect.allowed": "true"}}
    assert replace(http, namespace, "v", allow, *swap).status_code == 200


def test_old_versions_of_a_view_are_forgotten(http: httpx.Client, namespace: str) -> None:
    create_view(http, namespace, "v")
    replace(http, namespace, "v", {"action": "set-properties", "updates": {"version.history.size": "2"}})
    for number in range(2, 6):
        add = {"action": "add-view-version", "view-version": version_of(namespace, spark=f"select {number}")}
        replace(http, namespace, "v", add, {"action": "set-current-view-version", "view-version-id": -1})
    found = http.get(f"/v1/namespaces/{namespace}/views/v").json()["metadata"]
    assert [one["version-id"] for one in found["versions"]] == [4, 5]
    assert [one["version-id"] for one in found["version-log"]] == [4, 5]


def test_tables_and_views_share_their_names(http: httpx.Client, namespace: str) -> None:
    create_table(http, namespace, "t")
    create_view(http, namespace, "v")
    taken = create_view(http, namespace, "t")
    assert (taken.status_code, error_of(taken)["message"]) == (
        409,
        f"Table with same name already exists: {namespace}.t",
    )
    other = http.post(f"/v1/namespaces/{namespace}/tables", json={"name": "v", "schema": SCHEMA})
    assert (other.status_code, error_of(other)["message"]) == (
        409,
        f"View with same name already exists: {namespace}.v",
    )
    assert http.get(f"/v1/namespaces/{namespace}/tables/v").status_code == 404
    assert http.get(f"/v1/namespaces/{namespace}/views/t").status_code == 404


def test_a_view_is_renamed(http: httpx.Client, namespace: str) -> None:
    create_view(http, namespace, "v")
    create_view(http, namespace, "taken")

    def rename(to: str, space: str = namespace) -> httpx.Response:
        source, target = {"namespace": [namespace], "name": "v"}, {"namespace": [space], "name": to}
        return http.post("/v1/views/rename", json={"source": source, "destination": target})

    assert error_of(rename("w", "nowhere"))["type"] == "NoSuchNamespaceException"
    assert error_of(rename("taken"))["code"] == 409
    assert rename("w").status_code == 204
    assert error_of(rename("x"))["type"] == "NoSuchViewException"


def test_a_view_is_registered_from_its_metadata_file(http: httpx.Client, namespace: str) -> None:
    made = create_view(http, namespace, "v").json()
    http.delete(f"/v1/namespaces/{namespace}/views/v")
    body = {"name": "w", "metadata-location": made["metadata-location"]}
    found = http.post(f"/v1/namespaces/{namespace}/register-view", json=body)
    assert (found.status_code, found.json()["metadata"]) == (200, made["metadata"])
    assert http.post(f"/v1/namespaces/{namespace}/register-view", json=body).status_code == 409
    lost = http.post(
        f"/v1/namespaces/{namespace}/register-view", json={"name": "x", "metadata-location": "file:///nowhere.json"}
    )
    assert lost.status_code == 400


def test_hive_clients_see_a_view(http: httpx.Client, namespace: str, server: RunningServer) -> None:
    made = create_view(http, namespace, "v", spark="select 1 id, 'x' name", trino="select 1 id").json()
    with Metastore(server.thrift_port) as metastore:
        found = metastore.get_table(namespace, "v")
    assert (found.tableType, found.viewExpandedText) == ("VIRTUAL_VIEW", "select 1 id, 'x' name")
    assert [(column.name, column.type) for column in found.sd.cols] == [("id", "bigint"), ("name", "string")]
    assert found.parameters["metadata_location"] == made["metadata-location"]
    assert (found.parameters["table_type"], found.parameters["a"]) == ("ICEBERG-VIEW", "1")
    assert found.viewOriginalText.startswith("/* Presto View: ")


def test_a_view_that_a_hive_client_drops_is_gone(http: httpx.Client, namespace: str, server: RunningServer) -> None:
    create_view(http, namespace, "v")
    with Metastore(server.thrift_port) as metastore:
        metastore.drop_table(namespace, "v", False)
    assert http.head(f"/v1/namespaces/{namespace}/views/v").status_code == 404


@pytest.mark.parametrize(
    ("chain", "code"),
    [
        ("n%1Fv", 200),
        ("a%1Fb%1Fouter,n%1Fv", 200),
        ("n%1Fwith%2Ccomma", 200),
        ("n%251Fv%2Cn%251Fw", 200),
        ("nowhere%1Fnothing", 200),
        ("", 400),
        ("v", 400),
        ("n%1F", 400),
        ("n%1Fv,", 400),
        ("n%1Fv,w", 400),
    ],
)
def test_a_chain_of_views_is_taken_when_it_is_well_formed(
    http: httpx.Client, namespace: str, chain: str, code: int
) -> None:
    create_table(http, namespace, "t")
    create_view(http, namespace, "v").raise_for_status()
    for path in ("tables/t", "tables/t/credentials", "views/v"):
        answer = http.get(f"/v1/namespaces/{namespace}/{path}?referenced-by={chain}")
        assert answer.status_code == code, answer.text
