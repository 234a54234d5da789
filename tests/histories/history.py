"""What clients asked of a server and were answered, with the times between which each call took place."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


class Outcome(enum.Enum):
    """What its client knows of a commit."""

    MADE = "made"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    """The connection broke, or nobody could tell: it may be made now, later or never."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a table by the names of the commits that made it and its current snapshot (None: it has none)."""

    commit: str
    snapshot: str | None = None


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit to one table or several; names are given once. Times are seconds of one monotonic clock."""

    name: str
    by: str
    began: float
    ended: float
    outcome: Outcome
    tables: tuple[str, ...]
    follows: Mapping[str, str] = field(default_factory=dict)
    """By table: the commit that it asks to be the last one."""
    onto: Mapping[str, str | None] = field(default_factory=dict)
    """By table: the commit that it asks to have made the current snapshot."""


@dataclass(frozen=True, slots=True)
class Read:
    """A read of one table that was answered: the version seen, by the commit that made it."""

    table: str
    seen: str
    by: str
    began: float
    ended: float


@dataclass(slots=True)
class History:
    """All that was done; `failures` are answers that no client should get."""

    commits: list[Commit] = field(default_factory=list)
    reads: list[Read] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def add(self, others: Iterable[History]) -> None:
        """Take in what others did."""
        for other in others:
            self.commits += other.commits
            self.reads += other.reads
            self.failures += other.failures

    def count(self, outcome: Outcome) -> int:
        """How many commits came out so."""
        return sum(commit.outcome is outcome for commit in self.commits)
