"""Close looks at files by a process of its own, with limits of memory and time: no file takes the crawl, or the server, with it.

One process serves all crawls of a worker. Where it ends, or has to be ended, each file that was looked at is looked at once
more by a process that nothing else shares: one that ends that process too is told as a problem, with the reason.
"""

from __future__ import annotations

import itertools
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from time import monotonic
from typing import IO, cast

import msgspec

from catalog_server.crawlers import scratch
from catalog_server.crawlers.looker import (
    AT_ONCE,
    Exhausted,
    FromProcess,
    Given,
    Look,
    Problem,
    Refused,
    Seen,
    Stumbled,
    Wanted,
    read_frame,
    write_frame,
)
from catalog_server.lake.files import FileInfo, FileReader
from catalog_server.lake.formats.base import FileProblem, FileSchema
from catalog_server.model.errors import CatalogError, Invalid

_log = logging.getLogger(__name__)
READ_BYTES_MAX = 32 * 1024 * 1024
"""The longest range of a file that is given to the process."""
_TEMPORARY_BYTES_MAX = 64 * 1024 * 1024
_SPARING = {"MALLOC_ARENA_MAX": "2", "ARROW_DEFAULT_MEMORY_POOL": "system"}
"""Variables that keep allocators from setting memory aside that nobody uses: it counts, too."""
_END_SECONDS = 5.0
_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "VIRTUAL_ENV", "PYTHONPATH", "SYSTEMROOT")
"""Variables that the process gets; others may be secrets."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a look may use: bytes of memory of the whole process, and seconds, without those that the store takes."""

    memory_bytes: int = 2 * 1024 * 1024 * 1024
    seconds: float = 60.0
    idle_seconds: float = 30.0
    """How long the process stays when nobody needs it."""


class _Lost(Exception):
    """The process came to its end, or had to be ended; the text says why."""


class _Process:
    """One process, the looks that it has under way, and the thread that takes what it says."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        scratch.sweep()
        self._folder = scratch.Scratch()
        environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "catalog_server.crawlers.looker"),
                *(str(limits.memory_bytes), str(_TEMPORARY_BYTES_MAX), str(limits.idle_seconds)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**environment, **_SPARING, "TMPDIR": self._folder.path},
        )
        self._sink = cast("IO[bytes]", self.process.stdin)
        self._sending = threading.Lock()
        self._change = threading.Lock()
        self._numbers = itertools.count()
        self._inboxes: dict[int, queue.SimpleQueue[FromProcess | None]] = {}
        self._over = ""
        """Why it takes no looks any more."""
        threading.Thread(target=self._listen, name="looks", daemon=True).start()

    def look(self, files: FileReader, info: FileInfo, options: Mapping[str, str]) -> FileSchema:
        """What the process says of a file; raises what it found wrong, what the store said, and `_Lost`."""
        inbox: queue.SimpleQueue[FromProcess | None] = queue.SimpleQueue()
        with self._change:
            if self._over:
                raise _Lost(self._over)
            number = next(self._numbers)
            self._inboxes[number] = inbox
        try:
            self._send(Look(number, info, dict(options)))
            return self._follow(number, inbox, files, info)
        finally:
            with self._change:
                self._inboxes.pop(number, None)

    def _follow(
        self, number: int, inbox: queue.SimpleQueue[FromProcess | None], files: FileReader, info: FileInfo
    ) -> FileSchema:
        left, refusal = self._limits.seconds, None
        while True:
            began = monotonic()
            try:
                message = inbox.get(timeout=max(0.0, left))
            except queue.Empty:
                self.end(f"it takes longer than {self._limits.seconds:g} seconds to look at")
                raise _Lost(self._over) from None
            left -= monotonic() - began
            match message:
                case Wanted():
                    try:
                        self._send(Given(number, _range(files, info, message)))
                    except Exception as error:  # the look must not wait for what never comes
                        self._send(Refused(number, str(error).encode(errors="backslashreplace").decode()))
                        if not isinstance(error, CatalogError):
                            raise
                        refusal = error
                case Seen():
                    return message.schema
                case Problem():
                    raise FileProblem(message.text)
                case Refused():
                    raise refusal or FileProblem(message.message)
                case Stumbled():
                    _log.error("a file that cannot be read: %s\n%s", info.location, message.trace)
                    raise FileProblem(f"cannot be read rightly: {message.text}")
                case Exhausted():
                    raise _Lost(f"it takes more than {self._limits.memory_bytes >> 20} MiB of memory to look at")
                case None:
                    raise _Lost(self._over)

    def _send(self, message: Look | Given | Refused) -> None:
        try:
            write_frame(self._sink, self._sending, message)
        except (OSError, ValueError) as error:
            if isinstance(error, UnicodeError):
                raise
            # it has ended: its inbox says so

    def _listen(self) -> None:
        """Hand what the process says to those who wait for it, until it ends."""
        source = cast("IO[bytes]", self.process.stdout)
        decoder = msgspec.msgpack.Decoder(FromProcess)
        try:
            while (frame := read_frame(source)) is not None:
                message: FromProcess = decoder.decode(frame)
                with self._change:
                    inbox = self._inboxes.get(message.number)
                if inbox is not None:
                    inbox.put(message)
        except (OSError, msgspec.DecodeError):
            pass
        code = self._ended()
        with self._change:
            why = (
                f"whatever reads it breaks down ({signal.Signals(-code).name})" if code < 0 else "its reader was ended"
            )
            self._over = self._over or why
            inboxes = list(self._inboxes.values())
        for inbox in inboxes:
            inbox.put(None)
        source.close()
        with suppress(OSError):
            self._sink.close()
        self._folder.close()

    def _ended(self) -> int:
        """Its exit code, once it is gone; a process that says nothing any more is ended."""
        try:
            return self.process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    @property
    def is_over(self) -> bool:
        """Whether it takes no looks any more."""
        return bool(self._over)

    def end(self, why: str) -> None:
        """End it at once."""
        with self._change:
            self._over = self._over or why
        self.process.kill()


class LimitedLooks:
    """Looks at files by one process, which is begun when it is needed."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._change = threading.Lock()
        self._alone = threading.Lock()
        self._room = threading.BoundedSemaphore(AT_ONCE)
        """Who waits for others waits here, where that is not counted as time that a look takes."""
        self._process: _Process | None = None

    def inspect(self, files: FileReader, info: FileInfo, options: Mapping[str, str]) -> FileSchema:
        """As `sniff.inspect`; a file that breaks its reader, or is too much for it, is a `FileProblem`, too."""
        try:
            with self._room:
                return self._shared().look(files, info, options)
        except _Lost as lost:  # perhaps by another file
            _log.info("%s is looked at once more: %s", info.location, lost)
        with self._alone:
            process = _Process(self._limits)
            try:
                return process.look(files, info, options)
            except _Lost as lost:
                raise FileProblem(str(lost)) from None
            finally:
                process.end("it has ended")

    def _shared(self) -> _Process:
        with self._change:
            if self._process is None or self._process.is_over:
                self._process = _Process(self._limits)
            return self._process

    @property
    def pid(self) -> int | None:
        """The process that files are looked at by, if there is one."""
        with self._change:
            return None if self._process is None or self._process.is_over else self._process.process.pid

    def end(self) -> None:
        """End the process; another one is begun when a file is looked at."""
        with self._change:
            if self._process is not None:
                self._process.end("it has ended")


def _range(files: FileReader, info: FileInfo, wanted: Wanted) -> bytes:
    """The bytes of the file that the process wants, of no other file and not too many."""
    length = info.size - wanted.start if wanted.length is None else wanted.length
    if length > READ_BYTES_MAX:
        raise Invalid(info.location, f"{length} bytes at once are more than are looked at")
    return files.read(info.location, max(0, wanted.start), max(0, length))


@cache
def _looks() -> LimitedLooks:
    return LimitedLooks()


def inspect(files: FileReader, info: FileInfo, options: Mapping[str, str]) -> FileSchema:
    """As `sniff.inspect`, by the process that all crawls of this one share."""
    return _looks().inspect(files, info, options)
