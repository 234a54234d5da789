"""Jobs and job runs: a PySpark script, and one execution of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Job:
    """A stored definition of a PySpark script and how to run it."""

    name: str
    script: str
    """The text of the script itself."""
    engine: str = "sail"
    """`sail`, `spark` or `connect`."""
    master: str | None = None
    """Spark master for the `spark` engine, URL for `connect`; None means local[*]."""
    arguments: Mapping[str, str] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    """Declared outputs: `database.table=s3://bucket/prefix/` registers files written there as that table."""
    configuration: Mapping[str, str] = field(default_factory=dict)
    timeout_seconds: int = 3600
    retries_max: int = 0
    comment: str | None = None
    id: int = 0
    version: int = 0
    created_at: int = 0


@dataclass(frozen=True, slots=True)
class JobRun:
    """One execution of a job; `outputs` names the tables it wrote."""

    id: str
    job: str
    state: str
    """QUEUED, RUNNING, SUCCEEDED, FAILED, CANCELLED or TIMED_OUT."""
    engine: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    attempt: int = 1
    started_at: int = 0
    finished_at: int | None = None
    outputs: tuple[Mapping[str, object], ...] = ()
    """What it wrote: table, kind, operation, and where known rows, files, bytes and version."""
    inputs: tuple[str, ...] = ()
    """What it read, as far as could be seen: `catalog.database.table` or the location of files."""
    history: tuple[Mapping[str, object], ...] = ()
    """Each state it was in: state, at (milliseconds), attempt, and why."""
    error: str | None = None
    by: str | None = None
    created_at: int = 0
