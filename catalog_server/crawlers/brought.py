"""What the catalog had before a crawl, what the looks at all targets brought, and what the next crawl is to remember of them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from catalog_server.crawlers.files import Held, Looked
from catalog_server.crawlers.found import FoundTable, Report
from catalog_server.crawlers.manifest import Manifest
from catalog_server.crawlers.reconcile import Changes
from catalog_server.lake.locations import normalize
from catalog_server.model.errors import CatalogError
from catalog_server.model.names import DatabaseName, name_key
from catalog_server.store import tables
from catalog_server.store.transaction import Store


def held_of(store: Store, home: DatabaseName) -> Held:
    """What the catalog has of a database before anything is looked at."""
    with store.read() as tx:
        homes = frozenset(normalize(location) for location in tables.locations(tx, home))
        return tables.versions(tx, home), homes


@dataclass(slots=True)
class Brought:
    """Tables by the keys of their names, and the manifests of their targets."""

    found: dict[str, FoundTable] = field(default_factory=dict)
    kept: dict[str, Mapping[str, object]] = field(default_factory=dict)
    spared: set[str] = field(default_factory=set)
    unread: int = 0
    manifests: list[Manifest] = field(default_factory=list)
    _looked: list[tuple[Looked, set[str]]] = field(default_factory=list)

    def options(self, said: Mapping[str, str]) -> Mapping[str, str]:
        """The crawler's options for what is written: what the store did not give is not gone."""
        return {**said, "on_missing_partition": "keep"} if self.unread else said

    def take(self, target: str, looked: Looked, report: Report) -> None:
        """Add what a target brought; of two tables of one name the first one counts."""
        names = {name_key(one.table.name): one for one in looked.found}
        kept = {name_key(name): entry for name, entry in looked.kept.items()}
        taken = {name for name in (*names, *kept) if name in self.found or name in self.kept}
        for name in sorted(taken):
            report.problem(target, f"a second table of the name {name} is left out")
        self.found |= {name: one for name, one in names.items() if name not in taken}
        self.kept |= {name: entry for name, entry in kept.items() if name not in taken}
        self.spared |= {name_key(name) for name in looked.spared}
        self.unread += looked.unread
        self._looked.append((looked, {*names} - taken))

    def remember(self, changes: Changes, versions: Mapping[str, tuple[int, int, int]]) -> None:
        """Have the next crawl know of what was seen, and of the tables in which there was nothing to change.

        Of none where files could not be read: partitions may have been kept for that reason alone.
        """
        unchanged = () if self.unread else changes.unchanged
        entries = {str(entry["table"]).partition(".")[2]: entry for entry in unchanged}
        settled_names = (entries.keys() & versions.keys()) - changes.unsettled
        for looked, names in self._looked:
            settled = {name: (entries[name], versions[name]) for name in names & settled_names}
            if looked.remember is not None:
                looked.remember(settled)

    def close(self) -> None:
        """Delete what was written to manifests and is not remembered; where that fails, the next crawl does so."""
        for manifest in self.manifests:
            with suppress(CatalogError):
                manifest.discard()
