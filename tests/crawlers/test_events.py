"""Events of objects: what they touch becomes what a crawl of everything would make of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import update

from catalog_server.catalog.catalog import CatalogService
from catalog_server.catalog.grants import StoredPolicy
from catalog_server.config import Config
from catalog_server.crawlers.crawl import Crawls
from catalog_server.crawlers.events import CrawlEvents
from catalog_server.crawlers.following import Waits
from catalog_server.crawlers.notifications import Told
from catalog_server.model.caller import Caller
from catalog_server.model.crawler import Crawl, Crawler, StartedBy
from catalog_server.model.errors import Denied, Invalid, NotFound
from catalog_server.model.grant import Action, Grant
from catalog_server.model.names import DatabaseName, TableName
from catalog_server.model.partition import Partition
from catalog_server.store import crawlers, grants
from catalog_server.store import schema as tables
from catalog_server.store.transaction import now
from tests.crawlers.conftest import ME, Crawling, names
from tests.crawlers.test_crawl_files import months
from tests.lake.places import local_place

NOW = Waits(quiet=0, idle=0)


class Following(Crawling):
    """A place whose events are told, and the crawls that apply them."""

    def __init__(self, local: Crawling) -> None:
        super().__init__(local.catalog, local.place)
        self.events = CrawlEvents(local.catalog)
        self.crawls.waits = NOW

    def tell(self, *paths: str) -> int:
        """Tell of objects by their paths below the place."""
        told = Told()
        for path in paths:
            told.touch(f"{self.place.root}/{path}")
        return self.events.receive(ME, "raw", told)

    def put(self, files: Mapping[str, bytes]) -> None:
        """Put files and tell of them."""
        self.place.put(dict(files))
        self.tell(*files)

    def delete(self, *paths: str) -> None:
        """Delete files and tell of them."""
        for path in paths:
            self.place.files.delete(f"{self.place.root}/{path}")
        self.tell(*paths)

    def follow(self) -> Crawl:
        """One crawl that applies all that was told."""
        self.events.start_due()
        waiting = [one for one in self.crawls.list_crawls(ME, "raw", "QUEUED") if one.follows]
        return self.crawls.execute(waiting[0].id)


@pytest.fixture
def following(crawling: Crawling) -> Following:
    return Following(crawling)


def catalog_of(catalog: CatalogService) -> dict[str, Any]:
    """All that a crawl decides about the tables of the database raw, by name."""
    home = DatabaseName("hive", "raw")
    found = {}
    for name in catalog.tables.list_names(ME, home):
        table = catalog.tables.get(ME, TableName("hive", "raw", name))
        parts = catalog.partitions.list(ME, table.full_name)[1] if table.partition_keys else []
        parameters = {key: value for key, value in table.parameters.items() if key != "transient_lastDdlTime"}
        found[name] = (
            table.columns,
            table.partition_keys,
            table.storage,
            table.location,
            parameters,
            {one.values: (one.location, _said(one.parameters)) for one in parts},
        )
    return found


def _said(parameters: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in parameters.items() if key != "transient_lastDdlTime"}


def test_a_new_object_of_a_new_folder_becomes_a_partition(following: Following) -> None:
    following.crawl(months(1, 2), events="webhook")
    following.put(months(3))
    crawl = following.follow()
    assert (crawl.state, crawl.summary["partitions_added"]) == ("SUCCEEDED", 1)
    assert set(following.partitions("flights")) == {"1", "2", "3"}
    assert following.table("flights").parameters["objectCount"] == "3"


def test_deletes_and_overwrites_are_followed(following: Following) -> None:
    following.crawl(months(1, 2), events="webhook")
    following.delete("flights/month=1/part.csv")
    following.put({"flights/month=2/part.csv": b"Day,Carrier,delay,gate\n1,UA,5,7\n"})
    following.follow()
    assert set(following.partitions("flights")) == {"2"}
    assert [column.name for column in following.table("flights").columns][-1] == "gate"


def test_a_partition_made_in_this_second_goes_with_its_folder(following: Following) -> None:
    following.crawl(months(1), events="webhook")
    soon = (now() // 1_000 + 1) * 1_000  # a time in whole seconds stands for all of that second
    gone = Partition(("2",), f"{following.place.root}/flights/month=2", created_at=soon)
    following.catalog.partitions.add(ME, TableName("hive", "raw", "flights"), [gone])
    following.tell("flights/month=2/part.csv")
    following.follow()
    assert set(following.partitions("flights")) == {"1"}


def test_an_event_before_the_first_crawl_has_all_crawled(following: Following) -> None:
    following.place.put(months(1, 2))
    following.create(events="webhook")
    following.tell("flights/month=2/part.csv")
    following.follow()
    assert set(following.partitions("flights")) == {"1", "2"}


def test_what_was_told_twice_or_of_other_places_is_done_once(following: Following) -> None:
    following.crawl(months(1), events="webhook")
    following.place.put(months(2))
    assert following.tell("flights/month=2/part.csv", "flights/month=2/part.csv") == 1
    assert following.tell("flights/month=2/part.csv") == 1
    told = Told()
    told.touch("s3://elsewhere/raw/x.csv")
    assert following.events.receive(ME, "raw", told) == 0
    state = following.events.state(ME, "raw")
    assert state is not None
    assert (state.received, state.waiting) == (4, 1)
    following.follow()
    state = following.events.state(ME, "raw")
    assert state is not None
    assert (state.waiting, state.unsettled, state.lag) == (0, 0, 0)


def test_a_crawl_that_follows_is_undone_as_any_other(following: Following) -> None:
    following.crawl(months(1, 2), events="webhook")
    before = catalog_of(following.catalog)
    following.put({**months(3), "other/a.csv": b"x,y\n1,2\n"})
    following.delete("flights/month=1/part.csv")
    crawl = following.follow()
    assert catalog_of(following.catalog) != before
    undo = following.crawls.execute(following.crawls.undo(ME, crawl.id).id)
    assert (undo.state, names(undo, "refused")) == ("SUCCEEDED", [])
    assert catalog_of(following.catalog) == before


def fresh(following: Following, folder: Path) -> dict[str, Any]:
    """What a first crawl of the place makes in a catalog of its own."""
    other = CatalogService(Config(data=folder))
    other.prepare()
    try:
        crawls = Crawls(other)
        crawls.create(ME, Crawler("raw", (following.place.root,), "hive", "raw", options=OPTIONS))
        assert crawls.execute(crawls.run(ME, "raw").id).state == "SUCCEEDED"
        return catalog_of(other)
    finally:
        other.close()


OPTIONS = {"on_missing_table": "drop"}
KEYS = [f"{t}/k={m}/f{i}.csv" for t in ("apples", "pears", "plums") for m in range(5) for i in range(2)] + [
    "plain/a.csv",
    "plain/b.csv",
]


def step(following: Following, random: Random) -> list[str]:
    """Put or delete some objects; their paths."""
    touched = random.sample(KEYS, random.randint(1, 6))
    for path in touched:
        if random.random() < 0.6:
            rows = "".join(f"{random.randint(0, 9)},{row}\n" for row in range(random.randint(1, 3)))
            following.place.put({path: f"a,b\n{rows}".encode()})
        else:
            following.place.files.delete(f"{following.place.root}/{path}")
    return touched


@pytest.mark.parametrize("seed", range(4))
def test_any_history_comes_to_what_a_crawl_of_all_finds(local: Crawling, tmp_path: Path, seed: int) -> None:
    following, random = Following(local), Random(seed)
    following.crawl({"always/a.csv": b"a,b\n1,2\n"}, events="webhook", **OPTIONS)
    told: list[str] = []
    for turn in range(8):
        told += step(following, random) * random.randint(1, 2)
        random.shuffle(told)
        count = random.randint(1, len(told))  # the others come late
        following.tell(*told[:count])
        del told[:count]
        if turn % 2:
            assert following.follow().state == "SUCCEEDED"
    following.tell("always/a.csv", *told)
    assert following.follow().state == "SUCCEEDED"
    assert catalog_of(following.catalog) == fresh(following, tmp_path / "fresh")


@pytest.mark.parametrize("seed", range(4))
def test_what_no_event_told_is_found_by_the_next_crawl_of_all(local: Crawling, tmp_path: Path, seed: int) -> None:
    following, random = Following(local), Random(seed)
    following.crawl({"always/a.csv": b"a,b\n1,2\n"}, events="webhook", **OPTIONS)
    for _ in range(5):
        following.tell("always/a.csv", *(path for path in step(following, random) if random.random() < 0.5))
        following.follow()
    assert following.run().state == "SUCCEEDED"
    assert catalog_of(following.catalog) == fresh(following, tmp_path / "fresh")


def test_partitions_come_at_once_and_figures_when_it_is_quiet(local: Crawling) -> None:
    following = Following(local)
    following.crawl(months(1, 2), events="webhook")
    following.crawls.waits = Waits(quiet=3600, settle=3600, idle=0)
    following.put(months(3, 4))
    assert following.follow().summary["partitions_added"] == 2
    assert following.table("flights").parameters["objectCount"] == "2"
    state = following.events.state(ME, "raw")
    assert state is not None
    assert (state.waiting, state.unsettled) == (0, 2)
    following.crawls.waits = NOW
    following.follow()
    assert following.table("flights").parameters["objectCount"] == "4"


@pytest.mark.parametrize(
    "files",
    [
        {"flights/month=3/part.csv": b"Day,Carrier,delay,gate\n1,UA,5,7\n"},
        {"flights/month=x/part.csv": b"Day,Carrier,delay\n1,UA,5\n"},
        {"flights/month=3/part.csv": b""},
        {"flights/month=3/deeper/part.csv": b"Day,Carrier,delay\n1,UA,5\n"},
        {"flights/month=3/part.json": b'{"a": 1}\n'},
        {"new/part.csv": b"a,b\n1,2\n"},
    ],
    ids=["another column", "another type of key", "empty", "too deep", "another format", "another table"],
)
def test_what_is_not_as_known_is_left_to_the_code_of_crawls(
    local: Crawling, tmp_path: Path, files: dict[str, bytes]
) -> None:
    following = Following(local)
    following.crawl(months(1, 2), events="webhook")
    following.put(files)
    following.follow()
    by_events = catalog_of(following.catalog)
    assert following.run().state == "SUCCEEDED"
    assert catalog_of(following.catalog) == by_events


def test_a_crawler_that_follows_events_is_crawled_in_full_when_it_is_time(local: Crawling) -> None:
    following = Following(local)
    following.create(events="webhook")
    following.create(name="plain")
    following.events.heal()
    following.events.heal()
    [crawl] = following.crawls.list_crawls(ME)
    assert (crawl.crawler, crawl.by, crawl.follows, crawl.started_by) == ("raw", "mira", False, StartedBy.EVENTS)


@pytest.mark.parametrize("heal", ["1h", "off"])
def test_what_happened_before_events_were_switched_on_is_found_at_once(local: Crawling, heal: str) -> None:
    following = Following(local)
    following.crawl(months(1))
    local.place.put(months(2))
    following.change(events="webhook", **{"events.heal": heal})
    [crawl] = following.crawls.list_crawls(ME, state="QUEUED")
    assert (crawl.by, crawl.follows, crawl.started_by) == ("mira", False, StartedBy.EVENTS)
    following.crawls.execute(crawl.id)
    assert set(following.partitions("flights")) == {"1", "2"}


def test_a_new_crawler_that_is_never_to_be_crawled_in_full_is_so_once(local: Crawling) -> None:
    following = Following(local)
    local.place.put(months(1))
    following.create(events="webhook", **{"events.heal": "off"})
    following.events.heal()
    [crawl] = following.crawls.list_crawls(ME, state="QUEUED")
    following.crawls.execute(crawl.id)
    following.events.heal()
    assert set(following.partitions("flights")) == {"1"}
    assert not following.crawls.list_crawls(ME, state="QUEUED")


def test_only_another_source_of_events_has_all_crawled(local: Crawling) -> None:
    following = Following(local)
    following.crawl(months(1), events="webhook")
    following.change(events="webhook", sample="3")
    assert not following.crawls.list_crawls(ME, state="QUEUED")
    following.change(events="sqs:http://127.0.0.1:1/queue")
    following.change(events="webhook")  # by the crawl that waits already
    assert len(following.crawls.list_crawls(ME, state="QUEUED")) == 1


def test_an_undo_that_waits_is_no_crawl_in_full(local: Crawling) -> None:
    following = Following(local)
    crawl = following.crawl(months(1))
    following.crawls.undo(ME, crawl.id)
    following.change(events="webhook")
    assert sorted(bool(one.undo_of) for one in following.crawls.list_crawls(ME, state="QUEUED")) == [False, True]


def test_events_count_for_targets_as_they_are_now(local: Crawling) -> None:
    following = Following(local)
    following.crawls.create(
        ME, Crawler("raw", (f"{local.place.root}/a",), "hive", "raw", options={"events": "webhook"})
    )
    token = following.events.new_token(ME, "raw")
    told = Told()
    told.touch(f"{local.place.root}/b/x.csv")
    assert following.events.receive(ME, "raw", told, token) == 0
    assert following.events.receive(ME, "raw", told, token) == 0
    following.crawls.update(ME, replace(following.crawls.get(ME, "raw"), targets=(f"{local.place.root}/b",)))
    assert following.events.receive(ME, "raw", told, token) == 1


def test_crawls_of_a_crawler_that_was_dropped_are_not_those_of_its_namesake(local: Crawling) -> None:
    following = Following(local)
    following.crawl(months(1), events="webhook")
    following.crawls.drop(ME, "raw")
    following.create(events="webhook")
    following.events.heal()
    assert [one.state for one in following.crawls.list_crawls(ME)] == ["QUEUED", "SUCCEEDED"]


def test_whoever_may_not_run_a_crawler_has_no_events_followed(tmp_path: Path) -> None:
    service = CatalogService(Config(data=tmp_path), StoredPolicy())
    service.prepare()
    ann = Caller(user="ann")
    with service.store.begin() as tx:
        mine = Grant("user:mira", Action.MANAGE, "server", ())
        hers = (Grant("user:ann", action, "crawler", ("raw",)) for action in (Action.DESCRIBE, Action.ALTER))
        grants.create(tx, [mine, *hers, Grant("user:ann", Action.MANAGE, "catalog", ("hive",))])
    following = Following(Crawling(service, local_place(tmp_path)))
    following.create()
    following.crawls.update(ann, replace(following.crawls.get(ann, "raw"), options={"events": "webhook"}))
    following.put(months(1))
    following.events.heal()
    for crawl in (following.follow(), following.crawls.execute(following.crawls.list_crawls(ME, state="QUEUED")[0].id)):
        assert (crawl.state, crawl.summary["objects"]) == ("FAILED", 0)
        assert "run" in str(crawl.error).lower()
    service.close()


@pytest.fixture
def failing(tmp_path: Path) -> Iterator[Following]:
    """A crawler of which events were told, on behalf of somebody who may not run it."""
    service = CatalogService(Config(data=tmp_path), StoredPolicy())
    service.prepare()
    with service.store.begin() as tx:
        grants.create(tx, [Grant("user:mira", Action.MANAGE, "server", ()), ANN])
    following = Following(Crawling(service, local_place(tmp_path)))
    following.crawl(months(1))
    ann = Caller(user="ann")
    following.crawls.update(ann, replace(following.crawls.get(ann, "raw"), options={"events": "webhook"}))
    following.put(months(2))
    assert following.follow().state == "FAILED"
    yield following
    service.close()


ANN = Grant("user:ann", Action.ALTER, "crawler", ("raw",))


def later(following: Following, minutes: float) -> None:
    """Have the crawler, its crawls and its events be so much older."""
    by = int(minutes * 60_000)
    with following.catalog.store.begin() as tx:
        times = {one: tables.crawls.c[one] - by for one in ("created_at", "finished_at")}
        tx.connection.execute(update(tables.crawls).values(times))
        tx.connection.execute(update(tables.crawlers).values(created_at=tables.crawlers.c.created_at - by))
        tx.connection.execute(
            update(tables.crawler_events).values(received_at=tables.crawler_events.c.received_at - by)
        )


def tries(following: Following) -> int:
    """How often it is tried to apply events when nothing comes for an afternoon; the worker looks each minute."""
    count = 0
    for _ in range(300):
        later(following, 1)
        following.events.start_due()
        for one in following.crawls.list_crawls(ME, state="QUEUED"):
            count += following.crawls.execute(one.id).follows
    return count


def test_what_cannot_be_applied_is_tried_more_and_more_seldom(failing: Following) -> None:
    assert tries(failing) == 9  # after 1, 1, 2, 4, 8, ... minutes, and then each hour
    found = [one for one in failing.crawls.list_crawls(ME) if one.follows]
    assert [(one.state, "run" in str(one.error).lower()) for one in found] == [("FAILED", True)] * 2


def test_an_event_has_it_tried_again_at_once(failing: Following) -> None:
    tries(failing)
    with failing.catalog.store.begin() as tx:
        grants.create(tx, [Grant("user:ann", Action.MANAGE, "server", ())])
    later(failing, 1)
    failing.tell("flights/month=2/part.csv")
    assert failing.follow().state == "SUCCEEDED"
    assert set(failing.partitions("flights")) == {"1", "2"}


def test_events_that_come_all_the_time_do_not_fill_the_history_with_failures(failing: Following) -> None:
    for _ in range(5):
        later(failing, 1)
        failing.tell("flights/month=2/part.csv")
        assert failing.follow().state == "FAILED"
    assert len([one for one in failing.crawls.list_crawls(ME) if one.follows]) == 2


def test_a_crawl_that_follows_waits_for_none_and_is_no_measure_of_others(local: Crawling) -> None:
    following = Following(local)
    following.crawl(months(1, 2), events="webhook")
    following.put(months(3))
    following.events.start_due()
    following.crawls.run(ME, "raw")
    ordinary, follows = sorted(following.crawls.list_crawls(ME, state="QUEUED"), key=lambda one: one.follows)
    assert following.crawls.waits_for([ordinary, follows]) == {ordinary.id: "a worker", follows.id: "a worker"}
    following.crawls.execute(follows.id)
    with local.catalog.store.read() as tx:
        assert crawlers.objects_last(tx, "raw") == 2


def test_a_server_that_did_not_listen_crawls_in_full_when_it_begins_to(local: Crawling) -> None:
    following = Following(local)
    following.crawl(months(1), events="webhook")
    following.events.heal(since=1)
    assert len(following.crawls.list_crawls(ME)) == 1
    following.events.heal(since=2**60)
    assert len(following.crawls.list_crawls(ME)) == 2


def test_a_crawl_that_was_due_and_never_begun_heals_nothing(local: Crawling) -> None:
    following = Following(local)
    following.crawl(months(1), events="webhook")
    since = now() + 1
    while now() < since:
        pass
    skipped = Crawl("skipped", "raw", "SKIPPED", due_at=since)
    following.catalog.store.write(lambda tx: crawlers.create_due(tx, [skipped]))
    following.events.heal(since=since)
    assert sorted(one.state for one in following.crawls.list_crawls(ME)) == ["QUEUED", "SKIPPED", "SUCCEEDED"]


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"events": "telegraph"}, "webhook, watch, sqs:URL"),
        ({"events": "sqs:queue"}, "webhook, watch, sqs:URL"),
        ({"events": "webhook", "events.heal": "soon"}, "30m"),
    ],
)
def test_options_that_cannot_be_are_refused(local: Crawling, options: dict[str, str], word: str) -> None:
    with pytest.raises(Invalid, match=word):
        local.create(**options)


def test_events_for_a_crawler_that_follows_none_are_refused(local: Crawling) -> None:
    following = Following(local)
    with pytest.raises(NotFound):
        following.tell("a.csv")
    following.create()
    with pytest.raises(Invalid, match="follows none"):
        following.tell("a.csv")


def test_a_token_is_asked_for_once_there_is_one(local: Crawling) -> None:
    following = Following(local)
    following.create(events="webhook")
    token = following.events.new_token(ME, "raw")
    for wrong in (None, "cat_other"):
        with pytest.raises(Denied):
            following.events.receive(ME, "raw", Told(), wrong)
    following.events.receive(ME, "raw", Told(), token)
    following.events.drop_token(ME, "raw")
    following.events.receive(ME, "raw", Told())
