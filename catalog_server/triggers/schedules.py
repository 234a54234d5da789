"""Schedules as a service: made, paused and asked about, and what is due by them is started."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from catalog_server.crawlers.crawl import Also, Crawls
from catalog_server.crawlers.scheduled import start_due
from catalog_server.model.caller import Caller
from catalog_server.model.crawler import Crawler
from catalog_server.model.errors import Invalid, NotFound
from catalog_server.model.failpoint import reach
from catalog_server.model.grant import Action
from catalog_server.model.schedule import Due, Schedule
from catalog_server.store import schedules as rows
from catalog_server.store.transaction import Store, Transaction, now
from catalog_server.triggers.timetable import Timetable, timetable

LATE_MILLISECONDS = 60_000
"""A time that passed so long ago was missed."""
_BATCH = 500
_log = logging.getLogger(__name__)


class _Target(Protocol):
    @property
    def id(self) -> int: ...


class _Find(Protocol):
    def __call__(
        self, tx: Transaction, caller: Caller, action: Action, name: str, *, lock: bool = False
    ) -> _Target: ...


@dataclass(frozen=True, slots=True)
class _Kind:
    """How targets of a kind are found by name, and how those that are due are started, all in a constant number of statements."""

    find: _Find
    start: Callable[[Transaction, Sequence[Due]], int]


class Schedules:
    """The service that facades make schedules with, and the worker looks with what is due."""

    def __init__(self, store: Store, crawls: Crawls) -> None:
        self._store = store
        self._kinds = {"crawler": _Kind(crawls.find, start_due)}

    def put(self, caller: Caller, name: str, schedule: Schedule) -> Schedule:
        """Give the target of a name this schedule in place of the one it has; its work is done in the caller's name.

        Raises `Invalid` naming `cron` or `zone`, `NotFound`, and `Denied` to whoever may not alter and run the target.
        """
        self.check(schedule)
        return self._store.write(lambda tx: self._put(tx, caller, name, schedule))

    def with_crawler(self, caller: Caller, schedule: Schedule | None) -> Also:
        """What gives a crawler this schedule in the transaction that writes the crawler; None takes the one it has away.

        Raises as `put` does.
        """
        if schedule is not None:
            self.check(schedule)

        def work(tx: Transaction, crawler: Crawler) -> None:
            if schedule is not None:
                self._put(tx, caller, crawler.name, schedule)
            else:
                rows.drop(tx, "crawler", self._find_to_change(tx, caller, "crawler", crawler.name).id)

        return work

    def alter(self, caller: Caller, kind: str, name: str, change: Callable[[Schedule], Schedule]) -> Schedule:
        """Change the schedule that a target has when nobody else does; raises as `put` does."""

        def work(tx: Transaction) -> Schedule:
            changed = change(self._found(tx, kind, self._find_to_change(tx, caller, kind, name), name))
            self.check(changed)
            return self._put(tx, caller, name, changed)

        return self._store.write(work)

    def _put(self, tx: Transaction, caller: Caller, name: str, schedule: Schedule) -> Schedule:
        target = self._find_to_change(tx, caller, schedule.kind, name)
        next_at = None if schedule.paused else _timetable(schedule).after(tx.at)
        return rows.put(tx, replace(schedule, target_id=target.id, next_at=next_at, by=caller.user))

    @staticmethod
    def check(schedule: Schedule) -> None:
        """Raise `Invalid`, naming `cron` or `zone`, for a schedule that makes no sense or is never due again."""
        if _timetable(schedule).after(now()) is None:
            raise Invalid("cron", f"{schedule.cron!r} is never due again")

    def pause(self, caller: Caller, kind: str, name: str, *, paused: bool) -> Schedule:
        """Pause a schedule, or have it go on from now; times that pass meanwhile are left out. Raises `NotFound`, `Denied`."""

        def work(tx: Transaction) -> Schedule:
            found = self._found(tx, kind, self._find_to_change(tx, caller, kind, name), name)
            if found.paused == paused:
                return found
            next_at = None if paused else _timetable(found).after(tx.at)
            return rows.put(tx, replace(found, paused=paused, next_at=next_at))

        return self._store.write(work)

    def drop(self, caller: Caller, kind: str, name: str) -> None:
        """Forget a schedule; raises `NotFound`, `Denied`."""

        def work(tx: Transaction) -> None:
            target = self._find_to_change(tx, caller, kind, name)
            if not rows.drop(tx, kind, target.id):
                raise NotFound("schedule", f"{kind} {name}")

        self._store.write(work)

    def get(self, caller: Caller, kind: str, name: str) -> Schedule:
        """The schedule of the target of a name; raises `NotFound`, `Denied`."""
        with self._store.read() as tx:
            return self._found(tx, kind, self._kinds[kind].find(tx, caller, Action.DESCRIBE, name), name)

    def of(self, kind: str, target_ids: Sequence[int]) -> Mapping[int, Schedule]:
        """The schedules of these targets, for whoever may see them."""
        with self._store.read() as tx:
            return rows.of(tx, kind, target_ids)

    def start_due(self) -> int:
        """Start what is due, once however many workers look, and return how much that was.

        A time is claimed, its work queued and the next time written in one transaction, for up to 500 schedules in a
        constant number of statements.
        """
        with self._store.read() as tx:
            if not rows.any_due(tx):
                return 0
        started = 0
        while True:
            taken, begun = self._store.write(self._start_batch)
            reach("due_committed")
            started += begun
            if taken < _BATCH:
                return started

    def _start_batch(self, tx: Transaction) -> tuple[int, int]:
        taken = rows.take_due(tx, _BATCH)
        due = [found for one in taken if (found := _due(one, tx.at))]
        begun = 0
        for kind, of_kind in self._kinds.items():
            some = [one for one in due if one.schedule.kind == kind]
            begun += of_kind.start(tx, some) if some else 0
        following = {one.schedule.id: _timetable(one.schedule).after(tx.at) for one in due}
        rows.move_on(tx, [(one.id, following.get(one.id)) for one in taken])
        reach("due_queued")
        return len(taken), begun

    def _find_to_change(self, tx: Transaction, caller: Caller, kind: str, name: str) -> _Target:
        find = self._kinds[kind].find
        find(tx, caller, Action.RUN, name)
        return find(tx, caller, Action.ALTER, name, lock=True)

    @staticmethod
    def _found(tx: Transaction, kind: str, target: _Target, name: str) -> Schedule:
        found = rows.get(tx, kind, target.id)
        if found is None:
            raise NotFound("schedule", f"{kind} {name}")
        return found


def _timetable(schedule: Schedule) -> Timetable:
    return timetable(schedule.cron, schedule.zone)


def _due(schedule: Schedule, moment: int) -> Due | None:
    """All times of a schedule that have passed by now as one, the last of them; None if it is not understood any more."""
    first = schedule.next_at or moment
    try:
        last = max(first, _timetable(schedule).last(moment) or first)
    except Invalid as error:  # a zone may have left the world
        _log.warning("the schedule of %s %d is not followed any more: %s", schedule.kind, schedule.target_id, error)
        return None
    return Due(schedule, last, late=moment - last > LATE_MILLISECONDS)
