"""Operators: arithmetic, comparison and `||` with Trino's result types and refusals."""

from __future__ import annotations

import re

from catalog_server.model.errors import Invalid, Unsupported
from catalog_server.query.casts import coerce, fail
from catalog_server.query.scope import Value
from catalog_server.query.types import (
    BOOLEAN,
    DATE,
    DAYS,
    MONTHS,
    VARBINARY,
    VARCHAR,
    Type,
    array,
    as_decimal,
    decimal,
    physical,
    widen,
)
from catalog_server.query.zones import instant, local_time

_DAY = 86_400_000
_TIMES = ("date", "timestamp", "timestamp with time zone", "time")


def arithmetic(operator: str, left: Value, right: Value) -> Value:
    """`left operator right` for + - * / %; raises `Invalid` for types that do not go together."""
    kinds = (left.type.name, right.type.name)
    if "unknown" in kinds:
        other = right if kinds[0] == "unknown" else left
        return _unknown(operator, other)
    if left.type.numeric and right.type.numeric:
        return _numbers(operator, left, right)
    if left.type in (DAYS, MONTHS) or right.type in (DAYS, MONTHS) or (kinds[0] in _TIMES and kinds[1] in _TIMES):
        made = _times(operator, left, right)
        if made is not None:
            return made
    raise Invalid("", f"Cannot apply operator: {left.type} {operator} {right.type}")


def _unknown(operator: str, other: Value) -> Value:
    if not other.type.numeric:
        raise Unsupported(f"{operator} with a NULL that has no type; use CAST(NULL AS ...)")
    return _numbers(operator, other, Value(f"CAST(NULL AS {physical(other.type)})", other.type))


def _numbers(operator: str, left: Value, right: Value) -> Value:
    met = widen(left.type, right.type)
    if met is None:
        raise Invalid("", f"Cannot apply operator: {left.type} {operator} {right.type}")
    if met.name == "decimal":
        return _decimals(operator, left, right)
    a, b = coerce(left, met).sql, coerce(right, met).sql
    if operator not in ("/", "%"):
        return Value(f"({a} {operator} {b})", met)
    if not met.integral:
        return Value(
            f"({a} / {b})" if operator == "/" else f"fmod({a}, {b})" if met.name == "double" else f"({a} % {b})", met
        )
    return Value(_guarded(b, right, f"({a} {'//' if operator == '/' else '%'} {b})", met), met)


def _guarded(divisor: str, value: Value, made: str, kind: Type) -> str:
    if isinstance(value.literal, int) and value.literal != 0:
        return made
    return f"CASE WHEN {divisor} = 0 THEN {fail('Division by zero', kind)} ELSE {made} END"


NARROW = 18
"""Digits that fit into 8 bytes: products are kept in them, several times faster, until one does not fit."""
NARROW_BEGIN = "/*[*/"
_NARROW_END = re.compile(r"/\*\|(DECIMAL\(\d+,\d+\))\]\*/")


def _is_narrow(value: Value) -> bool:
    return value.type.arguments[0] <= NARROW or value.sql.rstrip(")").endswith("]*/")


def widen_products(sql: str) -> str:
    """The same statement with every product of decimals in all the digits that Trino gives it."""
    return _NARROW_END.sub(r" AS \1)", sql.replace(NARROW_BEGIN, "CAST("))


def _decimals(operator: str, left: Value, right: Value) -> Value:
    (p1, s1), (p2, s2) = as_decimal(left.type).arguments, as_decimal(right.type).arguments
    a, b = coerce(left, as_decimal(left.type)), coerce(right, as_decimal(right.type))
    if operator in "+-":
        kind = decimal(max(p1 - s1, p2 - s2) + max(s1, s2) + 1, max(s1, s2))
        return Value(f"CAST(({a.sql} {operator} {b.sql}) AS {physical(kind)})", kind)
    if operator == "*":
        if s1 + s2 > 38:
            raise Invalid("", f"DECIMAL scale must be in range [0, precision (38)]: {s1 + s2}")
        kind = decimal(p1 + p2, s1 + s2)
        if p1 + p2 > NARROW and s1 + s2 <= NARROW and _is_narrow(a) and _is_narrow(b):
            return Value(f"{NARROW_BEGIN}({a.sql} * {b.sql})/*|{physical(kind)}]*/", kind)
        return Value(f"CAST(({a.sql} * {b.sql}) AS {physical(kind)})", kind)
    if operator == "%":
        scale = max(s1, s2)
        kind = decimal(min(p2 - s2, p1 - s1) + scale, scale)
        wide = f"DECIMAL(38,{scale})"
        made = f"CAST((CAST({a.sql} AS {wide}) % CAST({b.sql} AS {wide})) AS {physical(kind)})"
        return Value(_guarded(b.sql, right, made, kind), kind)
    scale = max(s1, s2)
    kind = decimal(p1 + s2 + max(0, s2 - s1), scale)
    return Value(_guarded(b.sql, right, divide(unscaled(a), unscaled(b), scale - s1 + s2, kind), kind), kind)


def unscaled(value: Value) -> str:
    """A decimal's digits as a whole number (HUGEINT)."""
    precision, scale = value.type.arguments
    if scale == 0:
        return f"CAST({value.sql} AS HUGEINT)"
    if precision + scale + 1 <= 38:
        return f"CAST({value.sql} * CAST({10**scale} AS DECIMAL({scale + 1},0)) AS HUGEINT)"
    return f"CAST(replace(CAST({value.sql} AS VARCHAR), '.', '') AS HUGEINT)"


def divide(numerator: str, denominator: str, shift: int, kind: Type) -> str:
    """`numerator * 10^shift / denominator`, whole numbers both, rounded half away from zero, as the decimal `kind`."""
    scale = kind.arguments[1]
    top = f"({numerator} * CAST({10**shift} AS HUGEINT))" if shift else numerator
    rounded = f"trino_divide({top}, {denominator})"
    if scale == 0:
        return f"CAST({rounded} AS {physical(kind)})"
    unit = f"CAST('{'0.' + '0' * (scale - 1) + '1'}' AS DECIMAL({scale},{scale}))"
    return f"CAST(CAST({rounded} AS DECIMAL(38,0)) * {unit} AS {physical(kind)})"


def _times(operator: str, left: Value, right: Value) -> Value | None:
    if operator == "+" and left.type in (DAYS, MONTHS) and right.type.name in _TIMES:
        left, right = right, left
    if left.type in (DAYS, MONTHS):
        return _intervals(operator, left, right)
    if operator == "*" and right.type in (DAYS, MONTHS):
        return _intervals(operator, right, left)
    if operator not in "+-" or left.type.name not in _TIMES:
        return None
    if right.type in (DAYS, MONTHS):
        return shift(left, right, operator)
    return _difference(left, right) if operator == "-" and right.type.name in _TIMES else None


def _intervals(operator: str, left: Value, right: Value) -> Value | None:
    if operator in "+-" and right.type == left.type:
        return Value(f"({left.sql} {operator} {right.sql})", left.type)
    if operator in "*/" and right.type.numeric:
        kind = physical(left.type)
        if operator == "*" and right.type.integral:
            return Value(f"CAST({left.sql} * {right.sql} AS {kind})", left.type)
        return Value(f"CAST(trunc({left.sql} {operator} CAST({right.sql} AS DOUBLE)) AS {kind})", left.type)
    return None


def shift(value: Value, interval: Value, operator: str = "+") -> Value:
    """A date, time or timestamp moved by an interval; it keeps its type."""
    kind, count = value.type, interval.sql if operator == "+" else f"(-{interval.sql})"
    if kind == DATE:
        if interval.type == MONTHS:
            return Value(f"CAST({value.sql} + to_months({count}) AS DATE)", DATE)
        days = f"({value.sql} + CAST({count} // {_DAY} AS INTEGER))"
        if isinstance(interval.literal, int):
            if interval.literal % _DAY:
                raise Invalid("", "Cannot add hour, minutes or seconds to a date")
            return Value(days, DATE)
        refused = fail("Cannot add hour, minutes or seconds to a date", DATE)
        return Value(f"CASE WHEN {count} % {_DAY} <> 0 THEN {refused} ELSE {days} END", DATE)
    step = f"to_months({count})" if interval.type == MONTHS else f"to_microseconds({count} * 1000)"
    if kind.name == "time" and interval.type == MONTHS:
        raise Invalid("", f"Cannot apply operator: {kind} {operator} {interval.type}")
    digits = max(kind.digits, 3) if interval.type == DAYS else kind.digits
    moved = Type(kind.name, (digits,), zone=kind.zone)
    if kind.name == "timestamp with time zone" and interval.type == MONTHS:
        return Value(instant(f"({local_time(value.sql, kind.zone)} + {step})", kind.zone), moved)
    return Value(f"({value.sql} + {step})", moved)


def _difference(left: Value, right: Value) -> Value | None:
    if left.type == DATE and right.type == DATE:
        return Value(f"(CAST({left.sql} - {right.sql} AS BIGINT) * {_DAY})", DAYS)
    met = widen(left.type, right.type)
    if met is None or met.name == "time":
        return None
    return Value(f"(epoch_ms({coerce(left, met).sql}) - epoch_ms({coerce(right, met).sql}))", DAYS)


def negate(value: Value) -> Value:
    """`-value`."""
    if not value.type.numeric and value.type not in (DAYS, MONTHS):
        raise Invalid("", f"Cannot negate {value.type}")
    return Value(f"(-{value.sql})", value.type, -value.literal if isinstance(value.literal, int) else None)


_ORDERED_NOT = ("map", "json", "unknown")


def compare(operator: str, left: Value, right: Value) -> Value:
    """`left operator right` for the comparisons."""
    met = widen(left.type, right.type)
    if met is None or (operator not in ("=", "<>") and met.name in _ORDERED_NOT[:2]):
        raise Invalid("", f"Cannot apply operator: {left.type} {operator} {right.type}")
    a, b = _for_compare(left, met), _for_compare(right, met)
    if met.name in ("real", "double"):
        return Value(
            _compare_floats(operator, a, b, left.sql.startswith(_CONSTANT), right.sql.startswith(_CONSTANT)), BOOLEAN
        )
    return Value(f"({a} {operator} {b})", BOOLEAN)


_CONSTANT = tuple(f"CAST({character}" for character in "0123456789")


def _compare_floats(operator: str, a: str, b: str, a_constant: bool, b_constant: bool) -> str:
    """A comparison in which NaN equals nothing and is neither less nor more; DuckDB takes it for the greatest number."""
    plain = f"{a} {operator} {b}"
    if operator in ("=", "<>"):
        if a_constant or b_constant:
            return f"({plain})"
        return f"({plain} AND NOT isnan({a}))" if operator == "=" else f"({plain} OR (isnan({a}) AND isnan({b})))"
    greater, constant = (a, a_constant) if operator[0] == ">" else (b, b_constant)
    return f"({plain})" if constant else f"({plain} AND NOT isnan({greater}))"


def _for_compare(value: Value, met: Type) -> str:
    if met.name == "timestamp with time zone":
        return coerce(value, Type(met.name, (6,), zone=value.type.zone)).sql
    return coerce(value, met).sql


def is_distinct(left: Value, right: Value, negated: bool) -> Value:
    """`left IS [NOT] DISTINCT FROM right`; `negated` means IS DISTINCT."""
    met = widen(left.type, right.type)
    if met is None:
        raise Invalid("", f"Cannot check if {left.type} is distinct from {right.type}")
    word = "IS DISTINCT FROM" if negated else "IS NOT DISTINCT FROM"
    return Value(f"({coerce(left, met).sql} {word} {coerce(right, met).sql})", BOOLEAN)


def concatenate(values: list[Value]) -> Value:
    """`||` and concat: texts, binaries, arrays, or an array with an element."""
    kinds = [value.type for value in values]
    if any(kind.name == "array" for kind in kinds):
        return _concatenate_arrays(values)
    if all(kind.name in ("varbinary", "unknown") for kind in kinds) and VARBINARY in kinds:
        return Value("(" + " || ".join(coerce(value, VARBINARY).sql for value in values) + ")", VARBINARY)
    if not all(kind.text or kind.name == "unknown" for kind in kinds):
        raise Invalid("", f"Unexpected parameters ({', '.join(map(str, kinds))}) for function concat")
    if any(kind.name == "char" for kind in kinds):
        raise Unsupported(
            "|| and concat of char values are not supported by the embedded engine; cast them to varchar first"
        )
    return Value(f"({' || '.join(coerce(value, VARCHAR).sql for value in values)})", VARCHAR)


def _concatenate_arrays(values: list[Value]) -> Value:
    element: Type | None = None
    for value in values:
        mine = value.type.element if value.type.name == "array" else value.type
        element = mine if element is None else widen(element, mine)
        if element is None:
            raise Invalid(
                "", f"Unexpected parameters ({', '.join(str(each.type) for each in values)}) for function concat"
            )
    assert element is not None
    whole = array(element)
    parts = [
        coerce(value, whole).sql if value.type.name == "array" else f"[{coerce(value, element).sql}]"
        for value in values
    ]
    nulls = " OR ".join(
        f"{part} IS NULL" for part, value in zip(parts, values, strict=True) if value.type.name == "array"
    )
    joined = parts[0]
    for part in parts[1:]:
        joined = f"list_concat({joined}, {part})"
    return Value(f"CASE WHEN {nulls} THEN NULL ELSE {joined} END", whole)
