"""Glances at the files of a listing: what each is, from a few bytes, its name, or what was told of it before.

The first files of each table are read; of the others names are believed, and where these say nothing the files count as
what those are that were read. A file that was read once is not read again as long as its size and etag stay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import overload

from catalog_server.crawlers import group, signs
from catalog_server.crawlers.classifiers import Classifiers
from catalog_server.crawlers.engine import Engine
from catalog_server.crawlers.found import Report
from catalog_server.crawlers.globs import Globs
from catalog_server.crawlers.group import Pile
from catalog_server.crawlers.manifest import Folder, Writer, identity
from catalog_server.crawlers.shares import Shares, Siblings
from catalog_server.crawlers.spool import Spool
from catalog_server.lake.files import FileInfo, FileSystem
from catalog_server.lake.formats import sniff
from catalog_server.lake.formats.base import UNREADABLE
from catalog_server.lake.formats.faces import FORMATS
from catalog_server.lake.locations import within
from catalog_server.model.failpoint import reach

PROBLEMS_MAX = 10_000
SAMPLES_KEPT = 200_000
"""Samples of all folders together that are kept in memory."""
_IS, _PROBLEM, _UNREAD = "=", "!", "?"
_BATCH = 256
_FEW = 4
"""So few samples of a folder are less than what was listed of it."""
_MAYBE_HIDDEN, _MAYBE_HIDDEN_ENDS = ("_", "."), (".crc", "$")
"""Only names like these are worth the question whether they are hidden."""
Folders = Callable[[], Iterator[tuple[Folder, bool]]]


@dataclass(frozen=True, slots=True)
class Limits:
    """How many files are read, and how, and which are not looked at in any way."""

    shares: Callable[[], Shares]
    """What may be read, dealt out from the first folder on."""
    exclude: Globs | None = None
    said: Classifiers = field(default_factory=lambda: Classifiers("", {}))
    """What is said of formats by the crawler's options."""


@dataclass(slots=True)
class Glances:
    """What became of the files: piles by folder and format, those that have none, and how many could not be read."""

    folders: dict[group.Path, dict[str, Pile]] = field(default_factory=dict)
    problems: list[tuple[str, str]] = field(default_factory=list)
    """At most `PROBLEMS_MAX` of them, by location."""
    unread: int = 0
    left_out: int = 0
    """Files that the crawler is told not to look at."""
    signed: dict[str, signs.Signed] = field(default_factory=dict)
    """Tables that have metadata of their own, by the paths of their folders."""
    alike: Counter[tuple[group.Path, str]] = field(default_factory=Counter)
    """How many files of a table count as of a format because others of it are."""


class _Files:
    """The visible files of a folder, and which of them are read."""

    def __init__(self, root: str, folder: Folder, shares: Shares, limits: Limits) -> None:
        self.folder = folder
        self.location = within(root, folder.path)
        self.ending = sole_ending(folder.listed.names)
        self.visible = _visible(folder, plain=self.ending is not None)
        self.left_out = 0
        if limits.exclude is not None and self.visible:
            prefix = f"{folder.path}/" if folder.path else ""
            out = limits.exclude.left_out([prefix + folder.listed.names[at] for at in self.visible])
            self.left_out = sum(out)
            self.visible = [at for at, gone in zip(self.visible, out, strict=True) if not gone]
        is_plain = self.ending is not None and _of_ending(self.ending) in FORMATS
        self.nameless: Sequence[int] = () if is_plain else [at for at in self.visible if not self._is_named(at)]
        self.share = shares.take(folder.path, len(self.visible), len(self.nameless))
        self.are_believed = is_plain and not self.share.read
        """Whether the names of all visible files are believed."""

    def is_left_out(self, exclude: Globs | None) -> bool:
        """Whether the option exclude leaves out every file of the folder, hidden ones too."""
        if exclude is None:
            return False
        prefix = f"{self.folder.path}/" if self.folder.path else ""
        return all(exclude.left_out([prefix + name for name in self.folder.listed.names]))

    def info(self, at: int) -> FileInfo:
        """One file."""
        listed = self.folder.listed
        location = f"{self.location}/{listed.names[at]}"
        return FileInfo(location, listed.sizes[at], listed.etags[at], listed.times[at])

    def _is_named(self, at: int) -> bool:
        """Whether a file needs no look to be told: its name says its format, or there is nothing in it."""
        return not self.folder.listed.sizes[at] or _named(self.folder.listed.names[at]) in FORMATS

    def read(self) -> list[int]:
        """Files that are read."""
        first = self.visible[: self.share.read]
        return sorted({*first, *self.nameless[: self.share.nameless]})

    def doubtful(self) -> Sequence[int]:
        """Files that are read where others of the table do not tell what they are."""
        first = frozenset(self.visible[: self.share.read])
        return [at for at in self.nameless[self.share.nameless :] if at not in first]

    def believed(self, at: int) -> str:
        """The verdict by a file's name and size alone."""
        if not self.folder.listed.sizes[at]:
            return f"{_PROBLEM}empty: 0 bytes"
        return f"{_IS}{_named(self.folder.listed.names[at])}"

    def identity(self, at: int) -> str:
        """What the file's content is known by."""
        return identity(self.folder.listed.sizes[at], self.folder.listed.etags[at])


def sole_ending(names: Sequence[str]) -> str | None:
    """How all names end, where all end alike and none may be hidden; None where that is not seen at a glance.

    Names are looked at together, since most folders hold many that are alike: with as many dots in all as that ending has in
    each, no name has one before it.
    """
    ending = _ending(names[0])
    text = "\n".join(["", *names, ""])
    if text.count("\n") != len(names) + 1 or text.count(".") != len(names) * ending.count("."):
        return None
    if any(f"\n{start}" in text for start in _MAYBE_HIDDEN) or any(f"{end}\n" in text for end in _MAYBE_HIDDEN_ENDS):
        return None
    return ending if text.count(f"{ending}\n", 1) == len(names) else None


def _visible(folder: Folder, *, plain: bool) -> Sequence[int]:
    """Places of the files that engines look at; all of them, where the names are `plain` and the folder is not hidden."""
    if folder.path and sniff.is_hidden(f"{folder.path}/x"):
        return ()
    if plain:
        return range(len(folder.listed.names))
    names = enumerate(folder.listed.names)
    return [
        at
        for at, name in names
        if not (name.startswith(_MAYBE_HIDDEN) or name.endswith(_MAYBE_HIDDEN_ENDS)) or _is_shown(name)
    ]


def _is_shown(name: str) -> bool:
    return not sniff.is_hidden(name)


def _named(name: str) -> str | None:
    """The format that a name speaks of: asked once for all names with the same ending."""
    return _of_ending(_ending(name))


def _ending(name: str) -> str:
    dot = name.find(".", 1)
    return name[dot:] if dot > 0 else ""


@lru_cache(maxsize=4096)
def _of_ending(ending: str) -> str | None:
    return sniff.named_format(f"x{ending}")[0]


def look(
    engine: Engine, files: FileSystem, root: str, folders: Folders, limits: Limits, spool: Spool, report: Report
) -> Siblings:  # fmt: skip
    """Read what has to be read, and note in the spool what it is told to be.

    Files whose names say nothing and that are not among the first of their table are read in a second round, unless those
    that were read are all alike; what these are is given back.
    """
    siblings = Siblings()
    reading = _Reading(engine, files, limits, spool, report)
    doubted: set[group.Path] = set()

    def first() -> Iterator[_Wanted]:
        shares = limits.shares()
        for folder, _ in folders():
            one = _Files(root, folder, shares, limits)
            if one.are_believed:
                continue
            nameless = frozenset(one.nameless)
            for at, verdict in _known(one, one.read(), spool):
                if verdict is None:
                    yield one, at, at in nameless
                elif at in nameless and verdict.startswith(_IS):
                    siblings.note(one.share.table, verdict.removeprefix(_IS))
            if one.share.table not in doubted and one.doubtful():
                doubted.add(one.share.table)

    def second() -> Iterator[_Wanted]:
        shares = limits.shares()
        for folder, _ in folders():
            one = _Files(root, folder, shares, limits)
            if one.nameless and siblings.format(one.share.table) is None:
                for at, verdict in _known(one, one.doubtful(), spool):
                    if verdict is None:
                        yield one, at, False

    for table, format in reading.of(first()):
        siblings.note(table, format)
    if any(siblings.format(table) is None for table in doubted):
        for _ in reading.of(second()):
            pass
    return siblings


_Wanted = tuple[_Files, int, bool]
"""A file to be read, by its folder and place, and whether others count as what it is."""


class _Reading:
    """Reads files, and notes in the spool what they are."""

    def __init__(self, engine: Engine, files: FileSystem, limits: Limits, spool: Spool, report: Report) -> None:
        self._engine = engine
        self._files = files
        self._limits = limits
        self._spool = spool
        self._report = report
        self._asked: dict[str, tuple[tuple[str, str, str], group.Path | None]] = {}
        """Folder, name and identity of a file by its location, and the table whose others count as what it is."""
        self._done = 0

    def of(self, wanted: Iterator[_Wanted]) -> Iterator[tuple[group.Path, str]]:
        """Table and format of those that others are to count as."""
        noted: list[tuple[str, str, str, str]] = []
        for info, format, problem in self._engine.glance(self._files, self._infos(wanted), self._limits.said):
            self._done += 1
            place, table = self._asked.pop(info.location)
            noted.append((*place, _verdict(format, problem)))
            if table is not None and format is not None:
                yield table, format
            if len(noted) >= _BATCH:
                self._spool.note_glances(noted)
                noted.clear()
                reach("glances_noted")
                self._report.step("looking at files", self._done)
        self._spool.note_glances(noted)

    def _infos(self, wanted: Iterator[_Wanted]) -> Iterator[FileInfo]:
        for one, at, speaks in wanted:
            info = one.info(at)
            place = (one.folder.path, one.folder.listed.names[at], one.identity(at))
            self._asked[info.location] = place, one.share.table if speaks else None
            yield info


def _known(one: _Files, some: Sequence[int], spool: Spool) -> Iterator[tuple[int, str | None]]:
    """What some files of a folder were told to be in this crawl or, while they were the same, in one before; None if nothing."""
    seen: dict[str, tuple[str, str]] | None = None
    for at in some:
        verdict = one.folder.verdicts[at] if one.folder.verdicts else ""
        if not verdict:
            seen = spool.glances(one.folder.path) if seen is None else seen
            held, said = seen.get(one.folder.listed.names[at], ("", ""))
            verdict = said if held == one.identity(at) else ""
        yield at, verdict or None


def _verdict(format: str | None, problem: str | None) -> str:
    if format is not None:
        return f"{_IS}{format}"
    said = problem or ""
    return f"{_UNREAD if said.startswith(UNREADABLE) else _PROBLEM}{said}"


def collect(
    root: str, folders: Folders, limits: Limits, spool: Spool, siblings: Siblings, writer: Writer | None, report: Report
) -> Glances:  # fmt: skip
    """The files by folder and format; `writer` gets the folders with their verdicts, which the next crawl will know."""
    found = Glances()
    samples_max = min(group.SAMPLES_MAX, max(1, SAMPLES_KEPT // (spool.folder_count() or 1)))
    shares, count = limits.shares(), 0
    marked: list[str] = []
    for done, (folder, same) in enumerate(folders()):
        if done % 200 == 0:
            report.step("sorting files", count)
        one = _Files(root, folder, shares, limits)
        count += len(one.visible)
        found.left_out += one.left_out
        if signs.may_have(folder.path) and not one.is_left_out(limits.exclude):
            signs.note(folder.path, map(one.info, range(len(folder.listed.names))), found.signed)
        if signs.is_marked(folder.listed.names) and not one.is_left_out(limits.exclude):
            marked.append(folder.path)
        said, unchanged = _said(one, spool, siblings, found)
        _sort(one, said, found, samples_max)
        if writer is not None:
            writer.add(folder, same=same and unchanged)
    found.signed = signs.outermost(found.signed)
    signs.give(found.signed, marked)
    return found


def _said(one: _Files, spool: Spool, siblings: Siblings, found: Glances) -> tuple[dict[str, list[int]], bool]:
    """The visible files by their verdicts, and whether the folder learnt nothing by it; those that were read are kept in it."""
    folder, unchanged = one.folder, True
    if one.are_believed and one.visible and 0 not in folder.listed.sizes:
        return {f"{_IS}{_of_ending(one.ending or '')}": list(one.visible)}, True
    said: dict[str, list[int]] = {}
    told = {}
    if (doubtful := one.doubtful()) and (format := siblings.format(one.share.table)) is not None:
        told = dict.fromkeys(doubtful, f"{_IS}{format}")
        found.alike[one.share.table, format] += len(doubtful)
        doubtful = ()
    for at, known in _known(one, [*one.read(), *doubtful], spool):
        verdict = known or f"{_UNREAD}{UNREADABLE}it was not looked at"
        told[at] = verdict
        if not verdict.startswith(_UNREAD) and not (folder.verdicts and folder.verdicts[at]):
            folder.verdicts = folder.verdicts or [""] * len(folder.listed.names)
            folder.verdicts[at] = verdict
            unchanged = False
    for at in one.visible:
        said.setdefault(told.get(at) or one.believed(at), []).append(at)
    return said, unchanged


class _Infos(Sequence[FileInfo]):
    """Some files of a folder, each made when it is asked for."""

    __slots__ = ("_at", "_files")

    def __init__(self, files: _Files, at: list[int]) -> None:
        self._files = files
        self._at = at

    def __len__(self) -> int:
        return len(self._at)

    @overload
    def __getitem__(self, index: int) -> FileInfo: ...
    @overload
    def __getitem__(self, index: slice) -> list[FileInfo]: ...
    def __getitem__(self, index: int | slice) -> FileInfo | list[FileInfo]:
        if isinstance(index, slice):
            return [self._files.info(at) for at in self._at[index]]
        return self._files.info(self._at[index])


def _sort(one: _Files, said: Mapping[str, list[int]], found: Glances, samples_max: int) -> None:
    """Put files on their piles."""
    path = tuple(one.folder.path.split("/")) if one.folder.path else ()
    for verdict, held in said.items():
        if verdict.startswith(_IS):
            pile = found.folders.setdefault(path, {}).setdefault(verdict.removeprefix(_IS), Pile())
            room = samples_max - len(pile.samples)
            some = held if len(held) <= room else [*held[:room], held[-1]]
            sizes = one.folder.listed.sizes
            size = sum(sizes) if len(held) == len(sizes) else sum(sizes[at] for at in held)
            infos = _Infos(one, some)
            lean = len(some) > _FEW and len(sizes) <= 2 * len(some)  # since it keeps all that was listed of the folder
            pile.add_all(len(held), size, infos if lean else list(infos), samples_max)
            pile.fingerprint += one.folder.fingerprint.hex()
            continue
        found.unread += len(held) if verdict.startswith(_UNREAD) else 0
        room = PROBLEMS_MAX - len(found.problems)
        found.problems.extend((one.info(at).location, verdict[1:]) for at in held[: max(0, room)])
