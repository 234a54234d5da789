"""Whether the server lives, and whether it can answer: two questions that must not be mixed up."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import anyio
from anyio import to_thread
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from catalog_server.facades.web.wire import encode
from catalog_server.model.errors import CatalogError

if TYPE_CHECKING:
    from catalog_server.services import Services

LIVE = ("/health/live", "/health/started", "/livez", "/healthz")
READY = ("/health", "/health/ready", "/readyz")
TIMEOUT_SECONDS = 5.0


class Health:
    """ASGI application of the health paths; readiness touches the store on a thread of its own."""

    paths = frozenset((*LIVE, *READY))

    def __init__(self, services: Services) -> None:
        self.services = services
        self._limiter: anyio.CapacityLimiter | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 200, or 503 with what does not work."""
        scope.setdefault("state", {})["route_template"] = scope["path"]
        checks = {"process": {"status": "ok"}} if scope["path"] in LIVE else {"store": await self._store()}
        well = all(check["status"] == "ok" for check in checks.values())
        body = encode({"status": "ok" if well else "failed", "checks": checks})
        response = Response(body, 200 if well else 503, {"Cache-Control": "no-store"}, "application/json")
        await response(scope, receive, send)

    async def _store(self) -> dict[str, Any]:
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(2)
        started = time.monotonic()
        try:
            with anyio.fail_after(TIMEOUT_SECONDS):
                latest = self.services.catalog.events.latest
                await to_thread.run_sync(latest, limiter=self._limiter, abandon_on_cancel=True)
        except (CatalogError, TimeoutError) as error:
            words = getattr(error, "message", None) or f"no answer within {TIMEOUT_SECONDS:.0f} s"
            return {"status": "failed", "message": words}
        return {"status": "ok", "milliseconds": round((time.monotonic() - started) * 1000, 1)}
