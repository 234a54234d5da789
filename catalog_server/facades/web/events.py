"""The event log over the JSON API: by pages, and as a stream of server-sent events."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from functools import partial
from typing import TYPE_CHECKING, Annotated

import msgspec
from starlette.responses import Response, StreamingResponse

from catalog_server.facades.web import convert, metrics
from catalog_server.facades.web.bodies import Body
from catalog_server.facades.web.messages import EventPage
from catalog_server.facades.web.routing import Call, Routes
from catalog_server.facades.web.wire import encode
from catalog_server.model.errors import CatalogError, Invalid, Unavailable

if TYPE_CHECKING:
    from catalog_server.services import Services

routes = Routes("Events")
STREAMS_MAX = 64
STREAM_SECONDS_MAX = 900.0
HEARTBEAT_SECONDS = 15.0
POLL_SECONDS = 0.5
BATCH = 500
Number = Annotated[int, msgspec.Meta(ge=0, le=2**62)]


class EventsQuery(Body):
    """Which events are listed."""

    after: Number | None = None
    """Only those numbered higher; left out, the newest ones."""
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 100
    wait_ms: Annotated[int, msgspec.Meta(ge=0, le=30_000)] = 0
    """How long to wait for one where there is none yet."""


class StreamQuery(Body):
    """Where a stream begins."""

    after: Number | None = None
    """After the event of this number; left out, from now on. `Last-Event-ID` wins."""


class Streams:
    """Counts open streams, and tells all of them that the log grew by asking for its end once for all."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.open = 0
        self.latest = 0
        self._grown = asyncio.Event()
        self._watcher: asyncio.Task[None] | None = None

    def check(self) -> None:
        """Raise `Unavailable` when there is no place for another stream."""
        if self.open >= STREAMS_MAX:
            raise Unavailable(f"{STREAMS_MAX} event streams are open already")

    def enter(self) -> None:
        """Take a place; whoever takes one gives it back with `leave`."""
        self.open += 1
        metrics.STREAMS.set(self.open)

    def leave(self) -> None:
        """Give the place back."""
        self.open -= 1
        metrics.STREAMS.set(self.open)

    async def wait(self, call: Call, last: int, seconds: float) -> bool:
        """Wait until the log has an event above `last`; whether it has one."""
        if self._watcher is None or self._watcher.done():
            self._grown = asyncio.Event()
            self._watcher = asyncio.create_task(self._watch(call))
        deadline = time.monotonic() + seconds
        while self.latest <= last:
            left = deadline - time.monotonic()
            if left <= 0 or self.services.closing:
                return False
            try:
                await asyncio.wait_for(self._grown.wait(), left)
            except TimeoutError:
                return False
        return True

    async def _watch(self, call: Call) -> None:
        """Ask for the end of the log as long as somebody listens."""
        while self.open > 0 and not self.services.closing:
            try:
                latest = int(await call.run(self.services.catalog.events.latest))
            except CatalogError:  # the store is away for a moment: whoever asks for events is told so, streams wait
                latest = self.latest
            if latest > self.latest:
                self.latest = latest
                grown, self._grown = self._grown, asyncio.Event()
                grown.set()
            await asyncio.sleep(POLL_SECONDS)
        self._grown.set()


@routes.get("/events")
async def list_events(call: Call, query: EventsQuery) -> EventPage:
    """List events, oldest first."""
    events = call.services.catalog.events
    after = query.after
    if after is None:
        after = max(0, await call.run(events.latest) - query.limit)
    elif query.wait_ms and await call.run(events.latest) <= after:
        call.streams.check()
        call.streams.enter()
        try:
            await call.streams.wait(call, after, query.wait_ms / 1000)
        finally:
            call.streams.leave()
    found, last = await call.run(partial(events.after, call.caller, after, query.limit))
    return EventPage([convert.event(one) for one in found], last)


@routes.get("/events/stream")
async def stream_events(call: Call, query: StreamQuery) -> Response:
    """Follow the log as server-sent events.

    Each event has its number as `id`, the type `catalog` and the event as `data`; a comment comes every 15 seconds when
    nothing happens. The stream ends after 15 minutes; a browser's EventSource goes on by itself with `Last-Event-ID`.
    """
    after = _resumed(call.last_event_id, query.after)
    if after is None:
        after = await call.run(call.services.catalog.events.latest)
    call.streams.check()
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_stream(call, after), media_type="text/event-stream", headers=headers)


def _resumed(last_event_id: str | None, after: int | None) -> int | None:
    if last_event_id is None:
        return after
    if not last_event_id.isascii() or not last_event_id.isdigit() or len(last_event_id) > 18:
        raise Invalid("Last-Event-ID", f"{last_event_id[:40]!r} is not a number")
    return int(last_event_id)


async def _stream(call: Call, last: int) -> AsyncIterator[bytes]:
    deadline = time.monotonic() + STREAM_SECONDS_MAX
    events = call.services.catalog.events
    call.streams.enter()
    try:
        yield b"retry: 2000\n\n"
        while time.monotonic() < deadline and not call.services.closing:
            if not await call.streams.wait(call, last, HEARTBEAT_SECONDS):
                yield b": heartbeat\n\n"
                continue
            found, last = await call.run(partial(events.after, call.caller, last, BATCH))
            for one in found:
                yield b"id: %d\nevent: catalog\ndata: %s\n\n" % (one.number, encode(convert.event(one)))
    finally:
        call.streams.leave()
