"""Routes of the JSON API: an operation is a typed function, and its types are its decoder, its encoder and its documentation."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote

import msgspec
from anyio import to_thread

from catalog_server.model.caller import Caller
from catalog_server.model.errors import Invalid

if TYPE_CHECKING:
    from catalog_server.services import Services

Handler = TypeVar("Handler", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Call:
    """What every operation is given first: the services, who asks, and where the server is reached."""

    services: Services
    caller: Caller
    base_url: str = ""
    """Scheme, host and port by which the client reached us, without a slash at the end."""
    last_event_id: str | None = None
    run: Callable[[Callable[[], Any]], Awaitable[Any]] = to_thread.run_sync
    """Runs something that waits for the store in one of the server's threads, for operations that are coroutines."""
    streams: Any = None
    """The open event streams (`events.Streams`)."""
    bearer: str | None = None
    """The bearer token that the client shows, for the operations that ask for one."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the API: `path` is relative to `/api/v1` and holds `{name}` parts."""

    method: str
    path: str
    tag: str
    handler: Callable[..., Any]
    status: int
    parameters: dict[str, type] = field(default_factory=dict)
    """Path parameters by name, `str` or `int`."""
    query: type[msgspec.Struct] | None = None
    body: Any = None
    answer: Any = None

    @property
    def name(self) -> str:
        """The operation's id, unique in the API."""
        return self.handler.__name__

    @property
    def pattern(self) -> re.Pattern[str]:
        """A regular expression over the still encoded path."""
        return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(self.path)))

    @property
    def is_async(self) -> bool:
        """Whether the handler waits for something and must not hold a thread meanwhile."""
        return inspect.iscoroutinefunction(self.handler)


class Routes:
    """The operations of one noun, collected by decorators."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.operations: list[Operation] = []

    def get(self, path: str) -> Callable[[Handler], Handler]:
        """A read; answers 200."""
        return self._add("GET", path, 200)

    def post(self, path: str, status: int = 201) -> Callable[[Handler], Handler]:
        """A creation (201) or, with another status, an act."""
        return self._add("POST", path, status)

    def patch(self, path: str) -> Callable[[Handler], Handler]:
        """A change of what is named; what is left out stays as it is."""
        return self._add("PATCH", path, 200)

    def delete(self, path: str, status: int = 204) -> Callable[[Handler], Handler]:
        """A removal (204) or a request to stop (202)."""
        return self._add("DELETE", path, status)

    def _add(self, method: str, path: str, status: int) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            self.operations.append(_operation(method, path, self.tag, handler, status))
            return handler

        return register


def _operation(method: str, path: str, tag: str, handler: Callable[..., Any], status: int) -> Operation:
    resolved = typing.get_type_hints(handler, include_extras=True)
    resolved.pop("call")
    answer = resolved.pop("return", None)
    query = resolved.pop("query", None)
    body = resolved.pop("body", None)
    named = set(re.findall(r"\{(\w+)\}", path))
    if named != set(resolved):
        raise TypeError(f"{handler.__name__} takes {sorted(resolved)}, its path names {sorted(named)}")
    return Operation(method, path, tag, handler, status, resolved, query, body, answer)


class Router:
    """Finds the operation of a method and a path; a path is matched before it is decoded, so names may hold slashes."""

    def __init__(self, operations: list[Operation]) -> None:
        self._table = [(operation.pattern, operation) for operation in operations]
        self._plain: dict[str, list[Operation]] = {}
        for operation in operations:
            if "{" not in operation.path:
                self._plain.setdefault(operation.path, []).append(operation)

    def find(self, method: str, path: str) -> tuple[Operation | None, dict[str, str], tuple[str, ...]]:
        """The operation, its path parameters (decoded), and the methods that the path allows (empty: no such path)."""
        allowed = []
        for operation in self._plain.get(path, ()):
            if operation.method == method:
                return operation, {}, ()
            allowed.append(operation.method)
        if not allowed:
            for pattern, operation in self._table:
                match = pattern.fullmatch(path)
                if match is None:
                    continue
                if operation.method == method:
                    return operation, _decoded(match.groupdict()), ()
                allowed.append(operation.method)
        return None, {}, tuple(dict.fromkeys(allowed))


def _decoded(parts: dict[str, str]) -> dict[str, str]:
    try:
        decoded = {name: unquote(part, errors="strict") for name, part in parts.items()}
    except UnicodeDecodeError as error:
        raise Invalid("path", "is not UTF-8 once percent-decoded") from error
    for name, part in decoded.items():
        if "\x00" in part:
            raise Invalid(name, "holds a NUL character")
    return decoded
