"""A set of files that is kept on disk, since a table may have more of them than memory holds."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from catalog_server.lake.locations import parse
from catalog_server.model.errors import CatalogError

DATA, DELETES, STATISTICS, MANIFEST, MANIFEST_LIST, METADATA = (
    "data",
    "deletes",
    "statistics",
    "manifests",
    "manifest-lists",
    "metadata",
)
UNREFERENCED = "unreferenced"
KINDS = (UNREFERENCED, DATA, DELETES, STATISTICS, MANIFEST, MANIFEST_LIST, METADATA)
"""Kinds of files in the order in which they are deleted: what lists others goes after them."""
_AT_ONCE = 500
_FOLDERS_KEPT = 10_000
_AFTER_SLASH = "0"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class File:
    """One file of a table: where it is, of which kind, and its size in bytes (0 where nobody wrote it down)."""

    location: str
    kind: str
    size: int = 0


class FileSet:
    """Files told apart by where they are, however it is spelled and whichever links lead there; for one thread."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)  # a file of its own, which goes with the connection
        self._database.execute(
            "CREATE TABLE files (key TEXT PRIMARY KEY, place INTEGER, location TEXT, size INTEGER) WITHOUT ROWID"
        )
        self._database.execute("PRAGMA synchronous=OFF")
        self._database.execute("BEGIN")
        self._folders: dict[str, str] = {}

    def __enter__(self) -> FileSet:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def __len__(self) -> int:
        return int(self._database.execute("SELECT count(*) FROM files").fetchone()[0])

    def __contains__(self, location: str) -> bool:
        found = self._database.execute("SELECT 1 FROM files WHERE key = ?", (self._key(location),))
        return found.fetchone() is not None

    def add(self, files: Iterable[File]) -> None:
        """Add files; one that is there already stays as it was. Raises `Invalid`, `Unsupported` for what is no location."""
        rows = ((self._key(one.location), KINDS.index(one.kind), one.location, one.size) for one in files)
        for some in _batched(rows):
            self._database.executemany("INSERT OR IGNORE INTO files VALUES (?, ?, ?, ?)", some)

    def discard(self, locations: Iterable[str]) -> int:
        """Take out those of these files that are in it and return how many; locations of other stores are in no set."""
        gone = 0
        for some in _batched(self._keys(locations)):
            gone += self._database.executemany("DELETE FROM files WHERE key = ?", some).rowcount
        return gone

    def discard_below(self, folder: str) -> int:
        """Take out the files in a folder, however deep, and return how many."""
        try:
            key = self._key(folder.rstrip("/") + "/x").rpartition("/")[0]
        except CatalogError:
            return 0
        span = (f"{key}/", f"{key}{_AFTER_SLASH}")
        return self._database.execute("DELETE FROM files WHERE key >= ? AND key < ?", span).rowcount

    def totals(self) -> dict[str, tuple[int, int]]:
        """How many files there are of each kind that there is, and their bytes."""
        found = self._database.execute("SELECT place, count(*), sum(size) FROM files GROUP BY place ORDER BY place")
        return {KINDS[place]: (count, size) for place, count, size in found}

    def sample(self, count: int) -> list[str]:
        """The first so many locations, in the order in which they would be deleted."""
        found = self._database.execute("SELECT location FROM files ORDER BY place, key LIMIT ?", (count,))
        return [row[0] for row in found]

    def pages(self, count: int) -> Iterator[list[str]]:
        """All locations, `count` at a time, in the order in which they are to be deleted."""
        last = (-1, "")
        statement = (
            "SELECT place, key, location FROM files WHERE (place, key) > (?, ?) ORDER BY place, key LIMIT ?"
        )  # fmt: skip
        while rows := self._database.execute(statement, (*last, count)).fetchall():
            yield [row[2] for row in rows]
            last = rows[-1][:2]

    def _keys(self, locations: Iterable[str]) -> Iterator[tuple[str]]:
        for location in locations:
            try:
                yield (self._key(location),)
            except CatalogError:
                continue

    def _key(self, location: str) -> str:
        found = parse(location)
        if found.scheme != "file":
            return str(found)
        folder, name = os.path.split(found.path)
        if folder not in self._folders:
            if len(self._folders) >= _FOLDERS_KEPT:
                self._folders.clear()
            self._folders[folder] = os.path.realpath(folder)
        return f"file://{os.path.join(self._folders[folder], name)}"


def _batched(rows: Iterator[T]) -> Iterator[list[T]]:
    while some := list(islice(rows, _AT_ONCE)):
        yield some
