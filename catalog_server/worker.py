"""The worker process: takes runs of jobs, crawls and other long work from their queues and does them, a few at a time.

`serve` starts it (`python -m catalog_server.worker`), wakes it by a byte on its standard input, and takes it along when
it ends: the input closes. Several workers may share one PostgreSQL; one that vanishes is replaced by the others.
"""

from __future__ import annotations

import gc
import logging
import os
import secrets
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from catalog_server.config import Config, load
from catalog_server.crawlers.event_sources import EventSources
from catalog_server.jobs.durable import Durable, Handler, Step, database_url
from catalog_server.jobs.execution import Execution
from catalog_server.jobs.leash import hold
from catalog_server.model.errors import CatalogError
from catalog_server.services import Services
from catalog_server.store import leases

POLL_SECONDS = 1.0
HEARTBEAT_SECONDS = 3.0
LEASE_SECONDS = 20.0
"""Work whose worker was not heard of for so long is taken over."""
FOLLOWED_MAX = 16
"""Crawlers whose events are followed; most of the time such a crawl waits."""
HEAL_SECONDS = 2.0
"""Between two looks at whether a crawler that follows events is to be crawled in full."""
MIGRATIONS_MAX = 2
CARE_MAX = 2
POLICY_SECONDS = 300.0
"""Between two looks at the tables that ask for care by their properties."""
KINDS = ("run", "crawl", "events", "migration", "care")
ADDRESSES = "CATALOG_SERVER_ADDRESS_"
T = TypeVar("T")
_log = logging.getLogger(__name__)


class Worker:
    """What this process holds and how much of each kind it may hold. `executor` is its name for life."""

    def __init__(self, services: Services, addresses: Mapping[str, str], executor: str) -> None:
        config = services.config
        self._services = services
        self._store = services.catalog.store
        self._slot = executor
        self.owner = f"{executor}:{secrets.token_hex(4)}"
        self._execution = Execution(services.catalog, config, addresses, self.owner)
        url, schema = database_url(config.store_url, str((config.data / "jobs.db").absolute()))
        handlers = {
            "run": self._run,
            "crawl": self._in_one_step("crawl", "crawl", lambda: services.crawls.execute),
            "events": self._in_one_step("events", "crawl", lambda: services.crawls.execute),
            "migration": self._in_one_step("migration", "migrate", lambda: services.hive_migrations.execute),
            "care": self._in_one_step("care", "care", lambda: services.care.execute),
        }
        self._durable = Durable(url, executor, handlers, schema)
        self._capacity = {
            "run": config.jobs.concurrent_max,
            "crawl": max(1, config.crawlers.concurrent_max),
            "events": FOLLOWED_MAX,
            "migration": MIGRATIONS_MAX,
            "care": CARE_MAX,
        }
        self._held: dict[str, tuple[str, threading.Event]] = {}
        self._starting: dict[str, str] = {}
        self._lock = threading.Lock()
        self._beaten_at = 0.0
        self._first = True
        self._policies_at = 0.0
        self._healed_at = 0.0
        self._wake_read, self._wake_write = os.pipe()

    def loop(self) -> None:
        """Work until the standard input closes."""
        EventSources(self._services.crawl_events, self._services.targets).start()
        while True:
            try:
                self._follow_events()
                self.tick()
                self._start_due()
                self._apply_policies()
            except CatalogError as error:
                _log.warning("the queues cannot be read: %s", error.message)
            except Exception:
                _log.exception("the queues cannot be served")
            ready, _, _ = select.select([sys.stdin.fileno(), self._wake_read], [], [], POLL_SECONDS)
            for pipe in ready:
                if not os.read(pipe, 4096) and pipe == sys.stdin.fileno():
                    return

    def tick(self) -> None:
        """Look once: who is to stop, whose worker has gone, what waits."""
        with self._store.read() as tx:
            running = [lease for kind in KINDS for lease in leases.running(tx, kind)]
            waiting = [kind for kind in KINDS if self._has_room(kind) and leases.waiting(tx, kind)]
        for lease in running:
            self._look_at(lease)
        self._first = False
        self._beat()
        for kind in waiting:
            while self._has_room(kind) and self._claim(kind):
                pass

    def _follow_events(self) -> None:
        """Queue the crawls that apply what came, and those that find what did not."""
        if time.monotonic() - self._healed_at >= HEAL_SECONDS:
            self._healed_at = time.monotonic()
            self._services.crawl_events.heal(self._services.started_at)
        self._services.crawl_events.start_due()

    def _start_due(self) -> None:
        """Queue what schedules say is due, and look again at once if that is anything."""
        if self._services.schedules.start_due():
            os.write(self._wake_write, b"\n")

    def _apply_policies(self) -> None:
        """Queue the table care that is due; the next tick takes it."""
        if self._policies_at and time.monotonic() - self._policies_at < POLICY_SECONDS:
            return
        self._policies_at = time.monotonic()
        self._services.care.apply_policies()

    def _look_at(self, lease: leases.Lease) -> None:
        with self._lock:
            held = self._held.get(lease.id)
            ours = held is not None or lease.id in self._starting
        if held is not None and (lease.cancel_requested or lease.owner != self.owner):
            held[1].set()
        if ours:
            return
        left_by_us = self._first and (lease.owner or "").partition(":")[0] == self._slot
        if left_by_us or time.time() * 1000 - lease.heartbeat_at > LEASE_SECONDS * 1000:
            self._adopt(lease)

    def _adopt(self, lease: leases.Lease) -> None:
        if not self._store.write(lambda tx: leases.take_over(tx, lease, self.owner)):
            return
        _log.warning("%s %s was left behind by its worker", lease.kind, lease.id)
        self._note(lease.kind, lease.id)
        if not self._handed_on(lease.id, self._durable.adopt, lease.kind):
            self._store.write(lambda tx: leases.fail(tx, lease.kind, lease.id, "its worker process ended"))
            self._forget(lease.id)

    def _claim(self, kind: str) -> bool:
        found = self._store.write(lambda tx: leases.claim(tx, kind, self.owner))
        if found is None:
            return False
        self._note(kind, found)
        self._handed_on(found, self._durable.start, kind)
        return True

    def _handed_on(self, id_: str, act: Callable[[str, str], T], kind: str) -> T:
        """Give work to DBOS; where that fails it is let go, and taken up again when its lease is over."""
        try:
            return act(kind, id_)
        except Exception:
            self._forget(id_)
            raise

    def _has_room(self, kind: str) -> bool:
        with self._lock:
            held = {id_ for id_, (held_kind, _) in self._held.items() if held_kind == kind}
            return len(held | {id_ for id_, of in self._starting.items() if of == kind}) < self._capacity[kind]

    def _note(self, kind: str, id_: str) -> None:
        with self._lock:
            self._starting[id_] = kind

    def _forget(self, id_: str) -> None:
        with self._lock:
            self._starting.pop(id_, None)
            self._held.pop(id_, None)
        os.write(self._wake_write, b"\n")

    def _beat(self) -> None:
        if time.monotonic() - self._beaten_at < HEARTBEAT_SECONDS:
            return
        self._beaten_at = time.monotonic()
        with self._lock:
            held = {kind: [i for i, (of, _) in self._held.items() if of == kind] for kind in KINDS}
            for id_, kind in self._starting.items():
                held[kind].append(id_)
        for kind, ids in held.items():
            if ids:
                self._store.write(lambda tx, kind=kind, ids=ids: leases.beat(tx, kind, self.owner, ids))  # type: ignore[misc]

    def _enter(self, kind: str, id_: str) -> threading.Event | None:
        """Hold a piece of work that is handed to this process; None if it is over or held already."""
        stop = threading.Event()
        with self._lock:
            if id_ in self._held:
                return None
            self._held[id_] = (kind, stop)
            self._starting.pop(id_, None)
        ours = False
        try:
            ours = self._store.write(lambda tx: leases.hold(tx, kind, self.owner, id_))
        finally:
            if not ours:
                self._forget(id_)
        return stop if ours else None

    def _run(self, run_id: str, step: Step) -> None:
        stop = self._enter("run", run_id)
        if stop is None:
            return
        try:
            self._execution.execute(run_id, step, stop)
        except Exception as error:
            self._give_up("run", run_id, error)
        finally:
            self._forget(run_id)

    def _in_one_step(self, kind: str, name: str, execute: Callable[[], Callable[..., object]]) -> Handler:
        """Does work of a kind whose own rows tell how far it is; `execute` gives the function when it is first needed."""

        def handle(id_: str, step: Step) -> None:
            stop = self._enter(kind, id_)
            if stop is None:
                return
            try:
                step(name, execute(), id_, stop.is_set)
            except Exception as error:
                self._give_up(kind, id_, error)
            finally:
                self._forget(id_)

        return handle

    def _give_up(self, kind: str, id_: str, error: Exception) -> None:
        _log.error("%s %s failed", kind, id_, exc_info=error)
        said = error.message if isinstance(error, CatalogError) else f"{type(error).__name__}: {error}"
        self._store.write(lambda tx: leases.fail(tx, kind, id_, said[:2000]))


def executor_id(data: Path) -> str:
    """The name that workers of this data directory keep for life."""
    path = data / "worker-id"
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        name = f"worker-{secrets.token_hex(6)}"
        path.write_text(name, encoding="ascii")
        return name


def run(config: Config, addresses: Mapping[str, str]) -> None:
    """Be the worker until the standard input closes."""
    gc.set_threshold(50_000, 20, 20)  # a crawl makes objects by the million, which hold no circles
    services = Services(config)
    services.addresses.update(addresses)
    Worker(services, addresses, executor_id(config.data)).loop()


def main() -> None:
    """Read the settings and addresses from the environment; leave at once when told to, whatever is going on."""
    hold(os.getppid())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os._exit(0))
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s worker %(levelname)s %(message)s")
    addresses = {
        name.removeprefix(ADDRESSES).lower(): value for name, value in os.environ.items() if name.startswith(ADDRESSES)
    }
    try:
        run(load(), addresses)
    except CatalogError as error:
        sys.exit(error.message)
    finally:
        sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
