"""Catalogs, on the servers that have them."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog_server.wire import hive_metastore as wire
from tests.metastore.servers import HIVE2, HIVE4, Client, differs, not_on, refused

pytestmark = not_on(HIVE2, "catalogs came with Hive 3")


@pytest.fixture
def catalog(hms: Client, tmp_path: Path) -> Iterator[str]:
    """The name of a catalog of its own."""
    name = f"c{uuid.uuid4().hex[:8]}"
    tmp_path.chmod(0o777)
    said = wire.Catalog(name=name, description="sales", locationUri=f"file://{tmp_path}/c", parameters={"a": "b"})
    hms.create_catalog(wire.CreateCatalogRequest(catalog=said))
    yield name
    with contextlib.suppress(Exception), Client(hms.port, hms.server) as other:
        other.drop_catalog(wire.DropCatalogRequest(name=name))


def get(hms: Client, name: str) -> wire.Catalog:
    return hms.get_catalog(wire.GetCatalogRequest(name=name)).catalog


def test_a_catalog_is_kept(hms: Client, catalog: str) -> None:
    found = get(hms, catalog.upper())
    assert (found.name, found.description) == (catalog, "sales")
    assert found.locationUri.endswith("/c")
    assert found.createTime > 1_700_000_000
    assert {catalog, "hive"} <= set(hms.get_catalogs().names)


@differs(HIVE4, "forgets the parameters of catalogs")
def test_parameters_of_a_catalog_are_kept(hms: Client, catalog: str) -> None:
    assert get(hms, catalog).parameters == {"a": "b"}


def test_a_catalog_has_a_default_database(hms: Client, catalog: str) -> None:
    assert hms.get_databases(f"@{catalog}#*") == ["default"]


def test_a_catalog_is_made_once(hms: Client, catalog: str) -> None:
    again = wire.Catalog(name=catalog.upper(), locationUri="file:///tmp/never-made")
    with refused(wire.AlreadyExistsException, match="already exists"):
        hms.create_catalog(wire.CreateCatalogRequest(catalog=again))


@pytest.mark.parametrize(
    ("name", "location"), [("", "file:///tmp/never-made"), ("a.b", "file:///tmp/never-made"), ("good", None)]
)
def test_a_catalog_needs_a_name_and_a_place(hms: Client, name: str, location: str | None) -> None:
    said = wire.Catalog(name=name, locationUri=location)
    with refused(wire.InvalidObjectException):
        hms.create_catalog(wire.CreateCatalogRequest(catalog=said))


def test_what_is_said_of_a_catalog_is_changed(hms: Client, catalog: str) -> None:
    place = get(hms, catalog).locationUri
    new = wire.Catalog(name=catalog, description="more sales")
    hms.alter_catalog(wire.AlterCatalogRequest(name=catalog, newCat=new))
    found = get(hms, catalog)
    assert (found.description, found.locationUri) == ("more sales", place)


def test_the_name_of_a_catalog_stays(hms: Client, catalog: str) -> None:
    new = wire.Catalog(name=catalog + "2", description="more sales")
    with refused(wire.InvalidOperationException, match="You cannot change a catalog's name"):
        hms.alter_catalog(wire.AlterCatalogRequest(name=catalog, newCat=new))


def test_a_missing_catalog_is_missed(hms: Client) -> None:
    with refused(wire.NoSuchObjectException, match="No catalog nope"):
        hms.get_catalog(wire.GetCatalogRequest(name="nope"))
    with refused(wire.NoSuchObjectException, match="No catalog nope"):
        hms.alter_catalog(wire.AlterCatalogRequest(name="nope", newCat=wire.Catalog(name="nope")))
    with refused(wire.NoSuchObjectException, match="No catalog nope"):
        hms.drop_catalog(wire.DropCatalogRequest(name="nope"))


def test_a_catalog_that_holds_databases_stays(hms: Client, catalog: str) -> None:
    hms.create_database(wire.Database(name="d", catalogName=catalog))
    with refused(wire.InvalidOperationException, match="cannot be dropped"):
        hms.drop_catalog(wire.DropCatalogRequest(name=catalog))
    hms.drop_database(f"@{catalog}#d", True, True)
    hms.drop_catalog(wire.DropCatalogRequest(name=catalog))
    assert catalog not in hms.get_catalogs().names


def test_the_default_catalog_stays(hms: Client) -> None:
    with refused(wire.MetaException, match="Can not drop hive catalog"):
        hms.drop_catalog(wire.DropCatalogRequest(name="hive"))
