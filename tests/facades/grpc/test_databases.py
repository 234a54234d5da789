"""Catalogs and databases over gRPC."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from catalog_server.client import Client
from catalog_server.client import messages as m
from catalog_server.model.errors import AlreadyExists, Conflict, Invalid, NotEmpty, NotFound


def test_a_database_is_made_with_its_folder_and_shown_as_it_was_said(client: Client) -> None:
    name = f"D{uuid.uuid4().hex[:8]}"
    said = m.Database(name=name, comment="ours", owner="ops", owner_kind="GROUP", parameters={"k": "v"})
    made = client.databases.create(said)
    assert (made.catalog, made.name, made.version, made.created_by) == ("hive", name, 1, "anonymous")
    assert Path(made.location.removeprefix("file://")).is_dir()
    found = client.databases.get(name.lower())
    assert (found.comment, found.owner, found.owner_kind, dict(found.parameters)) == (
        "ours",
        "ops",
        "GROUP",
        {"k": "v"},
    )
    assert found == made


def test_what_is_not_said_is_not_set(client: Client, database: str) -> None:
    found = client.databases.get(database)
    assert not found.HasField("comment")
    assert not found.HasField("owner")


def test_a_list_goes_on_over_its_pages(client: Client, server: object) -> None:
    prefix = f"p{uuid.uuid4().hex[:6]}"
    for number in range(120):
        client.databases.create(m.Database(name=f"{prefix}.n{number:03d}"))
    names = [one.name for one in client.databases.list(parent=prefix, fields=["name"])]
    assert names == [f"{prefix}.n{number:03d}" for number in range(120)]


def test_only_the_fields_of_the_mask_are_answered(client: Client, database: str) -> None:
    assert client.databases.get(database, fields=["name"]) == m.Database(name=database)


def test_only_the_fields_of_the_mask_are_changed(client: Client, database: str) -> None:
    client.databases.alter(database, m.Database(comment="first", owner="ann"), ["comment", "owner"])
    changed = client.databases.alter(database, m.Database(comment="second", owner="bob"), ["comment"])
    assert (changed.comment, changed.owner, changed.version) == ("second", "ann", 3)
    emptied = client.databases.alter(database, m.Database(), ["comment"])
    assert not emptied.HasField("comment")


def test_a_change_from_an_older_version_is_a_conflict(client: Client, database: str) -> None:
    client.databases.alter(database, m.Database(comment="c"), ["comment"], expected_version=1)
    with pytest.raises(Conflict) as caught:
        client.databases.alter(database, m.Database(comment="d"), ["comment"], expected_version=1)
    assert (caught.value.expected, caught.value.found) == ("version 1", "version 2")


@pytest.mark.parametrize("fields", [[], ["version"], ["comment.x"]])
def test_a_mask_of_a_change_names_what_can_be_changed(client: Client, database: str, fields: list[str]) -> None:
    with pytest.raises(Invalid) as caught:
        client.databases.alter(database, m.Database(), fields)
    assert caught.value.field == "update_mask"


def test_a_name_is_taken_in_any_case(client: Client, database: str) -> None:
    with pytest.raises(AlreadyExists) as caught:
        client.databases.create(m.Database(name=database.upper()))
    assert caught.value.kind == "database"


def test_a_database_that_holds_a_table_is_dropped_by_cascade_only(client: Client, database: str, table: str) -> None:
    with pytest.raises(NotEmpty):
        client.databases.drop(database)
    client.databases.drop(database, cascade=True)
    with pytest.raises(NotFound) as caught:
        client.databases.get(database)
    assert (caught.value.kind, caught.value.name) == ("database", f"hive.{database}")


def test_an_owner_is_a_user_a_group_or_a_role(client: Client) -> None:
    with pytest.raises(Invalid) as caught:
        client.databases.create(m.Database(name="never", owner_kind="DOG"))
    assert caught.value.field == "owner_kind"


def test_catalogs_are_made_changed_and_dropped(client: Client) -> None:
    name = f"c{uuid.uuid4().hex[:8]}"
    assert client.catalogs.create(m.Catalog(name=name, comment="mine")).kind == "native"
    assert client.catalogs.alter(name, m.Catalog(parameters={"a": "b"}), ["parameters"]).comment == "mine"
    client.databases.create(m.Database(catalog=name, name="inner"))
    assert [one.name for one in client.databases.list(catalog=name)] == ["inner"]
    assert name in [one.name for one in client.catalogs.list()]
    client.databases.drop("inner", catalog=name)
    client.catalogs.drop(name)
    with pytest.raises(NotFound):
        client.catalogs.get(name)
