"""Connections that PostgreSQL has closed while they lay idle cost no call, and asking after them costs no statement."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from catalog_server.catalog.catalog import CatalogService
from catalog_server.model.caller import SYSTEM
from catalog_server.model.database import Database
from catalog_server.model.names import DatabaseName
from tests.engines.postgresql import PostgreSQL

pytestmark = pytest.mark.postgresql


def test_idle_connections_that_were_closed_fail_no_call(catalog: CatalogService, postgresql: PostgreSQL) -> None:
    if not catalog.store.is_postgresql:
        pytest.skip("SQLite has no connections to lose")
    with catalog.store.read() as one, catalog.store.read() as other:
        mine = [tx.connection.execute(text("SELECT pg_backend_pid()")).scalar_one() for tx in (one, other)]
    for pid in mine:
        assert postgresql.execute(f"SELECT pg_terminate_backend({pid}, 5000)") == [(True,)]
    catalog.databases.create(SYSTEM, Database("hive", "after"))
    assert catalog.databases.get(SYSTEM, DatabaseName("hive", "after")).name == "after"
    with catalog.store.read() as tx:
        assert tx.connection.execute(text("SELECT pg_backend_pid()")).scalar_one() not in mine
