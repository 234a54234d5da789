"""What holds for every Iceberg document and every commit."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pyiceberg.table.metadata import TableMetadataUtil

from catalog_server.lake import iceberg
from catalog_server.model.errors import CatalogError
from tests.lake.iceberg_samples import NOW_MS, append, field, table

Json = dict[str, Any]
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
UNKNOWN = st.dictionaries(st.text(min_size=1, max_size=8).map("x-".__add__), JSON, min_size=1, max_size=3)
KEYS = st.sampled_from(["a", "b", "c"])


def _commit(kind: str, number: int, document: Json) -> list[Json]:
    """Some valid updates for the document as it is."""
    sequence = document.get("last-sequence-number", 0) + 1 if document["format-version"] > 1 else 0
    rows = {"first-row-id": document["next-row-id"], "added-rows": 2} if document["format-version"] == 3 else {}
    fields = document["schemas"][-1]["fields"]
    column = document["last-column-id"] + 1
    commits: dict[str, list[Json]] = {
        "append": append(number, sequence, iceberg.snapshot_id(document), **rows),
        "branch": append(number, sequence, None, branch=f"b{number % 3}", **rows),
        "column": [
            {
                "action": "add-schema",
                "schema": {"type": "struct", "fields": [*fields, field(column, f"c{column}", "int")]},
            },
            {"action": "set-current-schema", "schema-id": -1},
        ],
        "property": [{"action": "set-properties", "updates": {"k": str(number)}}],
        "expire": [
            {
                "action": "remove-snapshots",
                "snapshot-ids": [s["snapshot-id"] for s in document["snapshots"][:1]],
            }
        ],
        "unpartition": [
            {"action": "add-spec", "spec": {"fields": []}},
            {"action": "set-default-spec", "spec-id": -1},
        ],
        "unsort": [
            {"action": "add-sort-order", "sort-order": {"order-id": 0, "fields": []}},
            {"action": "set-default-sort-order", "sort-order-id": -1},
        ],
        "drop main": [{"action": "remove-snapshot-ref", "ref-name": "main"}],
    }
    return commits[kind]


COMMITS = st.lists(
    st.sampled_from([*"append branch column property expire unpartition unsort".split(), "drop main"]), max_size=12
)


def _run(document: Json, kinds: list[str]) -> Json:
    for number, kind in enumerate(kinds, start=1):
        updates = _commit(kind, number, document)
        document = iceberg.apply_updates(document, updates, NOW_MS + number * 1000, f"s3://b/t/{number}.json")
        document = iceberg.loads(iceberg.dumps(document))
    return document


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([1, 2, 3]), COMMITS, UNKNOWN, UNKNOWN)
def test_unknown_keys_survive_every_commit(version: int, kinds: list[str], top: Json, inner: Json) -> None:
    document = {**table(version), **top}
    document["schemas"] = [{**document["schemas"][0], **inner}]
    document["partition-specs"] = [{**document["partition-specs"][0], **inner}]
    document["sort-orders"] = [{**document["sort-orders"][0], **inner}]
    done = _run(document, kinds)
    assert {key: done[key] for key in top} == top
    for part in ("schemas", "partition-specs", "sort-orders"):
        assert {key: done[part][0][key] for key in inner} == inner


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([1, 2]), COMMITS)
def test_the_document_stays_readable_for_pyiceberg(version: int, kinds: list[str]) -> None:
    done = _run(table(version), kinds)
    parsed = TableMetadataUtil.parse_obj(done)
    assert parsed.current_snapshot_id == iceberg.snapshot_id(done)
    assert len(parsed.snapshots) == len(done["snapshots"])
    assert iceberg.hive_parameters(done, "s3://b/t/m.json")["snapshot-count"] == str(len(parsed.snapshots))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([2, 3]), COMMITS)
def test_what_a_commit_promises_holds_after_any_number(version: int, kinds: list[str]) -> None:
    done = _run(table(version), kinds)
    known = {item["snapshot-id"] for item in done["snapshots"]}
    assert {ref["snapshot-id"] for ref in done["refs"].values()} <= known
    main = done["refs"].get("main", {}).get("snapshot-id")
    assert iceberg.snapshot_id(done) == main
    assert all(item["sequence-number"] <= done["last-sequence-number"] for item in done["snapshots"])
    assert len({schema["schema-id"] for schema in done["schemas"]}) == len(done["schemas"])


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries({"action": st.sampled_from(sorted(iceberg.UPDATE_ACTIONS))}).flatmap(
            lambda base: st.dictionaries(
                st.sampled_from(
                    "schema schema-id spec spec-id sort-order sort-order-id snapshot snapshot-ids ref-name type snapshot-id "
                    "updates removals statistics partition-statistics spec-ids schema-ids encryption-key key-id uuid "
                    "format-version location".split()
                ),
                JSON,
                max_size=4,
            ).map(lambda more: {**more, **base})
        ),
        max_size=3,
    )
)
def test_no_update_however_malformed_crashes(updates: list[Json]) -> None:
    try:
        made = iceberg.apply_updates(table(), updates, NOW_MS)
    except CatalogError:
        return
    assert iceberg.loads(iceberg.dumps(made)) == made


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The place of every value inside a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in items for place in _paths(item, (*path, key)))]


def _replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    items = dict(value) if isinstance(value, dict) else list(value)
    items[path[0]] = _replaced(value[path[0]], path[1:], new)
    return items


WHOLE = [
    *append(1, 1, **{"first-row-id": 0, "added-rows": 1}),
    {"action": "add-schema", "schema": table()["schemas"][0]},
    {"action": "set-current-schema", "schema-id": -1},
    {"action": "add-spec", "spec": table()["partition-specs"][0]},
    {"action": "add-sort-order", "sort-order": table()["sort-orders"][0]},
    {"action": "set-properties", "updates": {"a": "b"}},
    {"action": "remove-snapshots", "snapshot-ids": [1]},
]


@settings(max_examples=400, deadline=None)
@given(st.sampled_from([1, 2, 3]), st.sampled_from(_paths(WHOLE)), JSON)
def test_no_commit_with_one_wrong_value_crashes(version: int, path: tuple[Any, ...], value: Any) -> None:
    try:
        made = iceberg.apply_updates(table(version), _replaced(WHOLE, path, value), NOW_MS + 5000)
    except CatalogError:
        return
    assert iceberg.loads(iceberg.dumps(made)) == made


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(_paths(table(3))), JSON)
def test_no_stored_document_with_one_wrong_value_crashes(path: tuple[Any, ...], value: Any) -> None:
    document = _replaced(table(3), path, value)
    try:
        iceberg.check_requirements(document, [{"type": "assert-current-schema-id", "current-schema-id": 0}])
        iceberg.apply_updates(document, WHOLE, NOW_MS)
        iceberg.columns_of(document)
        iceberg.hive_parameters(document, "s3://b/t/m.json")
        iceberg.summary_of(document)
    except CatalogError:
        return
    assert iceberg.completed(document)["format-version"] in (1, 2, 3)
