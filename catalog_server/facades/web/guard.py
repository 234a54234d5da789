"""The gate of the HTTP port: refuses foreign hosts, origins and forms, names each request, logs and measures it."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from catalog_server.config import is_loopback
from catalog_server.facades.common.repeats import ASK, RAW, Repeat, Repeats, head_of, is_repeatable
from catalog_server.facades.web import metrics
from catalog_server.facades.web.wire import encode
from catalog_server.model.errors import Invalid

log = structlog.get_logger("catalog_server.access")

BODY_BYTES_MAX = 64 * 1024 * 1024
HOSTS_REMEMBERED_MAX = 1000
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
PLAIN_TEXT_PATHS = ("/v1/statement",)
"""Where a body is not JSON by the protocol's own rules."""
_EVENTS = re.compile(r"/api/v1/crawlers/[^/]+/events")
"""Where Amazon SNS sends JSON and calls it plain text."""
_OK = 200
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_LOCAL_NAMES = frozenset({"localhost", "localhost.localdomain"})


class Refused(Exception):
    """A request that goes no further: the status and the words of the answer."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status, self.kind, self.message = status, kind, message


class Guard:
    """ASGI middleware around everything the HTTP port serves.

    A browser may be made to send requests here by any page it has open; what tells ours from a foreign one is the Host
    it asks for (a foreign name may point at loopback), the Origin it sends along, and the content type, since a foreign
    page can send a form or plain text without asking first, but not JSON. No CORS header is ever sent.
    """

    def __init__(
        self, app: ASGIApp, *, host: str = "127.0.0.1", allowed_hosts: Sequence[str] = (), access_log: bool = True
    ) -> None:
        self.app = app
        self.hosts = frozenset(name.lower() for name in (host, *allowed_hosts))
        self.access_log = access_log
        self.repeats = Repeats()
        """Answers that may be given again."""
        self._log = log.bind()
        self._known: set[str] = set()
        """Host headers that were found to be ours; few, since others are refused."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; everything but HTTP is passed on as it is."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = _headers(scope)
        request_id = _request_id(headers)
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.bind_contextvars(request_id=request_id)
        answer = _Answer(send, request_id)
        started = time.perf_counter()
        metrics.IN_FLIGHT.inc()
        try:
            self._check(scope, headers)
            await self.app(scope, _limited(receive), answer)
        except Refused as refused:
            await answer.refuse(refused)
        except Exception as error:
            log.error("request failed", request_id=request_id, path=scope["path"], exc_info=error)
            if answer.begun:
                raise
            await answer.refuse(Refused(500, "Internal", "the server failed; its log says why under this request id"))
        finally:
            metrics.IN_FLIGHT.dec()
            record = partial(self._record, scope["method"], scope["path"], _route(scope), answer.status)
            record(request_id, time.perf_counter() - started)
            self._keep(scope, answer, record)
            structlog.contextvars.unbind_contextvars("request_id")

    def _check(self, scope: Scope, headers: Mapping[str, str]) -> None:
        path, method = scope["path"], scope["method"]
        host = headers.get("host", "")
        if not path.startswith("/health") and not self._knows(host):
            raise Refused(
                403, "Denied", f"host {host[:100]!r} is not served here; server.allowed_hosts names the others"
            )
        _check_origin(headers, host, method, path)
        if method not in SAFE_METHODS and not path.startswith(PLAIN_TEXT_PATHS) and not _EVENTS.fullmatch(path):
            _check_content_type(headers, method)
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > BODY_BYTES_MAX:
            raise Refused(413, "TooLarge", f"a request body may have up to {BODY_BYTES_MAX} bytes")

    def _knows(self, host: str) -> bool:
        if host in self._known:
            return True
        name = _host_name(host)
        if name is None:
            return False
        known = name in self.hosts or name in _LOCAL_NAMES or is_loopback(name)
        if known and len(self._known) < HOSTS_REMEMBERED_MAX:
            self._known.add(host)
        return known

    def _record(self, method: str, path: str, route: str, status: int, request_id: str, seconds: float) -> None:
        metrics.observe(method, route, status, seconds)
        told = status == _OK and _EVENTS.fullmatch(path)  # hundreds a second, which metrics count
        if self.access_log and not told:
            self._log.info(
                "request",
                method=method,
                path=path,
                status=status,
                milliseconds=round(seconds * 1000, 1),
                request_id=request_id,
            )

    def _keep(self, scope: Scope, answer: _Answer, record: Callable[[str, float], None]) -> None:
        """Remember an answer for the same request to come, if the application says how to ask whether it is right still."""
        raw, ask = scope["state"].get(RAW), scope["state"].get(ASK)
        if raw is not None and ask is not None and answer.body is not None and is_repeatable(scope):
            self.repeats.keep(raw, Repeat(head_of(answer.status, answer.headers), answer.body, ask, record))


class _Answer:
    """The way back to the client: adds the headers that every answer carries and remembers the status."""

    def __init__(self, send: Send, request_id: str) -> None:
        self.send = send
        self.request_id = request_id
        self.status = 500
        self.begun = False
        self.headers: list[tuple[bytes, bytes]] = []
        self.body: bytes | None = None
        """The body, if it was sent in one piece."""
        self.in_pieces = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            self.status = message["status"]
            given = list(message.get("headers", ()))
            names = {name.lower() for name, _ in given}
            own = ((b"x-request-id", self.request_id.encode()), *HEADERS)
            self.headers = given + [pair for pair in own if pair[0] not in names]
            message = {**message, "headers": self.headers}
        elif message["type"] == "http.response.body":
            self.body = None if message.get("more_body") or self.in_pieces else message.get("body", b"")
            self.in_pieces = True
        await self.send(message)

    async def refuse(self, refused: Refused) -> None:
        if self.begun:
            return
        error = {
            "type": refused.kind,
            "message": refused.message,
            "code": refused.status,
            "request_id": self.request_id,
        }
        body = encode({"error": error})
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await self({"type": "http.response.start", "status": refused.status, "headers": headers})
        await self({"type": "http.response.body", "body": body})


def _headers(scope: Scope) -> dict[str, str]:
    found: MutableMapping[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        found[name] = f"{found[name]},{value}" if name in found else value
    return dict(found)


def _request_id(headers: Mapping[str, str]) -> str:
    sent = headers.get("x-request-id", "")
    return sent if _REQUEST_ID.fullmatch(sent) else new_request_id()


def new_request_id() -> str:
    """A name for a request that has none."""
    return f"{random.getrandbits(128):032x}"


def _route(scope: Scope) -> str:
    """What a request is counted under."""
    route: str | None = scope["state"].get("route_template")
    if route is None:
        first = "/" + scope["path"].split("/")[1]
        route = first if first in metrics.ROUTES_KNOWN else "other"
    return route


def _host_name(host: str) -> str | None:
    """The name or address of a Host header without its port; None when it is not well formed."""
    try:
        parts = urlsplit(f"//{host}")
        if parts.username is not None or parts.path or parts.query or parts.fragment or parts.port == 0:
            return None
    except ValueError:
        return None
    return parts.hostname


def _check_origin(headers: Mapping[str, str], host: str, method: str, path: str) -> None:
    origin = headers.get("origin")
    if origin is not None:
        parts = origin.split("://", 1)
        if len(parts) != 2 or parts[0] not in ("http", "https") or parts[1].lower() != host.lower():
            raise Refused(403, "Denied", f"a page of {origin[:100]!r} may not call this server")
    site = headers.get("sec-fetch-site", "none")
    if site in ("cross-site", "same-site"):
        visit = headers.get("sec-fetch-mode") == "navigate" and method in SAFE_METHODS
        if not visit or path.startswith(("/api", "/iceberg", "/v1")):
            raise Refused(403, "Denied", "a page of another site may not call this server")


def _check_content_type(headers: Mapping[str, str], method: str) -> None:
    kind = headers.get("content-type", "").split(";")[0].strip().lower()
    empty = headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers
    if kind == "application/json" or (kind == "" and empty and method != "POST"):
        return
    raise Refused(415, "UnsupportedMediaType", f"{method} takes Content-Type application/json, not {kind[:100]!r}")


def _limited(receive: Receive) -> Receive:
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message: Any = await receive()
        seen += len(message.get("body", b""))
        if seen > BODY_BYTES_MAX:
            raise Invalid("body", f"has more than {BODY_BYTES_MAX} bytes")
        return dict(message)

    return counted
