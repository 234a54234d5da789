"""Tables that bring metadata of their own: what it says becomes the table, and their files are not looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from catalog_server.catalog.commits import dressed
from catalog_server.crawlers import classify, signs
from catalog_server.crawlers.found import COMMIT_BEGAN, COMMIT_ENDED, CRAWLER, FoundTable, Report
from catalog_server.crawlers.group import counted
from catalog_server.crawlers.signs import Signed
from catalog_server.lake import delta, hudi
from catalog_server.lake.files import FileSystem
from catalog_server.lake.formats.base import UNREADABLE
from catalog_server.lake.formats.faces import delta_faces, hudi_faces
from catalog_server.lake.iceberg import document as documents
from catalog_server.lake.iceberg import files as iceberg_files
from catalog_server.lake.iceberg.current import current_files
from catalog_server.lake.iceberg.shapes import Json
from catalog_server.lake.locations import base_name, join, normalize, within
from catalog_server.model.caller import Caller
from catalog_server.model.crawler import Crawler
from catalog_server.model.errors import CatalogError, Invalid, NotFound, Unsupported
from catalog_server.model.names import TableName
from catalog_server.model.partition import Partition
from catalog_server.model.table import Table, TableKind

_OF_METADATA = (Invalid, Unsupported)
"""Errors that are the metadata's and not the store's."""
_MALFORMED = (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError)
"""What reading raises where the metadata has another shape than any writer gives it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one folder; without a table it is told why."""

    place: str
    said: str
    tables: tuple[FoundTable, ...] = ()
    """More than one where a folder has several views of its rows."""
    problems: Sequence[str] = ()
    """What is wrong with parts of it."""
    unread: bool = False
    """Whether the store did not give a file, so that nothing can be said."""

    def tell(self, report: Report) -> None:
        """Tell why the table is as it is, or why there is none."""
        told = report.decide if self.tables else report.problem
        told(self.place, self.said)
        for reason in self.problems:
            report.problem(self.place, reason)


def read_all(
    files: FileSystem, crawler: Crawler, root: str, named: Sequence[tuple[Signed, str]]
) -> Iterator[Outcome]:  # fmt: skip
    """Read the metadata of several tables, each with the name that it shall have, in the order given."""

    def task(one: Signed, name: str) -> Callable[[], Outcome]:
        location = within(root, one.path)
        return lambda: _read(files, crawler, location, one, name)

    return (outcome for _, outcome in classify.ordered((name, task(one, name)) for one, name in named))


def _read(files: FileSystem, crawler: Crawler, location: str, one: Signed, name: str) -> Outcome:
    try:
        return _READERS[one.kind](files, crawler, location, one, name)
    except _Damaged as damaged:
        return Outcome(damaged.place, damaged.reason)
    except _MALFORMED as error:
        return Outcome(location, f"its metadata is damaged: {type(error).__name__}: {error}")
    except CatalogError as error:
        return Outcome(location, f"{UNREADABLE}{error.message}", unread=True)


class _Damaged(Exception):
    """A file of the metadata that cannot be understood."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(reason)
        self.place = place
        self.reason = reason


def _iceberg(files: FileSystem, crawler: Crawler, location: str, one: Signed, name: str) -> Outcome:
    """A table that points to the current metadata file of its folder."""
    infos = {base_name(info.location): info for info in one.files}
    hint = files.read(infos.pop(signs.HINT).location).decode(errors="replace") if signs.HINT in infos else None
    read = [(at, _document(files, at)) for at in current_files([info.location for info in infos.values()], hint)]
    at, found = max(read, key=lambda pair: (pair[1]["last-updated-ms"], pair[0]))
    said = found["location"]
    if not said:
        raise _Damaged(at, "is damaged: it does not say where the table lies")
    if not _is_same(said, location):
        raise _Damaged(at, f"says that the table lies at {said}: it was moved or copied here")
    try:
        row = dressed(None, TableName(crawler.catalog, crawler.database, name), found, at, None, Caller(user=""))
    except _OF_METADATA as error:
        raise _Damaged(at, f"is damaged: {error.message}") from error
    row = replace(row, parameters={**row.parameters, CRAWLER: crawler.name})
    count = counted(len(found["snapshots"]), "snapshot")
    why = f"table {name}: one Iceberg table of {count}, because metadata/{base_name(at)} says so"
    return Outcome(location, why, (FoundTable(row, files=int(row.parameters.get("numFiles", "0"))),))


def _delta(files: FileSystem, crawler: Crawler, location: str, one: Signed, name: str) -> Outcome:
    """A table that engines read by its log; the catalog keeps where it lies, and its columns for people."""
    try:
        found = delta.read(files, [info.location for info in one.files])
    except NotFound as error:
        raise _Damaged(location, f"a file of its log is gone since it was listed: {error.message}") from error
    except _OF_METADATA as error:
        raise _Damaged(join(location, "_delta_log"), error.message) from error
    dress = delta_faces(found.columns, found.schema, found.partition_columns, location)
    table = Table(
        catalog=crawler.catalog,
        database=crawler.database,
        name=name,
        kind=TableKind.EXTERNAL,
        columns=dress.columns,
        location=location,
        storage=dress.storage,
        parameters={**dress.parameters, CRAWLER: crawler.name},
    )
    keys = f", partitioned by {', '.join(found.partition_columns)}" if found.partition_columns else ""
    why = f"table {name}: one Delta table at version {found.version}{keys}, because _delta_log/{found.file} says so"
    return Outcome(location, why, (FoundTable(table),))


def _hudi(files: FileSystem, crawler: Crawler, location: str, one: Signed, name: str) -> Outcome:
    """A table that engines read by its timeline; of one whose changes are merged by readers there are two views."""
    try:
        found = hudi.read(files, [info.location for info in one.files], one.partitions)
    except NotFound as error:
        raise _Damaged(location, f"a file of its timeline is gone since it was listed: {error.message}") from error
    except _OF_METADATA as error:
        raise _Damaged(join(location, ".hoodie"), error.message) from error
    merged = found.kind == hudi.MERGE_ON_READ
    tables = [_hudi_view(crawler, location, name, found, merged=merged, optimized=False)]
    if merged:
        twin = name + signs.OPTIMIZED
        tables.append(_hudi_view(crawler, location, twin, found, merged=False, optimized=True))
    keys = ", ".join(column.name for column in found.partition_columns)
    by = f" by {keys} in {counted(len(found.partitions), 'partition')}" if keys else ""
    views = f"; {tables[1].table.name} is what is merged of it" if merged else ""
    why = (
        f"table {name}: one Hudi table ({found.kind}, version {found.version}) of {counted(found.commits, 'commit')}{by},"
        f" because .hoodie says so, and {found.file} the columns{views}"
    )
    wrong = [f"partition {path} is left out: it is not named by a value of {keys}" for path in found.unfit]
    return Outcome(location, why, tuple(tables), wrong)


def _hudi_view(
    crawler: Crawler, location: str, name: str, found: hudi.HudiTable, *, merged: bool, optimized: bool
) -> FoundTable:
    old = found.version <= hudi.OLD_VERSION
    dress = hudi_faces(
        found.columns, found.partition_columns, location, merged=merged, optimized=optimized, old=old
    )  # fmt: skip
    commits = {COMMIT_BEGAN: found.began, COMMIT_ENDED: found.ended}
    table = Table(
        catalog=crawler.catalog,
        database=crawler.database,
        name=name,
        kind=TableKind.EXTERNAL,
        columns=dress.columns,
        partition_keys=dress.partition_keys,
        location=location,
        storage=dress.storage,
        parameters={**dress.parameters, CRAWLER: crawler.name} | {key: at for key, at in commits.items() if at},
    )
    return FoundTable(table, {values: Partition(values, join(location, at)) for values, at in found.partitions.items()})


_READERS = {signs.ICEBERG: _iceberg, signs.DELTA: _delta, signs.HUDI: _hudi}


def _document(files: FileSystem, location: str) -> Json:
    try:
        found = iceberg_files.loads(files.read(location))
        if "view-uuid" in found:
            raise _Damaged(location, "is of an Iceberg view, which is no table")
        return documents.completed(found)
    except _OF_METADATA as error:
        raise _Damaged(location, f"is damaged: {error.message}") from error
    except NotFound as error:
        raise _Damaged(location, "is gone since it was listed") from error


def _is_same(said: str, location: str) -> bool:
    try:
        return normalize(said) == normalize(location)
    except CatalogError:
        return False
