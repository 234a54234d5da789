"""What is due by schedules is started once, whoever looks, and what is not started is told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from catalog_server.catalog.catalog import CatalogService
from catalog_server.catalog.grants import StoredPolicy
from catalog_server.config import Config
from catalog_server.crawlers.crawl import Crawls
from catalog_server.facades.web.crawl_convert import schedule
from catalog_server.model.caller import Caller
from catalog_server.model.crawler import Crawl, Crawler, StartedBy
from catalog_server.model.errors import Denied, Invalid, NotFound
from catalog_server.model.grant import Action, Grant
from catalog_server.model.schedule import Missed, Overlap, Schedule
from catalog_server.store import crawlers, grants, leases
from catalog_server.store import schedules as rows
from catalog_server.store.schema import schedules
from catalog_server.store.transaction import now
from catalog_server.triggers.schedules import Schedules
from tests.store.statements import counted

HOUR = 3_600_000
YEARLY = Schedule("crawler", 0, "0 0 1 1 *")
DAILY = Schedule("crawler", 0, "15 3 * * *", "Europe/Berlin")


class Scheduling:
    """Crawlers and their schedules."""

    def __init__(self, catalog: CatalogService, caller: Caller) -> None:
        self.catalog, self.caller = catalog, caller
        self.crawls = Crawls(catalog)
        self.schedules = Schedules(catalog.store, self.crawls)

    def create(self, name: str, schedule: Schedule = YEARLY) -> Schedule:
        """A crawler with a schedule."""
        self.crawls.create(self.caller, Crawler(name, ("s3://lake/",), "hive", "raw"))
        return self.schedules.put(self.caller, name, schedule)

    def let_pass(self, milliseconds: int = 1) -> int:
        """Have all schedules due since so long, and return that time."""
        at = now() - milliseconds
        with self.catalog.store.begin() as tx:
            tx.connection.execute(update(schedules).where(schedules.c.paused.is_(False)).values(next_at=at))
        return at

    def history(self, name: str) -> list[Crawl]:
        return list(self.crawls.list_crawls(self.caller, name))


@pytest.fixture
def scheduling(catalog: CatalogService, caller: Caller) -> Scheduling:
    return Scheduling(catalog, caller)


def test_a_crawler_is_not_changed_where_its_schedule_may_not_be(tmp_path: Path) -> None:
    service = CatalogService(Config(data=tmp_path), StoredPolicy())
    service.prepare()
    scheduling, ann = Scheduling(service, Caller(user="mira")), Caller(user="ann")
    with service.store.begin() as tx:
        mine = Grant("user:mira", Action.MANAGE, "server", ())
        hers = [Grant("user:ann", one, "crawler", ("new",)) for one in (Action.CREATE, Action.ALTER, Action.DESCRIBE)]
        grants.create(tx, [mine, *hers])
    crawls, daily = scheduling.crawls, scheduling.schedules.with_crawler(ann, DAILY)
    new = Crawler("new", ("s3://lake/",), "hive", "raw")
    with pytest.raises(Denied):
        crawls.create(ann, new, daily)
    assert crawls.list(scheduling.caller) == []
    made = crawls.create(ann, new)
    with pytest.raises(Denied):
        crawls.update(ann, replace(made, comment="changed"), daily)
    assert crawls.get(ann, "new") == made
    service.close()


def test_changes_of_one_schedule_at_once_are_all_kept(scheduling: Scheduling) -> None:
    scheduling.create("raw")
    changes: list[dict[str, Any]] = [{"zone": "Europe/Berlin"}, {"overlap": Overlap.QUEUE}, {"missed": Missed.NONE}]

    def alter(fields: dict[str, Any]) -> Schedule:
        return scheduling.schedules.alter(scheduling.caller, "crawler", "raw", lambda found: replace(found, **fields))

    with ThreadPoolExecutor(len(changes)) as people:
        list(people.map(alter, changes))
    kept = scheduling.schedules.get(scheduling.caller, "crawler", "raw")
    assert (kept.zone, kept.overlap, kept.missed) == ("Europe/Berlin", Overlap.QUEUE, Missed.NONE)


def test_a_time_is_crawled_once_by_any_number_of_workers(scheduling: Scheduling) -> None:
    for name in ("a", "b", "c"):
        scheduling.create(name)
    scheduling.let_pass()
    with ThreadPoolExecutor(8) as workers:
        started = list(workers.map(lambda _: scheduling.schedules.start_due(), range(16)))
    assert sum(started) == 3
    for name in ("a", "b", "c"):
        [crawl] = scheduling.history(name)
        assert (crawl.state, crawl.started_by, crawl.by) == ("QUEUED", StartedBy.SCHEDULE, "tester")
        following = scheduling.schedules.get(scheduling.caller, "crawler", name).next_at
        assert crawl.due_at is not None
        assert following is not None
        assert crawl.due_at <= now() < following


def test_all_times_that_were_missed_are_made_up_for_once(scheduling: Scheduling) -> None:
    scheduling.create("a", DAILY)
    scheduling.let_pass(100 * 24 * HOUR)
    assert (scheduling.schedules.start_due(), scheduling.schedules.start_due()) == (1, 0)
    [crawl] = scheduling.history("a")
    assert crawl.due_at is not None
    assert 0 <= now() - crawl.due_at <= 25 * HOUR


def test_times_that_were_missed_are_left_out_where_that_is_wished(scheduling: Scheduling) -> None:
    scheduling.create("a", replace(YEARLY, missed=Missed.NONE))
    scheduling.let_pass(HOUR)
    assert scheduling.schedules.start_due() == 0
    [crawl] = scheduling.history("a")
    assert (crawl.state, crawl.error) == ("SKIPPED", "no worker was there at that time")


def test_a_time_is_skipped_while_a_crawl_is_at_work(scheduling: Scheduling) -> None:
    scheduling.create("a")
    running = scheduling.crawls.run(scheduling.caller, "a").id
    at_once(scheduling, "crawl")
    scheduling.let_pass()
    assert scheduling.schedules.start_due() == 0
    skipped = scheduling.history("a")[0]
    assert (skipped.state, skipped.error) == ("SKIPPED", f"crawl {running} was running still")
    assert skipped.finished_at


def test_a_preview_keeps_nothing_from_being_crawled(scheduling: Scheduling) -> None:
    scheduling.create("a")
    scheduling.crawls.run(scheduling.caller, "a", preview=True)
    scheduling.let_pass()
    assert scheduling.schedules.start_due() == 1


def test_one_crawl_at_most_waits_for_the_one_at_work(scheduling: Scheduling) -> None:
    scheduling.create("a", replace(YEARLY, overlap=Overlap.QUEUE))
    scheduling.crawls.run(scheduling.caller, "a")
    at_once(scheduling, "crawl")
    for after_hours in (2, 1):
        scheduling.let_pass(after_hours * HOUR)
        scheduling.schedules.start_due()
    assert sorted(one.state for one in scheduling.history("a")) == ["QUEUED", "RUNNING", "SKIPPED"]


def at_once(scheduling: Scheduling, kind: str) -> str | None:
    """What a worker takes next."""
    return scheduling.catalog.store.write(lambda tx: leases.claim(tx, kind, "worker"))


def test_of_one_crawler_one_crawl_runs_and_others_go_on(scheduling: Scheduling) -> None:
    scheduling.create("a")
    scheduling.create("b")
    first = scheduling.crawls.run(scheduling.caller, "a").id
    second = scheduling.crawls.run(scheduling.caller, "a").id
    preview = scheduling.crawls.run(scheduling.caller, "a", preview=True).id
    other = scheduling.crawls.run(scheduling.caller, "b").id
    assert [at_once(scheduling, "crawl") for _ in range(4)] == [first, preview, other, None]
    with scheduling.catalog.store.read() as tx:
        assert not leases.waiting(tx, "crawl")
    scheduling.catalog.store.write(lambda tx: leases.fail(tx, "crawl", first, "over"))
    assert at_once(scheduling, "crawl") == second


def test_of_one_crawler_one_crawl_follows_events_beside_others(scheduling: Scheduling) -> None:
    scheduling.create("a")
    store = scheduling.catalog.store
    for id_ in ("1", "2"):
        store.write(lambda tx, id_=id_: crawlers.create_crawl(tx, id_, "a", "mira", follows=True))
    ordinary = scheduling.crawls.run(scheduling.caller, "a").id
    assert [at_once(scheduling, kind) for kind in ("events", "events", "crawl")] == ["1", None, ordinary]
    scheduling.let_pass()
    scheduling.schedules.start_due()
    assert sorted(one.state for one in scheduling.history("a") if not one.follows) == ["RUNNING", "SKIPPED"]
    store.write(lambda tx: leases.fail(tx, "events", "1", "over"))
    assert at_once(scheduling, "events") == "2"


def test_of_one_crawler_one_crawl_runs_however_many_workers_ask(scheduling: Scheduling) -> None:
    scheduling.create("a")
    for _ in range(4):
        scheduling.crawls.run(scheduling.caller, "a")
    with ThreadPoolExecutor(8) as workers:
        taken = list(workers.map(lambda _: at_once(scheduling, "crawl"), range(8)))
    assert len([one for one in taken if one]) == 1


def test_a_paused_schedule_is_not_due_and_goes_on_from_now(scheduling: Scheduling) -> None:
    scheduling.create("a")
    pause = scheduling.schedules.pause
    assert pause(scheduling.caller, "crawler", "a", paused=True).next_at is None
    scheduling.let_pass()
    assert scheduling.schedules.start_due() == 0
    resumed = pause(scheduling.caller, "crawler", "a", paused=False)
    assert resumed.next_at is not None
    assert resumed.next_at > now()


def test_a_schedule_goes_with_its_crawler(scheduling: Scheduling) -> None:
    scheduling.create("a")
    scheduling.crawls.drop(scheduling.caller, "a")
    scheduling.let_pass()
    assert scheduling.schedules.start_due() == 0
    with scheduling.catalog.store.read() as tx:
        assert rows.of(tx, "crawler", [1]) == {}


def test_a_schedule_that_is_never_due_again_is_refused(scheduling: Scheduling) -> None:
    with pytest.raises(Invalid, match="never due again"):
        scheduling.create("a", Schedule("crawler", 0, "cron(0 0 1 1 ? 2001)"))
    with pytest.raises(NotFound):
        scheduling.schedules.get(scheduling.caller, "crawler", "a")


def test_a_schedule_whose_zone_is_gone_keeps_no_other_from_being_followed(scheduling: Scheduling) -> None:
    scheduling.create("a")
    scheduling.create("b")
    with scheduling.catalog.store.begin() as tx:
        gone = update(schedules).where(schedules.c.id == 1).values(zone="Atlantis/Poseidonis")
        tx.connection.execute(gone)
    said = schedule(scheduling.schedules.get(scheduling.caller, "crawler", "a"))
    assert ("Atlantis/Poseidonis" in said.words, said.next_times) == (True, [])
    scheduling.let_pass()
    assert (scheduling.schedules.start_due(), scheduling.schedules.start_due()) == (1, 0)


@pytest.mark.parametrize("count", [1, 40])
def test_what_is_due_costs_a_constant_number_of_statements(scheduling: Scheduling, count: int) -> None:
    for number in range(count):
        scheduling.create(f"c{number}")
    scheduling.let_pass()
    seen: Any
    with counted(scheduling.catalog) as seen:
        assert scheduling.schedules.start_due() == count
    assert len(seen) == 6
    with counted(scheduling.catalog) as seen:
        scheduling.schedules.start_due()
    assert len(seen) == 1
