"""Calls that read partitions: one, by name, by the beginning of their values, by filter or expression."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from catalog_server.catalog.core import check_text
from catalog_server.catalog.partitions import name_of
from catalog_server.facades.hms import convert, expressions, partition_specs
from catalog_server.facades.hms.call import Context, large
from catalog_server.facades.hms.encode import with_list
from catalog_server.facades.hms.noun import caller_of, limit, table_name
from catalog_server.facades.hms.partition_lists import PartitionLists, answer
from catalog_server.facades.hms.partition_specs import Projection, Shown
from catalog_server.facades.hms.remembered import remembered
from catalog_server.model.errors import Invalid
from catalog_server.model.expressions import Both
from catalog_server.model.filters import Filter, sort_key
from catalog_server.model.names import TableName
from catalog_server.model.partition import Partition, read_partition_name
from catalog_server.model.table import Table
from catalog_server.wire import hive_metastore as wire


class Partitions(PartitionLists):
    """Partitions by value, by name, by the beginning of their values, by filter or expression."""

    def get_partition(self, context: Context, arguments: Any) -> Any:
        """The partition of these values."""
        name = table_name(arguments.db_name, arguments.tbl_name)
        return convert.from_partition(*self.catalog.partitions.get(caller_of(context), name, arguments.part_vals or ()))

    def get_partition_with_auth(self, context: Context, arguments: Any) -> Any:
        """The partition of these values."""
        return self.get_partition(context, arguments)

    def get_partition_req(self, context: Context, arguments: Any) -> Any:
        """The partition of these values."""
        request = arguments.req
        name = table_name(request.dbName, request.tblName, request.catName)
        found = self.catalog.partitions.get(caller_of(context), name, request.partVals or ())
        return wire.GetPartitionResponse(partition=convert.from_partition(*found))

    def get_partition_by_name(self, context: Context, arguments: Any) -> Any:
        """The partition of this name."""
        name = table_name(arguments.db_name, arguments.tbl_name)
        values = self._values(context, name, arguments.part_name)
        return convert.from_partition(*self.catalog.partitions.get(caller_of(context), name, values))

    @large
    def get_partitions(self, context: Context, arguments: Any) -> Any:
        """Up to so many partitions by name."""
        return self._listed(context, table_name(arguments.db_name, arguments.tbl_name), arguments.max_parts)

    @large
    def get_partitions_with_auth(self, context: Context, arguments: Any) -> Any:
        """Up to so many partitions by name."""
        return self._listed(context, table_name(arguments.db_name, arguments.tbl_name), arguments.max_parts)

    @large
    def get_partitions_req(self, context: Context, arguments: Any) -> Any:
        """Up to so many partitions by name, with what is asked for of each."""
        request = arguments.req
        name = table_name(request.dbName, request.tblName, request.catName)
        found = self._listed(context, name, request.maxParts, shown=Shown.of(request))
        return _within(wire.PartitionsResponse(), "partitions", found)

    @large
    def get_partitions_ps(self, context: Context, arguments: Any) -> Any:
        """Partitions whose leading values are these; an empty one means any."""
        name = table_name(arguments.db_name, arguments.tbl_name)
        return self._listed(context, name, arguments.max_parts, prefix=arguments.part_vals or ())

    @large
    def get_partitions_ps_with_auth(self, context: Context, arguments: Any) -> Any:
        """Partitions whose leading values are these; an empty one means any."""
        return self.get_partitions_ps(context, arguments)

    @large
    def get_partitions_ps_with_auth_req(self, context: Context, arguments: Any) -> Any:
        """Partitions whose leading values are these, or which are named, with what is asked for of each."""
        request = arguments.req
        name = table_name(request.dbName, request.tblName, request.catName)
        shown, response = Shown.of(request), wire.GetPartitionsPsWithAuthResponse()
        if request.partNames:
            table, named = self._by_names(context, name, request.partNames)
            kept = shown.partitions(named)[: limit(request.maxParts)]
            return _within(response, "partitions", answer(table, [kept], context.compact))
        found = self._listed(context, name, request.maxParts, prefix=request.partVals or (), shown=shown)
        return _within(response, "partitions", found)

    @large
    def get_partitions_by_filter(self, context: Context, arguments: Any) -> Any:
        """Partitions that a filter text describes."""
        name = table_name(arguments.db_name, arguments.tbl_name)
        return self._listed(context, name, arguments.max_parts, Filter.parse(arguments.filter))

    @large
    def get_partitions_by_filter_req(self, context: Context, arguments: Any) -> Any:
        """Partitions that a filter text describes, with what is asked for of each."""
        request = arguments.req
        name = table_name(request.dbName, request.tblName, request.catName)
        said, shown = Filter.parse(request.filter), Shown.of(request)
        return self._listed(context, name, request.maxParts, said, shown=shown)

    @large
    def get_partitions_by_names(self, context: Context, arguments: Any) -> Any:
        """Those of the named partitions that exist."""
        name = table_name(arguments.db_name, arguments.tbl_name)
        names = _named(arguments.names)
        spliced = self._spliced_names(context, name, names)
        if spliced is not None:
            return spliced
        table, found = self._by_names(context, name, names)
        return answer(table, [found], context.compact)

    @large
    def get_partitions_by_names_req(self, context: Context, arguments: Any) -> Any:
        """Those of the named partitions that exist, with what is asked for of each."""
        request = arguments.req
        name = table_name(request.db_name, request.tbl_name)
        table, found = self._by_names(context, name, _named(request.names))
        whole = answer(table, [Shown.of(request).partitions(found)], context.compact)
        return _within(wire.GetPartitionsByNamesResult(), "partitions", whole)

    @large
    def get_partitions_by_expr(self, context: Context, arguments: Any) -> Any:
        """Partitions that a serialized expression describes, and whether there may be some among them that it does not."""
        request = arguments.req
        name, said = table_name(request.dbName, request.tblName, request.catName), expressions.read(request.expr)
        found = self._listed(context, name, request.maxParts, said.filter, shown=Shown.of(request))
        return _within(wire.PartitionsByExprResult(hasUnknownPartitions=said.unknown), "partitions", found)

    @large
    def get_partitions_spec_by_expr(self, context: Context, arguments: Any) -> Any:
        """Partitions that a serialized expression describes, told by what they share."""
        request = arguments.req
        name, said = table_name(request.dbName, request.tblName, request.catName), expressions.read(request.expr)
        table, found = self._found(context, name, request.maxParts, said.filter)
        specs = partition_specs.grouped(table, Shown.of(request).partitions(found))
        return wire.PartitionsSpecByExprResult(partitionsSpec=specs, hasUnknownPartitions=said.unknown)

    @large
    def get_partitions_pspec(self, context: Context, arguments: Any) -> Any:
        """Up to so many partitions by name, as specs."""
        name = table_name(arguments.db_name, arguments.tbl_name)
        return _specs(*self._found(context, name, arguments.max_parts))

    @large
    def get_part_specs_by_filter(self, context: Context, arguments: Any) -> Any:
        """Partitions that a filter text describes, as specs."""
        name = table_name(arguments.db_name, arguments.tbl_name)
        return _specs(*self._found(context, name, arguments.max_parts, Filter.parse(arguments.filter)))

    @large
    def get_partitions_with_specs(self, context: Context, arguments: Any) -> Any:
        """Partitions by names, values or filters, told by what they share, and of each only the fields that are named."""
        request = arguments.request
        name = table_name(request.dbName, request.tblName, request.catName)
        projected = request.projectionSpec or wire.GetProjectionsSpec()
        projection = Projection(projected.fieldList)
        table, found = self._wanted(context, name, request.filterSpec or wire.GetPartitionsFilterSpec())
        specs = partition_specs.grouped(table, Shown.of(projected).partitions(found), projection)
        return wire.GetPartitionsResponse(partitionSpec=specs)

    def _wanted(self, context: Context, name: TableName, said: Any) -> tuple[Table, list[Partition]]:
        mode = said.filterMode
        if mode == wire.PartitionFilterMode.BY_NAMES:
            return self._by_names(context, name, _named(said.filters))
        if mode == wire.PartitionFilterMode.BY_VALUES:
            return self._found(context, name, None, prefix=_given(said.filters))
        if mode == wire.PartitionFilterMode.BY_EXPR:
            parts = tuple(one for text in _given(said.filters) if (one := Filter.parse(text).predicate) is not None)
            return self._found(context, name, None, Filter(Both(parts)))
        return self._found(context, name, None)

    def get_num_partitions_by_filter(self, context: Context, arguments: Any) -> int:
        """How many partitions a filter text describes."""
        name = table_name(arguments.db_name, arguments.tbl_name)
        return self.catalog.partitions.count(caller_of(context), name, Filter.parse(arguments.filter))

    @large
    @remembered(lambda catalog, call: catalog.freshness.of_partitions(table_name(call.db_name, call.tbl_name)))
    def get_partition_names(self, context: Context, arguments: Any) -> Any:
        """Names of up to so many partitions."""
        name, count = table_name(arguments.db_name, arguments.tbl_name), limit(arguments.max_parts)
        spliced = self._all_names(context, name, count)
        if spliced is not None:
            return spliced
        return self.catalog.partitions.names(caller_of(context), name, count=count)

    @large
    def fetch_partition_names_req(self, context: Context, arguments: Any) -> list[str]:
        """Names of up to so many partitions."""
        request = arguments.partitionReq
        name = table_name(request.dbName, request.tblName, request.catName)
        return self.catalog.partitions.names(caller_of(context), name, count=limit(request.maxParts))

    @large
    def get_partition_names_ps(self, context: Context, arguments: Any) -> list[str]:
        """Names of partitions whose leading values are these."""
        name = table_name(arguments.db_name, arguments.tbl_name)
        return self._names(context, name, arguments.max_parts, prefix=_given(arguments.part_vals))

    @large
    def get_partition_names_ps_req(self, context: Context, arguments: Any) -> Any:
        """Names of partitions whose leading values are these."""
        request = arguments.req
        name = table_name(request.dbName, request.tblName, request.catName)
        found = self._names(context, name, request.maxParts, prefix=_given(request.partValues))
        return wire.GetPartitionNamesPsResponse(names=found)

    @large
    def get_partition_names_req(self, context: Context, arguments: Any) -> list[str]:
        """Names of the partitions that a serialized expression describes, in the order asked for.

        The order is `places:signs`, such as `1,0:-+`: by the second key falling, then by the first one rising. Raises
        `Invalid` for an expression that cannot be read, since the answer has no place to say that it may name too many.
        """
        request = arguments.req
        name, said = table_name(request.dbName, request.tblName, request.catName), expressions.read(request.expr)
        if said.unknown:
            raise Invalid("expression", "cannot be read in full: names of partitions cannot be chosen by it")
        if not request.order:
            return self._names(context, name, request.maxParts, said.filter)
        table, found = self._found(context, name, None, said.filter)
        _sort(table, found, _order(table, request.order))
        return [name_of(table, one.values) for one in found[: limit(request.maxParts)]]

    @large
    def get_partition_values(self, context: Context, arguments: Any) -> Any:
        """Values of some of the keys, of the partitions that a filter describes: each once unless all are asked for."""
        request = arguments.request
        name = table_name(request.dbName, request.tblName, request.catName)
        table, found = self._found(context, name, None, Filter.parse(request.filter))
        wanted = _places(table, request.partitionKeys)
        order = _places(table, request.partitionOrder) if request.partitionOrder else wanted
        _sort(table, found, [(place, request.ascending is not False) for place in order])
        rows: Iterable[tuple[str, ...]] = (tuple(one.values[place] for place in wanted) for one in found)
        if request.applyDistinct is not False:
            rows = dict.fromkeys(rows)
        kept = list(rows)[: limit(request.maxParts)]
        return wire.PartitionValuesResponse(partitionValues=[wire.PartitionValuesRow(row=list(row)) for row in kept])

    def partition_name_to_vals(self, context: Context, arguments: Any) -> list[str]:  # noqa: ARG002
        """The values in a partition's name; parts that are not `key=value` say nothing."""
        return [value for _, value in read_partition_name(arguments.part_name or "")]

    def partition_name_to_spec(self, context: Context, arguments: Any) -> dict[str, str]:  # noqa: ARG002
        """Keys and values in a partition's name; parts that are not `key=value` say nothing."""
        return dict(read_partition_name(arguments.part_name or ""))

    def partition_name_has_valid_characters(self, context: Context, arguments: Any) -> bool:  # noqa: ARG002
        """Whether a partition may have these values."""
        try:
            check_text("partition values", *(arguments.part_vals or ()))
        except Invalid:
            if arguments.throw_exception:
                raise
            return False
        return True

    def _found(
        self,
        context: Context,
        name: TableName,
        count: int | None,
        predicate: Filter | None = None,
        prefix: Sequence[str] | None = None,
    ) -> tuple[Table, list[Partition]]:
        return self.catalog.partitions.list(
            caller_of(context), name, predicate, prefix=prefix, count=limit(count)
        )  # fmt: skip

    def _names(
        self,
        context: Context,
        name: TableName,
        count: int | None,
        predicate: Filter | None = None,
        prefix: Sequence[str] | None = None,
    ) -> list[str]:
        table, found = self._found(context, name, count, predicate, prefix)
        return [name_of(table, one.values) for one in found]


def _within(response: Any, field: str, found: Any) -> Any:
    """A struct that holds a list of partitions, which is objects or pieces of bytes."""
    if isinstance(found, Iterator):
        return with_list(response, field, found)
    setattr(response, field, found)
    return response


def _specs(table: Table, found: list[Partition]) -> list[Any]:
    if table.parameters.get(partition_specs.GROUPED, "").lower() == "true":
        return partition_specs.grouped(table, found)
    return partition_specs.listed(table, found)


def _named(names: Sequence[str] | None) -> Sequence[str]:
    if names is None:
        raise Invalid("partition names", "are needed")
    return names


def _given(values: Sequence[str] | None) -> Sequence[str]:
    if not values:
        raise Invalid("partition values", "are needed")
    return values


def _places(table: Table, fields: Sequence[Any] | None) -> list[int]:
    keys = [key.key for key in table.partition_keys]
    unknown = [field.name for field in fields or () if (field.name or "").lower() not in keys]
    if unknown or not fields:
        raise Invalid("partition keys", f"{', '.join(map(str, unknown)) or 'none'}: not those of {table.full_name}")
    return [keys.index(field.name.lower()) for field in fields]


def _order(table: Table, text: str) -> list[tuple[int, bool]]:
    """Places of keys, and whether their values rise, of an order such as `1,0:-+`."""
    places, _, signs = text.partition(":")
    said = [int(place) if place.isdecimal() else -1 for place in places.split(",")]
    if len(said) != len(signs) or set(signs) - {"+", "-"} or not set(said) <= set(range(len(table.partition_keys))):
        raise Invalid("order", f"{text!r} is not of the form 0,1:+- for the keys of {table.full_name}")
    return [(place, sign == "+") for place, sign in zip(said, signs, strict=True)]


def _sort(table: Table, found: list[Partition], order: Sequence[tuple[int, bool]]) -> None:
    for place, rising in reversed(order):
        key = sort_key(table.partition_keys[place])
        found.sort(key=lambda one, place=place, key=key: key(one.values[place]), reverse=not rising)  # type: ignore[misc]
