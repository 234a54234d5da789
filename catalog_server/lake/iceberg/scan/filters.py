"""Filters of scans: Iceberg's expression JSON, read against a schema.

Negations are pushed down to the leaves. A leaf keeps the JSON it came as, so that what is left of a filter goes back to
the client in its own words. Leaves that cannot be evaluated here, such as those on transforms, hold for every file and stay.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import DecimalException
from typing import Any

from pyiceberg import expressions as e
from pyiceberg import types as t
from pyiceberg.expressions.literals import AboveMax, BelowMin, Literal, literal
from pyiceberg.schema import Schema

from catalog_server.model.errors import Invalid

DEPTH_MAX = 100
"""Levels of nested `not`s and of `and`s within `or`s; a chain of one kind is one level, however long."""

_NEGATED = {
    "is-null": "not-null",
    "is-nan": "not-nan",
    "lt": "gt-eq",
    "gt": "lt-eq",
    "eq": "not-eq",
    "starts-with": "not-starts-with",
    "in": "not-in",
}
_NEGATED |= {value: key for key, value in _NEGATED.items()}
_SWAPPED = {"lt": "gt", "gt": "lt", "lt-eq": "gt-eq", "gt-eq": "lt-eq", "eq": "eq", "not-eq": "not-eq"}
_UNARY = {"is-null": e.IsNull, "not-null": e.NotNull, "is-nan": e.IsNaN, "not-nan": e.NotNaN}
_COMPARISONS = {
    "lt": e.LessThan,
    "lt-eq": e.LessThanOrEqual,
    "gt": e.GreaterThan,
    "gt-eq": e.GreaterThanOrEqual,
    "eq": e.EqualTo,
    "not-eq": e.NotEqualTo,
    "starts-with": e.StartsWith,
    "not-starts-with": e.NotStartsWith,
}
_SETS = {"in": e.In, "not-in": e.NotIn}
_VALUES = ("literal", "reference", "transform", "apply")
_PREFIXES = ("starts-with", "not-starts-with")
_FALSE_ABOVE, _FALSE_BELOW = ("gt", "gt-eq", "eq"), ("lt", "lt-eq", "eq")
_COMPARED = (
    t.BooleanType, t.IntegerType, t.LongType, t.FloatType, t.DoubleType, t.DateType, t.TimeType, t.TimestampType,
    t.TimestamptzType, t.StringType, t.UUIDType, t.FixedType, t.BinaryType, t.DecimalType,
)  # fmt: skip
"""Types whose values are compared here."""
_COUNTED = (t.DateType, t.TimeType, t.TimestampType, t.TimestamptzType)
_INT_MAX = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Leaf:
    """A predicate as the client sent it."""

    json: dict[str, Any]
    expression: Any = None
    """Pyiceberg's, None where it cannot be told from the bounds of a file."""
    bound: Any = None
    """The same bound to the schema, None where it cannot be told from a partition."""


@dataclass(frozen=True, slots=True)
class Every:
    """All of the parts."""

    parts: tuple[Leaf | Every | Some, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """One of the parts at least."""

    parts: tuple[Leaf | Every | Some, ...]


Filter = bool | Leaf | Every | Some


def read(said: object, schema: Schema, case_sensitive: bool = True) -> Filter:
    """The filter that a client sent; raises `Invalid` for one that is malformed or speaks of columns that are not there."""
    try:
        return _Reader(schema, case_sensitive).filter(said, False, 0)
    except RecursionError as error:
        raise Invalid("filter", "nests too deep") from error


def all_of(parts: Iterable[Filter]) -> Filter:
    """What holds when all parts do."""
    return _joined(Every, parts)


def any_of(parts: Iterable[Filter]) -> Filter:
    """What holds when one of the parts does."""
    return _joined(Some, parts)


def _joined(kind: type[Every | Some], parts: Iterable[Filter]) -> Filter:
    neutral = kind is Every
    left: list[Leaf | Every | Some] = []
    for part in parts:
        if isinstance(part, bool):
            if part is not neutral:
                return part
        else:
            left.append(part)
    if not left:
        return neutral
    return left[0] if len(left) == 1 else kind(tuple(left))


def to_json(filter_: Filter) -> Any:
    """The filter as a client reads it."""
    if isinstance(filter_, bool):
        return filter_
    if isinstance(filter_, Leaf):
        return filter_.json
    return _balanced("and" if isinstance(filter_, Every) else "or", [to_json(part) for part in filter_.parts])


def _balanced(kind: str, parts: list[Any]) -> Any:
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return {"type": kind, "left": _balanced(kind, parts[:middle]), "right": _balanced(kind, parts[middle:])}


def to_expression(filter_: Filter) -> Any:
    """Pyiceberg's expression; holds wherever the filter does, and perhaps elsewhere."""
    if isinstance(filter_, bool):
        return e.AlwaysTrue() if filter_ else e.AlwaysFalse()
    if isinstance(filter_, Leaf):
        return e.AlwaysTrue() if filter_.expression is None else filter_.expression
    parts = [to_expression(part) for part in filter_.parts]
    return (e.And if isinstance(filter_, Every) else e.Or)(*parts)


@dataclass(frozen=True, slots=True)
class _Value:
    value: Any


class _Unknown:
    """A value that is not worked out here."""


_UNKNOWN = _Unknown()
_Operand = Any
"""Pyiceberg's field, a value, or what is not worked out."""


class _Reader:
    def __init__(self, schema: Schema, case_sensitive: bool) -> None:
        self.schema = schema
        self.case_sensitive = case_sensitive

    def filter(self, said: object, negated: bool, depth: int) -> Filter:
        if depth > DEPTH_MAX:
            raise Invalid("filter", f"nests deeper than {DEPTH_MAX} levels")
        if isinstance(said, bool):
            return said is not negated
        if not isinstance(said, dict):
            raise Invalid("filter", f"an expression must be an object or a boolean, not {_shown(said)}")
        kind = said.get("type")
        if kind in ("true", "false"):
            return (kind == "true") is not negated
        if kind == "literal":
            return self.filter(bool(said.get("value")) if isinstance(said.get("value"), bool) else None, negated, depth)
        if kind == "not":
            return self.filter(_part(said, "child"), not negated, depth + 1)
        if kind in ("and", "or"):
            parts = (self.filter(part, negated, depth + 1) for part in _chain(said, kind))
            return all_of(parts) if (kind == "and") is not negated else any_of(parts)
        if not isinstance(kind, str) or kind not in _NEGATED:
            raise Invalid("filter", f"{_shown(kind)} is not a type of expression")
        return self._leaf(kind, said, negated)

    def _leaf(self, kind: str, said: dict[str, Any], negated: bool) -> Filter:
        json = {"type": "not", "child": said} if negated else said
        meant = _NEGATED[kind] if negated else kind
        if kind in _COMPARISONS:
            return self._comparison(meant, said, json)
        operand = self._term(said)
        if kind in _UNARY:
            return self._bound(json, None if not _is_primitive(operand) else _UNARY[meant](self._name(operand)))
        values = _values(said)
        if not isinstance(operand, t.NestedField) or not isinstance(operand.field_type, _COMPARED):
            return Leaf(json)
        literals = [self._literal(operand, value) for value in values]
        within = {one for one in literals if not isinstance(one, AboveMax | BelowMin)}
        if len(within) == 0:
            return meant == "not-in" and (Leaf(json) if values else True)
        return self._bound(json, _SETS[meant](self._name(operand), within))

    def _comparison(self, kind: str, said: dict[str, Any], json: dict[str, Any]) -> Filter:
        if "left" in said or "right" in said:
            left, right = self._operand(_part(said, "left")), self._operand(_part(said, "right"))
        else:
            left, right = self._term(said), self._operand(_part(said, "value"))
        if isinstance(left, _Value) and isinstance(right, t.NestedField) and kind not in _PREFIXES:
            left, right, kind = right, left, _SWAPPED[kind]
        if not isinstance(left, t.NestedField):
            return Leaf(json)
        if kind in _PREFIXES and not isinstance(left.field_type, t.StringType):
            raise Invalid("filter", f"{kind} needs a string, and {self._name(left)} is {left.field_type}")
        if not isinstance(right, _Value):
            return Leaf(json)
        if not isinstance(left.field_type, _COMPARED):
            return Leaf(json)
        if isinstance(left.field_type, t.UUIDType) and kind not in ("eq", "not-eq"):
            return Leaf(json)  # readers do not agree in which order UUIDs stand
        value = self._literal(left, right.value)
        if isinstance(value, AboveMax | BelowMin):
            never = kind in (_FALSE_ABOVE if isinstance(value, AboveMax) else _FALSE_BELOW)
            return False if never else Leaf(json)
        return self._bound(json, _COMPARISONS[kind](self._name(left), value))

    def _bound(self, json: dict[str, Any], expression: Any) -> Filter:
        if expression is None:
            return Leaf(json)
        try:
            bound = expression.bind(self.schema)
        except ValueError:  # inside a list or a map, where there is no one value per row
            return Leaf(json)
        if isinstance(bound, e.AlwaysTrue | e.AlwaysFalse):
            return isinstance(bound, e.AlwaysTrue)
        is_uuid = isinstance(bound.term.ref().field.field_type, t.UUIDType)  # in whose bounds writers do not agree
        return Leaf(json, None if is_uuid else expression, bound)

    def _name(self, field: Any) -> str:
        return str(self.schema.find_column_name(field.field_id))

    def _term(self, said: dict[str, Any]) -> _Operand:
        """The one operand, or the left one of a comparison in its older form, where a text is a column's name."""
        if "child" in said:
            found = self._operand(said["child"])
            if isinstance(found, _Value):
                raise Invalid("filter", f"{said['type']} needs a column, not the value {_shown(found.value)}")
            return found
        term = _part(said, "term")
        return self._column(term) if isinstance(term, str) else self._operand(term)

    def _operand(self, said: object) -> _Operand:
        if not isinstance(said, dict):
            return _Value(said)
        kind = said.get("type")
        if kind == "literal":
            return _Value(_part(said, "value"))
        if kind == "reference":
            return self._column(next((said[key] for key in ("name", "id", "term") if key in said), None))
        if kind == "transform" and isinstance(said.get("transform"), str):
            term = _part(said, "term")
            found = self._column(term) if isinstance(term, str) else self._operand(term)
            if not isinstance(found, t.NestedField):
                raise Invalid("filter", "a transform needs a column")
            return _UNKNOWN
        if kind == "apply" and isinstance(said.get("arguments"), list):
            for argument in said["arguments"]:
                is_predicate = isinstance(argument, dict) and argument.get("type") not in _VALUES
                self.filter(argument, False, 0) if is_predicate else self._operand(argument)
            return _UNKNOWN
        raise Invalid("filter", f"{_shown(said)} is neither a column nor a value")

    def _column(self, said: object) -> t.NestedField:
        try:
            if isinstance(said, str) or (isinstance(said, int) and not isinstance(said, bool)):
                return self.schema.find_field(said, self.case_sensitive)
        except ValueError as error:
            raise Invalid("filter", f"Cannot find field {_shown(said)} in the table's schema") from error
        raise Invalid("filter", f"{_shown(said)} is not the name of a column")

    def _literal(self, field: Any, value: object) -> Literal[Any]:
        kind = field.field_type
        try:
            return _typed(kind, value)
        except (TypeError, ValueError, DecimalException, OverflowError) as error:
            raise Invalid("filter", f"{_shown(value)} is not a value of {self._name(field)}, a {kind}") from error


def _typed(kind: Any, value: Any) -> Literal[Any]:
    """The literal of a column's type; raises `ValueError` or `TypeError` where there is none."""
    if isinstance(kind, t.BooleanType) is not isinstance(value, bool) or value is None:
        raise TypeError(value)
    if isinstance(kind, t.StringType) and not isinstance(value, str):
        raise TypeError(value)
    if isinstance(kind, t.FixedType | t.BinaryType):
        return literal(bytes.fromhex(value)).to(kind)
    if isinstance(value, int) and abs(value) > _INT_MAX and isinstance(kind, _COUNTED):
        raise ValueError(value)
    found = literal(value).to(kind)
    if found.value != found.value:
        raise ValueError("NaN, to which nothing compares")
    if isinstance(kind, t.FloatType) and not isinstance(found, AboveMax | BelowMin):
        # As a column holds it: 0.1 of 64 bits is less than 0.1 of 32.
        return literal(struct.unpack("<f", struct.pack("<f", found.value))[0]).to(kind)
    return found


def _is_primitive(operand: _Operand) -> bool:
    return isinstance(operand, t.NestedField) and operand.field_type.is_primitive


def _values(said: dict[str, Any]) -> list[Any]:
    values = _part(said, "values")
    if isinstance(values, dict) and values.get("type") == "literals":
        values = values.get("values")
    if not isinstance(values, list):
        raise Invalid("filter", f"{said['type']} needs a list of values")
    return [_part(one, "value") if isinstance(one, dict) and one.get("type") == "literal" else one for one in values]


def _part(said: dict[str, Any], key: str) -> Any:
    if key not in said:
        raise Invalid("filter", f"{key} is missing in {_shown(said)}")
    return said[key]


def _chain(said: dict[str, Any], kind: str) -> Iterator[Any]:
    """The parts of a chain of one kind, in order: chains may be longer than calls may nest."""
    waiting: list[Any] = [said]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict) and one.get("type") == kind:
            waiting += [_part(one, "right"), _part(one, "left")]
        else:
            yield one


def _shown(said: object) -> str:
    return repr(said)[:100]
