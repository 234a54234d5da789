"""Where Iceberg tables and views may lie: asked before anything is written, and once more when the row is.

A folder that two tables share is lost to both when one of them is purged, and keys to the one open the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from catalog_server.catalog.core import Core
from catalog_server.lake import locations
from catalog_server.model.errors import CatalogError, Invalid
from catalog_server.store import catalogs, table_locations
from catalog_server.store.transaction import Transaction

PATHS = ("write.metadata.path", "write.data.path", "write.object-storage.path", "write.folder-storage.path")
"""Properties that send files elsewhere than below the table's location."""


class TableLocations:
    """The rules; `allowed` are the folders beside the warehouse that tables may lie in, none meaning every folder."""

    def __init__(self, core: Core, allowed: tuple[str, ...]) -> None:
        self.core = core
        self.allowed = allowed

    def check(self, catalog: str, document: Mapping[str, Any], *, before: Mapping[str, Any] | None = None) -> None:
        """Refuse places that a document names (and that the one before it did not) outside a catalog's allowed folders.

        Raises `Invalid`, and what `locations.parse` raises.
        """
        held = frozenset() if before is None else frozenset(places(before))
        wanted = [place for place in places(document) if place not in held]
        if not wanted:
            return
        for place in wanted:
            locations.parse(place)
        if self.allowed:
            folders = self._allowed(catalog)
            for place in wanted:
                if not any(lies_in(place, folder) for folder in folders):
                    raise Invalid("location", f"{place} is outside the folders that tables of this catalog may lie in")

    def check_apart(
        self, document: Mapping[str, Any], *, before: Mapping[str, Any] | None = None, but: int = 0
    ) -> None:
        """Refuse places that overlap with those of another table than the one with the id `but`; raises `Invalid`."""
        held = frozenset() if before is None else frozenset(places(before))
        wanted = [place for place in places(document) if place not in held]
        if wanted:
            with self.core.store.read() as tx:
                for place in wanted:
                    self._check(tx, place, locations.spellings(place), but)

    def check_in(self, tx: Transaction, location: str, but: int) -> None:
        """The same for one location in a running transaction, which others who want an overlapping one wait for."""
        forms = locations.spellings(location)
        table_locations.hold(tx, forms)
        self._check(tx, location, forms, but)

    @staticmethod
    def _check(tx: Transaction, location: str, forms: Sequence[Sequence[str]], but: int) -> None:
        other = table_locations.overlapping(tx, forms, but=but)
        if other is not None:
            where = f"{other.database}.{other.table}"
            raise Invalid("location", f"{location} overlaps with the location of another table: {where}")

    def _allowed(self, name: str) -> list[str]:
        with self.core.store.read() as tx:
            catalog = catalogs.get(tx, self.core.catalog_name(name))
        own = self.core.warehouse, catalog and catalog.location
        return [*self.allowed, *(folder for folder in own if folder)]


def places(document: Mapping[str, Any]) -> list[str]:
    """The folders that a document sends files to, its location first."""
    properties = document.get("properties") or {}
    named = (document.get("location"), *(properties.get(key) for key in PATHS))
    return [str(place) for place in named if place]


def lies_in(location: str, folder: str) -> bool:
    """Whether a location lies in a folder, links of local folders followed."""
    try:
        return locations.is_under(locations.resolved(location), locations.resolved(folder))
    except CatalogError:
        return False
