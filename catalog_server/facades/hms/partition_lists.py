"""How lists of partitions are answered: spliced from bytes that are encoded once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from catalog_server.facades.hms import convert
from catalog_server.facades.hms.call import Context
from catalog_server.facades.hms.encode import PartitionRow, PartitionTemplate, list_bytes
from catalog_server.facades.hms.noun import Noun, caller_of, limit
from catalog_server.facades.hms.partition_specs import Shown
from catalog_server.facades.hms.partition_splice import names_bytes, partitions_bytes
from catalog_server.model.caller import Caller
from catalog_server.model.errors import Invalid, NotFound
from catalog_server.model.filters import Filter
from catalog_server.model.names import TableName, name_key
from catalog_server.model.partition import Partition, read_partition_name
from catalog_server.model.table import Table


class PartitionLists(Noun):
    """What calls that answer with partitions share; no method is a handler."""

    def _by_names(self, context: Context, name: TableName, names: Sequence[str]) -> tuple[Table, list[Partition]]:
        return self.catalog.partitions.get_many(caller_of(context), name, names)

    def _values(self, context: Context, name: TableName, partition: str | None) -> tuple[str, ...]:
        """The values in a partition's name; raises `Invalid` for none, `NotFound` for one that lacks a key."""
        if not partition:
            raise Invalid("partition name", "is needed")
        table = self.catalog.tables.get(caller_of(context), name)
        said = dict(read_partition_name(partition))
        missing = [key.key for key in table.partition_keys if key.key not in said]
        if missing or not said:
            raise NotFound("partition", f"{table.full_name}/{partition} (which has no value for {', '.join(missing)})")
        return tuple(said[key.key] for key in table.partition_keys)

    def _listed(
        self,
        context: Context,
        name: TableName,
        count: int | None,
        predicate: Filter | None = None,
        prefix: Sequence[str] | None = None,
        shown: Shown | None = None,
    ) -> Any:
        caller = caller_of(context)
        if shown in (None, Shown()) and not context.compact:
            spliced = self._spliced(caller, name, predicate, prefix, limit(count))
            if spliced is not None:
                return spliced
        found = self.catalog.partitions.scan(caller, name, predicate, prefix=prefix, count=limit(count))
        table, first = next(found)
        whole = batches(first, found)
        return answer(table, map(shown.partitions, whole) if shown else whole, context.compact)

    def _spliced(
        self,
        caller: Caller,
        name: TableName,
        predicate: Filter | None,
        prefix: Sequence[str] | None,
        count: int | None,
    ) -> Iterator[bytes] | None:
        """A list of partitions from the bytes that are kept of each; None where these do not serve."""
        try:
            found = self.catalog.partition_rows.scan(caller, name, predicate, prefix=prefix, count=count)
        except NotFound:
            return None  # it may be in a mounted catalog
        return None if found is None else partitions_bytes(found)

    def _spliced_names(self, context: Context, name: TableName, names: Sequence[str]) -> Iterator[bytes] | None:
        """The named partitions, in the same way."""
        if context.compact:
            return None
        try:
            found = self.catalog.partition_rows.named(caller_of(context), name, names)
        except NotFound:
            return None
        return None if found is None else partitions_bytes(found)

    def _all_names(self, context: Context, name: TableName, count: int | None) -> bytes | None:
        """The names of a table's partitions, in the same way."""
        if context.compact:
            return None
        try:
            return names_bytes(*self.catalog.partition_rows.names(caller_of(context), name, count))
        except NotFound:
            return None


def batches(first: list[Partition], rest: Iterable[tuple[Table, list[Partition]]]) -> Iterator[list[Partition]]:
    """The partitions of a scan whose first batch was taken already."""
    yield first
    for _, batch in rest:
        yield batch


def answer(table: Table, batches: Iterable[list[Partition]], compact: bool) -> Any:
    """A list of partitions; one template serves all that share columns and storage, which are shared objects."""
    if compact:
        return [convert.from_partition(table, one) for batch in batches for one in batch]
    templates: dict[tuple[int, int], PartitionTemplate] = {}
    kept: list[object] = []

    def encoded() -> Iterator[bytes]:
        for batch in batches:
            for one in batch:
                key = (id(one.columns), id(one.storage))
                template = templates.get(key)
                if template is None:
                    kept.append((one.columns, one.storage))
                    columns = table.columns if one.columns is None else one.columns
                    storage = convert.from_storage(one.storage or table.storage, columns, None)
                    template = PartitionTemplate(name_key(table.database), name_key(table.name), storage, table.catalog)
                    templates[key] = template
                created, accessed = one.created_at // 1000, one.last_access_at // 1000
                yield template.partition(PartitionRow(one.values, one.location, one.parameters, created, accessed))

    return list_bytes(encoded())
