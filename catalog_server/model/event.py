"""Events: the gap-free log of what changed, written in the transaction of the change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class EventKind(StrEnum):
    """What happened."""

    CREATE_CATALOG = "create_catalog"
    DROP_CATALOG = "drop_catalog"
    CREATE_DATABASE = "create_database"
    ALTER_DATABASE = "alter_database"
    DROP_DATABASE = "drop_database"
    CREATE_TABLE = "create_table"
    ALTER_TABLE = "alter_table"
    DROP_TABLE = "drop_table"
    ADD_PARTITIONS = "add_partitions"
    ALTER_PARTITIONS = "alter_partitions"
    DROP_PARTITIONS = "drop_partitions"
    INSERT = "insert"
    REFRESH = "refresh"
    ADD_CONSTRAINTS = "add_constraints"
    DROP_CONSTRAINT = "drop_constraint"
    CREATE_FUNCTION = "create_function"
    ALTER_FUNCTION = "alter_function"
    DROP_FUNCTION = "drop_function"
    OPEN_TXNS = "open_txns"
    COMMIT_TXN = "commit_txn"
    ABORT_TXNS = "abort_txns"
    ALLOCATE_WRITE_IDS = "allocate_write_ids"
    CREATE_CONNECTION = "create_connection"
    ALTER_CONNECTION = "alter_connection"
    DROP_CONNECTION = "drop_connection"
    CRAWL_FINISHED = "crawl_finished"
    MIGRATION_FINISHED = "migration_finished"
    RUN_FINISHED = "run_finished"


@dataclass(frozen=True, slots=True)
class Event:
    """One row of the log; `number` is gap-free in the order of commits and 0 until a reader has numbered it."""

    kind: EventKind
    catalog: str | None = None
    database: str | None = None
    table: str | None = None
    object_id: int = 0
    version_before: int | None = None
    version_after: int | None = None
    payload: Mapping[str, object] = field(default_factory=dict)
    """What the versions cannot tell: names before a rename, names of partitions, the run that did it."""
    at: int = 0
    by: str | None = None
    via: str | None = None
    run: str | None = None
    number: int = 0
    span: int = 1
    """How many numbers the event takes, `number` being the last: one for each partition that an alter changed and
    for each txn that was aborted, since Hive's log has an event for each."""
