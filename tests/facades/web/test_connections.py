"""Secrets of connections go in and never come out."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.facades.web.serving import Served

SECRET = "hunter2-is-a-secret"


def test_password_in_a_url_is_taken_out_and_never_told(
    api: httpx.Client, served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    body = {"name": "shop", "url": f"postgresql://ann:{SECRET}@127.0.0.1:1/shop", "comment": "orders"}
    made = api.post("/connections", json=body)
    assert made.status_code == 201
    assert made.json()["secret_names"] == ["password"]
    assert made.json()["options"]["user"] == "ann"
    answers = [
        made,
        api.get("/connections"),
        api.get("/connections/shop"),
        api.post("/connections/shop/test", json={}),
        api.get("/events", params={"limit": 1000}),
    ]
    answers.append(api.patch("/connections/shop", json={"options": {"database": "other"}}))
    assert all(SECRET not in answer.text for answer in answers)
    database = (served.services.config.data / "catalog.db").read_bytes()
    wal = served.services.config.data / "catalog.db-wal"
    assert SECRET.encode() not in database + (wal.read_bytes() if wal.exists() else b"")
    from catalog_server.model.caller import SYSTEM

    assert served.services.catalog.connections.resolve(SYSTEM, "shop").secrets == {"password": SECRET}
    assert api.delete("/connections/shop").status_code == 204


def test_unreachable_database_is_told_as_such(api: httpx.Client) -> None:
    api.post("/connections", json={"name": "gone", "url": "postgresql://ann@127.0.0.1:1/shop"})
    tested = api.post("/connections/gone/test", json={}).json()
    assert tested["ok"] is False
    assert "127.0.0.1:1" in tested["message"]
    assert tested["elapsed_ms"] < 10_000


def test_sqlite_file_answers(api: httpx.Client, tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "shop.db") as file:
        file.execute("create table orders (id integer)")
    file.close()
    api.post("/connections", json={"name": "file", "url": f"sqlite:///{tmp_path}/shop.db"})
    assert api.post("/connections/file/test", json={}).json()["ok"] is True


def test_storage_profile_keeps_its_prefixes(api: httpx.Client) -> None:
    body = {
        "name": "lake",
        "kind": "s3",
        "prefixes": ["s3://lake/raw/"],
        "options": {"endpoint": "http://127.0.0.1:8333", "path_style": "true"},
        "secrets": {"access_key_id": "key", "secret_access_key": SECRET},
    }
    made = api.post("/connections", json=body).json()
    assert made["prefixes"] == ["s3://lake/raw/"]
    assert made["secret_names"] == ["access_key_id", "secret_access_key"]
    changed = api.patch("/connections/lake", json={"secrets": {"session_token": "t"}, "comment": "raw"}).json()
    assert changed["secret_names"] == ["access_key_id", "secret_access_key", "session_token"]


def test_reference_that_leads_nowhere_is_told_by_the_test(api: httpx.Client) -> None:
    body = {"name": "ref", "url": "postgresql://ann@127.0.0.1:1/x", "secrets": {"password": "env:NOT_SET_HERE"}}
    assert api.post("/connections", json=body).status_code == 201
    tested = api.post("/connections/ref/test", json={}).json()
    assert tested["ok"] is False
    assert "NOT_SET_HERE" in tested["message"]


def test_connection_without_an_address_is_refused(api: httpx.Client) -> None:
    assert api.post("/connections", json={"name": "x"}).status_code == 400
    assert SECRET not in api.post("/connections", json={"name": "x", "url": f"//ann:{SECRET}@host/db"}).text
    unknown = api.post("/connections", json={"name": "x", "url": "gopher://host/"})
    assert unknown.status_code == 501
    assert "known:" in unknown.json()["error"]["message"]


def test_connection_may_not_take_a_catalogs_name(api: httpx.Client) -> None:
    assert api.post("/connections", json={"name": "hive", "url": "postgresql://127.0.0.1/x"}).status_code == 409
