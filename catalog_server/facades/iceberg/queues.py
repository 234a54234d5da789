"""Queues of commits to one table: they follow each other in this process instead of spoiling each other's attempts.

A commit that waits holds no thread. Whether its requirements hold is decided when it is its turn, and the compare-and-set
on the row still stands guard, against other processes and other doors.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

WAIT_SECONDS = 10.0
"""Who has waited so long goes on without a turn."""


class Queues:
    """The queues before all tables; lives on one event loop."""

    def __init__(self) -> None:
        self._lines: dict[tuple[str, ...], tuple[asyncio.Lock, list[object]]] = {}

    @asynccontextmanager
    async def take(self, key: tuple[str, ...]) -> AsyncIterator[None]:
        """Wait until it is one's turn for what the key names."""
        line, queued = self._lines.setdefault(key, (asyncio.Lock(), []))
        queued.append(None)
        taken = False
        try:
            try:
                async with asyncio.timeout(WAIT_SECONDS):
                    await line.acquire()
                    taken = True
            except TimeoutError:
                pass
            yield
        finally:
            if taken:
                line.release()
            queued.pop()
            if not queued:
                self._lines.pop(key, None)
