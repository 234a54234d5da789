"""How many threads carry out calls."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

import pytest

from catalog_server.facades.common import crew
from catalog_server.facades.common.crew import FEW, Crew


def most_at_once(work: Callable[[], None], calls: int, threads: int) -> int:
    """How many of such calls were in work together at most."""
    running, most, lock = 0, 0, threading.Lock()

    def call(done: Callable[[], None]) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        work()
        with lock:
            running -= 1
        done()

    async def run() -> None:
        loop, tested = asyncio.get_running_loop(), Crew(threads, "test")
        left, ended = calls, asyncio.Event()

        def done() -> None:
            nonlocal left
            left -= 1
            if not left:
                ended.set()

        for _ in range(calls):
            tested.submit(call, lambda: loop.call_soon_threadsafe(done))
        await asyncio.wait_for(ended.wait(), 60)
        tested.shutdown()

    asyncio.run(run())
    return most


def test_calls_that_wait_for_others_have_more_begin_up_to_the_most() -> None:
    assert most_at_once(lambda: time.sleep(0.3), 12, 6) == 6


def test_calls_are_carried_out_by_few_as_long_as_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "LOOK_SECONDS", 1000)
    assert most_at_once(lambda: time.sleep(0.002), 50, 16) == FEW


def test_of_one_thread_no_more_are_made() -> None:
    assert most_at_once(lambda: time.sleep(0.001), 20, 1) == 1


def test_calls_that_keep_the_processor_busy_do_not_hold_up_others_for_long() -> None:
    end = time.monotonic() + 0.6

    def compute() -> None:
        while time.monotonic() < end:
            sum(range(1000))

    assert most_at_once(compute, FEW + 1, 8) == FEW + 1


def test_nothing_is_begun_after_the_end() -> None:
    async def run() -> None:
        ended = Crew(2, "test")
        ended.shutdown()
        with pytest.raises(RuntimeError):
            ended.submit(lambda: None)

    asyncio.run(run())
