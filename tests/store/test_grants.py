"""Grants are obeyed whatever a client says of itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import update

from catalog_server.catalog.grants import StoredPolicy
from catalog_server.config import Config
from catalog_server.model.caller import SYSTEM, Caller
from catalog_server.model.crawler import Crawler
from catalog_server.model.database import Database
from catalog_server.model.errors import Denied, NotFound
from catalog_server.model.grant import Action, Grant
from catalog_server.model.job import Job
from catalog_server.model.schedule import Schedule
from catalog_server.services import Services
from catalog_server.store.locks import LockPart
from catalog_server.store.schema import schedules
from tests.store.things import ORDERS, orders

LOCK = LockPart("hive", "sales", "orders", None, "exclusive")


@pytest.fixture
def services(config: Config) -> Iterator[Services]:
    """A server's services that ask the stored grants, with one table."""
    made = Services(config, StoredPolicy())
    made.catalog.prepare()
    made.catalog.databases.create(SYSTEM, Database("hive", "sales"))
    made.catalog.tables.create(SYSTEM, orders())
    yield made
    made.close()


@pytest.mark.parametrize("via", ["thrift", "api", "crawl", "job"])
def test_who_says_to_be_the_system_is_not_believed(services: Services, via: str) -> None:
    with pytest.raises(NotFound):
        services.catalog.tables.get(Caller("system", via=via), ORDERS)


def test_keys_to_files_are_for_those_who_may_read_all(services: Services) -> None:
    path, tables = ("hive", "sales", "orders"), services.catalog.tables
    services.catalog.grants.grant(SYSTEM, Grant("user:ann", Action.SELECT, "table", path))
    services.catalog.grants.grant(SYSTEM, Grant("user:bob", Action.SELECT, "table", path, ("id",)))
    services.catalog.grants.grant(SYSTEM, Grant("user:eve", Action.DESCRIBE, "table", path))
    assert [user for user in ("ann", "bob", "eve") if tables.may_read_files(Caller(user), ORDERS)] == ["ann"]


def test_locks_are_given_and_shown_to_those_who_see_the_table(services: Services) -> None:
    ann, bob = Caller("ann"), Caller("bob")
    services.catalog.grants.grant(SYSTEM, Grant("user:ann", Action.SELECT, "table", ("hive", "sales", "orders")))
    assert services.catalog.locks.lock(ann, [LOCK]).state == "acquired"
    with pytest.raises(NotFound):
        services.catalog.locks.lock(bob, [LOCK])
    assert len(services.catalog.locks.list(ann)) == 1
    assert services.catalog.locks.list(bob) == []


def test_jobs_that_may_not_be_seen_are_left_out_of_lists(services: Services) -> None:
    for name in ("hers", "theirs"):
        services.jobs.create(SYSTEM, Job(name, "print(1)"))
    services.catalog.grants.grant(SYSTEM, Grant("user:ann", Action.RUN, "job", ("hers",)))
    assert [job.name for job in services.jobs.list(Caller("ann"))] == ["hers"]
    with pytest.raises(NotFound):
        services.jobs.get(Caller("ann"), "theirs")


def test_a_schedule_does_nothing_that_its_maker_may_not_do_any_more(services: Services) -> None:
    ann, crawler = Caller("ann"), ("raw",)
    services.crawls.create(SYSTEM, Crawler("raw", ("s3://lake/raw/",), "hive", "sales"))
    may_alter, may_run = (Grant("user:ann", action, "crawler", crawler) for action in (Action.ALTER, Action.RUN))
    services.catalog.grants.grant(SYSTEM, may_alter)
    with pytest.raises(Denied):
        services.schedules.put(ann, "raw", Schedule("crawler", 0, "0 0 1 1 *"))
    services.catalog.grants.grant(SYSTEM, may_run)
    services.schedules.put(ann, "raw", Schedule("crawler", 0, "0 0 1 1 *"))
    services.catalog.grants.revoke(SYSTEM, may_run)
    with services.catalog.store.begin() as tx:
        tx.connection.execute(update(schedules).values(next_at=tx.at))
    assert services.schedules.start_due() == 1
    [crawl] = services.crawls.list_crawls(SYSTEM)
    ended = services.crawls.execute(crawl.id)
    assert (ended.state, ended.by) == ("FAILED", "ann")
    assert ended.error == "not allowed to run crawler raw"
