"""The driver of a Spark application that does a worker's orders: each one a job of one task, many at once.

It is started by spark-submit, as a file by itself: it needs the standard library and pyspark. An order and its answer are
bytes that it does not look into; orders hold secrets, so that they come over a connection and go by closure, not by file.
"""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from typing import Any

KEY, ADDRESS = "key", "address"
ORDERS_MAX = 256
"""Orders that are done at once."""
DONE, FAILED = b"=", b"!"
WATCH_SECONDS = 1.0
NUMBER_BYTES = 8
ROOM_BYTES = 4
"""With each answer comes for how many tasks Spark has room by now."""
_REASON_CHARACTERS_MAX = 500


def _work(order: bytes, version: str, _: int) -> bytes:
    """Do an order, in a task; this function goes there by its code, so that it can tell that the package is missing."""
    try:
        from catalog_server.jobs.crawl_tasks import done
    except ImportError as error:
        import socket
        import sys

        where = f"{sys.executable} on {socket.gethostname()}"
        hint = f"run `pip install catalog-server=={version}` there, or name another Python in crawlers.spark_python"
        return (
            b"!"
            + f"catalog-server cannot be loaded by {where}, a Python of Spark's executors ({error}): {hint}".encode()
        )
    return b"=" + done(order)


def reason(error: BaseException) -> str:
    """What went wrong in a job, without the stack."""
    java = getattr(error, "java_exception", None)
    text = str(java.getMessage()) if java is not None else f"{type(error).__name__}: {error}"
    lines = [line.strip() for line in text.splitlines() if line.strip()] or [type(error).__name__]
    last = next((line for line in reversed(lines) if "Error: " in line or "Exception: " in line), lines[0])
    return " ... ".join(dict.fromkeys((lines[0], last)))[:_REASON_CHARACTERS_MAX]


class _Orders:
    """The orders of one connection."""

    def __init__(self, context: Any, connection: Connection, version: str) -> None:
        self._context = context
        self._connection = connection
        self._version = version
        self._sending = threading.Lock()

    def run(self) -> None:
        """Do orders until an empty one comes, or the other side is gone."""
        self._connection.send_bytes(self._room())
        pool = ThreadPoolExecutor(ORDERS_MAX, thread_name_prefix="order")
        try:
            while True:
                frame = self._connection.recv_bytes()
                if not frame:
                    break
                pool.submit(self._do, frame[:NUMBER_BYTES], frame[NUMBER_BYTES:])
        except (EOFError, OSError):
            pass
        pool.shutdown(wait=False, cancel_futures=True)

    def _do(self, number: bytes, order: bytes) -> None:
        try:
            act = partial(_work, order, self._version)
            answer = self._context.parallelize([0], 1).map(act).collect()[0]
        except BaseException as error:
            answer = FAILED + reason(error).encode("utf-8", "replace")
        with self._sending, suppress(OSError):  # perhaps nobody wants it any more
            self._connection.send_bytes(number + self._room() + answer)

    def _room(self) -> bytes:
        try:
            room = int(self._context.defaultParallelism)
        except Exception:  # it is being stopped
            room = 1
        return room.to_bytes(ROOM_BYTES, "big")


def _watch(context: Any, ending: threading.Event) -> None:
    """End when Spark has stopped by itself: an order that came in that moment would never be answered."""
    while not ending.wait(WATCH_SECONDS):
        if context._jsc.sc().isStopped():
            os._exit(1)


def _hold() -> None:
    """End when the JVM that started this process ends."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, 9)


def main() -> None:
    """Start Spark, write down where orders are taken (loopback, for whoever has the key), and do them."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != here]
    directory, version = Path(sys.argv[1]), sys.argv[2]
    _hold()
    from pyspark import SparkContext

    context = SparkContext()
    ending = threading.Event()
    threading.Thread(target=_watch, args=(context, ending), name="watch", daemon=True).start()
    with Listener(("127.0.0.1", 0), authkey=(directory / KEY).read_bytes()) as listener:
        made = directory / f"{ADDRESS}.new"
        made.write_text(str(listener.address[1]), encoding="ascii")
        made.replace(directory / ADDRESS)
        with listener.accept() as connection:
            _Orders(context, connection, version).run()
    ending.set()
    context.stop()
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
