"""New files in folders of partitions of known tables: the partitions are added at once, without a look at the rest.

That is done only where a crawl of everything would do the same: the folder is named as the table's partitions are, its
values fit the types of the keys, and the file has the format and no other columns. All else is left to a crawl. What is said
to be there is believed, but for some files of each batch that are looked at closely: all of it is settled soon.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from catalog_server.catalog.catalog import CatalogService
from catalog_server.crawlers import classify, merge
from catalog_server.crawlers.classifiers import Classifiers
from catalog_server.crawlers.files import NEW_FOLDERS, Settings
from catalog_server.crawlers.found import CRAWLER, DEPRECATED, Report
from catalog_server.crawlers.group import key_type, keys_of, split
from catalog_server.crawlers.manifest import KnownTable, Manifest, code_digest, settings_digest
from catalog_server.crawlers.reconcile import Changes, Reconciler, caller_of
from catalog_server.lake.files import FileInfo, FileSystem
from catalog_server.lake.formats import sniff
from catalog_server.lake.formats.base import FileSchema
from catalog_server.lake.locations import join, normalize, within
from catalog_server.model.crawler import Crawl, Crawler, Touch
from catalog_server.model.errors import NotFound
from catalog_server.model.names import DatabaseName, name_key
from catalog_server.model.partition import DEFAULT_PARTITION, Partition
from catalog_server.model.table import Table

LOOKS_MAX = 4
"""Files of a batch that are looked at closely; more are when the table is settled."""
_WIDER = {"int": ("int",), "bigint": ("int", "bigint"), "date": ("date",)}
"""Types of values, by the type of the key that holds them as it is."""
_SIGNS = ("_delta_log", ".hoodie", "metadata")


@dataclass(slots=True)
class _Known:
    """A table that the last crawl left behind, and what its files were seen to have."""

    table: Table
    root: str
    files: FileSystem
    settings: Settings
    looked: list[tuple[FileInfo, FileSchema]]
    merged: merge.Merged


@dataclass(slots=True)
class _Arrived:
    """A folder of a partition."""

    touch: Touch
    values: tuple[str, ...]
    location: str


class Arrivals:
    """Adds partitions for one crawl, to the tables that the last settling left."""

    def __init__(self, catalog: CatalogService, crawl: Crawl, crawler: Crawler) -> None:
        self._catalog = catalog
        self._crawler = crawler
        self._caller = caller_of(crawl)
        self._settings = Settings.of(crawler.options)
        self._tables: dict[str, tuple[str, KnownTable, Manifest]] = {}
        """Target, what is known and where more is, by the normalized locations of tables."""
        self._looks: dict[str, _Known | None] = {}
        self._targets = {normalize(target): target.rstrip("/") for target in crawler.targets}
        if self._settings.recrawl == NEW_FOLDERS or self._settings.exclude is not None:
            return
        for target in crawler.targets:
            manifest = Manifest(catalog.store, crawler.id, target)
            head = manifest.head
            if head is not None and head.code == code_digest() and head.options == settings_digest(crawler):
                self._tables |= {normalize(one.location): (target, one, manifest) for one in head.tables}

    def take(self, waiting: Sequence[Touch], changes: Changes) -> list[Touch]:
        """Add the partitions of folders that came; which folders are left to a crawl."""
        left: list[Touch] = []
        of: dict[str, list[_Arrived]] = {}
        for touch in waiting:
            place = None if touch.deep else self._table_above(touch.folder)
            if place is None:
                left.append(touch)
                continue
            of.setdefault(place, []).append(_Arrived(touch, (), touch.folder))
        tables = self._held(of)
        for place, arrived in of.items():
            table = tables.get(name_key(self._tables[place][1].name))
            known = self._known(place, table) if table is not None else None
            fit = [one for one in arrived if known is not None and self._fits(known, place, one)]
            added = known is not None and fit and self._add(known, fit, changes)
            done = {one.touch for one in fit} if added else set()
            left.extend(one.touch for one in arrived if one.touch not in done)
        return left

    def _table_above(self, folder: str) -> str | None:
        above = folder.rpartition("/")[0]
        while above and above not in self._tables:
            above = above.rpartition("/")[0]
        return above or None

    def _held(self, places: Mapping[str, object]) -> dict[str, Table]:
        """The tables as the catalog has them now."""
        names = sorted({self._tables[place][1].name for place in places})
        if not names:
            return {}
        home = DatabaseName(self._crawler.catalog, self._crawler.database)
        return {name_key(one.name): one for one in self._catalog.tables.get_many(self._caller, home, names)}

    def _known(self, place: str, table: Table) -> _Known | None:
        """What is known of a table, if it is one that partitions may be added to."""
        target, known, manifest = self._tables[place]
        if (
            table.is_iceberg
            or not table.partition_keys
            or table.parameters.get(CRAWLER) != self._crawler.name
            or DEPRECATED in table.parameters
            or normalize(table.location or "") != place
        ):
            return None
        if place not in self._looks:
            looks = manifest.looks(known.looks).values()
            looked = [
                (FileInfo(look.location, 0, "", 0), look.schema)
                for look in looks
                if look.schema is not None and look.schema.format == table.format
            ]
            root = target.rstrip("/")
            files = self._catalog.lake.filesystem(root)
            settings = self._settings
            made = _Known(table, root, files, settings, looked, merge.merge(_ordered(looked)))
            self._looks[place] = made if made.merged.columns else None
        found = self._looks[place]
        if found is not None:
            found.table = table
        return found

    def _fits(self, known: _Known, place: str, one: _Arrived) -> bool:
        """Whether a folder is one of the table's partitions by its name; if so its values and spelling are noted."""
        start = normalize(known.root)
        path = tuple(one.touch.folder[len(start) + 1 :].split("/"))
        if not one.touch.object or sniff.named_format(one.touch.object)[0] != known.table.format:
            return False
        if any(sign in part for part in path for sign in _SIGNS) or sniff.is_hidden("/".join((*path, "x"))):
            return False
        above, pairs, below = split(path, known.settings.level_below(known.root))
        if below or not pairs or normalize(within(known.root, *above)) != place:
            return False
        keys = known.table.partition_keys
        if keys_of(pairs) != [key.key for key in keys]:
            return False
        one.values = tuple(value for _, value in pairs)
        one.location = join(known.root, *path)
        return all(
            key.type not in _WIDER or value == DEFAULT_PARTITION or key_type([value]) in _WIDER[key.type]
            for key, value in zip(keys, one.values, strict=True)
        )

    def _add(self, known: _Known, fit: Sequence[_Arrived], changes: Changes) -> bool:
        """Add the partitions if some of the files, looked at closely, have the columns that are known."""
        some = _spread(fit, min(known.settings.sample, LOOKS_MAX))
        stats = ((one, lambda one=one: known.files.stat(f"{one.location}/{one.touch.object}")) for one in some)
        try:
            infos = [info for _, info in classify.ordered(stats)]
        except NotFound:
            return False
        said = Classifiers(known.settings.classifiers, known.settings.formats or {}, known.root)
        new: list[tuple[FileInfo, FileSchema]] = []
        for info, schema, _ in classify.inspect_all(known.files, infos, said):
            if schema is None or schema.format != known.table.format:
                return False
            new.append((info, schema))
        fresh = {info.location for info, _ in new}
        merged = merge.merge(_ordered([*(one for one in known.looked if one[0].location not in fresh), *new]))
        if (merged.columns, merged.options) != (known.merged.columns, known.merged.options):
            return False
        if any(location in fresh for location, _ in merged.problems):
            return False
        partitions = {one.values: Partition(one.values, one.location) for one in fit}
        if len(partitions) < len(fit):
            return False
        reconciler = Reconciler(self._catalog, self._caller, self._crawler.options, Report())
        reconciler.changes = changes
        reconciler.add_arrived(known.table, partitions.values())
        return True


def _ordered(looked: Sequence[tuple[FileInfo, FileSchema]]) -> list[tuple[FileInfo, FileSchema]]:
    return sorted(looked, key=lambda one: one[0].location)


def _spread(fit: Sequence[_Arrived], count: int) -> Sequence[_Arrived]:
    """At most so many of them, from the first to the last."""
    return fit if len(fit) <= count else [fit[at * len(fit) // count] for at in range(count)]
