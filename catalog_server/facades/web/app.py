"""The web application: the JSON API below /api/v1, health, metrics and the pages, as one ASGI application."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from catalog_server import __version__
from catalog_server.facades.web import (
    care,
    catalogs,
    connections,
    conversions,
    crawl_events,
    crawlers,
    databases,
    errors,
    events,
    functions,
    hive_migrations,
    info,
    jobs,
    logs,
    metrics,
    metrics_reports,
    openapi,
    partitions,
    queries,
    schedules,
    search,
    tables,
    versions,
)
from catalog_server.facades.web.guard import Guard
from catalog_server.facades.web.health import Health
from catalog_server.facades.web.pages import Pages
from catalog_server.facades.web.routing import Call, Operation, Router
from catalog_server.facades.web.wire import decode, decode_query, encode
from catalog_server.model.caller import bearer_token, caller_of_token
from catalog_server.model.errors import Invalid

if TYPE_CHECKING:
    from catalog_server.services import Services

PREFIX = "/api/v1"
BODY_BYTES_MAX = 8 * 1024 * 1024
CLI_AGENT = "catalog-cli/"
NOUNS = (
    info,
    catalogs,
    databases,
    tables,
    partitions,
    versions,
    metrics_reports,
    care,
    functions,
    search,
    queries,
    connections,
    conversions,
    crawlers,
    crawl_events,
    schedules,
    jobs,
    hive_migrations,
    events,
)

OPERATIONS: list[Operation] = [operation for noun in NOUNS for operation in noun.routes.operations]
"""Every operation of the API, in the order in which it is documented."""


class Api:
    """ASGI application of the JSON API: finds the operation, decodes, calls it in a thread, encodes."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.router = Router(OPERATIONS)
        self.streams = events.Streams(services)
        self._limiter: anyio.CapacityLimiter | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request below the prefix."""
        scope.setdefault("state", {})
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except Exception as error:
            response = errors.answer(error, _request_id(request))
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers["X-Catalog-Version"] = __version__
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        raw = request.scope.get("raw_path") or request.scope["path"].encode()
        path = raw.decode("latin-1").split("?")[0].removeprefix(PREFIX)
        method = "GET" if request.method == "HEAD" else request.method
        if (method, path) == ("GET", "/openapi.json"):
            request.scope["state"]["route_template"] = PREFIX + path
            return Response(_openapi(), media_type="application/json")
        operation, parts, allowed = self.router.find(method, path)
        if operation is None and allowed:
            message = f"{method} is not served at {request.url.path}; {', '.join(allowed)} is"
            return errors.refusal(405, "MethodNotAllowed", message, _request_id(request), allow=", ".join(allowed))
        if operation is None:
            return errors.refusal(404, "NotFound", f"no operation at {request.url.path}", _request_id(request))
        request.scope["state"]["route_template"] = PREFIX + operation.path
        arguments = await self._arguments(request, operation, parts)
        return await self._perform(operation, self._call(request), arguments)

    def _call(self, request: Request) -> Call:
        via = "cli" if request.headers.get("user-agent", "").startswith(CLI_AGENT) else "api"
        token = bearer_token(request.headers.get("authorization", "")) or None
        return Call(
            self.services,
            caller_of_token(token or "", via),
            f"{request.scope['scheme']}://{request.headers.get('host', '')}",
            request.headers.get("last-event-id"),
            self.run,
            self.streams,
            token,
        )

    async def _arguments(self, request: Request, operation: Operation, parts: dict[str, str]) -> dict[str, Any]:
        arguments: dict[str, Any] = {
            name: _number(name, parts[name]) if kind is int else parts[name]
            for name, kind in operation.parameters.items()
        }
        query = decode_query(request.query_params.multi_items(), operation.query)
        if operation.query is not None:
            arguments["query"] = query
        if operation.body is not None:
            arguments["body"] = decode(await _body(request), operation.body)
        return arguments

    async def _perform(self, operation: Operation, call: Call, arguments: dict[str, Any]) -> Response:
        if operation.is_async:
            answer = await operation.handler(call, **arguments)
        else:
            answer = await self.run(partial(operation.handler, call, **arguments))
        if isinstance(answer, Response):
            return answer
        if operation.status == 204:
            return Response(status_code=204)
        return Response(encode(answer), operation.status, media_type="application/json")

    async def run(self, work: Any) -> Any:
        """Run something that may wait for the store in one of the server's threads."""
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(self.services.config.server.threads)
        return await anyio.to_thread.run_sync(work, limiter=self._limiter)


@cache
def _openapi() -> bytes:
    return encode(openapi.document(OPERATIONS))


def _request_id(request: Request) -> str | None:
    found: str | None = request.scope.get("state", {}).get("request_id")
    return found


def _number(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Invalid(name, f"{text[:40]!r} is not a number")
    return int(text)


async def _body(request: Request) -> bytes:
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > BODY_BYTES_MAX:
            raise Invalid("body", f"has more than {BODY_BYTES_MAX} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


def create_app(services: Services) -> ASGIApp:
    """The web facade without its gate: what the HTTP port serves when no other facade takes the path."""
    api, health, pages = Api(services), Health(services), Pages()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"{scope['type']} is not served")
        path = scope["path"]
        if path == "/api" or path.startswith("/api/"):
            await api(scope, receive, send)
        elif path in health.paths:
            await health(scope, receive, send)
        elif path == "/metrics":
            body, kind = metrics.exposition()
            await Response(body, headers={"Content-Type": kind})(scope, receive, send)
        else:
            await pages(scope, receive, send)

    return app


def guarded(app: ASGIApp, services: Services, *, access_log: bool = True) -> Guard:
    """Put the gate around everything that the HTTP port serves."""
    logs.configure()
    server = services.config.server
    return Guard(app, host=server.host, allowed_hosts=server.allowed_hosts, access_log=access_log)
