"""Threads that carry out calls: few at once, since more would mostly wait for each other, unless those few wait for others.

Python runs one thread at a time, and each change from one to another costs what a small call does. So two calls are in
work at first. While others wait, one more is begun whenever this process has left the processor free for a while, since
then those in work wait for a database or for files, and more can wait at once; or when no look found it free for long.
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any, TypeVar

from catalog_server.facades.common.futures import fail, settle

FEW = 2
LOOK_SECONDS = 0.008
BUSY_SHARE = 0.5
"""The share of one core that a process uses whose threads would get in each other's way if there were more of them."""
PATIENCE_LOOKS = 5
"""After so many looks at which one more call was not begun, it is begun though the processor is busy."""
_T = TypeVar("_T")


class Crew:
    """At most so many threads; calls are handed in on one event loop."""

    def __init__(self, threads_max: int, name: str) -> None:
        self._name = name
        self._fewest, self._most = min(FEW, threads_max), threads_max
        self._wanted = self._fewest
        self._waiting: deque[tuple[Callable[..., None], tuple[Any, ...]]] = deque()
        self._lock = Lock()
        self._bell: SimpleQueue[bool] = SimpleQueue()
        """What wakes a thread that has nothing to do: true to work, false to end."""
        self._threads = 0
        self._running = 0
        self._ended = False
        self._look: asyncio.TimerHandle | None = None
        self._passed_over = 0

    def submit(self, work: Callable[..., None], *arguments: Any) -> None:
        """Have `work(*arguments)` called in a thread, those first that came first; it raises nothing itself.

        Raises RuntimeError after `shutdown`.
        """
        if self._ended:
            raise RuntimeError(f"the threads {self._name} have ended")
        self._waiting.append((work, arguments))
        self._begin()
        if self._waiting and self._look is None:
            self._look_later()

    async def run(self, work: Callable[[], _T]) -> _T:
        """What `work` returns, or raises, in a thread and in the context of the caller. Raises RuntimeError after `shutdown`."""
        done: asyncio.Future[_T] = asyncio.get_running_loop().create_future()
        self.submit(self._tell, contextvars.copy_context(), work, done)
        return await done

    def shutdown(self) -> None:
        """Begin no more calls; those in work go on."""
        if self._look is not None:
            self._look.cancel()
        self._ended = True
        self._waiting.clear()
        for _ in range(self._threads):
            self._bell.put(False)

    def _tell(self, context: contextvars.Context, work: Callable[[], _T], done: asyncio.Future[_T]) -> None:
        """In a thread: do a piece of work, and hand its outcome to who waits for it on the event loop."""
        told: Callable[[], None]
        try:
            told = partial(settle, done, context.run(work))
        except BaseException as error:  # whoever waits is to hear of it, whatever it was
            told = partial(fail, done, error)
        with suppress(RuntimeError):  # the loop is closed, and nobody waits any more
            done.get_loop().call_soon_threadsafe(told)

    def _begin(self) -> None:
        """Have one more thread work, if so many are wanted."""
        with self._lock:
            if self._running >= self._wanted:
                return
            self._running += 1
        if self._running > self._threads:
            self._threads += 1
            Thread(target=self._live, name=f"{self._name}-{self._threads}", daemon=True).start()
        self._bell.put(True)

    def _live(self) -> None:
        """In a thread: work whenever the bell rings."""
        while self._bell.get():
            self._work()

    def _work(self) -> None:
        """In a thread: do what waits, until nothing does or fewer threads are wanted."""
        while True:
            with self._lock:
                if not self._waiting or self._running > self._wanted:
                    self._running -= 1
                    return
                work, arguments = self._waiting.popleft()
            work(*arguments)

    def _look_later(self) -> None:
        self._look = asyncio.get_running_loop().call_later(
            LOOK_SECONDS, self._see, time.monotonic(), time.process_time()
        )

    def _see(self, began: float, used: float) -> None:
        """Want another thread, or one less."""
        self._look = None
        if not self._waiting:
            self._wanted, self._passed_over = self._fewest, 0
            return
        share = (time.process_time() - used) / (time.monotonic() - began)
        self._passed_over += 1
        if share < BUSY_SHARE or self._passed_over > PATIENCE_LOOKS:
            self._wanted, self._passed_over = min(self._most, self._wanted + 1), 0
            self._begin()
        else:
            self._wanted = max(self._fewest, self._wanted - 1)
        self._look_later()
