"""The table that turns the model's errors into gRPC statuses, with what programs want to know of them as details."""

from __future__ import annotations

import re

import structlog
from google.protobuf.any_pb2 import Any
from google.protobuf.message import Message
from google.rpc import error_details_pb2 as details
from google.rpc.status_pb2 import Status
from grpc import StatusCode

from catalog_server.authentication import Refused
from catalog_server.model import errors

log = structlog.get_logger("catalog_server.grpc")

CODES: tuple[tuple[type[errors.CatalogError], StatusCode], ...] = (
    (errors.NotFound, StatusCode.NOT_FOUND),
    (errors.AlreadyExists, StatusCode.ALREADY_EXISTS),
    (errors.NotEmpty, StatusCode.FAILED_PRECONDITION),
    (errors.Conflict, StatusCode.ABORTED),
    (errors.Invalid, StatusCode.INVALID_ARGUMENT),
    (errors.Denied, StatusCode.PERMISSION_DENIED),
    (errors.Unsupported, StatusCode.UNIMPLEMENTED),
    (errors.Unavailable, StatusCode.UNAVAILABLE),
    (errors.TimedOut, StatusCode.DEADLINE_EXCEEDED),
    (errors.Cancelled, StatusCode.CANCELLED),
    (errors.OutcomeUnknown, StatusCode.UNKNOWN),
)
"""The first row whose type the error is decides."""
DOMAIN = "catalog-server"
DETAILS = "grpc-status-details-bin"
"""Where a google.rpc.Status is looked for, by the convention of gRPC's libraries."""
RETRY_AFTER_SECONDS = 2
_TEXT_MAX = 500
"""Characters of a text in an answer: a client takes 8 KiB of trailers, and a letter may count threefold."""
_WORD = re.compile(r"(?<!^)(?=[A-Z])")


def status_of(error: BaseException) -> tuple[StatusCode, Status]:
    """Code and status of any exception; what is not an error of the model is logged and told as an internal error."""
    if isinstance(error, Refused):
        return _status(StatusCode.UNAUTHENTICATED, str(error), "UNAUTHENTICATED", {}, ())
    if not isinstance(error, errors.CatalogError):
        log.error("call failed", exc_info=error)
        return _status(StatusCode.INTERNAL, "the server failed; its log says why", "INTERNAL", {}, ())
    kind, code = next((row for row in CODES if isinstance(error, row[0])), (errors.CatalogError, StatusCode.UNKNOWN))
    said = {name: str(value)[:_TEXT_MAX] for name, value in vars(error).items() if name != "message" and value != ""}
    return _status(code, error.message, _WORD.sub("_", kind.__name__).upper(), said, _further(error))


def _further(error: errors.CatalogError) -> tuple[Message, ...]:
    if isinstance(error, errors.NotFound | errors.AlreadyExists | errors.NotEmpty):
        return (details.ResourceInfo(resource_type=error.kind[:_TEXT_MAX], resource_name=error.name[:_TEXT_MAX]),)
    if isinstance(error, errors.Conflict | errors.Denied):
        return (details.ResourceInfo(resource_name=error.name[:_TEXT_MAX]),)
    if isinstance(error, errors.Invalid):
        field = details.BadRequest.FieldViolation(field=error.field[:_TEXT_MAX], description=error.reason[:_TEXT_MAX])
        return (details.BadRequest(field_violations=[field]),)
    if isinstance(error, errors.Unavailable):
        again = details.RetryInfo()
        again.retry_delay.seconds = RETRY_AFTER_SECONDS
        return (again,)
    return ()


def _status(
    code: StatusCode, message: str, reason: str, said: dict[str, str], further: tuple[Message, ...]
) -> tuple[StatusCode, Status]:
    found = Status(code=code.value[0], message=message[: 2 * _TEXT_MAX])
    for one in (details.ErrorInfo(reason=reason, domain=DOMAIN, metadata=said), *further):
        packed = Any()
        packed.Pack(one)
        found.details.append(packed)
    return code, found
