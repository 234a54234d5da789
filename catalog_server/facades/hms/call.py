"""What a handler of a Thrift method is given and how it says where it is to run."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from catalog_server.facades.common.turns import Contended

Handler = Callable[["Context", Any], Any]
"""`handler(context, arguments)` answers one call; it is plain synchronous code.

`arguments` has the method's arguments as attributes. It returns the value of the method, or that value already encoded
(bytes, in the protocol that `context.compact` tells; see encode.py), or an iterator of pieces of these bytes, which is
sent as it comes. It raises one of the exceptions that the method declares; `codec.ApplicationError`; `CloseConnection`.
Anything else is logged, and the client hears of an internal error.
"""

_Function = TypeVar("_Function", bound=Callable[..., Any])


class Lane(StrEnum):
    """Where a handler runs: on the event loop, in the threads for all calls, or in the few for large answers."""

    INLINE = "inline"
    ORDINARY = "ordinary"
    LARGE = "large"


class CloseConnection(Exception):
    """Closes the client's connection without an answer, since what became of the call is not known."""


@dataclass(slots=True)
class Context:
    """One connection, as a handler sees it; a connection has one call in flight at a time."""

    peer: str
    """The client's address."""
    client: int
    """A number of the connection, never used twice by one server."""
    compact: bool = False
    """Whether the client speaks the compact protocol."""
    method: str = ""
    """The name of the method that is being called."""
    scopes: tuple[tuple[str, ...], ...] | None = None
    """What the answer in the making rests upon, if it may be remembered (see remembered.py)."""
    contended: Contended | None = None
    """What the call tried to change, where many may try at once (see turns.py)."""
    state: dict[str, Any] = field(default_factory=dict)
    """What handlers want to know again at later calls of the same connection, such as the user named by set_ugi."""


def inline(handler: _Function) -> _Function:
    """Mark a handler that neither waits nor computes for long: it runs on the event loop."""
    handler.lane = Lane.INLINE  # type: ignore[attr-defined]
    return handler


def large(handler: _Function) -> _Function:
    """Mark a handler whose answers may be large: it runs in a lane of its own and holds up no ordinary call."""
    handler.lane = Lane.LARGE  # type: ignore[attr-defined]
    return handler


def lane_of(handler: Handler) -> Lane:
    """Where a handler is to run."""
    return getattr(handler, "lane", Lane.ORDINARY)
