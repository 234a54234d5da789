"""Which folders and files belong together by what they hold: a pure function of groups and shapes, with its reasons.

Folders side by side that hold similar files are partitions of one table, and files side by side in a folder that have nothing
in common are tables of their own. What the catalog has as a table already stays one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from catalog_server.crawlers import merge
from catalog_server.crawlers.group import Folders, Group, Grouping, Path, Pile, counted, key_type, names_of, split
from catalog_server.lake.files import FileInfo
from catalog_server.lake.formats.base import FileSchema
from catalog_server.lake.formats.sniff import bare_name
from catalog_server.lake.formats.widen import widen
from catalog_server.lake.locations import base_name, normalize, within
from catalog_server.model.table import Column
from catalog_server.model.types import parse_type

FOLDERS, SERIES, SIMILAR, COMBINE = "folders", "series", "similar", "combine"
GROUPINGS = (SERIES, SIMILAR, COMBINE, FOLDERS)
SHARE = 0.7
"""Share of the columns of the wider of two folders that both have, if they are partitions of one table; of two files in a
folder the narrower one counts, since columns are added to tables."""
SIDE_BY_SIDE_MAX = 128
"""Files in a folder of more are never tables of their own."""
_UNNAMED = re.compile(r"partition_\d+_*")
_NUMBERS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Shape:
    """What is compared: format, packing and columns."""

    format: str
    packing: str
    columns: tuple[Column, ...]

    @classmethod
    def of(cls, looked: Sequence[tuple[FileInfo, FileSchema]]) -> Shape | None:
        """The shape of files that are one table; None if none of them could be read."""
        columns = merge.merge(looked).columns
        first = looked[0][1] if looked else None
        return cls(first.format, first.options.get("compression", ""), columns) if first and columns else None


def similar(one: Shape, other: Shape) -> bool:
    """Whether two shapes have the same format and packing and most of their columns in common, with types that go together."""
    if (one.format, one.packing) != (other.format, other.packing):
        return False
    types = {column.key: column.type for column in other.columns}
    shared = sum(c.key in types and _compatible(c.type, types[c.key], one.format) for c in one.columns)
    return shared >= SHARE * max(len(one.columns), len(other.columns))


def _compatible(left: str, right: str, format: str) -> bool:
    text = format in merge.TEXTS
    common = widen(parse_type(left), parse_type(right), text=text)
    return left == right or (common is not None and not (text and common.name == "string"))


def differ(one: FileSchema, other: FileSchema) -> bool:
    """Whether two files in one folder are of different tables: other formats, or too little of the narrower in the other."""
    here, there = ({column.key for column in schema.columns} for schema in (one, other))
    shared, narrow, wide = len(here & there), min(len(here), len(there)), max(len(here), len(there))
    return one.format != other.format or (shared < SHARE * narrow and shared < merge.SIMILAR * wide)


def stem(name: str) -> str:
    """What folders of one series have in common: the name without its numbers."""
    return _NUMBERS.sub("0", name)


@dataclass(slots=True)
class Sets:
    """Groups that may be one table, by the folder that would be it and what they must have in common besides."""

    found: dict[tuple[str, str, int, str, tuple[str, ...]], list[Group]] = field(default_factory=dict)
    """The key is the folder above, the series, how many folders deep, the format, and the names of keys."""
    told: list[tuple[str, str]] = field(default_factory=list)
    """Why some are not."""

    @classmethod
    def of(cls, root: str, groups: Iterable[Group], mode: str, homes: Set[str]) -> Sets:
        """Those of two and more, and single ones whose folder above the catalog has as a table."""
        sets, groups = cls(), sorted(groups, key=lambda one: one.location)
        taken = {one.location for one in groups if not one.label}
        for one in groups:
            path = path_of(root, one.location)
            parent = within(root, *path[:-1]) if mode != COMBINE else root
            named = stem(path[-1]) if path and mode == SERIES else ""
            if mode == FOLDERS or not path or one.single or one.label or parent in taken:
                continue
            if mode == SERIES and not _NUMBERS.search(path[-1]):
                continue
            keys = tuple("" if _UNNAMED.fullmatch(name) else name for name, _ in one.keys)
            depth = len(path) if mode == COMBINE else 1
            sets.found.setdefault((parent, named, depth, one.format, keys), []).append(one)
        for said, held in list(sets.found.items()):
            parent_is_table = normalize(said[0]) in homes
            tables = [one for one in held if normalize(one.location) in homes]
            sets.found[said] = [one for one in held if normalize(one.location) not in homes]
            if (tables and not parent_is_table) or len(sets.found[said]) < 2 - parent_is_table:
                del sets.found[said]
            if tables and len(held) > len(tables) and not parent_is_table:
                sets.told.append((said[0], _why_not(tables, len(held))))
        return sets


def _why_not(tables: Sequence[Group], count: int) -> str:
    names = ", ".join(base_name(one.location) for one in tables[:5])
    return f"{count} folders stay tables of their own, since the catalog has some of them ({names}): drop these to have one"


def path_of(root: str, location: str) -> Path:
    """The parts of a location below the target."""
    below = location[len(root.rstrip("/")) + 1 :]
    return tuple(below.split("/")) if below else ()


def joined(
    root: str, groups: Sequence[Group], shapes: dict[str, Shape], mode: str, homes: Set[str]
) -> tuple[list[Group], list[tuple[str, str]]]:
    """The groups with those made one that are similar, whose shapes are noted, and the decisions.

    What is not in `shapes` stays as it is.
    """
    decisions: list[tuple[str, str]] = []
    held = list(groups)
    for _ in range(len(held)):
        made = _one_step(root, held, shapes, mode, homes, decisions)
        if made is None:
            break
        held = made
    return held, decisions


def _one_step(
    root: str,
    groups: Sequence[Group],
    shapes: dict[str, Shape],
    mode: str,
    homes: Set[str],
    decisions: list[tuple[str, str]],
) -> list[Group] | None:
    """The groups with the deepest sets of similar ones made one; None where there is none."""
    sets = Sets.of(root, groups, mode, homes).found
    made: dict[tuple[str, str], Group] = {}
    gone: set[int] = set()  # of groups: a series may share the folder of another table
    deepest = 0
    for said in sorted(sets, key=lambda each: (-len(path_of(root, each[0])), -len(sets[each]), each)):
        parent, named, depth = said[:3]
        if (parent, named) in made or len(path_of(root, parent)) < deepest:
            continue  # one table in a folder has the folder's name; what lies higher may be joined with what was made
        cluster = _largest([one for one in sets[said] if one.location in shapes], shapes)
        if len(cluster) < 2 - (normalize(parent) in homes):
            continue
        deepest = len(path_of(root, parent))
        one = made[parent, named] = _made_one(root, parent, named, depth, cluster)
        if not one.label or parent not in shapes:
            shapes[parent] = shapes[cluster[0].location]
        decisions.append((parent, _why(one, cluster, shapes)))
        gone |= set(map(id, cluster))
    return [*(each for each in groups if id(each) not in gone), *made.values()] if made else None


def _largest(groups: Sequence[Group], shapes: Mapping[str, Shape]) -> list[Group]:
    """The most that are similar to one of them, the first of equals."""
    clusters: list[list[Group]] = []
    for one in groups:
        for cluster in clusters:
            if similar(shapes[one.location], shapes[cluster[0].location]):
                cluster.append(one)
                break
        else:
            clusters.append([one])
    return max(clusters, key=len, default=[])


def _made_one(root: str, parent: str, named: str, depth: int, cluster: Sequence[Group]) -> Group:
    partitions: dict[tuple[str, ...], tuple[str, Pile]] = {}
    for one in cluster:
        outer = path_of(root, one.location)[-depth:]
        partitions |= {(*outer, *values): place for values, place in one.partitions.items()}
    names = [f"partition_{n}" for n in range(depth)]
    for at, (name, _) in enumerate(cluster[0].keys, depth):
        said = f"partition_{at}" if _UNNAMED.fullmatch(name) else name
        while said in names:
            said += "_"
        names.append(said)
    types = [(name, key_type([values[n] for values in partitions])) for n, name in enumerate(names)]
    label = _NUMBERS.sub("", named).strip("-_. ") if named else ""
    judged = tuple(info for one in cluster for info in (one.judged_by or first_file(one)))
    return Group("", parent, cluster[0].format, tuple(types), partitions, label=label, judged_by=judged)


def first_file(one: Group) -> tuple[FileInfo, ...]:
    """The file that a folder is judged by."""
    place = min(one.partitions.values(), key=lambda each: each[0])
    return tuple(place[1].samples[:1])


def _why(one: Group, cluster: Sequence[Group], shapes: Mapping[str, Shape]) -> str:
    first = shapes[cluster[0].location]
    keys = {column.key for column in first.columns}
    shared = min(len(keys & {column.key for column in shapes[each.location].columns}) for each in cluster)
    names = ", ".join(base_name(each.location) for each in cluster[:5]) + (", ..." if len(cluster) > 5 else "")
    series = " and are named as one series" if one.label else ""
    return (
        f"one table, because {counted(len(cluster), 'folder')} ({names}) hold {one.format} and share {shared} of"
        f" {len(keys)} columns{series}: they are its partitions by {', '.join(name for name, _ in one.keys)}"
    )


def mixed_folders(folders: Folders, mode: str) -> list[Path]:
    """Folders of a few files without partitions below them, whose files may be tables of their own."""
    if mode not in (SERIES, SIMILAR):
        return []
    homes = Counter(split(path)[0] for path in folders)
    found = []
    for path in sorted(folders):
        piles = folders[path].values()
        count = sum(pile.count for pile in piles)
        few = 1 < count <= SIDE_BY_SIDE_MAX and count == sum(len(pile.samples) for pile in piles)
        if few and split(path) == (path, (), ()) and homes[path] == 1:
            found.append(path)
    return found


def are_tables(looked: Sequence[FileSchema]) -> bool:
    """Whether no kind of files is more than half of those in a folder, so that none of them is the folder's table."""
    leaders: list[tuple[FileSchema, int]] = []
    for schema in looked:
        at = next((n for n, (leader, _) in enumerate(leaders) if not differ(schema, leader)), None)
        if at is None:
            leaders.append((schema, 1))
        else:
            leaders[at] = leaders[at][0], leaders[at][1] + 1
    return len(leaders) > 1 and max(count for _, count in leaders) * 2 <= len(looked)


def of_files(location: str, piles: Mapping[str, Pile]) -> list[Group]:
    """A group for each file of a folder."""
    groups = []
    for format, pile in piles.items():
        for info in pile.samples:
            # the file's own etag is what its table depends on, not what lies beside it
            alone = replace(pile, count=1, bytes=info.size, samples=[info], fingerprint=f"{info.size}:{info.etag}")
            groups.append(Group("", info.location, format, (), {(): (location, alone)}, single=True))
    return sorted(groups, key=lambda one: one.location)


def finished(root: str, grouping: Grouping, groups: Sequence[Group], others: Iterable[Path], prefix: str) -> Grouping:
    """The grouping with these groups, named anew, and with the decisions about them alone."""
    labels: dict[Path, str] = {}
    paths: list[Path] = []
    for one in groups:
        path = path_of(root, one.location)
        if one.label:
            path = (*path, f"{one.label}/")  # which no folder is called
        if one.label or one.single:
            labels[path] = one.label or bare_name(path[-1])
        paths.append(path)
    others = tuple(others)
    names = names_of(root, {*paths, *others}, prefix, labels)
    made = [replace(one, name=names[path]) for one, path in zip(groups, paths, strict=True)]
    renamed = {one.location: (one.name, new.name) for one, new in zip(groups, made, strict=True)}
    decisions = []
    for location, text in grouping.decisions:
        if location in renamed:
            before, after = renamed[location]
            decisions.append((location, text.replace(f"table {before}: ", f"table {after}: ", 1)))
    return Grouping(made, grouping.problems, decisions, {path: names[path] for path in others})
