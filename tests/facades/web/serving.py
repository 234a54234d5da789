"""Starts the web facade alone in this process, on a free port."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn

from catalog_server.config import Config
from catalog_server.facades.web.app import create_app, guarded
from catalog_server.services import Services

BOTH_STORES = pytest.mark.parametrize(
    "served", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True, scope="module"
)
"""Mark of a module whose tests run on SQLite and on PostgreSQL."""


@dataclass(frozen=True)
class Served:
    """Where the facade answers and what it answers from."""

    url: str
    services: Services


def _web(services: Services) -> Any:
    return guarded(create_app(services), services, access_log=False)


@contextmanager
def serve(config: Config, application: Callable[[Services], Any] = _web) -> Iterator[Served]:
    """Serve the facade (or all that the HTTP port serves) behind its gate until the block ends."""
    services = Services(config)
    services.catalog.prepare()
    settings = uvicorn.Config(application(services), lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(settings)
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    assert server.started
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    services.addresses["http"] = url
    try:
        yield Served(url, services)
    finally:
        services.closing = True
        server.should_exit = True
        thread.join(20)
        listener.close()
        services.close()
        assert not thread.is_alive()
