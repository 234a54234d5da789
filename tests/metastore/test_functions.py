"""Functions as Hive clients see them."""

from __future__ import annotations

from typing import Any

import pytest

from catalog_server.wire import hive_metastore as wire
from tests.metastore.servers import HIVE2, HIVE4, Client, differs, not_on, refused


def function(database: str, name: str, class_name: str | None = "org.x.F", **more: Any) -> Any:
    jar = wire.ResourceUri(resourceType=1, uri="s3://b/f.jar")
    fields = {"ownerName": "ann", "ownerType": 1, "functionType": 1, "createTime": 5, "resourceUris": [jar]} | more
    return wire.Function(**({"functionName": name, "dbName": database, "className": class_name} | fields))


def test_a_function_keeps_what_was_said(hms: Client, database: str) -> None:
    said = function(database, "myf")
    hms.create_function(said)
    found = hms.get_function(database, "myf")
    assert (found.functionName, found.dbName, found.className) == ("myf", database, "org.x.F")
    assert (found.ownerName, found.ownerType, found.functionType) == ("ann", 1, 1)
    assert found.resourceUris == said.resourceUris
    assert found.createTime > 1_600_000_000


@differs(HIVE2, "compares names of functions with their case")
def test_names_are_compared_without_case(hms: Client, database: str) -> None:
    hms.create_function(function(database, "MyF"))
    assert hms.get_function(database.upper(), "MYF").functionName == "myf"


def test_names_are_found_by_pattern(hms: Client, database: str) -> None:
    for name in ("one", "other", "two"):
        hms.create_function(function(database, name))
    assert sorted(hms.get_functions(database, "o*")) == ["one", "other"]
    assert sorted(hms.get_functions(database, "ONE|t*")) == ["one", "two"]
    assert hms.get_functions(database, "x*") == []
    assert hms.get_functions("nope", "*") == []


def test_without_a_pattern_all_names_are_found(hms: Client, database: str) -> None:
    hms.create_function(function(database, "f"))
    assert hms.get_functions(database, None) == ["f"]


def test_all_functions_of_all_databases_are_listed(hms: Client, database: str) -> None:
    hms.create_function(function(database, "f"))
    found = hms.get_all_functions().functions
    assert [one.className for one in found if one.dbName == database] == ["org.x.F"]


@not_on(HIVE4, "came with Hive 4.1")
@not_on(HIVE2, "came with Hive 4.1")
def test_functions_are_listed_whole_or_by_name(hms: Client, database: str) -> None:
    for name in ("f", "g"):
        hms.create_function(function(database, name))
    assert hms.get_functions_req(wire.GetFunctionsRequest(dbName=database)).function_names == ["f", "g"]
    request = wire.GetFunctionsRequest(dbName=database, catalogName="hive", pattern="g", returnNames=False)
    assert [one.functionName for one in hms.get_functions_req(request).functions] == ["g"]


def test_an_alter_changes_all_but_the_time(hms: Client, database: str) -> None:
    hms.create_function(function(database, "f"))
    made = hms.get_function(database, "f")
    hms.alter_function(database, "f", function(database, "f", "org.x.G", ownerName="bob", createTime=77))
    found = hms.get_function(database, "f")
    assert (found.className, found.ownerName, found.createTime) == ("org.x.G", "bob", made.createTime)


def test_an_alter_may_rename(hms: Client, database: str) -> None:
    hms.create_function(function(database, "f"))
    hms.alter_function(database, "f", function(database, "New"))
    assert hms.get_functions(database, "*") == ["new"]


def test_an_alter_of_nothing_is_refused(hms: Client, database: str) -> None:
    with refused(wire.MetaException):
        hms.alter_function(database, "nope", function(database, "nope"))


@differs(HIVE2, "breaks off with an internal error, since it throws an exception that the method does not declare")
def test_an_alter_into_a_missing_database_is_refused(hms: Client, database: str) -> None:
    hms.create_function(function(database, "f"))
    with refused(wire.MetaException):
        hms.alter_function(database, "f", function("nope", "f"))


@differs(HIVE4, "has two functions of one name then")
@differs(HIVE2, "has two functions of one name then")
def test_an_alter_into_a_taken_name_is_refused(hms: Client, database: str) -> None:
    for name in ("f", "g"):
        hms.create_function(function(database, name))
    with refused(wire.InvalidOperationException):
        hms.alter_function(database, "f", function(database, "g"))


def test_a_taken_name_is_refused_whatever_its_case(hms: Client, database: str) -> None:
    hms.create_function(function(database, "f"))
    with refused(wire.AlreadyExistsException):
        hms.create_function(function(database, "F"))


def test_a_function_needs_a_database(hms: Client, database: str) -> None:
    with refused(wire.NoSuchObjectException, match="nope"):
        hms.create_function(function(f"nope{database}", "f"))


@pytest.mark.parametrize(("name", "class_name"), [("a-b", "c"), ("a b", "c"), ("f", None)])
def test_a_function_needs_a_plain_name_and_a_class(
    hms: Client, database: str, name: str, class_name: str | None
) -> None:
    with refused(wire.InvalidObjectException):
        hms.create_function(function(database, name, class_name))


def test_a_missing_function_is_told_in_hives_words(hms: Client, database: str) -> None:
    with refused(wire.NoSuchObjectException, match="does not exist"):
        hms.get_function(database, "nope")
    with refused(wire.NoSuchObjectException, match="does not exist"):
        hms.drop_function(database, "nope")


def test_a_function_is_dropped_whatever_the_case_of_its_name(hms: Client, database: str) -> None:
    hms.create_function(function(database, "f"))
    hms.drop_function(database, "F")
    assert hms.get_functions(database, "*") == []


def test_a_dropped_function_is_gone(hms: Client, database: str) -> None:
    hms.create_function(function(database, "f"))
    hms.drop_function(database, "f")
    with refused(wire.NoSuchObjectException):
        hms.get_function(database, "f")


def test_a_database_with_functions_is_not_empty(hms: Client, database: str) -> None:
    hms.create_function(function(database, "f"))
    with refused(wire.InvalidOperationException):
        hms.drop_database(database, False, False)
    hms.drop_database(database, False, True)
    with refused(wire.NoSuchObjectException):
        hms.get_database(database)
