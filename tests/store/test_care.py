"""Runs of table care in their queue, and what other tables hold, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog_server.care.runs import CareRuns
from catalog_server.catalog.catalog import CatalogService
from catalog_server.lake import locations
from catalog_server.model.caller import Caller
from catalog_server.model.care import CareOptions, Operation
from catalog_server.model.errors import Conflict, Invalid, NotFound
from catalog_server.model.names import TableName
from catalog_server.model.partition import Partition
from catalog_server.store import care, leases, table_locations
from tests.store.things import ORDERS, orders

NAME = TableName("hive", "sales", "events")
SCHEMA = {"type": "struct", "fields": [{"id": 1, "name": "id", "type": "long", "required": False}]}
EXPIRE = Operation.EXPIRE_SNAPSHOTS


@pytest.fixture(autouse=True)
def table(catalog: CatalogService, caller: Caller) -> None:
    properties = {"care.rewrite.every": "1d"}
    catalog.iceberg.create(caller, NAME, catalog.iceberg.stage(caller, NAME, SCHEMA, properties=properties))


def test_one_run_at_a_time_changes_a_table(catalog: CatalogService, caller: Caller) -> None:
    runs = CareRuns(catalog)
    first = runs.start(caller, EXPIRE, NAME, CareOptions())
    with pytest.raises(Conflict, match=first.id):
        runs.start(caller, Operation.REWRITE, NAME, CareOptions())
    assert runs.start(caller, Operation.REWRITE, NAME, CareOptions(), dry_run=True).state == "QUEUED"
    assert catalog.store.write(lambda tx: leases.claim(tx, "care", "me")) == first.id
    runs.execute(first.id)
    done = runs.get(caller, first.id)
    assert (done.state, done.summary["snapshots"]) == ("SUCCEEDED", 0)
    assert runs.start(caller, Operation.REWRITE, NAME, CareOptions()).state == "QUEUED"


def test_runs_are_listed_newest_first_and_by_table(catalog: CatalogService, caller: Caller) -> None:
    runs = CareRuns(catalog)
    begun = [runs.start(caller, EXPIRE, NAME, CareOptions(), dry_run=True).id for _ in range(3)]
    seen, place = runs.list(caller, NAME, count=2)
    rest, end = runs.list(caller, NAME, place, count=2)
    assert sorted(one.id for one in (*seen, *rest)) == sorted(begun)
    assert end is None
    with pytest.raises(NotFound):
        runs.list(caller, TableName("hive", "sales", "nothing"))


def test_the_newest_run_of_each_operation_is_found(catalog: CatalogService, caller: Caller) -> None:
    runs = CareRuns(catalog)
    for operation in (EXPIRE, EXPIRE, Operation.REWRITE):
        begun = runs.start(caller, operation, NAME, CareOptions())
        if operation is EXPIRE:
            runs.execute(begun.id)
    runs.start(caller, EXPIRE, NAME, CareOptions(), dry_run=True)
    found = runs.state(caller, NAME)
    assert [one.last and one.last.state for one in found.operations] == ["QUEUED", "SUCCEEDED", None]
    assert (found.at_work, found.operations[1].due_at) == (found.operations[0].last, None)


def test_old_runs_of_a_table_are_forgotten(
    catalog: CatalogService, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(care, "KEPT_OF_TABLE", 2)
    runs = CareRuns(catalog)
    for _ in range(5):
        runs.execute(runs.start(caller, EXPIRE, NAME, CareOptions(), dry_run=True).id)
    assert len(runs.list(caller, NAME)[0]) == 3


def test_a_waiting_run_is_cancelled_at_once(catalog: CatalogService, caller: Caller) -> None:
    runs = CareRuns(catalog)
    begun = runs.start(caller, EXPIRE, NAME, CareOptions())
    assert runs.cancel(caller, begun.id).state == "CANCELLED"
    runs.execute(begun.id)
    assert runs.get(caller, begun.id).state == "CANCELLED"


def test_only_tables_of_iceberg_are_cared_for(catalog: CatalogService, caller: Caller) -> None:
    catalog.tables.create(caller, orders())
    with pytest.raises(Invalid, match="no Iceberg table"):
        CareRuns(catalog).start(caller, EXPIRE, ORDERS, CareOptions())


def test_what_tables_ask_for_is_begun_once(catalog: CatalogService, caller: Caller) -> None:
    runs = CareRuns(catalog)
    assert (runs.apply_policies(), runs.apply_policies()) == (1, 0)
    assert [(one.operation, one.by) for one in runs.list(caller, NAME)[0]] == [(Operation.REWRITE, None)]


def test_holders_are_all_others_with_files(catalog: CatalogService, caller: Caller) -> None:
    catalog.tables.create(caller, orders())
    own = catalog.tables.get(caller, NAME)
    with catalog.store.read() as tx:
        found = table_locations.holders(tx, 0, 10, but=own.id)
        every = table_locations.holders(tx, 0, 10, but=0)
    assert [one.name for one in found] == [ORDERS]
    assert [one.metadata_location for one in every if one.name == NAME] == [own.metadata_location]


def test_partitions_in_and_above_a_folder_are_found(catalog: CatalogService, caller: Caller, tmp_path: Path) -> None:
    catalog.tables.create(caller, orders())
    places = [f"file:{tmp_path}/t/inner", f"file://{tmp_path}", f"{tmp_path}/tt"]
    catalog.partitions.add(
        caller,
        ORDERS,
        [Partition((str(year), "eu"), place) for year, place in enumerate(places)],
        make_directories=False,
    )
    with catalog.store.read() as tx:
        found = table_locations.partition_folders(tx, locations.spellings(f"file://{tmp_path}/t"), 0, 10)
    assert [place for _, place in found] == places[:2]
