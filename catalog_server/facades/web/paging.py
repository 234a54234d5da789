"""Pages of lists: tokens that hold where the next page begins, so that the server keeps nothing between two."""

from __future__ import annotations

import base64
import binascii
import fnmatch
import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

import msgspec

from catalog_server.model.errors import Invalid
from catalog_server.model.names import name_key

Found = TypeVar("Found")
PAGE_SIZE = 100
NUMBER_MAX = 2**62
SCANNED = 1000
"""Names looked at in one step where a filter may leave few of them."""
PageSize = Annotated[int, msgspec.Meta(ge=1, le=1000, description="Items of a page.")]
PageToken = Annotated[str, msgspec.Meta(max_length=4000, description="`next_page_token` of the page before.")]
Filter = Annotated[
    str,
    msgspec.Meta(
        max_length=300, description="Only names that hold this text; with `*` or `?` names that fit it as a pattern."
    ),
]


class Paged(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which page of a list is asked for."""

    page_token: PageToken | None = None
    page_size: PageSize = PAGE_SIZE


class Filtered(Paged, kw_only=True):
    """A page of a list, of some names only."""

    filter: Filter | None = None


def token(place: Any) -> str:
    """The token of a place in a list: a text or a number."""
    return base64.urlsafe_b64encode(msgspec.json.encode([place])).rstrip(b"=").decode()


def place(given: str | None, kind: type[Found]) -> Found | None:
    """The place that a token holds; raises `Invalid` for a token that is not ours."""
    if given is None:
        return None
    try:
        raw = base64.b64decode(given.encode("ascii") + b"=" * (-len(given) % 4), altchars=b"-_", validate=True)
        found: Any = msgspec.json.decode(raw, type=tuple[kind])[0]  # type: ignore[valid-type]
    except (ValueError, binascii.Error, msgspec.MsgspecError, RecursionError) as error:
        raise Invalid("page_token", "was not given by this server") from error
    for part in found if isinstance(found, tuple) else (found,):
        if (isinstance(part, int) and not 0 <= part <= NUMBER_MAX) or (isinstance(part, str) and "\x00" in part):
            raise Invalid("page_token", "was not given by this server")
    return found  # type: ignore[no-any-return]


def sliced(items: Sequence[Found], paged: Paged) -> tuple[list[Found], str | None]:
    """One page of a list that is there whole, and the token of the next."""
    start = place(paged.page_token, int) or 0
    end = start + paged.page_size
    return list(items[start:end]), token(end) if end < len(items) else None


def collected(
    fetch: Callable[[str, int], Sequence[Found]], name: Callable[[Found], str], asked: Filtered
) -> tuple[list[Found], str | None]:
    """One page of names in order: `fetch(after, count)` is asked on until enough of them fit the filter.

    Returns the page and the token of the next, which holds the key of the last name that was looked at.
    """
    fits = pattern(asked.filter)
    size = max(asked.page_size + 1, SCANNED) if asked.filter else asked.page_size + 1
    after = place(asked.page_token, str) or ""
    kept: list[Found] = []
    while True:
        batch = fetch(after, size)
        for item in batch:
            if len(kept) == asked.page_size:
                return kept, token(after)
            after = name_key(name(item))
            if fits(name(item)):
                kept.append(item)
        if len(batch) < size:
            return kept, None


def pattern(filter: str | None) -> Callable[[str], bool]:
    """Whether a name fits a filter: holds it, or matches it as a whole where it has `*` or `?`."""
    if not filter:
        return lambda _name: True
    wanted = name_key(filter)
    if not any(mark in wanted for mark in "*?"):
        return lambda name: wanted in name_key(name)
    compiled = re.compile(fnmatch.translate(wanted.replace("[", "[[]")), re.DOTALL)
    return lambda name: compiled.match(name_key(name)) is not None


def literal(filter: str | None) -> str:
    """The longest part of a filter that a name must hold, for the store to narrow by."""
    return max(re.split(r"[*?]", filter or ""), key=len)
