"""Calls about databases."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from catalog_server.facades.hms import convert
from catalog_server.facades.hms.call import Context
from catalog_server.facades.hms.noun import Noun, caller_of, database_name, pattern, split_database
from catalog_server.facades.hms.remembered import remembered
from catalog_server.model.database import Database
from catalog_server.model.errors import NotFound
from catalog_server.model.names import DatabaseName, name_key
from catalog_server.wire import hive_metastore as wire


class Databases(Noun):
    """Databases by the old names and by the `_req` forms of Hive 4."""

    def get_all_databases(self, context: Context, arguments: Any) -> list[str]:  # noqa: ARG002
        """Names of the databases of the default catalog."""
        return [name_key(one.name) for one in self.catalog.databases.list(caller_of(context))]

    def get_databases(self, context: Context, arguments: Any) -> list[str]:
        """Names that match a pattern; of a catalog that is not there none."""
        catalog, said = split_database(arguments.pattern)
        return [name_key(one.name) for one in self._matching(context, catalog, said)]

    def get_databases_req(self, context: Context, arguments: Any) -> Any:
        """Databases whose names match a pattern."""
        request = arguments.request
        catalog, said = split_database(request.pattern, request.catalogName)
        found = self._matching(context, catalog, said)
        return wire.GetDatabaseObjectsResponse(databases=[convert.from_database(one) for one in found])

    def _matching(self, context: Context, catalog: str, said: str | None) -> list[Database]:
        wanted = pattern(said)
        try:
            found = self.catalog.databases.list(caller_of(context), catalog)
        except NotFound:
            return []
        return [one for one in found if wanted.fullmatch(one.name)]

    @remembered(lambda catalog, call: catalog.freshness.of_database(database_name(call.name)))
    def get_database(self, context: Context, arguments: Any) -> Any:
        """One database."""
        return convert.from_database(self.catalog.databases.get(caller_of(context), database_name(arguments.name)))

    @remembered(
        lambda catalog, call: catalog.freshness.of_database(database_name(call.request.name, call.request.catalogName))
    )
    def get_database_req(self, context: Context, arguments: Any) -> Any:
        """One database."""
        name = database_name(arguments.request.name, arguments.request.catalogName)
        return convert.from_database(self.catalog.databases.get(caller_of(context), name))

    def create_database(self, context: Context, arguments: Any) -> None:
        """Make a database and its directory."""
        self._create(context, arguments.database)

    def create_database_req(self, context: Context, arguments: Any) -> None:
        """Make a database and its directory."""
        request = arguments.createDatabaseRequest
        said = {name: getattr(request, name) for name in _SAID_ALIKE}
        struct = wire.Database(name=request.databaseName, connector_name=request.dataConnectorName, **said)
        self._create(context, struct)

    def _create(self, context: Context, struct: Any) -> None:
        catalog, name = split_database(struct.name, struct.catalogName)
        struct.name = name
        new = replace(convert.to_database(struct), catalog=catalog)
        self.catalog.databases.create(caller_of(context), new, folders=_managed_folders(new))

    def alter_database(self, context: Context, arguments: Any) -> None:
        """Give a database a new definition; its name stays, as does what the call leaves empty but for parameters."""
        self._alter(context, arguments.dbname, arguments.db)

    def alter_database_req(self, context: Context, arguments: Any) -> None:
        """Give a database a new definition; see `alter_database`."""
        self._alter(context, arguments.alterDbReq.oldDbName, arguments.alterDbReq.newDb)

    def _alter(self, context: Context, old: str, struct: Any) -> None:
        name = database_name(old, struct.catalogName)
        found = self.catalog.databases.get(caller_of(context), name)
        struct.name = found.name
        new = convert.to_database(struct, found.catalog)
        changed = replace(
            new,
            comment=new.comment or found.comment,
            location=new.location or found.location,
            extra=convert.merged(found.extra, new.extra),
        )
        self.catalog.databases.alter(caller_of(context), name, changed)

    def drop_database(self, context: Context, arguments: Any) -> None:
        """Drop a database, with what it holds if `cascade`."""
        self._drop(context, database_name(arguments.name), arguments)

    def drop_database_req(self, context: Context, arguments: Any) -> None:
        """Drop a database, with what it holds if `cascade`; one that is not there is no error if the request says so."""
        request = arguments.req
        try:
            self._drop(context, database_name(request.name, request.catalogName), request)
        except NotFound as error:
            if error.kind != "database" or not request.ignoreUnknownDb:
                raise

    def _drop(self, context: Context, name: DatabaseName, said: Any) -> None:
        caller = caller_of(context)
        folders: list[str] = []
        if said.deleteData and getattr(said, "deleteManagedDir", True) is not False:
            folders = _managed_folders(self.catalog.databases.get(caller, name))
        self.catalog.databases.drop(
            caller, name, cascade=bool(said.cascade), delete_data=bool(said.deleteData), folders=folders
        )


_SAID_ALIKE = (
    "description", "locationUri", "parameters", "ownerName", "ownerType", "catalogName", "managedLocationUri", "type",
    "remote_dbname",
)  # fmt: skip


def _managed_folders(database: Database) -> list[str]:
    """The folder that Hive 4 keeps for managed tables of a database, where one was named."""
    said = convert.said_in(database.extra).get("managedLocationUri")
    return [str(said)] if said else []
