"""The log read with what was before and after, and constraints, on every store."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from catalog_server.catalog.catalog import CatalogService
from catalog_server.catalog.changes import Change, Scope
from catalog_server.catalog.grants import StoredPolicy
from catalog_server.catalog.notifications import ReplicationMetric, Write
from catalog_server.config import Config
from catalog_server.model.caller import SYSTEM, Caller
from catalog_server.model.constraint import Constraint, ConstraintKind
from catalog_server.model.errors import AlreadyExists, NotFound
from catalog_server.model.event import EventKind
from catalog_server.model.grant import Action, Grant
from catalog_server.model.names import TableName
from catalog_server.model.table import Column
from catalog_server.store.constraints import foreign_keys
from tests.store.statements import counted
from tests.store.things import ORDERS, orders, years

EVERYTHING = Scope()


@pytest.fixture
def guarded(config: Config, catalog: CatalogService) -> Iterator[CatalogService]:
    """The same catalog where grants decide, with two tables."""
    catalog.tables.create(SYSTEM, orders())
    catalog.tables.create(SYSTEM, orders("secrets"))
    service = CatalogService(config, StoredPolicy())
    yield service
    service.close()


def told(catalog: CatalogService, caller: Caller, last: int, scope: Scope = EVERYTHING) -> list[Change]:
    return catalog.changes.after(caller, last, 1000, scope, lambda _: True)[0]


def key(table: TableName, *columns: str, name: str = "key", kind: ConstraintKind = ConstraintKind.UNIQUE) -> Constraint:
    return Constraint(kind, table, name, columns)


def test_an_alter_of_many_partitions_takes_a_number_for_each(catalog: CatalogService, caller: Caller) -> None:
    catalog.tables.create(caller, orders())
    catalog.partitions.add(caller, ORDERS, years(2020, 2021, 2022))
    last = catalog.events.latest()
    catalog.partitions.alter(caller, ORDERS, [replace(one, parameters={"a": "1"}) for one in years(2020, 2021, 2022)])
    catalog.partitions.drop(caller, ORDERS, ["year=2020/region=eu"])
    altered, dropped = told(catalog, caller, last)
    assert (altered.event.number, altered.event.span, dropped.event.number) == (last + 3, 3, last + 4)
    assert [after.values[0] for _, after in altered.partitions] == ["2020", "2021", "2022"]
    assert all(before is not None and "a" not in before.parameters for before, _ in altered.partitions)
    assert dropped.partitions[0][1].parameters["a"] == "1"
    assert catalog.events.latest() == last + 4
    scope = Scope(database="SALES", tables=("Orders",))
    counts = [catalog.changes.count(caller, *bounds, scope) for bounds in ((last, None), (last + 1, last + 2), (0, 1))]
    assert counts == [4, 1, 0]


def test_tables_are_told_as_they_were(catalog: CatalogService, caller: Caller) -> None:
    last = catalog.events.latest()
    made = catalog.tables.create(caller, orders(parameters={"n": "0"}))
    for number in range(1, 40):
        made = catalog.tables.alter(caller, ORDERS, replace(made, parameters={"n": str(number)}))
    catalog.tables.drop(caller, ORDERS)
    changes = told(catalog, caller, last)
    befores = [change.before.parameters["n"] for change in changes if change.before is not None]
    afters = [change.after.parameters["n"] for change in changes if change.after is not None]
    assert befores == [str(number) for number in range(40)]
    assert afters == [str(number) for number in range(40)]
    assert changes[-1].event.kind is EventKind.DROP_TABLE


def test_statements_do_not_grow_with_events(catalog: CatalogService, caller: Caller) -> None:
    def cost(count: int) -> int:
        last = catalog.events.latest()
        for number in range(count):
            catalog.tables.create(caller, orders(f"t{count}_{number}"))
        with counted(catalog) as statements:
            assert len(told(catalog, caller, last)) == count
        return len(statements)

    cost(1)  # column lists are read once
    assert cost(3) == cost(30)


def test_events_about_what_may_not_be_seen_are_told_by_their_number_alone(
    catalog: CatalogService, caller: Caller, guarded: CatalogService
) -> None:
    ann = Caller("ann")
    guarded.grants.grant(SYSTEM, Grant("user:ann", Action.SELECT, "table", ("hive", "sales", "orders")))
    changes = told(guarded, ann, 0)
    assert [change.hidden for change in changes if change.event.table == "orders"] == [False]
    assert all(change.after is None for change in changes if change.hidden)
    assert guarded.changes.count(ann, 0, None, EVERYTHING) == 1
    assert catalog.changes.count(caller, 0, None, EVERYTHING) > 1


def test_names_of_constraints_are_unique_in_a_table(catalog: CatalogService, caller: Caller) -> None:
    catalog.tables.create(caller, orders())
    catalog.constraints.add(caller, [key(ORDERS, "ID")])
    with pytest.raises(AlreadyExists):
        catalog.constraints.add(caller, [key(ORDERS, "amount", name="KEY", kind=ConstraintKind.NOT_NULL)])
    (found,) = catalog.constraints.of_table(caller, ORDERS)
    assert (found.name, found.columns) == ("key", ("id",))


def test_constraints_of_a_table_are_all_added_or_none(catalog: CatalogService, caller: Caller) -> None:
    catalog.tables.create(caller, orders())
    with pytest.raises(NotFound):
        catalog.constraints.add(caller, [key(ORDERS, "id"), key(ORDERS, "nope", name="other")])
    assert catalog.constraints.of_table(caller, ORDERS) == []


def test_a_foreign_key_follows_both_of_its_tables(catalog: CatalogService, caller: Caller) -> None:
    made = catalog.tables.create(caller, orders())
    items = catalog.tables.create(caller, orders("items"))
    reference = Constraint(
        ConstraintKind.FOREIGN_KEY, items.full_name, "to", ("id",), parent=ORDERS, parent_columns=("id",)
    )
    catalog.constraints.add(caller, [key(ORDERS, "id"), reference])
    columns = (Column("number", "bigint"), *made.columns[1:])
    catalog.tables.alter(caller, ORDERS, replace(made, name="sold", columns=columns))
    (found,) = catalog.constraints.foreign_keys(caller, None, parent=("sales", "SOLD"))
    assert (found.parent_columns, found.columns, found.parent_key) == (("number",), ("id",), "key")
    catalog.tables.drop(caller, TableName("hive", "sales", "sold"))
    with catalog.store.read() as tx:
        assert foreign_keys(tx, "hive", None, None, None, None) == []
    assert catalog.constraints.of_table(caller, items.full_name) == []


def test_a_read_of_constraints_is_one_statement(catalog: CatalogService, caller: Caller) -> None:
    catalog.tables.create(caller, orders())
    catalog.constraints.add(caller, [key(ORDERS, "id"), key(ORDERS, "amount", name="other")])
    with counted(catalog) as statements:
        assert len(catalog.constraints.of_table(caller, ORDERS)) == 2
    assert len(statements) == 1


def test_marks_notes_and_reports_are_kept(catalog: CatalogService, caller: Caller) -> None:
    catalog.tables.create(caller, orders())
    said = {"year": "2020", "REGION": "eu"}
    for _ in range(2):
        catalog.notifications.mark(caller, ORDERS, said)
    assert catalog.notifications.is_marked(caller, ORDERS, said)
    catalog.notifications.note_writes(caller, ORDERS, [Write(("f",), ("2020", "eu"), transaction_id=7, write_id=1)])
    ((note, table),) = catalog.notifications.notes_of(caller, 7, "SALES", "Orders")
    assert (note.files, note.values, table and table.name) == (("f",), ("2020", "eu"), "orders")
    catalog.notifications.put_metrics(caller, [ReplicationMetric(1, "p", 5, "{}", "{1}"), ReplicationMetric(2, "p", 5)])
    catalog.notifications.put_metrics(caller, [ReplicationMetric(1, "p", 5, None, "{2}")])
    found = catalog.notifications.metrics(caller, policy="p")
    assert [(one.execution_id, one.metadata, one.progress) for one in found] == [(2, None, None), (1, "{}", "{2}")]
    catalog.tables.drop(caller, ORDERS)


def test_numbers_of_inserts_are_told_to_who_made_them(catalog: CatalogService, caller: Caller) -> None:
    catalog.tables.create(caller, orders())
    catalog.partitions.add(caller, ORDERS, years(2020))
    last = catalog.events.latest()
    written = [Write(("f",)), Write(("g",), ("2020", "eu"))]
    assert catalog.notifications.insert(caller, ORDERS, written) == [last + 1, last + 2]
    first, second = told(catalog, caller, last)
    assert (first.partitions, len(second.partitions)) == ((), 1)


def test_of_many_primary_keys_at_once_one_is_made(catalog: CatalogService, caller: Caller) -> None:
    catalog.tables.create(caller, orders())
    refused: list[Exception] = []

    def add(number: int) -> None:
        try:
            said = key(ORDERS, "id", name=f"key{number}", kind=ConstraintKind.PRIMARY_KEY)
            catalog.constraints.add(caller, [said])
        except AlreadyExists as error:
            refused.append(error)

    writers = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(refused) == 7
    assert len(catalog.constraints.of_table(caller, ORDERS)) == 1


def test_a_foreign_key_outlives_no_parent_that_is_dropped_meanwhile(catalog: CatalogService, caller: Caller) -> None:
    catalog.tables.create(caller, orders("items"))
    items = TableName("hive", "sales", "items")
    for number in range(5):
        catalog.tables.create(caller, orders())
        catalog.constraints.add(caller, [key(ORDERS, "id")])
        said = Constraint(
            ConstraintKind.FOREIGN_KEY, items, f"to{number}", ("id",), parent=ORDERS, parent_columns=("id",)
        )
        dropper = threading.Thread(target=catalog.tables.drop, args=(caller, ORDERS))
        dropper.start()
        with contextlib.suppress(NotFound):
            catalog.constraints.add(caller, [said])
        dropper.join()
        assert catalog.constraints.of_table(caller, items) == []
