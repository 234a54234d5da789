"""Patterns of dates: MySQL's (date_format, date_parse) and Joda's (format_datetime, parse_datetime), said in strftime's."""

from __future__ import annotations

import re

from catalog_server.model.errors import Invalid, Unsupported
from catalog_server.query.casts import cast
from catalog_server.query.functions.registry import Call, handler
from catalog_server.query.functions.times import local
from catalog_server.query.scope import Value
from catalog_server.query.types import DATE, VARCHAR, text_literal, timestamp, zoned

_MYSQL = {
    "a": "%a",
    "b": "%b",
    "c": "%-m",
    "d": "%d",
    "e": "%-d",
    "f": "%g000",
    "H": "%H",
    "h": "%I",
    "I": "%I",
    "i": "%M",
    "j": "%j",
    "k": "%-H",
    "l": "%-I",
    "M": "%B",
    "m": "%m",
    "p": "%p",
    "r": "%I:%M:%S %p",
    "S": "%S",
    "s": "%S",
    "T": "%H:%M:%S",
    "v": "%V",
    "x": "%G",
    "W": "%A",
    "Y": "%Y",
    "y": "%y",
    "%": "%%",
}
_JODA = {
    "yyyy": "%Y",
    "YYYY": "%Y",
    "y": "%Y",
    "yy": "%y",
    "MMMM": "%B",
    "MMM": "%b",
    "MM": "%m",
    "M": "%-m",
    "dd": "%d",
    "d": "%-d",
    "EEEE": "%A",
    "EEE": "%a",
    "EE": "%a",
    "E": "%a",
    "HH": "%H",
    "H": "%-H",
    "hh": "%I",
    "h": "%-I",
    "mm": "%M",
    "m": "%-M",
    "ss": "%S",
    "s": "%-S",
    "SSS": "%g",
    "SSSSSS": "%f",
    "a": "%p",
    "DDD": "%j",
    "D": "%-j",
    "xxxx": "%G",
    "ww": "%V",
    "e": "%u",
    "YY": "%y",
}


def mysql_pattern(pattern: str) -> str:
    """A MySQL pattern as strftime's; raises `Invalid` for a field that Trino does not know either."""

    def replaced(found: re.Match[str]) -> str:
        letter = found[1]
        if letter in _MYSQL:
            return _MYSQL[letter]
        if letter in "DUuVwX":
            raise Invalid("", f"%{letter} not supported in date format string")
        return letter

    return re.sub(r"%(.)", replaced, pattern, flags=re.DOTALL)


def joda_pattern(pattern: str) -> str:
    """A Joda pattern as strftime's; raises `Unsupported` for a field that has no counterpart."""
    made, position = [], 0
    for found in re.finditer(r"'((?:[^']|'')*)'|([A-Za-z])\2*|.", pattern, flags=re.DOTALL):
        if found.start() != position:
            raise Invalid("", f"pattern {pattern!r} cannot be read")
        position = found.end()
        if found[1] is not None:
            made.append((found[1].replace("''", "'") or "'").replace("%", "%%"))
        elif found[2] is not None:
            if found[0] not in _JODA:
                raise Unsupported(
                    f"the field {found[0]} of date pattern {pattern!r} is not supported by the embedded engine"
                )
            made.append(_JODA[found[0]])
        else:
            made.append(found[0].replace("%", "%%"))
    return "".join(made)


def _moment(call: Call) -> str:
    value = call.value(0)
    if value.type == DATE:
        return f"CAST({value.sql} AS TIMESTAMP)"
    if value.type.name not in ("timestamp", "timestamp with time zone"):
        raise call.mismatch()
    return local(value)


@handler("date_format")
def _date_format(call: Call) -> Value:
    call.arity(2)
    pattern = mysql_pattern(call.literal(1, "the pattern"))
    return Value(f"strftime({_moment(call)}, {text_literal(pattern)})", VARCHAR)


@handler("format_datetime")
def _format_datetime(call: Call) -> Value:
    call.arity(2)
    pattern = joda_pattern(call.literal(1, "the pattern"))
    return Value(f"strftime({_moment(call)}, {text_literal(pattern)})", VARCHAR)


def _parsed(call: Call, pattern: str) -> str:
    text = call.take(0, VARCHAR)
    readable = pattern.replace("%-", "%").replace("%g000", "%f")
    return f"strptime({text}, {text_literal(readable)})"


@handler("date_parse")
def _date_parse(call: Call) -> Value:
    call.arity(2)
    made = _parsed(call, mysql_pattern(call.literal(1, "the pattern")))
    return cast(Value(made, timestamp(6)), timestamp(3))


@handler("parse_datetime")
def _parse_datetime(call: Call) -> Value:
    call.arity(2)
    made = _parsed(call, joda_pattern(call.literal(1, "the pattern")))
    return Value(f"timezone('UTC', {made})", zoned(3))
