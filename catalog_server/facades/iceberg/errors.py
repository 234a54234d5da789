"""One table: what each of the model's errors is on Iceberg's REST wire."""

from __future__ import annotations

import re

import msgspec
from starlette.responses import Response

from catalog_server.model import errors

JSON_TYPE = "application/json"
RETRY_SECONDS = 2

TABLE: tuple[tuple[type[errors.CatalogError], int, str], ...] = (
    (errors.NotFound, 404, "NotFoundException"),
    (errors.AlreadyExists, 409, "AlreadyExistsException"),
    (errors.Invalid, 400, "IllegalArgumentException"),
    (errors.NotEmpty, 409, "NamespaceNotEmptyException"),
    (errors.Conflict, 409, "CommitFailedException"),
    (errors.Denied, 403, "ForbiddenException"),
    (errors.Unsupported, 406, "UnsupportedOperationException"),
    (errors.Unavailable, 503, "ServiceUnavailableException"),
    (errors.TimedOut, 503, "ServiceUnavailableException"),
    (errors.Cancelled, 503, "ServiceUnavailableException"),
    (errors.OutcomeUnknown, 500, "CommitStateUnknownException"),
)
"""(error, HTTP code, type); the first that fits holds."""
_MISSING = {
    "table": "NoSuchTableException",
    "Iceberg table": "NoSuchTableException",
    "view": "NoSuchViewException",
    "database": "NoSuchNamespaceException",
    "namespace": "NoSuchNamespaceException",
    "catalog": "NoSuchWarehouseException",
    "function": "NoSuchFunctionException",
    "plan": "NoSuchPlanIdException",
    "plan task": "NoSuchPlanTaskException",
}
_NOUNS = {
    "table of the same name": "Table with same name",
    "view of the same name": "View with same name",
    "table": "Table",
    "Iceberg table": "Table",
    "view": "View",
    "function": "Function",
    "database": "Namespace",
    "namespace": "Namespace",
    "catalog": "Warehouse",
}


def envelope(code: int, type_: str, message: str, headers: dict[str, str] | None = None) -> Response:
    """An error as the specification shapes it: `{"error": {"message", "type", "code"}}`."""
    body = msgspec.json.encode({"error": {"message": message, "type": type_, "code": code}})
    return Response(body, code, headers, JSON_TYPE)


def answer(error: errors.CatalogError, catalog: str = "") -> Response:
    """The response for one of the model's errors; names are given without the catalog, as clients know them."""
    code, type_ = next(((code, name) for kind, code, name in TABLE if isinstance(error, kind)), (500, "ServerError"))
    if isinstance(error, errors.NotFound):
        type_ = _MISSING.get(error.kind, type_)
    headers = {"Retry-After": str(RETRY_SECONDS)} if code == 503 else None
    return envelope(code, type_, _message(error, catalog), headers)


def internal() -> Response:
    """The answer to a failure of our own; for a commit it says that nobody can tell whether the change was made."""
    return envelope(500, "InternalServerError", "the server failed; its log says why")


def _message(error: errors.CatalogError, catalog: str) -> str:
    if isinstance(error, errors.NotFound | errors.AlreadyExists | errors.NotEmpty) and error.kind in _NOUNS:
        noun, name = _NOUNS[error.kind], _without(error.name, catalog)
        if isinstance(error, errors.NotEmpty):
            return f"{noun} {name} is not empty"
        return f"{noun} {'does not exist' if isinstance(error, errors.NotFound) else 'already exists'}: {name}"
    if isinstance(error, errors.NotFound) and error.kind == "metadata file":
        return f"Failed to open input stream for file: {error.name}"
    return error.message


def _without(name: str, catalog: str) -> str:
    return re.sub(rf"^{re.escape(catalog)}\.", "", name) if catalog else name
