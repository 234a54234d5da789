"""Column statistics that a crawl writes: of what is new or different, or has none; those that are no longer true go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace

from catalog_server.catalog.catalog import CatalogService
from catalog_server.crawlers.found import MEASURED, FoundTable
from catalog_server.model.caller import Caller
from catalog_server.model.partition import partition_name
from catalog_server.model.statistics import ColumnStatistics
from catalog_server.model.table import Table

_BATCH = 500
Values = tuple[str, ...]


def write(
    catalog: CatalogService,
    caller: Caller,
    table: Table,
    one: FoundTable,
    changed: Set[Values],
    measured: Set[Values],
    at: int,
) -> None:
    """Bring statistics up to what was found, as of the time `at` (milliseconds).

    `changed` are partitions (`()` for a table without keys) whose data are new or different; `measured` are those of
    which an earlier crawl wrote statistics. What others wrote stays as long as the data do.
    """
    columns = [column.name for column in table.columns]
    known = {column.key: column.type for column in table.columns}
    found = {
        values: [replace(each, updated_at=at) for each in said if known.get(each.column.lower()) == each.type]
        for values, said in one.statistics.items()
    }
    stale = [values for values in changed & measured if not found.get(values)]
    if not table.partition_keys:
        if stale:
            catalog.statistics.drop(caller, table.full_name)
        said = found.get((), [])
        if said and (changed or not catalog.statistics.get(caller, table.full_name)):
            catalog.statistics.put(caller, table.full_name, said)
        return
    keys = [key.name for key in table.partition_keys]
    names = {values: partition_name(keys, values) for values in (*found, *stale)}
    _drop(catalog, caller, table, [names[values] for values in sorted(stale)])
    wanted = sorted(values for values, said in found.items() if said)
    for start in range(0, len(wanted), _BATCH):
        batch = wanted[start : start + _BATCH]
        unchanged = [names[values] for values in batch if values not in changed]
        held: Mapping[str, Sequence[ColumnStatistics]] = (
            catalog.statistics.get_partitions(caller, table.full_name, unchanged, columns) if unchanged else {}
        )
        new = {names[values]: found[values] for values in batch if values in changed or not held.get(names[values])}
        if new:
            catalog.statistics.put_partitions(caller, table.full_name, new)


def _drop(catalog: CatalogService, caller: Caller, table: Table, names: Sequence[str]) -> None:
    for start in range(0, len(names), _BATCH):
        catalog.statistics.drop(caller, table.full_name, of_partitions=names[start : start + _BATCH])


def is_measured(parameters: Mapping[str, str]) -> bool:
    """Whether a crawl wrote the statistics of what has these parameters."""
    return MEASURED in parameters
