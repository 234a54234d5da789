"""XML: the elements of one name are the rows, as Spark's own reader has them; nothing but the file itself is ever read.

Attributes are fields that begin with `_`, an element's text beside attributes is `_VALUE`, and what is repeated is an array.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import IO, Any

from catalog_server.lake.formats.base import FileProblem, FileSchema, Sample
from catalog_server.lake.formats.csv import column_type
from catalog_server.lake.formats.markup import PIECE_BYTES, Markup, NotMarkup
from catalog_server.lake.formats.widen import FIELDS_MAX, settle, widen
from catalog_server.model.table import Column
from catalog_server.model.types import DataType, parse_type

ROW_TAG = "rowTag"
"""Spark's option for the name of the elements that are rows."""
VALUE = "_VALUE"
ROWS_MAX = 10_000
ROW_CHARACTERS_MAX = 16 * 1024 * 1024
"""A larger row is refused, so that one file cannot fill the memory; each of its parts counts for some characters."""
_PART_CHARACTERS = 64
"""What an element, an attribute or a piece of text counts for beside its characters, since it takes memory too."""
_DEPTH_MAX = 64
_VOID = DataType("void")
_STRING = DataType("string")


def looks_like_xml(body: bytes) -> bool:
    """Whether a file begins as XML does."""
    return body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<?xml")


class _Element:
    """An element that is being read."""

    def __init__(self, attributes: Mapping[str, str]) -> None:
        self.fields: dict[str, Any] = {f"_{name}": value for name, value in attributes.items()}
        self.text: list[str] = []

    def add(self, name: str, value: Any) -> None:
        """Add a child; a second one of the name makes an array of them."""
        if name not in self.fields:
            self.fields[name] = value
        elif isinstance(self.fields[name], list):
            self.fields[name].append(value)
        else:
            self.fields[name] = [self.fields[name], value]

    def value(self) -> Any:
        """A text, a dict, or None for an element of nothing."""
        text = "".join(self.text).strip()
        if not self.fields:
            return text or None
        return {**self.fields, VALUE: text} if text else self.fields


class _Parser:
    """Feeds bytes to expat and collects rows; with no name it counts the elements of each depth instead."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.rows: list[Any] = []
        self.names: Counter[tuple[int, str]] = Counter()
        self._depth = 0
        self._open: list[_Element] = []
        self._size = 0
        self._markup = Markup(self._start, self._end, self._text)

    def feed(self, body: bytes, last: bool) -> None:
        """Go on with some bytes; raises `ValueError` for what is no XML, or XML that is not read."""
        try:
            self._markup.feed(body, last)
        except NotMarkup as error:
            raise ValueError(f"no XML: {error}") from error

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if self._depth >= _DEPTH_MAX:
            raise ValueError(f"its elements are nested more than {_DEPTH_MAX} deep")
        if not self.tag:
            self.names[self._depth, name] += 1
        self._depth += 1
        if self._open or name == self.tag:
            self._count(name, *(held for attribute in attributes.items() for held in attribute))
            self._open.append(_Element(attributes))

    def _end(self, name: str) -> None:
        self._depth -= 1
        if not self._open:
            return
        value = self._open.pop().value()
        if self._open:
            self._open[-1].add(name, value)
        else:
            self.rows.append(value)
            self._size = 0

    def _text(self, text: str) -> None:
        if self._open:
            self._count(text)
            self._open[-1].text.append(text)

    def _count(self, *parts: str) -> None:
        self._size += sum(map(len, parts)) + _PART_CHARACTERS * len(parts)
        if self._size > ROW_CHARACTERS_MAX:
            raise ValueError(f"a row is longer than {ROW_CHARACTERS_MAX} characters")


def rows(stream: IO[bytes], tag: str) -> Iterator[dict[str, Any]]:
    """The rows of a stream: texts, dicts and lists by name. Raises `ValueError`."""
    parser = _Parser(tag)
    while chunk := stream.read(PIECE_BYTES):
        parser.feed(chunk, False)
        yield from map(_row, parser.rows)
        parser.rows.clear()
    parser.feed(b"", True)


def _row(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {VALUE: value}


def row_tag(sample: Sample) -> str:
    """The element that is most likely a row: the one nearest to the root that is repeated. Raises `FileProblem`."""
    parser = _Parser("")
    _feed(parser, sample)
    repeated = [(depth, -count, name) for (depth, name), count in parser.names.items() if count > 1]
    if not repeated:
        raise FileProblem(
            "XML without an element that is repeated, which could be a row: name it by the option xml.row_tag"
        )
    return min(repeated)[2]


def _feed(parser: _Parser, sample: Sample) -> None:
    try:
        parser.feed(sample.body, sample.complete)
    except ValueError as error:
        raise FileProblem(str(error)) from error


def inspect(sample: Sample, tag: str = "") -> FileSchema:
    """The fields of the first rows; raises `FileProblem` for what is no XML or has no row."""
    tag = tag or row_tag(sample)
    parser = _Parser(tag)
    _feed(parser, sample)
    kind = DataType("struct")
    for value in parser.rows[:ROWS_MAX]:
        kind = join(kind, infer(_row(value)))
        if kind.name != "struct":
            raise FileProblem(f"more than {FIELDS_MAX} different fields: its names seem to be data")
    if not kind.fields:
        raise FileProblem(f"no element {tag} with anything in it")
    columns = tuple(Column(name, str(settle(inner))) for name, inner in kind.fields)
    options = {ROW_TAG: tag} | ({"compression": sample.compression} if sample.compression else {})
    return FileSchema("xml", columns, options, len(parser.rows) if sample.complete else None)


def infer(value: Any) -> DataType:
    """The type of what a row holds."""
    if value is None:
        return _VOID
    if isinstance(value, dict):
        return DataType("struct", fields=tuple((name, infer(inner)) for name, inner in value.items()))
    if isinstance(value, list):
        element = _VOID
        for inner in value:
            element = join(element, infer(inner))
        return DataType("array", fields=(("element", element),))
    kind = column_type([value], "")[0]
    return parse_type(kind) if kind != "timestamp" else _STRING


def join(left: DataType, right: DataType) -> DataType:
    """The type that holds both: an element is an array if it is repeated anywhere, a struct if it has attributes anywhere."""
    if left.name == "array" or right.name == "array":
        one, other = (kind.fields[0][1] if kind.name == "array" else kind for kind in (left, right))
        return DataType("array", fields=(("element", join(one, other)),))
    if left.name == right.name == "struct":
        held = dict(left.fields)
        for name, kind in right.fields:
            held[name] = join(held[name], kind) if name in held else kind
        return DataType("struct", fields=tuple(held.items())) if len(held) <= FIELDS_MAX else _STRING
    if "struct" in (left.name, right.name) and "void" not in (left.name, right.name):
        one, other = (
            kind if kind.name == "struct" else DataType("struct", fields=((VALUE, kind),)) for kind in (left, right)
        )
        return join(one, other)
    return widen(left, right, text=True) or _STRING


def shape(value: Any, kind: DataType) -> Any:
    """A row's value as its declared type has it: single elements of an array in a list, texts of a struct as `_VALUE`."""
    if value is None:
        return None
    if kind.name == "array":
        return [shape(inner, kind.fields[0][1]) for inner in (value if isinstance(value, list) else [value])]
    if kind.name == "struct":
        held = value if isinstance(value, dict) else {VALUE: value}
        return {name: shape(held.get(name), inner) for name, inner in kind.fields}
    return value.get(VALUE) if isinstance(value, dict) else value
