"""Turns of writers that race for one table: who lost is told so when it is its turn to try again, and not with all the others.

Writers of Iceberg tables read the table, write a metadata file and swap the pointer if nobody was quicker. When many do so
at once, nearly all of them lose, read again and lose again, and the few that win wait behind the others' calls. Here the
refusals of one table are answered one after the other: the client that is told has some time for its next attempt before
the next one is told. So the table is changed about as often by 64 writers as by one. Nothing waits where nobody loses.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

TURN_SECONDS = 0.05
"""How long the others wait for the next attempt of the client whose turn it is."""
HELD_SECONDS_MAX = 5.0
"""How long a refusal is held back at most."""


@dataclass(frozen=True, slots=True)
class Contended:
    """What a call tried to change, and whether another client was quicker."""

    key: tuple[str, ...]
    lost: bool


@dataclass(eq=False, slots=True)
class _Refusal:
    client: int
    answer: Callable[[], None]
    held: asyncio.TimerHandle | None = None


@dataclass(slots=True)
class _Line:
    """Who waits for one table; `holder` is the client whose turn it is."""

    holder: int | None = None
    waiting: deque[_Refusal] = field(default_factory=deque)
    behind: list[Callable[[], None]] = field(default_factory=list)
    """Attempts of others that came during this turn, and could only have spoilt it or been lost."""
    turn: asyncio.TimerHandle | None = None


class Turns:
    """The lines of all tables; lives on one event loop."""

    def __init__(self) -> None:
        self._lines: dict[tuple[str, ...], _Line] = {}
        self._last: dict[int, tuple[str, ...]] = {}
        """What each client tried to change last: it will likely be the same again."""

    def begin(self, client: int, attempt: Callable[[], None]) -> None:
        """A client is about to try something: `attempt` is called, now or after the attempt of the client whose turn it is."""
        line = self._lines.get(self._last.get(client, ()))
        if line is None or line.holder == client:
            attempt()
        else:
            line.behind.append(attempt)

    def leave(self, client: int) -> None:
        """A client hung up."""
        self._last.pop(client, None)

    def attempted(self, what: Contended, client: int, answer: Callable[[], None]) -> None:
        """A client tried to change something: `answer` is called, now or when it is its turn."""
        self._last[client] = what.key
        line = self._lines.get(what.key)
        if not what.lost:
            answer()
            if line is not None and line.holder == client:
                self._next(what.key, line)
            return
        if line is None:
            line = self._lines[what.key] = _Line()
        refusal = _Refusal(client, answer)
        if line.holder in (None, client):
            line.waiting.appendleft(refusal)
            self._next(what.key, line)
        else:
            line.waiting.append(refusal)
            loop = asyncio.get_running_loop()
            refusal.held = loop.call_later(HELD_SECONDS_MAX, self._give_up, line, refusal)

    def _next(self, key: tuple[str, ...], line: _Line) -> None:
        if line.turn is not None:
            line.turn.cancel()
        behind, line.behind = line.behind, []
        if line.waiting:
            self._turn(key, line)
        else:
            del self._lines[key]
        for attempt in behind:
            attempt()

    def _turn(self, key: tuple[str, ...], line: _Line) -> None:
        refusal = line.waiting.popleft()
        if refusal.held is not None:
            refusal.held.cancel()
        line.holder = refusal.client
        line.turn = asyncio.get_running_loop().call_later(TURN_SECONDS, self._next, key, line)
        refusal.answer()

    @staticmethod
    def _give_up(line: _Line, refusal: _Refusal) -> None:
        line.waiting.remove(refusal)
        refusal.answer()
