"""Crawling files: a target is listed, each file glanced at, folders grouped, and some files of each table looked at closely.

What the last crawl saw is not looked at again: a file whose size and etag are the same is what it was, and a table whose files
are the same is not touched as long as the catalog holds it as it was left.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from catalog_server.crawlers import glances, group, in_place, signs
from catalog_server.crawlers.classifiers import Classifiers, checked
from catalog_server.crawlers.engine import ENGINES, LOCAL, Engine, Local
from catalog_server.crawlers.file_tables import Looks, chosen, digest, table_of
from catalog_server.crawlers.found import FoundTable, Report
from catalog_server.crawlers.glances import Glances
from catalog_server.crawlers.globs import Globs
from catalog_server.crawlers.group import Group, Grouping
from catalog_server.crawlers.judge import Judge, Known
from catalog_server.crawlers.manifest import (
    Folder,
    Head,
    KnownTable,
    Look,
    Manifest,
    PartRef,
    Writer,
    code_digest,
    merged,
    settings_digest,
)
from catalog_server.crawlers.relisting import relist
from catalog_server.crawlers.shares import Shares, each_of
from catalog_server.crawlers.signs import Signed
from catalog_server.crawlers.spool import Spool
from catalog_server.crawlers.together import FOLDERS, GROUPINGS, SERIES
from catalog_server.lake.files import FileSystem
from catalog_server.lake.filesystem import Lake
from catalog_server.lake.formats.base import UNREADABLE
from catalog_server.lake.locations import join, normalize, parse, within
from catalog_server.model.crawler import Crawler, Touch
from catalog_server.model.errors import Invalid
from catalog_server.model.names import name_key

PEEKED_MAX = 1_000
SAMPLE = 20
_FORMAT_OPTIONS = ("csv.", "json.", "xml.", "grok.", "regex.")
_NAMELESS = "engines cannot name it: its name is no UTF-8, or has a part that is empty or dots"
EVERYTHING, CHANGES, NEW_FOLDERS = "everything", "changes", "new_folders"

Versions = Mapping[str, tuple[int, int, int]]
"""Id, version and data version of tables by the keys of their names."""
Held = tuple[Versions, Set[str]]
"""What the catalog has of a database: versions, and where its tables lie, see `normalize`."""
Settled = Mapping[str, tuple[Mapping[str, object], tuple[int, int, int]]]
"""Tables in which nothing had to be changed, by the keys of their names: what a summary says of them, and their versions."""


@dataclass(frozen=True, slots=True)
class Settings:
    """A crawler's options for files: how many are glanced at, how many of each table are looked at closely, and which."""

    peeked_max: int = PEEKED_MAX
    sample: int = SAMPLE
    formats: Mapping[str, str] | None = None
    recrawl: str = CHANGES
    exclude: Globs | None = None
    table_level: int | None = None
    """How many folders deep tables lie, the bucket (or the first folder of a path) being 1."""
    one_table: bool = False
    grouping: str = SERIES
    measured: bool = True
    """Whether column statistics are made of footers."""
    classifiers: str = ""
    """Lines, see `Classifiers`."""

    @classmethod
    def of(cls, options: Mapping[str, str]) -> Settings:
        """From a crawler's options; raises `Invalid` for one that cannot be."""
        numbers = {}
        for key, least, default in (("peek", 0, PEEKED_MAX), ("sample", 1, SAMPLE)):
            value = options.get(key, str(default))
            if not value.isdecimal() or int(value) < least:
                raise Invalid(f"option {key}", f"{value!r} is not a number from {least} on")
            numbers[key] = int(value)
        recrawl = options.get("recrawl", CHANGES)
        if recrawl not in (EVERYTHING, CHANGES, NEW_FOLDERS):
            raise Invalid("option recrawl", f"{recrawl!r} is none of {EVERYTHING}, {CHANGES}, {NEW_FOLDERS}")
        said = checked({key: value for key, value in options.items() if key.startswith(_FORMAT_OPTIONS)})
        classifiers = options.get("classifiers", "")
        Classifiers(classifiers, said)
        exclude = Globs(options["exclude"]) if options.get("exclude", "").strip(", ") else None
        level, one = options.get("table_level"), options.get("one_table", "false")
        if one not in ("true", "false"):
            raise Invalid("option one_table", f"{one!r} is neither true nor false")
        if level is not None and (not level.isdecimal() or int(level) < 1 or one == "true"):
            raise Invalid("option table_level", f"{level!r} is not a number from 1 on, or goes with one_table")
        depth = int(level) if level is not None else None
        statistics = options.get("statistics", "footers")
        if statistics not in ("footers", "none"):
            raise Invalid("option statistics", f"{statistics!r} is neither footers nor none")
        if options.get("engine", LOCAL) not in ENGINES:
            raise Invalid("option engine", f"{options['engine']!r} is none of {', '.join(ENGINES)}")
        grouping = options.get("grouping", SERIES)
        if grouping not in GROUPINGS:
            raise Invalid("option grouping", f"{grouping!r} is none of {', '.join(GROUPINGS)}")
        return cls(
            numbers["peek"],
            numbers["sample"],
            said,
            recrawl,
            exclude,
            depth,
            one == "true",
            grouping,
            statistics == "footers",
            classifiers,
        )

    def level_below(self, root: str) -> int | None:
        """How deep below a target tables lie, None where their folders' names tell; raises `Invalid` for one above it."""
        if self.one_table:
            return 0
        if self.table_level is None:
            return None
        found = parse(root)
        level = self.table_level - len([part for part in (found.bucket, *found.path.split("/")) if part])
        if level < 0:
            raise Invalid("option table_level", f"level {self.table_level} is above the target {root}")
        return level


@dataclass(slots=True)
class Looked:
    """What a look at a target brought."""

    found: list[FoundTable] = field(default_factory=list)
    """Tables to be brought into the catalog."""
    spared: set[str] = field(default_factory=set)
    """Tables that are there but cannot be understood: they are left as they are."""
    kept: dict[str, Mapping[str, object]] = field(default_factory=dict)
    """Tables that are as the last crawl left them, files and catalog both, with what a summary says of them."""
    unread: int = 0
    """Files that the store did not give, so that nothing can be said to be gone."""
    remember: Callable[[Settled], object] | None = None
    """To be called once the tables were written; None where nothing is to be remembered."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What a look may build on: the last crawl's manifest, what this crawl saw before it was interrupted, the catalog."""

    manifest: Manifest
    spool: Spool
    versions: Versions
    homes: Set[str] = frozenset()
    """Where tables of the crawler's database lie, see `normalize`."""
    writes: bool = True
    """Whether this look is to be remembered."""
    touched: Collection[Touch] | None = None
    """Folders outside of which all is as the last crawl saw it; None where nothing is known of that."""
    engine: Engine = field(default_factory=Local)
    """What lists and looks at files."""


def crawl_files(lake: Lake, crawler: Crawler, target: str, report: Report) -> list[FoundTable]:
    """The tables below a target, without any memory; whatever is wrong with single files goes to the report."""
    with tempfile.TemporaryDirectory(prefix="crawl-") as folder:
        spool = Spool(Path(folder) / "spool.db")
        try:
            return look_at(lake, crawler, target, report, Memory(Manifest.none(), spool, {}, writes=False)).found
        finally:
            spool.close()


def look_at(
    lake: Lake, crawler: Crawler, target: str, report: Report, memory: Memory, *, alone: str | None = None
) -> Looked:
    """The tables below a target, or if it is one table that is called `alone`, that table (in all of its views).

    Raises `NotFound`, `Denied` and `Unavailable` where it cannot be listed.
    """
    files, root = lake.filesystem(target), target.rstrip("/")
    if files.is_file(root):
        raise Invalid("target", f"{target} is a file: name the folder that holds it")
    _list(files, crawler, root, report, memory)
    listed, size = memory.spool.totals()
    report.objects += listed
    report.bytes += size
    return _Target(files, crawler, root, report, memory, alone).look()


def _list(files: FileSystem, crawler: Crawler, root: str, report: Report, memory: Memory) -> None:
    """List into the spool what was touched, where that is known, or all."""

    def step(count: int) -> None:
        report.step("listing", report.objects + count)

    touched, options = memory.touched, settings_digest(crawler)
    if touched is None or not relist(files, root, memory.manifest, options, touched, memory.spool, step):
        memory.engine.list_all(files, root, memory.spool, step)


class _Target:
    """One look at a target that was listed."""

    def __init__(
        self, files: FileSystem, crawler: Crawler, root: str, report: Report, memory: Memory, alone: str | None
    ) -> None:  # fmt: skip
        self.files = files
        self.crawler = crawler
        self.root = root
        self.report = report
        self.memory = memory
        self.alone = alone
        self.settings = Settings.of(crawler.options)
        self.level = self.settings.level_below(root)
        self.options = settings_digest(crawler)
        self.digest = memory.spool.digest()
        if self.settings.recrawl == NEW_FOLDERS:  # which says nothing of files in folders that were seen before
            self.digest += NEW_FOLDERS.encode()
        head = memory.manifest.head
        usable = head is not None and head.code == code_digest() and self.settings.recrawl != EVERYTHING
        self.head = head if usable else None
        same = self.head is not None and self.head.options == self.options
        self.known = Known(self.head.tables if self.head and same else ())
        # who says how deep tables lie has said what belongs together
        mode = FOLDERS if self.level is not None else self.settings.grouping
        self.said = Classifiers(self.settings.classifiers, self.settings.formats or {}, root)
        recall = memory.manifest.looks
        self.inspect = partial(memory.engine.inspect_all, files, said=self.said)
        self.judge = Judge(self.inspect, self.root, mode, self.known, recall, memory.homes)
        self.tables: list[KnownTable] = []

    def look(self) -> Looked:
        """Compare with what was seen last, and look closely at what is different."""
        if self.head and self._is_as_it_was(self.head):
            for line in self.head.lines:
                self.report.replay(line)
            self.report.problem_count += self.head.problems_not_listed
            return Looked(kept={one.name: one.entry or {} for one in self.head.tables})
        before = self.report.problem_count
        with self.report.heard() as lines:
            looked, parts = self._look()
        if self.memory.writes:
            head = Head(code_digest(), self.options, b"" if looked.unread else self.digest, parts, self.tables, lines)
            listed = sum(kind == "problem" for kind, _, _ in lines)
            head.problems_not_listed = self.report.problem_count - before - listed
            looked.remember = lambda settled: self._remember(head, settled)
        return looked

    def _look(self) -> tuple[Looked, list[PartRef]]:
        for place in self.memory.spool.nameless():
            self.report.problem(f"{self.root}/{place}", _NAMELESS)
        seen, parts = self._glances()
        grouping = self._grouped(seen)
        looked = Looked(unread=seen.unread)
        todo: list[tuple[Group, KnownTable]] = []
        for one in grouping.groups:
            made = KnownTable(one.location, one.name, digest(one))
            if not self._are_kept([made], looked):
                todo.append((one, made))
        self._look_closely(todo, looked)
        signed: list[tuple[Signed, KnownTable]] = []
        for path, each in seen.signed.items():
            if self.alone is not None and path:
                continue
            name = grouping.names[_parts(path)]
            views = self._views(path, name, each)
            if not self._are_kept(views, looked):
                signed.append((each, views[0]))
        names = [*(each.name for each in grouping.groups), *grouping.names.values()]
        self._read_metadata(signed, frozenset(map(name_key, names)), looked)
        return looked, parts

    def _views(self, path: str, name: str, each: Signed) -> list[KnownTable]:
        """The table with metadata of its own, and its second view where the last crawl knew of one."""
        location, digest = self._location(path), each.digest(name)
        twin = self.known.get(location, name + signs.OPTIMIZED) if each.kind == signs.HUDI and not self.alone else None
        return [KnownTable(location, one, digest) for one in (name, *([twin.name] if twin else ()))]

    def _are_kept(self, views: Sequence[KnownTable], looked: Looked) -> bool:
        """Whether the views of a table are all as the last crawl left them, so that what was told is told again."""
        known = [self._same(one) for one in views]
        if None in known:
            return False
        for one in filter(None, known):
            for line in one.lines:
                self.report.replay(line)
            looked.kept[one.name] = one.entry or {}
            self.tables.append(one)
        return True

    def _same(self, made: KnownTable) -> KnownTable | None:
        """A table as the last crawl left it, if it is so still."""
        known = self.known.get(made.location, made.name)
        return known if known is not None and known.digest == made.digest and self._is_settled(known) else None

    def _location(self, path: str) -> str:
        return within(self.root, path)

    def _is_as_it_was(self, head: Head) -> bool:
        if head.digest != self.digest or head.options != self.options:
            return False
        return all(self._is_settled(one) for one in head.tables)

    def _is_settled(self, known: KnownTable) -> bool:
        """Whether the catalog has nothing to be changed as long as the files are the same."""
        return known.versions is not None and self.memory.versions.get(name_key(known.name)) == known.versions

    def _folders(self) -> Iterator[tuple[Folder, bool]]:
        held = self.memory.manifest.folders() if self.head and self.head.options == self.options else iter(())
        return merged(self.memory.spool.folders(), held, only_new=self.settings.recrawl == NEW_FOLDERS)

    def _glances(self) -> tuple[Glances, list[PartRef]]:
        spool, most = self.memory.spool, self.settings.peeked_max
        shares = partial(Shares, most, each_of(most, spool.totals()[0]), self.level)
        limits = glances.Limits(shares, self.settings.exclude, self.said)
        siblings = glances.look(self.memory.engine, self.files, self.root, self._folders, limits, spool, self.report)
        writer = Writer(self.memory.manifest, kept=self.head is not None) if self.memory.writes else None
        found = glances.collect(self.root, self._folders, limits, spool, siblings, writer, self.report)
        if found.left_out:
            self.report.decide(self.root, f"{group.counted(found.left_out, 'file')} left out by the option exclude")
        for (table, format), count in sorted(found.alike.items()):
            counts = f"{group.counted(count, 'file')} without a telling name {'counts' if count == 1 else 'count'}"
            self.report.decide(join(self.root, *table), f"{counts} as {format}, as all of the table that were read")
        return found, writer.finish() if writer else []

    def _grouped(self, found: Glances) -> Grouping:
        others = {self._location(path) for path in found.signed} | (self._homes_below() if self.alone else set())
        markers = {join(self.root, *path[:depth]) for path in found.folders for depth in range(1, len(path) + 1)}
        for location, reason in found.problems:
            if location not in markers and not _inside(location, others):
                self.report.problem(location, reason)
        kept = {
            path: piles for path, piles in found.folders.items() if not _inside(join(self.root, *path, "x"), others)
        }
        named = [_parts(path) for path in found.signed]
        prefix = self.crawler.table_prefix
        apart, rest, told = self.judge.apart(kept, self.settings.sample)
        grouping = group.group(self.root, rest, prefix, self.level, named)
        grouping.groups += apart
        grouping = self.judge.joined(grouping, named, prefix)
        grouping.decisions = sorted([*told, *grouping.decisions])
        if self.alone is not None:
            grouping = self._of_one(grouping, self.alone)
        for location, reason in grouping.problems:
            self.report.problem(location, reason)
        for location, why in grouping.decisions:
            self.report.decide(location, why)
        return grouping

    def _homes_below(self) -> set[str]:
        """Where the catalog has other tables below the target."""
        root = f"{normalize(self.root)}/"
        return {self._location(home.removeprefix(root)) for home in self.memory.homes if home.startswith(root)}

    def _of_one(self, grouping: Grouping, name: str) -> Grouping:
        """Of what was found the one table that the target is, under the name that the catalog has for it."""
        groups, decisions = [], []
        for one in grouping.groups:
            if one.location == self.root and not one.single:
                groups.append(replace(one, name=name))
            else:
                decisions.append(
                    (one.location, f"left out: it is no part of the table {name}, by how it is called or lies")
                )
        called = next((one.name for one in grouping.groups if one.location == self.root), name)
        for location, why in grouping.decisions:
            if location == self.root:
                decisions.append((location, why.replace(f"table {called}: ", f"table {name}: ", 1)))
        return Grouping(groups, grouping.problems, decisions, {**grouping.names, (): name})

    def _look_closely(self, todo: Sequence[tuple[Group, KnownTable]], looked: Looked) -> None:
        """Look at some files of each table."""
        wanted = [chosen(one, self.settings.sample, measured=self.settings.measured) for one, _ in todo]
        remembered: dict[str, Look] = {}
        for one, _ in todo:
            known = self.known.get(one.location, one.name)
            remembered |= self.memory.manifest.looks(known.looks) if known else {}
        remembered |= self.judge.looks
        looks = Looks(self.inspect, remembered, wanted)
        for done, ((one, made), few) in enumerate(zip(todo, wanted, strict=True)):
            self.report.step("looking at tables", done, len(todo))
            seen = list(looks.of(few))
            whole = self.settings.measured and not looked.unread  # a file that was not given may hold anything
            with self.report.heard() as made.lines:
                table = table_of(self.crawler, one, seen, self.report, measured=whole)
            unread = sum((look.problem or "").startswith(UNREADABLE) for _, look in seen)
            looked.unread += unread
            if self.memory.writes:
                judged = [self.judge.looks[info.location] for info in one.judged_by if info not in set(few)]
                both = (*(look for _, look in seen), *judged)
                kept = [look for look in both if not (look.problem or "").startswith(UNREADABLE)]
                made.looks = self.memory.manifest.write(kept) if kept else 0
                made.digest = b"" if unread else made.digest
            self.tables.append(made)
            if table is not None:
                looked.found.append(table)

    def _read_metadata(
        self, todo: Sequence[tuple[Signed, KnownTable]], taken: frozenset[str], looked: Looked
    ) -> None:  # fmt: skip
        """Read what tables with metadata of their own say of themselves; names that are `taken` are for no second view."""
        outcomes = in_place.read_all(self.files, self.crawler, self.root, [(one, made.name) for one, made in todo])
        for done, ((one, made), outcome) in enumerate(zip(todo, outcomes, strict=True)):
            self.report.step("reading metadata", done, len(todo))
            views = {name_key(found.table.name): found for found in outcome.tables[1:]}
            with self.report.heard() as made.lines:
                outcome.tell(self.report)
                for name in taken.intersection(views) if self.alone is None else ():
                    self.report.problem(made.location, f"its view {name} is left out: another table is called so")
            if outcome.unread:
                looked.unread += 1
                made.digest = b""
            self.tables.append(made)
            free = [found for name, found in views.items() if name not in taken]
            if self.alone is None:
                self.tables += [KnownTable(made.location, found.table.name, made.digest) for found in free]
            looked.found += [*outcome.tables[:1], *free]
            if not outcome.tables:
                looked.spared |= {made.name, made.name + signs.OPTIMIZED} if one.kind == signs.HUDI else {made.name}

    def _remember(self, head: Head, settled: Settled) -> bool:
        """Keep what was seen, now that the catalog has it; False if another crawl of the target was faster."""
        for one in head.tables:
            found = settled.get(name_key(one.name))
            if found is not None:
                one.entry, one.versions = dict(found[0]), found[1]
        return self.memory.manifest.replace(head)


def _parts(path: str) -> group.Path:
    return tuple(path.split("/")) if path else ()


def _inside(location: str, others: Set[str]) -> bool:
    """Whether a location lies below one of several folders."""
    above, _, _ = location.rpartition("/")
    while above and above not in others:
        above, _, _ = above.rpartition("/")
    return bool(above)
