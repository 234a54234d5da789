"""What a crawl changed, change set by change set, so that it can be told and undone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from catalog_server.model.names import DatabaseName, TableName


class CrawlChangeKind(StrEnum):
    """What was done."""

    DATABASE_CREATED = "database_created"
    TABLE_CREATED = "table_created"
    TABLE_CHANGED = "table_changed"
    TABLE_DROPPED = "table_dropped"
    PARTITIONS_ADDED = "partitions_added"
    PARTITIONS_CHANGED = "partitions_changed"
    PARTITIONS_DROPPED = "partitions_dropped"
    STATISTICS_CHANGED = "statistics_changed"


@dataclass(frozen=True, slots=True)
class CrawlChange:
    """One change set of a crawl: one transaction that it made."""

    crawl: str
    kind: CrawlChangeKind
    catalog: str
    database: str
    table: str | None = None
    """None where the change is about a database."""
    object_id: int = 0
    """Of the table; of a database with a minus, since both are numbered from 1."""
    version: int = 0
    """Of the table's definition after the change."""
    partition_change: int = 0
    """The last row in the history of the table's partitions after the change."""
    size: int = 1
    """How many things were changed: partitions, or one table."""
    at: int = 0
    undone_at: int | None = None
    undone_by: str | None = None
    """The id of the undo, which is a crawl too."""
    id: int = 0

    @property
    def full_name(self) -> TableName:
        """The name that the table had."""
        return TableName(self.catalog, self.database, self.table or "")

    @property
    def home(self) -> DatabaseName:
        """The database that it is about, or in."""
        return DatabaseName(self.catalog, self.database)


@dataclass(frozen=True, slots=True)
class ColumnDifference:
    """A column with another type than before; None where it was not there, or is not any more."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class TableDifference:
    """What a crawl did to one table, or to the database where `table` is None."""

    catalog: str
    database: str
    table: str | None
    what: str
    """`added`, `changed` or `removed`."""
    version_before: int | None = None
    version_after: int | None = None
    columns: tuple[ColumnDifference, ...] = ()
    partitions_added: int = 0
    partitions_changed: int = 0
    partitions_dropped: int = 0
    undone: bool = False
    """Whether nothing of it is left."""
