"""What copying and comparing have in common: what of the source is meant, how far the work is, when it is to stop."""

from __future__ import annotations

import fnmatch
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from catalog_server.catalog.catalog import CatalogService
from catalog_server.hive.source import Source
from catalog_server.model.caller import Caller
from catalog_server.model.errors import Cancelled, Invalid
from catalog_server.model.hive_migration import HiveMigration, MigrationItem
from catalog_server.model.names import name_key
from catalog_server.store import hive_migrations as rows
from catalog_server.store.transaction import Transaction

TABLES_AT_ONCE = 100
DIFFERENCES_MAX = 20
"""Differences of one object that are listed; the others are counted."""

DATABASE, TABLE, FUNCTION = "database", "table", "function"


@dataclass
class Work:
    """One migration while it is done."""

    catalog: CatalogService
    source: Source
    migration: HiveMigration
    caller: Caller
    cancelled: Callable[[], bool]
    tell: Callable[[Mapping[str, object]], None]
    tables_total: int = 0
    tables_done: int = 0
    partitions_done: int = 0
    began_at: float = field(default_factory=time.monotonic)

    def step(self, doing: str) -> None:
        """Say what is being done; raises `Cancelled` when somebody asked for it."""
        if self.cancelled():
            raise Cancelled("the migration was cancelled")
        self.tell(self.progress(doing))

    def progress(self, doing: str) -> dict[str, object]:
        """How far the work is."""
        seconds = max(0.001, time.monotonic() - self.began_at)
        return {
            "phase": doing,
            "done": self.tables_done,
            "total": self.tables_total,
            "partitions": self.partitions_done,
            "partitions_per_second": round(self.partitions_done / seconds),
        }

    def databases(self) -> list[str]:
        """Databases of the source that are meant; raises `Invalid` when the source lacks the catalog."""
        remote = self.migration.options.remote
        if name_key(remote) not in map(name_key, self.source.catalogs()):
            raise Invalid("catalog", f"{self.source.where} has no catalog {remote}")
        patterns = [name_key(one) for one in self.migration.options.databases]
        found = self.source.database_names()
        return [one for one in found if any(fnmatch.fnmatchcase(name_key(one), pattern) for pattern in patterns)]

    def note(self, tx: Transaction, items: Sequence[MigrationItem]) -> None:
        """Keep what became of objects, in the transaction that did it."""
        rows.put(tx, self.migration.id, items)

    def keep(self, items: Sequence[MigrationItem]) -> None:
        """Keep what became of objects of which nothing was written."""
        if items:
            self.catalog.store.write(lambda tx: self.note(tx, items))

    def held(self, kind: str, names: Sequence[str]) -> dict[str, MigrationItem]:
        """What is known already of objects: a migration that was interrupted goes on."""
        with self.catalog.store.read() as tx:
            return rows.of_names(tx, self.migration.id, kind, names)


def chunks(names: Sequence[str]) -> Iterator[list[str]]:
    """Names in pieces of a size that is read and written at once."""
    for start in range(0, len(names), TABLES_AT_ONCE):
        yield list(names[start : start + TABLES_AT_ONCE])
