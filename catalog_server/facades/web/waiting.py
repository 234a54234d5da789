"""Answers that are held back until work has ended, without holding a thread meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Annotated, TypeVar

import msgspec

from catalog_server.facades.web.bodies import Body
from catalog_server.facades.web.routing import Call

Found = TypeVar("Found")
POLL_SECONDS_MIN, POLL_SECONDS_MAX = 0.01, 0.25


class Waiting(Body):
    """How long an answer may be held back."""

    wait_ms: Annotated[int, msgspec.Meta(ge=0, le=30_000, description="Until the state is final, at most so long.")] = 0


async def settled(call: Call, look: Callable[[], Found], ended: Callable[[Found], bool], wait_ms: int) -> Found:
    """What `look` finds once it has ended, or when the time is over; looks often at first, then less."""
    deadline = time.monotonic() + wait_ms / 1000
    pause = POLL_SECONDS_MIN
    while True:
        found: Found = await call.run(look)
        left = deadline - time.monotonic()
        if left <= 0 or ended(found) or call.services.closing:
            return found
        await asyncio.sleep(min(pause, left))
        pause = min(pause * 1.5, POLL_SECONDS_MAX)
