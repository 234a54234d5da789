"""What the footers of files measure of their columns: ranges and nulls, as a metastore's column statistics hold them."""

from __future__ import annotations

import datetime
import decimal
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from catalog_server.model.names import name_key
from catalog_server.model.statistics import ColumnStatistics
from catalog_server.model.table import Column
from catalog_server.model.types import parse_type

KINDS = {
    "tinyint": "long", "smallint": "long", "int": "long", "bigint": "long", "float": "double", "double": "double",
    "date": "date", "decimal": "decimal", "boolean": "boolean",
}  # fmt: skip
"""Not of times: Trino 476 takes none of a table's statistics where those of a column are of a time."""
_MOST = {"long": 2**63, "date": 2**31}
"""What statistics can hold: whole numbers of 64 bits and days of 32."""
_DIGITS_MAX = 38
_EPOCH = datetime.date(1970, 1, 1)


class Measure(NamedTuple):
    """One column of one file; `low` and `high` are as statistics of the kind hold them, None where nothing but nulls is."""

    kind: str
    low: int | float | str | None
    high: int | float | str | None
    nulls: int


def of_parquet(metadata: Any, columns: Iterable[Column]) -> dict[str, Measure]:
    """The flat columns of a file, by key, of which every row group tells range and nulls."""
    kinds = {column.key: KINDS.get(parse_type(column.type).name) for column in columns}
    flat = _flat(metadata.schema)
    found: dict[str, Measure] = {}
    unknown: set[str] = set()
    for place in range(metadata.num_row_groups):
        group = metadata.row_group(place)
        for number, key in flat.items():
            one = _measured(group.column(number), kinds.get(key), group.num_rows)
            if one is None:
                unknown.add(key)
            else:
                found[key] = _joined(found[key], one) if key in found else one
    return {key: one for key, one in found.items() if key not in unknown}


def _flat(schema: Any) -> dict[int, str]:
    """The keys of the columns that are no parts of others, by number; of names that are one key none counts."""
    columns = ((number, schema.column(number)) for number in range(len(schema)))
    keys = {number: name_key(column.name) for number, column in columns if column.name == column.path}
    times = Counter(keys.values())
    return {number: key for number, key in keys.items() if times[key] == 1}


def _measured(column: Any, kind: str | None, rows: int) -> Measure | None:
    """One part of a column; None where its range or its nulls are not told, or are of no kind that statistics have."""
    if kind is None or not column.is_stats_set:
        return None
    said = column.statistics
    if not said.has_null_count:
        return None
    if said.null_count == rows:
        return Measure(kind, None, None, rows)
    if not said.has_min_max:
        return None
    try:
        low, high = (_value(kind, one) for one in (said.min, said.max))
    except (ValueError, OverflowError, NotImplementedError):  # a day that Python's calendar does not reach
        return None
    return sound(kind, low, high, said.null_count, rows)


def sound(
    kind: str, low: int | float | str | None, high: int | float | str | None, nulls: int, rows: int
) -> Measure | None:
    """What a footer says of one column of so many rows; None where it does not say it, or cannot be right."""
    if low is None or high is None or not 0 <= nulls <= rows or _number(low) > _number(high):
        return None
    most = _MOST.get(kind)
    if most is not None and not (_number(low) >= -most and _number(high) < most):
        return None
    return Measure(kind, low, high, nulls)


def _joined(one: Measure, other: Measure) -> Measure:
    lows = [each.low for each in (one, other) if each.low is not None]
    highs = [each.high for each in (one, other) if each.high is not None]
    low, high = min(lows, key=_number, default=None), max(highs, key=_number, default=None)
    return Measure(one.kind, low, high, one.nulls + other.nulls)


def _number(value: int | float | str) -> decimal.Decimal:
    return decimal.Decimal(str(value))


def joined(
    columns: Iterable[Column], files: Sequence[tuple[int, Mapping[str, Measure], frozenset[str]]], at: int
) -> list[ColumnStatistics]:
    """Statistics of the columns that every file tells of; a file is its rows, its measures and the keys of its columns.

    A column that a file lacks is one of nulls there. Of distinct values no footer speaks: their number is the upper bound
    that rows, and whole numbers in the range, allow, since statistics have no word for one that is not known.
    """
    rows = sum(one[0] for one in files)
    found = []
    for column in columns:
        kind = KINDS.get(parse_type(column.type).name)
        if kind is None or not rows:
            continue
        parts = [
            measures.get(column.key) if column.key in held else Measure(kind, None, None, count)
            for count, measures, held in files
            if count
        ]
        known = [part for part in parts if part is not None and part.kind == kind]
        if len(known) == len(parts):
            whole = known[0]
            for part in known[1:]:
                whole = _joined(whole, part)
            data = _data(whole, rows)
            if data is not None:
                found.append(ColumnStatistics(column.name, column.type, kind, data, updated_at=at))
    return found


def _data(whole: Measure, rows: int) -> dict[str, object] | None:
    kind, low, high, nulls = whole
    if kind == "boolean":
        if low != high:
            return None  # how many are true is not told
        there = rows - nulls
        return {"num_trues": there if low == 1 else 0, "num_falses": there if low == 0 else 0, "num_nulls": nulls}
    distinct = rows - nulls
    if isinstance(low, int) and isinstance(high, int) and kind in ("long", "date"):
        distinct = min(distinct, high - low + 1)
    ends = {} if low is None else {"low": low, "high": high}
    return {**ends, "num_nulls": nulls, "num_distinct": distinct}


def _value(kind: str, value: Any) -> int | float | str | None:
    """A footer's value as the statistics of that kind hold it; None where it is of another kind."""
    if kind in ("long", "boolean"):
        return int(value) if isinstance(value, int) and isinstance(value, bool) == (kind == "boolean") else None
    if kind == "double":
        return float(value) if isinstance(value, float) and value == value and abs(value) != float("inf") else None
    if kind == "date":
        return (value - _EPOCH).days if isinstance(value, datetime.date) else None
    return decimal_text(value) if isinstance(value, decimal.Decimal) else None


def decimal_text(value: decimal.Decimal) -> str | None:
    """A decimal as statistics hold it: its digits and its exponent; None for one that no column of a table can have."""
    if not value.is_finite():
        return None
    sign, digits, exponent = value.as_tuple()
    if len(digits) > _DIGITS_MAX or abs(int(exponent)) > _DIGITS_MAX:
        return None
    unscaled = int("".join(map(str, digits))) * (-1 if sign else 1)
    return f"{unscaled}e{exponent}"
