"""Plans of scans: what a client wants to read of an Iceberg table, and the parts in which it is told which files hold it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """A scan as it was asked for; either of one snapshot (None: the current one) or of what was appended between two."""

    snapshot_id: int | None = None
    start_snapshot_id: int | None = None
    """Exclusive."""
    end_snapshot_id: int | None = None
    """Inclusive."""
    select: tuple[str, ...] = ()
    filter: Any = True
    """Iceberg's expression JSON."""
    case_sensitive: bool = True
    use_snapshot_schema: bool = False
    stats_fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scan:
    """A scan whose names are resolved, so that it stays the same scan when the table changes."""

    table_uuid: str
    snapshot_id: int
    schema_id: int
    after_snapshot_id: int | None = None
    """Where the appended files begin, exclusive; None for a scan of the whole snapshot."""
    filter: Any = True
    case_sensitive: bool = True
    stats: tuple[int, ...] = ()
    """Ids of the columns whose statistics are told."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Some of a scan's data manifests by their places, from `first` up to but not including `last`."""

    first: int
    last: int
    skip: int = 0
    """Entries of the first manifest that were told already."""


@dataclass(frozen=True, slots=True)
class ScanTasks:
    """Files to read, as Iceberg REST's JSON has them, and slices that were not looked at yet."""

    tasks: tuple[dict[str, Any], ...] = ()
    deletes: tuple[dict[str, Any], ...] = ()
    left: tuple[Slice, ...] = ()


class PlanState(StrEnum):
    """How far a plan is."""

    SUBMITTED = "submitted"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class ScanPlan:
    """A plan that is kept: one worked out in the background, one too large for its own names, or one that was cancelled."""

    id: str
    state: PlanState
    scan: str | None = None
    """The scan as JSON."""
    result: str | None = None
    """The slices as JSON when completed, the reason when failed."""
    claimed_at: int = 0
    """When a process last took the work on, in milliseconds."""
