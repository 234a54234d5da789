"""What databases promise on every store."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog_server.catalog.catalog import CatalogService
from catalog_server.model.caller import Caller
from catalog_server.model.database import Catalog, Database
from catalog_server.model.errors import AlreadyExists, Invalid, NotEmpty, NotFound
from catalog_server.model.names import DatabaseName
from catalog_server.model.table import TableKind
from catalog_server.store import databases
from tests.store.things import ORDERS, orders

SALES = DatabaseName("hive", "sales")


def test_a_name_keeps_its_case_and_is_found_in_any(catalog: CatalogService, caller: Caller) -> None:
    catalog.databases.create(caller, Database("", "Mixed.Case"))
    assert catalog.databases.get(caller, DatabaseName("HIVE", "mixed.CASE")).name == "Mixed.Case"


def test_names_that_differ_in_case_alone_clash(catalog: CatalogService, caller: Caller) -> None:
    with pytest.raises(AlreadyExists):
        catalog.databases.create(caller, Database("hive", "SALES"))


@pytest.mark.parametrize(
    "name", ["quote'd", 'dou"ble', "semi;colon", "ünïcode ✈", "a" * 255, "per%cent", "sl/ash", "-- x"]
)
def test_an_odd_name_is_stored_exactly(catalog: CatalogService, caller: Caller, name: str) -> None:
    catalog.databases.create(caller, Database("hive", name))
    assert name in [database.name for database in catalog.databases.list(caller)]
    catalog.databases.drop(caller, DatabaseName("hive", name))


@pytest.mark.parametrize("name", ["", "a" * 300, "nul\x00", "a..b", ".", "  "])
def test_a_name_that_cannot_be_is_refused(catalog: CatalogService, caller: Caller, name: str) -> None:
    with pytest.raises(Invalid, match="name"):
        catalog.databases.create(caller, Database("hive", name))


def test_a_database_comes_and_goes_with_its_directory(catalog: CatalogService, caller: Caller, config: object) -> None:
    location = Path((catalog.databases.get(caller, SALES).location or "").removeprefix("file://"))
    assert location.name == "sales.db"
    assert location.is_dir()
    catalog.databases.drop(caller, SALES)
    assert not location.exists()


def test_a_full_database_is_dropped_by_cascade_only(catalog: CatalogService, caller: Caller) -> None:
    catalog.tables.create(caller, orders())
    with pytest.raises(NotEmpty):
        catalog.databases.drop(caller, SALES)
    catalog.databases.drop(caller, SALES, cascade=True)
    with pytest.raises(NotFound):
        catalog.tables.get(caller, ORDERS)


def test_a_dropped_database_leaves_the_tables_of_others(catalog: CatalogService, caller: Caller) -> None:
    shared = catalog.databases.get(caller, SALES).location
    catalog.databases.create(caller, Database("hive", "guests"))
    guest = orders("guest", database="guests", kind=TableKind.EXTERNAL, location=f"{shared}/guest")
    catalog.tables.create(caller, guest)
    catalog.databases.drop(caller, SALES)
    assert Path(guest.location.removeprefix("file://")).is_dir()


def test_the_default_database_stays(catalog: CatalogService, caller: Caller) -> None:
    with pytest.raises(Invalid):
        catalog.databases.drop(caller, DatabaseName("hive", "default"))


def test_parameters_are_set_and_removed_in_one_step(catalog: CatalogService, caller: Caller) -> None:
    catalog.databases.set_parameters(caller, SALES, {"a": "1", "b": "2"}, frozenset())
    changed, missing = catalog.databases.set_parameters(caller, SALES, {"b": "3"}, frozenset(("a", "z")))
    assert dict(changed.parameters) == {"b": "3"}
    assert missing == {"z"}


def test_lists_are_paged_by_name(catalog: CatalogService, caller: Caller) -> None:
    for name in ("c", "B", "a"):
        catalog.databases.create(caller, Database("hive", name))
    first = catalog.databases.list(caller, count=2)
    rest = catalog.databases.list(caller, after=first[-1].name.lower())
    assert [d.name for d in first + rest] == ["a", "B", "c", "default", "sales"]


def test_children_of_a_namespace_are_those_below_it(catalog: CatalogService, caller: Caller) -> None:
    for name in ("a", "a.b", "a.b.c", "ab"):
        catalog.databases.create(caller, Database("hive", name))
    assert [d.name for d in catalog.databases.list(caller, parent="a")] == ["a.b", "a.b.c"]


def test_a_second_catalog_holds_databases_of_its_own(catalog: CatalogService, caller: Caller) -> None:
    catalog.catalogs.create(caller, Catalog("lab"))
    catalog.databases.create(caller, Database("lab", "sales"))
    assert [d.full_name for d in catalog.databases.list(caller, "LAB")] == [DatabaseName("lab", "sales")]
    with pytest.raises(NotEmpty):
        catalog.catalogs.drop(caller, "lab")


def test_a_catalog_comes_with_its_default_database_or_not_at_all(
    catalog: CatalogService, caller: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = Catalog("other", location=f"file://{tmp_path}/other")
    with monkeypatch.context() as patched:
        patched.setattr(databases, "create", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            catalog.catalogs.create(caller, new, default="first")
    assert "other" not in [one.name for one in catalog.catalogs.list(caller)]
    catalog.catalogs.create(caller, new, default="first")
    assert catalog.databases.get(caller, DatabaseName("other", "default")).comment == "first"
    assert (tmp_path / "other").is_dir()
