"""How fast a crawl is said to go, and how long it is said to take."""

from __future__ import annotations

from collections.abc import Iterator

from catalog_server.crawlers.pace import Pace


class Clock:
    """A clock that shows each of these times once."""

    def __init__(self, *times: float) -> None:
        self.times: Iterator[float] = iter(times)

    def __call__(self) -> float:
        return next(self.times)


def test_rate_and_time_left_are_those_of_the_phase() -> None:
    pace = Pace(clock=Clock(0, 1, 2, 10))
    assert "rate" not in pace.told({"phase": "looking at tables", "done": 0, "total": 100})
    told = pace.told({"phase": "looking at tables", "done": 10, "total": 100})
    assert (told["rate"], told["unit"], told["seconds_left"]) == (10.0, "tables", 9)
    assert "rate" not in pace.told({"phase": "writing tables", "done": 0, "total": 100})
    assert pace.told({"phase": "writing tables", "done": 80, "total": 100})["seconds_left"] == 2


def test_the_end_of_a_listing_is_where_the_last_one_was() -> None:
    pace = Pace(expected=1000, clock=Clock(0, 2, 4))
    pace.told({"phase": "listing", "done": 0})
    told = pace.told({"phase": "listing", "done": 200})
    assert (told["rate"], told["unit"], told["seconds_left"]) == (100.0, "files", 8)
    assert "seconds_left" not in pace.told({"phase": "listing", "done": 2000})


def test_the_rate_follows_what_is_now() -> None:
    pace = Pace(clock=Clock(0, 100, 110, 120))
    for done in (0, 100_000, 100_010):
        pace.told({"phase": "listing", "done": done})
    assert pace.told({"phase": "listing", "done": 100_020})["rate"] == 1.0
