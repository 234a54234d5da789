"""Crawlers and crawls: what to look at, and what one look found."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

AT_WORK = ("QUEUED", "RUNNING")
FINAL_STATES = frozenset({"SUCCEEDED", "FAILED", "CANCELLED", "SKIPPED"})


class StartedBy(StrEnum):
    """What a crawl was started by."""

    PERSON = "person"
    SCHEDULE = "schedule"
    EVENTS = "events"


def new_crawl_id() -> str:
    """An id that sorts by time."""
    return f"{time.time_ns() // 1_000_000:012x}-{secrets.token_hex(4)}"


@dataclass(frozen=True, slots=True)
class Crawler:
    """A stored definition: targets are URIs (`s3://...`, `file:///...`, `connection:NAME/schema/pattern`,
    `catalog:DATABASE/pattern`)."""

    name: str
    targets: tuple[str, ...]
    catalog: str
    database: str
    table_prefix: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    comment: str | None = None
    id: int = 0
    version: int = 0
    created_at: int = 0


@dataclass(frozen=True, slots=True)
class Crawl:
    """One run of a crawler; `summary` counts and lists what was added, changed, unchanged and refused."""

    id: str
    crawler: str
    state: str
    """QUEUED, RUNNING, SUCCEEDED, FAILED, CANCELLED, or SKIPPED: it was due and never begun, `error` says why."""
    started_at: int = 0
    finished_at: int | None = None
    progress: Mapping[str, object] = field(default_factory=dict)
    summary: Mapping[str, object] = field(default_factory=dict)
    counts: Mapping[str, int] | None = None
    """What the summary counts; None until it ended."""
    error: str | None = None
    by: str | None = None
    """Who started it, or in whose name it was started."""
    started_by: StartedBy = StartedBy.PERSON
    due_at: int | None = None
    """The time of its schedule that it is for (milliseconds)."""
    preview: bool = False
    """Whether it only tells what a crawl would do."""
    undo_of: str | None = None
    """The crawl that this one takes back."""
    undone_at: int | None = None
    """When it was taken back as a whole (milliseconds), and by whom."""
    undone_by: str | None = None
    follows: bool = False
    """Whether it applies events as they come, until none come any more."""
    created_at: int = 0


@dataclass(frozen=True, slots=True)
class Touch:
    """A folder that an event spoke of: what lies in it may be another than before. `deep` means all below it."""

    folder: str
    """Its location as `lake.locations.normalize` spells it."""
    deep: bool = False
    object: str | None = None
    """The name of an object in it that is said to be new; empty where one is said to be gone."""
    stamp: int = 0
    touched_at: int = 0
    """When the first event came that was not applied yet (milliseconds)."""


@dataclass(frozen=True, slots=True)
class EventState:
    """How far a crawler is with its events; times in milliseconds."""

    source: str
    """What its option `events` says."""
    by: str
    has_token: bool
    received: int
    """Notifications that were taken, of whatever they speak."""
    waiting: int
    """Folders that were touched and not looked at yet."""
    unsettled: int
    """Folders of which the partitions are there, and the table's figures are still to follow."""
    received_at: int | None = None
    applied_at: int | None = None
    lag: int = 0
    """How long the folder waits that waits longest, in milliseconds."""
    confirm_url: str | None = None
    """Where to confirm a subscription of Amazon SNS."""
    skipped: int = 0
    """Messages that could not be understood and were left out."""
    problem: str | None = None
    """Why events could not be had, or what was wrong with a message that was left out; the last of all."""
    problem_at: int | None = None
    crawl: str | None = None
    """The crawl that applies them now."""
