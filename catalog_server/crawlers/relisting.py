"""Listing a target again where it was touched: the rest is as the last crawl saw it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

from catalog_server.crawlers.classify import ordered
from catalog_server.crawlers.listing import PART_FILES, Listing
from catalog_server.crawlers.manifest import Folder, Manifest, code_digest
from catalog_server.crawlers.spool import Spool
from catalog_server.lake.files import Entry, FileSystem
from catalog_server.lake.locations import normalize, within
from catalog_server.model.crawler import Touch
from catalog_server.model.errors import NotFound

_CARRIED = 1_000
_BESIDE_LEAST = 8
_PAGE_FOLDERS = 8
"""One page of a range for so many folders that are wanted of it; it costs as much as listing a few of them."""


class _Incomplete(Exception):
    """The manifest does not hold all that its head names."""


def relist(
    files: FileSystem,
    root: str,
    manifest: Manifest,
    options: str,
    touched: Collection[Touch],
    spool: Spool,
    step: Callable[[int], None],
) -> bool:
    """Put what a listing of the target would find into the spool, asking the store for touched folders alone.

    False, with nothing in the spool, where what the last crawl saw cannot be built upon. Raises what the store raises, and
    `NotFound` where the target is not there any more.
    """
    head = manifest.head
    if head is None or head.code != code_digest() or head.options != options:
        return False
    flat, deep = _below(root, touched)
    try:
        for some in _batches(_untouched(manifest, flat, deep)):
            spool.carry(some)
    except _Incomplete:
        spool.clear()
        return False
    count = spool.totals()[0]
    places = {within(root, one): one for one in flat}
    for place, entries in contents(files, places):
        folder = places[place]
        for at in range(0, max(1, len(entries)), PART_FILES):
            last = at + PART_FILES >= len(entries)
            spool.add(folder, at // PART_FILES, entries[at : at + PART_FILES], closed=last)
        count += len(entries)
        step(count)
    for folder in sorted(deep):
        _list_all(files, within(root, folder), folder, spool, step)
    if not spool.totals()[0] and not files.is_directory(root):
        raise NotFound("folder", root)
    return True


def _below(root: str, touched: Collection[Touch]) -> tuple[set[str], set[str]]:
    """The touched folders as paths below the target: those looked at by themselves, and those with all below them."""
    start = normalize(root)
    flat: set[str] = set()
    deep: set[str] = set()
    for one in touched:
        if one.folder == start or one.folder.startswith(f"{start}/"):
            (deep if one.deep else flat).add(one.folder[len(start) + 1 :])
        elif one.deep and start.startswith(f"{one.folder}/"):
            deep.add("")
    outermost = {one for one in deep if not any(above in deep for above in _above(one))}
    return {one for one in flat if one not in deep and not any(above in deep for above in _above(one))}, outermost


def _above(path: str) -> Iterator[str]:
    """The folders that a path below the target lies in, the target itself last."""
    while path:
        path = path.rpartition("/")[0]
        yield path


def _untouched(manifest: Manifest, flat: Collection[str], deep: Collection[str]) -> Iterator[Folder]:
    expected = sum(ref.folders for ref in manifest.head.parts) if manifest.head else 0
    for folder in manifest.folders():
        expected -= 1
        if folder.path in flat or folder.path in deep:
            continue
        if not deep or not any(above in deep for above in _above(folder.path)):
            yield folder
    if expected:
        raise _Incomplete


def _batches(folders: Iterator[Folder]) -> Iterator[list[Folder]]:
    some: list[Folder] = []
    for folder in folders:
        some.append(folder)
        if len(some) >= _CARRIED:
            yield some
            some = []
    yield some


def contents(files: FileSystem, folders: Collection[str]) -> Iterator[tuple[str, list[Entry]]]:
    """The files directly in each of some folders (locations); none of one that is not there.

    Where a store has no folders, those beside each other are listed as one range, as long as little else lies between them.
    """
    left = set(folders)
    beside: dict[str, list[str]] = {}
    for folder in folders if not files.has_folders else ():
        above, _, name = folder.rpartition("/")
        beside.setdefault(above, []).append(name)
    for above, names in beside.items():
        if len(names) >= _BESIDE_LEAST:
            for name, entries in _range(files, above, sorted(names)):
                left.discard(f"{above}/{name}")
                yield f"{above}/{name}", entries
    yield from ordered((one, _lister(files, one)) for one in sorted(left))


def _range(files: FileSystem, above: str, names: Sequence[str]) -> Iterator[tuple[str, list[Entry]]]:
    """Those of the named folders that were met whole by a listing of the folder above, from the first name on."""
    wanted, pages = set(names), len(names) // _PAGE_FOLDERS + 1
    current, entries = "", list[Entry]()
    for page in files.scan(above, names[0]):
        for path, *rest in page:
            name, _, below = path.partition("/")
            if name != current:
                if current in wanted:
                    yield current, entries
                current, entries = name, []
            if name in wanted and below and "/" not in below:
                entries.append((below, *rest))  # type: ignore[arg-type]
        pages -= 1
        if current > names[-1] or not pages:
            return
    if current in wanted:
        yield current, entries


def _lister(files: FileSystem, location: str) -> Callable[[], list[Entry]]:
    return lambda: _direct(files, location)


def _direct(files: FileSystem, location: str) -> list[Entry]:
    try:
        _, found = files.list_folder(location)
    except NotFound:
        return []
    start = len(location.rstrip("/")) + 1
    return [(one.location[start:], one.size, one.etag, one.modified_at) for one in found]


class _Beside:
    """A spool as a listing of one of its folders sees it."""

    def __init__(self, spool: Spool, prefix: str) -> None:
        self._spool = spool
        self._prefix = prefix

    def _path(self, folder: str) -> str:
        return "/".join(part for part in (self._prefix, folder) if part)

    def add(self, folder: str, part: int, files: Sequence[Entry], *, closed: bool) -> None:
        """See `Sink.add`."""
        self._spool.add(self._path(folder), part, files, closed=closed)

    def note_nameless(self, paths: Sequence[str]) -> None:
        """See `Sink.note_nameless`."""
        self._spool.note_nameless([self._path(path) for path in paths])

    def is_closed(self, folder: str) -> bool:
        """See `Sink.is_closed`."""
        return self._spool.is_closed(self._path(folder))

    def is_begun(self, folder: str) -> bool:
        """See `Sink.is_begun`."""
        return self._spool.is_begun(self._path(folder))


def _list_all(files: FileSystem, location: str, folder: str, spool: Spool, step: Callable[[int], None]) -> None:
    try:
        Listing(files, location, _Beside(spool, folder), step).run()
    except NotFound:
        return
