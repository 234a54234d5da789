"""Turns of writers that race for one table: who lost is told so when it is its turn to try again, and not with all the others.

Writers of Iceberg tables read the table, write a metadata file and swap the pointer if nobody was quicker. When many do so
at once, nearly all of them lose, read again and lose again, and the few that win wait behind the others' calls. Here those
who lost stand in a line, and so does who won and reads the table again for its next change: one of them is answered, and
the others wait until its attempt is made. So the table is changed about as often by 64 writers as by one, and once they
stand in line nobody loses. Nothing waits where nobody loses, and a line in which one makes no use of its turn is given up:
clients that wait by themselves before they try again come at different times anyway.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

TURN_SECONDS = 0.05
"""How long the others wait for the next call of the client whose turn it is."""
TURN_CALLS = 6
"""After so many calls and answers of one turn its time is not counted anew."""
HELD_SECONDS_MAX = 5.0
"""How long a call is held back at most."""
_CLIENTS_MAX = 10_000
"""Of so many clients it is known what they tried to change last."""
Key = tuple[str, ...]
"""What is raced for, the table's name being last."""


@dataclass(frozen=True, slots=True)
class Contended:
    """What a call tried to change, and whether another client was quicker."""

    key: Key
    lost: bool


@dataclass(eq=False, slots=True)
class _Held:
    """What is to be done for a client when its turn comes: tell it that it lost, or carry out its call."""

    client: Hashable
    go_on: Callable[[], None]
    limit: asyncio.TimerHandle | None = None


@dataclass(slots=True)
class _Line:
    """Who waits for one table; `holder` is the client whose turn it is."""

    holder: Hashable
    calls: int = 0
    """How often the holder was answered or called in its turn."""
    waiting: deque[_Held] = field(default_factory=deque)
    turn: asyncio.TimerHandle | None = None


class Turns:
    """The lines of all tables; lives on one event loop."""

    def __init__(self) -> None:
        self._lines: dict[Key, _Line] = {}
        self._last: dict[Hashable, Key] = {}
        """What each client tried to change last: it will likely be the same again."""

    @property
    def is_raced(self) -> bool:
        """Whether writers stand in line for any table."""
        return bool(self._lines)

    def begin(self, client: Hashable, is_about: Callable[[Key], bool], call: Callable[[], None]) -> None:
        """A client reads or changes what `is_about` tells: `call` is called, now or when it is its turn.

        It waits only for a line of the table that it tried to change last.
        """
        key = self._last.get(client)
        line = self._lines.get(key) if key is not None else None
        if key is None or line is None or not is_about(key):
            call()
        elif line.holder == client:
            self._take_time(key, line)
            call()
        else:
            self._wait(line, client, call)

    def leave(self, client: Hashable) -> None:
        """A client hung up."""
        self._last.pop(client, None)

    def attempted(self, what: Contended, client: Hashable, answer: Callable[[], None]) -> None:
        """A client tried to change something: `answer` is called, now or when it is its turn."""
        self._last.pop(client, None)
        self._last[client] = what.key
        if len(self._last) > _CLIENTS_MAX:
            del self._last[next(iter(self._last))]
        line = self._lines.get(what.key)
        if not what.lost:
            if line is not None and line.holder == client:
                self._next(what.key, line)
            answer()
        elif line is None or line.holder == client:
            line = line or self._lines.setdefault(what.key, _Line(client))
            self._take_time(what.key, line)
            answer()
        else:
            self._wait(line, client, answer)

    def _wait(self, line: _Line, client: Hashable, go_on: Callable[[], None]) -> None:
        held = _Held(client, go_on)
        held.limit = asyncio.get_running_loop().call_later(HELD_SECONDS_MAX, self._give_up, line, held)
        line.waiting.append(held)

    def _next(self, key: Key, line: _Line) -> None:
        if not line.waiting:
            if line.turn is not None:
                line.turn.cancel()
            del self._lines[key]
            return
        held = line.waiting.popleft()
        _unlimited(held)
        line.holder, line.calls = held.client, 0
        self._take_time(key, line)
        held.go_on()

    def _expire(self, key: Key, line: _Line) -> None:
        """The time of a turn is over; where its client never came, all go on."""
        if line.calls > 1:
            self._next(key, line)
            return
        del self._lines[key]
        for held in line.waiting:
            _unlimited(held)
            held.go_on()

    def _take_time(self, key: Key, line: _Line) -> None:
        """The time of a turn counts from now, unless it has been long."""
        line.calls += 1
        if line.calls > TURN_CALLS:
            return
        if line.turn is not None:
            line.turn.cancel()
        line.turn = asyncio.get_running_loop().call_later(TURN_SECONDS, self._expire, key, line)

    @staticmethod
    def _give_up(line: _Line, held: _Held) -> None:
        line.waiting.remove(held)
        held.go_on()


def _unlimited(held: _Held) -> None:
    if held.limit is not None:
        held.limit.cancel()
