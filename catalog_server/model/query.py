"""Queries: a statement that was sent, how far it is, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class QueryState(StrEnum):
    """Where a query stands; the last three are final."""

    QUEUED = "QUEUED"
    PLANNING = "PLANNING"
    RUNNING = "RUNNING"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def final(self) -> bool:
        """Whether nothing more will happen."""
        return self in (QueryState.FINISHED, QueryState.FAILED, QueryState.CANCELLED)


@dataclass(frozen=True, slots=True)
class QueryColumn:
    """A column of an answer, named and typed as Trino would."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class QueryError:
    """Why a query failed; `type` is the name of a class of `model.errors`, `line` and `column` count from 1."""

    type: str
    message: str
    line: int | None = None
    column: int | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """One statement and its state. Times are milliseconds since 1970, UTC."""

    id: str
    sql: str
    catalog: str
    database: str
    state: QueryState
    by: str
    engine: str = "embedded"
    created_at: int = 0
    started_at: int = 0
    finished_at: int | None = None
    columns: tuple[QueryColumn, ...] | None = None
    """Known once the statement is planned."""
    rows: int | None = None
    """Rows that are kept for reading."""
    truncated: bool = False
    """Whether there were more rows than were kept."""
    statistics: Mapping[str, int] = field(default_factory=dict)
    """elapsed_ms, planning_ms, running_ms, result_bytes, tables, files, partitions: what is known of them."""
    error: QueryError | None = None
