"""The model's column statistics of Hive's structs."""

from __future__ import annotations

import base64
from typing import Any

from catalog_server.model.errors import Invalid
from catalog_server.model.names import name_key
from catalog_server.model.statistics import ColumnStatistics

_NUMBERS = {"num_nulls": "numNulls", "num_distinct": "numDVs"}
_LENGTHS = {"max_length": "maxColLen", "average_length": "avgColLen"}
RANGE = {"low": "lowValue", "high": "highValue"}
KINDS: dict[str, tuple[str, str, dict[str, str]]] = {
    "boolean": (
        "booleanStats",
        "BooleanColumnStatsData",
        {"num_trues": "numTrues", "num_falses": "numFalses", "num_nulls": "numNulls"},
    ),
    "long": ("longStats", "LongColumnStatsData", RANGE | _NUMBERS),
    "double": ("doubleStats", "DoubleColumnStatsData", RANGE | _NUMBERS),
    "string": ("stringStats", "StringColumnStatsData", _LENGTHS | _NUMBERS),
    "binary": ("binaryStats", "BinaryColumnStatsData", _LENGTHS | {"num_nulls": "numNulls"}),
    "decimal": ("decimalStats", "DecimalColumnStatsData", RANGE | _NUMBERS),
    "date": ("dateStats", "DateColumnStatsData", RANGE | _NUMBERS),
    "timestamp": ("timestampStats", "TimestampColumnStatsData", RANGE | _NUMBERS),
}
"""By kind of the model: the union's field, its struct, and the struct's fields by our keys."""
BYTES = {"bit_vectors": "bitVectors", "histogram": "histogram"}


def to_statistics(struct: Any, engine: str, updated_at: int) -> ColumnStatistics:
    """The model's statistics of a ColumnStatisticsObj; raises `Invalid` when it holds no data."""
    for kind, (union_field, _, fields) in KINDS.items():
        inner = getattr(struct.statsData, union_field, None) if struct.statsData is not None else None
        if inner is None:
            continue
        data: dict[str, object] = {}
        for ours, theirs in fields.items():
            value = getattr(inner, theirs, None)
            if value is not None:
                data[ours] = _to_value(kind, ours, value)
        for ours, theirs in BYTES.items():
            raw = getattr(inner, theirs, None)
            if raw:
                data[ours] = base64.b64encode(raw if isinstance(raw, bytes) else raw.encode("latin-1")).decode()
        return ColumnStatistics(name_key(struct.colName), struct.colType or "", kind, data, engine, updated_at)
    raise Invalid("column statistics", f"of column {struct.colName} hold no data")


def _to_value(kind: str, key: str, value: Any) -> object:
    if key not in RANGE:
        return value
    if kind == "decimal":
        return f"{int.from_bytes(value.unscaled, 'big', signed=True)}e{-value.scale}"
    if kind == "date":
        return value.daysSinceEpoch
    if kind == "timestamp":
        return value.secondsSinceEpoch
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return str(value)
    return value
