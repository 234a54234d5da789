"""Care of Iceberg tables: what may be asked for, and one run of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from catalog_server.model.errors import Invalid
from catalog_server.model.names import TableName


class Operation(StrEnum):
    """What is done for a table."""

    EXPIRE_SNAPSHOTS = "expire-snapshots"
    REMOVE_ORPHANS = "remove-orphans"
    REWRITE = "rewrite"


HOUR_MS = 3_600_000
ORPHAN_AGE_MS_DEFAULT = 3 * 24 * HOUR_MS
ORPHAN_AGE_MS_MIN = HOUR_MS
"""Files of writers that are at work are not referenced yet; only `force` lets younger ones be removed."""
MIN_INPUT_FILES_DEFAULT = 5


@dataclass(frozen=True, slots=True)
class CareOptions:
    """How an operation is done; None stands for what the table's properties or the defaults say. Ages in milliseconds."""

    older_than_ms: int | None = None
    """Snapshots, or files that nothing refers to, must be older."""
    retain_last: int | None = None
    """Snapshots of each branch that stay, however old."""
    force: bool = False
    """Whether orphans may be younger than an hour."""
    ignore_unreadable: bool = False
    """Whether to go on though the files of some other tables cannot be told; only their folders are spared then."""
    target_bytes: int | None = None
    """Size of the files that small ones are rewritten to."""
    min_input_files: int | None = None
    """How many small files of a partition are worth a rewrite."""


@dataclass(frozen=True, slots=True)
class CareRun:
    """One operation on one table, as durable work, like a crawl."""

    id: str
    operation: Operation
    table: TableName
    table_id: int
    options: CareOptions
    dry_run: bool = False
    state: str = "QUEUED"
    """QUEUED, RUNNING, SUCCEEDED, FAILED or CANCELLED."""
    created_at: int = 0
    started_at: int = 0
    finished_at: int | None = None
    progress: Mapping[str, object] = field(default_factory=dict)
    plan: Mapping[str, object] = field(default_factory=dict)
    """What was written down before it was begun, so that a run that was interrupted is gone on with."""
    summary: Mapping[str, object] = field(default_factory=dict)
    """Counts, bytes, and some of the files; of a dry run, what would be."""
    error: str | None = None
    by: str | None = None
    """Who asked for it; None where a policy did."""


_MILLISECONDS = {"s": 1000, "m": 60_000, "h": HOUR_MS, "d": 24 * HOUR_MS, "w": 7 * 24 * HOUR_MS}
_BYTES = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def age_ms(field_: str, text: str) -> int:
    """An age such as `90m`, `12h` or `7d` in milliseconds; raises `Invalid` that names the field for any other."""
    found = re.fullmatch(r"(\d{1,6})([smhdw])", text)
    if found is None:
        raise Invalid(field_, f"{text!r} is no age: write a number and s, m, h, d or w, such as 7d")
    return int(found[1]) * _MILLISECONDS[found[2]]


def size_bytes(field_: str, text: str) -> int:
    """A size such as `128M` or `1GB` in bytes; raises `Invalid` that names the field for any other."""
    found = re.fullmatch(r"(\d{1,12})([KMG]?)(?:i?B)?", text, re.IGNORECASE)
    if found is None:
        raise Invalid(field_, f"{text!r} is no size: write a number and K, M or G, such as 128M")
    return int(found[1]) * _BYTES[found[2].upper()]


def count_of(field_: str, text: str) -> int:
    """A number of things; raises `Invalid` that names the field for anything else."""
    if not re.fullmatch(r"\d{1,9}", text):
        raise Invalid(field_, f"{text!r} is not a whole number")
    return int(text)


def flag_of(field_: str, text: str) -> bool:
    """Yes or no, as `true` or `false`; raises `Invalid` for anything else."""
    if text not in ("true", "false"):
        raise Invalid(field_, f"{text!r} is neither true nor false")
    return text == "true"


@dataclass(frozen=True, slots=True)
class CarePolicy:
    """An operation that is to be done for a table again and again, as its properties `care.OPERATION.*` say."""

    operation: Operation
    every_ms: int
    options: CareOptions


_OPTIONS: Mapping[str, tuple[str, Callable[[str, str], object]]] = {
    "older-than": ("older_than_ms", age_ms),
    "ignore-unreadable": ("ignore_unreadable", flag_of),
    "retain-last": ("retain_last", count_of),
    "target-size": ("target_bytes", size_bytes),
    "min-files": ("min_input_files", count_of),
}
POLICY_OPERATIONS = (Operation.REWRITE, Operation.EXPIRE_SNAPSHOTS, Operation.REMOVE_ORPHANS)
"""In the order in which they are done where several are due: each tidies up after the one before."""


def policy_of(operation: Operation, properties: Mapping[str, str]) -> CarePolicy | None:
    """The policy of a table for an operation, None without `care.OPERATION.every`; raises `Invalid` for a bad property."""
    prefix = f"care.{operation.value}."
    every = properties.get(prefix + "every")
    if every is None:
        return None
    options: dict[str, Any] = {}
    for name, (option, read) in _OPTIONS.items():
        if prefix + name in properties:
            options[option] = read(prefix + name, properties[prefix + name])
    every_ms = age_ms(prefix + "every", every)
    if every_ms < HOUR_MS:
        raise Invalid(prefix + "every", f"{every!r} is less than an hour")
    return CarePolicy(operation, every_ms, CareOptions(**options))


@dataclass(frozen=True, slots=True)
class OperationState:
    """How an operation stands with a table."""

    operation: Operation
    policy: CarePolicy | None = None
    """What the table's properties ask for."""
    problem: str | None = None
    """Which of these properties makes no sense, so that nothing is done."""
    refusal: str | None = None
    """Why the operation is not done on this table, as far as its metadata tells."""
    last: CareRun | None = None
    """The newest run that was no dry run."""

    @property
    def due_at(self) -> int | None:
        """When the policy has it done again, 0 for at once; None without a policy."""
        if self.policy is None:
            return None
        return 0 if self.last is None else self.last.created_at + self.policy.every_ms


@dataclass(frozen=True, slots=True)
class TableFigures:
    """What an Iceberg table's metadata alone says of the care it needs; None where its writers did not say.

    Sizes and counts of files are those of the current snapshot, ages are in milliseconds.
    """

    snapshots: int
    refs: int
    """Branches and tags."""
    oldest_snapshot_at: int | None
    newest_snapshot_at: int | None
    rows: int | None
    data_files: int | None
    delete_files: int | None
    bytes: int | None
    target_bytes: int | None
    """The size that data files are to have; None for a property that is no number."""
    max_snapshot_age_ms: int | None
    min_snapshots: int | None
    max_ref_age_ms: int | None
    """As the properties `history.expire.*` say; all None when one of them is no number."""
    expiring_snapshots: int
    expiring_refs: int
    """What would expire now by these properties."""
    deletes_files: bool
    """Whether files may be deleted (`gc.enabled`)."""
    refusals: Mapping[Operation, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CareState:
    """A table at a glance: what there is to be tidied up, what is asked for, and what was done last."""

    figures: TableFigures
    operations: tuple[OperationState, ...]
    at_work: CareRun | None
    """The run that changes the table now."""
