"""Small data files become larger ones, whoever else writes meanwhile, and every row is there once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.expressions import EqualTo
from pyiceberg.table import Table
from pyiceberg.table.sorting import SortField, SortOrder
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import StringType

from catalog_server.catalog.care_work import CareWork
from catalog_server.model.care import Operation
from catalog_server.model.errors import Cancelled, Unsupported
from tests.care.tables import SCHEMA, Lake, contents, files_of, read, rows


def data_files(table: Table) -> set[str]:
    table.refresh()
    return {task.file.file_path for task in table.scan().plan_files()}


def filled(lake: Lake, partitioned: bool = False) -> Table:
    table = lake.table(partitioned=partitioned)
    for number in range(6):
        table.append(rows(number, number + 1))
    return table


def rewrite(lake: Lake, dry_run: bool = False, **options: Any) -> dict[str, Any]:
    return lake.care(Operation.REWRITE, dry_run=dry_run, **options)


@pytest.mark.parametrize(("partitioned", "left"), [(False, 1), (True, 2)])
def test_rows_stay_the_same_in_fewer_files(lake: Lake, partitioned: bool, left: int) -> None:
    table = filled(lake, partitioned)
    held, before = contents(table), files_of(table)
    old = table.metadata.current_snapshot_id
    tried = rewrite(lake, dry_run=True)
    assert files_of(table) == before
    done = rewrite(lake)
    assert done == tried
    assert (done["new_files"], done["rows"]) == (left, 12)
    assert len(data_files(table)) == left
    snapshot = table.current_snapshot()
    assert snapshot is not None
    assert snapshot.summary is not None
    assert (snapshot.summary.operation.value, snapshot.parent_snapshot_id) == ("replace", old)
    assert (snapshot.summary["total-records"], snapshot.summary["total-data-files"]) == ("12", str(left))
    assert contents(table) == {**held, snapshot.snapshot_id: held[old or 0]}
    assert rewrite(lake)["files"] == 0


def test_few_files_are_left_alone(lake: Lake) -> None:
    table = lake.table()
    for number in range(4):
        table.append(rows(number))
    assert rewrite(lake)["files"] == 0
    assert rewrite(lake, min_input_files=4)["files"] == 4


def test_files_of_earlier_schemas_get_the_one_of_today(lake: Lake) -> None:
    table = filled(lake)
    with table.update_schema() as update:
        update.add_column("note", StringType())
        update.rename_column("id", "number")
    table.append(pa.table({"number": pa.array([99], pa.int64()), "part": ["odd"], "note": ["new"]}))
    before = sorted(table.scan().to_arrow().to_pylist(), key=str)
    assert rewrite(lake)["files"] == 7
    table.refresh()
    assert sorted(table.scan().to_arrow().to_pylist(), key=str) == before
    assert table.scan(row_filter=EqualTo("number", 99)).to_arrow().num_rows == 1


def while_writing(work: CareWork, act: Any) -> None:
    """Have something done once new files are written, before they are committed."""
    told = []

    def tell(progress: Any) -> None:
        if progress["phase"] == "rewriting":
            told.append(progress)
            if len(told) == 2:
                act()

    work.tell = tell


def test_rows_that_others_append_meanwhile_stay(lake: Lake) -> None:
    table, other = filled(lake), lake.rest.load_table(f"{lake.database}.t")
    work = lake.work()
    while_writing(work, lambda: other.append(rows(77)))
    lake.served.services.catalog.care.run(Operation.REWRITE, work)
    table.refresh()
    assert read(table, None) == sorted([*read(table, other.current_snapshot().parent_snapshot_id), (77, "odd")])  # type: ignore[union-attr]
    assert len(data_files(table)) == 2


def test_rows_that_others_delete_meanwhile_stay_deleted(lake: Lake) -> None:
    table, other = filled(lake), lake.rest.load_table(f"{lake.database}.t")
    before = files_of(table)
    work = lake.work()
    while_writing(work, lambda: other.delete(EqualTo("id", 3)))
    done = lake.served.services.catalog.care.run(Operation.REWRITE, work)
    table.refresh()
    assert 3 not in {id_ for id_, _ in read(table, None)}
    assert done["files"] == 0
    new = {path for path in files_of(table) - before if path.name.startswith("care-")}
    assert new == set()


def test_a_rewrite_that_is_stopped_takes_its_files_back(lake: Lake) -> None:
    table = filled(lake, partitioned=True)
    before, held = files_of(table), contents(table)
    work = lake.work()
    told: list[Any] = []
    work.tell = told.append
    work.cancelled = lambda: len(told) > 2
    with pytest.raises(Cancelled):
        lake.served.services.catalog.care.run(Operation.REWRITE, work)
    assert (files_of(table), contents(table)) == (before, held)


def test_what_pyiceberg_cannot_write_is_refused(lake: Lake) -> None:
    order = SortOrder(SortField(source_id=1, transform=IdentityTransform()))
    lake.rest.create_table(f"{lake.database}.t", SCHEMA, sort_order=order)
    with pytest.raises(Unsupported, match=r"sort order.*rewrite_data_files"):
        rewrite(lake)
    lake.table("avro", **{"write.format.default": "avro"})
    with pytest.raises(Unsupported, match="only Parquet"):
        lake.care(Operation.REWRITE, "avro")
    lake.rest.create_table(f"{lake.database}.v3", SCHEMA, properties={"format-version": "3"})
    with pytest.raises(Unsupported, match="format version 3"):
        lake.care(Operation.REWRITE, "v3")


def test_orphans_of_a_rewrite_are_those_it_replaced(lake: Lake) -> None:
    table = filled(lake)
    old = data_files(table)
    rewrite(lake)
    assert lake.expire()["data"]["files"] == 6
    assert not any(Path(one.removeprefix("file://")).exists() for one in old)
    assert lake.remove_orphans()["files"] == 0
