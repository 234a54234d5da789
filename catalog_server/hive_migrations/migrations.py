"""Migrations as a service: started, followed, stopped and gone on with, and the work of one as a worker does it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from catalog_server.catalog.catalog import CatalogService
from catalog_server.hive_migrations.work import Work
from catalog_server.model.caller import Caller
from catalog_server.model.errors import Cancelled, CatalogError, Invalid, NotFound
from catalog_server.model.event import Event, EventKind
from catalog_server.model.grant import Action, Resource
from catalog_server.model.hive_migration import UNLIKE, HiveMigration, ItemState, MigrationItem, MigrationOptions, Mode
from catalog_server.model.names import check_name
from catalog_server.model.progress import Tell, seldom
from catalog_server.store import events
from catalog_server.store import hive_migrations as rows
from catalog_server.store.transaction import Transaction

FINAL_STATES = frozenset({"SUCCEEDED", "FAILED", "CANCELLED"})
_PASSWORD = "password"  # noqa: S105
_PATTERNS_MAX = 1000


class HiveMigrations:
    """The service that facades start migrations with; `wake` tells the worker that something waits."""

    def __init__(self, catalog: CatalogService, wake: Callable[[], None] | None = None) -> None:
        self._catalog = catalog
        self._store = catalog.store
        self.wake = wake or (lambda: None)

    def start(self, caller: Caller, mode: Mode, source: str, options: MigrationOptions) -> HiveMigration:
        """Queue a migration and wake the worker; it is durable once this returns. Raises `Invalid`, `Denied`."""
        from catalog_server.hive import sources

        sources.check(source)
        shown, password = sources.without_password(source)
        options = replace(options, into=self._catalog.core.catalog_name(options.into))
        check_name("into", options.into, dots=False)
        if not 1 <= len(options.databases) <= _PATTERNS_MAX:
            raise Invalid("databases", f"there must be between 1 and {_PATTERNS_MAX} names or patterns")
        new = HiveMigration(_new_id(), mode, shown, options, by=caller.user)
        sealed = self._catalog.secrets.seal({_PASSWORD: password}, new.id) if password is not None else None

        def work(tx: Transaction) -> HiveMigration:
            self._require(tx, caller, Action.CREATE, options.into)
            return rows.create(tx, new, sealed)

        return self._queued(work)

    def _queued(self, work: Callable[[Transaction], HiveMigration]) -> HiveMigration:
        made = self._store.write(work)
        self.wake()
        return made

    def resume(self, caller: Caller, id_: str) -> HiveMigration:
        """Queue a migration that goes on where an ended one stopped; objects that failed are tried again.

        Raises `NotFound`, `Denied`, and `Invalid` while the other still runs.
        """
        old = self.get(caller, id_)
        if old.state not in FINAL_STATES:
            raise Invalid("migration", f"{id_} is {old.state}; only one that has ended can be gone on with")
        new_id = _new_id()

        def work(tx: Transaction) -> HiveMigration:
            self._require(tx, caller, Action.CREATE, old.options.into)
            held = self._catalog.secrets.unseal(rows.sealed_password(tx, id_), id_)
            made = rows.create(tx, replace(old, id=new_id, by=caller.user), self._catalog.secrets.seal(held, new_id))
            rows.hand_on(tx, id_, new_id)
            return made

        return self._queued(work)

    def get(self, caller: Caller, id_: str) -> HiveMigration:
        """A migration by its id; raises `NotFound` also where the caller may not see the catalog that it writes."""
        with self._store.read() as tx:
            found = rows.get(tx, id_)
            if found is None or not self._may_see(tx, caller, found):
                raise NotFound("migration", id_)
            return found

    def list(
        self, caller: Caller, before: tuple[int, str] | None = None, count: int = 100
    ) -> Sequence[HiveMigration]:  # fmt: skip
        """Migrations that the caller may see, newest first; `before` is the (created_at, id) of the last one seen."""
        with self._store.read() as tx:
            return [one for one in rows.list_page(tx, before, count) if self._may_see(tx, caller, one)]

    def items(
        self, caller: Caller, id_: str, states: Sequence[ItemState] = (), after: int = 0, count: int = 100
    ) -> Sequence[MigrationItem]:
        """What became of the objects of a migration, in the order of the work, in some states or all; after an item's id."""
        self.get(caller, id_)
        with self._store.read() as tx:
            return rows.items(tx, id_, [one.value for one in states], after, count)

    def cancel(self, caller: Caller, id_: str) -> HiveMigration:
        """Ask a migration to stop: at once if it still waits, else its worker ends it soon. Nothing if it ended."""
        found = self.get(caller, id_)

        def work(tx: Transaction) -> HiveMigration | None:
            self._require(tx, caller, Action.CREATE, found.options.into)
            ended = {"state": "CANCELLED", "finished_at": tx.at, "cancel_requested": True}
            changed = rows.change(tx, id_, ("QUEUED",), ended)
            if changed is not None:
                _finished_event(tx, changed)
                return changed
            return rows.change(tx, id_, ("RUNNING",), {"cancel_requested": True})

        changed = self._store.write(work)
        self.wake()
        return changed or self.get(caller, id_)

    def execute(self, id_: str, cancelled: Callable[[], bool] | None = None) -> None:
        """Do the work of a migration that a worker has taken, and write down how it ended; what is done is not done again.

        `cancelled` is asked again and again; without it the migration's row is. Whatever goes wrong is in its `error`.
        """
        with self._store.read() as tx:
            found = rows.get(tx, id_)
            sealed = rows.sealed_password(tx, id_) if found else None
        if found is None:
            raise NotFound("migration", id_)
        if found.state in FINAL_STATES:
            return
        begun = {"state": "RUNNING", "started_at": found.started_at or time.time_ns() // 1_000_000}
        self._store.write(lambda tx: rows.change(tx, id_, ("QUEUED", "RUNNING"), begun))
        work: Work | None = None
        try:
            password = self._catalog.secrets.open(sealed, id_).get(_PASSWORD)
            work = self._work(found, password, cancelled or (lambda: self._cancel_requested(id_)))
            self._do(work)
            state, error = self._ended(id_)
        except Cancelled:
            state, error = "CANCELLED", None
        except CatalogError as failure:
            state, error = "FAILED", failure.message
        except Exception as failure:
            self._finish(id_, "FAILED", f"unexpected: {type(failure).__name__}: {failure}", work)
            raise
        finally:
            if work is not None:
                work.source.close()
        self._finish(id_, state, error, work)

    def _work(self, migration: HiveMigration, password: str | None, cancelled: Callable[[], bool]) -> Work:
        from catalog_server.hive.sources import open_source, with_password

        options = migration.options
        source = open_source(with_password(migration.source, password), options.into, options.remote)
        caller = Caller(user=migration.by or "system", via="migration", run=migration.id)
        return Work(self._catalog, source, migration, caller, cancelled, self._teller(migration.id))

    def _do(self, work: Work) -> None:
        if work.migration.mode is Mode.VERIFY:
            from catalog_server.hive_migrations.verifying import Verifier

            Verifier(work).run()
        else:
            from catalog_server.hive_migrations.copying import Copier

            Copier(work).run()

    def _ended(self, id_: str) -> tuple[str, str | None]:
        """How a migration ended that came to its end: objects that could not be read or written make it fail."""
        with self._store.read() as tx:
            failed = sum(row[2] for row in rows.counts(tx, id_) if row[1] == ItemState.FAILED.value)
        if failed:
            return "FAILED", f"{failed} objects could not be taken over; its items in state FAILED say why"
        return "SUCCEEDED", None

    def _teller(self, id_: str) -> Tell:
        def write(progress: dict[str, object]) -> None:
            self._store.write(lambda tx: rows.change(tx, id_, ("RUNNING",), {"progress": progress}))

        return seldom(write)

    def _cancel_requested(self, id_: str) -> bool:
        with self._store.read() as tx:
            return rows.cancel_requested(tx, id_)

    def _finish(self, id_: str, state: str, error: str | None, work: Work | None) -> None:
        def write(tx: Transaction) -> None:
            values: dict[str, object] = {"state": state, "error": error, "finished_at": tx.at}
            values["summary"] = _summary(rows.counts(tx, id_))
            values["progress"] = work.progress("done") if work is not None else {}
            ended = rows.change(tx, id_, ("QUEUED", "RUNNING"), values)
            if ended is not None:
                _finished_event(tx, ended)

        self._store.write(write)

    def _require(self, tx: Transaction, caller: Caller, action: Action, into: str) -> None:
        self._catalog.grants.require(tx, caller, action, Resource("catalog", (into,)))

    def _may_see(self, tx: Transaction, caller: Caller, one: HiveMigration) -> bool:
        policy = self._catalog.grants.policy
        return policy.decide(tx, caller, Action.DESCRIBE, Resource("catalog", (one.options.into,))).allowed


def _new_id() -> str:
    return f"{time.time_ns() // 1_000_000:012x}-{secrets.token_hex(4)}"


def _summary(counts: Sequence[tuple[str, str, int, int, int]]) -> dict[str, object]:
    """Counts as people read them: objects by kind and state, partitions and statistics in all, and what is unlike."""
    found: dict[str, object] = {}
    for kind, state, count, _, _ in counts:
        found[f"{kind}s_{state.lower()}"] = count
    found["partitions"] = sum(row[3] for row in counts)
    found["statistics"] = sum(row[4] for row in counts)
    found["unlike"] = sum(row[2] for row in counts if ItemState(row[1]) in UNLIKE)
    return found


def _finished_event(tx: Transaction, one: HiveMigration) -> None:
    """Write the event of a migration that ended, in the transaction that ends it."""
    payload = {
        "source": one.source,
        "into": one.options.into,
        "mode": one.mode.value,
        "state": one.state,
        "error": one.error,
    }
    events.append(tx, Event(EventKind.MIGRATION_FINISHED, payload=payload, by=one.by, via="migration", run=one.id))
