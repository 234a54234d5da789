"""A real server in a process of its own, for tests: started on free ports, ended with its data or killed on purpose."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

START_SECONDS = 60.0


@dataclass
class RunningServer:
    """Where a started server answers; `data` is its data directory, `log` the file with what it printed."""

    process: subprocess.Popen[str]
    data: Path
    log: Path
    addresses: dict[str, str] = field(default_factory=dict)
    reader: threading.Thread | None = None

    @property
    def http(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return self.addresses["http"]

    @property
    def iceberg(self) -> str:
        """Address of the Iceberg REST catalog."""
        return f"{self.http}/iceberg"

    @property
    def thrift(self) -> str:
        """`thrift://127.0.0.1:PORT`."""
        return self.addresses["thrift"]

    @property
    def thrift_port(self) -> int:
        """The metastore's port."""
        return int(self.thrift.rsplit(":", 1)[1])

    @property
    def grpc(self) -> str:
        """`grpc://127.0.0.1:PORT`."""
        return self.addresses["grpc"]

    @property
    def grpc_port(self) -> int:
        """The port of the gRPC API."""
        return int(self.grpc.rsplit(":", 1)[1])

    def stop(self, seconds: float = 30.0) -> int:
        """End it as an operator would (SIGTERM) and return its exit status; kills it when it does not end."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        self.forget()
        return status

    def kill(self) -> None:
        """End it as a power cut would (SIGKILL)."""
        self.process.kill()
        self.process.wait()
        self.forget()

    def forget(self) -> None:
        """Let go of the pipe to a process that has ended."""
        if self.reader is not None:
            self.reader.join()
        if self.process.stdout is not None:
            self.process.stdout.close()


_WORDS = {"pages": "http", "Iceberg": "iceberg", "Hive": "thrift", "gRPC": "grpc"}


def start_server(
    data: Path,
    *,
    store: str = "",
    environment: Mapping[str, str] | None = None,
    http_port: int = 0,
    thrift_port: int = 0,
    grpc_port: int = 0,
) -> RunningServer:
    """Start `catalog serve` (on free ports, unless some are named) and wait until it is ready.

    Raises RuntimeError with its log if it does not start.
    """
    data.mkdir(parents=True, exist_ok=True)
    log = data / "server.log"
    command = [sys.executable, "-m", "catalog_server.cli", "serve", "--data", str(data)]
    command += [
        "--http-port",
        str(http_port),
        "--thrift-port",
        str(thrift_port),
        "--grpc-port",
        str(grpc_port),
        *(["--store", store] if store else []),
    ]
    with log.open("a", encoding="utf-8") as errors:
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
        )
    running = RunningServer(process, data, log)
    lines: queue.Queue[str | None] = queue.Queue()
    running.reader = threading.Thread(target=_read, args=(process, lines), daemon=True)
    running.reader.start()
    while len(running.addresses) < len(_WORDS):
        try:
            line = lines.get(timeout=START_SECONDS)
        except queue.Empty:
            line = None
        if line is None:
            running.kill()
            raise RuntimeError(f"the server did not start:\n{log.read_text(encoding='utf-8')[-4000:]}")
        words = line.split()
        if words and words[0] in _WORDS:
            running.addresses[_WORDS[words[0]]] = words[-1]
    return running


def _read(process: subprocess.Popen[str], lines: queue.Queue[str | None]) -> None:
    if process.stdout is not None:
        for line in process.stdout:
            lines.put(line)
    lines.put(None)


@contextmanager
def running_server(
    data: Path, *, store: str = "", environment: Mapping[str, str] | None = None
) -> Iterator[RunningServer]:
    """A server for the length of a `with`; its data stays where it is."""
    running = start_server(data, store=store, environment=environment)
    try:
        yield running
    finally:
        running.stop()
