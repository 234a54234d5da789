"""Schedules: when something is to be started, again and again."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Missed(StrEnum):
    """What becomes of times that passed while no worker was there."""

    ONCE = "once"
    """All of them together are made up for once."""
    NONE = "none"
    """They are told and left out."""


class Overlap(StrEnum):
    """What becomes of a time at which what was started before has not ended."""

    SKIP = "skip"
    """It is told and left out."""
    QUEUE = "queue"
    """One waits; further ones are told and left out."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a target is started: a cron text in a time zone. `next_at` (milliseconds) is None if it is never due again."""

    kind: str
    """What the target is: `crawler`."""
    target_id: int
    cron: str
    zone: str = "UTC"
    missed: Missed = Missed.ONCE
    overlap: Overlap = Overlap.SKIP
    paused: bool = False
    next_at: int | None = None
    by: str | None = None
    """Who made it, and in whose name its work is done."""
    created_at: int = 0
    id: int = 0


@dataclass(frozen=True, slots=True)
class Due:
    """A schedule whose time `at` (milliseconds) has come; `late` if that passed while no worker was there."""

    schedule: Schedule
    at: int
    late: bool
