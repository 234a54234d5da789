"""What the last crawl of a target saw: its files, what they were told to be, and the tables that came of them.

A manifest is a head, which says whether anything is different at a glance, and parts, which hold the files. It is kept in
the store, so that any server has it, and replaced only after what it speaks of was written to the catalog.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files as package_files
from typing import Any

import msgspec

from catalog_server.crawlers.found import Line
from catalog_server.crawlers.spool import FolderPart, Listed, packed, unpacked
from catalog_server.lake.formats.base import FileSchema
from catalog_server.model.crawler import Crawler
from catalog_server.store import crawl_manifests as rows
from catalog_server.store.transaction import Store, Transaction

PART_FILES = 50_000
"""Files of a part; what is different in one has all of it written anew."""
_AT_ONCE = 8


class Folder(msgspec.Struct, array_like=True):
    """Some files of a folder, with what they were told to be."""

    path: str
    part: int
    fingerprint: bytes
    listed: Listed
    verdicts: list[str] | None = None
    """One for each file that was glanced at, `""` for the others; None if none was."""

    @property
    def place(self) -> tuple[str, int]:
        """By which folders are ordered."""
        return self.path, self.part


class PartRef(msgspec.Struct, array_like=True):
    """A part of the manifest, and where it begins."""

    number: int
    path: str
    part: int
    folders: int


class KnownTable(msgspec.Struct, array_like=True):
    """A table as the last crawl left it."""

    location: str
    name: str
    digest: bytes
    """Differs whenever the table could become another one."""
    looks: int = 0
    """Number of the part with the close looks at its files."""
    lines: list[Line] = []
    """What was told of the close look."""
    entry: dict[str, Any] | None = None
    """What a summary says of it when it is unchanged."""
    versions: tuple[int, int, int] | None = None
    """Id, version and data version at which the catalog had nothing to be changed; None if that is not known."""


class Head(msgspec.Struct, array_like=True):
    """All that is needed to see that nothing is different."""

    code: str
    """Another one may tell files differently."""
    options: str
    digest: bytes
    parts: list[PartRef]
    tables: list[KnownTable]
    lines: list[Line] = []
    """All that was told of the target."""
    problems_not_listed: int = 0


class Look(msgspec.Struct, array_like=True):
    """A close look at one file: its schema, or what is wrong with it."""

    location: str
    identity: str
    schema: FileSchema | None
    problem: str | None = None


def identity(size: int, etag: str) -> str:
    """What a file's content is known by."""
    return f"{size}:{etag}"


_TELLING = (
    "catalog_server.lake",
    "catalog_server.lake.formats",
    "catalog_server.lake.iceberg",
    "catalog_server.crawlers",
)
_NOT_OF_FILES = ("engine", "recrawl", "tables_max", "on_missing_table", "events", "events.heal")


def settings_digest(crawler: Crawler) -> str:
    """A digest of all in a crawler that its tables depend on."""
    options = sorted((key, value) for key, value in crawler.options.items() if key not in _NOT_OF_FILES)
    said = (crawler.name, crawler.catalog, crawler.database, crawler.table_prefix, options)
    return hashlib.sha256(msgspec.msgpack.encode(said)).hexdigest()[:32]


@cache
def code_digest() -> str:
    """A digest of the code that tells what files are: what other code said is not believed."""
    hashing = hashlib.sha256()
    for package in _TELLING:
        for file in sorted(package_files(package).iterdir(), key=lambda one: one.name):
            if file.name.endswith(".py"):
                hashing.update(file.read_bytes())
    return hashing.hexdigest()[:32]


class Manifest:
    """The manifest of one crawler's target as it is kept; `head` is None where there is none that can be used."""

    def __init__(self, store: Store | None, crawler_id: int, target: str) -> None:
        """Read its head; without a store there is none, and nothing may be written."""
        self._key = crawler_id, hashlib.sha256(target.encode()).hexdigest()[:32]
        self._stamp: int | None = None
        self._written: list[int] = []
        self.head: Head | None = None
        if store is None:
            return
        self._store = store
        with store.read() as tx:
            found = rows.head(tx, self._key)
        if found is not None:
            self._stamp, self.head = found[0], _decoded(found[1])

    @classmethod
    def none(cls) -> Manifest:
        """The manifest of what nobody crawled before."""
        return cls(None, 0, "")

    def folders(self) -> Iterator[Folder]:
        """All folders that were seen, in the order of paths; fewer where another crawl replaced parts meanwhile."""
        for ref in self.head.parts if self.head else ():
            with self._store.read() as tx:
                body = rows.part(tx, self._key, ref.number)
            if body is not None:
                yield from unpacked(body, list[Folder])

    def looks(self, number: int) -> dict[str, Look]:
        """The close looks at files of a table, by location."""
        if not number:
            return {}
        with self._store.read() as tx:
            body = rows.part(tx, self._key, number)
        return {} if body is None else {look.location: look for look in unpacked(body, list[Look])}

    def write(self, document: Sequence[Folder] | Sequence[Look]) -> int:
        """Write a part that the next head will name; its number."""
        number = secrets.randbits(62) + 1
        self._written.append(number)
        self._store.write(lambda tx: rows.add(tx, self._key, [(number, packed(document))]))
        return number

    def replace(self, head: Head) -> bool:
        """Make the new head the one that counts, and delete what it does not name; False if another crawl was faster."""
        stamp, body, named = secrets.randbits(62) + 1, packed(head), _named(head)

        def work(tx: Transaction) -> list[int] | None:
            if not rows.replace_head(tx, self._key, self._stamp, stamp, body):
                return None
            # in one transaction with the head: whoever has written more by the time of the deletes builds upon it
            return [number for number in rows.numbers(tx, self._key) if number not in named]

        gone = self._store.write(work)
        if gone is None:
            self.discard()
            return False
        self._delete(gone)
        self._stamp, self.head, self._written = stamp, head, []
        return True

    def discard(self) -> None:
        """Delete what was written for a head that is not to be; nothing once a head was replaced."""
        written, self._written = self._written, []
        self._delete(written)

    def sweep(self, is_alone: Callable[[Transaction], bool]) -> None:
        """Delete parts that the head does not name, left by crawls that were killed.

        Where a crawl is not alone these may be of another one, which has still to write its head, and stay.
        """
        with self._store.read() as tx:
            numbers = rows.numbers(
                tx, self._key
            )  # before the rest: whoever wrote these is at work, or has written a head
            if not numbers or not is_alone(tx):
                return
            found = rows.head(tx, self._key)
        head = _decoded(found[1]) if found is not None else None
        if found is not None and head is None:
            return
        named = _named(head) if head is not None else set()
        self._delete([number for number in numbers if number not in named])

    def _delete(self, numbers: Sequence[int]) -> None:
        for at in range(0, len(numbers), _AT_ONCE):
            some = numbers[at : at + _AT_ONCE]
            self._store.write(lambda tx, some=some: rows.delete_parts(tx, self._key, some))  # type: ignore[misc]


def _named(head: Head) -> set[int]:
    """Numbers of the parts that a head names."""
    return {ref.number for ref in head.parts} | {table.looks for table in head.tables}


def _decoded(body: bytes) -> Head | None:
    try:
        return unpacked(body, Head)
    except msgspec.MsgspecError:
        return None  # of another version


def merged(
    listed: Iterable[FolderPart], held: Iterable[Folder], *, only_new: bool = False
) -> Iterator[tuple[Folder, bool]]:
    """The folders of a listing, each with whether it is as it was when last seen; files that are keep their verdicts.

    With `only_new` folders that were seen before count as they were then, whatever became of them.
    """
    before = _Before(held)
    known: str | None = None
    for one in listed:
        for gone in before.up_to(one.path):
            if only_new:
                yield gone, True
        if only_new and (one.path == known or before.path == one.path):
            known = one.path
            yield from ((folder, True) for folder in before.of(known))
        elif (same := before.same(one)) is not None:
            yield same, True
        else:
            yield before.carried(one), False
    if only_new:
        yield from ((folder, True) for folder in before.rest())


class _Before:
    """Walks through the folders that were held, beside those that were listed."""

    def __init__(self, held: Iterable[Folder]) -> None:
        self._left = iter(held)
        self._ahead = next(self._left, None)
        self._window: deque[Folder] = deque()
        """Parts of one folder that the next ones listed may have files of."""

    @property
    def path(self) -> str | None:
        """Of the next folder."""
        return self._ahead.path if self._ahead else None

    def rest(self) -> Iterator[Folder]:
        """All that are left."""
        while self._ahead is not None:
            yield self._ahead
            self._ahead = next(self._left, None)

    def up_to(self, path: str) -> Iterator[Folder]:
        """Those that come before a path."""
        while self._ahead is not None and self._ahead.path < path:
            yield self._ahead
            self._ahead = next(self._left, None)

    def of(self, path: str) -> Iterator[Folder]:
        """Those of a path."""
        while self._ahead is not None and self._ahead.path == path:
            yield self._ahead
            self._ahead = next(self._left, None)

    def same(self, one: FolderPart) -> Folder | None:
        """The next one, if it holds the same files."""
        ahead = self._ahead
        if ahead is None or ahead.place != (one.path, one.part) or ahead.fingerprint != one.fingerprint:
            return None
        self._ahead = next(self._left, None)
        return ahead

    def carried(self, one: FolderPart) -> Folder:
        """A folder that is new or different, with the verdicts of the files that are not."""
        listed = one.listed()
        made = Folder(one.path, one.part, one.fingerprint, listed)
        while self._window and (self._window[0].path != one.path or self._window[0].listed.names[-1] < listed.names[0]):
            self._window.popleft()
        while self.path == one.path and self._ahead and self._ahead.listed.names[0] <= listed.names[-1]:
            self._window.append(self._ahead)
            self._ahead = next(self._left, None)
        said: dict[tuple[str, int, str], str] = {}
        for old in self._window:
            for name, size, etag, verdict in zip(
                old.listed.names, old.listed.sizes, old.listed.etags, old.verdicts or (), strict=False
            ):
                said[name, size, etag] = verdict
        if said:
            files = zip(listed.names, listed.sizes, listed.etags, strict=True)
            made.verdicts = [said.get(file, "") for file in files]
        return made


class Writer:
    """Writes the parts of the next manifest; parts of which nothing is different stay as they are."""

    def __init__(self, manifest: Manifest, *, kept: bool = True) -> None:
        self._manifest = manifest
        self._old = list(manifest.head.parts) if manifest.head and kept else []
        self._at = 0
        self._folders: list[Folder] = []
        self._same = True
        self.parts: list[PartRef] = []

    def add(self, folder: Folder, *, same: bool) -> None:
        """The next folder, in the order of paths."""
        while self._at + 1 < len(self._old) and folder.place >= (
            self._old[self._at + 1].path,
            self._old[self._at + 1].part,
        ):
            self._end()
            self._at += 1
        self._folders.append(folder)
        self._same = self._same and same

    def finish(self) -> list[PartRef]:
        """All parts, once the last folder was added."""
        self._end()
        return self.parts

    def _end(self) -> None:
        """Keep or write what was added since the last part."""
        folders, self._folders, same, self._same = self._folders, [], self._same, True
        if not folders:
            return
        old = self._old[self._at] if self._at < len(self._old) else None
        if same and old is not None and old.folders == len(folders):
            self.parts.append(old)
            return
        some: list[Folder] = []
        files = 0
        for folder in folders:
            some.append(folder)
            files += len(folder.listed.names)
            if files >= PART_FILES:
                self._write(some)
                some, files = [], 0
        if some:
            self._write(some)

    def _write(self, folders: list[Folder]) -> None:
        first = folders[0]
        self.parts.append(PartRef(self._manifest.write(folders), first.path, first.part, len(folders)))
