"""Jobs as they are stored, queued and asked about, without any worker."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from catalog_server.catalog.catalog import CatalogService
from catalog_server.jobs.jobs import Jobs, log_path, parse_output
from catalog_server.model.caller import Caller
from catalog_server.model.errors import AlreadyExists, Conflict, Denied, Invalid, NotFound
from catalog_server.model.grant import Action, Resource
from catalog_server.model.job import Job
from catalog_server.store import jobs as rows
from catalog_server.store.transaction import Transaction

ANNA = Caller(user="anna")
JOB = Job("daily", "print(1)", arguments={"day": "1"}, outputs=("sales.out=s3://lake/out/",))


@pytest.fixture
def jobs(catalog: CatalogService, tmp_path: Path) -> Jobs:
    return Jobs(catalog.store, tmp_path)


def test_a_job_is_kept_as_it_was_said(jobs: Jobs) -> None:
    made = jobs.create(ANNA, replace(JOB, name="Daily Ü", configuration={"spark.driver.memory": "2g"}))
    assert jobs.get(ANNA, "daily Ü") == made
    assert (made.script, made.arguments, made.outputs) == (JOB.script, JOB.arguments, JOB.outputs)
    with pytest.raises(AlreadyExists):
        jobs.create(ANNA, replace(JOB, name="DAILY Ü"))


def test_an_update_of_an_old_version_conflicts(jobs: Jobs) -> None:
    made = jobs.create(ANNA, JOB)
    changed = jobs.update(ANNA, replace(made, script="print(2)"))
    assert (changed.script, changed.version) == ("print(2)", made.version + 1)
    with pytest.raises(Conflict):
        jobs.update(ANNA, replace(made, script="print(3)"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"engine": "hadoop"},
        {"script": "  "},
        {"script": "x" * (2 << 20)},
        {"engine": "connect", "master": None},
        {"timeout_seconds": 0},
        {"retries_max": -1},
        {"outputs": ("nowhere",)},
        {"outputs": ("table=s3://lake/x/",)},
        {"arguments": {"--x": "1"}},
        {"arguments": {"a b": "1"}},
        {"arguments": {"a": "\x00"}},
        {"configuration": {"spark.x": "a\nspark.y b"}},
        {"name": ""},
    ],
)
def test_a_job_that_makes_no_sense_is_refused(jobs: Jobs, wrong: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        jobs.create(ANNA, replace(JOB, **wrong))  # type: ignore[arg-type]


def test_a_declared_output_names_database_table_and_place() -> None:
    output = parse_output("a.b.t=s3://lake/x=1/")
    assert (output.database, output.table, output.location) == ("a.b", "t", "s3://lake/x=1/")


def test_a_run_keeps_the_definition_it_was_started_from(jobs: Jobs, catalog: CatalogService) -> None:
    made = jobs.create(ANNA, JOB)
    woken: list[int] = []
    jobs.wake = lambda: woken.append(1)
    run = jobs.run(ANNA, "daily", {"day": "2", "month": "3"})
    jobs.update(ANNA, replace(made, script="print(2)"))
    assert (run.state, run.arguments, run.by, woken) == ("QUEUED", {"day": "2", "month": "3"}, "anna", [1])
    with catalog.store.read() as tx:
        kept = rows.run_definition(tx, run.id)
    assert kept is not None
    assert kept.script == "print(1)"


def test_a_waiting_run_is_cancelled_at_once(jobs: Jobs, catalog: CatalogService) -> None:
    jobs.create(ANNA, JOB)
    run = jobs.run(ANNA, "daily")
    ended = jobs.cancel(ANNA, run.id)
    assert ended.state == "CANCELLED"
    assert [entry["state"] for entry in ended.history] == ["QUEUED", "CANCELLED"]
    assert [event.kind.value for event in catalog.events.of_run(run.id)] == ["run_finished"]
    assert jobs.cancel(ANNA, run.id) == ended


def test_runs_are_listed_newest_first_and_outlive_their_job(jobs: Jobs) -> None:
    jobs.create(ANNA, JOB)
    jobs.create(ANNA, replace(JOB, name="other"))
    ids = [jobs.run(ANNA, name).id for name in ("daily", "other", "daily")]
    assert [run.id for run in jobs.list_runs(ANNA)] == ids[::-1]
    assert [run.id for run in jobs.list_runs(ANNA, job="daily")] == [ids[2], ids[0]]
    jobs.drop(ANNA, "daily")
    assert jobs.get_run(ANNA, ids[0]).job == "daily"
    with pytest.raises(NotFound):
        jobs.list_runs(ANNA, job="daily")


def test_a_job_that_may_not_be_seen_is_not_found(catalog: CatalogService, tmp_path: Path) -> None:
    def only_own(_tx: Transaction, caller: Caller, action: Action, resource: Resource) -> None:
        if not resource.path or not resource.path[0].startswith(caller.user):
            raise Denied(action, str(resource))

    jobs = Jobs(catalog.store, tmp_path, only_own)
    jobs.create(ANNA, replace(JOB, name="anna-1"))
    run = jobs.run(ANNA, "anna-1")
    bob = Caller(user="bob")
    assert jobs.list(bob) == []
    assert jobs.list_runs(bob) == []
    for act in (lambda: jobs.get(bob, "anna-1"), lambda: jobs.run(bob, "anna-1"), lambda: jobs.cancel(bob, run.id)):
        with pytest.raises(NotFound):
            act()


def test_a_log_is_read_in_pieces_that_never_cut_a_character(jobs: Jobs, tmp_path: Path) -> None:
    jobs.create(ANNA, JOB)
    run = jobs.run(ANNA, "daily")
    path = log_path(tmp_path, run.id)
    path.parent.mkdir(parents=True)
    path.write_bytes("äöü".encode()[:-1])
    first = jobs.logs(ANNA, run.id)
    assert (first.text, first.next_offset, first.finished) == ("äö", 4, False)
    path.write_bytes("äöü\n".encode())
    second = jobs.logs(ANNA, run.id, first.next_offset)
    assert (second.text, second.next_offset) == ("ü\n", 7)
    assert jobs.logs(ANNA, run.id, 7).text == ""
