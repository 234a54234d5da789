"""Namespaces: each is a database whose name is its levels joined by dots."""

from __future__ import annotations

from starlette.responses import Response

from catalog_server.facades.iceberg import convert, errors
from catalog_server.facades.iceberg.call import Call, database_of, json_answer, nothing
from catalog_server.facades.iceberg.convert import LEVEL_SEPARATOR
from catalog_server.model.database import Database
from catalog_server.model.names import DatabaseName, levels


def list_namespaces(call: Call) -> Response:
    """The namespaces directly below a parent, or at the root, in pages when pages are asked for."""
    parent = None
    if call.query.get("parent"):
        parent = database_of(call.query["parent"].split(LEVEL_SEPARATOR))
        call.services.catalog.databases.get(call.caller, DatabaseName(call.catalog, parent))
    listed = call.services.catalog.databases.list(call.caller, call.catalog, parent=parent)
    found = convert.children((database.name for database in listed), parent)
    after, size = call.page
    if size is None:
        return json_answer({"namespaces": found})
    left = [path for path in found if after is None or path[-1] > after]
    more = left[size - 1][-1] if len(left) > size else None
    return json_answer({"namespaces": left[:size], "next-page-token": more})


def create_namespace(call: Call) -> Response:
    """Make a namespace; comment, location and owner among its properties become the database's own."""
    body = call.read(convert.CreateNamespace)
    fields, parameters = convert.split_properties(body.properties or {})
    database = Database(
        catalog=call.catalog,
        name=database_of(body.namespace),
        comment=fields.get("comment"),
        location=fields.get("location"),
        owner=fields.get("owner"),
        parameters=parameters,
    )
    call.services.catalog.iceberg.locations.check(call.catalog, fields)
    made = call.services.catalog.databases.create(call.caller, database)
    return json_answer({"namespace": list(levels(made.name)), "properties": convert.properties_of(made)})


def created(call: Call) -> Response:
    """A namespace that was made before."""
    name = DatabaseName(call.catalog, database_of(call.read(convert.CreateNamespace).namespace))
    found = call.services.catalog.databases.get(call.caller, name)
    return json_answer({"namespace": list(levels(found.name)), "properties": convert.properties_of(found)})


def load_namespace(call: Call) -> Response:
    """A namespace with its properties."""
    found = call.services.catalog.databases.get(call.caller, call.database)
    return json_answer({"namespace": list(levels(found.name)), "properties": convert.properties_of(found)})


def namespace_exists(call: Call) -> Response:
    """204 when the namespace is there."""
    call.services.catalog.databases.get(call.caller, call.database)
    return nothing()


def drop_namespace(call: Call) -> Response:
    """Drop an empty namespace; its folder stays, since tables that were dropped without a purge left their files there."""
    call.services.catalog.databases.drop(call.caller, call.database, delete_data=False)
    return nothing()


def update_properties(call: Call) -> Response:
    """Set and remove properties, and say which ones were not there to be removed."""
    body = call.read(convert.UpdateProperties)
    updates, removals = body.updates or {}, frozenset(body.removals or ())
    both = sorted(removals & updates.keys())
    if both:
        message = f"Invalid namespace update: cannot simultaneously set and remove keys: {both}"
        return errors.envelope(422, "UnprocessableEntityException", message)
    fields, parameters = convert.split_properties(updates)
    before = call.services.catalog.databases.get(call.caller, call.database)
    call.services.catalog.iceberg.locations.check(call.catalog, fields)
    gone: dict[str, str | None] = {name: None for name in removals if name in convert.FIELDS}
    _, lacking = call.services.catalog.databases.set_parameters(
        call.caller, call.database, parameters, removals - gone.keys(), fields={**fields, **gone}
    )
    missing = lacking | {name for name in gone if getattr(before, name) is None}
    return json_answer({"updated": sorted(updates), "removed": sorted(removals - missing), "missing": sorted(missing)})


def updated(call: Call) -> Response:
    """Properties that were set and removed before; which of them were not there is not known any more."""
    body = call.read(convert.UpdateProperties)
    return json_answer({"updated": sorted(body.updates or {}), "removed": sorted(body.removals or ()), "missing": []})
