"""Whoever changes a thing that was changed since they looked is told so, and nothing is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from catalog_server.catalog.catalog import CatalogService
from catalog_server.config import Config
from catalog_server.model.caller import Caller
from catalog_server.model.connection import Connection
from catalog_server.model.database import Catalog
from catalog_server.model.errors import Conflict
from catalog_server.model.names import DatabaseName
from catalog_server.model.query import Query, QueryState
from catalog_server.query.queries import Queries
from catalog_server.store import queries as query_rows
from catalog_server.store.transaction import now


def test_a_database_is_changed_only_at_the_version_that_was_seen(catalog: CatalogService, caller: Caller) -> None:
    name = DatabaseName("hive", "sales")
    seen = catalog.databases.get(caller, name)
    catalog.databases.alter(caller, name, replace(seen, comment="first"), expected_version=seen.version)
    with pytest.raises(Conflict):
        catalog.databases.alter(caller, name, replace(seen, owner="late"), expected_version=seen.version)
    assert catalog.databases.get(caller, name).comment == "first"


def test_a_catalog_is_changed_only_at_the_version_that_was_seen(catalog: CatalogService, caller: Caller) -> None:
    seen = catalog.catalogs.create(caller, Catalog("other"))
    catalog.catalogs.alter(caller, "other", replace(seen, comment="first"), expected_version=seen.version)
    with pytest.raises(Conflict):
        catalog.catalogs.alter(caller, "other", replace(seen, comment="late"), expected_version=seen.version)


def test_a_connection_is_changed_only_at_the_version_that_was_seen(catalog: CatalogService, caller: Caller) -> None:
    seen = catalog.connections.create(caller, Connection("lake", "s3", prefixes=("s3://lake/",)))
    catalog.connections.alter(caller, "lake", replace(seen, comment="first"), expected_version=seen.version)
    with pytest.raises(Conflict):
        catalog.connections.alter(caller, "lake", replace(seen, comment="late"), expected_version=seen.version)


def test_a_starting_server_fails_no_query_that_another_one_may_be_running(
    catalog: CatalogService, config: Config
) -> None:
    said = {"recent": now(), "old": now() - 86_400_000}
    with catalog.store.begin() as tx:
        for name, at in said.items():
            query_rows.create(tx, Query(name, "SELECT 1", "hive", "default", QueryState.QUEUED, "ann", created_at=at))
    Queries(catalog, config).close()
    with catalog.store.read() as tx:
        states = {name: query_rows.get(tx, name) for name in said}
    assert {name: one.state.value for name, one in states.items() if one} == {
        "recent": "QUEUED",
        "old": "FAILED",
    }
