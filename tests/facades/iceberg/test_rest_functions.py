"""Functions through REST: Hive's, by their names."""

from __future__ import annotations

import httpx

from catalog_server.testing import RunningServer
from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.metastore import Metastore
from tests.facades.iceberg.rest_support import error_of


def _make(server: RunningServer, database: str, *names: str) -> None:
    with Metastore(server.thrift_port) as metastore:
        for name in names:
            metastore.create_function(
                wire.Function(
                    functionName=name, dbName=database, className="org.example.F", ownerName="me", ownerType=1,
                    functionType=1, createTime=0, resourceUris=[],
                )
            )  # fmt: skip


def test_functions_are_listed_whole_and_in_pages(server: RunningServer, http: httpx.Client, namespace: str) -> None:
    _make(server, namespace, "c", "a", "b")
    path = f"/v1/namespaces/{namespace}/functions"
    assert http.get(path).json() == {"identifiers": [[namespace, name] for name in "abc"]}
    first = http.get(path, params={"pageSize": "2"}).json()
    assert first["identifiers"] == [[namespace, "a"], [namespace, "b"]]
    last = http.get(path, params={"pageSize": "2", "pageToken": first["next-page-token"]}).json()
    assert last == {"identifiers": [[namespace, "c"]], "next-page-token": None}


def test_a_class_has_no_definition(server: RunningServer, http: httpx.Client, namespace: str) -> None:
    _make(server, namespace, "f")
    answer = http.get(f"/v1/namespaces/{namespace}/functions/f")
    assert (answer.status_code, error_of(answer)["type"]) == (406, "UnsupportedOperationException")
    assert "org.example.F" in error_of(answer)["message"]


def test_what_is_not_there_is_named(http: httpx.Client, namespace: str) -> None:
    for path, type_ in (
        (f"{namespace}/functions/f", "NoSuchFunctionException"),
        ("nowhere/functions", "NoSuchNamespaceException"),
        ("nowhere/functions/f", "NoSuchNamespaceException"),
    ):
        answer = http.get(f"/v1/namespaces/{path}")
        assert (answer.status_code, error_of(answer)["type"]) == (404, type_)
