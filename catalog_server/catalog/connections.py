"""Connections: addresses of databases and object stores; their names share one space with catalogs."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from catalog_server.catalog.core import check_parameters, check_text, record
from catalog_server.catalog.grants import Grants
from catalog_server.catalog.secrets import Secrets
from catalog_server.connector import check_options
from catalog_server.lake.locations import BUCKET_FORMS, parse
from catalog_server.model.caller import Caller
from catalog_server.model.connection import SECRET_OPTIONS, STORE_KINDS, Connection
from catalog_server.model.errors import AlreadyExists, Invalid, NotFound
from catalog_server.model.event import EventKind
from catalog_server.model.grant import Action, Resource
from catalog_server.model.names import check_name
from catalog_server.store import catalogs
from catalog_server.store import connections as rows
from catalog_server.store.transaction import Store, Transaction

PROFILES_KEPT_SECONDS = 1.0


class Connections:
    """Rules of connections. Only `resolve` and `profiles`, which no facade hands out, return secrets."""

    def __init__(self, store: Store, grants: Grants, secrets: Secrets) -> None:
        self.store = store
        self.grants = grants
        self.secrets = secrets
        self._profiles: tuple[float, Sequence[Connection]] | None = None
        self._lock = threading.Lock()

    def get(self, caller: Caller, name: str) -> Connection:
        """One connection, without its secrets; raises `NotFound`."""
        with self.store.read() as tx:
            return self._get(tx, caller, Action.DESCRIBE, name)[0]

    def _get(self, tx: Transaction, caller: Caller, action: Action, name: str) -> tuple[Connection, bytes | None]:
        self.grants.require(tx, caller, action, Resource("connection", (name,)))
        found = rows.get(tx, name)
        if found is None:
            raise NotFound("connection", name)
        return found

    def secret_names(self, caller: Caller, name: str) -> list[str]:
        """Names of the secrets that a connection has, without their values."""
        with self.store.read() as tx:
            connection, sealed = self._get(tx, caller, Action.DESCRIBE, name)
        return sorted(self.secrets.unseal(sealed, connection.name))

    def resolve(self, caller: Caller, name: str) -> Connection:
        """One connection with its secrets as plain values, for the code that connects; needs `select` on it."""
        with self.store.read() as tx:
            connection, sealed = self._get(tx, caller, Action.SELECT, name)
        return replace(connection, secrets=self.secrets.open(sealed, connection.name))

    def profiles(self) -> Sequence[Connection]:
        """All storage profiles with their secrets, for `Lake`; at most a second old."""
        kept = self._profiles
        if kept is not None and time.monotonic() - kept[0] < PROFILES_KEPT_SECONDS:
            return kept[1]
        with self.store.read() as tx:
            found = [pair for pair in rows.list_all(tx) if pair[0].kind in STORE_KINDS]
        profiles = [replace(one, secrets=self.secrets.open(sealed, one.name)) for one, sealed in found]
        with self._lock:
            self._profiles = (time.monotonic(), profiles)
        return profiles

    def create(self, caller: Caller, connection: Connection) -> Connection:
        """Keep a connection; raises `AlreadyExists` also when a catalog has the name, since SQL has one name space."""
        check_name("connection", connection.name, dots=False)
        connection = _parted(connection)

        def work(tx: Transaction) -> Connection:
            self.grants.require(tx, caller, Action.CREATE, Resource("connection", (connection.name,)))
            if catalogs.get(tx, connection.name) is not None:
                raise AlreadyExists("catalog", connection.name)
            made = rows.create(tx, connection, self.secrets.seal(connection.secrets, connection.name))
            self._record(tx, caller, EventKind.CREATE_CONNECTION, made)
            return made

        made = self.store.write(work)
        self._profiles = None
        return made

    def alter(
        self, caller: Caller, name: str, connection: Connection, *, expected_version: int | None = None
    ) -> Connection:
        """Give a connection a new definition under its name; secrets that are not given stay.

        Raises `Conflict` when the connection is not at the expected version, and `Invalid` when its address changes but
        its secrets are not given again: they would be sent to somebody they were not meant for.
        """
        connection = _parted(connection)

        def work(tx: Transaction) -> Connection:
            found, sealed = self._get(tx, caller, Action.ALTER, name)
            if sealed and not connection.secrets and _address(connection) != _address(found):
                raise Invalid("secrets", f"the address of connection {found.name} changes, so give its secrets again")
            if connection.secrets:
                kept = self.secrets.unseal(sealed, found.name)
                sealed = self.secrets.seal({**kept, **connection.secrets}, found.name)
            new = replace(connection, id=found.id, name=found.name)
            changed = rows.change(tx, new, sealed, expected_version)
            self._record(tx, caller, EventKind.ALTER_CONNECTION, changed)
            return changed

        changed = self.store.write(work)
        self._profiles = None
        return changed

    def drop(self, caller: Caller, name: str) -> None:
        """Forget a connection and its secrets; tables found through it stay, and say so when they are read."""

        def work(tx: Transaction) -> None:
            found, _ = self._get(tx, caller, Action.DROP, name)
            rows.drop(tx, found.id)
            self._record(tx, caller, EventKind.DROP_CONNECTION, found)

        self.store.write(work)
        self._profiles = None

    def _record(self, tx: Transaction, caller: Caller, kind: EventKind, connection: Connection) -> None:
        payload: Mapping[str, object] = {"name": connection.name, "kind": connection.kind}
        record(tx, caller, kind, None, object_id=connection.id, payload=payload)

    def list(self, caller: Caller) -> list[Connection]:
        """The connections that the caller may see, without their secrets."""
        with self.store.read() as tx:
            policy = self.grants.policy
            return [
                one
                for one, _ in rows.list_all(tx)
                if policy.decide(tx, caller, Action.DESCRIBE, Resource("connection", (one.name,))).allowed
            ]


_SENT_TO = (
    "host",
    "port",
    "path",
    "endpoint",
    "sts_endpoint",
    "brokers",
    "security_protocol",
    "sasl_mechanism",
    "ssl_ca",
)


def _address(connection: Connection) -> tuple[str | None, ...]:
    """Where a connection's secrets are sent to, and how well they are kept on the way; in Azure an account is an address."""
    buckets = {parse(prefix).bucket for prefix in connection.prefixes} if connection.kind == "azure" else set[str]()
    return (
        connection.kind,
        *sorted({bucket.partition("@")[2] for bucket in buckets}),
        *(connection.options.get(name) for name in _SENT_TO),
    )


def _parted(connection: Connection) -> Connection:
    """The connection with every secret option among its secrets and none among its plain options."""
    if not connection.kind:
        raise Invalid("connection kind", "may not be empty")
    secrets = dict(connection.secrets)
    options: dict[str, str] = {}
    for key, value in connection.options.items():
        (secrets if key in SECRET_OPTIONS else options)[key] = value
    check_parameters("options", options)
    check_options(connection.kind, options)
    if connection.kind in ("azure", "gcs"):
        _check_prefixes(connection)
    check_parameters("secrets", secrets)
    check_text("connection", connection.url, connection.comment, *connection.prefixes)
    return replace(connection, options=options, secrets=secrets)


def _check_prefixes(connection: Connection) -> None:
    """Raise `Invalid` unless a profile says which buckets its secrets are for."""
    scheme = STORE_KINDS[connection.kind]
    if not connection.prefixes or any(parse(prefix).scheme != scheme for prefix in connection.prefixes):
        said = f"a connection of kind {connection.kind} names prefixes, each with {BUCKET_FORMS[scheme]}"
        raise Invalid("prefixes", said)
