"""Functions over the JSON API."""

from __future__ import annotations

from typing import Literal

import msgspec

from catalog_server.facades.web import convert
from catalog_server.facades.web.bodies import Body
from catalog_server.facades.web.messages import FunctionAnswer, Page
from catalog_server.facades.web.paging import Filtered, pattern, sliced
from catalog_server.facades.web.routing import Call, Routes
from catalog_server.model.function import Function
from catalog_server.model.names import DatabaseName

routes = Routes("Functions")
PATH = "/catalogs/{catalog}/databases/{database}/functions"


class Resource(Body):
    """A file that a function needs."""

    uri: str
    kind: Literal["JAR", "FILE", "ARCHIVE"] = "JAR"


class NewFunction(Body):
    """A function to be registered."""

    name: str
    class_name: str
    resources: list[Resource] = msgspec.field(default_factory=list)
    owner: str | None = None


@routes.get(PATH)
def list_functions(call: Call, catalog: str, database: str, query: Filtered) -> Page[FunctionAnswer]:
    """List the functions of a database by name."""
    name = DatabaseName(catalog, database)
    call.services.catalog.databases.get(call.caller, name)
    fits = pattern(query.filter)
    found = [one for one in call.services.catalog.functions.list(call.caller, name) if fits(one.name)]
    items, following = sliced(found, query)
    return Page([convert.function(item) for item in items], following)


@routes.post(PATH)
def create_function(call: Call, catalog: str, database: str, body: NewFunction) -> FunctionAnswer:
    """Register a function."""
    new = Function(
        catalog=catalog,
        database=database,
        name=body.name,
        class_name=body.class_name,
        owner=body.owner,
        resources=tuple((one.kind, one.uri) for one in body.resources),
    )
    return convert.function(call.services.catalog.functions.create(call.caller, new))


@routes.get(PATH + "/{function}")
def get_function(call: Call, catalog: str, database: str, function: str) -> FunctionAnswer:
    """Get a function."""
    return convert.function(call.services.catalog.functions.get(call.caller, DatabaseName(catalog, database), function))


@routes.delete(PATH + "/{function}")
def drop_function(call: Call, catalog: str, database: str, function: str) -> None:
    """Drop a function."""
    call.services.catalog.functions.drop(call.caller, DatabaseName(catalog, database), function)
