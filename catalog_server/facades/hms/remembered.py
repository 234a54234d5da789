"""Answers given again: whole, by the bytes of the request, once a check has shown that what they rest upon is unchanged.

A handler is marked with what its answer rests upon; a call without names, or one whose answer rests upon more, says None:

    @remembered(lambda catalog, call: catalog.freshness.of_table(table_name(call.dbname, call.tbl_name)))
    def get_table(self, context, arguments): ...
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from catalog_server.catalog.freshness import Freshness, Scope

if TYPE_CHECKING:
    from catalog_server.catalog.catalog import CatalogService

BYTES_MAX = 48 * 1024 * 1024
"""What all remembered answers of a process may hold."""
ANSWER_BYTES_MAX = 12 * 1024 * 1024
_OVERHEAD_BYTES = 600

Scopes = tuple[Scope, ...]
RestsUpon = Callable[["CatalogService", Any], Scopes | None]
"""What the answer to these arguments rests upon; None where it cannot be remembered."""
Key = tuple[str, bool, bytes]
"""Of a request: the method, whether it is in the compact protocol, the bytes of its arguments."""

_Function = TypeVar("_Function", bound=Callable[..., Any])


def remembered(rests_upon: RestsUpon) -> Callable[[_Function], _Function]:
    """Mark a handler whose answers may be given again while what they rest upon is unchanged, whoever asks."""

    def mark(handler: _Function) -> _Function:
        handler.rests_upon = rests_upon  # type: ignore[attr-defined]
        return handler

    return mark


class Kept(NamedTuple):
    """An answer without the head of its message, and what it rests upon since when."""

    body: bytes
    scopes: Scopes
    stamp: int


class Remembered:
    """The answers of one process; used on its event loop."""

    def __init__(self, catalog: CatalogService, bytes_max: int = BYTES_MAX) -> None:
        self._catalog = catalog
        self._bytes_max = bytes_max
        self._kept: OrderedDict[Key, Kept] = OrderedDict()
        self._bytes = 0
        self.freshness: Freshness = catalog.freshness

    @property
    def stamp(self) -> int:
        """Under which an answer that is made from now on is kept."""
        return self.freshness.stamp

    def scopes(self, rests_upon: RestsUpon, arguments: Any) -> Scopes | None:
        """What an answer rests upon."""
        return rests_upon(self._catalog, arguments) if self.freshness.may_remember else None

    def find(self, key: Key) -> Kept | None:
        """The answer to a request, which is still to be checked."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        if not self.freshness.is_true(kept.scopes, kept.stamp):
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return kept

    def is_true(self, kept: Kept) -> bool:
        """Whether an answer is still right, as far as the last check knows."""
        return self.freshness.is_true(kept.scopes, kept.stamp)

    def keep(self, key: Key, body: bytes, scopes: Scopes, stamp: int) -> None:
        """Remember an answer that was made after `stamp`; the ones asked for least lately make room."""
        if len(body) > ANSWER_BYTES_MAX or not self.freshness.is_true(scopes, stamp):
            return
        self._drop(key)
        self._kept[key] = Kept(body, scopes, stamp)
        self._bytes += _size(key, body)
        while self._bytes > self._bytes_max:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: Key) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._bytes -= _size(key, kept.body)


def _size(key: Key, body: bytes) -> int:
    return len(key[2]) + len(body) + _OVERHEAD_BYTES
