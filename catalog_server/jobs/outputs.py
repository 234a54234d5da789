"""Registers whatever a run wrote: partitions and statistics of tables, files under declared outputs, and who made them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog_server.jobs.jobs import DeclaredOutput, parse_output
from catalog_server.jobs.measure import Folder, basic, folders_of, read_footers
from catalog_server.jobs.touched import Reader
from catalog_server.lake.formats.base import FileSchema, statistics_of
from catalog_server.lake.locations import is_under, normalize
from catalog_server.model.caller import Caller
from catalog_server.model.crawler import Crawler
from catalog_server.model.database import Database
from catalog_server.model.errors import AlreadyExists, CatalogError, Conflict, Invalid, NotFound
from catalog_server.model.event import Event, EventKind
from catalog_server.model.job import Job, JobRun
from catalog_server.model.names import DatabaseName, TableName, name_key
from catalog_server.model.partition import Partition, partition_name
from catalog_server.model.statistics import ColumnStatistics
from catalog_server.model.table import PURGE, Table, TableKind

if TYPE_CHECKING:
    from catalog_server.catalog.catalog import CatalogService

JOB, RUN = "job", "job.run"
"""Parameters of a table of files that name the job and the run which wrote it last."""
NOBODY = "user.name"
"""What Sail gives as the owner of a table."""
STAGING = "__replacing_"
FILE_FORMATS = frozenset({"parquet", "csv", "json", "text", "orc", "avro"})
_STATISTICS = ("numFiles", "totalSize", "numRows")
_TABLE_EVENTS = (EventKind.CREATE_TABLE, EventKind.ALTER_TABLE)
_DATA_EVENTS = (EventKind.ADD_PARTITIONS, EventKind.ALTER_PARTITIONS, EventKind.DROP_PARTITIONS)
PARTITIONS_AT_ONCE = 1000
SIGNATURE_ATTEMPTS = 5


@dataclass(slots=True)
class Counted:
    """Files, bytes and rows of a table as it is now; rows None where not all files tell."""

    files: int = 0
    bytes: int = 0
    rows: int | None = 0

    def add(self, said: Mapping[str, str]) -> None:
        """Count a folder by its basic statistics."""
        self.files += int(said.get("numFiles", 0))
        self.bytes += int(said.get("totalSize", 0))
        self.rows = self.rows + int(said["numRows"]) if self.rows is not None and "numRows" in said else None


class Outputs:
    """Registers the outputs of one run. Whatever cannot be registered is told in `problems`; the rest is."""

    def __init__(self, catalog: CatalogService, run: JobRun, job: Job) -> None:
        self._catalog = catalog
        self._run = run
        self._job = job
        self._caller = Caller(user=run.by or "anonymous", via="job", run=run.id)
        self._name = catalog.core.default_catalog
        self.problems: list[str] = []

    def register(self, notes: Path, *, succeeded: bool) -> tuple[list[dict[str, Any]], list[str]]:
        """Bring the catalog up to what was written; the outputs (see `JobRun.outputs`) and the inputs' names.

        After a failed run nothing is declared anew, but tables that were written are still brought up to date.
        """
        touched = Reader(self._name).read(notes)
        events = self._catalog.events.of_run(self._run.id)
        written = {_key(name): (name, how) for name, how in touched.written.items()}
        for event in events:
            if event.table and event.database and event.kind in (*_TABLE_EVENTS, *_DATA_EVENTS):
                name = TableName(event.catalog or self._name, event.database, event.table)
                how = "create" if event.kind is EventKind.CREATE_TABLE else "alter"
                written.setdefault(_key(name), (name, how))
        declared = [parse_output(output) for output in self._job.outputs]
        outputs = [self._table(name, how, events) for name, how in written.values() if not self._is_declared(name)]
        outputs += [self._declared(output, touched.paths_written) for output in declared if succeeded]
        inputs = self._inputs(set(touched.read), touched.paths_read, set(written))
        return [one for one in outputs if one is not None], inputs

    def _is_declared(self, name: TableName) -> bool:
        said = (parse_output(output) for output in self._job.outputs)
        return any((name_key(one.database), name_key(one.table)) == _key(name) for one in said)

    def _inputs(self, tables: set[TableName], paths: set[str], written: set[tuple[str, str]]) -> list[str]:
        found = set(paths)
        for name in tables:
            if _key(name) not in written and STAGING not in name.table:
                known = (
                    self._catalog.tables.get_many(self._caller, name.parent, [name.table]) if self._has(name) else []
                )
                found.update(str(table.full_name) for table in known)
        return sorted(found)

    def _has(self, name: TableName) -> bool:
        try:
            self._catalog.databases.get(self._caller, name.parent)
        except CatalogError:
            return False
        return True

    def _table(self, name: TableName, how: str, events: Sequence[Event]) -> dict[str, Any] | None:
        """Bring one written table up to date and say what became of it; None for one that is not there any more."""
        try:
            table = self._catalog.tables.get(self._caller, name)
        except NotFound:
            return None
        kinds = [event.kind for event in events if event.table and _key(_named(event)) == _key(name)]
        if EventKind.CREATE_TABLE in kinds and EventKind.DROP_TABLE not in kinds and how != "overwrite":
            how = "create"
        try:
            if table.is_iceberg:
                return self._iceberg(table, how)
            if table.is_view or table.kind is TableKind.CONNECTION or table.format not in FILE_FORMATS:
                return self._output(table, how, Counted(rows=None))
            return self._files(table, how)
        except CatalogError as error:
            self.problems.append(f"{table.full_name}: {error.message}")
            return self._output(table, how, Counted(rows=None))

    def _iceberg(self, table: Table, how: str) -> dict[str, Any]:
        document = self._catalog.iceberg.load(self._caller, table.full_name).document
        current = document.get("current-snapshot-id")
        snapshots = (one for one in document.get("snapshots", []) if one["snapshot-id"] == current)
        said: Mapping[str, str] = next(snapshots, {"summary": {"total-records": "0"}}).get("summary", {})
        output = self._output(table, how, Counted(rows=None))
        names = {"rows": "total-records", "files": "total-data-files", "bytes": "total-files-size"}
        output.update({ours: int(said[theirs]) for ours, theirs in names.items() if theirs in said})
        return output

    def _files(self, table: Table, how: str) -> dict[str, Any]:
        """Bring partitions and statistics of a table of files up to what lies in its folder."""
        if not table.location:
            return self._output(table, how, Counted(rows=None))
        counted = Counted()
        if table.partition_keys:
            held = self._held(table)  # before the folders are looked at: what others add meanwhile is not gone
            self._partitions(table, held, folders_of(self._catalog.lake, table), counted)
            return self._output(self._signed(table, {}), how, counted)
        folder = folders_of(self._catalog.lake, table)[()]
        footers = self._footers(table, folder)
        said = basic(folder, footers)
        counted.add(said)
        table = self._signed(table, said)
        statistics = statistics_of(table.columns, footers or (), _seconds())
        if statistics:
            self._catalog.statistics.put(self._caller, table.full_name, statistics)
        return self._output(table, how, counted)

    def _footers(self, table: Table, folder: Folder) -> list[FileSchema] | None:
        return read_footers(self._catalog.lake, folder.files) if table.format == "parquet" else None

    def _held(self, table: Table) -> dict[tuple[str, ...], Partition]:
        """The partitions that the catalog has, by their values."""
        scanned = self._catalog.partitions.scan(self._caller, table.full_name)
        return {partition.values: partition for _, batch in scanned for partition in batch}

    def _partitions(
        self,
        table: Table,
        held: Mapping[tuple[str, ...], Partition],
        found: Mapping[tuple[str, ...], Folder],
        counted: Counted,
    ) -> None:
        """Add, change and drop partitions, with statistics of those whose files are not the ones known."""
        keys = [column.name for column in table.partition_keys]
        new: list[Partition] = []
        changed: list[Partition] = []
        statistics: dict[str, Sequence[ColumnStatistics]] = {}
        for values, folder in found.items():
            old = held.get(values)
            if old is not None and (not self._is_here(old, folder) or self._is_known(old, folder)):
                counted.add(old.parameters)
                continue
            footers = self._footers(table, folder)
            said = basic(folder, footers)
            counted.add(said)
            measured = statistics_of(table.columns, footers or (), _seconds())
            if measured:
                statistics[partition_name(keys, values)] = measured
            if old is None:
                new.append(Partition(values, folder.location, parameters={**said, RUN: self._run.id}))
            else:
                changed.append(replace(old, parameters={**_unsaid(old.parameters), **said, RUN: self._run.id}))
        self._write(table, new, changed, self._gone(table, held, found))
        names = sorted(statistics)
        for start in range(0, len(names), PARTITIONS_AT_ONCE):
            batch_of = {name: statistics[name] for name in names[start : start + PARTITIONS_AT_ONCE]}
            self._catalog.statistics.put_partitions(self._caller, table.full_name, batch_of)

    def _is_known(self, held: Partition, folder: Folder) -> bool:
        """Whether a partition's statistics speak of the files that are there: none came while the run went on."""
        same = (str(len(folder.files)), str(folder.bytes)) == (
            held.parameters.get("numFiles"),
            held.parameters.get("totalSize"),
        )
        return same and all(info.modified_at < self._run.started_at for info in folder.files)

    @staticmethod
    def _is_here(held: Partition, folder: Folder) -> bool:
        return held.location is None or normalize(held.location) == normalize(folder.location)

    def _gone(
        self, table: Table, held: Mapping[tuple[str, ...], Partition], found: Mapping[tuple[str, ...], Folder]
    ) -> list[str]:
        """Partitions below the table's folder that hold no file any more."""
        keys = [column.name for column in table.partition_keys]
        missing = [one for values, one in held.items() if values not in found]
        here = [one for one in missing if not one.location or is_under(one.location, table.location or "")]
        return [partition_name(keys, one.values) for one in here]

    def _write(self, table: Table, new: list[Partition], changed: list[Partition], gone: list[str]) -> None:
        partitions, name = self._catalog.partitions, table.full_name
        for start in range(0, len(new), PARTITIONS_AT_ONCE):
            batch = new[start : start + PARTITIONS_AT_ONCE]
            partitions.add(self._caller, name, batch, if_not_exists=True, make_directories=False)
        for start in range(0, len(changed), PARTITIONS_AT_ONCE):
            partitions.alter(self._caller, name, changed[start : start + PARTITIONS_AT_ONCE])
        if gone:
            partitions.drop(self._caller, name, gone, delete_data=False, if_exists=True)

    def _signed(self, table: Table, said: Mapping[str, str]) -> Table:
        """The table with its statistics and the run that wrote it, as stored; others may change it at the same time."""
        for attempt in range(SIGNATURE_ATTEMPTS):
            parameters = {**(_unsaid(table.parameters) if said else table.parameters), **said}
            parameters |= {JOB: self._job.name, RUN: self._run.id}
            owner = self._caller.user if table.owner in (None, "", NOBODY) else table.owner
            if self._is_sails_own(table):
                parameters[PURGE] = "TRUE"
            new = replace(table, parameters=parameters, owner=owner)
            if new == table:
                return table
            try:
                return self._catalog.tables.alter(self._caller, table.full_name, new, expected_version=table.version)
            except Conflict:
                if attempt + 1 == SIGNATURE_ATTEMPTS:
                    raise
                table = self._catalog.tables.get(self._caller, table.full_name)
        return table

    def _is_sails_own(self, table: Table) -> bool:
        """Whether Sail made the table without being told where: Spark would have made it a managed one."""
        if not table.parameters.get("spark.sql.create.version", "").startswith("sail") or not table.location:
            return False
        home = self._catalog.databases.get(self._caller, table.full_name.parent).location
        return home is not None and normalize(table.location).rpartition("/")[0] == normalize(home)

    def _declared(self, output: DeclaredOutput, paths: Mapping[str, str]) -> dict[str, Any] | None:
        """The files under a declared output as a table, made or brought up to date."""
        from catalog_server.crawlers.files import crawl_files
        from catalog_server.crawlers.found import CRAWLER, Report

        name = TableName(self._name, output.database, output.table)
        how = next((mode for path, mode in paths.items() if _same_place(path, output.location)), "write")
        report = Report()
        crawler = Crawler(self._job.name, (output.location,), name.catalog, name.database)
        try:
            found = crawl_files(self._catalog.lake, crawler, output.location, report)
            fitting = [one for one in found if _same_place(one.table.location or "", output.location)]
            if not fitting:
                why = "; ".join(problem.reason for problem in report.problems[:3])
                raise Invalid(
                    f"output {output.database}.{output.table}", f"no table in {output.location}: {why or 'no files'}"
                )
            parameters = {key: value for key, value in fitting[0].table.parameters.items() if key != CRAWLER}
            table = self._kept(
                replace(fitting[0].table, name=output.table, parameters=parameters, owner=self._caller.user)
            )
            return self._files(table, "append" if how == "append" else "overwrite" if how == "overwrite" else "write")
        except CatalogError as error:
            self.problems.append(error.message)
            return None

    def _kept(self, found: Table) -> Table:
        """The table as stored: made, or given the columns that its files have now."""
        try:
            held = self._catalog.tables.get(self._caller, found.full_name)
        except NotFound:
            self._database(found.full_name.parent)
            return self._catalog.tables.create(self._caller, found, make_directory=False)
        if held.is_iceberg or held.is_view or held.kind is TableKind.CONNECTION:
            raise Invalid(f"output {found.database}.{found.name}", f"is a table of another kind ({held.format})")
        if not _same_place(held.location or "", found.location or ""):
            raise Invalid(
                f"output {found.database}.{found.name}", f"is a table at {held.location}, not {found.location}"
            )
        if [key.key for key in held.partition_keys] != [key.key for key in found.partition_keys]:
            self._catalog.tables.drop(self._caller, held.full_name, delete_data=False)
            return self._catalog.tables.create(self._caller, found, make_directory=False)
        new = replace(
            held, columns=found.columns, storage=found.storage, parameters={**held.parameters, **found.parameters}
        )
        if (new.columns, new.storage, new.parameters) == (held.columns, held.storage, held.parameters):
            return held
        return self._catalog.tables.alter(
            self._caller, held.full_name, new, expected_version=held.version, cascade=True
        )

    def _database(self, name: DatabaseName) -> None:
        try:
            self._catalog.databases.get(self._caller, name)
        except NotFound:
            try:
                self._catalog.databases.create(
                    self._caller, Database(name.catalog, name.database, owner=self._caller.user)
                )
            except AlreadyExists:
                pass

    @staticmethod
    def _output(table: Table, how: str, counted: Counted) -> dict[str, Any]:
        said: dict[str, Any] = {"table": str(table.full_name), "kind": table.format, "operation": how}
        if counted.rows is not None:
            said["rows"] = counted.rows
        if counted.files or counted.rows is not None:
            said |= {"files": counted.files, "bytes": counted.bytes}
        return {**said, "version": table.version}


def _key(name: TableName) -> tuple[str, str]:
    return name_key(name.database), name_key(name.table)


def _seconds() -> int:
    return time.time_ns() // 1_000_000_000


def _named(event: Event) -> TableName:
    return TableName(event.catalog or "", event.database or "", event.table or "")


def _unsaid(parameters: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in parameters.items() if key not in _STATISTICS}


def _same_place(one: str, other: str) -> bool:
    try:
        return normalize(one) == normalize(other)
    except CatalogError:
        return False
