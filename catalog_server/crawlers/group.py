"""Grouping: which files are one table, and which of its partitions; a pure function of paths and formats, with its reasons.

A folder is a table. Folders below it named `key=value` are its partitions, and so are folders named by a number or a date
(their keys are `partition_0` and on). Files of another format than most, or in another depth of partitions, are left out and
told.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from catalog_server.lake.files import FileInfo
from catalog_server.lake.locations import base_name, join
from catalog_server.model.names import name_key
from catalog_server.model.partition import DEFAULT_PARTITION, unescape_folder

SAMPLES_MAX = 128
"""Files of one folder that are kept, for they may be tables of their own: the first ones and the last one."""
LOOKED_AT_MAX = 16
"""Those of them that are looked at closely for one table."""
_NUMBERED = re.compile(r"\d{1,8}|\d{4}-\d{2}(-\d{2}(T?\d{2})?)?")
_CANONICAL = re.compile(r"0|-?[1-9]\d{0,18}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")

Path = tuple[str, ...]


@dataclass(slots=True)
class Pile:
    """The files of one format directly in one folder."""

    count: int = 0
    bytes: int = 0
    samples: Sequence[FileInfo] = ()
    fingerprint: str = ""
    """Differs whenever the files of the folder do."""

    def few(self) -> list[FileInfo]:
        """The samples that speak for all: the first ones and the last one."""
        return [self.speaker(at) for at in range(min(len(self.samples), LOOKED_AT_MAX))]

    def speaker(self, at: int) -> FileInfo:
        """One of these few."""
        is_last = at == LOOKED_AT_MAX - 1 and len(self.samples) > LOOKED_AT_MAX
        return self.samples[-1 if is_last else at]

    def add(self, info: FileInfo) -> None:
        """Count a file; some are kept as samples."""
        self.add_all(1, info.size, [info])

    def add_all(self, count: int, size: int, some: Sequence[FileInfo], samples_max: int = SAMPLES_MAX) -> None:
        """Count files of so many bytes; of `some` of them, the first and the last, samples are kept."""
        self.count += count
        self.bytes += size
        room = samples_max - len(self.samples)
        if not self.samples and len(some) <= room:
            self.samples = some
            return
        samples = [*self.samples, *some[:room]]
        if len(some) > room:
            samples[-1] = some[-1]
        self.samples = samples


Folders = Mapping[Path, Mapping[str, Pile]]
"""Files by folder (parts of its path below the target) and format."""


@dataclass(frozen=True, slots=True)
class Group:
    """One table to be: where it lies, its format, its partition keys and the folder of each partition."""

    name: str
    location: str
    format: str
    keys: tuple[tuple[str, str], ...]
    """(name, type) of the partition keys."""
    partitions: Mapping[tuple[str, ...], tuple[str, Pile]]
    """Folder and files by values; one entry under `()` for a table without partition keys."""
    single: bool = False
    """Whether it is one file, which lies beside files of other tables."""
    label: str = ""
    """What it is to be called, where that is not the folder's name."""
    judged_by: tuple[FileInfo, ...] = ()
    """The files that told that its folders belong together."""

    @property
    def files(self) -> int:
        """Number of files."""
        return sum(pile.count for _, pile in self.partitions.values())

    @property
    def bytes(self) -> int:
        """Size of all files."""
        return sum(pile.bytes for _, pile in self.partitions.values())


@dataclass(slots=True)
class Grouping:
    """The tables, what was left out and why, and why the tables are as they are."""

    groups: list[Group] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)
    decisions: list[tuple[str, str]] = field(default_factory=list)
    names: dict[Path, str] = field(default_factory=dict)
    """Names for all folders of tables, those that were not grouped too."""


def collect(
    root: str, files: Iterable[tuple[FileInfo, str]], into: dict[Path, dict[str, Pile]] | None = None
) -> dict[Path, dict[str, Pile]]:
    """Sort files (with their formats) into their folders below `root`."""
    folders = {} if into is None else into
    start = len(root.rstrip("/")) + 1
    for info, format in files:
        path = tuple(info.location[start:].split("/")[:-1])
        folders.setdefault(path, {}).setdefault(format, Pile()).add(info)
    return folders


def split(path: Path, level: int | None = None) -> tuple[Path, tuple[tuple[str | None, str], ...], Path]:
    """A folder's path as the table's folder, its (key, value) pairs, and what lies below these (should be nothing).

    The key of a folder named by a number or date is None. The target itself is never taken for a partition. With a `level`
    tables lie so deep below the target, and all folders below them are partitions, however they are named.
    """
    if level is not None:
        return path[:level], tuple(_pair(part) or (None, part) for part in path[level:]), ()
    at = next((n for n, part in enumerate(path) if _pair(part)), len(path))
    pairs: list[tuple[str | None, str]] = []
    end = at
    for part in path[at:]:
        pair = _pair(part)
        if pair is None:
            break
        pairs.append(pair)
        end += 1
    return path[:at], tuple(pairs), path[end:]


@lru_cache(65_536)
def _pair(part: str) -> tuple[str | None, str] | None:
    key, equals, value = part.partition("=")
    if equals and key:
        return unescape_folder(key), unescape_folder(
            value
        ) or DEFAULT_PARTITION  # as Hive calls a partition of an empty value
    return (None, part) if _NUMBERED.fullmatch(part) else None


def keys_of(pairs: Sequence[tuple[str | None, str]]) -> list[str]:
    """Names of the partition keys of a folder by its pairs."""
    return _key_names([name_key(key) if key else None for key, _ in pairs])


def group(
    root: str, folders: Folders, prefix: str = "", level: int | None = None, others: Iterable[Path] = ()
) -> Grouping:
    """Decide on the tables below `root`; their names begin with `prefix` and are different from each other.

    `level` says how deep below the root tables lie, see `split`; `others` are folders of tables that only need a name.
    """
    grouping = Grouping()
    tables: dict[Path, list[Path]] = {}
    for path in sorted(folders):
        if level is not None and len(path) < level:
            _leave_out([path], folders, grouping, "lies above the level at which tables are")
        else:
            tables.setdefault(split(path, level)[0], []).append(path)
    names = grouping.names = names_of(root, {*tables, *others}, prefix)
    for table, paths in tables.items():
        made = _table(join(root, *table) if table else root.rstrip("/"), names[table], paths, folders, grouping, level)
        if made is not None:
            grouping.groups.append(made)
    return grouping


def _table(
    location: str, name: str, paths: Sequence[Path], folders: Folders, grouping: Grouping, level: int | None
) -> Group | None:
    format = _majority(paths, folders)
    shapes: Counter[tuple[str | None, ...]] = Counter()
    for path in paths:
        _, pairs, below = split(path, level)
        if not below and format in folders[path]:
            shapes[tuple(name_key(key) if key else None for key, _ in pairs)] += folders[path][format].count
    if not shapes:
        _leave_out(paths, folders, grouping, "lies below a partition's folder, where engines do not look")
        return None
    shape = max(shapes, key=lambda one: (shapes[one], len(one)))
    keys = _key_names(shape)
    partitions: dict[tuple[str, ...], tuple[str, Pile]] = {}
    for path in paths:
        _, pairs, below = split(path, level)
        folder = join(location, *path[len(path) - len(pairs) - len(below) :]) if pairs or below else location
        reason = _misfit(pairs, below, shape, keys)
        values = tuple(value for _, value in pairs)
        for held, pile in folders[path].items():
            if held != format:
                _told(pile, grouping, f"is {held} where the other files of the folder are {format}")
            elif reason:
                _told(pile, grouping, reason)
            elif values in partitions:
                _told(pile, grouping, f"is a second folder of the partition that {partitions[values][0]} is")
            else:
                partitions[values] = (folder, pile)
    types = [(key, key_type([values[n] for values in partitions])) for n, key in enumerate(keys)]
    made = Group(name, location, format, tuple(types), partitions)
    grouping.decisions.append((location, _why(made, shape, leveled=level is not None)))
    return made


def _majority(paths: Sequence[Path], folders: Folders) -> str:
    """The format of most files; of several Parquet first, then by name."""
    total: Counter[str] = Counter()
    for path in paths:
        for kind, pile in folders[path].items():
            total[kind] += pile.count
    return min(total, key=lambda kind: (-total[kind], kind != "parquet", kind))


def _misfit(
    pairs: Sequence[tuple[str | None, str]],
    below: Path,
    shape: tuple[str | None, ...],
    keys: Sequence[str],
) -> str | None:
    """Why a folder is no partition of a table with these keys; None if it is one."""
    if below:
        return f"lies in {'/'.join(below)} below a partition's folder, where engines do not look"
    if tuple(name_key(key) if key else None for key, _ in pairs) != shape:
        here = ", ".join(key or "unnamed" for key, _ in pairs) or "none"
        return f"has other partition keys ({here}) than most files of the table ({', '.join(keys) or 'none'})"
    return None


def _told(pile: Pile, grouping: Grouping, reason: str) -> None:
    told = pile.few()
    for info in told:
        grouping.problems.append((info.location, reason))
    if pile.count > len(told):
        folder = pile.samples[0].location.rpartition("/")[0]
        grouping.problems.append((folder, f"{pile.count - len(told)} more files: each {reason}"))


def _leave_out(paths: Sequence[Path], folders: Folders, grouping: Grouping, reason: str) -> None:
    for path in paths:
        for pile in folders[path].values():
            _told(pile, grouping, reason)


def _key_names(shape: Sequence[str | None]) -> list[str]:
    """Names of the keys: their own, `partition_N` where they have none, made different where one comes twice."""
    names: list[str] = []
    for n, key in enumerate(shape):
        name = key or f"partition_{n}"
        while name in names:
            name += "_"
        names.append(name)
    return names


def key_type(values: Iterable[str]) -> str:
    """The type of a partition key: int or bigint where all values are whole numbers as one writes them, date, or string."""
    present = [value for value in values if value != DEFAULT_PARTITION]
    if not present:
        return "string"
    if all(_CANONICAL.fullmatch(value) for value in present):
        largest = max(abs(int(value)) for value in present)
        return "int" if largest < 2**31 else "bigint" if largest < 2**63 else "string"
    return "date" if all(_DATE.fullmatch(value) and _is_date(value) for value in present) else "string"


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _why(made: Group, shape: Sequence[str | None], *, leveled: bool) -> str:
    said = f"{counted(made.files, f'{made.format} file')} in {counted(len(made.partitions), 'folder')}"
    if not shape:
        return f"table {made.name}: {said}"
    keys = ", ".join(f"{name} ({kind})" for name, kind in made.keys)
    unnamed = "of any name" if leveled else "named by numbers or dates"
    how = "named key=value" if all(shape) else unnamed
    return f"table {made.name}: {said} {how}, which are its partitions by {keys}"


def counted(number: int, noun: str) -> str:
    """A number with its noun: 1 file, 2 files."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def table_name(text: str) -> str:
    """A folder's name as a table's: lower case, `_` for all but letters and digits."""
    return re.sub(r"\W+", "_", text.lower()).strip("_")[:128] or "table"


def names_of(
    root: str, tables: Iterable[Path], prefix: str, labels: Mapping[Path, str] | None = None
) -> dict[Path, str]:
    """A name for each table: its label or its folder's, with that of the folder above where two would have one name."""
    names: dict[Path, str] = {}
    taken: set[str] = set()
    for path in sorted(tables, key=lambda one: (len(one), one)):
        parts = [base_name(root), *path]
        parts[-1] = (labels or {}).get(path, parts[-1])
        name = prefix + table_name(parts[-1])
        for depth in range(2, len(parts) + 1):
            if name not in taken:
                break
            name = prefix + "_".join(table_name(part) for part in parts[-depth:])
        unique, count = name, 2
        while unique in taken:
            unique, count = f"{name}_{count}", count + 1
        taken.add(unique)
        names[path] = unique
    return names
