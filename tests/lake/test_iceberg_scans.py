"""Scans of Iceberg tables whose manifests are written by hand: deletes of all kinds, versions, statistics, filters."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyiceberg import transforms
from pyiceberg.expressions.visitors import expression_evaluator
from pyiceberg.manifest import FileFormat
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.typedef import Record
from pyiceberg.types import DateType, FloatType, IntegerType, LongType, NestedField, StringType, UUIDType
from pyiceberg.utils.schema_conversion import AvroSchemaConversion

from catalog_server.lake.filesystem import Lake
from catalog_server.lake.iceberg.scan import avro, filters
from catalog_server.lake.iceberg.scan.manifests import Manifests
from catalog_server.lake.iceberg.scan.planner import Planner
from catalog_server.lake.iceberg.scan.requests import resolve
from catalog_server.lake.iceberg.scan.residuals import Residuals
from catalog_server.model.errors import CatalogError, Invalid, NotFound, Unsupported
from catalog_server.model.scan_plan import ScanRequest, ScanTasks, Slice
from tests.lake.manifest_files import EQUALITY, POSITIONS, Snapshot, content_file

SCHEMA = Schema(
    NestedField(1, "id", LongType(), required=True),
    NestedField(2, "name", StringType()),
    NestedField(3, "price", FloatType()),
    NestedField(4, "code", UUIDType()),
)
BY_NAME = PartitionSpec(PartitionField(2, 1000, transforms.IdentityTransform(), "name"))
PLAIN = PartitionSpec()
PATH = 2147483546


def document(*snapshots: dict[str, Any], schema: Schema = SCHEMA, spec: PartitionSpec = PLAIN) -> dict[str, Any]:
    """Table metadata as far as a scan looks at it."""
    return {
        "format-version": 2,
        "table-uuid": "u",
        "current-schema-id": 0,
        "schemas": [{**schema.model_dump(mode="json", by_alias=True), "schema-id": 0}],
        "partition-specs": [{**spec.model_dump(mode="json", by_alias=True), "spec-id": 0}],
        "snapshots": list(snapshots),
        "current-snapshot-id": snapshots[-1]["snapshot-id"] if snapshots else -1,
    }


def planner(said: dict[str, Any], **request: Any) -> Planner:
    """The planner of a scan."""
    scan = resolve(said, ScanRequest(**request))
    assert scan is not None
    return Planner(Manifests(Lake(list), lambda location: None), said, scan)


def all_tasks(found: Planner) -> list[ScanTasks]:
    """Everything that a scan tells, answer by answer."""
    waiting, told = list(found.slices()), []
    while waiting:
        told.append(found.read(waiting.pop(0)))
        waiting += told[-1].left
    return told


def paths(told: Sequence[ScanTasks]) -> dict[str, set[str]]:
    """The deletes of each data file."""
    return {
        task["data-file"]["file-path"]: {
            one.deletes[at]["file-path"] for at in task.get("delete-file-references", ())
        }
        for one in told
        for task in one.tasks
    }  # fmt: skip


def test_deletes_apply_by_sequence_number_partition_and_path(tmp_path: Path) -> None:
    snapshot = Snapshot(tmp_path, SCHEMA, BY_NAME, sequence=4)
    snapshot.add([content_file("a1", ["a"]), content_file("b1", ["b"])], sequence=1)
    snapshot.add([content_file("a3", ["a"])], sequence=3)
    path = {"lower_bounds": {PATH: b"b1"}, "upper_bounds": {PATH: b"b1"}}
    snapshot.add([content_file("p0", ["a"], POSITIONS)], sequence=0)
    snapshot.add([content_file("p1", ["a"], POSITIONS)], sequence=1)
    snapshot.add([content_file("e1", ["a"], EQUALITY, equality_ids=[1])], sequence=1)
    snapshot.add([content_file("e3", ["a"], EQUALITY, equality_ids=[1])], sequence=3)
    snapshot.add([content_file("path", ["b"], POSITIONS, **path)], sequence=2)
    told = all_tasks(planner(document(snapshot.metadata(), spec=BY_NAME)))
    assert paths(told) == {"a1": {"p1", "e3"}, "b1": {"path"}, "a3": set()}
    assert {one["equality-ids"][0] for one in told[0].deletes if one["content"] == "equality-deletes"} == {1}


def test_deletes_by_equality_without_a_partition_apply_everywhere(tmp_path: Path) -> None:
    data = Snapshot(tmp_path, SCHEMA, BY_NAME, sequence=2)
    data.add([content_file("a", ["a"]), content_file("b", ["b"])], sequence=1)
    unpartitioned = Snapshot(tmp_path, SCHEMA, PartitionSpec(spec_id=1), manifests=data.manifests)
    unpartitioned.add([content_file("e", (), EQUALITY, equality_ids=[1])], sequence=2)
    said = document(data.metadata(), spec=BY_NAME)
    said["partition-specs"].append({"spec-id": 1, "fields": []})
    assert paths(all_tasks(planner(said, filter={"type": "eq", "term": "name", "value": "b"}))) == {"b": {"e"}}


def test_a_deletion_vector_takes_the_place_of_older_deletes(tmp_path: Path) -> None:
    snapshot = Snapshot(tmp_path, SCHEMA, PLAIN, version=3, sequence=3)
    snapshot.add([content_file("a"), content_file("b")], sequence=1, first_row_id=100)
    snapshot.add([content_file("old", (), POSITIONS)], sequence=2)
    vectors = [
        content_file(
            "v.puffin", (), POSITIONS, file_format=FileFormat.PUFFIN, referenced_data_file=name, content_offset=offset,
            content_size_in_bytes=40,
        )
        for name, offset in (("a", 4), ("gone", 44))
    ]  # fmt: skip
    snapshot.add(vectors, sequence=3)
    (told,) = all_tasks(planner(document(snapshot.metadata())))
    assert paths([told]) == {"a": {"v.puffin"}, "b": {"old"}}
    vector = told.deletes[0]
    assert (vector["file-format"], vector["referenced-data-file"], vector["content-offset"]) == ("puffin", "a", 4)
    assert vector["content-size-in-bytes"] == 40
    assert [task["data-file"]["first-row-id"] for task in told.tasks] == [100, 110]


@pytest.mark.parametrize("version", [1, 2, 3])
def test_manifests_of_all_versions_are_read(tmp_path: Path, version: int) -> None:
    snapshot = Snapshot(tmp_path, SCHEMA, BY_NAME, version=version)
    snapshot.add([content_file("a", ["a"]), content_file("none", [None])], sequence=0)
    found = planner(document(snapshot.metadata(), spec=BY_NAME), filter={"type": "is-null", "term": "name"})
    ((task,),) = [one.tasks for one in all_tasks(found)]
    assert task == {
        "data-file": {
            "spec-id": 0,
            "content": "data",
            "file-path": "none",
            "file-format": "parquet",
            "partition": [None],
            "file-size-in-bytes": 1000,
            "record-count": 10,
        },
        "residual-filter": True,
    }


def test_files_are_left_out_by_their_bounds_and_bounds_are_told_on_demand(tmp_path: Path) -> None:
    one, nine = (number.to_bytes(8, "little") for number in (1, 9))
    bounds = {"lower_bounds": {1: one}, "upper_bounds": {1: nine}, "null_value_counts": {1: 0}, "value_counts": {1: 10}}
    snapshot = Snapshot(tmp_path, SCHEMA, PLAIN)
    snapshot.add([content_file("a", **bounds)])
    said = document(snapshot.metadata())
    above = {"type": "gt", "term": "id", "value": 9}
    assert paths(all_tasks(planner(said, filter=above))) == {}
    ((task,),) = [
        one.tasks for one in all_tasks(planner(said, filter={"type": "not", "child": above}, stats_fields=("id",)))
    ]
    assert task["data-file"]["lower-bounds"] == {"keys": [1], "values": ["0100000000000000"]}
    assert task["data-file"]["null-value-counts"] == {"keys": [1], "values": [0]}
    assert task["residual-filter"] == {"type": "not", "child": above}


def test_floats_and_uuids_are_compared_as_columns_hold_them(tmp_path: Path) -> None:
    import struct
    import uuid

    tenth, code = struct.pack("<f", 0.1), uuid.uuid4()
    by_code = PartitionSpec(PartitionField(4, 1000, transforms.IdentityTransform(), "code"))
    snapshot = Snapshot(tmp_path, SCHEMA, by_code)
    snapshot.add([content_file("a", [code], lower_bounds={3: tenth}, upper_bounds={3: tenth})])
    said = document(snapshot.metadata(), spec=by_code)
    both = {
        "type": "and",
        "left": {"type": "eq", "term": "price", "value": 0.1},
        "right": {
            "type": "eq",
            "left": {"type": "reference", "id": 4},
            "right": {"type": "literal", "value": str(code)},
        },
    }
    ((task,),) = [one.tasks for one in all_tasks(planner(said, filter=both))]
    assert task["residual-filter"] == both["left"]
    assert task["data-file"]["partition"] == [str(code)]
    assert paths(all_tasks(planner(said, filter={"type": "eq", "term": "code", "value": str(uuid.uuid4())}))) == {}


def test_a_large_manifest_and_many_manifests_are_told_in_bounded_parts(tmp_path: Path) -> None:
    snapshot = Snapshot(tmp_path, SCHEMA, PLAIN)
    snapshot.add([content_file(f"large-{n}") for n in range(2500)])
    for n in range(300):
        snapshot.add([content_file(f"small-{n}")])
    found = planner(document(snapshot.metadata()))
    told = all_tasks(found)
    assert len(found.slices()) > 5
    assert max(len(one.tasks) for one in told) <= 1000
    names = [task["data-file"]["file-path"] for one in told for task in one.tasks]
    assert len(names) == len(set(names)) == 2800


def test_many_deletes_of_many_files_are_told_in_bounded_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = Snapshot(tmp_path, SCHEMA, PLAIN, sequence=2)
    snapshot.add([content_file(f"f{n}") for n in range(10)], sequence=1)
    snapshot.add([content_file(f"d{n}", (), EQUALITY, equality_ids=[1]) for n in range(20)])
    monkeypatch.setattr("catalog_server.lake.iceberg.scan.planner.REFERENCES_MAX", 50)
    told = all_tasks(planner(document(snapshot.metadata())))
    assert [len(one.tasks) for one in told] == [2] * 5
    assert paths(told) == {f"f{n}": {f"d{m}" for m in range(20)} for n in range(10)}


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_is_wrong_with_a_file_of_a_manifest_is_told(tmp_path: Path, data: st.DataObject) -> None:
    snapshot = Snapshot(tmp_path, SCHEMA, BY_NAME, codec="null")
    snapshot.add([content_file("f", ["a"], value_counts={1: 1}, lower_bounds={1: b"12345678"})])
    said = document(snapshot.metadata(), spec=BY_NAME)
    names = [snapshot.manifests[0].manifest_path, said["snapshots"][0]["manifest-list"]]
    file = Path(data.draw(st.sampled_from(names)).removeprefix("file://"))
    found = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        found[data.draw(st.integers(0, len(found) - 1))] = data.draw(st.integers(0, 255))
    file.write_bytes(found[: data.draw(st.sampled_from([len(found), len(found) // 2, len(found) - 1]))])
    with suppress(CatalogError):
        all_tasks(planner(said, filter={"type": "eq", "term": "name", "value": "a"}))


def test_a_list_of_what_takes_no_bytes_is_refused() -> None:
    nothing = {"type": "record", "name": "nothing", "fields": []}
    field = {"name": "f", "field-id": 1, "type": {"type": "array", "element-id": 2, "items": nothing}}
    written = AvroSchemaConversion().avro_to_iceberg({"type": "record", "name": "r", "fields": [field]})
    with pytest.raises(ValueError, match="no bytes"):
        avro.check_weights(written.as_struct())


_SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["id", "name", "price", "code", "x"])
)
_TYPES = "eq lt in not and is-null is-nan starts-with reference literal transform apply".split()
_PARTS = "term value values child left right name transform arguments".split()
_JSON = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.builds(
            lambda kind, parts: {"type": kind, **parts},
            st.sampled_from(_TYPES),
            st.dictionaries(st.sampled_from(_PARTS), inner),
        )
    ),
)  # fmt: skip


@settings(deadline=None)
@given(_JSON)
def test_any_filter_is_read_or_refused(said: Any) -> None:
    with suppress(Invalid):
        filters.to_json(filters.read(said, SCHEMA))


def test_an_encrypted_manifest_is_refused(tmp_path: Path) -> None:
    snapshot = Snapshot(tmp_path, SCHEMA, PLAIN)
    snapshot.add([content_file("f")], key_metadata=b"key")
    with pytest.raises(Unsupported, match="encrypted"):
        all_tasks(planner(document(snapshot.metadata())))


def test_manifests_of_other_partitions_are_not_opened(tmp_path: Path) -> None:
    snapshot = Snapshot(tmp_path, SCHEMA, BY_NAME)
    for n in range(40):
        snapshot.add([content_file(f"f{n}", [f"n{n}"])])
    for manifest in snapshot.manifests:
        if manifest is not snapshot.manifests[7]:
            Path(manifest.manifest_path.removeprefix("file://")).unlink()
    found = planner(document(snapshot.metadata(), spec=BY_NAME), filter={"type": "eq", "term": "name", "value": "n7"})
    assert found.slices() == [Slice(7, 8)]
    assert paths(all_tasks(found)) == {"f7": set()}


def test_what_was_appended_between_two_snapshots_is_told_without_older_files(tmp_path: Path) -> None:
    said, manifests = [], []
    for id_ in (1, 2, 3):
        snapshot = Snapshot(tmp_path, SCHEMA, PLAIN, id=id_, sequence=id_, manifests=manifests[:])
        snapshot.add([content_file(f"f{id_}")])
        manifests = snapshot.manifests
        said.append(snapshot.metadata(parent=id_ - 1 or None))
    assert paths(all_tasks(planner(document(*said), start_snapshot_id=1, end_snapshot_id=3))) == {
        "f2": set(),
        "f3": set(),
    }
    assert paths(all_tasks(planner(document(*said), start_snapshot_id=3, end_snapshot_id=3))) == {}
    said[1]["summary"] = {"operation": "overwrite"}
    assert paths(all_tasks(planner(document(*said), start_snapshot_id=1, end_snapshot_id=3))) == {"f3": set()}
    with pytest.raises(Invalid, match="is not an ancestor"):
        planner(document(*said), start_snapshot_id=3, end_snapshot_id=2)


def test_a_spec_whose_column_was_dropped_still_tells_its_partitions(tmp_path: Path) -> None:
    snapshot = Snapshot(tmp_path, SCHEMA, BY_NAME)
    snapshot.add([content_file("a", ["x"])])
    said = document(snapshot.metadata(), spec=BY_NAME)
    dropped = {**said["schemas"][0], "fields": said["schemas"][0]["fields"][:1], "schema-id": 1}
    said |= {"schemas": [*said["schemas"], dropped], "current-schema-id": 1}
    ((task,),) = [one.tasks for one in all_tasks(planner(said, filter={"type": "gt", "term": "id", "value": 1}))]
    assert task["data-file"]["partition"] == ["x"]
    with pytest.raises(Invalid, match="name"):
        planner(said, filter={"type": "eq", "term": "name", "value": "x"})
    assert planner(said, use_snapshot_schema=True, filter={"type": "eq", "term": "name", "value": "y"}).slices() == []


def test_a_partition_that_is_not_a_number_is_refused_rather_than_told_wrongly(tmp_path: Path) -> None:
    by_price = PartitionSpec(PartitionField(3, 1000, transforms.IdentityTransform(), "price"))
    snapshot = Snapshot(tmp_path, SCHEMA, by_price)
    snapshot.add([content_file("a", [float("nan")])])
    with pytest.raises(Unsupported, match="nan"):
        all_tasks(planner(document(snapshot.metadata(), spec=by_price)))


def test_missing_and_broken_manifests_are_named(tmp_path: Path) -> None:
    snapshot = Snapshot(tmp_path, SCHEMA, PLAIN)
    snapshot.add([content_file("a")])
    file = Path(snapshot.manifests[0].manifest_path.removeprefix("file://"))
    said = document(snapshot.metadata())
    file.write_bytes(file.read_bytes()[:-30])
    with pytest.raises(Invalid, match=file.name):
        all_tasks(planner(said))
    file.unlink()
    with pytest.raises(NotFound, match=file.name):
        all_tasks(planner(said))


@pytest.mark.parametrize(
    "said",
    [
        7,
        {"type": "like", "term": "name", "value": "x"},
        {"type": ["eq"], "term": "name", "value": "x"},
        {"type": "eq", "term": "name"},
        {"type": "eq", "term": "nope", "value": 1},
        {"type": "eq", "term": "NAME", "value": "x"},
        {"type": "eq", "term": "id", "value": "x"},
        {"type": "eq", "term": "id", "value": None},
        {"type": "eq", "term": "id", "value": [1]},
        {"type": "eq", "term": "code", "value": "no-uuid"},
        {"type": "in", "term": "id", "values": 3},
        {"type": "in", "term": "id", "values": [1, "x"]},
        {"type": "starts-with", "term": "id", "value": "1"},
        {"type": "and", "left": True},
        {"type": "is-null", "child": {"type": "literal", "value": 1}},
        {"type": "is-null", "child": {"type": "reference", "id": 99}},
        {"type": "eq", "left": {"type": "apply", "function": "f", "arguments": [{"type": "reference", "id": 99}]}, "right": 1},
    ],
)  # fmt: skip
def test_a_filter_that_makes_no_sense_is_refused(said: Any) -> None:
    with pytest.raises(Invalid, match="filter"):
        filters.read(said, SCHEMA)


def test_what_is_not_evaluated_stays_in_the_residual_and_prunes_nothing(tmp_path: Path) -> None:
    snapshot = Snapshot(tmp_path, SCHEMA, BY_NAME)
    snapshot.add([content_file("a", ["a"])])
    said = document(snapshot.metadata(), spec=BY_NAME)
    transform = {"type": "transform", "transform": "bucket[4]", "term": "id"}
    for kept in (
        {"type": "eq", "term": transform, "value": 3},
        {"type": "eq", "left": {"type": "reference", "name": "name"}, "right": {"type": "reference", "name": "name"}},
        {"type": "lt", "term": "code", "value": "00000000-0000-0000-0000-000000000000"},
        {"type": "lt", "term": "id", "value": 1 << 70},
    ):
        ((task,),) = [one.tasks for one in all_tasks(planner(said, filter=kept))]
        assert task["residual-filter"] == kept


def test_long_chains_are_read_and_deep_ones_are_refused() -> None:
    chain: Any = {"type": "eq", "term": "id", "value": 0}
    for n in range(800):
        chain = {"type": "or", "left": chain, "right": {"type": "eq", "term": "id", "value": n}}
    found = filters.read(chain, SCHEMA)
    assert isinstance(found, filters.Some)
    assert len(found.parts) == 801
    filters.to_expression(found)
    deep: Any = True
    for _ in range(300):
        deep = {"type": "not", "child": deep}
    with pytest.raises(Invalid, match="nests deeper"):
        filters.read(deep, SCHEMA)


_ROWS = Schema(NestedField(1, "n", IntegerType()), NestedField(2, "s", StringType()), NestedField(3, "d", DateType()))
_VALUES = {"n": st.integers(-40, 40), "s": st.text("ab", max_size=4), "d": st.integers(-800, 800)}
_TRANSFORMS = {
    "n": [transforms.IdentityTransform(), transforms.TruncateTransform(7), transforms.BucketTransform(3)],
    "s": [transforms.IdentityTransform(), transforms.TruncateTransform(2), transforms.BucketTransform(3)],
    "d": [transforms.YearTransform(), transforms.MonthTransform(), transforms.DayTransform()],
}


@st.composite
def _leaves(draw: st.DrawFn) -> dict[str, Any]:
    name = draw(st.sampled_from(sorted(_VALUES)))
    kinds = ["eq", "not-eq", "lt", "lt-eq", "gt", "gt-eq", "in", "not-in", "is-null", "not-null"]
    kind = draw(st.sampled_from([*kinds, *(["starts-with", "not-starts-with"] if name == "s" else [])]))
    value = _VALUES[name].map(lambda days: str(date.fromordinal(719163 + days)) if name == "d" else days)
    if kind in ("is-null", "not-null"):
        return {"type": kind, "term": name}
    if kind in ("in", "not-in"):
        return {"type": kind, "term": name, "values": draw(st.lists(value, max_size=4))}
    return {"type": kind, "term": name, "value": draw(value)}


def _joined(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    kinds = st.sampled_from(["and", "or"])
    pairs = st.builds(lambda kind, left, right: {"type": kind, "left": left, "right": right}, kinds, inner, inner)
    return pairs | st.builds(lambda child: {"type": "not", "child": child}, inner)


_FILTERS = st.recursive(_leaves(), _joined, max_leaves=5)


@settings(deadline=None)
@given(
    said=_FILTERS,
    row=st.tuples(*(st.none() | _VALUES[name] for name in ("n", "s", "d"))),
    chosen=st.tuples(*(st.sampled_from(_TRANSFORMS[name]) for name in ("n", "s", "d"))),
)
def test_a_residual_says_of_each_row_of_its_partition_what_the_filter_says(
    said: dict[str, Any], row: tuple[Any, ...], chosen: tuple[Any, ...]
) -> None:
    spec = PartitionSpec(*(PartitionField(at + 1, 1000 + at, each, f"p{at}") for at, each in enumerate(chosen)))
    partition = tuple(
        None if value is None else each.transform(field.field_type)(value)
        for each, field, value in zip(chosen, _ROWS.fields, row, strict=True)
    )
    filter_ = filters.read(said, _ROWS)
    residual = Residuals(filter_, spec, _ROWS).of(partition)
    assert _holds(residual, row) == _holds(filter_, row)


def _holds(filter_: filters.Filter, row: tuple[Any, ...]) -> bool:
    return bool(expression_evaluator(_ROWS, filters.to_expression(filter_), True)(Record(*row)))
