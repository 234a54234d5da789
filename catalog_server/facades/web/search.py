"""Search over the JSON API: databases, tables and columns by words, connections, crawlers and jobs by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from catalog_server.facades.web.convert import COMMENT
from catalog_server.facades.web.messages import Hit, Page
from catalog_server.facades.web.paging import Paged, place, token
from catalog_server.facades.web.routing import Call, Routes
from catalog_server.model.errors import NotFound
from catalog_server.model.names import DatabaseName, words
from catalog_server.model.table import Table

if TYPE_CHECKING:
    from catalog_server.catalog.search import Hit as Found

routes = Routes("Search")
Kind = Literal["table", "view", "column", "database", "connection", "crawler", "job"]
BATCH = 200


class SearchQuery(Paged):
    """What is searched for."""

    q: Annotated[str, msgspec.Meta(max_length=500, description="Words, each as the beginning of one.")]
    kind: Kind | None = None


@routes.get("/search")
def search(call: Call, query: SearchQuery) -> Page[Hit]:
    """Find what holds all words of `q` in its name, columns, comments or parameters, best first."""
    wanted = words(query.q)
    skip = place(query.page_token, int) or 0
    size = query.page_size + 1 if query.kind is None else max(query.page_size + 1, BATCH)
    hits: list[Hit] = []
    if skip == 0:
        hits += _named(call, wanted, query.kind)
    while wanted and query.kind not in ("connection", "crawler", "job"):
        batch = call.services.catalog.search.find(call.caller, query.q, skip=skip, count=size)
        tables = _tables(call, batch)
        for found in batch:
            if len(hits) >= query.page_size:
                return Page(hits, token(skip))
            skip += 1
            hit = _hit(call, found, tables, wanted)
            if hit is not None and (query.kind in (None, hit.kind) or (query.kind == "column" and hit.column)):
                hits.append(hit)
        if len(batch) < size:
            break
    return Page(hits)


def _tables(call: Call, batch: Sequence[Found]) -> dict[tuple[str, str, str], Table]:
    """The tables among what was found, by name: one read for each database."""
    names: dict[tuple[str, str], list[str]] = {}
    for found in batch:
        if found.table is not None:
            names.setdefault((found.catalog, found.database), []).append(found.table)
    tables = call.services.catalog.tables
    return {
        (table.catalog, table.database, table.name): table
        for (catalog, database), inside in names.items()
        for table in tables.get_many(call.caller, DatabaseName(catalog, database), inside)
    }


def _hit(call: Call, found: Found, tables: dict[tuple[str, str, str], Table], wanted: Sequence[str]) -> Hit | None:
    if found.table is None:
        try:
            database = call.services.catalog.databases.get(call.caller, DatabaseName(found.catalog, found.database))
        except NotFound:  # dropped between the search and this look
            return None
        parts = {"name": [database.name], "comment": [database.comment or ""], "parameter": _flat(database.parameters)}
        matched = _matched(parts, wanted)
        return _of("database", found, database.name, None, database.comment, None, matched)
    table = tables.get((found.catalog, found.database, found.table))
    if table is None:
        return None
    columns = [*table.columns, *table.partition_keys]
    comment = table.parameters.get(COMMENT)
    parts = {
        "name": [table.name],
        "column": [column.name for column in columns],
        "comment": [comment or "", *(column.comment or "" for column in columns)],
        "parameter": _flat({k: v for k, v in table.parameters.items() if k != COMMENT}),
    }
    named = next((column.name for column in columns if _holds(column.name, wanted)), None)
    kind = "view" if table.is_view else "table"
    return _of(kind, found, table.name, named, comment, table.format, _matched(parts, wanted))


def _of(
    kind: str,
    found: Found,
    name: str,
    column: str | None,
    comment: str | None,
    format: str | None,
    matched: list[str],
) -> Hit:
    return Hit(kind, found.catalog, found.database, name, column, comment, format, matched, -found.rank)


def _flat(parameters: Mapping[str, str]) -> list[str]:

    return [text for pair in parameters.items() for text in pair]


def _matched(parts: dict[str, list[str]], wanted: Sequence[str]) -> list[str]:
    return [part for part, texts in parts.items() if any(_holds(text, wanted) for text in texts)]


def _holds(text: str, wanted: Sequence[str]) -> bool:
    """Whether any wanted word begins a word of the text."""
    return any(word.startswith(one) for word in words(text) for one in wanted)


def _named(call: Call, wanted: Sequence[str], kind: str | None) -> list[Hit]:
    services, found = call.services, []
    sources = (
        ("connection", services.catalog.connections.list),
        ("crawler", services.crawls.list),
        ("job", services.jobs.list),
    )
    for source, listed in sources:
        if kind not in (None, source) or not wanted:
            continue
        for one in listed(call.caller):
            held = words(one.name)
            if all(any(word.startswith(part) for word in held) for part in wanted):
                found.append(Hit(source, None, None, one.name, None, one.comment, None, ["name"], 0.0))
    return found
