"""Turns of writers that race for one table."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

import pytest

from catalog_server.facades.common import turns
from catalog_server.facades.common.turns import Contended, Key, Turns


def named(said: bytes) -> Callable[[Key], bool]:
    def is_named(key: Key) -> bool:
        return key[-1].encode() in said.lower()

    return is_named


WON, LOST = Contended(("t",), lost=False), Contended(("t",), lost=True)


def test_the_refused_are_told_one_after_the_other_as_attempts_are_made() -> None:
    async def race() -> None:
        told: list[int] = []
        line = Turns()
        for client in (1, 2, 3):
            line.attempted(LOST, client, partial(told.append, client))
        assert told == [1]
        line.attempted(WON, 1, lambda: told.append(-1))
        assert told == [1, 2, -1]
        line.attempted(LOST, 2, lambda: told.append(2))
        assert told == [1, 2, -1, 2]
        line.attempted(WON, 2, lambda: told.append(-2))
        assert told[-2:] == [3, -2]

    asyncio.run(race())


def test_winners_and_writers_of_other_tables_wait_for_nobody() -> None:
    async def race() -> None:
        told: list[str] = []
        line = Turns()
        line.attempted(LOST, 1, lambda: told.append("turn"))
        line.attempted(LOST, 2, lambda: told.append("waits"))
        line.attempted(WON, 3, lambda: told.append("won"))
        line.attempted(Contended(("other",), lost=True), 4, lambda: told.append("other"))
        assert told == ["turn", "won", "other"]

    asyncio.run(race())


def test_others_who_tried_wait_for_the_client_whose_turn_it_is() -> None:
    async def race() -> None:
        done: list[str] = []
        line = Turns()
        line.attempted(WON, 1, lambda: None)
        line.attempted(LOST, 2, lambda: None)
        line.begin(1, named(b"read T"), lambda: done.append("the winner reads again"))
        line.begin(1, named(b"read u"), lambda: done.append("what is not raced for"))
        line.begin(3, named(b"t"), lambda: done.append("one who never tried before"))
        line.begin(2, named(b"t"), lambda: done.append("the one whose turn it is"))
        assert done == ["what is not raced for", "one who never tried before", "the one whose turn it is"]
        line.attempted(WON, 2, lambda: None)
        assert done[-1] == "the winner reads again"

    asyncio.run(race())


def test_once_all_stand_in_line_nobody_loses() -> None:
    async def race() -> int:
        line, version, lost = Turns(), 0, 0
        told = {client: asyncio.Event() for client in range(8)}

        async def ask(client: int, go: Callable[[Callable[[], None]], None]) -> None:
            told[client].clear()
            go(told[client].set)
            await told[client].wait()

        async def write(client: int) -> None:
            nonlocal version, lost
            for _ in range(20):
                while True:
                    await ask(client, lambda called: line.begin(client, named(b"t"), called))
                    seen = version
                    await asyncio.sleep(0)
                    await ask(client, lambda called: line.begin(client, named(b"t"), called))
                    won = seen == version
                    version, lost = version + won, lost + (not won)
                    await ask(client, lambda told: line.attempted(WON if won else LOST, client, told))  # noqa: B023
                    if won:
                        break

        await asyncio.gather(*(write(client) for client in told))
        assert version == 8 * 20
        return lost

    assert asyncio.run(race()) < 8 * 2


def test_a_turn_ends_though_its_client_goes_on_calling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "TURN_SECONDS", 0.02)

    async def race() -> None:
        told = asyncio.Event()
        line = Turns()
        line.attempted(LOST, 1, lambda: None)
        line.attempted(LOST, 2, told.set)
        while not told.is_set():
            line.begin(1, named(b"t"), lambda: None)
            await asyncio.sleep(0.001)

    asyncio.run(asyncio.wait_for(race(), 4))


def test_a_client_that_makes_no_use_of_its_turn_holds_up_the_next_for_a_moment_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turns, "TURN_SECONDS", 0.01)

    async def race() -> None:
        told = asyncio.Event()
        line = Turns()
        line.attempted(LOST, 1, lambda: None)
        line.attempted(LOST, 2, told.set)
        await asyncio.wait_for(told.wait(), 5)

    asyncio.run(race())


def test_nobody_is_held_up_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "HELD_SECONDS_MAX", 0.01)
    monkeypatch.setattr(turns, "TURN_SECONDS", 60)

    async def race() -> None:
        told = asyncio.Event()
        line = Turns()
        line.attempted(LOST, 1, lambda: None)
        line.attempted(LOST, 2, told.set)
        await asyncio.wait_for(told.wait(), 5)
        line.attempted(WON, 1, lambda: None)
        assert not line._lines

    asyncio.run(race())


def test_where_one_makes_no_use_of_its_turn_all_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "TURN_SECONDS", 0.01)

    async def race() -> None:
        told = [asyncio.Event() for _ in range(5)]
        line = Turns()
        for client, one in enumerate(told):
            line.attempted(LOST, client, one.set)
        while not told[1].is_set():
            await asyncio.sleep(0.001)
        assert all(one.is_set() for one in told)
        assert not line.is_raced

    asyncio.run(asyncio.wait_for(race(), 5))


def test_only_the_newest_clients_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_CLIENTS_MAX", 2)

    async def race() -> None:
        done: list[int] = []
        line = Turns()
        line.attempted(WON, 1, lambda: None)
        line.attempted(LOST, 2, lambda: None)
        line.attempted(LOST, 3, lambda: None)
        line.begin(1, named(b"t"), lambda: done.append(1))
        line.begin(3, named(b"t"), lambda: done.append(3))
        assert done == [1]

    asyncio.run(race())
