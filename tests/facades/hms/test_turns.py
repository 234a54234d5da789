"""Turns of writers that race for one table."""

from __future__ import annotations

import asyncio

import pytest

from catalog_server.facades.hms import turns
from catalog_server.facades.hms.turns import Contended, Turns

WON, LOST = Contended(("t",), lost=False), Contended(("t",), lost=True)


def test_the_refused_are_told_one_after_the_other_as_attempts_are_made() -> None:
    async def race() -> None:
        told: list[int] = []
        line = Turns()
        for client in (1, 2, 3):
            line.attempted(LOST, client, lambda client=client: told.append(client))
        assert told == [1]
        line.attempted(WON, 1, lambda: told.append(-1))
        assert told == [1, -1, 2]
        line.attempted(LOST, 2, lambda: told.append(2))
        assert told == [1, -1, 2, 2]
        line.attempted(WON, 2, lambda: told.append(-2))
        assert told[-1] == 3

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


def test_attempts_of_others_wait_for_that_of_the_client_whose_turn_it_is() -> None:
    async def race() -> None:
        done: list[str] = []
        line = Turns()
        line.attempted(WON, 1, lambda: None)
        line.attempted(LOST, 2, lambda: None)
        line.begin(1, lambda: done.append("another attempt of the winner"))
        line.begin(3, lambda: done.append("of one who never tried before"))
        line.begin(2, lambda: done.append("of the one whose turn it is"))
        assert done == ["of one who never tried before", "of the one whose turn it is"]
        line.attempted(WON, 2, lambda: None)
        assert done[-1] == "another attempt of the winner"

    asyncio.run(race())


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
