"""Databases as Hive clients see them, where that is no business of real metastores; see tests/metastore too."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.metastore import Metastore


def test_a_database_gets_a_directory_below_the_warehouse(hms: Metastore, database: str, warehouse: Path) -> None:
    assert hms.get_database(database).locationUri == f"file://{warehouse}/{database}.db"
    assert (warehouse / f"{database}.db").is_dir()


@pytest.mark.parametrize("name", ["", "a\x00b", "x" * 301])
def test_an_impossible_name_is_refused(hms: Metastore, name: str) -> None:
    with pytest.raises(wire.InvalidObjectException):
        hms.create_database(wire.Database(name=name))


def test_catalogs_are_shown(hms: Metastore) -> None:
    assert "hive" in hms.get_catalogs().names
    assert hms.get_catalog(wire.GetCatalogRequest(name="hive")).catalog.name == "hive"
