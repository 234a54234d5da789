"""Calls about constraints: Hive names one column a row, the model one constraint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from catalog_server.facades.hms.call import Context
from catalog_server.facades.hms.noun import Noun, caller_of, split_database, table_name
from catalog_server.model.constraint import Constraint, ConstraintKind
from catalog_server.model.errors import Invalid
from catalog_server.model.names import TableName, name_key
from catalog_server.wire import hive_metastore as wire

LISTS: Mapping[str, ConstraintKind] = {
    "primaryKeys": ConstraintKind.PRIMARY_KEY,
    "foreignKeys": ConstraintKind.FOREIGN_KEY,
    "uniqueConstraints": ConstraintKind.UNIQUE,
    "notNullConstraints": ConstraintKind.NOT_NULL,
    "defaultConstraints": ConstraintKind.DEFAULT,
    "checkConstraints": ConstraintKind.CHECK,
}
"""Fields of Hive's structs that list constraints, in Hive's order."""
_NAMES = {
    ConstraintKind.PRIMARY_KEY: "pk_name",
    ConstraintKind.FOREIGN_KEY: "fk_name",
    ConstraintKind.UNIQUE: "uk_name",
    ConstraintKind.NOT_NULL: "nn_name",
    ConstraintKind.DEFAULT: "dc_name",
    ConstraintKind.CHECK: "dc_name",
}
_EXPRESSIONS = {ConstraintKind.DEFAULT: "default_value", ConstraintKind.CHECK: "check_expression"}
_STRUCTS = {
    ConstraintKind.PRIMARY_KEY: "SQLPrimaryKey",
    ConstraintKind.FOREIGN_KEY: "SQLForeignKey",
    ConstraintKind.UNIQUE: "SQLUniqueConstraint",
    ConstraintKind.NOT_NULL: "SQLNotNullConstraint",
    ConstraintKind.DEFAULT: "SQLDefaultConstraint",
    ConstraintKind.CHECK: "SQLCheckConstraint",
}
_WITH_PARENT = (ConstraintKind.FOREIGN_KEY,)
_OF_MANY = (ConstraintKind.PRIMARY_KEY, ConstraintKind.FOREIGN_KEY, ConstraintKind.UNIQUE)
"""Kinds that span columns, each with its place in `key_seq`."""


class Constraints(Noun):
    """Constraints of tables, kind by kind."""

    def add_primary_key(self, context: Context, arguments: Any) -> None:
        """Give a table its primary key."""
        self._add(context, ConstraintKind.PRIMARY_KEY, arguments.req.primaryKeyCols)

    def add_foreign_key(self, context: Context, arguments: Any) -> None:
        """Give a table foreign keys, each referencing a primary or unique key of another."""
        self._add(context, ConstraintKind.FOREIGN_KEY, arguments.req.foreignKeyCols)

    def add_unique_constraint(self, context: Context, arguments: Any) -> None:
        """Give a table unique keys."""
        self._add(context, ConstraintKind.UNIQUE, arguments.req.uniqueConstraintCols)

    def add_not_null_constraint(self, context: Context, arguments: Any) -> None:
        """Say that columns are never null."""
        self._add(context, ConstraintKind.NOT_NULL, arguments.req.notNullConstraintCols)

    def add_default_constraint(self, context: Context, arguments: Any) -> None:
        """Give columns default values."""
        self._add(context, ConstraintKind.DEFAULT, arguments.req.defaultConstraintCols)

    def add_check_constraint(self, context: Context, arguments: Any) -> None:
        """Give a table conditions that its rows meet."""
        self._add(context, ConstraintKind.CHECK, arguments.req.checkConstraintCols)

    def _add(self, context: Context, kind: ConstraintKind, structs: Sequence[Any] | None) -> None:
        self.catalog.constraints.add(caller_of(context), to_constraints(kind, structs))

    def drop_constraint(self, context: Context, arguments: Any) -> None:
        """Forget a constraint."""
        request = arguments.req
        name = table_name(request.dbname, request.tablename, request.catName)
        self.catalog.constraints.drop(caller_of(context), name, request.constraintname or "")

    def get_primary_keys(self, context: Context, arguments: Any) -> Any:
        """The primary key of a table."""
        return wire.PrimaryKeysResponse(primaryKeys=self._of(context, arguments.request, ConstraintKind.PRIMARY_KEY))

    def get_unique_constraints(self, context: Context, arguments: Any) -> Any:
        """The unique keys of a table."""
        found = self._of(context, arguments.request, ConstraintKind.UNIQUE)
        return wire.UniqueConstraintsResponse(uniqueConstraints=found)

    def get_not_null_constraints(self, context: Context, arguments: Any) -> Any:
        """The columns of a table that are never null."""
        found = self._of(context, arguments.request, ConstraintKind.NOT_NULL)
        return wire.NotNullConstraintsResponse(notNullConstraints=found)

    def get_default_constraints(self, context: Context, arguments: Any) -> Any:
        """The default values of a table's columns."""
        found = self._of(context, arguments.request, ConstraintKind.DEFAULT)
        return wire.DefaultConstraintsResponse(defaultConstraints=found)

    def get_check_constraints(self, context: Context, arguments: Any) -> Any:
        """The conditions of a table's rows."""
        found = self._of(context, arguments.request, ConstraintKind.CHECK)
        return wire.CheckConstraintsResponse(checkConstraints=found)

    def _of(self, context: Context, request: Any, kind: ConstraintKind) -> list[Any]:
        name = table_name(request.db_name, request.tbl_name, request.catName)
        return from_constraints(self.catalog.constraints.of_table(caller_of(context), name, (kind,)))

    def get_foreign_keys(self, context: Context, arguments: Any) -> Any:
        """Foreign keys by the table they reference, by the table they are of, or by both; what is left out may be any."""
        request = arguments.request
        catalog, parent = split_database(request.parent_db_name, request.catName)
        child_catalog, child = split_database(request.foreign_db_name, request.catName)
        found = self.catalog.constraints.foreign_keys(
            caller_of(context),
            child_catalog if child is not None else catalog,
            parent=(parent, request.parent_tbl_name),
            child=(child, request.foreign_tbl_name),
        )
        return wire.ForeignKeysResponse(foreignKeys=from_constraints(found))

    def get_all_table_constraints(self, context: Context, arguments: Any) -> Any:
        """All constraints of a table, by kind."""
        request = arguments.request
        name = table_name(request.dbName, request.tblName, request.catName)
        found = self.catalog.constraints.of_table(caller_of(context), name)
        lists = {field: from_constraints([c for c in found if c.kind is kind]) for field, kind in LISTS.items()}
        return wire.AllTableConstraintsResponse(allTableConstraints=wire.SQLAllTableConstraints(**lists))


def said_with_table(request: Any, name: TableName) -> list[Constraint]:
    """The constraints that a call which makes a table says along with it; they need not repeat the table's name."""
    found: list[Constraint] = []
    for field, kind in LISTS.items():
        structs = getattr(request, field, None) or ()
        database, table = ("fktable_db", "fktable_name") if kind in _WITH_PARENT else ("table_db", "table_name")
        for struct in structs:
            struct.catName = struct.catName or name.catalog
            setattr(struct, database, getattr(struct, database) or name.database)
            setattr(struct, table, getattr(struct, table) or name.table)
        found += to_constraints(kind, structs)
    return found


def to_constraints(kind: ConstraintKind, structs: Iterable[Any] | None) -> list[Constraint]:
    """The constraints of Hive's structs, of which each names one column.

    Structs with one name make one constraint. One without a name goes with the one before if its `key_seq` is above 1.
    """
    groups: list[list[Any]] = []
    named: dict[tuple[Any, ...], list[Any]] = {}
    for struct in structs or ():
        name = getattr(struct, _NAMES[kind])
        group = named.get((_table(kind, struct), name)) if name and kind in _OF_MANY else None
        if group is None and not name and kind in _OF_MANY and (struct.key_seq or 0) != 1:
            group = _before(kind, groups, struct)
        if group is None:
            group = []
            groups.append(group)
            if name:
                named[(_table(kind, struct), name)] = group
        group.append(struct)
    return [_constraint(kind, group) for group in groups]


def _before(kind: ConstraintKind, groups: list[list[Any]], struct: Any) -> list[Any]:
    if not groups or getattr(groups[-1][0], _NAMES[kind]) or _table(kind, groups[-1][0]) != _table(kind, struct):
        raise Invalid("key_seq", f"is {struct.key_seq} for the first column of a {kind.value} without a name, not 1")
    return groups[-1]


def _table(kind: ConstraintKind, struct: Any) -> TableName:
    if kind is ConstraintKind.FOREIGN_KEY:
        return table_name(struct.fktable_db, struct.fktable_name, struct.catName)
    return table_name(struct.table_db, struct.table_name, struct.catName)


def _constraint(kind: ConstraintKind, group: list[Any]) -> Constraint:
    ordered = sorted(group, key=lambda struct: struct.key_seq or 0) if kind in _OF_MANY else group
    first = ordered[0]
    shared: dict[str, Any] = {
        "kind": kind,
        "table": _table(kind, first),
        "name": getattr(first, _NAMES[kind]) or "",
        "enabled": bool(first.enable_cstr),
        "validated": bool(first.validate_cstr),
        "relied": bool(first.rely_cstr),
    }
    if kind is ConstraintKind.FOREIGN_KEY:
        return Constraint(
            columns=tuple(struct.fkcolumn_name or "" for struct in ordered),
            parent=table_name(first.pktable_db, first.pktable_name, first.catName),
            parent_columns=tuple(struct.pkcolumn_name or "" for struct in ordered),
            update_rule=first.update_rule or 0,
            delete_rule=first.delete_rule or 0,
            **shared,
        )
    expression = getattr(first, _EXPRESSIONS[kind]) if kind in _EXPRESSIONS else None
    return Constraint(
        columns=tuple(struct.column_name for struct in ordered if struct.column_name),
        expression=expression,
        **shared,
    )


def from_constraints(found: Iterable[Constraint]) -> list[Any]:
    """Hive's structs of constraints, one for each column; their names are lower case, as Hive 4 gives them."""
    return [struct for one in found for struct in _structs(one)]


def _structs(one: Constraint) -> list[Any]:
    make = getattr(wire, _STRUCTS[one.kind])
    shared: dict[str, Any] = {
        "catName": one.table.catalog,
        _NAMES[one.kind]: name_key(one.name),
        "enable_cstr": one.enabled,
        "validate_cstr": one.validated,
        "rely_cstr": one.relied,
    }
    database, table = name_key(one.table.database), name_key(one.table.table)
    if one.kind is ConstraintKind.FOREIGN_KEY and one.parent is not None:
        shared |= {
            "fktable_db": database,
            "fktable_name": table,
            "pktable_db": name_key(one.parent.database),
            "pktable_name": name_key(one.parent.table),
            "pk_name": one.parent_key,
            "update_rule": one.update_rule,
            "delete_rule": one.delete_rule,
        }
        pairs = zip(one.columns, one.parent_columns, strict=True)
        return [
            make(fkcolumn_name=column, pkcolumn_name=parent, key_seq=place, **shared)
            for place, (column, parent) in enumerate(pairs, 1)
        ]
    shared |= {"table_db": database, "table_name": table}
    if one.kind in _EXPRESSIONS:
        shared[_EXPRESSIONS[one.kind]] = one.expression
    if one.kind in _OF_MANY:
        return [make(column_name=column, key_seq=place, **shared) for place, column in enumerate(one.columns, 1)]
    return [make(column_name=column, **shared) for column in one.columns or (None,)]
