"""An Iceberg schema of Hive's columns, for tables that are described in Hive's type language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

from catalog_server.lake.iceberg.shapes import Json
from catalog_server.model.errors import Invalid
from catalog_server.model.table import Column
from catalog_server.model.types import DataType, parse_type

_TYPES = {
    "boolean": "boolean",
    "tinyint": "int",
    "smallint": "int",
    "int": "int",
    "bigint": "long",
    "float": "float",
    "double": "double",
    "string": "string",
    "char": "string",
    "varchar": "string",
    "binary": "binary",
    "date": "date",
    "time": "time",
    "timestamp": "timestamp",
    "timestamp with local time zone": "timestamptz",
    "uuid": "uuid",
}
"""As Iceberg's own Hive catalog takes them; small integers and texts of a length widen."""


def schema_of(columns: Sequence[Column]) -> Json:
    """The schema of columns, none of which is required. Raises `Invalid` for a type that Iceberg has not."""
    ids = count(1)
    return {"type": "struct", "fields": [_field(column, next(ids), ids) for column in columns]}


def identity_spec(schema: Json, keys: Sequence[Column]) -> Json:
    """A partition spec by the values of some columns of the schema."""
    ids = {field["name"]: field["id"] for field in schema["fields"]}
    fields = [{"name": key.name, "transform": "identity", "source-id": ids[key.name]} for key in keys]
    return {"fields": fields}


def _field(column: Column, id_: int, ids: Iterator[int]) -> Json:
    field: Json = {
        "id": id_,
        "name": column.name,
        "required": False,
        "type": _type(parse_type(column.type), column, ids),
    }
    if column.comment is not None:
        field["doc"] = column.comment
    return field


def _type(kind: DataType, column: Column, ids: Iterator[int]) -> Any:
    inner = [part for _, part in kind.fields]
    if kind.name == "array":
        id_ = next(ids)
        return {"type": "list", "element-id": id_, "element": _type(inner[0], column, ids), "element-required": False}
    if kind.name == "map":
        key, value = next(ids), next(ids)
        return {
            "type": "map",
            "key-id": key,
            "key": _type(inner[0], column, ids),
            "value-id": value,
            "value": _type(inner[1], column, ids),
            "value-required": False,
        }
    if kind.name == "struct":
        numbered = [(next(ids), name, part) for name, part in kind.fields]
        fields = [
            {"id": id_, "name": name, "required": False, "type": _type(part, column, ids)}
            for id_, name, part in numbered
        ]
        return {"type": "struct", "fields": fields}
    if kind.name == "decimal":
        precision, scale = kind.arguments
        return f"decimal({precision}, {scale})"
    if kind.name not in _TYPES:
        raise Invalid(f"type of {column.name}", f"{kind} is no type of Iceberg's")
    return _TYPES[kind.name]
