"""What was found at a table's location, made to fit the table that the catalog has there, whoever made that one.

The catalog's row says what the table is: its name, its kind, what its partition keys are called. Of tables that no crawl made
it also says how they are read, so that of these only what is certain follows the data.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from catalog_server.crawlers.figures import UPDATED_BY
from catalog_server.crawlers.found import CRAWLER, SIGNATURE, FoundTable
from catalog_server.model.spark_schema import PROVIDER
from catalog_server.model.table import Column, Table

_UNNAMED = re.compile(r"partition_\d+_*")
_BY_NAME = ("parquet", "orc", "json", "ion", "delta", "hudi")
"""Formats whose columns are known by their names, so that a new one can be added to what somebody else wrote."""
_OF_KIND = ("parquet", "orc", "avro", "iceberg", "delta", "hudi", "excel", "ion")
"""Formats that are never read as text."""
_READ_BY = "hoodie.query.as.ro.table"


def fitted(held: Table, one: FoundTable) -> FoundTable:
    """The found table as far as it may change the one that is held."""
    parameters = {key: value for key, value in one.table.parameters.items() if key not in (CRAWLER, UPDATED_BY)}
    parameters |= {key: held.parameters[key] for key in (CRAWLER, UPDATED_BY) if key in held.parameters}
    table = replace(one.table, kind=held.kind, parameters=parameters)
    named = [key.name for key in held.partition_keys]
    if _are_called_otherwise(named, one.table.partition_keys):
        keys = tuple(replace(key, name=name) for key, name in zip(one.keys, named, strict=True))
        taken = {key.key for key in held.partition_keys}
        columns = tuple(column for column in one.columns if column.key not in taken)
        hive = tuple(column for column in table.columns if column.key not in taken)
        table = replace(table, columns=hive, partition_keys=held.partition_keys)
        one = replace(one, columns=columns, keys=keys)
    if SIGNATURE not in held.parameters and not held.is_iceberg:
        return _of_others(held, replace(one, table=table))
    return replace(one, table=table)


def _are_called_otherwise(named: Sequence[str], found: Sequence[Column]) -> bool:
    """Whether folders that do not say their keys have been given names for them."""
    if len(named) != len(found) or [key.name for key in found] == named:
        return False
    return all(name == key.name or _UNNAMED.fullmatch(key.name) for name, key in zip(named, found, strict=True))


def _of_others(held: Table, one: FoundTable) -> FoundTable:
    """For a table that no crawl made: it is read as it was read before, and where columns go by position they stay."""
    if held.format in _BY_NAME and held.format == one.table.format:
        order = {column.key: n for n, column in enumerate(held.columns)}
        spelled = {column.key: column.name for column in held.columns}

        def ordered(columns: Sequence[Column]) -> tuple[Column, ...]:
            return tuple(sorted(columns, key=lambda column: order.get(column.key, len(order))))

        hive = [replace(each, name=spelled.get(each.key, each.name)) for each in one.table.columns]
        return replace(one, table=replace(one.table, columns=ordered(hive)), columns=ordered(one.columns))
    if held.format != one.table.format and {held.format, one.table.format}.intersection(_OF_KIND):
        return one  # which is refused
    parameters = {key: value for key, value in one.table.parameters.items() if key not in (PROVIDER, "classification")}
    faces = {key: held.parameters[key] for key in (PROVIDER, "classification") if key in held.parameters}
    same = replace(one.table, columns=held.columns, storage=held.storage, parameters={**parameters, **faces})
    if [key.key for key in one.table.partition_keys] == [key.key for key in held.partition_keys]:
        same = replace(same, partition_keys=held.partition_keys)
    return replace(one, table=same, columns=())


def view_of(held: Table, found: Sequence[FoundTable]) -> FoundTable | None:
    """Of several views of one folder the one that a table is."""

    def reads(table: Table) -> tuple[str | None, str | None]:
        return table.storage.input_format, table.storage.serde.parameters.get(_READ_BY)

    first = next(iter(found), None)
    chosen = next((one for one in found if reads(one.table)[0] == reads(held)[0]), first)
    return replace(chosen, table=replace(chosen.table, name=held.name)) if chosen else None
