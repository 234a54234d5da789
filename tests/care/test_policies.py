"""Properties of a table ask for care again and again."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from catalog_server.care.runs import CareRuns
from catalog_server.model.care import CareOptions, Operation, policy_of
from catalog_server.model.errors import Invalid
from catalog_server.model.names import TableName
from tests.care.tables import CALLER, Lake, rows

EVERY = {f"care.{operation.value}.every": "1d" for operation in Operation}


@pytest.fixture
def care(lake: Lake) -> CareRuns:
    return lake.served.services.care


def of(lake: Lake, care: CareRuns) -> list[Any]:
    """What was done for the table, newest first."""
    found, _ = care.list(CALLER, TableName("hive", lake.database, "t"))
    return list(found)


def test_what_is_due_is_done_one_after_the_other(lake: Lake, care: CareRuns) -> None:
    given = {"care.expire-snapshots.older-than": "7d", "care.expire-snapshots.retain-last": "3"}
    lake.table(**EVERY, **given).append(rows(1))
    for _ in range(5):
        care.apply_policies()
        for run in of(lake, care):
            care.execute(run.id)
    done = of(lake, care)
    assert [one.operation.value for one in done] == ["remove-orphans", "expire-snapshots", "rewrite"]
    assert {(one.state, one.by) for one in done} == {("SUCCEEDED", None)}
    assert done[1].options == CareOptions(older_than_ms=7 * 24 * 3_600_000, retain_last=3)


def test_nothing_is_queued_while_a_run_is_at_work_or_was_of_late(lake: Lake, care: CareRuns) -> None:
    lake.table(**{"care.rewrite.every": "1d"})
    name = TableName("hive", lake.database, "t")
    by_hand = care.start(CALLER, Operation.EXPIRE_SNAPSHOTS, name, CareOptions())
    care.apply_policies()
    assert len(of(lake, care)) == 1
    care.execute(by_hand.id)
    care.apply_policies()
    care.apply_policies()
    assert [one.operation.value for one in of(lake, care)] == ["rewrite", "expire-snapshots"]


def test_a_property_that_makes_no_sense_is_told_once(
    lake: Lake, care: CareRuns, caplog: pytest.LogCaptureFixture
) -> None:
    lake.table(**{"care.rewrite.every": "often"})
    with caplog.at_level(logging.WARNING):
        care.apply_policies()
        care.apply_policies()
    told = [one.getMessage() for one in caplog.records if lake.database in one.getMessage()]
    assert told == [
        f"table care of hive.{lake.database}.t by its properties: care.rewrite.every: 'often' is no age: "
        "write a number and s, m, h, d or w, such as 7d"
    ]
    assert of(lake, care) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("every", "5m"),
        ("every", ""),
        ("target-size", "big"),
        ("min-files", "-1"),
        ("older-than", "7"),
        ("retain-last", "x"),
    ],
)
def test_bad_properties_are_named(name: str, value: str) -> None:
    with pytest.raises(Invalid, match=f"care.rewrite.{name}"):
        policy_of(Operation.REWRITE, {"care.rewrite.every": "1d", f"care.rewrite.{name}": value})


def test_a_table_without_properties_is_left_alone(lake: Lake, care: CareRuns) -> None:
    lake.table(**{"care.rewrite.min-files": "2"})
    care.apply_policies()
    assert of(lake, care) == []
