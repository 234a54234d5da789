"""Clients that race for one table or view: those who lost are told so one after the other, and read and try again in turn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from starlette.types import Scope

from catalog_server.facades.common.futures import settle
from catalog_server.facades.common.turns import Contended, Key, Turns

_WON, _LOST = range(200, 300), 409


class Races:
    """The turns of REST clients; a client is a connection. Lives on one event loop."""

    def __init__(self) -> None:
        self._turns = Turns()

    @property
    def are_on(self) -> bool:
        """Whether any client may have to wait."""
        return self._turns.is_raced

    async def begin(self, scope: Scope) -> None:
        """Wait until it is the client's turn, if it asks for what it raced for last."""
        if self.are_on and scope["method"] in ("GET", "POST"):
            await _held(partial(self._turns.begin, scope["client"], partial(_asks_for, scope["path"].lower())))

    async def attempted(self, scope: Scope, what: Key, status: int) -> None:
        """A commit was answered; who lost waits until it is its turn to try again."""
        if status in _WON or status == _LOST:
            contended = Contended(tuple(map(str.lower, what)), lost=status == _LOST)
            await _held(partial(self._turns.attempted, contended, scope["client"]))


def _asks_for(path: str, key: Key) -> bool:
    return path.endswith(f"/{key[-1]}")


async def _held(ask: Callable[[Callable[[], None]], None]) -> None:
    """Wait until what was asked for is called."""
    called: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    ask(partial(settle, called, None))
    await called
