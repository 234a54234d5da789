"""The registry of schemas, on the servers that have it."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.metastore import columns
from tests.metastore.servers import HIVE2, HIVE4, Client, differs, not_on, refused

pytestmark = not_on(HIVE2, "the registry of schemas came with Hive 3.0")

AVRO, HIVE = 2, 1
ENABLED = 5


def named(database: str, name: str = "") -> Any:
    """The schema of a name, or the one named like its database, since Hive 4 tells names apart in all databases."""
    return wire.ISchemaName(catName="hive", dbName=database, schemaName=name or database)


def schema(database: str, **more: Any) -> Any:
    said = {"schemaType": AVRO, "compatibility": 2, "validationLevel": 1, "canEvolve": True, "description": "d"} | more
    return wire.ISchema(name=database, catName="hive", dbName=database, **said)


def version(database: str, number: int = 1, **more: Any) -> Any:
    said = {"cols": columns("id int, B string"), "createdAt": 5, "schemaText": "text"} | more
    return wire.SchemaVersion(schema=named(database), version=number, **said)


def numbered(database: str, number: int) -> Any:
    return wire.SchemaVersionDescriptor(schema=named(database), version=number)


@pytest.fixture
def kept(hms: Client, database: str) -> Iterator[str]:
    """A database with a schema of its name, which has version 1."""
    hms.create_ischema(schema(database))
    hms.add_schema_version(version(database))
    yield database
    with contextlib.suppress(Exception), Client(hms.port, hms.server) as other:
        for one in other.get_schema_all_versions(named(database)):
            other.drop_schema_version(numbered(database, one.version))
    with contextlib.suppress(Exception), Client(hms.port, hms.server) as other:
        other.drop_ischema(named(database))


def test_a_schema_is_kept_as_it_was_sent(hms: Client, kept: str) -> None:
    assert hms.get_ischema(named(kept)) == schema(kept)


def test_a_schema_is_made_once_and_in_a_database(hms: Client, kept: str) -> None:
    with refused(wire.AlreadyExistsException):
        hms.create_ischema(schema(kept))
    with refused(wire.NoSuchObjectException):
        hms.create_ischema(schema("nosuchdatabase"))


def test_a_schema_keeps_its_type_when_altered(hms: Client, kept: str) -> None:
    new = schema(kept, schemaType=HIVE, compatibility=3, canEvolve=False, description="e")
    hms.alter_ischema(wire.AlterISchemaRequest(name=named(kept), newSchema=new))
    assert hms.get_ischema(named(kept)) == schema(kept, compatibility=3, canEvolve=False, description="e")


def test_a_missing_schema_is_missed(hms: Client, database: str) -> None:
    with refused(wire.NoSuchObjectException):
        hms.get_ischema(named(database))
    with refused(wire.NoSuchObjectException):
        hms.alter_ischema(wire.AlterISchemaRequest(name=named(database), newSchema=schema(database)))
    with refused(wire.NoSuchObjectException):
        hms.drop_ischema(named(database))
    with refused(wire.NoSuchObjectException):
        hms.add_schema_version(version(database))


@differs(HIVE4, "answers an internal error")
def test_a_schema_with_versions_stays(hms: Client, kept: str) -> None:
    with refused(wire.InvalidOperationException):
        hms.drop_ischema(named(kept))


def test_a_schema_without_versions_goes(hms: Client, kept: str) -> None:
    hms.drop_schema_version(numbered(kept, 1))
    hms.drop_ischema(named(kept))
    with refused(wire.NoSuchObjectException):
        hms.get_ischema(named(kept))


def test_versions_are_kept_by_number(hms: Client, kept: str) -> None:
    hms.add_schema_version(version(kept, 3))
    found = hms.get_schema_version(numbered(kept, 1))
    assert (found.version, found.schemaText, found.createdAt) == (1, "text", 5)
    assert found.cols == columns("id int, b string")
    assert hms.get_schema_latest_version(named(kept)).version == 3
    assert [one.version for one in hms.get_schema_all_versions(named(kept))] == [3, 1]


def test_a_version_is_made_once(hms: Client, kept: str) -> None:
    with refused(wire.AlreadyExistsException):
        hms.add_schema_version(version(kept))


def test_a_missing_version_is_missed(hms: Client, kept: str) -> None:
    with refused(wire.NoSuchObjectException):
        hms.get_schema_version(numbered(kept, 9))
    with refused(wire.NoSuchObjectException):
        hms.drop_schema_version(numbered(kept, 9))
    with refused(wire.NoSuchObjectException):
        hms.get_schema_latest_version(named(kept, "nope"))
    with refused(wire.NoSuchObjectException):
        hms.get_schema_all_versions(named(kept, "nope"))
    with refused(wire.NoSuchObjectException):
        hms.set_schema_version_state(wire.SetSchemaVersionStateRequest(schemaVersion=numbered(kept, 9), state=ENABLED))


def test_a_version_has_a_state(hms: Client, kept: str) -> None:
    hms.set_schema_version_state(wire.SetSchemaVersionStateRequest(schemaVersion=numbered(kept, 1), state=ENABLED))
    assert hms.get_schema_version(numbered(kept, 1)).state == ENABLED


def test_a_version_is_read_by_a_serde(hms: Client, kept: str) -> None:
    serde = wire.SerDeInfo(name=f"s{uuid.uuid4().hex}", serializationLib="lib", parameters={"a": "b"})
    hms.add_serde(serde)
    assert hms.get_serde(wire.GetSerdeRequest(serdeName=serde.name)) == serde
    with refused(wire.AlreadyExistsException):
        hms.add_serde(serde)
    request = wire.MapSchemaVersionToSerdeRequest(schemaVersion=numbered(kept, 1), serdeName=serde.name)
    hms.map_schema_version_to_serde(request)
    assert hms.get_schema_version(numbered(kept, 1)).serDe == serde
    with refused(wire.NoSuchObjectException):
        hms.map_schema_version_to_serde(
            wire.MapSchemaVersionToSerdeRequest(schemaVersion=numbered(kept, 9), serdeName=serde.name)
        )


def test_a_missing_serde_is_missed(hms: Client, kept: str) -> None:
    with refused(wire.NoSuchObjectException):
        hms.get_serde(wire.GetSerdeRequest(serdeName="nosuchserde"))
    with refused(wire.NoSuchObjectException):
        hms.map_schema_version_to_serde(
            wire.MapSchemaVersionToSerdeRequest(schemaVersion=numbered(kept, 1), serdeName="nosuchserde")
        )


@differs(HIVE4, "asks its database on PostgreSQL for a table of another spelling, and fails")
def test_versions_are_found_by_their_columns(hms: Client, kept: str) -> None:
    column = f"c{uuid.uuid4().hex}"
    hms.add_schema_version(version(kept, 2, cols=columns(f"{column} int")))
    found = hms.get_schemas_by_cols(wire.FindSchemasByColsRqst(colName=column.upper(), type="int")).schemaVersions
    assert [(one.schema.schemaName, one.version) for one in found] == [(kept, 2)]
    assert hms.get_schemas_by_cols(wire.FindSchemasByColsRqst(colName=column, type="date")).schemaVersions == []


def test_versions_are_not_found_by_nothing(hms: Client) -> None:
    with refused(wire.MetaException):
        hms.get_schemas_by_cols(wire.FindSchemasByColsRqst())
