"""The doors of Thrift, Iceberg REST, gRPC and the web API, each as thin as its client allows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import httpx

from catalog_server.client import Client
from catalog_server.client import messages as m
from catalog_server.lake.iceberg.columns import hive_type
from catalog_server.model.errors import AlreadyExists, CatalogError, NotEmpty, NotFound
from catalog_server.testing import RunningServer
from catalog_server.wire import hive_metastore as wire
from tests.facades.doors import (
    FILE_COLUMNS,
    KEYS,
    SCHEMA,
    Columns,
    SeenDatabase,
    SeenTable,
    part,
    raising,
    said,
    write_document,
    write_metadata,
)
from tests.facades.hms.metastore import Metastore

_PARQUET = "org.apache.hadoop.hive.ql.io.parquet"
_ICEBERG = "org.apache.iceberg.mr.hive"


def _iceberg_parameters(metadata_location: str) -> dict[str, str]:
    return {"table_type": "ICEBERG", "metadata_location": metadata_location, "EXTERNAL": "TRUE", "p": "1"}


class Thrift:
    """The door of the Hive metastore; Iceberg tables as Iceberg's Hive catalog makes and commits them."""

    name: ClassVar[str] = "thrift"
    shows_files: ClassVar[bool] = True
    makes_iceberg: ClassVar[bool] = True

    def __init__(self, server: RunningServer, scratch: Path) -> None:
        self._hms, self._scratch = Metastore(server.thrift_port), scratch
        self._raising = lambda: raising(
            {
                wire.NoSuchObjectException: NotFound,
                wire.AlreadyExistsException: AlreadyExists,
                wire.InvalidOperationException: NotEmpty,
            }
        )

    def close(self) -> None:
        self._hms.close()

    def create_database(self, name: str, comment: str, owner: str, parameters: Mapping[str, str]) -> None:
        new = wire.Database(
            name=name,
            description=comment,
            ownerName=owner,
            ownerType=wire.PrincipalType.USER,
            parameters=dict(parameters),
        )
        with self._raising():
            self._hms.create_database(new)

    def database(self, name: str) -> SeenDatabase:
        with self._raising():
            found = self._hms.get_database(name)
        return SeenDatabase(found.name, found.description, found.ownerName, found.locationUri, dict(found.parameters))

    def databases(self) -> set[str]:
        return set(self._hms.get_all_databases())

    def comment_database(self, name: str, comment: str) -> None:
        found = self._hms.get_database(name)
        found.description = comment
        self._hms.alter_database(name, found)

    def drop_database(self, name: str) -> None:
        with self._raising():
            self._hms.drop_database(name, False, False)

    def _create(self, database: str, name: str, columns: Columns, keys: Columns, **fields: Any) -> None:
        serde, formats = fields.pop("serde"), fields.pop("formats")
        sd = wire.StorageDescriptor(
            cols=_schemas(columns),
            location=fields.pop("location", None),
            inputFormat=formats[0],
            outputFormat=formats[1],
            serdeInfo=wire.SerDeInfo(serializationLib=serde, parameters={}),
            parameters={},
        )
        new = wire.Table(
            dbName=database, tableName=name, partitionKeys=_schemas(keys), sd=sd, tableType="EXTERNAL_TABLE", **fields
        )
        with self._raising():
            self._hms.create_table(new)

    def create_iceberg(self, database: str, name: str) -> None:
        location = f"{self._hms.get_database(database).locationUri}/{name}"
        parameters = _iceberg_parameters(write_metadata(self._scratch, location))
        formats = (f"{_ICEBERG}.HiveIcebergInputFormat", f"{_ICEBERG}.HiveIcebergOutputFormat")
        said = {"parameters": parameters, "location": location, "formats": formats}
        columns = tuple((one["name"], hive_type(one["type"]), one.get("doc")) for one in SCHEMA["fields"])
        self._create(database, name, columns, (), serde=f"{_ICEBERG}.HiveIcebergSerDe", **said)

    def create_files(self, database: str, name: str) -> None:
        formats = (f"{_PARQUET}.MapredParquetInputFormat", f"{_PARQUET}.MapredParquetOutputFormat")
        said = {"parameters": {"EXTERNAL": "TRUE", "p": "1"}, "formats": formats}
        self._create(database, name, FILE_COLUMNS, KEYS, serde=f"{_PARQUET}.serde.ParquetHiveSerDe", **said)

    def table(self, database: str, name: str) -> SeenTable:
        with self._raising():
            found = self._hms.get_table(database, name)
        columns, keys = (
            tuple((one.name, one.type, one.comment) for one in some) for some in (found.sd.cols, found.partitionKeys)
        )
        parameters = dict(found.parameters)
        return SeenTable(
            found.tableName, columns, keys, found.sd.location, parameters.get("metadata_location"), parameters
        )

    def tables(self, database: str) -> set[str]:
        return set(self._hms.get_all_tables(database))

    def set_parameter(self, database: str, name: str, key: str, value: str) -> None:
        found = self._hms.get_table(database, name)
        before = found.parameters.get("metadata_location")
        if before is not None:
            document = json.loads(Path(before.removeprefix("file://")).read_text(encoding="utf-8"))
            document["properties"][key] = value
            found.parameters["metadata_location"] = write_document(self._scratch, document)
            found.parameters["previous_metadata_location"] = before
        found.parameters[key] = value
        self._hms.alter_table(database, name, found)

    def rename(self, database: str, name: str, new: str) -> None:
        found = self._hms.get_table(database, name)
        found.tableName = new
        self._hms.alter_table(database, name, found)

    def drop(self, database: str, name: str) -> None:
        with self._raising():
            self._hms.drop_table(database, name, False)

    def add_partition(self, database: str, table: str, value: str) -> None:
        sd = self._hms.get_table(database, table).sd
        sd.location = None
        self._hms.add_partition(wire.Partition(dbName=database, tableName=table, values=[value], sd=sd, parameters={}))

    def partitions(self, database: str, table: str) -> dict[str, str]:
        found = self._hms.get_partitions(database, table, -1)
        names = self._hms.get_partition_names(database, table, -1)
        return dict(zip(names, (one.sd.location for one in found), strict=True))

    def drop_partition(self, database: str, table: str, value: str) -> None:
        self._hms.drop_partition(database, table, [value], False)

    def create_view(self, database: str, name: str, statement: str) -> None:
        sd = wire.StorageDescriptor(cols=_schemas((("one", "int", None),)), serdeInfo=wire.SerDeInfo(parameters={}))
        new = wire.Table(
            dbName=database,
            tableName=name,
            sd=sd,
            tableType="VIRTUAL_VIEW",
            parameters={},
            partitionKeys=[],
            viewOriginalText=statement,
            viewExpandedText=statement,
        )
        self._hms.create_table(new)

    def view(self, database: str, name: str) -> str:
        return str(self._hms.get_table(database, name).viewOriginalText)

    def create_function(self, database: str, name: str, class_name: str) -> None:
        kind, owner = wire.FunctionType.JAVA, wire.PrincipalType.USER
        self._hms.create_function(
            wire.Function(
                functionName=name,
                dbName=database,
                className=class_name,
                ownerName="ann",
                ownerType=owner,
                functionType=kind,
                resourceUris=[],
            )
        )

    def function(self, database: str, name: str) -> tuple[str, str]:
        found = self._hms.get_function(database, name)
        return found.functionName, found.className


def _schemas(columns: Columns) -> list[Any]:
    return [wire.FieldSchema(name=name, type=kind, comment=comment) for name, kind, comment in columns]


class _Http:
    """A door of JSON over HTTP, whose errors name their type."""

    ERRORS: ClassVar[Mapping[str, type[CatalogError]]]

    def __init__(self, base: str) -> None:
        self._http = httpx.Client(base_url=base, timeout=30)

    def close(self) -> None:
        self._http.close()

    def _ask(self, method: str, path: str, **rest: Any) -> Any:
        answer = self._http.request(method, path, **rest)
        if answer.is_success:
            return answer.json() if answer.content else None
        error = answer.json()["error"]
        raise said(self.ERRORS.get(error["type"], CatalogError), f"{error['type']}: {error['message']}")


class Rest(_Http):
    """The door of Iceberg REST."""

    name: ClassVar[str] = "iceberg-rest"
    shows_files: ClassVar[bool] = False
    makes_iceberg: ClassVar[bool] = True
    ERRORS: ClassVar[Mapping[str, type[CatalogError]]] = {
        "NoSuchTableException": NotFound,
        "NoSuchNamespaceException": NotFound,
        "AlreadyExistsException": AlreadyExists,
        "NamespaceNotEmptyException": NotEmpty,
    }

    def __init__(self, server: RunningServer, scratch: Path) -> None:
        super().__init__(f"{server.iceberg}/v1")

    def create_database(self, name: str, comment: str, owner: str, parameters: Mapping[str, str]) -> None:
        properties = {**parameters, "comment": comment, "owner": owner}
        self._ask("POST", "/namespaces", json={"namespace": name.split("."), "properties": properties})

    def database(self, name: str) -> SeenDatabase:
        properties = self._ask("GET", f"/namespaces/{_namespace(name)}")["properties"]
        fields = [properties.pop(key, None) for key in ("comment", "owner", "location")]
        return SeenDatabase(name, fields[0], fields[1], fields[2], properties)

    def databases(self) -> set[str]:
        return {".".join(one) for one in self._ask("GET", "/namespaces")["namespaces"]}

    def comment_database(self, name: str, comment: str) -> None:
        self._ask("POST", f"/namespaces/{_namespace(name)}/properties", json={"updates": {"comment": comment}})

    def drop_database(self, name: str) -> None:
        self._ask("DELETE", f"/namespaces/{_namespace(name)}")

    def create_iceberg(self, database: str, name: str) -> None:
        body = {"name": name, "schema": SCHEMA, "properties": {"p": "1"}}
        self._ask("POST", f"/namespaces/{_namespace(database)}/tables", json=body)

    def create_files(self, database: str, name: str) -> None:
        raise AssertionError("Iceberg REST makes Iceberg tables only")

    def table(self, database: str, name: str) -> SeenTable:
        found = self._ask("GET", f"/namespaces/{_namespace(database)}/tables/{part(name)}")
        metadata = found["metadata"]
        schema = next(one for one in metadata["schemas"] if one["schema-id"] == metadata["current-schema-id"])
        columns = tuple((one["name"], hive_type(one["type"]), one.get("doc")) for one in schema["fields"])
        return SeenTable(
            name, columns, (), metadata["location"], found["metadata-location"], metadata.get("properties", {})
        )

    def tables(self, database: str) -> set[str]:
        return {one["name"] for one in self._ask("GET", f"/namespaces/{_namespace(database)}/tables")["identifiers"]}

    def set_parameter(self, database: str, name: str, key: str, value: str) -> None:
        updates = [{"action": "set-properties", "updates": {key: value}}]
        body = {"requirements": [], "updates": updates}
        self._ask("POST", f"/namespaces/{_namespace(database)}/tables/{part(name)}", json=body)

    def rename(self, database: str, name: str, new: str) -> None:
        source, target = ({"namespace": database.split("."), "name": one} for one in (name, new))
        self._ask("POST", "/tables/rename", json={"source": source, "destination": target})

    def drop(self, database: str, name: str) -> None:
        self._ask("DELETE", f"/namespaces/{_namespace(database)}/tables/{part(name)}")


def _namespace(database: str) -> str:
    """A namespace in a path: its levels joined by the letter that Iceberg's clients use."""
    return part(database.replace(".", "\x1f"))


class Grpc:
    """The door of gRPC, through our own client."""

    name: ClassVar[str] = "grpc"
    shows_files: ClassVar[bool] = True
    makes_iceberg: ClassVar[bool] = True

    def __init__(self, server: RunningServer, scratch: Path) -> None:
        self._client = Client(server.grpc)

    def close(self) -> None:
        self._client.close()

    def create_database(self, name: str, comment: str, owner: str, parameters: Mapping[str, str]) -> None:
        self._client.databases.create(m.Database(name=name, comment=comment, owner=owner, parameters=parameters))

    def database(self, name: str) -> SeenDatabase:
        found = self._client.databases.get(name)
        return SeenDatabase(found.name, found.comment, found.owner, found.location, dict(found.parameters))

    def databases(self) -> set[str]:
        return {one.name for one in self._client.databases.list(fields=["name"])}

    def comment_database(self, name: str, comment: str) -> None:
        self._client.databases.alter(name, m.Database(comment=comment), ["comment"])

    def drop_database(self, name: str) -> None:
        self._client.databases.drop(name)

    def create_iceberg(self, database: str, name: str) -> None:
        columns = [
            m.Column(name=one["name"], type=hive_type(one["type"]), comment=one.get("doc")) for one in SCHEMA["fields"]
        ]
        new = m.Table(database=database, name=name, columns=columns, parameters={"p": "1"})
        self._client.tables.create(new, format="iceberg")

    def create_files(self, database: str, name: str) -> None:
        columns, keys = (
            [m.Column(name=one, type=kind, comment=comment) for one, kind, comment in some]
            for some in (FILE_COLUMNS, KEYS)
        )
        new = m.Table(database=database, name=name, columns=columns, partition_keys=keys, parameters={"p": "1"})
        self._client.tables.create(new, format="parquet")

    def table(self, database: str, name: str) -> SeenTable:
        found = self._client.tables.get(database, name)
        columns, keys = (
            tuple((one.name, one.type, one.comment if one.HasField("comment") else None) for one in some)
            for some in (found.columns, found.partition_keys)
        )
        parameters = dict(found.parameters)
        return SeenTable(found.name, columns, keys, found.location, parameters.get("metadata_location"), parameters)

    def tables(self, database: str) -> set[str]:
        return {one.name for one in self._client.tables.list(database, fields=["name"])}

    def set_parameter(self, database: str, name: str, key: str, value: str) -> None:
        found = self._client.tables.get(database, name, fields=["parameters", "version"])
        found.parameters[key] = value
        self._client.tables.alter(database, name, found, ["parameters"], expected_version=found.version)

    def rename(self, database: str, name: str, new: str) -> None:
        self._client.tables.alter(database, name, m.Table(name=new), ["name"])

    def drop(self, database: str, name: str) -> None:
        self._client.tables.drop(database, name)

    def add_partition(self, database: str, table: str, value: str) -> None:
        self._client.partitions.add(database, table, [m.Partition(values=[value])])

    def partitions(self, database: str, table: str) -> dict[str, str]:
        return {one.name: one.location for one in self._client.partitions.list(database, table)}

    def drop_partition(self, database: str, table: str, value: str) -> None:
        found = self._client.partitions.get(database, table, [value], fields=["name"])
        self._client.partitions.drop(database, table, [found.name])

    def create_view(self, database: str, name: str, statement: str) -> None:
        columns = [m.Column(name="one", type="int")]
        self._client.views.create(m.View(database=database, name=name, original=statement, columns=columns))

    def view(self, database: str, name: str) -> str:
        return self._client.views.get(database, name).original

    def create_function(self, database: str, name: str, class_name: str) -> None:
        self._client.functions.create(m.Function(database=database, name=name, class_name=class_name))

    def function(self, database: str, name: str) -> tuple[str, str]:
        found = self._client.functions.get(database, name)
        return found.name, found.class_name


class Web(_Http):
    """The door of the JSON API."""

    name: ClassVar[str] = "web"
    shows_files: ClassVar[bool] = True
    makes_iceberg: ClassVar[bool] = False
    ERRORS: ClassVar[Mapping[str, type[CatalogError]]] = {
        "NotFound": NotFound,
        "AlreadyExists": AlreadyExists,
        "NotEmpty": NotEmpty,
    }

    def __init__(self, server: RunningServer, scratch: Path) -> None:
        super().__init__(f"{server.http}/api/v1/catalogs/hive")

    def create_database(self, name: str, comment: str, owner: str, parameters: Mapping[str, str]) -> None:
        self._ask(
            "POST",
            "/databases",
            json={"name": name, "comment": comment, "owner": owner, "parameters": dict(parameters)},
        )

    def database(self, name: str) -> SeenDatabase:
        found = self._ask("GET", f"/databases/{part(name)}")
        return SeenDatabase(found["name"], found["comment"], found["owner"], found["location"], found["parameters"])

    def databases(self) -> set[str]:
        return {one["name"] for one in self._ask("GET", "/databases", params={"page_size": 1000})["items"]}

    def comment_database(self, name: str, comment: str) -> None:
        self._ask("PATCH", f"/databases/{part(name)}", json={"comment": comment})

    def drop_database(self, name: str) -> None:
        self._ask("DELETE", f"/databases/{part(name)}")

    def create_iceberg(self, database: str, name: str) -> None:
        raise AssertionError("the JSON API makes tables of files only")

    def create_files(self, database: str, name: str) -> None:
        columns, keys = (
            [{"name": one, "type": kind, "comment": comment} for one, kind, comment in some]
            for some in (FILE_COLUMNS, KEYS)
        )
        body = {"name": name, "columns": columns, "partition_keys": keys, "parameters": {"p": "1"}}
        self._ask("POST", f"/databases/{part(database)}/tables", json=body)

    def table(self, database: str, name: str) -> SeenTable:
        found = self._ask("GET", f"/databases/{part(database)}/tables/{part(name)}")
        columns, keys = (
            tuple((one["name"], one["type"], one["comment"]) for one in found[key])
            for key in ("columns", "partition_keys")
        )
        return SeenTable(
            found["name"], columns, keys, found["location"], found["metadata_location"], found["parameters"]
        )

    def tables(self, database: str) -> set[str]:
        return {one["name"] for one in self._ask("GET", f"/databases/{part(database)}/tables")["items"]}

    def _alter(self, database: str, table: str, **body: Any) -> None:
        self._ask("PATCH", f"/databases/{part(database)}/tables/{part(table)}", json=body)

    def set_parameter(self, database: str, name: str, key: str, value: str) -> None:
        self._alter(database, name, parameters={key: value})

    def rename(self, database: str, name: str, new: str) -> None:
        self._alter(database, name, name=new)

    def drop(self, database: str, name: str) -> None:
        self._ask("DELETE", f"/databases/{part(database)}/tables/{part(name)}")

    def add_partition(self, database: str, table: str, value: str) -> None:
        body = {"partitions": [{"values": [value]}]}
        self._ask("POST", f"/databases/{part(database)}/tables/{part(table)}/partitions", json=body)

    def partitions(self, database: str, table: str) -> dict[str, str]:
        found = self._ask("GET", f"/databases/{part(database)}/tables/{part(table)}/partitions")["items"]
        return {one["name"]: one["location"] for one in found}

    def drop_partition(self, database: str, table: str, value: str) -> None:
        (name,) = [one for one in self.partitions(database, table) if one == f"city={part(value)}"]
        self._ask("DELETE", f"/databases/{part(database)}/tables/{part(table)}/partitions", params={"name": name})

    def create_view(self, database: str, name: str, statement: str) -> None:
        columns = [{"name": "one", "type": "int"}]
        body = {"name": name, "kind": "VIRTUAL_VIEW", "view_original": statement, "columns": columns}
        self._ask("POST", f"/databases/{part(database)}/tables", json=body)

    def view(self, database: str, name: str) -> str:
        return str(self._ask("GET", f"/databases/{part(database)}/tables/{part(name)}")["view_original"])

    def create_function(self, database: str, name: str, class_name: str) -> None:
        self._ask("POST", f"/databases/{part(database)}/functions", json={"name": name, "class_name": class_name})

    def function(self, database: str, name: str) -> tuple[str, str]:
        found = self._ask("GET", f"/databases/{part(database)}/functions/{part(name)}")
        return found["name"], found["class_name"]


DOORS = (Thrift, Rest, Grpc, Web)
"""All of them."""
