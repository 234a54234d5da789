"""Connections over the JSON API; what is secret goes in and never comes out."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from catalog_server.connector import connection_from_url, open_connector
from catalog_server.crawlers.topics import ask_brokers
from catalog_server.facades.web import convert
from catalog_server.facades.web.bodies import (
    Body,
    Maybe,
    Merge,
    NoBody,
    Version,
    changes,
    check_version,
    merged,
)
from catalog_server.facades.web.messages import ConnectionAnswer, Page, TestAnswer
from catalog_server.facades.web.paging import Paged, sliced
from catalog_server.facades.web.routing import Call, Routes
from catalog_server.lake.filesystem import Lake
from catalog_server.model.connection import Connection
from catalog_server.model.errors import CatalogError, Denied, Invalid

routes = Routes("Connections")


class NewConnection(Body):
    """A connection to be kept: an address as `url`, or a kind with its options."""

    name: str
    kind: str | None = None
    url: str | None = None
    options: dict[str, str] = msgspec.field(default_factory=dict)
    secrets: dict[str, str] = msgspec.field(default_factory=dict)
    prefixes: list[str] = msgspec.field(default_factory=list)
    vending: bool = False
    comment: str | None = None


class ChangedConnection(Body):
    """What is to be different in a connection; secrets that are not named stay."""

    url: str | UnsetType = UNSET
    options: Merge | UnsetType = UNSET
    secrets: dict[str, str] = msgspec.field(default_factory=dict)
    prefixes: list[str] | UnsetType = UNSET
    vending: bool | UnsetType = UNSET
    comment: Maybe = UNSET
    expected_version: Version | None = None


@routes.get("/connections")
def list_connections(call: Call, query: Paged) -> Page[ConnectionAnswer]:
    """List connections by name."""
    items, following = sliced(call.services.catalog.connections.list(call.caller), query)
    return Page([_answer(call, item) for item in items], following)


def _answer(call: Call, found: Connection) -> ConnectionAnswer:
    return convert.connection(found, call.services.catalog.connections.secret_names(call.caller, found.name))


@routes.post("/connections")
def create_connection(call: Call, body: NewConnection) -> ConnectionAnswer:
    """Keep a connection. A password in `url` is taken out of it and kept among the secrets."""
    if body.url is not None:
        base = connection_from_url(body.name, body.url, body.options)
        if body.kind not in (None, base.kind):
            raise Invalid("kind", f"{body.kind!r} is not that of the url, {base.kind!r}")
    elif body.kind is not None:
        base = Connection(body.name, body.kind, options=body.options)
    else:
        raise Invalid("kind", "say what is reached: a url, or a kind with its options")
    more: dict[str, Any] = {"prefixes": tuple(body.prefixes)} if body.prefixes else {}
    secrets = {**base.secrets, **body.secrets}
    new = replace(base, secrets=secrets, vending=body.vending, comment=body.comment, **more)
    return _answer(call, call.services.catalog.connections.create(call.caller, new))


@routes.get("/connections/{connection}")
def get_connection(call: Call, connection: str) -> ConnectionAnswer:
    """Get a connection, without its secrets."""
    return _answer(call, call.services.catalog.connections.get(call.caller, connection))


@routes.patch("/connections/{connection}")
def alter_connection(call: Call, connection: str, body: ChangedConnection) -> ConnectionAnswer:
    """Change a connection."""
    connections = call.services.catalog.connections
    found = connections.get(call.caller, connection)
    check_version(f"connection {found.name}", body.expected_version, found.version)
    secrets = dict(body.secrets)
    if isinstance(body.url, str):
        base = connection_from_url(found.name, body.url)
        found = replace(found, kind=base.kind, url=base.url, options=base.options, prefixes=base.prefixes)
        secrets = {**base.secrets, **secrets}
    options = merged(found.options, body.options)
    new = replace(found, options=options, secrets=secrets, **changes(body, "prefixes", "vending", "comment"))
    return _answer(call, connections.alter(call.caller, connection, new, expected_version=found.version))


@routes.delete("/connections/{connection}")
def drop_connection(call: Call, connection: str) -> None:
    """Forget a connection and its secrets."""
    call.services.catalog.connections.drop(call.caller, connection)


def _asked(connection: Connection, lake: Lake) -> str:
    if connection.kind == "kafka":  # which is a source of events, and not of tables
        return ask_brokers(connection)
    with open_connector(connection, lake) as source:
        return source.test()


@routes.post("/connections/{connection}/test", status=200)
def try_connection(call: Call, connection: str, body: NoBody) -> TestAnswer:  # noqa: ARG001
    """Try whether a connection answers."""
    catalog = call.services.catalog
    found = catalog.connections.get(call.caller, connection)
    started = time.monotonic()
    try:
        ok, message = True, _asked(catalog.connections.resolve(call.caller, found.name), catalog.lake)
    except Denied:
        raise
    except CatalogError as error:
        ok, message = False, error.message
    return TestAnswer(ok, message, round((time.monotonic() - started) * 1000))
