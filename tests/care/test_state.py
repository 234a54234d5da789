"""A table at a glance: what its metadata tells, what its properties ask for, what was done last."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from catalog_server.care.runs import CareRuns
from catalog_server.model.care import CareOptions, Operation
from catalog_server.model.names import TableName
from tests.care.tables import CALLER, Lake, rows

DAY_MS = 24 * 3_600_000


@pytest.fixture
def care(lake: Lake) -> CareRuns:
    return lake.served.services.care


def state(lake: Lake, name: str = "t") -> dict[str, Any]:
    """What the JSON API answers, its operations by name."""
    address = f"{lake.served.url}/api/v1/catalogs/hive/databases/{lake.database}/tables/{name}/care/state"
    answer = httpx.get(address, trust_env=False)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return {**found, "operations": {one["operation"]: one for one in found["operations"]}}


def test_a_new_table_has_nothing_to_tidy_up(lake: Lake) -> None:
    lake.table()
    found = state(lake)
    assert (found["snapshots"], found["data_files"], found["bytes"], found["rows"]) == (0, 0, 0, 0)
    assert (found["oldest_snapshot_at"], found["at_work"], found["deletes_files"]) == (None, None, True)
    assert list(found["operations"]) == ["rewrite", "expire-snapshots", "remove-orphans"]
    assert {one["refusal"] for one in found["operations"].values()} == {None}


def test_figures_are_those_of_the_current_snapshot_and_of_what_would_expire(lake: Lake) -> None:
    table = lake.table(**{"history.expire.max-snapshot-age-ms": "1", "history.expire.min-snapshots-to-keep": "2"})
    for number in range(5):
        table.append(rows(number))
    time.sleep(0.002)
    found = state(lake)
    sizes = [task.file.file_size_in_bytes for task in table.scan().plan_files()]
    assert (found["snapshots"], found["refs"], found["expiring_snapshots"]) == (5, 1, 3)
    assert (found["data_files"], found["bytes"], found["rows"]) == (5, sum(sizes), 5)
    assert (found["max_snapshot_age_ms"], found["min_snapshots"], found["max_ref_age_ms"]) == (1, 2, None)
    assert found["oldest_snapshot_at"] == table.metadata.snapshots[0].timestamp_ms
    assert lake.expire(older_than_ms=None, retain_last=None)["snapshots"] == found["expiring_snapshots"]


def test_policies_are_told_with_when_they_are_due(lake: Lake, care: CareRuns) -> None:
    lake.table(**{"care.rewrite.every": "1d", "care.rewrite.min-files": "2", "care.expire-snapshots.every": "often"})
    before = state(lake)["operations"]
    assert before["rewrite"]["policy"] == {"every_ms": DAY_MS, "options": {"min_input_files": 2}}
    assert before["rewrite"]["due_at"] == 0
    assert "'often' is no age" in before["expire-snapshots"]["problem"]
    assert before["remove-orphans"]["policy"] is None
    care.apply_policies()
    found = state(lake)
    run = found["operations"]["rewrite"]["last"]
    assert found["operations"]["rewrite"]["due_at"] == run["created_at"] + DAY_MS
    assert (found["at_work"]["id"], run["state"], run["by"]) == (run["id"], "QUEUED", None)


def test_the_newest_run_that_changed_something_is_told(lake: Lake, care: CareRuns) -> None:
    lake.table()
    name = TableName("hive", lake.database, "t")
    care.execute(care.start(CALLER, Operation.REWRITE, name, CareOptions()).id)
    second = care.start(CALLER, Operation.REWRITE, name, CareOptions())
    care.execute(second.id)
    care.start(CALLER, Operation.REWRITE, name, CareOptions(), dry_run=True)
    found = state(lake)
    assert (found["operations"]["rewrite"]["last"]["id"], found["at_work"]) == (second.id, None)
    assert found["operations"]["remove-orphans"]["last"] is None


def test_a_run_tells_the_options_that_were_given_zero_among_them(lake: Lake) -> None:
    lake.table()
    address = f"{lake.served.url}/api/v1/catalogs/hive/databases/{lake.database}/tables/t/care/remove-orphans"
    body = {"older_than_ms": 0, "force": True, "ignore_unreadable": False}
    run = httpx.post(address, json=body, trust_env=False).json()
    assert run["options"] == {"older_than_ms": 0, "force": True}


def test_what_is_not_done_on_a_table_is_told_beforehand(lake: Lake) -> None:
    lake.table("kept", **{"gc.enabled": "false", "write.format.default": "orc"})
    found = state(lake, "kept")
    assert not found["deletes_files"]
    refusals = {name: one["refusal"] for name, one in found["operations"].items()}
    assert "only Parquet" in refusals["rewrite"]
    assert refusals["expire-snapshots"] == refusals["remove-orphans"]
    assert "gc.enabled" in refusals["expire-snapshots"]


def test_properties_that_are_no_numbers_are_told(lake: Lake) -> None:
    odd = {"history.expire.min-snapshots-to-keep": "few", "write.target-file-size-bytes": "big"}
    lake.table(**odd)
    found = state(lake)
    assert (found["min_snapshots"], found["target_bytes"], found["expiring_snapshots"]) == (None, None, 0)
    assert "'few'" in found["operations"]["expire-snapshots"]["refusal"]
    assert "'big'" in found["operations"]["rewrite"]["refusal"]


def test_only_tables_of_iceberg_that_are_there_have_a_state(lake: Lake) -> None:
    tables = f"{lake.served.url}/api/v1/catalogs/hive/databases/{lake.database}/tables"
    httpx.post(tables, json={"name": "files", "columns": [{"name": "a", "type": "int"}]}, trust_env=False)
    answers = [httpx.get(f"{tables}/{name}/care/state", trust_env=False) for name in ("files", "nothing")]
    assert [one.status_code for one in answers] == [400, 404]


def test_a_table_whose_metadata_file_is_gone_is_told(lake: Lake) -> None:
    Path(lake.table().metadata_location.removeprefix("file://")).unlink()
    address = f"/api/v1/catalogs/hive/databases/{lake.database}/tables/t/care/state"
    answer = httpx.get(f"{lake.served.url}{address}", trust_env=False)
    assert (answer.status_code, "metadata file" in answer.text) == (404, True)


def test_metadata_that_is_damaged_is_told(lake: Lake) -> None:
    table = lake.table()
    table.append(rows(1))
    path = Path(urlsplit(table.metadata_location).path)
    document = json.loads(path.read_bytes())
    document["refs"]["main"]["max-snapshot-age-ms"] = "soon"
    damaged = path.with_name("00009-damaged.metadata.json")
    damaged.write_text(json.dumps(document))
    lake.rest.drop_table(f"{lake.database}.t")
    body = {"name": "damaged", "metadata-location": str(damaged)}
    registered = httpx.post(
        f"{lake.served.url}/iceberg/v1/namespaces/{lake.database}/register", json=body, trust_env=False
    )
    assert registered.status_code == 200
    address = f"{lake.served.url}/api/v1/catalogs/hive/databases/{lake.database}/tables/damaged/care/state"
    answer = httpx.get(address, trust_env=False)
    assert answer.status_code == 400
    assert "metadata of table" in answer.text
    assert "is damaged" in answer.text
