"""The server process: settings to services to facades, one event loop for HTTP, Thrift and gRPC, started and stopped here."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from catalog_server.config import Config, is_loopback
from catalog_server.facades.common.futures import settle
from catalog_server.model.errors import Invalid, Unavailable
from catalog_server.services import Services

if TYPE_CHECKING:
    from catalog_server.facades.grpc.app import Server as GrpcServer
    from catalog_server.facades.hms.transport.server import Server as ThriftServer
    from catalog_server.facades.web.guard import Guard

UPKEEP_SECONDS = 30.0
"""How often deletes and moves of files that failed are tried again."""
WORKER_RESTART_SECONDS = 1.0
GRACE_SECONDS = 10.0
_log = logging.getLogger(__name__)


@dataclass
class Running:
    """A server that answers: where, and how to end it."""

    config: Config
    services: Services
    stopping: asyncio.Event
    thrift: ThriftServer | None = None
    http: Any = None
    grpc: GrpcServer | None = None
    tasks: list[asyncio.Task[Any]] = field(default_factory=list)
    children: list[subprocess.Popen[bytes]] = field(default_factory=list)


def serve(config: Config, *, ready: Callable[[dict[str, str | None]], None] | None = None) -> None:
    """Serve until SIGTERM or SIGINT; returns once requests in flight are answered.

    `ready` is called with the addresses when every port answers; without it they are printed. Raises `Invalid` for
    settings that do not go together, `Unavailable` when the data directory or a port is taken.
    """
    check(config)
    with _locked(config.data):
        try:
            import uvloop
        except ImportError:
            asyncio.run(_serve(config, ready or announce))
        else:
            uvloop.run(_serve(config, ready or announce))


def check(config: Config) -> None:
    """Refuse settings that are unsafe or make no sense; raises `Invalid`."""
    if config.server.workers > 1 and config.store_url.startswith("sqlite"):
        raise Invalid("server.workers", "SQLite has one writer: use --workers 1, or a PostgreSQL store for more")
    if config.server.workers > 1 and 0 in _ports(config):
        raise Invalid("server.workers", "several processes share ports that must be named, not 0")
    from catalog_server.facades.grpc.setup import check as check_grpc
    from catalog_server.facades.hms.setup import check as check_thrift

    if not is_loopback(config.server.host):
        raise Invalid(
            "server.host",
            f"{config.server.host} is not loopback and no authentication is configured; put a gateway that authenticates "
            "in front of a server on 127.0.0.1 (two ports may listen elsewhere: thrift.host, grpc.host)",
        )
    check_thrift(config.thrift, loopback=is_loopback(config.thrift.host or config.server.host))
    check_grpc(config.grpc, loopback=is_loopback(config.grpc.host or config.server.host))


def _ports(config: Config) -> tuple[int, ...]:
    return config.server.http_port, config.server.thrift_port, config.server.grpc_port


@contextlib.contextmanager
def _locked(data: Path) -> Iterator[None]:
    """Hold the data directory; a second server is refused."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        file = open(data / "server.lock", "a+", encoding="ascii")  # noqa: SIM115
    except OSError as error:
        raise Unavailable(f"the data directory {data} cannot be used: {error.strerror}") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            raise Unavailable(f"another server (process {file.read().strip() or 'unknown'}) uses {data}") from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def announce(addresses: dict[str, str | None]) -> None:
    """Say that every port answers, and where."""
    print("ready", flush=True)
    words = {"http": "pages and API", "iceberg": "Iceberg REST", "thrift": "Hive metastore", "grpc": "gRPC"}
    for name, what in words.items():
        print(f"  {what:<15} {addresses[name]}", flush=True)


def _listen(host: str, port: int, what: str, *, shared: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise Unavailable(f"{what} cannot listen on {host}:{port}: {error.strerror}; choose another port") from error
    listener.setblocking(False)
    return listener


async def _serve(config: Config, ready: Callable[[dict[str, str | None]], None]) -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(config.server.threads, "store"))
    services = Services(config)
    running = Running(config, services, asyncio.Event())
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, running.stopping.set)
    try:
        await asyncio.to_thread(services.catalog.prepare)
        await start(running)
        ready(services.addresses)
        await running.stopping.wait()
    finally:
        await stop(running)


async def start(running: Running) -> None:
    """Open every port and start what works in the background; raises `Unavailable` for a port that is taken."""
    config, services = running.config, running.services
    shared = config.server.workers > 1
    if shared and os.environ.get(_CHILD) is None:
        thrift_host, grpc_host = config.thrift.host or config.server.host, config.grpc.host or config.server.host
        for host, port, what in (
            (config.server.host, config.server.http_port, "HTTP"),
            (thrift_host, config.server.thrift_port, "Thrift"),
            (grpc_host, config.server.grpc_port, "gRPC"),
        ):
            _listen(host, port, what, shared=False).close()  # nobody else's, before our own share it
    listener = _listen(config.server.host, config.server.http_port, "HTTP", shared=shared)
    running.http = _http(running)
    task = asyncio.create_task(running.http.serve(sockets=[listener]))
    running.tasks.append(task)
    host, port = listener.getsockname()[:2]
    services.addresses["http"] = f"http://{_spelled(host)}:{port}"
    services.addresses["iceberg"] = f"http://{_spelled(host)}:{port}/iceberg"
    running.thrift = _thrift(running)
    try:
        host, port = await running.thrift.start()
    except OSError as error:
        raise Unavailable(
            f"Thrift cannot listen on {config.thrift.host or config.server.host}:{config.server.thrift_port}: "
            f"{error.strerror}; choose another port"
        ) from error
    services.addresses["thrift"] = f"thrift://{_spelled(host)}:{port}"
    running.grpc = _grpc(running)
    host, port = await running.grpc.start()
    services.addresses["grpc"] = f"grpc://{_spelled(host)}:{port}"
    while not running.http.started and not task.done():
        await asyncio.sleep(0.002)
    if os.environ.get(_CHILD) is None:
        running.tasks.append(asyncio.create_task(_keep_worker(running)))
        running.tasks.append(asyncio.create_task(_upkeep(running)))
        for _ in range(config.server.workers - 1):
            running.tasks.append(asyncio.create_task(_keep_sibling(running)))


def _spelled(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def application(services: Services) -> Guard:
    """Everything that the HTTP port serves, behind its one gate."""
    from catalog_server.facades.iceberg.app import IcebergApp
    from catalog_server.facades.web.app import create_app, guarded

    iceberg, web = IcebergApp(services), create_app(services)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        path = scope.get("path", "")
        if scope["type"] == "http" and (path == "/iceberg" or path.startswith("/iceberg/")):
            await iceberg({**scope, "root_path": scope.get("root_path", "") + "/iceberg"}, receive, send)
        else:
            await web(scope, receive, send)

    return guarded(app, services)


def _http(running: Running) -> Any:
    import uvicorn

    from catalog_server.facades.web.protocol import Protocol

    class Http(uvicorn.Server):
        """uvicorn without its own signal handlers: the process has one way to stop."""

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    app = application(running.services)
    settings = uvicorn.Config(
        app,
        loop="none",
        http=cast("type[asyncio.Protocol]", partial(Protocol, app.repeats)),
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=int(GRACE_SECONDS),
        timeout_keep_alive=75,
        backlog=2048,
        h11_max_incomplete_event_size=65536,
    )
    return Http(settings)


def _thrift(running: Running) -> ThriftServer:
    from catalog_server.facades.hms.app import create_server

    return create_server(running.services, running.config)


def _grpc(running: Running) -> GrpcServer:
    from catalog_server.facades.grpc.app import Server

    return Server(running.services)


_CHILD = "CATALOG_SERVER_CHILD"


def _child(running: Running, module: str, **environment: str) -> subprocess.Popen[bytes]:
    """Start a process of ours that ends when this one does (its standard input closes)."""
    return subprocess.Popen(
        [sys.executable, "-m", module],
        stdin=subprocess.PIPE,
        env={**os.environ, **_environment(running), **environment},
        start_new_session=True,
    )


def _environment(running: Running) -> dict[str, str]:
    """The settings of this server for a child, as environment variables, with the addresses it really has."""
    from catalog_server.config import to_environment

    addresses = {
        f"CATALOG_SERVER_ADDRESS_{name.upper()}": url or "" for name, url in running.services.addresses.items()
    }
    return {**to_environment(running.config), **addresses}


async def _ended(child: subprocess.Popen[bytes]) -> None:
    """Wait for a child in a thread of its own: those of the store are for calls, and would be held for ever."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()

    def wait() -> None:
        child.wait()
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, ended, None)

    threading.Thread(target=wait, name="child", daemon=True).start()
    await ended


async def _keep_worker(running: Running) -> None:
    """Run the worker process, again whenever it ends."""
    while True:
        child = _child(running, "catalog_server.worker", **{_CHILD: "worker"})
        running.children.append(child)
        running.services.wake_worker = _waker(child)
        await _ended(child)
        running.children.remove(child)
        await asyncio.sleep(WORKER_RESTART_SECONDS)


def _waker(child: subprocess.Popen[bytes]) -> Callable[[], None]:
    pipe: IO[bytes] | None = child.stdin

    def wake() -> None:
        if pipe is not None:
            with contextlib.suppress(OSError, ValueError):
                pipe.write(b"\n")
                pipe.flush()

    return wake


async def _keep_sibling(running: Running) -> None:
    """Run another process that answers on the same ports, again whenever it ends."""
    while True:
        child = _child(running, "catalog_server.server", **{_CHILD: "api"})
        running.children.append(child)
        await _ended(child)
        running.children.remove(child)
        await asyncio.sleep(WORKER_RESTART_SECONDS)


async def _upkeep(running: Running) -> None:
    while True:
        try:
            await asyncio.to_thread(running.services.catalog.intents.carry_out)
        except Exception:  # whatever it was, the next round may do better
            _log.exception("upkeep failed")
        await asyncio.sleep(UPKEEP_SECONDS)


async def stop(running: Running) -> None:
    """Take no more requests, answer those in flight, end the children, close the store."""
    running.services.closing = True
    if running.http is not None:
        running.http.should_exit = True
    if running.grpc is not None:
        await running.grpc.stop(GRACE_SECONDS)
    if running.thrift is not None:
        await running.thrift.stop(GRACE_SECONDS)
    if running.http is not None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(running.tasks[0]), GRACE_SECONDS)
    children = list(running.children)
    for task in running.tasks[1:]:
        task.cancel()
    for child in children:
        if child.stdin is not None:
            with contextlib.suppress(OSError):
                child.stdin.close()
        child.terminate()
    for child in children:
        await asyncio.to_thread(_reap, child)
    await asyncio.gather(*running.tasks, return_exceptions=True)
    await asyncio.to_thread(running.services.close)


def _reap(child: subprocess.Popen[bytes]) -> None:
    try:
        child.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


async def _serve_beside(config: Config) -> None:
    """A further process of `--workers`: the same ports, no worker, ends when its parent does."""
    running = Running(config, Services(config), asyncio.Event())
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(config.server.threads, "store"))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, running.stopping.set)
    loop.add_reader(sys.stdin.fileno(), lambda: running.stopping.set() if not os.read(0, 4096) else None)
    try:
        await start(running)
        await running.stopping.wait()
    finally:
        await stop(running)


if __name__ == "__main__":
    from catalog_server.config import load

    asyncio.run(_serve_beside(load()))
