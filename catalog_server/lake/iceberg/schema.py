"""Iceberg schemas as JSON: validity, fresh field ids, equality, and what a format version allows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from catalog_server.lake.iceberg import shapes
from catalog_server.lake.iceberg.shapes import Json
from catalog_server.model.derived import derived
from catalog_server.model.errors import Invalid

NextId = Callable[[], int]

_PLAIN = frozenset(
    "boolean int long float double date time timestamp timestamptz string uuid binary "
    "timestamp_ns timestamptz_ns unknown variant".split()
)
_SIZED = re.compile(
    r"(fixed)\[\s*(\d{1,9})\s*\]|(decimal)\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)|(geometry|geography)(\(.*\))?"
)
_SINCE_V3 = frozenset(("timestamp_ns", "timestamptz_ns", "unknown", "variant", "geometry", "geography"))
_DECIMAL_PRECISION_MAX = 38


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a schema, top-level or nested.

    `name` is the full dotted name; `kind` the type's first word (`struct`, `list`, `map`, `decimal`, `long`...);
    `parent` the id of the field that holds it, None at the top; `default` its initial default, None when there is none.
    """

    id: int
    name: str
    kind: str
    required: bool
    parent: int | None
    default: Any = None

    @property
    def primitive(self) -> bool:
        """Whether values of this field are single values."""
        return self.kind not in ("struct", "list", "map")


def type_kind(type_: object, where: str = "type") -> str:
    """The first word of a type, such as `struct`, `decimal` or `long`.

    Raises:
        Invalid: the type is none that Iceberg knows.
    """
    if isinstance(type_, dict):
        kind = shapes.get_string(type_, "type", where)
        if kind in ("struct", "list", "map"):
            return kind
        raise Invalid(where, f"unknown type {kind}")
    text = shapes.string_of(type_, where)
    if text in _PLAIN:
        return text
    sized = _SIZED.fullmatch(text)
    if sized is None:
        raise Invalid(where, f"unknown type {text}")
    if sized[3] and not 1 <= int(sized[4]) <= _DECIMAL_PRECISION_MAX:
        raise Invalid(
            where, f"decimals with precision larger than {_DECIMAL_PRECISION_MAX} are not supported: {sized[4]}"
        )
    return sized[1] or sized[3] or sized[6]


def index(schema: Json, where: str = "schema") -> dict[int, Field]:
    """All fields of a schema by id, in document order.

    Raises:
        Invalid: the schema is malformed, or an id or a name occurs twice.
    """
    if schema.get("type", "struct") != "struct":
        raise Invalid(where, "must be of type struct")
    fields: dict[int, Field] = {}
    names: set[str] = set()
    for field in _walk_struct(schema, "", None, where):
        if field.id in fields:
            raise Invalid(where, f"multiple fields for id {field.id}: {fields[field.id].name} and {field.name}")
        if field.name in names:
            raise Invalid(where, f"multiple fields for name {field.name}")
        fields[field.id] = field
        names.add(field.name)
    return fields


@derived
def fields_of(schema: Json) -> dict[int, Field]:
    """All fields of a schema that is part of a document, which changes no more; as `index`."""
    return index(schema)


def _walk_struct(struct: Json, prefix: str, parent: int | None, where: str) -> Iterator[Field]:
    for position, raw in enumerate(shapes.get_list(struct, "fields", where)):
        at = f"{where}.fields[{position}]"
        field = shapes.object_of(raw, at)
        name = shapes.get_string(field, "name", at)
        required = shapes.boolean_of(field.get("required"), f"{at}.required")
        id_ = shapes.get_integer(field, "id", at)
        shapes.find_string(field, "doc", at)
        yield from _walk_field(
            id_, prefix + name, field.get("type"), required, parent, at, field.get("initial-default")
        )


def _walk_field(
    id_: int, name: str, type_: object, required: bool, parent: int | None, where: str, default: Any = None
) -> Iterator[Field]:
    kind = type_kind(type_, f"{where}.type")
    yield Field(id_, name, kind, required, parent, default)
    if not isinstance(type_, dict):
        return
    inner = f"{where}.type"
    if kind == "struct":
        yield from _walk_struct(type_, f"{name}.", id_, inner)
    elif kind == "list":
        yield from _walk_part(type_, "element", name, id_, inner)
    else:
        yield from _walk_part(type_, "key", name, id_, inner)
        yield from _walk_part(type_, "value", name, id_, inner)


def _walk_part(container: Json, part: str, name: str, parent: int, where: str) -> Iterator[Field]:
    id_ = shapes.get_integer(container, f"{part}-id", where)
    required = part == "key" or shapes.boolean_of(container.get(f"{part}-required"), f"{where}.{part}-required")
    yield from _walk_field(id_, f"{name}.{part}", container.get(part), required, parent, f"{where}.{part}")


def check(schema: Json, format_version: int, where: str = "schema") -> dict[int, Field]:
    """Validate a schema for a format version and return its fields by id.

    Raises:
        Invalid: malformed, an identifier field that cannot be one, or something the version does not allow.
    """
    fields = index(schema, where)
    for id_ in identifier_ids(schema, where):
        _check_identifier(id_, fields)
    problems = [problem for field in fields.values() if (problem := _problem(field, format_version))]
    if problems:
        raise Invalid(where, f"Invalid schema for v{format_version}:\n- " + "\n- ".join(problems))
    return fields


def _problem(field: Field, format_version: int) -> str | None:
    if format_version >= 3:
        return None
    if field.kind in _SINCE_V3:
        return f"Invalid type for {field.name}: {field.kind} is not supported until v3"
    if field.default is not None:
        return f"Invalid initial default for {field.name}: non-null default ({field.default}) is not supported until v3"
    return None


def identifier_ids(schema: Json, where: str = "schema") -> list[int]:
    """The ids of the fields that identify a row."""
    return shapes.longs_of(schema.get("identifier-field-ids") or [], f"{where}.identifier-field-ids")


def _check_identifier(id_: int, fields: dict[int, Field]) -> None:
    field = fields.get(id_)
    if field is None:
        raise Invalid("identifier-field-ids", f"Cannot add fieldId {id_} as an identifier field: field does not exist")
    refused = f"Cannot add field {field.name} as an identifier field"
    if not field.primitive:
        raise Invalid("identifier-field-ids", f"{refused}: not a primitive type field")
    if not field.required:
        raise Invalid("identifier-field-ids", f"{refused}: not a required field")
    if field.kind in ("float", "double"):
        raise Invalid("identifier-field-ids", f"{refused}: must not be float or double field")
    for parent in parents(field, fields):
        if parent.kind != "struct":
            raise Invalid("identifier-field-ids", f"{refused}: must not be nested in {parent.name}")
        if not parent.required:
            raise Invalid("identifier-field-ids", f"{refused}: must not be nested in an optional field {parent.name}")


def parents(field: Field, fields: dict[int, Field]) -> Iterator[Field]:
    """The fields that hold `field`, innermost first."""
    above = field.parent
    while above is not None:
        yield fields[above]
        above = fields[above].parent


def with_fresh_ids(schema: Json, schema_id: int, next_id: NextId) -> tuple[Json, dict[int, int]]:
    """The schema with new field ids, in the order Iceberg gives them, and the map from old id to new id.

    A struct's own fields are numbered before anything inside them. Other keys of the schema and its fields stay.
    """
    renumbered: dict[int, int] = {}
    fresh = _fresh_struct(schema, next_id, renumbered)
    fresh.update({"type": "struct", "schema-id": schema_id})
    identifiers = identifier_ids(schema)
    if identifiers:
        fresh["identifier-field-ids"] = [renumbered[id_] for id_ in identifiers]
    return fresh, renumbered


def _fresh_struct(struct: Json, next_id: NextId, renumbered: dict[int, int]) -> Json:
    ids = []
    for field in struct["fields"]:
        ids.append(next_id())
        renumbered[field["id"]] = ids[-1]
    fields = [
        {**field, "id": id_, "type": _fresh_type(field["type"], next_id, renumbered)}
        for field, id_ in zip(struct["fields"], ids, strict=True)
    ]
    return {**struct, "fields": fields}


def _fresh_type(type_: Any, next_id: NextId, renumbered: dict[int, int]) -> Any:
    if isinstance(type_, str):
        return type_
    if type_["type"] == "struct":
        return _fresh_struct(type_, next_id, renumbered)
    parts = ("element",) if type_["type"] == "list" else ("key", "value")
    fresh = dict(type_)
    for part in parts:
        fresh[f"{part}-id"] = renumbered[type_[f"{part}-id"]] = next_id()
    for part in parts:
        fresh[part] = _fresh_type(type_[part], next_id, renumbered)
    return fresh


def same(one: Json, other: Json) -> bool:
    """Whether two valid schemas say the same, whatever their schema ids."""
    return sorted(identifier_ids(one)) == sorted(identifier_ids(other)) and _plain(one) == _plain(other)


def _plain(value: Any) -> Any:
    """A schema or type with everything that makes no difference taken away."""
    if isinstance(value, str):
        return re.sub(r"\s+", "", value) if _SIZED.fullmatch(value) else value
    if isinstance(value, dict) and isinstance(value.get("fields"), list):
        return [_plain_field(field) for field in value["fields"]]
    if isinstance(value, dict):
        return {key: _plain(item) if key in ("element", "key", "value") else item for key, item in value.items()}
    return value


def _plain_field(field: Any) -> Any:
    if not isinstance(field, dict):
        return field
    return {key: _plain(item) if key == "type" else item for key, item in field.items() if item is not None}


def highest_id(fields: dict[int, Field]) -> int:
    """The greatest field id, 0 without fields."""
    return max(fields, default=0)
