"""JSON lines: one object per line, types from a sample of them."""

from __future__ import annotations

import json
from typing import Any

from catalog_server.lake.formats.base import FileProblem, FileSchema, Sample, decode, whole_lines
from catalog_server.lake.formats.faces import BYTE_ORDER_MARK
from catalog_server.lake.formats.widen import FIELDS_MAX, settle, widen
from catalog_server.model.table import Column
from catalog_server.model.types import DataType

ROWS_MAX = 10_000
_DEPTH_MAX = 30
_VOID = DataType("void")
_STRING = DataType("string")


def looks_like_json(text: str) -> bool:
    """Whether a text begins as an object or an array of objects does."""
    return text.lstrip("\ufeff \t\r\n")[:1] in ("{", "[")


def is_object(line: bytes) -> bool:
    """Whether a line is one whole JSON object."""
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def inspect(sample: Sample) -> FileSchema:
    """The fields of the first objects; raises `FileProblem` for what is not JSON lines or breaks off."""
    text, encoding = decode(sample.body)
    if encoding != "UTF-8":
        raise FileProblem("JSON that is not UTF-8")
    if text.lstrip().startswith("["):
        raise FileProblem("one JSON array instead of JSON lines: engines need one object per line")
    kind, rows = _VOID, 0
    lines = whole_lines(text, sample.complete).split("\n")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        kind = widen(kind, _row(line, number, number == len(lines) and sample.complete), text=True) or _STRING
        rows += 1
        if kind == _STRING or len(kind.fields) > FIELDS_MAX:
            raise FileProblem(f"more than {FIELDS_MAX} different fields: its keys seem to be data")
        if rows >= ROWS_MAX:
            break
    if rows == 0:
        raise FileProblem(f"no complete line of JSON in the first {len(sample.body)} bytes")
    if not kind.fields:
        raise FileProblem("JSON objects without any field")
    fields, notes = _without_clashes(kind)
    columns = tuple(Column(name, str(settle(inner))) for name, inner in fields)
    complete = sample.complete and rows < ROWS_MAX
    return FileSchema("json", columns, _options(sample), rows if complete else None, notes)


def _options(sample: Sample) -> dict[str, str]:
    mark = {BYTE_ORDER_MARK: "true"} if sample.body.startswith(b"\xef\xbb\xbf") else {}
    return mark | ({"compression": sample.compression} if sample.compression else {})


def _row(line: str, number: int, last: bool) -> DataType:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        if line.strip() == "{" and number == 1:
            raise FileProblem("JSON spread over several lines: engines need one object per line") from error
        if last:
            raise FileProblem(f"line {number} breaks off: the file is truncated") from error
        raise FileProblem(f"line {number} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise FileProblem(f"line {number} is no JSON object")
    return infer(value)


def infer(value: Any, depth: int = 0) -> DataType:
    """The type of one JSON value; what is nested too deeply is a string, null is `void`."""
    if value is None:
        return _VOID
    if isinstance(value, bool):
        return DataType("boolean")
    if isinstance(value, int):
        return DataType("bigint") if -(2**63) <= value < 2**63 else DataType("double")
    if isinstance(value, float):
        return DataType("double")
    if isinstance(value, str) or depth > _DEPTH_MAX:
        return _STRING
    if isinstance(value, dict):
        return DataType("struct", fields=tuple((name, infer(inner, depth + 1)) for name, inner in value.items()))
    element = _VOID
    for inner in value:
        element = widen(element, infer(inner, depth + 1), text=True) or _STRING
    return DataType("array", fields=(("element", element),))


def _without_clashes(kind: DataType) -> tuple[list[tuple[str, DataType]], tuple[str, ...]]:
    """The fields without those that differ from an earlier one in case alone, and without nameless ones."""
    fields: list[tuple[str, DataType]] = []
    notes, seen = [], set()
    for name, inner in kind.fields:
        if not name.strip() or name.lower() in seen:
            notes.append(f"field {name!r} is left out: it is nameless or differs from another in case alone")
            continue
        seen.add(name.lower())
        fields.append((name, inner))
    return fields, tuple(notes)
