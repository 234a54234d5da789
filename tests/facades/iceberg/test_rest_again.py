"""Loads and lists are answered again from memory: never when anything changed, through whichever door, that they rest upon."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from catalog_server.testing import RunningServer
from tests.facades.hms.metastore import Metastore, table
from tests.facades.iceberg.rest_support import BOTH_STORES, create_table

pytestmark = BOTH_STORES


def listed(http: httpx.Client, namespace: str) -> set[str]:
    """Names of the Iceberg tables, asked for twice."""
    answers = [http.get(f"/v1/namespaces/{namespace}/tables") for _ in range(2)]
    assert answers[0].content == answers[1].content
    return {one["name"] for one in answers[1].json()["identifiers"]}


@pytest.fixture
def path(http: httpx.Client, namespace: str) -> str:
    """The path of a table that was loaded more than once."""
    create_table(http, namespace, "t", properties={"p": "1"})
    path = f"/v1/namespaces/{namespace}/tables/t"
    assert len({http.get(path).content for _ in range(3)}) == 1
    return path


def test_a_load_sees_what_another_door_changed(
    server: RunningServer, http: httpx.Client, namespace: str, path: str
) -> None:
    tag = http.get(path).headers["etag"]
    assert [http.get(path, headers={"If-None-Match": tag}).status_code for _ in range(3)] == [304] * 3
    with Metastore(server.thrift_port) as client:
        found = client.get_table(namespace, "t")
        found.parameters["p"] = "2"
        client.alter_table(namespace, "t", found)
    changed = http.get(path, headers={"If-None-Match": tag})
    assert (changed.status_code, changed.headers["etag"] == tag) == (200, False)


def test_what_differs_in_its_request_is_answered_apart(http: httpx.Client, path: str) -> None:
    for _ in range(2):
        assert http.get(path, headers={"Accept-Encoding": "identity"}).headers.get("content-encoding") is None
        assert http.get(path, headers={"Accept-Encoding": "gzip"}).headers["content-encoding"] == "gzip"
        tags = {http.get(path, params={"snapshots": mode}).headers["etag"] for mode in ("all", "refs")}
        assert len(tags) == 2


def test_a_table_that_is_gone_is_not_found(http: httpx.Client, namespace: str, path: str) -> None:
    moved: Any = {"source": {"namespace": [namespace], "name": "t"}}
    moved["destination"] = {"namespace": [namespace], "name": "u"}
    http.post("/v1/tables/rename", json=moved).raise_for_status()
    assert http.get(path).status_code == 404
    assert [http.get(f"{path[:-1]}u").status_code for _ in range(2)] == [200] * 2
    http.delete(f"{path[:-1]}u").raise_for_status()
    assert http.get(f"{path[:-1]}u").status_code == 404


def test_a_table_whose_metadata_file_is_gone_is_not_found(http: httpx.Client, path: str) -> None:
    Path(http.get(path).json()["metadata-location"].removeprefix("file://")).unlink()
    assert http.get(path).status_code == 404


def test_a_list_follows_tables_that_come_go_and_become_iceberg(
    server: RunningServer, http: httpx.Client, namespace: str
) -> None:
    assert listed(http, namespace) == set()
    create_table(http, namespace, "a")
    assert listed(http, namespace) == {"a"}
    with Metastore(server.thrift_port) as client:
        client.create_table(table(namespace, "b", tableType="EXTERNAL_TABLE"))
        assert listed(http, namespace) == {"a"}
        found = client.get_table(namespace, "b")
        location = client.get_table(namespace, "a").parameters["metadata_location"]
        found.parameters |= {"table_type": "ICEBERG", "metadata_location": location}
        client.alter_table(namespace, "b", found)
    assert listed(http, namespace) == {"a", "b"}
    http.delete(f"/v1/namespaces/{namespace}/tables/a").raise_for_status()
    assert listed(http, namespace) == {"b"}
