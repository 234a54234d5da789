"""The event log over gRPC: by pages, and as a stream that waits for more."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from catalog_server.facades.grpc import convert, metrics
from catalog_server.facades.grpc.call import Call, Noun
from catalog_server.facades.grpc.paging import pieces, size_of
from catalog_server.model.errors import CatalogError, Invalid, Unavailable
from catalog_server.wire import catalog_pb2 as pb

if TYPE_CHECKING:
    from catalog_server.services import Services

BATCH = 500
"""Events that are read at once."""
POLL_SECONDS = 0.5
"""How soon events of other processes are seen; those of this one wake watchers at once."""
WAIT_SECONDS = 60.0
"""After so long a watcher looks for itself, whatever it was told."""


class Events(Noun):
    """The log of what changed."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.tail = Tail(services)

    def list_events(self, call: Call, request: pb.ListEventsRequest) -> pb.ListEventsResponse:
        """Those after a place, oldest first; fewer where they are large."""
        if request.after < 0:
            raise Invalid("after", f"{request.after} is below 0")
        messages, last = self._read(call, request.after, size_of(request))
        return messages[0] if messages else pb.ListEventsResponse(last_number=last)

    def _read(self, call: Call, last: int, count: int) -> tuple[list[pb.ListEventsResponse], int]:
        """The next events in pieces, each with the place it leads to, and the place that was read up to."""
        found, last_read = self.catalog.events.after(call.caller, last, count)
        kept = list(pieces(convert.event(one) for one in found))
        ends = [piece[-1].number for piece in kept[:-1]] + [last_read]
        return [pb.ListEventsResponse(events=p, last_number=n) for p, n in zip(kept, ends, strict=False)], last_read

    async def watch(self, call: Call, request: pb.WatchRequest) -> AsyncIterator[pb.WatchResponse]:
        """Those after a place, and all that come, until the client leaves or the server stops."""
        with self.tail.seat(call):
            latest = await call.run(self.catalog.events.latest)
            last = request.after if request.HasField("after") else latest
            if not 0 <= last <= latest:
                raise Invalid("after", f"{last} is no number of the log, which goes from 0 to {latest}")
            yield pb.WatchResponse(last_number=last)
            while not self.services.closing:
                seen = self.tail.written
                messages, read = await call.run(self._read, call, last, BATCH)
                for message in messages:
                    yield pb.WatchResponse(events=message.events, last_number=message.last_number)
                if read == last:
                    await self.tail.wait(seen)
                elif not messages:
                    yield pb.WatchResponse(last_number=read)
                last = read
        raise Unavailable(f"the server is stopping; go on after event {last}")


class Tail:
    """The end of the log, looked at for all watchers together as long as there are any."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.written = 0
        """Grows with what was written; a watcher that saw it before it read has missed nothing."""
        self._open = 0
        self._latest = -1
        self._grown = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._looking: asyncio.Task[None] | None = None
        services.catalog.events.listen(self._wake)

    @contextmanager
    def seat(self, call: Call) -> Iterator[None]:
        """A place among the watchers. Raises `Unavailable` when there is none."""
        if self._open >= self.services.config.grpc.watches_max:
            raise Unavailable(f"{self._open} streams of events are open already (grpc.watches_max)")
        self._loop = asyncio.get_running_loop()
        self._open += 1
        metrics.WATCHES.set(self._open)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(call))
        try:
            yield
        finally:
            self._open -= 1
            metrics.WATCHES.set(self._open)

    async def wait(self, seen: int) -> None:
        """Wait until something was written since `seen`, or the server stops, or for a while."""
        deadline = time.monotonic() + WAIT_SECONDS
        while self.written == seen and not self.services.closing:
            left = deadline - time.monotonic()
            if left <= 0:
                return
            try:
                await asyncio.wait_for(self._grown.wait(), left)
            except TimeoutError:
                return

    def close(self) -> None:
        """Wake all watchers, so that they see that the server stops."""
        self._grew()
        if self._looking is not None:
            self._looking.cancel()

    def _wake(self) -> None:
        """Called in any thread after a write of this process."""
        loop = self._loop
        if self._open and loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._grew)

    def _grew(self) -> None:
        self.written += 1
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()

    async def _look(self, call: Call) -> None:
        """Ask for the end of the log, for what other processes write."""
        while self._open and not self.services.closing:
            try:
                latest = await call.run(self.services.catalog.events.latest)
            except CatalogError:  # the store is away for a moment: whoever reads is told so, whoever waits waits
                latest = self._latest
            if latest != self._latest:
                self._latest = latest
                self._grew()
            await asyncio.sleep(POLL_SECONDS)
