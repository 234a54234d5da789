"""A Spark application that does orders: started by spark-submit, ended with whoever started it, asked over loopback."""

from __future__ import annotations

import itertools
import math
import secrets
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection
from pathlib import Path

from catalog_server.jobs.command import Command
from catalog_server.jobs.crawl_driver import ADDRESS, FAILED, KEY, NUMBER_BYTES, ORDERS_MAX, ROOM_BYTES
from catalog_server.jobs.runner import Log, run_process
from catalog_server.model.errors import Cancelled, Unavailable

POLL_SECONDS = 0.2
_END_SECONDS = 5.0
_LOG_BYTES = 16_384
_TELLING = ("Error: ", "Exception: ", "Reason: ")


class Application:
    """A running one; `parallelism` says how many tasks it has room for by now. All that waits raises `Cancelled` in time."""

    def __init__(self, command: Command, directory: Path, log: Path, cancelled: Callable[[], bool]) -> None:
        """Start it in its own folder, and wait until it takes orders; raises `Unavailable` where it does not come up."""
        self._directory = directory
        self._log = log
        self._cancelled = cancelled
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._waiting: dict[int, Future[bytes]] = {}
        self._numbers = itertools.count()
        self._connection: Connection | None = None
        self._process = threading.Thread(target=self._run, args=(command,), name="spark", daemon=True)
        self._process.start()
        try:
            self._connection = self._connected()
            self.parallelism = int.from_bytes(self._connection.recv_bytes(), "big")
        except (OSError, EOFError, AuthenticationError) as error:
            self.close()
            raise Unavailable(self._end()) from error
        except BaseException:
            self.close()
            raise
        self._listener = threading.Thread(target=self._listen, name="spark-answers", daemon=True)
        self._listener.start()

    @property
    def orders_max(self) -> int:
        """Orders that are best given at once, so that none of its tasks has nothing to do."""
        return min(ORDERS_MAX, 2 * self.parallelism)

    def _run(self, command: Command) -> None:
        """Be the thread that the process dies with."""
        log = Log(self._log)
        try:
            run_process(command, self._directory, log, math.inf, self._stop)
        except OSError as error:
            log.say(f"cannot start: {error}")
        finally:
            log.close()

    def _connected(self) -> Connection:
        address = self._directory / ADDRESS
        while not address.exists():
            self.check()
            if not self._process.is_alive():
                raise Unavailable(self._end())
            time.sleep(POLL_SECONDS)
        port = int(address.read_text(encoding="ascii"))
        return Client(("127.0.0.1", port), authkey=(self._directory / KEY).read_bytes())

    def _listen(self) -> None:
        assert self._connection is not None
        try:
            while True:
                frame = self._connection.recv_bytes()
                number, rest = int.from_bytes(frame[:NUMBER_BYTES], "big"), frame[NUMBER_BYTES:]
                self.parallelism, rest = int.from_bytes(rest[:ROOM_BYTES], "big"), rest[ROOM_BYTES:]
                status, answer = rest[:1], rest[1:]
                with self._lock:
                    future = self._waiting.pop(number)
                if status == FAILED:
                    future.set_exception(Unavailable(f"Spark: {answer.decode('utf-8', 'replace')}"))
                else:
                    future.set_result(answer)
        except (OSError, EOFError):
            pass
        self._process.join(_END_SECONDS)
        with self._lock:
            waiting, self._waiting = self._waiting, {}
            self._stop.set()
        for future in waiting.values():
            future.set_exception(Unavailable(self._end()))

    def submit(self, order: bytes) -> Future[bytes]:
        """Have an order done; raises, or its answer does, `Unavailable` where Spark fails."""
        future: Future[bytes] = Future()
        with self._lock:
            if self._stop.is_set():
                raise Unavailable(self._end())
            number = next(self._numbers)
            self._waiting[number] = future
        try:
            assert self._connection is not None
            with self._sending:
                self._connection.send_bytes(number.to_bytes(NUMBER_BYTES, "big") + order)
        except OSError as error:
            raise Unavailable(self._end()) from error
        return future

    def answer(self, future: Future[bytes]) -> bytes:
        """What an order came to; waits for it."""
        while True:
            try:
                return future.result(POLL_SECONDS)
            except TimeoutError:
                self.check()

    def check(self) -> None:
        """Raise `Cancelled` if the work is not wanted any more."""
        if self._cancelled():
            raise Cancelled("the crawl was cancelled")

    def close(self) -> None:
        """End it, and be sure that nothing of it is left."""
        if self._connection is not None and not self._waiting:
            with suppress(OSError), self._sending:
                self._connection.send_bytes(b"")  # it may end by itself
            self._process.join(_END_SECONDS)
        self._stop.set()
        self._process.join()
        if self._connection is not None:
            self._connection.close()

    def _end(self) -> str:
        """What its log says of its end."""
        try:
            with self._log.open("rb") as file:
                file.seek(max(0, self._log.stat().st_size - _LOG_BYTES))
                lines = file.read().decode("utf-8", "replace").splitlines()
        except OSError:
            lines = []
        told = [line.strip() for line in lines if any(sign in line for sign in _TELLING)]
        return "Spark has ended" + (f": {told[-1][:300]}" if told else "") + f" (see logs/crawls/{self._log.name})"


def prepared(directory: Path) -> None:
    """An empty folder for one, with its key, which nobody else may read."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True, mode=0o700)
    key = directory / KEY
    key.touch(mode=0o600)
    key.write_text(secrets.token_hex(32), encoding="ascii")
