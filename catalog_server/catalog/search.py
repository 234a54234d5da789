"""Search over names, columns, comments and parameters of what the caller may see."""

from __future__ import annotations

from catalog_server.catalog.core import Core
from catalog_server.model.caller import Caller
from catalog_server.store import search as rows
from catalog_server.store.search import Hit

__all__ = ["Hit", "Search"]


class Search:
    """Finds databases and tables by words."""

    def __init__(self, core: Core) -> None:
        self.core = core

    def find(self, caller: Caller, query: str, *, skip: int = 0, count: int = 50) -> list[Hit]:
        """Things in which every word of the query occurs as the beginning of a word, best first."""
        with self.core.store.read() as tx:
            return rows.find(tx, query, self.core.grants.visible(tx, caller), skip, count)
