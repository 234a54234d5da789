"""Judging by close looks which folders are one table and which files tables of their own, before tables are looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set

from catalog_server.crawlers import together
from catalog_server.crawlers.file_tables import Inspect, Looks
from catalog_server.crawlers.group import Folders, Group, Grouping, Path
from catalog_server.crawlers.manifest import KnownTable, Look
from catalog_server.crawlers.together import FOLDERS, Shape
from catalog_server.lake.files import FileInfo
from catalog_server.lake.formats.base import FileSchema
from catalog_server.lake.locations import normalize, parent, within

FILES_MAX = 10_000
"""Files that are looked at to tell whether folders hold several tables; folders beyond are one table each."""


class Known:
    """Tables as the last crawl of the target left them, by place and name."""

    def __init__(self, tables: Iterable[KnownTable]) -> None:
        self._tables: dict[str, dict[str, KnownTable]] = {}
        for one in tables:
            self._tables.setdefault(one.location, {})[one.name] = one

    def get(self, location: str, name: str) -> KnownTable | None:
        """The table of this name at a place."""
        return self._tables.get(location, {}).get(name)

    def at(self, location: str) -> Iterable[KnownTable]:
        """All tables at a place."""
        return self._tables.get(location, {}).values()


class Judge:
    """Which folders and files of a target belong together; `looks` are what was looked at for it, by location."""

    def __init__(
        self,
        inspect: Inspect,
        root: str,
        mode: str,
        known: Known,
        recall: Callable[[int], Mapping[str, Look]],
        homes: Set[str],
    ) -> None:
        """`recall` gives the looks of a known table by their number; `homes` are where the catalog has tables."""
        self.looks: dict[str, Look] = {}
        self._inspect = inspect
        self._root = root
        self._mode = mode
        self._known = known
        self._recall = recall
        self._homes = homes
        self._above = {home.rpartition("/")[0] for home in homes}

    def apart(self, folders: Folders, sample: int) -> tuple[list[Group], Folders, list[tuple[str, str]]]:
        """Files that are tables of their own, the other folders, and decisions; `sample` files of each folder are looked at."""
        chosen: dict[Path, list[FileInfo]] = {}
        split: set[Path] = set()
        count = 0
        for path in together.mixed_folders(folders, self._mode):
            location = within(self._root, *path)
            infos = sorted((i for pile in folders[path].values() for i in pile.samples), key=lambda one: one.location)
            if normalize(location) in self._homes:
                continue
            if normalize(location) in self._above and any(normalize(one.location) in self._homes for one in infos):
                split.add(path)
            elif count < FILES_MAX:
                chosen[path] = infos if len(infos) <= sample else [*infos[: sample - 1], infos[-1]]
                count += len(chosen[path])
        for path, looked in zip(chosen, self._look(list(chosen.values()), chosen), strict=True):
            if together.are_tables([schema for _, schema in looked]):
                split.add(path)
        groups = [one for path in sorted(split) for one in together.of_files(within(self._root, *path), folders[path])]
        decisions = [
            (
                within(self._root, *path),
                "each file is a table of its own, because no kind of them is more than half of the folder",
            )
            for path in sorted(split)
        ]
        return groups, {path: piles for path, piles in folders.items() if path not in split}, decisions

    def joined(self, grouping: Grouping, others: Iterable[Path], prefix: str) -> Grouping:
        """The grouping with similar folders made one table, and all tables named."""
        shapes: dict[str, Shape] = {}
        seen: set[str] = set()
        groups: Sequence[Group] = grouping.groups
        told: list[tuple[str, str]] = []
        while self._mode != FOLDERS:
            sets = together.Sets.of(self._root, groups, self._mode, self._homes)
            wanted = {one.location: one for held in sets.found.values() for one in held if one.location not in seen}
            seen |= wanted.keys()
            chosen = [list(together.first_file(one)) for one in wanted.values()]
            parents = {str(said[0]) for said in sets.found}
            for location, looked in zip(wanted, self._look(chosen, (), parents), strict=True):
                shape = Shape.of(looked)
                if shape is not None:
                    shapes[location] = shape
            groups, decisions = together.joined(self._root, groups, shapes, self._mode, self._homes)
            seen |= shapes.keys()
            told += decisions
            if not decisions:
                told += sets.told
                break
        made = together.finished(self._root, grouping, groups, others, prefix)
        made.decisions.extend(told)
        return made

    def _look(
        self, wanted: Sequence[Sequence[FileInfo]], paths: Iterable[Path], places: Iterable[str] = ()
    ) -> list[list[tuple[FileInfo, FileSchema]]]:
        """The schemas of files, of those that have one, for each of several sets of them."""
        if not wanted:
            return []
        near = {within(self._root, *path) for path in paths} | set(places)
        near |= {place for infos in wanted for info in infos for place in (info.location, parent(info.location))}
        remembered = dict(self.looks)
        for place in sorted(near):
            for one in self._known.at(place):
                remembered |= self._recall(one.looks) if one.looks else {}
        looks = Looks(self._inspect, remembered, wanted)
        found = []
        for infos in wanted:
            seen = list(looks.of(infos))
            self.looks |= {info.location: look for info, look in seen}
            found.append([(info, look.schema) for info, look in seen if look.schema is not None])
        return found
