"""The requirements of Iceberg commits."""

from __future__ import annotations

from typing import Any

import pytest

from catalog_server.lake import iceberg
from catalog_server.model.errors import Invalid, RequirementFailed
from tests.lake.iceberg_samples import append, apply, table

DOCUMENT = apply(table(), *append(1, 1))


def requirement(type_: str, **more: Any) -> dict[str, Any]:
    return {"type": type_, **{key.replace("_", "-"): value for key, value in more.items()}}


HELD = [
    requirement("assert-table-uuid", uuid=DOCUMENT["table-uuid"].upper()),
    requirement("assert-ref-snapshot-id", ref="main", snapshot_id=1),
    requirement("assert-ref-snapshot-id", ref="other", snapshot_id=None),
    requirement("assert-last-assigned-field-id", last_assigned_field_id=11),
    requirement("assert-current-schema-id", current_schema_id=0),
    requirement("assert-last-assigned-partition-id", last_assigned_partition_id=1000),
    requirement("assert-default-spec-id", default_spec_id=0),
    requirement("assert-default-sort-order-id", default_sort_order_id=1),
]


def test_requirements_that_hold_pass() -> None:
    iceberg.check_requirements(DOCUMENT, HELD)


BROKEN = [
    (requirement("assert-create"), "table already exists"),
    (requirement("assert-table-uuid", uuid="x"), f"UUID does not match: expected {DOCUMENT['table-uuid']} != x"),
    (
        requirement("assert-ref-snapshot-id", ref="main", snapshot_id=2),
        "branch main has changed: expected id 2 != 1",
    ),
    (requirement("assert-ref-snapshot-id", ref="main", snapshot_id=None), "branch main was created concurrently"),
    (
        requirement("assert-ref-snapshot-id", ref="x", snapshot_id=2),
        "branch or tag x is missing, expected 2",
    ),
    (
        requirement("assert-last-assigned-field-id", last_assigned_field_id=3),
        "last assigned field id changed: expected id 3 != 11",
    ),
    (requirement("assert-current-schema-id", current_schema_id=1), "current schema changed: expected id 1 != 0"),
    (
        requirement("assert-last-assigned-partition-id", last_assigned_partition_id=1),
        "last assigned partition id changed: expected id 1 != 1000",
    ),
    (requirement("assert-default-spec-id", default_spec_id=4), "default partition spec changed: expected id 4 != 0"),
    (
        requirement("assert-default-sort-order-id", default_sort_order_id=0),
        "default sort order changed: expected id 0 != 1",
    ),
]


@pytest.mark.parametrize(
    ("broken", "message"), BROKEN, ids=[broken["type"] + str(n) for n, (broken, _) in enumerate(BROKEN)]
)
def test_a_requirement_that_fails_says_so_in_icebergs_words(broken: dict[str, Any], message: str) -> None:
    with pytest.raises(RequirementFailed) as raised:
        iceberg.check_requirements(DOCUMENT, [broken])
    assert raised.value.message == f"Requirement failed: {message}"


def test_only_create_holds_for_a_table_that_is_not_there() -> None:
    iceberg.check_requirements(None, [requirement("assert-create")])
    with pytest.raises(RequirementFailed):
        iceberg.check_requirements(None, [requirement("assert-current-schema-id", current_schema_id=0)])


def test_create_stands_alone() -> None:
    assert iceberg.is_create([requirement("assert-create")])
    assert not iceberg.is_create(HELD)
    with pytest.raises(Invalid):
        iceberg.is_create([requirement("assert-create"), *HELD])


MALFORMED: list[Any] = [
    requirement("assert-weather", sun=True),
    {},
    {"type": 3},
    "assert-create",
    requirement("assert-table-uuid"),
    requirement("assert-ref-snapshot-id", ref="main"),
    requirement("assert-ref-snapshot-id", ref="main", snapshot_id="1"),
    requirement("assert-current-schema-id", current_schema_id=True),
    requirement("assert-current-schema-id", current_schema_id=2**40),
]


@pytest.mark.parametrize("malformed", MALFORMED)
def test_a_malformed_requirement_is_invalid(malformed: Any) -> None:
    with pytest.raises(Invalid):
        iceberg.check_requirements(DOCUMENT, [malformed])
