"""Commits to several tables: all of it or nothing, seen by nobody half way."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from catalog_server.testing import RunningServer
from tests.facades.iceberg.rest_support import BOTH_STORES, SCHEMA, create_table, error_of

pytestmark = BOTH_STORES
CREATE = {"type": "assert-create"}


def change(namespace: str, name: str, *, required: Any = (), **properties: str) -> dict[str, Any]:
    updates = [{"action": "set-properties", "updates": properties}] if properties else []
    identifier = {"namespace": [namespace], "name": name}
    return {"identifier": identifier, "requirements": list(required), "updates": updates}


def commit(http: httpx.Client, *changes: dict[str, Any]) -> httpx.Response:
    return http.post("/v1/transactions/commit", json={"table-changes": changes})


def property_of(http: httpx.Client, namespace: str, name: str, key: str = "n") -> str | None:
    found: dict[str, str] = http.get(f"/v1/namespaces/{namespace}/tables/{name}").json()["metadata"]["properties"]
    return found.get(key)


def test_all_tables_are_changed(http: httpx.Client, namespace: str) -> None:
    for name in ("a", "b"):
        create_table(http, namespace, name)
    done = commit(http, change(namespace, "a", n="1"), change(namespace, "b", n="2"))
    assert (done.status_code, done.content) == (204, b"")
    assert (property_of(http, namespace, "a"), property_of(http, namespace, "b")) == ("1", "2")


@pytest.mark.parametrize(
    ("required", "code", "kind"),
    [
        ({"type": "assert-table-uuid", "uuid": "9c12d441-03fe-4693-9a96-a0705ddf69c1"}, 409, "CommitFailedException"),
        ({"type": "assert-moon-phase"}, 400, "IllegalArgumentException"),
    ],
)
def test_nothing_is_changed_when_one_cannot_be(
    http: httpx.Client, namespace: str, required: dict[str, str], code: int, kind: str
) -> None:
    folders = [
        Path(create_table(http, namespace, name).json()["metadata"]["location"].removeprefix("file://"))
        for name in ("a", "b")
    ]
    before = [sorted(folder.rglob("*")) for folder in folders]
    refused = commit(http, change(namespace, "a", n="1"), change(namespace, "b", n="1", required=[required]))
    assert (refused.status_code, error_of(refused)["type"]) == (code, kind)
    assert property_of(http, namespace, "a") is None
    assert [sorted(folder.rglob("*")) for folder in folders] == before


def test_a_table_that_is_missing_or_named_twice_is_refused(http: httpx.Client, namespace: str) -> None:
    create_table(http, namespace, "a")
    lost = commit(http, change(namespace, "a", n="1"), change(namespace, "nowhere", n="1"))
    assert (lost.status_code, error_of(lost)["type"]) == (404, "NoSuchTableException")
    twice = commit(http, change(namespace, "a", n="1"), change(namespace, "A", n="2"))
    assert (twice.status_code, property_of(http, namespace, "a")) == (400, None)


def test_tables_are_made_with_the_changes_of_others(http: httpx.Client, namespace: str) -> None:
    create_table(http, namespace, "a")
    staged = http.post(
        f"/v1/namespaces/{namespace}/tables", json={"name": "b", "schema": SCHEMA, "stage-create": True}
    ).json()["metadata"]
    new = change(namespace, "b", required=[CREATE])
    new["updates"] = [
        {"action": "assign-uuid", "uuid": staged["table-uuid"]},
        {"action": "add-schema", "schema": staged["schemas"][0]},
        {"action": "set-current-schema", "schema-id": -1},
        {"action": "add-spec", "spec": staged["partition-specs"][0]},
        {"action": "set-default-spec", "spec-id": -1},
        {"action": "add-sort-order", "sort-order": staged["sort-orders"][0]},
        {"action": "set-default-sort-order", "sort-order-id": -1},
        {"action": "set-location", "location": staged["location"]},
    ]
    assert commit(http, change(namespace, "a", n="1"), new).status_code == 204
    assert http.head(f"/v1/namespaces/{namespace}/tables/b").status_code == 204
    again = commit(http, change(namespace, "a", n="2"), new)
    assert (again.status_code, property_of(http, namespace, "a")) == (409, "1")


def test_transfers_between_tables_lose_nothing(server: RunningServer, http: httpx.Client, namespace: str) -> None:
    """Writers move one unit at a time from one table to the other; the sum never changes, whoever reads in between."""
    for name in ("a", "b"):
        create_table(http, namespace, name, properties={"n": "0"})
    barrier, moved = threading.Barrier(4), 10

    def write(writer: int) -> int:
        with httpx.Client(base_url=server.iceberg, timeout=60) as client:
            barrier.wait()
            codes = [
                commit(
                    client,
                    change(namespace, "a", **{f"w{writer}": str(number)}),
                    change(namespace, "b", **{f"w{writer}": str(number)}),
                ).status_code
                for number in range(moved)
            ]
        return codes.count(204)

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(write, range(4)))
    assert done == [moved] * 4
    for writer in range(4):
        held = [property_of(http, namespace, name, f"w{writer}") for name in ("a", "b")]
        assert held == [str(moved - 1)] * 2
