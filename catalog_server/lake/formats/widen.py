"""The narrowest type that holds the values of two types: how the schemas of several files become one."""

from __future__ import annotations

from catalog_server.model.types import DataType

FIELDS_MAX = 2_000
"""Fields that objects of text may have together before their keys are taken for data."""
_INTEGERS = ("tinyint", "smallint", "int", "bigint")
_DIGITS = {"tinyint": 3, "smallint": 5, "int": 10, "bigint": 19}
_STRING = DataType("string")
_DOUBLE = DataType("double")


def widen(left: DataType, right: DataType, *, text: bool) -> DataType | None:
    """The common type, or None if there is none. In files of text every two types have one: string at last."""
    if left == right or right.name == "void":
        return left
    if left.name == "void":
        return right
    found = _nested(left, right, text) if left.fields or right.fields else _plain(left, right, text)
    return found or (_STRING if text else None)


def _plain(left: DataType, right: DataType, text: bool) -> DataType | None:
    names = {left.name, right.name}
    if names <= set(_INTEGERS):
        return max(left, right, key=lambda kind: _INTEGERS.index(kind.name))
    if names <= {*_INTEGERS, "decimal"}:
        return _decimal(left, right)
    if names == {"float", "double"} or (text and names <= {*_INTEGERS, "decimal", "float", "double"}):
        return _DOUBLE
    if names <= {"char", "varchar", "string"}:
        return _STRING
    if not text and names == {"timestamp", "timestamp_ns"}:
        return DataType("timestamp")
    return None


def _decimal(left: DataType, right: DataType) -> DataType | None:
    sizes = [kind.arguments or (_DIGITS[kind.name], 0) for kind in (left, right)]
    scale = max(size[1] for size in sizes)
    precision = scale + max(size[0] - size[1] for size in sizes)
    return DataType("decimal", (precision, scale)) if precision <= 38 else None


def _nested(left: DataType, right: DataType, text: bool) -> DataType | None:
    if left.name != right.name:
        return None
    if left.name == "struct":
        return _struct(left, right, text)
    parts = [(name, widen(a, b, text=text)) for (name, a), (_, b) in zip(left.fields, right.fields, strict=True)]
    if any(kind is None for _, kind in parts):
        return None
    return DataType(left.name, fields=tuple((name, kind) for name, kind in parts if kind is not None))


def _struct(left: DataType, right: DataType, text: bool) -> DataType | None:
    """The fields of both; of text, None for too many of them: the keys seem to be data."""
    held, before = dict(left.fields), len(left.fields)
    changed = False
    for name, kind in right.fields:
        known = held.get(name, kind)
        common = known if known is kind else widen(known, kind, text=text)
        if common is None:
            return None
        changed = changed or common != known
        held[name] = common
    if text and len(held) > FIELDS_MAX:
        return None
    return DataType("struct", fields=tuple(held.items())) if changed or len(held) > before else left


def settle(kind: DataType) -> DataType:
    """The type with every place of which nothing is known (`void`, an empty struct) made a string."""
    if kind.name == "void" or (kind.name == "struct" and not kind.fields):
        return _STRING
    return DataType(kind.name, kind.arguments, tuple((name, settle(inner)) for name, inner in kind.fields))
