"""Stored procedures and packages, on the servers that have them."""

from __future__ import annotations

from typing import Any

from catalog_server.wire import hive_metastore as wire
from tests.metastore.servers import HIVE2, HIVE4, Client, differs, not_on, refused

pytestmark = not_on(HIVE2, "stored procedures and packages came with Hive 4.0")


def procedure(database: str, source: str = "SELECT 1") -> Any:
    return wire.StoredProcedure(name="p", dbName=database, catName="hive", ownerName="ann", source=source)


def package(database: str, body: str = "BODY") -> Any:
    return wire.AddPackageRequest(
        packageName="p", dbName=database, catName="hive", ownerName="ann", header="HEAD", body=body
    )


def asked(database: str, name: str = "p") -> Any:
    return wire.StoredProcedureRequest(catName="hive", dbName=database, procName=name)


def asked_package(database: str, name: str = "p") -> Any:
    return wire.GetPackageRequest(catName="hive", dbName=database, packageName=name)


def test_a_procedure_is_kept_and_replaced(hms: Client, database: str) -> None:
    hms.create_stored_procedure(procedure(database))
    hms.create_stored_procedure(procedure(database, "SELECT 2"))
    assert hms.get_stored_procedure(asked(database)) == procedure(database, "SELECT 2")
    request = wire.ListStoredProcedureRequest(catName="hive", dbName=database)
    assert hms.get_all_stored_procedures(request) == ["p"]
    hms.drop_stored_procedure(asked(database))
    hms.drop_stored_procedure(asked(database))
    assert hms.get_all_stored_procedures(request) == []


def test_a_procedure_needs_a_database(hms: Client) -> None:
    with refused(wire.NoSuchObjectException):
        hms.create_stored_procedure(procedure("nosuchdatabase"))


def test_a_missing_procedure_is_missed(hms: Client, database: str) -> None:
    with refused(wire.NoSuchObjectException, match=f"{database}.p does not exist"):
        hms.get_stored_procedure(asked(database))


def test_a_package_is_kept_and_replaced(hms: Client, database: str) -> None:
    hms.add_package(package(database))
    hms.add_package(package(database, "NEW"))
    found = hms.find_package(asked_package(database))
    assert (found.packageName, found.dbName, found.ownerName) == ("p", database, "ann")
    assert (found.header, found.body) == ("HEAD", "NEW")
    assert "p" in hms.get_all_packages(wire.ListPackageRequest(catName="hive"))
    hms.drop_package(wire.DropPackageRequest(catName="hive", dbName=database, packageName="p"))
    assert hms.get_all_packages(wire.ListPackageRequest(catName="hive", dbName=database)) == []


def test_a_missing_package_is_missed(hms: Client, database: str) -> None:
    with refused(wire.NoSuchObjectException, match=f"{database}.p does not exist"):
        hms.find_package(asked_package(database))


@differs(HIVE4, "answers an internal error")
def test_a_package_needs_a_database(hms: Client) -> None:
    with refused(wire.MetaException):
        hms.add_package(package("nosuchdatabase"))


def test_procedures_and_packages_go_with_their_database(hms: Client, database: str) -> None:
    hms.create_stored_procedure(procedure(database))
    hms.drop_database(database, True, True)
    hms.create_database(wire.Database(name=database))
    request = wire.ListStoredProcedureRequest(catName="hive", dbName=database)
    assert hms.get_all_stored_procedures(request) == []
