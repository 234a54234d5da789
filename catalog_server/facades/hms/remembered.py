"""Answers of the metastore given again, by the bytes of the request.

A handler is marked with what its answer rests upon; a call without names, or one whose answer rests upon more, says None:

    @remembered(lambda catalog, call: catalog.freshness.of_table(table_name(call.dbname, call.tbl_name)))
    def get_table(self, context, arguments): ...
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from catalog_server.catalog import remembered as kept
from catalog_server.catalog.remembered import Scopes

if TYPE_CHECKING:
    from catalog_server.catalog.catalog import CatalogService

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


class Remembered(kept.Remembered[Key, bytes]):
    """The answers of one process, each without the head of its message."""

    def __init__(self, catalog: CatalogService, bytes_max: int = kept.BYTES_MAX) -> None:
        super().__init__(catalog.freshness, bytes_max)
        self._catalog = catalog

    def scopes(self, rests_upon: RestsUpon, arguments: Any) -> Scopes | None:
        """What an answer rests upon."""
        return rests_upon(self._catalog, arguments) if self.freshness.may_remember else None
