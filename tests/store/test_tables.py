"""What tables promise on every store."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from catalog_server.catalog.catalog import CatalogService
from catalog_server.model.caller import Caller
from catalog_server.model.database import Database
from catalog_server.model.errors import AlreadyExists, Conflict, Invalid, NotFound
from catalog_server.model.names import TableName
from catalog_server.model.table import METADATA_LOCATION, PREVIOUS_METADATA_LOCATION, Column, Storage, TableKind
from tests.store.things import ORDERS, PARQUET, orders, years


def folder(location: str | None) -> Path:
    return Path((location or "").removeprefix("file://"))


def test_a_table_is_read_back_as_it_was_made(catalog: CatalogService, caller: Caller) -> None:
    sent = orders(
        owner="ann",
        owner_kind="ROLE",
        retention=7,
        storage=replace(
            PARQUET, bucket_count=-1, bucket_columns=("id",), sort_columns=(("id", 1),), extra={"hms": {"x": 1}}
        ),
        extra={"hms": {"writeId": 3}},
    )
    catalog.tables.create(caller, sent)
    found = catalog.tables.get(caller, ORDERS)
    kept = ("columns", "partition_keys", "storage", "owner", "owner_kind", "retention", "extra", "kind")
    assert [getattr(found, name) for name in kept] == [getattr(sent, name) for name in kept]
    assert found.parameters["comment"] == "All orders"
    assert (found.version, found.updated_by) == (1, "tester")


def test_a_managed_table_comes_and_goes_with_its_directory(catalog: CatalogService, caller: Caller) -> None:
    made = catalog.tables.create(caller, orders())
    (folder(made.location) / "part-0.parquet").write_bytes(b"x")
    catalog.tables.drop(caller, ORDERS)
    assert not folder(made.location).exists()


def test_files_of_an_external_table_stay(catalog: CatalogService, caller: Caller, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    catalog.tables.create(caller, orders(kind=TableKind.EXTERNAL, location=f"file://{tmp_path}/mine"))
    catalog.tables.drop(caller, ORDERS)
    assert (tmp_path / "mine").is_dir()


def test_a_table_in_a_missing_database_is_refused(catalog: CatalogService, caller: Caller) -> None:
    with pytest.raises(NotFound, match=r"database hive\.nope"):
        catalog.tables.create(caller, orders(database="nope"))


def test_a_taken_name_is_refused_in_any_case(catalog: CatalogService, caller: Caller) -> None:
    catalog.tables.create(caller, orders())
    with pytest.raises(AlreadyExists):
        catalog.tables.create(caller, orders("ORDERS"))


def test_two_columns_of_one_name_are_refused(catalog: CatalogService, caller: Caller) -> None:
    with pytest.raises(Invalid, match="ID appears twice"):
        catalog.tables.create(caller, orders(columns=(Column("id", "int"), Column("ID", "int"))))


def test_a_change_makes_a_version_and_an_event(catalog: CatalogService, caller: Caller) -> None:
    made = catalog.tables.create(caller, orders())
    catalog.tables.alter(caller, ORDERS, replace(made, parameters={"comment": "Fewer"}))
    assert [v.version for v in catalog.versions.list(caller, ORDERS)] == [2, 1]
    event = catalog.events.of_table(caller, ORDERS)[0]
    assert (event.kind, event.version_before, event.version_after, event.by) == ("alter_table", 1, 2, "tester")


def test_a_change_of_another_version_conflicts(catalog: CatalogService, caller: Caller) -> None:
    made = catalog.tables.create(caller, orders())
    catalog.tables.alter(caller, ORDERS, made, expected_version=1)
    with pytest.raises(Conflict):
        catalog.tables.alter(caller, ORDERS, made, expected_version=1)
    assert catalog.tables.get(caller, ORDERS).version == 2


def test_an_expected_parameter_guards_a_change(catalog: CatalogService, caller: Caller) -> None:
    made = catalog.tables.create(caller, orders())
    with pytest.raises(Conflict, match=r"The table has been modified\. The parameter value for key 'comment'"):
        catalog.tables.alter(caller, ORDERS, made, expected_parameters={"comment": "other"})


def iceberg(location: str, previous: str | None = None) -> dict[str, str]:
    said = {"table_type": "ICEBERG", METADATA_LOCATION: location}
    return said if previous is None else {**said, PREVIOUS_METADATA_LOCATION: previous}


def test_a_moved_metadata_location_is_conditional_though_nobody_asks(catalog: CatalogService, caller: Caller) -> None:
    made = catalog.tables.create(caller, orders(kind=TableKind.EXTERNAL, parameters=iceberg("m0"), partition_keys=()))
    catalog.tables.alter(caller, ORDERS, replace(made, parameters=iceberg("m1", "m0")))
    with pytest.raises(Conflict, match="modified"):
        catalog.tables.alter(caller, ORDERS, replace(made, parameters=iceberg("m2", "m0")))
    assert catalog.tables.get(caller, ORDERS).metadata_location == "m1"


def test_writers_without_a_condition_wait_for_each_other(catalog: CatalogService, caller: Caller) -> None:
    made = catalog.tables.create(caller, orders())

    def write(number: int) -> None:
        for _ in range(5):
            catalog.tables.alter(caller, ORDERS, replace(made, parameters={"by": str(number)}))

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert catalog.tables.get(caller, ORDERS).version == 21


def test_a_renamed_managed_table_takes_its_directory_along(catalog: CatalogService, caller: Caller) -> None:
    made = catalog.tables.create(caller, orders())
    catalog.partitions.add(caller, ORDERS, years(2024))
    (folder(made.location) / "year=2024" / "region=eu" / "part-0").write_bytes(b"x")
    catalog.databases.create(caller, Database("hive", "archive"))
    renamed = catalog.tables.rename(caller, ORDERS, TableName("hive", "archive", "old_orders"))
    assert folder(renamed.location).parts[-2:] == ("archive.db", "old_orders")
    assert (folder(renamed.location) / "year=2024" / "region=eu" / "part-0").exists()
    assert not folder(made.location).exists()
    partition = catalog.partitions.list(caller, renamed.full_name)[1][0]
    assert partition.location == f"{renamed.location}/year=2024/region=eu"


def test_renaming_onto_another_table_is_refused(catalog: CatalogService, caller: Caller) -> None:
    catalog.tables.create(caller, orders())
    catalog.tables.create(caller, orders("invoices"))
    with pytest.raises(AlreadyExists):
        catalog.tables.rename(caller, ORDERS, TableName("hive", "sales", "invoices"))


def test_history_keeps_every_definition(catalog: CatalogService, caller: Caller) -> None:
    made = catalog.tables.create(caller, orders())
    for number in range(2, 71):
        catalog.tables.alter(caller, ORDERS, replace(made, parameters={"n": str(number), f"k{number}": "x"}))
    for version in (2, 33, 34, 65, 70):
        found = catalog.versions.get(caller, ORDERS, version).table
        assert dict(found.parameters) == {"n": str(version), f"k{version}": "x"}
    assert [v.version for v in catalog.versions.list(caller, ORDERS, before=40, count=10)] == list(range(39, 29, -1))


def test_a_rollback_is_a_new_version(catalog: CatalogService, caller: Caller) -> None:
    made = catalog.tables.create(caller, orders())
    catalog.tables.alter(caller, ORDERS, replace(made, columns=(Column("id", "string"),), storage=Storage()))
    back = catalog.versions.rollback(caller, ORDERS, 1)
    assert (back.version, back.columns, back.storage) == (3, made.columns, PARQUET)


def test_what_one_protocol_cannot_say_stays(catalog: CatalogService, caller: Caller) -> None:
    noted = Column("id", "bigint", parameters={"pii": "yes"})
    made = catalog.tables.create(caller, orders(columns=(noted,), extra={"glue": {"a": 1}}))
    plain = replace(made, columns=(Column("id", "bigint"), Column("new", "int")), extra={"hms": {"b": 2}})
    catalog.tables.alter(caller, ORDERS, plain)
    found = catalog.tables.get(caller, ORDERS)
    assert found.extra == {"glue": {"a": 1}, "hms": {"b": 2}}
    assert found.columns[0].parameters == {"pii": "yes"}


def test_lists_are_narrowed_by_kind_format_and_text(catalog: CatalogService, caller: Caller) -> None:
    catalog.tables.create(caller, orders())
    catalog.tables.create(
        caller, orders("orders_view", kind=TableKind.VIEW, view_original="select 1", storage=Storage())
    )
    catalog.tables.create(caller, orders("people", parameters=iceberg("m"), kind=TableKind.EXTERNAL))
    names = catalog.tables.list_names
    assert names(caller, ORDERS.parent, kinds=[TableKind.VIEW]) == ["orders_view"]
    assert names(caller, ORDERS.parent, formats=["iceberg"]) == ["people"]
    assert [t.name for t in catalog.tables.list(caller, ORDERS.parent, contains="DERS")] == ["orders", "orders_view"]
    assert names(caller, ORDERS.parent, after="orders", count=1) == ["orders_view"]


def test_the_overview_counts_what_there_is(catalog: CatalogService, caller: Caller) -> None:
    catalog.tables.create(caller, orders())
    catalog.tables.create(
        caller, orders("orders_view", kind=TableKind.VIEW, view_original="select 1", storage=Storage())
    )
    assert catalog.overview.counts(caller) == {"catalogs": 1, "databases": 2, "tables": 1, "views": 1}
    assert catalog.overview.table_counts(caller) == {"sales": 2}
