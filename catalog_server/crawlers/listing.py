"""Listing a target: prefixes in parallel, files as a stream, in bounded memory."""

from __future__ import annotations

import queue
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from threading import Event

from catalog_server.lake.files import FileInfo, FileSystem
from catalog_server.model.errors import NotFound

THREADS = 8
_AHEAD = 20_000
_PREFIXES = 16
_DEPTH_MAX = 3


def list_files(files: FileSystem, target: str) -> Iterator[FileInfo]:
    """All files below a target, or the target itself where it is a file; raises `NotFound` if there is nothing.

    Folders of the first levels are listed by `THREADS` threads at once, so that the order is not that of names.
    """
    prefixes, direct = _fan_out(files, target)
    found = False
    for info in chain(direct, _in_parallel(files, prefixes)):
        found = True
        yield info
    if found:
        return
    if files.is_file(target):
        yield files.stat(target)
    elif not files.is_directory(target):
        raise NotFound("folder", target)


def _fan_out(files: FileSystem, target: str) -> tuple[list[str], list[FileInfo]]:
    """Folders to be listed in parallel, a few levels down, and the files met on the way."""
    prefixes: list[str] = [target]
    direct: list[FileInfo] = []
    for _ in range(_DEPTH_MAX):
        if len(prefixes) >= _PREFIXES:
            break
        below: list[str] = []
        for prefix in prefixes:
            folders, here = files.list_folder(prefix)
            below.extend(folders)
            direct.extend(here)
        prefixes = below
        if not prefixes:
            break
    return prefixes, direct


def _in_parallel(files: FileSystem, prefixes: Sequence[str]) -> Iterator[FileInfo]:
    ahead: queue.Queue[FileInfo | BaseException | None] = queue.Queue(_AHEAD)
    stopping = Event()

    def put(item: FileInfo | BaseException | None) -> bool:
        while not stopping.is_set():
            try:
                ahead.put(item, timeout=0.5)
                return True
            except queue.Full:
                continue
        return False

    def work(prefix: str) -> None:
        try:
            for info in files.list(prefix):
                if not put(info):
                    return
            put(None)
        except BaseException as error:
            put(error)

    with ThreadPoolExecutor(THREADS, thread_name_prefix="list") as pool:
        try:
            for prefix in prefixes:
                pool.submit(work, prefix)
            left = len(prefixes)
            while left:
                item = ahead.get()
                if item is None:
                    left -= 1
                elif isinstance(item, BaseException):
                    raise item
                else:
                    yield item
        finally:
            stopping.set()
            pool.shutdown(cancel_futures=True)
