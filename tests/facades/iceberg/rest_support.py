"""What the Iceberg REST tests share: a schema, and short ways to make things."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

BOTH_STORES = pytest.mark.parametrize(
    "server", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)
"""Runs tests on both stores every time; others run on PostgreSQL among the long ones only."""

SCHEMA: dict[str, Any] = {
    "type": "struct",
    "fields": [
        {"id": 1, "name": "id", "type": "long", "required": True},
        {"id": 2, "name": "name", "type": "string", "required": False},
    ],
}


def create_namespace(http: httpx.Client, *levels: str) -> None:
    """Make a namespace."""
    http.post("/v1/namespaces", json={"namespace": list(levels)}).raise_for_status()


def create_table(http: httpx.Client, namespace: str, name: str, **more: Any) -> httpx.Response:
    """Make a table of two columns."""
    made = http.post(f"/v1/namespaces/{namespace}/tables", json={"name": name, "schema": SCHEMA, **more})
    assert made.status_code == 200, made.text
    return made


def eventually(holds: Callable[[], bool], seconds: float = 20) -> bool:
    """Whether something comes to hold."""
    deadline = time.monotonic() + seconds
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds()


def error_of(response: httpx.Response) -> dict[str, Any]:
    """The error in an envelope, whose code is that of the response."""
    error: dict[str, Any] = response.json()["error"]
    assert error["code"] == response.status_code
    return error
