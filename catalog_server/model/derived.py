"""What is worked out of a part of a definition that never changes, kept for as long as changes come with the same part."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

P = TypeVar("P")
V = TypeVar("V")
PARTS_KEPT = 512


def derived(work: Callable[[P], V]) -> Callable[[P], V]:
    """Have a function of a part remember what it made of the last few hundred; parts are told apart by identity.

    A definition shares with the one before what a change leaves alone. What is made of a part must not be changed, nor the part.
    """
    kept: dict[int, tuple[P, V]] = {}

    @wraps(work)
    def once(part: P) -> V:
        found = kept.get(id(part))
        if found is not None and found[0] is part:
            return found[1]
        made = work(part)
        if len(kept) >= PARTS_KEPT:
            kept.clear()
        kept[id(part)] = part, made  # which holds the part, so that its id is not given to another
        return made

    return once
