"""The description of the API is whole, and true."""

from __future__ import annotations

import re
from typing import Any

import httpx

from catalog_server.facades.web.app import OPERATIONS, PREFIX


def document(api: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = api.get("/openapi.json").json()
    return found


def references(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*(references(value) for value in node.values()))
    return set().union(*(references(value) for value in node)) if isinstance(node, list) else set()


def test_every_operation_is_described_once(api: httpx.Client) -> None:
    said = document(api)
    assert said["openapi"].startswith("3.1")
    described = {(method.upper(), path) for path, methods in said["paths"].items() for method in methods}
    assert described == {(operation.method, PREFIX + operation.path) for operation in OPERATIONS}
    names = [one["operationId"] for methods in said["paths"].values() for one in methods.values()]
    assert len(names) == len(set(names))
    assert all(one["summary"] for methods in said["paths"].values() for one in methods.values())


def test_every_reference_leads_somewhere(api: httpx.Client) -> None:
    said = document(api)
    for reference in references(said):
        assert reference.removeprefix("#/components/schemas/") in said["components"]["schemas"]


def test_path_parameters_are_those_of_the_path(api: httpx.Client) -> None:
    for path, methods in document(api)["paths"].items():
        for one in methods.values():
            named = {parameter["name"] for parameter in one["parameters"] if parameter["in"] == "path"}
            assert named == set(re.findall(r"\{(\w+)\}", path))


def test_answer_has_the_fields_that_are_described(api: httpx.Client, table: str) -> None:
    schemas = document(api)["components"]["schemas"]
    assert set(api.get(table).json()) == set(schemas["TableAnswer"]["properties"])
    failure = api.get("/catalogs/none").json()["error"]
    assert set(failure) <= set(schemas["Failure"]["properties"])
