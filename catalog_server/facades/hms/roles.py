"""Calls about roles."""

from __future__ import annotations

from typing import Any

from catalog_server.facades.hms.call import Context
from catalog_server.facades.hms.noun import Noun, caller_of
from catalog_server.model.errors import Invalid
from catalog_server.model.role import PUBLIC, Membership, Role
from catalog_server.wire import hive_metastore as wire

_KINDS = {1: "user", 2: "role", 3: "group"}
_NUMBERS = {kind: number for number, kind in _KINDS.items()}
_USER = 1
_GRANT, _REVOKE = 1, 2


class Roles(Noun):
    """Roles, and who is in them."""

    def create_role(self, context: Context, arguments: Any) -> bool:
        """Make a role; the time of its making is ours."""
        role = arguments.role
        self.catalog.roles.create(caller_of(context), Role(role.roleName or "", role.ownerName))
        return True

    def drop_role(self, context: Context, arguments: Any) -> bool:
        """Drop a role; it is fine if there is none."""
        self.catalog.roles.drop(caller_of(context), arguments.role_name or "")
        return True

    def get_role_names(self, context: Context, arguments: Any) -> list[str]:  # noqa: ARG002
        """Names of all roles."""
        return [role.name for role in self.catalog.roles.list(caller_of(context))]

    def grant_role(self, context: Context, arguments: Any) -> bool:
        """Let a principal into a role."""
        self._grant(context, arguments.role_name, arguments.principal_name, arguments.principal_type, arguments)
        return True

    def revoke_role(self, context: Context, arguments: Any) -> bool:
        """Put a principal out of a role."""
        member = principal(arguments.principal_name, arguments.principal_type)
        self.catalog.roles.revoke(caller_of(context), arguments.role_name or "", member)
        return True

    def grant_revoke_role(self, context: Context, arguments: Any) -> Any:
        """Let a principal into a role or put it out; of a grant with grant option, the option alone may be taken."""
        request = arguments.request
        if request.requestType == _GRANT:
            self._grant(context, request.roleName, request.principalName, request.principalType, request)
        elif request.requestType == _REVOKE:
            member = principal(request.principalName, request.principalType)
            self.catalog.roles.revoke(
                caller_of(context), request.roleName or "", member, only_option=bool(request.grantOption)
            )
        else:
            raise Invalid("requestType", "neither GRANT nor REVOKE")
        return wire.GrantRevokeRoleResponse(success=True)

    def _grant(self, context: Context, role: str | None, name: str | None, kind: int | None, said: Any) -> None:
        """`said` is the request or the arguments: who grants, and whether with grant option, is named alike in both."""
        option = said.grantOption if hasattr(said, "grantOption") else said.grant_option
        membership = Membership(
            role=role or "",
            principal=principal(name, kind),
            grant_option=bool(option),
            grantor=said.grantor,
            grantor_kind=_KINDS.get(said.grantorType, "user").upper(),
        )
        self.catalog.roles.grant(caller_of(context), membership)

    def list_roles(self, context: Context, arguments: Any) -> list[Any]:
        """The roles that a principal is in directly, as Hive with `public` at the end for users."""
        who = principal(arguments.principal_name, arguments.principal_type)
        found = [
            wire.Role(roleName=role.name, createTime=role.created_at // 1000, ownerName=role.owner)
            for role in self.catalog.roles.of_principal(caller_of(context), who)
        ]
        if arguments.principal_type == _USER:
            found.append(wire.Role(roleName=PUBLIC, createTime=0, ownerName=PUBLIC))
        return found

    def get_role_grants_for_principal(self, context: Context, arguments: Any) -> Any:
        """How a principal came to be in its roles; every user is in `public`."""
        request = arguments.request
        who = principal(request.principal_name, request.principal_type)
        found = [_membership(one) for one in self.catalog.roles.memberships_of(caller_of(context), who)]
        if request.principal_type == _USER:
            everybody = Membership(PUBLIC, who)
            found.append(_membership(everybody))
        return wire.GetRoleGrantsForPrincipalResponse(principalGrants=found)

    def get_principals_in_role(self, context: Context, arguments: Any) -> Any:
        """Who is in a role and how that came; nobody is named for `public`."""
        found = self.catalog.roles.members(caller_of(context), arguments.request.roleName or "")
        return wire.GetPrincipalsInRoleResponse(principalGrants=[_membership(one) for one in found])


def principal(name: str | None, kind: int | None) -> str:
    """A principal of Hive in our words, such as `user:ann`; raises `Invalid` where no kind is given."""
    if kind not in _KINDS:
        raise Invalid("principal type", f"{kind} is neither USER, ROLE nor GROUP")
    return f"{_KINDS[kind]}:{name or ''}"


def split_principal(text: str) -> tuple[str, int]:
    """Name and PrincipalType of a principal in our words; `*` is everybody, which is Hive's role `public`."""
    kind, _, name = text.partition(":")
    return (name, _NUMBERS[kind]) if kind in _NUMBERS else (PUBLIC, _NUMBERS["role"])


def kind_number(kind: str) -> int:
    """PrincipalType of USER, ROLE or GROUP."""
    return _NUMBERS.get(kind.lower(), _USER)


def _membership(one: Membership) -> Any:
    name, kind = split_principal(one.principal)
    granted = (
        {"grantorName": one.grantor, "grantorPrincipalType": kind_number(one.grantor_kind)} if one.granted_at else {}
    )
    return wire.RolePrincipalGrant(
        roleName=one.role,
        principalName=name,
        principalType=kind,
        grantOption=one.grant_option,
        grantTime=one.granted_at // 1000,
        **granted,
    )
