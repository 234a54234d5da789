"""Calls about stored procedures and packages of HPL/SQL, which are kept as they were sent."""

from __future__ import annotations

from typing import Any

from catalog_server.facades.hms.call import Context
from catalog_server.facades.hms.documents import database_of, document_of, struct_of
from catalog_server.facades.hms.noun import Noun, caller_of, database_name
from catalog_server.model.errors import NotFound
from catalog_server.wire import hive_metastore as wire

_PROCEDURE, _PACKAGE = "procedure", "package"
_STRUCTS = {_PROCEDURE: "StoredProcedure", _PACKAGE: "Package"}


class Procedures(Noun):
    """Procedures and packages; making one over another of its name replaces it, and dropping none is fine, as in Hive."""

    def create_stored_procedure(self, context: Context, arguments: Any) -> None:
        """Keep a procedure."""
        self._put(context, _PROCEDURE, arguments.proc, arguments.proc.name)

    def get_stored_procedure(self, context: Context, arguments: Any) -> Any:
        """One procedure."""
        return self._get(context, _PROCEDURE, arguments.request, arguments.request.procName)

    def drop_stored_procedure(self, context: Context, arguments: Any) -> None:
        """Forget a procedure."""
        self._drop(context, _PROCEDURE, arguments.request, arguments.request.procName)

    def get_all_stored_procedures(self, context: Context, arguments: Any) -> list[str]:
        """Names of the procedures of a database, or of all."""
        return self._names(context, _PROCEDURE, arguments.request, "name")

    def add_package(self, context: Context, arguments: Any) -> None:
        """Keep a package."""
        self._put(context, _PACKAGE, arguments.request, arguments.request.packageName)

    def find_package(self, context: Context, arguments: Any) -> Any:
        """One package."""
        return self._get(context, _PACKAGE, arguments.request, arguments.request.packageName)

    def get_all_packages(self, context: Context, arguments: Any) -> list[str]:
        """Names of the packages of a database, or of all."""
        return self._names(context, _PACKAGE, arguments.request, "packageName")

    def drop_package(self, context: Context, arguments: Any) -> None:
        """Forget a package."""
        self._drop(context, _PACKAGE, arguments.request, arguments.request.packageName)

    def _put(self, context: Context, kind: str, struct: Any, name: str | None) -> None:
        caller = caller_of(context)
        scope = self.catalog.records.database(caller, database_name(struct.dbName, struct.catName))
        self.catalog.records.put(caller, kind, scope, {name or "": document_of(struct)})

    def _get(self, context: Context, kind: str, request: Any, name: str | None) -> Any:
        scope = self.catalog.records.scope(database_name(request.dbName, request.catName))
        try:
            found = self.catalog.records.get(caller_of(context), kind, scope, name or "")
        except NotFound as error:
            told = f"HPL/SQL {kind} {request.dbName}.{name} does not exist"
            raise wire.NoSuchObjectException(message=told) from error
        struct = struct_of(_STRUCTS[kind], found.document)
        struct.dbName = database_of(found, struct.dbName)
        return struct

    def _drop(self, context: Context, kind: str, request: Any, name: str | None) -> None:
        scope = self.catalog.records.scope(database_name(request.dbName, request.catName))
        try:
            self.catalog.records.drop(caller_of(context), kind, scope, name or "")
        except NotFound:
            pass

    def _names(self, context: Context, kind: str, request: Any, field: str) -> list[str]:
        scope = self.catalog.records.scope(database_name(request.dbName, request.catName)) if request.dbName else None
        return [str(one.document[field]) for one in self.catalog.records.list(caller_of(context), kind, scope)]
