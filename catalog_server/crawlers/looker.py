"""The process that looks closely at files: other people's bytes are parsed here, where there is little to break.

It has no secrets and no access to stores: whoever started it is asked for each range of a file. Frames on its pipes are
four bytes of length (big-endian) and a message in MessagePack; several looks are under way at once, told apart by number.
It ends when its input does.
"""

from __future__ import annotations

import os
import queue
import select
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import IO

import msgspec

from catalog_server.lake.files import FileInfo, FileReader
from catalog_server.lake.formats import sniff
from catalog_server.lake.formats.base import FileProblem, FileSchema, first_line
from catalog_server.model.errors import CatalogError

AT_ONCE = 16
"""Looks that are under way at once; more wait."""
FRAME_BYTES_MAX = 64 * 1024 * 1024


class Look(msgspec.Struct, tag=True, array_like=True):
    """To the process: look at a file, with what is said of formats."""

    number: int
    info: FileInfo
    options: dict[str, str]


class Given(msgspec.Struct, tag=True, array_like=True):
    """To the process: the bytes it asked for."""

    number: int
    body: bytes


class Refused(msgspec.Struct, tag=True, array_like=True):
    """To the process: why it does not get them. From it: that the look ended for that reason."""

    number: int
    message: str


class Wanted(msgspec.Struct, tag=True, array_like=True):
    """From the process: it wants to read a range of the file."""

    number: int
    start: int
    length: int | None


class Seen(msgspec.Struct, tag=True, array_like=True):
    """From the process: what the file tells."""

    number: int
    schema: FileSchema


class Problem(msgspec.Struct, tag=True, array_like=True):
    """From the process: what is wrong with the file."""

    number: int
    text: str


class Stumbled(msgspec.Struct, tag=True, array_like=True):
    """From the process: a reader raised what it never should, with the place for the log."""

    number: int
    text: str
    trace: str


class Exhausted(msgspec.Struct, tag=True, array_like=True):
    """From the process: there is not enough memory for this."""

    number: int


ToProcess = Look | Given | Refused
FromProcess = Wanted | Seen | Problem | Stumbled | Exhausted | Refused


def write_frame(pipe: IO[bytes], lock: threading.Lock, message: ToProcess | FromProcess) -> None:
    """Send a message, whole."""
    body = msgspec.msgpack.encode(message)
    with lock:
        pipe.write(len(body).to_bytes(4, "big") + body)
        pipe.flush()


def read_frame(pipe: IO[bytes]) -> bytes | None:
    """The next message, encoded; None at the end, and where a message is cut off or longer than any is."""
    head = _exactly(pipe, 4)
    length = int.from_bytes(head, "big")
    if len(head) < 4 or length > FRAME_BYTES_MAX:
        return None
    body = _exactly(pipe, length)
    return body if len(body) == length else None


def _exactly(pipe: IO[bytes], count: int) -> bytes:
    """So many bytes, of a pipe that may hand them out in parts; fewer at its end."""
    parts = bytearray()
    while len(parts) < count and (part := pipe.read(count - len(parts))):
        parts += part
    return bytes(parts)


class _Refusal(CatalogError):
    """The store's answer, as it was told."""


class _Asking(FileReader):
    """The one file of a look, the bytes of which are asked for."""

    def __init__(self, look: Look, process: _Process) -> None:
        self.look = look
        self.answers: queue.SimpleQueue[Given | Refused] = queue.SimpleQueue()
        self._process = process

    def size(self, location: str) -> int:  # noqa: ARG002
        """See `FileReader.size`."""
        return self.look.info.size

    def read(self, location: str, start: int = 0, length: int | None = None) -> bytes:  # noqa: ARG002
        """See `FileReader.read`."""
        self._process.send(Wanted(self.look.number, start, length))
        answer = self.answers.get()
        if isinstance(answer, Refused):
            raise _Refusal(answer.message)
        return answer.body


class _Process:
    """The looks that are under way, and the pipes."""

    def __init__(self, source: IO[bytes], sink: IO[bytes], idle_seconds: float) -> None:
        self._source, self._sink = source, sink
        """The source is not buffered: what it has, `select` knows of."""
        self._idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._asking: dict[int, _Asking] = {}

    def send(self, message: FromProcess) -> None:
        """Send a message to whoever started the process."""
        write_frame(self._sink, self._lock, message)

    def run(self) -> None:
        """Look at what comes until nothing does any more, for so long that memory is better given back."""
        decoder = msgspec.msgpack.Decoder(ToProcess)
        pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="look")
        while self._is_needed() and (frame := read_frame(self._source)) is not None:
            message = decoder.decode(frame)
            if isinstance(message, Look):
                asking = self._asking[message.number] = _Asking(message, self)
                pool.submit(self._look, asking)
            elif message.number in self._asking:
                self._asking[message.number].answers.put(message)

    def _is_needed(self) -> bool:
        """Wait for a message, or the end of all; False where there is none for long and nothing is looked at."""
        while not select.select([self._source], [], [], self._idle_seconds)[0]:
            if not self._asking:
                return False
        return True

    def _look(self, asking: _Asking) -> None:
        answer = _outcome(asking)
        number = asking.look.number
        del self._asking[number]
        try:
            self.send(answer)
        except (ValueError, OverflowError) as error:  # what it found cannot be told
            self.send(Stumbled(number, first_line(error), traceback.format_exc()))


def _outcome(asking: _Asking) -> FromProcess:
    look = asking.look
    try:
        return Seen(look.number, sniff.inspect(asking, look.info, look.options))
    except FileProblem as problem:
        return Problem(look.number, str(problem))
    except _Refusal as refusal:
        return Refused(look.number, refusal.message)
    except MemoryError:
        return Exhausted(look.number)
    except Exception as error:
        return Stumbled(look.number, first_line(error), traceback.format_exc())


def limit(memory_bytes: int, file_bytes: int) -> None:
    """Have this process get no more memory, write no larger files and leave no dump, where the system can see to that."""
    try:
        import resource
    except ImportError:
        return
    for name, most in (("RLIMIT_DATA", memory_bytes), ("RLIMIT_FSIZE", file_bytes), ("RLIMIT_CORE", 0)):
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))


def main() -> None:
    """The process: bytes of memory, bytes of a temporary file and seconds to stay for nothing are its arguments."""
    limit(*map(int, sys.argv[1:3]))
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no message
    _Process(os.fdopen(0, "rb", buffering=0), sink, float(sys.argv[3])).run()
    os._exit(0)  # without waiting for looks that nobody wants any more


if __name__ == "__main__":
    main()
