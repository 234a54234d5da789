"""What is kept as it was sent says of which database and table it is when these have another name."""

from __future__ import annotations

from dataclasses import replace

from catalog_server.model.caller import Caller
from catalog_server.model.names import DatabaseName
from catalog_server.services import Services
from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.metastore import Metastore, storage, table


def renamed(hms: Metastore, services: Services, database: str) -> str:
    """Give the database, which no call of Hive's does, and its table `t` other names."""
    held = hms.get_table(database, "t")
    held.tableName = "u"
    hms.alter_table(database, "t", held)
    caller, name = Caller("tester"), DatabaseName("hive", database)
    found = services.catalog.databases.get(caller, name)
    services.catalog.databases.alter(caller, name, replace(found, name=f"{database}_now"))
    return f"{database}_now"


def test_an_index_is_of_the_table_as_it_is_called_now(hms: Metastore, hms_services: Services, database: str) -> None:
    hms.create_table(table(database, "t"))
    index = wire.Index(indexName="i", dbName=database, origTableName="T", indexTableName="x", sd=storage())
    assert hms.add_index(index, None).origTableName == "T"
    now = renamed(hms, hms_services, database)
    found = hms.get_index_by_name(now, "u", "i")
    assert (found.dbName, found.origTableName) == (now, "u")
    assert [(one.dbName, one.origTableName) for one in hms.get_indexes(now, "u", -1)] == [(now, "u")]


def test_code_and_schemas_are_of_the_database_as_it_is_called_now(
    hms: Metastore, hms_services: Services, database: str
) -> None:
    hms.create_table(table(database, "t"))
    hms.create_stored_procedure(wire.StoredProcedure(name="p", dbName=database, catName="hive", source="s"))
    hms.create_ischema(wire.ISchema(schemaType=1, name="s", catName="hive", dbName=database))
    name = wire.ISchemaName(catName="hive", dbName=database, schemaName="s")
    columns = [wire.FieldSchema(name=database, type="int")]
    hms.add_schema_version(wire.SchemaVersion(schema=name, version=1, createdAt=1, cols=columns))
    now = renamed(hms, hms_services, database)
    request = wire.StoredProcedureRequest(catName="hive", dbName=now, procName="p")
    assert hms.get_stored_procedure(request).dbName == now
    assert hms.get_ischema(wire.ISchemaName(catName="hive", dbName=now, schemaName="s")).dbName == now
    (found,) = hms.get_schemas_by_cols(wire.FindSchemasByColsRqst(colName=database)).schemaVersions
    assert hms.get_schema_version(found).schema.dbName == now
