"""Which files of a target are read, where not all can be, and what those count as whose names say nothing.

The first files of each table's folders are read, in the order of folders and names. So what is read depends on what is there
and on nothing that was seen before, and a crawl that goes on from another one tells what a first one would.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from catalog_server.crawlers import group

_EACH_LEAST, _TABLES = 100, 10


def each_of(peeked_max: int, listed: int) -> int:
    """How many files are read for one table: where not all that are listed can be, no table may take the share of the others."""
    return peeked_max if listed <= peeked_max else max(_EACH_LEAST, peeked_max // _TABLES)


@dataclass(frozen=True, slots=True)
class Share:
    """Of a folder's visible files, in the order of names."""

    table: group.Path
    """The folder of the table, below the target."""
    read: int
    """So many of them all are read, the first ones."""
    nameless: int
    """And so many of those whose names say nothing."""


class Shares:
    """Deals out what may be read, folder by folder, in their order."""

    def __init__(self, peeked_max: int, each_max: int, level: int | None = None) -> None:
        """At most `peeked_max` files, and `each_max` of one table; `level` is that of `group.split`."""
        self._left = peeked_max
        self._each_max = each_max
        self._level = level
        self._read: dict[group.Path, int] = {}
        self._nameless: dict[group.Path, int] = {}

    def take(self, path: str, visible: int, nameless: int) -> Share:
        """What is read of a folder that has so many visible files, `nameless` of which have names that say nothing.

        Of these each table has as many as may be, however many others had, since nobody could say what they are.
        """
        if not nameless and (not self._left or not visible):
            return Share((), 0, 0)
        table = group.split(tuple(path.split("/")) if path else (), self._level)[0]
        read = min(visible, self._left, self._each_max - self._read.get(table, 0))
        if read:
            self._left -= read
            self._read[table] = self._read.get(table, 0) + read
        some = min(nameless, self._each_max - self._nameless.get(table, 0)) if nameless else 0
        if some:
            self._nameless[table] = self._nameless.get(table, 0) + some
        return Share(table, read, some)


@dataclass(slots=True)
class Siblings:
    """What the files are that were read of a table, of those whose names say nothing: for where all are the same."""

    _formats: dict[group.Path, str] = field(default_factory=dict)
    """By table; `""` where they differ."""

    def note(self, table: group.Path, format: str) -> None:
        """One file of a table was told to be of a format."""
        if self._formats.setdefault(table, format) != format:
            self._formats[table] = ""

    def format(self, table: group.Path) -> str | None:
        """The format that all have; None where they differ or none was told."""
        return self._formats.get(table) or None
