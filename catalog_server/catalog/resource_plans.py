"""Resource plans: kept for HiveServer2, which carries them out; at most one of a name space is active."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from typing import Any

from catalog_server.catalog.core import Core
from catalog_server.catalog.records import Records, check_document
from catalog_server.model import resource_plan as plans
from catalog_server.model.caller import Caller
from catalog_server.model.errors import Invalid, NotFound
from catalog_server.model.grant import Action
from catalog_server.model.names import name_key
from catalog_server.model.record import Document, Record
from catalog_server.model.resource_plan import ACTIVE, DISABLED, ENABLED
from catalog_server.store import records as rows
from catalog_server.store.transaction import Transaction

_KIND = "resource plan"


class ResourcePlans:
    """Rules of resource plans; only a disabled one may be edited. All methods raise `NotFound`, `Denied` and what they name."""

    def __init__(self, core: Core, records: Records) -> None:
        self.core = core
        self.records = records

    def get(self, caller: Caller, space: str, name: str) -> Record:
        """One plan."""
        return self.records.get(caller, _KIND, space, name)

    def active(self, caller: Caller, space: str) -> Record | None:
        """The active plan of a name space."""
        return next((one for one in self.list(caller, space) if one.document["status"] == ACTIVE), None)

    def create(self, caller: Caller, space: str, name: str, parallelism: int | None, copy_from: str | None) -> None:
        """Make a disabled plan, empty or like another; raises `AlreadyExists`, `Invalid`."""
        plan = plans.new_plan(parallelism)
        if copy_from is not None:
            plan = plans.copied(self.get(caller, space, copy_from).document)
        self.records.create(caller, _KIND, space, name, plan)

    def edit(self, caller: Caller, space: str, name: str, change: Callable[[dict[str, Any]], None]) -> None:
        """Change the parts of a disabled plan; raises `Invalid` for any other, and what `change` raises."""

        def edited(document: dict[str, Any]) -> Document:
            plan = copy.deepcopy(document)
            _check_editable(plan)
            change(plan)
            return plan

        self.records.alter(caller, _KIND, space, name, edited)

    def rename(self, caller: Caller, space: str, name: str, new_name: str) -> None:
        """Give a disabled plan another name; raises `AlreadyExists`, `Invalid`."""

        def work(tx: Transaction) -> None:
            found = self._find(tx, caller, space, name)
            _check_editable(found.document)
            check_document(_KIND, new_name, {})
            rows.change(tx, found, found.document, name=name_key(new_name))

        self.core.store.write(work)

    def set_status(
        self, caller: Caller, space: str, name: str, status: str, *, enable: bool = False, deactivate: bool = False
    ) -> bool:
        """Enable, activate or disable a plan; whether it is the active one from now on.

        One that is disabled is activated with `enable` alone, the active one is given up with `deactivate` alone. Raises
        `Invalid` for these and for a plan that is not valid.
        """

        def work(tx: Transaction) -> bool:
            found = self._find(tx, caller, space, name)
            before = found.document["status"]
            if before == status:
                return False
            if before == ACTIVE and not deactivate:
                told = f"Resource plan {name} is active; activate another plan first, or disable workload management."
                raise Invalid("", told)
            if before == DISABLED:
                if status == ACTIVE and not enable:
                    told = "should be enabled before activation (or in the same command)"
                    raise Invalid("", f"Resource plan {name} is disabled and {told}")
                _check_valid(name, found.document)
            if status == ACTIVE:
                for other in rows.list_all(tx, _KIND, space):
                    if other.document["status"] == ACTIVE:
                        rows.change(tx, other, dict(other.document) | {"status": ENABLED})
            rows.change(tx, found, dict(found.document) | {"status": status})
            return status == ACTIVE

        return self.core.store.write(work)

    def replace(self, caller: Caller, space: str, name: str, replaced: str | None) -> str:
        """Put a plan in the place of another (of the active one, if none is named); the name it has from now on.

        The other is kept, disabled, under its name with the time behind it. Raises `Invalid` for a plan that is not valid.
        """

        def work(tx: Transaction) -> str:
            found = self._find(tx, caller, space, name)
            _check_editable(found.document)
            active = [one for one in rows.list_all(tx, _KIND, space) if one.document["status"] == ACTIVE]
            if replaced is None and not active:
                raise NotFound(_KIND, "that is active")
            other = self._find(tx, caller, space, replaced) if replaced is not None else active[0]
            status = other.document["status"]
            if status != DISABLED:
                _check_valid(name, found.document)
            old = f"{other.name}_old_{time.strftime('%Y_%m_%d_%H_%M_%S', time.gmtime(tx.at / 1000))}"
            rows.change(tx, other, dict(other.document) | {"status": DISABLED}, name=old)
            rows.change(tx, found, dict(found.document) | {"status": status}, name=other.name)
            return other.name

        return self.core.store.write(work)

    def drop(self, caller: Caller, space: str, name: str) -> None:
        """Forget a plan; raises `Invalid` for the active one."""

        def work(tx: Transaction) -> None:
            found = self.records.find(tx, caller, Action.DROP, _KIND, space, name, lock=True)
            if found.document["status"] == ACTIVE:
                raise Invalid("", "Cannot drop an active resource plan")
            rows.drop(tx, _KIND, space, found.name)

        self.core.store.write(work)

    def _find(self, tx: Transaction, caller: Caller, space: str, name: str) -> Record:
        return self.records.find(tx, caller, Action.ALTER, _KIND, space, name, lock=True)

    def list(self, caller: Caller, space: str) -> list[Record]:
        """All plans of a name space, by name."""
        return self.records.list(caller, _KIND, space)


def _check_editable(plan: Document) -> None:
    if plan["status"] != DISABLED:
        raise Invalid("", "Resource plan must be disabled to edit it.")


def _check_valid(name: str, plan: Document) -> None:
    errors = plans.validate(plan)
    if errors:
        raise Invalid("", f"ResourcePlan: {name} is invalid: [{', '.join(errors)}]")
