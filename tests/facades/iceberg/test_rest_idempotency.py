"""Requests with an idempotency key: carried out once, answered alike."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from catalog_server.testing import RunningServer
from tests.facades.iceberg.rest_support import BOTH_STORES, SCHEMA, create_table, error_of

pytestmark = BOTH_STORES


def key() -> dict[str, str]:
    return {"Idempotency-Key": f"018f5e2a-7c3b-7{uuid.uuid4().hex[:3]}-8{uuid.uuid4().hex[:3]}-{uuid.uuid4().hex[:12]}"}


def test_the_key_is_promised(http: httpx.Client) -> None:
    assert http.get("/v1/config").json()["idempotency-key-lifetime"] == "PT30M"


def test_a_table_is_made_once(http: httpx.Client, namespace: str) -> None:
    headers, body = key(), {"name": "t", "schema": SCHEMA}
    path = f"/v1/namespaces/{namespace}/tables"
    first, second = (http.post(path, json=body, headers=headers) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert (first.content, first.headers["etag"]) == (second.content, second.headers["etag"])
    assert http.post(path, json=body, headers=key()).status_code == 409


def test_a_commit_is_made_once_and_answered_as_it_was(http: httpx.Client, namespace: str) -> None:
    create_table(http, namespace, "t")
    headers = key()
    body: dict[str, Any] = {"requirements": [], "updates": [{"action": "set-properties", "updates": {"a": "1"}}]}
    path = f"/v1/namespaces/{namespace}/tables/t"
    first = http.post(path, json=body, headers=headers)
    other = {"requirements": [], "updates": [{"action": "set-properties", "updates": {"a": "2"}}]}
    assert http.post(path, json=other).status_code == 200
    assert http.post(path, json=body, headers=headers).json() == first.json()
    assert http.get(path).json()["metadata"]["properties"]["a"] == "2"


def test_a_drop_is_made_once(http: httpx.Client, namespace: str) -> None:
    create_table(http, namespace, "t")
    path, headers = f"/v1/namespaces/{namespace}/tables/t", key()
    assert [http.delete(path, headers=headers).status_code for _ in range(3)] == [204] * 3
    assert http.delete(path).status_code == 404


def test_a_refusal_is_repeated_though_it_would_go_well_by_now(http: httpx.Client, namespace: str) -> None:
    path, headers = f"/v1/namespaces/{namespace}/tables/t", key()
    assert http.delete(path, headers=headers).status_code == 404
    create_table(http, namespace, "t")
    assert http.delete(path, headers=headers).status_code == 404
    assert http.head(path).status_code == 204


def test_a_key_belongs_to_one_request(http: httpx.Client, namespace: str) -> None:
    headers, path = key(), f"/v1/namespaces/{namespace}/tables"
    assert http.post(path, json={"name": "t", "schema": SCHEMA}, headers=headers).status_code == 200
    other = http.post(path, json={"name": "u", "schema": SCHEMA}, headers=headers)
    assert (other.status_code, error_of(other)["code"]) == (422, 422)
    assert http.head(f"{path}/u").status_code == 404


@pytest.mark.parametrize("text", ["", "x", "018f5e2a7c3b7def8123456789abcdef", "018f5e2a-7c3b-7def-8123-456789abcdeg"])
def test_a_key_that_is_none_is_refused(http: httpx.Client, namespace: str, text: str) -> None:
    refused = http.delete(f"/v1/namespaces/{namespace}", headers={"Idempotency-Key": text})
    assert refused.status_code == 400


def test_the_same_request_at_once_is_carried_out_once(
    server: RunningServer, http: httpx.Client, namespace: str
) -> None:
    create_table(http, namespace, "t")
    headers, path = key(), f"/v1/namespaces/{namespace}/tables/t"
    body = {"requirements": [], "updates": [{"action": "set-properties", "updates": {"a": "1"}}]}

    def send(number: int) -> httpx.Response:
        return httpx.post(f"{server.iceberg}{path}", json=body, headers=headers, timeout=30)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["metadata-location"] for answer in answers} == {http.get(path).json()["metadata-location"]}
    assert len(http.get(path).json()["metadata"]["metadata-log"]) == 1


def test_commits_of_several_tables_take_keys(http: httpx.Client, namespace: str) -> None:
    create_table(http, namespace, "t")
    identifier = {"namespace": [namespace], "name": "t"}
    updates = [{"action": "set-properties", "updates": {"a": "1"}}]
    body = {"table-changes": [{"identifier": identifier, "requirements": [], "updates": updates}]}
    headers = key()
    codes = [http.post("/v1/transactions/commit", json=body, headers=headers).status_code for _ in range(2)]
    assert codes == [204, 204]
    assert len(http.get(f"/v1/namespaces/{namespace}/tables/t").json()["metadata"]["metadata-log"]) == 1
