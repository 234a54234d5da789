"""Cron texts with a time zone: when one is due, and what it says in words."""

from __future__ import annotations

import difflib
import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from catalog_server.model.errors import Invalid

_GLUE = re.compile(r"\s*cron\s*\((?P<fields>.*)\)\s*", re.IGNORECASE | re.DOTALL)
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_TEXT_MAX = 200
_YEAR_MAX = 2199


class Timetable:
    """The times of a cron text in a zone: five fields as in crontab, or AWS Glue's `cron(...)` of six.

    A time that clocks leave out when they are put forward is due at the moment after; one that comes twice when they are
    put back is due the first time. Where minutes or hours begin with `*` clocks are followed instead, so that what is due
    every hour is due every hour. Raises `Invalid` naming `cron` or `zone`, also where it is never due.
    """

    def __init__(self, cron: str, zone: str = "UTC") -> None:
        self.zone = _zone(zone)
        self._cron = cron
        if len(cron) > _TEXT_MAX:
            raise Invalid("cron", f"longer than {_TEXT_MAX} characters")
        glue = _GLUE.fullmatch(cron)
        self._fields, self._years = _of_glue(cron, glue["fields"]) if glue else (_of_crontab(cron), None)
        try:
            self._words = CronSim(self._fields, datetime(1970, 1, 1, tzinfo=UTC)).explain()
        except CronSimError as error:
            raise Invalid("cron", f"{cron!r} is wrong: {str(error).lower()}") from error
        except (AttributeError, AssertionError, IndexError, TypeError, ValueError) as error:
            raise Invalid("cron", f"{cron!r} is not understood") from error
        if self.after(_milliseconds(datetime(1970, 1, 1, tzinfo=UTC))) is None:
            raise Invalid("cron", f"{cron!r} is never due")

    @property
    def words(self) -> str:
        """What it says, in English."""
        years = "" if self._years is None else f" in {_spans(self._years)}"
        return f"{self._words}{years}, {self.zone.key}"

    def after(self, moment: int) -> int | None:
        """The first time after a moment, both in milliseconds since 1970; None when there is none any more."""
        return self._nearest(moment, reverse=False)

    def last(self, moment: int) -> int | None:
        """The last time up to a moment; None when there was none."""
        found = self._nearest(moment + 1, reverse=True)
        while found is not None and (later := self.after(found)) is not None and later <= moment:
            found = later  # in an hour that comes twice
        return found

    def following(self, moment: int, count: int) -> list[int]:
        """So many times after a moment, fewer if there are no more."""
        found: list[int] = []
        while len(found) < count and (due := self.after(found[-1] if found else moment)) is not None:
            found.append(due)
        return found

    def _nearest(self, moment: int, *, reverse: bool) -> int | None:
        """The nearest time on one side of a moment, in one of the years that are named."""
        start = datetime.fromtimestamp(moment / 1000, UTC).astimezone(self.zone)
        for year in self._years_from(start.year, reverse=reverse):
            begun = self._begin(start, year, reverse=reverse)
            for due in CronSim(self._fields, begun, reverse=reverse):
                found = _milliseconds(due)
                if year is not None and due.year != year:
                    break
                if found < moment if reverse else found > moment:
                    return found
        return None

    def _years_from(self, year: int, *, reverse: bool) -> Sequence[int | None]:
        if self._years is None:
            return (None,)
        if reverse:
            return [one for one in reversed(self._years) if one <= year]
        return [one for one in self._years if one >= year]

    def _begin(self, start: datetime, year: int | None, *, reverse: bool) -> datetime:
        """Where to look from: the moment itself, or the border of a year that does not hold it."""
        if year is None or year == start.year:
            return start
        if reverse:
            return datetime(year, 12, 31, 23, 59, 59, 999_999, tzinfo=self.zone)
        return datetime(year - 1, 12, 31, 23, 59, 59, tzinfo=self.zone)


@lru_cache(maxsize=1024)
def timetable(cron: str, zone: str) -> Timetable:
    """The timetable of a cron text; raises `Invalid`."""
    return Timetable(cron, zone)


def upcoming(cron: str, zone: str, count: int) -> list[int]:
    """The next times from now on, in milliseconds since 1970; raises `Invalid`."""
    return timetable(cron, zone).following(time.time_ns() // 1_000_000, count)


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone(name: str) -> ZoneInfo:
    if name not in _zones():
        folded = {one.lower(): one for one in _zones()}
        near = difflib.get_close_matches(name.lower()[:_TEXT_MAX], folded, n=1)
        hint = f"; did you mean {folded[near[0]]}?" if near else "; it takes a name such as Europe/Berlin"
        raise Invalid("zone", f"{name[:_TEXT_MAX]!r} is no time zone{hint}")
    return ZoneInfo(name)


def _of_crontab(cron: str) -> str:
    fields = cron.split()
    if len(fields) != 5:
        said = "minute, hour, day of month, month and day of week"
        raise Invalid("cron", f"{cron!r} has {len(fields)} fields, not the five {said}")
    return " ".join(fields)


def _of_glue(cron: str, text: str) -> tuple[str, tuple[int, ...] | None]:
    """Glue's fields as those of crontab, where Sunday is 0 and not 1, and the years; None for all."""
    fields = text.upper().split()
    if len(fields) != 6:
        said = "minutes, hours, day of month, month, day of week and year"
        raise Invalid("cron", f"{cron!r} has {len(fields)} fields, not the six {said}")
    minutes, hours, of_month, months, of_week, years = fields
    if (of_month == "?") == (of_week == "?"):
        raise Invalid("cron", f"{cron!r} must have ? as day of month or as day of week, and not as both")
    if re.search(r"\dW", of_month):
        raise Invalid("cron", f"{cron!r} is wrong: of days near a weekday only LW is known")
    try:
        week = "*" if of_week == "?" else ",".join(_day_of_week(one) for one in of_week.split(","))
        said_years = None if years == "*" else _years(years)
    except ValueError as error:
        raise Invalid("cron", f"{cron!r} is wrong: bad {error}") from error
    return " ".join((minutes, hours, "*" if of_month == "?" else of_month, months, week)), said_years


def _day_of_week(term: str) -> str:
    """One term of Glue's days of the week as crontab has it."""

    def number(text: str) -> int:
        if text in _DAYS:
            return _DAYS.index(text)
        if not (text.isdecimal() and 1 <= int(text) <= 7):
            raise ValueError("day-of-week")
        return int(text) - 1

    span, slash, step = term.partition("/")
    if slash and not (step.isdecimal() and int(step) > 0):
        raise ValueError("day-of-week")
    if span == "*":
        return term if not slash else ",".join(map(str, range(0, 7, int(step))))
    if span == "L":
        return "6"
    if span.endswith("L"):
        return f"{number(span[:-1])}L"
    day, nth, which = span.partition("#")
    if nth:
        return f"{number(day)}#{which}"
    first, dash, last = span.partition("-")
    begin = number(first)
    end = number(last) if dash else 6 if slash else begin
    days = range(begin, (end + 7 if end < begin else end) + 1, int(step or 1))
    return ",".join(str(one % 7) for one in days)


def _spans(years: Sequence[int]) -> str:
    """Years as people say them: `2026, 2030-2199`."""
    found: list[list[int]] = []
    for year in years:
        if found and found[-1][-1] == year - 1:
            found[-1][1:] = [year]
        else:
            found.append([year])
    return ", ".join("-".join(map(str, one)) for one in found)


def _years(field: str) -> tuple[int, ...]:
    found: set[int] = set()
    for term in field.split(","):
        span, slash, step = term.partition("/")
        first, dash, last = span.partition("-")
        if first == "*":
            first = "1970"
        parts = (first, *([last] if dash else ()), *([step] if slash else ()))
        if not all(part.isdecimal() and part.isascii() for part in parts):
            raise ValueError("year")
        begin, end = int(first), int(last) if dash else _YEAR_MAX if slash else int(first)
        if not 1970 <= begin <= end <= _YEAR_MAX or (slash and int(step) < 1):
            raise ValueError("year")
        found |= set(range(begin, end + 1, int(step or 1)))
    return tuple(sorted(found))
