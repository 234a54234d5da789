"""What tests of jobs share: a catalog of their own, a running server, and a client that waits for runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from catalog_server.catalog.catalog import CatalogService
from catalog_server.config import Config, StoreConfig
from catalog_server.testing import RunningServer, running_server

FINAL = ("SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT")
DEADLINE_SECONDS = 540.0


@dataclass
class Api:
    """Jobs of a server over its JSON API."""

    client: httpx.Client
    server: RunningServer

    def start(self, name: str, script: str, **job: Any) -> str:
        """Create a job and queue a run of it; the run's id."""
        arguments = job.pop("run_arguments", {})
        answer = self.client.post("/jobs", json={"name": name, "script": script, **job})
        assert answer.status_code == 201, answer.text
        answer = self.client.post(f"/jobs/{name}/runs", json={"arguments": arguments})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def wait(self, run: str, *states: str) -> dict[str, Any]:
        """The run once it is in one of the states (any final one when none are named)."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            found: dict[str, Any] = self.client.get(f"/runs/{run}").json()
            if found["state"] in (states or FINAL):
                return found
            time.sleep(0.05)
        raise AssertionError(f"run {run} is still {found['state']}: {self.log(run)}")

    def run(self, name: str, script: str, **job: Any) -> dict[str, Any]:
        """Run a script to its end."""
        return self.wait(self.start(name, script, **job))

    def log(self, run: str) -> str:
        """All of a run's log so far."""
        text, offset = "", 0
        while True:
            chunk = self.client.get(f"/runs/{run}/logs", params={"offset": offset}).json()
            text += chunk["text"]
            if chunk["next_offset"] == offset:
                return text
            offset = chunk["next_offset"]

    def wait_for_log(self, run: str, words: str) -> None:
        """Wait until the run has written these words."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while words not in self.log(run):
            assert time.monotonic() < deadline, self.log(run)
            time.sleep(0.05)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def catalog(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CatalogService]:
    """A catalog over an empty store."""
    url = "" if request.param == "sqlite" else str(request.getfixturevalue("postgresql_url"))
    service = CatalogService(Config(data=tmp_path / "data", store=StoreConfig(url=url)))
    service.prepare()
    yield service
    service.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with its worker, one per module of tests."""
    data = tmp_path_factory.mktemp("jobs")
    with running_server(data, environment={"CATALOG_SERVER__JOBS__ENGINES_HOME": str(data / "no-engines")}) as running:
        yield running


@pytest.fixture
def api(server: RunningServer) -> Iterator[Api]:
    """A client of the server."""
    with httpx.Client(base_url=f"{server.http}/api/v1", trust_env=False, timeout=60) as client:
        yield Api(client, server)
