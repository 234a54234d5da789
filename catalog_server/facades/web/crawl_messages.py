"""Answers of the JSON API about crawlers, their crawls and schedules."""

from __future__ import annotations

import msgspec

from catalog_server.facades.web.messages import Open, Text


class ScheduleAnswer(msgspec.Struct):
    """When something is started by itself: a cron text in a time zone, in words, and the times it is due next.

    `missed` says what becomes of times at which no worker was there: once (they are made up for by one) or none. `overlap`
    says what becomes of a time while an earlier crawl is at work: skip or queue. `by` is in whose name it is started.
    """

    cron: str
    zone: str
    words: str
    missed: str
    overlap: str
    paused: bool
    next_at: int | None
    next_times: list[int]
    by: str | None
    created_at: int | None


class TimesAnswer(msgspec.Struct):
    """What a cron text says in words, and the times it is due next."""

    words: str
    next_times: list[int]


class CrawlAnswer(msgspec.Struct):
    """One run of a crawler, one that follows events, a preview, which writes nothing, or an undo.

    `started_by` is person, schedule or events; `due_at` the time of the schedule that it is for. Progress and summary are open
    maps. Progress has the phase and, in it, `done` of `total` files, tables or changes (`unit`), as far as known with the `rate`
    of each second and `seconds_left`.
    """

    id: str
    crawler: str
    state: str
    preview: bool
    undo_of: str | None
    undone_at: int | None
    undone_by: str | None
    follows: bool
    created_at: int | None
    started_at: int | None
    finished_at: int | None
    by: str | None
    started_by: str
    due_at: int | None
    error: str | None
    progress: Open
    summary: Open
    waits_for: str | None
    """What keeps it from being begun."""


class PastCrawlAnswer(msgspec.Struct, kw_only=True):
    """One line of a crawler's history: a crawl with what it counted. What was skipped says why in `error`."""

    id: str
    state: str
    preview: bool
    undo_of: str | None
    undone_at: int | None
    started_by: str
    by: str | None
    due_at: int | None
    created_at: int | None
    started_at: int | None
    finished_at: int | None
    took_ms: int | None
    error: str | None
    waits_for: str | None
    tables_added: int = 0
    tables_changed: int = 0
    tables_removed: int = 0
    tables_unchanged: int = 0
    tables_refused: int = 0
    partitions_added: int = 0
    partitions_changed: int = 0
    partitions_dropped: int = 0
    objects: int = 0
    bytes: int = 0
    problems: int = 0
    """Things that could not be read or decided, each of them in the crawl's summary."""


class CrawlerAnswer(msgspec.Struct):
    """A crawler, when it is started by itself, and its last crawl."""

    name: str
    targets: list[str]
    catalog: str
    database: str
    table_prefix: str
    options: Text
    comment: str | None
    version: int
    created_at: int | None
    last_crawl: CrawlAnswer | None
    schedule: ScheduleAnswer | None
