"""Time zones: instants and local times, for named zones and fixed offsets alike."""

from __future__ import annotations

import re

from catalog_server.model.errors import Unsupported
from catalog_server.query.types import MIXED, text_literal

_OFFSET = re.compile(r"([+-])(\d{2}):(\d{2})")


def _minutes(zone: str) -> int | None:
    if zone == MIXED:
        raise Unsupported("values in different time zones cannot be mixed; use AT TIME ZONE first")
    found = _OFFSET.fullmatch(zone)
    if found is None:
        return None
    return (int(found[2]) * 60 + int(found[3])) * (1 if found[1] == "+" else -1)


def local_time(instant: str, zone: str) -> str:
    """The local TIMESTAMP that clocks in `zone` show at an instant (TIMESTAMPTZ)."""
    minutes = _minutes(zone)
    if minutes is None:
        return f"timezone({text_literal(zone)}, {instant})"
    return f"(timezone('UTC', {instant}) + to_minutes({minutes}))"


def instant(local: str, zone: str) -> str:
    """The instant (TIMESTAMPTZ) at which clocks in `zone` show a local TIMESTAMP."""
    minutes = _minutes(zone)
    if minutes is None:
        return f"timezone({text_literal(zone)}, {local})"
    return f"timezone('UTC', {local} - to_minutes({minutes}))"
