"""Events that crawlers follow over the JSON API: the door for notifications of object stores, and how far crawlers are."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from catalog_server.crawlers.notifications import told
from catalog_server.facades.web.convert import when
from catalog_server.facades.web.routing import Call, Routes

routes = Routes("Crawlers")
Notification = Annotated[
    Any,
    msgspec.Meta(
        description="What a store sends: Amazon S3's Records (also by SNS or SQS), an event of EventBridge, or one of SeaweedFS; "
        "what Google Cloud Storage tells by Pub/Sub, or Azure by Event Grid."
    ),
]


class Sender(msgspec.Struct, forbid_unknown_fields=True):
    """Who sends notifications."""

    token: str | None = None
    """The crawler's token, where the sender cannot put it into the header Authorization."""


class Received(msgspec.Struct):
    """What was taken: folders of the crawler's targets that will be looked at."""

    folders: int
    validation_response: str | UnsetType = msgspec.field(default=UNSET, name="validationResponse")
    """What Azure's Event Grid waits for before it begins."""


class EventToken(msgspec.Struct):
    """The token that notifications have to show from now on; it is not told again."""

    token: str


class EventStateAnswer(msgspec.Struct):
    """How far a crawler is with its events; `source` is null where it follows none."""

    source: str | None
    by: str | None = None
    has_token: bool = False
    received: int = 0
    waiting: int = 0
    """Folders that were touched and not looked at yet."""
    unsettled: int = 0
    """Folders whose partitions are there, while the figures of their table are still to follow."""
    received_at: int | None = None
    applied_at: int | None = None
    lag_ms: int = 0
    """How long the folder waits that waits longest."""
    confirm_url: str | None = None
    """Where to confirm a subscription of Amazon SNS."""
    skipped: int = 0
    """Messages that could not be understood and were left out."""
    problem: str | None = None
    """Why events could not be had, or what was wrong with a message that was left out; the last of all."""
    problem_at: int | None = None
    crawl: str | None = None
    """The crawl that applies events now."""


@routes.post("/crawlers/{crawler}/events", status=200)
async def send_crawl_events(call: Call, crawler: str, query: Sender, body: Notification) -> Received:
    """Tell a crawler of objects that are new, changed or gone; the answer comes once that cannot be lost any more."""
    loop, done = asyncio.get_running_loop(), asyncio.Event()

    def kept() -> None:
        with suppress(RuntimeError):  # nobody waits any more
            loop.call_soon_threadsafe(done.set)

    events, token = call.services.crawl_events, call.bearer or query.token
    found = told(body)
    letter = events.submit(call.caller, crawler, found, token, kept)
    await done.wait()
    return Received(letter.outcome(), UNSET if found.validation_code is None else found.validation_code)


@routes.get("/crawlers/{crawler}/events")
def get_crawl_events(call: Call, crawler: str) -> EventStateAnswer:
    """Get how far a crawler is with its events."""
    found = call.services.crawl_events.state(call.caller, crawler)
    if found is None:
        return EventStateAnswer(None)
    return EventStateAnswer(
        source=found.source,
        by=found.by,
        has_token=found.has_token,
        received=found.received,
        waiting=found.waiting,
        unsettled=found.unsettled,
        received_at=when(found.received_at),
        applied_at=when(found.applied_at),
        lag_ms=found.lag,
        confirm_url=found.confirm_url,
        skipped=found.skipped,
        problem=found.problem,
        problem_at=when(found.problem_at),
        crawl=found.crawl,
    )


@routes.post("/crawlers/{crawler}/events/token")
def create_crawl_event_token(call: Call, crawler: str) -> EventToken:
    """Make a new token that notifications for a crawler have to show; the one before is worth nothing any more."""
    return EventToken(call.services.crawl_events.new_token(call.caller, crawler))


@routes.delete("/crawlers/{crawler}/events/token")
def drop_crawl_event_token(call: Call, crawler: str) -> None:
    """Have notifications for a crawler need no token."""
    call.services.crawl_events.drop_token(call.caller, crawler)
