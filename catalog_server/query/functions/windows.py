"""Functions that need OVER, and how a window is written."""

from __future__ import annotations

from typing import Any

from catalog_server.model.errors import Invalid
from catalog_server.query.casts import coerce
from catalog_server.query.functions.registry import Call, window
from catalog_server.query.ordering import sort_items
from catalog_server.query.scope import Value
from catalog_server.query.types import BIGINT, DAYS, DOUBLE, MONTHS


def over(call: Call) -> str:
    """The window behind OVER, with a named one written out."""
    translator = call.translator
    spec = call.window
    base = spec.args.get("alias")
    if base is not None:
        named = translator.named_windows.get(base.name.lower())
        if named is None:
            raise Invalid("", f"Cannot resolve WINDOW name {base.name}")
        if not (spec.args.get("partition_by") or spec.args.get("order") or spec.args.get("spec")):
            spec = named
        else:
            raise Invalid("", "a named window with additions is not supported by the embedded engine")
    parts = []
    if spec.args.get("partition_by"):
        parts.append("PARTITION BY " + ", ".join(value.sql for value in translator.values(spec.args["partition_by"])))
    if spec.args.get("order") is not None:
        parts.append("ORDER BY " + sort_items(translator, spec.args["order"].expressions))
    if spec.args.get("spec") is not None:
        parts.append(_frame(call, spec.args["spec"]))
    return f"({' '.join(parts)})"


def _frame(call: Call, spec: Any) -> str:
    if spec.args.get("exclude"):
        raise Invalid("", "EXCLUDE in a window frame is not supported")
    kind = str(spec.args["kind"]).upper()
    start = _bound(call, kind, spec.args.get("start"), spec.args.get("start_side"))
    if spec.args.get("end") is None:
        return f"{kind} {start}"
    return f"{kind} BETWEEN {start} AND {_bound(call, kind, spec.args['end'], spec.args.get('end_side'))}"


def _bound(call: Call, kind: str, edge: Any, side: str | None) -> str:
    if isinstance(edge, str):
        return f"{edge} {side or ''}".strip().upper()
    value = call.translator.value(edge)
    if kind == "RANGE" and value.type == DAYS:
        return f"to_microseconds({value.sql} * 1000) {side}"
    if kind == "RANGE" and value.type == MONTHS:
        return f"to_months({value.sql}) {side}"
    if not value.type.numeric:
        raise Invalid("", f"Window frame {kind} value type must be a number or interval (actual {value.type})")
    return f"{value.sql} {side}"


def _over(call: Call, name: str, *arguments: str) -> str:
    nulls = " IGNORE NULLS" if call.ignore_nulls else ""
    return f"{name}({', '.join(arguments)}{nulls}) OVER {over(call)}"


@window("row_number", "rank", "dense_rank")
def _rank(call: Call) -> Value:
    call.arity(0)
    return Value(_over(call, call.name), BIGINT)


@window("percent_rank", "cume_dist")
def _share(call: Call) -> Value:
    call.arity(0)
    return Value(_over(call, call.name), DOUBLE)


@window("ntile")
def _ntile(call: Call) -> Value:
    call.arity(1)
    return Value(_over(call, "ntile", call.take(0, BIGINT)), BIGINT)


@window("lag", "lead")
def _lag(call: Call) -> Value:
    call.arity(1, 2, 3)
    value = call.value(0)
    arguments = [value.sql]
    if len(call) > 1:
        arguments.append(call.take(1, BIGINT))
    if len(call) > 2:
        arguments.append(coerce(call.value(2), value.type).sql)
    return Value(_over(call, call.name, *arguments), value.type)


@window("first_value", "last_value")
def _edge_value(call: Call) -> Value:
    call.arity(1)
    return Value(_over(call, call.name, call.value(0).sql), call.value(0).type)


@window("nth_value")
def _nth_value(call: Call) -> Value:
    call.arity(2)
    return Value(_over(call, "nth_value", call.value(0).sql, call.take(1, BIGINT)), call.value(0).type)
