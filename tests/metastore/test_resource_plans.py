"""Resource plans, on the servers that have them."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from catalog_server.wire import hive_metastore as wire
from tests.metastore.servers import HIVE2, HIVE4, Client, differs, not_on, refused

pytestmark = not_on(HIVE2, "resource plans came with Hive 3.0")

ACTIVE, ENABLED, DISABLED = 1, 2, 3
NO_META = differs(HIVE4, "answers MetaException with its database's own words")
NO_INTERNAL_ERROR = differs(HIVE4, "answers an internal error")


@pytest.fixture
def space() -> str:
    """A name space of its own, since one plan of each is active."""
    return f"n{uuid.uuid4().hex[:8]}"


@pytest.fixture
def plan(hms: Client, space: str) -> Iterator[str]:
    """A disabled plan with the pools `default` and `etl`."""
    create(hms, space, "p")
    hms.create_wm_pool(wire.WMCreatePoolRequest(pool=pool(space, "etl", allocFraction=0.0)))
    less = wire.WMNullablePool(resourcePlanName="p", poolPath="default", queryParallelism=8, ns=space)
    hms.alter_wm_pool(wire.WMAlterPoolRequest(poolPath="default", pool=less))
    yield "p"
    with contextlib.suppress(Exception), Client(hms.port, hms.server) as other:
        for one in everything(other, space):
            disable = wire.WMNullableResourcePlan(status=DISABLED, ns=space)
            alter(other, space, one.name, disable, isForceDeactivate=True)
            other.drop_resource_plan(wire.WMDropResourcePlanRequest(resourcePlanName=one.name, ns=space))


def create(hms: Client, space: str, name: str, parallelism: int | None = 10, **more: Any) -> None:
    said = wire.WMResourcePlan(name=name, queryParallelism=parallelism, ns=space)
    hms.create_resource_plan(wire.WMCreateResourcePlanRequest(resourcePlan=said, **more))


def pool(space: str, path: str, plan: str = "p", **more: Any) -> Any:
    said = {"allocFraction": 0.3, "queryParallelism": 2} | more
    return wire.WMPool(resourcePlanName=plan, poolPath=path, ns=space, **said)


def trigger(space: str, name: str = "t", plan: str = "p", **more: Any) -> Any:
    said = {"triggerExpression": "BYTES_READ > 10", "actionExpression": "KILL"} | more
    return wire.WMTrigger(resourcePlanName=plan, triggerName=name, ns=space, **said)


def mapping(space: str, name: str, plan: str = "p", entity: str = "USER", path: str = "etl") -> Any:
    return wire.WMMapping(
        resourcePlanName=plan, entityType=entity, entityName=name, poolPath=path, ordering=1, ns=space
    )


def alter(hms: Client, space: str, name: str, new: Any, **flags: bool) -> Any:
    return hms.alter_resource_plan(
        wire.WMAlterResourcePlanRequest(resourcePlanName=name, resourcePlan=new, ns=space, **flags)
    ).fullResourcePlan


def status(hms: Client, space: str, name: str, wanted: int, **flags: bool) -> Any:
    return alter(hms, space, name, wire.WMNullableResourcePlan(status=wanted, ns=space), **flags)


def get(hms: Client, space: str, name: str = "p") -> Any:
    return hms.get_resource_plan(wire.WMGetResourcePlanRequest(resourcePlanName=name, ns=space)).resourcePlan


def everything(hms: Client, space: str) -> list[Any]:
    return list(hms.get_all_resource_plans(wire.WMGetAllResourcePlanRequest(ns=space)).resourcePlans)


def active(hms: Client, space: str) -> Any:
    return hms.get_active_resource_plan(wire.WMGetActiveResourcePlanRequest(ns=space)).resourcePlan


def paths(hms: Client, space: str) -> list[str]:
    return sorted(one.poolPath for one in get(hms, space).pools)


def errors(hms: Client, space: str, name: str = "p") -> list[str]:
    request = wire.WMValidateResourcePlanRequest(resourcePlanName=name, ns=space)
    return list(hms.validate_resource_plan(request).errors)


def test_a_plan_begins_disabled_with_a_default_pool(hms: Client, space: str, plan: str) -> None:
    found = get(hms, space, plan.upper())
    assert (found.plan.name, found.plan.status, found.plan.queryParallelism) == (plan, DISABLED, 10)
    assert found.plan.defaultPoolPath == "default"
    default = next(one for one in found.pools if one.poolPath == "default")
    assert (default.allocFraction, default.queryParallelism) == (1.0, 8)
    assert active(hms, space) is None


def test_a_plan_is_copied(hms: Client, space: str, plan: str) -> None:
    create(hms, space, "q", copyFrom=plan)
    assert sorted(one.poolPath for one in get(hms, space, "q").pools) == ["default", "etl"]
    assert [one.name for one in everything(hms, space)] == ["p", "q"]


@NO_META
def test_a_plan_is_made_once(hms: Client, space: str, plan: str) -> None:
    with refused(wire.AlreadyExistsException):
        hms.create_resource_plan(
            wire.WMCreateResourcePlanRequest(resourcePlan=wire.WMResourcePlan(name=plan, ns=space))
        )


@pytest.mark.parametrize(("name", "parallelism"), [("", 1), ("p", 0)])
def test_a_plan_needs_a_name_and_some_parallelism(hms: Client, space: str, name: str, parallelism: int) -> None:
    said = wire.WMResourcePlan(name=name, queryParallelism=parallelism, ns=space)
    with refused(wire.InvalidObjectException):
        hms.create_resource_plan(wire.WMCreateResourcePlanRequest(resourcePlan=said))


def test_a_missing_plan_is_missed(hms: Client, space: str) -> None:
    named = {"resourcePlanName": "nope", "ns": space}
    with refused(wire.NoSuchObjectException):
        hms.get_resource_plan(wire.WMGetResourcePlanRequest(**named))
    with refused(wire.NoSuchObjectException):
        hms.drop_resource_plan(wire.WMDropResourcePlanRequest(**named))
    with refused(wire.NoSuchObjectException):
        hms.validate_resource_plan(wire.WMValidateResourcePlanRequest(**named))
    with refused(wire.NoSuchObjectException):
        hms.get_triggers_for_resourceplan(wire.WMGetTriggersForResourePlanRequest(**named))
    with refused(wire.NoSuchObjectException):
        hms.alter_resource_plan(
            wire.WMAlterResourcePlanRequest(resourcePlan=wire.WMNullableResourcePlan(status=ENABLED), **named)
        )
    with refused(wire.NoSuchObjectException):
        hms.create_wm_pool(wire.WMCreatePoolRequest(pool=pool(space, "x", "nope")))
    with refused(wire.NoSuchObjectException):
        hms.create_wm_trigger(wire.WMCreateTriggerRequest(trigger=trigger(space, plan="nope")))


def test_a_plan_is_enabled_activated_and_given_up(hms: Client, space: str, plan: str) -> None:
    assert status(hms, space, plan, ENABLED) is None
    assert status(hms, space, plan, ACTIVE).plan.name == plan
    assert active(hms, space).plan.name == plan
    with refused(wire.InvalidOperationException, match="is active"):
        status(hms, space, plan, DISABLED)
    with refused(wire.InvalidOperationException, wire.MetaException, match="active"):
        hms.drop_resource_plan(wire.WMDropResourcePlanRequest(resourcePlanName=plan, ns=space))
    status(hms, space, plan, DISABLED, isForceDeactivate=True)
    assert active(hms, space) is None
    hms.drop_resource_plan(wire.WMDropResourcePlanRequest(resourcePlanName=plan, ns=space))
    assert everything(hms, space) == []


def test_a_disabled_plan_is_activated_at_once_only_when_said_so(hms: Client, space: str, plan: str) -> None:
    with refused(wire.InvalidOperationException, match="is disabled and should be enabled before activation"):
        status(hms, space, plan, ACTIVE)
    assert status(hms, space, plan, ACTIVE, isEnableAndActivate=True).plan.status == ACTIVE


def test_activating_a_plan_leaves_the_other_enabled(hms: Client, space: str, plan: str) -> None:
    create(hms, space, "q")
    status(hms, space, plan, ACTIVE, isEnableAndActivate=True)
    status(hms, space, "q", ACTIVE, isEnableAndActivate=True)
    assert {one.name: one.status for one in everything(hms, space)} == {"p": ENABLED, "q": ACTIVE}


def test_a_plan_takes_the_place_of_the_active_one(hms: Client, space: str, plan: str) -> None:
    create(hms, space, "q", 7)
    status(hms, space, plan, ACTIVE, isEnableAndActivate=True)
    new = alter(hms, space, "q", wire.WMNullableResourcePlan(name=plan, ns=space), isReplace=True)
    assert (new.plan.name, new.plan.status, new.plan.queryParallelism) == (plan, ACTIVE, 7)
    (old,) = [one for one in everything(hms, space) if one.name != plan]
    assert old.name.startswith("p_old_2")
    assert old.status == DISABLED
    with refused(wire.InvalidOperationException, match="Must specify a name, or the active plan"):
        alter(hms, space, old.name, wire.WMNullableResourcePlan(ns=space), isReplace=True)


def test_only_a_disabled_plan_is_edited(hms: Client, space: str, plan: str) -> None:
    status(hms, space, plan, ENABLED)
    new = wire.WMNullableResourcePlan(queryParallelism=3, isSetQueryParallelism=True, ns=space)
    with refused(wire.InvalidOperationException, match="must be disabled to edit it"):
        alter(hms, space, plan, new)
    with refused(wire.InvalidOperationException, match="must be disabled to edit it"):
        hms.drop_wm_pool(wire.WMDropPoolRequest(resourcePlanName=plan, poolPath="etl", ns=space))
    with refused(wire.InvalidOperationException, match="must be disabled to edit it"):
        hms.drop_wm_trigger(wire.WMDropTriggerRequest(resourcePlanName=plan, triggerName="t", ns=space))
    with refused(wire.InvalidOperationException, match="must be disabled to edit it"):
        hms.drop_wm_mapping(wire.WMDropMappingRequest(mapping=mapping(space, "ann")))


@NO_INTERNAL_ERROR
def test_nothing_is_added_to_an_enabled_plan(hms: Client, space: str, plan: str) -> None:
    status(hms, space, plan, ENABLED)
    with refused(wire.InvalidObjectException, match="must be disabled to edit it"):
        hms.create_wm_pool(wire.WMCreatePoolRequest(pool=pool(space, "x")))
    with refused(wire.InvalidObjectException):
        hms.create_wm_trigger(wire.WMCreateTriggerRequest(trigger=trigger(space)))
    with refused(wire.InvalidObjectException):
        hms.alter_wm_trigger(wire.WMAlterTriggerRequest(trigger=trigger(space)))
    with refused(wire.InvalidObjectException):
        hms.create_or_update_wm_mapping(
            wire.WMCreateOrUpdateMappingRequest(mapping=mapping(space, "ann"), update=False)
        )
    with refused(wire.InvalidObjectException):
        hms.alter_wm_pool(
            wire.WMAlterPoolRequest(
                poolPath="etl", pool=wire.WMNullablePool(resourcePlanName=plan, poolPath="etl", ns=space)
            )
        )
    with refused(wire.InvalidObjectException):
        hms.create_or_drop_wm_trigger_to_pool_mapping(
            wire.WMCreateOrDropTriggerToPoolMappingRequest(
                resourcePlanName=plan, triggerName="t", poolPath="etl", drop=False, ns=space
            )
        )


def test_a_plan_is_renamed_and_given_other_parallelism(hms: Client, space: str, plan: str) -> None:
    new = wire.WMNullableResourcePlan(name="q", queryParallelism=3, isSetQueryParallelism=True, ns=space)
    alter(hms, space, plan, new)
    assert get(hms, space, "q").plan.queryParallelism == 3


def test_a_plan_that_is_not_valid_is_not_enabled(hms: Client, space: str, plan: str) -> None:
    hms.create_wm_pool(wire.WMCreatePoolRequest(pool=pool(space, "a", allocFraction=0.5, queryParallelism=0)))
    hms.create_wm_pool(wire.WMCreatePoolRequest(pool=pool(space, "b", allocFraction=0.0, queryParallelism=5)))
    found = errors(hms, space)
    assert "Invalid query parallelism for pool: a" in found
    assert "Sum of all pools' query parallelism: 15 exceeds resource plan query parallelism: 10" in found
    assert "Sum of root children pools' alloc fraction should be 1.0 got: 1.5 for pool: " in found
    with refused(wire.InvalidOperationException, match="is invalid"):
        status(hms, space, plan, ENABLED)


def test_pools_have_pools_and_move_with_them(hms: Client, space: str, plan: str) -> None:
    hms.create_wm_pool(wire.WMCreatePoolRequest(pool=pool(space, "etl.night", schedulingPolicy="fair")))
    moved = wire.WMNullablePool(resourcePlanName=plan, poolPath="load", queryParallelism=7, ns=space)
    hms.alter_wm_pool(wire.WMAlterPoolRequest(poolPath="etl", pool=moved))
    assert paths(hms, space) == ["default", "load", "load.night"]
    with refused(wire.InvalidOperationException, match="child pools"):
        hms.drop_wm_pool(wire.WMDropPoolRequest(resourcePlanName=plan, poolPath="load", ns=space))
    for path in ("load.night", "load"):
        hms.drop_wm_pool(wire.WMDropPoolRequest(resourcePlanName=plan, poolPath=path, ns=space))
    assert paths(hms, space) == ["default"]
    with refused(wire.InvalidOperationException, match="default pool"):
        hms.drop_wm_pool(wire.WMDropPoolRequest(resourcePlanName=plan, poolPath="default", ns=space))


def test_a_missing_pool_is_missed(hms: Client, space: str, plan: str) -> None:
    with refused(wire.NoSuchObjectException):
        hms.create_wm_pool(wire.WMCreatePoolRequest(pool=pool(space, "nope.x")))
    with refused(wire.NoSuchObjectException):
        hms.alter_wm_pool(
            wire.WMAlterPoolRequest(
                poolPath="nope", pool=wire.WMNullablePool(resourcePlanName=plan, poolPath="nope", ns=space)
            )
        )
    with refused(wire.NoSuchObjectException):
        hms.drop_wm_pool(wire.WMDropPoolRequest(resourcePlanName=plan, poolPath="nope", ns=space))
    with refused(wire.NoSuchObjectException):
        hms.create_or_update_wm_mapping(
            wire.WMCreateOrUpdateMappingRequest(mapping=mapping(space, "ann", path="nope"), update=False)
        )


@NO_META
def test_parts_of_a_plan_are_made_once(hms: Client, space: str, plan: str) -> None:
    hms.create_wm_trigger(wire.WMCreateTriggerRequest(trigger=trigger(space)))
    hms.create_or_update_wm_mapping(wire.WMCreateOrUpdateMappingRequest(mapping=mapping(space, "ann"), update=False))
    with refused(wire.AlreadyExistsException):
        hms.create_wm_pool(wire.WMCreatePoolRequest(pool=pool(space, "etl")))
    with refused(wire.AlreadyExistsException):
        hms.create_wm_trigger(wire.WMCreateTriggerRequest(trigger=trigger(space)))
    with refused(wire.AlreadyExistsException):
        hms.create_or_update_wm_mapping(
            wire.WMCreateOrUpdateMappingRequest(mapping=mapping(space, "ann"), update=False)
        )
    with refused(wire.AlreadyExistsException):
        hms.alter_wm_pool(
            wire.WMAlterPoolRequest(
                poolPath="etl", pool=wire.WMNullablePool(resourcePlanName=plan, poolPath="default", ns=space)
            )
        )


def test_triggers_watch_pools(hms: Client, space: str, plan: str) -> None:
    hms.create_wm_trigger(wire.WMCreateTriggerRequest(trigger=trigger(space)))
    hms.alter_wm_trigger(wire.WMAlterTriggerRequest(trigger=trigger(space, actionExpression="MOVE TO etl")))
    request = wire.WMGetTriggersForResourePlanRequest(resourcePlanName=plan, ns=space)
    (found,) = hms.get_triggers_for_resourceplan(request).triggers
    assert (found.triggerName, found.triggerExpression) == ("t", "BYTES_READ > 10")
    assert (found.actionExpression, found.isInUnmanaged) == ("MOVE TO etl", False)
    bind = wire.WMCreateOrDropTriggerToPoolMappingRequest(
        resourcePlanName=plan, triggerName="t", poolPath="etl", drop=False, ns=space
    )
    hms.create_or_drop_wm_trigger_to_pool_mapping(bind)
    hms.create_or_drop_wm_trigger_to_pool_mapping(bind)
    assert [(one.pool, one.trigger) for one in get(hms, space).poolTriggers] == [("etl", "t")]
    bind.drop = True
    hms.create_or_drop_wm_trigger_to_pool_mapping(bind)
    assert not get(hms, space).poolTriggers
    hms.drop_wm_trigger(wire.WMDropTriggerRequest(resourcePlanName=plan, triggerName="t", ns=space))
    assert not get(hms, space).triggers


def test_a_missing_trigger_is_missed(hms: Client, space: str, plan: str) -> None:
    with refused(wire.NoSuchObjectException):
        hms.alter_wm_trigger(wire.WMAlterTriggerRequest(trigger=trigger(space, "nope")))
    with refused(wire.NoSuchObjectException):
        hms.drop_wm_trigger(wire.WMDropTriggerRequest(resourcePlanName=plan, triggerName="nope", ns=space))
    with refused(wire.NoSuchObjectException):
        hms.create_or_drop_wm_trigger_to_pool_mapping(
            wire.WMCreateOrDropTriggerToPoolMappingRequest(
                resourcePlanName=plan, triggerName="nope", poolPath="etl", drop=False, ns=space
            )
        )


def test_mappings_lead_to_pools(hms: Client, space: str, plan: str) -> None:
    hms.create_or_update_wm_mapping(wire.WMCreateOrUpdateMappingRequest(mapping=mapping(space, "ann"), update=False))
    moved = mapping(space, "ann", path="default")
    hms.create_or_update_wm_mapping(wire.WMCreateOrUpdateMappingRequest(mapping=moved, update=True))
    (found,) = get(hms, space).mappings
    assert (found.entityType, found.entityName, found.poolPath, found.ordering) == ("USER", "ann", "default", 1)
    hms.drop_wm_mapping(wire.WMDropMappingRequest(mapping=mapping(space, "ann")))
    assert not get(hms, space).mappings
    with refused(wire.NoSuchObjectException):
        hms.drop_wm_mapping(wire.WMDropMappingRequest(mapping=mapping(space, "ann")))
