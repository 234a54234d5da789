"""Answers of loaded tables as bytes, plain and gzipped, kept while the table is as it was."""

from __future__ import annotations

import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable, Hashable

from isal import isal_zlib
from starlette.responses import Response

from catalog_server.facades.iceberg.errors import JSON_TYPE

BYTES_KEPT = 64 * 1024 * 1024
GZIP_BYTES_MIN = 512
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_LEVEL = 1
"""As small as zlib's usual level makes them, for a tenth of its work: each commit's answer is zipped anew."""


class Bodies:
    """Bodies by what they are made of; safe to use from many threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def answer(
        self, key: Hashable, make: Callable[[], bytes], accepted: str | None, headers: dict[str, str]
    ) -> Response:
        """The response with the body of a key, gzipped for clients that take it; `make` makes the plain one."""
        headers = {**headers, "Vary": "Accept-Encoding"}
        if not takes_gzip(accepted):
            return Response(self._body((key, "plain"), make), 200, headers, JSON_TYPE)
        with self._lock:
            held = self._kept.get((key, "gzip"))
        if held is None:
            plain = self._body((key, "plain"), make)
            if len(plain) < GZIP_BYTES_MIN:
                return Response(plain, 200, headers, JSON_TYPE)
            held = self._body((key, "gzip"), lambda: _zipped(plain))
            with self._lock:
                self._forget((key, "plain"))
        return Response(held, 200, {**headers, "Content-Encoding": "gzip"}, JSON_TYPE)

    def _body(self, key: Hashable, make: Callable[[], bytes]) -> bytes:
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found
        made = make()
        with self._lock:
            self._forget(key)
            if len(made) <= BYTES_KEPT:
                self._kept[key] = made
                self._bytes += len(made)
            while self._bytes > BYTES_KEPT:
                self._forget(next(iter(self._kept)))
        return made

    def _forget(self, key: Hashable) -> None:
        gone = self._kept.pop(key, None)
        if gone is not None:
            self._bytes -= len(gone)


def takes_gzip(accepted: str | None) -> bool:
    """Whether an `Accept-Encoding` header names gzip, and not with a weight of 0."""
    for item in (accepted or "").split(","):
        name, _, weight = item.replace(" ", "").lower().partition(";q=")
        if name == "gzip":
            return weight not in ("0", "0.0", "0.00", "0.000")
    return False


def _zipped(plain: bytes) -> bytes:
    found: bytes = isal_zlib.compress(plain, _LEVEL, _GZIP_WINDOW)
    return found
