"""Functions: user-defined code that engines look up by name."""

from __future__ import annotations

import re
from dataclasses import replace

from catalog_server.catalog.core import Core, check_parameters, check_text, record
from catalog_server.model.caller import Caller
from catalog_server.model.documents import function_document
from catalog_server.model.errors import Invalid, NotFound
from catalog_server.model.event import EventKind
from catalog_server.model.function import Function
from catalog_server.model.grant import Action, Resource
from catalog_server.model.names import DatabaseName, check_name, name_key
from catalog_server.store import databases
from catalog_server.store import functions as rows
from catalog_server.store.transaction import Transaction

_NAME = re.compile(r"\w+")


class Functions:
    """Rules of functions; all methods raise `NotFound`, `Denied` and the errors they name."""

    def __init__(self, core: Core) -> None:
        self.core = core

    def get(self, caller: Caller, database: DatabaseName, name: str) -> Function:
        """One function."""
        with self.core.store.read() as tx:
            return self._get(tx, caller, Action.DESCRIBE, database, name)

    def _get(self, tx: Transaction, caller: Caller, action: Action, database: DatabaseName, name: str) -> Function:
        database = self.core.database_name(database)
        self._require(tx, caller, action, database, name)
        found = rows.get(tx, database, name)
        if found is None:
            raise NotFound("function", f"{database}.{name}")
        return found

    def _require(self, tx: Transaction, caller: Caller, action: Action, database: DatabaseName, name: str) -> None:
        resource = Resource("function", (database.catalog, database.database, name))
        self.core.grants.require(tx, caller, action, resource)

    def create(self, caller: Caller, function: Function) -> Function:
        """Keep a function; raises `AlreadyExists` and `NotFound` for the database."""
        _check_function_name(function.name)
        _check(function)
        name = self.core.database_name(DatabaseName(function.catalog, function.database))

        def work(tx: Transaction) -> Function:
            self._require(tx, caller, Action.CREATE, name, function.name)
            database = databases.get(tx, name)
            if database is None:
                raise NotFound("database", str(name))
            new = replace(function, catalog=database.catalog, database=database.name)
            made = rows.create(tx, database.id, new)
            payload = {"name": made.name, "after": function_document(made)}
            record(tx, caller, EventKind.CREATE_FUNCTION, name, object_id=made.id, payload=payload)
            return made

        return self.core.store.write(work)

    def alter(self, caller: Caller, database: DatabaseName, name: str, new: Function) -> Function:
        """Give a function a new definition."""
        _check_function_name(new.name)
        _check(new)

        def work(tx: Transaction) -> Function:
            found = self._get(tx, caller, Action.ALTER, database, name)
            holder = databases.get(tx, self.core.database_name(DatabaseName(new.catalog, new.database)))
            if holder is None:
                raise NotFound("database", f"{new.catalog}.{new.database}")
            if name_key(holder.name) != name_key(found.database) or name_key(new.name) != name_key(found.name):
                self._require(tx, caller, Action.CREATE, holder.full_name, new.name)
            changed = rows.change(tx, replace(new, id=found.id), holder.id)
            record(
                tx, caller, EventKind.ALTER_FUNCTION, holder.full_name, object_id=found.id, payload={"name": new.name}
            )  # fmt: skip
            return changed

        return self.core.store.write(work)

    def drop(self, caller: Caller, database: DatabaseName, name: str) -> None:
        """Forget a function."""

        def work(tx: Transaction) -> None:
            found = self._get(tx, caller, Action.DROP, database, name)
            rows.drop(tx, found.id)
            where = DatabaseName(found.catalog, found.database)
            payload = {"name": found.name, "before": function_document(found)}
            record(tx, caller, EventKind.DROP_FUNCTION, where, object_id=found.id, payload=payload)

        self.core.store.write(work)

    def list(self, caller: Caller, database: DatabaseName | None = None) -> list[Function]:
        """Functions of a database, or all, that the caller may see."""
        with self.core.store.read() as tx:
            found = rows.list_all(tx, None if database is None else self.core.database_name(database))
            policy = self.core.grants.policy
            return [
                one
                for one in found
                if policy.decide(
                    tx, caller, Action.DESCRIBE, Resource("function", (one.catalog, one.database, one.name))
                ).allowed
            ]


def _check_function_name(name: str) -> None:
    check_name("function", name)
    if not _NAME.fullmatch(name):
        raise Invalid("function name", f"{name!r} holds other characters than letters, digits and _")


def _check(function: Function) -> None:
    check_text("function", function.class_name, function.owner, *(uri for _, uri in function.resources))
    check_parameters("parameters", function.parameters)
