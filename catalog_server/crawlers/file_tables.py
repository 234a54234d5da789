"""From a group of files to a table: some files are looked at closely, their schemas merged, and the table dressed for engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from itertools import islice, takewhile

import msgspec

from catalog_server.crawlers import group, merge
from catalog_server.crawlers.classify import Inspected
from catalog_server.crawlers.found import CRAWLER, MEASURED, FoundTable, Report
from catalog_server.crawlers.group import Group, Pile
from catalog_server.crawlers.manifest import Look, identity
from catalog_server.lake.files import FileInfo
from catalog_server.lake.formats.base import FileSchema, statistics_of
from catalog_server.lake.formats.faces import SINGLE, faces
from catalog_server.model.crawler import Crawler
from catalog_server.model.names import name_key
from catalog_server.model.partition import Partition
from catalog_server.model.statistics import ColumnStatistics
from catalog_server.model.table import Column, Table, TableKind

FOOTERS_MAX = 500
"""Files of a table of Parquet or ORC that are all looked at for its statistics; of a larger one samples are."""

Inspect = Callable[[Sequence[FileInfo]], Iterator[Inspected]]
"""Looks closely at files, in their order."""


class Looks:
    """Close looks at files, many at once; what was seen of a file before is not read again."""

    def __init__(
        self,
        inspect: Inspect,
        remembered: Mapping[str, Look],
        wanted: Sequence[Sequence[FileInfo]],
    ) -> None:
        """`wanted` are the files of each table, which are then asked for in this order."""
        self._remembered = remembered
        missing = [info for infos in wanted for info in infos if self._known(info) is None]
        self._looks = inspect(missing)

    def _known(self, info: FileInfo) -> Look | None:
        look = self._remembered.get(info.location)
        return look if look and look.identity == identity(info.size, info.etag) else None

    def of(self, infos: Sequence[FileInfo]) -> Iterator[tuple[FileInfo, Look]]:
        """The looks at the next table's files."""
        for info in infos:
            known = self._known(info)
            if known is not None:
                yield info, known
                continue
            _, schema, problem = next(self._looks)
            yield info, Look(info.location, identity(info.size, info.etag), schema, problem)


def digest(one: Group) -> bytes:
    """A fingerprint of all that a table of this group depends on, but the content of its files that their etags tell."""
    hashing = blake2b(digest_size=16)
    hashing.update(msgspec.msgpack.encode((one.name, one.location, one.format, one.keys)))
    for values, (folder, pile) in one.partitions.items():
        hashing.update(msgspec.msgpack.encode((values, folder, pile.count, pile.bytes, pile.fingerprint)))
    return hashing.digest()


def table_of(
    crawler: Crawler, one: Group, looks: Sequence[tuple[FileInfo, Look]], report: Report, *, measured: bool = False
) -> FoundTable | None:
    """The table of a group by close looks at some of its files; None if none of them could be read.

    With `measured` it has column statistics where all of its files tell them.
    """
    looked: list[tuple[FileInfo, FileSchema]] = []
    bad: list[str] = []
    for info, look in looks:
        if look.schema is not None and look.schema.format == one.format:
            looked.append((info, look.schema))
        else:
            report.problem(info.location, look.problem or "its format is another at a closer look")
            bad.append(info.location)
    merged = merge.merge(sorted(looked, key=lambda one: one[0].location))
    for location, reason in merged.problems:
        report.problem(location, reason)
        bad.append(location)
    for location, note in merged.notes:
        report.decide(location, note)
    if not merged.columns:
        report.decide(one.location, f"no table {one.name}: none of its files that were looked at can be read")
        return None
    schemas = {info.location: schema for info, schema in looked} if measured else {}
    return _dressed(crawler, one, merged, bad, schemas)


def chosen(one: Group, count: int, *, measured: bool) -> list[FileInfo]:
    """Files to look at closely: so many samples, or all files where they are to be measured and are not too many."""
    piles = [pile for _, pile in one.partitions.values()]
    few = one.files <= FOOTERS_MAX and all(pile.count == len(pile.samples) for pile in piles)
    if measured and one.format in ("parquet", "orc") and few:
        return sorted((info for pile in piles for info in pile.samples), key=lambda info: info.location)
    return samples(one, count)


def samples(one: Group, count: int) -> list[FileInfo]:
    """Files to look at closely: one of the first and of the last partition, of others as chance has it, then more of each.

    Chance is a digest of the folder's name, so that the choice stays nearly the same when partitions come and go.
    """
    places = sorted(one.partitions.values(), key=lambda place: place[0])
    ends = places[:1] + places[-1:] if len(places) > 1 else places
    others = sorted(places[1:-1], key=lambda place: blake2b(place[0].encode(), digest_size=8).digest())
    spread = [pile for _, pile in (*ends, *others)]
    turns = ((turn, pile) for turn in range(group.LOOKED_AT_MAX) for pile in spread if turn < len(pile.samples))
    return [pile.speaker(turn) for turn, pile in islice(turns, count)]


def _dressed(
    crawler: Crawler, one: Group, merged: merge.Merged, bad: Sequence[str], measured: Mapping[str, FileSchema]
) -> FoundTable | None:
    keys = tuple(Column(name, kind) for name, kind in one.keys)
    columns = _apart(merged.columns, keys, one.format)
    options = merged.options | ({SINGLE: "true"} if one.single else {})
    dress = faces(one.format, columns, keys, one.location, options)
    partitions: dict[tuple[str, ...], Partition] = {}
    statistics: dict[str, str] = {}
    of_columns: dict[tuple[str, ...], Sequence[ColumnStatistics]] = {}
    looked_into = {location.rpartition("/")[0] for location in measured}
    for values, (folder, pile) in one.partitions.items():
        unfit = [location for location in bad if location.rpartition("/")[0] == folder]
        if pile.count <= len(unfit):
            continue
        statistics = _statistics(pile, unfit, merged.rows)
        inside = pile.samples if pile.samples[0].location.rpartition("/")[0] in looked_into else ()
        of_files = [measured[info.location] for info in inside if info.location in measured]
        if "numRows" in statistics and len(of_files) == pile.count and (found := _of_columns(dress.columns, of_files)):
            of_columns[values] = found
            statistics[MEASURED] = "footers"
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
    return FoundTable(table, partitions if keys else {}, columns, keys, options, one.files, of_columns)


def _of_columns(columns: Sequence[Column], files: Sequence[FileSchema]) -> list[ColumnStatistics]:
    return statistics_of(columns, files, 0) if all(one.measures or not one.rows for one in files) else []


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
    if pile.count == len(pile.samples) and not unfit:
        told = list(takewhile(lambda count: count is not None, (rows.get(info.location) for info in pile.samples)))
        if len(told) == pile.count:
            said["numRows"] = str(sum(filter(None, told)))
    return said
