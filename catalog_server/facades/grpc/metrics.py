"""Figures of the gRPC port for Prometheus."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

CALLS = Counter("catalog_grpc_calls", "gRPC calls answered.", ("method", "code"))
DURATION = Histogram("catalog_grpc_call_seconds", "Time from call to its end.", ("method",), buckets=BUCKETS)
IN_FLIGHT = Gauge("catalog_grpc_calls_in_flight", "gRPC calls being answered.")
WATCHES = Gauge("catalog_grpc_watches", "Open streams of events.")
