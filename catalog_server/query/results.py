"""Answers kept on disk: columns and rows as Trino's client protocol writes them, any page of them at once."""

from __future__ import annotations

import base64
import bisect
import json
import math
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from catalog_server.model.errors import NotFound
from catalog_server.query.plan import type_from_json
from catalog_server.query.types import Type

Render = Callable[[Any], Any]


class Result:
    """The rows of one finished query."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._offsets: list[int] | None = None

    def rows(self, offset: int, count: int) -> list[list[Any]]:
        """Up to `count` rows from `offset`; raises `NotFound` when the rows are kept no longer."""
        if self.path.suffix == ".json":
            return self._json()[offset : offset + count]
        import pyarrow as pa

        try:
            with pa.memory_map(str(self.path)) as source, pa.ipc.open_file(source) as reader:
                return self._read(reader, offset, count)
        except FileNotFoundError as error:
            raise NotFound("rows of query", self.path.stem) from error

    def _json(self) -> list[list[Any]]:
        try:
            held: list[list[Any]] = json.loads(self.path.read_text())
        except FileNotFoundError as error:
            raise NotFound("rows of query", self.path.stem) from error
        return held

    def _read(self, reader: Any, offset: int, count: int) -> list[list[Any]]:
        renders = _renders(reader.schema.metadata[b"catalog.columns"])
        if self._offsets is None:
            self._offsets = [0]
            for index in range(reader.num_record_batches):
                self._offsets.append(self._offsets[-1] + reader.get_batch(index).num_rows)
        made: list[list[Any]] = []
        index = max(0, bisect.bisect_right(self._offsets, offset) - 1)
        while count > len(made) and index < reader.num_record_batches:
            start = max(0, offset - self._offsets[index])
            batch = reader.get_batch(index).slice(start, count - len(made))
            columns = [
                [render(value) for value in column.to_pylist()]
                for render, column in zip(renders, batch.columns, strict=True)
            ]
            made += [list(row) for row in zip(*columns, strict=True)]
            index += 1
        return made


@lru_cache(maxsize=64)
def _renders(said: bytes) -> tuple[Render, ...]:
    return tuple(nullable(renderer(type_from_json(column["type"]))) for column in json.loads(said))


def nullable(render: Render) -> Render:
    """The same for values that may be None."""
    return lambda value: None if value is None else render(value)


def renderer(kind: Type) -> Render:
    """What turns a value from Arrow into the JSON value of a Trino type."""
    if kind.name == "array":
        inner = nullable(renderer(kind.element))
        return lambda value: [inner(each) for each in value]
    if kind.name == "map":
        key, held = renderer(kind.key), nullable(renderer(kind.value))
        return lambda value: {_key(key(name)): held(each) for name, each in value}
    if kind.name == "row":
        parts = [nullable(renderer(inner)) for _, inner in kind.fields]
        return lambda value: [part(each) for part, each in zip(parts, value.values(), strict=True)]
    if kind.name == "char":
        return lambda value: value.ljust(kind.arguments[0])
    if kind.name == "timestamp":
        return lambda value: _moment(value, kind.digits)
    if kind.name == "timestamp with time zone":
        return lambda value: f"{_moment(_in_zone(value, kind.zone), kind.digits)} {kind.zone}"
    if kind.name == "time":
        return lambda value: _fraction(value.strftime("%H:%M:%S"), value.microsecond, kind.digits)
    return _PLAIN.get(kind.name, lambda value: value)


def _key(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)


def _double(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _real(value: float) -> float | str:
    """A 4-byte number with as few digits as tell it from its neighbours."""
    if not math.isfinite(value):
        return _double(value)
    import struct

    for digits in range(6, 10):
        short = float(f"{value:.{digits}g}")
        if struct.pack("f", short) == struct.pack("f", value):
            return short
    return value


def _decimal(value: Decimal) -> str:
    return f"{value:f}"


def _binary(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _moment(value: Any, digits: int) -> str:
    return _fraction(f"{value.year:04d}-{value.month:02d}-{value.day:02d} {value:%H:%M:%S}", value.microsecond, digits)


def _fraction(text: str, microseconds: int, digits: int) -> str:
    return f"{text}.{microseconds:06d}"[: len(text) + 1 + digits] if digits else text


def _in_zone(value: Any, zone: str) -> Any:
    if zone[:1] in "+-":
        minutes = (int(zone[1:3]) * 60 + int(zone[4:6])) * (1 if zone[0] == "+" else -1)
        return value.astimezone(ZoneInfo("UTC")) + timedelta(minutes=minutes)
    return value.astimezone(ZoneInfo(zone))


def _days(value: int) -> str:
    sign, rest = ("-" if value < 0 else ""), abs(value)
    seconds, milliseconds = divmod(rest, 1000)
    return f"{sign}{seconds // 86400} {seconds // 3600 % 24:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{milliseconds:03d}"


def _months(value: int) -> str:
    return f"{'-' if value < 0 else ''}{abs(value) // 12}-{abs(value) % 12}"


_PLAIN: dict[str, Render] = {
    "double": _double,
    "real": _real,
    "decimal": _decimal,
    "varbinary": _binary,
    "date": lambda value: value.isoformat(),
    "interval day to second": _days,
    "interval year to month": _months,
    "uuid": str,
}
