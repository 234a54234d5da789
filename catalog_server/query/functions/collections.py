"""Functions on arrays, maps and rows."""

from __future__ import annotations

from catalog_server.model.types import identifier
from catalog_server.query.casts import as_text, coerce, common, fail
from catalog_server.query.functions.registry import Call, handler
from catalog_server.query.scope import Value
from catalog_server.query.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DAYS,
    MONTHS,
    UNKNOWN,
    VARCHAR,
    Type,
    array,
    map_of,
    physical,
    physical_names,
    row,
    widen,
)
from catalog_server.query.values import make_row


def array_argument(call: Call, index: int = 0) -> Value:
    """The argument at `index`, which must be an array."""
    value = call.value(index)
    if value.type == UNKNOWN:
        return Value("CAST(NULL AS INTEGER[])", array(UNKNOWN))
    if value.type.name != "array":
        raise call.mismatch()
    return value


def map_argument(call: Call, index: int = 0) -> Value:
    """The argument at `index`, which must be a map."""
    value = call.value(index)
    if value.type.name != "map":
        raise call.mismatch()
    return value


def _arrays(call: Call, *indexes: int) -> tuple[list[str], Type]:
    """Several arrays as arrays of the type in which their elements meet."""
    values = [array_argument(call, index) for index in indexes]
    met = common(values)
    if met is None:
        raise call.mismatch()
    return [coerce(value, met).sql for value in values], met


@handler("row")
def _row(call: Call) -> Value:
    return make_row(call.values)


@handler("cardinality")
def _cardinality(call: Call) -> Value:
    call.arity(1)
    value = call.value(0)
    if value.type.name not in ("array", "map"):
        raise call.mismatch()
    made = f"len({value.sql})" if value.type.name == "array" else f"cardinality({value.sql})"
    return Value(f"CAST({made} AS BIGINT)", BIGINT)


@handler("element_at")
def _element_at(call: Call) -> Value:
    call.arity(2)
    value = call.value(0)
    if value.type.name == "map":
        return Value(f"map_extract_value({value.sql}, {call.take(1, value.type.key)})", value.type.value)
    array_argument(call)
    index = call.take(1, BIGINT)
    made = f"({value.sql})[{index}]"
    if call.value(1).literal in (None, 0):
        made = f"CASE WHEN {index} = 0 THEN {fail('SQL array indices start at 1', value.type.element)} ELSE {made} END"
    return Value(made, value.type.element)


@handler("contains")
def _contains(call: Call) -> Value:
    call.arity(2)
    value, wanted = array_argument(call), call.value(1)
    met = widen(value.type.element, wanted.type)
    if met is None:
        raise call.mismatch()
    items, item = coerce(value, array(met)).sql, coerce(wanted, met).sql
    nulls = f"WHEN len(list_filter({items}, lambda n_: n_ IS NULL)) > 0 THEN NULL"
    return Value(
        f"CASE WHEN {item} IS NULL THEN NULL WHEN list_contains({items}, {item}) THEN true {nulls} "
        f"ELSE list_contains({items}, {item}) END",
        BOOLEAN,
    )


@handler("array_join")
def _array_join(call: Call) -> Value:
    call.arity(2, 3)
    value = array_argument(call)
    text = as_text(Value("t_", value.type.element)) if value.type.element != UNKNOWN else "CAST(t_ AS VARCHAR)"
    if text is None:
        raise call.mismatch()
    separator = call.take(1, VARCHAR)
    if len(call) == 3:
        text = f"coalesce({text}, {call.take(2, VARCHAR)})"
    return Value(f"array_to_string(list_transform({value.sql}, lambda t_: {text}), {separator})", VARCHAR)


@handler("array_distinct")
def _array_distinct(call: Call) -> Value:
    call.arity(1)
    value = array_argument(call)
    made = f"list_filter({value.sql}, lambda x_, i_: i_ = list_position({value.sql}, x_))"
    return Value(made, value.type)


@handler("array_sort")
def _array_sort(call: Call) -> Value:
    call.arity(1)
    value = array_argument(call)
    return Value(f"list_sort({value.sql}, 'ASC', 'NULLS LAST')", value.type)


@handler("array_max", "array_min")
def _array_max(call: Call) -> Value:
    call.arity(1)
    value = array_argument(call)
    nulls = f"len(list_filter({value.sql}, lambda n_: n_ IS NULL)) > 0"
    return Value(f"CASE WHEN {nulls} THEN NULL ELSE list_{call.name[6:]}({value.sql}) END", value.type.element)


@handler("array_position")
def _array_position(call: Call) -> Value:
    call.arity(2)
    value, wanted = array_argument(call), call.value(1)
    met = widen(value.type.element, wanted.type)
    if met is None:
        raise call.mismatch()
    items, item = coerce(value, array(met)).sql, coerce(wanted, met).sql
    found = f"CAST(coalesce(list_position({items}, {item}), 0) AS BIGINT)"
    return Value(f"CASE WHEN {items} IS NULL OR {item} IS NULL THEN NULL ELSE {found} END", BIGINT)


@handler("array_remove")
def _array_remove(call: Call) -> Value:
    call.arity(2)
    value = array_argument(call)
    item = call.take(1, value.type.element)
    made = f"list_filter({value.sql}, lambda x_: x_ IS DISTINCT FROM {item})"
    return Value(f"CASE WHEN {item} IS NULL THEN NULL ELSE {made} END", value.type)


@handler("array_union", "array_intersect", "array_except")
def _set(call: Call) -> Value:
    call.arity(2)
    (left, right), kind = _arrays(call, 0, 1)
    joined = f"list_concat({left}, {right})" if call.name == "array_union" else left
    condition = f"i_ = list_position({joined}, x_)"
    if call.name != "array_union":
        inside = f"(list_position({right}, x_) IS NOT NULL)"
        condition += f" AND {inside}" if call.name == "array_intersect" else f" AND NOT {inside}"
    made = f"list_filter({joined}, lambda x_, i_: {condition})"
    return Value(f"CASE WHEN {left} IS NULL OR {right} IS NULL THEN NULL ELSE {made} END", kind)


@handler("arrays_overlap")
def _overlap(call: Call) -> Value:
    call.arity(2)
    (left, right), _ = _arrays(call, 0, 1)
    null = (
        f"len(list_filter({left}, lambda n_: n_ IS NULL)) > 0 OR len(list_filter({right}, lambda n_: n_ IS NULL)) > 0"
    )
    common_items = f"list_has_any({left}, {right})"
    return Value(
        f"CASE WHEN {common_items} THEN true WHEN len({left}) > 0 AND len({right}) > 0 AND ({null}) THEN NULL "
        f"ELSE {common_items} END",
        BOOLEAN,
    )


@handler("flatten")
def _flatten(call: Call) -> Value:
    call.arity(1)
    value = array_argument(call)
    if value.type.element.name != "array":
        raise call.mismatch()
    return Value(f"flatten({value.sql})", value.type.element)


@handler("slice")
def _slice(call: Call) -> Value:
    call.arity(3)
    value = array_argument(call)
    start, length = call.take(1, BIGINT), call.take(2, BIGINT)
    zero = fail("SQL array indices start at 1", value.type)
    negative = fail("length must be greater than or equal to 0", value.type)
    begin = f"CASE WHEN {start} < 0 THEN len({value.sql}) + {start} + 1 ELSE {start} END"
    empty = f"CAST([] AS {physical(value.type)})"
    return Value(
        f"CASE WHEN {start} = 0 THEN {zero} WHEN {length} < 0 THEN {negative} WHEN {begin} < 1 THEN {empty} "
        f"ELSE list_slice({value.sql}, {begin}, {begin} + {length} - 1) END",
        value.type,
    )


@handler("trim_array")
def _trim_array(call: Call) -> Value:
    call.arity(2)
    value, count = array_argument(call), call.take(1, BIGINT)
    refused = fail("size must not exceed array cardinality", value.type)
    return Value(
        f"CASE WHEN {count} > len({value.sql}) THEN {refused} ELSE list_slice({value.sql}, 1, len({value.sql}) - {count}) END",
        value.type,
    )


@handler("repeat")
def _repeat(call: Call) -> Value:
    call.arity(2)
    value = call.value(0)
    made = f"list_transform(range({call.take(1, BIGINT)}), lambda r_: {value.sql})"
    return Value(made, array(value.type))


@handler("sequence")
def _sequence(call: Call) -> Value:
    call.arity(2, 3)
    first, last = call.value(0), call.value(1)
    if first.type.integral and last.type.integral:
        step = (
            call.take(2, BIGINT)
            if len(call) == 3
            else f"CASE WHEN {call.take(0, BIGINT)} <= {call.take(1, BIGINT)} THEN 1 ELSE -1 END"
        )
        kind = array(BIGINT)
        refused = fail(
            "sequence stop value should be greater than or equal to start value if step is greater than zero "
            "otherwise stop should be less than or equal to start",
            kind,
        )
        made = f"generate_series({call.take(0, BIGINT)}, {call.take(1, BIGINT)}, {step})"
        wrong = f"({step} > 0) <> ({first.sql} <= {last.sql}) AND {first.sql} <> {last.sql}"
        return Value(f"CASE WHEN {wrong} THEN {refused} ELSE CAST({made} AS {physical(kind)}) END", kind)
    return _sequence_of_times(call, first, last)


def _sequence_of_times(call: Call, first: Value, last: Value) -> Value:
    met = widen(first.type, last.type)
    if met is None or met.name not in ("date", "timestamp"):
        raise call.mismatch()
    step = call.value(2) if len(call) == 3 else Value("CAST(86400000 AS BIGINT)", DAYS)
    if step.type not in (DAYS, MONTHS) or (len(call) == 2 and met != DATE):
        raise call.mismatch()
    interval = f"to_microseconds({step.sql} * 1000)"
    start, stop = coerce(first, met).sql, coerce(last, met).sql
    if step.type == MONTHS:
        count = f"trino_months_between(CAST({start} AS TIMESTAMP), CAST({stop} AS TIMESTAMP)) // {step.sql}"
        made = f"list_transform(range({count} + 1), lambda s_: {start} + to_months(CAST(s_ * {step.sql} AS INTEGER)))"
        return Value(f"CAST({made} AS {physical(met)}[])", array(met))
    made = f"generate_series(CAST({start} AS TIMESTAMP), CAST({stop} AS TIMESTAMP), {interval})"
    return Value(f"CAST({made} AS {physical(met)}[])", array(met))


@handler("zip")
def _zip(call: Call) -> Value:
    if len(call) < 2:
        raise call.mismatch()
    values = [array_argument(call, index) for index in range(len(call))]
    kind = row(("", value.type.element) for value in values)
    parts = ", ".join(f"'field{index}': ({value.sql})[z_]" for index, value in enumerate(values))
    length = "greatest(" + ", ".join(f"len({value.sql})" for value in values) + ")"
    nulls = " OR ".join(f"{value.sql} IS NULL" for value in values)
    made = f"list_transform(range(1, CAST({length} AS BIGINT) + 1), lambda z_: {{{parts}}})"
    return Value(f"CASE WHEN {nulls} THEN NULL ELSE {made} END", array(kind))


@handler("shuffle")
def _shuffle(call: Call) -> Value:
    call.arity(1)
    value = array_argument(call)
    return Value(
        f"list_transform(list_sort(list_transform({value.sql}, lambda x_: {{'k': random(), 'v': x_}})), lambda y_: y_.v)",
        value.type,
    )


@handler("map")
def _map(call: Call) -> Value:
    call.arity(0, 2)
    if not len(call):
        return Value("map()", map_of(UNKNOWN, UNKNOWN))
    keys, values = array_argument(call, 0), array_argument(call, 1)
    kind = map_of(keys.type.element, values.type.element)
    different = fail("Key and value arrays must be the same length", kind)
    return Value(
        f"CASE WHEN len({keys.sql}) <> len({values.sql}) THEN {different} ELSE map({keys.sql}, {values.sql}) END", kind
    )


@handler("map_keys", "map_values", "map_entries")
def _map_parts(call: Call) -> Value:
    call.arity(1)
    kind = map_argument(call).type
    if call.name == "map_entries":
        pair = row((("", kind.key), ("", kind.value)))
        made = f"list_transform(map_entries({call.value(0).sql}), lambda m_: {{'field0': m_.key, 'field1': m_.value}})"
        return Value(made, array(pair))
    return Value(f"{call.name}({call.value(0).sql})", array(kind.key if call.name == "map_keys" else kind.value))


@handler("map_from_entries")
def _map_from_entries(call: Call) -> Value:
    call.arity(1)
    value = array_argument(call)
    pair = value.type.element
    if pair.name != "row" or len(pair.fields) != 2:
        raise call.mismatch()
    key, held = physical_names(pair)
    made = f"list_transform({value.sql}, lambda m_: {{'key': m_.{identifier(key)}, 'value': m_.{identifier(held)}}})"
    return Value(f"map_from_entries({made})", map_of(pair.fields[0][1], pair.fields[1][1]))


@handler("map_concat")
def _map_concat(call: Call) -> Value:
    if not len(call):
        raise call.mismatch()
    met = common([map_argument(call, index) for index in range(len(call))])
    if met is None:
        raise call.mismatch()
    parts = ", ".join(coerce(value, met).sql for value in call.values)
    nulls = " OR ".join(f"{value.sql} IS NULL" for value in call.values)
    return Value(f"CASE WHEN {nulls} THEN NULL ELSE map_concat({parts}) END", met)
