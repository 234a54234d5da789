"""One request as the noun files see it, and the pieces of an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import unquote_plus

import msgspec
from starlette.datastructures import Headers
from starlette.responses import Response

from catalog_server.facades.iceberg import convert
from catalog_server.facades.iceberg.again import RestsUpon
from catalog_server.facades.iceberg.bodies import Bodies
from catalog_server.facades.iceberg.convert import LEVEL_SEPARATOR
from catalog_server.facades.iceberg.errors import JSON_TYPE
from catalog_server.model.caller import Caller
from catalog_server.model.errors import Invalid, NotFound
from catalog_server.model.names import DatabaseName, TableName, join_levels
from catalog_server.services import Services

T = TypeVar("T")
PAGE_SIZE_MAX = 1000


@dataclass(frozen=True, slots=True)
class Call:
    """A decoded request; `path` holds the values of the route's variables, already percent-decoded."""

    services: Services
    caller: Caller
    catalog: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Headers
    body: bytes
    bodies: Bodies
    prefix: str | None = None
    """The catalog as the path names it, None where it does not."""
    query_text: str = ""
    """The query as it was sent, in which an encoded comma is told from one that is not."""
    rests_upon: RestsUpon = field(default_factory=RestsUpon)
    """What the answer rests upon, as far as the handler has said."""

    def read(self, type_: type[T]) -> T:
        """The body as a `type_`.

        Raises:
            Invalid: not JSON, or not of that shape.
        """
        try:
            return msgspec.json.decode(self.body, type=type_)
        except RecursionError as error:
            raise Invalid("body", "nests too deep") from error
        except (msgspec.DecodeError, ValueError) as error:
            raise Invalid("body", str(error)) from error

    @property
    def database(self) -> DatabaseName:
        """The namespace in the path; one whose level holds a dot, which none can have, is `NotFound`."""
        path = self.path["namespace"].split(LEVEL_SEPARATOR)
        if any("." in level for level in path):
            raise NotFound("namespace", ".".join(path))
        return DatabaseName(self.catalog, database_of(path))

    @property
    def table(self) -> TableName:
        """The table in the path."""
        return self.database.table(self.path["table"])

    @property
    def view(self) -> TableName:
        """The view in the path."""
        return self.database.table(self.path["view"])

    def flag(self, name: str) -> bool:
        """A query parameter that is `true` or `false`, absent meaning false."""
        value = self.query.get(name, "false").lower()
        if value not in ("true", "false"):
            raise Invalid(name, f"must be true or false, not {value}")
        return value == "true"

    def check_views(self) -> None:
        """Refuse a malformed `referenced-by`: views, the outermost first, through which a thing is loaded.

        A chain of views opens nothing here. Whoever loads a table needs a grant on the table itself, since a view has no
        rights of its own, and so the views are not looked up.
        """
        for pair in self.query_text.split("&"):
            name, _, value = pair.partition("=")
            if unquote_plus(name) == "referenced-by":
                convert.check_view_chain(value)

    @property
    def page(self) -> tuple[str | None, int | None]:
        """Token and size of the page asked for; size is None when the client did not ask for pages."""
        token, size = self.query.get("pageToken"), self.query.get("pageSize")
        if size is not None and not (size.isascii() and size.isdigit() and int(size[:9]) > 0):
            raise Invalid("pageSize", f"must be a positive number, not {size}")
        if size is None and token is None:
            return None, None
        return token or None, min(int(size[:9]) if size else PAGE_SIZE_MAX, PAGE_SIZE_MAX)


def database_of(levels: list[str]) -> str:
    """The database behind a namespace; a level that is empty or holds a dot is refused as `Invalid`."""
    return join_levels(levels)


def json_answer(value: object, code: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON response."""
    return Response(msgspec.json.encode(value), code, headers, JSON_TYPE)


def nothing() -> Response:
    """204 without a body."""
    return Response(status_code=204)


def done(call: Call) -> Response:  # noqa: ARG001
    """204 for a change that was made before."""
    return nothing()
