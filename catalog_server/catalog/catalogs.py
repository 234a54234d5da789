"""Catalogs: the named roots of databases."""

from __future__ import annotations

from dataclasses import replace

from catalog_server.catalog.core import Core, check_parameters, check_text, record
from catalog_server.catalog.databases import DEFAULT_DATABASE, create_in
from catalog_server.catalog.mounts import Mounts, Tested, check_mount
from catalog_server.model.caller import Caller
from catalog_server.model.database import Catalog, Database
from catalog_server.model.errors import AlreadyExists, Invalid, NotFound
from catalog_server.model.event import EventKind
from catalog_server.model.grant import Action, Resource
from catalog_server.model.names import DEFAULT_CATALOG, DatabaseName, check_name, name_key
from catalog_server.store import catalogs as rows
from catalog_server.store import connections, databases, grants, records, search
from catalog_server.store.transaction import Transaction


class Catalogs:
    """Rules of catalogs; all methods raise `NotFound`, `Denied` and the errors they name."""

    def __init__(self, core: Core, mounts: Mounts) -> None:
        self.core = core
        self.mounts = mounts

    def list(self, caller: Caller) -> list[Catalog]:
        """The catalogs that the caller may see, by name."""
        with self.core.store.read() as tx:
            policy = self.core.grants.policy
            found = rows.list_all(tx)
            return [
                c for c in found if policy.decide(tx, caller, Action.DESCRIBE, Resource("catalog", (c.name,))).allowed
            ]

    def get(self, caller: Caller, name: str) -> Catalog:
        """One catalog."""
        with self.core.store.read() as tx:
            return self._get(tx, caller, Action.DESCRIBE, name)

    def _get(self, tx: Transaction, caller: Caller, action: Action, name: str) -> Catalog:
        own = self.core.catalog_name(name)
        self.core.grants.require(tx, caller, action, Resource("catalog", (own,)))
        found = rows.get(tx, own)
        if found is None:
            raise NotFound("catalog", name)
        return found

    def create(self, caller: Caller, catalog: Catalog, *, default: str | None = None) -> Catalog:
        """Make a catalog; raises `AlreadyExists` also when a connection has the name, since SQL has one name space.

        With `default`, a comment, it has its default database from the beginning, with its folder at the catalog's location.
        """
        check_name("catalog", catalog.name, dots=False)
        check_text("comment", catalog.comment)
        check_parameters("parameters", catalog.parameters)
        check_mount(catalog)
        if name_key(catalog.name) == DEFAULT_CATALOG:
            raise AlreadyExists("catalog", catalog.name)

        if default is not None and catalog.location:
            with self.core.store.read() as tx:
                self._check_new(tx, caller, catalog)
            self.core.lake.filesystem(catalog.location).make_directory(catalog.location)

        def work(tx: Transaction) -> Catalog:
            self._check_new(tx, caller, catalog)
            made = rows.create(tx, catalog)
            record(tx, caller, EventKind.CREATE_CATALOG, None, object_id=made.id, payload={"name": made.name})
            if default is not None:
                database = Database(made.name, DEFAULT_DATABASE, default, made.location, created_by=caller.user)
                create_in(tx, caller, made, database)
            return made

        return self.core.store.write(work)

    def _check_new(self, tx: Transaction, caller: Caller, catalog: Catalog) -> None:
        self.core.grants.require(tx, caller, Action.CREATE, Resource("catalog", (catalog.name,)))
        if connections.get(tx, catalog.name) is not None:
            raise AlreadyExists("connection", catalog.name)
        if rows.get(tx, catalog.name) is not None:
            raise AlreadyExists("catalog", catalog.name)

    def alter(self, caller: Caller, name: str, catalog: Catalog, *, expected_version: int | None = None) -> Catalog:
        """Change comment, location and parameters of a catalog; raises `Conflict` when it is not at the version."""
        check_parameters("parameters", catalog.parameters)

        def work(tx: Transaction) -> Catalog:
            found = self._get(tx, caller, Action.ALTER, name)
            uri = catalog.uri or found.uri
            new = replace(catalog, id=found.id, name=found.name, kind=found.kind, uri=uri)
            check_mount(new)
            return rows.change(tx, new, expected_version)

        return self.core.store.write(work)

    def drop(self, caller: Caller, name: str, *, with_default: bool = False) -> None:
        """Drop an empty catalog, or unmount one; raises `NotEmpty`, and `Invalid` for the default one.

        An empty database `default` in it is no hindrance with `with_default`.
        """

        def work(tx: Transaction) -> Catalog:
            found = self._get(tx, caller, Action.DROP, name)
            if name_key(found.name) == name_key(self.core.default_catalog):
                raise Invalid("catalog", f"{name} is the default catalog and stays")
            default = databases.get(tx, DatabaseName(found.name, DEFAULT_DATABASE)) if with_default else None
            if default is not None:
                databases.drop(tx, default)
                search.drop(tx, search.DATABASE, default.id)
                records.drop_scopes(tx, records.OF_DATABASES, records.scope_of(default.full_name))
            rows.drop(tx, found)
            grants.drop_of_catalog(tx, found.name)
            record(tx, caller, EventKind.DROP_CATALOG, None, object_id=found.id, payload={"name": found.name})
            return found

        self.mounts.forget(self.core.store.write(work))

    def test(self, caller: Caller, name: str) -> Tested:
        """Ask a mounted catalog's metastore whether it answers; raises `Invalid` for a native one."""
        return self.mounts.test(self.get(caller, name))
