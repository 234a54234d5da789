"""The updates of Iceberg commits, held against what pyiceberg makes of the same updates."""

from __future__ import annotations

import copy
import uuid
from typing import Any

import pytest
from pydantic import TypeAdapter
from pyiceberg.table.metadata import TableMetadataUtil
from pyiceberg.table.update import TableUpdate, update_table_metadata

from catalog_server.lake import iceberg
from catalog_server.model.errors import Invalid, RequirementFailed
from tests.lake.iceberg_samples import BY_ID, DAYS, NESTED, NOW_MS, append, apply, field, snapshot, table

Json = dict[str, Any]
WIDER: Json = {"type": "struct", "schema-id": 1, "fields": [*table()["schemas"][0]["fields"], field(12, "new", "int")]}
BUCKETS: Json = {
    "spec-id": 1,
    "fields": [
        {"source-id": 5, "field-id": 1000, "name": "ts_day", "transform": "day"},
        {"source-id": 1, "field-id": 1001, "name": "id_bucket", "transform": "bucket[8]"},
    ],
}
BY_TIME: Json = {
    "order-id": 2,
    "fields": [{"source-id": 5, "transform": "hour", "direction": "desc", "null-order": "nulls-last"}],
}
STATISTICS: Json = {
    "snapshot-id": 1,
    "statistics-path": "s3://b/t/s.puffin",
    "file-size-in-bytes": 9,
    "file-footer-size-in-bytes": 3,
    "blob-metadata": [],
}
PARTITION_STATISTICS: Json = {"snapshot-id": 1, "statistics-path": "s3://b/t/p.parquet", "file-size-in-bytes": 9}


def update(action: str, **more: Any) -> Json:
    return {"action": action, **{key.replace("_", "-"): value for key, value in more.items()}}


CASES: dict[str, list[Json]] = {
    "nothing": [],
    "append": append(1, 1),
    "two appends": [*append(1, 1), *append(2, 2, 1)],
    "branch and tag": [
        *append(1, 1),
        *append(2, 2, 1, branch="audit"),
        update("set-snapshot-ref", ref_name="v1", type="tag", snapshot_id=1, max_ref_age_ms=7),
    ],
    "remove branch": [*append(1, 1), *append(2, 2, 1, branch="x"), update("remove-snapshot-ref", ref_name="x")],
    "wider schema": [update("add-schema", schema=WIDER), update("set-current-schema", schema_id=-1)],
    "spec": [update("add-spec", spec=BUCKETS), update("set-default-spec", spec_id=-1)],
    "order": [update("add-sort-order", sort_order=BY_TIME), update("set-default-sort-order", sort_order_id=-1)],
    "location": [update("set-location", location="s3://b/other")],
    "properties": [update("set-properties", updates={"a": "1", "b": "2"}), update("remove-properties", removals=["a"])],
    "statistics": [*append(1, 1), update("set-statistics", snapshot_id=1, statistics=STATISTICS)],
    "statistics removed": [
        *append(1, 1),
        update("set-statistics", snapshot_id=1, statistics=STATISTICS),
        update("remove-statistics", snapshot_id=1),
    ],
    "partition statistics": [
        *append(1, 1),
        update("set-partition-statistics", partition_statistics=PARTITION_STATISTICS),
    ],
    "partition statistics removed": [
        *append(1, 1),
        update("set-partition-statistics", partition_statistics=PARTITION_STATISTICS),
        update("remove-partition-statistics", snapshot_id=1),
    ],
    "remove schema": [
        update("add-schema", schema=WIDER),
        update("set-current-schema", schema_id=-1),
        update("remove-schemas", schema_ids=[0]),
    ],
    "remove spec": [
        update("add-spec", spec=BUCKETS),
        update("set-default-spec", spec_id=-1),
        update("remove-partition-specs", spec_ids=[0]),
    ],
    "expire": [*append(1, 1), *append(2, 2), update("remove-snapshots", snapshot_ids=[1])],
}
UNTIMED = {"last_updated_ms", "snapshot_log", "metadata_log"}


@pytest.mark.parametrize("name", CASES)
def test_updates_give_what_pyiceberg_gives(name: str) -> None:
    base = table()
    ours = TableMetadataUtil.parse_obj(apply(base, *CASES[name]))
    updates = TypeAdapter(tuple[TableUpdate, ...]).validate_python(tuple(CASES[name]))
    theirs = update_table_metadata(TableMetadataUtil.parse_obj(base), updates)
    assert ours.model_dump(exclude=UNTIMED) == theirs.model_dump(exclude=UNTIMED)


@pytest.mark.parametrize("name", CASES)
def test_the_document_that_was_is_left_alone(name: str) -> None:
    base = table()
    before = copy.deepcopy(base)
    apply(base, *CASES[name])
    assert base == before


def test_updates_without_effect_return_the_same_document() -> None:
    base = apply(table(), *append(1, 1))
    same = apply(base, update("set-properties", updates={}), append(1, 1)[1], update("set-default-spec", spec_id=0))
    assert same is base


def test_a_schema_that_is_known_gets_its_id_again() -> None:
    base = apply(table(), update("add-schema", schema=WIDER))
    again = apply(
        base, update("add-schema", schema={**WIDER, "schema-id": 99}), update("set-current-schema", schema_id=-1)
    )
    assert [schema["schema-id"] for schema in again["schemas"]] == [0, 1]
    assert again["current-schema-id"] == 1


def test_last_column_id_never_goes_back() -> None:
    narrow = {"type": "struct", "fields": table()["schemas"][0]["fields"][:1]}
    assert apply(table(), update("add-schema", schema=narrow))["last-column-id"] == 11


def test_partition_field_ids_are_taken_from_earlier_specs() -> None:
    spec = {"fields": [{**item, "name": item["name"] + "2"} for item in BUCKETS["fields"]]}
    for item in spec["fields"]:
        del item["field-id"]
    made = apply(table(), update("add-spec", spec=spec))
    assert [item["field-id"] for item in made["partition-specs"][1]["fields"]] == [1000, 1001]
    assert made["last-partition-id"] == 1001


def test_a_create_commit_builds_the_table_from_nothing() -> None:
    staged = table(3)
    made = apply(
        None,
        update("assign-uuid", uuid=staged["table-uuid"]),
        update("upgrade-format-version", format_version=3),
        update("add-schema", schema=staged["schemas"][0]),
        update("set-current-schema", schema_id=-1),
        update("add-spec", spec=staged["partition-specs"][0]),
        update("set-default-spec", spec_id=-1),
        update("add-sort-order", sort_order=staged["sort-orders"][0]),
        update("set-default-sort-order", sort_order_id=-1),
        update("set-location", location="s3://b/t"),
        update("set-properties", updates=staged["properties"]),
    )
    assert made == {**staged, "last-updated-ms": made["last-updated-ms"]}


def test_a_create_commit_needs_schema_and_location() -> None:
    with pytest.raises(Invalid, match="location"):
        apply(None)
    with pytest.raises(Invalid, match="schema"):
        apply(None, update("set-location", location="s3://b/t"))


def test_expiring_forgets_the_history_before_the_gap() -> None:
    base = table()
    for id_ in (1, 2, 3):
        base = apply(base, *append(id_, id_))
    left = apply(base, update("remove-snapshots", snapshot_ids=[2]))
    assert [entry["snapshot-id"] for entry in left["snapshot-log"]] == [3]


def test_a_snapshot_current_only_inside_the_commit_is_not_in_the_log() -> None:
    made = apply(table(), *append(1, 1), *append(2, 2, 1))
    assert [entry["snapshot-id"] for entry in made["snapshot-log"]] == [2]


def test_rollback_is_logged_at_the_time_of_the_commit() -> None:
    base = apply(apply(table(), *append(1, 1)), *append(2, 2, 1))
    back = apply(base, append(1)[1], now_ms=NOW_MS + 5000)
    assert back["current-snapshot-id"] == 1
    assert back["snapshot-log"][-1] == {"timestamp-ms": NOW_MS + 5000, "snapshot-id": 1}


def test_expiring_takes_references_and_statistics_along() -> None:
    base = apply(table(), *CASES["statistics"], update("set-snapshot-ref", ref_name="v1", type="tag", snapshot_id=1))
    left = apply(base, update("remove-snapshots", snapshot_ids=[1, 404]))
    assert (left["refs"], left["statistics"], left["snapshots"], left["current-snapshot-id"]) == ({}, [], [], -1)


def test_the_metadata_log_holds_as_many_files_as_the_table_asks_for() -> None:
    base = table(**{"write.metadata.previous-versions-max": "2"})
    for number in range(4):
        base = iceberg.apply_updates(base, [update("set-properties", updates={"n": str(number)})], NOW_MS, f"m{number}")
    assert [entry["metadata-file"] for entry in base["metadata-log"]] == ["m2", "m3"]


@pytest.mark.parametrize(("version", "to"), [(1, 2), (1, 3), (2, 3)])
def test_upgrade_sets_what_the_new_version_needs(version: int, to: int) -> None:
    made = apply(table(version), update("upgrade-format-version", format_version=to))
    assert made["format-version"] == to
    assert "schema" not in made
    assert made["last-sequence-number"] == 0
    assert made.get("next-row-id") == (0 if to == 3 else None)
    assert made["current-snapshot-id"] == (None if to == 3 else -1)
    assert TableMetadataUtil.parse_obj(made).format_version == to


def test_row_lineage_moves_with_each_snapshot() -> None:
    made = apply(table(3), *append(1, 1, **{"first-row-id": 0, "added-rows": 5}))
    assert made["next-row-id"] == 5
    with pytest.raises(RequirementFailed, match="first-row-id is behind table next-row-id: 4 < 5"):
        apply(made, *append(2, 2, 1, **{"first-row-id": 4, "added-rows": 1}))


def test_a_snapshot_from_an_older_state_must_be_made_again() -> None:
    base = apply(table(), *append(1, 1))
    with pytest.raises(RequirementFailed, match="older than last sequence number 1"):
        apply(base, *append(2, 1, 1))


def test_encryption_keys_are_added_once_and_removed() -> None:
    key = {"key-id": "k", "encrypted-key-metadata": "aGk="}
    base = apply(
        table(3), update("add-encryption-key", encryption_key=key), update("add-encryption-key", encryption_key=key)
    )
    assert base["encryption-keys"] == [key]
    assert apply(base, update("remove-encryption-key", key_id="k"))["encryption-keys"] == []


def test_version_1_tables_of_old_writers_are_completed() -> None:
    full = apply(table(1), *append(1))
    gone = ("schemas", "current-schema-id", "partition-specs", "default-spec-id", "last-partition-id", "sort-orders")
    old = {
        key: value for key, value in full.items() if key not in (*gone, "default-sort-order-id", "refs", "table-uuid")
    }
    made = apply(old, update("set-properties", updates={"a": "b"}))
    assert made["schemas"] == full["schemas"]
    assert made["partition-specs"] == full["partition-specs"]
    assert made["refs"] == {"main": {"snapshot-id": 1, "type": "branch"}}


TOO_DEEP: Any = "x"
for _ in range(100_000):
    TOO_DEEP = [TOO_DEEP]

REFUSED: dict[str, Any] = {
    "unknown": update("add-weather"),
    "no action": {},
    "text": "add-schema",
    "uuid": update("assign-uuid", uuid="nope"),
    "other uuid": update("assign-uuid", uuid=str(uuid.UUID(int=1))),
    "downgrade": update("upgrade-format-version", format_version=1),
    "version 4": update("upgrade-format-version", format_version=4),
    "version text": update("upgrade-format-version", format_version="3"),
    "schema missing": update("add-schema"),
    "schema null": update("add-schema", schema=None),
    "version 3 type": update("add-schema", schema={"type": "struct", "fields": [field(1, "v", "variant")]}),
    "no such schema": update("set-current-schema", schema_id=7),
    "no added schema": update("set-current-schema", schema_id=-1),
    "no such spec": update("set-default-spec", spec_id=7),
    "no added spec": update("set-default-spec", spec_id=-1),
    "no such order": update("set-default-sort-order", sort_order_id=7),
    "no added order": update("set-default-sort-order", sort_order_id=-1),
    "spec source": update("add-spec", spec={"fields": [{"source-id": 99, "name": "a", "transform": "identity"}]}),
    "spec name": update("add-spec", spec={"fields": [{"source-id": 1, "name": "ts", "transform": "identity"}]}),
    "order direction": update(
        "add-sort-order", sort_order={"fields": [{**BY_ID["fields"][0], "source-id": 1, "direction": "up"}]}
    ),
    "default spec": update("remove-partition-specs", spec_ids=[0]),
    "current schema": update("remove-schemas", schema_ids=[0]),
    "spec ids text": update("remove-partition-specs", spec_ids="0"),
    "snapshot null": update("add-snapshot", snapshot=None),
    "snapshot id text": update("add-snapshot", snapshot={**snapshot(9, 9), "snapshot-id": "9"}),
    "snapshot without list": update("add-snapshot", snapshot={**snapshot(9, 9), "manifest-list": None}),
    "snapshot without operation": update("add-snapshot", snapshot={**snapshot(9, 9), "summary": {}}),
    "snapshot in the future": [*append(9, 9, **{"timestamp-ms": NOW_MS + 10_000_000})],
    "same snapshot twice": [*append(9, 9), *append(9, 10)],
    "ref to nothing": append(9)[1],
    "main as tag": [*append(9, 9), update("set-snapshot-ref", ref_name="main", type="tag", snapshot_id=9)],
    "tag with limits": [
        *append(9, 9),
        update("set-snapshot-ref", ref_name="t", type="tag", snapshot_id=9, max_snapshot_age_ms=1),
    ],
    "ref of no kind": update("set-snapshot-ref", ref_name="t", type="bough", snapshot_id=9),
    "property number": update("set-properties", updates={"a": 1}),
    "removals missing": update("remove-properties"),
    "location null": update("set-location", location=None),
    "statistics empty": update("set-statistics", statistics={}),
    "key empty": update("add-encryption-key", encryption_key={}),
    "too deep": update("add-schema", schema=TOO_DEEP),
    "column of the spec dropped": [
        update("add-schema", schema={"type": "struct", "fields": [field(1, "id", "long", required=True)]}),
        update("set-current-schema", schema_id=-1),
    ],
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_update_is_refused_by_name(name: str) -> None:
    bad = REFUSED[name] if isinstance(REFUSED[name], list) else [REFUSED[name]]
    with pytest.raises(Invalid):
        apply(table(), *bad)


def test_updates_must_be_a_list() -> None:
    with pytest.raises(Invalid):
        iceberg.apply_updates(table(), {"action": "set-location"}, NOW_MS)


def test_every_update_of_the_specification_is_known() -> None:
    assert len(iceberg.UPDATE_ACTIONS) == 23


def test_spec_and_order_without_change_reuse_their_ids() -> None:
    base = table()
    spec, order = base["partition-specs"][0], base["sort-orders"][0]
    made = apply(base, update("add-spec", spec={**spec, "spec-id": 44}), update("add-sort-order", sort_order=order))
    assert made is base
    assert DAYS["fields"][0]["field-id"] != spec["fields"][0]["field-id"]
    assert NESTED["fields"][0]["id"] == 10
