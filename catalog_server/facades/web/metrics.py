"""Figures of the HTTP port for Prometheus."""

from __future__ import annotations

from functools import cache

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

ROUTES_KNOWN = frozenset({"/", "/iceberg", "/v1", "/api", "/health", "/metrics", "/assets"})
"""First parts of paths that may stand as a label; anything else a client asks for is `other`, so labels stay few."""
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

REQUESTS = Counter("catalog_http_requests", "HTTP requests answered.", ("method", "route", "status"))
DURATION = Histogram(
    "catalog_http_request_seconds", "Time from request to answer.", ("method", "route"), buckets=BUCKETS
)
IN_FLIGHT = Gauge("catalog_http_requests_in_flight", "HTTP requests being answered.")
STREAMS = Gauge("catalog_event_streams", "Open event streams.")

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """Count one answered request."""
    requests, duration = _series(method if method in _METHODS else "other", route, status)
    requests.inc()
    duration.observe(seconds)


@cache
def _series(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(method, route, str(status)), DURATION.labels(method, route)


def exposition() -> tuple[bytes, str]:
    """All figures in Prometheus' text format, and its content type."""
    return generate_latest(), CONTENT_TYPE_LATEST
