"""Runs every test of this folder against ours and against real Hive Metastores 4.0.1 and 2.3.10."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from catalog_server.config import Config
from catalog_server.facades.hms.app import handlers
from catalog_server.facades.hms.errors import translate
from catalog_server.services import Services
from catalog_server.wire import hive_metastore as wire
from tests.engines import hive_metastore, process
from tests.engines.hive_metastore4 import shared_hive_metastore_4
from tests.facades.hms.running import running
from tests.metastore.servers import HIVE2, HIVE4, OURS, SERVERS, Client

VARIABLES = {HIVE4: "HIVE4_METASTORE", HIVE2: "HIVE2_METASTORE"}
"""Name an address (`thrift://127.0.0.1:9083`) of a real metastore that runs already; else one is started."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test that asks for a client gets one of each server."""
    if "server" in metafunc.fixturenames:
        metafunc.parametrize("server", [_parameter(metafunc, server) for server in SERVERS], scope="session")


def _parameter(metafunc: pytest.Metafunc, server: str) -> Any:
    marks: list[Any] = [] if server == OURS else [getattr(pytest.mark, server)]
    if server == HIVE2:
        # on embedded Derby, which at times makes one call wait for another's end, or does without direct SQL from then on
        marks += [pytest.mark.long, pytest.mark.xdist_group("hive2")]
    for mark in metafunc.definition.iter_markers("not_on"):
        if mark.args[0] == server:
            marks.append(pytest.mark.skip(reason=mark.args[1]))
    for mark in metafunc.definition.iter_markers("differs"):
        if mark.args[0] == server:
            marks.append(pytest.mark.xfail(strict=True, reason=mark.args[1]))
    return pytest.param(server, marks=marks)


@pytest.fixture(scope="session")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A function from a server's name to its port; a server is started when it is first asked for."""
    with contextlib.ExitStack() as stack:
        found: dict[str, int] = {}

        def port(server: str) -> int:
            if server not in found:
                found[server] = _start(server, tmp_path_factory, stack)
            return found[server]

        yield port


def _start(server: str, factory: pytest.TempPathFactory, stack: contextlib.ExitStack) -> int:
    named = os.environ.get(VARIABLES.get(server, ""))
    if named:
        return urlsplit(named).port or 9083
    root = process.run_root(factory)
    if server == HIVE4:
        return shared_hive_metastore_4(root)[0].port
    if server == HIVE2:
        return hive_metastore.shared_hive_metastore(root).port
    services = Services(Config(data=factory.mktemp("ours")))
    stack.callback(services.close)
    services.catalog.prepare()
    return stack.enter_context(running(handlers(services), translate)).port


@pytest.fixture
def hms(server: str, ports: Any) -> Iterator[Client]:
    """A client of the server under test."""
    with Client(ports(server), server) as client:
        yield client


@pytest.fixture
def database(hms: Client) -> Iterator[str]:
    """The name of a database of its own, dropped with all that is in it."""
    name = f"d{uuid.uuid4().hex[:8]}"
    hms.create_database(wire.Database(name=name))
    yield name
    with contextlib.suppress(Exception), Client(hms.port, hms.server) as other:
        other.drop_database(name, True, True)
