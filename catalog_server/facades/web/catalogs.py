"""Catalogs over the JSON API."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from catalog_server.facades.web import convert
from catalog_server.facades.web.bodies import Body, Maybe, Merge, NoBody, Version, changes, check_version, merged
from catalog_server.facades.web.messages import CatalogAnswer, Page, TestAnswer
from catalog_server.facades.web.paging import Paged, sliced
from catalog_server.facades.web.routing import Call, Routes
from catalog_server.model.database import Catalog

routes = Routes("Catalogs")


class NewCatalog(Body):
    """A catalog to be made, or a metastore to be mounted as one (`kind` hive and its `uri`)."""

    name: str
    kind: Literal["native", "hive"] = "native"
    uri: str | None = None
    comment: str | None = None
    location: str | None = None
    parameters: dict[str, str] = msgspec.field(default_factory=dict)


class ChangedCatalog(Body):
    """What is to be different in a catalog."""

    comment: Maybe = UNSET
    location: Maybe = UNSET
    uri: str | UnsetType = UNSET
    parameters: Merge | UnsetType = UNSET
    expected_version: Version | None = None


@routes.get("/catalogs")
def list_catalogs(call: Call, query: Paged) -> Page[CatalogAnswer]:
    """List catalogs."""
    items, following = sliced(call.services.catalog.catalogs.list(call.caller), query)
    return Page([convert.catalog(item) for item in items], following)


@routes.post("/catalogs")
def create_catalog(call: Call, body: NewCatalog) -> CatalogAnswer:
    """Create a catalog, or mount a metastore as one."""
    new = Catalog(body.name, body.comment, body.location, body.parameters, body.kind, body.uri)
    return convert.catalog(call.services.catalog.catalogs.create(call.caller, new))


@routes.get("/catalogs/{catalog}")
def get_catalog(call: Call, catalog: str) -> CatalogAnswer:
    """Get a catalog."""
    return convert.catalog(call.services.catalog.catalogs.get(call.caller, catalog))


@routes.patch("/catalogs/{catalog}")
def alter_catalog(call: Call, catalog: str, body: ChangedCatalog) -> CatalogAnswer:
    """Change a catalog."""
    catalogs = call.services.catalog.catalogs
    found = catalogs.get(call.caller, catalog)
    check_version(f"catalog {found.name}", body.expected_version, found.version)
    parameters = merged(found.parameters, body.parameters)
    new = replace(found, parameters=parameters, **changes(body, "comment", "location", "uri"))
    return convert.catalog(catalogs.alter(call.caller, catalog, new, expected_version=found.version))


@routes.delete("/catalogs/{catalog}")
def drop_catalog(call: Call, catalog: str) -> None:
    """Drop an empty catalog, or unmount a metastore."""
    call.services.catalog.catalogs.drop(call.caller, catalog)


@routes.post("/catalogs/{catalog}/test", status=200)
def try_catalog(call: Call, catalog: str, body: NoBody) -> TestAnswer:  # noqa: ARG001
    """Try whether the metastore of a mounted catalog answers."""
    found = call.services.catalog.catalogs.test(call.caller, catalog)
    return TestAnswer(found.ok, found.message, found.milliseconds)
