"""Progress of long work, written down at most so often."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

Tell = Callable[[Mapping[str, object]], None]
TELL_SECONDS = 0.5


def seldom(write: Callable[[dict[str, object]], object]) -> Tell:
    """A function that has progress written, the first at once and no other sooner than `TELL_SECONDS` after the last."""
    last = 0.0

    def tell(progress: Mapping[str, object]) -> None:
        nonlocal last
        if time.monotonic() - last >= TELL_SECONDS:
            last = time.monotonic()
            write(dict(progress))

    return tell
