"""Writers that commit to one table at once, on both stores: one winner per version, none lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from catalog_server.testing import running_server
from tests.facades.iceberg.rest_support import SCHEMA, create_namespace, create_table

WRITERS, COMMITS = 8, 10
TABLE = "/v1/namespaces/races/tables/t"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A server of its own on either store."""
    store = request.getfixturevalue("postgresql_url") if request.param == "postgresql" else ""
    with running_server(tmp_path, store=store) as server:
        yield server.iceberg


def append(http: httpx.Client, metadata: dict[str, Any], id_: int) -> httpx.Response:
    """Commit a snapshot on top of the one that is current in `metadata`."""
    parent = metadata["refs"].get("main", {}).get("snapshot-id")
    snapshot = {
        "snapshot-id": id_,
        "parent-snapshot-id": parent,
        "sequence-number": metadata["last-sequence-number"] + 1,
        "timestamp-ms": metadata["last-updated-ms"] + 1,
        "manifest-list": f"{metadata['location']}/metadata/snap-{id_}.avro",
        "summary": {"operation": "append"},
    }
    return http.post(
        TABLE,
        json={
            "requirements": [{"type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": parent}],
            "updates": [
                {"action": "add-snapshot", "snapshot": snapshot},
                {"action": "set-snapshot-ref", "ref-name": "main", "type": "branch", "snapshot-id": id_},
            ],
        },
    )


def write(address: str, writer: int, seen: list[int]) -> None:
    """Commit until each of the writer's snapshots is in; note every status."""
    with httpx.Client(base_url=address, timeout=60) as http:
        metadata = http.get(TABLE).json()["metadata"]
        for number in range(COMMITS):
            while True:
                answer = append(http, metadata, 1 + writer * COMMITS + number)
                seen.append(answer.status_code)
                metadata = (answer if answer.status_code == 200 else http.get(TABLE)).json()["metadata"]
                if answer.status_code == 200:
                    break


def test_writers_at_once_each_win_their_versions(address: str) -> None:
    with httpx.Client(base_url=address, timeout=60) as http:
        create_namespace(http, "races")
        create_table(http, "races", "t", properties={"write.metadata.previous-versions-max": "1000"})
        seen: list[int] = []
        writers = [threading.Thread(target=write, args=(address, number, seen)) for number in range(WRITERS)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        metadata = http.get(TABLE).json()["metadata"]
    assert set(seen) <= {200, 409}
    assert seen.count(200) == WRITERS * COMMITS
    assert seen.count(409) < 4 * WRITERS * COMMITS, "without turns, seven of eight lose each time"
    assert {item["snapshot-id"] for item in metadata["snapshots"]} == set(range(1, WRITERS * COMMITS + 1))
    parents = [item.get("parent-snapshot-id") for item in metadata["snapshots"]]
    assert len(set(parents)) == len(parents)
    assert metadata["last-sequence-number"] == WRITERS * COMMITS
    assert len(metadata["metadata-log"]) == WRITERS * COMMITS


def test_one_of_two_creators_wins(address: str) -> None:
    answers: list[int] = []

    def create() -> None:
        with httpx.Client(base_url=address, timeout=60) as http:
            body = {"name": "t", "schema": {"type": "struct", "fields": []}}
            answers.append(http.post("/v1/namespaces/races/tables", json=body).status_code)

    with httpx.Client(base_url=address, timeout=60) as http:
        create_namespace(http, "races")
        creators = [threading.Thread(target=create) for _ in range(8)]
        for creator in creators:
            creator.start()
        for creator in creators:
            creator.join()
        assert sorted(answers) == [200] + [409] * 7
        assert http.get(TABLE).status_code == 200


def test_of_those_who_want_one_folder_at_once_one_gets_it(address: str, tmp_path: Path) -> None:
    with httpx.Client(base_url=address, timeout=60) as http:
        create_namespace(http, "races")
        for number in range(10):
            folder = f"file://{tmp_path}/shared/{number}"
            wanted = [folder, f"{folder}/inner", f"{folder}/inner/most", f"{folder}/"] * 2

            def create(place: int, number: int = number, wanted: list[str] = wanted) -> int:
                body = {"name": f"t{number}_{place}", "schema": SCHEMA, "location": wanted[place]}
                return http.post("/v1/namespaces/races/tables", json=body).status_code

            with ThreadPoolExecutor(len(wanted)) as threads:
                answers = sorted(threads.map(create, range(len(wanted))))
            assert answers == [200] + [400] * (len(wanted) - 1)
