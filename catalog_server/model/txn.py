"""Hive's transactions (txns), their write ids, and the snapshots that readers of ACID tables are given.

A txn is the unit in which Hive's ACID tables change, open for minutes; it has nothing to do with a transaction of the store. A
snapshot names the newest txn that was begun and those up to it that are open or aborted; all others are committed. Within a table
each writing txn has a write id, in the names of its files; a snapshot seen from a table is a snapshot of write ids.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from catalog_server.model.errors import CatalogError, Invalid, NotFound
from catalog_server.model.names import TableName, name_key
from catalog_server.model.table import Table

NOTHING_OPEN = 2**63 - 1
"""How snapshots spell that no txn, or write id, is open."""
NUMBERS_MAX = 10_000_000
"""More txns or write ids in one list are refused: a range is short to write, and all of it is kept in memory."""


class TxnState(StrEnum):
    """What became of a txn."""

    OPEN = "open"
    ABORTED = "aborted"
    COMMITTED = "committed"


class TxnKind(IntEnum):
    """What a txn was begun for, by Hive's numbers (TxnType of Hive 4)."""

    DEFAULT = 0
    REPL_CREATED = 1
    READ_ONLY = 2
    COMPACTION = 3
    MATER_VIEW_REBUILD = 4
    SOFT_DELETE = 5
    REBALANCE_COMPACTION = 6


COMPACTIONS = (TxnKind.COMPACTION, TxnKind.REBALANCE_COMPACTION)


class Operation(StrEnum):
    """What a txn does to a table or partition; updates and deletes of two overlapping txns are a conflict."""

    INSERT = "i"
    UPDATE = "u"
    DELETE = "d"
    COMPACT = "c"


class NoSuchTxn(NotFound):
    """There is no such txn, or it is committed already."""

    def __init__(self, txn_id: int, state: TxnState | None = None) -> None:
        super().__init__("txn", str(txn_id))
        committed = state is TxnState.COMMITTED
        said = (
            f"Transaction txnid:{txn_id} is already committed." if committed else f"No such transaction txnid:{txn_id}"
        )
        self.message = said
        self.args = (said,)


class TxnAborted(CatalogError):
    """The txn was ended, by its client, for want of heartbeats, or because another changed the same thing before."""


class TxnOpen(CatalogError):
    """A lock that belongs to an open txn is given back by committing or aborting that."""


def unexpected(txn_id: int, state: TxnState | None) -> CatalogError:
    """The error that tells why a txn which should be open is not."""
    if state is TxnState.ABORTED:
        return TxnAborted(f"Transaction txnid:{txn_id} already aborted")
    return NoSuchTxn(txn_id, state)


@dataclass(frozen=True, slots=True)
class Txn:
    """One txn; times are milliseconds since 1970."""

    id: int
    state: TxnState
    kind: TxnKind
    user: str
    host: str
    agent: str | None
    started_at: int
    heartbeat_at: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All txns up to `high` are committed but for the `open` and `aborted` ones, both in order."""

    high: int
    open: tuple[int, ...] = ()
    aborted: tuple[int, ...] = ()

    def committed(self, txn_id: int) -> bool:
        """Whether a reader with this snapshot sees what the txn wrote."""
        return txn_id <= self.high and not _holds(self.open, txn_id) and not _holds(self.aborted, txn_id)

    def is_aborted(self, txn_id: int) -> bool:
        """Whether the snapshot says of a txn that it was aborted."""
        return _holds(self.aborted, txn_id)


@dataclass(frozen=True, slots=True)
class WriteIds:
    """A snapshot seen from one table: `invalid` write ids, in order, are open or (`aborted`) will never be valid."""

    table: str
    """The table as the asker spelled it."""
    high: int
    invalid: tuple[int, ...] = ()
    aborted: frozenset[int] = frozenset()
    least_open: int | None = None

    def aborted_bits(self) -> bytes:
        """Which of `invalid` are aborted."""
        return bits([one in self.aborted for one in self.invalid])


@dataclass(frozen=True, slots=True)
class TableKey:
    """A table in the rows of txns, whether there is such a table or not; all three are name keys."""

    catalog: str
    database: str
    table: str


def table_key(name: TableName) -> TableKey:
    """The key of a table's name, whose catalog is resolved."""
    return TableKey(name_key(name.catalog), name_key(name.database), name_key(name.table))


def is_transactional(table: Table) -> bool:
    """Whether a table is one of Hive's ACID tables, so that its writes have write ids."""
    return table.parameters.get("transactional", "").lower() == "true"


def bits(flags: Sequence[bool]) -> bytes:
    """A bit for each flag, the first is the lowest of the first byte; without zero bytes at the end (java.util.BitSet)."""
    number = sum(1 << position for position, flag in enumerate(flags) if flag)
    return number.to_bytes((number.bit_length() + 7) // 8, "little")


def parse_snapshot(text: str) -> Snapshot:
    """A snapshot of Hive's form `high:least open:open,...:aborted,...`. Raises `Invalid`."""
    high, _, unseen, aborted = _parts("validTxnList", text)
    return Snapshot(high, unseen, aborted)


def parse_write_ids(text: str) -> WriteIds:
    """Write ids of Hive's form `table:high:least open:open,...:aborted,...`. Raises `Invalid`."""
    table, _, rest = text.partition(":")
    high, least, unseen, aborted = _parts("validWriteIdList", rest)
    invalid = tuple(sorted((*unseen, *aborted)))
    return WriteIds(table, high, invalid, frozenset(aborted), None if least == NOTHING_OPEN else least)


def _parts(field: str, text: str) -> tuple[int, int, tuple[int, ...], tuple[int, ...]]:
    parts = [*text.split(":"), "", "", ""]
    try:
        high, least = int(parts[0]), int(parts[1]) if parts[1] else NOTHING_OPEN
        return high, least, _numbers(parts[2]), _numbers(parts[3])
    except ValueError as error:
        raise Invalid(field, f"{text[:60]!r} is not of the form HIGH:LEAST OPEN:OPEN,...:ABORTED,...") from error


def _numbers(text: str) -> tuple[int, ...]:
    """The numbers of a list such as `3,5-7`; clients of Hive 4 write neighbours as a range. Raises ValueError."""
    found: list[int] = []
    for one in filter(None, text.split(",")):
        first, _, last = one.partition("-")
        numbers = range(int(first), int(last or first) + 1)
        if len(found) + len(numbers) > NUMBERS_MAX:
            raise ValueError(text)
        found += numbers
    return tuple(sorted(found))


def _holds(ordered: Sequence[int], number: int) -> bool:
    place = bisect_left(ordered, number)
    return place < len(ordered) and ordered[place] == number
