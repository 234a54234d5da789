"""The engine `spark` of crawls: what is much to list and to look at is spread over a Spark application of the crawl's own.

Its tasks run the code of the local engine and their answers come back in order, so that all decisions, which are made here,
are the same. The application is started when there is enough for it to do, and reads no table: it asks stores as a crawl does.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import TypeVar

import msgspec

from catalog_server import __version__
from catalog_server.config import Config
from catalog_server.crawlers import classify
from catalog_server.crawlers.classifiers import Classifiers
from catalog_server.crawlers.classify import Glance, Inspected
from catalog_server.crawlers.listing import Listing, Others, Share
from catalog_server.crawlers.manifest import code_digest
from catalog_server.crawlers.spool import Spool
from catalog_server.jobs import crawl_driver
from catalog_server.jobs.application import POLL_SECONDS, Application, prepared
from catalog_server.jobs.command import Command
from catalog_server.jobs.crawl_tasks import (
    Answer,
    Bounds,
    Glanced,
    Listed,
    Order,
    Refused,
    Said,
    Seen,
    Store,
    ToGlance,
    ToInspect,
    ToList,
    pieces,
)
from catalog_server.jobs.engines import Engine
from catalog_server.jobs.runner import RUN_VARIABLE, end_leftovers
from catalog_server.jobs.sail import own_environment
from catalog_server.jobs.spark import DRIVER_MEMORY, LOCAL_SETTINGS, submit_command, usable_spark
from catalog_server.lake.files import FileInfo, FileSystem
from catalog_server.model.errors import Cancelled, CatalogError, Invalid, Unavailable

LOGS_MAX = 100
_SETTING = re.compile(r"^[ \t]*([^\s=#][^\s=]*)[ \t]*[= \t][ \t]*(.*?)[ \t]*$", re.MULTILINE)
HEADS_MAX = 1_000
_LIVE: set[Path] = set()
"""Folders of applications of this process; others were left behind."""
_CHANGE = threading.Lock()
T = TypeVar("T")
A = TypeVar("A", Listed, Glanced, Seen)


@dataclass(frozen=True, slots=True)
class Much:
    """From when on work is spread, and how much one task gets of it."""

    few: int = 256
    """Files to be looked at that are not worth it."""
    begin_seconds: float = 5.0
    """How long a listing is done here."""
    task_seconds: float = 10.0
    """After which a task gives back what others can list."""
    task_files: int = 50_000
    order_files: int = 64


class _TaskError(CatalogError):
    """What a task was told by the store, in its words."""


class Spark:
    """Spark for crawls, as the configuration says it is."""

    def __init__(self, config: Config, much: Much | None = None) -> None:
        self._config = config
        self._much = much or Much()

    @contextmanager
    def __call__(self, crawl_id: str, cancelled: Callable[[], bool]) -> Iterator[SparkEngine]:
        """The engine of a crawl; raises `NotFound` where no Spark is installed, `Unavailable` where it has no Java."""
        end_leftovers(crawl_id)
        self._sweep()
        home = self._config.jobs.engines_home
        found = usable_spark(Path(home) if home else None)
        directory = (self._config.data / "spark" / crawl_id).absolute()
        engine = SparkEngine(lambda: self._start(found, directory, cancelled), self._much)
        with _CHANGE:
            _LIVE.add(directory)
        try:
            yield engine
        finally:
            engine.close()
            shutil.rmtree(directory, ignore_errors=True)
            with _CHANGE:
                _LIVE.discard(directory)

    def _start(self, found: Engine, directory: Path, cancelled: Callable[[], bool]) -> Application:
        config = self._config.crawlers
        master = config.spark_master
        is_local = master.startswith("local")
        settings = {
            "spark.master": master,
            "spark.app.name": f"catalog crawl {directory.name}",
            "spark.driver.memory": DRIVER_MEMORY,
            "spark.log.level": "WARN",
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            **(LOCAL_SETTINGS if is_local else {}),
            **self._own_settings(),
        }
        prepared(directory)
        environment = own_environment(os.environ) | {
            RUN_VARIABLE: directory.name,
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYSPARK_PYTHON": config.spark_python or sys.executable,
            "PYSPARK_DRIVER_PYTHON": sys.executable,
        }
        program = [str(Path(crawl_driver.__file__)), str(directory), __version__]
        command: Command = submit_command(found, directory, settings, environment, program, local=is_local)
        log = self._config.data.absolute() / "logs" / "crawls" / f"{directory.name}.log"
        return Application(command, directory, log, cancelled)

    def _own_settings(self) -> Mapping[str, str]:
        path = self._config.crawlers.spark_properties
        if not path:
            return {}
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            said = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
            raise Invalid("crawlers.spark_properties", f"{path} cannot be read: {said}") from error
        return dict(_SETTING.findall(text))

    def _sweep(self) -> None:
        """Delete what workers that were killed left behind, and the oldest logs."""
        with _CHANGE:
            for folder in (self._config.data.absolute() / "spark").glob("*"):
                if folder not in _LIVE:
                    shutil.rmtree(folder, ignore_errors=True)
        logs = sorted((self._config.data / "logs" / "crawls").glob("*.log"))
        for log in logs[: -LOGS_MAX or None]:
            log.unlink(missing_ok=True)


class SparkEngine:
    """The engine of one crawl; `start` starts its application."""

    def __init__(self, start: Callable[[], Application], much: Much) -> None:
        self._start = start
        self._running: Application | None = None
        self._failure: CatalogError | None = None
        self.much = much

    @property
    def application(self) -> Application:
        """The application, which is started when it is first asked for, and not again where it did not come up."""
        if self._failure is not None:
            raise Unavailable(self._failure.message) from self._failure
        try:
            self._running = self._running or self._start()
        except Cancelled:
            raise
        except CatalogError as error:
            self._failure = error
            raise
        return self._running

    def close(self) -> None:
        """End the application, if there is one."""
        if self._running is not None:
            self._running.close()

    def list_all(self, files: FileSystem, root: str, spool: Spool, step: Callable[[int], None]) -> None:
        """See `Engine.list_all`: begun here as any listing, and soon shared out."""
        _Sharing(self, files, root, spool, step).run()

    def glance(self, files: FileSystem, infos: Iterable[FileInfo], said: Classifiers) -> Iterator[Glance]:
        """See `Engine.glance`."""
        first, rest = _begun(infos, self.much.few)
        if rest is None:
            yield from classify.glance(files, first, said)
            return
        for some, answer in self._spread(files, said, chain(first, rest), ToGlance):
            for info, seen in zip(some, read(answer, Glanced).seen, strict=True):
                yield info, *seen

    def inspect_all(self, files: FileSystem, infos: Sequence[FileInfo], said: Classifiers) -> Iterator[Inspected]:
        """See `Engine.inspect_all`."""
        if len(infos) <= self.much.few:
            yield from classify.inspect_all(files, infos, said)
            return
        for some, answer in self._spread(files, said, infos, ToInspect):
            for info, seen in zip(some, read(answer, Seen).seen, strict=True):
                yield info, *seen

    def _spread(
        self,
        files: FileSystem,
        said: Classifiers,
        infos: Iterable[FileInfo],
        work: Callable[[list[FileInfo]], ToGlance | ToInspect],
    ) -> Iterator[tuple[list[FileInfo], bytes]]:
        """Answers about files in their order, a bounded number of orders ahead of whoever takes them."""
        application, left = self.application, iter(infos)
        waiting: deque[tuple[list[FileInfo], Future[bytes]]] = deque()
        while True:
            some = list(islice(left, self.much.order_files))
            if some:
                waiting.append((some, application.submit(order(files, said, work(some)))))
            if waiting and (not some or len(waiting) >= application.orders_max):
                first, future = waiting.popleft()
                yield first, application.answer(future)
            elif not some:
                return


def _begun(items: Iterable[T], count: int) -> tuple[list[T], Iterator[T] | None]:
    """The first items, and the rest where there are more than so many."""
    left = iter(items)
    first = list(islice(left, count + 1))
    return first, left if len(first) > count else None


def order(files: FileSystem, said: Classifiers, work: ToList | ToGlance | ToInspect) -> bytes:
    """An order for a task."""
    of_formats = Said(said.text, dict(said.said), said.root)
    return msgspec.msgpack.encode(Order(code_digest(), Store.of(files), of_formats, work))


def read(answer: bytes, kind: type[A]) -> A:
    """An answer of a kind; raises what the task was told by the store."""
    try:
        found = msgspec.msgpack.decode(answer, type=Answer)
    except msgspec.MsgspecError as error:
        raise Unavailable(f"Spark: an answer cannot be understood: {error}") from error
    if isinstance(found, Refused):
        raise _TaskError(found.message)
    if not isinstance(found, kind):
        raise Unavailable("Spark: an answer is of another kind than what was asked")
    return found


@dataclass(slots=True)
class _Sharing:
    """One listing: what is done here hands on shares, tasks list them and give back what others can take."""

    engine: SparkEngine
    files: FileSystem
    root: str
    spool: Spool
    step: Callable[[int], None]
    count: int = 0
    """Files that were listed by tasks, and by listings of this process that are over."""
    waiting: deque[Share] = field(default_factory=deque)
    running: dict[Future[bytes], list[Share]] = field(default_factory=dict)
    too_much: deque[list[Share]] = field(default_factory=deque)
    """Shares that no task can list."""

    def run(self) -> None:
        """List all; raises what the store says, here or to a task."""
        much = self.engine.much
        self._here([Share("")], much.begin_seconds, much.task_files if much.begin_seconds else 0)
        while self.waiting or self.running or self.too_much:
            if self.too_much:
                self._here(self.too_much.popleft(), 0, 0)
                continue
            self._pump(0)
            wait(self.running, POLL_SECONDS, FIRST_COMPLETED)

    def _here(self, shares: list[Share], seconds: float, files: int) -> None:
        others = Others(self.waiting.append, seconds, files)
        listing = Listing(self.files, self.root, self.spool, self._pump, shares, others)
        self.count += listing.run()

    def _pump(self, count: int) -> None:
        """Give orders, and take what tasks have listed; `count` files were listed here beside that."""
        for future in [one for one in self.running if one.done()]:
            shares = self.running.pop(future)
            found = read(future.result(), Listed)
            if not found.whole:
                self.too_much.append(shares)
                continue
            self.spool.take(found.rows)
            self.spool.note_nameless(found.nameless)
            self.waiting.extend(bounds.share() for bounds in found.left)
            self.count += sum(row[3] for row in found.rows)
        self.step(self.count + count)
        if self.waiting:
            self._give()

    def _give(self) -> None:
        """Give tasks so much that all have something to do, of few shares each one, of many some."""
        application, much = self.engine.application, self.engine.much
        room = application.orders_max
        for _ in range(len(self.waiting)):
            share = self.waiting.popleft()
            count = min(HEADS_MAX, max(1, len(share.heads or ()) // room))
            self.waiting.extend(pieces(share, count))
        each = max(1, len(self.waiting) // room)
        while self.waiting and len(self.running) < room:
            some = [self.waiting.popleft() for _ in range(min(each, len(self.waiting)))]
            bounds = [Bounds.of(share) for share in some]
            work = ToList(self.root, bounds, much.task_seconds, much.task_files)
            self.running[application.submit(order(self.files, Classifiers("", {}), work))] = some
