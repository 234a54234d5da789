"""Who may not see a thing is told it is not there; who may not change it is told so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from catalog_server.config import Config, SecurityConfig
from catalog_server.model.caller import SYSTEM
from catalog_server.model.database import Database
from catalog_server.model.grant import Action, Grant
from catalog_server.store import grants
from tests.facades.web.serving import serve


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[httpx.Client]:
    """A server that asks its grants; everybody may describe the database `seen`."""
    with serve(Config(data=tmp_path)) as first:
        for name in ("seen", "hidden"):
            first.services.catalog.databases.create(SYSTEM, Database("hive", name))
        grant = Grant("*", Action.DESCRIBE, "database", ("hive", "seen"))
        first.services.catalog.store.write(lambda tx: grants.create(tx, [grant]))
    with serve(Config(data=tmp_path, security=SecurityConfig(policy="grants"))) as served:
        with httpx.Client(base_url=f"{served.url}/api/v1", trust_env=False) as client:
            yield client


def test_only_what_is_granted_is_seen_and_nothing_changed(guarded: httpx.Client) -> None:
    listed = guarded.get("/catalogs/hive/databases").json()["items"]
    assert [one["name"] for one in listed] == ["seen"]
    hidden, none = guarded.get("/catalogs/hive/databases/hidden"), guarded.get("/catalogs/hive/databases/none")
    assert hidden.status_code == none.status_code == 404
    assert hidden.json()["error"]["message"].replace("hidden", "none") == none.json()["error"]["message"]
    changed = guarded.patch("/catalogs/hive/databases/seen", json={"comment": "mine"})
    assert (changed.status_code, changed.json()["error"]["type"]) == (403, "Denied")
    assert guarded.post("/catalogs/hive/databases", json={"name": "new"}).status_code == 403
    assert guarded.get("/search", params={"q": "hidden"}).json()["items"] == []
    assert "hidden" not in guarded.get("/events", params={"after": 0}).text
