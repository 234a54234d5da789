"""Databases: made, read, changed and dropped, by the old calls and by those of Hive 4."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.metastore import table
from tests.metastore.servers import HIVE2, HIVE4, Client, differs, not_on, refused
from tests.metastore.tables import folder

NULL_CATALOG = "fails inside for a request without a catalog; here it means the default one"


def test_a_database_keeps_what_was_said(hms: Client, database: str) -> None:
    said = {"description": "mine", "parameters": {"a": "b"}, "ownerName": "ann", "ownerType": 2}
    hms.create_database(wire.Database(name=f"{database}_2", **said))
    found = hms.get_database(f"{database}_2")
    hms.drop_database(f"{database}_2", True, False)
    assert {name: getattr(found, name) for name in said} == said


@not_on(HIVE2, "catalogs and kinds of databases came with 3.0 and 4.0")
def test_a_database_says_its_catalog_its_kind_and_when_it_was_made(hms: Client, database: str) -> None:
    found = hms.get_database(database)
    assert (found.catalogName, found.type, found.createTime > 1_700_000_000) == ("hive", 1, True)


@not_on(HIVE2, "databases of connectors came with 4.0")
def test_what_a_database_has_elsewhere_is_kept(hms: Client, database: str, tmp_path: Path) -> None:
    said = {"managedLocationUri": f"file:{tmp_path}/managed", "type": 2, "remote_dbname": "theirs"}
    request = wire.CreateDatabaseRequest(databaseName=f"{database}_2", dataConnectorName="none_such", **said)
    hms.create_database_req(request)
    found = hms.get_database(f"{database}_2")
    hms.drop_database(f"{database}_2", True, False)
    assert {name: getattr(found, name) for name in said} == said
    assert found.connector_name == "none_such"


def test_a_database_has_a_folder_of_its_own_that_goes_with_it(hms: Client, database: str) -> None:
    place = folder(hms.get_database(database).locationUri)
    assert place.name == f"{database}.db"
    assert place.is_dir()
    hms.drop_database(database, True, False)
    assert not place.exists()


def test_a_folder_stays_when_data_is_not_to_go(hms: Client, database: str) -> None:
    place = folder(hms.get_database(database).locationUri)
    hms.drop_database(database, False, False)
    assert place.is_dir()


def test_a_database_may_lie_elsewhere(hms: Client, database: str, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    hms.create_database(wire.Database(name=f"{database}_2", locationUri=f"file:{tmp_path}/there"))
    assert folder(hms.get_database(f"{database}_2").locationUri) == tmp_path / "there"
    hms.drop_database(f"{database}_2", True, False)
    assert not (tmp_path / "there").exists()


def test_names_are_lower_case_and_found_in_any(hms: Client, database: str) -> None:
    hms.create_database(wire.Database(name=f"{database}_UPPER"))
    assert hms.get_database(f"{database}_Upper").name == f"{database}_upper"
    hms.drop_database(f"{database}_uppeR", True, False)


@pytest.mark.parametrize(
    ("said", "found"), [("{0}*", True), ("{1}.", True), ("NOPE|{2}", True), ("{1}%", False), ("", False)]
)
def test_names_are_listed_by_pattern(hms: Client, database: str, said: str, found: bool) -> None:
    pattern = said.format(database, database[:-1], database.upper())
    assert hms.get_databases(pattern) == [database] * found


def test_all_names_are_listed(hms: Client, database: str) -> None:
    assert {"default", database} <= set(hms.get_all_databases())


@differs(HIVE4, "fails inside for a pattern that is null; here, as in 2.3, it means all")
def test_no_pattern_means_all(hms: Client, database: str) -> None:
    assert database in hms.get_databases(None)


@not_on(HIVE2, "catalogs came with 3.0")
def test_a_catalog_may_stand_before_the_name(hms: Client, database: str) -> None:
    assert hms.get_database(f"@hive#{database}").name == database
    assert hms.get_databases(f"@hive#{database}*") == [database]
    assert hms.get_databases("@nope#*") == []


@not_on(HIVE2, "the method came with 4.1")
@not_on(HIVE4, "the method came with 4.1")
def test_databases_are_listed_with_all_they_say(hms: Client, database: str) -> None:
    found = hms.get_databases_req(wire.GetDatabaseObjectsRequest(pattern=f"{database}*")).databases
    assert found == [hms.get_database(database)]


def test_parameters_and_owner_are_altered(hms: Client, database: str) -> None:
    hms.alter_database(database, wire.Database(name=database, parameters={"k": "v"}, ownerName="bob", ownerType=2))
    found = hms.get_database(database)
    assert (found.parameters, found.ownerName, found.ownerType) == ({"k": "v"}, "bob", 2)


@differs(HIVE2, "changes nothing but parameters and owner; here, as in 4.0, description and location too")
def test_description_and_location_are_altered(hms: Client, database: str, tmp_path: Path) -> None:
    hms.alter_database(database, wire.Database(name=database, description="new", locationUri=f"file:{tmp_path}"))
    hms.alter_database(database, wire.Database(name=database, parameters={"k": "v"}))
    found = hms.get_database(database)
    assert (found.description, found.locationUri, found.parameters) == ("new", f"file:{tmp_path}", {"k": "v"})
    hms.drop_database(database, False, False)


def test_a_database_keeps_its_name(hms: Client, database: str) -> None:
    hms.alter_database(database, wire.Database(name=f"{database}_2", parameters={}))
    assert hms.get_databases(f"{database}*") == [database]


@not_on(HIVE2, "these calls came with 4.0")
def test_the_calls_of_hive_4_do_the_same(hms: Client, database: str) -> None:
    name = f"{database}_4"
    hms.create_database_req(wire.CreateDatabaseRequest(databaseName=name, description="four"))
    asked = wire.GetDatabaseRequest(name=name, catalogName="hive")
    assert hms.get_database_req(asked).description == "four"
    hms.alter_database_req(
        wire.AlterDatabaseRequest(oldDbName=name, newDb=wire.Database(name=name, description="five"))
    )
    assert hms.get_database_req(asked).description == "five"
    hms.drop_database_req(_drop(name, catalogName="hive", softDelete=True))
    with refused(wire.NoSuchObjectException):
        hms.get_database_req(asked)


def _drop(name: str, **said: object) -> object:
    said = {"ignoreUnknownDb": False, "deleteData": True, "cascade": False} | said
    return wire.DropDatabaseRequest(name=name, **said)


@not_on(HIVE2, "these calls came with 4.0")
@differs(HIVE4, NULL_CATALOG)
def test_a_request_without_a_catalog_means_the_default_one(hms: Client, database: str) -> None:
    assert hms.get_database_req(wire.GetDatabaseRequest(name=database)).name == database


@not_on(HIVE2, "the method came with 4.0")
@differs(HIVE4, "does not look at ignoreUnknownDb; here a missing database is then no error")
def test_a_missing_database_may_be_ignored(hms: Client) -> None:
    hms.drop_database_req(_drop("nope", catalogName="hive", ignoreUnknownDb=True))


def test_a_missing_database_is_named(hms: Client) -> None:
    with refused(wire.NoSuchObjectException) as caught:
        hms.get_database("nope")
    assert "nope" in caught.value.message


@differs(HIVE2, "fails inside for a missing database; here, as in 4.0, it is told")
def test_a_missing_database_is_not_dropped(hms: Client) -> None:
    with refused(wire.NoSuchObjectException, match=r"database hive\.nope"):
        hms.drop_database("nope", True, False)


@differs(HIVE2, "says nothing of a missing database; here, as in 4.0, it is told")
def test_a_missing_database_is_not_altered(hms: Client) -> None:
    with refused(wire.NoSuchObjectException):
        hms.alter_database("nope", wire.Database(name="nope"))


@not_on(HIVE2, "these calls came with 4.0")
def test_a_missing_database_is_told_by_the_calls_of_hive_4(hms: Client) -> None:
    with refused(wire.NoSuchObjectException):
        hms.alter_database_req(wire.AlterDatabaseRequest(oldDbName="nope", newDb=wire.Database(name="nope")))
    with refused(wire.NoSuchObjectException):
        hms.drop_database_req(_drop("nope", catalogName="hive"))


def test_a_name_is_given_once(hms: Client, database: str) -> None:
    with refused(wire.AlreadyExistsException):
        hms.create_database(wire.Database(name=database.upper()))


@not_on(HIVE2, "the method came with 4.0")
def test_a_name_is_given_once_by_the_call_of_hive_4(hms: Client, database: str) -> None:
    with refused(wire.AlreadyExistsException):
        hms.create_database_req(wire.CreateDatabaseRequest(databaseName=database))
    with refused(wire.InvalidObjectException):
        hms.create_database_req(wire.CreateDatabaseRequest(databaseName=""))


def test_an_empty_name_is_invalid(hms: Client) -> None:
    with refused(wire.InvalidObjectException):
        hms.create_database(wire.Database(name=""))


@not_on(HIVE2, "catalogs came with 3.0")
def test_a_missing_catalog_holds_none(hms: Client, database: str) -> None:
    with refused(wire.InvalidObjectException):
        hms.create_database(wire.Database(name=f"{database}_2", catalogName="nope"))
    with refused(wire.NoSuchObjectException):
        hms.get_database(f"@nope#{database}")


@pytest.mark.parametrize("location", ["relative/place", "nope://bucket/x"])
def test_a_location_is_an_absolute_address(hms: Client, database: str, location: str) -> None:
    with refused(wire.InvalidObjectException, wire.MetaException):
        hms.create_database(wire.Database(name=f"{database}_2", locationUri=location))


def test_a_database_with_tables_is_dropped_with_cascade_only(hms: Client, database: str) -> None:
    place = folder(hms.get_database(database).locationUri)
    hms.create_table(table(database, "t"))
    with refused(wire.InvalidOperationException, match=f"Database {database} is not empty. One or more tables exist."):
        hms.drop_database(database, True, False)
    hms.drop_database(database, True, True)
    assert database not in hms.get_all_databases()
    assert not place.exists()


@not_on(HIVE2, "the method came with 4.0")
def test_a_database_with_tables_is_not_dropped_by_the_call_of_hive_4(hms: Client, database: str) -> None:
    hms.create_table(table(database, "t"))
    with refused(wire.InvalidOperationException):
        hms.drop_database_req(_drop(database, catalogName="hive"))


def test_the_default_database_stays(hms: Client) -> None:
    with refused(wire.MetaException):
        hms.drop_database("default", False, True)
