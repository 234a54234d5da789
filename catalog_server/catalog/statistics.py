"""Column statistics: kept beside the definition, never touching its row."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from catalog_server.catalog import crawl_changes
from catalog_server.catalog.core import Core
from catalog_server.catalog.hive_rules import STATS_ACCURATE
from catalog_server.catalog.partitions import name_of
from catalog_server.catalog.tables import Tables
from catalog_server.model.caller import Caller
from catalog_server.model.errors import Invalid, NotFound
from catalog_server.model.grant import Action
from catalog_server.model.names import TableName, name_key
from catalog_server.model.partition import partition_values
from catalog_server.model.statistics import ColumnStatistics, merged
from catalog_server.model.table import Table
from catalog_server.store import partitions, tables
from catalog_server.store import statistics as rows
from catalog_server.store.transaction import Transaction


class Statistics:
    """Rules of column statistics; all methods raise `NotFound`, `Denied` and the errors they name.

    Partitions are named as in Hive, `key=value/key=value`; a name in another case or escaping of its keys is understood.
    """

    def __init__(self, core: Core, of: Tables) -> None:
        self.core = core
        self.tables = of

    def put(
        self, caller: Caller, name: TableName, found: Sequence[ColumnStatistics], *, merge: bool = False
    ) -> bool:  # fmt: skip
        """Write statistics of a table's columns; raises `Invalid` for a column it has not.

        With `merge` they are of further rows, and are added to those that are there. A column without any is left alone,
        unless the table's parameters say that nothing was there to know. Returns whether no column was.
        """

        def work(tx: Transaction) -> bool:
            table = self.tables.find(tx, caller, Action.INSERT, name, lock=merge)
            _check_columns(table, found)
            kept = found
            if merge:
                held = {(one.column, one.engine): one for one in rows.of_table(tx, table.id, None, None)}
                kept = _merged(found, held, table.parameters)
            crawl_changes.statistics_changed(tx, caller, table, {rows.TABLE: kept})
            rows.put(tx, table.id, {rows.TABLE: kept})
            tables.bump_data_version(tx, table.id)
            return len(kept) == len(found)

        return self.core.store.write(work)

    def put_partitions(
        self,
        caller: Caller,
        name: TableName,
        found: Mapping[str, Sequence[ColumnStatistics]],
        *,
        merge: bool = False,
    ) -> bool:
        """Write statistics by partition name, all or none; see `put`. Raises `NotFound` for a missing partition.

        Calls about different partitions of a table do not wait for each other: no row is written that they share.
        """

        def work(tx: Transaction) -> bool:
            table = self.tables.find(tx, caller, Action.INSERT, name, lock=merge)
            named = {_canonical(table, partition): columns for partition, columns in found.items()}
            held = rows.partition_ids(tx, table.id, list(named))
            for partition, columns in named.items():
                if partition not in held:
                    raise NotFound("partition", f"{table.full_name}/{partition}")
                _check_columns(table, columns)
            kept = _merged_partitions(tx, table, named) if merge else named
            by_id = {held[partition]: columns for partition, columns in kept.items()}
            crawl_changes.statistics_changed(tx, caller, table, by_id)
            rows.put(tx, table.id, by_id)
            return all(len(kept[one]) == len(named[one]) for one in named)

        return self.core.store.write(work)

    def get(
        self, caller: Caller, name: TableName, columns: Sequence[str] | None = None, engine: str | None = "hive"
    ) -> list[ColumnStatistics]:
        """Statistics of a table's columns, of all that have any when none are named."""
        with self.core.store.read() as tx:
            table = self.tables.find(tx, caller, Action.DESCRIBE, name)
            return rows.of_table(tx, table.id, columns, engine)

    def get_partitions(
        self, caller: Caller, name: TableName, names: Sequence[str], columns: Sequence[str], engine: str = "hive"
    ) -> dict[str, list[ColumnStatistics]]:
        """Statistics by partition name; a partition without any is left out."""
        with self.core.store.read() as tx:
            table = self.tables.find(tx, caller, Action.DESCRIBE, name)
            return rows.of_partitions(tx, table.id, names, columns, engine)

    def aggregate(
        self, caller: Caller, name: TableName, names: Sequence[str], columns: Sequence[str], engine: str = "hive"
    ) -> tuple[list[ColumnStatistics], int]:
        """Statistics of some partitions as if they were one, by column, and how many of them have all these columns.

        What is known is told as it is: nothing is extrapolated to partitions without statistics.
        """
        wanted = {name_key(column) for column in columns}
        found: dict[str, ColumnStatistics] = {}
        counts: dict[str, int] = {}
        with self.core.store.read() as tx:
            table = self.tables.find(tx, caller, Action.DESCRIBE, name)
            if not names or not wanted:
                return [], 0
            for partition, one in rows.scan(tx, table.id, names, sorted(wanted), engine):
                held = found.get(one.column)
                found[one.column] = one if held is None else merged(held, one)
                counts[partition] = counts.get(partition, 0) + 1
        complete = sum(1 for count in counts.values() if count == len(wanted))
        return [found[column] for column in sorted(found)], complete

    def drop(
        self,
        caller: Caller,
        name: TableName,
        columns: Sequence[str] | None = None,
        of_partitions: Sequence[str] | None = (),
        engine: str | None = "hive",
    ) -> None:
        """Delete statistics of columns, or of all: the table's own, or of named partitions, of all when None.

        Raises `NotFound` for a partition that is not there and for a named column without statistics.
        """

        def work(tx: Transaction) -> None:
            table = self.tables.find(tx, caller, Action.INSERT, name)
            ids: Sequence[int] | None = (rows.TABLE,) if of_partitions is not None else None
            if of_partitions:
                held = rows.partition_ids(tx, table.id, wanted := [_canonical(table, one) for one in of_partitions])
                missing = [one for one in wanted if one not in held]
                if missing:
                    raise NotFound("partition", f"{table.full_name}/{missing[0]}")
                ids = list(held.values())
            crawl_changes.statistics_changed(tx, caller, table, list(ids or ()))
            dropped = rows.drop(tx, table.id, ids, columns, engine)
            for column in columns or ():
                if name_key(column) not in dropped:
                    raise NotFound("column statistics", f"{table.full_name}.{column}")
            if dropped:
                tables.bump_data_version(tx, table.id)

        self.core.store.write(work)


def _canonical(table: Table, partition: str) -> str:
    return name_of(table, partition_values([key.name for key in table.partition_keys], partition))


def _check_columns(table: Table, found: Sequence[ColumnStatistics]) -> None:
    known = {column.key for column in (*table.columns, *table.partition_keys)}
    for one in found:
        if one.column.lower() not in known and one.column not in known:
            raise Invalid("column statistics", f"{one.column} is not a column of {table.full_name}")


def _merged_partitions(
    tx: Transaction, table: Table, found: Mapping[str, Sequence[ColumnStatistics]]
) -> dict[str, list[ColumnStatistics]]:
    said = {name_of(table, one.values): one.parameters for one in partitions.get_many(tx, table, list(found))}
    engines = {one.engine for columns in found.values() for one in columns}
    held: dict[str, dict[tuple[str, str], ColumnStatistics]] = {}
    for engine in sorted(engines):
        for partition, one in rows.scan(tx, table.id, list(found), None, engine):
            held.setdefault(partition, {})[one.column, one.engine] = one
    return {name: _merged(columns, held.get(name, {}), said.get(name, {})) for name, columns in found.items()}


def _merged(
    found: Sequence[ColumnStatistics], held: Mapping[tuple[str, str], ColumnStatistics], parameters: Mapping[str, str]
) -> list[ColumnStatistics]:
    """What is to be written: statistics of further rows say nothing of a column about which nothing was known."""
    known = _said_accurate(parameters)
    kept = []
    for one in found:
        before = held.get((one.column, one.engine))
        if before is not None:
            kept.append(merged(before, one))
        elif one.column in known:
            kept.append(one)
    return kept


def _said_accurate(parameters: Mapping[str, str]) -> frozenset[str]:
    """Columns of which Hive's parameter says that their statistics are right; a new, empty table says it of all."""
    try:
        said = json.loads(parameters.get(STATS_ACCURATE) or "{}").get("COLUMN_STATS", {})
        return frozenset(name_key(column) for column, right in said.items() if str(right).lower() == "true")
    except (ValueError, AttributeError):
        return frozenset()
