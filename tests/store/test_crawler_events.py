"""Folders that events touched: one row each, which goes when it was settled and nobody touched it again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from catalog_server.catalog.catalog import CatalogService
from catalog_server.crawlers.events import CrawlEvents
from catalog_server.model.crawler import Crawl, Crawler, Touch
from catalog_server.store import crawler_events as rows
from catalog_server.store import crawlers
from catalog_server.store.transaction import Transaction, now

T1, T2 = Touch("s3://b/t/k=1", object="a.csv"), Touch("s3://b/t/k=2", object="a.csv")


def follower(catalog: CatalogService) -> int:
    def work(tx: Transaction) -> int:
        made = crawlers.create(tx, Crawler("raw", ("s3://b",), "hive", "raw", options={"events": "webhook"}))
        rows.follow(tx, made, "mira")
        return made.id

    return catalog.store.write(work)


def touch(catalog: CatalogService, crawler: int, *touched: Touch) -> None:
    catalog.store.write(lambda tx: rows.touch(tx, crawler, touched))


def waiting(catalog: CatalogService, crawler: int) -> list[Touch]:
    with catalog.store.read() as tx:
        return sorted(rows.waiting(tx, crawler, 100), key=lambda one: one.folder)


def unsettled(catalog: CatalogService, crawler: int) -> list[str]:
    with catalog.store.read() as tx:
        return sorted(one.folder for one in rows.unsettled(tx, crawler))


def test_a_folder_is_kept_once_with_the_last_word_about_its_objects(catalog: CatalogService) -> None:
    crawler = follower(catalog)
    touch(catalog, crawler, T1, T1, T2)
    touch(catalog, crawler, Touch(T1.folder, object=""), Touch(T2.folder))
    assert [(one.folder, one.object) for one in waiting(catalog, crawler)] == [(T1.folder, ""), (T2.folder, "a.csv")]


def test_what_is_touched_again_meanwhile_is_neither_applied_nor_settled(catalog: CatalogService) -> None:
    crawler = follower(catalog)
    touch(catalog, crawler, T1, T2)
    seen = waiting(catalog, crawler)
    touch(catalog, crawler, T2)
    catalog.store.write(lambda tx: rows.applied(tx, crawler, seen))
    assert [one.folder for one in waiting(catalog, crawler)] == [T2.folder]
    catalog.store.write(lambda tx: rows.settled(tx, crawler, seen))
    assert unsettled(catalog, crawler) == [T2.folder]


def due(catalog: CatalogService) -> list[rows.Due]:
    with catalog.store.read() as tx:
        return rows.due(tx)


def crawled(catalog: CatalogService, crawl: str, state: str, at: int, **counts: int) -> None:
    """A crawl that followed, and waited and ended at a time."""

    def work(tx: Transaction) -> None:
        crawlers.create_crawl(tx, crawl, "raw", "mira", follows=True)
        ended = {"state": state, "created_at": at, "finished_at": at + 1, "counts": counts}
        crawlers.change_crawl(tx, crawl, ("QUEUED",), ended)
        rows.forget_failures(tx, "raw")

    catalog.store.write(work)


def test_a_crawl_is_due_while_something_is_touched_and_none_follows(catalog: CatalogService) -> None:
    crawler = follower(catalog)
    assert due(catalog) == []
    touch(catalog, crawler, T1)
    assert due(catalog) == [rows.Due("raw", "mira", 0)]
    catalog.store.write(lambda tx: crawlers.create_crawl(tx, "1", "raw", "mira", follows=True))
    assert due(catalog) == []


def test_failures_since_something_went_well_are_told_and_all_but_two_of_them_forgotten(catalog: CatalogService) -> None:
    touch(catalog, follower(catalog), T1)
    since = now() + 1_000
    crawled(catalog, "before", "FAILED", since)
    crawled(catalog, "well", "SUCCEEDED", since + 10)
    for number in range(5):
        crawled(catalog, f"failed {number}", "FAILED", since + 20 + number, partitions_added=int(number == 2))
    assert due(catalog) == [rows.Due("raw", "mira", 0, since + 20, since + 25)]
    with catalog.store.read() as tx:
        kept = [one.id for one in crawlers.list_crawls(tx, "raw")]
    assert kept == ["failed 4", "failed 2", "failed 0", "well", "before"]


def test_a_preview_is_no_crawl_in_full(catalog: CatalogService) -> None:
    follower(catalog)
    catalog.store.write(lambda tx: crawlers.create_crawl(tx, "1", "raw", "mira", preview=True))
    with catalog.store.read() as tx:
        assert rows.crawled(tx) == {}
    catalog.store.write(lambda tx: crawlers.create_crawl(tx, "2", "raw", "mira"))
    with catalog.store.read() as tx:
        assert [(name, busy) for name, (_, busy) in rows.crawled(tx).items()] == [("raw", True)]


def test_what_was_skipped_and_previews_are_no_crawls_that_have_the_last_word(catalog: CatalogService) -> None:
    follower(catalog)
    skipped = Crawl("1", "raw", "SKIPPED", by="mira", due_at=1)
    catalog.store.write(lambda tx: crawlers.create_due(tx, [skipped]))
    catalog.store.write(lambda tx: crawlers.create_crawl(tx, "2", "raw", "mira", preview=True))
    catalog.store.write(lambda tx: crawlers.change_crawl(tx, "2", ("QUEUED",), {"state": "RUNNING"}))
    with catalog.store.read() as tx:
        assert rows.crawled(tx) == {}
        assert not rows.is_crawled(tx, "raw", 0)


def test_any_number_of_workers_queue_one_crawl(catalog: CatalogService) -> None:
    touch(catalog, follower(catalog), T1)
    events = CrawlEvents(catalog)
    with ThreadPoolExecutor(8) as workers:
        for done in [workers.submit(act) for _ in range(8) for act in (events.start_due, events.heal)]:
            done.result()
    with catalog.store.read() as tx:
        assert sorted(one.follows for one in crawlers.list_crawls(tx)) == [False, True]


def test_a_crawler_that_follows_no_more_leaves_nothing(catalog: CatalogService) -> None:
    crawler = follower(catalog)
    touch(catalog, crawler, T1)
    catalog.store.write(lambda tx: rows.forget(tx, crawler))
    assert unsettled(catalog, crawler) == []
    with catalog.store.read() as tx:
        assert rows.followers(tx) == {}
