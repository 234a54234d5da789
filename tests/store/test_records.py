"""What is kept below a database or a table goes and moves with it, and so does what was granted on a catalog."""

from __future__ import annotations

from dataclasses import replace

import pytest

from catalog_server.catalog.catalog import CatalogService
from catalog_server.model.caller import SYSTEM
from catalog_server.model.database import Catalog
from catalog_server.model.grant import Action, Grant
from catalog_server.model.names import DatabaseName, TableName
from catalog_server.store.grants import create
from tests.store.statements import counted
from tests.store.things import ORDERS, orders

SALES = DatabaseName("hive", "sales")
OF_DATABASES = ("schema", "procedure", "package")


@pytest.fixture
def kept(catalog: CatalogService) -> CatalogService:
    """A catalog that keeps a document of each kind below the database `sales`, its table, and `sales_2`."""
    catalog.tables.create(SYSTEM, orders())
    for kind in OF_DATABASES:
        catalog.records.create(SYSTEM, kind, "hive.sales", "x", {})
        catalog.records.create(SYSTEM, kind, "hive.sales_2", "x", {})
    catalog.records.create(SYSTEM, "schema version", "hive.sales/x", "1", {})
    catalog.records.create(SYSTEM, "index", "hive.sales/orders", "i", {})
    catalog.records.create(SYSTEM, "index", "hive.sales/orders_2", "i", {})
    return catalog


def scopes(catalog: CatalogService, *kinds: str) -> list[str]:
    return [one.scope for kind in kinds for one in catalog.records.list(SYSTEM, kind)]


def test_what_is_kept_below_a_database_goes_with_it(kept: CatalogService) -> None:
    kept.databases.drop(SYSTEM, SALES, cascade=True)
    assert scopes(kept, *OF_DATABASES, "schema version", "index") == ["hive.sales_2"] * len(OF_DATABASES)


def test_what_is_kept_below_a_database_follows_its_name(kept: CatalogService) -> None:
    found = kept.databases.get(SYSTEM, SALES)
    kept.databases.alter(SYSTEM, SALES, replace(found, name="Buys"))
    assert scopes(kept, *OF_DATABASES) == ["hive.buys", "hive.sales_2"] * len(OF_DATABASES)
    assert scopes(kept, "schema version", "index") == ["hive.buys/x", "hive.buys/orders", "hive.buys/orders_2"]


def test_indexes_go_with_their_table_by_one_statement(kept: CatalogService) -> None:
    with counted(kept) as statements:
        kept.tables.drop(SYSTEM, ORDERS)
    assert len([one for one in statements if "FROM records" in one]) == 1
    assert scopes(kept, "index") == ["hive.sales/orders_2"]


def test_indexes_follow_the_name_of_their_table(kept: CatalogService) -> None:
    renamed = TableName("hive", "sales", "sold")
    kept.tables.alter(SYSTEM, ORDERS, replace(kept.tables.get(SYSTEM, ORDERS), name=renamed.table))
    assert scopes(kept, "index") == ["hive.sales/orders_2", "hive.sales/sold"]


def test_what_was_granted_on_a_catalog_goes_with_it(catalog: CatalogService) -> None:
    catalog.catalogs.create(SYSTEM, Catalog("other"))
    on_it = Grant("user:ann", Action.SELECT, "catalog", ("other",))
    below = Grant("user:ann", Action.SELECT, "database", ("other", "gone"))
    near = Grant("user:ann", Action.SELECT, "catalog", ("other_2",))
    with catalog.store.begin() as tx:
        create(tx, [on_it, below, near])
    catalog.catalogs.drop(SYSTEM, "other")
    assert [one.path for one in catalog.privileges.list(SYSTEM, "user:ann")] == [("other_2",)]
