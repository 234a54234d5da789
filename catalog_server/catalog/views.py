"""Iceberg views: documents beside those of tables, and rows that Hive clients see as views of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from catalog_server.catalog import grants
from catalog_server.catalog.core import Core
from catalog_server.catalog.metadata_files import Document, MetadataFiles
from catalog_server.catalog.renames import rename
from catalog_server.catalog.table_locations import TableLocations
from catalog_server.catalog.tables import Tables, table_location
from catalog_server.lake.iceberg import files, view_faces, views
from catalog_server.model.caller import Caller
from catalog_server.model.errors import AlreadyExists, Conflict, Invalid, NotFound, OutcomeUnknown
from catalog_server.model.grant import Action
from catalog_server.model.names import DatabaseName, TableName
from catalog_server.model.table import Column, Table, TableKind
from catalog_server.store import databases
from catalog_server.store.transaction import now

ATTEMPTS_MAX = 100
FORMAT = "iceberg-view"


@dataclass(frozen=True, slots=True)
class IcebergView:
    """A view with its current metadata document, which is shared: read only."""

    table: Table
    document: Document
    metadata_location: str


class Views:
    """Rules of Iceberg views; all methods raise `NotFound`, `Denied` and the errors they name."""

    def __init__(self, core: Core, tables: Tables, metadata: MetadataFiles, where: TableLocations) -> None:
        self.core = core
        self.tables = tables
        self.metadata = metadata
        self.locations = where

    def list_names(
        self, caller: Caller, database: DatabaseName, *, after: str = "", count: int | None = None
    ) -> Sequence[str]:
        """Names of the Iceberg views of a database, by name key; `count` of them after the key `after`."""
        return self.tables.list_names(caller, database, formats=(FORMAT,), after=after, count=count)

    def get(self, caller: Caller, name: TableName) -> Table:
        """The row of a view; what is no Iceberg view is not found here."""
        try:
            found = self.tables.get(caller, name)
        except NotFound as error:
            raise NotFound("view", str(self.core.table_name(name))) from error
        if not found.is_iceberg_view or found.metadata_location is None:
            raise NotFound("view", str(found.full_name))
        return found

    def load(self, caller: Caller, name: TableName) -> IcebergView:
        """A view and its document."""
        found = self.get(caller, name)
        location = found.metadata_location or ""
        return IcebergView(found, self.metadata.read(location), location)

    def create(
        self,
        caller: Caller,
        name: TableName,
        schema: Mapping[str, Any],
        version: Mapping[str, Any],
        properties: Mapping[str, str] | None = None,
        location: str | None = None,
    ) -> IcebergView:
        """Make a view; raises `AlreadyExists`, `Invalid`."""
        where = location or self._default_location(caller, name)
        self._check_free(caller, name)
        new = views.new_view(where, dict(schema), dict(version), properties, now())
        self.locations.check(name.catalog, new)
        metadata_location = self.metadata.write(new, 0).location
        try:
            return self._insert(caller, name, new, metadata_location)
        except OutcomeUnknown:
            raise
        except BaseException:
            self.metadata.discard(metadata_location)
            raise

    def register(self, caller: Caller, name: TableName, location: str) -> IcebergView:
        """Make a view of a metadata file that is already there; raises `AlreadyExists`, `Invalid`."""
        self._default_location(caller, name)
        self._check_free(caller, name)
        try:
            found = self.metadata.read(location)
        except NotFound as error:
            raise Invalid("metadata-location", f"{location} is not there") from error
        self.locations.check(name.catalog, views.completed_view(found))
        return self._insert(caller, name, found, location)

    def _insert(self, caller: Caller, name: TableName, new: Document, location: str) -> IcebergView:
        table = self.tables.create(caller, _dressed(None, name, new, location, None, caller), make_directory=False)
        return IcebergView(table, new, location)

    def commit(self, caller: Caller, name: TableName, required: object, updated: object) -> IcebergView:
        """Apply updates if all requirements hold, tried again on the newer view when another writer came first.

        Raises:
            RequirementFailed: a requirement does not hold; nothing was changed.
            Invalid: an update or requirement that cannot be understood or applied.
            Conflict: other writers came first again and again.
            OutcomeUnknown: nobody can tell; the new metadata file is left where it is.
        """
        for _ in range(ATTEMPTS_MAX):
            current = self.load(caller, name)
            views.check_view_requirements(current.document, required, f"view {name}")
            new = views.apply_view_updates(current.document, updated, now())
            if new is current.document:
                return current
            self.locations.check(name.catalog, new, before=current.document)
            done = self._swap(caller, name, current, new)
            if done is not None:
                return done
        raise Conflict(f"view {name}", "to come first", "other writers again and again")

    def _swap(self, caller: Caller, name: TableName, current: IcebergView, new: Document) -> IcebergView | None:
        location = self.metadata.write(new, files.metadata_file_version(current.metadata_location) + 1).location
        changed = _dressed(current.table, name, new, location, current.metadata_location, caller, current.document)
        try:
            altered = self.tables.alter(caller, name, changed, expected_version=current.table.version)
        except OutcomeUnknown:
            raise
        except Conflict:
            self.metadata.discard(location)
            return None
        except BaseException:
            self.metadata.discard(location)
            raise
        return IcebergView(altered, new, location)

    def rename(self, caller: Caller, name: TableName, new_name: TableName) -> Table:
        """Give a view another name or database of the same catalog; raises `AlreadyExists`, `NotFound`."""
        self.get(caller, name)
        return rename(self.tables, caller, name, new_name)

    def drop(self, caller: Caller, name: TableName) -> None:
        """Forget a view; its metadata files stay."""
        self.get(caller, name)
        self.tables.drop(caller, name, delete_data=False)

    def _check_free(self, caller: Caller, name: TableName) -> None:
        """Say which kind of thing has a name already; raises `AlreadyExists`."""
        try:
            found = self.tables.get(caller, name)
        except NotFound:
            return
        kind = (
            "view" if found.is_iceberg_view else "view of the same name" if found.is_view else "table of the same name"
        )
        raise AlreadyExists(kind, str(found.full_name))

    def _default_location(self, caller: Caller, name: TableName) -> str:
        """Where a view goes when nobody says; raises `NotFound` for the database."""
        with self.core.store.read() as tx:
            own = self.core.table_name(name)
            self.core.grants.require(tx, caller, Action.CREATE, grants.of_table(own))
            database = databases.get(tx, own.parent)
        if database is None:
            raise NotFound("database", str(own.parent))
        return table_location(database, name.table)


def _dressed(
    before: Table | None,
    name: TableName,
    new: Document,
    location: str,
    previous: str | None,
    caller: Caller,
    old: Document | None = None,
) -> Table:
    """The row of a document, as Iceberg's Hive catalog would write it; what others set on the row stays."""
    found = tuple(Column(name, kind, comment) for name, kind, comment in views.columns_of_view(new))
    face = view_faces.view_face(new, location, previous)
    gone = view_faces.view_face(old, "").parameters.keys() if old is not None else frozenset[str]()
    held = before.parameters if before is not None else {}
    parameters = {key: value for key, value in held.items() if key not in gone} | face.parameters
    base = before or Table(
        catalog=name.catalog,
        database=name.database,
        name=name.table,
        kind=TableKind.VIEW,
        owner=new.get("properties", {}).get("owner") or caller.user,
    )
    return replace(
        base,
        columns=found,
        location=str(new["location"]),
        parameters=parameters,
        view_original=face.original,
        view_expanded=face.expanded,
    )
