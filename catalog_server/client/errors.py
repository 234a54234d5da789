"""The model's errors of gRPC statuses: what the server raised is raised here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from catalog_server.model import errors

DOMAIN = "catalog-server"
_DETAILS = "grpc-status-details-bin"
_WORD = re.compile(r"(?<!^)(?=[A-Z])")
_NEVER_SENT = "failed to connect"
"""What gRPC says of a call that found no server: nothing was done then."""
_TOO_LARGE = "larger than max"
"""What it says of a message that the server would not take."""
REASONS: dict[str, type[errors.CatalogError]] = {
    _WORD.sub("_", kind.__name__).upper(): kind
    for kind in (
        errors.NotFound,
        errors.AlreadyExists,
        errors.Invalid,
        errors.NotEmpty,
        errors.Conflict,
        errors.Denied,
        errors.Unsupported,
        errors.Unavailable,
        errors.TimedOut,
        errors.Cancelled,
        errors.OutcomeUnknown,
    )
}
_READS = ("List", "Get", "Count", "Find", "Diff", "Watch")


def translated(error: grpc.RpcError, method: str) -> errors.CatalogError:
    """The error that a failed call of a method stands for.

    What the server did not say itself, because it or the way to it broke, leaves the outcome of a change unknown.
    """
    code, message = error.code(), error.details() or "the call failed"
    info, reads = _info(error), method.startswith(_READS)
    if info is not None and info.domain == DOMAIN and info.reason in REASONS:
        return _raised(REASONS[info.reason], message, dict(info.metadata))
    if code is grpc.StatusCode.UNAUTHENTICATED:
        return _raised(errors.Denied, message, {"action": method, "name": "the server"})
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED and _TOO_LARGE in message:
        return errors.Invalid("request", message)
    if code is grpc.StatusCode.UNIMPLEMENTED:
        return errors.Unsupported(message)
    if code is grpc.StatusCode.CANCELLED:
        return errors.Cancelled(message)
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED or _NEVER_SENT in message:
        return errors.Unavailable(message)
    if not reads:
        return errors.OutcomeUnknown(message)
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return errors.TimedOut(message)
    return errors.Unavailable(message) if code is grpc.StatusCode.UNAVAILABLE else errors.CatalogError(message)


def _raised(kind: type[errors.CatalogError], message: str, said: Mapping[str, str]) -> errors.CatalogError:
    """The error as the server had it: its message, and what else it says of itself."""
    found = kind.__new__(kind)
    errors.CatalogError.__init__(found, message)
    for name, value in said.items():
        setattr(found, name, value)
    return found


def _info(error: grpc.RpcError) -> ErrorInfo | None:
    trailers: Any = error.trailing_metadata() or ()
    for key, value in trailers:
        if key == _DETAILS and isinstance(value, bytes):
            try:
                status = Status.FromString(value)
            except DecodeError:
                return None
            for detail in status.details:
                info = ErrorInfo()
                if detail.Unpack(info):
                    return info
    return None
