"""Calls that add, change and drop partitions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from catalog_server.catalog.partitions import name_of
from catalog_server.facades.hms import convert, expressions, partition_specs
from catalog_server.facades.hms.call import Context
from catalog_server.facades.hms.noun import caller_of, table_name
from catalog_server.facades.hms.partition_lists import PartitionLists
from catalog_server.model.errors import Invalid, NotFound
from catalog_server.model.names import TableName, name_key
from catalog_server.model.partition import Partition
from catalog_server.wire import hive_metastore as wire


class PartitionChanges(PartitionLists):
    """Partitions added, changed and dropped in sets, each set all or none."""

    def add_partition(self, context: Context, arguments: Any) -> Any:
        """Add one partition."""
        return self._add_one(context, arguments.new_part)

    def add_partition_with_environment_context(self, context: Context, arguments: Any) -> Any:
        """Add one partition."""
        return self._add_one(context, arguments.new_part)

    def _add_one(self, context: Context, struct: Any) -> Any:
        if struct is None:
            raise Invalid("partition", "is needed")
        name = table_name(struct.dbName, struct.tableName, struct.catName)
        table, added = self.catalog.partitions.add(caller_of(context), name, _new([struct]))
        return convert.from_partition(table, added[0])

    def add_partitions(self, context: Context, arguments: Any) -> int:
        """Add partitions of one table, all or none; answers how many."""
        if arguments.new_parts is None:
            raise Invalid("partitions", "are needed")
        return self._add(context, arguments.new_parts)

    def add_partitions_pspec(self, context: Context, arguments: Any) -> int:
        """Add the partitions that specs of one table describe, all or none; answers how many."""
        if arguments.new_parts is None:
            raise Invalid("partitions", "are needed")
        return self._add(context, partition_specs.to_partitions(arguments.new_parts))

    def _add(self, context: Context, structs: Sequence[Any]) -> int:
        if not structs:
            return 0
        first = structs[0]
        name = table_name(first.dbName, first.tableName, first.catName)
        _check_of(structs, first.dbName, first.tableName)
        return len(self.catalog.partitions.add(caller_of(context), name, _new(structs))[1])

    def add_partitions_req(self, context: Context, arguments: Any) -> Any:
        """Add partitions of one table, all or none; answers those that are new."""
        request = arguments.request
        wanted = request.needResult is not False
        if not request.parts:
            return wire.AddPartitionsResult(partitions=[] if wanted else None)
        _check_of(request.parts, request.dbName, request.tblName)
        name = table_name(request.dbName, request.tblName, request.catName)
        table, added = self.catalog.partitions.add(
            caller_of(context), name, _new(request.parts), if_not_exists=bool(request.ifNotExists)
        )
        return wire.AddPartitionsResult(
            partitions=[convert.from_partition(table, one) for one in added] if wanted else None
        )

    def append_partition(self, context: Context, arguments: Any) -> Any:
        """Add the partition of these values at its default place."""
        return self._append(context, table_name(arguments.db_name, arguments.tbl_name), arguments.part_vals)

    def append_partition_with_environment_context(self, context: Context, arguments: Any) -> Any:
        """Add the partition of these values at its default place."""
        return self._append(context, table_name(arguments.db_name, arguments.tbl_name), arguments.part_vals)

    def append_partition_by_name(self, context: Context, arguments: Any) -> Any:
        """Add the partition of this name at its default place."""
        name = table_name(arguments.db_name, arguments.tbl_name)
        return self._append(context, name, self._values(context, name, arguments.part_name))

    def append_partition_by_name_with_environment_context(self, context: Context, arguments: Any) -> Any:
        """Add the partition of this name at its default place."""
        return self.append_partition_by_name(context, arguments)

    def append_partition_req(self, context: Context, arguments: Any) -> Any:
        """Add the partition of these values, or of this name, at its default place."""
        request = arguments.appendPartitionsReq
        name = table_name(request.dbName, request.tableName, request.catalogName)
        values = request.partVals
        return self._append(
            context, name, values or (self._values(context, name, request.name) if request.name else ())
        )

    def _append(self, context: Context, name: TableName, values: Sequence[str] | None) -> Any:
        if not values:
            raise Invalid("partition values", "are needed")
        table, added = self.catalog.partitions.add(caller_of(context), name, [Partition(tuple(values))])
        return convert.from_partition(table, added[0])

    def alter_partition(self, context: Context, arguments: Any) -> None:
        """Give a partition a new definition."""
        self._alter(context, table_name(arguments.db_name, arguments.tbl_name), [arguments.new_part])

    def alter_partition_with_environment_context(self, context: Context, arguments: Any) -> None:
        """Give a partition a new definition."""
        self._alter(context, table_name(arguments.db_name, arguments.tbl_name), [arguments.new_part])

    def alter_partitions(self, context: Context, arguments: Any) -> None:
        """Give partitions new definitions, all or none."""
        self._alter(context, table_name(arguments.db_name, arguments.tbl_name), arguments.new_parts)

    def alter_partitions_with_environment_context(self, context: Context, arguments: Any) -> None:
        """Give partitions new definitions, all or none."""
        self._alter(context, table_name(arguments.db_name, arguments.tbl_name), arguments.new_parts)

    def alter_partitions_req(self, context: Context, arguments: Any) -> Any:
        """Give partitions new definitions, all or none."""
        request = arguments.req
        self._alter(context, table_name(request.dbName, request.tableName, request.catName), request.partitions)
        return wire.AlterPartitionsResponse()

    def _alter(self, context: Context, name: TableName, structs: Sequence[Any] | None) -> None:
        if structs is None:
            raise Invalid("partitions", "are needed")
        changed = convert.to_partitions(structs)
        if changed:
            self.catalog.partitions.alter(caller_of(context), name, changed)

    def rename_partition(self, context: Context, arguments: Any) -> None:
        """Give a partition other values, and of a managed table another place."""
        name = table_name(arguments.db_name, arguments.tbl_name)
        self._rename(context, name, arguments.part_vals, arguments.new_part)

    def rename_partition_req(self, context: Context, arguments: Any) -> Any:
        """Give a partition other values, and of a managed table another place."""
        request = arguments.req
        name = table_name(request.dbName, request.tableName, request.catName)
        self._rename(context, name, request.partVals, request.newPart)
        return wire.RenamePartitionResponse()

    def _rename(self, context: Context, name: TableName, values: Sequence[str] | None, struct: Any) -> None:
        new = convert.to_partition(struct)
        self.catalog.partitions.rename(caller_of(context), name, values or (), new)

    def exchange_partition(self, context: Context, arguments: Any) -> Any:
        """Move the partitions of some values to another table; answers the first of them."""
        return self.exchange_partitions(context, arguments)[0]

    def exchange_partitions(self, context: Context, arguments: Any) -> list[Any]:
        """Move the partitions of some values, with their files, to another table of the same columns."""
        source = table_name(arguments.source_db, arguments.source_table_name)
        target = table_name(arguments.dest_db, arguments.dest_table_name)
        spec = arguments.partitionSpecs or {}
        table, moved = self.catalog.partitions.exchange(caller_of(context), source, target, spec)
        return [convert.from_partition(table, one) for one in moved]

    def drop_partition(self, context: Context, arguments: Any) -> bool:
        """Drop the partition of these values."""
        name = table_name(arguments.db_name, arguments.tbl_name)
        return self._drop(context, name, arguments.part_vals, arguments.deleteData)

    def drop_partition_with_environment_context(self, context: Context, arguments: Any) -> bool:
        """Drop the partition of these values."""
        return self.drop_partition(context, arguments)

    def drop_partition_by_name(self, context: Context, arguments: Any) -> bool:
        """Drop the partition of this name."""
        name = table_name(arguments.db_name, arguments.tbl_name)
        return self._drop(context, name, self._values(context, name, arguments.part_name), arguments.deleteData)

    def drop_partition_by_name_with_environment_context(self, context: Context, arguments: Any) -> bool:
        """Drop the partition of this name."""
        return self.drop_partition_by_name(context, arguments)

    def drop_partition_req(self, context: Context, arguments: Any) -> bool:
        """Drop the partition of this name, or of these values."""
        request = arguments.dropPartitionReq
        name = table_name(request.dbName, request.tblName, request.catName)
        values = self._values(context, name, request.partName) if request.partName else request.partVals
        return self._drop(context, name, values, request.deleteData)

    def _drop(self, context: Context, name: TableName, values: Sequence[str] | None, delete_data: bool | None) -> bool:
        caller = caller_of(context)
        wanted = name_of(self.catalog.tables.get(caller, name), values or ())
        self.catalog.partitions.drop(caller, name, [wanted], delete_data=bool(delete_data))
        return True

    def drop_partitions_req(self, context: Context, arguments: Any) -> Any:
        """Drop partitions by name or by serialized expressions, all or none; answers them."""
        request = arguments.req
        caller, name = caller_of(context), table_name(request.dbName, request.tblName, request.catName)
        if_exists, parts = request.ifExists is not False, request.parts
        table = self.catalog.tables.get(caller, name)
        names = list(parts.names or ())
        for each in parts.exprs or ():
            names += self._described(context, name, each.expr, if_exists)
        dropped = self.catalog.partitions.drop(
            caller, name, list(dict.fromkeys(names)), delete_data=bool(request.deleteData), if_exists=if_exists
        )
        if request.needResult is False:
            return wire.DropPartitionsResult()
        shown = partition_specs.Shown.of(request).partitions(dropped)
        return wire.DropPartitionsResult(partitions=[convert.from_partition(table, one) for one in shown])

    def _described(self, context: Context, name: TableName, expression: bytes, if_exists: bool) -> list[str]:
        """Names of the partitions that an expression describes; one that cannot be read in full drops nothing."""
        said = expressions.read(expression)
        if said.unknown or said.filter is None:
            raise Invalid("partition expression", "cannot be read in full: no partition is dropped by it")
        table, found = self.catalog.partitions.list(caller_of(context), name, said.filter)
        if not found and not if_exists:
            raise NotFound("partition", f"of {table.full_name} that meets the expression")
        return [name_of(table, one.values) for one in found]


def _new(structs: Sequence[Any]) -> list[Partition]:
    """The partitions to add; they are made now, whatever time is said."""
    for struct in structs:
        struct.createTime = 0
    return convert.to_partitions(structs)


def _check_of(structs: Sequence[Any], database: str, table: str) -> None:
    """That all partitions of a call are of one table."""
    wanted = name_key(database.rpartition("#")[2]), name_key(table)
    for struct in structs:
        said = name_key((struct.dbName or "").rpartition("#")[2]), name_key(struct.tableName or "")
        if said != wanted:
            raise Invalid("partitions", f"one of {'.'.join(said)} is not one of {'.'.join(wanted)}")
