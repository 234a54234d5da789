"""Functions on dates, times, timestamps and intervals."""

from __future__ import annotations

from catalog_server.model.errors import Invalid, Unsupported
from catalog_server.query.casts import cast, coerce, fail, round_time
from catalog_server.query.functions.registry import TABLES, Call, handler
from catalog_server.query.literals import check_zone
from catalog_server.query.scope import Value
from catalog_server.query.types import (
    BIGINT,
    DATE,
    DAYS,
    DOUBLE,
    MONTHS,
    VARCHAR,
    Type,
    physical,
    timestamp,
    varchar,
    widen,
    zoned,
)
from catalog_server.query.zones import instant, local_time

TABLES += [
    ("to_milliseconds(days) -> bigint", "{0}"),
    ("from_iso8601_date(varchar) -> date", "CAST({0} AS DATE)"),
    ("last_day_of_month(date) -> date", "last_day({0})"),
    ("last_day_of_month(timestamp) -> date", "last_day({0})"),
]
_PARTS = {
    "year": "year",
    "quarter": "quarter",
    "month": "month",
    "week": "week",
    "week_of_year": "week",
    "day": "day",
    "day_of_month": "day",
    "day_of_week": "isodow",
    "dow": "isodow",
    "day_of_year": "dayofyear",
    "doy": "dayofyear",
    "year_of_week": "isoyear",
    "yow": "isoyear",
    "hour": "hour",
    "minute": "minute",
    "second": "second",
    "millisecond": "millisecond",
}
_CLOCK = ("hour", "minute", "second", "millisecond")
_INTERVAL_PARTS = {
    "day": (86_400_000, 0),
    "hour": (3_600_000, 24),
    "minute": (60_000, 60),
    "second": (1000, 60),
    "millisecond": (1, 1000),
}
_UNIT_MS = {
    "millisecond": 1,
    "second": 1000,
    "minute": 60_000,
    "hour": 3_600_000,
    "day": 86_400_000,
    "week": 604_800_000,
}
_UNIT_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def local(value: Value) -> str:
    """A date or timestamp as its clocks show it: a DATE, TIME or TIMESTAMP."""
    if value.type.name == "timestamp with time zone":
        return local_time(value.sql, value.type.zone)
    return value.sql


@handler(*_PARTS)
def _part(call: Call) -> Value:
    call.arity(1)
    value = call.value(0)
    kind = value.type
    if kind == DAYS and call.name in _INTERVAL_PARTS:
        unit, wrap = _INTERVAL_PARTS[call.name]
        made = f"({value.sql} // {unit})"
        return Value(f"({made} % {wrap})" if wrap else made, BIGINT)
    if kind == MONTHS and call.name in ("year", "month"):
        return Value(f"CAST({value.sql} {'//' if call.name == 'year' else '%'} 12 AS BIGINT)", BIGINT)
    part = _PARTS[call.name]
    clock = part in _CLOCK
    allowed = ("time",) if clock else ("date",)
    if kind.name not in (*allowed, "timestamp", "timestamp with time zone"):
        raise call.mismatch()
    if part == "millisecond":
        return Value(f"CAST(millisecond({local(value)}) % 1000 AS BIGINT)", BIGINT)
    return Value(f"CAST({part}({local(value)}) AS BIGINT)", BIGINT)


@handler("date")
def _date(call: Call) -> Value:
    call.arity(1)
    return cast(call.value(0), DATE)


def _unit(call: Call) -> str:
    unit = call.literal(0, "the unit").lower()
    kind = call.value(len(call) - 1).type
    if (unit not in _UNIT_MS and unit not in _UNIT_MONTHS) or (
        kind == DATE and _UNIT_MS.get(unit, 86_400_000) < 86_400_000
    ):
        raise Invalid("", f"'{unit}' is not a valid {'DATE' if kind == DATE else 'TIMESTAMP'} field")
    return unit


@handler("date_trunc")
def _date_trunc(call: Call) -> Value:
    call.arity(2)
    unit, value = _unit(call), call.value(1)
    if value.type.name not in ("date", "timestamp", "timestamp with time zone"):
        raise call.mismatch()
    made = f"CAST(date_trunc('{unit}', {local(value)}) AS {'DATE' if value.type == DATE else 'TIMESTAMP'})"
    if value.type.name == "timestamp with time zone":
        return Value(instant(made, value.type.zone), value.type)
    return Value(made, value.type)


@handler("date_add")
def _date_add(call: Call) -> Value:
    call.arity(3)
    unit, count, value = _unit(call), call.take(1, BIGINT), call.value(2)
    kind = value.type
    if kind.name not in ("date", "timestamp", "timestamp with time zone"):
        raise call.mismatch()
    if unit in _UNIT_MONTHS:
        step = f"to_months(CAST({count} * {_UNIT_MONTHS[unit]} AS INTEGER))"
    elif kind == DATE:
        return Value(f"({value.sql} + CAST({count} * {_UNIT_MS[unit] // 86_400_000} AS INTEGER))", DATE)
    else:
        step = f"to_microseconds({count} * {_UNIT_MS[unit] * 1000})"
    if kind.name == "timestamp with time zone" and _UNIT_MS.get(unit, 86_400_000) >= 86_400_000:
        return Value(instant(f"{local(value)} + {step}", kind.zone), kind)
    moved = f"({value.sql} + {step})"
    if unit == "millisecond" and kind.name == "timestamp":
        moved = round_time(moved, kind.digits, 6)
    return Value(f"CAST({moved} AS {physical(kind)})", kind)


@handler("date_diff")
def _date_diff(call: Call) -> Value:
    call.arity(3)
    unit = _unit(call)
    first, second = call.value(1), call.value(2)
    met = widen(first.type, second.type)
    if met is None or met.name not in ("date", "timestamp", "timestamp with time zone"):
        raise call.mismatch()
    # Days and longer units are counted by the clocks of the first value's zone.
    if met.name == "timestamp with time zone":
        zone = first.type.zone if first.type.name == met.name else second.type.zone
        a, b = (local_time(coerce(each, met).sql, zone) for each in (first, second))
    else:
        a, b = coerce(first, met).sql, coerce(second, met).sql
    if unit in _UNIT_MS:
        if met == DATE:
            days = f"CAST({b} - {a} AS BIGINT)"
            return Value(days if unit == "day" else f"({days} // 7)", BIGINT)
        if met.name == "timestamp with time zone" and _UNIT_MS[unit] < 86_400_000:
            a, b = coerce(first, met).sql, coerce(second, met).sql
        return Value(f"((epoch_us({b}) - epoch_us({a})) // {_UNIT_MS[unit] * 1000})", BIGINT)
    months = f"trino_months_between(CAST({a} AS TIMESTAMP), CAST({b} AS TIMESTAMP))"
    return Value(months if unit == "month" else f"({months} // {_UNIT_MONTHS[unit]})", BIGINT)


@handler("from_unixtime")
def _from_unixtime(call: Call) -> Value:
    call.arity(1, 2)
    made = f"make_timestamp(CAST(round({call.take(0, DOUBLE)} * 1000) AS BIGINT) * 1000)"
    zone = check_zone(call.literal(1, "the zone")) if len(call) == 2 else "UTC"
    return Value(f"timezone('UTC', {made})", zoned(3, zone))


@handler("from_unixtime_nanos")
def _from_unixtime_nanos(_: Call) -> Value:
    raise Unsupported("from_unixtime_nanos is not supported by the embedded engine: it keeps 6 digits of a second")


@handler("to_unixtime")
def _to_unixtime(call: Call) -> Value:
    call.arity(1)
    value = call.value(0)
    if value.type.name not in ("date", "timestamp", "timestamp with time zone"):
        raise call.mismatch()
    return Value(f"epoch(CAST({value.sql} AS {'TIMESTAMP' if value.type == DATE else physical(value.type)}))", DOUBLE)


@handler("from_iso8601_timestamp")
def _from_iso8601(call: Call) -> Value:
    call.arity(1)
    text = call.take(0, VARCHAR)
    if isinstance(call.value(0).literal, str):
        said = str(call.value(0).literal)
        mark = max(said.rfind("+"), said.rfind("-"))
        zone = check_zone(said[mark:]) if "T" in said and mark > said.index("T") else "UTC"
        return Value(f"CAST({text} AS TIMESTAMPTZ)", zoned(3, zone))
    # A text that names another zone than UTC would show itself in that zone; a column's zone is one, so such a text is refused.
    refused = fail(
        "from_iso8601_timestamp: only UTC is supported by the embedded engine for values that are not literals",
        "TIMESTAMPTZ",
    )
    return Value(
        f"CASE WHEN {text} IS NULL THEN NULL WHEN regexp_matches({text}, '(Z|[+-]00(:?00)?)$') OR "
        f"NOT regexp_matches({text}, 'T.*[+-]') THEN CAST({text} AS TIMESTAMPTZ) ELSE {refused} END",
        zoned(3),
    )


@handler("to_iso8601")
def _to_iso8601(call: Call) -> Value:
    call.arity(1)
    value = call.value(0)
    if value.type == DATE:
        return Value(f"CAST({value.sql} AS VARCHAR)", varchar(16))
    if value.type.name not in ("timestamp", "timestamp with time zone"):
        raise call.mismatch()
    text = f"strftime({local(value)}, '%Y-%m-%dT%H:%M:%S.%f')"
    digits = value.type.digits
    text = f"left({text}, {20 + digits if digits else 19})"
    if value.type.name == "timestamp with time zone":
        if value.type.zone != "UTC":
            raise Unsupported("to_iso8601 of a time in another zone than UTC")
        text += " || 'Z'"
    length = 22 + (digits + 1 if digits else 0) + (6 if value.type.name == "timestamp with time zone" else 0)
    return Value(f"({text})", varchar(length))


@handler("now", "current_timestamp")
def _now(call: Call) -> Value:
    call.arity(0, 1)
    digits = call.value(0).literal if len(call) else 3
    if not isinstance(digits, int) or digits > 6:
        raise call.mismatch()
    return cast(Value("now()", zoned(6)), zoned(digits))


@handler("localtimestamp")
def _local_timestamp(_: Call) -> Value:
    return cast(Value("timezone('UTC', now())", timestamp(6)), timestamp(3))


@handler("current_date")
def _current_date(_: Call) -> Value:
    return Value("CAST(timezone('UTC', now()) AS DATE)", DATE)


@handler("current_timezone")
def _current_timezone(call: Call) -> Value:
    call.arity(0)
    return Value("'UTC'", VARCHAR, "UTC")


@handler("at_timezone")
def _at_timezone(call: Call) -> Value:
    call.arity(2)
    value = call.value(0)
    if value.type.name != "timestamp with time zone":
        raise call.mismatch()
    return Value(value.sql, zoned(value.type.digits, check_zone(call.literal(1, "the zone"))))


@handler("with_timezone")
def _with_timezone(call: Call) -> Value:
    call.arity(2)
    value = cast(call.value(0), timestamp(3)) if call.value(0).type == DATE else call.value(0)
    if value.type.name != "timestamp":
        raise call.mismatch()
    zone = check_zone(call.literal(1, "the zone"))
    return Value(instant(value.sql, zone), zoned(value.type.digits, zone))


@handler("timezone")
def _timezone(call: Call) -> Value:
    call.arity(1)
    kind = call.value(0).type
    if kind.name != "timestamp with time zone":
        raise call.mismatch()
    return Value(f"'{kind.zone}'", VARCHAR)


@handler("parse_duration")
def _parse_duration(call: Call) -> Value:
    call.arity(1)
    text = call.take(0, VARCHAR)
    number = rf"CAST(regexp_extract({text}, '^([0-9.]+)\s*[a-z]+$', 1) AS DOUBLE)"
    unit = rf"regexp_extract({text}, '([a-z]+)$', 1)"
    factor = (
        f"CASE {unit} WHEN 'ns' THEN 1e-6 WHEN 'us' THEN 1e-3 WHEN 'ms' THEN 1 WHEN 's' THEN 1000 WHEN 'm' THEN 60000 "
        f"WHEN 'h' THEN 3600000 WHEN 'd' THEN 86400000 ELSE {fail('Invalid duration', Type('double'))} END"
    )
    return Value(f"CAST(round({number} * {factor}) AS BIGINT)", DAYS)
