"""Crawlers and their crawls over the JSON API."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from catalog_server.facades.web import crawl_convert as convert
from catalog_server.facades.web.bodies import Body, Maybe, Merge, Version, changes, check_version, merged
from catalog_server.facades.web.crawl_messages import CrawlAnswer, CrawlerAnswer, PastCrawlAnswer
from catalog_server.facades.web.messages import Page
from catalog_server.facades.web.paging import Paged, place, sliced, token
from catalog_server.facades.web.routing import Call, Routes
from catalog_server.facades.web.schedules import NewSchedule, made
from catalog_server.facades.web.waiting import Waiting, settled
from catalog_server.model.crawler import FINAL_STATES, Crawl, Crawler

routes = Routes("Crawlers")


class NewCrawler(Body):
    """A crawler to be kept."""

    name: str
    targets: list[str]
    database: str = ""
    """Where tables are kept; may be left out where all targets are of the catalog, as `catalog:DATABASE/TABLE`."""
    catalog: str | None = None
    table_prefix: str = ""
    options: dict[str, str] = msgspec.field(default_factory=dict)
    comment: str | None = None
    schedule: NewSchedule | None = None


class ChangedCrawler(Body):
    """What is to be different in a crawler."""

    targets: list[str] | UnsetType = UNSET
    database: str | UnsetType = UNSET
    catalog: str | UnsetType = UNSET
    table_prefix: str | UnsetType = UNSET
    options: Merge | UnsetType = UNSET
    comment: Maybe = UNSET
    schedule: NewSchedule | UnsetType | None = UNSET
    """In place of the one that it has; null takes that away."""
    expected_version: Version | None = None


class NewCrawl(Body):
    """How to crawl."""

    preview: bool = False
    """Only tell what would be written."""


class ColumnDifferenceAnswer(msgspec.Struct):
    """A column with another type than before; null where it was not there, or is not any more."""

    name: str
    before: str | None
    after: str | None


class TableDifferenceAnswer(msgspec.Struct):
    """What a crawl did to one table, or to the database if no table is named; `what` is added, changed or removed."""

    catalog: str
    database: str
    table: str | None
    what: str
    version_before: int | None
    version_after: int | None
    columns: list[ColumnDifferenceAnswer]
    partitions_added: int
    partitions_changed: int
    partitions_dropped: int
    undone: bool


class CrawlsQuery(Paged):
    """Which crawls are listed."""

    crawler: str | None = None
    state: Literal["QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED", "SKIPPED"] | None = None


@routes.get("/crawlers")
def list_crawlers(call: Call, query: Paged) -> Page[CrawlerAnswer]:
    """List crawlers by name."""
    items, following = sliced(call.services.crawls.list(call.caller), query)
    last = call.services.crawls.newest(call.caller, [one.name for one in items])
    schedules = call.services.schedules.of("crawler", [one.id for one in items])
    return Page([convert.crawler(one, last.get(one.name), schedules.get(one.id)) for one in items], following)


def _answer(call: Call, found: Crawler) -> CrawlerAnswer:
    last = call.services.crawls.newest(call.caller, [found.name]).get(found.name)
    return convert.crawler(found, last, call.services.schedules.of("crawler", [found.id]).get(found.id))


def _crawl(call: Call, found: Crawl) -> CrawlAnswer:
    return convert.crawl(found, call.services.crawls.waits_for([found]).get(found.id))


@routes.post("/crawlers")
def create_crawler(call: Call, body: NewCrawler) -> CrawlerAnswer:
    """Keep a crawler."""
    new = Crawler(
        name=body.name,
        targets=tuple(body.targets),
        catalog=body.catalog or call.services.catalog.core.default_catalog,
        database=body.database,
        table_prefix=body.table_prefix,
        options=body.options,
        comment=body.comment,
    )
    schedules = call.services.schedules
    also = schedules.with_crawler(call.caller, made(body.schedule)) if body.schedule else None
    created = call.services.crawls.create(call.caller, new, also)
    return convert.crawler(created, None, schedules.of("crawler", [created.id]).get(created.id))


@routes.get("/crawlers/{crawler}")
def get_crawler(call: Call, crawler: str) -> CrawlerAnswer:
    """Get a crawler and its last crawl."""
    return _answer(call, call.services.crawls.get(call.caller, crawler))


@routes.patch("/crawlers/{crawler}")
def alter_crawler(call: Call, crawler: str, body: ChangedCrawler) -> CrawlerAnswer:
    """Change a crawler."""
    found = call.services.crawls.get(call.caller, crawler)
    check_version(f"crawler {found.name}", body.expected_version, found.version)
    fields = changes(body, "targets", "database", "catalog", "table_prefix", "comment")
    new = replace(found, options=merged(found.options, body.options), **fields)
    also = None
    if body.schedule is not UNSET:
        schedule = made(body.schedule) if body.schedule is not None else None
        also = call.services.schedules.with_crawler(call.caller, schedule)
    return _answer(call, call.services.crawls.update(call.caller, new, also))


@routes.delete("/crawlers/{crawler}")
def drop_crawler(call: Call, crawler: str) -> None:
    """Drop a crawler; the tables it found stay."""
    call.services.crawls.drop(call.caller, crawler)


@routes.post("/crawlers/{crawler}/crawls")
def start_crawl(call: Call, crawler: str, body: NewCrawl) -> CrawlAnswer:
    """Queue a crawl, or a preview of one."""
    return _crawl(call, call.services.crawls.run(call.caller, crawler, preview=body.preview))


@routes.get("/crawlers/{crawler}/history")
def list_history(call: Call, crawler: str, query: Paged) -> Page[PastCrawlAnswer]:
    """List what became of each crawl of a crawler, and of each time that was skipped, newest first."""
    before = place(query.page_token, tuple[int, str])
    found = call.services.crawls.history(call.caller, crawler, before, query.page_size)
    following = token((found[-1].created_at, found[-1].id)) if len(found) == query.page_size else None
    waits_for = call.services.crawls.waits_for(found)
    return Page([convert.past_crawl(one, waits_for.get(one.id)) for one in found], following)


@routes.get("/crawls")
def list_crawls(call: Call, query: CrawlsQuery) -> Page[CrawlAnswer]:
    """List crawls, newest first."""
    before = place(query.page_token, tuple[int, str])
    found = call.services.crawls.list_crawls(call.caller, query.crawler, query.state, before, query.page_size)
    following = token((found[-1].created_at, found[-1].id)) if len(found) == query.page_size else None
    waits_for = call.services.crawls.waits_for(found)
    return Page([convert.crawl(one, waits_for.get(one.id)) for one in found], following)


@routes.get("/crawls/{crawl}/changes")
def list_crawl_changes(call: Call, crawl: str, query: Paged) -> Page[TableDifferenceAnswer]:
    """List what a crawl did to each table, as long as it is one of the newest of its crawler."""
    items, following = sliced(call.services.crawls.differences(call.caller, crawl), query)
    return Page([msgspec.convert(one, TableDifferenceAnswer, from_attributes=True) for one in items], following)


@routes.post("/crawls/{crawl}/undo", status=202)
def undo_crawl(call: Call, crawl: str) -> CrawlAnswer:
    """Undo a crawl: queue what takes the catalog back to what it was before, and answer with that."""
    return _crawl(call, call.services.crawls.undo(call.caller, crawl))


@routes.get("/crawls/{crawl}")
async def get_crawl(call: Call, crawl: str, query: Waiting) -> CrawlAnswer:
    """Get a crawl: how far it is, and what it found."""

    def ended(found: Crawl) -> bool:
        return found.state in FINAL_STATES

    look = partial(call.services.crawls.get_crawl, call.caller, crawl)
    found = await settled(call, look, ended, query.wait_ms)
    answer: CrawlAnswer = await call.run(partial(_crawl, call, found))
    return answer


@routes.delete("/crawls/{crawl}", status=202)
def cancel_crawl(call: Call, crawl: str) -> CrawlAnswer:
    """Ask a crawl to stop."""
    return convert.crawl(call.services.crawls.cancel(call.caller, crawl))
