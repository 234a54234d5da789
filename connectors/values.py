"""Rows of a database driver as Arrow batches: each value is made to fit its column's type, or the misfit is named."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from catalog_server.lake.arrow import to_arrow
from catalog_server.model.errors import Invalid
from catalog_server.model.table import Column
from catalog_server.model.types import DataType, parse_type

if TYPE_CHECKING:
    from pyarrow import RecordBatch


def batch_of(columns: Sequence[Column], rows: Sequence[Sequence[Any]]) -> RecordBatch:
    """One batch; raises `Invalid` that names the column and the value that does not fit its type."""
    import pyarrow as pa

    arrays, fields = [], []
    for n, column in enumerate(columns):
        kind = parse_type(column.type)
        arrow = to_arrow(kind)
        fit = _fitting(kind)
        values = [None if row[n] is None else _fit(fit, row[n], column) for row in rows]
        try:
            arrays.append(pa.array(values, type=arrow))
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
            raise Invalid(f"column {column.name}", f"a value does not fit {column.type}: {error}") from error
        fields.append(pa.field(column.name, arrow))
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))


def _fit(fit: Callable[[Any], Any], value: Any, column: Column) -> Any:
    try:
        return fit(value)
    except (ValueError, TypeError, ArithmeticError) as error:
        shown = repr(value)[:100]
        raise Invalid(f"column {column.name}", f"the value {shown} does not fit {column.type}") from error


def _fitting(kind: DataType) -> Callable[[Any], Any]:
    if kind.name == "array":
        inner = _fitting(kind.fields[0][1])
        return lambda value: [None if item is None else inner(item) for item in value]
    if kind.name == "decimal":
        return lambda value: _decimal(value, kind.arguments[1])
    return _FITTING.get(kind.name, _text)


def _decimal(value: Any, scale: int) -> Decimal:
    found = value if isinstance(value, Decimal) else Decimal(str(value))
    if not found.is_finite():
        raise InvalidOperation(f"{found} is no number")
    exponent = found.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > scale:
        return round(found, scale)
    return found


def _integer(value: Any) -> int:
    if isinstance(value, float) and not value.is_integer():
        raise ValueError(f"{value} is no integer")
    return int(value)


def _boolean(value: Any) -> bool:
    if isinstance(value, bytes):
        return any(value)
    if isinstance(value, str):
        return {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}[value.lower()]
    if value not in (0, 1):
        raise ValueError(f"{value} is no truth value")
    return bool(value)


def _date(value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else date.fromisoformat(str(value)[:10])


def _timestamp(value: Any) -> datetime:
    found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found


def _instant(value: Any) -> datetime:
    found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _time(value: Any) -> time:
    if isinstance(value, timedelta):
        if not timedelta(0) <= value < timedelta(days=1):
            raise ValueError(f"{value} is no time of a day")
        return (datetime.min + value).time()
    return value if isinstance(value, time) else time.fromisoformat(str(value))


def _bytes(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode("utf-8")
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


_FITTING: dict[str, Callable[[Any], Any]] = {
    "boolean": _boolean,
    "tinyint": _integer,
    "smallint": _integer,
    "int": _integer,
    "bigint": _integer,
    "float": float,
    "double": float,
    "date": _date,
    "timestamp": _timestamp,
    "timestamp_ns": _timestamp,
    "timestamp with local time zone": _instant,
    "time": _time,
    "binary": _bytes,
}
