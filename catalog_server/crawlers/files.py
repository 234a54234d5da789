"""Crawling files: a target is listed, each file glanced at, folders grouped, and some files of each table looked at closely."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from catalog_server.crawlers import classify, group, merge
from catalog_server.crawlers.found import CRAWLER, FoundTable, Report
from catalog_server.crawlers.group import Group, Pile
from catalog_server.crawlers.listing import list_files
from catalog_server.lake.files import FileInfo, FileSystem
from catalog_server.lake.filesystem import Lake
from catalog_server.lake.formats import csv, grok, json, sniff
from catalog_server.lake.formats.base import FileSchema
from catalog_server.lake.formats.faces import faces
from catalog_server.lake.locations import join
from catalog_server.model.crawler import Crawler
from catalog_server.model.errors import Invalid
from catalog_server.model.names import name_key
from catalog_server.model.partition import Partition
from catalog_server.model.table import Column, Table, TableKind

PEEKED_MAX = 10_000
SAMPLE = 20
_FORMAT_OPTIONS = ("csv.", "json.", "xml.", "grok.")
_PROBLEMS_MAX = 10_000
_TABLE_FORMATS = (
    (re.compile(r"(.*?)/_delta_log(?:/.*)?"), "Delta"),
    (re.compile(r"(.*?)/metadata/[^/]+\.metadata\.json"), "Iceberg"),
    (re.compile(r"(.*?)/\.hoodie(?:/.*)?"), "Hudi"),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """A crawler's options for files: how many are glanced at, and how many of each table are looked at closely."""

    peeked_max: int = PEEKED_MAX
    sample: int = SAMPLE
    formats: Mapping[str, str] | None = None

    @classmethod
    def of(cls, options: Mapping[str, str]) -> Settings:
        """From a crawler's options `peek` and `sample`; raises `Invalid` for one that is no number."""
        numbers = {}
        for key, least, default in (("peek", 0, PEEKED_MAX), ("sample", 1, SAMPLE)):
            value = options.get(key, str(default))
            if not value.isdecimal() or int(value) < least:
                raise Invalid(f"option {key}", f"{value!r} is not a number from {least} on")
            numbers[key] = int(value)
        header = options.get("csv.header", "present")
        if header not in ("present", "absent"):
            raise Invalid("option csv.header", f"{header!r} is neither present nor absent")
        csv.Said.of(options)
        if "json.path" in options:
            json.parse_path(options["json.path"])
        if "grok.pattern" in options:
            grok.parse(options["grok.pattern"])
        said = {key: value for key, value in options.items() if key.startswith(_FORMAT_OPTIONS)}
        return cls(numbers["peek"], numbers["sample"], said)


def crawl_files(lake: Lake, crawler: Crawler, target: str, report: Report) -> list[FoundTable]:
    """The tables below a target; whatever is wrong with single files goes to the report."""
    settings = Settings.of(crawler.options)
    files, root = lake.filesystem(target), target.rstrip("/")
    if files.is_file(root):
        raise Invalid("target", f"{target} is a file: name the folder that holds it")
    folders, problems, others = _glanced(files, root, settings, report)
    for location, kind in others.items():
        report.decide(
            location,
            f"{_article(kind)} {kind} table: its files are left alone, since only its own metadata tells which count",
        )
    markers = {join(root, *path[:depth]) for path in folders for depth in range(1, len(path) + 1)}
    for location, reason in problems:
        if location not in markers and not _inside(location, others):
            report.problem(location, reason)
    kept = {path: piles for path, piles in folders.items() if not _inside(join(root, *path, ""), others)}
    grouping = group.group(root, kept, crawler.table_prefix)
    for location, reason in grouping.problems:
        report.problem(location, reason)
    for location, why in grouping.decisions:
        report.decide(location, why)
    found = []
    for done, one in enumerate(grouping.groups):
        report.step("looking at tables", done, len(grouping.groups))
        made = _table(files, crawler, one, settings, report)
        if made is not None:
            found.append(made)
    return found


def _article(noun: str) -> str:
    return "an" if noun[0] in "AEIO" else "a"


def _inside(location: str, others: Iterable[str]) -> bool:
    return any(location.startswith(other + "/") for other in others)


def _glanced(
    files: FileSystem, root: str, settings: Settings, report: Report
) -> tuple[dict[group.Path, dict[str, Pile]], list[tuple[str, str]], dict[str, str]]:
    """All files below a root by folder and format, those that have none with the reason, and folders of other tables."""
    folders: dict[group.Path, dict[str, Pile]] = {}
    problems: list[tuple[str, str]] = []
    others: dict[str, str] = {}

    def visible() -> Iterator[FileInfo]:
        for info in list_files(files, root):
            report.objects += 1
            report.bytes += info.size
            if report.objects % 200 == 1:
                report.step("listing", report.objects)
            relative = info.location[len(root) :]
            for pattern, kind in _TABLE_FORMATS:
                match = pattern.fullmatch(relative)
                if match:
                    others[root + match[1]] = kind
            if not sniff.is_hidden(relative.lstrip("/")):
                yield info

    for info, format, problem in classify.glance(files, visible(), settings.peeked_max, settings.formats):
        if format is not None:
            group.collect(root, [(info, format)], folders)
        elif len(problems) < _PROBLEMS_MAX:
            problems.append((info.location, problem or ""))
    return folders, problems, others


def _table(files: FileSystem, crawler: Crawler, one: Group, settings: Settings, report: Report) -> FoundTable | None:
    """The table of a group by a close look at some of its files; None if none of them could be read."""
    samples = _samples(one, settings.sample)
    looked: list[tuple[FileInfo, FileSchema]] = []
    bad: list[str] = []
    for info, schema, problem in classify.inspect_all(files, samples, settings.formats or {}):
        if schema is not None and schema.format == one.format:
            looked.append((info, schema))
        else:
            report.problem(info.location, problem or "its format is another at a closer look")
            bad.append(info.location)
    merged = merge.merge(looked)
    for location, reason in merged.problems:
        report.problem(location, reason)
        bad.append(location)
    for location, note in merged.notes:
        report.decide(location, note)
    if not merged.columns:
        report.decide(one.location, f"no table {one.name}: none of its files that were looked at can be read")
        return None
    return _dressed(crawler, one, merged, bad)


def _samples(one: Group, count: int) -> list[FileInfo]:
    """Files to look at closely: one of each of evenly spread partitions first, then more of each."""
    piles = [pile.samples for _, pile in one.partitions.values()]
    step = max(1, len(piles) // count)
    spread = [*piles[::step], *(pile for n, pile in enumerate(piles) if n % step)]
    chosen: list[FileInfo] = []
    for turn in range(group.SAMPLES_MAX):
        for pile in spread:
            if turn < len(pile) and len(chosen) < count:
                chosen.append(pile[turn])
    return chosen


def _dressed(crawler: Crawler, one: Group, merged: merge.Merged, bad: Sequence[str]) -> FoundTable | None:
    keys = tuple(Column(name, kind) for name, kind in one.keys)
    columns = _apart(merged.columns, keys, one.format)
    dress = faces(one.format, columns, keys, one.location, merged.options)
    partitions: dict[tuple[str, ...], Partition] = {}
    statistics: dict[str, str] = {}
    for values, (folder, pile) in one.partitions.items():
        unfit = [location for location in bad if location.rpartition("/")[0] == folder]
        if pile.count <= len(unfit):
            continue
        statistics = _statistics(pile, unfit, merged.rows)
        partitions[values] = Partition(values, folder, parameters=statistics)
    if not partitions:
        return None
    parameters = {**dress.parameters, CRAWLER: crawler.name}
    table = Table(
        catalog=crawler.catalog,
        database=crawler.database,
        name=one.name,
        kind=TableKind.EXTERNAL,
        columns=dress.columns,
        partition_keys=dress.partition_keys,
        location=one.location,
        storage=dress.storage,
        parameters=parameters if keys else {**parameters, **statistics},
    )
    return FoundTable(table, partitions if keys else {}, columns, keys, dict(merged.options), one.files)


def _apart(columns: Sequence[Column], keys: Sequence[Column], format: str) -> tuple[Column, ...]:
    """The columns without those that are partition keys as well; in CSV, read by position, they get another name."""
    taken = {key.key for key in keys}
    if format != "csv":
        return tuple(column for column in columns if column.key not in taken)
    held = {column.key for column in columns} | taken
    apart = []
    for column in columns:
        name, count = column.name, 2
        while name_key(name) in taken:
            candidate = f"{column.name}_{count}"
            name, count = (candidate if name_key(candidate) not in held else name), count + 1
        apart.append(replace(column, name=name))
    return tuple(apart)


def _statistics(pile: Pile, unfit: Sequence[str], rows: Mapping[str, int]) -> dict[str, str]:
    """Hive's basic statistics; the number of rows only where every file told its own."""
    said = {"numFiles": str(pile.count), "totalSize": str(pile.bytes)}
    fit = [info.location for info in pile.samples if info.location not in unfit]
    if pile.count == len(pile.samples) and not unfit and all(location in rows for location in fit):
        said["numRows"] = str(sum(rows[location] for location in fit))
    return said
