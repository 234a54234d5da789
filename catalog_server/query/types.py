"""Trino's types: how they are spelled, which one two of them meet in, and what stands for each inside DuckDB."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from catalog_server.model.errors import Invalid, Unsupported
from catalog_server.model.types import DataType, identifier

VARCHAR_LENGTH_MAX = 2147483647
DECIMAL_DIGITS_MAX = 38
_BARE = re.compile(r"[a-z_][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Type:
    """A Trino type. `arguments`: precision and scale, or a length, or digits of a second; -1 is an unbounded varchar.

    `fields` are (name, type) of a row, ("", element) of an array, ("", key), ("", value) of a map. `zone` is the time zone in
    which a timestamp with time zone shows itself; it is no part of the type's name.
    """

    name: str
    arguments: tuple[int, ...] = ()
    fields: tuple[tuple[str, Type], ...] = ()
    zone: str = "UTC"

    def __str__(self) -> str:
        if self.name == "varchar":
            return "varchar" if self.arguments == (-1,) else f"varchar({self.arguments[0]})"
        if self.name == "timestamp with time zone":
            return f"timestamp({self.arguments[0]}) with time zone"
        if self.name == "row":
            return f"row({', '.join((_quoted(name) + ' ' if name else '') + str(kind) for name, kind in self.fields)})"
        if self.fields:
            return f"{self.name}({', '.join(str(kind) for _, kind in self.fields)})"
        return f"{self.name}({','.join(map(str, self.arguments))})" if self.arguments else self.name

    @property
    def element(self) -> Type:
        """What an array holds."""
        return self.fields[0][1]

    @property
    def key(self) -> Type:
        """The keys of a map."""
        return self.fields[0][1]

    @property
    def value(self) -> Type:
        """The values of a map."""
        return self.fields[1][1]

    @property
    def digits(self) -> int:
        """Digits of a second of a time or timestamp."""
        return self.arguments[0]

    @property
    def text(self) -> bool:
        """Whether this is a varchar or char."""
        return self.name in ("varchar", "char")

    @property
    def integral(self) -> bool:
        """Whether this is a whole number."""
        return self.name in INTEGERS

    @property
    def numeric(self) -> bool:
        """Whether this is a number."""
        return self.name in _NUMBERS


INTEGERS = ("tinyint", "smallint", "integer", "bigint")
_NUMBERS = (*INTEGERS, "decimal", "real", "double")
_INTEGER_DIGITS = {"tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19}

BOOLEAN, TINYINT, SMALLINT = Type("boolean"), Type("tinyint"), Type("smallint")
INTEGER, BIGINT, REAL, DOUBLE = Type("integer"), Type("bigint"), Type("real"), Type("double")
VARCHAR, VARBINARY, DATE, JSON = Type("varchar", (-1,)), Type("varbinary"), Type("date"), Type("json")
MIXED = ""
"""The zone of values that each have another one: they can be compared, but not be shown."""
UNKNOWN, UUID = Type("unknown"), Type("uuid")
DAYS = Type("interval day to second")
"""Held as a count of milliseconds."""
MONTHS = Type("interval year to month")
"""Held as a count of months."""


def varchar(length: int) -> Type:
    """A varchar of at most `length` characters."""
    return Type("varchar", (length,)) if 0 <= length < VARCHAR_LENGTH_MAX else VARCHAR


def decimal(precision: int, scale: int) -> Type:
    """A decimal, cut to 38 digits."""
    return Type("decimal", (min(precision, DECIMAL_DIGITS_MAX), scale))


def array(element: Type) -> Type:
    """An array of `element`."""
    return Type("array", fields=(("", element),))


def map_of(key: Type, value: Type) -> Type:
    """A map from `key` to `value`."""
    return Type("map", fields=(("", key), ("", value)))


def row(fields: Iterable[tuple[str, Type]]) -> Type:
    """A row; a field without a name has the empty one."""
    return Type("row", fields=tuple(fields))


def timestamp(digits: int = 3) -> Type:
    """A timestamp without time zone."""
    return Type("timestamp", (digits,))


def zoned(digits: int = 3, zone: str = "UTC") -> Type:
    """A timestamp with time zone that shows itself in `zone`."""
    return Type("timestamp with time zone", (digits,), zone=zone)


def as_decimal(kind: Type) -> Type:
    """The decimal that holds every value of a whole number or decimal type."""
    return kind if kind.name == "decimal" else decimal(_INTEGER_DIGITS[kind.name], 0)


def _quoted(name: str) -> str:
    return name if _BARE.fullmatch(name) else '"' + name.replace('"', '""') + '"'


def physical_names(kind: Type) -> list[str]:
    """Names of a row's fields inside DuckDB, where each must have one of its own."""
    names: list[str] = []
    for index, (name, _) in enumerate(kind.fields):
        wanted = name.lower() or f"field{index}"
        names.append(wanted if wanted not in names else f"{wanted}_{index}")
    return names


_PHYSICAL = {
    "real": "FLOAT",
    "varbinary": "BLOB",
    "unknown": "INTEGER",
    "json": "VARCHAR",
    DAYS.name: "BIGINT",
    MONTHS.name: "INTEGER",
    "varchar": "VARCHAR",
    "char": "VARCHAR",
    "timestamp": "TIMESTAMP",
    "timestamp with time zone": "TIMESTAMPTZ",
    "time": "TIME",
}


def physical(kind: Type) -> str:
    """The DuckDB type that holds values of `kind`; char values are held without the blanks at their end."""
    if kind.name == "decimal":
        return f"DECIMAL({kind.arguments[0]},{kind.arguments[1]})"
    if kind.name == "array":
        return f"{physical(kind.element)}[]"
    if kind.name == "map":
        return f"MAP({physical(kind.key)}, {physical(kind.value)})"
    if kind.name == "row":
        parts = zip(physical_names(kind), kind.fields, strict=True)
        return f"STRUCT({', '.join(identifier(name) + ' ' + physical(inner) for name, (_, inner) in parts)})"
    return _PHYSICAL.get(kind.name, kind.name.upper())


def text_literal(text: str) -> str:
    """A text as DuckDB literal; NUL cannot stand in one."""
    if "\x00" in text:
        raise Invalid("", "a text with the character NUL is not supported")
    return "'" + text.replace("'", "''") + "'"


_HIVE = {
    "int": INTEGER,
    "string": VARCHAR,
    "float": REAL,
    "binary": VARBINARY,
    "void": UNKNOWN,
    "boolean": BOOLEAN,
    "double": DOUBLE,
    "tinyint": TINYINT,
    "smallint": SMALLINT,
    "bigint": BIGINT,
    "date": DATE,
    "json": JSON,
    "uuid": UUID,
    "variant": JSON,
    "time": Type("time", (6,)),
    "interval_day_time": DAYS,
    "interval_year_month": MONTHS,
    "geometry": VARBINARY,
    "geography": VARBINARY,
}


def from_hive(kind: DataType, digits: int = 3) -> Type:
    """The Trino type of a column's declared type; `digits` of a second are those of the format (Hive 3, Iceberg 6)."""
    if kind.name == "timestamp":
        return timestamp(digits)
    if kind.name == "timestamp_ns":
        return timestamp(min(digits, 6))
    if kind.name == "timestamp with local time zone":
        return zoned(digits)
    if kind.name == "decimal":
        return decimal(kind.arguments[0], kind.arguments[1])
    if kind.name in ("varchar", "char"):
        return Type(kind.name, kind.arguments)
    if kind.name == "array":
        return array(from_hive(kind.fields[0][1], digits))
    if kind.name == "map":
        return map_of(from_hive(kind.fields[0][1], digits), from_hive(kind.fields[1][1], digits))
    if kind.name == "struct":
        return row((name.lower(), from_hive(inner, digits)) for name, inner in kind.fields)
    if kind.name not in _HIVE:
        raise Unsupported(f"columns of type {kind} cannot be queried")
    return _HIVE[kind.name]


def widen(left: Type, right: Type) -> Type | None:
    """The type in which values of both can be compared and united; None when there is none."""
    if left == right or right.name == "unknown":
        return left
    if left.name == "unknown":
        return right
    if left.numeric and right.numeric:
        return _widen_numbers(left, right)
    if left.text and right.text:
        return _widen_texts(left, right)
    names = {left.name, right.name}
    if names <= {"date", "timestamp", "timestamp with time zone"}:
        return _widen_times(left, right)
    if left.name == right.name == "time":
        return Type("time", (max(left.digits, right.digits),))
    if left.name == right.name and left.fields and len(left.fields) == len(right.fields):
        return _widen_nested(left, right)
    return None


def _widen_numbers(left: Type, right: Type) -> Type:
    names = {left.name, right.name}
    if "double" in names or "real" in names:
        return DOUBLE if "double" in names else REAL
    if "decimal" not in names:
        return max(left, right, key=lambda kind: INTEGERS.index(kind.name))
    (p1, s1), (p2, s2) = as_decimal(left).arguments, as_decimal(right).arguments
    return decimal(max(p1 - s1, p2 - s2) + max(s1, s2), max(s1, s2))


def _widen_texts(left: Type, right: Type) -> Type:
    lengths = (left.arguments[0], right.arguments[0])
    if left.name == right.name:
        return VARCHAR if -1 in lengths else Type(left.name, (max(lengths),))
    return VARCHAR if -1 in lengths else Type("char", (max(lengths),))


def _widen_times(left: Type, right: Type) -> Type:
    digits = max(kind.arguments[0] if kind.arguments else 0 for kind in (left, right))
    zones = [kind.zone for kind in (left, right) if kind.name == "timestamp with time zone"]
    if not zones:
        return timestamp(digits)
    return zoned(digits, zones[0] if len(set(zones)) == 1 else MIXED)


def _widen_nested(left: Type, right: Type) -> Type | None:
    fields = []
    for (name, mine), (other, theirs) in zip(left.fields, right.fields, strict=True):
        met = widen(mine, theirs)
        if met is None:
            return None
        fields.append((name if name == other else "", met))
    return Type(left.name, fields=tuple(fields))


def widen_all(kinds: Sequence[Type]) -> Type | None:
    """The type in which all meet; `unknown` for none."""
    met: Type | None = UNKNOWN
    for kind in kinds:
        met = None if met is None else widen(met, kind)
    return met


def coercible(source: Type, target: Type) -> bool:
    """Whether Trino turns `source` into `target` unasked."""
    if source.text and target.text and -1 in target.arguments:
        return True
    met = widen(source, target)
    if met is None:
        return False
    if source.fields and target.fields and met.name == "row":
        return all(coercible(a, b) for (_, a), (_, b) in zip(source.fields, target.fields, strict=True))
    return met == target or (bool(met.fields) and str(met) == str(target))


def from_parsed(parsed: Any) -> Type:
    """The type that a parsed SQL type stands for; raises `Invalid` for one that Trino does not know."""
    from sqlglot import exp

    name = (
        parsed.this.name
        if hasattr(parsed.this, "name") and not isinstance(parsed.this, exp.Expression)
        else parsed.this
    )
    if isinstance(name, exp.Interval):
        return DAYS if "DAY" in name.sql().upper() else MONTHS
    numbers = [int(part.name) for part in parsed.expressions if isinstance(part, exp.DataTypeParam)]
    if name in _NAMED:
        return _NAMED[name]
    if name in ("TIMESTAMP", "TIMESTAMPTZ", "TIME"):
        return _time_type(name, numbers)
    if name == "DECIMAL":
        precision, scale = (*numbers, 0)[:2] if numbers else (38, 0)
        if not 1 <= precision <= DECIMAL_DIGITS_MAX or scale > precision:
            raise Invalid(
                "", f"DECIMAL precision must be in range [1, 38] and scale at most it: ({precision}, {scale})"
            )
        return decimal(precision, scale)
    if name in ("VARCHAR", "TEXT"):
        return varchar(numbers[0]) if numbers else VARCHAR
    if name == "CHAR":
        return Type("char", (numbers[0] if numbers else 1,))
    if name == "ARRAY":
        return array(from_parsed(parsed.expressions[0]))
    if name == "MAP":
        return map_of(*(from_parsed(part) for part in parsed.expressions))
    if name == "STRUCT":
        return row(_field(part) for part in parsed.expressions)
    raise Invalid("", f"Unknown type: {parsed.sql('trino').lower()}")


_NAMED = {
    "BOOLEAN": BOOLEAN,
    "TINYINT": TINYINT,
    "SMALLINT": SMALLINT,
    "INT": INTEGER,
    "BIGINT": BIGINT,
    "FLOAT": REAL,
    "DOUBLE": DOUBLE,
    "VARBINARY": VARBINARY,
    "DATE": DATE,
    "JSON": JSON,
    "UUID": UUID,
}


def _time_type(name: str, numbers: list[int]) -> Type:
    digits = numbers[0] if numbers else 3
    if digits > 6:
        raise Unsupported(
            f"{name.lower()}({digits}): more than 6 digits of a second are not supported by the embedded engine"
        )
    full = {"TIMESTAMP": "timestamp", "TIMESTAMPTZ": "timestamp with time zone", "TIME": "time"}[name]
    return Type(full, (digits,))


def _field(part: Any) -> tuple[str, Type]:
    from sqlglot import exp

    return (
        (part.name.lower(), from_parsed(part.args["kind"]))
        if isinstance(part, exp.ColumnDef)
        else ("", from_parsed(part))
    )
