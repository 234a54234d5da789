"""Plans of scans through REST, beside what pyiceberg plans itself on the same table."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyiceberg import expressions as e
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.expressions.visitors import expression_evaluator, rewrite_not
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.typedef import Record

from catalog_server.testing import RunningServer, running_server, start_server
from tests.facades.iceberg.rest_support import create_namespace, create_table, error_of, eventually
from tests.lake.manifest_files import DATA, POSITIONS, Snapshot, content_file

_EPOCH = date(1970, 1, 1)


@dataclass(repr=False)
class Planned:
    """A table with deletes, its rows by data file as expressions see them, and a client that asks for plans by hand."""

    table: Table
    rows: dict[str, list[tuple[Any, ...]]]
    client: httpx.Client
    path: str

    def plan(self, **asked: Any) -> dict[str, Any]:
        """A plan that must be complete, with all of its parts."""
        answer = self.client.post(f"{self.path}/plan", json=asked)
        assert answer.status_code == 200, answer.text
        return whole(self.client, self.path, answer.json())


def whole(client: httpx.Client, path: str, answer: dict[str, Any]) -> dict[str, Any]:
    """The files and deletes of a completed plan and of all of its parts: the deletes of each file, and its residual."""
    assert answer["status"] == "completed"
    found: dict[str, Any] = {}
    waiting, told = list(answer["plan-tasks"]), answer
    while True:
        assert len(told["file-scan-tasks"]) <= 1000
        deletes = [one["file-path"] for one in told.get("delete-files", ())]
        for task in told["file-scan-tasks"]:
            named = sorted(deletes[at] for at in task.get("delete-file-references", ()))
            assert task["data-file"]["file-path"] not in found
            found[task["data-file"]["file-path"]] = named, task["residual-filter"]
        if not waiting:
            return found
        response = client.post(f"{path}/tasks", json={"plan-task": waiting.pop()})
        assert response.status_code == 200, response.text
        told = response.json()
        waiting += told["plan-tasks"]


@pytest.fixture(scope="module")
def planned(server: RunningServer) -> Iterator[Planned]:
    """A partitioned table with nulls, an evolved spec and schema, and two files of deletes."""
    with httpx.Client(base_url=server.iceberg, timeout=30) as client, _catalog(server) as catalog:
        namespace = f"n{uuid.uuid4().hex[:12]}"
        create_namespace(client, namespace)
        table = catalog.create_table(f"{namespace}.t", _SHAPE, properties={"write.parquet.row-group-limit": "2"})
        with table.update_spec() as update:
            update.add_identity("name")
        for n in range(4):
            table.append(_rows(n))
        with table.update_spec() as update:
            update.add_identity("day")
        for n in range(4, 7):
            table.append(_rows(n))
        _delete(client, table, namespace)
        table = catalog.load_table(f"{namespace}.t")
        rows = {task.file.file_path: _rows_in(task.file.file_path) for task in table.scan().plan_files()}
        yield Planned(table, rows, client, f"/v1/namespaces/{namespace}/tables/t")


def _catalog(server: RunningServer, **more: str) -> closing[RestCatalog]:
    return closing(RestCatalog("rest", uri=server.iceberg, **more))


_SHAPE = pa.schema(
    [("id", pa.int64()), ("name", pa.string()), ("day", pa.date32()), ("price", pa.float64()), ("good", pa.bool_())]
)


def _rows(n: int) -> pa.Table:
    rows = [
        {"id": n, "name": "a", "day": date(2020, 1, 1 + n), "price": n / 2, "good": True},
        {"id": n + 1, "name": f"n{n % 3}", "day": date(2020, 2, 1), "price": None, "good": None},
        {"id": None, "name": None, "day": None, "price": -1.5, "good": False},
        {"id": n * 10, "name": "a", "day": date(2020, 1, 1), "price": 1e9, "good": None},
    ]
    return pa.Table.from_pylist(rows, schema=_SHAPE)


def _rows_in(location: str) -> list[tuple[Any, ...]]:
    found = pq.ParquetFile(location.removeprefix("file://")).read().to_pylist()
    return [tuple((v - _EPOCH).days if isinstance(v, date) else v for v in one.values()) for one in found]


def _delete(client: httpx.Client, table: Table, namespace: str) -> None:
    """Delete the first row of a file by its path, and of all files of a partition by theirs."""
    tasks = [task.file for task in table.scan(row_filter="name = 'a'").plan_files() if task.file.spec_id == 1]
    folder = Path(table.location().removeprefix("file://")) / "metadata"
    current = table.current_snapshot()
    assert current is not None
    added = Snapshot(folder, table.schema(), table.specs()[1], id=77, sequence=table.metadata.last_sequence_number + 1)
    for paths in ([tasks[0].file_path], [task.file_path for task in tasks[1:]]):
        file = folder / f"deletes-{len(paths)}.parquet"
        pq.write_table(_positions(paths), file)
        bounds = [min(paths).encode(), max(paths).encode()]
        more = {"lower_bounds": {2147483546: bounds[0]}, "upper_bounds": {2147483546: bounds[1]}}
        size = file.stat().st_size
        added.add(
            [content_file(f"file://{file}", ["a"], POSITIONS, record_count=len(paths), file_size_in_bytes=size, **more)]
        )
    added.manifests += current.manifests(table.io)
    metadata = {**added.metadata(current.snapshot_id), "summary": {"operation": "overwrite"}}
    _commit(client, f"/v1/namespaces/{namespace}/tables/t", metadata)


def _commit(client: httpx.Client, path: str, snapshot: dict[str, Any]) -> None:
    ref = {"action": "set-snapshot-ref", "ref-name": "main", "type": "branch", "snapshot-id": snapshot["snapshot-id"]}
    updates = [{"action": "add-snapshot", "snapshot": snapshot}, ref]
    done = client.post(path, json={"requirements": [], "updates": updates})
    assert done.status_code == 200, done.text


def _positions(paths: list[str]) -> pa.Table:
    ids = {"file_path": "2147483546", "pos": "2147483545"}
    types = {"file_path": pa.string(), "pos": pa.int64()}
    fields = [pa.field(name, types[name], False, {"PARQUET:field_id": ids[name]}) for name in ids]
    return pa.table({"file_path": paths, "pos": [0] * len(paths)}, schema=pa.schema(fields))


_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "id": st.integers(-1, 70),
    "name": st.sampled_from(["a", "n0", "n1", "n2", "x", ""]),
    "day": st.dates(date(2019, 12, 30), date(2020, 2, 3)),
    "price": st.sampled_from([-2.0, -1.5, 0.0, 0.5, 1.0, 2.5, 1e9]),
    "good": st.booleans(),
}
_COMPARED: list[Any] = [e.EqualTo, e.NotEqualTo, e.LessThan, e.LessThanOrEqual, e.GreaterThan, e.GreaterThanOrEqual]


@st.composite
def _leaves(draw: st.DrawFn) -> e.BooleanExpression:
    name = draw(st.sampled_from(sorted(_VALUES)))
    kind: Any = draw(st.sampled_from(["null", "in", "prefix", *_COMPARED]))
    if kind == "null":
        return draw(st.sampled_from([e.IsNull, e.NotNull]))(name)
    if kind == "in":
        return draw(st.sampled_from([e.In, e.NotIn]))(name, draw(st.sets(_VALUES[name], max_size=3)))
    if kind == "prefix":
        return draw(st.sampled_from([e.StartsWith, e.NotStartsWith]))("name", draw(st.sampled_from(["", "n", "n1x"])))
    return kind(name, draw(_VALUES[name]))


_FILTERS = st.recursive(
    _leaves(),
    lambda inner: st.builds(e.And, inner, inner) | st.builds(e.Or, inner, inner) | st.builds(e.Not, inner),
    max_leaves=4,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_FILTERS)
def test_a_plan_is_what_pyiceberg_plans(planned: Planned, row_filter: e.BooleanExpression) -> None:
    said = json.loads(e.And(row_filter, e.AlwaysTrue()).model_dump_json())
    plan = planned.plan(filter=said)
    try:
        local = list(planned.table.scan(row_filter=row_filter).plan_files())
    except TypeError:  # it compares nulls in partitions with values
        local = []
    for task in local:
        if task.residual != e.AlwaysFalse():
            assert plan[task.file.file_path][0] == sorted(one.file_path for one in task.delete_files)
    if local:
        assert plan.keys() <= {task.file.file_path for task in local}
    holds = _evaluator(planned.table.schema(), row_filter)
    for path, rows in planned.rows.items():
        left = _evaluator(planned.table.schema(), _read(plan[path][1])) if path in plan else lambda row: False
        assert [left(row) for row in rows] == [holds(row) for row in rows]


def _read(said: Any) -> e.BooleanExpression:
    return e.BooleanExpression.model_validate(said)


def _evaluator(schema: Schema, expression: e.BooleanExpression) -> Any:
    evaluate = expression_evaluator(schema, rewrite_not(expression), True)
    return lambda row: bool(evaluate(Record(*row)))


@pytest.mark.parametrize(
    "row_filter", ["id < 3", "name = 'a' and price > 0", "day >= '2020-01-05' and day is not null"]
)
def test_pyiceberg_reads_the_same_rows_by_a_plan_of_the_server(
    server: RunningServer, planned: Planned, row_filter: str
) -> None:
    row_filter = f"({row_filter}) and name = 'a'"  # pyiceberg takes no nulls in the partitions of a plan
    with _catalog(server, **{"scan-planning-mode": "server"}) as catalog:
        table = catalog.load_table(planned.table.name())
        assert catalog.supports_server_side_planning()
        assert table.scan(row_filter).to_arrow() == planned.table.scan(row_filter).to_arrow()
        assert table.scan(row_filter).count() == planned.table.scan(row_filter).count() > 0


def test_an_older_snapshot_and_what_was_appended_since_are_planned(planned: Planned) -> None:
    history = [entry.snapshot_id for entry in planned.table.history()]
    earlier = {task.file.file_path for task in planned.table.scan(snapshot_id=history[2]).plan_files()}
    assert planned.plan(**{"snapshot-id": history[2], "use-snapshot-schema": True}).keys() == earlier
    appended = planned.plan(**{"start-snapshot-id": history[2], "end-snapshot-id": history[-1]})
    assert appended.keys() == planned.rows.keys() - earlier
    assert {deletes == [] for deletes, _ in appended.values()} == {True}


def test_names_are_found_in_any_case_when_that_is_asked_for(planned: Planned) -> None:
    asked = {"filter": {"type": "eq", "term": "NAME", "value": "n1"}, "select": ["ID", "_file"], "stats-fields": ["Id"]}
    found = planned.plan(**asked, **{"case-sensitive": False, "min-rows-requested": 1})
    assert len(found) == 2
    assert planned.client.post(f"{planned.path}/plan", json=asked).status_code == 400


@pytest.mark.parametrize(
    "asked",
    [
        {"snapshot-id": 1},
        {"snapshot-id": "1"},
        {"snapshot-id": 77, "start-snapshot-id": 77, "end-snapshot-id": 77},
        {"start-snapshot-id": 77},
        {"end-snapshot-id": 77},
        {"start-snapshot-id": 1, "end-snapshot-id": 77},
        {"select": ["nope"]},
        {"stats-fields": ["nope"]},
        {"filter": {"type": "eq", "term": "nope", "value": 1}},
        {"filter": {"type": "nope"}},
        {"min-rows-requested": -1},
        {"case-sensitive": "yes"},
        ["a list"],
    ],
)
def test_what_cannot_be_planned_is_refused(planned: Planned, asked: Any) -> None:
    assert planned.client.post(f"{planned.path}/plan", json=asked).status_code == 400


def test_a_plan_is_asked_for_again_and_given_up(planned: Planned) -> None:
    first = planned.client.post(f"{planned.path}/plan", json={}).json()
    where = f"{planned.path}/plan/{first['plan-id']}"
    assert whole(planned.client, planned.path, planned.client.get(where).json()) == planned.plan()
    assert planned.client.delete(where).status_code == 204
    assert planned.client.delete(where).status_code == 204
    assert planned.client.get(where).json() == {"status": "cancelled"}


def test_names_that_were_not_given_are_not_found(planned: Planned, http: httpx.Client, namespace: str) -> None:
    plan = planned.client.post(f"{planned.path}/plan", json={}).json()["plan-id"]
    create_table(http, namespace, "other")
    other = f"/v1/namespaces/{namespace}/tables/other"
    for path, name in ((planned.path, "x"), (planned.path, plan[:-4]), (planned.path, "%C3%A9"), (other, plan)):
        for answer in (http.get(f"{path}/plan/{name}"), http.delete(f"{path}/plan/{name}")):
            assert (answer.status_code, error_of(answer)["type"]) == (404, "NoSuchPlanIdException")
        answer = http.post(f"{path}/tasks", json={"plan-task": name})
        assert (answer.status_code, error_of(answer)["type"]) == (404, "NoSuchPlanTaskException")
    gone = http.post(f"/v1/namespaces/{namespace}/tables/gone/plan", json={})
    assert error_of(gone)["type"] == "NoSuchTableException"


def test_a_table_without_snapshots_has_no_files(http: httpx.Client, namespace: str) -> None:
    create_table(http, namespace, "t")
    path = f"/v1/namespaces/{namespace}/tables/t"
    answer = http.post(f"{path}/plan", json={"filter": {"type": "is-null", "term": "name"}}).json()
    assert whole(http, path, answer) == {}
    assert whole(http, path, http.get(f"{path}/plan/{answer['plan-id']}").json()) == {}


def _with_files(client: httpx.Client, namespace: str, manifests: int) -> str:
    """The path of a new table with two (absent) files in each of some manifests."""
    made = create_table(client, namespace, "many").json()["metadata"]
    folder = Path(made["location"].removeprefix("file://")) / "metadata"
    snapshot = Snapshot(folder, Schema.model_validate(made["schemas"][0]), UNPARTITIONED_PARTITION_SPEC)
    for n in range(manifests):
        snapshot.add([content_file(f"file:///f{n}-{m}", (), DATA) for m in (0, 1)])
    path = f"/v1/namespaces/{namespace}/tables/many"
    _commit(client, path, snapshot.metadata())
    return path


def test_many_manifests_are_told_in_parts_that_outlive_the_process(tmp_path: Path) -> None:
    names = [f"{n:04d}" for n in range(3000)]
    asks = {"small": {}, "large": {"filter": {"type": "not-in", "term": "name", "values": names}}}
    with running_server(tmp_path) as before, httpx.Client(base_url=before.iceberg, timeout=30) as client:
        create_namespace(client, "n")
        path = _with_files(client, "n", 300)
        plans = {kind: client.post(f"{path}/plan", json=asked).json() for kind, asked in asks.items()}
        before.kill()
    after = start_server(tmp_path)
    with httpx.Client(base_url=after.iceberg, timeout=30) as client:
        for plan in plans.values():
            assert plan["file-scan-tasks"] == []
            assert len(plan["plan-tasks"]) == 10
            assert max(map(len, [plan["plan-id"], *plan["plan-tasks"]])) < 2100
            assert len(whole(client, path, plan)) == 600
            again = client.get(f"{path}/plan/{plan['plan-id']}").json()
            assert len(whole(client, path, again)) == 600
            client.delete(f"{path}/plan/{plan['plan-id']}").raise_for_status()
            late = client.post(f"{path}/tasks", json={"plan-task": plan["plan-tasks"][0]})
            assert error_of(late)["type"] == "NoSuchPlanTaskException"
    after.stop()


def test_a_plan_in_the_background_is_asked_for_until_it_is_there(tmp_path: Path) -> None:
    at_once = {"CATALOG_SERVER__ICEBERG__BACKGROUND_PLAN_BYTES": "0"}
    with running_server(tmp_path, environment=at_once) as server, httpx.Client(base_url=server.iceberg) as client:
        create_namespace(client, "n")
        path = _with_files(client, "n", 300)
        submitted = client.post(f"{path}/plan", json={}).json()
        assert submitted.keys() == {"status", "plan-id"}
        assert submitted["status"] == "submitted"
        where = f"{path}/plan/{submitted['plan-id']}"
        assert eventually(lambda: client.get(where).json()["status"] == "completed")
        assert len(whole(client, path, client.get(where).json())) == 600
        given_up = client.post(f"{path}/plan", json={}).json()["plan-id"]
        client.delete(f"{path}/plan/{given_up}").raise_for_status()
        assert client.get(f"{path}/plan/{given_up}").json() == {"status": "cancelled"}
        broken = Snapshot(tmp_path, Schema(), UNPARTITIONED_PARTITION_SPEC, id=2, sequence=2).metadata(1)
        Path(broken["manifest-list"].removeprefix("file://")).write_bytes(b"no list")
        _commit(client, path, broken)
        failing = client.post(f"{path}/plan", json={}).json()["plan-id"]
        assert eventually(lambda: client.get(f"{path}/plan/{failing}").json()["status"] == "failed")
        assert broken["manifest-list"] in client.get(f"{path}/plan/{failing}").json()["error"]["message"]
