"""Literals: numbers, texts, dates, times and intervals as Trino types them."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from catalog_server.model.errors import Invalid
from catalog_server.query.scope import Value
from catalog_server.query.types import (
    BIGINT,
    DATE,
    DAYS,
    DECIMAL_DIGITS_MAX,
    DOUBLE,
    INTEGER,
    MONTHS,
    VARBINARY,
    Type,
    decimal,
    physical,
    text_literal,
    timestamp,
    varchar,
    zoned,
)
from catalog_server.query.zones import instant

_TIMESTAMP = re.compile(
    r"(\d{4,6}-\d{1,2}-\d{1,2})(?:[ T](\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,12}))?)?)?"
    r"(?:\s*([+-]\d{1,2}(?::?\d{2})?|[A-Za-z][\w/+-]*))?"
)
_OFFSET = re.compile(r"([+-])(\d{1,2}):?(\d{2})?")
_MILLISECONDS = {"DAY": 86_400_000, "HOUR": 3_600_000, "MINUTE": 60_000, "SECOND": 1000}


def text(value: str) -> Value:
    """A text literal: a varchar of its own length."""
    sql = text_literal(value)
    if "/*" in sql:  # the translation leaves marks in comments, which a text must not look like
        sql = "(" + sql.replace("/*", "/' || '*") + ")"
    return Value(sql, varchar(len(value)), value)


def unicode_text(value: str) -> Value:
    r"""The text of `U&'\0041'`."""
    decoded = re.sub(
        r"\\(?:\+([0-9A-Fa-f]{6})|([0-9A-Fa-f]{4})|(\\))",
        lambda m: m[3] or chr(int(m[1] or m[2], 16)),
        value,
    )
    return text(decoded)


def number(said: str) -> Value:
    """A number literal: integer, bigint, decimal, or double where it has an exponent."""
    if re.fullmatch(r"\d+", said):
        value = int(said)
        if value > 9223372036854775807:
            raise Invalid("", f"Invalid numeric literal: {said}")
        kind = INTEGER if value <= 2147483647 else BIGINT
        return Value(f"CAST({value} AS {kind.name.upper()})", kind, value)
    if re.fullmatch(r"\d*\.\d*", said):
        return _decimal(said)
    try:
        float(said)
    except ValueError as error:
        raise Invalid("", f"Invalid numeric literal: {said}") from error
    return Value(f"CAST({said} AS DOUBLE)", DOUBLE)


def _decimal(said: str) -> Value:
    whole, _, fraction = said.lstrip("+-").partition(".")
    digits = len(whole.lstrip("0")) + len(fraction)
    if digits > DECIMAL_DIGITS_MAX:
        raise Invalid("", f"Invalid numeric literal: {said}")
    kind = decimal(max(digits, 1, len(fraction)), len(fraction))
    return Value(f"CAST({text_literal(said)} AS {physical(kind)})", kind)


def binary(digits: str) -> Value:
    """The bytes of `X'0aff'`."""
    if len(digits) % 2 or not re.fullmatch(r"[0-9A-Fa-f]*", digits):
        raise Invalid("", "Binary literal must contain an even number of hexadecimal digits")
    return Value(f"unhex({text_literal(digits)})", VARBINARY)


def check_zone(name: str) -> str:
    """Return a time zone's name in the form DuckDB knows; raises `Invalid` for one that is not known."""
    offset = _OFFSET.fullmatch(name)
    if offset:
        return f"{offset[1]}{int(offset[2]):02d}:{offset[3] or '00'}"
    if name.upper() in ("UTC", "Z", "GMT"):
        return "UTC"
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise Invalid("", f"Time zone not supported: {name}") from error
    return name


def typed(said: str, target: Type, tree: Any, prefixed: bool) -> Value | None:
    """A literal with its type before it (`prefixed`: `DATE '2024-01-01'`), or a CAST of a text that can be read now.

    None when it is no such literal; raises `Invalid` for one that cannot be read, unless it stands in a CAST.
    """
    try:
        if target.name == "date":
            return _date(said)
        if target.name.startswith("timestamp"):
            return _timestamp(said, target, explicit=not prefixed)
    except Invalid:
        if prefixed:
            raise
        return None
    if target.name == "decimal" and prefixed and not tree.expressions and re.fullmatch(r"[+-]?\d*\.?\d+", said.strip()):
        return _decimal(said.strip())
    return None


def _date(said: str) -> Value | None:
    found = re.fullmatch(r"\s*(\d{4})-(\d{1,2})-(\d{1,2})\s*", said)
    if found is None:
        raise Invalid("", f"'{said}' is not a valid DATE literal")
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError as error:
        raise Invalid("", f"'{said}' is not a valid DATE literal") from error
    return Value(f"DATE '{day.isoformat()}'", DATE, day.isoformat())


def _timestamp(said: str, target: Type, explicit: bool) -> Value | None:
    found = _TIMESTAMP.fullmatch(said.strip())
    if found is None:
        raise Invalid("", f"'{said}' is not a valid TIMESTAMP literal")
    day, hour, minute, second, fraction, zone = found.groups()
    digits = target.digits if explicit else len(fraction or "")
    if digits > 6 or len(fraction or "") > 6 or (explicit and len(fraction or "") > digits):
        return None
    try:
        year, month, of_month = (int(part) for part in day.split("-"))
        moment = datetime(
            year,
            month,
            of_month,
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            int((fraction or "0").ljust(6, "0")),
        )
    except ValueError as error:
        raise Invalid("", f"'{said}' is not a valid TIMESTAMP literal") from error
    local = f"TIMESTAMP '{moment.isoformat(' ')}'"
    if target.name == "timestamp" and (zone is None or explicit):
        return Value(local, timestamp(digits), moment.isoformat(" ")) if zone is None else None
    name = check_zone(zone) if zone else "UTC"
    return Value(instant(local, name), zoned(digits, name))


def interval(node: Any) -> Value:
    """An interval literal: a count of milliseconds or of months."""
    unit = node.args["unit"]
    negative = type(node.this).__name__ == "Neg"
    said = (node.this.this if negative else node.this).name.strip()
    sign = -1 if negative else 1
    if said[:1] in "+-":
        sign *= -1 if said[0] == "-" else 1
        said = said[1:].strip()
    if type(unit).__name__ == "IntervalSpan":
        count, kind = _span(said, unit.this.name.upper(), unit.expression.name.upper())
    else:
        count, kind = _single(said, unit.name.upper().rstrip("S") if unit is not None else "")
    return Value(f"CAST({sign * count} AS {physical(kind)})", kind, sign * count)


def _single(said: str, unit: str) -> tuple[int, Type]:
    if not re.fullmatch(r"\d+(\.\d+)?", said):
        raise Invalid("", f"'{said}' is not a valid INTERVAL literal")
    if unit in ("YEAR", "MONTH"):
        return int(said) * (12 if unit == "YEAR" else 1), MONTHS
    if unit not in _MILLISECONDS or ("." in said and unit != "SECOND"):
        raise Invalid("", f"'{said}' {unit} is not a valid INTERVAL literal")
    whole, _, fraction = said.partition(".")
    return int(whole) * _MILLISECONDS[unit] + int((fraction + "000")[:3]), DAYS


def _span(said: str, first: str, last: str) -> tuple[int, Type]:
    if (first, last) == ("YEAR", "MONTH"):
        found = re.fullmatch(r"(\d+)-(\d+)", said)
        if found is None:
            raise Invalid("", f"'{said}' is not a valid INTERVAL YEAR TO MONTH literal")
        return int(found[1]) * 12 + int(found[2]), MONTHS
    units = list(_MILLISECONDS)
    if first not in units or last not in units:
        raise Invalid("", f"INTERVAL {first} TO {last} is not supported")
    wanted = units[units.index(first) : units.index(last) + 1]
    numbers = re.split(r"[ :]", said)
    if len(numbers) != len(wanted) or not all(re.fullmatch(r"\d+(\.\d+)?", part) for part in numbers):
        raise Invalid("", f"'{said}' is not a valid INTERVAL {first} TO {last} literal")
    return sum(_single(part, unit)[0] for part, unit in zip(numbers, wanted, strict=True)), DAYS
