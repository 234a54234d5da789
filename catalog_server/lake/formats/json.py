"""JSON: one object per line, or arrays and documents over several lines; types from a sample of them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

from catalog_server.lake.formats.base import FileProblem, FileSchema, Sample, decode, whole_lines
from catalog_server.lake.formats.faces import BYTE_ORDER_MARK, PATH
from catalog_server.lake.formats.widen import FIELDS_MAX, settle, widen
from catalog_server.model.errors import Invalid
from catalog_server.model.table import Column
from catalog_server.model.types import DataType

ROWS_MAX = 10_000
DOCUMENT_CHARACTERS_MAX = 16 * 1024 * 1024
"""A larger object is refused, so that one file cannot fill the memory."""
_CHUNK = 65_536
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


def parse_path(text: str) -> tuple[str, ...]:
    """The names on a path such as `$.log.Records[*]`, which leads to the rows in each document; raises `Invalid`."""
    names = text.removesuffix("[*]").split(".")
    if names[0] != "$" or len(names) < 2 or not all(name and not set(name) & set("[]*") for name in names):
        raise Invalid("option json.path", f"{text!r} is not of the form $.name.name[*]")
    return tuple(names[1:])


def at_path(value: Any, names: Sequence[str]) -> list[Any]:
    """The objects at a path: those of an array, or the one that stands there."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, dict)]


def inspect(sample: Sample, path: str = "") -> FileSchema:
    """The fields of the first objects, at a path in each document if there is one; raises `FileProblem`."""
    text, encoding = decode(sample.body)
    if encoding != "UTF-8":
        raise FileProblem("JSON that is not UTF-8")
    several = _over_several_lines(text)
    whole = sample.complete
    read = _rows_at(text, whole, parse_path(path) if path else ()) if several or path else _lines(text, whole)
    kind, rows = of_rows(read)
    if rows == 0:
        raise FileProblem(f"no complete JSON object in the first {len(sample.body)} bytes")
    if not kind.fields:
        raise FileProblem("JSON objects without any field")
    columns, notes = columns_of(kind)
    complete = sample.complete and rows < ROWS_MAX
    if path:
        return FileSchema("json", columns, _options(sample) | {PATH: path}, rows if complete else None, notes)
    if several and rows > 1 and not text.lstrip("\ufeff \t\r\n").startswith("["):
        notes += ("it holds documents one after another, of which Spark reads the first alone",)
    options = _options(sample) | ({"multiLine": "true"} if several else {})
    return FileSchema("json", columns, options, rows if complete else None, notes)


def _over_several_lines(text: str) -> bool:
    """Whether a text is an array, or begins with an object that goes on after its first line."""
    begin = text.lstrip()
    first, newline, _ = begin.partition("\n")
    return begin.startswith("[") or (bool(newline) and first.startswith("{") and not is_object(first.encode()))


def _lines(text: str, complete: bool) -> Iterator[DataType]:
    lines = whole_lines(text, complete).split("\n")
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _row(line, number, number == len(lines) and complete)


def _rows_at(text: str, complete: bool, path: Sequence[str]) -> Iterator[DataType]:
    """The types of the objects of an array or a text, or of those at a path in them; raises `FileProblem`."""
    try:
        for document in documents(io.StringIO(text)):
            for item in at_path(json.loads(document), path):
                yield infer(item)
    except (ValueError, RecursionError) as error:
        if complete or "end" not in str(error):
            raise FileProblem(f"the JSON is damaged or truncated: {error}") from error


def documents(stream: IO[str]) -> Iterator[str]:
    """The texts of the objects of an array, or of objects one after another; raises `ValueError` for anything else.

    Of the stream no more than twice its largest object is in memory.
    """
    decoder, buffer, at, size = json.JSONDecoder(), "", 0, _CHUNK
    inside = separator = ended = False
    while True:
        while at < len(buffer) and (buffer[at].isspace() or buffer[at] == "\ufeff"):
            at += 1
        mark = buffer[at : at + 1]
        if mark == "":
            buffer, at = stream.read(_CHUNK), 0
            if not buffer:
                break
        elif ended:
            raise ValueError("something follows the array")
        elif mark == "[" and not inside and not separator:
            inside, at = True, at + 1
        elif mark == "]" and inside:
            ended, at = True, at + 1
        elif mark == "," and inside and separator:
            separator, at = False, at + 1
        elif mark != "{" or (inside and separator):
            raise ValueError(f"{buffer[at : at + 20]!r} where an object should be")
        else:
            end = _end_of_object(decoder, buffer, at)
            if end is None:
                more = stream.read(size)
                if not more or len(buffer) - at > DOCUMENT_CHARACTERS_MAX:
                    raise ValueError("an object does not end")
                buffer, at, size = buffer[at:] + more, 0, size * 2
                continue
            yield buffer[at:end]
            at, separator, size = end, True, _CHUNK
    if inside and not ended:
        raise ValueError("the array does not end")


def _end_of_object(decoder: json.JSONDecoder, buffer: str, at: int) -> int | None:
    try:
        return decoder.raw_decode(buffer, at)[1]
    except ValueError:
        return None


def _options(sample: Sample) -> dict[str, str]:
    mark = {BYTE_ORDER_MARK: "true"} if sample.body.startswith(b"\xef\xbb\xbf") else {}
    return mark | ({"compression": sample.compression} if sample.compression else {})


def _row(line: str, number: int, last: bool) -> DataType:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
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
    return array_of(infer(inner, depth + 1) for inner in value)


def array_of(kinds: Iterable[DataType]) -> DataType:
    """The type of an array of values of these types."""
    element = _VOID
    for kind in kinds:
        element = widen(element, kind, text=True) or _STRING
    return DataType("array", fields=(("element", element),))


def of_rows(kinds: Iterable[DataType]) -> tuple[DataType, int]:
    """The type that holds the first rows, up to `ROWS_MAX`, and how many they are; raises `FileProblem` for too many fields."""
    whole, count = _VOID, 0
    for kind in kinds:
        whole = widen(whole, kind, text=True) or _STRING
        count += 1
        if whole == _STRING or len(whole.fields) > FIELDS_MAX:
            raise FileProblem(f"more than {FIELDS_MAX} different fields: its keys seem to be data")
        if count >= ROWS_MAX:
            break
    return whole, count


def columns_of(kind: DataType) -> tuple[tuple[Column, ...], tuple[str, ...]]:
    """The fields without those that differ from an earlier one in case alone, and without nameless ones, which notes tell."""
    columns: list[Column] = []
    notes, seen = [], set()
    for name, inner in kind.fields:
        if not name.strip() or name.lower() in seen:
            notes.append(f"field {name!r} is left out: it is nameless or differs from another in case alone")
            continue
        seen.add(name.lower())
        columns.append(Column(name, str(settle(inner))))
    return tuple(columns), tuple(notes)
