"""Codes, envelopes and headers of the Iceberg REST calls, seen by a bare HTTP client."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

from catalog_server.testing import RunningServer
from tests.facades.hms.metastore import Metastore
from tests.facades.hms.metastore import table as metastore_table
from tests.facades.iceberg.rest_support import SCHEMA, create_namespace, create_table, error_of, eventually


def test_config_lists_what_is_served(http: httpx.Client) -> None:
    answer = http.get("/v1/config").json()
    assert "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}" in answer["endpoints"]
    assert "POST /v1/{prefix}/namespaces/{namespace}/views" in answer["endpoints"]
    assert answer["overrides"] == {}


def test_config_answers_to_hive_and_refuses_an_unknown_warehouse(http: httpx.Client) -> None:
    assert http.get("/v1/config", params={"warehouse": "hive"}).status_code == 200
    refused = http.get("/v1/config", params={"warehouse": "nowhere"})
    assert (refused.status_code, error_of(refused)["type"]) == (404, "NoSuchWarehouseException")


def test_the_default_catalog_is_its_prefix_or_none(http: httpx.Client, namespace: str) -> None:
    assert http.get(f"/v1/namespaces/{namespace}").json() == http.get(f"/v1/hive/namespaces/{namespace}").json()
    assert http.get(f"/v1/nowhere/namespaces/{namespace}").status_code == 404


def test_namespace_life(http: httpx.Client) -> None:
    name = f"n{uuid.uuid4().hex[:8]}"
    made = http.post("/v1/namespaces", json={"namespace": [name], "properties": {"a": "1", "comment": "c"}})
    assert (made.status_code, made.json()["namespace"]) == (200, [name])
    assert http.head(f"/v1/namespaces/{name}").status_code == 204
    assert http.get(f"/v1/namespaces/{name}").json()["properties"]["comment"] == "c"
    again = http.post("/v1/namespaces", json={"namespace": [name]})
    assert (again.status_code, error_of(again)["type"]) == (409, "AlreadyExistsException")
    assert http.delete(f"/v1/namespaces/{name}").status_code == 204
    assert http.head(f"/v1/namespaces/{name}").status_code == 404
    gone = http.get(f"/v1/namespaces/{name}")
    assert error_of(gone) == {
        "message": f"Namespace does not exist: {name}",
        "type": "NoSuchNamespaceException",
        "code": 404,
    }


def test_namespace_properties_are_set_removed_and_reported(http: httpx.Client, namespace: str) -> None:
    path = f"/v1/namespaces/{namespace}/properties"
    first = http.post(path, json={"updates": {"a": "1", "b": "2"}})
    assert sorted(first.json()["updated"]) == ["a", "b"]
    second = http.post(path, json={"removals": ["a", "zz"], "updates": {"b": "3"}}).json()
    assert (second["removed"], second["missing"], second["updated"]) == (["a"], ["zz"], ["b"])
    assert http.get(f"/v1/namespaces/{namespace}").json()["properties"]["b"] == "3"
    both = http.post(path, json={"removals": ["b"], "updates": {"b": "3"}})
    assert (both.status_code, error_of(both)["code"]) == (422, 422)


def test_nested_namespaces_are_listed_below_their_parent(http: httpx.Client, namespace: str) -> None:
    create_namespace(http, namespace, "inner")
    listed = http.get("/v1/namespaces", params={"parent": namespace}).json()["namespaces"]
    assert listed == [[namespace, "inner"]]
    assert [namespace] in http.get("/v1/namespaces").json()["namespaces"]
    assert http.get(f"/v1/namespaces/{namespace}%1Finner").json()["namespace"] == [namespace, "inner"]
    assert http.get("/v1/namespaces", params={"parent": "nowhere"}).status_code == 404
    assert http.delete(f"/v1/namespaces/{namespace}").status_code == 409


def test_namespaces_are_paged(http: httpx.Client, namespace: str) -> None:
    for number in range(5):
        create_namespace(http, namespace, f"n{number}")
    found: list[Any] = []
    token = ""
    while token is not None:
        page = http.get("/v1/namespaces", params={"parent": namespace, "pageToken": token, "pageSize": "2"}).json()
        assert len(page["namespaces"]) <= 2
        found += page["namespaces"]
        token = page["next-page-token"]
    assert found == [[namespace, f"n{number}"] for number in range(5)]


@pytest.mark.parametrize("levels", [[], [""], ["a.b"], ["a", ""], ["x\x00y"], ["n" * 300]])
def test_a_level_that_cannot_be_a_name_is_refused(http: httpx.Client, levels: list[str]) -> None:
    refused = http.post("/v1/namespaces", json={"namespace": levels})
    assert (refused.status_code, error_of(refused)["type"]) == (400, "IllegalArgumentException")


def test_tables_are_listed_in_pages(http: httpx.Client, namespace: str) -> None:
    for number in range(3):
        create_table(http, namespace, f"t{number}")
    path = f"/v1/namespaces/{namespace}/tables"
    first = http.get(path, params={"pageSize": "2", "pageToken": ""}).json()
    second = http.get(path, params={"pageSize": "2", "pageToken": first["next-page-token"]}).json()
    names = [item["name"] for item in first["identifiers"] + second["identifiers"]]
    assert (names, second["next-page-token"]) == (["t0", "t1", "t2"], None)
    assert first["identifiers"][0]["namespace"] == [namespace]
    assert http.get("/v1/namespaces/nowhere/tables").status_code == 404


def test_create_load_and_not_modified(http: httpx.Client, namespace: str) -> None:
    made = create_table(http, namespace, "t")
    path = f"/v1/namespaces/{namespace}/tables/t"
    loaded = http.get(path)
    assert loaded.json()["metadata"] == made.json()["metadata"]
    assert loaded.headers["etag"] == made.headers["etag"]
    again = http.get(path, headers={"If-None-Match": loaded.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    refs = http.get(path, params={"snapshots": "refs"}, headers={"If-None-Match": loaded.headers["etag"]})
    assert refs.status_code == 200
    assert http.get(path, params={"snapshots": "some"}).status_code == 400


def test_a_commit_moves_the_tag(http: httpx.Client, namespace: str) -> None:
    made = create_table(http, namespace, "t")
    path = f"/v1/namespaces/{namespace}/tables/t"
    updates = [{"action": "set-properties", "updates": {"k": "v"}}]
    done = http.post(path, json={"requirements": [], "updates": updates})
    assert done.status_code == 200
    assert done.json()["metadata"]["properties"]["k"] == "v"
    assert done.json()["metadata-location"] != made.json()["metadata-location"]
    assert done.headers["etag"] != made.headers["etag"]
    stale = http.get(path, headers={"If-None-Match": made.headers["etag"]})
    assert (stale.status_code, stale.headers["etag"]) == (200, done.headers["etag"])


def test_a_failed_requirement_is_a_conflict_and_changes_nothing(http: httpx.Client, namespace: str) -> None:
    create_table(http, namespace, "t")
    path = f"/v1/namespaces/{namespace}/tables/t"
    refused = http.post(
        path,
        json={
            "requirements": [{"type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": 7}],
            "updates": [{"action": "set-properties", "updates": {"k": "v"}}],
        },
    )
    assert (refused.status_code, error_of(refused)["type"]) == (409, "CommitFailedException")
    assert error_of(refused)["message"] == "Requirement failed: branch or tag main is missing, expected 7"
    assert "k" not in http.get(path).json()["metadata"]["properties"]


BAD_COMMITS: list[Any] = [
    {"requirements": [], "updates": [{"action": "add-weather"}]},
    {"requirements": [{"type": "assert-weather"}], "updates": []},
    {"requirements": [], "updates": [{"action": "add-schema"}]},
    {"requirements": {}, "updates": []},
    [],
    "x",
]


@pytest.mark.parametrize("body", BAD_COMMITS)
def test_a_bad_commit_is_a_bad_request(http: httpx.Client, namespace: str, body: Any) -> None:
    create_table(http, namespace, "t")
    refused = http.post(f"/v1/namespaces/{namespace}/tables/t", json=body)
    assert (refused.status_code, error_of(refused)["type"]) == (400, "IllegalArgumentException")


def test_a_commit_that_names_another_table_than_its_path_is_refused(http: httpx.Client, namespace: str) -> None:
    create_table(http, namespace, "t")
    path = f"/v1/namespaces/{namespace}/tables/t"
    body = {"requirements": [], "updates": []}
    assert http.post(path, json={**body, "identifier": {"namespace": [namespace], "name": "t"}}).status_code == 200
    assert http.post(path, json={**body, "identifier": {"namespace": [namespace], "name": "u"}}).status_code == 400


def test_what_hive_sees_follows_the_commits(server: RunningServer, http: httpx.Client, namespace: str) -> None:
    made = create_table(http, namespace, "t", properties={"mine": "1", "gc.enabled": "false"}).json()
    path = f"/v1/namespaces/{namespace}/tables/t"
    added = {**SCHEMA, "fields": [*SCHEMA["fields"], {"id": 3, "name": "at", "type": "timestamptz", "required": False}]}
    updates = [
        {"action": "remove-properties", "removals": ["mine", "gc.enabled"]},
        {"action": "set-properties", "updates": {"yours": "2"}},
        {"action": "add-schema", "schema": added},
        {"action": "set-current-schema", "schema-id": -1},
    ]
    done = http.post(path, json={"requirements": [], "updates": updates}).json()
    row = http.get(f"{server.http}/api/v1/catalogs/hive/databases/{namespace}/tables/t").json()
    parameters = row["parameters"]
    assert not {"mine", "gc.enabled", "external.table.purge"} & parameters.keys()
    assert (parameters["yours"], parameters["table_type"], parameters["EXTERNAL"]) == ("2", "ICEBERG", "TRUE")
    assert parameters["metadata_location"] == done["metadata-location"]
    assert parameters["previous_metadata_location"] == made["metadata-location"]
    assert [(column["name"], column["type"]) for column in row["columns"]] == [
        ("id", "bigint"),
        ("name", "string"),
        ("at", "timestamp with local time zone"),
    ]


def test_a_table_whose_metadata_file_is_gone_says_which(http: httpx.Client, namespace: str) -> None:
    location = create_table(http, namespace, "t").json()["metadata-location"]
    Path(location.removeprefix("file://")).unlink()
    lost = http.get(f"/v1/namespaces/{namespace}/tables/t")
    assert (lost.status_code, error_of(lost)["type"]) == (404, "NotFoundException")
    assert error_of(lost)["message"] == f"Failed to open input stream for file: {location}"


def test_staged_creation_registers_nothing_until_its_commit(http: httpx.Client, namespace: str) -> None:
    path = f"/v1/namespaces/{namespace}/tables"
    staged = http.post(path, json={"name": "t", "schema": SCHEMA, "stage-create": True}).json()
    assert staged.get("metadata-location") is None
    assert http.head(f"{path}/t").status_code == 404
    metadata = staged["metadata"]
    commit = {
        "requirements": [{"type": "assert-create"}],
        "updates": [
            {"action": "assign-uuid", "uuid": metadata["table-uuid"]},
            {"action": "upgrade-format-version", "format-version": 2},
            {"action": "add-schema", "schema": metadata["schemas"][0]},
            {"action": "set-current-schema", "schema-id": -1},
            {"action": "add-spec", "spec": metadata["partition-specs"][0]},
            {"action": "set-default-spec", "spec-id": -1},
            {"action": "add-sort-order", "sort-order": metadata["sort-orders"][0]},
            {"action": "set-default-sort-order", "sort-order-id": -1},
            {"action": "set-location", "location": metadata["location"]},
        ],
    }
    done = http.post(f"{path}/t", json=commit)
    assert (done.status_code, done.json()["metadata"]["table-uuid"]) == (200, metadata["table-uuid"])
    again = http.post(f"{path}/t", json=commit)
    assert (again.status_code, error_of(again)["message"]) == (409, "Requirement failed: table already exists")


def test_create_answers_for_what_is_there_or_missing(http: httpx.Client, namespace: str) -> None:
    create_table(http, namespace, "t")
    again = http.post(f"/v1/namespaces/{namespace}/tables", json={"name": "t", "schema": SCHEMA})
    assert (again.status_code, error_of(again)["message"]) == (409, f"Table already exists: {namespace}.t")
    lost = http.post("/v1/namespaces/nowhere/tables", json={"name": "t", "schema": SCHEMA})
    assert (lost.status_code, error_of(lost)["type"]) == (404, "NoSuchNamespaceException")
    bad = http.post(f"/v1/namespaces/{namespace}/tables", json={"name": "u", "schema": {"type": "struct"}})
    assert bad.status_code == 400


def test_register_takes_over_a_metadata_file(http: httpx.Client, namespace: str) -> None:
    made = create_table(http, namespace, "t").json()
    path = f"/v1/namespaces/{namespace}"
    assert http.delete(f"{path}/tables/t").status_code == 204
    body = {"name": "u", "metadata-location": made["metadata-location"]}
    registered = http.post(f"{path}/register", json=body)
    assert (registered.status_code, registered.json()["metadata"]) == (200, made["metadata"])
    assert http.post(f"{path}/register", json=body).status_code == 409
    assert http.post(f"{path}/register", json={**body, "overwrite": True}).status_code == 200
    lost = http.post(f"{path}/register", json={"name": "v", "metadata-location": made["metadata-location"] + "x"})
    assert lost.status_code in (400, 404)


def test_an_unregistered_table_can_be_registered_elsewhere(http: httpx.Client, namespace: str) -> None:
    made = create_table(http, namespace, "t").json()
    path = f"/v1/namespaces/{namespace}"
    left = http.post(f"{path}/tables/t/unregister", json={})
    assert (left.status_code, left.json()["metadata"]) == (200, made["metadata"])
    assert http.head(f"{path}/tables/t").status_code == 404
    assert error_of(http.post(f"{path}/tables/t/unregister", json={}))["type"] == "NoSuchTableException"
    body = {"name": "u", "metadata-location": left.json()["metadata-location"]}
    assert http.post(f"{path}/register", json=body).json()["metadata"] == made["metadata"]


def test_rename_moves_a_table(http: httpx.Client, namespace: str) -> None:
    create_table(http, namespace, "t")
    create_table(http, namespace, "taken")

    def rename(source: str, target: str, to: str = namespace) -> httpx.Response:
        return http.post(
            "/v1/tables/rename",
            json={
                "source": {"namespace": [namespace], "name": source},
                "destination": {"namespace": [to], "name": target},
            },
        )

    assert rename("t", "u").status_code == 204
    assert http.head(f"/v1/namespaces/{namespace}/tables/t").status_code == 404
    assert http.head(f"/v1/namespaces/{namespace}/tables/u").status_code == 204
    assert (rename("t", "v").status_code, rename("u", "taken").status_code) == (404, 409)
    lost = rename("u", "v", "nowhere")
    assert (lost.status_code, error_of(lost)["type"]) == (404, "NoSuchNamespaceException")


def test_drop_forgets_a_table_once(http: httpx.Client, namespace: str) -> None:
    create_table(http, namespace, "t")
    path = f"/v1/namespaces/{namespace}/tables/t"
    assert http.delete(path, params={"purgeRequested": "true"}).status_code == 204
    assert http.delete(path).status_code == 404
    assert http.delete(path, params={"purgeRequested": "perhaps"}).status_code == 400


def test_a_table_made_again_does_not_share_the_folder_of_the_renamed_one(http: httpx.Client, namespace: str) -> None:
    first = create_table(http, namespace, "t").json()
    body = {"source": {"namespace": [namespace], "name": "t"}, "destination": {"namespace": [namespace], "name": "u"}}
    assert http.post("/v1/tables/rename", json=body).status_code == 204
    second = create_table(http, namespace, "t").json()
    assert second["metadata"]["location"] != first["metadata"]["location"]
    assert http.delete(f"/v1/namespaces/{namespace}/tables/u", params={"purgeRequested": "true"}).status_code == 204
    assert eventually(lambda: not Path(first["metadata-location"].removeprefix("file://")).exists())
    assert Path(second["metadata-location"].removeprefix("file://")).exists()


def test_a_purge_spares_the_folder_that_another_table_lives_in(
    http: httpx.Client, namespace: str, server: RunningServer
) -> None:
    outer = create_table(http, namespace, "outer").json()["metadata"]["location"]
    with Metastore(server.thrift_port) as metastore:
        inner = metastore_table(namespace, "inner", tableType="EXTERNAL_TABLE")
        inner.sd.location = f"{outer}/inner"
        metastore.create_table(inner)
    kept = Path(outer.removeprefix("file://")) / "inner" / "file"
    kept.write_text("a row")
    assert http.delete(f"/v1/namespaces/{namespace}/tables/outer", params={"purgeRequested": "true"}).status_code == 204
    assert kept.exists()


def test_dropping_without_purge_leaves_the_files(http: httpx.Client, namespace: str) -> None:
    made = create_table(http, namespace, "t").json()
    assert http.delete(f"/v1/namespaces/{namespace}/tables/t").status_code == 204
    assert http.delete(f"/v1/namespaces/{namespace}").status_code == 204
    assert Path(made["metadata-location"].removeprefix("file://")).exists()


def test_a_table_name_may_hold_what_an_url_must_encode(http: httpx.Client, namespace: str) -> None:
    name = "a/b c+d%e'\"äé;\u4e2d"
    create_table(http, namespace, name)
    path = f"/v1/namespaces/{namespace}/tables/a%2Fb%20c%2Bd%25e%27%22%C3%A4%C3%A9%3B%E4%B8%AD"
    assert http.get(path).status_code == 200
    assert http.get(path.replace("%20", "+")).status_code == 200


def test_metrics_are_kept_and_shown(http: httpx.Client, namespace: str, server: RunningServer) -> None:
    create_table(http, namespace, "t")
    path = f"/v1/namespaces/{namespace}/tables/t/metrics"
    shown = f"{server.http}/api/v1/catalogs/hive/databases/{namespace}/tables/t/metrics-reports"
    for number in range(3):
        assert http.post(path, json={"report-type": "scan-report", "snapshot-id": number}).status_code == 204
    first = httpx.get(shown, params={"page_size": 2}).json()
    rest = httpx.get(shown, params={"page_token": first["next_page_token"]}).json()
    assert [one["report"]["snapshot-id"] for one in first["items"] + rest["items"]] == [2, 1, 0]
    assert http.post(path, content=b"{", headers={"content-type": "application/json"}).status_code == 400
    assert http.post(path, json={"report-type": "gossip"}).status_code == 400
    lost = http.post(f"/v1/namespaces/{namespace}/tables/nowhere/metrics", json={"report-type": "scan-report"})
    assert error_of(lost)["type"] == "NoSuchTableException"


def test_unknown_paths_and_methods_answer_in_the_envelope(http: httpx.Client, namespace: str) -> None:
    assert error_of(http.get("/v1/nothing/at/all"))["code"] == 404
    assert error_of(http.get("/"))["code"] == 404
    assert http.get(f"/v1/namespaces/{namespace}/views").json() == {"identifiers": []}
    assert error_of(http.get(f"/v1/namespaces/{namespace}/views/v"))["type"] == "NoSuchViewException"
    wrong = http.put(f"/v1/namespaces/{namespace}/tables/t", json={})
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "DELETE, GET, HEAD, POST")


def test_only_json_is_taken(http: httpx.Client) -> None:
    form = http.post("/v1/namespaces", content=b'{"namespace": ["x"]}', headers={"content-type": "text/plain"})
    assert (form.status_code, error_of(form)["code"]) == (415, 415)
    deep = http.post("/v1/namespaces", content=b"[" * 100_000, headers={"content-type": "application/json"})
    assert deep.status_code == 400


def test_head_has_no_body(http: httpx.Client) -> None:
    assert http.head("/v1/namespaces/nowhere").content == b""
