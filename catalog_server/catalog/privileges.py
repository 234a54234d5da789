"""Privileges: grants as clients give, take and list them, in the words of their protocols."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from catalog_server.catalog.core import Core, check_text
from catalog_server.catalog.grants import of_table, principals_of
from catalog_server.model.caller import Caller
from catalog_server.model.errors import AlreadyExists, Invalid, NotFound
from catalog_server.model.grant import Action, Grant, Resource, Visibility
from catalog_server.model.names import DatabaseName, TableName, name_key
from catalog_server.model.partition import partition_name
from catalog_server.model.table import Table
from catalog_server.store import databases, partitions, roles, tables
from catalog_server.store import grants as rows
from catalog_server.store.transaction import Transaction

_ROLE = "role:"
_OF_TABLES = ("table", "column", "partition")


class Privileges:
    """Rules of granting.

    Whoever manages a thing, or holds the same privilege with grant option, may give and take privileges on it. Who does
    neither is shown its own and those of its groups and roles.
    """

    def __init__(self, core: Core) -> None:
        self.core = core

    def grant(self, caller: Caller, wanted: Sequence[Grant]) -> None:
        """Keep grants, all or none; raises `NotFound` for things and roles that are not there, `AlreadyExists`."""

        def work(tx: Transaction) -> None:
            self.grant_in(tx, caller, wanted)

        self.core.store.write(work)

    def grant_in(self, tx: Transaction, caller: Caller, wanted: Sequence[Grant]) -> None:
        """`grant` inside a running transaction."""
        new = [self._own(grant) for grant in wanted]
        self._may_grant(tx, caller, new)
        self._check(tx, new)
        there = {grant.identity() for grant in rows.on_things(tx, {grant.path for grant in new})}
        for grant in new:
            if grant.identity() in there:
                raise AlreadyExists("grant", f"{grant.word} on {described(grant)} by {grant.grantor}")
            there.add(grant.identity())
        rows.create(tx, new)

    def revoke(self, caller: Caller, unwanted: Sequence[Grant], *, only_option: bool = False) -> None:
        """Take grants back, all or none, or with `only_option` the right to pass them on.

        A grant of the same principal, thing and privilege (its case aside) is meant, rather one of the same grantor than
        of another. Raises `NotFound` where there is none, `Invalid` where there is no grant option.
        """

        def work(tx: Transaction) -> None:
            gone = [self._own(grant) for grant in unwanted]
            self._may_grant(tx, caller, gone)
            there = rows.on_things(tx, {grant.path for grant in gone})
            found: list[Grant] = []
            for grant in gone:
                match = _meant(grant, (one for one in there if one not in found))
                if only_option and (match is None or not match.grant_option):
                    who = grant.principal.partition(":")[2]
                    raise Invalid("", f"User {who} does not have grant option with privilege {grant.word}")
                if match is None:
                    raise NotFound("grant", f"{grant.word} on {described(grant)} to {grant.principal}")
                found.append(match)
            if only_option:
                rows.rewrite(tx, [(one, replace(one, grant_option=False)) for one in found])
            else:
                rows.drop_many(tx, found)

        self.core.store.write(work)

    def refresh(self, caller: Caller, thing: Grant, authorizer: str | None, wanted: Sequence[Grant]) -> None:
        """Let an authorizer have exactly these grants on a thing; those of other authorizers stay."""
        if thing.kind not in ("database", "table", "column"):
            raise Invalid("", f"Unexpected object type {thing.kind.upper()}")
        own = self._own(thing)

        def work(tx: Transaction) -> None:
            new = {grant.identity(): grant for grant in (self._own(replace(g, authorizer=authorizer)) for g in wanted)}
            resource = Resource(*_resource(own))
            self.core.grants.require(tx, caller, Action.MANAGE, resource)
            self._check(tx, list(new.values()))
            column = own.columns[0] if own.columns else None
            there = rows.find(tx, kind=own.kind, path=own.path, partition=own.partition, column=column)
            theirs = [grant for grant in there if grant.authorizer == authorizer]
            rows.drop_many(tx, [grant for grant in theirs if grant.identity() not in new])
            kept = {grant.identity() for grant in theirs}
            rows.create(tx, [grant for identity, grant in new.items() if identity not in kept])

        self.core.store.write(work)

    def of_user(
        self, caller: Caller, thing: Grant, user: str | None, groups: Sequence[str]
    ) -> tuple[list[str], list[Grant]]:
        """The roles that a user and groups are in, and the grants on a thing of any of all these."""
        own = self._own(thing)
        principals = [f"group:{group}" for group in groups]
        if user is not None:
            principals += [f"user:{user}", f"{_ROLE}public"]
        with self.core.store.read() as tx:
            reached = self._told(tx, caller, roles.reached(tx, principals))
            if user is not None:
                reached = sorted({*reached, "public"})
            found = rows.find(
                tx,
                kind=own.kind,
                path=own.path,
                partition=own.partition,
                column=own.columns[0] if own.columns else None,
                principals=[*principals, *(_ROLE + role for role in reached)],
            )
            return reached, self._shown(tx, caller, Resource(*_resource(own)), found)

    def partition_name(self, caller: Caller, name: TableName, values: Sequence[str]) -> str:
        """The name of the partition with these values; raises `NotFound` for the table, `Invalid` for the values."""
        own = self.core.table_name(name)
        with self.core.store.read() as tx:
            self.core.grants.require(tx, caller, Action.DESCRIBE, of_table(own))
            found = tables.get(tx, own)
        if found is None:
            raise NotFound("table", str(own))
        return partition_name([key.name for key in found.partition_keys], values)

    def _own(self, grant: Grant) -> Grant:
        """The grant with the catalog of its thing resolved and names as they are compared."""
        path = grant.path
        if grant.kind in ("database", *_OF_TABLES):
            path = (self.core.catalog_name(path[0]), *path[1:])
        columns = None if grant.columns is None else tuple(name_key(column) for column in grant.columns)
        return replace(grant, path=tuple(name_key(part) for part in path), columns=columns)

    def _told(self, tx: Transaction, caller: Caller, reached: Sequence[str]) -> list[str]:
        """The roles of others are told to who manages roles, one's own to everybody."""
        if self.core.grants.policy.decide(tx, caller, Action.MANAGE, Resource("role", ())).allowed:
            return list(reached)
        mine = set(roles.reached(tx, principals_of(caller)))
        return [role for role in reached if role in mine]

    def _shown(self, tx: Transaction, caller: Caller, resource: Resource, found: list[Grant]) -> list[Grant]:
        if self.core.grants.policy.decide(tx, caller, Action.MANAGE, resource).allowed:
            return found
        mine = principals_of(caller)
        mine += [_ROLE + role for role in roles.reached(tx, mine)]
        return [grant for grant in found if grant.principal in mine]

    def _may_grant(self, tx: Transaction, caller: Caller, wanted: Sequence[Grant]) -> None:
        decide = self.core.grants.policy.decide
        held: list[Grant] | None = None
        for resource in dict.fromkeys(_resource(grant) for grant in wanted):
            if decide(tx, caller, Action.MANAGE, Resource(*resource)).allowed:
                continue
            held = rows.held(tx, principals_of(caller)) if held is None else held
            for grant in wanted:
                if _resource(grant) == resource and not any(_passes_on(one, grant) for one in held):
                    self.core.grants.require(tx, caller, Action.MANAGE, Resource(*resource))

    def _check(self, tx: Transaction, wanted: Sequence[Grant]) -> None:
        """Refuse what is granted on things or to roles that are not there."""
        for grant in wanted:
            check_text("grant", grant.principal, grant.privilege, grant.grantor, grant.authorizer, grant.partition)
            if not grant.principal.partition(":")[2]:
                raise Invalid("principal", "may not be empty")
        to_roles = {grant.principal.removeprefix(_ROLE) for grant in wanted if grant.principal.startswith(_ROLE)}
        missing = to_roles - {role.name for role in roles.list_all(tx)} if to_roles else None
        if missing:
            raise NotFound("role", min(missing))
        for path in {grant.path for grant in wanted if grant.kind == "database"}:
            if databases.get(tx, DatabaseName(*path)) is None:
                raise NotFound("database", ".".join(path))
        self._check_tables(tx, [grant for grant in wanted if grant.kind in _OF_TABLES])

    def _check_tables(self, tx: Transaction, wanted: Sequence[Grant]) -> None:
        by_database: dict[tuple[str, ...], set[str]] = defaultdict(set)
        for grant in wanted:
            by_database[grant.path[:2]].add(grant.path[2])
        for path, names in by_database.items():
            found = tables.get_many(tx, DatabaseName(*path), names, Visibility())
            by_key = {name_key(table.name): table for table in found}
            for name in sorted(names - by_key.keys()):
                raise NotFound("table", ".".join((*path, name)))
            for name, table in by_key.items():
                _check_parts(tx, table, [grant for grant in wanted if grant.path == (*path, name)])

    def list(
        self, caller: Caller, principal: str | None = None, *, kind: str | None = None, thing: Grant | None = None
    ) -> list[Grant]:
        """Grants in the order in which they were made: of a principal or of all, of a kind of thing or on one thing."""
        own = self._own(thing) if thing is not None else None
        with self.core.store.read() as tx:
            found = rows.find(
                tx,
                kind=own.kind if own else kind,
                path=own.path if own else None,
                partition=own.partition if own else None,
                column=own.columns[0] if own and own.columns else None,
                principals=None if principal is None else [principal],
            )
            resource = Resource(*_resource(own)) if own else Resource("server", ())
            return self._shown(tx, caller, resource, found)


def _check_parts(tx: Transaction, table: Table, wanted: Iterable[Grant]) -> None:
    columns = {column.key for column in (*table.columns, *table.partition_keys)}
    names = set()
    for grant in wanted:
        for column in grant.columns or ():
            if column not in columns:
                raise NotFound("column", f"{table.full_name}.{column}")
        if grant.partition is not None:
            names.add(grant.partition)
    if names and len(partitions.get_many(tx, table, sorted(names))) != len(names):
        raise NotFound("partition", f"{table.full_name}/{min(names)}")


def described(grant: Grant) -> str:
    """The thing that a grant is on, for messages: `table hive.sales.orders, column id`."""
    parts = [f"{grant.kind} {'.'.join(grant.path)}".strip() if grant.kind != "server" else "the server"]
    parts += [f"partition {grant.partition}"] if grant.partition is not None else []
    parts += [f"column {column}" for column in grant.columns or ()]
    return ", ".join(parts)


def _resource(grant: Grant) -> tuple[str, tuple[str, ...]]:
    return ("table" if grant.kind in _OF_TABLES else grant.kind), grant.path


def _meant(grant: Grant, there: Iterable[Grant]) -> Grant | None:
    """The grant that is to be taken back: among those alike the nearest in spelling, grantor and authorizer."""

    def named(one: Grant) -> tuple[object, ...]:
        return one.principal, one.kind, one.path, one.partition, one.columns, one.word.upper()

    alike = [one for one in there if named(one) == named(grant)]
    return max(
        alike,
        key=lambda one: (one.word == grant.word, one.grantor == grant.grantor, one.authorizer == grant.authorizer),
        default=None,
    )


def _passes_on(held: Grant, wanted: Grant) -> bool:
    covers = held.partition in (None, wanted.partition) and wanted.path[: len(held.path)] == held.path
    wide = held.columns is None or held.columns == wanted.columns
    return (
        held.grant_option
        and covers
        and wide
        and (held.word.upper() == wanted.word.upper() or held.action is Action.MANAGE)
    )
