"""Arguments for any Thrift method, filled in by the names of their fields, so that tests can walk over all methods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog_server.wire import hive_metastore as wire
from catalog_server.wire.bindings import LIST, MAP, SET, STRING, STRUCT

DEPTH_MAX = 5
_BOOL, _DOUBLE = 2, 4
_TYPES = {LIST: list | tuple, SET: set, MAP: dict, STRING: str | bytes, _BOOL: bool, _DOUBLE: float}


def filled(method: str, said: Mapping[str, Any], *, whole: bool = False) -> Any:
    """The arguments of a method: fields have the value that is said for their name (in lower case, without underscores).

    Structs that are asked for directly are made; with `whole` lists of them have one, and all other fields a value.
    """
    arguments = wire.method(method).arguments
    return _struct(arguments[0], arguments[1], said, whole, 0)


def _struct(kind: Any, fields: Any, said: Mapping[str, Any], whole: bool, depth: int) -> Any:
    made = {}
    for field in fields:
        if field is None:
            continue
        name = field[2].lower().replace("_", "")
        is_said = name in said and _fits(field[1], said[name])
        value = said[name] if is_said else _value(field[1], field[3], said, whole, depth)
        if value is not None:
            made[field[2]] = value
    return kind(**made)


def _fits(kind: int, value: Any) -> bool:
    if value is None:
        return True
    if kind == STRUCT:
        return hasattr(value, "thrift_spec")
    if kind in _TYPES:
        return isinstance(value, _TYPES[kind])
    return isinstance(value, int) and not isinstance(value, bool)


def _value(kind: int, of: Any, said: Mapping[str, Any], whole: bool, depth: int) -> Any:
    if kind == STRUCT:
        return None if depth >= DEPTH_MAX else _struct(of[0], of[1], said, whole, depth + 1)
    if not whole:
        return None
    if kind in (LIST, SET):
        element = _value(of[0], of[1], said, whole, depth)
        return None if element is None else ([element] if kind == LIST else {element})
    if kind == MAP:
        key, value = _value(of[0], of[1], said, whole, depth), _value(of[2], of[3], said, whole, depth)
        return None if value is None else {tuple(key) if isinstance(key, list) else key: value}
    if kind == STRING:
        return b"x" if of == "BINARY" else "x"
    if kind == _BOOL:
        return False
    return 1.0 if kind == _DOUBLE else 1
