"""Bodies, paths and queries that no honest client sends: refused by name, never a failure of the server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog_server.config import Config
from catalog_server.facades.iceberg.app import IcebergApp
from catalog_server.services import Services
from tests.facades.iceberg.rest_support import SCHEMA

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
BODIES: dict[str, dict[str, Any]] = {
    "/v1/namespaces": {"namespace": ["x"], "properties": {"comment": "c", "k": "v"}},
    "/v1/namespaces/n/properties": {"removals": ["a"], "updates": {"b": "c"}},
    "/v1/namespaces/n/tables": {
        "name": "u",
        "schema": SCHEMA,
        "location": None,
        "partition-spec": {"fields": [{"source-id": 1, "name": "p", "transform": "bucket[4]"}]},
        "write-order": {"fields": []},
        "stage-create": True,
        "properties": {"k": "v"},
    },
    "/v1/namespaces/n/register": {"name": "r", "metadata-location": "file:///nowhere/1.metadata.json"},
    "/v1/namespaces/n/tables/t": {
        "requirements": [{"type": "assert-current-schema-id", "current-schema-id": 0}],
        "updates": [{"action": "set-properties", "updates": {"k": "v"}}],
    },
    "/v1/namespaces/n/tables/t/metrics": {"report-type": "scan-report"},
    "/v1/tables/rename": {
        "source": {"namespace": ["n"], "name": "nothing"},
        "destination": {"namespace": ["n"], "name": "v"},
    },
}


class Client:
    """Calls the application without a network."""

    def __init__(self, app: IcebergApp) -> None:
        self.transport = httpx.ASGITransport(app, raise_app_exceptions=True)

    def send(self, method: str, path: str, body: bytes = b"") -> httpx.Response:
        """The answer to one request."""

        async def call() -> httpx.Response:
            async with httpx.AsyncClient(transport=self.transport, base_url="http://server") as http:
                return await http.request(method, path, content=body, headers={"content-type": "application/json"})

        return asyncio.run(call())


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    services = Services(Config(data=tmp_path_factory.mktemp("hostile")))
    services.catalog.prepare()
    made = Client(IcebergApp(services))
    made.send("POST", "/v1/namespaces", b'{"namespace": ["n"]}')
    body = msgspec.json.encode({"name": "t", "schema": SCHEMA})
    assert made.send("POST", "/v1/namespaces/n/tables", body).status_code == 200
    yield made
    services.close()


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in items for place in _paths(item, (*path, key)))]


def _replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    items = dict(value) if isinstance(value, dict) else list(value)
    items[path[0]] = _replaced(value[path[0]], path[1:], new)
    return items


PLACES = [(url, place) for url, body in BODIES.items() for place in _paths(body)]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(PLACES), JSON)
def test_one_wrong_value_in_a_body_is_never_our_failure(
    client: Client, place: tuple[str, tuple[Any, ...]], value: Any
) -> None:
    url, path = place
    answer = client.send("POST", url, msgspec.json.encode(_replaced(BODIES[url], path, value)))
    assert answer.status_code < 500, answer.text
    assert answer.status_code < 400 or answer.json()["error"]["code"] == answer.status_code


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["GET", "HEAD", "DELETE", "POST", "PUT"]),
    st.lists(st.sampled_from(["namespaces", "tables", "n", "t", "views"]) | st.text(max_size=5), max_size=5),
    st.dictionaries(
        st.sampled_from(["parent", "pageToken", "pageSize", "snapshots", "purgeRequested", "warehouse"]),
        st.text(max_size=5),
    ),
)
def test_no_path_or_query_is_our_failure(
    client: Client, method: str, segments: list[str], query: dict[str, str]
) -> None:
    if method == "DELETE" and segments[-1:] in (["n"], ["t"]):
        return
    path = "/v1/" + "/".join(quote(segment, safe="", errors="replace") for segment in segments)
    answer = client.send(method, str(httpx.URL(path, params=query)), b"{}" if method == "POST" else b"")
    assert answer.status_code < 500, answer.text


@pytest.mark.parametrize("path", ["/v1/namespaces/%FF", "/v1/namespaces/%00", "/v1/namespaces/a%2Eb", "/v1//", "/v1/%"])
def test_names_that_are_none_are_refused(client: Client, path: str) -> None:
    assert client.send("GET", path).status_code in (400, 404)
