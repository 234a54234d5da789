"""Where Iceberg tables may lie: in no other table's folder, and where the server is told so, in few places only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from catalog_server.testing import running_server
from tests.facades.iceberg.rest_support import BOTH_STORES, SCHEMA, create_table, error_of


def create(http: httpx.Client, namespace: str, name: str, **more: Any) -> httpx.Response:
    return http.post(f"/v1/namespaces/{namespace}/tables", json={"name": name, "schema": SCHEMA, **more})


def commit(http: httpx.Client, namespace: str, name: str, *updates: dict[str, Any]) -> httpx.Response:
    return http.post(f"/v1/namespaces/{namespace}/tables/{name}", json={"requirements": [], "updates": updates})


@BOTH_STORES
@pytest.mark.parametrize("place", ["{0}", "{0}/", "{0}/data/inner", "{1}", "file:{2}/x"])
def test_a_table_in_or_around_the_folder_of_another_is_refused(http: httpx.Client, namespace: str, place: str) -> None:
    held = create_table(http, namespace, "held").json()["metadata"]["location"]
    where = place.format(held, held.rpartition("/")[0], held.removeprefix("file://"))
    refused = create(http, namespace, "t", location=where)
    assert (refused.status_code, error_of(refused)["type"]) == (400, "IllegalArgumentException")
    assert f"overlaps with the location of another table: {namespace}.held" in error_of(refused)["message"]


@BOTH_STORES
def test_a_name_that_begins_like_another_is_no_overlap(http: httpx.Client, namespace: str) -> None:
    held = create_table(http, namespace, "t").json()["metadata"]["location"]
    for name, where in (("u", f"{held}0"), ("v", f"{held}_"), ("w", f"{held}%")):
        assert create(http, namespace, name, location=where).status_code == 200


@BOTH_STORES
@pytest.mark.parametrize("key", ["write.metadata.path", "write.data.path", "write.object-storage.path"])
def test_no_path_may_point_into_another_table(http: httpx.Client, namespace: str, key: str) -> None:
    held = Path(create_table(http, namespace, "held").json()["metadata"]["location"].removeprefix("file://"))
    create_table(http, namespace, "t")
    before = sorted(held.rglob("*"))
    stolen = {"action": "set-properties", "updates": {key: f"file://{held}/metadata"}}
    refused = commit(http, namespace, "t", stolen)
    assert (refused.status_code, sorted(held.rglob("*"))) == (400, before)
    moved = commit(http, namespace, "t", {"action": "set-location", "location": f"file://{held}"})
    assert moved.status_code == 400


def test_spelling_a_bucket_otherwise_hides_nothing(http: httpx.Client, namespace: str) -> None:
    staged = create(http, namespace, "s", location="s3a://bucket/a/b", **{"stage-create": True})
    assert staged.status_code == 200
    climbing = create(http, namespace, "t", location="s3://bucket/a/../b")
    assert (climbing.status_code, "climbs" in error_of(climbing)["message"]) == (400, True)


def test_only_allowed_folders_are_taken_where_some_are_named(tmp_path: Path) -> None:
    allowed, beside = tmp_path / "allowed", tmp_path / "allowed2"
    allowed.mkdir()
    beside.mkdir()
    (allowed / "link").symlink_to(beside)
    environment = {"CATALOG_SERVER__WAREHOUSE__ALLOWED_LOCATIONS": f"file://{allowed}, s3://allowed/"}
    with running_server(tmp_path / "data", environment=environment) as server:
        with httpx.Client(base_url=server.iceberg) as http:
            http.post("/v1/namespaces", json={"namespace": ["n"]}).raise_for_status()
            assert create(http, "n", "home").status_code == 200
            assert create(http, "n", "t", location=f"file://{allowed}/t").status_code == 200
            for place in (f"file://{beside}/t", f"file://{allowed}/link/t", "s3://bucket/t", str(tmp_path)):
                assert create(http, "n", "u", location=place).status_code == 400
            for place in (f"file://{beside}/n.db", "s3://allowed2/n"):
                body = {"namespace": ["m"], "properties": {"location": place}}
                assert http.post("/v1/namespaces", json=body).status_code == 400
            moved = {"updates": {"location": f"file://{beside}"}}
            assert http.post("/v1/namespaces/n/properties", json=moved).status_code == 400
            stolen = {"action": "set-properties", "updates": {"write.metadata.path": f"file://{beside}"}}
            assert commit(http, "n", "t", stolen).status_code == 400
            body = {"name": "r", "metadata-location": f"file://{beside}/x.metadata.json"}
            assert "outside" in error_of(http.post("/v1/namespaces/n/register", json=body))["message"]
    assert list(beside.iterdir()) == []
