"""The event log, as a client sees it: pages, and a stream that survives the server's restarts."""

from __future__ import annotations

import time
from collections.abc import Iterator

from catalog_server.client.definitions import Noun
from catalog_server.model.errors import Unavailable
from catalog_server.wire import catalog_pb2 as pb

PAUSE_SECONDS_MIN, PAUSE_SECONDS_MAX = 0.1, 2.0


class Events(Noun):
    """The log of what changed."""

    def list(self, after: int = 0, count: int = 100) -> pb.ListEventsResponse:
        """Those numbered above `after`, oldest first, and how far the log was read."""
        request = pb.ListEventsRequest(after=after, page_size=count)
        found: pb.ListEventsResponse = self._channel.ask("Events/ListEvents", request)
        return found

    def watch(self, after: int | None = None, *, patience_seconds: float = 60.0) -> Iterator[pb.Event]:
        """Those numbered above `after` (else those from now on), in order and without a gap, and all that come.

        While the server does not answer it is asked again, for `patience_seconds`; then `Unavailable` is raised.
        """
        silent_since, pause = time.monotonic(), PAUSE_SECONDS_MIN
        while True:
            try:
                for answer in self._channel.stream("Events/Watch", pb.WatchRequest(after=after)):
                    for event in answer.events:
                        after = event.number
                        yield event
                    after, pause = answer.last_number, PAUSE_SECONDS_MIN
                    silent_since = time.monotonic()
            except Unavailable:
                if time.monotonic() - silent_since > patience_seconds and pause >= PAUSE_SECONDS_MAX:
                    raise
            time.sleep(pause)
            pause = min(pause * 2, PAUSE_SECONDS_MAX)
