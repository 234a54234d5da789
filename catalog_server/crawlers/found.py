"""What a look at a source brought to light, before anything is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from catalog_server.model.errors import Cancelled
from catalog_server.model.partition import Partition
from catalog_server.model.statistics import ColumnStatistics
from catalog_server.model.table import Column, Table

CRAWLER = "crawler"
"""Parameter of a table that names the crawler which found it."""
SIGNATURE = "crawler.signature"
"""Parameter that tells a definition as the crawler wrote it from one that was changed by hand."""
COLUMNS = "crawler.columns"
"""Parameter with a fingerprint of each column as the crawler wrote it: one that has another was changed by hand."""
DEPRECATED = "DEPRECATED_BY_CRAWLER"
"""Parameter that says since when and why a table is held for gone."""
SOURCE_COMMENT = "source_comment"
"""Parameter of a column that holds the comment which its source had, so that one given by hand is told from it."""
MEASURED = "crawler.statistics"
"""Parameter of a table or partition whose column statistics a crawl wrote, and of what they were made."""
STATISTICS = frozenset({"numFiles", "totalSize", "numRows", MEASURED})
COMMIT_BEGAN, COMMIT_ENDED = "last_commit_time_sync", "last_commit_completion_time_sync"
"""Parameters of a Hudi table with its newest commit: where Hudi's own sync goes on."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be catalogued, and why; `place` is a file's location or a table of a database."""

    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Why something became a table, or part of one, in words."""

    place: str
    decision: str


@dataclass(frozen=True, slots=True)
class FoundTable:
    """A table as it should be in the catalog, with what it was made from, so that it can be dressed anew."""

    table: Table
    partitions: Mapping[tuple[str, ...], Partition] = field(default_factory=dict)
    columns: tuple[Column, ...] = ()
    """Columns as the files have them: own case, exact types; empty for tables of a connection."""
    keys: tuple[Column, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    """Reader options, see `FileSchema`."""
    files: int = 0
    statistics: Mapping[tuple[str, ...], Sequence[ColumnStatistics]] = field(default_factory=dict)
    """Of columns, by the values of partitions (`()` for a table without keys), of those of which all footers were read."""


Line = tuple[str, str, str]
"""A problem or a decision as it is remembered: which of the two, place, text."""


@dataclass(slots=True)
class Report:
    """Collects what is told of a crawl while it runs; lists are cut at `ENTRIES_MAX`, counts are not."""

    cancelled: Callable[[], bool] = lambda: False
    tell: Callable[[Mapping[str, object]], None] = lambda _: None
    problems: list[Problem] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    problem_count: int = 0
    objects: int = 0
    bytes: int = 0
    _listening: list[tuple[list[Line], Counter[str]]] = field(default_factory=list)

    def problem(self, place: str, reason: str) -> None:
        """Note a problem."""
        self.problem_count += 1
        self._hear("problem", place, reason)
        if len(self.problems) < ENTRIES_MAX:
            self.problems.append(Problem(place, reason))

    def decide(self, place: str, decision: str) -> None:
        """Note a decision."""
        self._hear("decision", place, decision)
        if len(self.decisions) < ENTRIES_MAX:
            self.decisions.append(Decision(place, decision))

    def replay(self, line: Line) -> None:
        """Tell again what an earlier crawl told."""
        kind, place, text = line
        self.problem(place, text) if kind == "problem" else self.decide(place, text)

    def retell(self, other: Report) -> None:
        """Tell what another report tells, and nothing else."""
        self.problems, self.decisions = other.problems, other.decisions
        self.problem_count, self.objects, self.bytes = other.problem_count, other.objects, other.bytes

    @contextmanager
    def heard(self) -> Iterator[list[Line]]:
        """What is told in the block, to be told again by another crawl; cut as the lists are."""
        lines: list[Line] = []
        self._listening.append((lines, Counter()))
        try:
            yield lines
        finally:
            self._listening = [one for one in self._listening if one[0] is not lines]

    def _hear(self, kind: str, place: str, text: str) -> None:
        for lines, counts in self._listening:
            if counts[kind] < ENTRIES_MAX:
                counts[kind] += 1
                lines.append((kind, place, text))

    def step(self, phase: str, done: int, total: int | None = None) -> None:
        """Tell how far the crawl is; raises `Cancelled` when somebody asked it to stop."""
        if self.cancelled():
            raise Cancelled("the crawl was cancelled")
        said: dict[str, object] = {"phase": phase, "done": done, "files": self.objects}
        self.tell({**said, "total": total} if total is not None else said)


ENTRIES_MAX = 1_000
"""Entries of a list that a summary keeps."""
