"""PartitionSpecs: partitions that share a storage descriptor told together, and only what of them is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from catalog_server.facades.hms import convert
from catalog_server.facades.hms.encode import struct_bytes
from catalog_server.model.errors import Invalid
from catalog_server.model.expressions import like_pattern
from catalog_server.model.names import name_key
from catalog_server.model.partition import Partition
from catalog_server.model.table import Table
from catalog_server.wire import hive_metastore as wire

GROUPED = "hive.hcatalog.partition.spec.grouping.enabled"
"""Parameter of a table whose partitions even the old calls tell grouped by what they share."""

_OWN = ("values", "createTime", "lastAccessTime", "dbName", "tableName", "catName", "parameters", "writeId")
_STORAGE = (
    "location", "cols", "inputFormat", "outputFormat", "compressed", "numBuckets", "serdeInfo", "bucketCols", "sortCols",
    "parameters", "skewedInfo",
)  # fmt: skip
_PARTS = {
    "cols": ("name", "type", "comment"),
    "serdeInfo": (
        "name", "serializationLib", "parameters", "description", "serializerClass", "deserializerClass", "serdeType",
    ),
    "sortCols": ("col", "order"),
    "skewedInfo": ("skewedColNames", "skewedColValues", "skewedColValueLocationMaps"),
}  # fmt: skip
FIELDS = frozenset(
    (
        *_OWN,
        *(f"sd.{name}" for name in _STORAGE),
        *(f"sd.{of}.{name}" for of, names in _PARTS.items() for name in names),
    )
)
"""What a projection may name, as in Hive's PartitionProjectionEvaluator."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What of each partition a request asks for: its columns or none, and parameters by patterns of SQL's LIKE."""

    columns: bool = True
    included: re.Pattern[str] | None = None
    excluded: re.Pattern[str] | None = None

    @classmethod
    def of(cls, request: Any) -> Shown:
        """What the flags of a request say; those that it does not have ask for everything."""
        included = getattr(request, "includeParamKeyPattern", None)
        excluded = getattr(request, "excludeParamKeyPattern", None)
        return cls(
            columns=not getattr(request, "skipColumnSchemaForPartition", None),
            included=like_pattern(included) if included else None,
            excluded=like_pattern(excluded) if excluded else None,
        )

    def partitions(self, found: list[Partition]) -> list[Partition]:
        """The partitions with what is asked for."""
        if self.columns and self.included is None and self.excluded is None:
            return found
        return [
            replace(one, columns=one.columns if self.columns else (), parameters=self._parameters(one)) for one in found
        ]

    def _parameters(self, partition: Partition) -> dict[str, str]:
        return {
            key: value
            for key, value in partition.parameters.items()
            if (self.included is None or self.included.fullmatch(key))
            and (self.excluded is None or not self.excluded.fullmatch(key))
        }


class Projection:
    """The fields of a partition that a request names; none named are all of them. Raises `Invalid`."""

    def __init__(self, fields: Sequence[str] | None = None) -> None:
        unknown = sorted(set(fields or ()) - FIELDS)
        if unknown:
            raise Invalid("projection", f"{', '.join(unknown)}: no such field of a partition can be asked for alone")
        self._fields = frozenset(fields or ())

    def has(self, field: str) -> bool:
        """Whether a field of the partition itself, or `sd.location`, is asked for."""
        return not self._fields or field in self._fields

    def storage(self, descriptor: Any) -> Any:
        """A storage descriptor with what is asked for, without its location."""
        if not self._fields:
            return descriptor
        shown = wire.StorageDescriptor(compressed=False, numBuckets=0)
        for name in _STORAGE:
            value = getattr(descriptor, name)
            if name != "location" and f"sd.{name}" in self._fields:
                setattr(shown, name, value)
            elif name in _PARTS:
                setattr(shown, name, self._parts(name, value))
        return shown

    def _parts(self, name: str, value: Any) -> Any:
        wanted = [part for part in _PARTS[name] if f"sd.{name}.{part}" in self._fields]
        if not wanted or value is None:
            return None
        if isinstance(value, list):
            return [type(one)(**{part: getattr(one, part) for part in wanted}) for one in value]
        return type(value)(**{part: getattr(value, part) for part in wanted})


def listed(table: Table, partitions: Iterable[Partition]) -> list[Any]:
    """All partitions in one spec, each with its own storage descriptor."""
    whole = [convert.from_partition(table, one) for one in partitions]
    return [_spec(table, table.location, partitionList=wire.PartitionListComposingSpec(partitions=whole))]


def grouped(table: Table, partitions: Iterable[Partition], projection: Projection | None = None) -> list[Any]:
    """A spec for each storage descriptor that partitions below the table share, and one for those elsewhere."""
    wanted = projection or Projection()
    located = wanted.has("sd.location")
    root = (table.location or "").rstrip("/")
    shapes: dict[tuple[int, int], tuple[bytes, Any]] = {}
    kept: list[object] = []  # so that ids stay theirs
    groups: dict[bytes, tuple[Any, list[Any]]] = {}
    elsewhere: list[Any] = []
    for one in partitions:
        key = (id(one.columns), id(one.storage))
        if key not in shapes:
            kept.append((one.columns, one.storage))
            columns = table.columns if one.columns is None else one.columns
            descriptor = wanted.storage(convert.from_storage(one.storage or table.storage, columns, None))
            shapes[key] = (struct_bytes(descriptor), descriptor)
        digest, descriptor = shapes[key]
        below = _below(root, one.location)
        if located and below is None:
            elsewhere.append(_whole(table, one, descriptor, wanted))
        else:
            groups.setdefault(digest, (descriptor, []))[1].append(_bare(one, below if located else None, wanted))
    specs = [
        _spec(
            table,
            table.location if located else None,
            sharedSDPartitionSpec=wire.PartitionSpecWithSharedSD(
                partitions=members, sd=_at(descriptor, table.location if located else None)
            ),
        )
        for descriptor, members in groups.values()
    ]
    if elsewhere:
        specs.append(_spec(table, None, partitionList=wire.PartitionListComposingSpec(partitions=elsewhere)))
    return specs


def to_partitions(specs: Sequence[Any]) -> list[Any]:
    """The Partition structs that specs describe, each with its place. Raises `Invalid`."""
    found: list[Any] = []
    for spec in specs:
        shared = spec.sharedSDPartitionSpec
        if shared is not None:
            found += [_unshared(spec, shared, one) for one in shared.partitions or ()]
        elif spec.partitionList is not None:
            found += spec.partitionList.partitions or ()
        else:
            raise Invalid("partition spec", "holds neither partitions that share a descriptor nor a list of them")
    return found


def _unshared(spec: Any, shared: Any, one: Any) -> Any:
    root = (spec.rootPath or getattr(shared.sd, "location", None) or "").rstrip("/")
    location = f"{root}/{one.relativePath.lstrip('/')}" if root and one.relativePath else None
    return wire.Partition(
        values=one.values,
        dbName=spec.dbName,
        tableName=spec.tableName,
        catName=spec.catName,
        createTime=one.createTime,
        lastAccessTime=one.lastAccessTime,
        sd=None if shared.sd is None else _at(shared.sd, location),
        parameters=one.parameters,
    )


def _spec(table: Table, root: str | None, **of: Any) -> Any:
    return wire.PartitionSpec(
        dbName=name_key(table.database), tableName=name_key(table.name), catName=table.catalog, rootPath=root, **of
    )


def _at(descriptor: Any, location: str | None) -> Any:
    return wire.StorageDescriptor(**{**vars(descriptor), "location": location})


def _below(root: str, location: str | None) -> str | None:
    """A partition's place relative to its table's, None for one elsewhere."""
    if not root or location is None or not (location == root or location.startswith(root + "/")):
        return None
    return location[len(root) :]


def _bare(one: Partition, path: str | None, wanted: Projection) -> Any:
    return wire.PartitionWithoutSD(
        values=list(one.values) if wanted.has("values") else None,
        createTime=one.created_at // 1000 if wanted.has("createTime") else 0,
        lastAccessTime=one.last_access_at // 1000 if wanted.has("lastAccessTime") else 0,
        relativePath=path,
        parameters=dict(one.parameters) if wanted.has("parameters") else None,
    )


def _whole(table: Table, one: Partition, descriptor: Any, wanted: Projection) -> Any:
    said = convert.from_partition(table, one)
    said.sd = _at(descriptor, one.location)
    for name in _OWN:
        if not wanted.has(name):
            setattr(said, name, 0 if name in ("createTime", "lastAccessTime") else None)
    return said
