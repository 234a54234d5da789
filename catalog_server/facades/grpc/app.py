"""The gRPC facade: all services of idl/catalog.proto, health and reflection behind one port."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from catalog_server.model.errors import Invalid, Unavailable

os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")  # children are started fresh, never forked
import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from catalog_server.facades.grpc.call import Dispatcher, Noun
from catalog_server.facades.grpc.catalogs import Catalogs
from catalog_server.facades.grpc.databases import Databases
from catalog_server.facades.grpc.events import Events
from catalog_server.facades.grpc.functions import Functions
from catalog_server.facades.grpc.partitions import Partitions
from catalog_server.facades.grpc.search import Search
from catalog_server.facades.grpc.setup import bearers
from catalog_server.facades.grpc.statistics import Statistics
from catalog_server.facades.grpc.tables import Tables
from catalog_server.facades.grpc.versions import Versions
from catalog_server.facades.grpc.views import Views
from catalog_server.wire import catalog_pb2 as pb

if TYPE_CHECKING:
    from catalog_server.config import GrpcConfig
    from catalog_server.services import Services

NOUNS: tuple[type[Noun], ...] = (
    Catalogs, Databases, Tables, Views, Partitions, Functions, Search, Versions, Events, Statistics,
)  # fmt: skip
METADATA_BYTES_MAX = 16 * 1024
KEEPALIVE_SECONDS, KEEPALIVE_TIMEOUT_SECONDS, PING_SECONDS_MIN = 60, 20, 10


class Server:
    """Listens on one address; lives on the event loop that it is started on."""

    def __init__(self, services: Services) -> None:
        """Raises `Invalid` for files of tokens, keys or certificates that cannot be read."""
        self._services = services
        self._config = services.config.grpc
        self._threads = ThreadPoolExecutor(services.config.server.threads, "grpc")
        self._nouns = {noun.__name__: noun(services) for noun in NOUNS}
        self._bearers = bearers(self._config)
        self._credentials = _credentials(self._config)
        self._health = health.aio.HealthServicer()
        self._server: grpc.aio.Server | None = None

    async def start(self) -> tuple[str, int]:
        """Listen, and return the address and port. Raises `Unavailable` if the port is taken."""
        config = self._services.config.server
        server = grpc.aio.server(
            options=_options(self._config, shared=config.workers > 1), maximum_concurrent_rpcs=self._config.calls_max
        )
        dispatcher = Dispatcher(self._bearers, self._threads)
        services = pb.DESCRIPTOR.services_by_name
        handlers = [dispatcher.handlers(service, self._nouns[name]) for name, service in services.items()]
        server.add_generic_rpc_handlers(handlers)
        names = [service.full_name for service in services.values()]
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        shown = [*names, health_pb2.DESCRIPTOR.services_by_name["Health"].full_name, reflection.SERVICE_NAME]
        reflection.enable_server_reflection(shown, server)
        host = self._config.host or config.host
        address = f"[{host}]:{config.grpc_port}" if ":" in host else f"{host}:{config.grpc_port}"
        try:
            if self._credentials is None:
                port = server.add_insecure_port(address)
            else:
                port = server.add_secure_port(address, self._credentials)
        except RuntimeError as error:
            raise Unavailable(f"gRPC cannot listen on {address}; choose another port") from error
        await server.start()
        for name in ("", *names):
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        self._server = server
        return host, port

    async def stop(self, grace_seconds: float) -> None:
        """Take no more calls, end the streams of events, answer calls in flight, then close."""
        await self._health.enter_graceful_shutdown()
        events = self._nouns["Events"]
        if isinstance(events, Events):
            events.tail.close()
        if self._server is not None:
            await self._server.stop(grace_seconds)
        self._threads.shutdown(wait=False, cancel_futures=True)


def _options(config: GrpcConfig, *, shared: bool) -> list[tuple[str, int]]:
    return [
        ("grpc.so_reuseport", int(shared)),
        ("grpc.max_receive_message_length", config.message_bytes_max),
        ("grpc.max_concurrent_streams", config.streams_max),
        ("grpc.max_metadata_size", METADATA_BYTES_MAX),
        ("grpc.keepalive_time_ms", KEEPALIVE_SECONDS * 1000),
        ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_SECONDS * 1000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_recv_ping_interval_without_data_ms", PING_SECONDS_MIN * 1000),
    ]


def _credentials(config: GrpcConfig) -> grpc.ServerCredentials | None:
    if not config.tls_certificate:
        return None
    read = []
    for setting in ("tls_key", "tls_certificate"):
        path = getattr(config, setting)
        try:
            read.append(Path(path).read_bytes())
        except OSError as error:
            raise Invalid(f"grpc.{setting}", f"{path} cannot be read: {error.strerror}") from error
    return grpc.ssl_server_credentials([(read[0], read[1])])
