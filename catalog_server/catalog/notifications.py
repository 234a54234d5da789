"""What Hive's clients tell each other through the metastore: inserts, refreshes, marks of partitions, notes of writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from catalog_server.catalog.core import Core, check_text, event_of
from catalog_server.catalog.partitions import name_of
from catalog_server.catalog.tables import Tables
from catalog_server.model.caller import Caller
from catalog_server.model.errors import Invalid, NotFound
from catalog_server.model.event import EventKind
from catalog_server.model.grant import Action, Resource
from catalog_server.model.names import TableName
from catalog_server.model.table import Table
from catalog_server.store import events, partitions, versions
from catalog_server.store import notifications as rows
from catalog_server.store.notifications import ReplicationMetric, WriteNote
from catalog_server.store.transaction import Transaction

__all__ = ["LOAD_DONE", "Notifications", "ReplicationMetric", "Write", "WriteNote"]

_SERVER = Resource("server", ())
LOAD_DONE = "load_done"
"""The one mark that Hive knows: a partition has all of its data."""


@dataclass(frozen=True, slots=True)
class Write:
    """Files that were written to a table or to one of its partitions."""

    files: tuple[str, ...]
    values: tuple[str, ...] | None = None
    replace: bool = False
    """Whether they took the place of what was there."""
    transaction_id: int = 0
    write_id: int = 0


class Notifications:
    """Rules of what clients leave for others to read; nothing of it changes a table."""

    def __init__(self, core: Core, of: Tables) -> None:
        self.core = core
        self.tables = of

    def insert(self, caller: Caller, name: TableName, writes: Sequence[Write]) -> list[int]:
        """Tell of files that were written; returns the events' numbers. Raises `NotFound` for a table or partition."""

        def work(tx: Transaction) -> list[int]:
            table = self.tables.find(tx, caller, Action.INSERT, name)
            named = _partitions(tx, table, [write.values for write in writes])
            return [
                _tell(tx, caller, EventKind.INSERT, table, partition, files=list(write.files), replace=write.replace)
                for write, partition in zip(writes, named, strict=True)
            ]

        return events.numbers_of(self.core.store, self.core.store.write(work))

    def refresh(self, caller: Caller, name: TableName, values: Sequence[str] | None) -> list[int]:
        """Tell that what is kept of a table or partition elsewhere is to be read anew; returns the events' numbers."""

        def work(tx: Transaction) -> list[int]:
            table = self.tables.find(tx, caller, Action.INSERT, name)
            (partition,) = _partitions(tx, table, [None if values is None else tuple(values)])
            return [_tell(tx, caller, EventKind.REFRESH, table, partition)]

        return events.numbers_of(self.core.store, self.core.store.write(work))

    def note_writes(self, caller: Caller, name: TableName, writes: Sequence[Write]) -> None:
        """Note what a transaction wrote; raises `NotFound` for the table."""

        def work(tx: Transaction) -> None:
            table = self.tables.find(tx, caller, Action.INSERT, name)
            notes = [
                WriteNote(
                    one.transaction_id,
                    one.write_id,
                    table.id,
                    table.version,
                    table.database,
                    table.name,
                    one.values,
                    one.files,
                )
                for one in writes
            ]
            rows.note_writes(tx, notes)

        if writes:
            self.core.store.write(work)

    def notes_of(
        self, caller: Caller, transaction_id: int, database: str | None, table: str | None
    ) -> list[tuple[WriteNote, Table | None]]:
        """What a transaction wrote, with each table as it was then; what the caller may not see is left out."""
        with self.core.store.read() as tx:
            found = rows.notes_of(tx, transaction_id, database, table)
            held = versions.get_many(tx, {(note.table_id, note.table_version) for note in found}) if found else {}
            visible = self.core.grants.visible(tx, caller)
            pairs = [(note, held.get((note.table_id, note.table_version))) for note in found]
            return [
                (note, table)
                for note, table in pairs
                if visible.everything or (table is not None and _path(table) & (visible.databases | visible.tables))
            ]

    def mark(self, caller: Caller, name: TableName, said: Mapping[str, str], kind: str = LOAD_DONE) -> None:
        """Mark a partition, which need not exist; raises `NotFound` for the table, `Invalid` for other keys than its."""

        def work(tx: Transaction) -> None:
            table = self.tables.find(tx, caller, Action.INSERT, name)
            rows.mark(tx, table.id, _said(table, said), kind)

        self.core.store.write(work)

    def is_marked(self, caller: Caller, name: TableName, said: Mapping[str, str], kind: str = LOAD_DONE) -> bool:
        """Whether a partition was marked; raises as `mark` does."""
        with self.core.store.read() as tx:
            table = self.tables.find(tx, caller, Action.DESCRIBE, name)
            return rows.is_marked(tx, table.id, _said(table, said), kind)

    def put_metrics(self, caller: Caller, metrics: Sequence[ReplicationMetric]) -> None:
        """Keep what runs of replication report of themselves."""
        for one in metrics:
            check_text("replication metric", one.policy, one.metadata, one.progress, one.message_format)

        def work(tx: Transaction) -> None:
            self.core.grants.require(tx, caller, Action.MANAGE, _SERVER)
            rows.put_metrics(tx, metrics)

        if metrics:
            self.core.store.write(work)

    def metrics(
        self,
        caller: Caller,
        execution_id: int | None = None,
        policy: str | None = None,
        dump_execution_id: int | None = None,
    ) -> list[ReplicationMetric]:
        """Reports of a run, of a policy, or of a policy's runs of one dump; the newest run first.

        They are for those who manage the server.
        """
        with self.core.store.read() as tx:
            self.core.grants.require(tx, caller, Action.MANAGE, _SERVER)
            return rows.metrics(tx, execution_id, policy, dump_execution_id)


def _path(table: Table) -> set[str]:
    database = f"{table.catalog}.{table.database}".lower()
    return {database, f"{database}.{table.name.lower()}"}


def _partitions(tx: Transaction, table: Table, wanted: Sequence[tuple[str, ...] | None]) -> list[str | None]:
    """Names of partitions by their values, None for the table as a whole; raises `NotFound` for one that is not there."""
    names = [None if values is None else name_of(table, values) for values in wanted]
    said = [name for name in names if name is not None]
    held = {name_of(table, one.values) for one in partitions.get_many(tx, table, said)} if said else set()
    for name in said:
        if name not in held:
            raise NotFound("partition", f"{table.full_name}/{name}")
    return names


def _tell(
    tx: Transaction, caller: Caller, kind: EventKind, table: Table, partition: str | None, **payload: object
) -> int:
    told: dict[str, object] = {"partition": partition, **payload}
    event = event_of(
        caller, kind, table.full_name, object_id=table.id, version_after=table.version, payload=told
    )  # fmt: skip
    return events.append_returning(tx, event)


def _said(table: Table, said: Mapping[str, str]) -> str:
    """The name of the partition that a map of keys and values speaks of."""
    if len(said) != len(table.partition_keys):
        raise Invalid(
            "partition",
            f"Number of partition columns in table: {len(table.partition_keys)} doesn't match with number of supplied "
            f"partition values: {len(said)}",
        )
    given = {key.lower(): value for key, value in said.items()}
    for column in table.partition_keys:
        if column.key not in given:
            raise Invalid("partition", f"No value found for partition column: {column.key}")
    return name_of(table, [given[column.key] for column in table.partition_keys])
