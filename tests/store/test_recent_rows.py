"""Commits planned on the row that the server wrote last, while others change the table behind its back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from catalog_server.catalog.catalog import CatalogService
from catalog_server.catalog.grants import StoredPolicy
from catalog_server.catalog.recent_rows import ROWS_KEPT, RecentRows
from catalog_server.config import Config
from catalog_server.model.caller import SYSTEM, Caller
from catalog_server.model.errors import Invalid, NotFound, RequirementFailed
from catalog_server.model.names import TableName
from catalog_server.model.table import Table, TableKind

NAME = TableName("hive", "sales", "events")
FIELDS = [{"id": 1, "name": "id", "type": "long", "required": False}]
SCHEMA = {"type": "struct", "fields": FIELDS}


@pytest.fixture
def others(config: Config, catalog: CatalogService) -> Iterator[CatalogService]:
    """Another server over the same store, which knows nothing of what the first one remembers."""
    service = CatalogService(config)
    yield service
    service.close()


def make(catalog: CatalogService, caller: Caller) -> None:
    catalog.iceberg.create(caller, NAME, catalog.iceberg.stage(caller, NAME, SCHEMA))


def put(catalog: CatalogService, caller: Caller, *required: dict[str, Any], **properties: str) -> dict[str, Any]:
    updates = [{"action": "set-properties", "updates": properties}]
    found: dict[str, Any] = catalog.iceberg.commit(caller, NAME, list(required), updates).document["properties"]
    return found


def test_what_another_server_committed_meanwhile_stays(
    catalog: CatalogService, others: CatalogService, caller: Caller
) -> None:
    make(catalog, caller)
    for number in range(3):
        put(catalog, caller, **{f"ours{number}": "x"})
        put(others, caller, **{f"theirs{number}": "x"})
    found = put(catalog, caller, last="x")
    assert {f"{side}{number}" for side in ("ours", "theirs") for number in range(3)} < found.keys()
    table = catalog.tables.get(caller, NAME)
    assert table.version == 8
    folder = Path(urlsplit(table.location or "").path) / "metadata"
    assert len(list(folder.glob("*.metadata.json"))) == 8, "files that were written in vain are taken back"


def test_requirements_are_held_against_the_table_as_it_is(
    catalog: CatalogService, others: CatalogService, caller: Caller
) -> None:
    make(catalog, caller)
    put(catalog, caller, a="1")
    grown = {**SCHEMA, "fields": [*FIELDS, {"id": 2, "name": "b", "type": "int", "required": False}]}
    added = [{"action": "add-schema", "schema": grown}, {"action": "set-current-schema", "schema-id": -1}]
    others.iceberg.commit(caller, NAME, [], added)
    with pytest.raises(RequirementFailed):
        put(catalog, caller, {"type": "assert-current-schema-id", "current-schema-id": 0}, a="2")
    put(catalog, caller, {"type": "assert-current-schema-id", "current-schema-id": 1}, a="2")
    assert [column.name for column in catalog.tables.get(caller, NAME).columns] == ["id", "b"]


def test_a_table_that_was_dropped_or_renamed_is_not_there(
    catalog: CatalogService, others: CatalogService, caller: Caller
) -> None:
    make(catalog, caller)
    put(catalog, caller, a="1")
    others.iceberg.rename(caller, NAME, TableName("hive", "sales", "elsewhere"))
    with pytest.raises(NotFound):
        put(catalog, caller, a="2")
    make(others, caller)
    assert "a" not in put(catalog, caller, b="1")
    others.tables.drop(caller, NAME)
    with pytest.raises(NotFound):
        put(catalog, caller, b="2")


def test_a_table_of_the_same_name_and_version_is_another(
    catalog: CatalogService, others: CatalogService, caller: Caller
) -> None:
    make(catalog, caller)
    put(catalog, caller, ours="1")
    others.tables.drop(caller, NAME)
    make(others, caller)
    put(others, caller, theirs="1")
    assert put(catalog, caller, later="1").keys() >= {"theirs", "later"}
    assert "ours" not in catalog.iceberg.load(caller, NAME).document["properties"]


def test_a_database_that_was_renamed_takes_its_tables_along(
    catalog: CatalogService, others: CatalogService, caller: Caller
) -> None:
    make(catalog, caller)
    put(catalog, caller, a="1")
    database = others.databases.get(caller, NAME.parent)
    others.databases.alter(caller, NAME.parent, replace(database, name="sold"))
    with pytest.raises(NotFound):
        put(catalog, caller, a="2")


def test_what_one_may_do_says_nothing_of_another(config: Config, catalog: CatalogService, caller: Caller) -> None:
    guarded = CatalogService(config, StoredPolicy())
    admin = SYSTEM
    make(catalog, caller)
    put(guarded, admin, a="1")
    with pytest.raises(NotFound):
        put(guarded, Caller("ann"), a="2")
    assert guarded.iceberg.load(admin, NAME).document["properties"]["a"] == "1"
    guarded.close()


def test_a_commit_that_cannot_be_kept_leaves_no_file(catalog: CatalogService, caller: Caller) -> None:
    make(catalog, caller)
    put(catalog, caller, a="1")
    folder = Path(urlsplit(catalog.tables.get(caller, NAME).location or "").path) / "metadata"
    before = set(folder.iterdir())
    with pytest.raises(Invalid, match="NUL"):
        put(catalog, caller, a="\0")
    assert set(folder.iterdir()) == before


def test_few_rows_are_kept_and_none_of_a_table_that_others_write() -> None:
    rows = RecentRows()
    for number in range(ROWS_KEPT + 1):
        rows.keep(Table("hive", "sales", f"t{number}", TableKind.EXTERNAL))
    assert rows.find(TableName("hive", "sales", "t0")) is None
    last = TableName("HIVE", "Sales", f"T{ROWS_KEPT}")
    assert rows.find(last) is not None
    rows.shun(last)
    rows.keep(Table("hive", "sales", f"t{ROWS_KEPT}", TableKind.EXTERNAL))
    assert rows.find(last) is None
