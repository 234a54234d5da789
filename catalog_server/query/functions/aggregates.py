"""Aggregate functions, plain and over windows."""

from __future__ import annotations

from catalog_server.query import types as t
from catalog_server.query.casts import coerce
from catalog_server.query.functions.registry import Call, aggregate
from catalog_server.query.operators import divide, unscaled
from catalog_server.query.ordering import sort_items
from catalog_server.query.scope import Value
from catalog_server.query.types import BIGINT, BOOLEAN, DAYS, DOUBLE, MONTHS, REAL, VARCHAR, array, map_of, physical


def render(call: Call, name: str, *arguments: str, where: str = "", ordered: bool = True) -> str:
    """`name(DISTINCT arguments ORDER BY ...) FILTER (...) OVER (...)`."""
    distinct = "DISTINCT " if call.distinct else ""
    order = f" ORDER BY {sort_items(call.translator, call.order)}" if call.order and ordered else ""
    conditions = [where] if where else []
    if call.filter is not None:
        conditions.append(call.translator.condition(call.filter, "FILTER clause"))
    made = f"{name}({distinct}{', '.join(arguments)}{order})"
    if conditions:
        made += f" FILTER (WHERE {' AND '.join(conditions)})"
    if call.window is not None:
        from catalog_server.query.functions.windows import over

        made += f" OVER {over(call)}"
    return made


@aggregate("count")
def _count(call: Call) -> Value:
    if len(call) == 1 and type(call.nodes[0]).__name__ == "Star":
        return Value(render(call, "count", "*"), BIGINT)
    call.arity(0, 1)
    return Value(render(call, "count", call.value(0).sql if len(call) else "*"), BIGINT)


@aggregate("count_if")
def _count_if(call: Call) -> Value:
    call.arity(1)
    return Value(render(call, "count", f"CASE WHEN {call.take(0, BOOLEAN)} THEN 1 END"), BIGINT)


@aggregate("sum")
def _sum(call: Call) -> Value:
    call.arity(1)
    kind = call.value(0).type
    if kind in (DAYS, MONTHS):
        return Value(f"CAST({render(call, 'sum', call.value(0).sql)} AS {physical(kind)})", kind)
    if not kind.numeric:
        raise call.mismatch()
    result = BIGINT if kind.integral else t.decimal(38, kind.arguments[1]) if kind.name == "decimal" else kind
    return Value(f"CAST({render(call, 'sum', call.value(0).sql)} AS {physical(result)})", result)


@aggregate("avg")
def _avg(call: Call) -> Value:
    call.arity(1)
    value = call.value(0)
    kind = value.type
    if kind.name == "decimal":
        total = unscaled(Value(render(call, "sum", value.sql), t.decimal(38, kind.arguments[1])))
        count = render(call, "count", value.sql)
        return Value(f"CASE WHEN {count} > 0 THEN {divide(total, f'CAST({count} AS HUGEINT)', 0, kind)} END", kind)
    if kind in (DAYS, MONTHS):
        return Value(f"CAST(round({render(call, 'avg', value.sql)}) AS {physical(kind)})", kind)
    if not kind.numeric:
        raise call.mismatch()
    result = REAL if kind.name == "real" else DOUBLE
    return Value(f"CAST({render(call, 'avg', value.sql)} AS {physical(result)})", result)


@aggregate("min", "max")
def _min(call: Call) -> Value:
    call.arity(1, 2)
    value = call.value(0)
    if value.type.name in ("map", "json"):
        raise call.mismatch()
    if len(call) == 2:
        made = render(call, call.name, value.sql, f"CAST({call.take(1, BIGINT)} AS BIGINT)")
        return Value(made, array(value.type))
    return Value(render(call, call.name, value.sql), value.type)


@aggregate("min_by", "max_by")
def _min_by(call: Call) -> Value:
    call.arity(2, 3)
    value, by = call.value(0), call.value(1)
    name = f"arg_{call.name[:3]}"
    if len(call) == 3:
        return Value(render(call, name, value.sql, by.sql, call.take(2, BIGINT)), array(value.type))
    boxed = render(call, name, f"{{'v': {value.sql}}}", by.sql)
    return Value(f"struct_extract({boxed}, 'v')", value.type)


@aggregate("arbitrary", "any_value")
def _arbitrary(call: Call) -> Value:
    call.arity(1)
    return Value(render(call, "any_value", call.value(0).sql), call.value(0).type)


@aggregate("bool_and", "every", "bool_or")
def _bool(call: Call) -> Value:
    call.arity(1)
    return Value(render(call, "bool_or" if call.name == "bool_or" else "bool_and", call.take(0, BOOLEAN)), BOOLEAN)


@aggregate("stddev", "stddev_samp", "stddev_pop", "variance", "var_samp", "var_pop")
def _spread(call: Call) -> Value:
    call.arity(1)
    name = {"stddev": "stddev_samp", "variance": "var_samp"}.get(call.name, call.name)
    return Value(render(call, name, call.take(0, DOUBLE)), DOUBLE)


@aggregate("corr", "covar_pop", "covar_samp", "regr_slope", "regr_intercept")
def _pairs(call: Call) -> Value:
    """Of numbers that fit into a real, Trino takes the form for reals, even of whole numbers."""
    call.arity(2)
    kind = DOUBLE if DOUBLE in (call.value(0).type, call.value(1).type) else REAL
    first, second = (f"CAST({call.take(index, kind)} AS DOUBLE)" for index in (0, 1))
    made = render(call, call.name, first, second)
    made = f"CASE WHEN isnan({made}) THEN NULL ELSE {made} END" if call.name == "corr" else made
    return Value(f"CAST({made} AS {physical(kind)})", kind)


@aggregate("geometric_mean")
def _geometric_mean(call: Call) -> Value:
    call.arity(1)
    return Value(f"exp({render(call, 'avg', f'ln({call.take(0, DOUBLE)})')})", DOUBLE)


@aggregate("approx_distinct")
def _approx_distinct(call: Call) -> Value:
    """Counted exactly: right for every error bound that may be asked for."""
    call.arity(1, 2)
    call.distinct = True
    return Value(render(call, "count", call.value(0).sql), BIGINT)


@aggregate("approx_percentile")
def _approx_percentile(call: Call) -> Value:
    """Exact quantiles, which lie within every error bound."""
    call.arity(2)
    value, share = call.value(0), call.value(1)
    if not value.type.numeric:
        raise call.mismatch()
    value = coerce(value, BIGINT if value.type.integral else REAL if value.type == REAL else DOUBLE)
    if share.type.name == "array":
        shares = coerce(share, array(DOUBLE)).sql
        return Value(render(call, "quantile_disc", value.sql, shares), array(value.type))
    return Value(render(call, "quantile_disc", value.sql, call.take(1, DOUBLE)), value.type)


@aggregate("array_agg")
def _array_agg(call: Call) -> Value:
    call.arity(1)
    return Value(render(call, "list", call.value(0).sql), array(call.value(0).type))


@aggregate("listagg")
def _listagg(call: Call) -> Value:
    call.arity(1, 2)
    separator = call.take(1, VARCHAR) if len(call) == 2 else "''"
    return Value(render(call, "string_agg", call.take(0, VARCHAR), separator), VARCHAR)


@aggregate("map_agg")
def _map_agg(call: Call) -> Value:
    call.arity(2)
    key, value = call.value(0), call.value(1)
    pairs = render(call, "list", f"{{'key': {key.sql}, 'value': {value.sql}}}", where=f"{key.sql} IS NOT NULL")
    return Value(f"trino_map_of_pairs({pairs})", map_of(key.type, value.type))


@aggregate("multimap_agg")
def _multimap_agg(call: Call) -> Value:
    call.arity(2)
    key, value = call.value(0), call.value(1)
    pairs = render(call, "list", f"{{'key': {key.sql}, 'value': {value.sql}}}", where=f"{key.sql} IS NOT NULL")
    return Value(f"trino_multimap_of_pairs({pairs})", map_of(key.type, array(value.type)))


@aggregate("histogram")
def _histogram(call: Call) -> Value:
    call.arity(1)
    kind = map_of(call.value(0).type, BIGINT)
    made = render(call, "histogram", call.value(0).sql)
    return Value(f"CASE WHEN cardinality({made}) > 0 THEN CAST({made} AS {physical(kind)}) END", kind)


@aggregate("bitwise_and_agg", "bitwise_or_agg", "bitwise_xor_agg")
def _bits(call: Call) -> Value:
    call.arity(1)
    name = {"bitwise_and_agg": "bit_and", "bitwise_or_agg": "bit_or", "bitwise_xor_agg": "bit_xor"}[call.name]
    return Value(render(call, name, call.take(0, BIGINT)), BIGINT)
