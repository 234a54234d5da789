"""Calls about column statistics."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from catalog_server.catalog.catalog import CatalogService
from catalog_server.facades.hms.call import Context, large
from catalog_server.facades.hms.noun import Noun, caller_of, table_name
from catalog_server.hive.statistics import BYTES, KINDS, RANGE, to_statistics
from catalog_server.model.caller import Caller
from catalog_server.model.errors import Invalid, NotFound
from catalog_server.model.names import TableName, name_key
from catalog_server.model.statistics import ColumnStatistics
from catalog_server.model.table import Table
from catalog_server.wire import hive_metastore as wire

ENGINE = "hive"


class Statistics(Noun):
    """Statistics of tables and of partitions."""

    def get_table_column_statistics(self, context: Context, arguments: Any) -> Any:
        """Statistics of one column of a table."""
        name = table_name(arguments.db_name, arguments.tbl_name)
        columns = [arguments.col_name or ""]
        found = self.catalog.statistics.get(caller_of(context), name, columns, ENGINE)
        if not found:
            raise NotFound("column statistics", f"{name}.{arguments.col_name}")
        return _described(name, None, found)

    def get_partition_column_statistics(self, context: Context, arguments: Any) -> Any:
        """Statistics of one column of a partition."""
        name = table_name(arguments.db_name, arguments.tbl_name)
        partition, columns = arguments.part_name or "", [arguments.col_name or ""]
        found = self.catalog.statistics.get_partitions(caller_of(context), name, [partition], columns, ENGINE)
        if not found:
            raise NotFound("column statistics", f"{name}/{partition}.{arguments.col_name}")
        return _described(name, partition, found[partition])

    def get_table_statistics_req(self, context: Context, arguments: Any) -> Any:
        """Statistics of some columns of a table; a column without any is left out."""
        request = arguments.request
        name = table_name(request.dbName, request.tblName, request.catName)
        columns = request.colNames or ()
        found = self.catalog.statistics.get(caller_of(context), name, columns, request.engine or ENGINE)
        return wire.TableStatsResult(tableStats=[from_statistics(one) for one in found])

    @large
    def get_partitions_statistics_req(self, context: Context, arguments: Any) -> Any:
        """Statistics of some columns by partition; a partition without any is left out."""
        request = arguments.request
        name = table_name(request.dbName, request.tblName, request.catName)
        found = self.catalog.statistics.get_partitions(
            caller_of(context), name, request.partNames or (), request.colNames or (), request.engine or ENGINE
        )
        answer = {partition: [from_statistics(one) for one in columns] for partition, columns in found.items()}
        return wire.PartitionsStatsResult(partStats=answer)

    @large
    def get_aggr_stats_for(self, context: Context, arguments: Any) -> Any:
        """Statistics of some columns over some partitions, and how many partitions have them all."""
        request = arguments.request
        name = table_name(request.dbName, request.tblName, request.catName)
        found, complete = self.catalog.statistics.aggregate(
            caller_of(context), name, request.partNames or (), request.colNames or (), request.engine or ENGINE
        )
        return wire.AggrStats(colStats=[from_statistics(one) for one in found], partsFound=complete)

    def update_table_column_statistics(self, context: Context, arguments: Any) -> bool:
        """Write statistics of columns of a table."""
        return self._put_table(context, arguments.stats_obj)

    def update_partition_column_statistics(self, context: Context, arguments: Any) -> bool:
        """Write statistics of columns of one partition."""
        return self._put_partitions(context, [arguments.stats_obj])

    def update_table_column_statistics_req(self, context: Context, arguments: Any) -> Any:
        """Write statistics of columns of a table."""
        said = _only(arguments.req)
        return wire.SetPartitionsStatsResponse(result=self._put(context, [said], bool(arguments.req.needMerge)))

    def update_partition_column_statistics_req(self, context: Context, arguments: Any) -> Any:
        """Write statistics of columns of one partition."""
        said = _only(arguments.req)
        if said.statsDesc.isTblLevel:
            raise Invalid("partition name", "is missing")
        return wire.SetPartitionsStatsResponse(result=self._put(context, [said], bool(arguments.req.needMerge)))

    def set_aggr_stats_for(self, context: Context, arguments: Any) -> bool:
        """Write statistics of a table or of partitions, or add them to those that are there."""
        request = arguments.request
        return self._put(context, request.colStats or (), bool(request.needMerge))

    def _put(self, context: Context, said: Sequence[Any], merge: bool) -> bool:
        if not said:
            return True
        if not said[0].statsDesc.isTblLevel:
            return self._put_partitions(context, said, merge)
        if len(said) > 1:
            raise Invalid(
                "column statistics", f"Expecting only 1 ColumnStatistics for table's column stats, not {len(said)}"
            )
        return self._put_table(context, said[0], merge)

    def _put_table(self, context: Context, said: Any, merge: bool = False) -> bool:
        return self.catalog.statistics.put(caller_of(context), _name(said), _statistics(said), merge=merge)

    def _put_partitions(self, context: Context, said: Sequence[Any], merge: bool = False) -> bool:
        name = _name(said[0])
        if any(_name(one) != name for one in said):
            raise Invalid("column statistics", "are of several tables in one call")
        found = {one.statsDesc.partName or "": _statistics(one) for one in said}
        return self.catalog.statistics.put_partitions(caller_of(context), name, found, merge=merge)

    def delete_table_column_statistics(self, context: Context, arguments: Any) -> bool:
        """Delete statistics of a column of a table, or of all its columns; for all engines where none is named."""
        name = table_name(arguments.db_name, arguments.tbl_name)
        self.catalog.statistics.drop(caller_of(context), name, _columns(arguments.col_name), (), arguments.engine)
        return True

    def delete_partition_column_statistics(self, context: Context, arguments: Any) -> bool:
        """Delete statistics of a column of one partition, or of all its columns."""
        name = table_name(arguments.db_name, arguments.tbl_name)
        partitions, columns = [arguments.part_name or ""], _columns(arguments.col_name)
        self.catalog.statistics.drop(caller_of(context), name, columns, partitions, arguments.engine)
        return True

    def delete_column_statistics_req(self, context: Context, arguments: Any) -> bool:
        """Delete statistics of columns: a table's own if it says `tableLevel`, else of partitions, of all if none is named."""
        request = arguments.req
        name = table_name(request.db_name, request.tbl_name, request.cat_name)
        partitions = () if request.tableLevel else request.part_names or None
        self.catalog.statistics.drop(caller_of(context), name, request.col_names or None, partitions, request.engine)
        return True


def of_table(
    catalog: CatalogService, caller: Caller, table: Table, columns: Sequence[str] | None, engine: str | None
) -> Any:
    """The ColumnStatistics of a table, None when it has none."""
    found = catalog.statistics.get(caller, table.full_name, columns, engine or ENGINE)
    return _described(table.full_name, None, found) if found else None


def _described(name: TableName, partition: str | None, found: Sequence[ColumnStatistics]) -> Any:
    description = wire.ColumnStatisticsDesc(
        isTblLevel=partition is None,
        dbName=name_key(name.database),
        tableName=name_key(name.table),
        partName=partition,
        lastAnalyzed=max(one.updated_at for one in found) // 1000,
        catName=name.catalog or None,
    )
    structs = [from_statistics(one) for one in found]
    return wire.ColumnStatistics(statsDesc=description, statsObj=structs, engine=found[0].engine)


def _only(request: Any) -> Any:
    """The one ColumnStatistics of a request; raises InvalidInputException, which is no error of the catalog's tree."""
    if len(request.colStats or ()) != 1:
        raise wire.InvalidInputException(message="Only one stats object expected")
    return request.colStats[0]


def _columns(name: str | None) -> list[str] | None:
    return [name] if name else None


def _name(said: Any) -> TableName:
    description = said.statsDesc
    if description is None:
        raise Invalid("column statistics", "do not say of what they are")
    return table_name(description.dbName, description.tableName, description.catName)


def _statistics(said: Any) -> Sequence[ColumnStatistics]:
    analyzed = (said.statsDesc.lastAnalyzed or 0) * 1000
    return [to_statistics(one, said.engine or ENGINE, analyzed) for one in said.statsObj or ()]


def _from_value(kind: str, key: str, value: Any) -> Any:
    if key not in RANGE:
        return value
    if kind == "decimal":
        unscaled, _, exponent = str(value).partition("e")
        number = int(unscaled)
        size = max(1, (number.bit_length() + 8) // 8)
        return wire.Decimal(unscaled=number.to_bytes(size, "big", signed=True), scale=-int(exponent or 0))
    if kind == "date":
        return wire.Date(daysSinceEpoch=int(value))
    if kind == "timestamp":
        return wire.Timestamp(secondsSinceEpoch=int(value))
    return float(value) if kind == "double" else value


def from_statistics(found: ColumnStatistics) -> Any:
    """The ColumnStatisticsObj."""
    union_field, struct, fields = KINDS[found.kind]
    values: dict[str, Any] = {"numNulls": 0}
    if "num_distinct" in fields:
        values["numDVs"] = 0
    for ours, theirs in fields.items():
        if ours in found.data:
            values[theirs] = _from_value(found.kind, ours, found.data[ours])
    for ours, theirs in BYTES.items():
        if ours in found.data:
            values[theirs] = base64.b64decode(str(found.data[ours]))
    data = wire.ColumnStatisticsData(**{union_field: getattr(wire, struct)(**values)})
    return wire.ColumnStatisticsObj(colName=found.column, colType=found.type, statsData=data)
