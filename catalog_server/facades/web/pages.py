"""The browser's pages: the built interface from the package, or a plain text that says how to build it."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from catalog_server.facades.web.errors import refusal

STATIC = Path(__file__).parent / "static"
IMMUTABLE = "public, max-age=31536000, immutable"
NOT_BUILT = """This server's pages were not built into this installation.

Everything else works: the JSON API is at /api/v1 (its description at /api/v1/openapi.json), the Iceberg REST catalog
at /iceberg, and `catalog --help` lists the commands.

From a clone of the repository, `python catalog_server/facades/web/build_ui.py` builds the pages; the published package has
them built in.
"""


class Pages:
    """ASGI application for every path that belongs to no protocol: a file of the interface, or its first page.

    The interface reads the path itself, so each path that a browser opens answers the same document. Files below
    `assets/` have their content's hash in their names and may be kept for ever.
    """

    def __init__(self, static: Path = STATIC) -> None:
        self.static = static.resolve()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._response(Request(scope))(scope, receive, send)

    def _response(self, request: Request) -> Response:
        request_id = request.scope.get("state", {}).get("request_id")
        path = request.url.path
        if request.method not in ("GET", "HEAD"):
            return refusal(
                405, "MethodNotAllowed", f"{request.method} is not served at {path}", request_id, allow="GET"
            )
        request.scope.setdefault("state", {})["route_template"] = "/assets" if path.startswith("/assets/") else "/"
        found = self._file(path)
        if found is not None:
            lasting = IMMUTABLE if path.startswith("/assets/") else "no-cache"
            return FileResponse(found, headers={"Cache-Control": lasting})
        accepts = request.headers.get("accept", "")
        if path.startswith("/assets/") or ("text/html" not in accepts and path != "/"):
            return refusal(404, "NotFound", f"nothing is served at {path}", request_id)
        first = self.static / "index.html"
        if not first.is_file():
            return PlainTextResponse(NOT_BUILT, 200 if path == "/" else 404)
        return FileResponse(first, headers={"Cache-Control": "no-cache"})

    def _file(self, path: str) -> Path | None:
        """The file of the interface that a path names; None when there is none or the path leads outside."""
        if "\x00" in path or path == "/":
            return None
        wanted = (self.static / path.lstrip("/")).resolve()
        return wanted if wanted.is_relative_to(self.static) and wanted.is_file() else None
