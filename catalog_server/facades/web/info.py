"""What the server is and holds, over the JSON API."""

from __future__ import annotations

import time

from catalog_server import __version__
from catalog_server.facades.web.messages import Addresses, Info
from catalog_server.facades.web.routing import Call, Routes
from catalog_server.jobs.jobs import ENGINES

routes = Routes("Server")


@routes.get("/info")
def get_info(call: Call) -> Info:
    """Get the version, the addresses of all surfaces, and what is there, counted."""
    services = call.services
    found = services.addresses
    return Info(
        version=__version__,
        default_catalog=services.catalog.core.default_catalog,
        addresses=Addresses(
            found.get("http") or call.base_url, found.get("thrift"), found.get("iceberg"), found.get("grpc")
        ),
        counts=_counts(call),
        engines=list(ENGINES),
        user=call.caller.user,
        started_at=services.started_at,
        now=time.time_ns() // 1_000_000,
    )


def _counts(call: Call) -> dict[str, int]:
    services = call.services
    return {
        **services.catalog.overview.counts(call.caller),
        "connections": len(services.catalog.connections.list(call.caller)),
        "crawlers": len(services.crawls.list(call.caller)),
        "jobs": len(services.jobs.list(call.caller)),
    }
