"""Functions that take a lambda."""

from __future__ import annotations

from catalog_server.query.casts import coerce
from catalog_server.query.functions.collections import array_argument, map_argument
from catalog_server.query.functions.registry import Call, handler
from catalog_server.query.scope import Value
from catalog_server.query.types import BOOLEAN, Type, array, map_of, physical


def _condition(call: Call, index: int, *kinds: Type) -> tuple[list[str], str]:
    names, body = call.lambda_of(index, *kinds)
    if body.type.name not in ("boolean", "unknown"):
        raise call.mismatch()
    return names, coerce(body, BOOLEAN).sql


@handler("transform")
def _transform(call: Call) -> Value:
    call.arity(2)
    value = array_argument(call)
    (name,), body = call.lambda_of(1, value.type.element)
    return Value(f"list_transform({value.sql}, lambda {name}: {body.sql})", array(body.type))


@handler("filter")
def _filter(call: Call) -> Value:
    call.arity(2)
    value = array_argument(call)
    (name,), body = _condition(call, 1, value.type.element)
    return Value(f"list_filter({value.sql}, lambda {name}: {body})", value.type)


@handler("any_match", "all_match", "none_match")
def _match(call: Call) -> Value:
    call.arity(2)
    value = array_argument(call)
    (name,), body = _condition(call, 1, value.type.element)
    held = f"list_transform({value.sql}, lambda {name}: {body})"
    wanted = "false" if call.name == "all_match" else "true"
    found, missing = ("true", "false") if call.name == "any_match" else ("false", "true")
    return Value(
        f"CASE WHEN {value.sql} IS NULL THEN NULL WHEN list_contains({held}, {wanted}) THEN {found} "
        f"WHEN len(list_filter({held}, lambda n_: n_ IS NULL)) > 0 THEN NULL ELSE {missing} END",
        BOOLEAN,
    )


@handler("reduce")
def _reduce(call: Call) -> Value:
    call.arity(4)
    value, start = array_argument(call), call.value(1)
    state = start.type
    names, body = call.lambda_of(2, state, value.type.element)
    if body.type != state:
        state = body.type
        names, body = call.lambda_of(2, state, value.type.element)
    (last,), final = call.lambda_of(3, state)
    # DuckDB folds a list of one type, so each element carries a place for the state.
    seed = coerce(start, state).sql
    wrapped = f"list_transform({value.sql}, lambda w_: {{'s': CAST(NULL AS {physical(state)}), 'x': w_}})"
    nothing = f"CAST(NULL AS {physical(value.type.element)})"
    first = f"{{'s': {seed}, 'x': {nothing}}}"
    step = _rename(_rename(coerce(body, state).sql, names[0], "a_.s"), names[1], "b_.x")
    folded = f"list_reduce({wrapped}, lambda a_, b_: {{'s': {step}, 'x': {nothing}}}, {first}).s"
    made = f"list_transform([{folded}], lambda {last}: {final.sql})[1]"
    return Value(f"CASE WHEN {value.sql} IS NULL THEN NULL ELSE {made} END", final.type)


def _rename(sql: str, name: str, new: str) -> str:
    import re

    return re.sub(rf"\b{name}\b", new, sql)


@handler("zip_with")
def _zip_with(call: Call) -> Value:
    call.arity(3)
    left, right = array_argument(call, 0), array_argument(call, 1)
    names, body = call.lambda_of(2, left.type.element, right.type.element)
    made = _rename(_rename(body.sql, names[0], f"({left.sql})[k_]"), names[1], f"({right.sql})[k_]")
    length = f"CAST(greatest(len({left.sql}), len({right.sql})) AS BIGINT)"
    nulls = f"{left.sql} IS NULL OR {right.sql} IS NULL"
    return Value(
        f"CASE WHEN {nulls} THEN NULL ELSE list_transform(range(1, {length} + 1), lambda k_: {made}) END",
        array(body.type),
    )


@handler("map_filter")
def _map_filter(call: Call) -> Value:
    call.arity(2)
    value = map_argument(call)
    names, body = _condition(call, 1, value.type.key, value.type.value)
    made = _rename(_rename(body, names[0], "m_.key"), names[1], "m_.value")
    return Value(f"map_from_entries(list_filter(map_entries({value.sql}), lambda m_: {made}))", value.type)


@handler("transform_values", "transform_keys")
def _transform_map(call: Call) -> Value:
    call.arity(2)
    value = map_argument(call)
    names, body = call.lambda_of(1, value.type.key, value.type.value)
    made = _rename(_rename(body.sql, names[0], "m_.key"), names[1], "m_.value")
    keys = call.name == "transform_keys"
    key, held = (made, "m_.value") if keys else ("m_.key", made)
    kind = map_of(body.type, value.type.value) if keys else map_of(value.type.key, body.type)
    return Value(
        f"map_from_entries(list_transform(map_entries({value.sql}), lambda m_: {{'key': {key}, 'value': {held}}}))",
        kind,
    )
