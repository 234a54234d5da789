"""Several processes answer on the same ports, and end together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

PROCESSES = 3


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def command(data: Path, store: str, http: int, thrift: int) -> list[str]:
    said = ["--data", str(data), "--store", store, "--http-port", str(http), "--thrift-port", str(thrift)]
    said += ["--grpc-port", str(free_port())]
    return [sys.executable, "-m", "catalog_server.cli", "serve", "--workers", str(PROCESSES), *said]


@pytest.fixture
def ports(tmp_path: Path, postgresql_url: str) -> Iterator[tuple[subprocess.Popen[str], int, int]]:
    http, thrift = free_port(), free_port()
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(
            command(tmp_path / "data", postgresql_url, http, thrift), stdout=subprocess.PIPE, stderr=log, text=True
        )
    assert server.stdout is not None
    with server.stdout:
        assert server.stdout.readline().strip() == "ready"
        yield server, http, thrift
        server.kill()
        server.wait()


def answering(http: int) -> set[int]:
    """When each process that answers was started; a new connection may reach any of them."""
    return {httpx.get(f"http://127.0.0.1:{http}/api/v1/info", trust_env=False).json()["started_at"] for _ in range(40)}


@pytest.mark.postgresql
def test_each_of_several_processes_answers(ports: tuple[subprocess.Popen[str], int, int]) -> None:
    server, http, _ = ports
    deadline = time.monotonic() + 60
    while len(answering(http)) < PROCESSES and time.monotonic() < deadline:
        time.sleep(0.1)
    assert len(answering(http)) == PROCESSES
    children = [int(pid) for pid in Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()]
    server.send_signal(signal.SIGTERM)
    assert server.wait(60) == 0
    assert not [pid for pid in children if os.path.exists(f"/proc/{pid}")]


@pytest.mark.postgresql
def test_ports_of_another_server_are_refused(
    ports: tuple[subprocess.Popen[str], int, int], tmp_path: Path, postgresql_url: str
) -> None:
    _, http, thrift = ports
    second = subprocess.run(
        command(tmp_path / "other", postgresql_url, http, thrift), capture_output=True, text=True, timeout=60
    )
    assert second.returncode == 1
    assert f"cannot listen on 127.0.0.1:{http}" in second.stderr
