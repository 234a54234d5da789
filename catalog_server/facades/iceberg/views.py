"""Views: listed, made, loaded, replaced, renamed, registered and dropped."""

from __future__ import annotations

from starlette.responses import Response

from catalog_server.catalog.views import IcebergView
from catalog_server.facades.iceberg import convert
from catalog_server.facades.iceberg.call import Call, database_of, json_answer, nothing
from catalog_server.model.names import TableName, name_key


def list_views(call: Call) -> Response:
    """The Iceberg views of a namespace, in pages when pages are asked for."""
    after, size = call.page
    count = None if size is None else size + 1
    database = call.services.catalog.databases.get(call.caller, call.database).full_name
    names = call.services.catalog.views.list_names(call.caller, database, after=after or "", count=count)
    shown = names[:size]
    answer: convert.Json = {"identifiers": [convert.identifier(database.table(name)) for name in shown]}
    if size is not None:
        answer["next-page-token"] = name_key(shown[-1]) if len(names) > size else None
    return json_answer(answer)


def create_view(call: Call) -> Response:
    """Make a view."""
    body = call.read(convert.CreateView)
    name = call.database.table(body.name)
    views = call.services.catalog.views
    return _loaded(
        views.create(call.caller, name, body.schema, body.view_version, body.properties, location=body.location)
    )


def created(call: Call) -> Response:
    """A view that was made or registered before."""
    name = call.database.table(call.read(convert.Named).name)
    return _loaded(call.services.catalog.views.load(call.caller, name))


def register_view(call: Call) -> Response:
    """Make a view of a metadata file that is already there."""
    body = call.read(convert.RegisterView)
    name = call.database.table(body.name)
    return _loaded(call.services.catalog.views.register(call.caller, name, body.metadata_location))


def load_view(call: Call) -> Response:
    """A view's metadata."""
    call.check_views()
    return _loaded(call.services.catalog.views.load(call.caller, call.view))


def view_exists(call: Call) -> Response:
    """204 when the view is there."""
    call.services.catalog.views.get(call.caller, call.view)
    return nothing()


def replace_view(call: Call) -> Response:
    """Requirements, then updates, as one change."""
    body = call.read(convert.Commit)
    if body.identifier is not None:
        convert.check_identifier(body.identifier, call.view)
    views = call.services.catalog.views
    return _loaded(views.commit(call.caller, call.view, body.requirements or [], body.updates or []))


def rename_view(call: Call) -> Response:
    """Give a view another name, in its namespace or another."""
    body = call.read(convert.Rename)
    source, destination = (
        TableName(call.catalog, database_of(side.namespace), side.name) for side in (body.source, body.destination)
    )
    call.services.catalog.views.rename(call.caller, source, destination)
    return nothing()


def drop_view(call: Call) -> Response:
    """Forget a view."""
    call.services.catalog.views.drop(call.caller, call.view)
    return nothing()


def _loaded(found: IcebergView) -> Response:
    answer = {"metadata-location": found.metadata_location, "metadata": found.document, "config": {}}
    return json_answer(answer)
