"""Judges a history by the chains of versions that the tables ended with: nothing lost, torn, doubled, or out of order.

A commit is one step at one moment between its begin and its answer, at all of its tables at once, and a read tells of one
such moment. Whether all can be so is asked as whether there is an order of all of them: one before another in a chain, one
seen by another, one that ended before another began. There is such an order if these relations form no circle
(strict serializability; for commits to one table, linearizability).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tests.histories.history import Commit, History, Outcome, Read, Version

Chains = Mapping[str, Sequence[Version]]
"""By table: all its versions in their order, the first as it was before the history began."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that did not hold, and where."""

    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.message}"


def check(history: History, chains: Chains) -> list[Violation]:
    """Everything that is wrong; empty if nothing is."""
    places = {table: _places(chain) for table, chain in chains.items()}
    found = [Violation("failure", failure) for failure in history.failures]
    found += [*_missing(history, places), *_strangers(history, chains), *_conditions(history, chains, places)]
    return [*found, *_order(history, chains, places)]


Places = Mapping[str, Mapping[str, int]]


def _places(chain: Sequence[Version]) -> dict[str, int]:
    """Where each commit is first in a chain."""
    return {version.commit: place for place, version in reversed(list(enumerate(chain)))}


def _missing(history: History, places: Places) -> Iterator[Violation]:
    """Each acknowledged commit is in all of its tables' chains, a refused one in none, any other in all or none."""
    for commit in history.commits:
        present = [table for table in commit.tables if commit.name in places[table]]
        absent = [table for table in commit.tables if table not in present]
        if commit.outcome is Outcome.MADE and not present:
            yield Violation("lost", f"{_told(commit)} was acknowledged and is not in {', '.join(absent)}")
        elif present and absent:
            yield Violation("torn", f"{_told(commit)} is in {', '.join(present)} and not in {', '.join(absent)}")
        elif commit.outcome is Outcome.REFUSED and present:
            yield Violation("refused, yet made", f"{_told(commit)} is in {', '.join(present)}")


def _strangers(history: History, chains: Chains) -> Iterator[Violation]:
    """Each version is made by a commit to that table, and by one only; nobody has seen any other."""
    asked = {commit.name: commit for commit in history.commits}
    for table, chain in chains.items():
        for name, times in Counter(version.commit for version in chain).items():
            if times > 1:
                yield Violation("doubled", f"{name} made {times} versions of {table}")
        for version in chain[1:]:
            if version.commit not in asked or table not in asked[version.commit].tables:
                yield Violation("unasked", f"{table} has a version by {version.commit}, which nobody asked for")
    known = {table: {version.commit for version in chain} for table, chain in chains.items()}
    for read in history.reads:
        if read.seen not in known[read.table]:
            yield Violation("seen, yet not made", f"{_told(read)} is in no version")


def _conditions(history: History, chains: Chains, places: Places) -> Iterator[Violation]:
    """What a commit asked to hold did hold of the version before its own."""
    for commit in history.commits:
        for table in commit.follows.keys() | commit.onto.keys():
            place = places[table].get(commit.name)
            if not place:  # not made
                continue
            before = chains[table][place - 1]
            if commit.follows.get(table, before.commit) != before.commit:
                message = (
                    f"{_told(commit)} was to follow {commit.follows[table]} in {table}, and followed {before.commit}"
                )
                yield Violation("condition", message)
            if commit.onto.get(table, before.snapshot) != before.snapshot:
                message = (
                    f"{_told(commit)} was made onto snapshot {commit.onto[table]}, and {table} had {before.snapshot}"
                )
                yield Violation("condition", message)


def _order(history: History, chains: Chains, places: Places) -> Iterator[Violation]:
    """There is an order of all commits and reads that fits what was seen and when."""
    made = [commit for commit in history.commits if any(commit.name in places[table] for table in commit.tables)]
    reads = [read for read in history.reads if read.seen in places[read.table]]
    steps: list[Commit | Read] = [*made, *reads]
    after: list[list[int]] = [[] for _ in steps]
    numbers = {commit.name: number for number, commit in enumerate(made)}
    for chain in chains.values():
        known = [numbers[version.commit] for version in chain if version.commit in numbers]
        for earlier, later in pairwise(known):
            if earlier != later:
                after[earlier].append(later)
    for number, read in enumerate(reads, len(made)):
        chain, place = chains[read.table], places[read.table][read.seen]
        if read.seen in numbers:
            after[numbers[read.seen]].append(number)
        if place + 1 < len(chain) and chain[place + 1].commit in numbers:
            after[number].append(numbers[chain[place + 1].commit])
    _add_times(steps, after)
    circle = _circle(after)
    if circle:
        told = [_told(steps[number]) for number in circle if number < len(steps)]
        yield Violation("order", f"each of these is before the next, and the last before the first: {'; '.join(told)}")


def _add_times(steps: Sequence[Commit | Read], after: list[list[int]]) -> None:
    """Put what ended before what began later, by way of one node for each end, each of which leads to the next."""
    ended = sorted(
        (step.ended, number)
        for number, step in enumerate(steps)
        if isinstance(step, Read) or step.outcome is Outcome.MADE  # when others were made is not known
    )
    first = len(steps)
    after.extend([first + place + 1] for place in range(len(ended)))
    if ended:
        after[-1].clear()
    for place, (_, number) in enumerate(ended):
        after[number].append(first + place)
    times = [time for time, _ in ended]
    for number, step in enumerate(steps):
        place = bisect_left(times, step.began)
        if place:
            after[first + place - 1].append(number)


def _circle(after: Sequence[Sequence[int]]) -> list[int]:
    """The nodes of a short circle, empty if there is none."""
    left = _core(after)
    if not left:
        return []
    start, passed = min(left), set[int]()
    while start not in passed:  # what is passed a second time is on a circle
        passed.add(start)
        start = next(other for other in after[start] if other in left)
    came: dict[int, int] = {}
    waiting = deque([start])
    while start not in came:
        node = waiting.popleft()
        for other in after[node]:
            if other in left and other not in came:
                came[other] = node
                waiting.append(other)
    circle = [came[start]]
    while circle[-1] != start:
        circle.append(came[circle[-1]])
    return circle[::-1]


def _core(after: Sequence[Sequence[int]]) -> set[int]:
    """What is left when nodes that nothing leads to, or that lead to nothing, are taken away again and again."""
    before: list[list[int]] = [[] for _ in after]
    for node, others in enumerate(after):
        for other in others:
            before[other].append(node)
    left = set(range(len(after)))
    for into, out in ((before, after), (after, before)):
        counts = {node: sum(other in left for other in into[node]) for node in left}
        free = [node for node, count in counts.items() if not count]
        while free:
            node = free.pop()
            left.discard(node)
            for other in out[node]:
                if other in left:
                    counts[other] -= 1
                    if not counts[other]:
                        free.append(other)
    return left


def _told(step: Commit | Read) -> str:
    """A step in words."""
    what = f"commit {step.name} to {', '.join(step.tables)}" if isinstance(step, Commit) else ""
    what = what or f"read of {step.table} that saw {step.seen}"  # type: ignore[union-attr]
    return f"{what} ({step.by}, {step.began:.6f} to {step.ended:.6f})"


def told(violations: Iterable[Violation], most: int = 20) -> str:
    """The first of many violations, a line each."""
    lines = [str(one) for one in violations]
    return "\n".join([*lines[:most], *([f"and {len(lines) - most} more"] if len(lines) > most else [])])
