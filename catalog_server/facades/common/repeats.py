"""Requests that came before, byte for byte, and are answered as they were without being read anew."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.types import Scope

REQUEST_BYTES_MAX = 8 * 1024
BYTES_KEPT = 64 * 1024 * 1024
RAW = "raw_request"
"""Under this name a request's `state` holds its bytes, where they came in one piece and hold nothing else."""
ASK = "ask_again"
"""Under this name the application leaves in `state` how to ask whether its answer, an `Ask`, may be given again."""

Ask = Callable[[Callable[[bool], None]], None]
"""Calls what it is given on the event loop, at once or later: with whether an answer is right still."""
_TELLING = frozenset(
    {b"connection", b"expect", b"upgrade", b"content-length", b"transfer-encoding", b"x-request-id", b"idempotency-key"}
)
"""Headers of requests that are never answered from here: they say how to treat this one request."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """An answer that was given: all of it but the id of the request, which stands between head and body."""

    head: bytes
    body: bytes
    ask: Ask
    record: Callable[[str, float], None]
    """Logs and measures the answer to one more request: its id and how many seconds it took."""

    def answer(self, request_id: str) -> bytes:
        """The bytes to send."""
        return b"%b%b\r\n\r\n%b" % (self.head, request_id.encode(), self.body)


class Repeats:
    """Answers by the bytes of their requests; used on the event loop."""

    def __init__(self, bytes_max: int = BYTES_KEPT) -> None:
        self._bytes_max = bytes_max
        self._kept: OrderedDict[bytes, Repeat] = OrderedDict()
        self._bytes = 0

    def find(self, raw: bytes) -> Repeat | None:
        """The answer to a request, which is still to be asked about."""
        found = self._kept.get(raw)
        if found is not None:
            self._kept.move_to_end(raw)
        return found

    def keep(self, raw: bytes, repeat: Repeat) -> None:
        """Remember an answer, unless it is larger than all may be together; the ones asked for least lately make room."""
        self.forget(raw)
        if _size(raw, repeat) > self._bytes_max:
            return
        self._kept[raw] = repeat
        self._bytes += _size(raw, repeat)
        while self._bytes > self._bytes_max:
            self.forget(next(iter(self._kept)))

    def forget(self, raw: bytes) -> None:
        """Let go of an answer, if it is kept."""
        gone = self._kept.pop(raw, None)
        if gone is not None:
            self._bytes -= _size(raw, gone)


def is_repeatable(scope: Scope) -> bool:
    """Whether a request is all that its answer depends on."""
    names = {name for name, _ in scope["headers"]}
    return scope["method"] == "GET" and scope["http_version"] == "1.1" and not names & _TELLING


def head_of(status: int, headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    """The first bytes of an answer, up to the id of the request."""
    reason = {200: b"OK", 304: b"Not Modified"}[status]
    lines = [b"HTTP/1.1 %d %b\r\n" % (status, reason)]
    lines += [b"%b: %b\r\n" % (name, value) for name, value in headers if name != b"x-request-id"]
    return b"".join(lines) + b"x-request-id: "


def _size(raw: bytes, repeat: Repeat) -> int:
    return len(raw) + len(repeat.head) + len(repeat.body) + 512
