"""Pages and pieces of streams: how much of what is found goes into one message."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from google.protobuf.message import Message

from catalog_server.facades.grpc.masks import mask_tree, masked
from catalog_server.model.errors import Invalid

Found = TypeVar("Found")
Shown = TypeVar("Shown", bound=Message)
PAGE_SIZE, PAGE_SIZE_MAX = 100, 1000
NUMBER_MAX = 1 << 62
PAGE_BYTES_MAX = 2 << 20
"""A page ends when it is so large: clients take 4 MiB unless they say otherwise."""
PIECE_BYTES_MAX = 256 << 10
"""A message of a stream ends when it is so large."""


def size_of(request: Any) -> int:
    """How many items are asked for. Raises `Invalid`."""
    size: int = request.page_size
    if not 0 <= size <= PAGE_SIZE_MAX:
        raise Invalid("page_size", f"{size} is not from 1 to {PAGE_SIZE_MAX}")
    return size or PAGE_SIZE


def token(place: str | int) -> str:
    """The token of a place in a list: a text or a number."""
    return base64.urlsafe_b64encode(json.dumps([place]).encode()).rstrip(b"=").decode()


def place(given: str, start: Found) -> Found:
    """The place that a token holds, `start` when there is none. Raises `Invalid` for a token that is not ours."""
    if not given:
        return start
    try:
        raw = base64.b64decode(given.encode("ascii") + b"=" * (-len(given) % 4), altchars=b"-_", validate=True)
        (found,) = json.loads(raw)
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise Invalid("page_token", "was not given by this server") from error
    is_number = isinstance(found, int) and not isinstance(found, bool) and 0 <= found <= NUMBER_MAX
    if type(found) is not type(start) or not (is_number or (isinstance(found, str) and "\x00" not in found)):
        raise Invalid("page_token", "was not given by this server")
    return found


def page(
    found: Sequence[Found],
    kind: type[Shown],
    show: Callable[[Found], Shown],
    place_of: Callable[[Found], str | int],
    request: Any,
) -> tuple[list[Shown], str]:
    """The messages of a page and the token of the next; `found` holds one more than the page, if there is one."""
    size, tree, kept, held = size_of(request), mask_tree(request.read_mask, kind.DESCRIPTOR), list[Shown](), 0
    for one in found[:size]:
        message = masked(show(one), tree)
        held += message.ByteSize()
        if kept and held > PAGE_BYTES_MAX:
            break
        kept.append(message)
    return kept, token(place_of(found[len(kept) - 1])) if len(kept) < len(found) else ""


def pieces(messages: Iterable[Shown]) -> Iterator[list[Shown]]:
    """Messages in lists, each of a size that may be sent at once; none of them is empty."""
    kept, held = list[Shown](), 0
    for message in messages:
        size = message.ByteSize()
        if kept and held + size > PIECE_BYTES_MAX:
            yield kept
            kept, held = [], 0
        kept.append(message)
        held += size
    if kept:
        yield kept
