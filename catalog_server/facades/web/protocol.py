"""HTTP on a socket: uvicorn's, but for requests that came before, which are answered as soon as they prove to be the same."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from catalog_server.facades.common.repeats import RAW, REQUEST_BYTES_MAX, Repeat, Repeats
from catalog_server.facades.web.guard import new_request_id

_BEHIND_BYTES_MAX = 64 * 1024


class Protocol(HttpToolsProtocol):
    """One connection. A request is looked up only when it came in one piece, alone, and nothing else is in work."""

    def __init__(self, repeats: Repeats, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._repeats = repeats
        self._in_message = False
        self._messages = 0
        self._asking = self._ends = False
        self._behind = bytearray()
        """What came while an answer was asked about."""

    def data_received(self, data: bytes) -> None:
        """Answer again, or read."""
        if self._asking:
            self._behind += data
            if len(self._behind) > _BEHIND_BYTES_MAX:
                self.flow.pause_reading()
            return
        found = self._repeats.find(data) if self._is_idle() else None
        if found is None:
            self._read(data)
            return
        self._unset_keepalive_if_required()
        self._asking = True
        found.ask(partial(self._told, data, found, time.perf_counter()))

    def _is_idle(self) -> bool:
        free = self.cycle is None or self.cycle.response_complete
        return free and not self._in_message and not self.pipeline and not self.flow.write_paused

    def _read(self, data: bytes) -> None:
        alone, self._messages = self._is_idle(), 0
        super().data_received(data)
        if alone and self._messages == 1 and not self._in_message and len(data) <= REQUEST_BYTES_MAX:
            self.scope["state"][RAW] = data

    def _told(self, data: bytes, found: Repeat, began: float, is_right: bool) -> None:
        """What was asked is known."""
        self._asking = False
        if self.transport.is_closing():
            return
        if is_right:
            request_id = new_request_id()
            self.transport.write(found.answer(request_id))
            self.on_response_complete()
            found.record(request_id, time.perf_counter() - began)
        else:
            self._repeats.forget(data)
            self._read(data)
        if self._ends:
            self.shutdown()
        elif self._behind:
            behind = bytes(self._behind)
            self._behind.clear()
            self.data_received(behind)

    def on_message_begin(self) -> None:
        """Called by the parser."""
        self._messages += 1
        self._in_message = True
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """Called by the parser."""
        self._in_message = False
        super().on_message_complete()

    def shutdown(self) -> None:
        """Answer what is in work, then hang up."""
        if self._asking:
            self._ends = True
        else:
            super().shutdown()
