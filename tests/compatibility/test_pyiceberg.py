"""PyIceberg's catalogs of type hive, over Thrift, and rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.exceptions import (
    NamespaceAlreadyExistsError,
    NamespaceNotEmptyError,
    NoSuchNamespaceError,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.types import StringType

from tests.compatibility.conftest import SMOKE, Home, Lakehouse

ROWS = pa.table({"id": pa.array([1, 2, 3], pa.int64()), "name": ["a", "b", None]})


def opened(lakehouse: Lakehouse, kind: str) -> Catalog:
    """A catalog of PyIceberg."""
    uri = {"hive": lakehouse.server.thrift, "rest": lakehouse.server.iceberg}[kind]
    return load_catalog(kind, type=kind, uri=uri, **lakehouse.s3.iceberg_properties())


@pytest.fixture(params=["hive", "rest"])
def catalog(request: pytest.FixtureRequest, lakehouse: Lakehouse) -> Iterator[Catalog]:
    """The two catalogs in turn."""
    found = opened(lakehouse, request.param)
    yield found
    found.close()


def rows(table: Any) -> list[dict[str, Any]]:
    return sorted(table.scan().to_arrow().to_pylist(), key=lambda row: int(row["id"]))


@SMOKE
def test_rows_are_appended_overwritten_deleted_and_read(catalog: Catalog, local: Home) -> None:
    table = catalog.create_table((local.name, "t"), schema=ROWS.schema)
    table.append(ROWS)
    table.append(pa.table({"id": pa.array([4], pa.int64()), "name": ["d"]}))
    table.delete("id = 2")
    assert [row["id"] for row in rows(catalog.load_table((local.name, "t")))] == [1, 3, 4]
    table.overwrite(ROWS)
    assert rows(catalog.load_table((local.name, "t"))) == ROWS.to_pylist()
    assert len(table.history()) >= 4


def test_a_table_evolves_is_renamed_and_dropped(catalog: Catalog, local: Home) -> None:
    table = catalog.create_table((local.name, "t"), schema=ROWS.schema, properties={"k": "v"})
    table.append(ROWS)
    with table.update_schema() as update:
        update.add_column("extra", StringType())
        update.rename_column("name", "title")
    with table.update_spec() as spec:
        spec.add_identity("title")
    with table.transaction() as transaction:
        transaction.set_properties(k="w")
    catalog.rename_table((local.name, "t"), (local.name, "t2"))
    found = catalog.load_table((local.name, "t2"))
    assert [field.name for field in found.schema().fields] == ["id", "title", "extra"]
    assert (found.properties["k"], len(rows(found))) == ("w", 3)
    assert catalog.list_tables(local.name) == [(local.name, "t2")]
    catalog.drop_table((local.name, "t2"))
    assert not catalog.table_exists((local.name, "t2"))


@pytest.mark.s3
def test_a_table_may_lie_in_a_bucket(catalog: Catalog, lakehouse: Lakehouse, local: Home) -> None:
    location = f"s3://{lakehouse.bucket}/{local}/t"
    table = catalog.create_table((local.name, "t"), schema=ROWS.schema, location=location)
    table.append(ROWS)
    assert rows(catalog.load_table((local.name, "t"))) == ROWS.to_pylist()


def test_a_namespace_keeps_its_properties(catalog: Catalog, local: Home) -> None:
    catalog.create_namespace(f"{local}_2", {"owner": "ann", "k": "v", "comment": "mine"})
    catalog.update_namespace_properties(f"{local}_2", removals={"k"}, updates={"l": "w"})
    found = catalog.load_namespace_properties(f"{local}_2")
    assert (found["l"], found["owner"], found["comment"], found.get("k")) == ("w", "ann", "mine", None)
    assert (f"{local}_2",) in catalog.list_namespaces()
    catalog.drop_namespace(f"{local}_2")
    assert (f"{local}_2",) not in catalog.list_namespaces()


def test_a_commit_on_an_old_state_is_made_again_on_the_new_one(catalog: Catalog, local: Home) -> None:
    first = catalog.create_table((local.name, "t"), schema=ROWS.schema)
    second = catalog.load_table((local.name, "t"))
    first.append(ROWS)
    second.append(ROWS)
    assert len(rows(catalog.load_table((local.name, "t")))) == 6


def test_errors_are_pyicebergs_own(catalog: Catalog, local: Home) -> None:
    catalog.create_table((local.name, "t"), schema=ROWS.schema)
    with pytest.raises(TableAlreadyExistsError):
        catalog.create_table((local.name, "t"), schema=ROWS.schema)
    with pytest.raises(NoSuchTableError):
        catalog.load_table((local.name, "missing"))
    with pytest.raises(NoSuchNamespaceError):
        catalog.create_table(("missing_namespace", "t"), schema=ROWS.schema)
    with pytest.raises(NamespaceAlreadyExistsError):
        catalog.create_namespace(local.name)
    with pytest.raises(NamespaceNotEmptyError):
        catalog.drop_namespace(local.name)
    with pytest.raises(NoSuchNamespaceError):
        catalog.load_namespace_properties("missing_namespace")


@pytest.mark.parametrize(("writer", "reader"), [("hive", "rest"), ("rest", "hive")])
def test_what_one_catalog_made_the_other_reads_and_writes(
    lakehouse: Lakehouse, local: Home, writer: str, reader: str
) -> None:
    one, other = opened(lakehouse, writer), opened(lakehouse, reader)
    one.create_table((local.name, "t"), schema=ROWS.schema).append(ROWS)
    other.load_table((local.name, "t")).append(ROWS)
    assert len(rows(one.load_table((local.name, "t")))) == 6
    one.close()
    other.close()
