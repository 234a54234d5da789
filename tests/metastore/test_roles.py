"""Roles and who is in them, on every server."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from catalog_server.wire import hive_metastore as wire
from tests.metastore.servers import HIVE2, HIVE4, Client, differs, refused

USER, ROLE, GROUP = 1, 2, 3
GRANT, REVOKE = 1, 2
NO_INTERNAL_ERROR = differs(HIVE2, "answers an internal error where Hive 4 and ours answer MetaException")


@pytest.fixture
def role(hms: Client) -> Iterator[str]:
    """The name of a role of its own."""
    yield from _role(hms)


@pytest.fixture
def other(hms: Client) -> Iterator[str]:
    """The name of another role."""
    yield from _role(hms)


def _role(hms: Client) -> Iterator[str]:
    name = f"Role{uuid.uuid4().hex[:8]}"
    hms.create_role(wire.Role(roleName=name, ownerName="ann"))
    yield name
    with contextlib.suppress(Exception), Client(hms.port, hms.server) as client:
        client.drop_role(name)


def someone() -> str:
    return f"u{uuid.uuid4().hex[:8]}"


def let_in(role: str, name: str, kind: int = USER, *, option: bool = False) -> Any:
    return wire.GrantRevokeRoleRequest(
        requestType=GRANT,
        roleName=role,
        principalName=name,
        principalType=kind,
        grantor="ann",
        grantorType=USER,
        grantOption=option,
    )


def put_out(role: str, name: str, kind: int = USER, *, option: bool = False) -> Any:
    return wire.GrantRevokeRoleRequest(
        requestType=REVOKE, roleName=role, principalName=name, principalType=kind, grantOption=option
    )


def grants_of(hms: Client, name: str, kind: int = USER) -> list[Any]:
    request = wire.GetRoleGrantsForPrincipalRequest(principal_name=name, principal_type=kind)
    return list(hms.get_role_grants_for_principal(request).principalGrants)


def members(hms: Client, role: str) -> list[tuple[str, int, bool]]:
    found = hms.get_principals_in_role(wire.GetPrincipalsInRoleRequest(roleName=role)).principalGrants
    return sorted((one.principalName, one.principalType, one.grantOption) for one in found)


def test_built_in_roles_are_there(hms: Client) -> None:
    assert {"admin", "public"} <= set(hms.get_role_names())


def test_roles_are_told_apart_by_case(hms: Client, role: str) -> None:
    assert hms.create_role(wire.Role(roleName=role.lower(), ownerName="ann"))
    assert {role, role.lower()} <= set(hms.get_role_names())
    hms.drop_role(role.lower())
    assert role in hms.get_role_names()


@NO_INTERNAL_ERROR
def test_a_role_is_made_once(hms: Client, role: str) -> None:
    with refused(wire.MetaException, match="already exists"):
        hms.create_role(wire.Role(roleName=role, ownerName="ann"))


@pytest.mark.parametrize("name", ["admin", "public"])
def test_built_in_roles_stay(hms: Client, name: str) -> None:
    with refused(wire.MetaException, match="can't be dropped"):
        hms.drop_role(name)


def test_public_cannot_be_made(hms: Client) -> None:
    with refused(wire.MetaException, match="It can't be created"):
        hms.create_role(wire.Role(roleName="public", ownerName="ann"))


@differs(HIVE4, "keeps a role with an empty name")
@differs(HIVE2, "keeps a role with an empty name")
def test_a_role_needs_a_name(hms: Client) -> None:
    try:
        with refused(wire.MetaException):
            hms.create_role(wire.Role(roleName="", ownerName="ann"))
    finally:
        hms.drop_role("")


def test_a_role_that_is_not_there_may_be_dropped(hms: Client) -> None:
    assert hms.drop_role(someone()) is True


@pytest.mark.parametrize("kind", [USER, GROUP])
def test_a_principal_is_let_in_and_put_out(hms: Client, role: str, kind: int) -> None:
    name = someone()
    assert hms.grant_role(role, name, kind, "ann", USER, False)
    assert members(hms, role) == [(name, kind, False)]
    assert role in [one.roleName for one in hms.list_roles(name, kind)]
    assert hms.revoke_role(role, name, kind)
    assert members(hms, role) == []


def test_every_user_is_in_public(hms: Client) -> None:
    assert [one.roleName for one in hms.list_roles(someone(), USER)] == ["public"]
    assert hms.list_roles(someone(), GROUP) == []
    (everybody,) = grants_of(hms, someone())
    assert (everybody.roleName, everybody.grantOption, everybody.grantTime) == ("public", False, 0)
    assert everybody.grantorName is None


def test_who_let_whom_in_is_kept(hms: Client, role: str) -> None:
    name = someone()
    assert hms.grant_revoke_role(let_in(role, name, option=True)).success
    found = grants_of(hms, name)[0]
    assert (found.roleName, found.principalName, found.principalType) == (role, name, USER)
    assert (found.grantorName, found.grantorPrincipalType, found.grantOption) == ("ann", USER, True)
    assert found.grantTime > 1_700_000_000


def test_the_grant_option_is_taken_alone(hms: Client, role: str) -> None:
    name = someone()
    hms.grant_revoke_role(let_in(role, name, option=True))
    assert hms.grant_revoke_role(put_out(role, name, option=True)).success
    assert members(hms, role) == [(name, USER, False)]
    with refused(wire.MetaException, match=f"User {name} does not have grant option with role {role}"):
        hms.grant_revoke_role(put_out(role, name, option=True))
    hms.grant_revoke_role(put_out(role, name))
    assert members(hms, role) == []


@NO_INTERNAL_ERROR
def test_a_member_is_not_let_in_twice(hms: Client, role: str) -> None:
    name = someone()
    hms.grant_role(role, name, USER, "ann", USER, False)
    with refused(wire.MetaException):
        hms.grant_role(role, name, USER, "ann", USER, True)


@NO_INTERNAL_ERROR
def test_a_missing_role_takes_nobody_in(hms: Client) -> None:
    with refused(wire.MetaException):
        hms.grant_role(someone(), someone(), USER, "ann", USER, False)
    with refused(wire.MetaException):
        hms.revoke_role(someone(), someone(), USER)
    with refused(wire.MetaException):
        hms.grant_revoke_role(let_in(someone(), someone()))


@NO_INTERNAL_ERROR
def test_a_missing_role_is_not_let_in(hms: Client, role: str) -> None:
    with refused(wire.MetaException):
        hms.grant_role(role, someone(), ROLE, "ann", USER, False)


def test_who_is_not_in_a_role_may_be_put_out(hms: Client, role: str) -> None:
    assert hms.revoke_role(role, someone(), USER) is True


def test_nobody_is_let_into_or_put_out_of_public(hms: Client) -> None:
    with refused(wire.MetaException, match="No user can be added to public"):
        hms.grant_role("public", someone(), USER, "ann", USER, False)
    with refused(wire.MetaException, match="public role can't be revoked"):
        hms.revoke_role("public", someone(), USER)


def test_roles_are_in_roles_without_circles(hms: Client, role: str, other: str) -> None:
    hms.grant_role(role, other, ROLE, "ann", USER, False)
    assert [one.roleName for one in hms.list_roles(other, ROLE)] == [role]
    with refused(wire.MetaException, match="no cycles allowed"):
        hms.grant_role(other, role, ROLE, "ann", USER, False)
    with refused(wire.MetaException, match="no cycles allowed"):
        hms.grant_role(role, role, ROLE, "ann", USER, False)


def test_a_dropped_role_is_left_by_all(hms: Client, role: str, other: str) -> None:
    hms.grant_role(role, other, ROLE, "ann", USER, False)
    hms.drop_role(role)
    assert hms.list_roles(other, ROLE) == []
    assert members(hms, role) == []


def test_nobody_is_said_to_be_in_a_missing_role(hms: Client) -> None:
    assert members(hms, someone()) == []
    assert grants_of(hms, someone(), ROLE) == []
