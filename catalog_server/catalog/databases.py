"""Databases: made with their directory, dropped with or without what they hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from catalog_server.catalog import crawl_changes, grants
from catalog_server.catalog.core import Core, check_parameters, check_text, record
from catalog_server.catalog.table_writes import drop_in
from catalog_server.model.caller import Caller
from catalog_server.model.database import Catalog, Database
from catalog_server.model.documents import database_document
from catalog_server.model.errors import AlreadyExists, Invalid, NotEmpty, NotFound
from catalog_server.model.event import EventKind
from catalog_server.model.grant import Action, Resource, Visibility
from catalog_server.model.names import DatabaseName, check_database_name, name_key
from catalog_server.model.partition import folder_name
from catalog_server.store import catalogs, functions, intents, records, search, tables
from catalog_server.store import databases as rows
from catalog_server.store import grants as privileges
from catalog_server.store.transaction import Transaction

DEFAULT_DATABASE = "default"


class Databases:
    """Rules of databases; all methods raise `NotFound`, `Denied` and the errors they name."""

    def __init__(self, core: Core) -> None:
        self.core = core

    def get(self, caller: Caller, name: DatabaseName) -> Database:
        """One database."""
        with self.core.store.read() as tx:
            return self._get(tx, caller, Action.DESCRIBE, name)

    def _get(
        self, tx: Transaction, caller: Caller, action: Action, name: DatabaseName, *, lock: bool = False
    ) -> Database:  # fmt: skip
        name = self.core.database_name(name)
        self.core.grants.require(tx, caller, action, grants.of_database(name))
        found = rows.get(tx, name, lock=lock)
        if found is None:
            raise NotFound("database", str(name))
        return found

    def list(
        self,
        caller: Caller,
        catalog: str | None = None,
        *,
        parent: str | None = None,
        after: str = "",
        count: int | None = None,
    ) -> list[Database]:
        """Databases of a catalog by name key: those below `parent`, up to `count` of them after the key `after`."""
        with self.core.store.read() as tx:
            visible = self.core.grants.visible(tx, caller)
            name = self.core.catalog_name(catalog)
            if catalogs.get(tx, name) is None or not self._is_seen(tx, caller, name):
                raise NotFound("catalog", catalog or name)
            return rows.list_page(tx, name, visible, parent=parent, after=after, count=count)

    def _is_seen(self, tx: Transaction, caller: Caller, catalog: str) -> bool:
        """Whether a catalog may be seen; that there is a default one is no secret."""
        if name_key(catalog) == name_key(self.core.default_catalog):
            return True
        return self.core.grants.policy.decide(tx, caller, Action.DESCRIBE, Resource("catalog", (catalog,))).allowed

    def default_location(self, name: DatabaseName) -> str:
        """Where a database goes when nobody says: `<catalog's location or warehouse>/<name>.db`, as Hive does."""
        with self.core.store.read() as tx:
            catalog = catalogs.get(tx, self.core.catalog_name(name.catalog))
        if catalog is None:
            raise NotFound("catalog", name.catalog)
        root = (catalog.location or self.core.warehouse).rstrip("/")
        if name_key(catalog.name) != name_key(self.core.default_catalog) and not catalog.location:
            root = f"{root}/{folder_name(catalog.name)}"
        return root if name_key(name.database) == DEFAULT_DATABASE else f"{root}/{folder_name(name.database)}.db"

    def create(self, caller: Caller, database: Database, *, folders: Sequence[str] = ()) -> Database:
        """Make a database and its directory, and further `folders` of its own; raises `AlreadyExists` and `Invalid`."""
        name = self.core.database_name(database.full_name)
        check_database_name(database.name)
        _check(database)
        with self.core.store.read() as tx:
            self.core.grants.require(tx, caller, Action.CREATE, grants.of_database(name))
            if catalogs.get(tx, name.catalog) is None:
                raise NotFound("catalog", name.catalog)
            if rows.get(tx, name) is not None:
                raise AlreadyExists("database", str(name))
        location = database.location or self.default_location(name)
        for folder in (location, *folders):
            self.core.lake.filesystem(folder).make_directory(folder)
        new = replace(database, catalog=name.catalog, location=location, created_by=caller.user)

        def work(tx: Transaction) -> Database:
            catalog = catalogs.get(tx, name.catalog)
            if catalog is None:
                raise NotFound("catalog", name.catalog)
            return create_in(tx, caller, catalog, new)

        return self.core.store.write(work)

    def alter(
        self, caller: Caller, name: DatabaseName, database: Database, *, expected_version: int | None = None
    ) -> Database:
        """Change all that `database` says (its name too, where `name` differs); ids and times stay.

        Raises `Conflict` when the database is not at the expected version.
        """
        check_database_name(database.name)
        _check(database)

        def work(tx: Transaction) -> Database:
            found = self._get(tx, caller, Action.ALTER, name, lock=True)
            new = replace(database, id=found.id, catalog=found.catalog)
            return changed_in(tx, caller, found, new, expected_version)

        return self.core.store.write(work)

    def set_parameters(
        self,
        caller: Caller,
        name: DatabaseName,
        updates: Mapping[str, str],
        removals: frozenset[str],
        *,
        fields: Mapping[str, str | None] | None = None,
    ) -> tuple[Database, frozenset[str]]:
        """Set and remove parameters in one step; returns the database as it is then and those removals that were not there.

        `fields` are changed in the same step: of `comment`, `location` and `owner` those that it names.
        """
        check_parameters("parameters", updates)
        named = dict(fields or {})
        check_text("fields", *named.values())

        def work(tx: Transaction) -> tuple[Database, frozenset[str]]:
            found = self._get(tx, caller, Action.ALTER, name, lock=True)
            kept = {key: value for key, value in found.parameters.items() if key not in removals}
            new = replace(
                found,
                parameters={**kept, **updates},
                comment=named.get("comment", found.comment),
                location=named.get("location", found.location),
                owner=named.get("owner", found.owner),
            )
            changed = changed_in(tx, caller, found, new)
            return changed, removals - found.parameters.keys()

        return self.core.store.write(work)

    def drop(
        self,
        caller: Caller,
        name: DatabaseName,
        *,
        cascade: bool = False,
        delete_data: bool = True,
        folders: Sequence[str] = (),
    ) -> Database:
        """Drop a database, with its tables and functions if `cascade` (else `NotEmpty`).

        Its folder and further `folders` of its own go with it if `delete_data`, unless tables of other databases live
        there.

        Databases below it (`a.b` below `a`) stay where `cascade` is given and are a reason to refuse where it is not.
        """
        if name_key(name.database) == DEFAULT_DATABASE:
            raise Invalid("database", "default may not be dropped")

        dropped = self.core.store.write(
            lambda tx: self.drop_in(tx, caller, name, cascade=cascade, delete_data=delete_data, folders=folders)
        )
        self.core.intents.carry_out()
        return dropped

    def drop_in(
        self,
        tx: Transaction,
        caller: Caller,
        name: DatabaseName,
        *,
        cascade: bool = False,
        delete_data: bool = True,
        folders: Sequence[str] = (),
    ) -> Database:
        """Drop a database in a running transaction; see `drop`."""
        found = self._get(tx, caller, Action.DROP, name, lock=True)
        held = tables.list_page(tx, found.full_name, Visibility())
        called = functions.list_all(tx, found.full_name)
        below = rows.list_page(tx, found.catalog, Visibility(), parent=found.name, count=1)
        if (held or called or below) and not cascade:
            raise NotEmpty("database", str(found.full_name))
        for table in held:
            self.core.grants.require(tx, caller, Action.DROP, grants.of_table(table.full_name))
            drop_in(tx, caller, table, delete_data=delete_data)
        for function in called:
            functions.drop(tx, function.id)
        rows.drop(tx, found)
        privileges.drop_of_database(tx, found.full_name)
        records.drop_scopes(tx, records.OF_DATABASES, records.scope_of(found.full_name))
        search.drop(tx, search.DATABASE, found.id)
        gone = [folder for folder in (found.location, *folders) if folder and self._is_its_own(tx, folder)]
        if delete_data:
            intents.add_many(tx, intents.DELETE_DIRECTORY, [(folder, None) for folder in gone])
        payload: dict[str, object] = {"before": database_document(found)}
        versions = {"version_before": found.version}
        record(tx, caller, EventKind.DROP_DATABASE, found.full_name, object_id=found.id, payload=payload, **versions)
        return found

    def _is_its_own(self, tx: Transaction, location: str) -> bool:
        """Whether a folder is that of one database alone: no warehouse, and no table of another database lives in it."""
        return location.rstrip("/") != self.core.warehouse and not tables.any_in_folder(tx, location)


def _check(database: Database) -> None:
    check_text("comment", database.comment, database.owner, database.location)
    check_parameters("parameters", database.parameters)


def create_in(tx: Transaction, caller: Caller, catalog: Catalog, database: Database) -> Database:
    """Insert a database with its search entry and event, in a running transaction."""
    made = rows.create(tx, catalog.id, replace(database, catalog=catalog.name))
    _index(tx, made)
    payload: dict[str, object] = {"after": database_document(made)}
    versions = {"object_id": made.id, "version_after": 1}
    record(tx, caller, EventKind.CREATE_DATABASE, made.full_name, payload=payload, **versions)
    crawl_changes.database_created(tx, caller, made)
    return made


def changed_in(
    tx: Transaction, caller: Caller, before: Database, new: Database, expected_version: int | None = None
) -> Database:
    """Write a database's new definition, under which all that has its name follows; raises `Conflict`."""
    after = rows.change(tx, new, expected_version)
    _index(tx, after)
    if before.name != after.name:
        privileges.move_database(tx, before.full_name, after.full_name)
        records.move_scopes(
            tx, records.OF_DATABASES, records.scope_of(before.full_name), records.scope_of(after.full_name)
        )
    payload: dict[str, object] = {"before": database_document(before), "after": database_document(after)}
    if before.name != after.name:
        payload["name_before"] = before.name
    versions = {"version_before": before.version, "version_after": after.version}
    record(tx, caller, EventKind.ALTER_DATABASE, after.full_name, object_id=after.id, payload=payload, **versions)
    return after


def _index(tx: Transaction, database: Database) -> None:
    pieces = [database.comment, database.owner, *database.parameters, *database.parameters.values()]
    search.put(tx, search.DATABASE, database.id, *search.text_of(database.name, pieces))
