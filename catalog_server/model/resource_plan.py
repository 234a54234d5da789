"""Resource plans of Hive's workload management: pools, triggers and mappings, and what makes a plan valid.

A plan is one document, so that every change of it is one compare-and-set. Its parts are in the fields of Hive's structs.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from catalog_server.model.errors import AlreadyExists, Invalid, NotFound
from catalog_server.model.record import Document

ACTIVE, ENABLED, DISABLED = "ACTIVE", "ENABLED", "DISABLED"
DEFAULT_POOL = "default"
DEFAULT_PARALLELISM = 4
"""Of the default pool of a plan that says nothing, as Hive has it."""
ENTITIES = ("USER", "GROUP", "APPLICATION")
POLICIES = ("fair", "fifo")
_FRACTION_OFF_MAX = 1e-5


def new_plan(parallelism: int | None) -> dict[str, Any]:
    """A disabled plan with its default pool; raises `Invalid`."""
    _check_parallelism(parallelism)
    pool = {"allocFraction": 1.0, "queryParallelism": parallelism or DEFAULT_PARALLELISM}
    return {
        "status": DISABLED,
        "parallelism": parallelism,
        "default_pool": DEFAULT_POOL,
        "pools": {DEFAULT_POOL: pool},
        "triggers": {},
        "mappings": {},
    }


def copied(plan: Document) -> dict[str, Any]:
    """A disabled copy of a plan."""
    return copy.deepcopy(dict(plan)) | {"status": DISABLED}


def put_parallelism(plan: dict[str, Any], parallelism: int | None) -> None:
    """Say how many queries run at once, or with None that this is left open; raises `Invalid`."""
    _check_parallelism(parallelism)
    plan["parallelism"] = parallelism


def _check_parallelism(parallelism: int | None) -> None:
    if parallelism is not None and parallelism < 1:
        raise Invalid("", "Query parallelism should be positive.")


def put_default_pool(plan: dict[str, Any], path: str | None) -> None:
    """Choose the pool of queries that no mapping names, or with None no pool; raises `Invalid` for one that is not there."""
    if path is not None and path not in plan["pools"]:
        raise Invalid("", f"Cannot find pool: {path}")
    plan["default_pool"] = path


def create_pool(plan: dict[str, Any], path: str, said: Mapping[str, Any]) -> None:
    """Add a pool below one that is there; raises `AlreadyExists`, `NotFound` for the parent, `Invalid` for the policy."""
    _check_pool(plan, path, said)
    plan["pools"][path] = {"allocFraction": 0.0, "queryParallelism": 0} | dict(said)


def alter_pool(plan: dict[str, Any], path: str, new_path: str, said: Mapping[str, Any]) -> None:
    """Change a pool; another path takes the pools below along. What is said as None is taken away."""
    _pool(plan, path)
    if new_path != path:
        _check_pool(plan, new_path, {})
        for moved in [one for one in plan["pools"] if one == path or one.startswith(path + ".")]:
            _rename_pool(plan, moved, new_path + moved[len(path) :])
    pool = plan["pools"][new_path] | dict(said)
    _check_policy(pool)
    plan["pools"][new_path] = {key: value for key, value in pool.items() if value is not None}


def _rename_pool(plan: dict[str, Any], old: str, new: str) -> None:
    plan["pools"][new] = plan["pools"].pop(old)
    if plan["default_pool"] == old:
        plan["default_pool"] = new
    for mapping in plan["mappings"].values():
        if mapping.get("poolPath") == old:
            mapping["poolPath"] = new
    for trigger in plan["triggers"].values():
        trigger["pools"] = [new if one == old else one for one in trigger["pools"]]


def drop_pool(plan: dict[str, Any], path: str) -> None:
    """Take a pool away; raises `NotFound`, and `Invalid` for one that is needed."""
    _pool(plan, path)
    if path == plan["default_pool"]:
        raise Invalid("", "Cannot drop default pool of a resource plan")
    if any(one.startswith(path + ".") for one in plan["pools"]):
        raise Invalid("", "Cannot drop a pool that has child pools")
    if any(mapping.get("poolPath") == path for mapping in plan["mappings"].values()):
        raise Invalid("", "Cannot drop a pool that mappings lead to")
    del plan["pools"][path]
    for trigger in plan["triggers"].values():
        trigger["pools"] = [one for one in trigger["pools"] if one != path]


def create_trigger(plan: dict[str, Any], name: str, said: Mapping[str, Any]) -> None:
    """Add a trigger; raises `AlreadyExists`, `Invalid`."""
    if not name:
        raise Invalid("trigger name", "may not be empty")
    if name in plan["triggers"]:
        raise AlreadyExists("trigger", name)
    plan["triggers"][name] = {"isInUnmanaged": False, "pools": []} | dict(said)


def alter_trigger(plan: dict[str, Any], name: str, said: Mapping[str, Any]) -> None:
    """Change what is said of a trigger; raises `NotFound`."""
    trigger(plan, name).update(said)


def drop_trigger(plan: dict[str, Any], name: str) -> None:
    """Take a trigger away; raises `NotFound`."""
    trigger(plan, name)
    del plan["triggers"][name]


def bind_trigger(plan: dict[str, Any], name: str, path: str, *, drop: bool) -> None:
    """Let a trigger watch a pool, or no more; raises `NotFound` for either."""
    bound = trigger(plan, name)["pools"]
    _pool(plan, path)
    if drop and path in bound:
        bound.remove(path)
    elif not drop and path not in bound:
        bound.append(path)


def put_mapping(plan: dict[str, Any], entity: str, name: str, said: Mapping[str, Any], *, replace: bool) -> None:
    """Lead a user, group or application to a pool (or to none); raises `AlreadyExists` and `NotFound`, as `replace` says."""
    key = _mapping_key(entity, name)
    if said.get("poolPath"):
        _pool(plan, said["poolPath"])
    if replace and key not in plan["mappings"]:
        raise NotFound("mapping", key)
    if not replace and key in plan["mappings"]:
        raise AlreadyExists("mapping", key)
    plan["mappings"][key] = {"ordering": 0} | {field: value for field, value in said.items() if value not in (None, "")}


def drop_mapping(plan: dict[str, Any], entity: str, name: str) -> None:
    """Take a mapping away; raises `NotFound`."""
    key = _mapping_key(entity, name)
    if key not in plan["mappings"]:
        raise NotFound("mapping", key)
    del plan["mappings"][key]


def validate(plan: Document) -> list[str]:
    """What is wrong with a plan, in Hive's words; nothing for one that can be enabled."""
    errors, total = [], 0
    children: dict[str, float] = {}
    for path, pool in plan["pools"].items():
        if pool["queryParallelism"] < 1:
            errors.append(f"Invalid query parallelism for pool: {path}")
        else:
            total += pool["queryParallelism"]
        parent = path.rpartition(".")[0]
        children[parent] = children.get(parent, 0.0) + pool["allocFraction"]
    if plan["parallelism"] is not None and total > plan["parallelism"]:
        limit = plan["parallelism"]
        errors.append(f"Sum of all pools' query parallelism: {total} exceeds resource plan query parallelism: {limit}")
    for parent, fraction in children.items():
        if parent == "" and abs(fraction - 1.0) > _FRACTION_OFF_MAX:
            errors.append(
                f"Sum of root children pools' alloc fraction should be 1.0 got: {fraction} for pool: {parent}"
            )
        elif parent and fraction > 1.0 + _FRACTION_OFF_MAX:
            errors.append(
                f"Sum of children pools' alloc fraction should be less than 1 got: {fraction} for pool: {parent}"
            )
    return errors


def trigger(plan: Document, name: str) -> dict[str, Any]:
    """One trigger; raises `NotFound`."""
    found: dict[str, Any] | None = plan["triggers"].get(name)
    if found is None:
        raise NotFound("trigger", name)
    return found


def _pool(plan: Document, path: str) -> None:
    if path not in plan["pools"]:
        raise NotFound("pool", path)


def _check_pool(plan: Document, path: str, said: Mapping[str, Any]) -> None:
    if not path:
        raise Invalid("pool path", "may not be empty")
    if path in plan["pools"]:
        raise AlreadyExists("pool", path)
    parent = path.rpartition(".")[0]
    if parent and parent not in plan["pools"]:
        raise NotFound("pool", parent)
    _check_policy(said)


def _check_policy(said: Mapping[str, Any]) -> None:
    policy = said.get("schedulingPolicy")
    if policy is not None and policy.lower() not in POLICIES:
        raise Invalid("scheduling policy", f"{policy} is none of {', '.join(POLICIES)}")


def _mapping_key(entity: str, name: str) -> str:
    if entity.upper() not in ENTITIES:
        raise Invalid("entity type", f"{entity} is none of {', '.join(ENTITIES)}")
    if not name:
        raise Invalid("entity name", "may not be empty")
    return f"{entity.upper()}/{name}"
