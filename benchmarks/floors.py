"""What a call costs at the very least: bytes through a bare socket, and one row read by a prepared statement."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import socket
import time
from multiprocessing.connection import Connection
from typing import Any

from benchmarks import processor

_ROUNDS = 3000


def _echo(pipe: Connection) -> None:
    """In a process: answer so many bytes as each message of eight bytes asks for."""
    import uvloop

    class Echo(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def data_received(self, data: bytes) -> None:
            self.transport.write(bytes(int.from_bytes(data[:8], "big")))

    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await asyncio.get_running_loop().run_in_executor(None, pipe.poll, None)

    uvloop.run(serve())


def _read(pipe: Connection, url: str) -> None:
    """In a process: repeat a read by primary key, prepared, and tell what it cost."""
    import psycopg

    with psycopg.connect(url, autocommit=True, prepare_threshold=0) as connection:
        cursor = connection.cursor()
        pid = cursor.execute("SELECT pg_backend_pid()").fetchone()
        backend = pid[0] if pid else 0
        before = processor.seconds(os.getpid()) + processor.seconds(backend)
        for _ in range(_ROUNDS):
            cursor.execute("SELECT version FROM tables WHERE id = %s", (1,)).fetchone()
        pipe.send((processor.seconds(os.getpid()) + processor.seconds(backend) - before) / _ROUNDS)


class Floors:
    """Measures each once; processor milliseconds."""

    def __init__(self, database_url: str) -> None:
        context = multiprocessing.get_context("spawn")
        mine, theirs = context.Pipe()
        reader = context.Process(target=_read, args=(theirs, database_url))
        reader.start()
        self.read_milliseconds = float(mine.recv()) * 1000
        reader.join()
        self._mine, echoed = context.Pipe()
        self._echo = context.Process(target=_echo, args=(echoed,), daemon=True)
        self._echo.start()
        self._port = self._mine.recv()

    def echo_milliseconds(self, answer_bytes: int) -> float:
        """A message of eight bytes answered by so many."""
        rounds = max(20, min(_ROUNDS, 2_000_000_000 // (answer_bytes + 100_000)))
        asked, buffer = max(1, answer_bytes).to_bytes(8, "big"), bytearray(1 << 20)
        with socket.create_connection(("127.0.0.1", self._port)) as connection:
            before = processor.seconds(self._echo.pid or 0)
            for _ in range(rounds):
                connection.sendall(asked)
                left = max(1, answer_bytes)
                while left:
                    left -= connection.recv_into(buffer, min(left, len(buffer)))
            time.sleep(0.02)
            return (processor.seconds(self._echo.pid or 0) - before) / rounds * 1000

    def close(self) -> None:
        """End the echoing process."""
        self._mine.send(None)
        self._echo.join(5)
        self._echo.kill()
