"""Work in the queues: taken once, kept by heartbeats, taken over when they cease."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog_server.catalog.catalog import CatalogService
from catalog_server.jobs.jobs import Jobs
from catalog_server.model.caller import Caller
from catalog_server.model.job import Job
from catalog_server.store import jobs as rows
from catalog_server.store import leases

ANNA = Caller(user="anna")


@pytest.fixture
def run(catalog: CatalogService, tmp_path: Path) -> str:
    """A run that waits."""
    jobs = Jobs(catalog.store, tmp_path)
    jobs.create(ANNA, Job("daily", "print(1)"))
    return jobs.run(ANNA, "daily").id


def claim(catalog: CatalogService, owner: str) -> str | None:
    return catalog.store.write(lambda tx: leases.claim(tx, "run", owner))


def only(catalog: CatalogService) -> leases.Lease:
    with catalog.store.read() as tx:
        (lease,) = leases.running(tx, "run")
    return lease


def test_a_run_is_taken_by_one_worker(catalog: CatalogService, run: str) -> None:
    assert claim(catalog, "a:1") == run
    assert claim(catalog, "b:1") is None
    assert only(catalog).owner == "a:1"


def test_work_that_was_not_heard_of_is_taken_over_by_one(catalog: CatalogService, run: str) -> None:
    claim(catalog, "a:1")
    seen = only(catalog)
    assert catalog.store.write(lambda tx: leases.take_over(tx, seen, "b:1"))
    assert not catalog.store.write(lambda tx: leases.take_over(tx, seen, "c:1"))
    assert only(catalog).owner == "b:1"


def test_a_heartbeat_in_between_keeps_the_work(catalog: CatalogService, run: str) -> None:
    claim(catalog, "a:1")
    seen = only(catalog)
    with catalog.store.begin() as tx:
        tx.at += 5
        leases.beat(tx, "run", "a:1", [run])
    assert not catalog.store.write(lambda tx: leases.take_over(tx, seen, "b:1"))
    assert only(catalog).owner == "a:1"


def test_an_attempt_is_begun_once(catalog: CatalogService, run: str) -> None:
    claim(catalog, "a:1")
    assert catalog.store.write(lambda tx: rows.begin_attempt(tx, run, "a:1"))
    assert not catalog.store.write(lambda tx: rows.begin_attempt(tx, run, "b:1"))
    again = {"attempt": 2}
    catalog.store.write(lambda tx: rows.change_run(tx, run, ("RUNNING",), again, "lost"))
    assert catalog.store.write(lambda tx: rows.begin_attempt(tx, run, "b:1"))


def test_what_is_over_is_not_held_any_more(catalog: CatalogService, run: str) -> None:
    claim(catalog, "a:1")
    catalog.store.write(lambda tx: leases.fail(tx, "run", run, "gone"))
    assert not catalog.store.write(lambda tx: leases.hold(tx, "run", "a:1", run))
    with catalog.store.read() as tx:
        found = rows.get_run(tx, run)
    assert found is not None
    assert (found.state, found.error) == ("FAILED", "gone")
