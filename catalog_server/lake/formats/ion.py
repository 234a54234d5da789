"""Amazon Ion, text and binary: the structs at top level, or in lists there, are rows; types from a sample of them.

Values are read by Amazon's own library. Rows are passed on as JSON, which has a reader: moments in UTC without a zone, blobs
in base64, clobs as text.
"""

from __future__ import annotations

import base64
import io
import json
import math
from collections.abc import Iterator
from datetime import UTC
from decimal import Decimal
from typing import IO, Any, cast

from catalog_server.lake.formats.base import FileProblem, FileSchema, Sample
from catalog_server.lake.formats.json import ROWS_MAX, array_of, columns_of, of_rows
from catalog_server.model.types import DataType

MAGIC = b"\xe0\x01\x00\xea"
TEXT_BYTES_MAX = 16 * 1024 * 1024
"""A longer string is refused, so that one file cannot fill the memory."""
_TEXT_MAGIC = b"$ion_1_0"
_DEPTH_MAX = 30
_DIGITS_MAX = 38
_DAY = 2
"""Timestamps of this precision, or a lesser one, are dates."""
_VOID, _STRING = DataType("void"), DataType("string")


class Broken(ValueError):
    """What is wrong with a stream of Ion."""

    def __init__(self, reason: str, *, ends: bool = False) -> None:
        super().__init__(reason)
        self.ends = ends
        """Whether it only ends too early."""


def looks_like_ion(body: bytes) -> bool:
    """Whether a file begins as Ion does that tells its version."""
    return body.startswith((MAGIC, _TEXT_MAGIC))


def inspect(sample: Sample) -> FileSchema:
    """The fields of the first rows; raises `FileProblem`."""
    kind, count = of_rows(_kinds(sample))
    if count == 0:
        raise FileProblem(f"no complete struct of Ion in the first {len(sample.body)} bytes")
    if not kind.fields:
        raise FileProblem("structs of Ion without any field")
    columns, notes = columns_of(kind)
    options = {"compression": sample.compression} if sample.compression else {}
    return FileSchema("ion", columns, options, count if sample.complete and count < ROWS_MAX else None, notes)


def _kinds(sample: Sample) -> Iterator[DataType]:
    """The types of the rows of a sample; raises `FileProblem` where it is damaged, or ends too early and is all of its file."""
    count = 0
    try:
        for row in rows(io.BytesIO(sample.body)):
            yield infer(row)
            count += 1
    except Broken as broken:
        if sample.complete or not broken.ends:
            reason = "it breaks off: the file is truncated" if broken.ends else f"damaged Ion: {broken}"
            raise FileProblem(f"{reason} (after {count} rows)") from broken


def rows(stream: IO[bytes]) -> Iterator[dict[str, Any]]:
    """The structs of a stream, one at a time; raises `Broken` for anything else at top level, and for what is damaged."""
    from amazon.ion.exceptions import IonException
    from amazon.ion.simpleion import IonPyValueModel, load

    model = IonPyValueModel.MAY_BE_BARE | IonPyValueModel.SYMBOL_AS_TEXT | IonPyValueModel.STRUCT_AS_STD_DICT
    try:
        values = load(
            stream, single_value=False, parse_eagerly=False, text_buffer_size_limit=TEXT_BYTES_MAX, value_model=model
        )
        for value in values:
            for row in value if isinstance(value, list) else (value,):
                if not hasattr(row, "items"):
                    raise Broken(f"a value at top level is {_named(row)}, and no struct")
                yield cast("dict[str, Any]", row)
    except IonException as error:
        said = str(error).strip()
        raise Broken(said, ends="EOF" in said) from error
    except (OverflowError, ValueError, TypeError, KeyError) as error:
        if isinstance(error, Broken):
            raise
        raise Broken(str(error)) from error


def _named(value: Any) -> str:
    return "null" if _is_null(value) else f"a {str(infer(value)).partition('<')[0]}"


def _is_null(value: Any) -> bool:
    return value is None or type(value).__name__ == "IonPyNull"


def infer(value: Any, depth: int = 0) -> DataType:
    """The type of one value; what is nested too deeply is a string, null is `void`."""
    if _is_null(value):
        return _VOID
    if isinstance(value, bool) or type(value).__name__ == "IonPyBool":
        return DataType("boolean")
    if isinstance(value, int):
        return DataType("bigint") if -(2**63) <= value < 2**63 else _number(Decimal(value))
    if isinstance(value, float):
        return DataType("double")
    if isinstance(value, Decimal):
        return _number(value)
    if hasattr(value, "precision"):
        return DataType("date") if value.precision <= _DAY else DataType("timestamp with local time zone")
    if depth > _DEPTH_MAX:
        return _STRING
    if hasattr(value, "items"):
        return DataType("struct", fields=tuple((name, infer(inner, depth + 1)) for name, inner in value.items()))
    if isinstance(value, list | tuple):
        return array_of(infer(inner, depth + 1) for inner in value)
    return _STRING


def _number(value: Decimal) -> DataType:
    """The decimal that holds a number, a string where none does."""
    _, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        return _STRING
    scale = max(0, -exponent)
    precision = max(len(digits) + max(0, exponent), scale, 1)
    return DataType("decimal", (precision, scale)) if precision <= _DIGITS_MAX else _STRING


def as_json(row: Any) -> str:
    """A row as a JSON object."""
    return json.dumps(_plain(row), ensure_ascii=False)


def _plain(value: Any) -> Any:
    """A value as JSON has it; numbers that JSON's readers would round are texts."""
    if _is_null(value):
        return None
    if isinstance(value, bool) or type(value).__name__ == "IonPyBool":
        return bool(value)
    if isinstance(value, int):
        return int(value) if -(2**63) <= value < 2**63 else str(int(value))
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, Decimal):
        return f"{value:f}"
    if hasattr(value, "precision"):
        return _moment(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace") if _is_clob(value) else base64.b64encode(value).decode()
    if hasattr(value, "items"):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return str(value)


def _is_clob(value: bytes) -> bool:
    kind = getattr(value, "ion_type", None)
    return kind is not None and kind.name == "CLOB"


def _moment(value: Any) -> str:
    if value.precision <= _DAY:
        return f"{value.year:04}-{value.month:02}-{value.day:02}"
    at = value.astimezone(UTC) if value.tzinfo is not None else value
    whole = f"{at.year:04}-{at.month:02}-{at.day:02} {at.hour:02}:{at.minute:02}:{at.second:02}"
    return f"{whole}.{at.microsecond:06}" if at.microsecond else whole
