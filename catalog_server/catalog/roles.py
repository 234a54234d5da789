"""Roles: named groups of privileges, and who is in them."""

from __future__ import annotations

from collections.abc import Sequence

from catalog_server.catalog.core import Core, check_text
from catalog_server.catalog.grants import principals_of
from catalog_server.model.caller import Caller
from catalog_server.model.errors import AlreadyExists, Invalid, NotFound
from catalog_server.model.grant import Action, Resource
from catalog_server.model.names import check_name
from catalog_server.model.role import BUILT_IN, PUBLIC, Membership, Role
from catalog_server.store import grants, roles
from catalog_server.store.transaction import Transaction

_ROLE = "role:"


class Roles:
    """Rules of roles; who may not manage roles sees the ones that it is in. All methods raise the errors they name."""

    def __init__(self, core: Core) -> None:
        self.core = core

    def create(self, caller: Caller, role: Role) -> None:
        """Make a role; raises `AlreadyExists`, and `Invalid` for `public`."""
        check_name("role", role.name)
        check_text("owner", role.owner)
        if role.name == PUBLIC:
            raise Invalid("", "public role implicitly exists. It can't be created.")

        def work(tx: Transaction) -> None:
            self.core.grants.require(tx, caller, Action.CREATE, _resource(role.name))
            roles.create(tx, role)

        self.core.store.write(work)

    def drop(self, caller: Caller, name: str) -> None:
        """Drop a role with its privileges and memberships, if it is there; raises `Invalid` for a built-in one."""
        if name in BUILT_IN:
            raise Invalid("", "public,admin roles can't be dropped.")

        def work(tx: Transaction) -> None:
            self.core.grants.require(tx, caller, Action.DROP, _resource(name))
            found = roles.get(tx, name)
            if found is not None:
                roles.drop(tx, found)
                grants.drop_of_principal(tx, _ROLE + name)

        self.core.store.write(work)

    def grant(self, caller: Caller, membership: Membership) -> None:
        """Let a principal into a role.

        Raises `NotFound` for a role, `AlreadyExists` for a member, `Invalid` for `public` and for a circle of roles.
        """
        name, principal = membership.role, membership.principal
        check_text("principal", principal, membership.grantor)
        if name == PUBLIC:
            raise Invalid("", "No user can be added to public. Since all users implicitly belong to public role.")

        def work(tx: Transaction) -> None:
            role = self._granted(tx, caller, name)
            if principal.startswith(_ROLE):
                member = principal.removeprefix(_ROLE)
                if roles.get(tx, member) is None:
                    raise NotFound("role", member)
                if member == name or member in roles.reached(tx, [_ROLE + name]):
                    raise Invalid(
                        "",
                        f"Cannot grant role {member} to {name} as {name} already belongs to the role {member}."
                        " (no cycles allowed)",
                    )
            if any(one.principal == principal for one in roles.memberships(tx, role=name)):
                raise AlreadyExists("member", f"{principal.partition(':')[2]} of role {name}")
            roles.add_member(tx, role, membership)

        self.core.store.write(work)

    def revoke(self, caller: Caller, name: str, principal: str, *, only_option: bool = False) -> None:
        """Put a principal out of a role, or with `only_option` let it stay without letting others in.

        Who is not in the role stays out. Raises `NotFound` for the role, `Invalid` where there is no grant option to take.
        """
        if name == PUBLIC:
            raise Invalid("", "public role can't be revoked.")

        def work(tx: Transaction) -> None:
            role = self._granted(tx, caller, name)
            if not only_option:
                roles.drop_member(tx, role, principal)
                return
            held = [one for one in roles.memberships(tx, role=name) if one.principal == principal]
            if not any(one.grant_option for one in held):
                who = principal.partition(":")[2]
                raise Invalid("", f"User {who} does not have grant option with role {name}")
            roles.drop_grant_option(tx, role, principal)

        self.core.store.write(work)

    def of_principal(self, caller: Caller, principal: str) -> list[Role]:
        """The roles that a principal is in directly; that every user is in `public` is not said."""
        with self.core.store.read() as tx:
            self._may_ask(tx, caller, principal)
            return roles.of_principals(tx, [principal])

    def memberships_of(self, caller: Caller, principal: str) -> list[Membership]:
        """The memberships of a principal, the oldest first."""
        with self.core.store.read() as tx:
            self._may_ask(tx, caller, principal)
            return roles.memberships(tx, principal=principal)

    def members(self, caller: Caller, name: str) -> list[Membership]:
        """Who is in a role, the first one let in first; nobody, where there is no such role."""
        with self.core.store.read() as tx:
            self.core.grants.require(tx, caller, Action.MANAGE, _resource(name))
            return roles.memberships(tx, role=name)

    def reached(self, tx: Transaction, principals: Sequence[str]) -> list[str]:
        """Names of the roles that principals are in, directly or by other roles."""
        return roles.reached(tx, principals)

    def _granted(self, tx: Transaction, caller: Caller, name: str) -> Role:
        """The role, if the caller manages it or is in it with grant option."""
        role = roles.get(tx, name)
        if role is None:
            raise NotFound("role", name)
        if not self.core.grants.policy.decide(tx, caller, Action.MANAGE, _resource(name)).allowed:
            mine = {*principals_of(caller), *(_ROLE + one for one in roles.reached(tx, principals_of(caller)))}
            if not any(one.grant_option and one.principal in mine for one in roles.memberships(tx, role=name)):
                self.core.grants.require(tx, caller, Action.MANAGE, _resource(name))
        return role

    def _manages(self, tx: Transaction, caller: Caller) -> bool:
        return self.core.grants.policy.decide(tx, caller, Action.MANAGE, Resource("role", ())).allowed

    def _may_ask(self, tx: Transaction, caller: Caller, principal: str) -> None:
        """Anybody may ask about itself and its roles; about others, who manages roles."""
        mine = principals_of(caller)
        known = principal in mine or self._manages(tx, caller)
        if not known and principal.removeprefix(_ROLE) not in roles.reached(tx, mine):
            self.core.grants.require(tx, caller, Action.MANAGE, Resource("role", ()))

    def list(self, caller: Caller) -> list[Role]:
        """The roles that the caller may see, by name."""
        with self.core.store.read() as tx:
            found = roles.list_all(tx)
            if self._manages(tx, caller):
                return found
            mine = {*roles.reached(tx, principals_of(caller)), PUBLIC}
        return [role for role in found if role.name in mine]


def _resource(name: str) -> Resource:
    return Resource("role", (name,))
