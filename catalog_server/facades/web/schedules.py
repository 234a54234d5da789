"""Schedules of crawlers over the JSON API."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from catalog_server.facades.web import crawl_convert as convert
from catalog_server.facades.web.bodies import Body, changes
from catalog_server.facades.web.crawl_messages import ScheduleAnswer, TimesAnswer
from catalog_server.facades.web.routing import Call, Routes
from catalog_server.model.schedule import Missed, Overlap, Schedule
from catalog_server.triggers.timetable import timetable, upcoming

routes = Routes("Schedules")
Cron = Annotated[
    str, msgspec.Meta(description="Five fields as in crontab, or AWS Glue's `cron(...)` of six.", max_length=200)
]
Zone = Annotated[str, msgspec.Meta(description="A name of the IANA time zones, as Europe/Berlin.", max_length=200)]


class NewSchedule(Body):
    """When something is to be started by itself."""

    cron: Cron
    zone: Zone = "UTC"
    missed: Missed = Missed.ONCE
    """Whether times that pass while no worker is there are made up for, all by one."""
    overlap: Overlap = Overlap.SKIP
    """What becomes of a time while an earlier crawl is at work; at most one is queued."""
    paused: bool = False


class ChangedSchedule(Body):
    """What is to be different in a schedule."""

    cron: Cron | UnsetType = UNSET
    zone: Zone | UnsetType = UNSET
    missed: Missed | UnsetType = UNSET
    overlap: Overlap | UnsetType = UNSET
    paused: bool | UnsetType = UNSET


class TimesQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A cron text that is asked about."""

    cron: Cron
    zone: Zone = "UTC"
    count: Annotated[int, msgspec.Meta(ge=1, le=100)] = convert.NEXT_TIMES


def made(body: NewSchedule) -> Schedule:
    """The schedule of a crawler that a body asks for."""
    return Schedule("crawler", 0, body.cron, body.zone, body.missed, body.overlap, body.paused)


@routes.get("/schedules/times")
def list_times(call: Call, query: TimesQuery) -> TimesAnswer:  # noqa: ARG001
    """Tell what a cron text says in words, and when it is due next."""
    return TimesAnswer(timetable(query.cron, query.zone).words, upcoming(query.cron, query.zone, query.count))


@routes.get("/crawlers/{crawler}/schedule")
def get_schedule(call: Call, crawler: str) -> ScheduleAnswer:
    """Get the schedule of a crawler."""
    return convert.schedule(call.services.schedules.get(call.caller, "crawler", crawler))


@routes.post("/crawlers/{crawler}/schedule", status=200)
def put_schedule(call: Call, crawler: str, body: NewSchedule) -> ScheduleAnswer:
    """Give a crawler a schedule, in place of the one it has; its crawls are made in the caller's name."""
    return convert.schedule(call.services.schedules.put(call.caller, crawler, made(body)))


@routes.patch("/crawlers/{crawler}/schedule")
def alter_schedule(call: Call, crawler: str, body: ChangedSchedule) -> ScheduleAnswer:
    """Change a schedule, or only pause or resume it; whoever changes more than that does so in their own name."""
    schedules = call.services.schedules
    fields = changes(body, "cron", "zone", "missed", "overlap", "paused")
    if fields.keys() == {"paused"}:
        return convert.schedule(schedules.pause(call.caller, "crawler", crawler, paused=fields["paused"]))
    if not fields:
        return convert.schedule(schedules.get(call.caller, "crawler", crawler))
    return convert.schedule(schedules.alter(call.caller, "crawler", crawler, lambda found: replace(found, **fields)))


@routes.delete("/crawlers/{crawler}/schedule")
def drop_schedule(call: Call, crawler: str) -> None:
    """Drop the schedule of a crawler."""
    call.services.schedules.drop(call.caller, "crawler", crawler)
