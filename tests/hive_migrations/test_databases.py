"""A metastore read out of its own database: PostgreSQL behind a real one, MySQL and Derby exports of the same schema."""

from __future__ import annotations

import pytest

from catalog_server.catalog.catalog import CatalogService
from catalog_server.model.errors import Invalid
from catalog_server.model.hive_migration import Mode
from catalog_server.model.names import TableName
from tests.hive_migrations.conftest import CALLER, Filled, migrate
from tests.hive_migrations.things import PARTITIONS


def backing(filled: Filled) -> str:
    """The URL of the metastore's database, or the test is left out where it is out of reach."""
    if filled.backing is None:
        pytest.skip("the database behind this metastore is inside its process")
    return filled.backing


def test_a_copy_from_the_database_is_what_the_metastore_answers(target: CatalogService, filled: Filled) -> None:
    copy = migrate(target, backing(filled), databases=(filled.database,))
    assert copy.migration.state == "SUCCEEDED", copy.migration.error
    assert copy.migration.summary["partitions"] == PARTITIONS
    over_thrift = migrate(target, filled.uri, Mode.VERIFY, databases=(filled.database,))
    assert over_thrift.unlike() == []


def test_a_copy_over_thrift_is_what_the_database_holds(target: CatalogService, filled: Filled) -> None:
    url = backing(filled)
    migrate(target, filled.uri, databases=(filled.database,))
    check = migrate(target, url, Mode.VERIFY, databases=(filled.database,))
    assert check.unlike() == []


def test_the_database_knows_when_statistics_were_made(target: CatalogService, filled: Filled) -> None:
    migrate(target, backing(filled), databases=(filled.database,))
    held = target.statistics.get(CALLER, TableName("hive", filled.database, "plain"))
    assert {one.column for one in held} == {"id", "name", "price", "day", "ok"}
    assert all(one.updated_at for one in held)


def test_constraints_come_along(target: CatalogService, filled: Filled) -> None:
    migrate(target, backing(filled), databases=(filled.database,))
    held = target.constraints.of_table(CALLER, TableName("hive", filled.database, "areas"))
    assert [(one.name, one.parent_columns) for one in held] == [(f"{filled.database}_areas_zone", ("zone",))]


def test_a_password_is_neither_shown_nor_kept_in_the_clear(target: CatalogService, filled: Filled) -> None:
    done = migrate(target, backing(filled), Mode.DRY_RUN, databases=("nothing_at_all",))
    password = backing(filled).partition("://")[2].partition("@")[0].partition(":")[2]
    assert done.migration.state == "SUCCEEDED"
    assert f":{password}@" not in repr(done.migration)


def test_a_database_of_something_else_is_refused(target: CatalogService, postgresql_url: str) -> None:
    done = migrate(target, postgresql_url.replace("postgresql+psycopg", "postgresql"))
    assert "no metastore's database" in (done.migration.error or "")


@pytest.mark.parametrize("address", ["oracle://h/x", "nonsense", "thrift://", "thrift://h:9083/path"])
def test_an_address_that_names_no_source_is_refused_at_once(target: CatalogService, address: str) -> None:
    with pytest.raises(Invalid):
        migrate(target, address)
