"""How fast a crawl goes, and how long its phase will still take."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping

WINDOW_SECONDS = 30.0
"""The rate is that of so long ago until now, or since the phase began."""
_SHORTEST_SECONDS = 0.2
LISTING = "listing"


class Pace:
    """Adds to the progress of a crawl its `rate` in files, tables or changes (`unit`) each second, and `seconds_left`.

    Time left is that of the phase. Of a listing nobody knows the end: what the last crawl listed (`expected`) stands in for it.
    """

    def __init__(self, expected: int | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._expected = expected
        self._clock = clock
        self._phase: object = None
        self._seen: deque[tuple[float, int]] = deque()

    def told(self, progress: Mapping[str, object]) -> dict[str, object]:
        """The progress with what is known of its pace; to be asked now and then."""
        phase, done, total = str(progress.get("phase")), progress.get("done"), progress.get("total")
        said: dict[str, object] = {**progress, "unit": _unit(phase)}
        if not isinstance(done, int):
            return said
        now = self._clock()
        if phase != self._phase or (self._seen and done < self._seen[-1][1]):
            self._phase = phase
            self._seen.clear()
        self._seen.append((now, done))
        while len(self._seen) > 2 and now - self._seen[0][0] > WINDOW_SECONDS:
            self._seen.popleft()
        since, before = self._seen[0]
        if now - since < _SHORTEST_SECONDS or done <= before:
            return said
        rate = (done - before) / (now - since)
        end = total if isinstance(total, int) else self._expected if phase == LISTING else None
        said["rate"] = round(rate, 1)
        if end is not None and end >= done:
            said["seconds_left"] = round((end - done) / rate)
        return said


def _unit(phase: str) -> str:
    if "tables" in phase or "metadata" in phase:
        return "tables"
    return "changes" if phase == "undoing" else "files"
