"""Migrations from Hive metastores: what is to be copied or compared, and what became of each object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Mode(StrEnum):
    """What a migration does with what it reads."""

    COPY = "copy"
    DRY_RUN = "dry-run"
    """Tell what a copy would do."""
    VERIFY = "verify"
    """Compare both sides."""


class OnConflict(StrEnum):
    """What becomes of a table or function that is here already."""

    SKIP = "skip"
    REPLACE = "replace"
    """It is dropped, its files stay, and the source's takes its place."""
    FAIL = "fail"
    """The migration ends."""


class ItemState(StrEnum):
    """What became of an object; in a dry run, what would."""

    COPYING = "COPYING"
    """Some of its partitions are here."""
    MADE = "MADE"
    REPLACED = "REPLACED"
    SKIPPED = "SKIPPED"
    FAILED = "FAILED"
    SAME = "SAME"
    DIFFERENT = "DIFFERENT"
    MISSING = "MISSING"
    """Only the source has it."""
    EXTRA = "EXTRA"
    """Only this catalog has it."""


UNLIKE = (ItemState.DIFFERENT, ItemState.MISSING, ItemState.EXTRA, ItemState.FAILED)
"""States that make a comparison end with a difference."""


@dataclass(frozen=True, slots=True)
class MigrationOptions:
    """What of the source is meant and where it goes."""

    into: str
    """The catalog here."""
    remote: str = "hive"
    """The catalog of the source."""
    databases: Sequence[str] = ("*",)
    """Names, or patterns with `*` and `?`, of databases of the source."""
    on_conflict: OnConflict = OnConflict.SKIP
    statistics: bool = True
    """Whether column statistics are copied and compared."""


@dataclass(frozen=True, slots=True)
class HiveMigration:
    """One migration: as durable work, like a crawl."""

    id: str
    mode: Mode
    source: str
    """Its address without a password."""
    options: MigrationOptions
    state: str = "QUEUED"
    """QUEUED, RUNNING, SUCCEEDED, FAILED or CANCELLED."""
    created_at: int = 0
    started_at: int = 0
    finished_at: int | None = None
    progress: Mapping[str, object] = field(default_factory=dict)
    summary: Mapping[str, object] = field(default_factory=dict)
    error: str | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """A field in which the two sides differ, and what each has there."""

    field: str
    source: object
    here: object


@dataclass(frozen=True, slots=True)
class MigrationItem:
    """A database, table or function of a migration; `name` is `database`, `database.table` or `database.function`."""

    kind: str
    name: str
    state: ItemState
    object_id: int = 0
    position: str | None = None
    """Where the next batch of partitions begins."""
    partitions: int = 0
    statistics: int = 0
    differences: Sequence[Difference] = ()
    difference_count: int = 0
    """Of all differences; only the first of them are listed."""
    error: str | None = None
    id: int = 0
