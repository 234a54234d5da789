"""Grants: the one place that says who may do what, asked by every rule before it acts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from catalog_server.model.caller import SYSTEM, Caller
from catalog_server.model.errors import Denied, NotFound
from catalog_server.model.grant import Action, Decision, Grant, Resource, Visibility
from catalog_server.model.names import DatabaseName, TableName, name_key
from catalog_server.model.role import PUBLIC
from catalog_server.store import grants as rows
from catalog_server.store.transaction import Store, Transaction

ALLOWED = Decision(True)
REFUSED = Decision(False)


class Policy(Protocol):
    """Answers the two questions about a caller; `tx` is the transaction of the call that asks."""

    def decide(self, tx: Transaction, caller: Caller, action: Action, resource: Resource) -> Decision:
        """May the caller do this, and to which columns and rows?"""

    def visible(self, tx: Transaction, caller: Caller) -> Visibility:
        """Which databases and tables may the caller see?"""


class OpenPolicy:
    """Everybody may do everything: a laptop, or a network that is trusted."""

    def decide(self, tx: Transaction, caller: Caller, action: Action, resource: Resource) -> Decision:  # noqa: ARG002
        """Yes."""
        return ALLOWED

    def visible(self, tx: Transaction, caller: Caller) -> Visibility:  # noqa: ARG002
        """All."""
        return Visibility()


class StoredPolicy:
    """Asks the stored grants; a grant on a thing covers all below it, `manage` covers every action.

    The server itself is asked nothing. It is known by the whole of its caller: any client may call itself `system`.
    """

    def decide(self, tx: Transaction, caller: Caller, action: Action, resource: Resource) -> Decision:
        """The widest of the grants that allow the action."""
        if caller == SYSTEM:
            return ALLOWED
        path = tuple(name_key(part) for part in resource.path)
        allowing = [grant for grant in self._grants(tx, caller) if _allows(grant, action) and _covers(grant, path)]
        if not allowing:
            shown = action is Action.DESCRIBE and self._holds_something_below(tx, caller, path)
            return ALLOWED if shown else REFUSED
        if any(grant.columns is None and grant.row_filter is None for grant in allowing):
            return ALLOWED
        if any(grant.columns is None for grant in allowing):
            columns = None
        else:
            columns = frozenset(name_key(column) for grant in allowing for column in grant.columns or ())
        filters = [grant.row_filter for grant in allowing]
        row_filter = None if None in filters else " OR ".join(f"({said})" for said in filters)
        return Decision(True, columns, row_filter)

    def visible(self, tx: Transaction, caller: Caller) -> Visibility:
        """What any grant of the caller speaks of."""
        if caller == SYSTEM:
            return Visibility()
        databases, tables = set(), set()
        for grant in self._grants(tx, caller):
            path = tuple(name_key(part) for part in grant.path)
            if not path:
                return Visibility()
            if len(path) == 1:
                databases |= {f"{path[0]}.{key}" for key in _databases_of(tx, path[0])}
            elif len(path) == 2:
                databases.add(".".join(path))
            else:
                tables.add(".".join(path[:3]))
        return Visibility(False, frozenset(databases), frozenset(tables))

    def _grants(self, tx: Transaction, caller: Caller) -> list[Grant]:
        return rows.held(tx, principals_of(caller))

    def _holds_something_below(self, tx: Transaction, caller: Caller, path: tuple[str, ...]) -> bool:
        return any(tuple(map(name_key, grant.path))[: len(path)] == path for grant in self._grants(tx, caller))


def _databases_of(tx: Transaction, catalog: str) -> Sequence[str]:
    from catalog_server.store import databases

    return [name_key(found.name) for found in databases.list_page(tx, catalog, Visibility())]


def principals_of(caller: Caller) -> list[str]:
    """Those as whom a caller is granted things, without the roles that they are in; everybody is in `public`."""
    return ["*", f"user:{caller.user}", *(f"group:{group}" for group in caller.groups), f"role:{PUBLIC}"]


def _allows(grant: Grant, action: Action) -> bool:
    return grant.action in (action, Action.MANAGE) or action is Action.DESCRIBE


def _covers(grant: Grant, path: tuple[str, ...]) -> bool:
    return grant.partition is None and path[: len(grant.path)] == tuple(name_key(part) for part in grant.path)


class Grants:
    """The policy as the rules ask it, and the keeping of stored grants."""

    def __init__(self, store: Store, policy: Policy) -> None:
        self.store = store
        self.policy = policy

    @property
    def is_open(self) -> bool:
        """Whether the answer is yes to everybody, so that nobody needs to be asked."""
        return isinstance(self.policy, OpenPolicy)

    def require(self, tx: Transaction, caller: Caller, action: Action, resource: Resource) -> Decision:
        """The decision if it is yes; raises `NotFound` when the caller may not even see the thing, else `Denied`."""
        decision = self.policy.decide(tx, caller, action, resource)
        if decision.allowed:
            return decision
        seen = action is not Action.DESCRIBE and self.policy.decide(tx, caller, Action.DESCRIBE, resource).allowed
        name = ".".join(resource.path)
        if seen or action is Action.CREATE:
            raise Denied(action.value, f"{resource.kind} {name}")
        raise NotFound(resource.kind, name)

    def decide(self, caller: Caller, action: Action, resource: Resource) -> Decision:
        """The policy's answer, in a transaction of its own."""
        with self.store.read() as tx:
            return self.policy.decide(tx, caller, action, resource)

    def visible(self, tx: Transaction, caller: Caller) -> Visibility:
        """What the caller may see, as a predicate for the store."""
        return self.policy.visible(tx, caller)

    def grant(self, caller: Caller, grant: Grant) -> None:
        """Keep a grant; needs `manage` on the thing."""

        def work(tx: Transaction) -> None:
            self.require(tx, caller, Action.MANAGE, Resource(grant.kind, grant.path))
            rows.create(tx, [grant])

        self.store.write(work)

    def revoke(self, caller: Caller, grant: Grant) -> None:
        """Take a grant back; raises `NotFound` when there is none."""

        def work(tx: Transaction) -> None:
            self.require(tx, caller, Action.MANAGE, Resource(grant.kind, grant.path))
            if not rows.drop(tx, grant):
                raise NotFound("grant", f"{grant.action.value} on {'.'.join(grant.path)} to {grant.principal}")

        self.store.write(work)


def of_database(name: DatabaseName) -> Resource:
    """The database as something that grants speak of."""
    return Resource("database", (name.catalog, name.database))


def of_table(name: TableName) -> Resource:
    """The table as something that grants speak of."""
    return Resource("table", (name.catalog, name.database, name.table))
