"""Functions on values of any type."""

from __future__ import annotations

from catalog_server.model.errors import Invalid
from catalog_server.query.casts import coerce, common
from catalog_server.query.functions.registry import Call, handler
from catalog_server.query.scope import Value
from catalog_server.query.types import BIGINT, INTEGER, UUID, VARCHAR, text_literal, widen


@handler("coalesce")
def _coalesce(call: Call) -> Value:
    if len(call) < 2:
        raise Invalid("", "The 'coalesce' function must have at least two arguments")
    met = common(call.values)
    if met is None:
        raise Invalid("", f"All COALESCE operands must be the same type: {', '.join(str(v.type) for v in call.values)}")
    return Value(f"coalesce({', '.join(coerce(value, met).sql for value in call.values)})", met)


@handler("nullif")
def _nullif(call: Call) -> Value:
    call.arity(2)
    first, second = call.value(0), call.value(1)
    met = widen(first.type, second.type)
    if met is None:
        raise Invalid("", f"Types are not comparable with NULLIF: {first.type} vs {second.type}")
    same = f"{coerce(first, met).sql} = {coerce(second, met).sql}"
    return Value(f"CASE WHEN {same} THEN NULL ELSE {first.sql} END", first.type)


@handler("try")
def _try(call: Call) -> Value:
    call.arity(1)
    value = call.value(0)
    return Value(f"TRY({value.sql})", value.type)


@handler("grouping")
def _grouping(call: Call) -> Value:
    if call.translator.grouped is None:
        raise Invalid(
            "", "A GROUPING() operation can only be used with a corresponding GROUPING SET/CUBE/ROLLUP/GROUP BY clause"
        )
    call.translator.inside_aggregate = True
    try:
        arguments = ", ".join(value.sql for value in call.values)
    finally:
        call.translator.inside_aggregate = False
    kind = BIGINT if len(call) > 31 else INTEGER
    return Value(f"CAST(grouping({arguments}) AS {kind.name.upper()})", kind)


@handler("current_user")
def _current_user(call: Call) -> Value:
    return Value(text_literal(call.translator.user), VARCHAR)


@handler("version")
def _version(call: Call) -> Value:
    call.arity(0)
    from catalog_server import __version__

    return Value(text_literal(__version__), VARCHAR, __version__)


@handler("uuid")
def _uuid(call: Call) -> Value:
    call.arity(0)
    return Value("uuid()", UUID)
