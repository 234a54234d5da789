"""Futures whose waiter may have gone when their outcome is known, as when a client hangs up."""

from __future__ import annotations

import asyncio
from typing import TypeVar

T = TypeVar("T")


def settle(future: asyncio.Future[T], result: T) -> None:
    """Give a future its result, unless nobody waits any more."""
    if not future.done():
        future.set_result(result)


def fail(future: asyncio.Future[T], error: BaseException) -> None:
    """Give a future its error, unless nobody waits any more."""
    if not future.done():
        future.set_exception(error)
