"""Avro: the writer's schema stands at the beginning of a container file, and a mark at the end of each of its blocks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from catalog_server.lake.files import FileInfo, FileReader
from catalog_server.lake.formats.base import HEAD_BYTES, FileProblem, FileSchema
from catalog_server.model.table import Column
from catalog_server.model.types import DataType

MAGIC = b"Obj\x01"
LITERAL = "avro.schema.literal"
"""Parameter in which Hive's readers find the schema to read by."""
CODECS = ("null", "deflate", "snappy", "zstandard", "bzip2", "xz")
_SYNC_BYTES = 16
_DEPTH_MAX = 30
_PARTS_MAX = 5_000
"""Parts of a schema, counted again wherever they are named."""
_PLAIN = {
    "null": "void",
    "boolean": "boolean",
    "int": "int",
    "long": "bigint",
    "float": "float",
    "double": "double",
    "bytes": "binary",
    "string": "string",
    "fixed": "binary",
    "enum": "string",
}
_LOGICAL = {  # times of a wall clock and of a day are the numbers that Hive's readers see, Trino reading them wrongly else
    ("int", "date"): "date",
    ("long", "timestamp-millis"): "timestamp with local time zone",
    ("long", "timestamp-micros"): "timestamp with local time zone",
    ("string", "uuid"): "string",
}
_ORDER = ("int", "long", "float", "double")
Schema = Any
"""A schema as JSON has it."""
Logical = Mapping[tuple[str, str], str]
"""Types by the names of plain and logical ones."""


class _Cut(Exception):
    """The bytes end before the header does."""


class _Bytes:
    """Reads Avro's own numbers and strings."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.at = 0

    def take(self, count: int) -> bytes:
        """The next bytes."""
        if count < 0 or self.at + count > len(self.body):
            raise _Cut
        self.at += count
        return self.body[self.at - count : self.at]

    def long(self) -> int:
        """A zig-zag number of variable length."""
        shift = number = 0
        while True:
            byte = self.take(1)[0]
            number |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return (number >> 1) ^ -(number & 1)
            if shift > 63:
                raise FileProblem("damaged Avro: a number of too many bytes")


def check_ends(files: FileReader, info: FileInfo, whole: bytes = b"") -> None:
    """Look at both ends (of `whole`, if the file was read); raises `FileProblem` for one that was cut off or has no header."""
    _, sync, start = header(whole or files.read(info.location, 0, HEAD_BYTES))
    end = whole[-_SYNC_BYTES:] or _end(files, info)
    _check_end(info, end, sync, start)


def _end(files: FileReader, info: FileInfo) -> bytes:
    return files.read(info.location, max(0, info.size - _SYNC_BYTES), _SYNC_BYTES)


def _check_end(info: FileInfo, end: bytes, sync: bytes, start: int) -> None:
    if info.size > start and end != sync:
        raise FileProblem("the Avro file is truncated: its last block does not end")


def inspect(files: FileReader, info: FileInfo) -> FileSchema:
    """Read the header; raises `FileProblem` for a damaged one. Columns without a counterpart in Hive are left out, noted."""
    head = files.read(info.location, 0, HEAD_BYTES)
    metadata, sync, start = header(head)
    _check_end(info, _end(files, info), sync, start)
    codec = metadata.get("avro.codec", b"null").decode("utf-8", "replace")
    if codec not in CODECS:
        raise FileProblem(f"Avro packed by {codec[:40]}, which is not known")
    try:
        schema = json.loads(metadata["avro.schema"])
    except (KeyError, ValueError, RecursionError) as error:
        raise FileProblem("damaged Avro: no schema in its header") from error
    if not isinstance(schema, dict) or schema.get("type") != "record":
        raise FileProblem("the values of the Avro file are no records")
    columns, kept, notes = columns_of(schema)
    named = {key: schema[key] for key in ("name", "namespace") if key in schema}
    literal = json.dumps({"type": "record", "name": "row", **named, "fields": kept})
    return FileSchema("avro", columns, {LITERAL: literal}, _rows(head, start, info.size), notes)


def header(head: bytes) -> tuple[dict[str, bytes], bytes, int]:
    """The metadata, the mark between blocks, and where blocks begin."""
    reader = _Bytes(head)
    metadata: dict[str, bytes] = {}
    try:
        reader.take(len(MAGIC))
        while count := reader.long():
            if count < 0:
                reader.long()
            for _ in range(abs(count)):
                key = reader.take(reader.long())
                metadata[key.decode("utf-8", "replace")] = reader.take(reader.long())
        return metadata, reader.take(_SYNC_BYTES), reader.at
    except _Cut as error:
        raise FileProblem("the Avro file is truncated: its header does not end") from error


def _rows(head: bytes, start: int, size: int) -> int | None:
    """The number of rows, where the whole file has been read."""
    if len(head) < size:
        return None
    reader, rows = _Bytes(head), 0
    reader.at = start
    try:
        while reader.at < size:
            rows += reader.long()
            reader.take(reader.long() + _SYNC_BYTES)
    except _Cut as error:
        raise FileProblem("the Avro file is truncated: its last block does not end") from error
    return rows


def columns_of(
    schema: Mapping[str, Any], logical: Logical = _LOGICAL
) -> tuple[tuple[Column, ...], list[Schema], tuple[str, ...]]:
    """The columns, the schema's fields that they are, and notes of those that are left out.

    `logical` are logical types with a type of their own besides those of Avro files. Raises `FileProblem` for a damaged schema.
    """
    columns, kept, notes = [], [], []
    expander = _Expander()
    fields = schema.get("fields")
    weightless = True
    for item in fields if isinstance(fields, list) else ():
        try:
            name, whole = str(item["name"]), expander.expand(item["type"])
            kind = type_of(whole, logical)
            weightless = weightless and _is_weightless(whole)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise FileProblem("an Avro schema that is damaged, too large or refers to itself") from error
        if kind is None:
            notes.append(f"column {name} is left out: Hive has nothing like its type")
            continue
        comment = item.get("doc") if isinstance(item.get("doc"), str) else None
        columns.append(Column(name, str(kind), comment))
        kept.append({"name": name, "type": whole} | ({"default": item["default"]} if "default" in item else {}))
    if not columns:
        raise FileProblem("no column that any engine could read")
    if weightless or expander.bomb:
        raise FileProblem(
            "an Avro schema of rows or arrays whose items may take no bytes: a few could stand for billions"
        )
    return tuple(columns), kept, tuple(notes)


def _is_weightless(schema: Schema) -> bool:
    """Whether values of an expanded schema take no bytes in a file."""
    name = schema["type"] if isinstance(schema, dict) else schema
    if name == "record":
        return all(_is_weightless(item["type"]) for item in schema["fields"])
    return bool(name == "null" or (name == "fixed" and int(schema["size"]) <= 0))


class _Expander:
    """Puts definitions in the place of names; raises `ValueError` and `KeyError` for a schema that is too large or recursive."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Schema, int]] = {}
        """Definitions by name, each with the number of its parts."""
        self._parts = 0
        self._weightless = self._named_items = self._null_items = False

    @property
    def bomb(self) -> bool:
        """Whether items of arrays may take no bytes, however a reader finds the definitions of their names."""
        return self._null_items or (self._weightless and self._named_items)

    def expand(self, schema: Schema, depth: int = 0) -> Schema:
        """The schema without names that stand for definitions."""
        self._count(1)
        if depth > _DEPTH_MAX:
            raise ValueError("nested too deeply")
        if isinstance(schema, str):
            return schema if schema in _PLAIN and schema not in self._known else self._named(schema)
        if isinstance(schema, list):
            return [self.expand(branch, depth + 1) for branch in schema]
        before, whole = self._parts, dict(schema)
        if whole["type"] == "record":
            whole["fields"] = [{**item, "type": self.expand(item["type"], depth + 1)} for item in whole["fields"]]
        elif whole["type"] in ("array", "map"):
            part = "items" if whole["type"] == "array" else "values"
            self._look_at_items(whole.get("items") if whole["type"] == "array" else "int")
            whole[part] = self.expand(whole[part], depth + 1)
        elif not isinstance(whole["type"], str) or whole["type"] not in _PLAIN:
            return self.expand(whole["type"], depth + 1)
        if "name" in whole:
            plain, spaced = str(whole["name"]) in _PLAIN, bool(whole.get("namespace"))
            if plain and not spaced:  # as Spark writes decimals: `fixed`, in a namespace of each column's own
                raise ValueError("a definition named like a type")
            self._weightless = self._weightless or _is_weightless(whole)
            full = f"{whole.get('namespace', '')}.{whole['name']}".lstrip(".")
            for name in (full,) if plain else (str(whole["name"]), full):
                self._known[name] = (whole, self._parts - before)
        return whole

    def _named(self, name: str) -> Schema:
        schema, parts = self._known[name if name in self._known else name.rpartition(".")[2]]
        self._count(parts)
        return schema

    def _look_at_items(self, items: Schema) -> None:
        self._null_items = self._null_items or items in ("null", {"type": "null"})
        self._named_items = self._named_items or not (isinstance(items, str) and items in _PLAIN)

    def _count(self, parts: int) -> None:
        self._parts += parts
        if self._parts > _PARTS_MAX:
            raise ValueError("too large")


def collapse(schema: Schema, seen: set[str]) -> Schema:
    """The schema with a name for each definition that came before, as Avro wants it."""
    if isinstance(schema, list):
        return [collapse(branch, seen) for branch in schema]
    if not isinstance(schema, dict):
        return schema
    if "name" in schema:
        name = f"{schema.get('namespace', '')}.{schema['name']}".lstrip(".")
        if name in seen:
            return name
        seen.add(name)
    whole = dict(schema)
    if "fields" in whole:
        whole["fields"] = [{**item, "type": collapse(item["type"], seen)} for item in whole["fields"]]
    for part in ("items", "values"):
        if part in whole:
            whole[part] = collapse(whole[part], seen)
    return whole


def type_of(schema: Schema, logical: Logical = _LOGICAL) -> DataType | None:
    """The catalog's type of an expanded schema; None for a union that is more than one type or none."""
    if isinstance(schema, list):
        present = [branch for branch in schema if branch != "null"]
        return type_of(present[0], logical) if len(present) == 1 else None if present else DataType("void")
    name = schema if isinstance(schema, str) else schema["type"]
    if name == "record":
        return _composed("struct", [(item["name"], type_of(item["type"], logical)) for item in schema["fields"]])
    if name == "array":
        return _composed("array", [("element", type_of(schema["items"], logical))])
    if name == "map":
        return _composed("map", [("key", DataType("string")), ("value", type_of(schema["values"], logical))])
    said = schema.get("logicalType") if isinstance(schema, dict) else None
    if said == "decimal" and name in ("bytes", "fixed"):
        precision, scale = int(schema["precision"]), int(schema.get("scale", 0))
        return DataType("decimal", (precision, scale)) if 0 <= scale <= precision <= 38 else DataType("binary")
    return DataType(logical.get((name, str(said))) or _LOGICAL.get((name, str(said)), _PLAIN[name]))


def _composed(name: str, parts: Sequence[tuple[str, DataType | None]]) -> DataType | None:
    fields = tuple((key, kind) for key, kind in parts if kind is not None)
    return DataType(name, fields=fields) if fields and len(fields) == len(parts) else None


def join(left: str, right: str) -> str:
    """One schema to read files of two by: fields of both, of the wider type; what one lacks may be null."""
    one, other = json.loads(left), json.loads(right)
    return json.dumps({**one, "fields": _joined_fields(one["fields"], other["fields"])})


def _joined_fields(left: Sequence[Schema], right: Sequence[Schema]) -> list[Schema]:
    others = {item["name"]: item for item in right}
    known = {item["name"] for item in left}
    fields = [
        {**item, "type": _joined(item["type"], others[item["name"]]["type"])} if item["name"] in others else _open(item)
        for item in left
    ]
    return fields + [_open(item) for item in right if item["name"] not in known]


def _open(item: Schema) -> Schema:
    """A field that may be missing: null then."""
    kind = item["type"]
    branches = [branch for branch in (kind if isinstance(kind, list) else [kind]) if branch != "null"]
    return {"name": item["name"], "type": ["null", *branches], "default": None}


def _joined(left: Schema, right: Schema) -> Schema:
    if left == right:
        return left
    if isinstance(left, list) or isinstance(right, list):
        one, other = (kind if isinstance(kind, list) else [kind] for kind in (left, right))
        inner = [[branch for branch in each if branch != "null"] for each in (one, other)]
        if len(inner[0]) == 1 == len(inner[1]):
            return ["null", _joined(inner[0][0], inner[1][0])]
        return left if inner[0] else right
    if left in _ORDER and right in _ORDER:
        return max(left, right, key=_ORDER.index)
    if isinstance(left, dict) and isinstance(right, dict) and left.get("type") == right.get("type") == "record":
        return {**left, "fields": _joined_fields(left["fields"], right["fields"])}
    return left
