"""Privileges on all sorts of things, on every server."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from catalog_server.wire import hive_metastore as wire
from tests.facades.hms.metastore import partition, table
from tests.metastore.servers import HIVE2, HIVE4, Client, differs, not_on, refused

USER, ROLE, GROUP = 1, 2, 3
GLOBAL, DATABASE, TABLE, PARTITION, COLUMN = 1, 2, 3, 4, 5
GRANT, REVOKE = 1, 2
KINDS = pytest.mark.parametrize("kind", [GLOBAL, DATABASE, TABLE, PARTITION, COLUMN])
NO_INTERNAL_ERROR = differs(HIVE2, "answers an internal error where Hive 4 and ours answer MetaException")
ANN = f"ann{uuid.uuid4().hex[:8]}"


@pytest.fixture
def sales(hms: Client, database: str) -> Iterator[str]:
    """A database with the table `t` and its partition `k=1`."""
    external = {"tableType": "EXTERNAL_TABLE", "parameters": {"EXTERNAL": "TRUE"}}
    hms.create_table(table(database, "t", keys="k string", **external))
    hms.add_partition(partition(database, "t", ["1"]))
    yield database
    with contextlib.suppress(Exception), Client(hms.port, hms.server) as other:
        other.revoke_privileges(bag(privilege(GLOBAL, database, ANN, "SELECT")))


def thing(kind: int, database: str, name: str = "t") -> Any:
    named = {"dbName": database} if kind != GLOBAL else {}
    if kind >= TABLE:
        named["objectName"] = name
    return wire.HiveObjectRef(
        objectType=kind,
        partValues=["1"] if kind == PARTITION else None,
        columnName="id" if kind == COLUMN else None,
        **named,
    )


def privilege(kind: int, database: str, who: str = ANN, word: str = "SELECT", of: int = USER, **more: Any) -> Any:
    info = {"grantor": "root", "grantorType": USER, "grantOption": False, "createTime": 7} | more
    return wire.HiveObjectPrivilege(
        hiveObject=thing(kind, database),
        principalName=who,
        principalType=of,
        grantInfo=wire.PrivilegeGrantInfo(privilege=word, **info),
    )


def bag(*privileges: Any) -> Any:
    return wire.PrivilegeBag(privileges=list(privileges))


def words(hms: Client, kind: int, database: str, who: str = ANN, of: int = USER) -> list[str]:
    return sorted(one.grantInfo.privilege for one in hms.list_privileges(who, of, thing(kind, database)))


@KINDS
def test_a_privilege_is_granted_listed_and_taken_back(hms: Client, sales: str, kind: int) -> None:
    assert hms.grant_privileges(bag(privilege(kind, sales)))
    (found,) = hms.list_privileges(ANN, USER, thing(kind, sales))
    said = thing(kind, sales)
    told = found.hiveObject
    assert (told.objectType, told.dbName, told.objectName) == (said.objectType, said.dbName, said.objectName)
    assert (told.partValues or None, told.columnName) == (said.partValues, said.columnName)
    assert (found.principalName, found.principalType) == (ANN, USER)
    assert (found.grantInfo.grantor, found.grantInfo.grantorType, found.grantInfo.grantOption) == ("root", USER, False)
    assert found.grantInfo.createTime > 1_700_000_000
    assert hms.revoke_privileges(bag(privilege(kind, sales)))
    assert hms.list_privileges(ANN, USER, thing(kind, sales)) == []


@KINDS
@NO_INTERNAL_ERROR
def test_a_privilege_is_granted_once(hms: Client, sales: str, kind: int) -> None:
    hms.grant_privileges(bag(privilege(kind, sales)))
    with refused(wire.MetaException, match="SELECT"):
        hms.grant_privileges(bag(privilege(kind, sales)))


@KINDS
@NO_INTERNAL_ERROR
def test_what_was_not_granted_cannot_be_taken_back(hms: Client, sales: str, kind: int) -> None:
    with refused(wire.MetaException, match="SELECT"):
        hms.revoke_privileges(bag(privilege(kind, sales, "nobody")))


@pytest.mark.parametrize("of", [USER, GROUP, ROLE])
def test_users_groups_and_roles_hold_privileges(hms: Client, sales: str, of: int) -> None:
    who = "public" if of == ROLE else ANN
    hms.grant_privileges(bag(privilege(TABLE, sales, who, of=of)))
    assert words(hms, TABLE, sales, who, of) == ["SELECT"]


@NO_INTERNAL_ERROR
def test_a_missing_role_holds_nothing(hms: Client, sales: str) -> None:
    with refused(wire.MetaException):
        hms.grant_privileges(bag(privilege(TABLE, sales, "nosuchrole", of=ROLE)))


def test_one_grant_may_name_several_privileges_in_any_spelling(hms: Client, sales: str) -> None:
    hms.grant_privileges(bag(privilege(TABLE, sales, word="insert,Update", grantOption=True)))
    assert words(hms, TABLE, sales) == ["Update", "insert"]
    hms.revoke_privileges(bag(privilege(TABLE, sales, word="INSERT")))
    assert words(hms, TABLE, sales) == ["Update"]


def test_grantors_grant_the_same_privilege_beside_each_other(hms: Client, sales: str) -> None:
    hms.grant_privileges(bag(privilege(TABLE, sales)))
    hms.grant_privileges(bag(privilege(TABLE, sales, grantor="another")))
    assert words(hms, TABLE, sales) == ["SELECT", "SELECT"]
    hms.revoke_privileges(bag(privilege(TABLE, sales)))
    assert words(hms, TABLE, sales) == ["SELECT"]


@NO_INTERNAL_ERROR
def test_a_bag_is_granted_whole_or_not_at_all(hms: Client, sales: str) -> None:
    hms.grant_privileges(bag(privilege(TABLE, sales)))
    with refused(wire.MetaException):
        hms.grant_privileges(bag(privilege(TABLE, sales, word="DELETE"), privilege(TABLE, sales)))
    assert words(hms, TABLE, sales) == ["SELECT"]


@NO_INTERNAL_ERROR
def test_a_missing_database_holds_no_privileges(hms: Client) -> None:
    with refused(wire.MetaException):
        hms.grant_privileges(bag(privilege(DATABASE, "nosuchdatabase")))


@differs(HIVE4, "says yes to a privilege on a table that is not there, and keeps nothing")
@differs(HIVE2, "says yes to a privilege on a table that is not there, and keeps nothing")
def test_a_missing_table_is_told_to_who_grants_on_it(hms: Client, database: str) -> None:
    with refused(wire.MetaException):
        hms.grant_privileges(bag(privilege(TABLE, database)))


def test_an_empty_bag_is_no_mistake(hms: Client) -> None:
    assert hms.grant_privileges(bag()) is True
    assert hms.revoke_privileges(bag()) is True


def test_the_grant_option_is_taken_alone(hms: Client, sales: str) -> None:
    def request(kind: int, option: bool) -> Any:
        given = bag(privilege(TABLE, sales, grantOption=True))
        return wire.GrantRevokePrivilegeRequest(requestType=kind, privileges=given, revokeGrantOption=option)

    assert hms.grant_revoke_privileges(request(GRANT, False)).success
    assert hms.grant_revoke_privileges(request(REVOKE, True)).success
    (found,) = hms.list_privileges(ANN, USER, thing(TABLE, sales))
    assert found.grantInfo.grantOption is False
    with refused(wire.MetaException, match=f"User {ANN} does not have grant option with privilege SELECT"):
        hms.grant_revoke_privileges(request(REVOKE, True))
    assert hms.grant_revoke_privileges(request(REVOKE, False)).success
    assert words(hms, TABLE, sales) == []


def test_privileges_are_listed_for_all_principals_and_for_all_things(hms: Client, sales: str) -> None:
    given = [privilege(DATABASE, sales), privilege(TABLE, sales), privilege(TABLE, sales, "staff", of=GROUP)]
    hms.grant_privileges(bag(*given))
    everybody = hms.list_privileges(None, None, thing(TABLE, sales))
    assert {(one.principalName, one.principalType) for one in everybody} == {(ANN, USER), ("staff", GROUP)}
    of_kind = hms.list_privileges(ANN, USER, wire.HiveObjectRef(objectType=DATABASE))
    assert sales in [one.hiveObject.dbName for one in of_kind]
    of_all = hms.list_privileges(ANN, USER, wire.HiveObjectRef(dbName=sales))
    assert {one.hiveObject.objectType for one in of_all if one.hiveObject.dbName == sales} == {DATABASE, TABLE}


@pytest.mark.parametrize("kind", [DATABASE, TABLE])
def test_a_missing_thing_has_no_privileges(hms: Client, kind: int) -> None:
    assert hms.list_privileges(ANN, USER, thing(kind, "nosuchdatabase")) == []
    found = hms.get_privilege_set(thing(kind, "nosuchdatabase"), ANN, [])
    assert (found.userPrivileges, found.rolePrivileges) == ({ANN: []}, {"public": []})


@differs(HIVE4, "answers an internal error where no thing is named")
@differs(HIVE2, "answers an internal error where no thing is named")
def test_privileges_on_nothing_cannot_be_asked_for(hms: Client) -> None:
    with refused(wire.MetaException):
        hms.list_privileges(ANN, USER, None)
    with refused(wire.MetaException):
        hms.get_privilege_set(None, ANN, [])


def test_the_set_of_a_user_holds_what_its_groups_and_roles_hold(hms: Client, sales: str) -> None:
    outer, inner = f"o{uuid.uuid4().hex[:8]}", f"i{uuid.uuid4().hex[:8]}"
    for name in (outer, inner):
        hms.create_role(wire.Role(roleName=name, ownerName="ann"))
    hms.grant_role(inner, "staff" + sales, GROUP, "ann", USER, False)
    hms.grant_role(outer, inner, ROLE, "ann", USER, False)
    hms.grant_privileges(bag(privilege(TABLE, sales), privilege(TABLE, sales, outer, "INSERT", ROLE)))
    found = hms.get_privilege_set(thing(TABLE, sales), ANN, ["staff" + sales])
    assert [one.privilege for one in found.userPrivileges[ANN]] == ["SELECT"]
    assert found.groupPrivileges == {"staff" + sales: []}
    assert {role: [one.privilege for one in held] for role, held in found.rolePrivileges.items()} == {
        outer: ["INSERT"],
        inner: [],
        "public": [],
    }
    for name in (outer, inner):
        hms.drop_role(name)
    assert "outer" not in [one.principalName for one in hms.list_privileges(None, None, thing(TABLE, sales))]


def test_the_set_on_the_server_names_no_roles(hms: Client) -> None:
    found = hms.get_privilege_set(thing(GLOBAL, ""), "nobody", [])
    assert (found.userPrivileges, found.groupPrivileges, found.rolePrivileges) == (None, None, None)


def test_admin_holds_everything(hms: Client) -> None:
    (found,) = hms.list_privileges("admin", ROLE, thing(GLOBAL, ""))
    assert (found.grantInfo.privilege, found.grantInfo.grantor, found.grantInfo.grantOption) == ("All", "admin", True)


def test_a_renamed_table_keeps_its_privileges_and_a_dropped_one_loses_them(hms: Client, sales: str) -> None:
    hms.grant_privileges(bag(privilege(TABLE, sales), privilege(COLUMN, sales)))
    external = {"tableType": "EXTERNAL_TABLE", "parameters": {"EXTERNAL": "TRUE"}}
    renamed = hms.get_table_req(wire.GetTableRequest(dbName=sales, tblName="t")).table
    renamed.tableName = "u"
    hms.alter_table(sales, "t", renamed)
    assert len(hms.list_privileges(ANN, USER, thing(TABLE, sales, "u"))) == 1
    assert len(hms.list_privileges(ANN, USER, thing(COLUMN, sales, "u"))) == 1
    hms.drop_table(sales, "u", True)
    hms.create_table(table(sales, "u", **external))
    assert hms.list_privileges(ANN, USER, thing(TABLE, sales, "u")) == []


def test_a_dropped_partition_loses_its_privileges(hms: Client, sales: str) -> None:
    hms.grant_privileges(bag(privilege(PARTITION, sales)))
    hms.drop_partition(sales, "t", ["1"], False)
    hms.add_partition(partition(sales, "t", ["1"]))
    assert words(hms, PARTITION, sales) == []


def test_a_dropped_database_loses_its_privileges(hms: Client, sales: str) -> None:
    hms.grant_privileges(bag(privilege(DATABASE, sales), privilege(TABLE, sales)))
    hms.drop_database(sales, True, True)
    hms.create_database(wire.Database(name=sales))
    assert words(hms, DATABASE, sales) == []


def refreshed(*privileges: Any) -> Any:
    return wire.GrantRevokePrivilegeRequest(requestType=GRANT, privileges=bag(*privileges))


def by(authorizer: str, granted: Any) -> Any:
    granted.authorizer = authorizer
    return granted


@not_on(HIVE2, "the method came with Hive 3.0")
@pytest.mark.parametrize("kind", [DATABASE, TABLE])
def test_an_authorizer_replaces_its_own_privileges(hms: Client, sales: str, kind: int) -> None:
    hms.grant_privileges(bag(by("a", privilege(kind, sales)), by("b", privilege(kind, sales, word="INSERT"))))
    wanted = refreshed(by("b", privilege(kind, sales, word="DELETE")))
    assert hms.refresh_privileges(thing(kind, sales), "b", wanted).success
    assert words(hms, kind, sales) == ["DELETE", "SELECT"]


@not_on(HIVE2, "the method came with Hive 3.0")
@pytest.mark.parametrize("kind", [GLOBAL, PARTITION])
def test_privileges_of_other_things_are_not_refreshed(hms: Client, sales: str, kind: int) -> None:
    with refused(wire.MetaException, match="Unexpected object type"):
        hms.refresh_privileges(thing(kind, sales), "b", refreshed())


def granting_table(database: str, **privileges: Any) -> Any:
    info = {"grantor": "root", "grantorType": USER, "grantOption": True, "createTime": 7}
    held = {
        f"{kind}Privileges": {who: [wire.PrivilegeGrantInfo(privilege=word, **info) for word in words]}
        for kind, (who, *words) in privileges.items()
    }
    struct = table(database, "g", tableType="EXTERNAL_TABLE", parameters={"EXTERNAL": "TRUE"})
    struct.privileges = wire.PrincipalPrivilegeSet(**held)
    return struct


def granted_on(hms: Client, database: str) -> list[tuple[Any, ...]]:
    found = hms.list_privileges(None, None, thing(TABLE, database, "g"))
    return sorted(
        (
            one.principalName,
            one.principalType,
            one.grantInfo.privilege,
            one.grantInfo.grantor,
            one.grantInfo.grantOption,
        )
        for one in found
    )


@pytest.mark.parametrize(
    "make",
    [
        lambda hms, new: hms.create_table(new),
        lambda hms, new: hms.create_table_with_environment_context(new, wire.EnvironmentContext(properties={})),
        lambda hms, new: hms.create_table_with_constraints(new, [], [], [], [], [], []),
    ],
    ids=["create_table", "with_environment_context", "with_constraints"],
)
def test_a_table_is_made_with_the_privileges_it_is_sent_with(hms: Client, database: str, make: Any) -> None:
    make(
        hms,
        granting_table(database, user=("ann", "SELECT", "INSERT"), group=("g", "SELECT"), role=("public", "SELECT")),
    )
    assert granted_on(hms, database) == [
        ("ann", USER, "INSERT", "root", True),
        ("ann", USER, "SELECT", "root", True),
        ("g", GROUP, "SELECT", "root", True),
        ("public", ROLE, "SELECT", "root", True),
    ]
    held = hms.get_privilege_set(thing(TABLE, database, "g"), "ann", [])
    assert {one.privilege for one in held.userPrivileges["ann"]} == {"SELECT", "INSERT"}
    assert hms.get_table_req(wire.GetTableRequest(dbName=database, tblName="g")).table.privileges is None


@not_on(HIVE2, "the method came with 4.0, and so did authorizers")
def test_privileges_sent_with_a_table_are_kept_for_sql(hms: Client, database: str) -> None:
    hms.create_table_req(wire.CreateTableRequest(table=granting_table(database, user=("ann", "SELECT"))))
    found = hms.list_privileges(None, None, thing(TABLE, database, "g"))
    assert [one.authorizer for one in found] == ["SQL"]


@differs(HIVE4, "keeps privileges for roles that do not exist; here the table is refused, and not made")
@differs(HIVE2, "keeps privileges for roles that do not exist; here the table is refused, and not made")
def test_a_table_with_privileges_for_a_missing_role_is_not_made(hms: Client, database: str) -> None:
    with refused(wire.NoSuchObjectException):
        hms.create_table(granting_table(database, role=(f"missing_{database}", "SELECT")))
    assert hms.get_all_tables(database) == []
