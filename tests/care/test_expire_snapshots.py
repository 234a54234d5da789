"""Snapshots expire by Iceberg's own rules, and only files that nothing else refers to go with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog_server.lake.iceberg.retention import Expiry, expiry_of
from catalog_server.model.care import Operation
from catalog_server.model.errors import Invalid
from catalog_server.model.names import TableName
from tests.care.tables import CALLER, Lake, contents, files_of, read, rows


def test_files_of_expired_snapshots_go(lake: Lake) -> None:
    table = lake.table()
    table.append(rows(0))
    for number in range(1, 4):
        table.overwrite(rows(number))
    before = files_of(table)
    tried = lake.expire(dry_run=True)
    assert files_of(table) == before
    done = lake.expire()
    assert tried == done
    table.refresh()
    assert len(table.metadata.snapshots) == 1
    assert read(table, None) == [(3, "odd")]
    gone = before - files_of(table)
    assert len(gone) == done["files"]
    assert done["data"]["files"] == 3


def test_branches_and_tags_keep_what_they_refer_to(lake: Lake) -> None:
    table = lake.table()
    table.append(rows(1))
    first = table.metadata.current_snapshot_id
    assert first is not None
    table.manage_snapshots().create_tag(first, "release").create_branch(first, "work").commit()
    table.overwrite(rows(2))
    table.append(rows(3), branch="work")
    table.overwrite(rows(4))
    lake.expire()
    table.refresh()
    assert set(table.metadata.refs) == {"main", "release", "work"}
    assert read(table, table.metadata.refs["release"].snapshot_id) == [(1, "odd")]
    assert read(table, table.metadata.refs["work"].snapshot_id) == [(1, "odd"), (3, "odd")]


def test_what_a_branch_says_of_itself_counts(lake: Lake) -> None:
    table = lake.table()
    for number in range(5):
        table.append(rows(number))
    tip = table.metadata.current_snapshot_id
    assert tip is not None
    table.manage_snapshots().create_branch(tip, "work", min_snapshots_to_keep=3).commit()
    table.manage_snapshots().create_tag(tip, "brief", max_ref_age_ms=1).commit()
    done = lake.expire()
    table.refresh()
    assert (done["snapshots"], done["refs"]) == (2, 1)
    assert set(table.metadata.refs) == {"main", "work"}


def test_properties_of_the_table_say_what_stays(lake: Lake) -> None:
    keeping = {"history.expire.max-snapshot-age-ms": "1", "history.expire.min-snapshots-to-keep": "2"}
    table = lake.table(**keeping)
    for number in range(5):
        table.append(rows(number))
    assert lake.expire(older_than_ms=None, retain_last=None)["snapshots"] == 3
    assert lake.expire(older_than_ms=None, retain_last=None)["snapshots"] == 0


def test_files_that_another_table_refers_to_stay(lake: Lake) -> None:
    table, other = lake.table(), lake.table("other")
    table.append(rows(1))
    table.append(rows(2))
    other.add_files([task.file.file_path for task in table.scan().plan_files()])
    table.overwrite(rows(3))
    done = lake.expire()
    assert done["spared"] == 2
    assert read(other, None) == [(1, "odd"), (2, "even")]


def test_nothing_expires_where_files_may_belong_to_others(lake: Lake) -> None:
    table = lake.table(**{"gc.enabled": "false"})
    table.append(rows(1))
    table.append(rows(2))
    before = contents(table), files_of(table)
    with pytest.raises(Invalid, match=r"gc\.enabled"):
        lake.expire()
    with pytest.raises(Invalid, match=r"gc\.enabled"):
        lake.remove_orphans()
    assert (contents(table), files_of(table)) == before


def test_a_run_that_ended_after_its_commit_deletes_its_files(lake: Lake) -> None:
    table = lake.table()
    table.append(rows(0))
    for number in range(1, 3):
        table.overwrite(rows(number))
    work = lake.work(older_than_ms=0, retain_last=1)
    before = files_of(table)
    tried = lake.expire(dry_run=True)
    commits = lake.served.services.catalog.iceberg
    current = commits.load(work.caller, work.name)
    ids = [one["snapshot-id"] for one in current.document["snapshots"]][:-1]
    work.write_down(before=current.metadata_location, snapshots=ids, refs=[])
    commits.commit(work.caller, work.name, [], [{"action": "remove-snapshots", "snapshot-ids": ids}])
    done = lake.served.services.catalog.care.run(Operation.EXPIRE_SNAPSHOTS, work)
    assert done == tried
    assert len(before - files_of(table)) == done["files"]


def test_statistics_go_with_their_snapshots(lake: Lake) -> None:
    table = lake.table()
    updates, paths = [], []
    for number in range(2):
        table.append(rows(number))
        paths.append(Path(table.location().removeprefix("file://")) / "metadata" / f"{number}.stats")
        paths[-1].write_bytes(b"puffin")
        entry = {"snapshot-id": table.metadata.current_snapshot_id, "statistics-path": f"file://{paths[-1]}"}
        entry |= {"file-size-in-bytes": 6}
        updates.append({"action": "set-partition-statistics", "partition-statistics": entry})
    name = TableName("hive", lake.database, "t")
    lake.served.services.catalog.iceberg.commit(CALLER, name, [], updates)
    done = lake.expire()
    assert done["statistics"] == {"files": 1, "bytes": 6}
    assert lake.remove_orphans()["files"] == 0
    assert [path.exists() for path in paths] == [False, True]


@pytest.mark.parametrize("kind", ["branch", "tag"])
def test_a_limit_of_null_is_none(kind: str) -> None:
    limits = ("max-snapshot-age-ms", "min-snapshots-to-keep", "max-ref-age-ms")
    refs = {name: {"snapshot-id": id_, "type": kind} for name, id_ in (("main", 2), ("old", 1))}
    snapshots = [
        {"snapshot-id": 1, "timestamp-ms": 10},
        {"snapshot-id": 2, "timestamp-ms": 90, "parent-snapshot-id": 1},
    ]
    properties = {"history.expire.max-ref-age-ms": "50", "history.expire.max-snapshot-age-ms": "50"}
    for said in ({}, dict.fromkeys(limits)):
        told = {name: {**ref, **said} for name, ref in refs.items()}
        document = {"properties": properties, "snapshots": snapshots, "refs": told}
        assert expiry_of(document, 100) == Expiry((1,), ("old",))
