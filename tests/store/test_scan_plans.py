"""Plans of scans: who may have one, what they may reach, and what outlives the process that worked on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC
from pyiceberg.schema import Schema

from catalog_server.catalog import scan_plans
from catalog_server.catalog.grants import StoredPolicy
from catalog_server.catalog.scan_plans import ScanPlans
from catalog_server.config import Config
from catalog_server.model.caller import SYSTEM, Caller
from catalog_server.model.database import Database
from catalog_server.model.errors import Denied, NotFound, Unsupported
from catalog_server.model.grant import Action, Grant
from catalog_server.model.names import TableName
from catalog_server.model.scan_plan import PlanState, ScanRequest
from catalog_server.services import Services
from tests.lake.manifest_files import Snapshot, content_file
from tests.store.statements import counted

NAME = TableName("hive", "sales", "t")
EVERYTHING = ScanRequest()


@pytest.fixture
def services(config: Config) -> Iterator[Services]:
    """Services that ask the stored grants, with an Iceberg table of one file."""
    made = Services(config, StoredPolicy())
    made.catalog.prepare()
    made.catalog.databases.create(SYSTEM, Database("hive", "sales"))
    _make(made, "t")
    yield made
    made.close()


def _make(services: Services, table: str, manifests: Snapshot | None = None) -> Snapshot:
    """A table with the manifests of a snapshot, or with its own."""
    name, iceberg = replace(NAME, table=table), services.catalog.iceberg
    schema = {"type": "struct", "fields": [{"id": 1, "name": "id", "type": "long", "required": False}]}
    document = iceberg.create(SYSTEM, name, iceberg.stage(SYSTEM, name, schema)).document
    folder = Path(document["location"].removeprefix("file://")) / "metadata"
    snapshot = Snapshot(folder, Schema.model_validate(document["schemas"][0]), UNPARTITIONED_PARTITION_SPEC)
    if manifests is None:
        snapshot.add([content_file("file:///f")])
    else:
        snapshot.manifests = manifests.manifests
    ref = {"action": "set-snapshot-ref", "ref-name": "main", "type": "branch", "snapshot-id": 1}
    iceberg.commit(SYSTEM, name, [], [{"action": "add-snapshot", "snapshot": snapshot.metadata()}, ref])
    return snapshot


def _grant(services: Services, user: str, action: Action, *columns: str, table: str = "t") -> Caller:
    path = ("hive", "sales", table)
    services.catalog.grants.grant(SYSTEM, Grant(f"user:{user}", action, "table", path, columns or None))
    return Caller(user)


def test_a_plan_is_for_those_who_may_read_all_of_the_table(services: Services) -> None:
    plans = services.catalog.scan_plans
    ann, bob = _grant(services, "ann", Action.SELECT), _grant(services, "bob", Action.SELECT, "id")
    planned = plans.plan(ann, NAME, EVERYTHING)
    assert len(planned.tasks.tasks) == 1
    for caller, error in ((bob, Denied), (_grant(services, "eve", Action.DESCRIBE), Denied), (Caller("joe"), NotFound)):
        calls: list[Any] = [
            lambda who: plans.plan(who, NAME, EVERYTHING),
            lambda who: plans.result(who, NAME, planned.id),
            lambda who: plans.cancel(who, NAME, planned.id),
            lambda who: plans.tasks(who, NAME, planned.id),
        ]
        for call in calls:
            with pytest.raises(error):
                call(caller)


def test_manifests_of_another_table_are_not_read_for_who_names_them_in_its_own(services: Services) -> None:
    _make(services, "borrowed", _make(services, "lender"))
    ann = _grant(services, "ann", Action.MANAGE, table="borrowed")
    with pytest.raises(Unsupported, match="outside"):
        services.catalog.scan_plans.plan(ann, replace(NAME, table="borrowed"), EVERYTHING)


def test_a_plan_whose_process_died_is_made_by_the_next_that_is_asked(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = services.catalog
    dying, next_one = (ScanPlans(catalog.core, catalog.iceberg, catalog.secrets, 0) for _ in range(2))
    monkeypatch.setattr(dying, "_begin", lambda *_: None)
    plan = dying.plan(SYSTEM, NAME, EVERYTHING).id
    assert next_one.result(SYSTEM, NAME, plan).state is PlanState.SUBMITTED
    next_one.close()  # done with what it began, if it began anything
    assert dying.result(SYSTEM, NAME, plan).state is PlanState.SUBMITTED
    monkeypatch.setattr(scan_plans, "CLAIM_MILLISECONDS", -1)
    third = ScanPlans(catalog.core, catalog.iceberg, catalog.secrets, 0)
    assert third.result(SYSTEM, NAME, plan).state is PlanState.SUBMITTED
    third.close()
    done = dying.result(SYSTEM, NAME, plan)
    assert (done.state, len(done.tasks.tasks)) == (PlanState.COMPLETED, 1)


def test_a_plan_that_was_given_up_stays_so_when_its_work_ends(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = services.catalog
    plans = ScanPlans(catalog.core, catalog.iceberg, catalog.secrets, 0)
    begun: list[Any] = []
    monkeypatch.setattr(plans, "_begin", lambda *work: begun.append(work))
    plan = plans.plan(SYSTEM, NAME, EVERYTHING).id
    plans.cancel(SYSTEM, NAME, plan)
    plans._work(*begun[0])
    assert plans.result(SYSTEM, NAME, plan).state is PlanState.CANCELLED


def test_old_plans_are_forgotten(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    plans = services.catalog.scan_plans
    plan = plans.plan(SYSTEM, NAME, EVERYTHING).id
    monkeypatch.setattr(scan_plans, "KEEP_MILLISECONDS", -1)
    with pytest.raises(NotFound, match="plan"):
        plans.result(SYSTEM, NAME, plan)


def test_a_plan_whose_snapshot_has_expired_is_not_found(services: Services) -> None:
    plan = services.catalog.scan_plans.plan(SYSTEM, NAME, EVERYTHING).id
    services.catalog.iceberg.commit(SYSTEM, NAME, [], [{"action": "remove-snapshots", "snapshot-ids": [1]}])
    with pytest.raises(NotFound, match="plan"):
        services.catalog.scan_plans.result(SYSTEM, NAME, plan)


def test_a_plan_takes_few_statements_however_large_the_table(services: Services) -> None:
    small = _make(services, "small")
    for n in range(200):
        small.add([content_file(f"file:///f{n}")])
    _make(services, "large", small)
    taken = []
    for table in ("small", "large"):
        with counted(services.catalog) as statements:
            services.catalog.scan_plans.plan(SYSTEM, replace(NAME, table=table), EVERYTHING)
        taken.append(len(statements))
    assert taken[0] == taken[1]
