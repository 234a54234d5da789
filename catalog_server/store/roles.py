"""Rows of roles and of who is in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import CTE, String, delete, insert, literal, select, type_coerce, update
from sqlalchemy.exc import IntegrityError

from catalog_server.model.errors import AlreadyExists
from catalog_server.model.role import Membership, Role
from catalog_server.store.schema import role_members, roles
from catalog_server.store.transaction import Transaction

_PREFIX = "role:"


def _role(row: Any) -> Role:
    return Role(name=row.name, owner=row.owner, created_at=row.created_at, id=row.id)


def closure(principals: Sequence[str]) -> CTE:
    """The roles (`id`, `principal`) that principals are in, directly or by other roles."""
    as_principal = type_coerce(literal(_PREFIX) + roles.c.name, String)
    joined = role_members.join(roles)
    direct = (
        select(roles.c.id, as_principal.label("principal"))
        .select_from(joined)
        .where(role_members.c.principal.in_(list(principals)))
        .cte("reached", recursive=True)
    )
    further = (
        select(roles.c.id, as_principal.label("principal"))
        .select_from(joined)
        .join(direct, role_members.c.principal == direct.c.principal)
    )
    return direct.union(further)


def get(tx: Transaction, name: str) -> Role | None:
    """The role of exactly this name."""
    row = tx.connection.execute(select(roles).where(roles.c.name == name)).first()
    return _role(row) if row else None


def list_all(tx: Transaction) -> list[Role]:
    """All roles by name."""
    return [_role(row) for row in tx.connection.execute(select(roles).order_by(roles.c.name))]


def create(tx: Transaction, role: Role) -> None:
    """Insert a role; raises `AlreadyExists`."""
    try:
        tx.connection.execute(insert(roles).values(name=role.name, owner=role.owner, created_at=tx.at))
    except IntegrityError as error:
        raise AlreadyExists("role", role.name) from error


def drop(tx: Transaction, role: Role) -> None:
    """Delete a role and all memberships in it and of it."""
    of_it = (role_members.c.role_id == role.id) | (role_members.c.principal == _PREFIX + role.name)
    tx.connection.execute(delete(role_members).where(of_it))
    tx.connection.execute(delete(roles).where(roles.c.id == role.id))


def of_principals(tx: Transaction, principals: Sequence[str]) -> list[Role]:
    """The roles that principals are in directly, by when they were let in."""
    statement = select(roles).select_from(roles.join(role_members)).where(role_members.c.principal.in_(principals))
    return [_role(row) for row in tx.connection.execute(statement.order_by(role_members.c.id))]


def reached(tx: Transaction, principals: Sequence[str]) -> list[str]:
    """Names of the roles that principals are in, directly or by other roles, sorted."""
    found = closure(principals)
    statement = select(roles.c.name).where(roles.c.id.in_(select(found.c.id))).order_by(roles.c.name)
    return list(tx.connection.execute(statement).scalars())


def memberships(tx: Transaction, *, role: str | None = None, principal: str | None = None) -> list[Membership]:
    """Who is in a role, or what a principal is in, in the order in which they were let in."""
    statement = select(role_members, roles.c.name).select_from(role_members.join(roles))
    if role is not None:
        statement = statement.where(roles.c.name == role)
    if principal is not None:
        statement = statement.where(role_members.c.principal == principal)
    return [
        Membership(
            role=row.name,
            principal=row.principal,
            grant_option=row.grant_option,
            grantor=row.grantor,
            grantor_kind=row.grantor_kind,
            granted_at=row.granted_at,
        )
        for row in tx.connection.execute(statement.order_by(role_members.c.id))
    ]


def add_member(tx: Transaction, role: Role, membership: Membership) -> None:
    """Insert a membership; raises `AlreadyExists`."""
    values = {
        "role_id": role.id,
        "principal": membership.principal,
        "grant_option": membership.grant_option,
        "grantor": membership.grantor,
        "grantor_kind": membership.grantor_kind,
        "granted_at": tx.at,
    }
    try:
        tx.connection.execute(insert(role_members).values(**values))
    except IntegrityError as error:
        raise AlreadyExists("member", f"{membership.principal} of role {role.name}") from error


def drop_member(tx: Transaction, role: Role, principal: str) -> None:
    """Delete a membership, if there is one."""
    tx.connection.execute(delete(role_members).where(_membership(role, principal)))


def drop_grant_option(tx: Transaction, role: Role, principal: str) -> None:
    """Let a member stay without letting others in any more."""
    tx.connection.execute(update(role_members).where(_membership(role, principal)).values(grant_option=False))


def _membership(role: Role, principal: str) -> Any:
    return (role_members.c.role_id == role.id) & (role_members.c.principal == principal)
