"""Answers as bytes: gzipped for those who take it, told apart by what is asked, never older than the table."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from catalog_server.facades.iceberg.bodies import Bodies, takes_gzip
from catalog_server.testing import RunningServer
from tests.facades.iceberg.rest_support import BOTH_STORES, create_table

PLAIN = {"Accept-Encoding": "identity"}


def set_property(http: httpx.Client, path: str, **properties: str) -> httpx.Response:
    updates = [{"action": "set-properties", "updates": properties}]
    return http.post(path, json={"requirements": [], "updates": updates})


def test_both_encodings_say_the_same(http: httpx.Client, namespace: str) -> None:
    create_table(http, namespace, "t")
    path = f"/v1/namespaces/{namespace}/tables/t"
    zipped, plain = http.get(path), http.get(path, headers=PLAIN)
    assert (zipped.headers["content-encoding"], plain.headers.get("content-encoding")) == ("gzip", None)
    assert zipped.json() == plain.json()
    assert zipped.headers["etag"] == plain.headers["etag"]


def test_an_answer_is_never_older_than_the_table(http: httpx.Client, namespace: str) -> None:
    create_table(http, namespace, "t")
    path = f"/v1/namespaces/{namespace}/tables/t"
    for number in range(5):
        set_property(http, path, n=str(number))
        for mode in ("all", "refs"):
            found = http.get(path, params={"snapshots": mode}).json()["metadata"]["properties"]
            assert found["n"] == str(number)


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        (None, False),
        ("gzip", True),
        ("br, gzip;q=0.5", True),
        ("gzip;q=0", False),
        ("identity", False),
        ("gzippy", False),
    ],
)
def test_what_clients_say_of_gzip(header: str | None, taken: bool) -> None:
    assert takes_gzip(header) == taken


def test_bodies_are_made_once_and_forgotten_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog_server.facades.iceberg.bodies.BYTES_KEPT", 10_000)
    bodies, made = Bodies(), []

    def make(key: int) -> Any:
        made.append(key)
        return b"x" * 4_000

    for key in (1, 1, 2, 1, 3, 1):
        bodies.answer(key, lambda key=key: make(key), None, {})
    assert made == [1, 2, 3]
    bodies.answer(2, lambda: make(2), None, {})
    assert made == [1, 2, 3, 2]


@BOTH_STORES
def test_commits_to_one_table_all_go_through(server: RunningServer, http: httpx.Client, namespace: str) -> None:
    create_table(http, namespace, "t")
    path = f"/v1/namespaces/{namespace}/tables/t"
    barrier = threading.Barrier(16)

    def write(writer: int) -> list[int]:
        with httpx.Client(base_url=server.iceberg, timeout=60) as client:
            barrier.wait()
            return [set_property(client, path, **{f"w{writer}": str(number)}).status_code for number in range(5)]

    with ThreadPoolExecutor(16) as pool:
        codes = [code for found in pool.map(write, range(16)) for code in found]
    assert codes == [200] * 80
    metadata = http.get(path).json()["metadata"]
    assert {f"w{writer}": "4" for writer in range(16)}.items() <= metadata["properties"].items()
    assert len(metadata["metadata-log"]) == 80
