"""Calls about functions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from catalog_server.facades.hms import convert
from catalog_server.facades.hms.call import Context
from catalog_server.facades.hms.noun import Noun, caller_of, database_name, pattern, split_database
from catalog_server.model.names import name_key
from catalog_server.wire import hive_metastore as wire


class Functions(Noun):
    """Functions by name and by pattern."""

    def get_function(self, context: Context, arguments: Any) -> Any:
        """One function."""
        database = database_name(arguments.dbName)
        return convert.from_function(self.catalog.functions.get(caller_of(context), database, arguments.funcName or ""))

    def get_functions(self, context: Context, arguments: Any) -> list[str]:
        """Names of a database's functions that match a pattern."""
        wanted = pattern(arguments.pattern)
        found = self.catalog.functions.list(caller_of(context), database_name(arguments.dbName))
        return [name_key(one.name) for one in found if wanted.fullmatch(one.name)]

    def get_functions_req(self, context: Context, arguments: Any) -> Any:
        """A database's functions that match a pattern, by name or whole."""
        request = arguments.request
        database, wanted = database_name(request.dbName, request.catalogName), pattern(request.pattern)
        found = [one for one in self.catalog.functions.list(caller_of(context), database) if wanted.fullmatch(one.name)]
        if request.returnNames is False:
            return wire.GetFunctionsResponse(functions=[convert.from_function(one) for one in found])
        return wire.GetFunctionsResponse(function_names=[name_key(one.name) for one in found])

    def get_all_functions(self, context: Context, arguments: Any) -> Any:  # noqa: ARG002
        """All functions of all databases."""
        found = self.catalog.functions.list(caller_of(context))
        return wire.GetAllFunctionsResponse(functions=[convert.from_function(one) for one in found])

    def create_function(self, context: Context, arguments: Any) -> None:
        """Keep a function."""
        catalog, arguments.func.dbName = split_database(arguments.func.dbName, arguments.func.catName)
        said = replace(convert.to_function(arguments.func), catalog=catalog or "", created_at=0)
        self.catalog.functions.create(caller_of(context), said)

    def alter_function(self, context: Context, arguments: Any) -> None:
        """Give a function a new definition."""
        database = database_name(arguments.dbName)
        arguments.newFunc.dbName = split_database(arguments.newFunc.dbName)[1]
        new = replace(convert.to_function(arguments.newFunc), catalog=database.catalog)
        self.catalog.functions.alter(caller_of(context), database, arguments.funcName or "", new)

    def drop_function(self, context: Context, arguments: Any) -> None:
        """Forget a function."""
        self.catalog.functions.drop(caller_of(context), database_name(arguments.dbName), arguments.funcName or "")
