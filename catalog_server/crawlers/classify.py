"""Classifying files: a glance at each, a close look at some, many at once; what is wrong is told file by file."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from catalog_server.crawlers.classifiers import Classifiers
from catalog_server.lake.files import FileInfo, FileSystem
from catalog_server.lake.formats.base import UNREADABLE, FileProblem, FileSchema, first_line
from catalog_server.model.errors import CatalogError

_log = logging.getLogger(__name__)
THREADS = 8
_WINDOW = 64
K = TypeVar("K")
T = TypeVar("T")

Glance = tuple[FileInfo, str | None, str | None]
"""A file, its format, and what is wrong with it: one of the last two is None."""
Inspected = tuple[FileInfo, FileSchema | None, str | None]
"""A file, its schema, and what is wrong with it: one of the last two is None."""


def glance(files: FileSystem, infos: Iterable[FileInfo], said: Classifiers) -> Iterator[Glance]:
    """Say of each file what it is, in the order given."""
    return _each(infos, lambda info: said.peek(files, info))


def _outcome(look: Callable[[], T]) -> tuple[T | None, str | None]:
    """What a look finds, or what is wrong with the file: no file fails a crawl, whatever its reader stumbles over."""
    try:
        return look(), None
    except FileProblem as problem:
        return None, str(problem)
    except CatalogError as error:
        return None, f"{UNREADABLE}{error.message}"
    except Exception as error:
        _log.exception("a file that cannot be read")
        return None, f"cannot be read rightly: {first_line(error)}"


def inspect_all(files: FileSystem, infos: Sequence[FileInfo], said: Classifiers) -> Iterator[Inspected]:
    """Look closely at files; of each either its schema or what is wrong with it is given."""
    return _each(infos, lambda info: said.inspect(files, info))


def _each(infos: Iterable[FileInfo], look: Callable[[FileInfo], T]) -> Iterator[tuple[FileInfo, T | None, str | None]]:
    """Each file with what a look at it finds, or what is wrong with it."""
    tasks = ((info, partial(_outcome, partial(look, info))) for info in infos)
    for info, (found, problem) in ordered(tasks):
        yield info, found, problem


def ordered(tasks: Iterable[tuple[K, Callable[[], T]]]) -> Iterator[tuple[K, T]]:
    """The outcomes of tasks in their order, run by several threads, at most `_WINDOW` ahead of whoever takes the answers."""
    with ThreadPoolExecutor(THREADS, thread_name_prefix="look") as pool:
        waiting: deque[tuple[K, Future[T]]] = deque()
        try:
            for info, task in tasks:
                waiting.append((info, pool.submit(task)))
                if len(waiting) >= _WINDOW:
                    first, future = waiting.popleft()
                    yield first, future.result()
            while waiting:
                first, future = waiting.popleft()
                yield first, future.result()
        finally:
            pool.shutdown(cancel_futures=True)
