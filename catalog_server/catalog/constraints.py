"""Constraints of tables: kept for engines that plan by them, checked among each other, enforced by nobody here."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from catalog_server.catalog import grants
from catalog_server.catalog.core import Core, check_text, record
from catalog_server.catalog.tables import Tables
from catalog_server.model.caller import Caller
from catalog_server.model.constraint import KEYS, Constraint, ConstraintKind, to_document
from catalog_server.model.errors import AlreadyExists, Invalid, NotFound, Unsupported
from catalog_server.model.event import EventKind
from catalog_server.model.grant import Action
from catalog_server.model.names import TableName, check_name, name_key
from catalog_server.model.table import Table
from catalog_server.store import constraints as rows
from catalog_server.store.transaction import Transaction

_PREFIXES = {
    ConstraintKind.PRIMARY_KEY: "pk",
    ConstraintKind.FOREIGN_KEY: "fk",
    ConstraintKind.UNIQUE: "uk",
    ConstraintKind.NOT_NULL: "nn",
    ConstraintKind.DEFAULT: "dc",
    ConstraintKind.CHECK: "cc",
}
_ORDER = (*KEYS, ConstraintKind.FOREIGN_KEY, ConstraintKind.NOT_NULL, ConstraintKind.DEFAULT, ConstraintKind.CHECK)


class Constraints:
    """Rules of constraints; a caller who may alter a table may give it constraints."""

    def __init__(self, core: Core, of: Tables) -> None:
        self.core = core
        self.tables = of

    def of_table(
        self, caller: Caller, name: TableName, kinds: Sequence[ConstraintKind] | None = None
    ) -> list[Constraint]:
        """The constraints of a table, or those of some kinds; none of a table that is not there or may not be seen."""
        name = self.core.table_name(name)
        with self.core.store.read() as tx:
            seen = self.core.grants.policy.decide(tx, caller, Action.DESCRIBE, grants.of_table(name)).allowed
            return rows.of_table(tx, name, kinds) if seen else []

    def foreign_keys(
        self,
        caller: Caller,
        catalog: str | None,
        *,
        parent: tuple[str | None, str | None] = (None, None),
        child: tuple[str | None, str | None] = (None, None),
    ) -> list[Constraint]:
        """Foreign keys that reference `parent` and are of `child`, each a database and a table; None means any.

        Those are left out of which the caller may not see both tables.
        """
        with self.core.store.read() as tx:
            found = rows.foreign_keys(tx, self.core.catalog_name(catalog), *parent, *child)
            decide = self.core.grants.policy.decide
            return [
                one
                for one in found
                if all(
                    decide(tx, caller, Action.DESCRIBE, grants.of_table(name)).allowed
                    for name in (one.table, one.parent)
                    if name is not None
                )
            ]

    def create_table(
        self,
        caller: Caller,
        table: Table,
        new: Sequence[Constraint],
        *,
        hive_rules: bool = False,
        then: Callable[[Transaction, Table], None] | None = None,
    ) -> Table:
        """Make a table together with constraints of it, all or nothing; see `Tables.create` and `add`."""
        name = self.core.table_name(table.full_name)
        own = [self._resolved(one) for one in new]
        for one in own:
            if _key(one.table) != _key(name):
                raise Invalid("constraint", f"is of {one.table}, while {name} is made")

        def constrain(tx: Transaction, made: Table) -> None:
            self._add(tx, caller, own, {_key(name): made})
            if then is not None:
                then(tx, made)

        return self.tables.create(caller, table, hive_rules=hive_rules, then=constrain if own else then)

    def add(self, caller: Caller, new: Sequence[Constraint]) -> None:
        """Give tables constraints, all or none; one without a name is given one.

        Raises `NotFound` for a table or column, `AlreadyExists` for a name that another constraint of the table has and
        for a second primary key, `Unsupported` for a foreign key that references no key of its parent.
        """
        own = [self._resolved(one) for one in new]

        def work(tx: Transaction) -> None:
            names = {_key(one.table): one.table for one in own}
            held = {
                key: self.tables.find(tx, caller, Action.ALTER, name, lock=True) for key, name in sorted(names.items())
            }
            self._add(tx, caller, own, held)

        if own:
            self.core.store.write(work)

    def drop(self, caller: Caller, table: TableName, name: str) -> Constraint:
        """Forget a constraint, and the foreign keys that reference it; raises `NotFound`."""

        def work(tx: Transaction) -> Constraint:
            held = self.tables.find(tx, caller, Action.ALTER, table, lock=True)
            for one in rows.of_table(tx, held.full_name):
                if name_key(one.name) == name_key(name):
                    rows.drop(tx, held.id, [one.name])
                    payload: dict[str, object] = {"constraint": to_document(one)}
                    record(tx, caller, EventKind.DROP_CONSTRAINT, held.full_name, object_id=held.id, payload=payload)
                    return one
            raise NotFound("constraint", f"{name} of table {held.full_name}")

        return self.core.store.write(work)

    def _resolved(self, one: Constraint) -> Constraint:
        parent = None if one.parent is None else self.core.table_name(one.parent)
        check_text("constraint", one.name, one.expression)
        return replace(one, table=self.core.table_name(one.table), parent=parent)

    def _add(self, tx: Transaction, caller: Caller, new: Sequence[Constraint], held: dict[str, Table]) -> None:
        """Check and insert constraints of tables that are held; keys come first, since foreign keys may need them."""
        known = dict(held)
        for one in new:
            if one.parent is not None and _key(one.parent) not in known:
                known[_key(one.parent)] = self.tables.find(tx, caller, Action.DESCRIBE, one.parent, lock=True)
        there = rows.of_tables(tx, {table.id for table in known.values()})
        ready: list[tuple[Constraint, int, int | None]] = []
        for one in sorted(new, key=lambda one: _ORDER.index(one.kind)):
            table = known[_key(one.table)]
            parent = None if one.parent is None else known[_key(one.parent)]
            checked = _checked(tx, one, table, there[table.id])
            if parent is not None:
                checked = _referencing(checked, table, parent, there[parent.id])
            there[table.id].append(checked)
            ready.append((checked, table.id, parent.id if parent is not None else None))
        if ready:
            rows.create(tx, ready)
        _tell(tx, caller, ready, known)


def _key(name: TableName) -> str:
    return name_key(str(name))


def _checked(tx: Transaction, one: Constraint, table: Table, others: Sequence[Constraint]) -> Constraint:
    """The constraint with a name, its columns by key; raises when it does not go with its table and the others."""
    _check_columns(one.columns, table)
    if not one.columns and one.kind is not ConstraintKind.CHECK:
        raise Invalid("constraint", f"a {one.kind.value} of {table.full_name} names no column")
    if one.kind is ConstraintKind.PRIMARY_KEY and any(other.kind is one.kind for other in others):
        raise AlreadyExists("primary key", str(table.full_name))
    name = name_key(one.name) or f"{_PREFIXES[one.kind]}_{secrets.randbelow(10**9)}_{tx.at}_{len(others)}"
    check_name("constraint", name)
    if any(name_key(other.name) == name for other in others):
        raise AlreadyExists("constraint", f"{table.full_name}.{name}")
    keys = tuple(name_key(column) for column in one.columns)
    return replace(one, name=name, table=table.full_name, columns=keys)


def _check_columns(columns: Iterable[str], table: Table) -> None:
    known = {column.key for column in (*table.columns, *table.partition_keys)}
    for column in columns:
        if name_key(column) not in known:
            raise NotFound("column", f"{column} of table {table.full_name}")


def _referencing(one: Constraint, table: Table, parent: Table, others: Sequence[Constraint]) -> Constraint:
    """A foreign key with the key of the parent that it references: the same columns, of the same types."""
    _check_columns(one.parent_columns, parent)
    referenced = tuple(name_key(column) for column in one.parent_columns)
    possible = [other for other in others if other.kind in KEYS]
    if not possible:
        raise Unsupported(
            "Trying to define foreign key but there are no primary keys or unique keys for referenced table"
        )
    if table.id == parent.id and set(referenced) == set(one.columns):
        raise Unsupported(
            f"Cannot be both foreign key and primary/unique key on same table: {_typed(parent, referenced)}"
        )
    types, parent_types = _types(table), _types(parent)
    meant = {key: types[column] for key, column in zip(referenced, one.columns, strict=True)}
    for other in possible:
        if set(other.columns) == set(referenced) and all(parent_types[key] == meant[key] for key in referenced):
            return replace(one, parent=parent.full_name, parent_columns=referenced, parent_key=other.name)
    said = "".join(f"{key}:{meant[key]};" for key in referenced)
    listed = "".join(f"[{_typed(parent, other.columns)}]" for other in possible)
    raise Unsupported(
        f"Foreign key references {said} but no corresponding primary key or unique key exists. Possible keys: {listed}"
    )


def _types(table: Table) -> dict[str, str]:
    return {column.key: column.type.lower() for column in (*table.columns, *table.partition_keys)}


def _typed(table: Table, keys: Sequence[str]) -> str:
    return "".join(f"{key}:{_types(table)[key]};" for key in keys)


def _tell(
    tx: Transaction, caller: Caller, ready: Sequence[tuple[Constraint, int, int | None]], known: dict[str, Table]
) -> None:
    """An event for each table and kind, as readers of Hive's log expect them."""
    groups: dict[tuple[str, ConstraintKind], list[Constraint]] = {}
    for one, _, _ in ready:
        groups.setdefault((_key(one.table), one.kind), []).append(one)
    for (key, kind), members in groups.items():
        table = known[key]
        payload: dict[str, object] = {"kind": kind.value, "constraints": [to_document(one) for one in members]}
        record(tx, caller, EventKind.ADD_CONSTRAINTS, table.full_name, object_id=table.id, payload=payload)
