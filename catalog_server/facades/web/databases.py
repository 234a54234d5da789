"""Databases over the JSON API."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from catalog_server.facades.web import convert
from catalog_server.facades.web.bodies import Body, Maybe, Merge, Version, changes, check_version, merged
from catalog_server.facades.web.messages import DatabaseAnswer, Page
from catalog_server.facades.web.paging import Filtered, collected
from catalog_server.facades.web.routing import Call, Routes
from catalog_server.model.database import Database
from catalog_server.model.names import DatabaseName, name_key

routes = Routes("Databases")
OwnerKind = Literal["USER", "GROUP", "ROLE"]


class NewDatabase(Body):
    """A database to be made."""

    name: str
    comment: str | None = None
    location: str | None = None
    owner: str | None = None
    owner_kind: OwnerKind = "USER"
    parameters: dict[str, str] = msgspec.field(default_factory=dict)


class ChangedDatabase(Body):
    """What is to be different in a database."""

    comment: Maybe = UNSET
    owner: Maybe = UNSET
    owner_kind: OwnerKind | UnsetType = UNSET
    parameters: Merge | UnsetType = UNSET
    expected_version: Version | None = None


class Dropping(Body):
    """How a database is dropped."""

    cascade: bool = False
    """With everything in it."""


@routes.get("/catalogs/{catalog}/databases")
def list_databases(call: Call, catalog: str, query: Filtered) -> Page[DatabaseAnswer]:
    """List the databases of a catalog by name."""
    databases = call.services.catalog.databases

    def fetch(after: str, count: int) -> list[Database]:
        return databases.list(call.caller, catalog, after=after, count=count)

    items, following = collected(fetch, lambda item: item.name, query)
    counts = call.services.catalog.overview.table_counts(call.caller, catalog)
    return Page([convert.database(item, counts.get(name_key(item.name), 0)) for item in items], following)


@routes.post("/catalogs/{catalog}/databases")
def create_database(call: Call, catalog: str, body: NewDatabase) -> DatabaseAnswer:
    """Create a database and its folder."""
    new = Database(
        catalog=catalog,
        name=body.name,
        comment=body.comment,
        location=body.location,
        owner=body.owner,
        owner_kind=body.owner_kind,
        parameters=body.parameters,
    )
    return convert.database(call.services.catalog.databases.create(call.caller, new), 0)


@routes.get("/catalogs/{catalog}/databases/{database}")
def get_database(call: Call, catalog: str, database: str) -> DatabaseAnswer:
    """Get a database and the number of its tables."""
    found = call.services.catalog.databases.get(call.caller, DatabaseName(catalog, database))
    counts = call.services.catalog.overview.table_counts(call.caller, catalog)
    return convert.database(found, counts.get(name_key(found.name), 0))


@routes.patch("/catalogs/{catalog}/databases/{database}")
def alter_database(call: Call, catalog: str, database: str, body: ChangedDatabase) -> DatabaseAnswer:
    """Change a database."""
    databases, name = call.services.catalog.databases, DatabaseName(catalog, database)
    found = databases.get(call.caller, name)
    check_version(f"database {found.full_name}", body.expected_version, found.version)
    parameters = merged(found.parameters, body.parameters)
    new = replace(found, parameters=parameters, **changes(body, "comment", "owner", "owner_kind"))
    return convert.database(databases.alter(call.caller, name, new, expected_version=found.version))


@routes.delete("/catalogs/{catalog}/databases/{database}")
def drop_database(call: Call, catalog: str, database: str, query: Dropping) -> None:
    """Drop a database; one that holds tables or functions only with `cascade`."""
    call.services.catalog.databases.drop(call.caller, DatabaseName(catalog, database), cascade=query.cascade)
