"""What an Iceberg client told of one scan or commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class MetricsReport:
    """A report as it was sent; `kind` is `scan-report` or `commit-report`."""

    id: int
    kind: str
    report: Mapping[str, Any]
    at: int
    """Milliseconds since 1970, when it came."""
    by: str | None
