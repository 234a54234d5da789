"""Partition specs and sort orders as JSON: binding to a schema, field ids, equality."""

from __future__ import annotations

import re
from collections.abc import Iterable

from catalog_server.lake.iceberg import shapes
from catalog_server.lake.iceberg.schema import Field, parents
from catalog_server.lake.iceberg.shapes import Json
from catalog_server.model.errors import Invalid

FIRST_PARTITION_ID = 1000

_PARAMETRIC = re.compile(r"(bucket|truncate)\[\s*(\d{1,10})\s*\]")
_TIMESTAMPS = frozenset(("timestamp", "timestamptz", "timestamp_ns", "timestamptz_ns"))
_SOURCES: dict[str, frozenset[str]] = {
    "year": _TIMESTAMPS | {"date"},
    "month": _TIMESTAMPS | {"date"},
    "day": _TIMESTAMPS | {"date"},
    "hour": _TIMESTAMPS,
    "truncate": frozenset(("int", "long", "string", "binary", "decimal")),
    "bucket": _TIMESTAMPS | {"int", "long", "date", "time", "string", "binary", "fixed", "decimal", "uuid"},
}
_NO_IDENTITY = frozenset(("variant", "geometry", "geography"))


def transform_name(transform: str, where: str) -> str:
    """The name of a transform without its parameter.

    Raises:
        Invalid: a bucket count or a truncation width of 0.
    """
    parametric = _PARAMETRIC.fullmatch(transform)
    if parametric is None:
        return transform
    if int(parametric[2]) == 0:
        raise Invalid(where, f"the parameter of {transform} must be positive")
    return parametric[1]


def source_id(field: Json, where: str) -> int:
    """The id of the (first) source column of a partition or sort field."""
    if "source-id" not in field and "source-ids" in field:
        ids = shapes.longs_of(field["source-ids"], f"{where}.source-ids")
        if len(ids) != 1:
            raise Invalid(f"{where}.source-ids", "transforms of several columns are not supported")
        return ids[0]
    return shapes.get_integer(field, "source-id", where)


def check_spec(spec: Json, fields: dict[int, Field], where: str = "spec") -> None:
    """Validate a partition spec against the fields of the current schema.

    Raises:
        Invalid: malformed, a missing source column, or a transform that does not fit its source.
    """
    names: set[str] = set()
    by_name = {field.name: field.id for field in fields.values()}
    for position, item in enumerate(shapes.objects_of(spec.get("fields"), f"{where}.fields")):
        at = f"{where}.fields[{position}]"
        name, transform = shapes.get_string(item, "name", at), shapes.get_string(item, "transform", at)
        source = source_id(item, at)
        if not name:
            raise Invalid(at, "Cannot use empty partition name")
        if name in names:
            raise Invalid(at, f"Cannot use partition name more than once: {name}")
        names.add(name)
        if source in fields and by_name.get(name, source) != source:
            raise Invalid(at, f"Cannot create identity partition sourced from different field in schema: {name}")
        _check_source(transform_name(transform, at), transform, source, fields, at, "partition")


def _check_source(kind: str, transform: str, source: int, fields: dict[int, Field], where: str, purpose: str) -> None:
    if kind == "void":
        return
    field = fields.get(source)
    if field is None:
        raise Invalid(where, f"Cannot find source column for {purpose} field: {transform}({source})")
    if not field.primitive:
        raise Invalid(where, f"Cannot {purpose} by non-primitive source field: {field.name}")
    allowed = _SOURCES.get(kind)
    if (allowed is not None and field.kind not in allowed) or (kind == "identity" and field.kind in _NO_IDENTITY):
        raise Invalid(where, f"Invalid source type {field.kind} for transform: {transform}")
    if purpose == "partition" and (parent := next((p for p in parents(field, fields) if p.kind != "struct"), None)):
        raise Invalid(where, f"Invalid partition field parent: {parent.name}")


def bind_spec(spec: Json, spec_id: int, known: Iterable[Json], last_id: int) -> Json:
    """A spec with a spec id and all field ids, and nothing else changed.

    A field without an id takes the one that an earlier spec gave to the same source and transform, or a new one
    above `last_id`.
    """
    earlier = {
        (field.get("source-id"), field["transform"]): field["field-id"]
        for other in known
        for field in other["fields"]
        if "field-id" in field
    }
    bound: list[Json] = []
    given = [shapes.find_integer(field, "field-id", f"spec.fields[{n}]") for n, field in enumerate(spec["fields"])]
    used = {id_ for id_ in given if id_ is not None}
    for field, id_ in zip(spec["fields"], given, strict=True):
        if id_ is None:
            id_ = earlier.get((field.get("source-id"), field["transform"]))
            if id_ is None or id_ in used:
                id_ = last_id = max(last_id, *used) + 1 if used else last_id + 1
            used.add(id_)
        bound.append({**field, "field-id": id_})
    ids = [field["field-id"] for field in bound]
    if len(set(ids)) != len(ids):
        raise Invalid("spec.fields", "the same field-id is used more than once")
    return {**spec, "spec-id": spec_id, "fields": bound}


def check_sequential(spec: Json) -> None:
    """Raise `Invalid` unless field ids count up from 1000, as format version 1 needs."""
    for position, field in enumerate(spec["fields"]):
        if field["field-id"] != FIRST_PARTITION_ID + position:
            raise Invalid("spec", f"Spec does not use sequential IDs that are required in v1: {field['field-id']}")


def same_spec(one: Json, other: Json) -> bool:
    """Whether two specs have the same sources, transforms and names, whatever their ids."""
    return [_spec_key(field) for field in one["fields"]] == [_spec_key(field) for field in other["fields"]]


def _spec_key(field: Json) -> tuple[int, str, str]:
    return source_id(field, "spec"), field["transform"], field["name"]


def last_field_id(spec: Json) -> int:
    """The greatest partition field id, 999 without fields."""
    return max((field["field-id"] for field in spec["fields"]), default=FIRST_PARTITION_ID - 1)


def check_order(order: Json, fields: dict[int, Field], where: str = "sort-order") -> None:
    """Validate a sort order against the fields of the current schema.

    Raises:
        Invalid: malformed, a missing source column, or a transform that does not fit its source.
    """
    for position, item in enumerate(shapes.objects_of(order.get("fields"), f"{where}.fields")):
        at = f"{where}.fields[{position}]"
        transform = shapes.get_string(item, "transform", at)
        if shapes.get_string(item, "direction", at) not in ("asc", "desc"):
            raise Invalid(f"{at}.direction", f"must be asc or desc, not {item['direction']}")
        if shapes.get_string(item, "null-order", at) not in ("nulls-first", "nulls-last"):
            raise Invalid(f"{at}.null-order", f"must be nulls-first or nulls-last, not {item['null-order']}")
        _check_source(transform_name(transform, at), transform, source_id(item, at), fields, at, "sort")


def same_order(one: Json, other: Json) -> bool:
    """Whether two sort orders sort alike, whatever their ids."""
    return [_order_key(field) for field in one["fields"]] == [_order_key(field) for field in other["fields"]]


def _order_key(field: Json) -> tuple[str, int, str, str]:
    return field["transform"], source_id(field, "sort-order"), field["direction"], field["null-order"]


def with_sources(item: Json, renumbered: dict[int, int], where: str) -> Json:
    """A spec or a sort order whose sources follow a renumbered schema."""
    fields = []
    for position, field in enumerate(shapes.objects_of(item.get("fields"), f"{where}.fields")):
        old = source_id(field, f"{where}.fields[{position}]")
        if old not in renumbered:
            raise Invalid(f"{where}.fields[{position}]", f"Cannot find source column: {old}")
        key = "source-id" if "source-id" in field else "source-ids"
        fields.append({**field, key: renumbered[old] if key == "source-id" else [renumbered[old]]})
    return {**item, "fields": fields}
