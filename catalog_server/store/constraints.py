"""Rows of constraints: found by the table they are of, by the table they reference, and gone with either."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from catalog_server.model.constraint import Constraint, ConstraintKind
from catalog_server.model.errors import AlreadyExists
from catalog_server.model.names import TableName, name_key
from catalog_server.store.schema import catalogs, databases, tables
from catalog_server.store.schema.constraints import constraints
from catalog_server.store.transaction import Transaction

_PARENT_TABLES = tables.alias("parent_tables")
_PARENT_DATABASES = databases.alias("parent_databases")
_PARENT_CATALOGS = catalogs.alias("parent_catalogs")
_JOINED = (
    constraints.join(tables, tables.c.id == constraints.c.table_id)
    .join(databases, databases.c.id == tables.c.database_id)
    .join(catalogs, catalogs.c.id == databases.c.catalog_id)
    .outerjoin(_PARENT_TABLES, _PARENT_TABLES.c.id == constraints.c.parent_id)
    .outerjoin(_PARENT_DATABASES, _PARENT_DATABASES.c.id == _PARENT_TABLES.c.database_id)
    .outerjoin(_PARENT_CATALOGS, _PARENT_CATALOGS.c.id == _PARENT_DATABASES.c.catalog_id)
)
_CHILD = (catalogs, databases, tables)
_PARENT = (_PARENT_CATALOGS, _PARENT_DATABASES, _PARENT_TABLES)


def _select() -> Select[Any]:
    return (
        select(
            constraints,
            catalogs.c.name.label("catalog_name"),
            databases.c.name.label("database_name"),
            tables.c.name.label("table_name"),
            _PARENT_CATALOGS.c.name.label("parent_catalog_name"),
            _PARENT_DATABASES.c.name.label("parent_database_name"),
            _PARENT_TABLES.c.name.label("parent_table_name"),
        )
        .select_from(_JOINED)
        .order_by(constraints.c.id)
    )


def _named(side: Sequence[Any], catalog: str, database: str | None, table: str | None) -> ColumnElement[bool]:
    catalogs_, databases_, tables_ = side
    tests = [catalogs_.c.name_key == name_key(catalog)]
    if database is not None:
        tests.append(databases_.c.name_key == name_key(database))
    if table is not None:
        tests.append(tables_.c.name_key == name_key(table))
    return and_(*tests)


def _constraint(row: Any) -> Constraint:
    parent = None
    if row.parent_id is not None:
        parent = TableName(row.parent_catalog_name, row.parent_database_name, row.parent_table_name)
    return Constraint(
        kind=ConstraintKind(row.kind),
        table=TableName(row.catalog_name, row.database_name, row.table_name),
        name=row.name,
        columns=tuple(row.columns),
        expression=row.expression,
        parent=parent,
        parent_columns=tuple(row.parent_columns),
        parent_key=row.parent_key,
        update_rule=row.update_rule,
        delete_rule=row.delete_rule,
        enabled=row.enabled,
        validated=row.validated,
        relied=row.relied,
        id=row.id,
    )


def of_table(tx: Transaction, name: TableName, kinds: Sequence[ConstraintKind] | None = None) -> list[Constraint]:
    """The constraints of a table, or those of some kinds, in the order in which they were made; one statement."""
    statement = _select().where(_named(_CHILD, name.catalog, name.database, name.table))
    if kinds is not None:
        statement = statement.where(constraints.c.kind.in_([kind.value for kind in kinds]))
    return [_constraint(row) for row in tx.connection.execute(statement)]


def of_tables(tx: Transaction, ids: Iterable[int]) -> dict[int, list[Constraint]]:
    """The constraints of several tables by the tables' ids; one statement."""
    found: dict[int, list[Constraint]] = {one: [] for one in ids}
    for row in tx.connection.execute(_select().where(constraints.c.table_id.in_(list(found)))):
        found[row.table_id].append(_constraint(row))
    return found


def foreign_keys(
    tx: Transaction,
    catalog: str,
    parent_database: str | None,
    parent_table: str | None,
    database: str | None,
    table: str | None,
) -> list[Constraint]:
    """Foreign keys of one catalog's tables by the table they reference, the table they are of, or both; one statement."""
    statement = _select().where(constraints.c.kind == ConstraintKind.FOREIGN_KEY.value)
    statement = statement.where(_named(_CHILD, catalog, database, table))
    statement = statement.where(_named(_PARENT, catalog, parent_database, parent_table))
    return [_constraint(row) for row in tx.connection.execute(statement)]


def create(tx: Transaction, new: Sequence[tuple[Constraint, int, int | None]]) -> None:
    """Insert constraints, each with the id of its table and of its parent; raises `AlreadyExists`; one statement."""
    rows = [
        {
            "table_id": table_id,
            "kind": one.kind.value,
            "name": one.name,
            "name_key": name_key(one.name),
            "columns": list(one.columns),
            "expression": one.expression,
            "parent_id": parent_id,
            "parent_columns": list(one.parent_columns),
            "parent_key": one.parent_key,
            "update_rule": one.update_rule,
            "delete_rule": one.delete_rule,
            "enabled": one.enabled,
            "validated": one.validated,
            "relied": one.relied,
            "created_at": tx.at,
        }
        for one, table_id, parent_id in new
    ]
    try:
        tx.connection.execute(insert(constraints), rows)
    except IntegrityError as error:
        raise AlreadyExists("constraint", f"{new[0][0].table}.{new[0][0].name}") from error


def drop(tx: Transaction, table_id: int, names: Sequence[str]) -> None:
    """Delete constraints of a table, and the foreign keys that reference one of them; one statement."""
    keys = [name_key(name) for name in names]
    mine = and_(constraints.c.table_id == table_id, constraints.c.name_key.in_(keys))
    referencing = and_(constraints.c.parent_id == table_id, constraints.c.parent_key.in_(names))
    tx.connection.execute(delete(constraints).where(or_(mine, referencing)))


def follow(tx: Transaction, table_id: int, renamed: Mapping[str, str], lost: Iterable[str]) -> None:
    """Let constraints name columns by their new keys, and go where a column they name is lost."""
    gone = set(lost)
    touching = or_(constraints.c.table_id == table_id, constraints.c.parent_id == table_id)
    changes, drops, dropped_keys = [], [], []
    for row in tx.connection.execute(select(constraints).where(touching)).all():
        own = list(row.columns) if row.table_id == table_id else []
        referenced = list(row.parent_columns) if row.parent_id == table_id else []
        if gone & {*own, *referenced}:
            drops.append(row.id)
            if row.table_id == table_id:
                dropped_keys.append(row.name)
            continue
        new_own, new_referenced = [renamed.get(c, c) for c in own], [renamed.get(c, c) for c in referenced]
        if (new_own, new_referenced) != (own, referenced):
            columns = new_own if own else list(row.columns)
            parents = new_referenced if referenced else list(row.parent_columns)
            changes.append({"b_id": row.id, "b_columns": columns, "b_parents": parents})
    if changes:
        values: dict[str, Any] = {"columns": bindparam("b_columns"), "parent_columns": bindparam("b_parents")}
        tx.connection.execute(
            update(constraints).where(constraints.c.id == bindparam("b_id")).values(**values), changes
        )
    if drops:
        referencing = and_(constraints.c.parent_id == table_id, constraints.c.parent_key.in_(dropped_keys))
        tx.connection.execute(delete(constraints).where(or_(constraints.c.id.in_(drops), referencing)))
