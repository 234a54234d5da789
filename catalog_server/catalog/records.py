"""Records: what is kept for one protocol and answered as it was sent, with the few rules that all of it shares."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from catalog_server.catalog.core import Core, check_text
from catalog_server.catalog.grants import of_database
from catalog_server.model.caller import Caller
from catalog_server.model.errors import Invalid, NotFound
from catalog_server.model.grant import Action, Resource
from catalog_server.model.names import DatabaseName, name_key
from catalog_server.model.record import Document, Record
from catalog_server.store import databases
from catalog_server.store import records as rows
from catalog_server.store.transaction import Transaction


class Records:
    """Documents by kind, scope and name; names are told apart by their keys. All methods raise `NotFound` and `Denied`."""

    def __init__(self, core: Core) -> None:
        self.core = core

    def database(self, caller: Caller, name: DatabaseName) -> str:
        """The scope of a database; raises `NotFound`."""
        own = self.core.database_name(name)
        with self.core.store.read() as tx:
            self.core.grants.require(tx, caller, Action.DESCRIBE, of_database(own))
            found = databases.get(tx, own)
        if found is None:
            raise NotFound("database", str(own))
        return self.scope(own)

    def scope(self, name: DatabaseName) -> str:
        """The scope of a database, whether it is there or not."""
        own = self.core.database_name(name)
        return rows.scope_of(own)

    def get(self, caller: Caller, kind: str, scope: str, name: str) -> Record:
        """One record."""
        with self.core.store.read() as tx:
            return self.find(tx, caller, Action.DESCRIBE, kind, scope, name)

    def find(
        self, tx: Transaction, caller: Caller, action: Action, kind: str, scope: str, name: str, *, lock: bool = False
    ) -> Record:
        """One record, in a running transaction, if the caller may do this to it."""
        self._require(tx, caller, action, kind, name)
        found = rows.get(tx, kind, scope, name_key(name), lock=lock)
        if found is None:
            raise NotFound(kind, name)
        return found

    def create(self, caller: Caller, kind: str, scope: str, name: str, document: Document) -> Record:
        """Keep a new document; raises `AlreadyExists`."""
        check_document(kind, name, document)

        def work(tx: Transaction) -> Record:
            self._require(tx, caller, Action.CREATE, kind, name)
            return rows.create(tx, Record(kind, scope, name_key(name), document))

        return self.core.store.write(work)

    def put(self, caller: Caller, kind: str, scope: str, documents: Mapping[str, Document]) -> None:
        """Keep documents by name, over those that are there."""
        for name, document in documents.items():
            check_document(kind, name, document)

        def work(tx: Transaction) -> None:
            self._require(tx, caller, Action.CREATE, kind, "")
            rows.put(tx, kind, scope, ((name_key(name), document) for name, document in documents.items()))

        self.core.store.write(work)

    def alter(
        self, caller: Caller, kind: str, scope: str, name: str, change: Callable[[dict[str, Any]], Document]
    ) -> Record:
        """Give a record the document that `change` makes of a copy of its own; what `change` raises ends it."""

        def work(tx: Transaction) -> Record:
            found = self.find(tx, caller, Action.ALTER, kind, scope, name, lock=True)
            document = change(dict(found.document))
            check_document(kind, name, document)
            rows.change(tx, found, document)
            return found

        return self.core.store.write(work)

    def drop(self, caller: Caller, kind: str, scope: str, name: str) -> None:
        """Forget a record."""

        def work(tx: Transaction) -> None:
            self._require(tx, caller, Action.DROP, kind, name)
            if not rows.drop(tx, kind, scope, name_key(name)):
                raise NotFound(kind, name)

        self.core.store.write(work)

    def add(self, caller: Caller, kind: str, document: Document, keep_milliseconds: int) -> None:
        """Keep a document without a name, and forget those of its kind that were kept for so long."""
        check_document(kind, kind, document)

        def work(tx: Transaction) -> None:
            self._require(tx, caller, Action.CREATE, kind, "")
            rows.drop_before(tx, kind, tx.at - keep_milliseconds)
            rows.create(tx, Record(kind, "", uuid.uuid4().hex, document))

        self.core.store.write(work)

    def _require(self, tx: Transaction, caller: Caller, action: Action, kind: str, name: str) -> None:
        self.core.grants.require(tx, caller, action, Resource("record", (kind, name)))

    def list(self, caller: Caller, kind: str, scope: str | None = None) -> list[Record]:
        """The records of a kind, in a scope or in all, by scope and name."""
        with self.core.store.read() as tx:
            self._require(tx, caller, Action.DESCRIBE, kind, "")
            return rows.list_all(tx, kind, scope)


def check_document(kind: str, name: str, document: Any) -> None:
    """Refuse a name or a text anywhere in a document that the store cannot keep; raises `Invalid`."""
    if not name:
        raise Invalid(f"{kind} name", "may not be empty")
    check_text(f"{kind} name", name)
    _check(kind, document)


def _check(kind: str, value: Any) -> None:
    if isinstance(value, str):
        check_text(kind, value)
    elif isinstance(value, Mapping):
        for key, one in value.items():
            check_text(kind, key)
            _check(kind, one)
    elif isinstance(value, list):
        for one in value:
            _check(kind, one)
