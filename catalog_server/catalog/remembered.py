"""Answers given again: whole, by what was asked, once a check has shown that what they rest upon is unchanged."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, NamedTuple, TypeVar

from catalog_server.catalog.freshness import Freshness, Scope

BYTES_MAX = 48 * 1024 * 1024
"""What all remembered answers of a facade may hold in a process."""
ANSWER_BYTES_MAX = 12 * 1024 * 1024
_OVERHEAD_BYTES = 600

Scopes = tuple[Scope, ...]
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(NamedTuple, Generic[V]):
    """An answer, what it takes in bytes, and what it rests upon since when."""

    answer: V
    size: int
    scopes: Scopes
    stamp: int


class Remembered(Generic[K, V]):
    """The answers of one facade in one process, by what was asked; used on its event loop."""

    def __init__(self, freshness: Freshness, bytes_max: int = BYTES_MAX) -> None:
        self.freshness = freshness
        self._bytes_max = bytes_max
        self._kept: OrderedDict[K, Kept[V]] = OrderedDict()
        self._bytes = 0

    @property
    def stamp(self) -> int:
        """Under which an answer that is made from now on is kept."""
        return self.freshness.stamp

    def find(self, key: K) -> Kept[V] | None:
        """The answer to a request, which is still to be checked."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        if not self.is_true(kept):
            self.forget(key)
            return None
        self._kept.move_to_end(key)
        return kept

    def is_true(self, kept: Kept[V]) -> bool:
        """Whether an answer is still right, as far as the last check knows."""
        return self.freshness.is_true(kept.scopes, kept.stamp)

    def keep(self, key: K, answer: V, size: int, scopes: Scopes, stamp: int) -> None:
        """Remember an answer of `size` bytes that was made after `stamp`; the ones asked for least lately make room."""
        if size > ANSWER_BYTES_MAX or not self.freshness.is_true(scopes, stamp):
            return
        self.forget(key)
        self._kept[key] = Kept(answer, size + _OVERHEAD_BYTES, scopes, stamp)
        self._bytes += size + _OVERHEAD_BYTES
        while self._bytes > self._bytes_max:
            self.forget(next(iter(self._kept)))

    def forget(self, key: K) -> None:
        """Let go of an answer, if it is kept."""
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._bytes -= kept.size
