"""Statistics of columns over gRPC."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from typing import Any

from google.protobuf.empty_pb2 import Empty

from catalog_server.facades.grpc import convert
from catalog_server.facades.grpc.call import Call, Noun
from catalog_server.model.errors import Invalid
from catalog_server.model.names import name_key
from catalog_server.model.statistics import ColumnStatistics
from catalog_server.wire import catalog_pb2 as pb

ENGINE = "hive"
PARTITIONS_MAX = 10_000
_BYTES = ("bit_vectors", "histogram")


class Statistics(Noun):
    """What is known of columns."""

    def get_statistics(self, call: Call, request: pb.GetStatisticsRequest) -> pb.GetStatisticsResponse:
        """Those of a table."""
        name, columns = convert.to_table_name(request.table), list(request.columns) or None
        found = self.catalog.statistics.get(call.caller, name, columns, request.engine or ENGINE)
        return pb.GetStatisticsResponse(columns=[statistics(one) for one in found])

    def put_statistics(self, call: Call, request: pb.PutStatisticsRequest) -> Empty:
        """Write those of a table."""
        name = convert.to_table_name(request.table)
        self.catalog.statistics.put(call.caller, name, to_statistics(request.columns), merge=request.merge)
        return Empty()

    def get_partition_statistics(
        self, call: Call, request: pb.GetPartitionStatisticsRequest
    ) -> pb.GetPartitionStatisticsResponse:
        """Those of partitions."""
        name, names = convert.to_table_name(request.table), list(request.partitions)
        if len(names) > PARTITIONS_MAX:
            raise Invalid("partitions", f"are {len(names)}, more than {PARTITIONS_MAX}")
        engine = request.engine or ENGINE
        found = self.catalog.statistics.get_partitions(call.caller, name, names, list(request.columns), engine)
        shown = {one: pb.ColumnStatisticsList(columns=map(statistics, columns)) for one, columns in found.items()}
        return pb.GetPartitionStatisticsResponse(partitions=shown)

    def put_partition_statistics(self, call: Call, request: pb.PutPartitionStatisticsRequest) -> Empty:
        """Write those of partitions."""
        name = convert.to_table_name(request.table)
        found = {one: to_statistics(held.columns) for one, held in request.partitions.items()}
        self.catalog.statistics.put_partitions(call.caller, name, found, merge=request.merge)
        return Empty()

    def drop_statistics(self, call: Call, request: pb.DropStatisticsRequest) -> Empty:
        """Forget some."""
        name, columns = convert.to_table_name(request.table), list(request.columns) or None
        partitions: Sequence[str] = list(request.partitions)
        self.catalog.statistics.drop(call.caller, name, columns, partitions, request.engine or ENGINE)
        return Empty()


def statistics(found: ColumnStatistics) -> pb.ColumnStatistics:
    """Statistics of a column."""
    shown = pb.ColumnStatistics(
        column=found.column, type=found.type, engine=found.engine, updated_at=convert.when(found.updated_at)
    )
    data = getattr(shown, found.kind)
    data.SetInParent()
    for field in data.DESCRIPTOR.fields:
        value: Any = found.data.get(field.name)
        if value is not None:
            setattr(data, field.name, float(value) if field.cpp_type == field.CPPTYPE_DOUBLE else value)
    for key in _BYTES:
        if key in found.data:
            setattr(shown, key, base64.b64decode(str(found.data[key])))
    return shown


def to_statistics(messages: Iterable[pb.ColumnStatistics]) -> list[ColumnStatistics]:
    """The statistics that messages describe. Raises `Invalid` for a column without data."""
    found = []
    for one in messages:
        kind = one.WhichOneof("data")
        if kind is None:
            raise Invalid("column statistics", f"of column {one.column} hold no data")
        data: dict[str, object] = {field.name: _plain(value) for field, value in getattr(one, kind).ListFields()}
        data |= {key: base64.b64encode(getattr(one, key)).decode() for key in _BYTES if one.HasField(key)}
        at = one.updated_at.ToMilliseconds() if one.HasField("updated_at") else 0
        found.append(ColumnStatistics(name_key(one.column), one.type, kind, data, one.engine or ENGINE, at))
    return found


def _plain(value: Any) -> object:
    """A number that JSON has no word for as text, as the model keeps it."""
    infinite = isinstance(value, float) and (value != value or value in (float("inf"), float("-inf")))
    return str(value) if infinite else value
