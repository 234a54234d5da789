"""Crawlers, crawls and schedules as the JSON API says them."""

from __future__ import annotations

from catalog_server.crawlers.summary import counts_of
from catalog_server.facades.web.convert import when
from catalog_server.facades.web.crawl_messages import CrawlAnswer, CrawlerAnswer, PastCrawlAnswer, ScheduleAnswer
from catalog_server.model.crawler import Crawl, Crawler
from catalog_server.model.errors import Invalid
from catalog_server.model.schedule import Schedule
from catalog_server.triggers.timetable import timetable, upcoming

NEXT_TIMES = 5


def crawl(found: Crawl, waits_for: str | None = None) -> CrawlAnswer:
    """A crawl."""
    return CrawlAnswer(
        id=found.id,
        crawler=found.crawler,
        state=found.state,
        preview=found.preview,
        undo_of=found.undo_of,
        undone_at=when(found.undone_at),
        undone_by=found.undone_by,
        follows=found.follows,
        created_at=when(found.created_at),
        started_at=when(found.started_at),
        finished_at=when(found.finished_at),
        by=found.by,
        started_by=found.started_by.value,
        due_at=found.due_at,
        error=found.error,
        progress=dict(found.progress),
        summary=dict(found.summary),
        waits_for=waits_for,
    )


def past_crawl(found: Crawl, waits_for: str | None) -> PastCrawlAnswer:
    """A line of a crawler's history."""
    ended = found.finished_at if found.started_at else None
    return PastCrawlAnswer(
        id=found.id,
        state=found.state,
        preview=found.preview,
        undo_of=found.undo_of,
        undone_at=when(found.undone_at),
        started_by=found.started_by.value,
        by=found.by,
        due_at=found.due_at,
        created_at=when(found.created_at),
        started_at=when(found.started_at),
        finished_at=when(found.finished_at),
        took_ms=max(0, ended - found.started_at) if ended else None,
        error=found.error,
        waits_for=waits_for,
        **(found.counts or counts_of(found.summary)),
    )


def crawler(found: Crawler, last: Crawl | None, due: Schedule | None) -> CrawlerAnswer:
    """A crawler, its last crawl and its schedule."""
    return CrawlerAnswer(
        name=found.name,
        targets=list(found.targets),
        catalog=found.catalog,
        database=found.database,
        table_prefix=found.table_prefix,
        options=dict(found.options),
        comment=found.comment,
        version=found.version,
        created_at=when(found.created_at),
        last_crawl=crawl(last) if last else None,
        schedule=schedule(due) if due else None,
    )


def schedule(found: Schedule) -> ScheduleAnswer:
    """A schedule; one that is paused is not due, nor one whose zone has left the world, which says so."""
    try:
        words, times = timetable(found.cron, found.zone).words, upcoming(found.cron, found.zone, NEXT_TIMES)
    except Invalid as error:
        words, times = error.message, []
    return ScheduleAnswer(
        cron=found.cron,
        zone=found.zone,
        words=words,
        missed=found.missed.value,
        overlap=found.overlap.value,
        paused=found.paused,
        next_at=found.next_at,
        next_times=[] if found.paused else times,
        by=found.by,
        created_at=when(found.created_at),
    )
