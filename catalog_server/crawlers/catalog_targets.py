"""Targets that are tables of the catalog: how they are written, and which tables they name.

`catalog:DATABASE/TABLE`, where `%` stands for any characters and a table that is left out for all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from catalog_server.catalog.catalog import CatalogService
from catalog_server.crawlers.sources import matches
from catalog_server.model.caller import Caller
from catalog_server.model.crawler import Crawler
from catalog_server.model.errors import Invalid, NotFound
from catalog_server.model.names import DatabaseName
from catalog_server.model.table import Table

SCHEME = "catalog:"
_ANY = "%"
_BATCH = 200


@dataclass(frozen=True, slots=True)
class CatalogTarget:
    """`catalog:DATABASE/TABLE` taken apart."""

    database: str
    table: str = _ANY


def parse_catalog_target(text: str) -> CatalogTarget:
    """Take a target of the catalog apart; raises `Invalid`."""
    parts = text.removeprefix(SCHEME).rstrip("/").split("/")
    if not text.startswith(SCHEME) or len(parts) > 2 or not all(parts):
        raise Invalid("target", f"{text!r} is not of the form catalog:DATABASE/TABLE, where % stands for any")
    return CatalogTarget(*parts)


def are_all(targets: Sequence[str]) -> bool:
    """Whether all of a crawler's targets are of the catalog; raises `Invalid` where some are and others are not."""
    count = sum(one.startswith(SCHEME) for one in targets)
    if 0 < count < len(targets):
        raise Invalid("targets", "of the catalog make no tables, and others do: give them a crawler of their own")
    return count > 0


def with_database(crawler: Crawler) -> Crawler:
    """The crawler with the database of its first target, where that is of the catalog and nothing else is said."""
    if not are_all(crawler.targets) or crawler.database:
        return crawler
    database = parse_catalog_target(crawler.targets[0]).database
    if _ANY in database:
        raise Invalid("database", f"must be said, since {crawler.targets[0]} names several")
    return replace(crawler, database=database)


def tables_of(catalog: CatalogService, caller: Caller, name: str, target: CatalogTarget) -> Iterator[Table]:
    """The tables of the catalog called `name` that a target names, as far as the caller may see them.

    Raises `NotFound` for a database or a table that is named and not there.
    """
    for database in _databases(catalog, caller, name, target):
        found = [one for one in catalog.tables.list_names(caller, database) if matches(target.table, one)]
        if not found and _ANY not in target.table:
            raise NotFound("table", f"{database}.{target.table}")
        for at in range(0, len(found), _BATCH):
            yield from catalog.tables.get_many(caller, database, found[at : at + _BATCH])


def _databases(catalog: CatalogService, caller: Caller, name: str, target: CatalogTarget) -> list[DatabaseName]:
    if _ANY not in target.database:
        found = catalog.databases.get(caller, DatabaseName(name, target.database))
        return [DatabaseName(name, found.name)]
    every = catalog.databases.list(caller, name)
    matching = [DatabaseName(name, one.name) for one in every if matches(target.database, one.name)]
    if not matching:
        raise NotFound("database", f"{name}.{target.database}")
    return matching
