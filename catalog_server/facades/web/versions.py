"""Versions of tables over the JSON API."""

from __future__ import annotations

from catalog_server.facades.web import convert
from catalog_server.facades.web.bodies import Body, Version, check_version
from catalog_server.facades.web.messages import Page, TableAnswer, VersionAnswer, VersionSummary
from catalog_server.facades.web.paging import Paged, place, token
from catalog_server.facades.web.routing import Call, Routes
from catalog_server.facades.web.tables import answer
from catalog_server.model.names import TableName

routes = Routes("Versions")
PATH = "/catalogs/{catalog}/databases/{database}/tables/{table}/versions"


class Rollback(Body):
    """A way back to an older definition."""

    expected_version: Version | None = None


@routes.get(PATH)
def list_versions(call: Call, catalog: str, database: str, table: str, query: Paged) -> Page[VersionSummary]:
    """List the versions of a table's definition, newest first."""
    versions, name = call.services.catalog.versions, TableName(catalog, database, table)
    before = place(query.page_token, int)
    found = versions.list(call.caller, name, before=before, count=query.page_size)
    more = bool(found) and found[-1].version > 1
    following = token(found[-1].version) if more else None
    return Page([convert.version_summary(one) for one in found], following)


@routes.get(PATH + "/{version}")
def get_version(call: Call, catalog: str, database: str, table: str, version: int) -> VersionAnswer:
    """Get a version of a table with the definition it had."""
    name = TableName(catalog, database, table)
    return convert.version(call.services.catalog.versions.get(call.caller, name, version))


@routes.post(PATH + "/{version}/rollback", status=200)
def roll_back(call: Call, catalog: str, database: str, table: str, version: int, body: Rollback) -> TableAnswer:
    """Give a table the definition it had at a version, as a new version."""
    name = TableName(catalog, database, table)
    if body.expected_version is not None:
        found = call.services.catalog.tables.get(call.caller, name)
        check_version(f"table {found.full_name}", body.expected_version, found.version)
    return answer(call, call.services.catalog.versions.rollback(call.caller, name, version))
