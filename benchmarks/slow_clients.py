"""What thousands of slow connections cost the others: latency of one busy client without and with them.

    .venv/bin/python -m benchmarks.slow_clients --save

A fifth each of the slow ones: says nothing, has sent half a header, sends a byte of a call each second, has begun a
TLS handshake or HTTP headers, and has asked for a large answer that it does not read.
"""

from __future__ import annotations

import argparse
import os
import resource
import selectors
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from benchmarks.result import pss_megabytes, save
from catalog_server.testing.server import start_server
from catalog_server.wire import codec
from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.metastore import Metastore, columns, table
from tests.facades.hms.running import call_bytes

CALLS = 4000
KINDS = ("silent", "half a header", "a byte each second", "half a handshake", "reads no answer")


def _call(kind: str, database: str) -> bytes:
    whole = call_bytes("get_table", dbname=database, tbl_name="t")
    return {
        "silent": b"",
        "half a header": whole[:6],
        "a byte each second": whole[:14],
        "half a handshake": b"POST /metastore HTTP/1.1\r\nHost: x\r\nX-Sl",
        "reads no answer": whole * 400,
    }[kind]


def hold(port: int, count: int, database: str) -> None:
    """In a process of its own: open the slow connections, say so, and keep them until standard input ends."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    opened: list[tuple[socket.socket, str]] = []
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.bind((f"127.0.0.{2 + number % 8}", 0))  # no address exceeds what one peer may have
        connection.connect(("127.0.0.1", port))
        connection.setblocking(False)
        try:
            connection.send(_call(kind, database))
        except BlockingIOError:
            pass
        opened.append((connection, kind))
    print("open", flush=True)
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    while not ended.wait(1.0):
        for connection, kind in opened:
            if kind == "a byte each second":
                try:
                    connection.send(b"\0")
                except OSError:
                    pass
    alive = sum(_is_open(connection) for connection, _ in opened)
    print(alive, flush=True)


def _is_open(connection: socket.socket) -> bool:
    try:
        return connection.recv(1, socket.MSG_PEEK) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def latencies(port: int, database: str, calls: int) -> dict[str, float]:
    """Milliseconds of `get_table`, one after the other."""
    request = call_bytes("get_table", dbname=database, tbl_name="t")
    taken = []
    with socket.create_connection(("127.0.0.1", port)) as connection, selectors.DefaultSelector() as selector:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(connection, selectors.EVENT_READ)
        connection.sendall(request)
        time.sleep(0.5)
        size = len(connection.recv(1 << 20))
        for _ in range(calls):
            began, got = time.perf_counter(), 0
            connection.sendall(request)
            while got < size:
                got += len(connection.recv(1 << 20))
            taken.append((time.perf_counter() - began) * 1000)
    taken.sort()
    return {f"p{share}": round(taken[len(taken) * share // 100], 3) for share in (50, 95, 99)}


def measure(count: int) -> dict[str, Any]:
    """Both latencies, their ratio, and what the slow ones take of memory."""
    limits = {"CATALOG_SERVER__THRIFT__CONNECTIONS_MAX": str(2 * count)}
    for name in ("FIRST_BYTE", "HANDSHAKE", "MESSAGE", "WRITE"):
        limits[f"CATALOG_SERVER__THRIFT__{name}_SECONDS"] = "600"  # else they would be gone before they are measured
    os.environ.update(limits)
    with tempfile.TemporaryDirectory() as folder:
        server = start_server(Path(folder))
        try:
            port = int(server.addresses["thrift"].rpartition(":")[2])
            with Metastore(port) as client:
                client.create_database(wire.Database(name="slow"))
                wide = table("slow", "t")
                wide.sd.cols = columns(", ".join(f"column_{number} string" for number in range(100)))
                client.create_table(wide)
            latencies(port, "slow", CALLS)
            alone, memory = latencies(port, "slow", CALLS), pss_megabytes(server.process.pid)
            command = [sys.executable, "-m", "benchmarks.slow_clients", "--hold", f"{port}:{count}"]
            slow = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            assert slow.stdin is not None
            assert slow.stdout is not None
            slow.stdout.readline()
            time.sleep(3)
            beside, more = latencies(port, "slow", CALLS), pss_megabytes(server.process.pid)
            slow.stdin.close()
            alive = int(slow.stdout.readline())
            slow.wait()
            after = latencies(port, "slow", CALLS)
        finally:
            server.stop()
    return {
        "slow_connections": count,
        "still_open_at_the_end": alive,
        "milliseconds_alone": alone,
        "milliseconds_beside_them": beside,
        "milliseconds_after_them": after,
        "p99_ratio": round(beside["p99"] / alone["p99"], 2),
        "kilobytes_each": round((more - memory) * 1000 / count, 1),
    }


def main() -> None:
    """Measure, print, and keep the figures if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--hold", help=argparse.SUPPRESS)
    parser.add_argument("--save", action="store_true")
    arguments = parser.parse_args()
    codec.require()
    if arguments.hold:
        port, _, count = arguments.hold.partition(":")
        hold(int(port), int(count), "slow")
        return
    figures = measure(arguments.count)
    for name, value in figures.items():
        print(f"{name:28}{value}")
    if arguments.save:
        print(save("slow_clients", figures))


if __name__ == "__main__":
    main()
