"""Readers of untrusted JSON: each returns the value in its type or raises `Invalid` naming the field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from catalog_server.model.errors import Invalid

Json = dict[str, Any]
T = TypeVar("T")

DEPTH_MAX = 200
_LONG_MAX = 2**63 - 1
_INT_MAX = 2**31 - 1
_MISSING = object()


def object_of(value: object, field: str) -> Json:
    """`value` as a JSON object; JSON itself sees to it that keys are strings."""
    if not isinstance(value, dict):
        raise Invalid(field, f"must be an object, not {describe(value)}")
    return value


def list_of(value: object, field: str) -> list[Any]:
    """`value` as a JSON array."""
    if not isinstance(value, list):
        raise Invalid(field, f"must be an array, not {describe(value)}")
    return value


def string_of(value: object, field: str) -> str:
    """`value` as a string."""
    if not isinstance(value, str):
        raise Invalid(field, f"must be a string, not {describe(value)}")
    return value


def boolean_of(value: object, field: str) -> bool:
    """`value` as true or false."""
    if not isinstance(value, bool):
        raise Invalid(field, f"must be true or false, not {describe(value)}")
    return value


def long_of(value: object, field: str, limit: int = _LONG_MAX) -> int:
    """`value` as a whole number of at most 64 bits."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise Invalid(field, f"must be a whole number, not {describe(value)}")
    if not -limit - 1 <= value <= limit:
        raise Invalid(field, f"{value} is out of range")
    return value


def integer_of(value: object, field: str) -> int:
    """`value` as a whole number of at most 32 bits."""
    return long_of(value, field, _INT_MAX)


def get_object(source: Mapping[str, Any], key: str, where: str = "") -> Json:
    """The object under `key`, which must be there."""
    return object_of(_required(source, key, where), _path(where, key))


def get_list(source: Mapping[str, Any], key: str, where: str = "") -> list[Any]:
    """The array under `key`, which must be there."""
    return list_of(_required(source, key, where), _path(where, key))


def get_string(source: Mapping[str, Any], key: str, where: str = "") -> str:
    """The string under `key`, which must be there."""
    return string_of(_required(source, key, where), _path(where, key))


def get_long(source: Mapping[str, Any], key: str, where: str = "") -> int:
    """The 64-bit number under `key`, which must be there."""
    return long_of(_required(source, key, where), _path(where, key))


def get_integer(source: Mapping[str, Any], key: str, where: str = "") -> int:
    """The 32-bit number under `key`, which must be there."""
    return integer_of(_required(source, key, where), _path(where, key))


def find_long(source: Mapping[str, Any], key: str, where: str = "") -> int | None:
    """The 64-bit number under `key`; None when it is absent or null."""
    value = source.get(key)
    return None if value is None else long_of(value, _path(where, key))


def find_integer(source: Mapping[str, Any], key: str, where: str = "") -> int | None:
    """The 32-bit number under `key`; None when it is absent or null."""
    value = source.get(key)
    return None if value is None else integer_of(value, _path(where, key))


def find_string(source: Mapping[str, Any], key: str, where: str = "") -> str | None:
    """The string under `key`; None when it is absent or null."""
    value = source.get(key)
    return None if value is None else string_of(value, _path(where, key))


def objects_of(value: object, field: str) -> list[Json]:
    """`value` as an array of objects."""
    return [object_of(item, f"{field}[{index}]") for index, item in enumerate(list_of(value, field))]


def strings_of(value: object, field: str) -> list[str]:
    """`value` as an array of strings."""
    return [string_of(item, f"{field}[{index}]") for index, item in enumerate(list_of(value, field))]


def longs_of(value: object, field: str) -> list[int]:
    """`value` as an array of 64-bit numbers."""
    return [long_of(item, f"{field}[{index}]") for index, item in enumerate(list_of(value, field))]


def string_map_of(value: object, field: str) -> dict[str, str]:
    """`value` as an object whose values are all strings."""
    return {key: string_of(item, f"{field}.{key}") for key, item in object_of(value, field).items()}


def check_depth(value: object, field: str) -> None:
    """Raise `Invalid` when `value` nests deeper than any honest client's; needs no recursion itself."""
    level = [value]
    for _ in range(DEPTH_MAX):
        level = [child for item in level for child in _children(item)]
        if not level:
            return
    raise Invalid(field, f"nests deeper than {DEPTH_MAX} levels")


def describe(value: object) -> str:
    """The JSON kind of `value`, for messages."""
    if value is None:
        return "null"
    for kind, name in _KINDS:
        if isinstance(value, kind):
            return name
    return type(value).__name__


def _children(value: object) -> list[Any]:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [item for item in items if isinstance(item, dict | list)]


def _required(source: Mapping[str, Any], key: str, where: str) -> object:
    value = source.get(key, _MISSING)
    if value is _MISSING:
        raise Invalid(_path(where, key), "is missing")
    return value


def _path(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "a boolean"),
    (int, "a number"),
    (float, "a number"),
    (str, "a string"),
    (list, "an array"),
    (dict, "an object"),
)


def apply_update(known: Mapping[str, Callable[[T, Json], None]], change: T, update: Json, where: str) -> None:
    """Apply an update to a change by its `action`; raises `Invalid` that names its place and field."""
    action = get_string(update, "action", where)
    apply = known.get(action)
    if apply is None:
        raise Invalid(f"{where}.action", f"unknown update: {action}")
    try:
        apply(change, update)
    except Invalid as error:
        raise Invalid(f"{where} ({action}) {error.field}".rstrip(), error.reason) from error
