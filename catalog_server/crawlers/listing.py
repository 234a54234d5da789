"""Listing a target: folder by folder, by as many streams at once as the store gains from, in bounded memory.

A listing begins as one stream of all keys. While more streams make it faster, one that is under way shares what is left
of its folders with the next. Nothing is assumed of the order of keys but that those of one folder come together: a folder
that a stream should have met and did not is listed by itself.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from catalog_server.lake.files import Entry, FileSystem
from catalog_server.lake.locations import join
from catalog_server.model.errors import NotFound
from catalog_server.model.failpoint import reach

STREAMS_MAX = 16
PART_FILES = 20_000
"""Files of one folder that are kept in memory; more are handed on in parts."""
WINDOW_SECONDS = 0.7
"""How long the speed is looked at before the number of streams is changed."""
GAIN = 1.25
"""What doubling the streams must bring, or it is taken back."""
_POLL_SECONDS = 0.1
_LAST = "\U0010ffff"
_UNNAMEABLE = frozenset({"", ".", ".."})


class Sink(Protocol):
    """Where folders go as they are listed; called by one thread at a time."""

    def add(self, folder: str, part: int, files: Sequence[Entry], *, closed: bool) -> None:
        """Some files of a folder (named by its path below the target, `""` for itself); the last part closes it.

        A folder whose part 0 comes again is listed anew, and what was told of it before does not count.
        """

    def note_nameless(self, paths: Sequence[str]) -> None:
        """Files that can have no location."""

    def is_closed(self, folder: str) -> bool:
        """Whether the folder and all below it was listed before."""

    def is_begun(self, folder: str) -> bool:
        """Whether some folder below it was closed before."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one stream lists: all below a folder, or of it only the folders `heads` (sorted), which come after `after`."""

    folder: str
    heads: tuple[str, ...] | None = None
    after: str = ""


@dataclass(frozen=True, slots=True)
class Others:
    """Who else lists: so many seconds (or files) after its begin a listing hands on to them all that can be shared."""

    take: Callable[[Share], None]
    seconds: float
    files: int


class Listing:
    """One listing of all files below `root`; `step` is called again and again with the number of files, and may raise."""

    def __init__(
        self,
        files: FileSystem,
        root: str,
        sink: Sink,
        step: Callable[[int], None],
        shares: Sequence[Share] = (Share(""),),
        others: Others | None = None,
    ) -> None:
        """With `shares`, no more than these is listed."""
        self._others = others
        self._began_at = time.monotonic()
        self._files = files
        self._root = root
        self._sink = sink
        self._step = step
        self._change = threading.Condition()
        self._waiting: deque[Share] = deque(shares)
        self._whole = tuple(shares) == (Share(""),)
        self._busy = 0
        self._allowed = files.streams_first
        self._error: BaseException | None = None
        self._ended = False
        self.count = 0

    def run(self) -> int:
        """List; the number of files. Raises `NotFound` where there is nothing, and what the store raises."""
        threads: list[threading.Thread] = []
        speed = _Speed()
        try:
            while not self._over():
                while len(threads) < self._allowed:
                    thread = threading.Thread(target=self._work, name="list", daemon=True)
                    threads.append(thread)
                    thread.start()
                with self._change:
                    self._change.wait(_POLL_SECONDS)
                    count = self.count
                    while self._others and self._waiting and self._hands_on():
                        self._others.take(self._waiting.popleft())
                self._allowed = speed.streams(count, self._allowed)
                self._step(count)
        finally:
            with self._change:
                self._ended = True
                self._change.notify_all()
        if self._error is not None:
            raise self._error
        if self._whole and not self.count and not self._files.is_directory(self._root):
            raise NotFound("folder", self._root)
        return self.count

    def _over(self) -> bool:
        with self._change:
            return self._error is not None or (not self._busy and not self._waiting)

    def _work(self) -> None:
        """Be one stream until there is nothing left."""
        while True:
            with self._change:
                while not self._ended and (not self._waiting or self._busy >= self._allowed):
                    self._change.wait()
                if self._ended:
                    return
                share = self._waiting.popleft()
                self._busy += 1
            try:
                _Stream(self).run(share)
            except BaseException as error:
                with self._change:
                    self._error = self._error or error
            finally:
                with self._change:
                    self._busy -= 1
                    self._change.notify_all()

    # What a stream asks of the listing.

    @property
    def heads_least(self) -> int:
        """Of how many folders some are worth to be given away."""
        return 2 if self._hands_on() else 4

    def is_hungry(self) -> bool:
        """Whether another stream could work and has nothing to do."""
        return self._hands_on() or (self._busy < self._allowed and not self._waiting)

    def _hands_on(self) -> bool:
        """Whether it is time to let others list what can be shared."""
        others = self._others
        if others is None:
            return False
        return self.count >= others.files or time.monotonic() - self._began_at >= others.seconds

    def is_crowded(self) -> bool:
        """Whether there are more streams than is good."""
        return self._busy > self._allowed

    def is_ended(self) -> bool:
        """Whether nobody waits for the rest any more."""
        return self._ended or self._error is not None

    def give(self, share: Share) -> None:
        """Hand on a part of what there is to do."""
        with self._change:
            if self._others is not None and self._hands_on():
                self._others.take(share)
                return
            self._waiting.append(share)
            self._change.notify_all()

    def add(self, folder: str, part: int, files: Sequence[Entry], *, closed: bool) -> None:
        """Hand on files of a folder."""
        with self._change:
            if self._ended:
                return
            self._sink.add(folder, part, files, closed=closed)
            self.count += len(files)
            reach("folder_listed")

    def expand(self, folder: str) -> list[Share]:
        """What is left to be listed of the folders directly below one, in runs; its own files are handed on."""
        here = join(self._root, folder) if folder else self._root
        below, files = self._files.list_folder(here)
        start, prefix = len(here.rstrip("/")) + 1, _prefix(folder)
        self.add(folder, 0, [(i.location[start:], i.size, i.etag, i.modified_at) for i in files], closed=False)
        shares: list[Share] = []
        before, run = "", list[str]()
        for name in [*sorted(location[start:].rstrip("/") for location in below), None]:
            if name is not None and not self._sink.is_closed(prefix + name):
                run.append(name)
                continue
            if run:
                shares.append(Share(folder, tuple(run), before))
            before, run = name or "", []
        return shares

    def pages(self, folder: str, after: str) -> Iterator[Sequence[Entry]]:
        """All files below a folder, named by their paths from there; what sorts before the head `after` may be left out."""
        here = join(self._root, folder) if folder else self._root
        for page in self._files.scan(here, f"{after}/{_LAST}" if after else ""):
            paths = "\n".join([entry[0] for entry in page])
            if "//" in paths or "/." in paths or paths.startswith(("/", ".")) or "\n/" in paths or "\n." in paths:
                yield self._nameable(folder, page)
            else:
                yield page

    def _nameable(self, folder: str, page: Sequence[Entry]) -> Sequence[Entry]:
        """The files of a page that have a location: keys may hold parts that are empty or climb, locations may not."""
        kept = [entry for entry in page if not _UNNAMEABLE.intersection(entry[0].split("/"))]
        if len(kept) < len(page):
            named = {entry[0] for entry in kept}
            with self._change:
                self._sink.note_nameless([_prefix(folder) + entry[0] for entry in page if entry[0] not in named])
        return kept

    def is_begun(self, folder: str) -> bool:
        """Whether a part of a folder was listed before."""
        return self._sink.is_begun(folder)


def _head_of(path: str, folder: str) -> str | None:
    """The folder directly below one on the way to a path, None if the path does not lie below it."""
    prefix = _prefix(folder)
    return path[len(prefix) :].partition("/")[0] or None if path.startswith(prefix) else None


def _without(share: Share, head: str | None) -> list[Share]:
    """A share without one of its folders: what comes before it, and what comes after."""
    heads = share.heads or ()
    if head not in heads:
        return [share]
    at = heads.index(head)
    parts = (Share(share.folder, heads[:at], share.after), Share(share.folder, heads[at + 1 :], head))
    return [part for part in parts if part.heads]


def _prefix(folder: str) -> str:
    return f"{folder}/" if folder else ""


class _Speed:
    """Finds how many streams are best: twice as many while that makes the listing faster."""

    def __init__(self) -> None:
        self._at = time.monotonic()
        self._count = 0
        self._best = 0.0
        self._settled = False

    def streams(self, count: int, allowed: int) -> int:
        """How many there shall be, now that so many files were listed by `allowed` ones."""
        seconds = time.monotonic() - self._at
        if self._settled or seconds < WINDOW_SECONDS or count == self._count:
            return allowed
        rate = (count - self._count) / seconds
        self._at, self._count = time.monotonic(), count
        if rate > self._best * GAIN:
            self._best = rate
            self._settled = allowed >= STREAMS_MAX
            return min(STREAMS_MAX, allowed * 2)
        self._settled = True
        return max(1, allowed // 2)


class _Stream:
    """One stream: lists shares, and gives of them while others have nothing to do."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing

    def run(self, share: Share) -> None:
        """List a share, or hand on what is left of it."""
        if share.heads is not None:
            self._some(share.folder, dict.fromkeys(share.heads), share.after)
        elif self._listing.is_begun(share.folder):
            self._split(share.folder)
        else:
            self._all(share.folder)

    def _all(self, folder: str) -> None:
        """All below a folder."""
        sorter = _Sorter(self._listing, folder, None)
        for page in self._listing.pages(folder, ""):
            if self._listing.is_ended():
                return
            sorter.take(page)
            if sorter.depth > 1 and self._listing.is_hungry():
                self._split(folder, sorter.current)
                return
        sorter.close_all()

    def _split(self, folder: str, current: str = "") -> None:
        """List a folder by those below it that were not listed yet, of which others may take some.

        The one that is under way is split in its turn, down to the folder `current`, which alone is begun anew.
        """
        left: list[Share] = []
        while True:
            head = _head_of(current, folder)
            for share in self._listing.expand(folder):
                left += _without(share, head)
            if head is None:
                break
            folder = _prefix(folder) + head
            if folder == current:
                left.append(Share(folder))
                break
        while left and not self._listing.is_ended():
            if len(left) > 1 and self._listing.is_hungry():
                self._listing.give(left.pop(0))
            else:
                self.run(left.pop())

    def _some(self, folder: str, heads: dict[str, None], after: str) -> None:
        """Those folders: in one go, then each by itself that was not met on the way."""
        if len(heads) > 1 and not self._in_one_go(folder, heads, after):
            return
        while heads and not self._listing.is_ended():
            self._give_half(folder, heads)
            name = next(iter(heads))
            del heads[name]
            self.run(Share(_prefix(folder) + name))

    def _in_one_go(self, folder: str, heads: dict[str, None], after: str) -> bool:
        """Scan a folder from the first head on; False once the rest was handed on or nobody waits for it."""
        listing, sorter = self._listing, _Sorter(self._listing, folder, heads)
        sorter.last_closed = after
        for page in listing.pages(folder, after):
            if listing.is_ended():
                return False
            sorter.take(page)
            if listing.is_crowded() and len(heads) > 1:
                listing.give(Share(folder, tuple(heads), sorter.last_closed))
                return False
            self._give_half(folder, heads, _head_of(sorter.current, folder))
            if len(heads) == 1 and sorter.depth > 1 and listing.is_hungry():
                self._split(_prefix(folder) + next(iter(heads)), sorter.current)
                return False
            last = page[-1][0].partition("/")[0] if page else ""
            if not heads or (last not in heads and last > next(reversed(heads))):
                break
        sorter.close_all()
        return True

    def _give_half(self, folder: str, heads: dict[str, None], current: str | None = None) -> None:
        """Hand on the last half of the folders, but not the one under way, if a stream has nothing to do."""
        if len(heads) < self._listing.heads_least or not self._listing.is_hungry():
            return
        names = sorted(heads, key=lambda name: name != current)
        kept, given = names[: (len(names) + 1) // 2], names[(len(names) + 1) // 2 :]
        for name in given:
            del heads[name]
        self._listing.give(Share(folder, tuple(given), kept[-1]))


@dataclass(slots=True)
class _Folder:
    """A folder of which files come in."""

    path: str
    files: list[Entry] = field(default_factory=list)
    part: int = 0


class _Sorter:
    """Puts a stream of keys into their folders; a folder is closed when a key from elsewhere comes.

    With `heads`, only these folders count, and each is taken out when it was closed.
    """

    def __init__(self, listing: Listing, base: str, heads: dict[str, None] | None) -> None:
        self._listing = listing
        self._base = base
        self._heads = heads
        self._open: list[_Folder] = [_Folder(base)] if heads is None else []
        self._nobodys = _Folder("")
        self.last_closed = ""
        """The folder directly below the base that was closed last."""

    @property
    def depth(self) -> int:
        """How many folders deep the last key lay, counted from the base."""
        return len(self._open)

    @property
    def current(self) -> str:
        """The folder of the last key."""
        return self._open[-1].path if self._open else ""

    def take(self, page: Sequence[Entry]) -> None:
        """The next keys, as paths from the base."""
        folder: str | None = None
        files = self._nobodys.files
        for entry in page:
            path = entry[0]
            end = path.rfind("/") + 1
            if path[:end] != folder:
                folder = path[:end]
                files = self._enter(folder)
            files.append((path[end:], *entry[1:]) if end else entry)
            if len(files) >= PART_FILES:
                self._hand_on(self._open[-1]) if self._open else files.clear()
                files = self._open[-1].files if self._open else files
        self._nobodys.files.clear()

    def _enter(self, folder: str) -> list[Entry]:
        """The list for files of a folder (a path from the base, with a slash at its end if it is not the base)."""
        path = _prefix(self._base) + folder[:-1] if folder else self._base
        while self._open and not _is_below(path, self._open[-1].path):
            self._close(self._open.pop())
        head = folder.partition("/")[0]
        if self._heads is not None and (not head or head not in self._heads):
            return self._nobodys.files
        at = len(self._open[-1].path) + 1 if self._open and self._open[-1].path else 0
        if not self._open:
            self._open.append(_Folder(_prefix(self._base) + head))
            at = len(self._open[0].path) + 1
        if self._open[-1].path != path:
            begun = self._open[-1].path
            for part in path[at:].split("/"):
                begun = _prefix(begun) + part
                self._open.append(_Folder(begun))
        return self._open[-1].files

    def close_all(self) -> None:
        """No more keys come."""
        while self._open:
            self._close(self._open.pop())

    def _hand_on(self, folder: _Folder) -> None:
        self._listing.add(folder.path, folder.part, folder.files, closed=False)
        folder.part, folder.files = folder.part + 1, []

    def _close(self, folder: _Folder) -> None:
        self._listing.add(folder.path, folder.part, folder.files, closed=True)
        relative = folder.path[len(_prefix(self._base)) :]
        if relative and "/" not in relative and folder.path != self._base:
            self.last_closed = relative
            if self._heads is not None:
                self._heads.pop(relative, None)


def _is_below(path: str, folder: str) -> bool:
    return path == folder or not folder or path.startswith(folder + "/")
