"""The OpenAPI 3.1 document of the JSON API, made from the same operations and structs that serve it."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Sequence
from typing import Any

import msgspec

from catalog_server import __version__
from catalog_server.facades.web.messages import FailureAnswer
from catalog_server.facades.web.routing import Operation

PREFIX = "/api/v1"
_REF = "#/components/schemas/{name}"
_STATUS_TEXT = {200: "Done", 201: "Created", 202: "Accepted; the work is being stopped", 204: "Done; no body"}


def document(operations: Sequence[Operation]) -> dict[str, Any]:
    """The whole document; the same operations give the same document."""
    kinds = [kind for operation in operations for kind in (operation.body, operation.answer) if _is_shape(kind)]
    schemas, components = msgspec.json.schema_components([*kinds, FailureAnswer], ref_template=_REF)
    by_kind = {repr(kind): schema for kind, schema in zip([*kinds, FailureAnswer], schemas, strict=True)}
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(PREFIX + operation.path, {})[operation.method.lower()] = _operation(operation, by_kind)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "catalog-server",
            "version": __version__,
            "description": "The JSON API of the catalog: what the pages and the command line use. Times are "
            "milliseconds since 1970, UTC. Changes take `Content-Type: application/json` and the server's own origin.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(operation.tag for operation in operations)],
        "paths": paths,
        "components": {"schemas": components},
    }


def _is_shape(kind: Any) -> bool:
    """Whether a type is one that is sent as JSON, rather than a ready response or nothing."""
    if kind is None or kind is type(None):
        return False
    return not (inspect.isclass(kind) and not issubclass(kind, msgspec.Struct))


def _operation(operation: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    text = inspect.getdoc(operation.handler) or operation.name
    summary, _, rest = text.partition("\n\n")
    shown: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": " ".join(summary.split()).rstrip("."),
        "parameters": [*_path_parameters(operation), *_query_parameters(operation)],
        "responses": _responses(operation, schemas),
    }
    if rest.strip():
        shown["description"] = " ".join(rest.split())
    if _is_shape(operation.body):
        shown["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schemas[repr(operation.body)]}},
        }
    return shown


def _path_parameters(operation: Operation) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "integer" if kind is int else "string"}}
        for name, kind in operation.parameters.items()
    ]


def _query_parameters(operation: Operation) -> list[dict[str, Any]]:
    if operation.query is None:
        return []
    hints = typing.get_type_hints(operation.query, include_extras=True)
    shown = []
    for item in msgspec.structs.fields(operation.query):
        (schema,), _ = msgspec.json.schema_components([hints[item.name]], ref_template=_REF)
        if item.default is not msgspec.NODEFAULT and item.default is not None:
            schema = {**schema, "default": item.default}
        shown.append({"name": item.encode_name, "in": "query", "required": item.required, "schema": schema})
    return shown


def _responses(operation: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    success: dict[str, Any] = {"description": _STATUS_TEXT[operation.status]}
    if _is_shape(operation.answer):
        success["content"] = {"application/json": {"schema": schemas[repr(operation.answer)]}}
    failure = {
        "description": "What went wrong, by type",
        "content": {"application/json": {"schema": schemas[repr(FailureAnswer)]}},
    }
    return {str(operation.status): success, "default": failure}
