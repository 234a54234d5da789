"""Loads and lists answered again as they were before, on the event loop, once a check has shown that nothing changed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from starlette.responses import Response
from starlette.types import Scope

from catalog_server.catalog.freshness import Freshness
from catalog_server.catalog.remembered import Remembered, Scopes
from catalog_server.facades.common.futures import settle

Key = tuple[bytes, ...]
_TOLD_APART = (b"accept-encoding", b"if-none-match", b"x-iceberg-access-delegation")
"""Headers that an answer depends on."""


@dataclass(slots=True)
class RestsUpon:
    """What the answer in the making rests upon, once its handler has said so; without scopes it is not kept."""

    scopes: Scopes | None = None
    file: str = ""
    """The path of a local file that must still be there."""


class Again(NamedTuple):
    """An answer that may be given again, and the file that must still be there."""

    response: Response
    file: str


class Answers:
    """The answers of one process; used on its event loop."""

    def __init__(self, freshness: Freshness) -> None:
        self._freshness = freshness
        self._remembered: Remembered[Key, Again] = Remembered(freshness)

    @property
    def stamp(self) -> int:
        """Under which an answer that is made from now on is kept."""
        return self._remembered.stamp

    async def find(self, key: Key) -> Response | None:
        """The answer to a request if it was given before and is still right."""
        kept = self._remembered.find(key)
        if kept is None:
            return None
        checked: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.confirm(key, kept.answer.response, partial(settle, checked))
        return kept.answer.response if await checked else None

    def confirm(self, key: Key, response: Response, told: Callable[[bool], None]) -> None:
        """Call `told` with whether that answer is kept and right still."""
        kept = self._remembered.find(key)
        if kept is None or kept.answer.response is not response:
            told(False)
            return

        def checked() -> None:
            is_right = self._remembered.is_true(kept)
            if is_right and kept.answer.file and not os.path.isfile(kept.answer.file):
                self._remembered.forget(key)
                is_right = False
            told(is_right)

        self._freshness.check(checked)

    def keep(self, key: Key, response: Response, rests_upon: RestsUpon, stamp: int) -> None:
        """Remember an answer that was made after `stamp`, if it may be given to everybody."""
        if rests_upon.scopes is not None and response.status_code in (200, 304) and self._freshness.may_remember:
            size = len(response.body) + sum(map(len, key))
            self._remembered.keep(key, Again(response, rests_upon.file), size, rests_upon.scopes, stamp)


def key_of(scope: Scope) -> Key | None:
    """What tells one read from another; None for a request that is none."""
    if scope["method"] != "GET":
        return None
    told = tuple(name + b":" + value for name, value in scope["headers"] if name in _TOLD_APART)
    return (scope["raw_path"], scope["query_string"], *told)
