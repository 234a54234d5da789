"""Casts: DuckDB expressions that turn a value of one Trino type into another with Trino's results and refusals."""

from __future__ import annotations

from collections.abc import Callable

from catalog_server.model.errors import Invalid, Unsupported
from catalog_server.query.scope import Value
from catalog_server.query.types import INTEGERS, JSON, VARCHAR, Type, physical, physical_names, text_literal, widen
from catalog_server.query.zones import instant, local_time

OPEN, CLOSE = "⟦", "⟧"
"""Around a message of ours inside one of DuckDB's errors."""


def fail(message: str, kind: Type | str) -> str:
    """An expression that raises `message` when it is evaluated, and counts as failed inside TRY."""
    return _failing(text_literal(OPEN + message + CLOSE), kind)


def fail_with(message: str, detail: str, kind: Type | str) -> str:
    """As `fail`, with the text of the expression `detail` put where `{}` stands in the message."""
    before, _, after = message.partition("{}")
    return _failing(f"{text_literal(OPEN + before)} || {detail} || {text_literal(after + CLOSE)}", kind)


def _failing(text: str, kind: Type | str) -> str:
    """A cast of a text that is no value of the type: DuckDB has no error function that TRY accepts."""
    target = kind if isinstance(kind, str) else physical(kind)
    if target in ("VARCHAR", "BLOB"):
        failing = f"CAST(CAST({text} AS INTEGER) AS VARCHAR)"
        return failing if target == "VARCHAR" else f"CAST({failing} AS BLOB)"
    return f"CAST({text} AS {target})"


def coerce(value: Value, target: Type) -> Value:
    """The value in a type it can take without being asked."""
    source = value.type
    if source == target:
        return value
    if source.name == "unknown":
        return Value(f"CAST(NULL AS {physical(target)})", target)
    if (
        physical(source) == physical(target)
        and not _padded(source, target)
        and source.name != "timestamp with time zone"
    ):
        return Value(value.sql, target, value.literal)
    return Value(cast(value, target).sql, target, value.literal if source.text else None)


def _padded(source: Type, target: Type) -> bool:
    names = {source.name, target.name}
    return names == {"char", "varchar"} or "json" in names or (bool(source.fields) and str(source) != str(target))


def cast(value: Value, target: Type) -> Value:
    """CAST as Trino does it; raises `Invalid` where Trino has no such cast."""
    source = value.type
    if source.name == "unknown":
        return Value(f"CAST(NULL AS {physical(target)})", target)
    if source == target:
        return value
    made = _to(target)(value, target) if target.name in _TARGETS else None
    if made is None:
        raise Invalid("", f"Cannot cast {source} to {target}")
    return Value(made, target if target.name != "timestamp with time zone" else _zone_of(value, target))


def _zone_of(value: Value, target: Type) -> Type:
    zone = value.type.zone if value.type.name == "timestamp with time zone" else target.zone
    return Type(target.name, target.arguments, zone=zone)


def _to(target: Type) -> Callable[[Value, Type], str | None]:
    return _TARGETS[target.name]


def _whole(value: Value, target: Type) -> str | None:
    kind = physical(target)
    if value.type.text:
        text = f"trim({value.sql})"
        refused = fail_with(f"Cannot cast '{{}}' to {target.name.upper()}", value.sql, kind)
        return (
            f"CASE WHEN {text} IS NULL THEN NULL WHEN regexp_full_match({text}, '[+-]?[0-9]+') THEN CAST({text} AS {kind}) "
            f"ELSE {refused} END"
        )
    if value.type.name in ("real", "double"):
        return f"CAST(round({value.sql}) AS {kind})"
    if value.type.numeric or value.type.name == "boolean":
        return f"CAST({value.sql} AS {kind})"
    return _from_json(value, target)


def _number(value: Value, target: Type) -> str | None:
    if value.type.numeric or value.type.name == "boolean" or value.type.text:
        return f"CAST({value.sql} AS {physical(target)})"
    return _from_json(value, target)


def _boolean(value: Value, target: Type) -> str | None:
    if value.type.text:
        lowered = f"lower({value.sql})"
        refused = fail_with("Cannot cast '{}' to BOOLEAN", value.sql, "BOOLEAN")
        return (
            f"CASE WHEN {lowered} IN ('t','true','1') THEN true WHEN {lowered} IN ('f','false','0') THEN false "
            f"WHEN {value.sql} IS NULL THEN NULL ELSE {refused} END"
        )
    if value.type.numeric:
        return f"({value.sql} <> 0)"
    return _from_json(value, target)


def as_text(value: Value) -> str | None:
    """The text that Trino's CAST to varchar gives; None where it has no such cast."""
    kind, sql = value.type, value.sql
    if kind.name == "char":
        return f"rpad({sql}, {kind.arguments[0]}, ' ')"
    if kind.name in ("double", "real"):
        return f"trino_{kind.name}_text({sql})"
    if kind.name == "timestamp":
        return time_text(sql, kind.digits, "%Y-%m-%d %H:%M:%S")
    if kind.name == "timestamp with time zone":
        local = time_text(local_time(sql, kind.zone), kind.digits, "%Y-%m-%d %H:%M:%S")
        return f"{local} || {text_literal(' ' + kind.zone)}"
    if kind.name == "time":
        said = f"CAST({sql} AS VARCHAR)"
        padded = f"{said} || CASE WHEN contains({said}, '.') THEN '000000' ELSE '.000000' END"
        return f"left({padded}, {9 + kind.digits if kind.digits else 8})"
    if kind.name == "interval day to second":
        return f"trino_days_text({sql})"
    if kind.name == "interval year to month":
        return f"trino_months_text({sql})"
    if kind.name == "json":
        return f"json_extract_string({sql}, '$')"
    if kind.text or kind.numeric or kind.name in ("boolean", "date", "uuid"):
        return f"CAST({sql} AS VARCHAR)"
    return None


def time_text(sql: str, digits: int, pattern: str) -> str:
    """A TIMESTAMP as text with `digits` digits of a second."""
    if digits == 0:
        return f"strftime({sql}, '{pattern}')"
    text = f"strftime({sql}, '{pattern}.%f')"
    return text if digits == 6 else f"left({text}, -{6 - digits})"


def _text(value: Value, target: Type) -> str | None:
    text = as_text(value)
    length = target.arguments[0]
    if text is None or length == -1:
        return text
    if value.type.text:
        shorter = value.type.name == "varchar" and -1 < value.type.arguments[0] <= length
        return text if shorter else f"left({text}, {length})"
    refused = fail_with(f"Value {{}} cannot be represented as varchar({length})", text, "VARCHAR")
    return f"CASE WHEN length({text}) > {length} THEN {refused} ELSE {text} END"


def _char(value: Value, target: Type) -> str | None:
    text = value.sql if value.type.text else as_text(value)
    return None if text is None else f"rtrim(left({text}, {target.arguments[0]}), ' ')"


def _date(value: Value, _: Type) -> str | None:
    if value.type.text:
        text = f"trim({value.sql})"
        refused = fail_with("Value cannot be cast to date: {}", value.sql, "DATE")
        return (
            f"CASE WHEN {value.sql} IS NULL THEN NULL "
            f"WHEN regexp_full_match({text}, '[+-]?[0-9]{{4,6}}-[0-9]{{1,2}}-[0-9]{{1,2}}') "
            f"THEN CAST({text} AS DATE) ELSE {refused} END"
        )
    if value.type.name == "timestamp":
        return f"CAST({value.sql} AS DATE)"
    if value.type.name == "timestamp with time zone":
        return f"CAST({local_time(value.sql, value.type.zone)} AS DATE)"
    return None


def round_time(sql: str, digits: int, from_digits: int) -> str:
    """A TIMESTAMP rounded half up to `digits` digits of a second."""
    if digits >= from_digits:
        return sql
    unit = 10 ** (6 - digits)
    return f"make_timestamp(CAST(floor((epoch_us({sql}) + {unit // 2}) / {unit}) AS BIGINT) * {unit})"


def _timestamp(value: Value, target: Type) -> str | None:
    sql, kind = value.sql, value.type
    if kind.text:
        text = f"trim({sql})"
        refused = fail_with("Value cannot be cast to timestamp: {}", sql, "TIMESTAMP")
        pattern = r"[0-9]{4,6}-[0-9]{1,2}-[0-9]{1,2}( [0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}([.][0-9]{1,12})?)?)?"
        parsed = round_time(f"CAST({text} AS TIMESTAMP)", target.digits, 6)
        return f"CASE WHEN {sql} IS NULL THEN NULL WHEN regexp_full_match({text}, '{pattern}') THEN {parsed} ELSE {refused} END"
    if kind.name == "date":
        return f"CAST({sql} AS TIMESTAMP)"
    if kind.name == "timestamp":
        return round_time(sql, target.digits, kind.digits)
    if kind.name == "timestamp with time zone":
        return round_time(local_time(sql, kind.zone), target.digits, kind.digits)
    return None


def _zoned(value: Value, target: Type) -> str | None:
    if value.type.name == "timestamp with time zone":
        if target.digits >= value.type.digits:
            return value.sql
        utc = f"timezone('UTC', {value.sql})"
        return f"timezone('UTC', {round_time(utc, target.digits, value.type.digits)})"
    if value.type.text:
        raise Unsupported(
            "a text can be cast to timestamp with time zone only as a literal; use from_iso8601_timestamp"
        )
    local = _timestamp(value, target)
    return None if local is None else instant(local, target.zone)


def _time(value: Value, _: Type) -> str | None:
    if value.type.text or value.type.name == "time":
        return f"CAST({value.sql} AS TIME)"
    if value.type.name == "timestamp":
        return f"CAST({value.sql} AS TIME)"
    return None


def _varbinary(value: Value, _: Type) -> str | None:
    return f"encode({value.sql})" if value.type.name == "varchar" else None


def _uuid(value: Value, _: Type) -> str | None:
    return f"CAST({value.sql} AS UUID)" if value.type.text else None


def _array(value: Value, target: Type) -> str | None:
    if value.type.name == "json":
        return _from_json(value, target)
    if value.type.name != "array":
        return None
    inner = cast(Value("e_", value.type.element), target.element)
    return value.sql if inner.sql == "e_" else f"list_transform({value.sql}, lambda e_: {inner.sql})"


def _map(value: Value, target: Type) -> str | None:
    if value.type.name == "json":
        return _from_json(value, target)
    if value.type.name != "map":
        return None
    key = cast(Value("e_.key", value.type.key), target.key)
    held = cast(Value("e_.value", value.type.value), target.value)
    if (key.sql, held.sql) == ("e_.key", "e_.value"):
        return value.sql
    pairs = f"list_transform(map_entries({value.sql}), lambda e_: {{'key': {key.sql}, 'value': {held.sql}}})"
    return f"map_from_entries({pairs})"


def _row(value: Value, target: Type) -> str | None:
    if value.type.name == "json":
        return _from_json(value, target)
    if value.type.name != "row" or len(value.type.fields) != len(target.fields):
        return None
    parts = []
    mine = zip(physical_names(value.type), value.type.fields, strict=True)
    theirs = zip(physical_names(target), target.fields, strict=True)
    for (name, (_, kind)), (wanted, (_, inner)) in zip(mine, theirs, strict=True):
        part = cast(Value(f"struct_extract({value.sql}, {text_literal(name)})", kind), inner)
        parts.append(f"{text_literal(wanted)}: {part.sql}")
    return f"CASE WHEN {value.sql} IS NULL THEN NULL ELSE {{{', '.join(parts)}}} END"


def json_of(value: Value) -> str:
    """An expression of type JSON for a value of any type that Trino can cast to json."""
    kind, sql = value.type, value.sql
    if kind.name == "json":
        return f"CAST({sql} AS JSON)"
    if kind.name == "row":
        names = zip(physical_names(kind), kind.fields, strict=True)
        parts = [
            f"{text_literal(label)}, {json_of(Value(f'struct_extract({sql}, {text_literal(name)})', inner))}"
            for name, (label, inner) in names
        ]
        return f"CASE WHEN {sql} IS NULL THEN NULL ELSE json_object({', '.join(parts)}) END"
    if kind.name == "array":
        inner = json_of(Value("j_", kind.element))
        return f"CASE WHEN {sql} IS NULL THEN NULL ELSE to_json(list_transform({sql}, lambda j_: {inner})) END"
    if kind.name == "map":
        return _json_of_map(value)
    if kind.name in ("date", "timestamp", "timestamp with time zone", "char"):
        return f"to_json({as_text(value)})"
    if kind.name in ("double", "real"):
        return f"trino_{kind.name}_json({sql})"
    if kind.name == "decimal":
        return f"CAST(CAST({sql} AS VARCHAR) AS JSON)"
    if kind.text or kind.numeric or kind.name == "boolean":
        return f"to_json({sql})"
    raise Invalid("", f"Cannot cast {kind} to json")


def _json_of_map(value: Value) -> str:
    """An object with the keys in order, as Trino writes it."""
    kind = value.type
    key = as_text(Value("j_", kind.key))
    if key is None or not (kind.key.text or kind.key.numeric or kind.key.name == "boolean"):
        raise Invalid("", f"Cannot cast {kind} to json")
    held = json_of(Value(f"map_extract_value({value.sql}, j_)", kind.value))
    pair = f"CAST(to_json({key}) AS VARCHAR) || ':' || coalesce(CAST({held} AS VARCHAR), 'null')"
    pairs = f"list_transform(list_sort(map_keys({value.sql})), lambda j_: {pair})"
    return f"CAST('{{' || array_to_string({pairs}, ',') || '}}' AS JSON)"


def _json(value: Value, _: Type) -> str | None:
    return f"CAST({json_of(value)} AS VARCHAR)"


def _from_json(value: Value, target: Type) -> str | None:
    if value.type.name != "json":
        return None
    if target.fields:
        return f"json_transform_strict({value.sql}, {text_literal(_json_shape(target))})"
    inner = cast(Value(f"json_extract_string({value.sql}, '$')", VARCHAR), target)
    return inner.sql


def _json_shape(kind: Type) -> str:
    if kind.name == "array":
        return f"[{_json_shape(kind.element)}]"
    if kind.name == "row":
        names = zip(physical_names(kind), kind.fields, strict=True)
        return "{" + ", ".join(f'"{name}": {_json_shape(inner)}' for name, (_, inner) in names) + "}"
    return f'"{physical(kind)}"'


_TARGETS: dict[str, Callable[[Value, Type], str | None]] = {
    **dict.fromkeys(INTEGERS, _whole),
    "decimal": _number,
    "real": _number,
    "double": _number,
    "boolean": _boolean,
    "varchar": _text,
    "char": _char,
    "date": _date,
    "timestamp": _timestamp,
    "timestamp with time zone": _zoned,
    "time": _time,
    "varbinary": _varbinary,
    "uuid": _uuid,
    "array": _array,
    "map": _map,
    "row": _row,
    JSON.name: _json,
}


def common(values: list[Value]) -> Type | None:
    """The type in which all values meet, None when they cannot."""
    met: Type | None = Type("unknown")
    for value in values:
        met = None if met is None else widen(met, value.type)
    return met
