"""The table that turns the model's errors into HTTP answers."""

from __future__ import annotations

from typing import Any

import structlog
from starlette.responses import Response

from catalog_server.facades.web.messages import Failure, FailureAnswer
from catalog_server.facades.web.wire import encode
from catalog_server.model import errors

log = structlog.get_logger("catalog_server.web")

STATUS: tuple[tuple[type[errors.CatalogError], int], ...] = (
    (errors.NotFound, 404),
    (errors.AlreadyExists, 409),
    (errors.NotEmpty, 409),
    (errors.Conflict, 409),
    (errors.InvalidQuery, 400),
    (errors.Invalid, 400),
    (errors.Denied, 403),
    (errors.Unsupported, 501),
    (errors.Unavailable, 503),
    (errors.TimedOut, 504),
    (errors.Cancelled, 409),
    (errors.OutcomeUnknown, 500),
)
"""The first row whose type the error is decides."""
RETRY_AFTER_SECONDS = 2


def status_of(error: errors.CatalogError) -> int:
    """The HTTP status of an error."""
    return next((status for kind, status in STATUS if isinstance(error, kind)), 500)


def failure(error: errors.CatalogError, request_id: str | None = None) -> Failure:
    """An error as the API shows it; the name is that of the model's own class, never a subclass's."""
    kind = next((kind for kind, _ in STATUS if isinstance(error, kind)), errors.CatalogError)
    shown = Failure(kind.__name__, error.message, request_id)
    if isinstance(error, errors.InvalidQuery):
        shown.line, shown.column = error.line, error.column
        shown.message = error.reason
    return shown


def answer(error: BaseException, request_id: str | None, head: dict[str, str] | None = None) -> Response:
    """The answer to any exception; what is not an error of the model is logged and told as an internal error."""
    headers = dict(head or {})
    if isinstance(error, errors.CatalogError):
        status, shown = status_of(error), failure(error, request_id)
        if status == 503:
            headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    else:
        log.error("request failed", request_id=request_id, exc_info=error)
        status, shown = (
            500,
            Failure("Internal", "the server failed; its log says why under this request id", request_id),
        )
    return Response(encode(FailureAnswer(shown)), status, headers, "application/json")


def refusal(status: int, kind: str, message: str, request_id: str | None, **headers: Any) -> Response:
    """An answer to a request that is refused before any operation is called."""
    named = {name.replace("_", "-"): str(value) for name, value in headers.items()}
    return Response(encode(FailureAnswer(Failure(kind, message, request_id))), status, named, "application/json")
