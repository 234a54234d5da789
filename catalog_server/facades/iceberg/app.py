"""The Iceberg REST catalog: routes, limits, and every error in its envelope."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import unquote_plus

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from catalog_server.catalog.idempotency import CarriedOut
from catalog_server.facades.common.crew import Crew
from catalog_server.facades.common.repeats import ASK
from catalog_server.facades.iceberg import config, errors, functions, idempotency, namespaces, scan_plans, tables, views
from catalog_server.facades.iceberg.again import Answers, Key, RestsUpon, key_of
from catalog_server.facades.iceberg.bodies import Bodies
from catalog_server.facades.iceberg.call import Call, done
from catalog_server.facades.iceberg.queues import Queues
from catalog_server.facades.iceberg.races import Races
from catalog_server.model.caller import RUN_HEADER, Caller, bearer_token, caller_of_token
from catalog_server.model.errors import CatalogError, Invalid
from catalog_server.services import Services

Handler = Callable[[Call], Response]
BODY_BYTES_MAX = 64 * 1024 * 1024
VIA = "iceberg-rest"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Route:
    """One operation: its method and its path below `/v1/{prefix}`; an operation not in the list is kept off `endpoints`."""

    method: str
    path: str
    handler: Handler
    again: Handler | None = None
    """Answers a change that was made before its answer was kept; only routes that have one heed idempotency keys."""
    queued: bool = False
    """Whether calls about one thing follow each other."""

    def match(self, segments: Sequence[str]) -> dict[str, str] | None:
        """The path's variables, None when it is another path."""
        parts = self.path.strip("/").split("/")
        if len(parts) != len(segments):
            return None
        values = {}
        for part, segment in zip(parts, segments, strict=True):
            if part.startswith("{"):
                values[part.strip("{}")] = segment
            elif part != segment:
                return None
        return values


_NAMESPACE = "/namespaces/{namespace}"
_TABLE = f"{_NAMESPACE}/tables/{{table}}"
_VIEW = f"{_NAMESPACE}/views/{{view}}"
ROUTES = (
    Route("GET", "/namespaces", namespaces.list_namespaces),
    Route("POST", "/namespaces", namespaces.create_namespace, namespaces.created),
    Route("GET", _NAMESPACE, namespaces.load_namespace),
    Route("HEAD", _NAMESPACE, namespaces.namespace_exists),
    Route("DELETE", _NAMESPACE, namespaces.drop_namespace, done),
    Route("POST", f"{_NAMESPACE}/properties", namespaces.update_properties, namespaces.updated),
    Route("GET", f"{_NAMESPACE}/tables", tables.list_tables),
    Route("POST", f"{_NAMESPACE}/tables", tables.create_table, tables.created),
    Route("POST", f"{_NAMESPACE}/register", tables.register_table, tables.created),
    Route("GET", _TABLE, tables.load_table),
    Route("HEAD", _TABLE, tables.table_exists),
    Route("POST", _TABLE, tables.commit_table, tables.load_table, queued=True),
    Route("DELETE", _TABLE, tables.drop_table, done),
    Route("POST", "/tables/rename", tables.rename_table, done),
    Route("POST", "/transactions/commit", tables.commit_transaction, done),
    Route("POST", f"{_TABLE}/unregister", tables.unregister_table, tables.unregistered),
    Route("GET", f"{_TABLE}/credentials", tables.load_credentials),
    Route("POST", f"{_TABLE}/sign", tables.sign_request),
    Route("POST", f"{_TABLE}/metrics", tables.report_metrics),
    Route("POST", f"{_TABLE}/plan", scan_plans.plan_scan),
    Route("GET", f"{_TABLE}/plan/{{plan-id}}", scan_plans.plan_result),
    Route("DELETE", f"{_TABLE}/plan/{{plan-id}}", scan_plans.cancel_plan),
    Route("POST", f"{_TABLE}/tasks", scan_plans.fetch_tasks),
    Route("GET", f"{_NAMESPACE}/views", views.list_views),
    Route("POST", f"{_NAMESPACE}/views", views.create_view, views.created),
    Route("POST", f"{_NAMESPACE}/register-view", views.register_view, views.created),
    Route("GET", _VIEW, views.load_view),
    Route("HEAD", _VIEW, views.view_exists),
    Route("POST", _VIEW, views.replace_view, views.load_view, queued=True),
    Route("DELETE", _VIEW, views.drop_view, done),
    Route("POST", "/views/rename", views.rename_view, done),
    Route("GET", f"{_NAMESPACE}/functions", functions.list_functions),
    Route("GET", f"{_NAMESPACE}/functions/{{function}}", functions.load_function),
)
ENDPOINTS = tuple(f"{route.method} /v1/{{prefix}}{route.path}" for route in ROUTES)


class IcebergApp:
    """The ASGI application to be mounted at `/iceberg`."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._bodies = Bodies()
        self._queues = Queues()
        self._races = Races()
        self._again = Answers(services.catalog.freshness)
        self._begun: Crew | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request; nothing but a broken connection leaves as an exception."""
        if scope["type"] != "http":
            return
        await self._races.begin(scope)
        key = key_of(scope)
        again = None if key is None else await self._again.find(key)
        if key is not None and again is not None:
            scope.setdefault("state", {})[ASK] = partial(self._ask_again, key, again)
            await again(scope, receive, send)
            return
        request, rests_upon, stamp = Request(scope, receive), RestsUpon(), self._again.stamp
        try:
            response = await self._answer(request, rests_upon)
        except ClientDisconnect:
            return
        except CatalogError as error:
            response = errors.answer(error)
        if request.method == "HEAD":
            response.body = b""
        if key is not None:
            self._again.keep(key, response, rests_upon, stamp)
        await response(scope, receive, send)

    def _ask_again(self, key: Key, answer: Response, told: Callable[[bool], None]) -> None:
        """Say whether an answer that is asked for once more is right still."""
        if self._races.are_on:
            told(False)  # this request may have to wait for its turn
        else:
            self._again.confirm(key, answer, told)

    async def _answer(self, request: Request, rests_upon: RestsUpon) -> Response:
        try:
            segments = path_segments(request.scope)
        except (UnicodeDecodeError, Invalid):
            return errors.envelope(400, "BadRequestException", "the path is not valid UTF-8")
        if segments == ["v1", "config"] and request.method == "GET":
            return await self._run(_CONFIG, request, None, {}, b"", rests_upon)
        found = find(request.method, segments)
        if isinstance(found, Response):
            return found
        route, prefix, path = found
        refusal = _refuse_media(request.headers) if request.method == "POST" else None
        if refusal is not None:
            return refusal
        body = await _body(request)
        if body is None:
            return errors.envelope(413, "BadRequestException", f"the body is larger than {BODY_BYTES_MAX} bytes")
        if not route.queued:
            return await self._run(route, request, prefix, path, body, rests_upon)
        what = (prefix or "", *path.values())
        async with self._queues.take(what):
            response = await self._run(route, request, prefix, path, body, rests_upon)
        await self._races.attempted(request.scope, what, response.status_code)
        return response

    async def _run(
        self,
        route: Route,
        request: Request,
        prefix: str | None,
        path: Mapping[str, str],
        body: bytes,
        rests_upon: RestsUpon,
    ) -> Response:
        """Call a handler on a worker thread and turn what it raises into an envelope."""

        def work() -> Response:
            services, headers = self._services, request.headers
            name = services.catalog.core.catalog_name(prefix)
            text = bytes(request.scope["query_string"]).decode("latin-1")
            call = Call(
                services,
                caller_of(headers),
                name,
                path,
                request.query_params,
                headers,
                body,
                self._bodies,
                prefix,
                text,
                rests_upon,
            )
            key = headers.get(idempotency.HEADER) if route.again else None
            if key is None or route.again is None:
                return _answered(route.handler, request, call)
            asked = (request.method, route.path, name, *path.values(), str(request.query_params))
            handler, again = (partial(_answered, one, request, call) for one in (route.handler, route.again))
            return idempotency.once(call, key, asked, handler, again)

        return await self._crew.run(work)

    @property
    def _crew(self) -> Crew:
        """The threads that carry out calls; the first call begins them."""
        if self._begun is None:
            self._begun = Crew(self._services.config.server.threads, VIA)
        return self._begun


def _answered(handler: Handler, request: Request, call: Call) -> Response:
    """What a handler answers, or the envelope of what it raises."""
    try:
        return handler(call)
    except CarriedOut:
        raise
    except CatalogError as error:
        return errors.answer(error, call.catalog)
    except Exception:
        _log.exception("%s %s failed", request.method, request.url.path)
        return errors.internal()


def _get_config(call: Call) -> Response:
    return config.get_config(call, ENDPOINTS)


_CONFIG = Route("GET", "/config", _get_config)


def create_app(services: Services) -> ASGIApp:
    """The application that serves Iceberg's REST protocol below the path it is mounted at."""
    return IcebergApp(services)


def path_segments(scope: Scope) -> list[str]:
    """The path below the mount point, split before it is decoded: a name may hold an encoded slash.

    Java clients write a space as `+`, so `+` is one.
    """
    raw = scope.get("raw_path") or scope["path"].encode()
    text = bytes(raw).split(b"?", 1)[0].decode("ascii")
    root = scope.get("root_path", "")
    return [unquote_plus(part, errors="strict") for part in text.removeprefix(root).strip("/").split("/")]


def find(method: str, segments: list[str]) -> tuple[Route, str | None, dict[str, str]] | Response:
    """The route for a path, the catalog prefix in it and its variables; or the error for an unknown one."""
    if segments[:1] != ["v1"]:
        return errors.envelope(404, "NotFoundException", "there is nothing at this path")
    candidates = [(None, segments[1:])] + ([(segments[1], segments[2:])] if len(segments) > 2 else [])
    allowed: set[str] = set()
    for prefix, rest in candidates:
        for route in ROUTES:
            path = route.match(rest)
            if path is not None and route.method == method:
                return route, prefix, path
            if path is not None:
                allowed.add(route.method)
    if allowed:
        return errors.envelope(
            405, "UnsupportedOperationException", f"{method} is not served here", {"Allow": ", ".join(sorted(allowed))}
        )
    return errors.envelope(404, "NotFoundException", "there is nothing at this path")


def caller_of(headers: Headers) -> Caller:
    """Who asks: a run names itself by a header or by its token, everyone else is anonymous."""
    return caller_of_token(bearer_token(headers.get("authorization", "")), VIA, headers.get(RUN_HEADER))


def _refuse_media(headers: Headers) -> Response | None:
    """Only JSON is taken: a form of a foreign web page must not be able to change anything."""
    said = headers.get("content-type", "").split(";")[0].strip().lower()
    if said == errors.JSON_TYPE:
        return None
    return errors.envelope(415, "BadRequestException", f"the body must be {errors.JSON_TYPE}, not {said or 'untyped'}")


async def _body(request: Request) -> bytes | None:
    """The whole body, None when it is too large."""
    declared = request.headers.get("content-length", "0")
    if not declared.isdigit() or int(declared) > BODY_BYTES_MAX:
        return None
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > BODY_BYTES_MAX:
            return None
        chunks.append(chunk)
    return b"".join(chunks)
