"""Partitions, of mounted catalogs too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from catalog_server.catalog.core import Core
from catalog_server.catalog.mounted.tables import MountedTables
from catalog_server.catalog.partitions import Partitions, check_keys, name_of
from catalog_server.hive.reader import BATCH, Reader
from catalog_server.model.caller import Caller
from catalog_server.model.errors import NotFound
from catalog_server.model.expressions import Predicate, matches
from catalog_server.model.filters import Filter
from catalog_server.model.names import TableName
from catalog_server.model.partition import Partition, partition_values
from catalog_server.model.table import Table
from catalog_server.store import partitions as rows


class MountedPartitions(Partitions):
    """Partitions, of mounted catalogs too; filters are applied here, to the names that the metastore tells."""

    def __init__(self, core: Core, of: MountedTables) -> None:
        super().__init__(core, of)
        self.of = of

    def _table(self, caller: Caller, name: TableName) -> tuple[Reader, Table] | None:
        reader = self.of.mounts.of(name.catalog)
        return None if reader is None else (reader, self.of.read(reader, caller, name))

    def get(self, caller: Caller, name: TableName, values: Sequence[str]) -> tuple[Table, Partition]:
        """The table and its partition of these values."""
        try:
            return super().get(caller, name, values)
        except NotFound:
            found = self._table(caller, name)
            if found is None:
                raise
        reader, table = found
        wanted = name_of(table, values)
        held = reader.partitions(table, [wanted])
        if not held:
            raise NotFound("partition", f"{table.full_name}/{wanted}")
        return table, held[0]

    def get_many(self, caller: Caller, name: TableName, names: Sequence[str]) -> tuple[Table, list[Partition]]:
        """The table and those of the named partitions that exist."""
        try:
            return super().get_many(caller, name, names)
        except NotFound:
            found = self._table(caller, name)
            if found is None:
                raise
        reader, table = found
        return table, reader.partitions(table, list(dict.fromkeys(names)))

    def names(self, caller: Caller, name: TableName, *, after: str = "", count: int | None = None) -> list[str]:
        """Names of a table's partitions in order, up to `count` after the name `after`."""
        try:
            return super().names(caller, name, after=after, count=count)
        except NotFound:
            found = self._table(caller, name)
            if found is None:
                raise
        reader, table = found
        return [one for one in reader.partition_names(table) if one > after][:count]

    def scan(
        self,
        caller: Caller,
        name: TableName,
        predicate: Predicate | Filter | None = None,
        *,
        prefix: Sequence[str] | None = None,
        after: str = "",
        count: int | None = None,
    ) -> Iterator[tuple[Table, list[Partition]]]:
        """The table with batches of its partitions by name; at least one batch, maybe empty."""
        try:
            yield from super().scan(caller, name, predicate, prefix=prefix, after=after, count=count)
            return
        except NotFound:
            found = self._table(caller, name)
            if found is None:
                raise
        reader, table = found
        names = _chosen(reader, table, predicate, prefix, after)[:count]
        if not names:
            yield table, []
        for start in range(0, len(names), BATCH):
            held = reader.partitions(table, names[start : start + BATCH])
            yield table, sorted(held, key=lambda one: name_of(table, one.values))

    def count(self, caller: Caller, name: TableName, predicate: Predicate | Filter | None = None) -> int:
        """How many partitions a table has, or how many meet a predicate."""
        try:
            return super().count(caller, name, predicate)
        except NotFound:
            found = self._table(caller, name)
            if found is None:
                raise
        return len(_chosen(*found, predicate, None, ""))


def _chosen(
    reader: Reader, table: Table, predicate: Predicate | Filter | None, prefix: Sequence[str] | None, after: str
) -> list[str]:
    """Names of the partitions that meet a predicate, begin with some values, and come after a name."""
    if predicate is not None or prefix is not None:
        predicate = check_keys(table, predicate, prefix)
    names = [one for one in reader.partition_names(table) if one > after]
    if predicate is None and not any(prefix or ()):
        return names
    keys = [key.key for key in table.partition_keys]
    numeric = frozenset(key for key, (_, is_numeric) in rows.keys_of(table.partition_keys).items() if is_numeric)
    kept = []
    for one in names:
        values = partition_values(keys, one)
        fits = all(said in ("", held) for said, held in zip(prefix or (), values, strict=False))
        if fits and (predicate is None or matches(predicate, dict(zip(keys, values, strict=True)), numeric)):
            kept.append(one)
    return kept
