"""Requests with an `Idempotency-Key`: carried out once, and answered alike however often they come."""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Callable, Sequence

from starlette.responses import Response

from catalog_server.catalog.idempotency import CarriedOut
from catalog_server.facades.iceberg import errors
from catalog_server.facades.iceberg.call import Call
from catalog_server.model.kept_request import KeptRequest

HEADER = "Idempotency-Key"
_KEPT_HEADERS = ("etag", "content-type", "content-encoding", "vary")
_PASSING = frozenset((401, 403, 408, 419, 429))
"""Codes below 500 that a later try may not meet again."""
Answer = Callable[[], Response]


def once(call: Call, key: str, asked: Sequence[str], handler: Answer, again: Answer) -> Response:
    """The handler's answer the first time, the same answer ever after; `again` answers where that one was not kept.

    The change and its key are one transaction, so nothing is done twice even when the process dies before it answers.
    A key that came with another request is refused with 422.
    """
    parsed = _parsed(key)
    if parsed is None:
        return errors.envelope(400, "BadRequestException", f"{HEADER} must be a UUID, not {key[:60]}")
    request = hashlib.sha256("\0".join((call.caller.user or "", *asked)).encode() + b"\0" + call.body).digest()
    known = call.services.catalog.idempotency
    found = known.find(parsed)
    if found is None:
        answers: list[Response] = []
        try:
            known.run(parsed, request, lambda: answers.append(handler()))
        except CarriedOut:
            found = known.find(parsed)
        if answers:
            _keep(call, parsed, request, answers[0])
            return answers[0]
    return errors.internal() if found is None else _replayed(found, request, again)


def _parsed(key: str) -> str | None:
    try:
        return str(uuid.UUID(key)) if len(key) == 36 else None
    except ValueError:
        return None


def _keep(call: Call, key: str, request: bytes, answer: Response) -> None:
    if answer.status_code < 500 and answer.status_code not in _PASSING:
        headers = {name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers}
        body = base64.b64encode(answer.body).decode()
        call.services.catalog.idempotency.keep(key, request, answer.status_code, headers, body)


def _replayed(found: KeptRequest, request: bytes, again: Answer) -> Response:
    if found.request != request:
        return errors.envelope(422, "UnprocessableEntityException", f"this {HEADER} came with another request before")
    if found.status is None or found.body is None:
        return again()
    return Response(base64.b64decode(found.body), found.status, found.headers)
