"""Model to JSON: pure functions, one per noun."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from catalog_server.facades.web import messages as m
from catalog_server.model.connection import Connection
from catalog_server.model.database import Catalog, Database
from catalog_server.model.event import Event
from catalog_server.model.function import Function
from catalog_server.model.hive_migration import HiveMigration, MigrationItem
from catalog_server.model.job import Job, JobRun
from catalog_server.model.partition import Partition, partition_name
from catalog_server.model.statistics import ColumnStatistics
from catalog_server.model.table import Column, Storage, Table
from catalog_server.model.version import TableVersion

COMMENT = "comment"
"""The parameter that holds a table's comment, as Hive keeps it."""


def when(milliseconds: int | None) -> int | None:
    """A time, null where it is not known (0 in the model)."""
    return milliseconds or None


def catalog(found: Catalog) -> m.CatalogAnswer:
    """A catalog."""
    return m.CatalogAnswer(
        name=found.name,
        kind=found.kind,
        uri=found.uri,
        comment=found.comment,
        location=found.location,
        parameters=dict(found.parameters),
        version=found.version,
        created_at=when(found.created_at),
    )


def database(found: Database, table_count: int | None = None) -> m.DatabaseAnswer:
    """A database."""
    return m.DatabaseAnswer(
        catalog=found.catalog,
        name=found.name,
        comment=found.comment,
        location=found.location,
        owner=found.owner,
        owner_kind=found.owner_kind,
        parameters=dict(found.parameters),
        version=found.version,
        created_at=when(found.created_at),
        created_by=found.created_by,
        table_count=table_count,
    )


def _summary(found: Table) -> dict[str, Any]:
    return {
        "catalog": found.catalog,
        "database": found.database,
        "name": found.name,
        "kind": found.kind.value,
        "format": found.format,
        "comment": found.parameters.get(COMMENT),
        "location": found.location,
        "owner": found.owner,
        "connection": found.connection,
        "column_count": len(found.columns) + len(found.partition_keys),
        "partitioned": bool(found.partition_keys),
        "version": found.version,
        "created_at": when(found.created_at),
        "updated_at": when(found.updated_at),
        "updated_by": found.updated_by,
    }


def summary(found: Table) -> m.TableSummary:
    """A table as lists show it."""
    return m.TableSummary(**_summary(found))


def column(found: Column) -> m.ColumnAnswer:
    """A column."""
    return m.ColumnAnswer(found.name, found.type, found.comment, dict(found.parameters))


def storage(found: Storage) -> m.StorageAnswer:
    """Format of a table's files."""
    serde = m.SerDeAnswer(found.serde.library, found.serde.name, dict(found.serde.parameters))
    return m.StorageAnswer(
        input_format=found.input_format,
        output_format=found.output_format,
        serde=serde,
        compressed=found.compressed,
        bucket_count=found.bucket_count,
        bucket_columns=list(found.bucket_columns),
        sort_columns=list(found.sort_columns),
        parameters=dict(found.parameters),
    )


def table(
    found: Table, statistics: m.StatisticsAnswer | None = None, lineage: m.Lineage | None = None
) -> m.TableAnswer:
    """A table's whole definition."""
    return m.TableAnswer(
        **_summary(found),
        columns=[column(one) for one in found.columns],
        partition_keys=[column(one) for one in found.partition_keys],
        parameters=dict(found.parameters),
        storage=storage(found.storage),
        owner_kind=found.owner_kind,
        retention=found.retention,
        view_original=found.view_original,
        view_expanded=found.view_expanded,
        metadata_location=found.metadata_location,
        last_access_at=when(found.last_access_at),
        statistics=statistics,
        lineage=lineage,
    )


def statistics(found: Table, columns: Sequence[ColumnStatistics], partition_count: int | None) -> m.StatisticsAnswer:
    """A table's sizes, as Hive, Spark and Iceberg keep them in parameters, and its columns' statistics."""
    return m.StatisticsAnswer(
        row_count=_figure(found.parameters, "numRows", "spark.sql.statistics.numRows"),
        file_count=_figure(found.parameters, "numFiles"),
        total_bytes=_figure(found.parameters, "totalSize", "spark.sql.statistics.totalSize"),
        partition_count=partition_count,
        columns=[
            m.ColumnStatisticsAnswer(c.column, c.type, c.kind, dict(c.data), c.engine, when(c.updated_at))
            for c in columns
        ],
    )


def _figure(parameters: Mapping[str, str], *names: str) -> int | None:
    for name in names:
        text = parameters.get(name, "")
        if text.isascii() and text.isdigit() and len(text) < 19:
            return int(text)
    return None


def made(found: TableVersion | None) -> m.Made | None:
    """Who made a version."""
    if found is None:
        return None
    return m.Made(found.version, when(found.at), found.by, found.via, found.run)


def version_summary(found: TableVersion) -> m.VersionSummary:
    """A version as the list shows it."""
    count = len(found.table.columns) + len(found.table.partition_keys)
    return m.VersionSummary(found.version, when(found.at), found.by, found.via, found.run, found.table.name, count)


def version(found: TableVersion) -> m.VersionAnswer:
    """A version with its definition."""
    return m.VersionAnswer(found.version, when(found.at), found.by, found.via, found.run, table(found.table))


def partition(of: Table, found: Partition) -> m.PartitionAnswer:
    """A partition of a table."""
    return m.PartitionAnswer(
        name=partition_name([key.name for key in of.partition_keys], found.values),
        values=list(found.values),
        location=found.location,
        parameters=dict(found.parameters),
        created_at=when(found.created_at),
        last_access_at=when(found.last_access_at),
        version=found.version,
    )


def function(found: Function) -> m.FunctionAnswer:
    """A function."""
    return m.FunctionAnswer(
        catalog=found.catalog,
        database=found.database,
        name=found.name,
        class_name=found.class_name,
        owner=found.owner,
        owner_kind=found.owner_kind,
        function_kind=found.function_kind,
        resources=[m.ResourceAnswer(kind, uri) for kind, uri in found.resources],
        version=found.version,
        created_at=when(found.created_at),
    )


def connection(found: Connection, secret_names: Sequence[str]) -> m.ConnectionAnswer:
    """A connection, with the names of its secrets only."""
    return m.ConnectionAnswer(
        name=found.name,
        kind=found.kind,
        url=found.url,
        options=dict(found.options),
        secret_names=sorted(secret_names),
        prefixes=list(found.prefixes),
        vending=found.vending,
        comment=found.comment,
        version=found.version,
        created_at=when(found.created_at),
    )


def migration(found: HiveMigration) -> m.MigrationAnswer:
    """A migration."""
    return m.MigrationAnswer(
        id=found.id,
        mode=found.mode.value,
        source=found.source,
        catalog=found.options.remote,
        databases=list(found.options.databases),
        into=found.options.into,
        on_conflict=found.options.on_conflict.value,
        state=found.state,
        created_at=when(found.created_at),
        started_at=when(found.started_at),
        finished_at=when(found.finished_at),
        by=found.by,
        error=found.error,
        progress=dict(found.progress),
        summary=dict(found.summary),
    )


def migration_item(found: MigrationItem) -> m.MigrationItemAnswer:
    """An object of a migration."""
    return m.MigrationItemAnswer(
        kind=found.kind,
        name=found.name,
        state=found.state.value,
        partitions=found.partitions,
        statistics=found.statistics,
        differences=[m.DifferenceAnswer(one.field, one.source, one.here) for one in found.differences],
        difference_count=found.difference_count,
        error=found.error,
    )


def run(found: JobRun) -> m.RunAnswer:
    """A job run."""
    return m.RunAnswer(
        id=found.id,
        job=found.job,
        state=found.state,
        engine=found.engine,
        arguments=dict(found.arguments),
        attempt=found.attempt,
        created_at=when(found.created_at),
        started_at=when(found.started_at),
        finished_at=when(found.finished_at),
        outputs=[dict(output) for output in found.outputs],
        error=found.error,
        by=found.by,
        inputs=list(found.inputs),
        history=[dict(entry) for entry in found.history],
    )


def job(found: Job, last: JobRun | None) -> m.JobAnswer:
    """A job and its last run."""
    return m.JobAnswer(
        name=found.name,
        script=found.script,
        engine=found.engine,
        master=found.master,
        arguments=dict(found.arguments),
        outputs=list(found.outputs),
        configuration=dict(found.configuration),
        timeout_seconds=found.timeout_seconds,
        retries_max=found.retries_max,
        comment=found.comment,
        version=found.version,
        created_at=when(found.created_at),
        last_run=run(last) if last else None,
    )


def event(found: Event) -> m.EventAnswer:
    """An event."""
    return m.EventAnswer(
        number=found.number,
        kind=found.kind.value,
        catalog=found.catalog,
        database=found.database,
        table=found.table,
        version_before=found.version_before,
        version_after=found.version_after,
        payload=dict(found.payload),
        at=when(found.at),
        by=found.by,
        via=found.via,
        run=found.run,
    )
