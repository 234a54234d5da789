"""Holds an answer between the thread that makes it and the connection that sends it, so that neither waits."""

import threading
from collections import deque
from collections.abc import Callable
from tempfile import TemporaryFile
from typing import IO

_READ_BYTES = 256 * 1024


class Spool:
    """A queue of bytes: what exceeds `memory_bytes` goes to a temporary file that has no name.

    The maker calls `put` and then `end`; each call is followed by one of `ready`. The sender calls `get`. A slow
    client thus holds some memory and disk until its deadline, and no thread and no database cursor.
    """

    def __init__(self, memory_bytes: int, ready: Callable[[], None]) -> None:
        self._memory_bytes = memory_bytes
        self._ready = ready
        self._lock = threading.Lock()
        self._pieces: deque[bytes] = deque()
        self._held = 0
        self._file: IO[bytes] | None = None
        self._read = self._written = 0
        self._ended = self._cancelled = self.failed = False

    def put(self, piece: bytes) -> None:
        """Add bytes. Raises BrokenPipeError once the sender has given up."""
        with self._lock:
            if self._cancelled:
                raise BrokenPipeError("the client is gone")
            if self._file is None and self._held + len(piece) > self._memory_bytes:
                self._file = TemporaryFile(prefix="catalog-answer-")  # noqa: SIM115
            if self._file is None:
                self._pieces.append(piece)
                self._held += len(piece)
            else:
                self._file.seek(self._written)
                self._written += self._file.write(piece)
        self._ready()

    def end(self, failed: bool = False) -> None:
        """Say that nothing more comes; `failed` if the answer was not completed."""
        with self._lock:
            self._ended = True
            self.failed = failed
        self._ready()

    def get(self) -> bytes | None:
        """The next piece; None if it has not come yet; b"" after the last."""
        with self._lock:
            if self._pieces:
                piece = self._pieces.popleft()
                self._held -= len(piece)
                return piece
            if self._file is not None and self._read < self._written:
                self._file.seek(self._read)
                piece = self._file.read(_READ_BYTES)
                self._read += len(piece)
                return piece
            return b"" if self._ended or self._cancelled else None

    def cancel(self) -> None:
        """Drop what is held; the maker meets a BrokenPipeError at its next `put`."""
        with self._lock:
            self._cancelled = True
            self._pieces.clear()
            if self._file is not None:
                self._file.close()
                self._file = None
