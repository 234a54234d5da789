"""Functions on JSON; Trino's json type is held as its text."""

from __future__ import annotations

import re

from catalog_server.model.errors import Invalid
from catalog_server.query.casts import json_of
from catalog_server.query.functions.registry import Call, handler
from catalog_server.query.scope import Value
from catalog_server.query.types import BIGINT, BOOLEAN, JSON, VARCHAR, text_literal

_STEP = re.compile(r"\.([A-Za-z_][\w-]*)|\.\"([^\"]+)\"|\[\"([^\"]+)\"\]|\['([^']+)'\]|\[(\d+)\]")


def json_path(path: str) -> str:
    """A JSON path of Trino's `json_extract` in DuckDB's form; raises `Invalid` for one that is not understood."""
    if not path.startswith("$"):
        path = "$." + path
    made, position = "$", 1
    while position < len(path):
        found = _STEP.match(path, position)
        if found is None:
            raise Invalid("", f"Invalid JSON path: '{path}'")
        name = found[1] or found[2] or found[3] or found[4]
        made += f'."{name}"' if name else f"[{found[5]}]"
        position = found.end()
    return made


def _document(call: Call) -> str:
    value = call.value(0)
    if not value.type.text and value.type != JSON:
        raise call.mismatch()
    return f"TRY_CAST({value.sql} AS JSON)" if value.type.text else f"CAST({value.sql} AS JSON)"


def _path(call: Call) -> str:
    return text_literal(json_path(call.literal(1, "the path")))


@handler("json_extract")
def _extract(call: Call) -> Value:
    call.arity(2)
    return Value(f"CAST(json_extract({_document(call)}, {_path(call)}) AS VARCHAR)", JSON)


@handler("json_extract_scalar")
def _extract_scalar(call: Call) -> Value:
    call.arity(2)
    document, path = _document(call), _path(call)
    scalar = f"json_type({document}, {path}) NOT IN ('OBJECT', 'ARRAY', 'NULL')"
    kind = call.value(0).type if call.value(0).type.name == "varchar" else VARCHAR
    return Value(f"CASE WHEN {scalar} THEN json_extract_string({document}, {path}) END", kind)


@handler("json_parse")
def _parse(call: Call) -> Value:
    call.arity(1)
    return Value(f"trino_json_parse({call.take(0, VARCHAR)})", JSON)


@handler("json_format")
def _format(call: Call) -> Value:
    call.arity(1)
    return Value(call.take(0, JSON), VARCHAR)


@handler("is_json_scalar")
def _is_scalar(call: Call) -> Value:
    call.arity(1)
    return Value(f"(json_type({_document(call)}) NOT IN ('OBJECT', 'ARRAY'))", BOOLEAN)


@handler("json_array_length")
def _array_length(call: Call) -> Value:
    call.arity(1)
    document = _document(call)
    return Value(
        f"CASE WHEN json_type({document}) = 'ARRAY' THEN CAST(json_array_length({document}) AS BIGINT) END", BIGINT
    )


@handler("json_array_get")
def _array_get(call: Call) -> Value:
    call.arity(2)
    document, index = _document(call), call.take(1, BIGINT)
    return Value(
        f"CASE WHEN json_type({document}) = 'ARRAY' THEN json_extract_string({document}, CAST({index} AS INTEGER)) END",
        JSON,
    )


@handler("json_array_contains")
def _array_contains(call: Call) -> Value:
    call.arity(2)
    value = call.value(1)
    wanted = json_of(value)
    document = _document(call)
    return Value(
        f"CASE WHEN json_type({document}) = 'ARRAY' THEN "
        f"list_contains(CAST(json_extract({document}, '$[*]') AS VARCHAR[]), CAST({wanted} AS VARCHAR)) END",
        BOOLEAN,
    )


@handler("json_size")
def _size(call: Call) -> Value:
    call.arity(2)
    part = f"json_extract({_document(call)}, {_path(call)})"
    return Value(
        f"CASE json_type({part}) WHEN 'OBJECT' THEN CAST(len(json_keys({part})) AS BIGINT) "
        f"WHEN 'ARRAY' THEN CAST(json_array_length({part}) AS BIGINT) ELSE CASE WHEN {part} IS NOT NULL THEN 0 END END",
        BIGINT,
    )
