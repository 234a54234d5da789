"""Schedules in the syntax of Quartz, which Hive's scheduled queries have: when one is due next, in UTC."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from catalog_server.model.errors import Invalid

_MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}
_YEARS = (1970, 2199)
_DAYS_AHEAD_MAX = 366 * 8
"""How far ahead a day is looked for: a leap day may be eight years away."""
_DAY_OF_MONTH = re.compile(r"L(-(?P<before>\d{1,2}))?|(?P<last>L)W|(?P<near>\d{1,2})W")
_DAY_OF_WEEK = re.compile(r"(?P<day>[1-7]|[A-Z]{3})(#(?P<nth>[1-5])|(?P<last>L))")


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule that was understood."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    is_day: Callable[[date], bool]

    def after(self, moment: int) -> int | None:
        """The next time after `moment`, both in seconds since 1970; None when there is none any more."""
        start = datetime.fromtimestamp(moment + 1, UTC)
        day = start.date()
        for ahead in range(_DAYS_AHEAD_MAX):
            if self.is_day(day):
                since = start.time() if ahead == 0 else time(0)
                found = self._in_day(since)
                if found is not None:
                    return int(datetime.combine(day, found, UTC).timestamp())
            day += timedelta(days=1)
        return None

    def _in_day(self, since: time) -> time | None:
        for hour in (one for one in self.hours if one >= since.hour):
            for minute in (one for one in self.minutes if hour > since.hour or one >= since.minute):
                later = hour > since.hour or minute > since.minute
                for second in self.seconds:
                    if later or second >= since.second:
                        return time(hour, minute, second)
        return None


def parse(text: str) -> Schedule:
    """A schedule of six or seven fields: seconds, minutes, hours, day of month, month, day of week, year.

    Raises `Invalid`, also where neither or both of the days are `?`, as Quartz does.
    """
    fields = text.upper().split()
    try:
        if len(fields) not in (6, 7) or (fields[3] == "?") == (fields[5] == "?"):
            raise ValueError
        years = frozenset(_values(fields[6], *_YEARS) if len(fields) == 7 else range(_YEARS[0], _YEARS[1] + 1))
        months = frozenset(_values(fields[4], 1, 12, _MONTHS))
        of_month, of_week = _days_of_month(fields[3]), _days_of_week(fields[5])

        def is_day(day: date) -> bool:
            return day.month in months and day.year in years and of_month(day) and of_week(day)

        return Schedule(_values(fields[0], 0, 59), _values(fields[1], 0, 59), _values(fields[2], 0, 23), is_day)
    except (ValueError, KeyError) as error:
        raise Invalid("", f"Invalid QUARTZ schedule expression: '{text}'") from error


def _values(field: str, least: int, most: int, names: dict[str, int] | None = None) -> tuple[int, ...]:
    """The values of a field: `*`, numbers and names, ranges `a-b`, steps `a/n`, and lists of these."""

    def number(text: str) -> int:
        found = names[text] if names and text in names else int(text)
        if not least <= found <= most:
            raise ValueError(text)
        return found

    found: set[int] = set()
    for part in field.split(","):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        if slash and int(step) < 1:
            raise ValueError(part)
        begin = least if span in ("*", "") else number(first)
        end = number(last) if dash else most if slash or span == "*" else begin
        if span == "" and not slash:
            raise ValueError(part)
        width = most - least + 1
        found |= {
            least + (one - least) % width
            for one in range(begin, end + (width if end < begin else 0) + 1, int(step or 1))
        }
    return tuple(sorted(found))


def _days_of_month(field: str) -> Callable[[date], bool]:
    match = _DAY_OF_MONTH.fullmatch(field)
    if field == "?":
        return lambda _: True
    if match is None:
        days = frozenset(_values(field, 1, 31))
        return lambda day: day.day in days
    if match["near"] or match["last"]:
        return lambda day: day == _weekday_near(day, int(match["near"]) if match["near"] else _length(day))
    return lambda day: day.day == _length(day) - int(match["before"] or 0)


def _weekday_near(day: date, wanted: int) -> date:
    """The weekday of the month nearest to a day of it."""
    target = day.replace(day=min(wanted, _length(day)))
    step = {5: -1, 6: 1}.get(target.weekday(), 0)
    near = target + timedelta(days=step)
    return near if near.month == target.month else target + timedelta(days=-2 if step == 1 else 2)


def _days_of_week(field: str) -> Callable[[date], bool]:
    if field == "?":
        return lambda _: True
    if field == "L":
        return lambda day: _number(day) == 7
    match = _DAY_OF_WEEK.fullmatch(field)
    if match is None:
        days = frozenset(_values(field, 1, 7, _DAYS))
        return lambda day: _number(day) in days
    wanted = _DAYS[match["day"]] if match["day"] in _DAYS else int(match["day"])
    if match["nth"]:
        return lambda day: _number(day) == wanted and (day.day - 1) // 7 + 1 == int(match["nth"])
    return lambda day: _number(day) == wanted and day.day > _length(day) - 7


def _number(day: date) -> int:
    """The day of the week as Quartz counts: Sunday is 1."""
    return day.isoweekday() % 7 + 1


def _length(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]
