"""Answers of the JSON API: one struct per shape, from which the OpenAPI document is made as well."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

Item = TypeVar("Item")
Text = dict[str, str]
Open = dict[str, Any]
"""A map whose keys are not fixed."""


class Page(msgspec.Struct, Generic[Item]):
    """One page of a list; `next_page_token` is null on the last one."""

    items: list[Item]
    next_page_token: str | None = None


class Failure(msgspec.Struct):
    """What went wrong; line and column count from 1 and stand there for statements only."""

    type: str
    message: str
    request_id: str | None = None
    line: int | UnsetType = UNSET
    column: int | UnsetType = UNSET


class FailureAnswer(msgspec.Struct):
    """The body of every answer that is not a success."""

    error: Failure


class Addresses(msgspec.Struct):
    """Where each surface is reached; null when it is not served."""

    http: str | None
    thrift: str | None
    iceberg: str | None
    grpc: str | None


class Info(msgspec.Struct):
    """What this server is, what it holds and where it is reached."""

    version: str
    default_catalog: str
    addresses: Addresses
    counts: dict[str, int]
    engines: list[str]
    user: str
    started_at: int
    now: int
    """The server's clock."""


class CatalogAnswer(msgspec.Struct):
    """A named root of databases; one of kind hive is a metastore elsewhere, mounted from `uri`."""

    name: str
    kind: str
    uri: str | None
    comment: str | None
    location: str | None
    parameters: Text
    version: int
    created_at: int | None


class DatabaseAnswer(msgspec.Struct):
    """A holder of tables; `table_count` is null where it was not counted."""

    catalog: str
    name: str
    comment: str | None
    location: str | None
    owner: str | None
    owner_kind: str
    parameters: Text
    version: int
    created_at: int | None
    created_by: str | None
    table_count: int | None = None


class ColumnAnswer(msgspec.Struct):
    """A column; the type is in Hive's type language."""

    name: str
    type: str
    comment: str | None
    parameters: Text


class TableSummary(msgspec.Struct, kw_only=True):
    """A table or view as lists show it."""

    catalog: str
    database: str
    name: str
    kind: str
    format: str
    comment: str | None
    location: str | None
    owner: str | None
    connection: str | None
    column_count: int
    partitioned: bool
    version: int
    created_at: int | None
    updated_at: int | None
    updated_by: str | None


class SerDeAnswer(msgspec.Struct):
    """How rows are read from bytes."""

    library: str | None
    name: str | None
    parameters: Text


class StorageAnswer(msgspec.Struct):
    """Format of the files behind a table."""

    input_format: str | None
    output_format: str | None
    serde: SerDeAnswer
    compressed: bool
    bucket_count: int
    bucket_columns: list[str]
    sort_columns: list[tuple[str, int]]
    parameters: Text


class ColumnStatisticsAnswer(msgspec.Struct):
    """What was measured of one column; keys of `data` depend on `kind`."""

    column: str
    type: str
    kind: str
    data: Open
    engine: str
    updated_at: int | None


class StatisticsAnswer(msgspec.Struct):
    """Sizes of a table as last recorded; null where nobody recorded it."""

    row_count: int | None
    file_count: int | None
    total_bytes: int | None
    partition_count: int | None
    columns: list[ColumnStatisticsAnswer]


class Made(msgspec.Struct):
    """Who made a version, when, through which door and for which crawl or job run."""

    version: int
    at: int | None
    by: str | None
    via: str | None
    run: str | None


class Lineage(msgspec.Struct):
    """Where a table came from: its first version and its last."""

    created: Made | None
    updated: Made | None


class TableAnswer(TableSummary, kw_only=True):
    """A table's whole definition; statistics and lineage are null in an old version."""

    columns: list[ColumnAnswer]
    partition_keys: list[ColumnAnswer]
    parameters: Text
    storage: StorageAnswer
    owner_kind: str
    retention: int
    view_original: str | None
    view_expanded: str | None
    metadata_location: str | None
    last_access_at: int | None
    statistics: StatisticsAnswer | None = None
    lineage: Lineage | None = None


class PartitionAnswer(msgspec.Struct):
    """One partition; the location is null where it is the table's own."""

    name: str
    values: list[str]
    location: str | None
    parameters: Text
    created_at: int | None
    last_access_at: int | None
    version: int


class PartitionPage(Page[PartitionAnswer]):
    """A page of partitions; `total` counts all that meet the filter, null where it was not counted."""

    total: int | None = None


class VersionSummary(msgspec.Struct):
    """One version of a table as the list shows it."""

    version: int
    at: int | None
    by: str | None
    via: str | None
    run: str | None
    name: str
    column_count: int


class VersionAnswer(msgspec.Struct):
    """One version of a table with the definition it had."""

    version: int
    at: int | None
    by: str | None
    via: str | None
    run: str | None
    table: TableAnswer


class OutputColumn(msgspec.Struct):
    """A column of a result; the type is in Trino's language."""

    name: str
    type: str


class SampleAnswer(msgspec.Struct):
    """A few rows of a table."""

    columns: list[OutputColumn]
    rows: list[list[Any]]


class ResourceAnswer(msgspec.Struct):
    """A file that a function needs."""

    kind: str
    uri: str


class FunctionAnswer(msgspec.Struct):
    """A function that engines look up by name."""

    catalog: str
    database: str
    name: str
    class_name: str
    owner: str | None
    owner_kind: str
    function_kind: str
    resources: list[ResourceAnswer]
    version: int
    created_at: int | None


class Hit(msgspec.Struct):
    """One thing that a search found, and in which of its parts."""

    kind: str
    catalog: str | None
    database: str | None
    name: str
    column: str | None
    comment: str | None
    format: str | None
    matched: list[str]
    score: float


class QueryStatistics(msgspec.Struct):
    """What a query cost so far."""

    elapsed_ms: int
    queued_ms: int | None
    rows_read: int | None
    bytes_read: int | None
    files_read: int | None


class QueryAnswer(msgspec.Struct):
    """A query and how far it got; columns are null until they are known."""

    id: str
    sql: str
    catalog: str | None
    database: str | None
    state: str
    columns: list[OutputColumn] | None
    row_count: int | None
    truncated: bool
    statistics: QueryStatistics
    progress: float | None
    error: Failure | None
    created_at: int | None
    started_at: int | None
    finished_at: int | None
    by: str | None


class RowsAnswer(msgspec.Struct):
    """A page of a query's result."""

    columns: list[OutputColumn]
    rows: list[list[Any]]
    row_offset: int
    row_count: int | None
    next_page_token: str | None


class ConnectionAnswer(msgspec.Struct):
    """A stored address; of its secrets only the names are told."""

    name: str
    kind: str
    url: str | None
    options: Text
    secret_names: list[str]
    prefixes: list[str]
    vending: bool
    comment: str | None
    version: int
    created_at: int | None


class TestAnswer(msgspec.Struct):
    """Whether a connection or a mounted catalog answers, and if not why."""

    ok: bool
    message: str
    elapsed_ms: int


class MigrationAnswer(msgspec.Struct):
    """One migration from a Hive metastore; `summary` counts objects by kind and state, and those that are unlike."""

    id: str
    mode: str
    source: str
    catalog: str
    databases: list[str]
    into: str
    on_conflict: str
    state: str
    created_at: int | None
    started_at: int | None
    finished_at: int | None
    by: str | None
    error: str | None
    progress: Open
    summary: Open


class DifferenceAnswer(msgspec.Struct):
    """A field, and what the two sides have there."""

    field: str
    source: Any
    here: Any


class MigrationItemAnswer(msgspec.Struct):
    """What became of one object of a migration; of many differences the first ones are listed."""

    kind: str
    name: str
    state: str
    partitions: int
    statistics: int
    differences: list[DifferenceAnswer]
    difference_count: int
    error: str | None


class RunAnswer(msgspec.Struct):
    """One execution of a job; outputs name the tables it wrote."""

    id: str
    job: str
    state: str
    engine: str
    arguments: Text
    attempt: int
    created_at: int | None
    started_at: int | None
    finished_at: int | None
    outputs: list[Open]
    error: str | None
    by: str | None
    inputs: list[str] = msgspec.field(default_factory=list)
    history: list[Open] = msgspec.field(default_factory=list)


class JobAnswer(msgspec.Struct):
    """A job and its last run."""

    name: str
    script: str
    engine: str
    master: str | None
    arguments: Text
    outputs: list[str]
    configuration: Text
    timeout_seconds: int
    retries_max: int
    comment: str | None
    version: int
    created_at: int | None
    last_run: RunAnswer | None


class LogAnswer(msgspec.Struct):
    """A piece of a run's log; ask again with `offset` = `next_offset` until `complete`."""

    text: str
    offset: int
    next_offset: int
    complete: bool


class EventAnswer(msgspec.Struct):
    """One row of the event log."""

    number: int
    kind: str
    catalog: str | None
    database: str | None
    table: str | None
    version_before: int | None
    version_after: int | None
    payload: Open
    at: int | None
    by: str | None
    via: str | None
    run: str | None


class EventPage(msgspec.Struct):
    """Events in their order, and the number of the newest event there is."""

    items: list[EventAnswer]
    last_number: int
