"""Rows of grants."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, bindparam, delete, insert, or_, select, type_coerce, update
from sqlalchemy.exc import IntegrityError

from catalog_server.model.errors import AlreadyExists
from catalog_server.model.grant import Action, Grant
from catalog_server.model.names import DatabaseName, TableName, name_key
from catalog_server.store import roles
from catalog_server.store.prepared import Prepared
from catalog_server.store.schema import grants, partitions
from catalog_server.store.transaction import Transaction

_KINDS_OF_TABLES = ("table", "partition", "column")
_OF_TABLES = grants.c.kind.in_(_KINDS_OF_TABLES)


def _values(grant: Grant, at: int) -> dict[str, Any]:
    return {
        "identity": grant.identity(),
        "principal": grant.principal,
        "action": grant.action.value,
        "privilege": grant.word,
        "kind": grant.kind,
        "path": _keys(grant.path),
        "partition": grant.partition,
        "columns": None if grant.columns is None else list(grant.columns),
        "row_filter": grant.row_filter,
        "grantor": grant.grantor,
        "grantor_kind": grant.grantor_kind,
        "grant_option": grant.grant_option,
        "authorizer": grant.authorizer,
        "granted_at": at,
    }


def _grant(row: Any) -> Grant:
    return Grant(
        principal=row.principal,
        action=Action(row.action),
        kind=row.kind,
        path=tuple(row.path),
        columns=None if row.columns is None else tuple(row.columns),
        row_filter=row.row_filter,
        partition=row.partition,
        privilege=row.privilege,
        grantor=row.grantor,
        grantor_kind=row.grantor_kind,
        grant_option=row.grant_option,
        authorizer=row.authorizer,
        granted_at=row.granted_at,
    )


def _keys(path: Iterable[str]) -> list[str]:
    return [name_key(part) for part in path]


def _all(tx: Transaction, statement: Select[Any]) -> list[Grant]:
    return [_grant(row) for row in tx.connection.execute(statement.order_by(grants.c.id))]


def held(tx: Transaction, principals: Sequence[str]) -> list[Grant]:
    """The grants of any of the principals and of all roles that they are in, directly or by other roles."""
    via_roles = grants.c.principal.in_(select(roles.closure(principals).c.principal))
    return _all(tx, select(grants).where(grants.c.principal.in_(list(principals)) | via_roles))


def find(
    tx: Transaction,
    *,
    kind: str | None = None,
    path: Sequence[str] | None = None,
    principals: Iterable[str] | None = None,
    partition: str | None = None,
    column: str | None = None,
) -> list[Grant]:
    """Grants in the order in which they were made: of a kind, on one thing, of some principals.

    With a `path`, `partition` and `column` say which part of the thing is meant, and None that it is the whole.
    """
    statement = select(grants)
    if kind is not None:
        statement = statement.where(grants.c.kind == kind)
    if path is not None:
        of_column = grants.c.columns == [column] if column is not None else grants.c.columns.is_(None)
        statement = statement.where(grants.c.path == _keys(path), grants.c.partition.is_not_distinct_from(partition))
        statement = statement.where(of_column)
    if principals is not None:
        statement = statement.where(grants.c.principal.in_(list(principals)))
    return _all(tx, statement)


def on_things(tx: Transaction, paths: Iterable[Sequence[str]]) -> list[Grant]:
    """All grants on the things with these paths, and on parts of them."""
    return _all(tx, select(grants).where(grants.c.path.in_([_keys(path) for path in paths])))


def create(tx: Transaction, new: Sequence[Grant]) -> None:
    """Insert grants, all or none; raises `AlreadyExists` when one of them is there."""
    if not new:
        return
    try:
        tx.connection.execute(insert(grants), [_values(grant, tx.at) for grant in new])
    except IntegrityError as error:
        raise AlreadyExists("grant", ", ".join(f"{one.word} to {one.principal}" for one in new[:3])) from error


def drop(tx: Transaction, grant: Grant) -> bool:
    """Delete the grants of a principal's action on a thing; whether there was one."""
    statement = delete(grants).where(
        grants.c.principal == grant.principal,
        grants.c.action == grant.action.value,
        grants.c.kind == grant.kind,
        grants.c.path == _keys(grant.path),
    )
    if grant.columns is not None:
        statement = statement.where(grants.c.columns == list(grant.columns))
    return tx.connection.execute(statement.returning(grants.c.id)).first() is not None


def drop_many(tx: Transaction, gone: Iterable[Grant]) -> None:
    """Delete exactly these grants."""
    identities = [grant.identity() for grant in gone]
    if identities:
        tx.connection.execute(delete(grants).where(grants.c.identity.in_(identities)))


def rewrite(tx: Transaction, changed: Sequence[tuple[Grant, Grant]]) -> None:
    """Write grants over others, such as the same ones without grant option."""
    drop_many(tx, [before for before, _ in changed])
    if changed:
        tx.connection.execute(insert(grants), [_values(after, after.granted_at) for _, after in changed])


def drop_of_principal(tx: Transaction, principal: str) -> None:
    """Delete all that was granted to a principal."""
    tx.connection.execute(delete(grants).where(grants.c.principal == principal))


def on_table(name: TableName) -> ColumnElement[bool]:
    """The predicate that leaves what was granted on a table, its partitions and its columns."""
    return _OF_TABLES & (grants.c.path == _keys((name.catalog, name.database, name.table)))


def drop_of_table(tx: Transaction, name: TableName) -> None:
    """Delete what was granted on a table, its partitions and its columns."""
    _DROP_OF_TABLE.later(tx, of_table=_keys((name.catalog, name.database, name.table)))


_DROP_OF_TABLE = Prepared(
    lambda: delete(grants).where(
        or_(*(grants.c.kind == kind for kind in _KINDS_OF_TABLES)), grants.c.path == bindparam("of_table")
    )
)


def drop_of_database(tx: Transaction, name: DatabaseName) -> None:
    """Delete what was granted on a database and on all that is in it."""
    path = _keys((name.catalog, name.database))
    tx.connection.execute(
        delete(grants).where(grants.c.kind.in_(("database", "function")) | _OF_TABLES, _at_or_below(path))
    )


def drop_of_catalog(tx: Transaction, name: str) -> None:
    """Delete what was granted on a catalog and on all that is in it."""
    of_it = grants.c.kind.in_(("catalog", "database", "function")) | _OF_TABLES
    tx.connection.execute(delete(grants).where(of_it, _at_or_below(_keys([name]))))


def drop_of_lost_partitions(tx: Transaction, name: TableName, table_id: int) -> None:
    """Delete what was granted on partitions that the table does not have any more."""
    path = _keys((name.catalog, name.database, name.table))
    there = select(partitions.c.name).where(partitions.c.table_id == table_id)
    tx.connection.execute(
        delete(grants).where(
            _OF_TABLES, grants.c.path == path, grants.c.partition.is_not(None), grants.c.partition.not_in(there)
        )
    )


def move_table(tx: Transaction, old: TableName, new: TableName) -> None:
    """Let what was granted on a table hold for it under its new name."""
    path = grants.c.path == _keys((old.catalog, old.database, old.table))
    _move(tx, select(grants).where(_OF_TABLES, path), (new.catalog, new.database, new.table))


def move_database(tx: Transaction, old: DatabaseName, new: DatabaseName) -> None:
    """Let what was granted on a database, and on all that is in it, hold under its new name."""
    below = _at_or_below(_keys((old.catalog, old.database)))
    of_it = grants.c.kind.in_(("database", "function")) | _OF_TABLES
    _move(tx, select(grants).where(of_it, below), (new.catalog, new.database))


def move_partition(tx: Transaction, name: TableName, old: str, new: str) -> None:
    """Let what was granted on a partition hold for it under its new name."""
    path = grants.c.path == _keys((name.catalog, name.database, name.table))
    _move(tx, select(grants).where(_OF_TABLES, path, grants.c.partition == old), (), new)


def _move(tx: Transaction, which: Select[Any], path: Sequence[str], partition: str | None = None) -> None:
    """Replace the beginning of the paths, or the partition, of grants; their identities change with them."""
    changed = []
    for row in tx.connection.execute(which).all():
        before = _grant(row)
        named = {"path": (*path, *before.path[len(path) :]), "partition": partition or before.partition}
        after = replace(before, **named)  # type: ignore[arg-type]
        new = {"path": _keys(after.path), "partition": after.partition, "identity": after.identity()}
        changed.append({"moved": row.id, **{f"new_{name}": value for name, value in new.items()}})
    if changed:
        columns: dict[str, Any] = {name: bindparam(f"new_{name}") for name in ("path", "partition", "identity")}
        tx.connection.execute(update(grants).where(grants.c.id == bindparam("moved")).values(columns), changed)


def _at_or_below(path: list[str]) -> ColumnElement[bool]:
    inside = grants.c.path.type.process_bind_param(path, None)[:-1] + ","  # type: ignore[attr-defined]
    return (grants.c.path == path) | type_coerce(grants.c.path, Text).startswith(inside, autoescape=True)
