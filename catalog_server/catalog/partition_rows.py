"""Partitions for answers that list many of them: as the bytes that each has for itself, and what they share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from catalog_server.catalog.core import Core
from catalog_server.catalog.partitions import check_keys
from catalog_server.catalog.tables import Tables
from catalog_server.model.caller import Caller
from catalog_server.model.expressions import Predicate
from catalog_server.model.filters import Filter
from catalog_server.model.grant import Action
from catalog_server.model.names import TableName
from catalog_server.model.table import Column, Storage, Table
from catalog_server.store import partition_rows as rows
from catalog_server.store.transaction import Transaction

AT_ONCE = 5000
"""So many are read without counting them first."""


class Group(NamedTuple):
    """Partitions, in a row, that share columns and storage; these are the same objects for all that have the same."""

    columns: tuple[Column, ...]
    storage: Storage
    rows: list[bytes]
    """Of each its own bytes; see `store.encoded`."""


class Found(NamedTuple):
    """Partitions of a table: how many there are, and they in groups, which must be taken while the call goes on."""

    table: Table
    total: int
    groups: Iterator[Group]


class PartitionRows:
    """Reads lists of partitions; None is answered where only `Partitions` can."""

    def __init__(self, core: Core, of: Tables) -> None:
        self.core = core
        self.tables = of

    def scan(
        self,
        caller: Caller,
        name: TableName,
        predicate: Predicate | Filter | None = None,
        *,
        prefix: Sequence[str] | None = None,
        count: int | None = None,
    ) -> Found | None:
        """Partitions by name: see `Partitions.scan`."""
        if count == 0:
            return None
        with self.core.store.read() as tx:
            table = self.tables.find(tx, caller, Action.DESCRIBE, name)
            said = check_keys(table, predicate, prefix)
            first = AT_ONCE + 1 if count is None else min(count, AT_ONCE + 1)
            statement = rows.wanted(tx, table, said, prefix or (), first)
            if statement is None:
                return None
            found = rows.read(tx, statement)
            if len(found) <= AT_ONCE:
                groups = self._groups(tx, found)
                return None if groups is None else Found(table, len(found), iter(groups))
        return self._many(caller, name, predicate, prefix, count)

    def _many(
        self,
        caller: Caller,
        name: TableName,
        predicate: Predicate | Filter | None,
        prefix: Sequence[str] | None,
        count: int | None,
    ) -> Found | None:
        """More than are read at once: counted and read as of one moment, a batch at a time."""

        def found() -> Iterator[Found | Group]:
            with self.core.store.read(snapshot=True) as tx:
                table = self.tables.find(tx, caller, Action.DESCRIBE, name)
                statement = rows.wanted(tx, table, check_keys(table, predicate, prefix), prefix or (), count)
                if statement is None:
                    return
                yield Found(table, rows.count(tx, statement), iter(()))
                for batch in rows.scan(tx, statement):
                    groups = self._groups(tx, batch)
                    if groups is None:
                        raise RuntimeError(f"a partition of {table.full_name} has a time or text that cannot be told")
                    yield from groups

        pieces = found()
        first = next(pieces, None)
        if not isinstance(first, Found):
            return None
        return first._replace(groups=(piece for piece in pieces if isinstance(piece, Group)))

    def named(self, caller: Caller, name: TableName, names: Sequence[str]) -> Found | None:
        """Those of the named partitions that exist: see `Partitions.get_many`."""
        with self.core.store.read() as tx:
            table = self.tables.find(tx, caller, Action.DESCRIBE, name)
            found = rows.named(tx, table, names)
            groups = self._groups(tx, found)
        return None if groups is None else Found(table, len(found), iter(groups))

    def names(self, caller: Caller, name: TableName, count: int | None = None) -> tuple[int, list[bytes]]:
        """How many names there are, and these in order, as elements of a list of strings in Thrift's binary protocol."""
        with self.core.store.read() as tx:
            return rows.names(tx, self.tables.find(tx, caller, Action.DESCRIBE, name), count)

    def _groups(self, tx: Transaction, found: Iterable[rows.Row]) -> list[Group] | None:
        """What follows each other and shares the same; None if a row has no bytes."""
        groups = []
        for (columns_id, storage_id), alike in groupby(found, itemgetter(1, 2)):
            own = [row[3] for row in alike if row[3] is not None]
            columns = tx.blobs.columns(tx, [columns_id])[columns_id]
            storage = tx.blobs.storages(tx, [storage_id])[storage_id]
            groups.append(Group(columns, storage, own))
        if isinstance(found, list) and sum(len(group.rows) for group in groups) != len(found):
            return None
        return groups
