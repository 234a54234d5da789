"""Iceberg commits: requirements and updates on the metadata document, then one compare-and-set on the table's row.

The same row carries what Iceberg's Hive catalog would have written, so that a table made here is the table that Spark
and Trino see through Thrift, and the other way round. No transaction is open while files are read or written.
"""

from __future__ import annotations

import sys
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from catalog_server.catalog import grants
from catalog_server.catalog.core import Core
from catalog_server.catalog.metadata_files import Document, MetadataFiles, Written
from catalog_server.catalog.recent_rows import RecentRows
from catalog_server.catalog.renames import rename
from catalog_server.catalog.table_locations import TableLocations, places
from catalog_server.catalog.table_writes import change_in, create_in
from catalog_server.catalog.tables import Tables, check_definition, table_location
from catalog_server.lake.iceberg import columns, document, files, requirements, updates
from catalog_server.model.caller import Caller
from catalog_server.model.database import Database
from catalog_server.model.errors import (
    AlreadyExists,
    CatalogError,
    Conflict,
    Invalid,
    NotFound,
    OutcomeUnknown,
    RequirementFailed,
)
from catalog_server.model.grant import Action
from catalog_server.model.names import TableName, name_key
from catalog_server.model.table import (
    Column,
    SerDe,
    Storage,
    Table,
    TableKind,
)
from catalog_server.store import databases, tables
from catalog_server.store.transaction import Transaction, now

ATTEMPTS_MAX = 100
"""Compare-and-sets tried for one commit before the client is told of the conflict; each lost one means another won."""
_STORAGE = Storage(
    input_format="org.apache.hadoop.mapred.FileInputFormat",
    output_format="org.apache.hadoop.mapred.FileOutputFormat",
    serde=SerDe("org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"),
)
"""What Iceberg's HiveTableOperations writes while the Hive engine is not asked for."""
_DERIVED = frozenset(
    (
        "uuid EXTERNAL table_type metadata_location previous_metadata_location storage_handler snapshot-count numFiles "
        "numRows totalSize current-snapshot-id current-snapshot-timestamp-ms current-snapshot-summary current-schema "
        "default-partition-spec default-sort-order"
    ).split()
)
"""Parameters that come from the document and are taken away with it."""


Noted = Mapping[str, str | None]
"""Parameters that the catalog keeps beside those that come from a document; None for one that is to go."""


@dataclass(frozen=True, slots=True)
class IcebergTable:
    """A table with its current metadata document. Treat the document as read-only: it is shared."""

    table: Table
    document: Document
    metadata_location: str
    text: bytes | None = None
    """The document as JSON, where it was written just now."""


@dataclass(frozen=True, slots=True)
class TableCommit:
    """What is asked of one table: requirements and updates, as they were sent."""

    name: TableName
    required: object
    updated: object
    expected_version: int | None = None
    """The version at which the table's row must still be, if any."""


class Commits:
    """Rules of Iceberg tables; all methods raise `NotFound`, `Denied` and the errors they name."""

    def __init__(self, core: Core, of: Tables, metadata: MetadataFiles, where: TableLocations) -> None:
        self.core = core
        self.tables = of
        self.metadata = metadata
        self.locations = where
        self._recent = RecentRows()

    def load(self, caller: Caller, name: TableName) -> IcebergTable:
        """The table and its document; a table of another kind is not found here."""
        table = self.tables.get(caller, name)
        location = location_of(table)
        return IcebergTable(table, self.read(location), location)

    def load_to_change(self, caller: Caller, name: TableName) -> IcebergTable:
        """The table and its document, complete, for a caller that may alter it; raises `Unsupported` for a mounted one."""
        with self.core.store.read() as tx:
            table = self.tables.find(tx, caller, Action.ALTER, name)
        location = location_of(table)
        return IcebergTable(table, document.completed(self.read(location)), location)

    def read(self, location: str) -> Document:
        """The document in a metadata file; raises `NotFound` when it is gone."""
        return self.metadata.read(location)

    def stage(
        self,
        caller: Caller,
        name: TableName,
        schema: Mapping[str, Any],
        *,
        partition_spec: Mapping[str, Any] | None = None,
        sort_order: Mapping[str, Any] | None = None,
        properties: Mapping[str, str] | None = None,
        location: str | None = None,
    ) -> Document:
        """The document of a table that could be made; nothing is written. Raises `AlreadyExists` for a taken name."""
        name = self.core.table_name(name)
        with self.core.store.read() as tx:
            self.core.grants.require(tx, caller, Action.CREATE, grants.of_table(name))
            database = databases.get(tx, name.parent)
            if database is None:
                raise NotFound("database", str(name.parent))
        self._check_free(caller, name)
        where = location or self._free_location(table_location(database, name.table))
        spec = None if partition_spec is None else dict(partition_spec)
        order = None if sort_order is None else dict(sort_order)
        new = document.new_document(where, dict(schema), spec, order, properties, now_ms=now())
        self._check_new_places(caller, name, new)
        return new

    def _check_places(self, name: TableName, new: Document, before: IcebergTable | None = None) -> None:
        """Refuse a document that sends files where this table may not lie; raises `Invalid`."""
        held = None if before is None else before.document
        self.locations.check(name.catalog, new, before=held)
        self.locations.check_apart(new, before=held, but=0 if before is None else before.table.id)

    def _check_new_places(self, caller: Caller, name: TableName, new: Document) -> None:
        """The same for a new table; raises `AlreadyExists` where what is in its way came to be under its very name meanwhile."""
        try:
            self._check_places(name, new)
        except Invalid:
            self._check_free(caller, name)
            raise

    def _check_free(self, caller: Caller, name: TableName) -> None:
        """Say which kind of thing has a name already; raises `AlreadyExists`."""
        try:
            found = self.tables.get(caller, name)
        except NotFound:
            return
        raise AlreadyExists("view of the same name" if found.is_view else "table", str(found.full_name))

    def _free_location(self, location: str) -> str:
        """The location, or one beside it when it holds files: those of a table that was renamed, or dropped without them.

        Two tables in one folder would lose their files together when one of them is purged.
        """
        if self.core.lake.filesystem(location).is_directory(location):
            return f"{location}-{uuid.uuid4().hex[:8]}"
        return location

    def create(self, caller: Caller, name: TableName, new: Document) -> IcebergTable:
        """Make a table of a staged document; raises `AlreadyExists`, `Invalid`."""
        self._check_new_places(caller, name, new)
        file = self.metadata.write(new, 0)
        try:
            return replace(self._insert(caller, name, new, file.location), text=file.text)
        except OutcomeUnknown:
            raise
        except BaseException:
            self.metadata.discard(file.location)
            raise

    def _insert(
        self, caller: Caller, name: TableName, new: Document, location: str, noted: Noted | None = None
    ) -> IcebergTable:
        def apart(tx: Transaction, made: Table) -> None:
            self._check_apart_in(tx, new, made)

        table = _with(dressed(None, name, new, location, None, caller), noted)
        return IcebergTable(self.tables.create(caller, table, make_directory=False, then=apart), new, location)

    def register(
        self,
        caller: Caller,
        name: TableName,
        location: str,
        *,
        overwrite: bool = False,
        noted: Noted | None = None,
        expected_version: int | None = None,
    ) -> IcebergTable:
        """Make a table of a metadata file that is already there; with `overwrite`, point an existing one at it.

        `noted` are parameters to be set beside those of the document, or taken away. Raises `AlreadyExists`, `Conflict` for
        a row at another version than `expected_version`, and `Invalid` for a file that is not there, is no table's, or
        names a place where this table may not lie.
        """
        current = self._overwritten(caller, name) if overwrite else None
        if expected_version not in (None, current.version if current else 0):
            raise Conflict(
                f"table {name}", f"version {expected_version}", f"version {current.version if current else 0}"
            )
        if current is None:
            self._check_free(caller, name)
        self.locations.check(name.catalog, {"location": location})
        try:
            found = self.metadata.read(location)
        except NotFound as error:
            raise Invalid("metadata-location", f"{location} is not there") from error
        full = document.completed(found)
        self.locations.check(name.catalog, full)
        self.locations.check_apart(full, but=0 if current is None else current.id)
        if current is None:
            return self._insert(caller, name, found, location, noted)
        changed = dressed(current, name, found, location, current.metadata_location, caller, self._last(current))
        altered = self.tables.alter(caller, name, _with(changed, noted), expected_version=current.version)
        return IcebergTable(altered, found, location)

    def _overwritten(self, caller: Caller, name: TableName) -> Table | None:
        """The row that a registration is to point elsewhere, None when there is none; one of another kind is not free."""
        try:
            found = self.tables.get(caller, name)
        except NotFound:
            return None
        if not found.is_iceberg:
            self._check_free(caller, name)
        return found

    def rename(self, caller: Caller, name: TableName, new_name: TableName) -> Table:
        """Give a table another name or database of the same catalog; raises `AlreadyExists`, `NotFound`."""
        location_of(self.tables.get(caller, name))
        return rename(self.tables, caller, name, new_name)

    def _last(self, table: Table) -> Document | None:
        """The document that a table's row was dressed in, None when it cannot be read any more."""
        try:
            return self.read(location_of(table))
        except CatalogError:
            return None

    def commit(
        self,
        caller: Caller,
        name: TableName,
        required: object,
        updated: object,
        *,
        expected_version: int | None = None,
    ) -> IcebergTable:
        """Apply updates if all requirements hold, tried again on the newer table when another writer came first.

        With `expected_version` the change is made only if the table's row still is at that version.

        Raises:
            RequirementFailed: a requirement does not hold; nothing was changed.
            Invalid: an update or requirement that cannot be understood or applied.
            Conflict: other writers came first again and again, or the table is at another version.
            OutcomeUnknown: nobody can tell; the new metadata file is left where it is.
        """
        return self.commit_all(caller, [TableCommit(name, required, updated, expected_version)])[0]

    def commit_all(self, caller: Caller, commits: Sequence[TableCommit]) -> list[IcebergTable]:
        """Commit to several tables in one transaction: all of it or nothing, tried again when another writer came first.

        Raises what `commit` raises, and `Invalid` for a table that is named twice.
        """
        names = [name_key(str(self.core.table_name(one.name))) for one in commits]
        if len(set(names)) < len(names):
            twice = next(one.name for one, key in zip(commits, names, strict=True) if names.count(key) > 1)
            raise Invalid("table-changes", f"{twice.database}.{twice.table} is named more than once")
        planned = self._plan_on_recent(commits)
        for _ in range(ATTEMPTS_MAX):
            planned = planned or [self._plan(caller, one) for one in commits]
            done = self._carry_out(caller, planned)
            if done is not None:
                for one in done:
                    self._recent.keep(one.table)
                return done
            for commit in commits:
                self._recent.shun(self.core.table_name(commit.name))
            planned = []
        named = ", ".join(str(one.name) for one in commits)
        raise Conflict(f"table {named}", "to come first", "other writers again and again")

    def _plan_on_recent(self, commits: Sequence[TableCommit]) -> list[_Planned]:
        """What the commits come to on the rows that this process wrote last; empty where that is not known or not to be done.

        What is refused here is refused for good only when the rows in the store refuse it too. Where grants are stored they are
        asked first, with the row.
        """
        planned: list[_Planned] = []
        if not self.core.grants.is_open:
            return planned
        try:
            for one in commits:
                row = self._recent.find(self.core.table_name(one.name))
                if row is None or requirements.is_create(one.required):
                    return []
                location = location_of(row)
                planned.append(self._plan_on(one, IcebergTable(row, self.read(location), location)))
        except CatalogError:
            return []
        return [] if any(one.unchanged for one in planned) else planned

    def _plan(self, caller: Caller, one: TableCommit) -> _Planned:
        """What a commit comes to on the table as it is now; nothing is written."""
        if requirements.is_create(one.required):
            try:
                self._check_free(caller, one.name)
            except AlreadyExists as error:
                raise _exists_already(one.name, error) from error
            new = updates.apply_updates(None, one.updated, now())
            self._check_new_places(caller, one.name, new)
            return _Planned(one.name, None, new)
        return self._plan_on(one, self.load(caller, one.name))

    def _plan_on(self, one: TableCommit, found: IcebergTable) -> _Planned:
        if one.expected_version not in (None, found.table.version):
            raise Conflict(f"table {one.name}", f"version {one.expected_version}", f"version {found.table.version}")
        current = replace(found, document=document.completed(found.document))
        requirements.check_requirements(current.document, one.required, f"table {one.name}")
        new = updates.apply_updates(current.document, one.updated, now(), current.metadata_location)
        if new is not current.document:
            self._check_places(one.name, new, current)
        return _Planned(one.name, current, new)

    def _carry_out(self, caller: Caller, planned: Sequence[_Planned]) -> list[IcebergTable] | None:
        """Write the files, then one transaction on all rows; None when another writer came first to one of them."""
        if all(one.unchanged for one in planned):
            return [one.current for one in planned if one.current is not None]
        files_of: list[Written | None] = []
        order = sorted(range(len(planned)), key=lambda n: planned[n].id)

        def work(tx: Transaction) -> list[Table]:
            done = {n: self._write_row(tx, caller, planned[n], rows[n]) for n in order}
            return [done[n] for n in range(len(planned))]

        try:
            for one in planned:
                files_of.append(None if one.unchanged else self.metadata.write(one.new, one.version))
            rows = [_row(caller, one, file and file.location) for one, file in zip(planned, files_of, strict=True)]
            altered = self.core.store.write(work)
        except OutcomeUnknown:
            raise
        except BaseException as error:
            for file in files_of:
                if file is not None:
                    self.metadata.discard(file.location)
            if isinstance(error, Conflict):
                return None
            if isinstance(error, AlreadyExists):
                raise _exists_already(next(one.name for one in planned if one.current is None), error) from error
            raise
        return [
            IcebergTable(table, one.new, location_of(table), file and file.text)
            for one, table, file in zip(planned, altered, files_of, strict=True)
        ]

    def _write_row(self, tx: Transaction, caller: Caller, one: _Planned, row: Table) -> Table:
        """The compare-and-set of one table; one that is not changed must still be as its requirements found it."""
        if one.current is None:
            self.core.grants.require(tx, caller, Action.CREATE, grants.of_table(self.core.table_name(one.name)))
            made = create_in(tx, caller, self._home(tx, one.name), row)
            self._check_apart_in(tx, one.new, made)
            return made
        table, name = one.current.table, self.core.table_name(one.name)
        self.core.grants.require(tx, caller, Action.DESCRIBE, grants.of_table(name))
        if not one.unchanged:
            self.core.grants.require(tx, caller, Action.ALTER, grants.of_table(name))
        if not tables.hold(tx, table):
            found = self.tables.find(tx, caller, Action.DESCRIBE if one.unchanged else Action.ALTER, name)
            raise Conflict(f"table {name}", f"version {table.version}", f"version {found.version}")
        return table if one.unchanged else change_in(tx, caller, table, row, table.database_id)

    def _home(self, tx: Transaction, name: TableName) -> Database:
        own = self.core.table_name(name).parent
        found = databases.get(tx, own)
        if found is None:
            raise NotFound("database", str(own))
        return found

    def _check_apart_in(self, tx: Transaction, new: Document, made: Table) -> None:
        for place in places(new):
            self.locations.check_in(tx, place, made.id)


@dataclass(frozen=True, slots=True)
class _Planned:
    """One table of a commit: what it is (None: not there), and its document afterwards."""

    name: TableName
    current: IcebergTable | None
    new: Document

    @property
    def unchanged(self) -> bool:
        return self.current is not None and self.new is self.current.document

    @property
    def id(self) -> int:
        """The table's id, by whose order rows are locked; new ones come last."""
        return self.current.table.id if self.current is not None else sys.maxsize

    @property
    def version(self) -> int:
        """The number in the new file's name."""
        return files.metadata_file_version(self.current.metadata_location) + 1 if self.current is not None else 0


def _row(caller: Caller, one: _Planned, file: str | None) -> Table:
    if one.current is None:
        made = dressed(None, one.name, one.new, file or "", None, caller)
        check_definition(made)
        return made
    if file is None:
        return one.current.table
    current = one.current
    changed = dressed(current.table, one.name, one.new, file, current.metadata_location, caller, current.document)
    check_definition(changed, current.table)
    return changed


def _exists_already(name: TableName, error: AlreadyExists) -> CatalogError:
    """What a commit that wants to make a table says when it is there."""
    if error.kind != "table":
        return error
    return RequirementFailed(f"table {name}", "Requirement failed: table already exists")


def location_of(table: Table) -> str:
    """Where the metadata of an Iceberg table is; raises `NotFound` for a table of another kind."""
    if not table.is_iceberg or table.metadata_location is None:
        raise NotFound("Iceberg table", str(table.full_name))
    return table.metadata_location


def dressed(
    before: Table | None,
    name: TableName,
    new: Document,
    location: str,
    previous: str | None,
    caller: Caller,
    old: Document | None = None,
) -> Table:
    """The row of a document: what Iceberg's Hive catalog would have written; what others set on the row stays.

    `old` is the document that the row was dressed in: what came from it goes with it.
    """
    gone = _DERIVED if old is None else _DERIVED | columns.property_parameters(old).keys()
    parameters = {key: value for key, value in (before.parameters if before else {}).items() if key not in gone}
    parameters |= columns.hive_parameters(new, location, previous)
    if before is not None:
        found = _columns(before.columns, new)
        return replace(before, columns=found, location=str(new["location"]), parameters=parameters)
    owner = new.get("properties", {}).get("owner") or caller.user
    return Table(
        catalog=name.catalog,
        database=name.database,
        name=name.table,
        kind=TableKind.EXTERNAL,
        columns=_columns((), new),
        location=str(new["location"]),
        storage=_STORAGE,
        parameters=parameters,
        owner=owner,
    )


def _with(table: Table, noted: Noted | None) -> Table:
    if not noted:
        return table
    kept = {key: value for key, value in table.parameters.items() if key not in noted}
    return replace(table, parameters=kept | {key: value for key, value in noted.items() if value is not None})


def _columns(before: tuple[Column, ...], new: Document) -> tuple[Column, ...]:
    """The columns of a document, with the parameters that others set on them; the very same ones where none is different."""
    found = columns.columns_of(new)
    if [(column.name, column.type, column.comment) for column in before] == found:
        return before
    held = {(column.key, column.type): column.parameters for column in before}
    return tuple(Column(name, kind, comment, held.get((name_key(name), kind), {})) for name, kind, comment in found)
