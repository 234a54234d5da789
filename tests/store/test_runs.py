"""Lists of runs and crawls are paged without leaving out those of one moment."""

from __future__ import annotations

from catalog_server.catalog.catalog import CatalogService
from catalog_server.model.crawler import Crawler
from catalog_server.model.job import Job
from catalog_server.store import crawlers, jobs


def test_runs_of_one_moment_are_paged_one_by_one(catalog: CatalogService) -> None:
    with catalog.store.begin() as tx:
        job = jobs.create(tx, Job("daily", "print(1)"))
        for name in ("a", "b", "c"):
            jobs.create_run(tx, name, job, {}, "ann")
        seen: list[str] = []
        before = None
        while found := jobs.list_runs(tx, before=before, count=1):
            seen.append(found[0].id)
            before = found[0].created_at, found[0].id
    assert seen == ["c", "b", "a"]


def test_crawls_of_one_moment_are_paged_one_by_one(catalog: CatalogService) -> None:
    with catalog.store.begin() as tx:
        crawlers.create(tx, Crawler("raw", ("s3://lake/",), "hive", "raw"))
        for name in ("a", "b", "c"):
            crawlers.create_crawl(tx, name, "raw", "ann")
        seen: list[str] = []
        before = None
        while found := crawlers.list_crawls(tx, before=before, count=1):
            seen.append(found[0].id)
            before = found[0].created_at, found[0].id
    assert seen == ["c", "b", "a"]
