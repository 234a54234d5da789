"""Column statistics, kept per table or per partition, for the planners of engines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class ColumnStatistics:
    """Statistics of one column. `data` is a flat mapping of what was measured.

    Keys by `kind` (Hive's ColumnStatisticsData): boolean: num_trues, num_falses, num_nulls; long, double, date, timestamp:
    low, high, num_nulls, num_distinct; decimal: the same with low and high as text; string: max_length, average_length,
    num_nulls, num_distinct; binary: max_length, average_length, num_nulls. `bit_vectors` is base64 text.
    """

    column: str
    type: str
    kind: str
    data: Mapping[str, object]
    engine: str = "hive"
    updated_at: int = 0


_SUMS = ("num_nulls", "num_trues", "num_falses")
_GREATEST = ("max_length", "average_length", "num_distinct")


def merged(old: ColumnStatistics, new: ColumnStatistics) -> ColumnStatistics:
    """Statistics of the rows of both, as a Hive metastore merges them: counts are added, ranges joined.

    How many distinct values the two share is not known, so the greater number counts. Sketches (`bit_vectors`,
    `histogram`) are opaque here and left out. Statistics of another kind, of a column whose type has changed, are replaced.
    """
    if old.kind != new.kind:
        return new
    data: dict[str, object] = {}
    for key in (*old.data, *(key for key in new.data if key not in old.data)):
        values = [value for value in (old.data.get(key), new.data.get(key)) if value is not None]
        if key in _SUMS:
            data[key] = sum(int(str(value)) for value in values)
        elif key in _GREATEST or key == "high":
            data[key] = max(values, key=_number)
        elif key == "low":
            data[key] = min(values, key=_number)
    return replace(new, data=data, updated_at=max(old.updated_at, new.updated_at))


def _number(value: object) -> Decimal:
    """A value of a range as a number; what is none counts as nothing known, below all."""
    number = Decimal(str(value))
    return Decimal("-Infinity") if number.is_nan() else number
