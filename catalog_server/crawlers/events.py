"""Events that crawlers follow, as a service: notifications are taken and kept, and crawls started that apply them.

An event counts for no more than the folder that it speaks of: what lies there is asked of the store when the event is applied,
so events may come twice, late and in any order.
"""

from __future__ import annotations

import hmac
import logging
import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from catalog_server.authentication import new_token, token_hash
from catalog_server.catalog.catalog import CatalogService
from catalog_server.crawlers import catalog_targets, sources
from catalog_server.crawlers.notifications import Told
from catalog_server.crawlers.topics import KAFKA, parse_topic
from catalog_server.lake.locations import normalize
from catalog_server.model.caller import Caller
from catalog_server.model.connection import Connection
from catalog_server.model.crawler import Crawler, EventState, StartedBy, Touch, new_crawl_id
from catalog_server.model.errors import CatalogError, Denied, Invalid, NotFound, Unavailable
from catalog_server.model.failpoint import reach
from catalog_server.model.grant import Action, Resource
from catalog_server.model.names import name_key
from catalog_server.store import connections, crawlers, settings
from catalog_server.store import crawler_events as rows
from catalog_server.store.transaction import Transaction, now

_log = logging.getLogger(__name__)
WEBHOOK, WATCH, SQS = "webhook", "watch", "sqs:"
HEAL = "1h"
AGAIN_MILLISECONDS = 10_000
"""How long after a crawl failed to follow the next one tries, where events came meanwhile."""
FAILED_MILLISECONDS = 60_000, 3_600_000
"""How long after it the next one tries where none came, at least and at most; between, as long as they have been failing."""
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_HEAL = re.compile(r"([1-9]\d{0,6})([smhd])")
_WAKE_SECONDS = 1.0
_CARRY_SECONDS = 1.0
_TOGETHER_SECONDS = 0.01
"""How long letters wait for others to be kept with, where several come at once."""


def check_events(options: Mapping[str, str], targets: Sequence[str]) -> None:
    """Raise `Invalid` for options about events that cannot be."""
    heal_seconds(options)
    source = options.get("events")
    if source is None:
        return
    if source.startswith(KAFKA):
        parse_topic(source)
    elif source not in (WEBHOOK, WATCH) and not re.fullmatch(r"sqs:https?://\S+", source):
        raise Invalid("option events", f"{source!r} is none of webhook, watch, sqs:URL, kafka://HOST:PORT/TOPIC")
    if any(one.startswith((sources.SCHEME, catalog_targets.SCHEME)) for one in targets):
        raise Invalid(
            "option events", "is for targets of files: give those of connections and the catalog their own crawler"
        )
    if source == WATCH and any(not normalize(one).startswith("file:") for one in targets):
        raise Invalid("option events", "watch is for local folders: stores tell of their objects by webhook or queue")


def heal_seconds(options: Mapping[str, str]) -> int | None:
    """After how long a crawl in full finds what events did not tell; None if never. Raises `Invalid`."""
    said = options.get("events.heal", HEAL)
    if said == "off":
        return None
    match = _HEAL.fullmatch(said)
    if match is None:
        raise Invalid("option events.heal", f"{said!r} is neither off nor a time such as 30m, 1h or 1d")
    return int(match[1]) * _UNITS[match[2]]


def followed(tx: Transaction, caller: Caller, crawler: Crawler, before: Crawler | None = None) -> Crawler:
    """The crawler, which from now on follows events, or none, as its options say.

    One that followed none, or those of another source, `before` is crawled in full: nobody told what happened until now. So is
    a new one that no periodic crawl would ever find what is there for.
    """
    source = crawler.options.get("events")
    if source is None:
        rows.forget(tx, crawler.id)
        return crawler
    rows.follow(tx, crawler, caller.user)
    is_due = heal_seconds(crawler.options) is None if before is None else source != before.options.get("events")
    if is_due:
        at_work = crawlers.at_work(tx, [crawler.name]).get(crawler.name, {})
        waiting = [crawlers.get_crawl(tx, one) for one, state in at_work.items() if state == "QUEUED"]
        if all(one is None or one.undo_of for one in waiting):
            crawlers.create_crawl(tx, new_crawl_id(), crawler.name, caller.user, started_by=StartedBy.EVENTS)
    return crawler


@dataclass(slots=True)
class Letter:
    """Notifications for one crawler on their way to the store, and what became of them."""

    name: str
    """The key of the crawler's name."""
    told: Told
    caller: Caller | None
    """Who sent them; None for parts of the server, which nobody asks for a token."""
    token: str | None
    done: Callable[[], object]
    """Called by another thread once they are kept, or refused."""
    error: CatalogError | None = None
    kept: int = 0

    def outcome(self) -> int:
        """How many folders were touched; raises what they were refused for."""
        if self.error is not None:
            raise self.error
        return self.kept


class CrawlEvents:
    """Takes notifications, many in one transaction, and says how far crawlers are; `wake` tells the worker."""

    def __init__(self, catalog: CatalogService, wake: Callable[[], None] | None = None) -> None:
        self._catalog = catalog
        self._store = catalog.store
        self.wake = wake or (lambda: None)
        self._change = threading.Condition()
        self._letters: list[Letter] = []
        self._is_carried = False
        self._woken_at = 0.0

    def receive(self, caller: Caller | None, name: str, told: Told, token: str | None = None) -> int:
        """Keep what notifications tell of a crawler's targets; it is durable once this returns. How many folders that are.

        Without a caller the server itself has brought them. Raises `NotFound`, `Denied`, and `Invalid` for a crawler that
        follows no events.
        """
        done = threading.Event()
        letter = self.submit(caller, name, told, token, done.set)
        done.wait()
        return letter.outcome()

    def submit(
        self, caller: Caller | None, name: str, told: Told, token: str | None, done: Callable[[], object]
    ) -> Letter:
        """As `receive`, for those who must not wait: `done` is called once the letter has its outcome."""
        letter = Letter(name_key(name), told, caller, token, done)
        with self._change:
            self._letters.append(letter)
            if not self._is_carried:
                self._is_carried = True
                threading.Thread(target=self._carry, name="events", daemon=True).start()
            self._change.notify()
        return letter

    def _to_keep(self, letters: Sequence[Letter]) -> Sequence[Letter]:
        """The letters for which something is to be written: most stores tell of all their objects, and crawlers want few."""
        with self._store.read() as tx:
            known = rows.followers(tx, sorted({letter.name for letter in letters}))
        return [one for one in letters if not _concerns_nobody(one, known.get(one.name))]

    def _carry(self) -> None:
        """Keep what comes, all of it that came while the last was written in one transaction, until nothing comes.

        Where several senders are at work, some more milliseconds are waited for them: a transaction costs as much as
        many letters. One that waits for each answer before its next letter is not held up.
        """
        letters: list[Letter] = []
        while True:
            if len(letters) > 1:
                time.sleep(_TOGETHER_SECONDS)
            with self._change:
                if not self._letters:
                    self._change.wait(_CARRY_SECONDS)
                letters, self._letters = self._letters, []
                self._is_carried = bool(letters)
            if not letters:
                return
            try:
                if kept := self._to_keep(letters):
                    self._store.write(lambda tx, kept=kept: self._keep(tx, kept))  # type: ignore[misc]
                    reach("events_kept")
            except Exception as error:
                if not isinstance(error, CatalogError):
                    _log.exception("events cannot be kept")
                for letter in letters:
                    letter.error = error if isinstance(error, CatalogError) else Unavailable("the store")
            for letter in letters:
                letter.done()
            with suppress(OSError, RuntimeError):  # a worker that cannot be woken looks by itself
                self._wake()

    def _wake(self) -> None:
        at = time.monotonic()
        if at - self._woken_at >= _WAKE_SECONDS:
            self._woken_at = at
            self.wake()

    def _keep(self, tx: Transaction, letters: Sequence[Letter]) -> None:
        known = rows.followers(tx, sorted({letter.name for letter in letters}))
        touched: dict[int, list[Touch]] = {}
        received: dict[int, int] = {}
        urls: dict[int, str | None] = {}
        problems: list[tuple[int, Told]] = []
        for letter in letters:
            letter.error, letter.kept = None, 0
            try:
                follower = self._addressee(tx, letter, known.get(letter.name))
            except CatalogError as error:
                letter.error = error
                continue
            mine = [one for one in letter.told.touches if _is_of(follower.targets, one)]
            letter.kept = len({(one.folder, one.deep) for one in mine})
            touched.setdefault(follower.id, []).extend(mine)
            received[follower.id] = received.get(follower.id, 0) + letter.told.objects
            urls[follower.id] = letter.told.confirm_url or urls.get(follower.id)
            if letter.told.problem is not None:
                problems.append((follower.id, letter.told))
        for crawler_id in sorted(touched):
            rows.touch(tx, crawler_id, touched[crawler_id])
            rows.count_received(tx, crawler_id, received[crawler_id], urls[crawler_id])
        for crawler_id, told in problems:
            rows.note_problem(tx, crawler_id, told.problem or "", told.skipped)

    def _addressee(self, tx: Transaction, letter: Letter, found: rows.Follower | None) -> rows.Follower:
        if letter.caller is not None and (found is None or found.token_hash is None):
            self._require(tx, letter.caller, Action.RUN, letter.name)
        if found is None:
            if crawlers.get(tx, letter.name) is None:
                raise NotFound("crawler", letter.name)
            raise Invalid("events", f"crawler {letter.name} follows none: set its option events to webhook")
        if letter.caller is not None and found.token_hash is not None and not _is_shown(letter, found):
            raise Denied("send events to", f"crawler {letter.name} without its token")
        return found

    def new_token(self, caller: Caller, name: str) -> str:
        """A new token that notifications for a crawler have to show from now on; it is kept as a hash and told this once.

        Raises `NotFound`, `Denied`, and `Invalid` for a crawler that follows no events.
        """
        token = new_token()
        self._set_token(caller, name, token_hash(token))
        return token

    def drop_token(self, caller: Caller, name: str) -> None:
        """Have notifications for a crawler need no token any more; raises as `new_token` does."""
        self._set_token(caller, name, None)

    def _set_token(self, caller: Caller, name: str, hashed: str | None) -> None:
        def work(tx: Transaction) -> None:
            found = self._find(tx, caller, Action.ALTER, name)
            if not rows.set_token(tx, found.id, hashed):
                raise Invalid("events", f"crawler {found.name} follows none: set its option events to webhook")

        self._store.write(work)

    def state(self, caller: Caller, name: str) -> EventState | None:
        """How far a crawler is with its events; None if it follows none. Raises `NotFound`."""
        with self._store.read() as tx:
            return rows.state(tx, self._find(tx, caller, Action.DESCRIBE, name))

    def followers(self) -> Mapping[str, rows.Follower]:
        """All crawlers that follow events, by the keys of their names."""
        with self._store.read() as tx:
            return rows.followers(tx)

    def note_problem(self, follower: rows.Follower, problem: str) -> None:
        """Keep, for a person to see, why events of a crawler cannot be had."""
        self._store.write(lambda tx: rows.note_problem(tx, follower.id, problem, 0))

    def connection(self, follower: rows.Follower, name: str) -> Connection:
        """A connection with its secrets, as the crawler's events are read on somebody's behalf; raises `NotFound`, `Denied`."""
        return self._catalog.connections.resolve(Caller(user=follower.by or "system"), name)

    def connection_versions(self, names: Sequence[str]) -> Mapping[str, tuple[int, int]]:
        """Ids and versions of connections, by the keys of their names: another one says that it is to be resolved again."""
        if not names:
            return {}
        with self._store.read() as tx:
            return connections.versions(tx, names)

    def group(self, follower: rows.Follower) -> str:
        """A name for all who read the events of a crawler from this store, and for nobody else."""
        return f"catalog-server-{settings.keep(self._store, 'events_group', secrets.token_hex(8))}-{follower.id}"

    def start_due(self) -> None:
        """Queue a crawl for each crawler that has events to apply and none that does."""
        with self._store.read() as tx:
            if not any(_is_time(one, now()) for one in rows.due(tx)):
                return

        def work(tx: Transaction) -> None:
            rows.hold(tx)
            for one in rows.due(tx):
                if _is_time(one, tx.at):
                    crawlers.create_crawl(
                        tx, new_crawl_id(), one.name, one.by, started_by=StartedBy.EVENTS, follows=True
                    )

        self._store.write(work)

    def heal(self, since: int = 0) -> None:
        """Queue a crawl in full of each crawler that follows events and had none for longer than its option says.

        Of events that are sent once, some may be lost while nobody listens: so `since` (milliseconds) is when this server
        began to, and a crawl before does not count.
        """
        with self._store.read() as tx:
            if not _to_heal(tx, since):
                return

        def work(tx: Transaction) -> None:
            rows.hold(tx)
            for one in _to_heal(tx, since):
                crawlers.create_crawl(tx, new_crawl_id(), one.name, one.by, started_by=StartedBy.EVENTS)

        self._store.write(work)

    def _require(self, tx: Transaction, caller: Caller, action: Action, name: str) -> None:
        self._catalog.grants.require(tx, caller, action, Resource("crawler", (name,)))

    def _find(self, tx: Transaction, caller: Caller, action: Action, name: str) -> Crawler:
        self._require(tx, caller, action, name)
        found = crawlers.get(tx, name)
        if found is None:
            raise NotFound("crawler", name)
        return found


def _is_time(one: rows.Due, at: int) -> bool:
    """Whether a crawler's events are to be applied now: again and again more seldom where that fails and nothing comes."""
    if one.received_at > one.failed_at:
        return at - one.failed_at >= AGAIN_MILLISECONDS
    least, most = FAILED_MILLISECONDS
    return at - one.failed_at >= min(max(one.failed_at - one.failing_since, least), most)


def _to_heal(tx: Transaction, since: int) -> Sequence[rows.Follower]:
    """Crawlers that are to be crawled in full, as `CrawlEvents.heal` says."""
    known = rows.followers(tx)
    crawled = rows.crawled(tx) if known else {}
    found = []
    for one in known.values():
        seconds = heal_seconds(one.options)
        at, is_busy = crawled.get(one.name, (0, False))
        heard = one.options["events"] != WEBHOOK or at >= since
        if seconds is not None and not is_busy and (tx.at - at >= seconds * 1_000 or not heard):
            found.append(one)
    return found


def _is_shown(letter: Letter, found: rows.Follower) -> bool:
    """Whether a letter shows the crawler's token."""
    if found.token_hash is None or not letter.token:
        return False
    return hmac.compare_digest(token_hash(letter.token), found.token_hash)


def _concerns_nobody(letter: Letter, found: rows.Follower | None) -> bool:
    """Whether a letter, shown with the right token, tells of nothing in the crawler's targets."""
    if found is None or letter.told.confirm_url or letter.told.problem:
        return False
    if letter.caller is not None and not _is_shown(letter, found):
        return False
    return not any(_is_of(found.targets, one) for one in letter.told.touches)


def _is_of(targets: Sequence[str], one: Touch) -> bool:
    """Whether a folder lies in one of the targets, or a target lies in a folder of which all is meant."""
    for target in map(normalize, targets):
        if (
            one.folder == target
            or one.folder.startswith(f"{target}/")
            or (one.deep and target.startswith(f"{one.folder}/"))
        ):
            return True
    return False
