"""Whatever is sent, the answer is one of the API's own and never an internal error."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog_server.facades.web.app import OPERATIONS
from catalog_server.facades.web.routing import Operation
from tests.facades.web.serving import BOTH_STORES, Served

pytestmark = BOTH_STORES

SETTINGS = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
STRUCTS = [one.body for one in OPERATIONS if isinstance(one.body, type) and issubclass(one.body, msgspec.Struct)]
FIELDS = sorted({item.name for one in STRUCTS for item in msgspec.structs.fields(one)})
MUTATING = [one for one in OPERATIONS if one.method in ("POST", "PATCH")]
READING = [one for one in OPERATIONS if one.method in ("GET", "DELETE") and "stream" not in one.path]
text = st.text(max_size=20) | st.sampled_from(["hive", "default", "x", "a.b", "\x00", "%", "..", "/", "'", "\ud7ff"])
scalars = st.none() | st.booleans() | st.integers() | st.floats() | text
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3), max_leaves=8
)
bodies = values | st.dictionaries(st.sampled_from(FIELDS) | text, values, max_size=6)


@pytest.fixture(scope="module")
def client(served: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{served.url}/api/v1", trust_env=False, timeout=60) as found:
        yield found


def path_of(operation: Operation, parts: list[str]) -> str:
    path = operation.path
    for name, part in zip(operation.parameters, parts, strict=False):
        path = path.replace("{" + name + "}", quote(part, safe="") or "x")
    return path


def check(answer: httpx.Response) -> None:
    assert answer.status_code < 500 or answer.json()["error"]["type"] in ("Unsupported", "Unavailable"), answer.text
    if answer.status_code >= 400:
        assert answer.json()["error"]["message"]


@SETTINGS
@given(st.sampled_from(MUTATING), st.lists(text, min_size=4, max_size=4), bodies)
def test_any_json(client: httpx.Client, operation: Operation, parts: list[str], body: Any) -> None:
    raw = json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    check(client.request(operation.method, path_of(operation, parts), content=raw, headers=headers))


@SETTINGS
@given(st.sampled_from(MUTATING), st.binary(max_size=40))
def test_any_bytes(client: httpx.Client, operation: Operation, raw: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = client.request(operation.method, path_of(operation, ["hive", "x", "y", "1"]), content=raw, headers=headers)
    check(answer)


@SETTINGS
@given(
    st.sampled_from(READING),
    st.lists(text, min_size=4, max_size=4),
    st.dictionaries(
        st.sampled_from(["page_token", "page_size", "filter", "q", "kind", "after", "offset", "rows", "name"]) | text,
        text,
        max_size=3,
    ),
)
def test_any_query(client: httpx.Client, operation: Operation, parts: list[str], query: dict[str, str]) -> None:
    check(client.request(operation.method, path_of(operation, parts), params=query))


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 100_000,
        b'{"name":' * 50_000,
        b'{"parameters":{"a":' + b"[" * 100_000,
        b'"' + b"\\ud800" + b'"',
        b"\xff\xfe",
        b"1e999999",
    ],
)
def test_hostile_json_is_refused(client: httpx.Client, raw: bytes) -> None:
    answer = client.post("/catalogs", content=raw, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "Invalid"


@pytest.mark.parametrize("place", [-1, 2**63, 2**70, "\x00", None, [], "x" * 3000])
@pytest.mark.parametrize(
    "path", ["/search?q=a", "/jobs?", "/events?", "/runs?", "/crawls?", "/queries?", "/catalogs/hive/databases?"]
)
def test_forged_place_in_a_list_is_harmless(client: httpx.Client, place: Any, path: str) -> None:
    token = base64.urlsafe_b64encode(json.dumps([place]).encode()).decode().rstrip("=")
    assert client.get(f"{path}&page_token={token}").status_code in (200, 400)


def test_path_that_is_no_text_is_refused(client: httpx.Client) -> None:
    assert client.get("/catalogs/%ff").status_code == 400
