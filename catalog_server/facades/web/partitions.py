"""Partitions over the JSON API."""

from __future__ import annotations

from typing import Annotated

import msgspec

from catalog_server.facades.web import convert
from catalog_server.facades.web.bodies import Body
from catalog_server.facades.web.messages import Page, PartitionAnswer, PartitionPage
from catalog_server.facades.web.paging import Paged, place, token
from catalog_server.facades.web.routing import Call, Routes
from catalog_server.model.expressions import parse_filter
from catalog_server.model.names import TableName
from catalog_server.model.partition import Partition, partition_name, partition_values
from catalog_server.model.table import Table

routes = Routes("Partitions")
PATH = "/catalogs/{catalog}/databases/{database}/tables/{table}/partitions"


class PartitionsQuery(Paged):
    """Which partitions are listed."""

    filter: Annotated[str, msgspec.Meta(max_length=20_000, description="A predicate over the partition keys.")] = ""


class NewPartition(Body):
    """A partition to be added."""

    values: list[str]
    location: str | None = None
    parameters: dict[str, str] = msgspec.field(default_factory=dict)


class NewPartitions(Body):
    """Partitions to be added, all or none."""

    partitions: Annotated[list[NewPartition], msgspec.Meta(min_length=1, max_length=10_000)]
    if_not_exists: bool = False


class Named(Body):
    """Which partition is meant."""

    name: str


@routes.get(PATH)
def list_partitions(call: Call, catalog: str, database: str, table: str, query: PartitionsQuery) -> PartitionPage:
    """List the partitions of a table by name; the first page counts all that meet the filter."""
    partitions, name = call.services.catalog.partitions, TableName(catalog, database, table)
    predicate = parse_filter(query.filter)
    after = place(query.page_token, str) or ""
    of, found = partitions.list(call.caller, name, predicate, after=after, count=query.page_size + 1)
    items, more = found[: query.page_size], len(found) > query.page_size
    total = partitions.count(call.caller, name, predicate) if not after and of.partition_keys else None
    following = token(_name(of, items[-1])) if more else None
    return PartitionPage([convert.partition(of, item) for item in items], following, total)


def _name(of: Table, partition: Partition) -> str:
    return partition_name([key.name for key in of.partition_keys], partition.values)


@routes.post(PATH)
def add_partitions(call: Call, catalog: str, database: str, table: str, body: NewPartitions) -> Page[PartitionAnswer]:
    """Add partitions with their folders, all or none; answers those that are new."""
    new = [Partition(tuple(one.values), one.location, parameters=one.parameters) for one in body.partitions]
    partitions, name = call.services.catalog.partitions, TableName(catalog, database, table)
    of, made = partitions.add(call.caller, name, new, if_not_exists=body.if_not_exists)
    _, found = partitions.get_many(call.caller, name, [_name(of, one) for one in made])
    return Page([convert.partition(of, one) for one in found])


@routes.get(PATH + "/{partition}")
def get_partition(call: Call, catalog: str, database: str, table: str, partition: str) -> PartitionAnswer:
    """Get one partition by its name."""
    name = TableName(catalog, database, table)
    keys = [key.name for key in call.services.catalog.tables.get(call.caller, name).partition_keys]
    of, found = call.services.catalog.partitions.get(call.caller, name, partition_values(keys, partition))
    return convert.partition(of, found)


@routes.delete(PATH)
def drop_partition(call: Call, catalog: str, database: str, table: str, query: Named) -> None:
    """Drop the partition of a name; the files of a managed table's partition go too."""
    name = TableName(catalog, database, table)
    of = call.services.catalog.tables.get(call.caller, name)
    keys = [key.name for key in of.partition_keys]
    wanted = partition_name(keys, partition_values(keys, query.name))
    call.services.catalog.partitions.drop(call.caller, name, [wanted])
