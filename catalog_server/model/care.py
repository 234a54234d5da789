"""Care of Iceberg tables: what may be asked for, and one run of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from catalog_server.model.names import TableName


class Operation(StrEnum):
    """What is done for a table."""

    EXPIRE_SNAPSHOTS = "expire-snapshots"
    REMOVE_ORPHANS = "remove-orphans"
    REWRITE = "rewrite"


HOUR_MS = 3_600_000
ORPHAN_AGE_MS_DEFAULT = 3 * 24 * HOUR_MS
ORPHAN_AGE_MS_MIN = HOUR_MS
"""Files of writers that are at work are not referenced yet; only `force` lets younger ones be removed."""
MIN_INPUT_FILES_DEFAULT = 5


@dataclass(frozen=True, slots=True)
class CareOptions:
    """How an operation is done; None stands for what the table's properties or the defaults say. Ages in milliseconds."""

    older_than_ms: int | None = None
    """Snapshots, or files that nothing refers to, must be older."""
    retain_last: int | None = None
    """Snapshots of each branch that stay, however old."""
    force: bool = False
    """Whether orphans may be younger than an hour."""
    target_bytes: int | None = None
    """Size of the files that small ones are rewritten to."""
    min_input_files: int | None = None
    """How many small files of a partition are worth a rewrite."""


@dataclass(frozen=True, slots=True)
class CareRun:
    """One operation on one table, as durable work, like a crawl."""

    id: str
    operation: Operation
    table: TableName
    table_id: int
    options: CareOptions
    dry_run: bool = False
    state: str = "QUEUED"
    """QUEUED, RUNNING, SUCCEEDED, FAILED or CANCELLED."""
    created_at: int = 0
    started_at: int = 0
    finished_at: int | None = None
    progress: Mapping[str, object] = field(default_factory=dict)
    plan: Mapping[str, object] = field(default_factory=dict)
    """What was written down before it was begun, so that a run that was interrupted is gone on with."""
    summary: Mapping[str, object] = field(default_factory=dict)
    """Counts, bytes, and some of the files; of a dry run, what would be."""
    error: str | None = None
    by: str | None = None
