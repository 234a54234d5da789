"""The Iceberg REST calls through pyiceberg's own catalog."""

from __future__ import annotations

import threading
from contextlib import closing

import httpx
import pyarrow as pa
import pytest
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.exceptions import (
    CommitFailedException,
    NamespaceAlreadyExistsError,
    NamespaceNotEmptyError,
    NoSuchNamespaceError,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.transforms import DayTransform
from pyiceberg.types import LongType

from catalog_server.testing import RunningServer

ROWS = pa.table(
    {
        "id": pa.array([1, 2, 3], pa.int64()),
        "name": ["a", "b", "c"],
        "at": pa.array([0, 86_400_000_000, 2 * 86_400_000_000], pa.timestamp("us")),
    }
)


def test_rows_appended_are_read_back(rest: RestCatalog, namespace: str) -> None:
    table = rest.create_table(f"{namespace}.t", ROWS.schema)
    table.append(ROWS)
    table.append(ROWS)
    assert rest.load_table(f"{namespace}.t").scan().to_arrow().num_rows == 6


def test_schema_partition_and_properties_evolve(rest: RestCatalog, namespace: str) -> None:
    table = rest.create_table(f"{namespace}.t", ROWS.schema)
    with table.update_spec() as update:
        update.add_identity("name")
    table.append(ROWS)
    with table.update_schema() as update:
        update.add_column("extra", LongType(), "what else")
    with table.update_spec() as update:
        update.add_field("at", DayTransform(), "day")
    with table.transaction() as transaction:
        transaction.set_properties(owner="me")
    loaded = rest.load_table(f"{namespace}.t")
    assert loaded.schema().find_field("extra").doc == "what else"
    assert [field.name for field in loaded.spec().fields] == ["name", "day"]
    assert loaded.properties["owner"] == "me"
    assert loaded.scan(row_filter="id = 2").to_arrow()["name"].to_pylist() == ["b"]


def test_overwrite_delete_and_time_travel(rest: RestCatalog, namespace: str) -> None:
    table = rest.create_table(f"{namespace}.t", ROWS.schema)
    table.append(ROWS)
    first = table.current_snapshot()
    table.delete("id = 1")
    table.overwrite(ROWS.slice(0, 1))
    assert first is not None
    assert table.scan().to_arrow().num_rows == 1
    assert table.scan(snapshot_id=first.snapshot_id).to_arrow().num_rows == 3


def test_branches_and_tags(rest: RestCatalog, namespace: str) -> None:
    table = rest.create_table(f"{namespace}.t", ROWS.schema)
    table.append(ROWS)
    snapshot = table.current_snapshot()
    assert snapshot is not None
    table.manage_snapshots().create_tag(snapshot.snapshot_id, "v1").create_branch(snapshot.snapshot_id, "dev").commit()
    table.append(ROWS, branch="dev")
    loaded = rest.load_table(f"{namespace}.t")
    assert sorted(loaded.refs()) == ["dev", "main", "v1"]
    assert loaded.scan().use_ref("dev").to_arrow().num_rows == 6
    assert loaded.scan().to_arrow().num_rows == 3


def test_a_create_transaction_appears_whole(rest: RestCatalog, namespace: str) -> None:
    with rest.create_table_transaction(f"{namespace}.t", ROWS.schema) as transaction:
        transaction.append(ROWS)
        assert not rest.table_exists(f"{namespace}.t")
    assert rest.load_table(f"{namespace}.t").scan().to_arrow().num_rows == 3


def test_errors_arrive_as_pyiceberg_knows_them(rest: RestCatalog, namespace: str) -> None:
    rest.create_table(f"{namespace}.t", ROWS.schema)
    with pytest.raises(TableAlreadyExistsError):
        rest.create_table(f"{namespace}.t", ROWS.schema)
    with pytest.raises(NamespaceAlreadyExistsError):
        rest.create_namespace(namespace)
    with pytest.raises(NamespaceNotEmptyError):
        rest.drop_namespace(namespace)
    with pytest.raises(NoSuchTableError):
        rest.load_table(f"{namespace}.nothing")
    with pytest.raises(NoSuchNamespaceError):
        rest.list_tables("nowhere")


def test_rename_drop_and_register(rest: RestCatalog, namespace: str) -> None:
    table = rest.create_table(f"{namespace}.t", ROWS.schema)
    table.append(ROWS)
    rest.rename_table(f"{namespace}.t", f"{namespace}.u")
    assert rest.list_tables(namespace) == [(namespace, "u")]
    location = rest.load_table(f"{namespace}.u").metadata_location
    rest.drop_table(f"{namespace}.u")
    assert rest.register_table(f"{namespace}.v", location).scan().to_arrow().num_rows == 3


def test_another_catalog_is_reached_by_its_warehouse_name(server: RunningServer, rest: RestCatalog) -> None:
    made = httpx.post(f"{server.http}/api/v1/catalogs", json={"name": "second"})
    assert made.status_code == 201, made.text
    with closing(RestCatalog("second", uri=server.iceberg, warehouse="second")) as second:
        second.create_namespace("only_here")
        second.create_table("only_here.t", ROWS.schema).append(ROWS)
        assert second.load_table("only_here.t").scan().to_arrow().num_rows == 3
    assert not rest.namespace_exists("only_here")


def test_a_stale_writer_is_told(rest: RestCatalog, namespace: str) -> None:
    table = rest.create_table(f"{namespace}.t", ROWS.schema)
    stale = rest.load_table(f"{namespace}.t")
    with table.update_schema() as update:
        update.add_column("one", LongType())
    with pytest.raises(CommitFailedException, match="Requirement failed"):
        with stale.update_schema() as update:
            update.add_column("other", LongType())


def test_writers_at_once_lose_nothing(rest: RestCatalog, namespace: str) -> None:
    name = f"{namespace}.t"
    rest.create_table(name, ROWS.schema)
    failures: list[BaseException] = []

    def write() -> None:
        done = 0
        while done < 5:
            try:
                rest.load_table(name).append(ROWS)
                done += 1
            except CommitFailedException:
                continue
            except BaseException as error:
                failures.append(error)
                return

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    loaded = rest.load_table(name)
    assert not failures
    assert len(loaded.snapshots()) == 20
    assert loaded.scan().to_arrow().num_rows == 60
