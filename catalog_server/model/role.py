"""Roles: named groups of privileges that users, groups and other roles are members of."""

from __future__ import annotations

from dataclasses import dataclass

ADMIN, PUBLIC = "admin", "public"
BUILT_IN = (ADMIN, PUBLIC)
"""Roles that are always there: `admin` may do everything, everybody is in `public`."""


@dataclass(frozen=True, slots=True)
class Role:
    """A role; names of roles are told apart by case, as Hive keeps them."""

    name: str
    owner: str | None = None
    created_at: int = 0
    id: int = 0


@dataclass(frozen=True, slots=True)
class Membership:
    """That a principal is in a role, and who let it in."""

    role: str
    principal: str
    """`user:NAME`, `group:NAME` or `role:NAME`."""
    grant_option: bool = False
    """Whether the principal may let others in."""
    grantor: str | None = None
    grantor_kind: str = "USER"
    granted_at: int = 0
