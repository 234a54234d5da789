"""Calls about resource plans of Hive's workload management."""

from __future__ import annotations

from typing import Any

from catalog_server.facades.hms.call import Context
from catalog_server.facades.hms.noun import Noun, caller_of
from catalog_server.model import resource_plan as plans
from catalog_server.model.errors import Invalid
from catalog_server.model.names import name_key
from catalog_server.model.record import Record
from catalog_server.wire import hive_metastore as wire

_STATUS = {1: plans.ACTIVE, 2: plans.ENABLED, 3: plans.DISABLED}
_NUMBERS = {status: number for number, status in _STATUS.items()}
_POOL = ("allocFraction", "queryParallelism", "schedulingPolicy")
_TRIGGER = ("triggerExpression", "actionExpression", "isInUnmanaged")


class ResourcePlans(Noun):
    """Resource plans with their pools, triggers and mappings; a request without name space means `default`."""

    def create_resource_plan(self, context: Context, arguments: Any) -> Any:
        """Make a disabled plan."""
        said = arguments.request.resourcePlan
        if not said.name:
            raise Invalid("", "Resource name cannot be empty.")
        self.catalog.resource_plans.create(
            caller_of(context), _space(said), said.name, said.queryParallelism, arguments.request.copyFrom
        )
        return wire.WMCreateResourcePlanResponse()

    def get_resource_plan(self, context: Context, arguments: Any) -> Any:
        """One plan with all its parts."""
        return wire.WMGetResourcePlanResponse(resourcePlan=_full(self._get(context, arguments.request)))

    def get_active_resource_plan(self, context: Context, arguments: Any) -> Any:
        """The active plan with all its parts, if there is one."""
        found = self.catalog.resource_plans.active(caller_of(context), _space(arguments.request))
        return wire.WMGetActiveResourcePlanResponse(resourcePlan=None if found is None else _full(found))

    def get_all_resource_plans(self, context: Context, arguments: Any) -> Any:
        """All plans without their parts."""
        found = self.catalog.resource_plans.list(caller_of(context), _space(arguments.request))
        return wire.WMGetAllResourcePlanResponse(resourcePlans=[_plan(one) for one in found])

    def alter_resource_plan(self, context: Context, arguments: Any) -> Any:
        """Edit a plan, change its status, or put it in the place of another; tells of a plan that is active from now on."""
        request, caller = arguments.request, caller_of(context)
        space, name, new = _space(request), request.resourcePlanName or "", request.resourcePlan
        if new is None:
            raise Invalid("resourcePlan", "may not be left out")
        status = _STATUS.get(new.status)
        if request.isReplace:
            if (new.name is None) == (status != plans.ACTIVE):
                raise Invalid("", f"Must specify a name, or the active plan; received {new.name}, {status}")
            name = self.catalog.resource_plans.replace(caller, space, name, new.name)
            found = self.catalog.resource_plans.get(caller, space, name)
            return _altered(found if found.document["status"] == plans.ACTIVE else None)
        if new.isSetQueryParallelism or new.isSetDefaultPoolPath or status is None:
            self.catalog.resource_plans.edit(caller, space, name, lambda plan: _edit(plan, new))
        if new.name is not None and name_key(new.name) != name_key(name):
            self.catalog.resource_plans.rename(caller, space, name, new.name)
            name = new.name
        activated = status is not None and self.catalog.resource_plans.set_status(
            caller,
            space,
            name,
            status,
            enable=bool(request.isEnableAndActivate),
            deactivate=bool(request.isForceDeactivate),
        )
        return _altered(self.catalog.resource_plans.get(caller, space, name) if activated else None)

    def validate_resource_plan(self, context: Context, arguments: Any) -> Any:
        """What is wrong with a plan."""
        errors = plans.validate(self._get(context, arguments.request).document)
        return wire.WMValidateResourcePlanResponse(errors=errors, warnings=[])

    def drop_resource_plan(self, context: Context, arguments: Any) -> Any:
        """Forget a plan that is not active."""
        request = arguments.request
        self.catalog.resource_plans.drop(caller_of(context), _space(request), request.resourcePlanName or "")
        return wire.WMDropResourcePlanResponse()

    def create_wm_trigger(self, context: Context, arguments: Any) -> Any:
        """Add a trigger to a plan."""
        said = arguments.request.trigger
        fields = _said(said, _TRIGGER)
        self._edit(context, said, lambda plan: plans.create_trigger(plan, name_key(said.triggerName or ""), fields))
        return wire.WMCreateTriggerResponse()

    def alter_wm_trigger(self, context: Context, arguments: Any) -> Any:
        """Change a trigger."""
        said = arguments.request.trigger
        fields = _said(said, _TRIGGER)
        self._edit(context, said, lambda plan: plans.alter_trigger(plan, name_key(said.triggerName or ""), fields))
        return wire.WMAlterTriggerResponse()

    def drop_wm_trigger(self, context: Context, arguments: Any) -> Any:
        """Take a trigger away."""
        request = arguments.request
        self._edit(context, request, lambda plan: plans.drop_trigger(plan, name_key(request.triggerName or "")))
        return wire.WMDropTriggerResponse()

    def get_triggers_for_resourceplan(self, context: Context, arguments: Any) -> Any:
        """The triggers of a plan."""
        found = self._get(context, arguments.request)
        return wire.WMGetTriggersForResourePlanResponse(triggers=_triggers(found))

    def create_wm_pool(self, context: Context, arguments: Any) -> Any:
        """Add a pool to a plan."""
        said = arguments.request.pool
        self._edit(context, said, lambda plan: plans.create_pool(plan, said.poolPath or "", _said(said, _POOL)))
        return wire.WMCreatePoolResponse()

    def alter_wm_pool(self, context: Context, arguments: Any) -> Any:
        """Change a pool; `isSetSchedulingPolicy` without a policy takes it away."""
        path, said = arguments.request.poolPath or "", arguments.request.pool
        fields: dict[str, Any] = _said(said, ("allocFraction", "queryParallelism"))
        if said.isSetSchedulingPolicy:
            fields["schedulingPolicy"] = said.schedulingPolicy
        self._edit(context, said, lambda plan: plans.alter_pool(plan, path, said.poolPath or path, fields))
        return wire.WMAlterPoolResponse()

    def drop_wm_pool(self, context: Context, arguments: Any) -> Any:
        """Take a pool away."""
        request = arguments.request
        self._edit(context, request, lambda plan: plans.drop_pool(plan, request.poolPath or ""))
        return wire.WMDropPoolResponse()

    def create_or_update_wm_mapping(self, context: Context, arguments: Any) -> Any:
        """Lead a user, group or application to a pool."""
        said, update = arguments.request.mapping, bool(arguments.request.update)
        entity, name, fields = said.entityType or "", said.entityName or "", _said(said, ("poolPath", "ordering"))
        self._edit(context, said, lambda plan: plans.put_mapping(plan, entity, name, fields, replace=update))
        return wire.WMCreateOrUpdateMappingResponse()

    def drop_wm_mapping(self, context: Context, arguments: Any) -> Any:
        """Take a mapping away."""
        said = arguments.request.mapping
        self._edit(context, said, lambda plan: plans.drop_mapping(plan, said.entityType or "", said.entityName or ""))
        return wire.WMDropMappingResponse()

    def create_or_drop_wm_trigger_to_pool_mapping(self, context: Context, arguments: Any) -> Any:
        """Let a trigger watch a pool, or no more."""
        request = arguments.request
        name, path, drop = name_key(request.triggerName or ""), request.poolPath or "", bool(request.drop)
        self._edit(context, request, lambda plan: plans.bind_trigger(plan, name, path, drop=drop))
        return wire.WMCreateOrDropTriggerToPoolMappingResponse()

    def _get(self, context: Context, request: Any) -> Record:
        return self.catalog.resource_plans.get(caller_of(context), _space(request), request.resourcePlanName or "")

    def _edit(self, context: Context, said: Any, change: Any) -> None:
        self.catalog.resource_plans.edit(caller_of(context), _space(said), said.resourcePlanName or "", change)


def _space(said: Any) -> str:
    return str(said.ns or "default")


def _said(struct: Any, fields: tuple[str, ...]) -> dict[str, Any]:
    return {field: getattr(struct, field) for field in fields if getattr(struct, field) is not None}


def _edit(plan: dict[str, Any], new: Any) -> None:
    if new.isSetQueryParallelism:
        plans.put_parallelism(plan, new.queryParallelism)
    if new.isSetDefaultPoolPath:
        plans.put_default_pool(plan, new.defaultPoolPath)


def _altered(record: Record | None) -> Any:
    return wire.WMAlterResourcePlanResponse(fullResourcePlan=None if record is None else _full(record))


def _plan(record: Record) -> Any:
    plan = record.document
    return wire.WMResourcePlan(
        name=record.name,
        status=_NUMBERS[plan["status"]],
        queryParallelism=plan["parallelism"],
        defaultPoolPath=plan["default_pool"],
        ns=record.scope,
    )


def _full(record: Record) -> Any:
    plan = record.document
    named = {"resourcePlanName": record.name, "ns": record.scope}
    pools = [wire.WMPool(poolPath=path, **pool, **named) for path, pool in plan["pools"].items()]
    mappings = []
    for key, mapping in plan["mappings"].items():
        entity, _, name = key.partition("/")
        mappings.append(wire.WMMapping(entityType=entity, entityName=name, **mapping, **named))
    bound = [
        wire.WMPoolTrigger(pool=pool, trigger=name, ns=record.scope)
        for name, trigger in plan["triggers"].items()
        for pool in trigger["pools"]
    ]
    return wire.WMFullResourcePlan(
        plan=_plan(record),
        pools=pools,
        mappings=mappings or None,
        triggers=_triggers(record) or None,
        poolTriggers=bound or None,
    )


def _triggers(record: Record) -> list[Any]:
    return [
        wire.WMTrigger(
            resourcePlanName=record.name,
            triggerName=name,
            ns=record.scope,
            **{field: trigger[field] for field in _TRIGGER if trigger.get(field) is not None},
        )
        for name, trigger in record.document["triggers"].items()
    ]
