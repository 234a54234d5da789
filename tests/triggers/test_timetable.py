"""When cron texts are due: fields as crontab and Glue have them, clocks put forward and back, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog_server.model.errors import Invalid
from catalog_server.triggers.timetable import Timetable

BERLIN = "Europe/Berlin"


def at(text: str, zone: str = "UTC") -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def utc(times: list[int]) -> list[str]:
    return [datetime.fromtimestamp(one / 1000, UTC).strftime("%m-%d %H:%M") for one in times]


def test_a_time_of_a_zone_stays_the_same_on_its_clocks() -> None:
    times = Timetable("15 3 * * mon", BERLIN).following(at("2026-10-18"), 3)
    assert utc(times) == ["10-19 01:15", "10-26 02:15", "11-02 02:15"]


def test_a_time_that_does_not_exist_is_due_at_the_moment_after() -> None:
    times = Timetable("30 2 * * *", BERLIN).following(at("2026-03-28", BERLIN), 3)
    assert utc(times) == ["03-28 01:30", "03-29 01:00", "03-30 00:30"]


def test_a_time_that_comes_twice_is_due_once() -> None:
    times = Timetable("30 2 * * *", BERLIN).following(at("2026-10-24", BERLIN), 3)
    assert utc(times) == ["10-24 00:30", "10-25 00:30", "10-26 01:30"]


def test_asked_in_the_hour_that_comes_twice_it_is_not_due_again() -> None:
    second = at("2026-10-25T01:10")  # 02:10 for the second time
    table = Timetable("30 2 * * *", BERLIN)
    assert utc([table.after(second) or 0, table.last(second) or 0]) == ["10-26 01:30", "10-25 00:30"]


def test_what_is_due_every_hour_is_due_every_hour() -> None:
    times = Timetable("30 * * * *", BERLIN).following(at("2026-10-25T00:00"), 3)
    assert utc(times) == ["10-25 00:30", "10-25 01:30", "10-25 02:30"]


@pytest.mark.parametrize(
    ("glue", "crontab"),
    [
        ("cron(15 12 * * ? *)", "15 12 * * *"),
        ("cron(0 18 ? * MON-FRI *)", "0 18 * * mon-fri"),
        ("cron(0 18 ? * 2-6 *)", "0 18 * * 1-5"),
        ("cron(0 8 1 * ? *)", "0 8 1 * *"),
        ("CRON( 0/15 * * * ? * )", "*/15 * * * *"),
        ("cron(0 0 ? * 6L *)", "0 0 * * 5L"),
        ("cron(0 0 ? * MON#2 *)", "0 0 * * 1#2"),
        ("cron(0 0 ? * L *)", "0 0 * * sat"),
        ("cron(0 0 ? * FRI-MON *)", "0 0 * * 5,6,0,1"),
        ("cron(0 0 ? * 2/2 *)", "0 0 * * 1,3,5"),
        ("cron(0 0 LW * ? *)", "0 0 LW * *"),
    ],
)
def test_glues_texts_are_due_as_they_are_there(glue: str, crontab: str) -> None:
    begin = at("2026-11-30")
    assert Timetable(glue).following(begin, 40) == Timetable(crontab).following(begin, 40)


def test_years_are_said_as_spans() -> None:
    assert Timetable("cron(0 0 1 1 ? 2026,2028-2199)").words == "At 00:00 on January 1 in 2026, 2028-2199, UTC"


def test_glues_years_end() -> None:
    table = Timetable("cron(0 0 1 1 ? 2027-2029/2)")
    assert utc(table.following(at("2026-11-30"), 9)) == ["01-01 00:00", "01-01 00:00"]
    assert table.last(at("2028-06-01")) == at("2027-01-01")


def test_days_of_month_and_of_week_are_either_as_in_crontab() -> None:
    assert utc(Timetable("0 0 13 * fri").following(at("2026-11-30"), 3)) == [
        "12-04 00:00",
        "12-11 00:00",
        "12-13 00:00",
    ]


@pytest.mark.parametrize(
    ("cron", "zone", "said"),
    [
        ("61 * * * *", "UTC", "cron: '61 * * * *' is wrong: bad minute"),
        ("* 24 * * *", "UTC", "bad hour"),
        ("0 0 * 13 *", "UTC", "bad month"),
        ("0 0 * * mo", "UTC", "bad day-of-week"),
        ("* * * *", "UTC", "cron: '* * * *' has 4 fields"),
        ("0 0 30 2 *", "UTC", "cron: "),
        ("0 0 * * L", "UTC", "cron: "),
        ("\x00", "UTC", "cron: "),
        ("٣ * * * *", "UTC", "bad minute"),
        ("* " * 500, "UTC", "longer than 200"),
        ("cron(0 0 * * * *)", "UTC", "must have ?"),
        ("cron(0 0 15W * ? *)", "UTC", "only LW"),
        ("cron(0 0 ? * 8 *)", "UTC", "bad day-of-week"),
        ("cron(0 0 1 * ? 26)", "UTC", "bad year"),
        ("0 0 * * *", "Europe/Berln", "zone: 'Europe/Berln' is no time zone; did you mean Europe/Berlin?"),
        ("0 0 * * *", "../../etc/passwd", "zone: "),
        ("0 0 * * *", "", "zone: "),
    ],
)
def test_what_cannot_be_is_refused_and_named(cron: str, zone: str, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        Timetable(cron, zone)
    assert said in refused.value.message


@given(
    st.text(max_size=30)
    | st.from_regex(r"(cron\()?[0-9*?/,#LWMON-]{1,4}( [0-9*?/,#LWMON-]{1,4}){4,5}\)?", fullmatch=True)
)
def test_any_text_is_understood_or_refused(text: str) -> None:
    try:
        table = Timetable(text)
    except Invalid:
        return
    assert table.words


@settings(deadline=None)
@given(
    st.sampled_from(
        ("30 2 * * *", "*/20 * * * *", "0 */5 * * *", "59 1,2,3 * * sun", "cron(30 2 * * ? *)", "0 0 1 * *")
    ),
    st.sampled_from((BERLIN, "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kolkata", "UTC")),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),
)
def test_the_last_time_and_the_next_have_none_between(cron: str, zone: str, moment: datetime) -> None:
    table = Timetable(cron, zone)
    now = round(moment.replace(tzinfo=UTC).timestamp() * 1000)
    last, due = table.last(now), table.after(now)
    assert last is not None
    assert due is not None
    assert last <= now < due
    assert table.after(last) == due
