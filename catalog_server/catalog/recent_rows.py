"""The rows of tables as this process wrote them last, on which a commit is planned without reading them first."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict

from catalog_server.model.names import TableName, name_key
from catalog_server.model.table import Table

ROWS_KEPT = 256
SHUNNED_SECONDS = 60.0
"""How long the rows of a table are read anew after somebody else was found to write it."""

_Key = tuple[str, str, str]


class RecentRows:
    """Rows by name; safe to use from many threads.

    A row may be older than the store's, which the compare-and-set finds out. That costs a commit the file it wrote in vain,
    so a table to which others write as well is left alone for a while.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[_Key, Table] = OrderedDict()
        self._shunned: OrderedDict[_Key, float] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, name: TableName) -> Table | None:
        """The row that was written last under a name, whose catalog is resolved."""
        return self._kept.get(_key(name))

    def keep(self, table: Table) -> None:
        """Remember a row that was written just now."""
        key = _key(table.full_name)
        with self._lock:
            until = self._shunned.get(key)
            if until is not None and until > time.monotonic():
                return
            self._shunned.pop(key, None)
            self._kept.pop(key, None)
            self._kept[key] = table
            if len(self._kept) > ROWS_KEPT:
                self._kept.popitem(last=False)

    def shun(self, name: TableName) -> None:
        """Note that another writer came first to a table."""
        key = _key(name)
        with self._lock:
            self._kept.pop(key, None)
            self._shunned[key] = time.monotonic() + SHUNNED_SECONDS
            if len(self._shunned) > ROWS_KEPT:
                self._shunned.popitem(last=False)


def _key(name: TableName) -> _Key:
    return name_key(name.catalog), name_key(name.database), name_key(name.table)
