"""Compactions: requests to rewrite the files of an ACID table, as records of who asked and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

KINDS = {1: "MINOR", 2: "MAJOR", 3: "REBALANCE", 4: "ABORT_TXN_CLEANUP", 5: "SMART_OPTIMIZE"}
"""Hive's CompactionType."""
MAJOR, ABORT_CLEANUP = 2, 4
INITIATED, WORKING, READY, SUCCEEDED = "initiated", "working", "ready for cleaning", "succeeded"
FAILED, REFUSED, ABORTED, NOT_INITIATED = "failed", "refused", "aborted", "did not initiate"
QUEUED = (INITIATED, WORKING, READY)
DEFAULT_POOL = "default"


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be compacted, and on whose behalf."""

    database: str
    table: str
    partition: str | None
    kind: int
    run_as: str | None = None
    properties: Mapping[str, str] | None = None
    initiator: str | None = None
    initiator_version: str | None = None
    pool: str | None = None
    buckets: int | None = None
    order_by: str | None = None


@dataclass(frozen=True, slots=True)
class Compaction:
    """One request as it is kept; times are milliseconds since 1970."""

    id: int
    request: Request
    state: str
    enqueued_at: int
    started_at: int | None = None
    finished_at: int | None = None
    committed_at: int | None = None
    worker: str | None = None
    worker_version: str | None = None
    write_id: int | None = None
    txn_id: int | None = None
    next_txn_id: int | None = None
    hadoop_job: str | None = None
    error: str | None = None
