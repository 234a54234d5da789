"""What is granted through roles and in the words of Hive decides as every grant does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from catalog_server.catalog.grants import StoredPolicy
from catalog_server.config import Config
from catalog_server.model.caller import SYSTEM, Caller
from catalog_server.model.database import Database
from catalog_server.model.errors import Denied, NotFound
from catalog_server.model.grant import Action, Grant, action_of
from catalog_server.model.names import DatabaseName
from catalog_server.model.role import Membership, Role
from catalog_server.services import Services
from tests.store.things import ORDERS, orders

TABLE = ("hive", "sales", "orders")


@pytest.fixture
def services(config: Config) -> Iterator[Services]:
    """A server's services that ask the stored grants, with one table."""
    made = Services(config, StoredPolicy())
    made.catalog.prepare()
    made.catalog.databases.create(SYSTEM, Database("hive", "sales"))
    made.catalog.tables.create(SYSTEM, orders())
    yield made
    made.close()


def said(principal: str, word: str, path: tuple[str, ...] = TABLE, **more: object) -> Grant:
    kind = ("server", "catalog", "database", "table")[len(path)]
    return Grant(principal, action_of(word), kind, path, privilege=word, **more)  # type: ignore[arg-type]


def test_a_privilege_lets_read_what_it_is_on(services: Services) -> None:
    catalog = services.catalog
    catalog.privileges.grant(SYSTEM, [said("user:ann", "SELECT")])
    assert catalog.tables.may_read_files(Caller("ann"), ORDERS)
    assert not catalog.tables.may_read_files(Caller("bob"), ORDERS)
    catalog.privileges.revoke(SYSTEM, [said("user:ann", "select")])
    assert not catalog.tables.may_read_files(Caller("ann"), ORDERS)


def test_a_privilege_on_a_partition_opens_no_table(services: Services) -> None:
    grant = said("user:ann", "SELECT", partition="year=1/region=x")
    with services.catalog.store.begin() as tx:
        from catalog_server.store import grants

        grants.create(tx, [grant])
    assert not services.catalog.tables.may_read_files(Caller("ann"), ORDERS)


def test_roles_carry_privileges_through_roles(services: Services) -> None:
    catalog = services.catalog
    for name in ("outer", "inner"):
        catalog.roles.create(SYSTEM, Role(name))
    catalog.roles.grant(SYSTEM, Membership("outer", "role:inner"))
    catalog.roles.grant(SYSTEM, Membership("inner", "group:staff"))
    catalog.privileges.grant(SYSTEM, [said("role:outer", "SELECT")])
    assert catalog.tables.may_read_files(Caller("ann", ("staff",)), ORDERS)
    assert not catalog.tables.may_read_files(Caller("ann"), ORDERS)
    catalog.roles.drop(SYSTEM, "outer")
    assert not catalog.tables.may_read_files(Caller("ann", ("staff",)), ORDERS)


def test_everybody_is_in_public_and_admins_may_do_all(services: Services) -> None:
    catalog = services.catalog
    catalog.privileges.grant(SYSTEM, [said("role:public", "SELECT")])
    assert catalog.tables.may_read_files(Caller("anybody"), ORDERS)
    catalog.roles.grant(SYSTEM, Membership("admin", "user:ann"))
    catalog.databases.drop(Caller("ann"), DatabaseName("hive", "sales"), cascade=True)


def test_users_named_in_the_settings_are_admins_from_the_first_start(config: Config) -> None:
    named = replace(config, security=replace(config.security, policy="grants", admins=("ann", "bob")))
    for _ in range(2):
        made = Services(named)
        made.catalog.prepare()
        made.catalog.roles.create(Caller("ann"), Role(f"crew{made.started_at}"))
        members = [one.principal for one in made.catalog.roles.members(SYSTEM, "admin")]
        assert members == ["user:ann", "user:bob"]
        with pytest.raises((Denied, NotFound)):
            made.catalog.roles.create(Caller("eve"), Role("gang"))
        made.close()


def test_who_makes_a_table_without_managing_it_grants_nothing_on_it(services: Services) -> None:
    catalog, ann = services.catalog, Caller("ann")
    catalog.privileges.grant(SYSTEM, [said("user:ann", "CREATE", TABLE[:2])])
    with pytest.raises((Denied, NotFound)):
        catalog.tables.create(
            ann,
            orders(name="new"),
            then=lambda tx, _made: catalog.privileges.grant_in(
                tx, ann, [said("user:ann", "SELECT", (*TABLE[:2], "new"))]
            ),
        )
    assert "new" not in catalog.tables.list_names(SYSTEM, DatabaseName("hive", "sales"))


def test_who_holds_the_grant_option_may_pass_on_what_it_holds(services: Services) -> None:
    catalog, ann = services.catalog, Caller("ann")
    catalog.privileges.grant(SYSTEM, [said("user:ann", "SELECT", grant_option=True)])
    catalog.privileges.grant(ann, [said("user:bob", "SELECT")])
    with pytest.raises(Denied):
        catalog.privileges.grant(ann, [said("user:bob", "INSERT")])
    with pytest.raises(Denied):
        catalog.privileges.grant(Caller("bob"), [said("user:eve", "SELECT")])


def test_who_is_in_a_role_with_grant_option_may_let_others_in(services: Services) -> None:
    roles = services.catalog.roles
    roles.create(SYSTEM, Role("crew"))
    roles.grant(SYSTEM, Membership("crew", "user:ann", grant_option=True))
    roles.grant(Caller("ann"), Membership("crew", "user:bob"))
    with pytest.raises((Denied, NotFound)):
        roles.grant(Caller("bob"), Membership("crew", "user:eve"))


def test_others_privileges_and_roles_are_not_shown(services: Services) -> None:
    catalog = services.catalog
    catalog.roles.create(SYSTEM, Role("crew"))
    catalog.roles.grant(SYSTEM, Membership("crew", "user:ann"))
    catalog.privileges.grant(
        SYSTEM, [said("user:ann", "SELECT"), said("user:bob", "SELECT"), said("role:crew", "INSERT")]
    )
    thing = Grant("", Action.DESCRIBE, "table", TABLE)
    shown = catalog.privileges.list(Caller("ann"), thing=thing)
    assert {(one.principal, one.word) for one in shown} == {("user:ann", "SELECT"), ("role:crew", "INSERT")}
    assert [role.name for role in catalog.roles.list(Caller("ann"))] == ["crew", "public"]
    with pytest.raises((Denied, NotFound)):
        catalog.roles.memberships_of(Caller("bob"), "user:ann")


@pytest.mark.parametrize(
    ("word", "action"),
    [("all", Action.MANAGE), ("OWNERSHIP", Action.MANAGE), ("Delete", Action.INSERT), ("LOCK", Action.DESCRIBE)],
)
def test_words_of_hive_stand_for_actions(word: str, action: Action) -> None:
    assert action_of(word) is action
