"""Values put together and taken apart: rows, subscripts, choices."""

from __future__ import annotations

from catalog_server.model.errors import Invalid
from catalog_server.query.casts import coerce, common, fail
from catalog_server.query.scope import Value
from catalog_server.query.types import BIGINT, Type, physical_names, row, text_literal


def field_of(value: Value, index: int) -> Value:
    """One field of a row, counted from 0."""
    name = physical_names(value.type)[index]
    return Value(f"struct_extract({value.sql}, {text_literal(name)})", value.type.fields[index][1])


def choose(whens: list[str], results: list[Value]) -> Value:
    """CASE over conditions; the last result is the one of ELSE."""
    met = common(results)
    if met is None:
        raise Invalid("", f"All CASE results must be the same type: {', '.join(str(each.type) for each in results)}")
    made = [coerce(each, met).sql for each in results]
    branches = " ".join(f"WHEN {when} THEN {made[index]}" for index, when in enumerate(whens))
    return Value(f"CASE {branches} ELSE {made[-1]} END", met)


def make_row(values: list[Value]) -> Value:
    """A row without field names."""
    kind = row(("", each.type) for each in values)
    return Value(row_sql(values, kind), kind)


def row_sql(values: list[Value], kind: Type) -> str:
    """A struct with the physical names of a row type."""
    parts = zip(physical_names(kind), values, strict=True)
    return "{" + ", ".join(f"{text_literal(name)}: {each.sql}" for name, each in parts) + "}"


def subscript(value: Value, index: Value) -> Value:
    """`value[index]`: arrays count from 1 and refuse an index outside; a map refuses a missing key."""
    kind = value.type
    if kind.name == "array":
        position = coerce(index, BIGINT).sql
        refused = fail("Array subscript must be less than or equal to array length", kind.element)
        wrong = fail("SQL array indices start at 1", kind.element)
        negative = fail("Array subscript is negative", kind.element)
        return Value(
            f"CASE WHEN {position} = 0 THEN {wrong} WHEN {position} < 0 THEN {negative} WHEN {position} > len({value.sql}) "
            f"THEN {refused} ELSE ({value.sql})[{position}] END",
            kind.element,
        )
    if kind.name == "map":
        key = coerce(index, kind.key).sql
        missing = fail("Key not present in map", kind.value)
        return Value(
            f"CASE WHEN {value.sql} IS NULL OR map_contains({value.sql}, {key}) THEN map_extract_value({value.sql}, {key}) "
            f"ELSE {missing} END",
            kind.value,
        )
    if kind.name == "row" and isinstance(index.literal, int) and 1 <= index.literal <= len(kind.fields):
        return field_of(value, index.literal - 1)
    raise Invalid("", f"Cannot use a subscript on {kind}")
