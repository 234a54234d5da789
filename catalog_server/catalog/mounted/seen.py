"""What a caller may see of a mounted catalog, and what it is told when it would change something there."""

from __future__ import annotations

from collections.abc import Sequence

from catalog_server.catalog.core import Core
from catalog_server.catalog.mounts import Mounts
from catalog_server.model.caller import Caller
from catalog_server.model.grant import Action, Resource
from catalog_server.store.transaction import Transaction


def require(core: Core, caller: Caller, resource: Resource) -> None:
    """Raise `NotFound` for what the caller may not see."""
    with core.store.read() as tx:
        core.grants.require(tx, caller, Action.DESCRIBE, resource)


def visible(core: Core, caller: Caller, named: Sequence[Resource]) -> list[Resource]:
    """Those of the things that the caller may see."""
    with core.store.read() as tx:
        if core.grants.visible(tx, caller).everything:
            return list(named)
        return [one for one in named if core.grants.policy.decide(tx, caller, Action.DESCRIBE, one).allowed]


def refuse(core: Core, mounts: Mounts, tx: Transaction, caller: Caller, catalog: str | None) -> None:
    """Raise `Unsupported` for a change in a mounted catalog; who may not see it is not told that it is there."""
    if core.grants.policy.decide(tx, caller, Action.DESCRIBE, Resource("catalog", (catalog or "",))).allowed:
        mounts.refuse(tx, catalog)
