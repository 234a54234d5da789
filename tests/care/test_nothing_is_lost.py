"""Whatever was done to tables before: care never takes a file that a snapshot, branch or tag of any table reads."""

from __future__ import annotations

import uuid
import warnings
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyiceberg.expressions import EqualTo, GreaterThan
from pyiceberg.table import Table

from catalog_server.model.care import Operation
from tests.care.tables import Lake, contents, files_of, rows
from tests.facades.web.serving import Served

IDS = st.integers(0, 9)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.lists(IDS, min_size=1, max_size=3)),
        st.tuples(st.just("delete"), IDS),
        st.tuples(st.just("overwrite"), IDS),
        st.tuples(st.sampled_from(["branch", "tag", "share", "share", "rollback"]), IDS),
        st.tuples(st.just("append to a branch"), IDS),
    ),
    min_size=4,
    max_size=10,
)
CARE = st.lists(st.tuples(st.sampled_from(["expire", "orphans", "rewrite"]), st.integers(1, 3)), min_size=1, max_size=3)
SOME = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def apply(table: Table, other: Table, step: str, given: Any) -> None:
    """Change a table as pyiceberg's users do; what makes no sense now is left out."""
    table.refresh()
    snapshots = [one.snapshot_id for one in table.metadata.snapshots]
    branches = [name for name, ref in table.metadata.refs.items() if ref.snapshot_ref_type == "branch"]
    if step == "append":
        table.append(rows(*given))
    elif not snapshots or not branches:
        return
    elif step == "delete":
        table.delete(EqualTo("id", given))
    elif step == "overwrite":
        table.overwrite(rows(given), GreaterThan("id", given))
    elif step == "branch":
        table.manage_snapshots().create_branch(
            snapshots[given % len(snapshots)], f"b{len(table.metadata.refs)}"
        ).commit()
    elif step == "tag":
        table.manage_snapshots().create_tag(snapshots[given % len(snapshots)], f"t{len(table.metadata.refs)}").commit()
    elif step == "append to a branch":
        table.append(rows(given), branch=branches[given % len(branches)])
    elif step == "rollback":
        current = table.current_snapshot()
        if current is not None and current.parent_snapshot_id in snapshots:
            table.manage_snapshots().rollback_to_snapshot(current.parent_snapshot_id).commit()
    else:
        held = (
            {row["file_path"] for row in other.inspect.data_files().to_pylist()} if other.current_snapshot() else set()
        )
        files = [task.file.file_path for task in table.scan(snapshot_id=snapshots[given % len(snapshots)]).plan_files()]
        if new := sorted(set(files) - held):
            other.add_files(new, check_duplicate_files=False)


def do(lake: Lake, operation: str, number: int, dry_run: bool = False) -> dict[str, Any]:
    if operation == "rewrite":
        return lake.care(Operation.REWRITE, dry_run=dry_run, min_input_files=number + 1)
    if operation == "orphans":
        return lake.remove_orphans(dry_run=dry_run)
    return lake.expire(dry_run=dry_run, retain_last=number)


@pytest.mark.slow
@given(partitioned=st.booleans(), steps=STEPS, care=CARE)
@SOME
def test_every_snapshot_that_stays_reads_the_same(
    served: Served, rest: Any, partitioned: bool, steps: list[tuple[str, Any]], care: list[tuple[str, int]]
) -> None:
    """The other table shares files with the first, some of which the first one lets go of."""
    lake = Lake.make(served, rest, f"d{uuid.uuid4().hex[:12]}")
    table, other = lake.table("t", partitioned), lake.table("other", partitioned)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deletes that match nothing
        for step, how in [("append", [1, 2, 3]), ("share", 0), *steps, ("overwrite", 0)]:
            apply(table, other, step, how)
            other.refresh()
    for operation, number in care:
        before, held, files = contents(table), contents(other), files_of(table)
        newest = table.metadata.current_snapshot_id
        tried = do(lake, operation, number, dry_run=True)
        assert files_of(table) == files
        done = do(lake, operation, number)
        assert done == tried
        assert len(files - files_of(table)) == (0 if operation == "rewrite" else done["files"])
        after = contents(table)
        if operation == "rewrite" and done["files"]:
            assert after.pop(table.metadata.current_snapshot_id or 0) == before[newest or 0]
            assert after == before
        assert after == {id_: found for id_, found in before.items() if id_ in after}
        assert set(after) >= {ref.snapshot_id for name, ref in table.metadata.refs.items() if name != "main"}
        assert contents(other) == held
