"""The event log by pages and as a stream."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from catalog_server.facades.web import events
from tests.facades.web.serving import BOTH_STORES, Served

pytestmark = BOTH_STORES


def streamed(lines: Iterator[str], count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    current: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            current[name] = value
        elif current.get("event") == "catalog":
            found.append({"id": int(current["id"]), **json.loads(current["data"])})
            current = {}
            if len(found) == count:
                return found
        else:
            current = {}
    return found


def test_events_come_in_order_without_gaps(api: httpx.Client, table: str) -> None:
    page = api.get("/events", params={"after": 0, "limit": 1000}).json()
    numbers = [event["number"] for event in page["items"]]
    assert numbers == list(range(1, len(numbers) + 1))
    assert page["last_number"] == numbers[-1]
    assert page["items"][-1]["kind"] == "create_table"
    newest = api.get("/events", params={"limit": 1}).json()["items"]
    assert [event["number"] for event in newest] == numbers[-1:]


def test_question_is_held_back_until_something_happens(api: httpx.Client, served: Served, database: str) -> None:
    last = api.get("/events", params={"limit": 1}).json()["last_number"]
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(
            httpx.get, f"{served.url}/api/v1/events?after={last}&wait_ms=20000", timeout=30, trust_env=False
        )
        api.patch(database, json={"comment": "changed"})
        assert [event["kind"] for event in held.result().json()["items"]] == ["alter_database"]


def test_stream_tells_changes_and_resumes(api: httpx.Client, served: Served, database: str) -> None:
    last = api.get("/events", params={"limit": 1}).json()["last_number"]
    url = f"{served.url}/api/v1/events/stream"
    with httpx.stream("GET", url, params={"after": last}, timeout=30, trust_env=False) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        changer = threading.Thread(target=lambda: [api.patch(database, json={"comment": str(n)}) for n in range(3)])
        changer.start()
        found = streamed(stream.iter_lines(), 3)
        changer.join()
    assert [event["id"] for event in found] == [last + 1, last + 2, last + 3]
    headers = {"Last-Event-ID": str(last + 1)}
    with httpx.stream("GET", url, headers=headers, timeout=30, trust_env=False) as stream:
        assert [event["id"] for event in streamed(stream.iter_lines(), 2)] == [last + 2, last + 3]


def test_streams_are_bounded(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "STREAMS_MAX", 1)
    url = f"{served.url}/api/v1/events/stream"
    with httpx.stream("GET", url, timeout=30, trust_env=False) as first:
        lines = first.iter_lines()
        assert next(lines).startswith("retry")
        with httpx.stream("GET", url, timeout=30, trust_env=False) as second:
            assert second.status_code == 503
            assert second.headers["retry-after"]


def test_forged_event_id_is_refused(served: Served) -> None:
    answer = httpx.get(f"{served.url}/api/v1/events/stream", headers={"Last-Event-ID": "1e9"}, trust_env=False)
    assert answer.status_code == 400


def test_comment_of_a_change_is_no_command_to_the_stream(api: httpx.Client, served: Served, database: str) -> None:
    last = api.get("/events", params={"limit": 1}).json()["last_number"]
    name = "x\n\nevent: catalog\ndata: {}"
    api.post(f"{database}/tables", json={"name": name, "columns": [{"name": "a", "type": "int"}]})
    with httpx.stream("GET", f"{served.url}/api/v1/events/stream?after={last}", timeout=30, trust_env=False) as stream:
        assert [event["table"] for event in streamed(stream.iter_lines(), 1)] == [name]
