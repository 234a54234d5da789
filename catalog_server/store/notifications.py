"""Rows beside the event log: marks of partitions, notes of what transactions wrote, measurements of replication."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from catalog_server.model.names import name_key
from catalog_server.store.schema import partition_changes, partition_marks, replication_metrics, write_notes
from catalog_server.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class WriteNote:
    """What a transaction wrote to a table, or to one of its partitions."""

    transaction_id: int
    write_id: int
    table_id: int
    table_version: int
    database: str
    table: str
    values: tuple[str, ...] | None
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReplicationMetric:
    """What a run of a replication policy reports of itself; `execution_id` is the scheduled query's, and unique."""

    execution_id: int
    policy: str
    dump_execution_id: int
    metadata: str | None = None
    progress: str | None = None
    message_format: str | None = None


def mark(tx: Transaction, table_id: int, partition: str, kind: str) -> None:
    """Keep a mark of a partition, which need not exist."""
    dialect = postgresql if tx.is_postgresql else sqlite
    row = {"table_id": table_id, "partition": partition, "mark": kind, "at": tx.at}
    tx.connection.execute(dialect.insert(partition_marks).values(row).on_conflict_do_nothing())


def is_marked(tx: Transaction, table_id: int, partition: str, kind: str) -> bool:
    """Whether a partition was marked."""
    wanted = exists().where(
        partition_marks.c.table_id == table_id,
        partition_marks.c.partition == partition,
        partition_marks.c.mark == kind,
    )
    return bool(tx.connection.execute(select(wanted)).scalar_one())


def note_writes(tx: Transaction, notes: Sequence[WriteNote]) -> None:
    """Keep notes of writes; one statement."""
    rows = [
        {
            "transaction_id": note.transaction_id,
            "write_id": note.write_id,
            "table_id": note.table_id,
            "table_version": note.table_version,
            "database": note.database,
            "table": note.table,
            "partition_values": None if note.values is None else list(note.values),
            "files": list(note.files),
            "at": tx.at,
        }
        for note in notes
    ]
    tx.connection.execute(insert(write_notes), rows)


def notes_of(tx: Transaction, transaction_id: int, database: str | None, table: str | None) -> list[WriteNote]:
    """The notes of a transaction's writes, or those about a database or table, in the order in which they came."""
    statement = select(write_notes).where(write_notes.c.transaction_id == transaction_id).order_by(write_notes.c.id)
    if database:
        statement = statement.where(func.lower(write_notes.c.database) == name_key(database))
    if table:
        statement = statement.where(func.lower(write_notes.c.table) == name_key(table))
    return [
        WriteNote(
            transaction_id=row.transaction_id,
            write_id=row.write_id,
            table_id=row.table_id,
            table_version=row.table_version,
            database=row.database,
            table=row.table,
            values=None if row.partition_values is None else tuple(row.partition_values),
            files=tuple(row.files),
        )
        for row in tx.connection.execute(statement)
    ]


def put_metrics(tx: Transaction, metrics: Sequence[ReplicationMetric]) -> None:
    """Keep measurements; of a run that is known only what is said anew, as Hive does; one statement."""
    dialect = postgresql if tx.is_postgresql else sqlite
    statement = dialect.insert(replication_metrics)
    new = statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=["execution_id"],
        set_={
            "metadata": func.coalesce(new.metadata, replication_metrics.c.metadata),
            "progress": func.coalesce(new.progress, replication_metrics.c.progress),
            "message_format": new.message_format,
            "at": new["at"],
        },
    )
    rows = [
        {
            "execution_id": one.execution_id,
            "policy": one.policy,
            "dump_execution_id": one.dump_execution_id,
            "metadata": one.metadata,
            "progress": one.progress,
            "message_format": one.message_format,
            "at": tx.at,
        }
        for one in metrics
    ]
    tx.connection.execute(statement, rows)


def metrics(
    tx: Transaction, execution_id: int | None, policy: str | None, dump_execution_id: int | None
) -> list[ReplicationMetric]:
    """Measurements of a run, of a policy, or of a policy's runs of one dump; the newest run first."""
    columns = replication_metrics.c
    statement = select(replication_metrics).order_by(columns.execution_id.desc())
    tests: Mapping[Any, Any] = {
        columns.execution_id: execution_id, columns.policy: policy, columns.dump_execution_id: dump_execution_id
    }  # fmt: skip
    for column, value in tests.items():
        if value is not None:
            statement = statement.where(column == value)
    return [
        ReplicationMetric(
            row.execution_id, row.policy, row.dump_execution_id, row.metadata, row.progress, row.message_format
        )
        for row in tx.connection.execute(statement)
    ]


def partition_changes_of(tx: Transaction, ids: Sequence[int]) -> dict[int, Any]:
    """Rows of the history of partitions by their ids, those that are still kept."""
    wanted = select(partition_changes).where(partition_changes.c.id.in_(ids))
    return {row.id: row for row in tx.connection.execute(wanted)}
