"""Calls about Hive's registry of schemas, their versions and SerDes; all are kept as they were sent."""

from __future__ import annotations

from typing import Any

from catalog_server.facades.hms.call import Context
from catalog_server.facades.hms.documents import database_of, document_of, struct_of
from catalog_server.facades.hms.noun import Noun, caller_of, database_name
from catalog_server.model.errors import Invalid, NotFound
from catalog_server.model.names import DatabaseName, name_key
from catalog_server.model.record import Record
from catalog_server.wire import hive_metastore as wire

_SCHEMA, _VERSION, _SERDE = "schema", "schema version", "serde"
_ALTERED = ("compatibility", "validationLevel", "canEvolve", "schemaGroup", "description")


class SchemaRegistry(Noun):
    """Schemas of a database, their numbered versions, and SerDes by name."""

    def create_ischema(self, context: Context, arguments: Any) -> None:
        """Keep a schema."""
        said, caller = arguments.schema, caller_of(context)
        scope = self.catalog.records.database(caller, database_name(said.dbName, said.catName))
        self.catalog.records.create(caller, _SCHEMA, scope, said.name or "", document_of(said))

    def alter_ischema(self, context: Context, arguments: Any) -> None:
        """Change what is said of a schema; its name and type stay, as in Hive."""
        name, new = arguments.rqst.name, document_of(arguments.rqst.newSchema)
        said = {key: value for key, value in new.items() if key in _ALTERED}
        scope = self._scope(name)
        with _Missing(f"Could not find schema {_told(name)}"):
            self.catalog.records.alter(caller_of(context), _SCHEMA, scope, name.schemaName, lambda found: found | said)

    def get_ischema(self, context: Context, arguments: Any) -> Any:
        """One schema."""
        found = self._schema(context, arguments.name)
        schema = struct_of("ISchema", found.document)
        schema.dbName = database_of(found, schema.dbName)
        return schema

    def drop_ischema(self, context: Context, arguments: Any) -> None:
        """Forget a schema that has no versions."""
        name = arguments.name
        if self._versions(context, name):
            raise wire.InvalidOperationException(message=f"Schema {_told(name)} cannot be dropped, it has versions")
        with _Missing(f"Schema {_told(name)} does not exist"):
            self.catalog.records.drop(caller_of(context), _SCHEMA, self._scope(name), name.schemaName)

    def add_schema_version(self, context: Context, arguments: Any) -> None:
        """Keep a version of a schema."""
        said = arguments.schemaVersion
        self._schema(context, said.schema)
        document = document_of(said)
        document["cols"] = [one | {"name": name_key(one.get("name", ""))} for one in document.get("cols", ())]
        scope = self._versions_scope(said.schema)
        self.catalog.records.create(caller_of(context), _VERSION, scope, str(said.version), document)

    def get_schema_version(self, context: Context, arguments: Any) -> Any:
        """One version."""
        return self._version(self._get_version(context, arguments.schemaVersion))

    def get_schema_latest_version(self, context: Context, arguments: Any) -> Any:
        """The version with the highest number."""
        return self.get_schema_all_versions(context, arguments)[0]

    def get_schema_all_versions(self, context: Context, arguments: Any) -> list[Any]:
        """All versions, the highest number first."""
        found = [self._version(one) for one in self._versions(context, arguments.schemaName)]
        if not found:
            raise wire.NoSuchObjectException(message=f"No versions of schema {_told(arguments.schemaName)} exist")
        return sorted(found, key=lambda one: -one.version)

    def drop_schema_version(self, context: Context, arguments: Any) -> None:
        """Forget a version."""
        said = arguments.schemaVersion
        with _Missing(f"No schema version {said.version} of {_told(said.schema)} exists"):
            scope = self._versions_scope(said.schema)
            self.catalog.records.drop(caller_of(context), _VERSION, scope, str(said.version))

    def get_schemas_by_cols(self, context: Context, arguments: Any) -> Any:
        """Versions with a column of this name and type, and of this namespace, which Hive writes into the comment."""
        wanted = arguments.rqst
        if wanted.colName is None and wanted.colNamespace is None and wanted.type is None:
            raise Invalid("", "You must specify column name, column namespace, or type")
        found = [self._version(one) for one in self.catalog.records.list(caller_of(context), _VERSION)]
        descriptors = [
            wire.SchemaVersionDescriptor(schema=one.schema, version=one.version)
            for one in found
            if any(_is_wanted(column, wanted) for column in one.cols or ())
        ]
        return wire.FindSchemasByColsResp(schemaVersions=descriptors)

    def map_schema_version_to_serde(self, context: Context, arguments: Any) -> None:
        """Let a version be read by a SerDe."""
        serde = self._serde(context, arguments.rqst.serdeName)
        self._alter_version(context, arguments.rqst.schemaVersion, {"serDe": dict(serde.document)})

    def set_schema_version_state(self, context: Context, arguments: Any) -> None:
        """Say how far a version has come."""
        self._alter_version(context, arguments.rqst.schemaVersion, {"state": arguments.rqst.state})

    def add_serde(self, context: Context, arguments: Any) -> None:
        """Keep a SerDe."""
        said = arguments.serde
        self.catalog.records.create(caller_of(context), _SERDE, "", said.name or "", document_of(said))

    def get_serde(self, context: Context, arguments: Any) -> Any:
        """One SerDe."""
        return struct_of("SerDeInfo", self._serde(context, arguments.rqst.serdeName).document)

    def _scope(self, name: Any) -> str:
        return self.catalog.records.scope(_database(name))

    def _versions_scope(self, name: Any) -> str:
        return f"{self._scope(name)}/{name_key(name.schemaName)}"

    def _schema(self, context: Context, name: Any) -> Record:
        with _Missing(f"No schema named {_told(name)} exists"):
            return self.catalog.records.get(caller_of(context), _SCHEMA, self._scope(name), name.schemaName)

    def _versions(self, context: Context, name: Any) -> list[Record]:
        return self.catalog.records.list(caller_of(context), _VERSION, self._versions_scope(name))

    def _get_version(self, context: Context, said: Any) -> Record:
        with _Missing(f"No schema version {said.version} of {_told(said.schema)} exists"):
            scope = self._versions_scope(said.schema)
            return self.catalog.records.get(caller_of(context), _VERSION, scope, str(said.version))

    def _alter_version(self, context: Context, said: Any, new: dict[str, Any]) -> None:
        with _Missing(f"No schema version {said.version} of {_told(said.schema)} exists"):
            scope = self._versions_scope(said.schema)
            self.catalog.records.alter(
                caller_of(context), _VERSION, scope, str(said.version), lambda found: found | new
            )

    def _version(self, record: Record) -> Any:
        version = struct_of("SchemaVersion", record.document)
        version.schema.dbName = database_of(record, version.schema.dbName)
        return version

    def _serde(self, context: Context, name: str | None) -> Record:
        with _Missing(f"No SerDe named {name}"):
            return self.catalog.records.get(caller_of(context), _SERDE, "", name or "")


class _Missing:
    """Turns `NotFound` in its block into Hive's exception with a message that names what was asked for."""

    def __init__(self, told: str) -> None:
        self._told = told

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, NotFound):
            raise wire.NoSuchObjectException(message=self._told) from error


def _database(name: Any) -> DatabaseName:
    if name is None or not name.schemaName:
        raise Invalid("schema", "a name is needed")
    return database_name(name.dbName, name.catName)


def _told(name: Any) -> str:
    return f"{name.catName or 'hive'}.{name.dbName}.{name.schemaName}"


def _is_wanted(column: Any, wanted: Any) -> bool:
    return (
        (wanted.colName is None or column.name == name_key(wanted.colName))
        and (wanted.colNamespace is None or column.comment == wanted.colNamespace)
        and (wanted.type is None or column.type == wanted.type)
    )
